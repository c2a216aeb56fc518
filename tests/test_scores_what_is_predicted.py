"""A scorer gives what the estimator predicts, or there is none; points of paths know what they predict."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    TweedieRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, LinearSVR

import riata

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((120, 4)) + [0, 1, -2, 3]
Y = X @ [1.0, -0.5, 0.0, 0.3] + RANDOM.standard_normal(120)
COUNTS = RANDOM.poisson(np.exp(0.3 * Y)).astype(float)
BINARY = np.where(Y.mean() < Y, "yes", "no")
THREE = np.digitize(Y, np.quantile(Y, [1 / 3, 2 / 3]))


class Doubled(Ridge):
    def predict(self, X):
        return 2 * super().predict(X)


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (LinearRegression(), Y),
        (Ridge(), np.column_stack([Y, COUNTS])),
        (PoissonRegressor(), COUNTS),
        (GammaRegressor(), COUNTS + 1),
        (TweedieRegressor(power=1.5), COUNTS),
        (TweedieRegressor(power=0), Y),
        (TweedieRegressor(power=1.5, link="log"), COUNTS),
        (PLSRegression(), Y),
        (LinearSVR(loss="squared_epsilon_insensitive", dual=False), Y),
        (make_pipeline(StandardScaler(), PoissonRegressor()), COUNTS),
        (riata.Lasso(0.1), Y),
        (riata.PoissonRegressor(), COUNTS),
    ],
)
def test_a_regressor_is_scored_as_it_predicts(model, y):
    model.fit(X, y)
    assert_allclose(
        riata.Scorer.from_estimator(model).score(X), model.predict(X), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize(
    "model", [LogisticRegression(), SGDClassifier(loss="log_loss"), riata.LogisticRegression()]
)
@pytest.mark.parametrize("y", [BINARY, THREE])
def test_a_classifier_is_scored_as_it_predicts_or_refused(model, y):
    model.fit(X, y)
    if isinstance(model, SGDClassifier) and y is THREE:
        with pytest.raises(ValueError, match="no softmax"):
            riata.Scorer.from_estimator(model)
        return
    proba = model.predict_proba(X)
    scores = riata.Scorer.from_estimator(model).score(X)
    assert_allclose(scores, proba[:, 1] if y is BINARY else proba, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("model", [RidgeClassifier(), LinearSVC(), SVC(kernel="linear")])
def test_a_classifier_without_probabilities_is_scored_by_its_decisions(model):
    model.fit(X, BINARY)
    assert_allclose(
        riata.Scorer.from_estimator(model).score(X),
        model.decision_function(X),
        rtol=1e-6,
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (Doubled(), Y),
        (SGDClassifier(loss="modified_huber"), BINARY),
        (SVC(kernel="linear"), THREE),
        (make_pipeline(StandardScaler(), Doubled()), Y),
    ],
)
def test_what_predicts_something_else_is_refused(model, y):
    with pytest.raises(
        (TypeError, ValueError), match="predicts something else|do not belong together"
    ):
        riata.Scorer.from_estimator(model.fit(X, y))


def test_canonical_correlations_are_scored_as_they_predict_or_refused():
    model = CCA(n_components=1).fit(X, np.column_stack([Y, COUNTS]))
    try:
        scorer = riata.Scorer.from_estimator(model)
    except TypeError:
        return
    assert_allclose(scorer.score(X), model.predict(X), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("family", "y", "link"),
    [
        ("gaussian", Y, "identity"),
        ("binomial", BINARY, "logit"),
        ("poisson", COUNTS, "log"),
        ("multinomial", THREE, "softmax"),
    ],
)
def test_a_point_of_a_path_knows_what_it_predicts(family, y, link):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    path = riata.path(frame, y, family=family, alphas=5)
    point = path.at(path.alphas[-1])
    scorer = riata.Scorer.from_estimator(point)
    assert point.link == scorer.link == link
    assert_array_equal(point.feature_names, list("abcd"))
    eta = path.predict(frame, path.alphas[-1])
    assert_allclose(point.decision_function(frame), eta, rtol=1e-12, atol=1e-12)
    if point.classes is None:
        expected = np.exp(eta) if link == "log" else eta
        assert_allclose(point.predict(frame), expected)
        assert_allclose(scorer.score(X), expected)
        with pytest.raises(TypeError, match="no probabilities"):
            point.predict_proba(frame)
        return
    proba = point.predict_proba(frame)
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(point.predict(frame), point.classes[proba.argmax(axis=1)])
    assert_array_equal(scorer.classes_, point.classes)
    assert_allclose(scorer.score(X), proba[:, 1] if family == "binomial" else proba, rtol=1e-9)


def test_the_model_within_a_budget_becomes_its_scorer():
    path = riata.path(X, BINARY, family="binomial")
    point = path.budget(X, BINARY, max_features=2)
    assert_allclose(
        riata.Scorer.from_estimator(point).score(X), point.predict_proba(X)[:, 1], rtol=1e-9
    )


def test_times_of_a_row_rise_with_the_model_and_training_errors_choose_nothing():
    wide = RANDOM.standard_normal((60, 3000))
    path = riata.path(wide, wide @ RANDOM.standard_normal(3000), alphas=[1e6, 1e-3], l1_ratio=0.01)
    costs = path.costs(timed=True)
    assert costs.best is None
    assert "*" not in str(costs)
    assert costs.nanoseconds[1] > 5 * costs.nanoseconds[0] > 0
