"""Bounds as tight as cross-validation lets them be."""

import numpy as np
import pytest

import riata

RNG = np.random.default_rng(0)
Z = RNG.standard_normal((150, 1))
X = np.hstack([Z + 0.3 * RNG.standard_normal((150, 4)), RNG.standard_normal((150, 3))])
X = X * [1.0, 10.0, 1.0, 1.0, 0.1, 1.0, 1.0]
Y = Z[:, 0] + 0.5 * RNG.standard_normal(150)
LABELS = np.where(Y > 0, "yes", "no")
COUNTS = RNG.poisson(np.exp(0.5 * Z[:, 0]))


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (riata.Ridge(alpha=0.1), Y),
        (riata.Lasso(alpha=0.05), Y),
        (riata.ElasticNet(alpha=0.05, standardize=True), Y),
        (riata.LogisticRegression(C=10.0), LABELS),
        (riata.PoissonRegressor(alpha=0.01), COUNTS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_largest_weight_falls_and_the_fit_is_certified(model, y):
    model = model.fit(X, y)
    capped = riata.cap_weights(model, X, y)
    assert type(capped) is type(model)
    assert capped.certificate_.converged
    spreads = X.std(axis=0)
    before, after = (np.abs(np.ravel(m.coef_)) * spreads for m in (model, capped))
    assert after.max() < before.max()
    assert (np.abs(np.ravel(capped.coef_)) <= capped.upper * (1 + 1e-9)).all()
    np.testing.assert_allclose(capped.upper * spreads, (capped.upper * spreads)[0])
    s = riata.stress([model, capped], X, y, kinds=["shift"])
    worst = [damage for _, damage in s.worst("shift")]
    assert worst[1] < worst[0]


def test_the_loss_stays_within_its_limit():
    from sklearn.model_selection import KFold

    model = riata.Lasso(alpha=0.05).fit(X, Y)
    folds = KFold(10, shuffle=True, random_state=0)

    def loss(bounds):
        result = riata.cv_path(X, Y, alphas=[0.05], cv=folds, **bounds)
        return np.ravel(result.loss)

    base = loss({})
    error = np.sqrt(base.var(ddof=1) * (1 / 10 + 1 / 9))
    for within, steps in (("1se", 1.0), ("half_se", 0.5)):
        capped = riata.cap_weights(model, X, Y, within)
        assert (
            loss({"lower": capped.lower, "upper": capped.upper}).mean()
            <= base.mean() + steps * error
        )
        tighter = {"lower": 0.8 * capped.lower, "upper": 0.8 * capped.upper}
        assert loss(tighter).mean() > base.mean() + steps * error
    same = riata.cap_weights(model, X, Y, within=0.0)
    assert np.abs(same.coef_).max() <= np.abs(model.coef_).max() * (1 + 1e-6)


def test_models_of_scikit_learn_and_bounds_of_their_own():
    linear_model = pytest.importorskip("sklearn.linear_model")
    theirs = linear_model.Ridge(alpha=0.1).fit(X, Y)
    ours = riata.cap_weights(theirs, X, Y)
    assert isinstance(ours, riata.Ridge)
    np.testing.assert_allclose(
        ours.coef_, riata.cap_weights(riata.Ridge(alpha=0.1).fit(X, Y), X, Y).coef_, atol=1e-8
    )
    bounded = riata.Ridge(alpha=0.1, positive=True).fit(X, Y)
    capped = riata.cap_weights(bounded, X, Y)
    assert (capped.coef_ >= 0).all()


def test_bad_input_is_named():
    model = riata.Ridge().fit(X, Y)
    with pytest.raises(ValueError, match="within"):
        riata.cap_weights(model, X, Y, within="2se")
    with pytest.raises(TypeError, match="estimator"):
        riata.cap_weights(object(), X, Y)
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        riata.cap_weights(riata.Ridge(), X, Y)
