"""The kernels of compressed columns and of 8 interleaved vectors, of every instruction set, against naive NumPy."""

import numpy as np
import pytest

_core = pytest.importorskip("riata._core")
if not hasattr(_core, "_kernels"):
    pytest.skip("the extension was built without the kernel probe", allow_module_level=True)
kernels = _core._kernels

EPS = np.finfo(float).eps
ROWS = 60

pytestmark = [pytest.mark.any_isa, pytest.mark.parametrize("isa", kernels.isas())]
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
widths = pytest.mark.parametrize("shape", [(ROWS,), (ROWS, 8)], ids=["one", "eight"])


def close(got, want, terms):
    """got = want up to the rounding of a sum whose terms' absolute values sum to `terms`."""
    assert (np.abs(got - want) <= 64 * EPS * np.asarray(terms) + 1e-300).all()


def columns(rng, lengths, dtype=float):
    """(values, rows, starts): compressed columns of the given lengths; a row may come twice."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
    return rng.standard_normal(starts[-1]).astype(dtype), rng.integers(0, ROWS, starts[-1]), starts


@dtypes
@widths
def test_correlate_compressed(isa, dtype, shape, rng):
    lengths = list(range(40)) + [0, 1, 257]
    data, rows, starts = columns(rng, lengths, dtype)
    shift, u = rng.standard_normal(len(lengths)), rng.standard_normal(shape)
    chosen = rng.permutation(len(lengths))[:-3]
    out = np.full((len(chosen), *shape[1:]), np.nan)
    kernels.correlate_compressed(isa, data, list(rows), list(starts), shift, list(chosen), u, out)
    for got, j in zip(out, chosen, strict=True):
        part = slice(starts[j], starts[j + 1])
        x, lines = data[part].astype(float) - shift[j], u[rows[part]]
        close(got, x @ lines, np.abs(x) @ np.abs(lines))


@dtypes
def test_dot_compressed(isa, dtype, rng):
    u = rng.standard_normal((ROWS, 8))
    for n in range(40):
        data, rows, _ = columns(rng, [n], dtype)
        out = np.full(8, np.nan)
        kernels.dot_compressed(isa, data, list(rows), u, out)
        close(out, data.astype(float) @ u[rows], np.abs(data.astype(float)) @ np.abs(u[rows]))


@dtypes
@widths
def test_accumulate_compressed(isa, dtype, shape, rng):
    w = rng.standard_normal(shape[1:] or 1)
    for n in range(40):
        data, rows, _ = columns(rng, [n], dtype)
        before = rng.standard_normal(shape)
        r, want = before.copy(), before.copy()
        kernels.accumulate_compressed(isa, data, list(rows), 0.75, w, r)
        np.add.at(
            want, rows, np.multiply.outer(data.astype(float) - 0.75, w).reshape(n, *shape[1:])
        )
        close(r, want, np.abs(before) + 40 * 5 * np.abs(w).max())


def test_moments_and_products_of_lanes(isa, rng):
    for n in range(258):
        v, s, y = rng.standard_normal((n, 8)), rng.uniform(0, 2, n), rng.standard_normal(n)
        for weights in (None, s):
            out, u = np.full(24, np.nan), np.ones(n) if weights is None else weights
            kernels.lane_moments(isa, v, weights, y, out)
            want = np.stack([u @ v, u @ v**2, (u * y) @ v])
            close(
                out.reshape(3, 8), want, np.stack([u @ abs(v), u @ v**2, abs(u * y) @ abs(v)]) * 4
            )
        out = np.full(8, np.nan)
        kernels.lane_products(isa, v, y, out)
        close(out, y @ v, abs(y) @ abs(v) * 4)


def test_peaks_of_lanes(isa, rng):
    for n in [*range(20), 257]:
        v, t, y = rng.standard_normal((n, 8)), rng.standard_normal(n), rng.standard_normal(n)
        a, b = rng.standard_normal((2, 8))
        for other in (t, None):
            out, left = np.full(8, np.nan), v - np.outer(y, b)
            kernels.lane_peaks(isa, v, other, a, y, b, out)
            if other is not None:
                left = left - np.outer(t, a)
            np.testing.assert_allclose(
                out, abs(left).max(axis=0, initial=0.0), rtol=1e-13, atol=1e-14
            )


def descent(values, l1, l2, bounds, on, w, r, offset, sums, rests, order):
    """One sweep, one lane at a time, on dense columns: r + offset * root stands for the residual."""
    w, r, offset, moved = w.copy(), r.copy(), offset.copy(), np.zeros(8)
    for j in order:
        x = values[:, j]
        for lane in np.flatnonzero(on):
            square = x @ x
            pull = x @ r[:, lane] + offset[lane] * sums[j] + square * w[j, lane]
            step = np.sign(pull) * max(abs(pull) - l1[lane], 0) / (square + l2[lane])
            if bounds:
                step = min(max(step, bounds[0][j]), bounds[1][j])
            move = step - w[j, lane]
            moved[lane] = max(moved[lane], abs(move) * (square + l2[lane]) / (l1[lane] + 1e-3))
            w[j, lane] = step
            r[:, lane] -= x * move
            offset[lane] += rests[j] * move
    return w, r, offset, moved


@pytest.mark.parametrize("bounded", [False, True], ids=["free", "bounded"])
def test_lane_descent(isa, bounded, rng):
    p, per_column = 23, 9
    rows = np.concatenate([rng.permutation(ROWS)[:per_column] for _ in range(p)])
    data, starts = rng.standard_normal(p * per_column), np.arange(p + 1) * per_column
    X = np.zeros((ROWS, p))
    X[rows, np.repeat(np.arange(p), per_column)] = data
    l1, l2, on = rng.uniform(0.1, 1, 8), rng.uniform(0, 1, 8), np.array([1.0, 1, 0, 1, 1, 1, 0, 1])
    sums, rests = rng.standard_normal(p), rng.standard_normal(p) / 10
    bounds = [-rng.uniform(0, 0.5, p), rng.uniform(0, 0.5, p)] if bounded else []
    order = list(rng.permutation(p)[:-4])
    w, r, offset = (
        rng.uniform(-0.1, 0.1, (p, 8)),
        rng.standard_normal((ROWS, 8)),
        rng.standard_normal(8),
    )
    want = descent(X, l1, l2, bounds, on, w, r, offset, sums, rests, order)
    moved, ones = np.zeros(8), np.ones(p)
    per_feature = [(X**2).sum(0), sums, rests, ones, ones, *bounds]
    kernels.lane_descent(
        isa,
        data,
        list(rows),
        list(starts),
        order,
        per_feature,
        [l1, l2, on],
        1e-3,
        w,
        r,
        offset,
        moved,
    )
    for got, expected in zip((w, r, offset, moved), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("sized", [False, True])
def test_unsettled(isa, rng, sized):
    p, references = 500, 3
    table = rng.standard_normal((references + 1, 32))
    table[:, 16:] = np.abs(table[:, 16:])
    reference = rng.integers(-1, references, p)
    per_feature = [*rng.standard_normal((2, p)), *rng.uniform(0, 1, (1 + sized, p))]
    line = table[reference + 1]
    rest = line[:, 16:24] * per_feature[2][:, None]
    if sized:
        rest = np.minimum(rest, line[:, 24:] * per_feature[3][:, None])
    exact, xty = per_feature[:2]
    bound = np.abs(line[:, :8] * exact[:, None] + line[:, 8:16] * xty[:, None]) + rest
    limit = np.quantile(bound.max(1), rng.uniform(0, 1, p))
    limit[7], exact[8] = np.inf, np.nan  # whatever the bound, settled; no bound, not settled
    beyond = bound.max(1) > limit
    beyond[8] = True
    chosen = rng.permutation(p)[:301]
    got = kernels.unsettled(isa, list(chosen), table, list(reference), per_feature, limit)
    assert got == [j for j in chosen if beyond[j]]
    assert kernels.unsettled(isa, [], table, list(reference), per_feature, limit) == []
