"""Attacks on the raw extension: whatever it is given, it answers or raises; it never crashes, hangs or writes to its input."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import is_sanitized
from numpy.testing import assert_allclose, assert_array_equal

from riata import _core

N, P = 12, 5


# No attack may take the machine's memory; a sanitizer's shadow memory needs the whole address space.
LIMIT = (
    "pass" if is_sanitized() else "import resource as r; r.setrlimit(r.RLIMIT_AS, (4 << 30,) * 2)"
)


@pytest.fixture
def data(rng):
    return np.asfortranarray(rng.standard_normal((N, P))), rng.standard_normal(N)


def in_a_process(code):
    """Run code that might take the interpreter down; its last line is what it prints."""
    head = (
        "import faulthandler; faulthandler.enable()\n"
        f"{LIMIT}\n"
        "import numpy as np\n"
        "from riata import _core\n"
        "rng = np.random.default_rng(0)\n"
        "X, y = np.asfortranarray(rng.standard_normal((12, 5))), rng.standard_normal(12)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


# --- shapes, dtypes, strides ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (N,), (N, P, 1), (0, P), (N, 0), (0, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_shapes_of_X(shape, order):
    y = np.zeros(shape[0] if shape else 1)
    with pytest.raises(ValueError, match="X has to"):
        _core.solve_path(np.ones(shape, order=order), y)


@pytest.mark.parametrize(
    "dtype", [np.int64, bool, np.float16, np.longdouble, complex, object, ">f8", "S3", "M8[s]"]
)
def test_dtypes_of_X(data, dtype):
    X = np.ones((N, P)).astype(dtype)
    for function in (_core.solve_path, _core.alpha_max, _core.gram):
        with pytest.raises(TypeError):
            function(X, np.ones(N))


def test_what_is_no_array():
    for X in (None, 3.0, "X", [[1.0]], {}):
        with pytest.raises(TypeError):
            _core.solve_path(X, np.ones(1))


STRIDED = {
    "every other column of F": lambda: np.ones((N, 2 * P), order="F")[:, ::2],
    "every other row of C": lambda: np.ones((2 * N, P))[::2],
    "every other row of F": lambda: np.ones((2 * N, P), order="F")[::2],
    "every other column of C": lambda: np.ones((N, 2 * P))[:, ::2],
    "reversed rows": lambda: np.ones((N, P))[::-1],
    "reversed rows of F": lambda: np.ones((N, P), order="F")[::-1],
    "reversed columns": lambda: np.ones((N, P))[:, ::-1],
    "reversed columns of F": lambda: np.ones((N, P), order="F")[:, ::-1],
    "broadcast rows": lambda: np.broadcast_to(np.ones(P), (N, P)),
    "broadcast columns": lambda: np.broadcast_to(np.ones((N, 1)), (N, P)),
    "broadcast number": lambda: np.broadcast_to(1.0, (N, P)),
    "overlapping windows": lambda: np.lib.stride_tricks.sliding_window_view(np.ones(N + P), P)[:N],
    "field of a record": lambda: np.ones((N, P), dtype=[("a", "i1"), ("b", "f8")])["b"],
    "packed bytes": lambda: np.frombuffer(
        bytes(8 * N * P + 1), dtype="f8", offset=0, count=N * P
    ).reshape(N, P)[:, ::-1],
}


@pytest.mark.parametrize("name", STRIDED)
def test_strides(name, rng):
    """Either refused, or read as NumPy reads it."""
    X, y = STRIDED[name](), rng.standard_normal(N)
    try:
        U = _core.correlate(X, np.asfortranarray(y[:, None]), center=False)
    except ValueError:
        with pytest.raises(ValueError, match="X has"):
            _core.solve_path(X, y)
    else:
        assert_allclose(U[:, 0], X.T @ y, atol=1e-12)


def test_unaligned_data():
    """Memory that starts at an odd address is refused or read right."""
    out = in_a_process("""
        raw = np.zeros(8 * 60 + 1, dtype=np.uint8)
        Z = raw[1:].view(np.float64).reshape(12, 5)
        Z[:] = X
        assert not Z.flags.aligned
        try:
            print(np.abs(_core.correlate(Z, y[:, None], center=False)[:, 0] - X.T @ y).max() < 1e-12)
        except (ValueError, TypeError):
            print(True)
    """)
    assert out == "True"


@pytest.mark.parametrize(
    "name", ["sample_weight", "penalty_weights", "l2_weights", "lower", "upper"]
)
@pytest.mark.parametrize(
    "value", [np.ones(0), np.ones(1), np.ones(99), np.ones((N, 1)), np.ones(())]
)
def test_lengths_of_vectors(data, name, value):
    with pytest.raises(ValueError, match=f"{name} has to be a vector of length"):
        _core.solve_path(*data, **{name: value})


@pytest.mark.parametrize(
    "y",
    [np.ones(0), np.ones(N - 1), np.ones(N + 1), np.ones(()), np.ones((N, 1, 1)), np.ones((P, N))],
)
def test_shapes_of_y(data, y):
    for function in (_core.solve_path, _core.alpha_max, _core.gram):
        with pytest.raises(ValueError, match="y has to have one row"):
            function(data[0], y)
    with pytest.raises(ValueError, match="y has to have one row"):
        _core.certify(data[0], y, np.zeros(P), 0.0, 0.1)


def test_no_targets_at_all():
    out = in_a_process("""
        for f in (_core.solve_path, _core.alpha_max, _core.gram,
                  lambda X, y: _core.certify(X, y, np.zeros(5), 0.0, 0.1)):
            try:
                f(X, np.ones((12, 0)))
            except ValueError:
                pass
        print("alive")
    """)
    assert out == "alive"


def test_other_functions_check_shapes(data):
    X, y = data
    for coef in (np.zeros(P + 1), np.zeros(0), np.zeros((P, 1))):
        with pytest.raises(ValueError, match="coef has to be a vector of length 5"):
            _core.certify(X, y, coef, 0.0, 0.1)
    for U in (np.zeros((N + 1, 2), order="F"), np.zeros((0, 2)), np.zeros(N)):
        with pytest.raises(ValueError, match="U has to have one row"):
            _core.correlate(X, U)
    moments = _core.moments(np.ones((N, P + 1)))
    for function, argument in ((_core.gram, y), (_core.outer, None), (_core.correlate, y[:, None])):
        with pytest.raises(ValueError, match="moments are of 6 columns, X has 5"):
            function(X, argument, moments=moments)
    with pytest.raises(ValueError, match="d has to be a vector of length 5"):
        _core.outer(X, np.ones(P + 1))
    assert _core.correlate(X, np.zeros((N, 0), order="F")).shape == (P, 0)


# --- values -----------------------------------------------------------------------------------------------------------


def layouts(X):
    n, p = X.shape
    wide = np.zeros((n, p + 3), dtype=X.dtype)
    wide[:, 1 : p + 1] = X
    tall = np.zeros((n + 3, p), dtype=X.dtype, order="F")
    tall[2 : n + 2] = X
    return {
        "C": np.ascontiguousarray(X),
        "F": np.asfortranarray(X),
        "columns of C": wide[:, 1 : p + 1],
        "rows of F": tall[2 : n + 2],
    }


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(N, P), (3, 40), (300, 7), (1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_first_entry_that_is_not_finite_is_named(rng, value, shape, dtype, fit_intercept):
    n, p = shape
    for i, j in {(0, 0), (n - 1, p - 1), (n // 2, p // 2), (n - 1, 0), (0, p - 1)}:
        X = rng.standard_normal(shape).astype(dtype)
        X[i, j] = value
        for name, layout in layouts(X).items():
            for function in (_core.solve_path, _core.alpha_max):
                with pytest.raises(ValueError) as error:
                    function(layout, np.arange(1.0 * n), fit_intercept=fit_intercept)
                assert f"X[{i}, {j}]" in str(error.value), (name, function)


def test_a_non_finite_entry_of_weight_zero_is_named_too(data):
    X, y = data
    X[3, 2] = np.nan
    s = np.ones(N)
    s[3] = 0
    with pytest.raises(ValueError, match=r"X\[3, 2\]"):
        _core.solve_path(X, y, sample_weight=s)


# What the Python layer never lets through: any answer or any Python error will do.
WILD = [
    "alphas=np.array([np.nan])",
    "alphas=np.array([0.1, np.nan, 0.01])",
    "alphas=np.array([np.inf])",
    "alphas=np.array([-0.1])",
    "alphas=np.array([0.0])",
    "alphas=np.array([0.1, 0.0, -0.1])",
    "alphas=np.array([0.001, 0.01, 0.1])",
    "alphas=np.array([0.1, 0.1, 0.1])",
    "alphas=np.array([5e-324])",
    "alphas=np.array([1e308, 1e-308])",
    "alphas=np.empty(0)",
    "alphas=np.array([np.nan]), single=True",
    "alphas=np.array([0.0]), single=True",
    "alphas=np.array([-1.0]), single=True",
    "alphas=np.array([5e-324]), single=True",
    "single=True",
    "n_alphas=0",
    "n_alphas=1",
    "n_alphas=-1",
    "n_alphas=2**62, callback=lambda k, *_: k > 2",
    "n_alphas=2**64",
    "eps=np.nan",
    "eps=-1.0",
    "eps=np.inf",
    "eps=2.0",
    "eps=1e-320",
    "l1_ratio=np.nan",
    "l1_ratio=-1.0",
    "l1_ratio=2.0",
    "l1_ratio=0.0",
    "l1_ratio=1e-320",
    "tol=np.nan",
    "tol=0.0",
    "tol=-1.0",
    "tol=np.inf",
    "tol=np.nan, alphas=np.array([1e-3]), single=True",
    "tol=0.0, alphas=np.array([1e-3]), single=True",
    "max_iter=0",
    "max_iter=-5",
    "max_iter=2**63 - 1",
    "max_features=-1",
    "max_features=2**62",
    "time_limit=np.nan",
    "time_limit=-1.0",
    "time_limit=np.inf",
    "memory_limit=1",
    "memory_limit=-1",
    "n_threads=0",
    "n_threads=-3",
    "n_threads=-2**31",
    "n_threads=64",
    "n_threads=2**31",
    "sample_weight=np.full(12, np.nan)",
    "sample_weight=np.full(12, np.inf)",
    "sample_weight=np.full(12, -1.0)",
    "sample_weight=np.zeros(12)",
    "sample_weight=np.r_[-1.0, np.ones(11)]",
    "sample_weight=np.full(12, 5e-324)",
    "sample_weight=np.full(12, 1e308)",
    "sample_weight=np.r_[1e308, np.full(11, 5e-324)]",
    "penalty_weights=np.full(5, np.nan)",
    "penalty_weights=np.full(5, -1.0)",
    "penalty_weights=np.full(5, np.inf)",
    "penalty_weights=np.zeros(5)",
    "penalty_weights=np.r_[0.0, -1, np.nan, np.inf, 1]",
    "penalty_weights=np.r_[1e308, 1e-308, 5e-324, 1, 1]",
    "l2_weights=np.full(5, np.nan), l1_ratio=0.5",
    "l2_weights=np.full(5, -1.0), l1_ratio=0.5",
    "l2_weights=np.full(5, np.inf), l1_ratio=0.5",
    "l2_weights=np.zeros(5), penalty_weights=np.zeros(5), l1_ratio=0.5",
    "lower=np.full(5, np.nan)",
    "lower=np.full(5, np.inf)",
    "upper=np.full(5, -np.inf)",
    "lower=np.ones(5), upper=-np.ones(5)",
    "lower=np.ones(5), upper=np.ones(5)",
    "lower=np.zeros(5), upper=np.zeros(5)",
    "lower=np.full(5, 1e308), upper=np.full(5, 1e308)",
    "lower=np.full(5, -5e-324), upper=np.full(5, 5e-324)",
    "standardize=True, penalty_weights=np.zeros(5), fit_intercept=False",
]


def test_wild_values_neither_crash_nor_hang():
    """One process for all: its exit code tells of a crash, the guard of a hang, the last line printed of the culprit."""
    code = """
        for text in TEXTS:
            print(text, flush=True)
            for Z in (X, np.ascontiguousarray(X.T[:, :5].T), X.astype(np.float32)):
                z = y[: len(Z)]
                try:
                    kwargs = eval(f"dict({text})")
                    if len(Z) < 12 and "sample_weight" in kwargs:
                        kwargs["sample_weight"] = kwargs["sample_weight"][:len(Z)]
                    kwargs.setdefault("n_alphas", 10) if "alphas" not in kwargs else None
                    _core.solve_path(Z, z, **kwargs)
                except (ValueError, TypeError, OverflowError, MemoryError, RuntimeError) as error:
                    assert str(error)
        print("done")
    """
    try:
        out = in_a_process(textwrap.dedent(code).replace("TEXTS", repr(WILD)))
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"hangs at the last of {(late.stdout or b'')[-200:]!r}")
    assert out.endswith("done"), out


@pytest.mark.parametrize(
    "text",
    [
        "alphas=np.array([nan])",
        "alphas=np.array([nan]), single=True",
        "penalty_weights=np.full(5, nan)",
        "sample_weight=np.full(12, nan)",
        "l1_ratio=nan",
        "lower=np.full(5, nan)",
    ],
)
def test_nan_never_passes_for_certified(data, text):
    """Refused, or solutions that do not claim to have converged: never a quiet zero vector."""
    kwargs = eval(f"dict({text})", {"np": np, "nan": np.nan})
    kwargs.setdefault("alphas", np.array([0.01]))
    try:
        (s,) = _core.solve_path(*data, **kwargs)
    except ValueError:
        return
    assert (s.status == 1).all()
    assert not (s.rel_gap <= 1e-6).any()


@pytest.mark.parametrize(
    ("y", "w", "b", "alpha"),
    [
        ("np.full(12, np.nan)", "np.zeros(5)", 0.0, 0.1),
        ("np.full(12, 1e308)", "np.zeros(5)", 0.0, 0.1),
        ("np.full(12, 5e-324)", "np.zeros(5)", 0.0, 0.1),
        ("y", "np.full(5, np.nan)", 0.0, 0.1),
        ("y", "np.full(5, 1e308)", 0.0, 0.1),
        ("y", "np.zeros(5)", np.nan, 0.1),
        ("y", "np.zeros(5)", 0.0, np.nan),
        ("y", "np.zeros(5)", 0.0, -1.0),
        ("y", "np.zeros(5)", 0.0, np.inf),
        ("y", "np.ones(5)", 0.0, 0.0),
    ],
)
def test_certificates_of_wild_values(y, w, b, alpha):
    out = in_a_process(f"""
        nan, inf = np.nan, np.inf
        try:
            c = _core.certify(X, {y}, {w}, {b}, {alpha})
            _core.solve_path(X, {y}, n_alphas=5)
        except ValueError:
            pass
        print("alive")
    """)
    assert out == "alive"


def test_a_certificate_is_never_better_than_it_should_be(data):
    """What is not a number must not pass for certified."""
    X, y = data
    for w, b in [(np.full(P, np.nan), 0.0), (np.zeros(P), np.nan), (np.full(P, np.inf), 0.0)]:
        try:
            c = _core.certify(X, y, w, b, 0.1)
        except ValueError:
            continue
        assert not c["rel_gap"] <= 1e-6


# --- callbacks, results, input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [1, 3])
def test_callback_that_raises(data, n_threads):
    class Mine(Exception):
        pass

    def callback(k, *_):
        if k == 3:
            raise Mine("at three")

    for _ in range(3):  # and the core is as good as new afterwards
        with pytest.raises(Mine, match="at three"):
            _core.solve_path(*data, callback=callback, n_threads=n_threads)
        assert len(_core.solve_path(*data, n_alphas=7, n_threads=n_threads)[0].alphas) == 7


def test_callback_whose_answer_has_no_truth(data):
    class Odd:
        def __bool__(self):
            raise ArithmeticError("neither")

    with pytest.raises((ArithmeticError, TypeError, ValueError)):
        _core.solve_path(*data, callback=lambda *_: Odd())
    with pytest.raises((ValueError, TypeError)):
        _core.solve_path(*data, callback=lambda *_: np.ones(2))
    with pytest.raises(TypeError):
        _core.solve_path(*data, callback=lambda: True)
    with pytest.raises(TypeError):
        _core.solve_path(*data, callback=3)


@pytest.mark.parametrize("stop", [0, 4, 99])
def test_callback_that_stops(data, stop):
    (s,) = _core.solve_path(*data, n_alphas=100, callback=lambda k, *_: k == stop)
    assert len(s.alphas) == stop + 1
    assert s.stop == "callback"


def test_callback_that_solves(data):
    """A callback may call the core again, and throw the arrays away that the outer call works on."""
    out = in_a_process("""
        inner = []
        def callback(k, alpha, *_):
            inner.append(_core.solve_path(X, y, alphas=np.array([alpha]))[0].primal[0])
        (outer,) = _core.solve_path(X.copy(order="F"), y.copy(), n_alphas=20, callback=callback)
        print(np.allclose(inner, outer.primal, rtol=1e-6))
    """)
    assert out == "True"


def test_results_outlive_everything():
    out = in_a_process("""
        import gc
        (s,) = _core.solve_path(X.copy(order="F"), y.copy(), n_alphas=20, alphas=None)
        a = s.data
        before = a.copy()
        del s
        gc.collect()
        junk = [np.random.rand(1000) for _ in range(100)]
        print(np.array_equal(a, before))
    """)
    assert out == "True"


def test_many_targets_are_many_paths(data, rng):
    X, _ = data
    Y = rng.standard_normal((N, 4))
    together = _core.solve_path(X, Y, n_alphas=6)
    assert len(together) == 4
    for t in range(4):
        (alone,) = _core.solve_path(X, np.ascontiguousarray(Y[:, t]), n_alphas=6)
        assert_allclose(together[t].alphas, alone.alphas, rtol=1e-12)
        assert_allclose(together[t].primal, alone.primal, rtol=1e-9)


def test_read_only_input_and_nothing_written(data):
    X, y = data
    extras = {
        "sample_weight": np.linspace(0, 2, N),
        "penalty_weights": np.arange(1.0 * P),
        "l2_weights": np.ones(P),
        "lower": np.full(P, -0.1),
        "upper": np.full(P, 0.1),
        "alphas": np.array([0.1, 0.01]),
    }
    copies = {name: value.copy() for name, value in extras.items()}
    Z, z = X.copy(order="F"), y.copy()
    for array in (X, y, *extras.values()):
        array.flags.writeable = False
    _core.solve_path(X, y, l1_ratio=0.5, **extras)
    assert_array_equal(X, Z)
    assert_array_equal(y, z)
    for name, value in extras.items():
        assert_array_equal(value, copies[name])


def test_keywords_are_keywords(data):
    with pytest.raises(TypeError):
        _core.solve_path(*data, np.ones(N))
    with pytest.raises(TypeError):
        _core.solve_path(*data, nonsense=1)
    with pytest.raises(TypeError):
        _core.solve_path(data[0])


# --- folds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"splits": []}, "no folds"),
        ({"splits": [([0, 1], [8])]}, r"test\[0\] is 8"),
        ({"splits": [([0, -1], [2])]}, r"train\[1\] is -1"),
        ({"splits": [([], [2])]}, "train has to be"),
        ({"splits": [([[0]], [2])]}, "train has to be"),
        ({"sample_weight": [0.0, 0, 0, 0, 1, 1, 1, 1]}, "train has no row"),
        ({"l1_ratios": [0.0]}, "l1_ratios"),
        ({"alphas": []}, "alphas is empty"),
        ({"alphas": [0.0]}, "positive"),
        ({"stretch": [1.0, 2.0]}, "stretch"),
        ({"stretch": [0.0]}, "stretch"),
        ({"family": "gamma"}, "family"),
        ({"eps": 2.0}, "eps"),
        ({"n_alphas": 0}, "n_alphas"),
        ({"tol": -1.0}, "tol"),
    ],
)
def test_cross_validate_checks_what_it_is_given(change, message):
    X, y = np.eye(8, 2), np.arange(8.0)
    given = {"splits": [([0, 1, 2, 3], [4, 5])], "l1_ratios": [1.0], "alphas": [0.1]} | change
    with pytest.raises(ValueError, match=message):
        _core.cross_validate(X, y, given.pop("splits"), given.pop("l1_ratios"), **given)


@pytest.mark.parametrize("shape", [(N, P), (3, 40), (5, 300), (67, 900), (9, 1), (1, 9)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("is_weighted", [True, False])
def test_outer(rng, shape, dtype, center, is_weighted):
    """In any layout, on any number of threads, with moments given or not; a constant column does not count."""
    n, p = shape
    X = (rng.standard_normal(shape) + 3 * rng.standard_normal(p)).astype(dtype)
    X[:, 0] = 1 if center else 0
    d, s = rng.uniform(0, 2, p), rng.uniform(0, 2, n) if is_weighted else None
    weights = np.ones(n) if s is None else s
    Z = X.astype(float)
    if center:
        Z = Z - weights @ Z / weights.sum()
    Z *= np.sqrt(weights)[:, None]
    want = (Z * d) @ Z.T
    for name, layout in layouts(X).items():
        K, moments = _core.outer(layout, d, sample_weight=s, center=center)
        assert_allclose(K, want, rtol=1e-12, atol=1e-12, err_msg=name)
        assert_array_equal(K, K.T)
        apart = _core.moments(layout, sample_weight=s, center=center)
        assert_array_equal(moments.mean, apart.mean)
        assert_array_equal(moments.norm, apart.norm)
        for threads in (1, 2, 3):
            for known in (None, moments):
                again, _ = _core.outer(
                    layout, d, sample_weight=s, center=center, moments=known, n_threads=threads
                )
                assert_array_equal(again, K)
    plain, _ = _core.outer(X, sample_weight=s, center=center)
    assert_allclose(plain, Z @ Z.T, rtol=1e-12, atol=1e-12)


def compressed(X):
    return X.data, X.indices, X.indptr, X.shape, X.format == "csr"


@pytest.mark.parametrize("shape", [(N, P), (3, 40), (5, 300), (67, 900), (1, 9)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("targets", [0, 1, 3])
def test_represent(rng, shape, dtype, center, targets):
    n, p = shape
    X = (rng.standard_normal(shape) + 3 * rng.standard_normal(p)).astype(dtype)
    X[:, 0] = 1 if center else 0
    d, U = rng.uniform(0, 2, p), rng.standard_normal((n, targets))
    Z = X.astype(float) - X.astype(float).mean(axis=0) * center
    want = d[:, None] * (Z.T @ U)
    every = [*layouts(X).values(), compressed(sp.csc_array(X)), compressed(sp.csr_array(X))]
    for layout in every:
        moments = _core.moments(layout, center=center)
        W, E = _core.represent(layout, U, d, center=center)
        assert_allclose(W, want, rtol=1e-11, atol=1e-11)
        assert_allclose(E, Z @ want, rtol=1e-11, atol=1e-11 * (1 + np.abs(Z @ want).max(initial=0)))
        for n_threads in (1, 2):
            again = _core.represent(
                layout, U, d, center=center, moments=moments, n_threads=n_threads
            )
            assert_array_equal(again[0], W)
            assert_array_equal(again[1], E)


@pytest.mark.parametrize("center", [True, False])
def test_moments_known_are_moments_used(rng, center):
    X, U = rng.standard_normal((N, P)) + 2, rng.standard_normal((N, 2))
    measured = _core.moments(X, center=center)
    assert_allclose(measured.mean, X.mean(axis=0) * center)
    assert_allclose(measured.norm, np.linalg.norm(X - measured.mean, axis=0))
    G, Q, _ = _core.gram(X, U, center=center)
    of_gram = _core.gram(X, U, center=center, moments=measured)
    assert_array_equal(of_gram[0], G)
    assert_array_equal(of_gram[1], Q)
    got = _core.correlate(X, U, center=center, moments=measured)
    assert_array_equal(got, _core.correlate(X, U, center=center))
    shifted = _core.correlate(X, U, moments=_core.moments(X + 1), center=True)
    assert_allclose(
        shifted, got + (X.mean(axis=0) * center - X.mean(axis=0) - 1)[:, None] * U.sum(axis=0)
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_outer_names_what_is_not_finite(rng, value, n_threads):
    X = rng.standard_normal((20, 500))
    X[7, 123] = value
    for layout in layouts(X).values():
        with pytest.raises(ValueError, match=r"X\[7, 123\] is (NaN|inf)"):
            _core.outer(layout, n_threads=n_threads)
