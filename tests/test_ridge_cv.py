"""RidgeCV: leave-one-out by one factorisation equals leaving one out; scikit-learn's numbers."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk
from sklearn.metrics import make_scorer, mean_squared_error
from sklearn.model_selection import GroupKFold, KFold
from sklearn.utils.estimator_checks import check_estimator

from riata import Ridge, RidgeCV

ALPHAS = np.logspace(-3, 3, 7)
SHAPES = {"tall": (60, 9), "wide": (20, 45), "square": (25, 25)}


def problem(rng, n, p, targets=None):
    X = rng.standard_normal((n, p)) @ np.diag(rng.uniform(0.5, 2, p)) + rng.standard_normal(p)
    Y = X[:, :3] @ rng.standard_normal((3, targets or 1)) + rng.standard_normal((n, targets or 1))
    return X, Y if targets else Y[:, 0]


def by_leaving_out(X, y, alpha, s=None, **params):
    """Squared errors times the weights, by refitting."""
    s = np.ones(len(y)) if s is None else s
    errors = np.zeros(len(y))
    for i in np.flatnonzero(s):
        rest = s.copy()
        rest[i] = 0
        errors[i] = (
            y[i] - Ridge(alpha, **params).fit(X, y, sample_weight=rest).predict(X[i : i + 1])[0]
        )
    return s * errors**2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("cv", [None, 3])
def test_scikit_learn_contract(cv):
    failed = [r for r in check_estimator(RidgeCV(cv=cv), on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("layout", [np.asfortranarray, np.ascontiguousarray, sp.csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
def test_leave_one_out_leaves_one_out(rng, shape, layout, fit_intercept, is_weighted):
    X, y = problem(rng, *shape)
    s = rng.integers(0, 3, len(y)).astype(float) if is_weighted else None
    model = RidgeCV([0.01, 3.0], fit_intercept=fit_intercept, store_cv_results=True)
    model.fit(layout(X), y, sample_weight=s)
    for k, alpha in enumerate([0.01, 3.0]):
        expected = by_leaving_out(X, y, alpha, s, fit_intercept=fit_intercept)
        assert_allclose(model.cv_results_[:, k], expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_unpenalised_and_excluded_features(rng, shape):
    X, y = problem(rng, *shape)
    v = np.ones(shape[1])
    v[0], v[1], v[2] = 0, np.inf, 5
    model = RidgeCV([0.5, 2.0], penalty_weights=v, store_cv_results=True).fit(X, y)
    for k, alpha in enumerate([0.5, 2.0]):
        expected = by_leaving_out(X, y, alpha, penalty_weights=v)
        assert_allclose(model.cv_results_[:, k], expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("targets", [None, 3])
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
def test_agrees_with_scikit_learn(rng, shape, targets, is_weighted):
    X, y = problem(rng, *shape, targets)
    s = {"sample_weight": rng.uniform(0.5, 2, len(y))} if is_weighted else {}
    variants = [{"store_cv_results": True}, {"scoring": "neg_mean_absolute_error"}]
    variants += [{"cv": KFold(4)}] if not is_weighted else []
    variants += [{"alpha_per_target": True}] if targets else []
    for params in variants:
        ours = RidgeCV(ALPHAS, **params).fit(X, y, **s)
        theirs = sk.RidgeCV(ALPHAS, **params).fit(X, y, **s)
        assert_allclose(ours.alpha_, theirs.alpha_)
        assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-6)
        assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
        assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-7)
        if "store_cv_results" in params:
            assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("layout", [np.asfortranarray, sp.csc_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("variant", ["plain", "weighted", "without rows", "penalties", "far off"])
def test_folds_of_a_wide_problem_are_fits_to_their_rows(rng, layout, fit_intercept, variant):
    X, y = problem(rng, 24, 60, 2)
    s = np.ones(24)
    params = {"fit_intercept": fit_intercept}
    if variant == "weighted":
        s = rng.uniform(0.1, 3, 24)
    elif variant == "without rows":
        s = rng.integers(0, 3, 24).astype(float)
    elif variant == "penalties":
        params["penalty_weights"] = np.r_[np.inf, rng.uniform(0.2, 2, 59)]
    elif variant == "far off":
        X[:6] += 100 * rng.standard_normal(60)
    train = [np.r_[0:15, 3, 3], np.arange(8, 24)]  # rows may be listed several times
    test = [np.arange(15, 24), np.arange(8)]
    alphas = [1e-3, 0.1, 30.0]
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    model = RidgeCV(alphas, cv=list(zip(train, test)), scoring=scorer, **params)
    model.fit(layout(X), y, sample_weight=s)
    scores = np.empty((2, 3))
    for i, (rows, held) in enumerate(zip(train, test)):
        for k, alpha in enumerate(alphas):
            one = Ridge(alpha, **params).fit(X[rows], y[rows], sample_weight=s[rows])
            scores[i, k] = -mean_squared_error(y[held], one.predict(X[held]), sample_weight=s[held])
    assert_allclose(model.best_score_, scores.mean(axis=0).max(), rtol=1e-7)
    assert model.alpha_ == alphas[scores.mean(axis=0).argmax()]


def test_generalised_cross_validation_is_its_formula(rng):
    X, y = problem(rng, 40, 6)
    model = RidgeCV([2.0], criterion="gcv").fit(X, y)
    Z = X - X.mean(axis=0)
    H = Z @ np.linalg.solve(Z.T @ Z + 2 * np.eye(6), Z.T) + 1 / 40
    r = y - H @ y
    assert_allclose(model.best_score_, -np.mean(r**2) / (1 - np.trace(H) / 40) ** 2)


def test_tiny_penalties_on_nearly_dependent_columns(rng):
    X, y = problem(rng, 40, 6)
    X = np.column_stack([X, X[:, :2] + 1e-7 * rng.standard_normal((40, 2))])
    model = RidgeCV([1e-9, 1e-6], store_cv_results=True).fit(X, y)
    for k, alpha in enumerate([1e-9, 1e-6]):
        assert_allclose(model.cv_results_[:, k], by_leaving_out(X, y, alpha), rtol=1e-4, atol=1e-8)


def test_weights_are_repetitions_in_the_scores_of_folds(rng):
    X, y = problem(rng, 60, 5)
    s = rng.integers(0, 4, 60)
    groups = np.arange(60) % 4
    weighted = RidgeCV(ALPHAS, cv=GroupKFold(4)).fit(X, y, sample_weight=s, groups=groups)
    X2, y2, groups2 = (np.repeat(a, s, axis=0) for a in (X, y, groups))
    splits = [(groups2 != g, groups2 == g) for g in range(4)]
    repeated = RidgeCV(ALPHAS, cv=splits).fit(X2, y2)
    assert weighted.alpha_ == repeated.alpha_
    assert_allclose(weighted.best_score_, repeated.best_score_)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alphas": []}, "alphas"),
        ({"alphas": [1.0, 0.0]}, r"alphas\[1\]"),
        ({"criterion": "cp"}, "criterion"),
        ({"cv": 3, "store_cv_results": True}, "incompatible"),
        ({"cv": 3, "alpha_per_target": True}, "incompatible"),
    ],
)
def test_bad_input_is_named(rng, params, message):
    with pytest.raises(ValueError, match=message):
        RidgeCV(**params).fit(*problem(rng, 20, 3))


def test_the_certificate_is_that_of_the_final_fit(rng):
    X, y = problem(rng, 60, 5)
    model = RidgeCV(ALPHAS).fit(X, y)
    assert model.certificate_.converged
    assert model.certificate_.alpha == pytest.approx(model.alpha_ / 60)
    assert_array_equal(model.coef_, Ridge(model.alpha_).fit(X, y).coef_)


def test_a_plain_scorer_sees_the_rows_held_out(rng):
    X, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    seen = []

    def scorer(model, rows, target):
        seen.append(rows.copy())
        return -np.mean((target - model.predict(rows)) ** 2)

    RidgeCV(alphas=[1.0], cv=4, scoring=scorer).fit(X, y)
    np.testing.assert_array_equal(np.concatenate(seen), X)
