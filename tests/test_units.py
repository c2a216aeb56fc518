"""Columns, responses and weights in units of 1e-165 to 1e160: no squares leave the range of numbers, nothing is warned of."""

import numpy as np
import pytest
import scipy.sparse

import riata

LAYOUTS = [np.asfortranarray, np.ascontiguousarray, scipy.sparse.csc_array, scipy.sparse.csr_array]
UNITS = [
    (1e-165, 1.0), (1e-158, 1.0), (1e-158, 1e-100), (1e-130, 1e-160), (1.0, 1e-160), (1.0, 1e150),
    (1e100, 1e150), (1e155, 1.0), (1e160, 1e100),
]  # fmt: skip
MODELS = {
    "least squares": lambda u, v, **k: riata.Ridge(alpha=0, **k),
    "non-negative": lambda u, v, **k: riata.Lasso(alpha=0, positive=True, **k),
    "lasso": lambda u, v, **k: riata.Lasso(alpha=0.2 * u * v, **k),
    "standardised": lambda u, v, **k: riata.Lasso(alpha=0.2 * v, standardize=True, **k),
    "standardised ridge": lambda u, v, **k: riata.Ridge(alpha=3.0, standardize=True, **k),
}


def problem(rng, n=40, p=5):
    X = rng.standard_normal((n, p)) + 0.3
    return X, X @ rng.standard_normal(p) + rng.standard_normal(n)


@pytest.mark.parametrize("units", UNITS, ids=str)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_answers_follow_the_units(rng, units, name, fit_intercept):
    X, y = problem(rng)
    u, v = units
    expected = MODELS[name](1.0, 1.0, fit_intercept=fit_intercept).fit(X, y)
    for layout in LAYOUTS:
        if name == "lasso" and u * v < 1e-300:
            continue
        model = MODELS[name](u, v, fit_intercept=fit_intercept).fit(layout(u * X), v * y)
        np.testing.assert_allclose(model.coef_ / (v / u), expected.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(model.intercept_ / v, expected.intercept_, rtol=1e-6, atol=1e-9)
        assert model.certificate_.converged
        assert np.isfinite(model.certificate_.rel_gap)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_penalty_far_above_the_columns(rng, layout):
    X, y = problem(rng)
    model = riata.Ridge(alpha=2.0, fit_intercept=False).fit(layout(1e-160 * X), y)
    np.testing.assert_allclose(model.coef_ / 1e-160, X.T @ y / 2, rtol=1e-10)


def test_columns_far_apart(rng):
    X, y = problem(rng)
    d = np.array([1e-165, 1e-80, 1.0, 1e80, 1e155])
    expected = riata.Ridge(alpha=0).fit(X, y)
    for layout in LAYOUTS:
        model = riata.Ridge(alpha=0).fit(layout(X * d), y)
        np.testing.assert_allclose(model.coef_ * d, expected.coef_, rtol=1e-8)
        lasso = riata.Lasso(alpha=0.1, standardize=True).fit(layout(X * d), y)
        same = riata.Lasso(alpha=0.1, standardize=True).fit(X, y)
        np.testing.assert_allclose(lasso.coef_ * d, same.coef_, rtol=1e-6)


def test_a_column_of_two_values_of_opposite_sign_is_seen(rng):
    x = 1e-165 * np.tile([1.0, -1.0], 20)
    y = x / 1e-165 + 0.1 * rng.standard_normal(40)
    for fit_intercept in (True, False):
        model = riata.Lasso(alpha=0, fit_intercept=fit_intercept).fit(x[:, None], y)
        assert model.coef_[0] == pytest.approx(1e165, rel=0.1)


def test_weights(rng):
    X, y = problem(rng)
    s = rng.random(len(y))
    for alpha in (0.0, 1.0):
        expected = riata.ElasticNet(alpha, l1_ratio=0).fit(X, y, s)
        for unit in (1e-200, 1e200):
            model = riata.ElasticNet(alpha, l1_ratio=0).fit(X, y, unit * s)
            np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)


def test_solutions_are_certified_in_their_units(rng):
    X, y = problem(rng)
    for u, v in ((1e-165, 1.0), (1e155, 1e100)):
        model = riata.Ridge(alpha=0).fit(u * X, v * y)
        assert riata.check_solution(model, u * X, v * y).converged
        model.coef_ = 0.9 * model.coef_
        assert riata.check_solution(model, u * X, v * y).rel_gap > 1e-3


def test_a_penalty_that_excludes_what_bounds_require_is_refused(rng):
    X, y = problem(rng)
    for name in ("penalty_weights", "l2_weights"):
        weights = np.ones(5)
        weights[1] = np.inf
        with pytest.raises(ValueError, match="inf"):
            riata.path(X, y, alphas=[0.1], lower=[-1, 1, -1, -1, -1], upper=2, **{name: weights})
