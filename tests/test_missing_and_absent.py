"""What is not there: values of data frames, labels, classes without weight, coefficients of a fit that never was."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, LeaveOneGroupOut

import riata

NEW = {"l1_ratios": (0.0,), "use_legacy_attributes": False}


@pytest.fixture
def data(rng):
    X = rng.standard_normal((60, 3))
    return X, X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(60)


# --- values -----------------------------------------------------------------------------------------------------------


def frames(X):
    """Data frames of X whose column b has no value in row 2, by kind."""
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    holed = X.copy()
    holed[2, 1] = np.nan
    plain = pandas.DataFrame(holed, columns=list("abc"))
    whole = [None if i == 2 else i % 3 for i in range(len(X))]
    return {
        "float": plain,
        "nullable": plain.assign(b=pandas.array(whole, dtype="Int64")),
        "arrow": plain.astype("double[pyarrow]"),
        "boolean": plain.assign(b=pandas.array([None if v is None else v > 0 for v in whole])),
        "object": plain.assign(b=np.array(whole, dtype=object)),
        "polars": polars.DataFrame({"a": X[:, 0], "b": whole, "c": X[:, 2]}),
    }


@pytest.mark.parametrize("kind", ["float", "nullable", "arrow", "boolean", "object", "polars"])
@pytest.mark.parametrize("call", ["Lasso", "LogisticRegression", "LassoCV", "path", "predict"])
def test_a_missing_value_is_named_by_row_and_column(data, kind, call):
    X, y = data
    frame = frames(X)[kind]
    names = frame.columns
    with pytest.raises(
        ValueError, match=r"X\[2, 1\] \(column 'b'\) is .*contains NaN.*SimpleImputer"
    ):
        if call == "path":
            riata.path(frame, y)
        elif call == "predict":
            whole = type(frame)({name: X[:, j] for j, name in enumerate(names)})
            riata.Ridge().fit(whole, y).predict(frame)
        else:
            target = y > 0 if call.startswith("Logistic") else y
            getattr(riata, call)().fit(frame, target)


@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array])
def test_a_missing_value_of_an_array_is_one_too(data, container):
    X, y = data
    X[2, 1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        riata.Lasso().fit(container(X), y)


def test_missing_labels_are_named(data):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    X, y = data
    for labels in (
        pandas.Series(pandas.array([None, *(y[1:] > 0)], dtype="boolean")),
        pandas.Series(pandas.array([None, *np.where(y[1:] > 0, "a", "b")], dtype="string")),
        pandas.Series([None, *np.where(y[1:] > 0, "a", "b")]).astype("category"),
        polars.Series([None, *(y[1:] > 0).tolist()]),
        np.array([None, *np.where(y[1:] > 0, "a", "b")], dtype=object),
    ):
        with pytest.raises(
            ValueError, match=r"y\[0\] is .*: labels must not be missing.*contains NaN"
        ):
            riata.LogisticRegression().fit(X, labels)


def test_text_is_told_to_be_encoded(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame({"size": X[:, 0], "city": np.where(y > 0, "Graz", "Linz")})
    with pytest.raises(TypeError, match=r"X\[0, 1\] \(column 'city'\) is '.*OneHotEncoder"):
        riata.Lasso().fit(frame, y)
    with pytest.raises(TypeError, match=r"X must be numeric.*OneHotEncoder"):
        riata.Lasso().fit(np.where(X > 0, "yes", "no"), y)


def test_labels_keep_their_kind(data):
    X, y = data
    objects = np.where(y > 0, "yes", "no").astype(object)
    model = riata.LogisticRegression().fit(X, objects)
    assert model.classes_.dtype == object
    assert model.predict(X).dtype == object
    assert_array_equal(model.predict(X), sk.LogisticRegression().fit(X, objects).predict(X))
    fixed = riata.LogisticRegression().fit(X, objects.astype(str))
    assert fixed.classes_.dtype.kind == "U"


# --- classes ----------------------------------------------------------------------------------------------------------


def test_bagging_of_rare_events_is_fitted(rng):
    X, y = rng.standard_normal((300, 5)), np.zeros(300, int)
    y[:5] = 1
    settings = {"max_samples": 0.3, "n_estimators": 30, "random_state": 0}
    ours = BaggingClassifier(riata.LogisticRegression(), **settings).fit(X, y)
    theirs = BaggingClassifier(sk.LogisticRegression(), **settings).fit(X, y)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, sparse.csr_array])
@pytest.mark.parametrize("present", [0, 1])
def test_a_class_without_weight_is_never_predicted(data, dtype, layout, present):
    X, y = data
    X = layout(X.astype(dtype))
    model = riata.LogisticRegression(class_weight={0: 1 - present, 1: present}).fit(X, y > 0)
    assert (model.predict(X) == present).all()
    assert not model.coef_.any()
    assert model.certificate_.converged
    eta = model.decision_function(X).astype(float)
    loss = np.logaddexp(0, -eta if present else eta).mean()
    assert_allclose(model.certificate_.primal, loss, rtol=1e-12)
    assert 0 <= loss < 1e-16


def test_without_an_intercept_a_single_class_is_a_problem_like_others(data):
    X, y = data
    weights = (y > 0).astype(float)
    ours = riata.LogisticRegression(fit_intercept=False).fit(X, y > 0, weights)
    theirs = sk.LogisticRegression(fit_intercept=False, tol=1e-10).fit(X, y > 0, weights)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6)
    assert ours.certificate_.converged


@pytest.mark.parametrize("scoring", ["accuracy", "neg_brier_score", "neg_log_loss"])
@pytest.mark.parametrize("refit", [True, False])
def test_sorted_rows_are_cross_validated(data, scoring, refit):
    """No fold knows both classes; what scikit-learn's intercept approaches, riata's has reached."""
    X, y = data
    y = np.sort(y > np.median(y))
    settings = {**NEW, "cv": KFold(2), "Cs": [0.1, 1.0, 10.0], "scoring": scoring, "refit": refit}
    ours = riata.LogisticRegressionCV(**settings).fit(X, y)
    theirs = sk.LogisticRegressionCV(**settings, tol=1e-9).fit(X, y)
    assert ours.scores_.shape == theirs.scores_.shape == (2, 1, 3)
    assert_allclose(ours.scores_, theirs.scores_, atol=40 if scoring == "neg_log_loss" else 1e-6)
    assert (theirs.C_ if scoring == "accuracy" else 0.1) == ours.C_


def test_folds_of_one_class_beside_others(data):
    X, y = data
    y = y > 0
    groups = np.where(y, 0, 1 + np.arange(60) % 2)  # group 0 holds one class alone
    splits = list(LeaveOneGroupOut().split(X, y, groups))
    settings = {**NEW, "Cs": [0.1, 1.0], "scoring": "accuracy"}
    ours = riata.LogisticRegressionCV(cv=splits, **settings).fit(X, y)
    theirs = sk.LogisticRegressionCV(cv=splits, **settings).fit(X, y)
    assert_allclose(ours.scores_, theirs.scores_)
    two = riata.LogisticRegressionCV(cv=splits[1:], **settings).fit(X, y)
    assert_allclose(ours.scores_[1:], two.scores_)
    assert_allclose(ours.coefs_paths_[1:], two.coefs_paths_)


@pytest.mark.parametrize("classes", [2, 3])
def test_no_iteration_leaves_zeros(data, classes):
    X, y = data
    y = np.digitize(y, [-0.5, 0.5][: classes - 1])
    with pytest.warns(ConvergenceWarning):
        model = riata.LogisticRegression(max_iter=0).fit(X, y)
    assert model.n_iter_ == 0
    assert_allclose(model.predict_proba(X), 1 / classes)
    assert_allclose(model.certificate_.primal, np.log(classes))
    assert model.certificate_.dual <= riata.LogisticRegression().fit(X, y).certificate_.primal


# --- fits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [np.asarray, np.float32, sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("classes", [2, 3])
def test_coefficients_set_by_hand_predict(rng, layout, classes):
    X = layout(rng.standard_normal((8, 3)))
    rows = 1 if classes == 2 else classes
    ours, theirs = riata.LogisticRegression(), sk.LogisticRegression()
    coef, intercept = rng.standard_normal((rows, 3)), rng.standard_normal(rows)
    for model in (ours, theirs):
        model.classes_ = np.arange(classes)
        model.coef_, model.intercept_ = coef, intercept
    assert_array_equal(ours.predict(X), theirs.predict(X))
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-5)


@pytest.mark.parametrize("Estimator", [riata.Lasso, riata.Ridge, riata.PoissonRegressor])
def test_regressions_set_by_hand_predict(rng, Estimator):
    X = rng.standard_normal((8, 3))
    model = Estimator()
    model.coef_, model.intercept_ = np.ones(3), 1.0
    assert_allclose(model.predict(sparse.csr_array(X)), model.predict(X))
    with pytest.raises(ValueError, match="X has 2 features"):
        model.predict(X[:, :2])
