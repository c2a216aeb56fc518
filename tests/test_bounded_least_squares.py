"""alpha = 0 under bounds is bounded least squares, as scipy.optimize solves it, in every unit of y and of the columns."""

import numpy as np
import pytest
import scipy.sparse
from scipy.optimize import lsq_linear, nnls

import riata

UNITS = [1e-150, 1e-9, 1.0, 1e6, 1e9, 1e150]


def problem(rng, n=30, p=12):
    X = rng.standard_normal((n, p)) + 0.5
    return X, X @ np.maximum(rng.standard_normal(p), 0) + rng.standard_normal(n)


def objective(X, y, coef):
    return 0.5 * np.sum((y - X @ coef) ** 2)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_a_path_ends_in_non_negative_least_squares(rng, unit, l1_ratio):
    X, y = problem(rng)
    fit = riata.path(
        X, unit * y, alphas=[0.0], l1_ratio=l1_ratio, lower=0, fit_intercept=False, tol=1e-12
    )
    assert fit.alphas.tolist() == [0.0]
    np.testing.assert_allclose(fit.at(0).coef / unit, nnls(X, y)[0], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "estimator",
    [
        riata.Lasso(alpha=0, positive=True, fit_intercept=False),
        riata.ElasticNet(alpha=0, positive=True, fit_intercept=False),
        riata.Ridge(alpha=0, positive=True, fit_intercept=False),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_do_the_same(rng, unit, estimator):
    X, y = problem(rng)
    for data in (X, scipy.sparse.csr_array(X)):
        model = estimator.fit(data, unit * y)
        np.testing.assert_allclose(model.coef_ / unit, nnls(X, y)[0], rtol=1e-8, atol=1e-12)
        assert model.certificate_.alpha == 0
        assert model.certificate_.converged


def test_targets_are_solved_each(rng):
    X, y = problem(rng)
    Y = np.column_stack([y, 1e7 * y[::-1]])
    model = riata.Ridge(alpha=0, positive=True, fit_intercept=False).fit(X, Y)
    for coef, one in zip(model.coef_, Y.T, strict=True):
        np.testing.assert_allclose(coef, nnls(X, one)[0], rtol=1e-8, atol=1e-12 * np.abs(one).max())


def test_penalty_weights_do_not_matter_where_there_is_no_penalty(rng):
    X, y = problem(rng)
    weights = np.geomspace(1e-12, 1e3, X.shape[1])
    weights[3] = np.inf
    model = riata.Lasso(alpha=0, positive=True, fit_intercept=False, penalty_weights=weights).fit(
        X, y
    )
    others = np.arange(X.shape[1]) != 3
    np.testing.assert_allclose(model.coef_[others], nnls(X[:, others], y)[0], rtol=1e-8, atol=1e-12)
    assert model.coef_[3] == 0


@pytest.mark.parametrize("shape", [(30, 12), (400, 12), (12, 30), (1, 3), (5, 1)])
def test_boxes(rng, shape):
    n, p = shape
    X = rng.standard_normal(shape) * np.geomspace(1e-6, 1e6, p)
    y = rng.standard_normal(n) + 3
    lower, upper = -rng.random(p), rng.random(p)
    lower[0], upper[0] = 0.25, 0.5
    upper[-1] = np.inf
    fit = riata.path(X, y, alphas=[1.0, 0.0], lower=lower, upper=upper, tol=1e-10)
    coef = fit.at(0).coef
    assert (coef >= lower).all()
    assert (coef <= upper).all()
    centred = X - X.mean(axis=0), y - y.mean()
    best = lsq_linear(*centred, (lower, upper), method="bvls", tol=1e-14).cost
    assert objective(*centred, coef) <= best + 1e-9 * objective(*centred, np.zeros(p))


def test_columns_that_depend_on_each_other(rng):
    X, y = problem(rng)
    X = np.column_stack([X, X[:, 0], -X[:, 1], X[:, :3].sum(axis=1)])
    fit = riata.path(X, y, alphas=[0], lower=0, fit_intercept=False, tol=1e-10)
    assert objective(X, y, fit.at(0).coef) <= objective(X, y, nnls(X, y)[0]) * (1 + 1e-9)


def test_the_callback_counts_on(rng):
    X, y = problem(rng)
    seen = []
    riata.path(
        X,
        y,
        alphas=[1.0, 0.1, 0.0],
        lower=0,
        callback=lambda k, alpha, *rest: seen.append((k, alpha)),
    )
    assert seen == [(0, 1.0), (1, 0.1), (2, 0.0)]


def test_solutions_are_certified_as_such(rng):
    X, y = problem(rng)
    model = riata.ElasticNet(alpha=0, positive=True).fit(X, 1e8 * y)
    assert riata.check_solution(model, X, 1e8 * y).converged
    model.coef_ = 0.9 * model.coef_
    assert not riata.check_solution(model, X, 1e8 * y).converged


def test_folds_end_there_too(rng):
    X, y = problem(rng)
    result = riata.cv_path(X, 1e6 * y, alphas=[1.0, 0.0], lower=0, cv=3, fit_intercept=False)
    assert result.alphas[-1] == 0
    np.testing.assert_allclose(result.path.at(0).coef / 1e6, nnls(X, y)[0], rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_other_losses_under_bounds_have_no_slope_left(rng, family):
    X, _ = problem(rng, 200, 4)
    eta = 0.3 * X[:, 0] - 0.3 * X[:, 1]
    y = (
        (rng.random(200) < 1 / (1 + np.exp(-eta))).astype(int)
        if family == "binomial"
        else rng.poisson(np.exp(eta))
    )
    fit = riata.path(X, y, family=family, alphas=[0.1, 0.0], lower=0, tol=1e-12)
    point = fit.at(0)
    margin = X @ point.coef + point.intercept
    mean = 1 / (1 + np.exp(-margin)) if family == "binomial" else np.exp(margin)
    slope = X.T @ (y - mean) / 200
    assert fit.alphas[-1] == 0
    assert (point.coef >= 0).all()
    assert (slope <= 1e-6).all()
    assert np.abs(slope[point.coef > 0]).max(initial=0) < 1e-6
