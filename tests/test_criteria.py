"""Information criteria and LassoIC."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import linear_model as sk
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata import LassoIC


def problem(rng, n=80, p=15):
    X = rng.standard_normal((n, p)) + rng.standard_normal(p)
    return X, X[:, 0] - 2 * X[:, 1] + rng.standard_normal(n)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_contract():
    failed = [r for r in check_estimator(LassoIC(), on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


def test_criteria_are_their_formulas(rng):
    X, y = problem(rng)
    n, p = X.shape
    path = riata.path(X, y, alphas=[0.5, 0.1, 0.02])
    criteria = riata.information_criteria(path, n, gamma=0.5)
    for k in range(3):
        rss = np.sum((y - path.predict(X)[:, k]) ** 2)
        df = path.df[k]
        deviance = n * math.log(2 * math.pi * rss / n) + n
        m = df + 2
        assert_allclose(criteria.deviance[k], deviance, rtol=1e-9)
        assert_allclose(criteria.aic[k], deviance + 2 * m, rtol=1e-9)
        assert_allclose(criteria.aicc[k], deviance + 2 * m + 2 * m * (m + 1) / (n - m - 1))
        assert_allclose(criteria.bic[k], deviance + math.log(n) * m, rtol=1e-9)
        assert_allclose(criteria.ebic[k], criteria.bic[k] + math.log(math.comb(p, df)), rtol=1e-9)


@pytest.mark.parametrize("criterion", ["aic", "bic"])
def test_known_variance_agrees_with_scikit_learn(rng, criterion):
    X, y = problem(rng)
    theirs = sk.LassoLarsIC(criterion).fit(X, y)
    knots = theirs.alphas_[theirs.alphas_ > 1e-6]
    ours = LassoIC(criterion, noise_variance="ols", alphas=knots * (1 + 1e-9)).fit(X, y)
    assert_allclose(ours.noise_variance_, theirs.noise_variance_, rtol=1e-9)
    # Ours counts the intercept, which shifts all values alike.
    ours_less, theirs_less = (
        a[1:] - a[1] for a in (ours.criterion_, theirs.criterion_[: len(knots)])
    )
    assert_allclose(ours_less, theirs_less, atol=1e-5)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-6)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


def test_weights_are_repetitions(rng):
    X, y = problem(rng)
    s = rng.integers(0, 4, len(y))
    weighted = LassoIC().fit(X, y, sample_weight=s)
    repeated = LassoIC().fit(np.repeat(X, s, axis=0), np.repeat(y, s))
    assert_allclose(weighted.criterion_, repeated.criterion_)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)


def test_extended_bic_finds_the_features_of_a_wide_problem(rng):
    X, y = problem(rng, 100, 400)
    model = LassoIC("ebic", eps=0.05).fit(X, y)
    assert set(np.flatnonzero(model.coef_)) == {0, 1}
    assert model.certificate_.converged


def test_no_degrees_of_freedom_no_criterion(rng):
    X, y = problem(rng, 20, 60)
    path = riata.path(X, y, eps=1e-4, early_stop=False)
    criteria = riata.information_criteria(path, 20)
    assert np.isinf(criteria.aicc[path.df >= 17]).all()
    assert np.isinf(criteria.bic[path.df >= 18]).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"criterion": "cp"}, "criterion"),
        ({"gamma": 2.0}, "gamma"),
        ({"noise_variance": 0.0}, "noise_variance"),
        ({"noise_variance": "mle"}, "noise_variance"),
        ({"eps": 2.0}, "eps"),
    ],
)
def test_bad_input_is_named(rng, params, message):
    with pytest.raises(ValueError, match=message):
        LassoIC(**params).fit(*problem(rng))
    with pytest.raises(ValueError, match="more samples than features"):
        LassoIC(noise_variance="ols").fit(*problem(rng, 10, 20))
