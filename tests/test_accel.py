"""riata.accel: scikit-learn's own estimators on riata, with scikit-learn's attributes."""

import inspect
import json
import logging
import pickle
import subprocess
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn import linear_model as lm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor

import riata
from riata.accel import Fallback, explain, report, reset

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 6))
Y = X[:, :2] @ [[1.0, 0.5], [-1.0, 2.0]] + 0.3 * RNG.standard_normal((60, 2))
y = Y[:, 0]
TWO = np.where(y > 0, "yes", "no")
THREE = np.digitize(y, [-1.0, 1.0])
FRAME = pd.DataFrame(X, columns=list("abcdef"))
SINGLE = X.astype(np.float32)
FOLDS = {"cv": 3}
NEW = sklearn.__version__ >= "1.8"
LABELS = {
    "Cs": [0.1, 1.0],
    "cv": 3,
    "scoring": "neg_log_loss",
    "tol": 1e-6,
    "max_iter": 1000,
    **({"use_legacy_attributes": True, "l1_ratios": np.array([0.0])} if NEW else {}),
}
OTHERS = {"frame": FRAME, "float32": SINGLE, "csr": sp.csr_array(X)}
TARGETS = [
    (lm.Lasso(alpha=0.1, tol=1e-8), y),
    (lm.Lasso(alpha=0.1, tol=1e-8), Y),
    (lm.ElasticNet(alpha=0.1, tol=1e-8, positive=True), y),
    (lm.ElasticNet(alpha=0.1, tol=1e-8, fit_intercept=False), y[:, None]),
    (lm.MultiTaskLasso(alpha=0.1, tol=1e-8), Y),
    (lm.MultiTaskElasticNet(alpha=0.1, tol=1e-8), Y),
    (lm.LassoCV(**FOLDS, tol=1e-7), y),
    (lm.ElasticNetCV(l1_ratio=[0.5, 1.0], **FOLDS, tol=1e-7), y),
    (lm.ElasticNetCV(alphas=[0.01, 0.1], **FOLDS, tol=1e-7), y),
    (lm.MultiTaskLassoCV(**FOLDS, tol=1e-7), Y),
    (lm.MultiTaskElasticNetCV(alphas=[0.01, 0.1], **FOLDS, tol=1e-7), Y),
    (lm.Ridge(), y),
    (lm.Ridge(alpha=[0.1, 1.0]), Y),
    (lm.Ridge(fit_intercept=False, positive=True, tol=1e-10), y),
    (lm.Ridge(solver="lsqr", tol=1e-12), y),
    (lm.RidgeClassifier(), TWO),
    (lm.RidgeClassifier(class_weight="balanced"), THREE),
    (lm.RidgeCV(), y),
    (lm.RidgeCV(alpha_per_target=True, store_cv_results=True), Y),
    (lm.RidgeCV(**FOLDS), y),
    (lm.RidgeClassifierCV(), THREE),
    (lm.LogisticRegression(tol=1e-8), TWO),
    (lm.LogisticRegression(tol=1e-8, class_weight="balanced"), THREE),
    (lm.LogisticRegression(tol=1e-8, fit_intercept=False, solver="newton-cg"), TWO),
    (lm.LogisticRegressionCV(**LABELS), TWO),
    (lm.LogisticRegressionCV(**LABELS), THREE),
    (lm.PoissonRegressor(alpha=0.1, tol=1e-8), np.abs(y)),
    (lm.PoissonRegressor(alpha=0.1, tol=1e-8, fit_intercept=False), np.abs(y)),
]
IDS = [f"{type(m).__name__}-{i}" for i, (m, _) in enumerate(TARGETS)]
COUNTS = ("n_iter_", "dual_gap_", "certificate_", "_base_loss", "_label_binarizer", "eps_")


@pytest.fixture(autouse=True)
def _fresh():
    reset()
    yield
    riata.unpatch_sklearn()


def fitted(model, X, y, **params):
    """By scikit-learn, and by riata in the same class."""
    with riata.unpatch_sklearn(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # float32 has its limits
        theirs = clone(model).fit(X, y, **params)
    with riata.patch_sklearn(strict=True):
        own = clone(model).fit(X, y, **params)
    return theirs, own


def attributes(model):
    return {name: value for name, value in vars(model).items() if name.endswith("_")}


def form(value):
    """Type, dtype and shape, of dictionaries by key."""
    if isinstance(value, dict):
        return {key: form(part) for key, part in value.items()}
    array = np.asarray(value)
    return array.dtype.kind, array.dtype.itemsize, array.shape


def sizes(value):
    if isinstance(value, dict):
        return np.concatenate([np.ravel(part) for part in value.values()])
    return np.asarray(value)


def agree(theirs, own, rtol=1e-3):
    names = attributes(theirs).keys() - {"eps_"}
    assert attributes(own).keys() - {"certificate_"} == names
    for name in names:
        a, b = getattr(theirs, name), getattr(own, name)
        assert form(a) == form(b), name
        if name in COUNTS or sizes(a).dtype.kind not in "fc":
            continue
        a, b = sizes(a), sizes(b)
        size = np.abs(a).max() if a.size else 0.0
        np.testing.assert_allclose(b, a, rtol=rtol, atol=rtol * size, err_msg=name)


@pytest.mark.parametrize(("model", "target"), TARGETS, ids=IDS)
def test_attributes_are_those_of_scikit_learn(model, target):
    agree(*fitted(model, X, target), 2e-3)


@pytest.mark.parametrize("kind", OTHERS)
def test_attributes_are_the_same_for_every_kind_of_data(kind):
    for name, target in [
        ("Lasso", Y),
        ("MultiTaskLasso", Y),
        ("LassoCV", y),
        ("Ridge", Y),
        ("RidgeCV", y),
        ("RidgeClassifier", TWO),
        ("LogisticRegression", THREE),
        ("PoissonRegressor", np.abs(y)),
    ]:
        model = next(model for model, _ in TARGETS if type(model).__name__ == name)
        agree(*fitted(model, OTHERS[kind], target), 1e-2 if kind == "float32" else 2e-3)


@pytest.mark.parametrize(("model", "target"), TARGETS, ids=IDS)
def test_iterations_stay_within_their_limit(model, target):
    with riata.patch_sklearn():
        own = clone(model).fit(X, target)
    if getattr(own, "n_iter_", None) is not None and own.max_iter is not None:
        assert np.max(own.n_iter_) <= own.max_iter


def test_weights_are_passed_on():
    s = RNG.uniform(0.5, 2, 60)
    for model in (lm.Lasso(alpha=0.1, tol=1e-8), lm.Ridge(), lm.LassoCV(cv=3, tol=1e-7)):
        agree(*fitted(model, X, y, sample_weight=s))
    agree(*fitted(lm.LogisticRegression(tol=1e-8), X, TWO, sample_weight=s))


def test_grids_of_alphas_are_scikit_learns():
    theirs, own = fitted(lm.LassoCV(cv=3), X, y)
    np.testing.assert_allclose(own.alphas_, theirs.alphas_, rtol=2e-15)


def test_several_targets_are_in_fortran_order():
    for model in (lm.MultiTaskLasso(alpha=0.1), lm.Lasso(alpha=0.1), lm.Ridge()):
        with riata.patch_sklearn():
            assert clone(model).fit(X, Y).coef_.flags.f_contiguous


def test_column_names_come_and_go():
    with riata.patch_sklearn():
        model = lm.Lasso(alpha=0.1).fit(FRAME, y)
        assert list(model.feature_names_in_) == list("abcdef")
        assert not hasattr(model.fit(X, y), "feature_names_in_")


def test_paths_run_on_riata_under_every_name():
    from sklearn.linear_model import enet_path, lasso_path

    with riata.unpatch_sklearn():
        theirs = lasso_path(X, y, tol=1e-10), enet_path(X, Y, tol=1e-10)
    with riata.patch_sklearn(strict=True):
        own = lasso_path(X, y, tol=1e-10), lm.ElasticNet.path(X, Y, tol=1e-10)
    for a, b in zip(theirs, own, strict=True):
        assert [form(part) for part in a] == [form(part) for part in b]
        np.testing.assert_allclose(b[1], a[1], atol=1e-5)
    assert report().classes["enet_path"]["riata"] == 2


# --- what is left to scikit-learn -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "target", "sentence"),
    [
        (lm.LogisticRegression(solver="liblinear"), TWO, "penalises the intercept"),
        (lm.PoissonRegressor(max_iter=40), np.abs(y), "max_iter=40 is below 50"),
        (lm.LassoCV(cv=3), np.ones(60), "y is constant"),
        (lm.RidgeClassifierCV(scoring="accuracy"), THREE, "one by one"),
    ],
)
def test_a_fallback_says_why(model, target, sentence, caplog):
    with riata.patch_sklearn(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        assert sentence in explain(model, X, target)
        with caplog.at_level(logging.WARNING, "riata.accel"):
            own = clone(model).fit(X, target)
            clone(model).fit(X, target)
    assert len(caplog.messages) == 1  # repetitions are for debugging
    assert f"{type(model).__name__}.fit(60 x 6): scikit-learn, because" in caplog.text
    assert sentence in caplog.text
    assert not hasattr(own, "certificate_")
    assert report().classes[type(model).__name__]["sklearn"] == 2


def test_what_is_not_to_be_checked_is_left_alone():
    data = np.asfortranarray(X)
    with riata.patch_sklearn(log="debug"):
        lm.Lasso(alpha=0.1).fit(data, y, check_input=False)
    assert report().classes["Lasso"]["sklearn"] == 1


def test_refusals_are_read_in_scikit_learns_words():
    bad = X.copy()
    bad[3, 2] = np.nan
    model = lm.Lasso(alpha=0.1)
    with riata.patch_sklearn(log="debug"):
        model.fit(X, y)
        with pytest.raises(ValueError, match="Input X contains NaN"):
            model.fit(bad, y)
        with pytest.raises(ValueError, match="The 'alpha' parameter of Lasso must be"):
            lm.Lasso(alpha=-1).fit(X, y)
        with pytest.raises(ValueError, match="Solver lbfgs supports only"):
            lm.LogisticRegression(l1_ratio=1.0).fit(X, TWO) if NEW else lm.LogisticRegression(
                penalty="l1"
            ).fit(X, TWO)
        with pytest.raises(TypeError):
            lm.Lasso().fit(X)
    assert report().classes["Lasso"]["refused"] == 1


def test_strict_raises_where_scikit_learn_would_fit():
    with riata.patch_sklearn(strict=True), pytest.raises(Fallback, match="max_iter=5"):
        lm.LogisticRegression(max_iter=5).fit(X, TWO)


def test_names_choose_what_is_patched():
    with riata.patch_sklearn("Ridge"):
        assert not hasattr(lm.Lasso(alpha=0.1).fit(X, y), "certificate_")
        assert hasattr(lm.Ridge().fit(X, y), "certificate_")
    with pytest.raises(ValueError, match="names must be among"):
        riata.patch_sklearn(["LinearSVC"])
    with pytest.raises(ValueError, match="log must be"):
        riata.patch_sklearn(log="loud")


def test_convergence_warnings_begin_as_scikit_learns_do():
    wide = RNG.standard_normal((40, 200))
    target = wide[:, :20].sum(axis=1)
    with riata.patch_sklearn(), pytest.warns(ConvergenceWarning) as caught:
        lm.Lasso(alpha=1e-3, max_iter=1, tol=1e-12).fit(wide, target)
    message = str(caught[0].message)
    assert message.startswith("Objective did not converge. You might want to increase")
    assert "gap" in message


def test_a_given_gram_matrix_is_checked_and_ignored():
    gram = X.T @ X
    model = lm.Lasso(alpha=0.1, fit_intercept=False, precompute=gram)
    with riata.patch_sklearn(strict=True):
        own = model.fit(X, y)
        assert "certificate_" in vars(own)
    wrong = lm.Lasso(alpha=0.1, fit_intercept=False, precompute=gram + 1)
    with riata.patch_sklearn(log="debug"), pytest.raises(ValueError, match="Gram matrix"):
        wrong.fit(X, y)


def test_a_warm_start_within_tolerance_has_nothing_to_do():
    with riata.patch_sklearn():
        model = lm.ElasticNet(alpha=0.01, warm_start=True).fit(X, y)
        before = model.coef_
        assert model.n_iter_ > 0
        assert model.fit(X, y).n_iter_ == 0
    np.testing.assert_array_equal(model.coef_, before)


# --- the class stays what it is -----------------------------------------------------------------------------------------------


def test_classes_signatures_and_clones_are_scikit_learns():
    with riata.patch_sklearn():
        model = lm.Lasso(alpha=0.1).fit(X, y)
        assert type(model) is lm.Lasso
        assert list(inspect.signature(lm.Lasso.fit).parameters)[:3] == ["self", "X", "y"]
        assert repr(clone(model)) == "Lasso(alpha=0.1)"


def test_subclasses_run_on_riata_unless_their_path_is_their_own():
    class Mine(lm.Lasso):
        def fit(self, X, y):
            super().fit(X, y)
            self.mine_ = True
            return self

    class Other(lm.Lasso):
        path = staticmethod(lambda *a, **k: lm.enet_path(*a, **k))

    with riata.patch_sklearn(log="debug"):
        assert Mine(alpha=0.1).fit(X, y).certificate_["status"] == "converged"
        assert "has a path of its own" in explain(Other(), X, y)


def test_a_certificate_is_plain_and_true():
    with riata.patch_sklearn():
        model = lm.Lasso(alpha=0.1).fit(X, y)
    assert json.loads(json.dumps(model.certificate_))["status"] == "converged"
    judged = riata.check_solution(model, X, y)
    assert judged.primal == pytest.approx(model.certificate_["primal"])
    assert riata.Scorer.from_estimator(model).score(X).shape == (60,)


def test_pickles_need_no_riata():
    with riata.patch_sklearn():
        models = [lm.Lasso(alpha=0.1).fit(X, y), lm.LogisticRegressionCV(**LABELS).fit(X, TWO)]
    code = (
        "import sys, pickle; sys.modules['riata'] = None;"
        "models = pickle.load(sys.stdin.buffer); print(models[0].coef_.shape, models[1].classes_)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(models), capture_output=True
    )
    assert done.stdout.split() == [b"(6,)", b"['no'", b"'yes']"], done.stderr


# --- contexts, threads, workers -------------------------------------------------------------------------------------------------


def on_riata():
    return hasattr(lm.Lasso(alpha=0.1).fit(X, y), "certificate_")


def test_switches_nest_and_stay():
    assert not on_riata()
    with riata.patch_sklearn():
        assert on_riata()
        with riata.unpatch_sklearn():
            assert not on_riata()
            with riata.patch_sklearn():
                assert on_riata()
            assert not on_riata()
        assert on_riata()
    assert not on_riata()
    riata.patch_sklearn()
    riata.patch_sklearn()
    assert on_riata()
    riata.unpatch_sklearn()
    assert not on_riata()


def in_a_thread(function):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(function()))
    thread.start()
    thread.join()
    return seen[0]


def test_threads_do_not_disturb_one_another():
    with riata.patch_sklearn():
        assert not in_a_thread(on_riata)
    assert not on_riata()

    def patched():
        riata.patch_sklearn()
        return on_riata()

    assert in_a_thread(patched)
    assert not on_riata()
    riata.patch_sklearn()
    assert in_a_thread(on_riata)  # what the main thread says holds for all


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_do_as_their_caller_does(backend):
    import joblib

    with riata.patch_sklearn(), joblib.parallel_backend(backend, n_jobs=2):
        several = MultiOutputRegressor(lm.Lasso(alpha=0.1)).fit(X, Y)
        classes = OneVsRestClassifier(lm.LogisticRegression()).fit(X, THREE)
    models = [*several.estimators_, *classes.estimators_]
    assert all("certificate_" in vars(model) for model in models)
    with joblib.parallel_backend(backend, n_jobs=2):
        several = MultiOutputRegressor(lm.Lasso(alpha=0.1)).fit(X, Y)
    assert not any("certificate_" in vars(model) for model in several.estimators_)


def test_the_report_counts_and_compares():
    models = []
    with riata.patch_sklearn(log="debug"):
        models += [lm.Lasso(alpha=0.1).fit(X, y), lm.LogisticRegression().fit(X, TWO)]
        lm.LogisticRegression(max_iter=5, tol=1).fit(X, TWO)
    told = report(compare=True)
    assert told.classes["Lasso"]["riata"] == 1
    assert told.classes["LogisticRegression"]["sklearn"] == 1
    assert "1 x LogisticRegression: max_iter=5" in str(told)
    assert {row["class"] for row in told.compared} == {"Lasso", "LogisticRegression"}
    assert all(row["riata"] <= row["sklearn"] for row in told.compared)
    assert "no fits yet" in (reset() or str(report()))
