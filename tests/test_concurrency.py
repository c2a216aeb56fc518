"""Threads, forks, signals, memory maps: what happens around a fit does not change it, and a fit does not stop the rest."""

import multiprocessing
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import riata
from riata import _core

GUARD = 60  # seconds after which a subprocess counts as stuck; nothing here comes near it


def wide(rng, n=60, p=400):
    X = np.asfortranarray(rng.standard_normal((n, p)) + rng.standard_normal(p))
    return X, X[:, :10].sum(axis=1) + rng.standard_normal(n)


def tall(rng, n=3000, p=40):
    X = np.ascontiguousarray(rng.standard_normal((n, p)) + rng.standard_normal(p))
    return X, X[:, :10].sum(axis=1) + rng.standard_normal(n)


def run(code):
    """A subprocess's output; a child that hangs or dies fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=GUARD,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def assert_same_path(a, b):
    for name in ("alphas", "indptr", "indices", "data", "intercepts", "primal", "dual", "rel_gap"):
        assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


# --- threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("make", [wide, tall])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_any_number_of_threads_gives_the_same_bits(rng, make, order, dtype, l1_ratio):
    X, y = make(rng)
    X = np.asarray(X, dtype=dtype, order=order)
    s = rng.random(len(y))
    for weights in (None, s):
        one, two, three = (
            _core.solve_path(
                X, y, sample_weight=weights, l1_ratio=l1_ratio, n_alphas=30, n_threads=threads
            )[0]
            for threads in (1, 2, 3)
        )
        assert_same_path(one, two)
        assert_same_path(one, three)


def test_ridge_and_single_fits_too(rng):
    for X, y in (wide(rng), tall(rng)):
        for model in (riata.Lasso(0.05), riata.Ridge(0.3), riata.Lasso(0)):
            one, two, three = (
                model.set_params(n_threads=threads).fit(X, y).coef_ for threads in (1, 2, 3)
            )
            assert_array_equal(one, two)
            assert_array_equal(one, three)


def test_threads_fitting_the_same_arrays(rng):
    X, y = wide(rng)
    X.flags.writeable = y.flags.writeable = False
    alone = riata.path(X, y, n_threads=1)
    single = riata.Lasso(0.1).fit(X, y).coef_
    ridge = riata.Ridge(0.1).fit(X, y).coef_
    start = threading.Barrier(6)

    def work(k):
        start.wait()
        answers = []
        for _ in range(4):
            answers.append(riata.path(X, y, n_threads=1 + k % 3))
            assert_array_equal(riata.Lasso(0.1, n_threads=2).fit(X, y).coef_, single)
            assert_array_equal(riata.Ridge(0.1).fit(X, y).coef_, ridge)
        return answers

    with ThreadPoolExecutor(6) as pool:
        for answers in pool.map(work, range(6)):
            for fit in answers:
                assert_array_equal(fit.alphas, alone.alphas)
                assert_array_equal(fit.coefs.toarray(), alone.coefs.toarray())
                assert_array_equal(fit.intercepts, alone.intercepts)


def test_errors_stay_in_their_thread(rng):
    """Callbacks that raise, that stop and that do neither, at once: each call ends its own way."""
    X, y = wide(rng)
    whole = len(_core.solve_path(X, y)[0].alphas)

    def raising(k, *_):
        if k == 5:
            raise LookupError("mine")

    def work(k):
        if k % 3 == 0:
            with pytest.raises(LookupError, match="mine"):
                _core.solve_path(X, y, callback=raising, n_threads=2)
            return None
        (s,) = _core.solve_path(X, y, callback=(lambda i, *_: i == 3) if k % 3 == 1 else None)
        return len(s.alphas)

    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(work, range(24)))
    assert counts == [None, 4, whole] * 8


def test_interpreter_lock_is_free_during_a_fit(rng):
    """Another thread runs Python code between the beginning and the end of one call into the core.

    The call is made so that no callback and no signal poll of a short fit could hand the lock over by chance: the other thread
    counts, and the count at the end of the call has to have moved by more than the few steps around it.
    """
    X, y = rng.standard_normal((400, 1200)), rng.standard_normal(400)
    sys_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e3)  # no thread is made to give up the lock
    count, done = 0, threading.Event()

    def counting():
        nonlocal count
        while not done.is_set():
            count += 1
            if count % 1000 == 0:
                done.wait(1e-6)  # hand the lock back now and then

    thread = threading.Thread(target=counting)
    try:
        thread.start()
        before = count
        _core.solve_path(X, y, alphas=np.array([1e-3]), tol=1e-8)
        during = count - before
    finally:
        done.set()
        sys.setswitchinterval(sys_interval)
        thread.join()
    assert during >= 1000


# --- fork -------------------------------------------------------------------------------------------------------------

needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this platform"
)


@needs_fork
@pytest.mark.any_isa
@pytest.mark.parametrize("n_threads", [1, 2])
def test_fork_after_a_fit(n_threads):
    out = run(f"""
        import os, numpy as np, riata
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((200, 400)), rng.standard_normal(200)
        def fit():
            return (riata.path(X, y, n_threads={n_threads}).coefs.toarray().tobytes()
                    + riata.Ridge(1.0, n_threads={n_threads}).fit(X, y).coef_.tobytes())
        before = fit()
        child = os.fork()
        if child == 0:
            os._exit(0 if fit() == before else 1)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), fit() == before)
    """)
    assert out == "0 True"


@needs_fork
@pytest.mark.any_isa
def test_forked_pool_after_a_fit():
    out = run("""
        import multiprocessing, numpy as np, riata
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((200, 400)), rng.standard_normal(200)
        def fit(alpha):
            return riata.Lasso(alpha, n_threads=2).fit(X, y).coef_.tobytes()
        alphas = [0.3, 0.1, 0.03, 0.01]
        before = [fit(alpha) for alpha in alphas]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(fit, alphas) == before)
    """)
    assert out == "True"


@needs_fork
def test_fork_during_a_fit_of_another_thread():
    """The child has no thread of the fit; its own fits work and the parent's goes on."""
    out = run("""
        import os, threading, warnings, numpy as np
        from riata import _core
        warnings.simplefilter("ignore")  # Python's own warning about forks of threaded processes
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((300, 600)), rng.standard_normal(300)
        small = X[:, :50].copy()
        reached, forked = threading.Event(), threading.Event()
        def callback(k, *_):
            reached.set()
            forked.wait()
        result = []
        def work():
            result.append(_core.solve_path(X, y, callback=callback, n_threads=2)[0])
        thread = threading.Thread(target=work)
        thread.start()
        reached.wait()
        child = os.fork()
        if child == 0:
            a = _core.solve_path(small, y, n_threads=2)[0]
            os._exit(0 if (a.rel_gap <= 1e-6).all() else 1)
        forked.set()
        _, status = os.waitpid(child, 0)
        thread.join()
        print(os.waitstatus_to_exitcode(status), bool((result[0].rel_gap <= 1e-6).all()))
    """)
    assert out == "0 True"


# --- memory maps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_read_only_memory_maps(rng, tmp_path, order, dtype):
    X, y = wide(rng)
    X = np.asarray(X, dtype=dtype, order=order)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    y_mapped = np.load(tmp_path / "y.npy", mmap_mode="r")
    assert not mapped.flags.writeable
    a, b = riata.path(mapped, y_mapped), riata.path(X, y)
    assert_array_equal(a.coefs.toarray(), b.coefs.toarray())
    for model in (riata.Lasso(0.1), riata.ElasticNet(0.1), riata.Ridge(0.1), riata.Lasso(0)):
        assert_array_equal(model.fit(mapped, y_mapped).coef_, model.fit(X, y).coef_)
        assert_array_equal(model.predict(mapped), model.predict(X))
    assert_array_equal(np.load(tmp_path / "X.npy"), X)


# --- signals ----------------------------------------------------------------------------------------------------------

INTERRUPTED = """
    import copy, os, signal, threading, warnings, numpy as np, riata
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's child starts with it ignored
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    X, y = np.asfortranarray(rng.standard_normal({shape})), rng.standard_normal({shape}[0])
    model = {model}
    before = dict(vars(model))
    # From another thread, so that the signal falls into the fit whatever the machine.
    threading.Timer({delay}, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        for _ in range(100_000):
            {call}
    except KeyboardInterrupt:
        print("interrupted", vars(model) == before, hasattr(model, "coef_"))
        # What was interrupted can be used again.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        small = riata.Lasso(0.1).fit(X[:50, :20], y[:50])
        print(small.certificate_.converged)
    else:
        print("never interrupted")
"""


@pytest.mark.any_isa
@pytest.mark.parametrize(
    ("model", "call"),
    [
        ("riata.Lasso(1e-4, tol=1e-12, n_threads=1)", "copy.copy(model).fit(X, y)"),
        ("riata.Lasso(1e-4, tol=1e-12, n_threads=2)", "copy.copy(model).fit(X, y)"),
        ("riata.Lasso()", "riata.path(X, y, eps=1e-5, early_stop=False, n_threads=2)"),
        ("riata.Ridge(0.1, n_threads=2)", "copy.copy(model).fit(X, y)"),
        ("riata.LassoCV(n_threads=1)", "copy.copy(model).fit(X, y)"),
        ("riata.LassoCV(n_threads=2)", "copy.copy(model).fit(X, y)"),
        (
            "riata.MultiTaskLasso(1e-3, n_threads=2)",
            "copy.copy(model).fit(X, np.column_stack([y, y[::-1], y**2]))",
        ),
    ],
    ids=["lasso", "lasso on threads", "path", "ridge", "folds", "folds on threads", "tasks"],
)
def test_ctrl_c_ends_a_fit(model, call):
    """SIGINT during one of many fits is a KeyboardInterrupt soon after; only the subprocess has a guard."""
    code = INTERRUPTED.format(shape=(800, 1600), delay=0.7, model=model, call=call)
    assert run(code).split("\n") == ["interrupted True False", "True"]


@pytest.mark.any_isa
def test_ctrl_c_leaves_the_estimator_unfitted():
    """One call that takes far longer than the guard would ever allow: only the signal can end it."""
    code = INTERRUPTED.format(
        shape=(4000, 8000),
        delay=2.0,
        model="riata.Lasso(1e-6, tol=0.0, max_iter=10**9, n_threads=1)",
        call="model.fit(X, y)",
    )
    out = run(code).split("\n")
    assert out == ["interrupted True False", "True"]


def test_ctrl_c_in_a_callback():
    out = run("""
        import signal, numpy as np
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from riata import _core
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((50, 100)), rng.standard_normal(50)
        def callback(k, *_):
            if k == 3:
                signal.raise_signal(signal.SIGINT)
        try:
            _core.solve_path(X, y, callback=callback)
        except KeyboardInterrupt:
            print("interrupted", len(_core.solve_path(X, y, n_alphas=5)[0].alphas))
    """)
    assert out == "interrupted 5"


def test_signals_of_others_do_not_stop_a_fit(rng):
    """A handler that returns is run, and the fit goes on to the same answer."""
    out = run("""
        import signal, numpy as np
        from riata import _core
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((600, 1500)), rng.standard_normal(600)
        calls = []
        signal.signal(signal.SIGALRM, lambda *_: calls.append(1))
        plain = _core.solve_path(X, y, n_alphas=60)[0]
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        busy = _core.solve_path(X, y, n_alphas=60)[0]
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(len(calls) > 0, np.array_equal(plain.data, busy.data))
    """)
    assert out == "True True"
