"""A dozen programs as people write them, on data that come with scikit-learn. Nothing here knows of riata.

Each returns a held-out score.
"""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import StackingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFECV, SelectFromModel
from sklearn.linear_model import (
    ElasticNetCV,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskLassoCV,
    PoissonRegressor,
    RidgeCV,
)
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

warnings.filterwarnings("ignore")


def diabetes(degree: int = 2) -> list:
    """Rows for training and testing, with products of columns."""
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(
        PolynomialFeatures(degree, include_bias=False).fit_transform(X)
    )
    return train_test_split(X, y, random_state=0)


def digits() -> list:
    """Rows for training and testing of handwritten digits."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16.0, y, random_state=0)


def mixed_columns() -> float:
    """Categories and numbers, L1 logistic regression with a cross-validated penalty."""
    data = load_breast_cancer(as_frame=True)
    frame = data.data.copy()
    categories = list(frame.columns[:10])
    for name in categories:
        frame[name] = pd.qcut(frame[name], 8, labels=False).astype(str)
    columns = ColumnTransformer(
        [("one-hot", OneHotEncoder(handle_unknown="ignore"), categories)],
        remainder=StandardScaler(),
    )
    model = LogisticRegressionCV(
        Cs=10, cv=5, l1_ratios=[1.0], solver="saga", max_iter=1000, scoring="neg_log_loss"
    )
    X, X_test, y, y_test = train_test_split(frame, data.target, random_state=0)
    return make_pipeline(columns, model).fit(X, y).score(X_test, y_test)


def words() -> float:
    """Which package a docstring is from, by its words; L1."""
    import scipy.stats
    import sklearn.linear_model

    texts, labels = [], []
    for package in (np, pd, scipy.stats, sklearn.linear_model, np.linalg, scipy.special):
        for name in dir(package):
            text = inspect.getdoc(getattr(package, name, None)) or ""
            if len(text) > 300:
                texts += [text[:300], text[300:600]]
                labels += [package.__name__] * 2
    X, X_test, y, y_test = train_test_split(texts, labels, random_state=0)
    model = LogisticRegression(l1_ratio=1.0, C=10.0, solver="saga", max_iter=200)
    return make_pipeline(TfidfVectorizer(), model).fit(X, y).score(X_test, y_test)


def selection() -> float:
    """Features that the lasso keeps, then least squares."""
    X, X_test, y, y_test = diabetes(3)
    model = make_pipeline(SelectFromModel(LassoCV()), LinearRegression())
    return model.fit(X, y).score(X_test, y_test)


def stacking() -> float:
    """Three linear models stacked."""
    X, X_test, y, y_test = diabetes()
    models = [("lasso", LassoCV()), ("ridge", RidgeCV()), ("both", ElasticNetCV())]
    return StackingRegressor(models, final_estimator=RidgeCV()).fit(X, y).score(X_test, y_test)


def one_versus_rest() -> float:
    """Ten digits, one logistic model each."""
    X, X_test, y, y_test = digits()
    return OneVsRestClassifier(LogisticRegression()).fit(X, y).score(X_test, y_test)


def several_outputs() -> float:
    """The lower half of digits from the upper, pixel by pixel, to a small tolerance."""
    X, X_test, _, _ = digits()
    model = MultiOutputRegressor(Lasso(alpha=0.001, tol=1e-9, max_iter=100_000))
    return model.fit(X[:, :32], X[:, 32:]).score(X_test[:, :32], X_test[:, 32:])


def elimination() -> float:
    """Features removed one after another, cross-validated."""
    X, y = load_breast_cancer(return_X_y=True)
    X, X_test, y, y_test = train_test_split(StandardScaler().fit_transform(X), y, random_state=0)
    return RFECV(LogisticRegression(C=0.1), cv=5).fit(X, y).score(X_test, y_test)


def lasso_search() -> float:
    """A grid of 20 penalties, 5 folds."""
    X, X_test, y, y_test = diabetes()
    search = GridSearchCV(Lasso(max_iter=10_000), {"alpha": np.logspace(-1, 1.5, 20)})
    return search.fit(X, y).score(X_test, y_test)


def pipeline_search() -> float:
    """A grid over C behind a scaler."""
    X, X_test, y, y_test = digits()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    search = GridSearchCV(pipeline, {"logisticregression__C": np.logspace(-3, 1, 8)})
    return search.fit(X, y).score(X_test, y_test)


def counts() -> float:
    """How dark a pixel is (0 to 16) by those around it."""
    X, X_test, _, _ = digits()
    others = np.arange(64) != 36
    model = PoissonRegressor(alpha=1e-3, max_iter=300).fit(X[:, others], 16 * X[:, 36])
    return model.score(X_test[:, others], 16 * X_test[:, 36])


def tasks() -> float:
    """The lower half of digits from the upper, with features for all pixels or for none."""
    X, X_test, _, _ = digits()
    model = MultiTaskLassoCV(alphas=20, max_iter=2000, cv=3).fit(X[::4, :32], X[::4, 32:])
    return model.score(X_test[:, :32], X_test[:, 32:])


def folds() -> float:
    """Scores of a logistic model by ten folds."""
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return float(cross_val_score(model, X, y, cv=10).mean())


def penalised_intercept() -> float:
    """LIBLINEAR's model, which riata has not."""
    X, X_test, y, y_test = digits()
    model = LogisticRegression(solver="liblinear").fit(X, y > 4)
    return model.score(X_test, y_test > 4)


PROGRAMS = (
    mixed_columns,
    words,
    selection,
    stacking,
    one_versus_rest,
    several_outputs,
    elimination,
    lasso_search,
    pipeline_search,
    counts,
    tasks,
    folds,
    penalised_intercept,
)
