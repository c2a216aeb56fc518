"""Smooth losses without a penalty: least norm where columns depend on each other, and classes that separate."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

import riata


def least_norm(X, coef, intercept):
    """The coefficients with the same margins and the least norm, by the pseudo-inverse of the centred X."""
    centred = X - X.mean(axis=0) if intercept else X
    return np.linalg.pinv(centred) @ (centred @ coef)


def test_poisson_with_twins():
    model = riata.PoissonRegressor(alpha=0).fit([[0, 0], [1, 1], [2, 2]], [1, 2, 5])
    one = riata.PoissonRegressor(alpha=0).fit([[0], [1], [2]], [1, 2, 5])
    assert_allclose(model.coef_, one.coef_[0] / 2, rtol=1e-9)
    assert_allclose(model.coef_, [0.42, 0.42], atol=0.005)
    assert_allclose(model.intercept_, one.intercept_, rtol=1e-9)
    assert model.certificate_.converged


@pytest.mark.parametrize("layout", [np.asfortranarray, np.ascontiguousarray, sparse.csc_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_more_columns_than_rows(layout, fit_intercept, rng):
    X, y = rng.standard_normal((4, 12)), np.array([1.0, 2.0, 0.0, 5.0])
    model = riata.PoissonRegressor(alpha=0, fit_intercept=fit_intercept).fit(layout(X), y)
    assert model.certificate_.converged
    assert_allclose(model.coef_, least_norm(X, model.coef_, fit_intercept), atol=1e-9)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_a_dummy_for_every_level(family, rng):
    """Three dummies and a number; the dummies add up to the intercept's column."""
    level = np.arange(90) % 3
    X = np.column_stack([np.eye(3)[level], rng.standard_normal(90)])
    y = (rng.random(90) < 0.3 + 0.2 * level).astype(float)
    path = riata.path(X, y, family=family, alphas=[0.1, 0.0], tol=1e-12)
    assert path.dual_gaps.max() <= 1e-12
    coef = path.coefs.toarray()[:, 1]
    assert_allclose(coef[:3].sum(), 0, atol=1e-9)
    make = riata.LogisticRegression(C=np.inf) if family == "binomial" else None
    model = (make or riata.PoissonRegressor(alpha=0)).fit(X, y)
    assert_allclose(np.ravel(model.coef_), coef, atol=1e-6)
    assert_allclose(model.intercept_, path.intercepts[1], atol=1e-6)


def test_columns_left_out_stay_out(rng):
    X = rng.standard_normal((50, 4))
    X[:, 1] = X[:, 0]
    y = rng.poisson(np.exp(0.3 * X[:, 2]))
    model = riata.PoissonRegressor(alpha=0, penalty_weights=[1, 1, 1, np.inf]).fit(X, y)
    assert model.coef_[3] == 0
    assert_allclose(model.coef_[0], model.coef_[1], rtol=1e-9)


def test_rows_without_weight_have_no_part(rng):
    X = rng.standard_normal((40, 3))
    s = (np.arange(40) < 30).astype(float)
    X[:30, 1] = X[:30, 0]
    y = rng.poisson(1.0, 40)
    model = riata.PoissonRegressor(alpha=0).fit(X, y, sample_weight=s)
    assert_allclose(model.coef_[0], model.coef_[1], rtol=1e-8)


def test_full_rank_is_left_alone(rng):
    X = rng.standard_normal((60, 3))
    y = rng.poisson(np.exp(0.3 * X[:, 0]))
    path = riata.path(X, y, family="poisson", alphas=[0.0])
    model = riata.PoissonRegressor(alpha=0).fit(X, y)
    assert_allclose(path.coefs.toarray()[:, 0], model.coef_, rtol=1e-2)


def log_loss(X, y, coef, intercept):
    margins = np.where(y > 0, 1, -1) * (X @ np.ravel(coef).astype(np.longdouble) + intercept)
    return float(np.log1p(np.exp(-margins)).mean())


def test_separable_classes_end_with_a_word(rng):
    X = rng.standard_normal((60, 3))
    y = X[:, 0] > 0
    model = riata.LogisticRegression(C=np.inf)
    with pytest.warns(ConvergenceWarning, match="separable"):
        model.fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert model.score(X, y) == 1
    assert_allclose(
        log_loss(X, y, model.coef_, model.intercept_[0]),
        model.certificate_.primal,
        rtol=1e-6,
        atol=1e-20,  # what the intercept's rounding may cost is part of it
    )
    with pytest.warns(ConvergenceWarning, match="separable"):
        path = riata.path(X, y, family="binomial", alphas=[0.1, 0.0])
    loss = log_loss(X, y, path.coefs.toarray()[:, 1], path.intercepts[1])
    assert_allclose(loss, path.certificate(1).primal, rtol=1e-6)
    assert path.dual_gaps.max() <= 1e-6


def test_classes_that_overlap_need_no_word(rng):
    X = rng.standard_normal((60, 3))
    y = X[:, 0] + rng.standard_normal(60) > 0
    assert riata.LogisticRegression(C=np.inf).fit(X, y).certificate_.converged
