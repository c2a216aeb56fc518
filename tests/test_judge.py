"""The benchmark's judge against problems whose solutions are known."""

import numpy as np
import pytest
from scipy.sparse import csc_matrix

from bench import columns
from bench import judge as judging
from bench.judge import judge

pytestmark = pytest.mark.house


def orthogonal_design(rng, n=60, p=12):
    """Centred columns with X'X = n I, so that solutions are thresholded correlations."""
    X = rng.standard_normal((n, p))
    Q, _ = np.linalg.qr(X - X.mean(axis=0))
    return np.asfortranarray(Q * np.sqrt(n))


def exact_path(X, y, alphas, l1_ratio):
    """The elastic net on an orthogonal design, one column per alpha."""
    b = X.T @ (y - y.mean()) / len(y)
    columns = [
        np.sign(b) * np.maximum(np.abs(b) - a * l1_ratio, 0) / (1 + a * (1 - l1_ratio))
        for a in alphas
    ]
    return np.stack(columns, axis=1)


def problem(rng, l1_ratio, shift=0.0):
    X = orthogonal_design(rng)
    y = X[:, :4] @ rng.standard_normal(4) + 0.3 * rng.standard_normal(len(X)) + 5.0
    top = np.abs(X.T @ (y - y.mean())).max() / len(y) / max(l1_ratio, 0.1)
    alphas = top * np.geomspace(1, 1e-3, 20)
    return X + shift, y, alphas, exact_path(X, y, alphas, l1_ratio)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.999, 0.5, 0.01, 0.0])
def test_known_solution_has_no_gap(rng, l1_ratio):
    X, y, alphas, W = problem(rng, l1_ratio)
    found = judge(X, y, alphas, W, l1_ratio=l1_ratio)
    assert np.abs(found.gaps).max() < 1e-12
    assert found.null == pytest.approx(y.var() / 2)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_columns_far_from_zero(rng, l1_ratio):
    # Shifting columns by 1e6 rounds them to about 1e-10; the gap stays near the square of that.
    X, y, alphas, W = problem(rng, l1_ratio, shift=1e6)
    assert np.abs(judge(X, y, alphas, W, l1_ratio=l1_ratio).gaps).max() < 1e-8


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7, 0.05])
@pytest.mark.parametrize("size", [1e-6, 1e-3, 1e-1])
def test_gap_bounds_the_true_suboptimality(rng, l1_ratio, size):
    X, y, alphas, W = problem(rng, l1_ratio)
    best = judge(X, y, alphas, W, l1_ratio=l1_ratio)
    moved = judge(X, y, alphas, W + size * rng.standard_normal(W.shape), l1_ratio=l1_ratio)
    excess = (moved.primal - best.primal) / best.null
    assert (excess >= -1e-13).all()
    assert (moved.gaps >= excess - 1e-13).all()
    assert (moved.gaps > 0).all()


def test_primal_is_the_objective(rng):
    X, y = rng.standard_normal((30, 8)), rng.standard_normal(30)
    W, alphas = rng.standard_normal((8, 3)), np.array([0.5, 0.2, 0.1])
    found = judge(X, y, alphas, W, l1_ratio=0.4)
    for i, alpha in enumerate(alphas):
        r = y - X @ W[:, i]
        r -= r.mean()
        w = W[:, i]
        value = r @ r / 60 + alpha * (0.4 * np.abs(w).sum() + 0.3 * (w @ w))
        assert found.primal[i] == pytest.approx(value, rel=1e-13)


def test_zero_is_optimal_from_alpha_max_on(rng):
    X, y, alphas, _ = problem(rng, 1.0)
    found = judge(X, y, alphas[:1] * 1.0000001, np.zeros((X.shape[1], 1)))
    assert abs(found.worst) < 1e-12
    assert judge(X, y, alphas[:1] / 2, np.zeros((X.shape[1], 1))).worst > 1e-3


def test_sparse_and_dense_coefficients_and_blocks_agree(rng, monkeypatch):
    X, y, alphas, W = problem(rng, 0.5)
    W = W + 1e-3 * (rng.random(W.shape) < 0.3)
    dense = judge(X, y, alphas, W, l1_ratio=0.5)
    monkeypatch.setattr(columns, "BLOCK_BYTES", 8 * len(X) * 5)
    sparse = judge(X, y, alphas, csc_matrix(W), l1_ratio=0.5)
    np.testing.assert_allclose(sparse.gaps, dense.gaps, rtol=1e-9, atol=1e-14)


def test_intercepts_are_measured_and_do_not_count(rng):
    X, y, alphas, W = problem(rng, 1.0)
    X = X + 3.0
    right = y.mean() - X.mean(axis=0) @ W
    found = judge(X, y, alphas, W, right + 0.1)
    assert np.abs(found.gaps).max() < 1e-12
    np.testing.assert_allclose(found.intercept_excess, 0.005 / found.null, rtol=1e-9)
    assert judge(X, y, alphas, W, right).intercept_excess.max() < 1e-25


def test_best_scaling_of_the_unconstrained_dual(rng):
    c, rr, ry, a1, a2, n = 20 * rng.standard_normal(50), 30.0, 40.0, 0.3, 0.2, 40
    s = np.linspace(0, 3, 400_001)
    excess = np.maximum(s[:, None] * np.abs(c) / n - a1, 0)
    brute = ((s * ry - s**2 * rr / 2) / n - (excess**2).sum(axis=1) / (2 * a2)).max()
    found = judging._unconstrained_dual(n, c, rr, ry, a1, a2)
    assert brute <= found <= brute * (1 + 1e-8) + 1e-12


def test_what_is_not_a_number_is_never_certified(rng):
    X, y, alphas, W = problem(rng, 1.0)
    W[3, 4] = np.nan
    assert judge(X, y, alphas, W).worst == np.inf
    with pytest.raises(ValueError, match="shape"):
        judge(X, y, alphas, W[:, :-1])
