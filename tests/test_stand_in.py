"""riata's estimators in code that was written for scikit-learn's: parameters and their errors, advice, earlier spellings."""

import inspect

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

import riata

NEW = {"l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}
ESTIMATORS = [
    getattr(riata, name) for name in riata.__all__ if hasattr(getattr(riata, name), "get_params")
]
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])


@pytest.fixture
def data(rng):
    X = rng.standard_normal((60, 4))
    return X, X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(60)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_every_parameter_has_its_constraints(Estimator):
    allowed = set(Estimator._parameter_constraints)
    assert set(inspect.signature(Estimator).parameters) == allowed
    clone(Estimator())._validate_params()


def test_a_subclass_has_its_own_parameters(data):
    class Narrow(riata.Lasso):
        def __init__(self, alpha=0.5, depth=3):
            super().__init__(alpha)
            self.depth = depth

    assert set(Narrow().get_params()) == {"alpha", "depth"}
    assert clone(Narrow(depth=4)).depth == 4
    assert "depth" not in riata.Lasso().get_params()
    with pytest.raises(InvalidParameterError, match="'alpha' parameter of Narrow"):
        Narrow(alpha=-1.0).fit(*data)


@pytest.mark.parametrize(
    ("Estimator", "params"),
    [
        (riata.LogisticRegression, {"solver": "foo"}),
        (riata.LogisticRegression, {"dual": "yes"}),
        (riata.LogisticRegression, {"C": 0.0}),
        (riata.LogisticRegression, {"class_weight": "ballanced"}),
        (riata.LogisticRegressionCV, {**NEW, "n_jobs": "x"}),
        (riata.PoissonRegressor, {"solver": "foo"}),
        (riata.LassoCV, {"n_jobs": "x"}),
        (riata.LassoCV, {"verbose": "loud"}),
        (riata.ElasticNetCV, {"precompute": "x"}),
        (riata.MultiTaskLassoCV, {"cv": "x"}),
        (riata.MultiTaskLasso, {"selection": "x"}),
        (riata.RidgeCV, {"gcv_mode": "foo"}),
        (riata.LassoIC, {"criterion": "cic"}),
        (riata.Lasso, {"random_state": "x"}),
        (riata.Ridge, {"alpha": np.nan}),
    ],
)
def test_typos_are_errors(data, Estimator, params):
    X, y = data
    y = y > 0 if "Logistic" in Estimator.__name__ else np.abs(y)
    name = next(reversed(params))
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of {Estimator.__name__}"):
        Estimator(**params).fit(X, y)


def test_validation_can_be_skipped_as_in_scikit_learn(data):
    with sklearn.config_context(skip_parameter_validation=True):
        riata.LogisticRegression(solver="foo").fit(data[0], data[1] > 0)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_the_fourth_position_is_not_an_offset(Estimator):
    parameters = list(inspect.signature(Estimator.fit).parameters.values())
    for parameter in parameters:
        if parameter.name == "offset":
            assert parameter.kind is parameter.KEYWORD_ONLY
    if Estimator in (riata.Lasso, riata.ElasticNet):
        assert [p.name for p in parameters[1:5]] == ["X", "y", "sample_weight", "check_input"]


def test_check_input_is_taken_in_its_position(data):
    X, y = data
    assert_array_equal(
        riata.Lasso(0.1).fit(X, y, None, True).coef_, riata.Lasso(0.1).fit(X, y).coef_
    )


# --- advice -----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:'penalty' was deprecated:FutureWarning")
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"penalty": None, "C": 4.0}, "Setting penalty=None will ignore the C"),
        ({"penalty": "l1", "l1_ratio": 0.0}, "Inconsistent values: penalty=l1 with l1_ratio=0.0"),
        ({"penalty": "l2", "l1_ratio": 1.0}, "Inconsistent values: penalty=l2 with l1_ratio=1.0"),
    ],
)
@pytest.mark.skipif(VERSION < (1, 8), reason="scikit-learn had no opinion yet")
def test_parameters_that_are_not_looked_at_are_said(data, params, message):
    X, y = data
    with pytest.warns(UserWarning, match=message):
        riata.LogisticRegression(**params).fit(X, y > 0)


@pytest.mark.skipif(not (1, 9) <= VERSION < (1, 10), reason="what 1.9 deprecates")
@pytest.mark.parametrize(
    ("Estimator", "params", "message"),
    [
        (riata.LogisticRegression, {"penalty": "l2"}, "'penalty' was deprecated"),
        (riata.LogisticRegression, {"l1_ratio": None}, "'l1_ratio=None' was deprecated"),
        (riata.LogisticRegression, {"n_jobs": 1}, "'n_jobs' has no effect"),
        (riata.LogisticRegression, {"multi_class": "auto"}, "'multi_class' was deprecated"),
        (riata.LogisticRegressionCV, {**NEW, "scoring": "warn"}, "parameter 'scoring' will change"),
        (riata.LogisticRegressionCV, {**NEW, "l1_ratios": "warn"}, "l1_ratios will change"),
        (riata.LogisticRegressionCV, {**NEW, "l1_ratios": None}, "'l1_ratios=None' was deprecated"),
        (
            riata.LogisticRegressionCV,
            {**NEW, "use_legacy_attributes": "warn"},
            "default value of use_legacy_attributes will change",
        ),
        (riata.LassoCV, {"n_alphas": 5}, "'n_alphas' was deprecated"),
        (riata.MultiTaskLassoCV, {"alphas": None}, "'alphas=None' was deprecated"),
    ],
)
def test_what_scikit_learn_is_about_to_drop_is_said(data, Estimator, params, message):
    X, y = data
    y = y > 0 if "Logistic" in Estimator.__name__ else np.column_stack([y, y])
    y = y[:, 0] if Estimator is riata.LassoCV else y
    with pytest.warns(FutureWarning, match=message):
        Estimator(**params).fit(X, y)


def test_no_penalty_needs_no_advice(data):
    """alpha=0 is solved directly, to least squares of minimum norm: scikit-learn's advice against it has no ground here."""
    X, y = data
    assert_allclose(riata.Lasso(0.0).fit(X, y).coef_, sk.LinearRegression().fit(X, y).coef_)


# --- earlier spellings ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_penalties_by_their_earlier_names(data):
    X, y = data
    assert len(riata.LassoCV(n_alphas=7).fit(X, y).alphas_) == 7
    assert len(riata.LassoCV(n_alphas=7, alphas=None).fit(X, y).alphas_) == 7
    assert len(riata.LassoCV(alphas=None).fit(X, y).alphas_) == 100
    assert_array_equal(
        riata.ElasticNetCV(n_alphas=7, alphas=[0.2, 0.1]).fit(X, y).alphas_, [0.2, 0.1]
    )
    assert len(riata.MultiTaskElasticNetCV(n_alphas=7).fit(X, np.c_[y, y]).alphas_) == 7


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("cls", [riata.LogisticRegression, riata.LogisticRegressionCV])
def test_multi_class_by_its_earlier_name(data, cls):
    X, y = data
    settings = {**NEW, "Cs": 3} if cls is riata.LogisticRegressionCV else {}
    three = np.digitize(y, [-0.5, 0.5])
    plain = cls(**settings).fit(X, three)
    assert_array_equal(cls(**settings, multi_class="multinomial").fit(X, three).coef_, plain.coef_)
    assert cls(**settings, multi_class="ovr").fit(X, y > 0).coef_.shape == (1, 4)
    with pytest.raises(ValueError, match="OneVsRestClassifier"):
        cls(**settings, multi_class="ovr").fit(X, three)
    with pytest.raises(ValueError, match="'liblinear' solver does not support multiclass"):
        cls(**settings, solver="liblinear").fit(X, three)


def test_a_model_is_made_from_the_parameters_of_scikit_learns(data):
    X, y = data
    for name in (
        "LogisticRegressionCV",
        "LassoCV",
        "LogisticRegression",
        "Lasso",
        "PoissonRegressor",
    ):
        theirs = getattr(sk, name)()
        ours = getattr(riata, name)(**theirs.get_params())
        assert ours.get_params().items() >= theirs.get_params().items()
        ours._validate_params()


def test_paths_of_the_classes_are_scikit_learns(data):
    X, y = data
    for cls in (riata.Lasso, riata.ElasticNet, riata.LassoCV, riata.MultiTaskLasso):
        Y = np.c_[y, y] if cls is riata.MultiTaskLasso else y
        alphas, coefs, _ = cls.path(X, Y, eps=0.1, alphas=5)
        expected = getattr(sk, cls.__name__).path(X, Y, eps=0.1, alphas=5, tol=1e-12)
        assert_allclose(alphas, expected[0])
        assert_allclose(coefs, expected[1], atol=1e-6)


# --- LogisticRegressionCV's attributes --------------------------------------------------------------------------------


@pytest.mark.skipif(VERSION < (1, 8), reason="use_legacy_attributes came with 1.8")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("l1_ratios", ["warn", None, (0.0,), (0.1, 0.9)])
@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("refit", [True, False])
def test_attributes_have_scikit_learns_shapes(data, l1_ratios, legacy, classes, refit):
    X, y = data
    y = np.array(["a", "b", "c"])[np.digitize(y, [-0.5, 0.5][: classes - 1])]
    is_sparse = l1_ratios == (0.1, 0.9)
    settings = {
        "Cs": [0.1, 1.0, 10.0],
        "cv": 2,
        "l1_ratios": np.array(l1_ratios) if is_sparse else l1_ratios,
        "scoring": "neg_log_loss",
        "use_legacy_attributes": legacy,
        "refit": refit,
        "solver": "saga" if is_sparse else "lbfgs",
        "fit_intercept": not is_sparse,  # saga leaves intercepts far off
        "max_iter": 5000,
    }
    ours = riata.LogisticRegressionCV(**settings).fit(X, y)
    theirs = sk.LogisticRegressionCV(**settings, tol=1e-6).fit(X, y)
    for name in ("C_", "scores_", "coefs_paths_", "n_iter_", "coef_", "intercept_", "Cs_"):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert isinstance(a, dict) == isinstance(b, dict)
        if isinstance(a, dict):
            assert list(a) == list(b)
            a, b = np.array(list(a.values())), np.array(list(b.values()))
        assert np.shape(a) == np.shape(b), name
        if name != "n_iter_":
            assert_allclose(a, b, atol=2e-3, err_msg=name)
    assert np.shape(ours.l1_ratio_) == np.shape(theirs.l1_ratio_)


def test_callbacks_hear_of_a_fit(data):
    if not hasattr(riata.LogisticRegression, "set_callbacks"):
        pytest.skip("scikit-learn has callbacks from 1.9 on")
    X, y = data
    heard = []

    class Listener:
        def setup(self, estimator, context):
            heard.append("setup")

        def on_fit_task_begin(self, estimator, context, **_):
            heard.append("begin")

        def on_fit_task_end(self, estimator, context, **_):
            heard.append("end")

        def teardown(self, estimator, context):
            heard.append("teardown")

    model = riata.LogisticRegression().set_callbacks(Listener()).fit(X, y > 0)
    assert heard == ["setup", "begin", "end", "teardown"]
    assert_array_equal(model.coef_, riata.LogisticRegression().fit(X, y > 0).coef_)
    with pytest.raises(InvalidParameterError):
        model.set_params(C=-1.0).fit(X, y > 0)
    with pytest.warns(UserWarning, match="no iteration"):
        riata.LogisticRegression(solver="saga").set_callbacks(Listener())
