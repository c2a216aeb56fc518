"""check_solution: certificates for models that anybody fitted."""

import numpy as np
import pytest
from sklearn import linear_model as sk
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import riata
from riata import check_solution


@pytest.fixture
def data(rng):
    X = rng.standard_normal((60, 8)) + 1
    return X, X @ rng.standard_normal((8, 2)) + rng.standard_normal((60, 2))


MODELS = [
    sk.Lasso(0.1, tol=1e-8),
    sk.Lasso(0.1, tol=1e-8, positive=True, fit_intercept=False),
    sk.ElasticNet(0.1, l1_ratio=0.3, tol=1e-8),
    sk.Ridge(2.0),
    sk.Ridge(2.0, positive=True, tol=1e-9),
    sk.LinearRegression(),
    sk.LinearRegression(fit_intercept=False),
    sk.LassoCV(cv=3, tol=1e-8),
    sk.ElasticNetCV(cv=3, l1_ratio=[0.2, 0.9], tol=1e-8),
    sk.RidgeCV([0.1, 1.0]),
    riata.Lasso(0.1),
    riata.ElasticNet(0.1, l1_ratio=0.3, penalty_weights=np.arange(8.0), standardize=True),
    riata.Ridge(2.0, upper=0.3),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_good_solutions_pass_and_worse_ones_are_caught(data, model):
    X, Y = data
    y = Y[:, 0]
    model.fit(X, y)
    good = check_solution(model, X, y)
    assert good.rel_gap <= 1e-6
    model.coef_ = model.coef_ + 0.05
    bad = check_solution(model, X, y)
    assert bad.primal > good.primal or bad.primal == np.inf or bad.gap > good.gap
    assert bad.rel_gap > 1e-5
    assert not bad.converged


@pytest.mark.parametrize(
    "model",
    [sk.Lasso(0.1), sk.Ridge(np.array([1.0, 3.0])), sk.LinearRegression(), riata.Lasso(0.1)],
    ids=repr,
)
def test_one_certificate_per_target(data, model):
    X, Y = data
    certificates = check_solution(model.fit(X, Y), X, Y)
    assert len(certificates) == 2
    assert all(c.rel_gap < 1e-3 for c in certificates)


def test_weights(data, rng):
    X, Y = data
    s = rng.uniform(0.5, 2, len(X))
    for model in (sk.Lasso(0.1, tol=1e-8), sk.Ridge(2.0), sk.LinearRegression()):
        model.fit(X, Y[:, 0], sample_weight=s)
        assert check_solution(model, X, Y[:, 0], sample_weight=s).rel_gap <= 1e-7
        assert check_solution(model, X, Y[:, 0]).rel_gap > 1e-5


def test_scikit_learns_own_gap_is_confirmed(data):
    X, Y = data
    model = sk.Lasso(0.05, tol=1e-3).fit(X, Y[:, 0])
    ours = check_solution(model, X, Y[:, 0])
    assert ours.gap <= model.dual_gap_ * (1 + 1e-9) + 1e-12  # the better of two dual points
    assert ours.converged


def test_what_is_refused(data):
    X, Y = data
    y = Y[:, 0]
    with pytest.raises(NotFittedError, match="not fitted"):
        check_solution(sk.Lasso(), X, y)
    with pytest.raises(TypeError, match="must be a fitted estimator, not the class Lasso"):
        check_solution(sk.Lasso, X, y)
    with pytest.raises(TypeError, match="got Pipeline: pass the last step"):
        check_solution(make_pipeline(StandardScaler(), sk.Lasso()).fit(X, y), X, y)
    for model in (sk.HuberRegressor(), sk.Lars(), 3):
        with pytest.raises(TypeError, match="estimator must be one of Lasso"):
            check_solution(model, X, y)
    with pytest.raises(
        ValueError, match=r"coef_ of shape \(8,\) does not fit X of shape \(60, 5\)"
    ):
        check_solution(sk.Lasso(0.1).fit(X, y), X[:, :5], y)
