"""Metadata routing of the cross-validating estimators: what scikit-learn's own do with the same requests."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn import linear_model as sk
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score

from riata import ElasticNetCV, LassoCV, LogisticRegressionCV, RidgeCV

CLASSES = [LassoCV, ElasticNetCV, RidgeCV, LogisticRegressionCV]

# What scikit-learn is going to take for granted, said today.
NEW = {"l1_ratios": (0.0,), "scoring": None, "use_legacy_attributes": False}


def make(cls, **params):
    return cls(**(NEW if cls is LogisticRegressionCV else {}) | params)


@pytest.fixture(autouse=True)
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def data(rng):
    X = rng.standard_normal((60, 6))
    y = X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(60)
    return X, y, rng.uniform(0.2, 2, 60), rng.integers(0, 6, 60)


def target(cls, y):
    return y > 0 if cls is LogisticRegressionCV else y


def weighted_error(truth, guess, sample_weight=None, amount=None):
    assert amount is None or len(amount) == len(truth)
    weight = 1.0 if sample_weight is None else sample_weight
    scale = 1.0 if amount is None else amount
    return float(
        np.sum(weight * scale * (truth != guess if truth.dtype == bool else (truth - guess) ** 2))
    )


def seen_by_scorer(names):
    """A scorer with those requests and the list of what it got."""
    seen = []

    def metric(truth, guess, **given):
        seen.append(given)
        return weighted_error(truth, guess, **given)

    # The signature that routing looks at.
    def signed(truth, guess, sample_weight=None, amount=None):
        given = {"sample_weight": sample_weight, "amount": amount}
        return metric(truth, guess, **{k: v for k, v in given.items() if v is not None})

    scorer = make_scorer(signed, greater_is_better=False)
    return scorer.set_score_request(**{"sample_weight": False, **dict.fromkeys(names, True)}), seen


@pytest.mark.parametrize("cls", CLASSES)
def test_groups_reach_the_splitter(cls, data):
    X, y, _, groups = data
    y = target(cls, y)
    model = make(cls, cv=GroupKFold(3)).fit(X, y, groups=groups)
    plain = make(cls, cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y)
    assert_array_equal(model.coef_, plain.coef_)
    search = GridSearchCV(make(cls, cv=GroupKFold(2)), {"fit_intercept": [True]}, cv=GroupKFold(2))
    assert np.isfinite(search.fit(X, y, groups=groups).best_score_)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("names", [("sample_weight",), ("amount",), ("sample_weight", "amount")])
def test_the_scorer_gets_its_rows_of_what_it_requests(cls, data, names):
    X, y, s, _ = data
    y, amount = target(cls, y), np.arange(60.0)
    scorer, seen = seen_by_scorer(names)
    given = {"amount": amount} if "amount" in names else {}
    folds = [(np.arange(20, 60), np.arange(20)), (np.arange(40), np.arange(40, 60))]
    make(cls, cv=folds, scoring=scorer).fit(X, y, sample_weight=s, **given)
    assert {frozenset(got) for got in seen} == {frozenset(names)}
    for got in seen:
        if "amount" in got:
            rows = got["amount"].astype(int)
            assert_array_equal(rows, folds[0][1] if rows[0] == 0 else folds[1][1])
            if "sample_weight" in got:
                assert_allclose(got["sample_weight"], s[rows])


@pytest.mark.parametrize("cls", CLASSES)
def test_what_nobody_asked_for_is_an_error(cls, data):
    X, y, s, _ = data
    y = target(cls, y)
    scorer = make_scorer(weighted_error, greater_is_better=False)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        make(cls, cv=3, scoring=scorer).fit(X, y, sample_weight=s)
    with pytest.raises(TypeError, match="nonsense"):
        make(cls, cv=3).fit(X, y, nonsense=s)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_default_score_is_weighted(cls, data):
    X, y, s, _ = data
    y = target(cls, y)
    routed = make(cls, cv=3).fit(X, y, sample_weight=s)
    with config_context(enable_metadata_routing=False):
        plain = make(cls, cv=3).fit(X, y, sample_weight=s)
    assert_array_equal(routed.coef_, plain.coef_)


@pytest.mark.parametrize("cls", CLASSES)
def test_weights_pass_through_an_outer_search(cls, data):
    X, y, s, _ = data
    y = target(cls, y)
    model = make(cls, cv=3).set_fit_request(sample_weight=True)
    if cls is not LogisticRegressionCV:  # whose scorer is the one to ask
        model.set_score_request(sample_weight=True)
    assert np.isfinite(cross_val_score(model, X, y, cv=3, params={"sample_weight": s})).all()


@pytest.mark.parametrize("criterion", ["loo", "gcv"])
def test_leave_one_out_scores_follow_the_request(data, criterion):
    X, y, s, _ = data
    scorer, seen = seen_by_scorer(("sample_weight",))
    ours = RidgeCV(scoring=scorer, criterion=criterion).fit(X, y, sample_weight=s)
    assert_allclose(seen[0]["sample_weight"], s)
    if criterion == "loo":
        theirs = sk.RidgeCV(scoring=scorer).fit(X, y, sample_weight=s)
        assert ours.alpha_ == theirs.alpha_
        assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-6)


def test_logistic_scores_are_those_of_scikit_learn(data):
    X, y, s, _ = data
    scorer, _ = seen_by_scorer(("sample_weight",))
    shared = {"Cs": [0.1, 1.0], "cv": 3, "scoring": scorer, "l1_ratios": (0.0,)}
    shared["use_legacy_attributes"] = False
    ours = LogisticRegressionCV(**shared).fit(X, y > 0, sample_weight=s)
    theirs = sk.LogisticRegressionCV(**shared, tol=1e-8, max_iter=5000)
    theirs.fit(X, y > 0, sample_weight=s)
    assert_allclose(ours.scores_, theirs.scores_, rtol=1e-10)
    assert ours.C_ == theirs.C_
    assert_allclose(
        ours.score(X, y > 0, sample_weight=s), theirs.score(X, y > 0, sample_weight=s), rtol=1e-10
    )
