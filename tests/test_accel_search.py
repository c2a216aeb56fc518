"""Searches over a penalty at the price of a path: the results are those of fits one by one."""

import logging

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
)
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    cross_validate,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import riata
from riata.accel import explain, report, reset

RNG = np.random.default_rng(1)
X = RNG.standard_normal((60, 5)) + 1
y = X[:, 0] - X[:, 1] + 0.5 * RNG.standard_normal(60)
TWO = np.where(y > 0, "yes", "no")
THREE = np.digitize(y, [-0.7, 0.7])
FRAME = pd.DataFrame(X, columns=list("abcde"))
GRID = [0.3, 0.01, 0.1]
FINE = {"tol": 1e-9}


@pytest.fixture(autouse=True)
def _fresh():
    reset()


class Counting(StandardScaler):
    """A scaler that counts its fits."""

    fits = 0

    def fit(self, X, y=None, sample_weight=None):
        Counting.fits += 1
        return super().fit(X, y, sample_weight)


def own_scorer(model, X, y):
    """A plain function, which sees the model and the rows as they were given."""
    assert model.predict(X).shape == y.shape
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return -float(np.abs(last.coef_).sum()) + X.shape[1]


def searches():
    pipe = make_pipeline(StandardScaler(), LogisticRegression(**FINE))
    C = {"logisticregression__C": GRID}
    shuffled = ShuffleSplit(2, random_state=0)
    enet = ElasticNet(alpha=0.1, **FINE)
    both = {"alpha": GRID, "l1_ratio": [0.2, 1.0]}
    train = {"return_train_score": True}
    return {
        "lasso": (GridSearchCV(Lasso(**FINE), {"alpha": GRID}, cv=3), X, y),
        "lasso-train": (GridSearchCV(Lasso(**FINE), {"alpha": GRID}, cv=3, **train), X, y),
        "lasso-frame": (GridSearchCV(Lasso(**FINE), {"alpha": GRID}, cv=shuffled), FRAME, y),
        "lasso-function": (
            GridSearchCV(Lasso(**FINE), {"alpha": GRID}, cv=3, scoring=own_scorer),
            FRAME,
            y,
        ),
        "enet-multimetric": (
            GridSearchCV(enet, both, cv=3, scoring=["r2", "neg_mean_absolute_error"], refit="r2"),
            X,
            y,
        ),
        "ridge": (GridSearchCV(Ridge(), {"alpha": [10.0, *GRID]}, cv=3), X, y),
        "poisson": (
            GridSearchCV(PoissonRegressor(**FINE), {"alpha": GRID}, cv=3),
            X,
            np.abs(y),
        ),
        "logistic": (GridSearchCV(LogisticRegression(**FINE), {"C": GRID}, cv=3), X, TWO),
        "logistic-unequal-folds": (
            GridSearchCV(
                LogisticRegression(**FINE),
                {"C": GRID},
                cv=KFold(7),
                scoring="neg_log_loss",
            ),
            X,
            TWO,
        ),
        "softmax": (
            GridSearchCV(LogisticRegression(**FINE), {"C": GRID}, cv=3, scoring="neg_log_loss"),
            X,
            THREE,
        ),
        "pipeline": (GridSearchCV(pipe, C, cv=3, scoring="roc_auc"), FRAME, TWO),
        "pipeline-function": (GridSearchCV(pipe, C, cv=3, scoring=own_scorer), X, TWO),
        "earlier-step": (
            GridSearchCV(pipe, {**C, "standardscaler__with_std": [True, False]}, cv=3),
            X,
            THREE,
        ),
        "weights": (
            GridSearchCV(LogisticRegression(class_weight="balanced", **FINE), {"C": GRID}, cv=3),
            X,
            THREE,
        ),
        "random": (
            RandomizedSearchCV(Lasso(**FINE), {"alpha": GRID}, n_iter=2, cv=3, random_state=0),
            X,
            y,
        ),
    }


def results(search, X, y, switch):
    from sklearn.base import clone

    with switch():
        return clone(search).fit(X, y)


@pytest.mark.parametrize("name", searches())
def test_results_are_those_of_fits_one_by_one(name):
    search, X, y = searches()[name]
    theirs = results(search, X, y, riata.unpatch_sklearn)
    own = results(search, X, y, riata.patch_sklearn)
    assert report().classes["paths in searches"]["riata"] >= own.n_splits_
    assert own.cv_results_.keys() == theirs.cv_results_.keys()
    for key, values in theirs.cv_results_.items():
        if "_test_" in key or "_train_" in key:
            if not key.startswith("rank"):
                np.testing.assert_allclose(own.cv_results_[key], values, rtol=1e-4, atol=1e-5)
        elif key == "params":
            assert own.cv_results_[key] == values
    assert own.best_params_ == theirs.best_params_
    last = own.best_estimator_
    last = last.steps[-1][1] if hasattr(last, "steps") else last
    assert last.certificate_["status"] == "converged"


def test_earlier_steps_are_fitted_once_a_fold():
    pipe = make_pipeline(Counting(), LogisticRegression())
    search = GridSearchCV(pipe, {"logisticregression__C": GRID}, cv=4)
    Counting.fits = 0
    with riata.patch_sklearn():
        search.fit(X, TWO)
    assert Counting.fits == 4 + 1  # and for all rows


def test_validation_curves_are_paths_too():
    given = {"param_name": "alpha", "param_range": GRID, "cv": 3}
    with riata.unpatch_sklearn():
        theirs = validation_curve(Lasso(**FINE), X, y, **given)
    with riata.patch_sklearn():
        own = validation_curve(Lasso(**FINE), X, y, **given)
    np.testing.assert_allclose(own, theirs, atol=1e-6)
    assert report().classes["paths in searches"]["riata"] == 3


def test_a_search_inside_cross_validation_is_a_path_for_every_fold():
    with riata.patch_sklearn():
        cross_validate(GridSearchCV(Lasso(), {"alpha": GRID}, cv=3), X, y, cv=2)
    assert report().classes["paths in searches"]["riata"] == 2 * 3


@pytest.mark.parametrize(
    ("search", "target", "sentence"),
    [
        (GridSearchCV(Lasso(), {"alpha": [0.1, 1.0], "positive": [True, False]}), y, "positive"),
        (GridSearchCV(RidgeClassifier(), {"alpha": [0.1, 1.0]}), TWO, "RidgeClassifier"),
        (GridSearchCV(Lasso(alpha=0.1), {"fit_intercept": [True, False]}), y, "no parameter"),
        (
            GridSearchCV(LogisticRegression(solver="liblinear"), {"C": [0.1, 1.0]}),
            TWO,
            "penalises the intercept",
        ),
    ],
)
def test_other_searches_are_fitted_one_by_one_and_say_so(search, target, sentence, caplog):
    with riata.patch_sklearn(), caplog.at_level(logging.WARNING, "riata.accel"):
        assert sentence in explain(search, X, target)
        search.fit(X, target)
    assert sentence in caplog.text
    assert "paths in searches" not in report().classes


def test_weights_and_foreign_models_are_left_alone(caplog):
    with riata.patch_sklearn(), caplog.at_level(logging.WARNING, "riata.accel"):
        GridSearchCV(RandomForestRegressor(n_estimators=2), {"max_depth": [1, 2]}, cv=2).fit(X, y)
        assert caplog.text == ""
        GridSearchCV(Lasso(), {"alpha": GRID}).fit(X, y, sample_weight=np.ones(60))
    assert "sample_weight is given to fit" in caplog.text


def test_errors_of_a_search_are_scikit_learns():
    bad = X.copy()
    bad[0, 0] = np.nan
    with riata.patch_sklearn(log="debug"), pytest.raises(ValueError, match="NaN"):
        GridSearchCV(Lasso(), {"alpha": GRID}, error_score="raise").fit(bad, y)
