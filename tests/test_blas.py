"""The threads of NumPy's and SciPy's BLAS during a fit: never more than asked for, and as before afterwards."""

import threading

import numpy as np
import pytest
import scipy.linalg
from threadpoolctl import ThreadpoolController, threadpool_limits

import riata
from riata import _blas, _linalg

BLAS = ThreadpoolController().select(user_api="blas")
FREE = 3  # threads before a fit


def counts():
    return [library["num_threads"] for library in BLAS.info()]


@pytest.fixture(autouse=True)
def free():
    """Several threads, also where there are fewer cores; set without a context, which would keep other threads from setting it."""
    before = [(library, library.num_threads) for library in BLAS.lib_controllers]
    set_threads([(library, FREE) for library in BLAS.lib_controllers])
    if not before or set(counts()) != {FREE}:
        set_threads(before)
        pytest.skip("no BLAS whose threads can be set")
    yield
    set_threads(before)


def set_threads(numbers):
    """In a thread that ends: the one that sets them may be the only one to do so for as long as it lives."""

    def work():
        for library, n in numbers:
            library.set_num_threads(n)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def wide(rng, n=60, p=400):
    X = rng.standard_normal((n, p))
    return X, X[:, 0] + rng.standard_normal(n)


@pytest.fixture
def seen(monkeypatch):
    """Threads at each factorisation."""
    out = []
    for name in ("eigh", "cho_factor"):
        inner = getattr(scipy.linalg, name)

        def spy(*args, inner=inner, **kwargs):
            out.append(max(counts()))
            return inner(*args, **kwargs)

        monkeypatch.setattr(scipy.linalg, name, spy)
    return out


@pytest.mark.parametrize(
    "fit",
    [
        lambda X, y: riata.Ridge(1.0, n_threads=1).fit(X, y),
        lambda X, y: riata.RidgeCV(n_threads=1).fit(X, y),
        lambda X, y: riata.RidgeCV(cv=3, n_threads=1).fit(X, y),
        lambda X, y: riata.path(X, y, l1_ratio=0, alphas=[1.0, 0.1], n_threads=1),
        lambda X, y: riata.LogisticRegressionCV(
            l1_ratios=(0,), scoring="neg_log_loss", use_legacy_attributes=False, n_threads=1
        ).fit(X, np.digitize(y, [-1, 1])),
    ],
)
def test_one_thread_is_one_thread(rng, seen, fit):
    fit(*wide(rng))
    assert seen
    assert set(seen) == {1}
    assert set(counts()) == {FREE}


def test_small_sides_are_factorised_on_one_thread(seen):
    for side in (_blas.SMALL_SIDE, _blas.SMALL_SIDE + 1):
        _linalg.eigh(np.eye(side))
    assert seen == [1, FREE]


@pytest.mark.parametrize(("shape", "threads"), [((60, 400), 1), ((400, 60), 2)])
def test_a_scorer_finds_the_limit(rng, shape, threads):
    """Asked for are two, which do not pay beside a small n x n side."""
    inside = []

    def scorer(estimator, X, y):
        inside.append(max(counts()))
        return 0.0

    riata.RidgeCV(scoring=scorer, cv=3, n_threads=2).fit(*wide(rng, *shape))
    assert set(inside) == {threads}


def test_an_error_leaves_no_limit(rng):
    def scorer(estimator, X, y):
        assert set(counts()) == {1}
        raise RuntimeError("no score")

    with pytest.raises(RuntimeError, match="no score"):
        riata.RidgeCV(scoring=scorer, cv=3, n_threads=1).fit(*wide(rng))
    assert set(counts()) == {FREE}


def test_a_limit_of_the_caller_is_not_raised(rng, seen):
    with threadpool_limits(1, user_api="blas"):
        riata.RidgeCV(n_threads=2).fit(*wide(rng))
        assert set(counts()) == {1}
    assert set(seen) == {1}


def test_fits_that_overlap_restore_what_the_first_found(rng):
    """The first to begin is the first to end; while both are under way its limit holds."""
    X, y = wide(rng)
    both, begun, leave = [], threading.Event(), threading.Event()

    def waits(estimator, X, y):
        begun.set()
        assert leave.wait(60)
        return 0.0

    def goes_on(estimator, X, y):
        if not leave.is_set():
            both.append(max(counts()))
            leave.set()
            first.join()
        return 0.0

    first = threading.Thread(
        target=lambda: riata.RidgeCV(scoring=waits, cv=2, n_threads=1).fit(X, y)
    )
    first.start()
    assert begun.wait(60)
    riata.RidgeCV(scoring=goes_on, cv=2, n_threads=1).fit(X, y)
    assert both == [1]
    assert set(counts()) == {FREE}


def test_small_problems_leave_blas_alone(rng, monkeypatch):
    def never(n_threads):
        raise AssertionError("a context costs time")

    monkeypatch.setattr(_blas, "_at_most", never)
    X = rng.standard_normal((100, 20))
    riata.Ridge(1.0, n_threads=1).fit(X, X[:, 0])
