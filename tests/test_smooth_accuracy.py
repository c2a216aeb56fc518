"""Binomial and Poisson fits as exact as asked for, near the best loss and far from it; the order of what callbacks see."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import riata


def poisson_loss(y, eta):
    """Mean loss less its least value, in long double."""
    eta, y = np.asarray(eta, dtype=np.longdouble), np.asarray(y, dtype=np.longdouble)
    d = eta - np.log(np.where(y > 0, y, 1))
    return float(np.where(y > 0, y * (np.expm1(d) - d), np.exp(eta)).mean())


def gradient(family, X, y, coef, intercept, l2):
    """Largest entry of the gradient in long double, the intercept's among them."""
    X, coef = X.astype(np.longdouble), np.ravel(coef).astype(np.longdouble)
    eta = X @ coef + intercept
    mean = np.exp(eta) if family == "poisson" else 1 / (1 + np.exp(-eta))
    off = (mean - y) / len(y)
    return float(max(np.abs(X.T @ off + l2 * coef).max(), np.abs(off.sum())))


def test_counts_that_hardly_differ(rng):
    """Of a response of 1e6 +- .01 the loss is of the order of 1e-10, and certified to a millionth of that."""
    X = rng.standard_normal((100, 5))
    y = 1e6 + 0.01 * (X[:, 0] + rng.standard_normal(100))
    path = riata.path(X, y, family="poisson", alphas=20, early_stop=False)
    assert path.dual_gaps.max() <= 1e-6
    assert_allclose(path.null_objective, ((y - y.mean()) ** 2).mean() / 2e6, rtol=1e-6)
    for k in (0, 10, 19):
        eta = X @ path.coefs.toarray()[:, k].astype(np.longdouble) + path.intercepts[k]
        penalty = path.alphas[k] * np.abs(path.coefs.toarray()[:, k]).sum()
        primal = poisson_loss(y, eta) + penalty
        assert_allclose(path.certificate(k).primal, primal, rtol=1e-6)
    squares = np.linalg.lstsq(np.column_stack([X, np.ones(100)]), y - 1e6, rcond=None)[0]
    free = riata.PoissonRegressor(alpha=0).fit(X, y)
    assert_allclose(free.coef_, squares[:5] / 1e6, rtol=1e-4)


@pytest.mark.parametrize("level", [1e-8, 1.0, 1e5, 1e12])
def test_counts_that_do_not_differ(level, rng):
    X = rng.standard_normal((30, 4))
    path = riata.path(X, np.full(30, level), family="poisson", alphas=[1.0, 0.1])
    assert path.dual_gaps.max() <= 1e-6
    assert path.coefs.nnz == 0
    assert_allclose(path.intercepts, np.log(level), rtol=1e-14)
    offset = rng.standard_normal(30)
    y = np.exp(offset + 0.3)
    path = riata.path(X, y, family="poisson", alphas=[1.0], offset=offset)
    assert path.coefs.nnz == 0
    assert_allclose(path.intercepts, 0.3, rtol=1e-13)


@pytest.mark.parametrize("level", [16.1, 18.4])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_large_counts(level, l1_ratio, rng):
    X = rng.standard_normal((80, 10))
    y = rng.poisson(np.exp(level + 0.1 * X[:, 0])).astype(float)
    path = riata.path(X, y, family="poisson", alphas=20, l1_ratio=l1_ratio)
    assert path.dual_gaps.max() <= 1e-6


def test_null_objective_below_a_thousandth(rng):
    """A rare class and counts that hardly differ: the null objective is as exact as a large one."""
    X = rng.standard_normal((2000, 3))
    s = np.where(np.arange(2000) < 5, 1e-5, 1.0)
    y = (np.arange(2000) < 5).astype(float)
    share = (s * y).sum() / s.sum()
    path = riata.path(X, y, family="binomial", alphas=3, sample_weight=s)
    exact = -(share * np.log(share) + (1 - share) * np.log1p(-share))
    assert_allclose(path.null_objective, exact, rtol=1e-12)
    offset = 1e-3 * rng.standard_normal(2000)
    y = rng.poisson(1e4, 2000).astype(float)
    path = riata.path(X, y, family="poisson", alphas=3, offset=offset)
    b = np.log(y.sum() / np.exp(offset).sum())
    assert_allclose(path.null_objective, poisson_loss(y, offset + b), rtol=1e-11)


@pytest.mark.parametrize("alpha", [0.0, 0.01])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_smaller_tol_means_smaller_gradient(family, alpha, rng):
    X = rng.standard_normal((400, 200))  # larger than what is solved to the end anyway
    eta = 0.3 * X[:, :5].sum(axis=1)
    y = (
        rng.poisson(np.exp(eta))
        if family == "poisson"
        else rng.random(400) < 1 / (1 + np.exp(-eta))
    )
    alpha = max(alpha, 1e-4)
    largest = []
    for tol in (1e-4, 1e-7, 1e-10, 1e-13):
        if family == "poisson":
            model = riata.PoissonRegressor(alpha=alpha, tol=tol).fit(X, y)
        else:
            model = riata.LogisticRegression(alpha=alpha, tol=tol).fit(X, y)
        assert model.certificate_.converged
        largest.append(gradient(family, X, y, model.coef_, np.ravel(model.intercept_)[0], alpha))
        assert largest[-1] <= max(10 * tol, 1e-14)
    assert largest[-1] <= 1e-13


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("tol", [1e-10, 1e-16, 1e-22])
def test_gaps_below_the_rounding_of_the_objective(family, tol, rng):
    X = rng.standard_normal((60, 5))
    y = rng.integers(0, 2, 60)
    path = riata.path(X, y, family=family, l1_ratio=0.5, alphas=5, tol=tol)
    assert path.dual_gaps.max() <= tol
    assert all(certificate.gap >= 0 for certificate in path.certificates)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_weights_are_repetitions_to_rounding(l1_ratio, rng):
    X = rng.standard_normal((60, 4))
    y = rng.random(60) < 1 / (1 + np.exp(-X[:, 0]))
    s = rng.integers(0, 4, 60)
    weighted = riata.LogisticRegression(l1_ratio=l1_ratio).fit(X, y, sample_weight=s)
    repeated = riata.LogisticRegression(l1_ratio=l1_ratio).fit(np.repeat(X, s, axis=0), y.repeat(s))
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-10)
    assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-10)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_counts_of_a_thousand_without_intercept(l1_ratio, rng):
    for _ in range(20):
        X = rng.standard_normal((60, 3))
        y = rng.poisson(1000 * np.exp(0.3 * X[:, 0])).astype(float)
        path = riata.path(X, y, family="poisson", fit_intercept=False, l1_ratio=l1_ratio, alphas=10)
        assert path.dual_gaps.max() <= 1e-6


def seen(*args, **options):
    calls = []
    path = riata.path(*args, callback=lambda *call: calls.append(call) and None, **options)
    return path, calls


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("alphas", [[0.1, 0.01, 0.0], [0.0]])
def test_callbacks_follow_the_grid_down_to_no_penalty(family, alphas, rng):
    X, y = rng.standard_normal((80, 3)), rng.integers(0, 2, 80)
    path, calls = seen(X, y, family=family, alphas=alphas)
    assert [call[0] for call in calls] == list(range(len(alphas)))
    assert [call[1] for call in calls] == alphas
    assert_allclose([call[4] for call in calls], path.dev_ratio, rtol=1e-6)


def test_no_penalty_is_not_solved_after_a_stop(rng):
    X, y = rng.standard_normal((80, 3)), rng.integers(0, 2, 80)
    calls = []

    def stop(k, *rest):
        calls.append(k)
        return k == 1

    path = riata.path(X, y, family="binomial", alphas=[0.1, 0.01, 0.0], callback=stop)
    assert calls == [0, 1]
    assert path.alphas.tolist() == [0.1, 0.01]
    path = riata.path(X, y, family="binomial", alphas=[0.0], callback=lambda *call: True)
    assert path.stop == "callback"
    path = riata.path(X, y, family="binomial", alphas=[0.05, 0.0], max_features=2)
    assert path.stop == "max_features"
