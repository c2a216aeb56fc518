"""warm_start: visibly cheaper near the last answer, never another answer, indifferent to a start that does not fit."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

import riata
from riata._fit import solve_path
from riata._problem import check_problem


def data(rng, n=300, p=20, classes=2):
    X = rng.standard_normal((n, p))
    W = rng.standard_normal((p, classes)) * (np.arange(p) < 6)[:, None]
    return X, (X @ W + rng.gumbel(size=(n, classes))).argmax(axis=1)


def fits(warm, X, y, Cs, **options):
    """The estimator after a fit for each C in turn."""
    model = riata.LogisticRegression(warm_start=warm, tol=1e-6, **options)
    for C in Cs:
        model.set_params(C=C).fit(X, y)
    return model


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("layout", [np.asarray, sp.csr_array])
def test_a_refit_nearby_takes_fewer_systems_and_gives_the_same(rng, classes, l1_ratio, layout):
    X, y = data(rng, classes=classes)
    X = layout(X)
    options = {"l1_ratio": l1_ratio}
    cold = fits(False, X, y, [0.2], **options)
    again = fits(True, X, y, [0.2, 0.2], **options)
    nearby = fits(True, X, y, [0.19, 0.2], **options)
    assert again.n_iter_[0] < cold.n_iter_[0]
    assert nearby.n_iter_[0] < cold.n_iter_[0]
    for warm in (again, nearby):
        assert warm.certificate_.converged
        assert_allclose(warm.coef_, cold.coef_, atol=1e-5)
        assert_allclose(warm.intercept_, cold.intercept_, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_without_penalty_and_with_more_features_than_rows(rng, classes):
    X, y = data(rng, classes=classes)
    cold, warm = (fits(w, X, y, [np.inf, np.inf]) for w in (False, True))
    assert warm.n_iter_[0] < cold.n_iter_[0]
    assert_allclose(warm.coef_, cold.coef_, atol=1e-4)
    X = rng.standard_normal((40, 100))
    y = np.arange(40) % classes
    cold, warm = (fits(w, X, y, [1.0, 1.1]) for w in (False, True))
    assert warm.n_iter_[0] < cold.n_iter_[0]
    assert_allclose(warm.coef_, cold.coef_, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e150])
def test_any_start_ends_at_the_certified_answer(rng, classes, size):
    X, y = data(rng, classes=classes)
    cold = fits(False, X, y, [0.5], l1_ratio=0.7)
    warm = fits(True, X, y, [0.5], l1_ratio=0.7)
    warm.coef_ = size * rng.standard_normal(warm.coef_.shape)
    warm.intercept_ = size * rng.standard_normal(warm.intercept_.shape)
    warm.fit(X, y)
    assert warm.certificate_.converged
    assert_allclose(warm.coef_, cold.coef_, atol=1e-5)


def test_starts_that_do_not_fit_are_ignored(rng):
    X, y = data(rng, classes=3)
    cold = fits(False, X, y, [0.5])
    other = riata.LogisticRegression(warm_start=True, C=0.5, tol=1e-6)
    for first in ((X[:, :7], y), (X, y > 0), (X[:, :1], y > 1)):
        assert_allclose(other.fit(*first).fit(X, y).coef_, cold.coef_, atol=1e-12)
    broken = fits(True, X, y, [0.5])
    broken.coef_[0, 0] = np.nan
    assert_allclose(broken.fit(X, y).coef_, cold.coef_, atol=1e-12)
    sparse = fits(True, X, y, [0.5]).sparsify()
    assert sparse.fit(X, y).n_iter_[0] < cold.n_iter_[0]
    with pytest.raises((TypeError, ValueError), match="warm_start"):
        riata.LogisticRegression(warm_start="yes").fit(X, y)


def test_bounds_standardisation_weights_and_unpenalised_features(rng):
    X, y = data(rng)
    X = X * np.geomspace(0.01, 100, X.shape[1]) + 3.0
    weights = rng.integers(0, 4, len(y)).astype(float)
    options = {
        "l1_ratio": 0.9,
        "standardize": True,
        "lower": -0.5,
        "penalty_weights": np.arange(X.shape[1]) % 3,
    }
    models = []
    for warm in (False, True):
        model = riata.LogisticRegression(warm_start=warm, tol=1e-6, C=0.1, **options)
        models.append(model.fit(X, y, weights).fit(X, y, weights))
    cold, warm = models
    assert warm.certificate_.converged
    assert warm.n_iter_[0] < cold.n_iter_[0]
    assert_allclose(X @ warm.coef_[0], X @ cold.coef_[0], atol=1e-4)


def test_counts(rng):
    X, _ = data(rng)
    y = rng.poisson(np.exp(0.3 * X[:, 0]))
    cold, warm = (riata.PoissonRegressor(alpha=0.1, tol=1e-6, warm_start=w) for w in (False, True))
    for model in (cold, warm):
        model.fit(X, y).fit(X, y)
    assert warm.n_iter_ < cold.n_iter_
    assert_allclose(warm.coef_, cold.coef_, atol=1e-6)


def test_the_core_checks_the_size_of_a_start(rng):
    X, y = data(rng)
    problem = check_problem(X, y, family="binomial")
    start = (np.zeros((1, 3)), np.zeros(1))
    with pytest.raises(ValueError, match="start"):
        solve_path(problem, np.array([0.1]), single=True, start=start)
