"""Cross-validation of several tasks: every fold is the fit of its rows, scores are scikit-learn's, moments are as good as rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit, TimeSeriesSplit

import riata
from riata import MultiTaskElasticNetCV, MultiTaskLassoCV, _core

LAYOUTS = {
    "columns": np.asfortranarray,
    "rows": np.ascontiguousarray,
    "float32": lambda X: np.asarray(X, dtype=np.float32),
    "csc": sp.csc_array,
    "csr": sp.csr_array,
}
SHAPES = {"both": (60, 12), "wide": (40, 90), "tall": (400, 10)}


def problem(rng, n=60, p=12, tasks=3, is_sparse=False):
    X = rng.standard_normal((n, p)) @ np.diag(rng.uniform(0.5, 2, p)) + rng.standard_normal(p)
    if is_sparse:
        X = X * (rng.uniform(size=X.shape) < 0.3)
    W = np.where(rng.uniform(size=(p, 1)) < 0.5, rng.standard_normal((p, tasks)), 0)
    return X, X @ W + 0.3 * rng.standard_normal((n, tasks)) + rng.normal(size=tasks)


def cv_path(X, Y, **options):
    return riata.cv_path(X, Y, family="multi-gaussian", **options)


def path(X, Y, **options):
    return riata.path(X, Y, family="multi-gaussian", early_stop=False, **options)


def held_out(result, X, Y, fold, weight=None):
    """Errors (k,) of a fold's own models on the rows it holds out, and the predictions (rows, tasks, k)."""
    test = result.splits[fold][1]
    eta = result.fold_paths[0][fold].predict(X[test])
    error = ((Y[test][:, :, None] - eta) ** 2).mean(axis=1)
    return np.average(error, axis=0, weights=None if weight is None else weight[test]), eta


def coefficients(path):
    return np.stack([path.of_task(t).coefs.toarray() for t in range(path.n_tasks)])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("is_weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("standardize", [False, True], ids=["raw", "standardized"])
def test_every_fold_is_the_fit_of_its_rows(rng, shape, layout, is_weighted, standardize):
    X, Y = problem(rng, *SHAPES[shape], is_sparse=layout.startswith("cs"))
    if layout == "float32":
        X = X.astype(np.float32).astype(np.float64)  # both sides fit what float32 holds
    weight = rng.choice([0.0, 0.5, 1.0, 2.0], len(Y)) if is_weighted else None
    splits = list(KFold(4, shuffle=True, random_state=0).split(Y))
    options = {"l1_ratio": 0.7, "standardize": standardize, "tol": 1e-10}
    result = cv_path(
        LAYOUTS[layout](X),
        Y,
        cv=splits,
        alphas=15,
        eps=1e-2,
        sample_weight=weight,
        predictions=True,
        **options,
    )
    for i, (train, test) in enumerate(splits):
        s = None if weight is None else weight[train]
        alone = path(X[train], Y[train], alphas=result.alphas, sample_weight=s, **options)
        fold = result.fold_paths[0][i]
        assert fold.dual_gaps.max() <= 1e-10
        assert_allclose(coefficients(fold), coefficients(alone), atol=1e-5)
        assert_allclose(fold.intercepts, alone.intercepts, atol=1e-5)
        error, eta = held_out(result, X, Y, i, weight)
        assert_allclose(result.loss[:, i], error, rtol=1e-9)
        assert_allclose(result.predictions[test], np.moveaxis(eta, 2, 1), atol=1e-9)
    whole = path(X, Y, alphas=result.alphas, sample_weight=weight, **options)
    assert_allclose(coefficients(result.path), coefficients(whole), atol=1e-5)


@pytest.mark.parametrize("shape", ["both", "tall"])
@pytest.mark.parametrize(
    "cv",
    [
        3,
        KFold(4, shuffle=True, random_state=1),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
        ShuffleSplit(4, random_state=0),
        TimeSeriesSplit(4),
        [(np.arange(60) % 2 == 0, np.arange(60) % 2 == 1), (np.arange(30), np.arange(30, 60))],
        [(np.r_[0:40, 0:20], np.r_[40:60, 50:60])],
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_scores_are_those_of_scikit_learn(rng, shape, cv):
    X, Y = problem(rng, *(SHAPES[shape] if not isinstance(cv, list) else (60, 10)))
    options = {"l1_ratio": [0.3, 1.0], "cv": cv, "alphas": 20, "eps": 1e-2}
    ours = MultiTaskElasticNetCV(**options).fit(X, Y)
    theirs = sk.MultiTaskElasticNetCV(**options, tol=1e-12, max_iter=100_000).fit(X, Y)
    assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)


@pytest.mark.parametrize("shape", [(100, 200), (1500, 12)], ids=["wide", "tall"])
def test_threads_do_not_change_the_result(rng, shape):
    X, Y = problem(rng, *shape)
    one, three = (cv_path(X, Y, alphas=30, eps=1e-2, n_threads=n) for n in (1, 3))
    assert_array_equal(one.alphas, three.alphas)
    assert_array_equal(one.loss, three.loss)
    for a, b in zip([one.path, *one.fold_paths[0]], [three.path, *three.fold_paths[0]]):
        assert_array_equal(coefficients(a), coefficients(b))


@pytest.mark.parametrize("shape", [(300, 600), (2000, 20)], ids=["wide", "tall"])
def test_a_short_time_limit_leaves_what_all_folds_reached(rng, shape):
    X, Y = problem(rng, *shape)
    full = cv_path(X, Y, alphas=40, eps=1e-2)
    result = cv_path(X, Y, alphas=40, eps=1e-2, time_limit=1e-6)
    scored = ~np.isnan(result.mean_score)
    assert 0 < scored.sum() < 40
    assert_allclose(result.loss[scored], full.loss[scored], rtol=1e-9)
    assert result.alpha in result.alphas[scored]


def test_progress_is_reported(rng):
    X, Y = problem(rng, 200, 150)
    seen = []
    arguments = {"alphas": np.geomspace(1, 0.01, 25), "progress": seen.append}
    splits = [(train, test) for train, test in KFold(3).split(X)]
    _core.cross_validate(X, Y, splits, [1.0], family="multi-gaussian", **arguments)
    assert seen == sorted(seen)
    assert all(0 <= done <= 25 * 4 for done in seen)


def test_an_interruption_ends_all_folds(rng):
    X, Y = problem(rng, 400, 1500)

    def interrupt(done):
        raise KeyboardInterrupt

    splits = list(KFold(5).split(X))
    for n_threads in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            _core.cross_validate(
                X,
                Y,
                splits,
                [1.0],
                family="multi-gaussian",
                eps=1e-3,
                progress=interrupt,
                n_threads=n_threads,
            )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower": np.zeros(12)}, "neither bounds nor an offset"),
        ({"offset": np.zeros(60)}, "neither bounds nor an offset"),
        ({"l1_ratios": [0.0], "alphas": np.ones(1)}, "l1_ratios"),
        ({"splits": [(np.arange(50), np.array([60]))]}, r"test\[0\] is 60"),
        ({"splits": []}, "no folds"),
    ],
)
def test_the_core_refuses_bad_input(rng, change, message):
    X, Y = problem(rng)
    given = {"splits": [(np.arange(50), np.arange(50, 60))], "l1_ratios": [1.0], **change}
    with pytest.raises(ValueError, match=message):
        _core.cross_validate(X, Y, family="multi-gaussian", **given)


# ---------------------------------------------------------------- tall data, from moments


@pytest.mark.parametrize(
    "cv",
    [KFold(5), KFold(5, shuffle=True, random_state=0), ShuffleSplit(5, random_state=0)],
)
@pytest.mark.parametrize("tasks", [1, 4, 25])
def test_moments_give_what_rows_give(rng, cv, tasks):
    X, Y = problem(rng, 1500, 10, tasks)
    s = rng.integers(0, 3, 1500).astype(float)
    options = {
        "cv": list(cv.split(X)),
        "sample_weight": s,
        "l1_ratio": [0.3, 1.0],
        "alphas": 30,
        "eps": 1e-3,
        "predictions": True,
    }
    tall, rows = cv_path(X, Y, **options), cv_path(sp.csc_array(X), Y, **options)
    assert_allclose(tall.alphas, rows.alphas, rtol=1e-10)
    assert_allclose(tall.loss, rows.loss, rtol=1e-8)
    assert_allclose(tall.coef, rows.coef, atol=1e-8)
    assert_allclose(tall.predictions, rows.predictions, atol=1e-8)


def test_weights_are_repetitions_in_the_scores_too(rng):
    X, Y = problem(rng, 800, 10)
    s = rng.integers(0, 4, 800)
    again = np.repeat(np.arange(800), s)
    splits = list(KFold(4).split(X))
    copies = [tuple(np.flatnonzero(np.isin(again, side)) for side in split) for split in splits]
    options = {"alphas": 20, "eps": 1e-2}
    weighted = MultiTaskLassoCV(cv=splits, **options).fit(X, Y, sample_weight=s)
    repeated = MultiTaskLassoCV(cv=copies, **options).fit(X[again], Y[again])
    assert_allclose(weighted.mse_path_, repeated.mse_path_, rtol=1e-8)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-8)


@pytest.mark.parametrize("kind", ["drift", "far", "scales", "exact", "far tasks", "rare task"])
def test_moments_that_could_round_are_not_relied_on(rng, kind):
    n = 2000
    X = rng.standard_normal((n, 6))
    W = rng.standard_normal((6, 3))
    Y = X @ W + 0.1 * rng.standard_normal((n, 3))
    if kind == "drift":  # the mean of a fold is far from the mean of all rows
        X[:, 0] += 1e5 * (np.arange(n) // 400)
    elif kind == "far":
        X += 1e7
    elif kind == "scales":
        X, Y = X * 10.0 ** np.array([-80, -40, 0, 40, 80, 100]), Y * 1e100
    elif kind == "exact":  # held-out errors are next to nothing
        Y = X @ W
    elif kind == "far tasks":  # all of what varies is in one fold
        Y[:400] += 1e6 * rng.standard_normal((400, 3))
    else:  # constant in one training set
        Y[:, 1] = np.where(np.arange(n) < 400, Y[:, 1], 0.0)
    eps = 1e-6 if kind == "exact" else 1e-2
    result = cv_path(X, Y, alphas=25, eps=eps, tol=1e-9)
    for i, (train, test) in enumerate(result.splits):
        fold = result.fold_paths[0][i]
        assert fold.dual_gaps.max() <= 1e-9
        alone = path(X[train], Y[train], alphas=result.alphas, tol=1e-9)
        error = (((alone.predict(X[test]) - Y[test][:, :, None]) / Y.std()) ** 2).mean(axis=(0, 1))
        assert_allclose(result.loss[:, i] / Y.var(), error, rtol=1e-4)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_weights_of_penalties_and_columns_that_do_not_vary(rng, fit_intercept):
    X, Y = problem(rng, 1200, 9)
    X[:, 3] = np.arange(1200) < 300  # constant in the training set of the first fold
    u = np.array([1.0, 2.0, 0.0, 1.0, 0.5, np.inf, 1.0, 1.0, 3.0])
    options = {"penalty_weights": u, "fit_intercept": fit_intercept, "tol": 1e-9}
    result = cv_path(X, Y, cv=KFold(4), alphas=20, eps=1e-2, **options)
    grid = path(X, Y, alphas=20, eps=1e-2, **options).alphas
    assert_allclose(result.alphas, grid, rtol=1e-9)
    for i, (train, _) in enumerate(result.splits):
        alone = path(X[train], Y[train], alphas=result.alphas, **options)
        fold = result.fold_paths[0][i]
        assert fold.dual_gaps.max() <= 1e-9
        assert_allclose(coefficients(fold), coefficients(alone), atol=1e-5)
        assert_allclose(result.loss[:, i], held_out(result, X, Y, i)[0], rtol=1e-8)


def test_folds_with_a_stretched_grid_and_little_memory(rng):
    X, Y = problem(rng, 900, 10)
    plenty = cv_path(X, Y, alphas=20, eps=1e-2)
    little = cv_path(X, Y, alphas=20, eps=1e-2, memory_limit=1)
    assert_allclose(plenty.loss, little.loss, rtol=1e-7)
