"""The benchmark's judge on several tasks."""

import numpy as np
import pytest

from bench.judge import judge

pytestmark = pytest.mark.house


def problem(rng, l1_ratio, n=60, p=12, tasks=3):
    """An orthogonal design, on which rows are thresholded by their lengths."""
    Q, _ = np.linalg.qr(rng.standard_normal((n, p)) - 0.0)
    X = Q - Q.mean(axis=0)
    Q, _ = np.linalg.qr(X)
    X = np.asfortranarray(Q * np.sqrt(n))
    Y = X[:, :4] @ rng.standard_normal((4, tasks)) + 0.3 * rng.standard_normal((n, tasks)) + 5.0
    B = X.T @ (Y - Y.mean(axis=0)) / n
    size = np.linalg.norm(B, axis=1, keepdims=True)
    alphas = size.max() / l1_ratio * np.geomspace(1, 0.01, 8)
    W = [B * np.maximum(1 - a * l1_ratio / size, 0) / (1 + a * (1 - l1_ratio)) for a in alphas]
    return X, Y, alphas, np.hstack(W)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
def test_known_solution_has_no_gap(rng, l1_ratio):
    X, Y, alphas, W = problem(rng, l1_ratio)
    intercepts = np.tile(Y.mean(axis=0), (8, 1)).ravel()
    found = judge(X, Y, alphas, W, intercepts, l1_ratio, loss="multitask")
    assert np.abs(found.gaps).max() < 1e-12
    assert found.null == pytest.approx(Y.var(axis=0).sum() / 2)
    assert np.abs(found.intercept_excess).max() < 1e-12


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("size", [1e-6, 1e-2])
def test_gap_bounds_the_true_suboptimality(rng, l1_ratio, size):
    X, Y, alphas, W = problem(rng, l1_ratio)
    best = judge(X, Y, alphas, W, l1_ratio=l1_ratio, loss="multitask")
    moved = W + size * rng.standard_normal(W.shape)
    found = judge(X, Y, alphas, moved, l1_ratio=l1_ratio, loss="multitask")
    excess = (found.primal - best.primal) / best.null
    assert (excess >= -1e-13).all()
    assert (found.gaps >= excess - 1e-13).all()
    assert (found.gaps > 0).all()
