"""Several tasks that share their features: optimality, scikit-learn's contract, cross-validation, and the traps."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata import MultiTaskElasticNet, MultiTaskElasticNetCV, MultiTaskLasso, MultiTaskLassoCV

ESTIMATORS = [MultiTaskLasso, MultiTaskElasticNet, MultiTaskLassoCV, MultiTaskElasticNetCV]
KINDS = ["plain", "correlated", "duplicate", "sparse", "cumulative", "scaled"]


def problem(rng, n=50, p=15, tasks=3, kind="plain", noise=0.3):
    X = rng.standard_normal((n, p))
    if kind == "correlated":
        X = 0.05 * X + rng.standard_normal((n, 1))
    elif kind == "duplicate" and p > 2:
        X[:, 1], X[:, -1] = X[:, 0], 3.0
    elif kind == "sparse":
        X = X * (rng.uniform(size=X.shape) < 0.2)
    elif kind == "cumulative":
        X = np.cumsum(X, axis=1)
    elif kind == "scaled":
        X = X * 10.0 ** rng.integers(-4, 5, p)
    W = np.where(rng.uniform(size=(p, 1)) < 0.4, rng.standard_normal((p, tasks)), 0)
    Y = X @ W
    return X, Y + noise * (Y.std() or 1.0) * rng.standard_normal((n, tasks)) + rng.normal(
        size=tasks
    )


def judge(X, Y, W, b, alpha, l1_ratio, s=None, u=1.0):
    """(primal, gap, null objective, largest KKT violation) in NumPy: W of shape (p, tasks), with an intercept."""
    s = np.full(len(Y), 1 / len(Y)) if s is None else s / s.sum()
    Xc, Yc = X - s @ X, Y - s @ Y
    null = 0.5 * np.sum(s[:, None] * Yc**2)
    a1, a2 = alpha * l1_ratio * u * np.ones(len(W)), alpha * (1 - l1_ratio) * u * np.ones(len(W))
    lengths = np.linalg.norm(W, axis=1)
    given = Y - X @ W - b
    primal = 0.5 * np.sum(s[:, None] * given**2) + a1 @ lengths + 0.5 * a2 @ lengths**2
    R = Yc - Xc @ W
    C = Xc.T @ (s[:, None] * R)
    pull = np.linalg.norm(C, axis=1)
    ry, rr = np.sum(s[:, None] * R * Yc), np.sum(s[:, None] * R**2)

    def dual(t):
        over = np.maximum(t * pull - a1, 0)
        if (over[a2 == 0] > 1e-13 * np.sqrt(null)).any():
            return -np.inf
        return t * ry - 0.5 * t**2 * rr - np.sum(over[a2 > 0] ** 2 / (2 * a2[a2 > 0]))

    free = a2 == 0
    limit = min(1.0, (a1[free] / np.maximum(pull[free], 1e-300)).min(initial=1.0))
    best = max(dual(limit), *(dual(limit * (1 - x)) for x in np.logspace(-9, 0, 60)))
    units = lengths > 0
    slope = C - a2[:, None] * W
    slope[units] -= (a1 / np.where(units, lengths, 1))[units, None] * W[units]
    off = np.linalg.norm(slope, axis=1)
    off[~units] = np.maximum(off[~units] - a1[~units], 0)
    return primal, primal - best, null, off.max()


def at(path, k):
    """Coefficients (p, tasks) and intercepts of solution k."""
    point = path.at(path.alphas[k])
    return point.coef.T, point.intercept


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
def test_random_problems_are_optimal(rng, kind, l1_ratio):
    for trial in range(12):
        n, p, tasks = rng.integers(3, 80), rng.integers(1, 100), rng.integers(1, 7)
        X, Y = problem(rng, n, p, tasks, kind)
        s = rng.choice([0.0, 1.0, 2.5], n) if trial % 3 == 0 else None
        if s is not None:
            s[:2] = 1.0
        given = [np.asfortranarray(X), X, sparse.csc_array(X), sparse.csr_array(X)][trial % 4]
        path = riata.path(
            given,
            Y,
            family="multi-gaussian",
            l1_ratio=l1_ratio,
            alphas=12,
            eps=1e-2,
            sample_weight=s,
            early_stop=False,
        )
        assert len(path) == 12
        for k in (0, 5, 11):
            W, b = at(path, k)
            primal, gap, null, kkt = judge(X, Y, W, b, path.alphas[k], l1_ratio, s)
            if null == 0:
                continue
            c = path.certificate(k)
            assert gap <= 1.1e-6 * null + 1e-13 * null
            assert_allclose(c.primal, primal, rtol=1e-9, atol=1e-12 * null)
            assert_allclose(c.null_objective, null, rtol=1e-9)
            assert_allclose(c.kkt_max, kkt, atol=1e-6 * path.alphas[0])
            assert c.gap >= 0


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.1, 1.0), (0.1, 0.5), (0.02, 0.3), (0.5, 0.0)])
def test_agrees_with_scikit_learn(rng, alpha, l1_ratio, fit_intercept):
    X, Y = problem(rng)
    ours = MultiTaskElasticNet(alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept).fit(X, Y)
    theirs = sk.MultiTaskElasticNet(
        alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=1e-15, max_iter=20_000
    )
    theirs.fit(X, Y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-6)
    assert ours.coef_.shape == theirs.coef_.shape
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
    assert ours.certificate_.rel_gap <= 1e-9
    assert ours.dual_gap_ == ours.certificate_.gap


def test_one_task_is_the_lasso(rng):
    X, Y = problem(rng, tasks=1)
    rows = MultiTaskLasso(0.1).fit(X, Y)
    lasso = riata.Lasso(0.1).fit(X, Y[:, 0])
    assert_allclose(rows.coef_[0], lasso.coef_, atol=1e-9)
    assert_allclose(rows.intercept_[0], lasso.intercept_, atol=1e-9)


def test_paths_have_scikit_learns_shapes(rng):
    X, Y = problem(rng)
    X, Y = X - X.mean(0), Y - Y.mean(0)
    alphas, coefs, gaps = riata.enet_path(X, Y, l1_ratio=0.7, n_alphas=20)
    theirs = sk.enet_path(X, Y, l1_ratio=0.7, alphas=alphas, tol=1e-14, max_iter=20_000)
    assert coefs.shape == theirs[1].shape == (3, 15, 20)
    assert_allclose(alphas[0], np.linalg.norm(X.T @ Y, axis=1).max() / len(X) / 0.7, rtol=1e-12)
    assert_allclose(coefs, theirs[1], atol=1e-6)
    assert gaps.shape == (20,)
    with pytest.raises(ValueError, match="positive=True is not available for several tasks"):
        riata.lasso_path(X, Y, positive=True)


@pytest.mark.parametrize("p", [10, 120])
def test_layouts_and_dtypes_agree(rng, p):
    X, Y = problem(rng, p=p, kind="sparse")
    X = X.astype(np.float32).astype(np.float64)
    paths = [
        riata.path(given, Y, family="multi-gaussian", alphas=15, eps=0.05, early_stop=False)
        for given in (
            X,
            np.asfortranarray(X),
            X.astype(np.float32),
            sparse.csc_array(X),
            sparse.csr_array(X),
        )
    ]
    for path in paths[1:]:
        assert_allclose(path.alphas, paths[0].alphas, rtol=1e-12)
        for k in (3, 14):
            assert_allclose(at(path, k)[0], at(paths[0], k)[0], atol=1e-8)
    single = MultiTaskLasso(0.1).fit(X.astype(np.float32), Y)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32


@pytest.mark.parametrize("p", [10, 100])
def test_weights_are_repetitions(rng, p):
    X, Y = problem(rng, p=p)
    s = rng.integers(0, 4, len(Y))
    weighted = MultiTaskElasticNet(0.1, l1_ratio=0.8).fit(X, Y, sample_weight=s)
    repeated = MultiTaskElasticNet(0.1, l1_ratio=0.8).fit(np.repeat(X, s, 0), np.repeat(Y, s, 0))
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)
    assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-9)


@pytest.mark.parametrize("n", [30, 300])
def test_threads_change_nothing(rng, n):
    X, Y = problem(rng, n=n, p=60)
    one, two = (
        riata.path(X, Y, family="multi-gaussian", alphas=10, eps=0.05, n_threads=k) for k in (1, 2)
    )
    assert_array_equal(at(one, 9)[0], at(two, 9)[0])


def test_standardize_is_a_scaling(rng):
    X, Y = problem(rng, kind="scaled")
    inside = MultiTaskLasso(0.1, standardize=True).fit(X, Y)
    outside = MultiTaskLasso(0.1).fit(X / X.std(0), Y)
    assert_allclose(inside.coef_ * X.std(0), outside.coef_, atol=1e-8)


@pytest.mark.parametrize("n", [30, 200])
def test_penalty_weights(rng, n):
    X, Y = problem(rng, n=n, p=20)
    u = rng.uniform(0.5, 2, 20)
    u[:2], u[2] = 0.0, np.inf
    path = riata.path(
        X, Y, family="multi-gaussian", penalty_weights=u, alphas=10, eps=0.05, early_stop=False
    )
    W, b = at(path, 0)
    assert set(np.flatnonzero(W.any(axis=1))) <= {0, 1, *np.flatnonzero(u == u[3:].max())}
    kept = np.delete(np.arange(20), 2)
    for k in range(10):
        W, b = at(path, k)
        assert not W[2].any()
        _, gap, null, _ = judge(X[:, kept], Y, W[kept], b, path.alphas[k], 1.0, u=u[kept] + 1e-13)
        assert gap <= 2e-6 * null
    assert (path.dual_gaps <= 1e-6).all()


@pytest.mark.parametrize(
    "Y", [np.full((40, 2), 7.0), np.column_stack([np.full(40, 7.0), np.arange(40.0)])]
)
def test_constant_targets(rng, Y):
    X = rng.standard_normal((40, 5))
    model = MultiTaskLasso(0.1).fit(X, Y)
    assert_allclose(model.intercept_[0], 7.0, rtol=1e-12)
    assert not model.coef_[0].any()
    assert model.certificate_.converged


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_far_scales(rng, scale):
    X, Y = problem(rng)
    model = MultiTaskLasso(0.1 * scale).fit(X, Y * scale)
    assert_allclose(model.coef_ / scale, MultiTaskLasso(0.1).fit(X, Y).coef_, atol=1e-9)


def test_path_ends_in_least_squares(rng):
    X, Y = problem(rng)
    path = riata.path(X, Y, family="multi-gaussian", alphas=[1.0, 0.1, 0.0])
    W, b = at(path, 2)
    Xc, Yc = X - X.mean(0), Y - Y.mean(0)
    assert_allclose(W, np.linalg.lstsq(Xc, Yc, rcond=None)[0], atol=1e-9)
    assert_allclose(b, Y.mean(0) - X.mean(0) @ W, atol=1e-9)
    assert (path.dual_gaps <= 1e-6).all()
    ridge = riata.path(X, Y, family="multi-gaussian", alphas=[0.3, 0.1], l1_ratio=0.0)
    _, gap, null, _ = judge(X, Y, *at(ridge, 1), 0.1, 0.0)
    assert abs(gap) <= 1e-9 * null
    assert_allclose(ridge.null_objective, null, rtol=1e-12)


def test_path_result(rng):
    X, Y = problem(rng)
    path = riata.path(X, Y, family="multi-gaussian", alphas=20)
    assert isinstance(path, riata.TaskPathResult)
    assert path.n_tasks == 3
    assert path.predict(X).shape == (50, 3, len(path))
    assert path.predict(X, path.alphas[4]).shape == (50, 3)
    assert_array_equal(path.of_task(1).coefs.toarray()[:, 5], at(path, 5)[0][:, 1])
    assert path.df[5] == np.count_nonzero(at(path, 5)[0].any(axis=1))
    assert_allclose(
        path.dev_ratio[5],
        1 - np.sum((Y - path.predict(X)[:, :, 5]) ** 2) / np.sum((Y - Y.mean(0)) ** 2),
        atol=1e-9,
    )
    assert path.plot().get_lines()
    assert path.plot(task=2).get_lines()
    assert riata.alpha_max(X, Y, family="multi-gaussian") == path.alphas[0]
    with pytest.raises(NotImplementedError):
        path.budget(max_features=3)


def test_callback_and_limits(rng):
    X, Y = problem(rng)
    seen = []
    path = riata.path(
        X, Y, family="multi-gaussian", callback=lambda *now: seen.append(now) or len(seen) == 4
    )
    assert path.stop == "callback"
    assert len(path) == 4
    assert [now[0] for now in seen] == [0, 1, 2, 3]
    assert riata.path(X, Y, family="multi-gaussian", max_features=2).stop == "max_features"
    with pytest.warns(ConvergenceWarning, match="Raise max_iter"):
        MultiTaskLasso(1e-4, max_iter=1, tol=1e-9).fit(*problem(rng, 60, 40, kind="correlated"))


def test_correlated_columns_reach_any_tolerance(rng):
    X, Y = problem(rng, 400, 60, 5, kind="cumulative")
    path = riata.path(X, Y, family="multi-gaussian", alphas=40, eps=1e-3, tol=1e-10)
    assert (path.dual_gaps <= 1e-10).all()
    W, b = at(path, len(path) - 1)
    _, gap, null, _ = judge(X, Y, W, b, path.alphas[-1], 1.0)
    assert gap <= 2e-10 * null


# --- scikit-learn's contract ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_scikit_learn_contract(Estimator):
    failed = [r for r in check_estimator(Estimator(), on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_signature_begins_as_scikit_learns(Estimator):
    import inspect

    ours = inspect.signature(Estimator).parameters
    theirs = inspect.signature(getattr(sk, Estimator.__name__)).parameters
    missing = set(theirs) - set(ours) - {"n_alphas"}
    assert not missing


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_clone_and_pickle(rng, Estimator):
    X, Y = problem(rng)
    model = clone(Estimator()).fit(X, Y)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.coef_, model.coef_)
    assert_array_equal(copy.predict(X), model.predict(X))


@pytest.mark.parametrize(
    "options",
    [
        {"l1_ratio": 1.0},
        {"l1_ratio": 0.4},
        {"l1_ratio": 0.6, "standardize": True},
        {"l1_ratio": 0.0},
        {"alpha": 0.0},
    ],
)
def test_check_solution_agrees(rng, options):
    X, Y = problem(rng)
    s = rng.uniform(0.5, 2, len(Y))
    model = MultiTaskElasticNet(**{"alpha": 0.1, **options}).fit(X, Y, sample_weight=s)
    found = riata.check_solution(model, X, Y, sample_weight=s)
    c = model.certificate_
    assert_allclose(found.primal, c.primal, rtol=1e-12)
    assert_allclose(found.null_objective, c.null_objective, rtol=1e-12)
    assert found.rel_gap <= 1e-9
    model.coef_[:, 0] += 1e-2
    worse = riata.check_solution(model, X, Y, sample_weight=s)
    assert worse.primal > c.primal
    assert worse.gap >= worse.primal - c.primal - 1e-12 * c.null_objective


def test_check_solution_of_scikit_learns(rng):
    X, Y = problem(rng)
    loose = riata.check_solution(sk.MultiTaskLasso(0.1, tol=1e-2).fit(X, Y), X, Y)
    tight = riata.check_solution(sk.MultiTaskElasticNet(0.1, tol=1e-12).fit(X, Y), X, Y)
    assert tight.rel_gap < 1e-9 < loose.rel_gap


def test_grid_search(rng):
    X, Y = problem(rng)
    search = GridSearchCV(MultiTaskLasso(), {"alpha": [0.01, 0.1, 1.0]}, cv=3).fit(X, Y)
    assert search.best_params_["alpha"] in (0.01, 0.1)
    assert sparse.issparse(search.best_estimator_.sparse_coef_)


@pytest.mark.parametrize("l1_ratio", [1.0, [0.3, 0.9]])
@pytest.mark.parametrize("p", [10, 80])
def test_cross_validation_scores_are_scikit_learns(rng, l1_ratio, p):
    X, Y = problem(rng, p=p)
    cv = KFold(4, shuffle=True, random_state=0)
    options = {"l1_ratio": l1_ratio, "cv": cv, "alphas": 15, "eps": 0.03}
    ours = MultiTaskElasticNetCV(**options).fit(X, Y)
    theirs = sk.MultiTaskElasticNetCV(**options, tol=1e-12, max_iter=50_000).fit(X, Y)
    assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
    assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert_allclose(ours.alpha_, theirs.alpha_, rtol=1e-10)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert ours.alpha_1se_ >= ours.alpha_min_ == ours.alpha_


def test_cross_validation_extras(rng):
    X, Y = problem(rng)
    s = rng.integers(1, 4, len(Y))
    model = MultiTaskLassoCV(
        alphas=12, select="1se", store_predictions=True, scoring="r2", cv=3
    ).fit(X, Y, sample_weight=s)
    assert model.alpha_ == model.alpha_1se_
    assert model.cv_result_.predictions.shape == (50, 12, 3)
    assert model.certificate_.converged
    assert_allclose(model.predict(X), X @ model.coef_.T + model.intercept_)
    ridge = MultiTaskElasticNetCV(l1_ratio=[0.0, 1.0], alphas=6, cv=3).fit(X, Y)
    assert ridge.mse_path_.shape == (2, 6, 3)
    result = riata.cv_path(X, Y, family="multi-gaussian", alphas=8, cv=3)
    assert result.coef.shape == (3, 15)
    assert result.predict(X).shape == (50, 3)
    assert result.plot()


def test_weights_are_repetitions_in_the_scores(rng):
    X, Y = problem(rng)
    s = rng.integers(1, 4, len(Y))
    rows = np.arange(50)
    again = np.repeat(rows, s)
    halves = [(rows[::2], rows[1::2]), (rows[1::2], rows[::2])]
    copies = [tuple(np.flatnonzero(np.isin(again, side)) for side in half) for half in halves]
    weighted = MultiTaskLassoCV(alphas=10, cv=halves).fit(X, Y, sample_weight=s)
    repeated = MultiTaskLassoCV(alphas=10, cv=copies).fit(X[again], Y[again])
    assert_allclose(weighted.mse_path_, repeated.mse_path_, rtol=1e-8)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.ones(50)}, "For mono-task outputs"),
        ({"y": np.ones((49, 2))}, "inconsistent numbers of samples: X has 50 and y has 49"),
        ({"y": np.full((50, 2), np.nan)}, r"y\[0, 0\]"),
        ({"lower": 0.0}, "not available for several tasks"),
        ({"l1_ratio": 1.5}, "l1_ratio must be in"),
        ({"alphas": [-1.0]}, "alphas"),
        ({"penalty_weights": [1.0]}, "penalty_weights"),
        ({"sample_weight": -np.ones(50)}, "sample_weight"),
    ],
)
def test_bad_input_is_named(rng, change, message):
    X, Y = problem(rng)
    arguments = {"y": Y, "family": "multi-gaussian", **change}
    with pytest.raises(ValueError, match=message):
        riata.path(X, **arguments)


def test_input_stays_as_it_was(rng):
    X, Y = problem(rng)
    X.flags.writeable = Y.flags.writeable = False
    before = X.copy(), Y.copy()
    MultiTaskLassoCV(cv=3, alphas=5).fit(X, Y)
    assert_array_equal(X, before[0])
    assert_array_equal(Y, before[1])
    X = X.copy()
    X[3, 2] = np.inf
    with pytest.raises(ValueError, match=r"X\[3, 2\] is inf"):
        MultiTaskLasso().fit(X, Y)
