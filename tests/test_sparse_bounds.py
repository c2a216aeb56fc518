"""Sparse columns are settled by what they touch: hardly any are read, and certificates stay true."""

import numpy as np
import pytest
from oracle import Problem
from oracle_loss import LossProblem
from scipy import sparse

import riata

N, P = 500, 3000


def texts(rng, n=N, p=P):
    """Word counts of skewed lengths, log(1 + count), with columns of all densities and one without zeros."""
    words = np.minimum(rng.zipf(1.3, (n, 120)) - 1, p - 1)
    X = np.zeros((n, p))
    np.add.at(X, (np.arange(n)[:, None], words), 1.0)
    X = np.log1p(X)
    X[:, 7] = 5 + rng.random(n)
    signal = X @ np.where(rng.random(p) < 0.01, 3 * rng.standard_normal(p), 0)
    return X, signal - signal.mean() + 0.3 * signal.std() * rng.standard_normal(n)


def options(rng, kind):
    if kind == "weights":
        weights = rng.exponential(size=N) * (rng.random(N) < 0.8)
        weights[3] = 100 * weights.max()
        return {"sample_weight": weights}
    if kind == "fold":
        return {"sample_weight": (np.arange(N) >= N // 5).astype(float)}
    if kind == "penalty weights":
        return {"penalty_weights": rng.choice([0.3, 1.0, 3.0, np.inf], P)}
    return {"no intercept": {"fit_intercept": False}, "ratio": {"l1_ratio": 0.5}, "plain": {}}[kind]


@pytest.mark.parametrize(
    "kind", ["plain", "weights", "fold", "no intercept", "penalty weights", "ratio"]
)
@pytest.mark.parametrize("units", [1.0, 1e-120])
def test_certificates_of_squares_are_true(rng, kind, units):
    X, y = texts(rng)
    given = options(rng, kind)
    if units != 1 and kind == "ratio":
        pytest.skip("the square of a coefficient would be the caller's to scale")
    path = riata.path(sparse.csc_array(units * X), y, alphas=40, eps=0.02, tol=1e-8, **given)
    problem = Problem(X, y, **given)
    for solution, alpha in zip(path.coefs.T, path.alphas, strict=True):
        w = solution.toarray().ravel() * units
        assert problem.gap(w, alpha / units, tol=1e-8) <= 1.01e-8
    assert path.n_passes < 4
    assert (path.coefs != 0).sum() > 100


def largest_gap(problem, path):
    """By the tests' own judge, over all solutions of the path."""
    models = zip(path.coefs.toarray().T, path.intercepts, path.alphas, strict=True)
    return np.max([problem.gap(w, b, alpha) for w, b, alpha in models])  # NaN counts


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("kind", ["plain", "weights", "no intercept"])
def test_certificates_of_other_losses_are_true(rng, family, kind):
    X, signal = texts(rng)
    eta = (signal - signal.mean()) / signal.std()
    y = (eta > 0).astype(float) if family == "binomial" else rng.poisson(np.exp(eta)).astype(float)
    given = options(rng, kind)
    path = riata.path(sparse.csc_array(X), y, family=family, alphas=25, eps=0.1, tol=1e-7, **given)
    assert largest_gap(LossProblem(X, y, family=family, **given), path) <= 1.01e-7
    assert path.n_passes < 4


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("train", ["a fifth left out", "every third row left out", "weights"])
def test_certificates_with_weights_where_columns_are_all_read(rng, family, train):
    n, p = 120, 900  # so few entries that bounds cost more than reading them
    X = np.where(rng.random((n, p)) < 5 / p, 1 + rng.random((n, p)), 0)
    eta = X @ np.where(rng.random(p) < 0.05, rng.standard_normal(p), 0) + (np.arange(n) > n // 2)
    draw = rng.poisson if family == "poisson" else lambda mean: rng.binomial(1, mean / (1 + mean))
    y = draw(np.exp(eta)).astype(float)
    weights = {
        "a fifth left out": (np.arange(n) >= n // 5).astype(float),
        "every third row left out": (np.arange(n) % 3 > 0).astype(float),
        "weights": rng.exponential(size=n),
    }[train]
    path = riata.path(
        sparse.csc_array(X),
        y,
        family=family,
        sample_weight=weights,
        alphas=25,
        eps=0.05,
        tol=1e-7,
        early_stop=False,
    )
    assert largest_gap(LossProblem(X, y, family=family, sample_weight=weights), path) <= 1.01e-7


def lasso_gap(X, y, w, alpha):
    """Relative gap at the residual's largest feasible multiple up to 1."""
    r = y - X @ w
    r -= r.mean()
    c = X.T @ r / len(y)
    null = 0.5 * np.var(y)
    t = min(1.0, alpha / np.abs(c).max())
    primal = 0.5 * r @ r / len(y) + alpha * np.abs(w).sum()
    dual = (t * r @ (y - y.mean()) - 0.5 * t**2 * r @ r) / len(y)
    return (primal - dual) / null


@pytest.mark.parametrize("tol", [1e-6, 1e-9])
def test_large_supports(rng, tol):
    X = sparse.random_array((2500, 8000), density=0.003, rng=rng, format="csc")
    y = X @ np.where(rng.random(8000) < 0.05, rng.standard_normal(8000), 0)
    y += 0.3 * y.std() * rng.standard_normal(2500)
    path = riata.path(X, y, alphas=40, eps=0.03, tol=tol)
    assert (path.coefs[:, [-1]] != 0).sum() > 700
    assert path.dual_gaps.max() <= tol
    for k in range(20, 40):
        w = path.coefs[:, [k]].toarray().ravel()
        assert lasso_gap(X, y, w, path.alphas[k]) <= 1.01 * tol


def test_few_columns_are_read(rng):
    X, y = texts(rng, 4000, 12000)
    path = riata.path(sparse.csc_array(X), y, alphas=100, eps=0.02)
    assert (path.coefs[:, [-1]] != 0).sum() > 100
    assert path.n_passes < 2
