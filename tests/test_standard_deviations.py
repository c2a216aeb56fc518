"""standardize=True means standard deviations about the mean on every route, whether an intercept is fitted or not."""

import numpy as np
import pytest
import scipy.sparse

import riata

LAYOUTS = [np.asfortranarray, np.ascontiguousarray, scipy.sparse.csc_array, scipy.sparse.csr_array]


def problem(rng, family, n=60, p=4):
    X = rng.random((n, p)) + 3
    X[rng.random((n, p)) < 0.3] = 0
    y = X @ rng.standard_normal(p) + rng.standard_normal(n)
    responses = {
        "gaussian": y,
        "binomial": (y > np.median(y)).astype(int),
        "poisson": rng.poisson(1 + np.abs(y) / 20),
        "multi-gaussian": np.column_stack([y, -y + rng.standard_normal(n)]),
        "multinomial": np.arange(n) % 3,
    }
    return X, responses[family]


def deviations(X, weight=None):
    return np.sqrt(
        np.average((X - np.average(X, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
    )


@pytest.mark.parametrize(
    "family", ["gaussian", "binomial", "poisson", "multi-gaussian", "multinomial"]
)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_it_is_scaling_the_columns(rng, family, fit_intercept, l1_ratio):
    X, y = problem(rng, family)
    weight = rng.random(len(X)) + 0.1
    options = {"alphas": [0.3, 0.03], "family": family, "sample_weight": weight, "tol": 1e-10}
    options |= {"l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    scaled = X / deviations(X, weight)
    expected = riata.path(scaled, y, **options).predict(scaled, alpha=0.03)
    for layout in LAYOUTS:
        fit = riata.path(layout(X), y, standardize=True, **options)
        np.testing.assert_allclose(fit.predict(X, alpha=0.03), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(60, 4), (600, 3)])
def test_folds_have_their_own(rng, l1_ratio, shape):
    X, y = problem(rng, "gaussian", *shape)
    half = np.arange(len(X)) % 2 == 0
    splits = [(np.flatnonzero(half), np.flatnonzero(~half))]
    options = {"standardize": True, "fit_intercept": False, "alphas": [0.1], "tol": 1e-10}
    options["l1_ratio"] = l1_ratio
    result = riata.cv_path(X, y, cv=splits * 2, **options)
    refit = riata.path(X[half], y[half], **options)
    loss = np.mean((y[~half] - np.ravel(refit.predict(X[~half], alpha=0.1))) ** 2)
    assert abs(np.ravel(result.scores)[0]) == pytest.approx(loss, rel=1e-6)


def test_an_elastic_net_without_intercept_is_certified_for_it(rng):
    X, y = rng.random((40, 3)) + 3, rng.standard_normal(40) + 5
    for l1_ratio in (0.0, 0.5):
        model = riata.ElasticNet(0.1, l1_ratio=l1_ratio, standardize=True, fit_intercept=False)
        model.fit(X, y)
        d, w = deviations(X), model.coef_
        penalty = 0.1 * (l1_ratio * np.abs(d * w).sum() + (1 - l1_ratio) / 2 * ((d * w) ** 2).sum())
        primal = np.mean((y - X @ w) ** 2) / 2 + penalty
        assert model.certificate_.primal == pytest.approx(primal, rel=1e-12)
        assert riata.check_solution(model, X, y).converged


def test_a_constant_column_then_has_no_penalty(rng):
    X = np.column_stack([np.ones(40), rng.standard_normal((40, 2))])
    y = X @ [3.0, 1.0, 0.0] + rng.standard_normal(40)
    for l1_ratio in (0.0, 0.5, 1.0):
        options = {"alphas": [0.2], "standardize": True, "l1_ratio": l1_ratio, "tol": 1e-11}
        own = riata.path(X, y, fit_intercept=False, **options)
        usual = riata.path(X[:, 1:], y, **options)
        np.testing.assert_allclose(
            own.predict(X, alpha=0.2), usual.predict(X[:, 1:], alpha=0.2), rtol=1e-5
        )
