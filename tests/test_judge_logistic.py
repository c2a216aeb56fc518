"""The benchmark's judge on logistic paths, against a slow solver and closed forms."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit

from bench import judge_logistic as judging
from bench.judge import judge

pytestmark = pytest.mark.house


def problem(rng, n=50, p=6):
    X = rng.standard_normal((n, p)) + 2.0
    y = (X @ rng.standard_normal(p) + rng.standard_normal(n) > 1.0).astype(float)
    y[:2] = 0.0, 1.0
    alpha_max = np.abs(X.T @ (y - y.mean())).max() / n
    return X, y, alpha_max * np.geomspace(1, 0.01, 5)


def objective(X, y, alpha, l1_ratio, w, b):
    loss = np.logaddexp(0, -(2 * y - 1) * (X @ w + b)).mean()
    return loss + alpha * (l1_ratio * np.abs(w).sum() + (1 - l1_ratio) / 2 * (w @ w))


def solve(X, y, alpha, l1_ratio):
    """Minimise with the coefficients split into positive and negative parts, which makes the problem smooth."""
    n, p = X.shape
    t = 2 * y - 1

    def value_and_slope(z):
        w, b = z[:p] - z[p : 2 * p], z[-1]
        u = t * expit(-t * (X @ w + b))
        smooth = -X.T @ u / n + alpha * (1 - l1_ratio) * w
        value = np.logaddexp(0, -t * (X @ w + b)).mean() + alpha * (1 - l1_ratio) / 2 * (w @ w)
        l1 = alpha * l1_ratio
        return value + l1 * z[: 2 * p].sum(), np.r_[smooth + l1, -smooth + l1, -u.mean()]

    bounds = [(0, None)] * (2 * p) + [(None, None)]
    options = {"maxiter": 20_000, "maxfun": 100_000, "ftol": 1e-16, "gtol": 1e-12}
    found = minimize(
        value_and_slope, np.zeros(2 * p + 1), jac=True, bounds=bounds, options=options
    ).x
    return found[:p] - found[p : 2 * p], found[-1]


def solved(X, y, alphas, l1_ratio):
    pairs = [solve(X, y, alpha, l1_ratio) for alpha in alphas]
    return np.stack([w for w, _ in pairs], axis=1), np.array([b for _, b in pairs])


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
def test_a_solution_has_no_gap(rng, l1_ratio):
    X, y, alphas = problem(rng)
    W, b = solved(X, y, alphas, l1_ratio)
    found = judge(X, y, alphas, W, b, l1_ratio, "logistic")
    assert np.abs(found.gaps).max() < 1e-7
    assert np.abs(found.intercept_excess).max() < 1e-7
    share = y.mean()
    assert found.null == pytest.approx(-share * np.log(share) - (1 - share) * np.log(1 - share))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
def test_gap_bounds_the_true_suboptimality(rng, l1_ratio):
    X, y, alphas = problem(rng)
    W, b = solved(X, y, alphas, l1_ratio)
    best = [objective(X, y, a, l1_ratio, W[:, i], b[i]) for i, a in enumerate(alphas)]
    for size in (1e-3, 1e-1, 3.0):
        moved = W + size * rng.standard_normal(W.shape)
        found = judge(X, y, alphas, moved, None, l1_ratio, "logistic")
        assert (found.dual <= np.array(best) + 1e-12).all()
        assert (found.primal >= np.array(best) - 1e-9).all()


def test_primal_profiles_the_intercept(rng):
    X, y, alphas = problem(rng)
    W, b = rng.standard_normal((X.shape[1], alphas.size)), rng.standard_normal(alphas.size)
    found = judge(X, y, alphas, W, b, 0.4, "logistic")
    for i, alpha in enumerate(alphas):
        w = W[:, i]
        best = minimize_scalar(
            lambda c, w=w, alpha=alpha: objective(X, y, alpha, 0.4, w, c), bounds=(-40, 40)
        ).fun
        assert found.primal[i] == pytest.approx(best, abs=1e-9)
        excess = objective(X, y, alpha, 0.4, w, b[i]) - found.primal[i]
        assert found.intercept_excess[i] * found.null == pytest.approx(excess, abs=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e2, 1e4])
def test_the_intercept_is_found_when_probabilities_are_saturated(rng, scale):
    eta = scale * rng.standard_normal((200, 5))
    y = (rng.random(200) < 0.03).astype(float)
    y[0] = 1.0
    b = judging.profiled_intercepts(eta, y)
    q = judging.balanced(expit(-(2 * y - 1)[:, None] * (eta + b)), y)
    assert np.abs(expit(eta + b).sum(axis=0) - y.sum()).max() < 1e-8 * max(scale, 1)
    assert np.abs((2 * y - 1) @ q).max() < 1e-12 * max(q.max(), 1e-300) * 200


def test_zero_is_optimal_from_alpha_max_on(rng):
    X, y, alphas = problem(rng)
    none = np.zeros((X.shape[1], 1))
    assert abs(judge(X, y, alphas[:1] * 1.0000001, none, loss="logistic").worst) < 1e-10
    assert judge(X, y, alphas[:1] / 2, none, loss="logistic").worst > 1e-3


def test_what_is_not_a_number_is_never_certified(rng):
    X, y, alphas = problem(rng)
    W = np.zeros((X.shape[1], alphas.size))
    W[3, 4] = np.nan
    assert judge(X, y, alphas, W, loss="logistic").worst == np.inf
