"""Standard errors of cross-validation that repeats do not shrink, the rules that use them, comparisons, and the minimum's optimism."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    KFold,
    LeaveOneOut,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
)

import riata
from riata._splits import overlap_of


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 30))
    return X, X[:, :4] @ [2.0, -1.0, 0.5, 0.3] + 1.5 * rng.standard_normal(80)


def splits_of(cv, n):
    return list(cv.split(np.zeros(n)))


@pytest.mark.parametrize(
    ("cv", "times", "share"),
    [
        (KFold(5), 1, 1 / 4),
        (RepeatedKFold(n_splits=5, n_repeats=7, random_state=0), 7, 1 / 4),
        (LeaveOneOut(), 1, 1 / 39),
        (ShuffleSplit(400, test_size=0.25, random_state=0), 100, 1 / 3),
    ],
)
def test_how_far_folds_repeat_one_another(cv, times, share):
    assert_allclose(overlap_of(splits_of(cv, 40), 40), (times, share))


def test_a_weight_of_two_overlaps_as_two_rows_do():
    weights = np.r_[np.full(10, 2.0), np.ones(10), np.zeros(5)]
    rows = np.repeat(np.arange(25), weights.astype(int))
    folds = splits_of(RepeatedKFold(n_splits=5, n_repeats=2, random_state=1), 25)
    repeated = [tuple(np.flatnonzero(np.isin(rows, side)) for side in fold) for fold in folds]
    assert_allclose(overlap_of(folds, 25, weights), overlap_of(repeated, 30))


def test_standard_errors_of_plain_folds_are_the_usual_ones(data):
    result = riata.cv_path(*data, cv=5)
    assert_allclose(result.std_error, result.loss.std(axis=1, ddof=1) / np.sqrt(5))


def test_the_same_folds_twice_know_no_more_than_once(data):
    folds = splits_of(KFold(5, shuffle=True, random_state=0), 80)
    once, twice = riata.cv_path(*data, cv=folds), riata.cv_path(*data, cv=folds + folds)
    spread = np.sqrt(5 * 9 / (4 * 10))  # of ddof=1 over five and over ten
    assert_allclose(once.std_error, twice.std_error * spread)
    assert_allclose(once.cv_results_["std_test_score"], twice.cv_results_["std_test_score"])
    assert_allclose(twice.cv_results_["std_test_score"], twice.loss.std(axis=1))


def data_sets():
    yield load_diabetes(return_X_y=True), "gaussian", RepeatedKFold
    yield load_breast_cancer(return_X_y=True), "binomial", RepeatedStratifiedKFold
    rng = np.random.default_rng(2)
    X = rng.standard_normal((100, 60))
    yield (X, X[:, :6].sum(axis=1) + 2 * rng.standard_normal(100)), "gaussian", RepeatedKFold


@pytest.mark.parametrize("case", list(data_sets()), ids=["diabetes", "breast_cancer", "sparse"])
def test_repeats_leave_the_one_standard_error_rule_where_it_is(case):
    (X, y), family, folds = case
    chosen = [
        [
            riata.cv_path(
                X[:, :30],
                y,
                family=family,
                standardize=True,
                alphas=np.geomspace(1, 1e-3, 200) * riata.alpha_max(X, y),
                cv=folds(n_splits=5, n_repeats=repeats, random_state=seed),
            ).alpha_1se
            for repeats in (1, 6)
        ]
        for seed in range(3)
    ]
    moved = np.exp(np.mean(np.diff(np.log(chosen), axis=1)))
    assert 1 / 1.2 <= moved <= 1.2


def test_the_half_standard_error_rule_goes_on_while_little_is_lost(data):
    result = riata.cv_path(*data, cv=RepeatedKFold(n_splits=5, n_repeats=2, random_state=0))
    best = int(np.argmin(result.mean_score))
    for k in range(best - 1, -1, -1):
        lost = result.loss[:, :][k] - result.loss[best]
        if lost.mean() > 0.5 * lost.std(ddof=1) * np.sqrt(1 / 10 + 1 / 4):
            break
    assert result.alpha_half_se == result.alphas[k + 1]
    assert result.alpha_min <= result.alpha_half_se <= result.alpha_1se
    result.choose("half_se")
    assert result.alpha == result.alpha_half_se
    X, y = data
    assert_allclose(result.predict(X), result.predict(X, "half_se"))
    model = riata.LassoCV(select="half_se", cv=4).fit(X, y)
    assert model.alpha_ == model.alpha_half_se_ == model.cv_result_.alpha_half_se


def test_classifiers_have_the_half_standard_error_rule(data):
    X, y = data
    settings = {
        "l1_ratios": (1.0,),
        "scoring": "neg_log_loss",
        "use_legacy_attributes": False,
        "Cs": 20,
    }
    Cs = [
        riata.LogisticRegressionCV(select=rule, **settings).fit(X, y > 0).C_
        for rule in ("min", "half_se", "1se")
    ]
    assert Cs[0] >= Cs[1] >= Cs[2]
    model = riata.LogisticRegressionCV(select="half_se", **settings).fit(X, y > 0)
    results = model.cv_results_
    losses = -np.array([results[f"split{i}_test_score"] for i in range(5)])
    best = int(np.argmin(losses.mean(axis=0)))
    chosen = int(np.flatnonzero(results["param_C"] == model.C_)[0])
    lost = losses[:, chosen] - losses[:, best]
    assert lost.mean() <= 0.5 * lost.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4) + 1e-12


def test_comparisons_are_paired_and_corrected(data):
    cv = RepeatedKFold(n_splits=5, n_repeats=2, random_state=0)
    result = riata.cv_path(*data, l1_ratio=[0, 1], cv=cv)
    (a, i), (b, j) = result.best_indices
    gaps = result.loss[a, i] - result.loss[b, j]
    compared = result.compare((a, i), (b, j))
    assert_allclose(compared.difference, gaps.mean())
    assert_allclose(compared.std_error, gaps.std(ddof=1) * np.sqrt(1 / 10 + 1 / 4))
    assert_allclose(compared.t, compared.difference / compared.std_error)
    assert compared.n_folds == 10
    assert result.compare((b, j), (a, i)).difference == -compared.difference
    assert result.compare("min", result.best_index) == result.compare("min", "min")
    assert result.compare("min", "min").t == 0
    flat = b * result.alphas.shape[1] + j
    assert result.compare((a, i), flat) == compared
    assert f"t = {compared.t:.2f}" in str(compared)


def test_models_of_two_results_are_compared_on_the_same_folds(data):
    X, y = data
    folds = KFold(5, shuffle=True, random_state=0)
    both = riata.cv_path(X, y, l1_ratio=[0.5, 1], cv=folds)
    one, other = (riata.cv_path(X, y, l1_ratio=ratio, cv=folds) for ratio in (0.5, 1))
    compared = one.compare("min", "min", other)
    expected = both.compare(*both.best_indices)
    assert_allclose(compared.difference, expected.difference, rtol=1e-4)
    with pytest.raises(ValueError, match="same folds"):
        one.compare("min", "min", riata.cv_path(X, y, cv=KFold(5)))


@pytest.mark.parametrize(
    ("which", "message"),
    [((5, 0), "i is"), (10**6, "i is"), ("2se", "i must be one of"), (-1, "i must be")],
)
def test_only_models_with_a_score_are_compared(data, which, message):
    result = riata.cv_path(*data, alphas=10)
    with pytest.raises(ValueError, match=message):
        result.compare(which, "min")


def test_a_single_fold_has_no_standard_error_to_choose_by(data):
    split = [(np.arange(60), np.arange(60, 80))]
    result = riata.cv_path(*data, cv=split)
    assert result.alpha_half_se == result.alpha_1se == result.alpha_min
    assert np.isnan(result.compare("min", 0).t)


def test_the_corrected_error_adds_what_each_fold_could_have_gained(data):
    result = riata.cv_path(*data, l1_ratio=[0.5, 1])
    least = result.mean_score.min()
    own = result.loss.reshape(-1, 5).min(axis=0)
    row, k = result.best_index
    assert_allclose(result.corrected_error, least + (result.loss[row, k] - own).mean())
    scored = riata.cv_path(*data, scoring="r2")
    assert scored.corrected_error < scored.mean_score.max()


def test_the_corrected_error_is_nearer_the_truth_than_the_minimum():
    flat, corrected, true = [], [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((2100, 30))
        y = X[:, 0] + 2 * rng.standard_normal(2100)
        result = riata.cv_path(X[:100], y[:100], cv=KFold(5))
        flat.append(result.mean_score.min())
        corrected.append(result.corrected_error)
        true.append(np.mean((y[100:] - result.predict(X[100:])) ** 2))
    flat, corrected, true = (np.mean(values) for values in (flat, corrected, true))
    assert flat < true
    assert abs(corrected - true) < 0.6 * abs(flat - true)


@pytest.mark.parametrize("criterion", ["aic", "aicc", "bic", "ebic"])
@pytest.mark.parametrize("p", [97, 3 * 97])
def test_no_criterion_takes_the_saturated_model(criterion, p):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((97, p))
        y = X[:, :3].sum(axis=1) + rng.standard_normal(97)
        model = riata.LassoIC(criterion).fit(X, y)
        assert np.count_nonzero(model.coef_) <= 97 / 2
        if criterion == "ebic":
            assert np.count_nonzero(model.coef_) <= 10
            assert model.coef_[:3].all()


def test_a_known_variance_bounds_nothing():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 35))
    y = X.sum(axis=1) + 0.1 * rng.standard_normal(40)
    model = riata.LassoIC("bic", noise_variance=0.01).fit(X, y)
    assert np.count_nonzero(model.coef_) > 20
    assert_allclose(model.coef_, LinearRegression().fit(X, y).coef_, atol=0.5)
