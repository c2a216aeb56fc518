"""LogisticRegressionCV: scikit-learn's contract, its scores and its coefficients."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.utils.estimator_checks import check_estimator

from riata import LogisticRegression, LogisticRegressionCV, cv_path, path

EXACT = {"tol": 1e-10, "max_iter": 20_000, "use_legacy_attributes": False}
# What scikit-learn is going to take for granted, said today.
NEW = {"l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}


def cross_validated(**params):
    return LogisticRegressionCV(**NEW | params)


def problem(rng, n=120, p=6, classes=2):
    X = rng.standard_normal((n, p)) + rng.standard_normal(p)
    margins = X[:, :classes] - X[:, :classes].mean(axis=0)
    labels = np.array(["a", "b", "c", "d"])[:classes]
    return X, labels[np.argmax(margins + rng.gumbel(size=(n, classes)), axis=1)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_contract():
    model = cross_validated(cv=3)  # as scikit-learn has its own checked
    failed = [r for r in check_estimator(model, on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("shape", [(120, 6), (60, 90)], ids=["tall", "wide"])
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
def test_ridge_penalties_agree_with_scikit_learn(rng, classes, shape, is_weighted, scoring):
    X, y = problem(rng, *shape, classes)
    s = {"sample_weight": rng.uniform(0.5, 2, len(y))} if is_weighted else {}
    Cs = [1.0, 0.01, 0.1]
    ours = cross_validated(Cs=Cs, scoring=scoring, tol=1e-6).fit(X, y, **s)
    theirs = sk.LogisticRegressionCV(Cs=Cs, l1_ratios=(0,), scoring=scoring, **EXACT).fit(X, y, **s)
    assert_allclose(ours.scores_, theirs.scores_, rtol=1e-5)
    assert_allclose(ours.coefs_paths_, theirs.coefs_paths_, atol=1e-4)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)
    assert (ours.C_, ours.l1_ratio_) == (theirs.C_, theirs.l1_ratio_)
    assert ours.n_iter_.shape == theirs.n_iter_.shape
    assert ours.certificate_.converged


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("layout", [np.asfortranarray, sp.csr_array])
def test_sparse_penalties_are_the_fits_of_the_subsets(rng, classes, layout):
    X, y = problem(rng, classes=classes)
    ratios, Cs = [0.5, 1.0], [0.05, 0.5, np.inf]
    splits = list(StratifiedKFold(3).split(X, y))
    model = cross_validated(
        Cs=Cs,
        l1_ratios=ratios,
        cv=splits,
        class_weight="balanced",
        scoring="neg_log_loss",
        tol=1e-5,
    ).fit(layout(X), y)
    share = {c: len(y) / classes / np.sum(y == c) for c in np.unique(y)}
    for i, (train, test) in enumerate(splits):
        for row, ratio in enumerate(ratios):
            for k, C in enumerate(Cs):
                alone = LogisticRegression(C=C, l1_ratio=ratio, class_weight=share, tol=1e-5)
                alone.fit(X[train], y[train])
                found = model.coefs_paths_[i, row, k]
                assert_allclose(found[:, :-1], alone.coef_, atol=2e-4)
                p = alone.predict_proba(X[test])
                loss = np.log(p[np.arange(len(test)), np.searchsorted(model.classes_, y[test])])
                assert_allclose(model.scores_[i, row, k], loss.mean(), rtol=1e-4)
    best = model.scores_.mean(axis=0)
    assert best[ratios.index(model.l1_ratio_), Cs.index(model.C_)] == best.max()


def test_without_refit_the_folds_are_averaged(rng):
    X, y = problem(rng)
    ours = cross_validated(Cs=4, refit=False, tol=1e-6).fit(X, y)
    theirs = sk.LogisticRegressionCV(Cs=4, l1_ratios=(0,), scoring=None, refit=False, **EXACT)
    theirs.fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    assert_allclose(ours.C_, theirs.C_)
    assert not hasattr(ours, "certificate_")


def test_groups_weights_and_rules(rng):
    X, y = problem(rng)
    groups = np.arange(120) % 4
    s = rng.integers(1, 4, 120)
    settings = {"Cs": 5, "l1_ratios": (1.0,), "scoring": "neg_log_loss", "cv": GroupKFold(4)}
    model = cross_validated(**settings).fit(X, y, groups=groups, sample_weight=s)
    X2, y2, groups2 = (np.repeat(a, s, axis=0) for a in (X, y, groups))
    splits = [
        (groups2 != groups[t[0]], groups2 == groups[t[0]])
        for _, t in GroupKFold(4).split(X, y, groups)
    ]
    repeated = cross_validated(**settings | {"cv": splits}).fit(X2, y2)
    assert_allclose(model.scores_, repeated.scores_, rtol=1e-4)
    assert_allclose(model.coef_, repeated.coef_, atol=1e-4)
    sparse = cross_validated(select="1se", **settings).fit(X, y, groups=groups, sample_weight=s)
    assert sparse.C_ <= model.C_
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert_array_equal(again.coefs_paths_, model.coefs_paths_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Cs": []}, "Cs"),
        ({"Cs": [1.0, -1.0]}, r"Cs\[1\]"),
        ({"l1_ratios": [2.0]}, r"l1_ratio"),
        ({"penalty": "l3"}, "penalty"),
        ({"use_legacy_attributes": "yes"}, "use_legacy_attributes"),
    ],
)
def test_bad_input_is_named(rng, params, message):
    with pytest.raises(ValueError, match=message):
        cross_validated(**params).fit(*problem(rng))


def objective(X, y, s, alpha, ratio, coef, intercept):
    """Mean loss and penalty, in the units of the paths."""
    eta = X @ coef + intercept
    loss = np.average(np.logaddexp(0, np.where(y > 0, -eta, eta)), weights=s)
    return loss + alpha * (ratio * np.abs(coef).sum() + (1 - ratio) / 2 * coef @ coef)


@pytest.mark.parametrize("layout", [np.asfortranarray, np.ascontiguousarray, sp.csc_array])
@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
def test_solutions_of_folds_are_those_of_the_subsets(rng, layout, ratio, is_weighted):
    # Folds of neighbouring rows, in blocks longer than those that sweeps pass over, whose features drift with time.
    n, p = 1500, 25
    X = rng.standard_normal((n, p)) + np.linspace(-1, 1, n)[:, None] * rng.standard_normal(p)
    X[np.abs(X) < 0.4] = 0
    y = (X[:, :4].sum(axis=1) + rng.logistic(size=n) > 0).astype(float)
    s = rng.uniform(0.2, 3, n) if is_weighted else None
    alphas, tol = np.geomspace(0.2, 0.002, 12), 1e-7
    splits = list(KFold(3).split(X))
    result = cv_path(
        layout(X),
        y,
        family="binomial",
        l1_ratio=ratio,
        alphas=alphas,
        cv=splits,
        sample_weight=s,
        tol=tol,
    )
    for i, fold in enumerate(result.fold_paths[0]):
        train, test = splits[i]
        own = {"sample_weight": None if s is None else s[train]}
        options = {"family": "binomial", "l1_ratio": ratio, "alphas": alphas, "early_stop": False}
        alone = path(layout(X[train]), y[train], tol=1e-10, **options, **own)
        assert fold.dual_gaps.max() <= tol
        weights = np.ones(len(train)) if s is None else s[train]
        share = np.average(y[train], weights=weights)
        null = -(share * np.log(share) + (1 - share) * np.log(1 - share))
        for k, alpha in enumerate(alphas):
            values = [
                objective(X[train], y[train], weights, alpha, ratio, one.coef, one.intercept)
                for one in (fold.at(alpha), alone.at(alpha))
            ]
            assert -1e-10 < values[0] - values[1] <= tol * null
            eta = X[test] @ fold.at(alpha).coef + fold.at(alpha).intercept
            held = np.logaddexp(0, np.where(y[test] > 0, -eta, eta))
            mean = np.average(held, weights=None if s is None else s[test])
            assert_allclose(result.loss[k, i], mean, rtol=1e-12)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_threads_change_nothing(rng, ratio):
    X, y = problem(rng, n=900, p=30)
    paths = [
        cv_path(
            X, y, family="binomial", l1_ratio=ratio, alphas=np.geomspace(0.2, 1e-3, 15), n_threads=k
        )
        for k in (1, 2, 3)
    ]
    for other in paths[1:]:
        assert_array_equal(other.loss, paths[0].loss)
        assert_array_equal(other.coef, paths[0].coef)


def test_separated_features_take_few_systems(rng):
    # Nobody of the last group is positive, so that its coefficient grows like log(1 / alpha), by 1 with each Newton step.
    n = 3000
    X = np.asfortranarray(rng.standard_normal((n, 4)))
    X[:, 3] = rng.random(n) < 0.05
    y = (X[:, 0] + rng.logistic(size=n) > 0) & (X[:, 3] == 0)
    alphas = [1e-4, 1e-10]
    found = path(X, y, family="binomial", l1_ratio=0.0, alphas=alphas, early_stop=False)
    assert found.dual_gaps.max() <= 1e-6
    assert found.at(1e-10).coef[3] < -12
    assert found.n_iter.max() <= 12  # 15 without longer steps


def test_out_of_time_paths_of_folds_end_early(rng):
    X, y = problem(rng, n=400, p=30)
    result = cv_path(X, y, family="binomial", alphas=50, time_limit=1e-9)
    assert 1 <= np.isfinite(result.loss).all(axis=1).sum() < 50
