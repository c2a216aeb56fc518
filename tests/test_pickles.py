"""What fitted estimators carry when they are pickled or copied: the model, its certificate and the scores."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk

import riata

NEW = {"l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}


@pytest.fixture
def data(rng):
    X = rng.standard_normal((200, 50))
    return X, X[:, :8].sum(axis=1) + rng.standard_normal(200)


def size(model):
    return len(pickle.dumps(model))


def test_a_lasso_cv_weighs_what_scikit_learns_does(rng):
    X = rng.standard_normal((200, 2000))
    y = X[:, :8].sum(axis=1) + rng.standard_normal(200)
    assert size(riata.LassoCV().fit(X, y)) < 1.5 * size(sk.LassoCV().fit(X, y))


def test_cross_validated_models_grow_with_the_scores_only(data):
    X, y = data
    assert size(riata.LassoCV().fit(X, y)) < 1.5 * size(sk.LassoCV().fit(X, y))
    ratios = [0.2, 0.8]
    ours, theirs = riata.ElasticNetCV(l1_ratio=ratios), sk.ElasticNetCV(l1_ratio=ratios)
    assert size(ours.fit(X, y)) < 1.5 * size(theirs.fit(X, y))
    wide = X.T[:, :60]  # folds of wide data know X itself
    labels = np.arange(50) % 2
    ours, theirs = riata.LogisticRegressionCV(**NEW), sk.LogisticRegressionCV(**NEW)
    assert size(ours.fit(wide, labels)) < 1.5 * size(theirs.fit(wide, labels))


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
@pytest.mark.parametrize("cls", [riata.LassoCV, riata.ElasticNetCV, riata.MultiTaskLassoCV])
def test_scores_and_the_model_chosen_survive(data, again, cls):
    pytest.importorskip("matplotlib").use("Agg")
    pandas = pytest.importorskip("pandas")
    X, y = data
    X = pandas.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
    Y = np.c_[y, -y] if cls is riata.MultiTaskLassoCV else y
    params = {"l1_ratio": [0.5, 1.0]} if cls is riata.ElasticNetCV else {}
    model = cls(**params, select="1se").fit(X, Y)
    other = again(model)
    for name in ("alphas_", "mse_path_", "coef_", "alpha_", "alpha_1se_", "certificate_"):
        assert_array_equal(getattr(other, name), getattr(model, name))
    for key, values in model.cv_results_.items():
        assert_array_equal(other.cv_results_[key], values)
    result = other.cv_result_
    assert_allclose(result.coef, model.cv_result_.coef)
    assert_allclose(result.intercept, model.cv_result_.intercept)
    assert_allclose(result.predict(X), model.predict(X))
    assert_array_equal(result.path.alphas, model.cv_result_.path.alphas)
    assert_array_equal(result.path.feature_names_in_, X.columns)
    assert repr(result) == repr(model.cv_result_)
    assert result.certificate == model.certificate_
    other.plot_cv()
    assert len(pickle.dumps(again(other))) < 1.1 * len(pickle.dumps(model))


def test_what_is_gone_says_so(data):
    X, y = data
    model = riata.LassoCV().fit(X, y)
    result = pickle.loads(pickle.dumps(model)).cv_result_
    with pytest.raises(AttributeError, match="take fold_paths before, or pickle its cv_result_"):
        result.fold_paths
    with pytest.raises(AttributeError, match="take coefs before"):
        result.path.coefs
    with pytest.raises(ValueError, match="take the model at alpha=1 before"):
        result.path.at(1.0)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        result.nonsense
    whole = pickle.loads(pickle.dumps(model.cv_result_))
    assert len(whole.fold_paths[0]) == 5
    assert_array_equal(whole.path.coefs.toarray(), model.cv_result_.path.coefs.toarray())


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_paths_of_logistic_folds_survive(data, legacy, l1_ratio):
    X, y = data
    labels = np.digitize(y, [-1, 1])
    settings = NEW | {"use_legacy_attributes": legacy, "l1_ratios": (l1_ratio,), "Cs": 3, "cv": 2}
    model = riata.LogisticRegressionCV(**settings).fit(X, labels)
    other = pickle.loads(pickle.dumps(model))
    if legacy:
        for label in range(3):
            assert_array_equal(other.coefs_paths_[label], model.coefs_paths_[label])
    else:
        assert_array_equal(other.coefs_paths_, model.coefs_paths_)
    other.set_params(cv=3).fit(X, labels)
    shape = np.shape(other.coefs_paths_[0] if legacy else other.coefs_paths_)
    assert shape[0] == 3


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_takes_what_models_carry(data, protocol):
    X, y = data
    model = riata.LassoIC().fit(X, y)
    other = pickle.loads(pickle.dumps(model, protocol))
    assert other.certificate_ == model.certificate_
    assert_array_equal(other.path_.dual_gaps, model.path_.dual_gaps)
    assert_array_equal(other.criteria_.bic, model.criteria_.bic)
    assert other.path_.at(model.alpha_).alpha == model.alpha_


def test_states_of_earlier_versions_are_taken(data):
    """Frozen classes wrote the list of their fields, others (None, a dictionary), and CV estimators their whole result."""
    X, y = data
    model = riata.LassoCV(alphas=5).fit(X, y)
    certificate, arrays = model.certificate_, model.cv_result_.path._arrays
    old = object.__new__(type(certificate))
    old.__setstate__(list(certificate.__getstate__().values()))
    assert old == certificate
    old = object.__new__(type(arrays))
    old.__setstate__((None, arrays.__getstate__()))
    assert_array_equal(old.data, arrays.data)
    whole = object.__new__(riata.LassoCV)
    whole.__setstate__(dict(vars(model)))
    assert len(whole.cv_result_.fold_paths[0]) == 5
