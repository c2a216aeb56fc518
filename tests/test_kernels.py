"""Every leaf kernel of every instruction set this machine can run, against naive NumPy in long double.

Matrices are arrays whose rows are the kernel's vectors. Arrays are cut from larger ones filled with a guard
value, so that rows are padded, unaligned, and writing outside is noticed.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

_core = pytest.importorskip("riata._core")
if not hasattr(_core, "_kernels"):
    pytest.skip("the extension was built without the kernel probe", allow_module_level=True)
kernels = _core._kernels

LENGTHS = range(258)
GUARD = 7.25
EPS = np.finfo(float).eps

pytestmark = [pytest.mark.any_isa, pytest.mark.parametrize("isa", kernels.isas())]
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


class Guarded:
    """An array of the given values with a padded, unaligned home; `check` notices writes outside it."""

    def __init__(self, values, dtype=float):
        values = np.asarray(values, dtype)
        self.home = np.full([s + 3 for s in values.shape], GUARD, dtype)
        self.inside = tuple(slice(1, 1 + s) for s in values.shape)
        self.view = self.home[self.inside]
        self.view[...] = values

    def check(self):
        outside = np.ones(self.home.shape, bool)
        outside[self.inside] = False
        assert (self.home[outside] == GUARD).all()


def guarded(values, dtype=float):
    return Guarded(values, dtype).view


def long(a):
    return np.asarray(a, np.longdouble)


def assert_sums(got, want, terms, size):
    """got = want up to rounding of `size` additions of terms whose absolute values sum to `terms`."""
    error = np.abs(long(got) - want)
    bound = EPS * (size + 6) * np.asarray(terms, float) + 1e-300
    assert (error <= bound).all(), f"off by {float((error / bound).max()):.3g} times the bound"


def lower(rng, n, dominance=1.0):
    """A well-conditioned lower triangular L; NaN above the diagonal, where nobody may look."""
    L = np.tril(rng.uniform(-1, 1, (n, n)) / max(n, 1), -1) + np.diag(
        rng.uniform(1, 2, n) * dominance
    )
    upper = np.triu(np.ones((n, n), bool), 1)
    return L, np.where(upper, np.nan, L)


# ---------------------------------------------------------------- reading the caller's matrix


@dtypes
def test_max_abs(isa, dtype, rng):
    for n in LENGTHS:
        x = guarded(rng.standard_normal(n), dtype)
        assert kernels.max_abs(isa, x) == (np.abs(x).max() if n else 0)
        if n:
            at = rng.integers(n)
            x[at] = -np.inf
            assert kernels.max_abs(isa, x) == np.inf
            x[rng.integers(n)] = np.nan
            assert np.isnan(kernels.max_abs(isa, x))


@dtypes
@pytest.mark.parametrize("stride", [1, 2, 5, -1])
def test_moments(isa, dtype, stride, rng):
    for n in LENGTHS:
        x = guarded(100 + rng.standard_normal(n * abs(stride)), dtype)[::stride]
        s, y = guarded(rng.uniform(0, 2, n)), guarded(rng.standard_normal(n))
        for c in (0.0, 99.5):
            for weight in (None, s):
                for target in (None, y):
                    got = kernels.moments(isa, x, c, weight, target)
                    d = long(x) - c
                    w = long(1 if weight is None else weight)
                    t = long(0 if target is None else target)
                    terms = np.stack([w * d, w * d * d, w * d * t])
                    assert_sums(got, terms.sum(1), np.abs(terms).sum(1) * 2, n)


@dtypes
@pytest.mark.parametrize("stride", [1, 3, -2])
def test_gather(isa, dtype, stride, rng):
    for n in LENGTHS:
        x = guarded(rng.standard_normal(n * abs(stride)), dtype)[::stride]
        s = guarded(rng.uniform(0, 2, n))
        for c, a, weight in ((0.0, 1.0, None), (0.25, -1.5, s)):
            out = Guarded(np.zeros(n))
            kernels.gather(isa, x, c, a, weight, out.view)
            want = a * (x.astype(float) - c) * (1 if weight is None else weight)
            np.testing.assert_allclose(out.view, want, rtol=4 * EPS)
            out.check()


def correlate_case(rng, n, m, K, dtype):
    X = guarded(3 + rng.standard_normal((m, n)), dtype)
    U = guarded(rng.standard_normal((K, n)))
    c = guarded(rng.uniform(2, 4, m))
    return X, U, c


def check_correlate(isa, X, U, c, old, out):
    d = long(X) - (0 if c is None else long(c)[:, None])
    n = X.shape[1]
    assert_sums(
        out.view,
        d @ long(U).T + long(old),
        np.abs(d) @ np.abs(U).T + np.abs(old) + 1e-9 * (n == 0),
        n,
    )
    out.check()


@dtypes
def test_correlate_at_every_length(isa, dtype, rng):
    for n in LENGTHS:
        X, U, c = correlate_case(rng, n, 5, 9, dtype)
        for shift in (None, c):
            out = Guarded(np.full((5, 9), np.nan))
            kernels.correlate(isa, X, shift, U, out.view)
            check_correlate(isa, X, U, shift, np.zeros((5, 9)), out)


@dtypes
def test_correlate_of_every_shape(isa, dtype, rng):
    for n in (21, 1100):
        for m in (*range(12), 23, 24, 25, 50):
            X, U, c = correlate_case(rng, n, m, 17, dtype)
            all_at_once = np.empty((m, 17))
            kernels.correlate(isa, X, c, U, all_at_once)
            for K in range(1, 18):
                out = Guarded(np.full((m, K), np.nan))
                kernels.correlate(isa, X, c, U[:K], out.view)
                out.check()
                # The same sum whatever the company: splitting over threads changes nothing.
                np.testing.assert_array_equal(out.view, all_at_once[:, :K])
            check_correlate(isa, X, U, c, np.zeros((m, 17)), Guarded(all_at_once))


@dtypes
def test_accumulate_at_every_length(isa, dtype, rng):
    for n in LENGTHS:
        X, old, c = correlate_case(rng, n, 9, 3, dtype)
        w = guarded(rng.standard_normal((9, 3)))
        for shift in (None, c):
            r = Guarded(old)
            kernels.accumulate(isa, X, shift, w, r.view)
            d = long(X) - (0 if shift is None else long(shift)[:, None])
            assert_sums(r.view, long(old) + long(w).T @ d, np.abs(old) + np.abs(w).T @ np.abs(d), 9)
            r.check()


@dtypes
def test_accumulate_of_every_shape(isa, dtype, rng):
    for n in (21, 1100):
        for m in (*range(12), 23, 25):
            X, old, c = correlate_case(rng, n, m, 17, dtype)
            w = guarded(rng.standard_normal((m, 17)))
            d = long(X) - long(c)[:, None]
            want, terms = long(old) + long(w).T @ d, np.abs(old) + np.abs(w).T @ np.abs(d)
            for K in range(1, 18):
                r = Guarded(old[:K])
                kernels.accumulate(isa, X, c, w[:, :K], r.view)
                assert_sums(r.view, want[:K], terms[:K], m)
                r.check()


def rows_shapes():
    yield from ((n, 5, 3) for n in LENGTHS)
    yield from ((5, m, 3) for m in LENGTHS)
    yield from ((n, m, K) for n in (3, 130) for m in (1, 7, 65) for K in range(1, 18))
    yield from ((n, m, 9) for n, m in ((600, 9), (9, 1100)))


@dtypes
def test_correlate_rows(isa, dtype, rng):
    for n, m, K in rows_shapes():
        X = guarded(3 + rng.standard_normal((n, m)), dtype)
        U, c, old = (
            guarded(rng.standard_normal((K, n))),
            guarded(rng.uniform(2, 4, m)),
            rng.standard_normal((m, K)),
        )
        for shift in (None, c):
            out = Guarded(old)
            kernels.correlate_rows(isa, X, shift, U, out.view)
            check_correlate(isa, X.T, U, shift, old, out)


@dtypes
def test_accumulate_rows(isa, dtype, rng):
    for n, m, K in rows_shapes():
        X = guarded(3 + rng.standard_normal((n, m)), dtype)
        w, c, old = (
            guarded(rng.standard_normal((m, K))),
            guarded(rng.uniform(2, 4, m)),
            rng.standard_normal((K, n)),
        )
        for shift in (None, c):
            r = Guarded(old)
            kernels.accumulate_rows(isa, X, shift, w, r.view)
            d = long(X) - (0 if shift is None else long(shift))
            assert_sums(
                r.view, long(old) + (d @ long(w)).T, np.abs(old) + (np.abs(d) @ np.abs(w)).T, m
            )
            r.check()


def layouts(X):
    """X as column-major, row-major and neither, padded and unaligned."""
    yield guarded(X.T, X.dtype).T
    yield guarded(X, X.dtype)
    loose = np.full((2 * X.shape[0], 3 * X.shape[1]), GUARD, X.dtype)
    loose[::2, ::3] = X
    yield loose[::2, ::3]


@dtypes
def test_pack(isa, dtype, rng):
    P = kernels.panel(isa)
    for n, m in [(n, 2 * P + 3) for n in range(40)] + [(13, m) for m in range(1, 40)] + [(257, 74)]:
        X = rng.standard_normal((n, m)).astype(dtype)
        c, s = guarded(rng.standard_normal(m)), guarded(rng.uniform(0, 2, n))
        for layout in layouts(X):
            for shift, scale in ((None, None), (c, None), (None, s), (c, s)):
                packed = kernels.pack(isa, layout, shift, scale)
                want = np.zeros((n, packed.shape[0] * P))
                want[:, :m] = (X.astype(float) - (0 if shift is None else shift)) * (
                    1 if scale is None else scale[:, None]
                )
                np.testing.assert_array_equal(packed.transpose(1, 0, 2).reshape(want.shape), want)


@dtypes
def test_pack_across(isa, dtype, rng):
    """Columns as rows of panels, each with a shift and a factor of its own; nothing but zeros in what fills the last panel up."""
    P = kernels.panel(isa)
    for m, n in [(2 * P + 3, n) for n in range(1, 40)] + [(m, 13) for m in range(1, 40)]:
        X = rng.standard_normal((m, n)).astype(dtype)
        c, a = guarded(rng.standard_normal(n)), guarded(rng.uniform(0, 2, n))
        s = guarded(rng.uniform(0, 2, m))
        for layout in layouts(X):
            for scale in (None, s):
                packed = kernels.pack_across(isa, layout, c, a, scale)
                want = np.zeros((n, packed.shape[0] * P))
                want[:, :m] = ((X.astype(float) - c) * a * (1 if scale is None else s[:, None])).T
                np.testing.assert_array_equal(packed.transpose(1, 0, 2).reshape(want.shape), want)


# ---------------------------------------------------------------- dense algebra


def test_gram(isa, rng):
    P = kernels.panel(isa)
    for n, m in (
        [(n, 3 * P) for n in LENGTHS] + [(19, m) for m in range(1, 10 * P, 3)] + [(600, 5 * P)]
    ):
        X = rng.standard_normal((n, m))
        packed = kernels.pack(isa, X, None, None)
        full = packed.shape[0] * P
        X = np.pad(X, ((0, 0), (0, full - m)))
        old = rng.standard_normal((full, full))
        G = Guarded(old)
        cut = packed.shape[0] // 3
        kernels.gram(isa, packed, G.view, 0, cut)
        np.testing.assert_array_equal(G.view[cut * P :], old[cut * P :])
        kernels.gram(isa, packed, G.view, cut, packed.shape[0])
        below = np.triu(np.ones((full, full), bool))  # row b of G is column b of the Gram matrix
        want, terms = long(old) + long(X).T @ long(X), np.abs(old) + np.abs(X).T @ np.abs(X)
        assert_sums(G.view[below], want[below], terms[below], n)
        G.check()


def test_dot_and_axpy(isa, rng):
    for n in LENGTHS:
        x, y = guarded(rng.standard_normal(n)), guarded(rng.standard_normal(n))
        assert_sums(kernels.dot(isa, x, y), long(x) @ long(y), np.abs(x) @ np.abs(y), n)
        out = Guarded(y)
        kernels.axpy(isa, -1.5, x, out.view)
        np.testing.assert_allclose(
            out.view, y - 1.5 * x, rtol=0, atol=8 * EPS * (1 + np.abs(x).max(initial=0))
        )
        out.check()


def assert_solves(A, x, b):
    """The residual of A x = b is as small as a backward stable solve leaves it."""
    residual = np.abs(long(A) @ long(x) - long(b))
    scale = np.abs(A) @ np.abs(x) + np.abs(b)
    assert (residual <= EPS * (A.shape[0] + 10) * scale + 1e-300).all()


def test_triangular_solves(isa, rng):
    for n in LENGTHS:
        L, stored = lower(rng, n)
        home = Guarded(stored.T)
        b = rng.standard_normal(n)
        x = Guarded(b)
        kernels.solve_lower(isa, home.view, x.view)
        assert_solves(L, x.view, b)
        x.check()
        x = Guarded(b)
        kernels.solve_lower_transposed(isa, home.view, x.view)
        assert_solves(L.T, x.view, b)
        x.check()


def test_solve_lower_many(isa, rng):
    sizes = (
        [(n, 5) for n in LENGTHS]
        + [(n, K) for n in (1, 9, 60, 140) for K in range(1, 18)]
        + [(20, 70)]
    )
    for n, K in sizes:
        L, stored = lower(rng, n)
        B = rng.standard_normal((K, n))
        X = Guarded(B)
        kernels.solve_lower_many(isa, guarded(stored.T), X.view)
        assert_solves(L, X.view.T, B.T)
        X.check()


def test_downdate_square(isa, rng):
    sizes = (
        [(n, 5) for n in LENGTHS] + [(n, m) for n in (0, 3, 30) for m in range(20)] + [(1100, 40)]
    )
    for n, m in sizes:
        A, old = guarded(rng.standard_normal((m, n))), rng.standard_normal((m, m))
        C = Guarded(old)
        kernels.downdate_square(isa, A, C.view)
        below = np.triu(np.ones((m, m), bool))
        want, terms = long(old) - long(A) @ long(A).T, np.abs(old) + np.abs(A) @ np.abs(A).T
        assert_sums(C.view[below], want[below], terms[below], n)
        np.testing.assert_array_equal(C.view[~below], old[~below])
        C.check()


def test_cholesky(isa, rng):
    for n in (*LENGTHS, 300, 401):
        A = rng.standard_normal((n, n + 5)) / np.sqrt(n + 1)
        A = A @ A.T + 0.1 * np.eye(n)
        upper = np.triu(np.ones((n, n), bool), 1)
        home = Guarded(np.where(upper, np.nan, A).T)
        assert kernels.cholesky(isa, home.view, None) == n
        L = np.where(upper, 0, home.view.T)
        # The product of the check is rounded as well; in long double it would take half a minute.
        assert (np.abs(L @ L.T - A) <= 2 * EPS * (n + 10) * (np.abs(L) @ np.abs(L).T)).all()
        assert np.isnan(home.view.T[upper]).all()
        home.check()


def test_cholesky_stops_before_a_small_pivot(isa, rng):
    for n in (1, 5, 8, 20, 150):
        A = np.eye(n) + 0.1 / n
        for j in {0, n // 2, n - 1}:
            whole = A.copy()
            assert kernels.cholesky(isa, whole, None) == n
            floor = np.zeros(n)
            floor[j] = 1.5
            stopped = A.copy()
            assert kernels.cholesky(isa, stopped, floor) == j
            np.testing.assert_array_equal(np.triu(stopped)[:j, :j], np.triu(whole)[:j, :j])
            for bad in (-1.0, 0.0, np.nan):
                broken = A.copy()
                broken[j, j] = bad
                assert kernels.cholesky(isa, broken, None) == j


def test_rotate(isa, rng):
    cs, sn = 0.8, 0.6
    for n in LENGTHS:
        x, v = rng.standard_normal(n), rng.standard_normal(n)
        for gap in (0, n, n + 3):
            buffer, moved = Guarded(np.concatenate([np.full(gap, 2.0), x])), Guarded(v)
            kernels.rotate(isa, buffer.view, gap, moved.view, cs, sn)
            np.testing.assert_allclose(buffer.view[:n], cs * x + sn * v, rtol=0, atol=1e-14)
            np.testing.assert_allclose(moved.view, cs * v - sn * x, rtol=0, atol=1e-14)
            np.testing.assert_array_equal(
                buffer.view[max(n, gap) :], x[max(n - gap, 0) :] if gap else []
            )
            buffer.check()
            moved.check()


# ---------------------------------------------------------------- what is not a number, and names


@dtypes
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_comes_through(isa, dtype, bad, rng):
    for n in (1, 5, 8, 37, 64):
        for at in {0, n // 2, n - 1}:
            X, U, c = correlate_case(rng, n, 4, 3, dtype)
            X[2, at] = bad
            out = np.empty((4, 3))
            kernels.correlate(isa, X, c, U, out)
            want = bad * U[:, at]
            np.testing.assert_array_equal(out[2], want)
            assert np.isfinite(np.delete(out, 2, 0)).all()

            rows = np.ascontiguousarray(X.T)
            out[...] = 0
            kernels.correlate_rows(isa, rows, c, U, out)
            np.testing.assert_array_equal(out[2], want)
            assert np.isfinite(np.delete(out, 2, 0)).all()

            r, w = np.zeros((3, n)), rng.standard_normal((4, 3))
            kernels.accumulate(isa, X, c, w, r)
            np.testing.assert_array_equal(r[:, at], bad * w[2])
            assert np.isfinite(np.delete(r, at, 1)).all()
            r[...] = 0
            kernels.accumulate_rows(isa, rows, c, w, r)
            np.testing.assert_array_equal(r[:, at], bad * w[2])
            assert np.isfinite(np.delete(r, at, 1)).all()

            assert not np.isfinite(kernels.moments(isa, X[2], 0.0, None, None)).any(
                where=[True, True, False]
            )
            packed = kernels.pack(isa, X.T, c, None)
            G = np.zeros((packed.shape[0] * packed.shape[2],) * 2)
            kernels.gram(isa, packed, G, 0, packed.shape[0])
            assert not np.isfinite(G[2, 2])
            assert np.isfinite(G[0, [0, 1, 3]]).all()


def test_nan_in_a_right_hand_side_stays_below(isa, rng):
    for n in (3, 20, 150):
        _, stored = lower(rng, n)
        b = np.ones(n)
        b[n // 2] = np.nan
        kernels.solve_lower(isa, guarded(stored.T), b)
        assert np.isfinite(b[: n // 2]).all()
        assert np.isnan(b[n // 2 :]).all()


def test_environment_names_the_instruction_set(isa):
    code = "import riata._core as c; print(c.config()['isa'])"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, env=os.environ | {"RIATA_ISA": isa})
    assert done.stdout.strip() == isa, done.stderr
    done = subprocess.run(
        run, capture_output=True, text=True, env=os.environ | {"RIATA_ISA": isa + "x"}
    )
    assert done.returncode != 0
    assert f"RIATA_ISA='{isa}x' cannot be used" in done.stderr
    assert isa in done.stderr.split("available here:")[1]
