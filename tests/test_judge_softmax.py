"""The benchmark's judge on softmax paths, against a slow solver and the judge of two classes."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from bench import problems
from bench.judge import judge
from bench.judge_softmax import balanced_slopes, indicators

pytestmark = pytest.mark.house


def problem(rng, n=60, p=4, classes=3):
    X = rng.standard_normal((n, p)) + 1.0
    y = (X @ rng.standard_normal((p, classes)) + rng.gumbel(size=(n, classes))).argmax(axis=1)
    y[:classes] = np.arange(classes)
    Y = indicators(y.astype(float))
    alpha_max = np.abs(X.T @ (Y - Y.mean(axis=0))).max() / n
    return X, y.astype(float), alpha_max * np.geomspace(1, 0.01, 4)


def objective(X, y, alpha, l1_ratio, W, b):
    eta = X @ W + b
    loss = (logsumexp(eta, axis=1) - eta[np.arange(y.size), y.astype(int)]).mean()
    return loss + alpha * (l1_ratio * np.abs(W).sum() + (1 - l1_ratio) / 2 * np.square(W).sum())


def solve(X, y, alpha, l1_ratio):
    """Minimise with the coefficients split into positive and negative parts, which makes the problem smooth."""
    n, p = X.shape
    Y = indicators(y)
    m = p * Y.shape[1]

    def value_and_slope(z):
        W, b = (z[:m] - z[m : 2 * m]).reshape(p, -1), z[2 * m :]
        U = Y - softmax(X @ W + b, axis=1)
        smooth = (-X.T @ U / n + alpha * (1 - l1_ratio) * W).ravel()
        l1 = alpha * l1_ratio
        value = objective(X, y, alpha, l1_ratio, W, b) + l1 * (z[: 2 * m].sum() - np.abs(W).sum())
        return value, np.r_[smooth + l1, -smooth + l1, -U.mean(axis=0)]

    bounds = [(0, None)] * (2 * m) + [(None, None)] * Y.shape[1]
    options = {"maxiter": 20_000, "maxfun": 100_000, "ftol": 1e-16, "gtol": 1e-12}
    start = np.zeros(2 * m + Y.shape[1])
    found = minimize(value_and_slope, start, jac=True, bounds=bounds, options=options).x
    return (found[:m] - found[m : 2 * m]).reshape(p, -1), found[2 * m :]


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_gap_is_zero_at_a_solution_and_bounds_suboptimality_elsewhere(rng, l1_ratio):
    X, y, alphas = problem(rng)
    pairs = [solve(X, y, alpha, l1_ratio) for alpha in alphas]
    W, b = np.hstack([w for w, _ in pairs]), np.concatenate([b for _, b in pairs])
    best = [objective(X, y, a, l1_ratio, *pair) for a, pair in zip(alphas, pairs)]
    found = judge(X, y, alphas, W, b, l1_ratio, "softmax")
    assert np.abs(found.gaps).max() < 1e-7
    assert np.abs(found.intercept_excess).max() < 1e-7
    for size in (1e-3, 1e-1, 3.0):
        found = judge(
            X, y, alphas, W + size * rng.standard_normal(W.shape), None, l1_ratio, "softmax"
        )
        assert (found.dual <= np.array(best) + 1e-12).all()
        assert (found.primal >= np.array(best) - 1e-9).all()


def test_two_classes_are_a_binomial_model_of_twice_the_coefficients(rng):
    X, y, alphas = problem(rng, classes=2)
    w = rng.standard_normal((X.shape[1], alphas.size))
    W = np.stack([-w, w], axis=2).reshape(X.shape[1], -1)
    two = judge(X, y, alphas, W, None, 1.0, "softmax")
    one = judge(X, y, alphas, 2 * w, None, 1.0, "logistic")
    np.testing.assert_allclose(two.primal, one.primal, rtol=1e-10)
    assert two.null == pytest.approx(one.null)


def test_slopes_add_up_to_zero_and_leave_probabilities(rng):
    X, y, _ = problem(rng)
    Y = indicators(y)
    eta = 0.1 * X @ rng.standard_normal((X.shape[1], 3)) + np.log(Y.mean(axis=0))
    U = balanced_slopes(eta, Y)
    assert np.abs(U.sum(axis=0)).max() < 1e-10
    assert ((Y - U) > 0).all()
    np.testing.assert_allclose((Y - U).sum(axis=1), 1.0)


def test_warm_up_problems_have_three_classes():
    spec = problems.PROBLEMS["softmax_nci60"]
    given = problems.Problem(spec, np.zeros((9, 2)), np.arange(9.0) % 3, np.ones(3))
    small = problems.warm_up_problem(given)
    assert small.n_classes == given.n_classes == 3
    found = judge(small.X, small.y, small.alphas, np.zeros((10, 9)), None, 1.0, "softmax")
    assert found.gaps[0] == pytest.approx(0.0, abs=1e-12)
