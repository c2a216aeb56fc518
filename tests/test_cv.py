"""Cross-validation: every fold is the fit of its subset, scores are scikit-learn's, rules and weights mean what they say."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn import linear_model as sk
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata import ElasticNetCV, LassoCV

ESTIMATORS = [LassoCV, ElasticNetCV]
TIGHT = {"tol": 1e-12, "max_iter": 200_000}


def problem(rng, n=60, p=12, sparse=False):
    X = rng.standard_normal((n, p)) @ np.diag(rng.uniform(0.5, 2, p)) + rng.standard_normal(p)
    if sparse:
        X = sp.random_array((n, p), density=0.3, rng=rng, format="csc")
    w = np.where(rng.uniform(size=p) < 0.5, rng.standard_normal(p), 0)
    y = X @ w + 0.3 * rng.standard_normal(n) + 2
    return X, y


LAYOUTS = {
    "columns": np.asfortranarray,
    "rows": np.ascontiguousarray,
    "float32": lambda X: np.asarray(X, dtype=np.float32),
    "csc": sp.csc_array,
    "csr": sp.csr_array,
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_scikit_learn_contract(Estimator):
    failed = [r for r in check_estimator(Estimator(), on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


# ---------------------------------------------------------------- folds


@pytest.mark.parametrize("shape", [(60, 12), (40, 90), (400, 10)], ids=["both", "wide", "tall"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("standardize", [False, True], ids=["raw", "standardized"])
def test_every_fold_is_the_fit_of_its_rows(rng, shape, layout, is_weighted, standardize):
    X, y = problem(rng, *shape, sparse=layout.startswith("cs"))
    if layout == "float32":
        X = np.asarray(X, dtype=np.float32)  # both sides fit what float32 holds
    weight = rng.uniform(0.5, 2, len(y)) if is_weighted else None
    splits = list(KFold(4, shuffle=True, random_state=0).split(y))
    options = {"l1_ratio": 0.7, "standardize": standardize, "tol": 1e-10}
    result = riata.cv_path(
        LAYOUTS[layout](X), y, cv=splits, alphas=20, sample_weight=weight, **options
    )
    rows = sp.csr_array(X) if sp.issparse(X) else X
    for (train, test), path, scores in zip(splits, result.fold_paths[0], result.loss.T):
        s = None if weight is None else weight[train]
        alone = riata.path(rows[train], y[train], alphas=result.alphas, sample_weight=s, **options)
        assert path.dual_gaps.max() <= 1e-10
        assert_allclose(path.coefs.toarray(), alone.coefs.toarray(), atol=1e-5)
        assert_allclose(path.intercepts, alone.intercepts, atol=1e-5)
        error = (alone.predict(rows[test]) - y[test][:, None]) ** 2
        test_weight = None if weight is None else weight[test]
        assert_allclose(scores, np.average(error, axis=0, weights=test_weight), rtol=1e-5)


def test_the_models_of_all_rows_are_the_path(rng):
    X, y = problem(rng)
    result = riata.cv_path(X, y)
    path = riata.path(X, y, alphas=result.alphas)
    assert_allclose(result.path.coefs.toarray(), path.coefs.toarray(), atol=1e-9)
    assert_array_equal(result.coef, result.path.at(result.alpha).coef)
    assert result.certificate.alpha == result.alpha
    assert result.certificate.rel_gap <= 1e-6
    assert_allclose(result.predict(X), X @ result.coef + result.intercept)


def test_threads_do_not_change_the_result(rng):
    X, y = problem(rng, 100, 200)
    one, three = (riata.cv_path(X, y, n_threads=n) for n in (1, 3))
    assert_array_equal(one.loss, three.loss)


@pytest.mark.parametrize(
    "cv",
    [
        3,
        KFold(4, shuffle=True, random_state=1),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
        ShuffleSplit(4, random_state=0),
        TimeSeriesSplit(4),
        [(np.arange(60) % 2 == 0, np.arange(60) % 2 == 1), (np.arange(30), np.arange(-30, 0))],
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_scores_are_those_of_scikit_learn(rng, cv):
    X, y = problem(rng)
    ours = ElasticNetCV(l1_ratio=[0.3, 0.9], cv=cv).fit(X, y)
    theirs = sk.ElasticNetCV(l1_ratio=[0.3, 0.9], cv=cv, **TIGHT).fit(X, y)
    assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-7)


@pytest.mark.parametrize("params", [{}, {"fit_intercept": False}, {"positive": True}])
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("shape", [(60, 12), (2000, 30), (40, 300)])
def test_lasso_agrees_with_scikit_learn(rng, params, is_weighted, shape):
    X, y = problem(rng, *shape)
    weight = {"sample_weight": rng.uniform(0.5, 2, len(y))} if is_weighted else {}
    ours = LassoCV(eps=1e-2, **params).fit(X, y, **weight)
    theirs = sk.LassoCV(eps=1e-2, **params, **TIGHT).fit(X, y, **weight)
    assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    for name in ("alphas_", "mse_path_", "intercept_", "dual_gap_", "n_iter_"):
        assert np.shape(getattr(ours, name)) == np.shape(getattr(theirs, name))


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_weights_are_repetitions_in_the_scores_too(rng, Estimator):
    X, y = problem(rng)
    s = rng.integers(0, 4, len(y))
    groups = np.arange(len(y)) % 5
    cv = LeaveOneGroupOut()
    weighted = Estimator(cv=cv, store_predictions=True).fit(X, y, sample_weight=s, groups=groups)
    X2, y2, groups2 = (np.repeat(a, s, axis=0) for a in (X, y, groups))
    repeated = Estimator(cv=cv).fit(X2, y2, groups=groups2)
    listed = [(np.repeat(a, s[a]), np.repeat(b, s[b])) for a, b in cv.split(X, y, groups)]
    by_rows = Estimator(cv=listed, alphas=weighted.alphas_).fit(X, y)
    for other in (repeated, by_rows):
        assert_allclose(weighted.mse_path_, other.mse_path_, rtol=1e-8)
    assert_allclose(weighted.alphas_, repeated.alphas_)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)


def test_ridge_and_no_penalty_are_cross_validated_too(rng):
    X, y = problem(rng)
    alphas = np.array([1.0, 0.1, 0.0])
    result = riata.cv_path(X, y, l1_ratio=[0.0, 1.0], alphas=alphas, predictions=True)
    for (train, test), mse in zip(result.splits, result.loss[0].T):
        for k, alpha in enumerate(alphas):
            ridge = sk.Ridge(alpha * len(train)).fit(X[train], y[train])
            assert_allclose(mse[k], np.mean((ridge.predict(X[test]) - y[test]) ** 2), rtol=1e-8)
    assert_allclose(result.loss[0, 2], result.loss[1, 2], rtol=1e-6)
    assert riata.cv_path(X, y, l1_ratio=0.0).alphas.shape == (100,)


# ---------------------------------------------------------------- choice


@pytest.mark.parametrize("trial", range(20))
def test_one_standard_error_rule_never_chooses_less_penalty(trial):
    rng = np.random.default_rng(trial)
    X, y = problem(rng, 40, 15)
    y += rng.standard_normal(40) * trial / 4
    result = riata.cv_path(X, y, l1_ratio=[0.5, 1.0])
    row = list(result.l1_ratios).index(result.l1_ratio)
    k = list(result.alphas[row]).index(result.alpha_1se)
    best = result.mean_score.min()
    assert result.alpha == result.alpha_min <= result.alpha_1se
    assert result.mean_score[row, k] <= best + result.std_error[result.best_index]
    assert (result.mean_score[row, :k] > best + result.std_error[result.best_index]).all()
    result.choose("1se")
    assert result.alpha == result.alpha_1se


def test_a_callable_chooses(rng):
    X, y = problem(rng)

    def fewest(cv_results):
        assert len(cv_results["param_alpha"]) == 200
        return int(np.flatnonzero(cv_results["n_features"] == 3)[0])

    model = ElasticNetCV(l1_ratio=[0.5, 1.0], select=fewest).fit(X, y)
    assert np.count_nonzero(model.coef_) == 3
    with pytest.raises(ValueError, match="index 200"):
        ElasticNetCV(l1_ratio=[0.5, 1.0], select=lambda _: 200).fit(X, y)


def test_cv_results_rank_the_models(rng):
    X, y = problem(rng)
    model = LassoCV().fit(X, y)
    results = model.cv_results_
    best = int(np.argmin(results["rank_test_score"]))
    assert results["params"][best] == {"alpha": model.alpha_, "l1_ratio": 1.0}
    assert_allclose(results["split1_test_score"], -model.mse_path_[:, 1])
    assert_allclose(results["mean_test_score"], -model.mse_path_.mean(axis=1))


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error", "plain"])
def test_scoring(rng, scoring):
    X, y = problem(rng)

    def plain(estimator, X, y):
        assert X.shape[1] == 12
        return -float(np.max(np.abs(estimator.predict(X) - y)))

    scorer = plain if scoring == "plain" else scoring
    cv = KFold(3, shuffle=True, random_state=0)
    result = riata.cv_path(X, y, cv=cv, scoring=scorer, alphas=[1.0, 0.1, 0.01])
    for k, alpha in enumerate(result.alphas):
        lasso = sk.Lasso(alpha, **TIGHT)
        assert_allclose(
            result.scores[k], cross_val_score(lasso, X, y, cv=cv, scoring=scorer), rtol=1e-6
        )
    assert result.alpha == result.alphas[result.mean_score.argmax()]
    if scoring == "plain":
        with pytest.raises(ValueError, match="sample_weight"):
            riata.cv_path(X, y, scoring=scorer, sample_weight=np.arange(60.0))


def test_predictions_of_rows_held_out(rng):
    X, y = problem(rng)
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    result = riata.cv_path(X, y, cv=cv, alphas=10, predictions=True)
    expected = np.zeros((60, 10))
    for (_, test), path in zip(result.splits, result.fold_paths[0]):
        expected[test] += path.predict(X[test]) / 2
    assert_allclose(result.predictions, expected, atol=1e-10)
    never = riata.cv_path(X, y, cv=TimeSeriesSplit(2), alphas=10, predictions=True)
    assert np.isnan(never.predictions[:20]).all()


# ---------------------------------------------------------------- manners


def test_groups_reach_the_splitter(rng):
    X, y = problem(rng)
    groups = rng.integers(0, 6, len(y))
    splits = list(GroupKFold(3).split(X, y, groups))
    expected = LassoCV(cv=splits).fit(X, y).mse_path_
    assert_array_equal(LassoCV(cv=GroupKFold(3)).fit(X, y, groups=groups).mse_path_, expected)
    assert_array_equal(
        riata.cv_path(X, y, cv=GroupKFold(3), eps=1e-3, groups=groups).loss, expected
    )
    with config_context(enable_metadata_routing=True):
        assert_array_equal(LassoCV(cv=GroupKFold(3)).fit(X, y, groups=groups).mse_path_, expected)
        search = GridSearchCV(LassoCV(cv=GroupKFold(2)), {"eps": [0.1]}, cv=GroupKFold(2))
        assert search.fit(X, y, groups=groups).best_score_ > 0
    with pytest.raises(ValueError, match="GroupKFold"):
        LassoCV().fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="nonsense, which is only supported if enable_metadata"):
        LassoCV().fit(X, y, nonsense=groups)


def test_works_inside_scikit_learn(rng):
    X, y = problem(rng)
    pipeline = make_pipeline(StandardScaler(), ElasticNetCV(l1_ratio=[0.5, 1.0]))
    assert cross_val_score(pipeline, X, y).mean() > 0.5
    search = GridSearchCV(LassoCV(), {"select": ["min", "1se"]}).fit(X, y)
    assert search.best_score_ > 0.5
    model = clone(LassoCV(select="1se", cv=3)).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert repr(again.cv_result_) == repr(model.cv_result_)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"cv": 1}, ValueError, "cv must be at least 2"),
        ({"cv": 61}, ValueError, "n_splits=61"),
        ({"cv": "five"}, ValueError, "cv must be"),
        ({"cv": []}, ValueError, "no split"),
        ({"cv": [(np.arange(3), [])]}, ValueError, "test rows of split 0"),
        ({"cv": [(np.arange(3), [60])]}, ValueError, r"test rows of split 0 .* got 60"),
        ({"cv": [(np.arange(3), [0.5])]}, ValueError, "row numbers"),
        ({"cv": [(np.zeros(3, bool), [1])]}, ValueError, "mask"),
        ({"cv": [3]}, ValueError, "pairs"),
        ({"select": "best"}, ValueError, "select"),
        ({"select": 1}, TypeError, "select"),
        ({"scoring": 1}, TypeError, "scoring"),
        ({"l1_ratio": []}, ValueError, "l1_ratio"),
        ({"l1_ratio": [0.5, 2]}, ValueError, r"l1_ratio\[1\]"),
        ({"eps": 0.0}, ValueError, "eps"),
        ({"alphas": []}, ValueError, "alphas"),
        ({"time_limit": 0}, ValueError, "time_limit"),
    ],
)
def test_bad_input_is_named(rng, params, error, message):
    X, y = problem(rng)
    with pytest.raises(error, match=message):
        riata.cv_path(X, y, **params)


def test_a_fold_without_weight_is_refused(rng):
    X, y = problem(rng)
    s = np.ones(60)
    s[:12] = 0
    with pytest.raises(ValueError, match="split 0 of cv has no row with a positive sample_weight"):
        LassoCV().fit(X, y, sample_weight=s)


def test_a_short_time_limit_leaves_what_all_folds_reached(rng):
    X, y = problem(rng, 300, 600)
    full = riata.cv_path(X, y, eps=1e-3)
    result = riata.cv_path(X, y, eps=1e-3, time_limit=1e-6)
    scored = ~np.isnan(result.mean_score)
    assert 0 < scored.sum() < 100
    assert_allclose(result.loss[scored], full.loss[scored], rtol=1e-9)
    assert result.alpha in result.alphas[scored]
    assert np.isnan(result.cv_results_["mean_test_score"][~scored]).all()


def test_gaps_that_are_too_large_are_reported(rng):
    X, y = problem(rng)
    with pytest.warns(ConvergenceWarning, match="solutions did not reach"):
        riata.cv_path(X, y, alphas=[1e-3], max_iter=1, tol=1e-14)


def test_progress_and_pictures(rng):
    tqdm = pytest.importorskip("tqdm")
    pytest.importorskip("matplotlib")
    X, y = problem(rng)
    result = riata.cv_path(X, y, l1_ratio=[0.5, 1], progress=True)
    axes = result.plot()
    assert "mean squared error" in axes.get_ylabel()
    model = LassoCV(select="1se").fit(X, y)
    assert any(
        f"{model.alpha_1se_:.3g}" in text.get_text()
        for text in model.plot_cv().get_legend().get_texts()
    )
    assert tqdm is not None


# ---------------------------------------------------------------- moments that folds share


@pytest.mark.parametrize("layout", ["columns", "rows", "csc"])
@pytest.mark.parametrize("kind", ["drift", "far", "scales", "one fold", "outlier", "twice"])
def test_sums_over_cells_that_could_round_are_not_relied_on(rng, kind, layout):
    n, p = 100, 40
    X = rng.standard_normal((n, p))
    if layout == "csc":
        X *= rng.uniform(size=(n, p)) < 0.3
    y = X[:, :8] @ rng.standard_normal(8) + 0.1 * rng.standard_normal(n)
    cv = list(KFold(5).split(X))
    if kind == "drift":  # the mean of a fold is far from the mean of all rows
        X[:, 0] += 1e5 * (np.arange(n) // 20)
    elif kind == "far":
        X[:, ::2] += 1e7
    elif kind == "scales":
        X, y = X * 10.0 ** rng.integers(-100, 100, p), y * 1e100
    elif kind == "one fold":  # nowhere else do these columns vary
        X[:, :3] = [0.0, 5.0, 1e6]
        X[40:60, :3] += rng.standard_normal((20, 3))
    elif kind == "outlier":
        y[0] = 1e9
        X[5, 1] = 1e12
    else:
        cv = [(np.r_[train, train[:30]], test) for train, test in cv]
    result = riata.cv_path(LAYOUTS[layout](X), y, cv=cv, alphas=15, tol=1e-10)
    for (train, test), path, scores in zip(cv, result.fold_paths[0], result.loss.T):
        alone = riata.path(X[train], y[train], alphas=result.alphas, tol=1e-10)
        assert path.dual_gaps.max() <= 1e-10
        assert_allclose(path.dev_ratio, alone.dev_ratio, atol=1e-5)
        error = ((alone.predict(X[test]) - y[test][:, None]) ** 2).mean(axis=0)
        assert_allclose(scores, error, rtol=1e-4, atol=1e-4 * y[train].std() ** 2)


# ---------------------------------------------------------------- tall data, from moments


def test_columns_that_a_training_set_does_not_vary_in(rng):
    """Months as indicators, and folds in time: a training set may lack a month, or have nothing else."""
    n = 3000
    month = np.repeat(np.arange(6), n // 6)
    X = np.column_stack([rng.standard_normal((n, 5)), month[:, None] == np.arange(6)]) + 0.0
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = X @ rng.standard_normal(11) + rng.standard_normal(n)
    cv = LeaveOneGroupOut()
    ours = LassoCV(cv=cv, eps=1e-2).fit(X, y, groups=month)
    with config_context(enable_metadata_routing=True):
        theirs = sk.LassoCV(cv=cv, eps=1e-2, **TIGHT).fit(X, y, groups=month)
    assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    weights = np.array([1.0, 2, 0, 1, 0.5, 3, 1, 1, 1, np.inf, 1])
    result = riata.cv_path(
        X, y, cv=cv, groups=month, penalty_weights=weights, lower=-1, alphas=20, tol=1e-9
    )
    for (train, _), path in zip(result.splits, result.fold_paths[0]):
        alone = riata.path(
            X[train], y[train], alphas=result.alphas, penalty_weights=weights, lower=-1, tol=1e-9
        )
        assert_allclose(path.coefs.toarray(), alone.coefs.toarray(), atol=1e-5)


@pytest.mark.parametrize("kind", ["drift", "far", "scales", "exact"])
def test_moments_that_could_round_are_not_relied_on(rng, kind):
    n = 2000
    X = rng.standard_normal((n, 6))
    y = X @ rng.standard_normal(6) + 0.1 * rng.standard_normal(n)
    if kind == "drift":  # the mean of a fold is far from the mean of all rows
        X[:, 0] += 1e5 * (np.arange(n) // 400)
    elif kind == "far":
        X += 1e7
    elif kind == "scales":
        X, y = X * 10.0 ** np.array([-80, -40, 0, 40, 80, 100]), y * 1e100
    else:  # held-out errors are next to nothing
        y = X @ rng.standard_normal(6)
    result = riata.cv_path(X, y, alphas=30, eps=1e-6 if kind == "exact" else 1e-2, tol=1e-9)
    for (train, test), path, scores in zip(result.splits, result.fold_paths[0], result.loss.T):
        assert path.dual_gaps.max() <= 1e-9
        alone = riata.path(X[train], y[train], alphas=result.alphas, tol=1e-9)
        error = ((alone.predict(X[test]) - y[test][:, None]) / y.std()) ** 2
        assert_allclose(scores / y.var(), error.mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize(
    "cv",
    [KFold(5), KFold(5, shuffle=True, random_state=0), ShuffleSplit(5, random_state=0)],
)
def test_moments_give_what_rows_give(rng, cv):
    X, y = problem(rng, 1500, 10)
    s = rng.integers(0, 3, 1500).astype(float)
    splits = list(cv.split(X))
    tall = riata.cv_path(X, y, cv=splits, sample_weight=s, l1_ratio=[0.3, 1.0])
    rows = riata.cv_path(
        sp.csc_array(X), y, cv=splits, sample_weight=s, l1_ratio=[0.3, 1.0], predictions=True
    )
    assert_allclose(tall.loss, rows.loss, rtol=1e-8)
    assert_allclose(tall.coef, rows.coef, atol=1e-8)
    again = riata.cv_path(X, y, cv=splits, sample_weight=s, l1_ratio=[0.3, 1.0], predictions=True)
    assert_allclose(again.predictions, rows.predictions, atol=1e-8)


# ---------------------------------------------------------------- other families


@pytest.mark.parametrize("layout", ["columns", "rows", "csc"])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_folds_of_other_families(rng, family, layout):
    X, eta = problem(rng, 80, 8)
    eta -= eta.mean()
    y = rng.poisson(np.exp(0.3 * eta)).astype(float)
    if family == "binomial":
        y = np.where(eta + rng.logistic(size=80) > 0, "yes", "no")
    s = rng.uniform(0.5, 2, 80)
    offset = 0.1 * rng.standard_normal(80)
    X = LAYOUTS[layout](X)
    result = riata.cv_path(
        X, y, family=family, sample_weight=s, offset=offset, alphas=15, predictions=True, tol=1e-9
    )
    rows = sp.csr_array(X) if sp.issparse(X) else X
    for (train, test), path, loss in zip(result.splits, result.fold_paths[0], result.loss.T):
        given = {"sample_weight": s[train], "offset": offset[train]}
        alone = riata.path(
            rows[train], y[train], family=family, alphas=result.alphas, tol=1e-9, **given
        )
        assert_allclose(path.coefs.toarray(), alone.coefs.toarray(), atol=1e-4)
        eta = alone.predict(rows[test]) + offset[test][:, None]
        if family == "binomial":
            each = np.logaddexp(0, np.where((y[test] == "yes")[:, None], -eta, eta))
        else:
            t = y[test][:, None]
            each = np.exp(eta) - t - np.where(t > 0, t * (eta - np.log(np.maximum(t, 1))), 0)
        assert_allclose(loss, np.average(each, axis=0, weights=s[test]), rtol=1e-4)
    free = riata.cv_path(X, y, family=family, sample_weight=s, offset=offset, alphas=[0.1, 0.0])
    assert np.isfinite(free.loss).all()


def test_labels_are_scored_by_classifiers_scores(rng):
    X, eta = problem(rng, 90, 6)
    y = np.where(eta - eta.mean() + rng.logistic(size=90) > 0, "yes", "no")
    alphas = [0.1, 0.01]
    for scoring in ("accuracy", "neg_log_loss", "roc_auc"):
        result = riata.cv_path(X, y, family="binomial", scoring=scoring, alphas=alphas, tol=1e-12)
        for k, alpha in enumerate(alphas):
            model = riata.LogisticRegression(alpha=alpha, l1_ratio=1.0, tol=1e-6)
            scores = cross_val_score(model, X, y, cv=5, scoring=scoring)
            assert_allclose(result.scores[k], scores, rtol=1e-4)


def test_a_training_set_of_one_class_is_refused(rng):
    X, _ = problem(rng)
    y = np.arange(60) < 12
    with pytest.raises(ValueError, match="split 0 of cv: .*one class"):
        riata.cv_path(X, y, family="binomial", cv=KFold(5))


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_displaced_constant_of_a_training_set_may_vary_in_what_is_held_out(
    rng, family, fit_intercept
):
    n = 90
    X = rng.standard_normal((n, 5))
    X[30:, 4] = 1.0
    y = {
        "gaussian": X[:, 0] + rng.standard_normal(n),
        "binomial": (X[:, 0] + rng.logistic(size=n) > 0) + 0.0,
        "poisson": rng.poisson(np.exp(0.3 * X[:, 0])) + 0.0,
    }[family]
    result = riata.cv_path(
        X,
        y,
        family=family,
        lower=np.r_[np.full(4, -np.inf), 0.5],
        alphas=np.geomspace(0.2, 0.002, 8),
        cv=KFold(3),
        fit_intercept=fit_intercept,
    )
    for (_, test), path, loss in zip(result.splits, result.fold_paths[0], result.loss.T):
        eta = np.array([X[test] @ path.at(a).coef + path.at(a).intercept for a in result.alphas])
        held = {
            "gaussian": (y[test] - eta) ** 2,
            "binomial": np.logaddexp(0, np.where(y[test] > 0, -eta, eta)),
            "poisson": np.exp(eta) - y[test] * eta - y[test] + y[test] * np.log(y[test].clip(1)),
        }[family]
        assert_allclose(loss, held.mean(axis=1), rtol=1e-9, atol=1e-12)
