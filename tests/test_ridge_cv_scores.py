"""What scorers see of RidgeCV and the other classes of cross-validation, and spellings of scikit-learn's parameters."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn import linear_model as sk
from sklearn.metrics import make_scorer, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold

import riata
from riata import RidgeCV

ALPHAS = np.logspace(-3, 3, 7)


def two_targets(rng, n=40, p=6):
    X = rng.standard_normal((n, p))
    Y = X[:, :2] * [1.0, 30.0] + rng.standard_normal((n, 2)) * [1.0, 20.0]
    return X, Y


def largest_error(y, predicted):
    """Of the rows' sums of squares: no mean of those of targets."""
    assert y.ndim == predicted.ndim == 2
    return ((y - predicted) ** 2).sum(axis=1).max()


SCORERS = {
    "several outputs": make_scorer(largest_error, greater_is_better=False),
    "r2 weighted by variance": make_scorer(r2_score, multioutput="variance_weighted"),
    "r2": "r2",
    "absolute": "neg_mean_absolute_error",
}


@pytest.mark.parametrize("scoring", SCORERS.values(), ids=SCORERS)
@pytest.mark.parametrize("cv", [None, 4])
@pytest.mark.parametrize("layout", [np.asarray, sp.csr_array])
def test_several_targets_are_scored_together(rng, scoring, cv, layout):
    X, Y = two_targets(rng)
    ours = RidgeCV(ALPHAS, scoring=scoring, cv=cv).fit(layout(X), Y)
    theirs = sk.RidgeCV(ALPHAS, scoring=scoring, cv=cv).fit(X, Y)
    assert ours.alpha_ == theirs.alpha_
    assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-7)


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error", None])
def test_targets_with_penalties_of_their_own_are_scored_apart(rng, scoring):
    X, Y = two_targets(rng)
    params = {"scoring": scoring, "alpha_per_target": True}
    ours = RidgeCV(ALPHAS, **params).fit(X, Y)
    theirs = sk.RidgeCV(ALPHAS, **params).fit(X, Y)
    assert_allclose(ours.alpha_, theirs.alpha_)
    assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-7)


def test_a_scorer_of_leave_one_out_sees_the_rows(rng):
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    seen = []

    def scorer(model, rows, target):
        seen.append(rows)
        return -np.mean((target - model.predict(rows)) ** 2)

    assert RidgeCV(ALPHAS, scoring=scorer).fit(X, y).alpha_ == RidgeCV(ALPHAS).fit(X, y).alpha_
    np.testing.assert_array_equal(seen[0], X)


def test_predictions_of_rows_without_weight_are_the_models(rng):
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    s = np.r_[0.0, 0.0, np.ones(18)]
    model = RidgeCV([2.0], scoring="r2", store_cv_results=True).fit(X, y, sample_weight=s)
    assert_allclose(model.cv_results_[:2, 0], model.predict(X[:2]), rtol=1e-10)


@pytest.mark.parametrize("shape", [(40, 6), (20, 30)])
@pytest.mark.parametrize("targets", [0, 2])
def test_folds_without_a_penalty_are_least_squares(rng, shape, targets):
    X = rng.standard_normal(shape)
    y = rng.standard_normal((shape[0], targets) if targets else shape[0])
    alphas = [0.0, 1.0, 0.0]
    ours = RidgeCV(alphas, cv=KFold(4), scoring="neg_mean_squared_error").fit(X, y)
    scores = GridSearchCV(
        sk.Ridge(solver="svd"), {"alpha": alphas}, cv=KFold(4), scoring="neg_mean_squared_error"
    ).fit(X, y)
    assert ours.alpha_ == scores.best_params_["alpha"]
    assert_allclose(ours.best_score_, scores.best_score_, rtol=1e-7)
    alone = RidgeCV([0.0], cv=KFold(4)).fit(X, y)
    assert alone.alpha_ == 0.0
    assert_allclose(alone.coef_, riata.Ridge(0.0).fit(X, y).coef_)


def by_coefficients(model, X, y):
    """A scorer that looks at the model itself."""
    predicted = X @ np.atleast_2d(model.coef_).T + model.intercept_
    truth = np.asarray(y, dtype=float).reshape(len(y), -1)
    assert predicted.shape == truth.shape
    return -np.mean((truth - predicted) ** 2) - 0.1 * np.abs(model.coef_).sum()


@pytest.mark.parametrize(
    ("make", "targets"),
    [
        (lambda **k: RidgeCV(ALPHAS, **k), 0),
        (lambda **k: RidgeCV(ALPHAS, **k), 2),
        (lambda **k: riata.LassoCV(alphas=[0.3, 0.1, 0.01], **k), 0),
        (lambda **k: riata.ElasticNetCV(alphas=[0.3, 0.1], l1_ratio=[0.0, 0.5], **k), 0),
        (lambda **k: riata.MultiTaskLassoCV(alphas=[0.3, 0.1], **k), 2),
    ],
)
@pytest.mark.parametrize("p", [5, 60])
def test_a_plain_scorer_reads_coefficients(rng, make, targets, p):
    X = rng.standard_normal((40, p))
    y = X[:, :2] + rng.standard_normal((40, 2))
    y = y if targets else y[:, 0]
    seen = []

    def scorer(model, rows, target):
        seen.append(by_coefficients(model, rows, target))
        predicted = np.asarray(model.predict(rows)).reshape(len(rows), -1)
        expected = rows @ np.atleast_2d(model.coef_).T + model.intercept_
        assert_allclose(predicted, expected, rtol=1e-7, atol=1e-9)
        return seen[-1]

    make(scoring=scorer, cv=4).fit(X, y)
    assert len(set(seen)) > 4


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("p", [4, 60])
def test_a_plain_scorer_reads_coefficients_of_classes(rng, classes, p):
    X = rng.standard_normal((60, p))
    y = np.argmax(X[:, :classes] + 0.3 * rng.standard_normal((60, classes)), axis=1)
    seen = []

    def scorer(model, rows, target):
        rows_of = 1 if classes == 2 else classes
        assert model.coef_.shape == (rows_of, p)
        assert model.intercept_.shape == (rows_of,)
        eta = rows @ model.coef_.T + model.intercept_
        assert_allclose(
            model.decision_function(rows).reshape(len(rows), -1), eta, rtol=1e-6, atol=1e-8
        )
        seen.append(np.abs(model.coef_).sum())
        return -seen[-1]

    settings = {"l1_ratios": (0.0,), "use_legacy_attributes": False}
    riata.LogisticRegressionCV(Cs=[0.1, 1.0], scoring=scorer, cv=3, **settings).fit(X, y)
    assert len(set(seen)) == 6


def test_a_scorer_with_free_keywords_takes_weights(rng):
    X, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    s = rng.uniform(0.5, 2, 40)

    def loss(y, predicted, **more):
        return mean_squared_error(y, predicted, **more)

    scorer = make_scorer(loss, greater_is_better=False)
    for make in (RidgeCV, riata.LassoCV):
        kept = make(cv=4, scoring=scorer).fit(X, y, sample_weight=s)
        usual = make(cv=4, scoring="neg_mean_squared_error").fit(X, y, sample_weight=s)
        assert kept.alpha_ == usual.alpha_
    unweighted = make_scorer(lambda y, predicted: 0.0)
    with pytest.raises(ValueError, match="does not take sample_weight"):
        RidgeCV(cv=4, scoring=unweighted).fit(X, y, sample_weight=s)


def test_the_old_name_of_stored_results(rng):
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    with pytest.warns(FutureWarning, match="store_cv_results"):
        old = RidgeCV(store_cv_values=True).fit(X, y)
    new = RidgeCV(store_cv_results=True).fit(X, y)
    np.testing.assert_array_equal(old.cv_values_, new.cv_results_)
    with (
        pytest.warns(FutureWarning),
        pytest.raises(ValueError, match="give one of them"),
    ):
        RidgeCV(store_cv_values=True, store_cv_results=True).fit(X, y)


def test_gcv_mode_is_one_of_scikit_learns(rng):
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    for mode in (None, "auto", "svd", "eigen"):
        RidgeCV(gcv_mode=mode).fit(X, y)
    with pytest.raises(ValueError, match="gcv_mode"):
        RidgeCV(gcv_mode="foo").fit(X, y)
    with pytest.warns(FutureWarning, match="'svd' mode is not supported for sparse X"):
        RidgeCV(gcv_mode="svd").fit(sp.csr_array(X), y)
