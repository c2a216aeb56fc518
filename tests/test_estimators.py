"""Lasso, ElasticNet and Ridge: scikit-learn's contract, the mathematics, and the traps."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata import ElasticNet, Lasso, Ridge

ESTIMATORS = [Lasso, ElasticNet, Ridge]


def problem(rng, n=40, p=15, targets=None):
    X = rng.standard_normal((n, p)) @ np.diag(rng.uniform(0.5, 2, p)) + rng.standard_normal(p)
    w = np.where(
        rng.uniform(size=(p, targets or 1)) < 0.4, rng.standard_normal((p, targets or 1)), 0
    )
    Y = X @ w + 0.3 * rng.standard_normal((n, targets or 1)) + 2
    return X, Y if targets else Y[:, 0]


def objective(X, y, w, b, alpha, l1_ratio, s=None, u=1.0, v=1.0):
    s = np.ones(len(y)) if s is None else s
    r = y - X @ w - b
    penalty = l1_ratio * np.sum(u * np.abs(w)) + (1 - l1_ratio) / 2 * np.sum(v * w**2)
    return 0.5 * np.average(r**2, weights=s) + alpha * penalty


def dual(X, y, w, b, alpha, l1_ratio, s=None):
    """Dual value at the scaled residual, u = v = 1, with an intercept, by the conjugate of the penalty."""
    s = np.ones(len(y)) if s is None else s
    s = s / s.sum()
    r = y - X @ w - b
    r = r - s @ r
    c = X.T @ (s * r)
    a1, a2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
    t = 1.0 if a2 > 0 else min(1.0, a1 / np.abs(c).max())
    excess = np.maximum(np.abs(t * c) - a1, 0)
    conjugate = np.sum(excess**2) / (2 * a2) if a2 > 0 else 0.0
    return t * (s * r) @ y - 0.5 * t**2 * s @ r**2 - conjugate


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_scikit_learn_contract(Estimator):
    failed = [r for r in check_estimator(Estimator(), on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Lasso(0.1), sk.Lasso(0.1, tol=1e-12, max_iter=100_000)),
        (
            ElasticNet(0.1, l1_ratio=0.3),
            sk.ElasticNet(0.1, l1_ratio=0.3, tol=1e-12, max_iter=100_000),
        ),
        (Lasso(0.1, positive=True), sk.Lasso(0.1, positive=True, tol=1e-12, max_iter=100_000)),
        (Ridge(3.0), sk.Ridge(3.0, solver="svd")),
    ],
    ids=["lasso", "enet", "positive", "ridge"],
)
def test_agrees_with_scikit_learn(rng, ours, theirs, fit_intercept):
    X, y = problem(rng)
    s = rng.integers(0, 4, len(y)).astype(float)
    ours, theirs = clone(ours), clone(theirs)
    ours.set_params(fit_intercept=fit_intercept).fit(X, y, sample_weight=s)
    theirs.set_params(fit_intercept=fit_intercept).fit(X, y, sample_weight=s)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-7)
    assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-7)
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_certificate_is_the_independent_gap(rng, l1_ratio):
    X, y = problem(rng)
    s = rng.uniform(0.5, 2, len(y))
    model = ElasticNet(0.05, l1_ratio=l1_ratio).fit(X, y, sample_weight=s)
    c = model.certificate_
    args = (X, y, model.coef_, model.intercept_, 0.05, l1_ratio, s)
    null = 0.5 * np.average((y - np.average(y, weights=s)) ** 2, weights=s)
    assert_allclose(c.primal, objective(*args), rtol=1e-12)
    assert_allclose(c.null_objective, null, rtol=1e-12)
    assert c.dual <= objective(*args) * (1 + 1e-12)
    assert c.dual >= dual(*args) - 1e-12 * null  # at least as good as the plain dual point
    assert c.gap == pytest.approx(c.primal - c.dual, abs=1e-12 * null)
    assert model.dual_gap_ == c.gap
    assert c.converged
    assert c.rel_gap <= 1e-6


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_weights_are_repetitions(rng, Estimator):
    X, y = problem(rng)
    s = rng.integers(0, 4, len(y))
    weighted = Estimator(alpha=0.1).fit(X, y, sample_weight=s)
    repeated = Estimator(alpha=0.1).fit(np.repeat(X, s, axis=0), np.repeat(y, s))
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)
    assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-9)
    scaled = Estimator(alpha=0.1 * (7 if Estimator is Ridge else 1)).fit(
        X, y, sample_weight=7.0 * s
    )
    assert_allclose(scaled.coef_, weighted.coef_, atol=1e-9)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_layout_gives_one_answer(rng, tmp_path, Estimator, dtype):
    X, y = problem(rng)
    X = X.astype(dtype)
    reference = Estimator(alpha=0.1).fit(X, y)
    assert reference.coef_.dtype == dtype
    wide = np.zeros((len(X) + 3, 2 * X.shape[1]), dtype)
    wide[3:, ::2] = X
    tall = np.asfortranarray(np.vstack([X, X]))
    np.save(tmp_path / "X.npy", X)
    layouts = {
        "F": np.asfortranarray(X),
        "slice of columns": wide[3:, ::2],
        "slice of rows": tall[: len(X)],
        "reversed": X[::-1, ::-1][::-1, ::-1],
        "memory map": np.load(tmp_path / "X.npy", mmap_mode="r"),
        "big-endian": X.astype(X.dtype.newbyteorder(">")),
        "list": X.tolist() if dtype is np.float64 else np.array(X, subok=False),
        "masked, none masked": np.ma.masked_array(X),
    }
    tolerance = 1e-10 if dtype is np.float64 else 1e-5
    for name, layout in layouts.items():
        model = Estimator(alpha=0.1).fit(layout, y)
        assert_allclose(model.coef_, reference.coef_, atol=tolerance, err_msg=name)
        assert_allclose(model.intercept_, reference.intercept_, atol=tolerance, err_msg=name)
        assert_allclose(
            model.predict(layout), reference.predict(X), atol=10 * tolerance, err_msg=name
        )


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.longdouble, object])
def test_other_dtypes_are_converted_to_double(rng, dtype):
    X = rng.integers(0, 2, (30, 4)).astype(dtype)
    y = rng.standard_normal(30)
    model = Lasso(0.01).fit(X, y)
    assert model.coef_.dtype == np.float64
    assert_allclose(model.coef_, Lasso(0.01).fit(X.astype(np.float64), y).coef_, atol=1e-12)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_constant_columns_stay_out(rng, Estimator):
    X, y = problem(rng)
    X = np.column_stack([X, np.full(len(y), 0.1), np.zeros(len(y))])
    model = Estimator(alpha=0.01).fit(X, y)
    assert_array_equal(model.coef_[-2:], 0)
    assert_allclose(model.coef_[:-2], Estimator(alpha=0.01).fit(X[:, :-2], y).coef_, atol=1e-9)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_large_means_do_not_matter(rng, Estimator):
    X, y = problem(rng)
    shifted = Estimator(alpha=0.1).fit(X + 1e7, y)
    assert_allclose(shifted.coef_, Estimator(alpha=0.1).fit(X, y).coef_, atol=1e-7)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("n", [1, 20])
def test_constant_response_gives_the_empty_model(rng, Estimator, n):
    X = rng.standard_normal((n, 3))
    model = Estimator(alpha=0.5).fit(X, np.full(n, 0.3))
    assert_allclose(model.coef_, 0, atol=1e-14)
    assert_allclose(model.intercept_, 0.3)
    certificates = model.certificate_
    assert certificates.converged
    assert certificates.gap == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_standardize_is_explicit_scaling(rng, Estimator):
    X, y = problem(rng)
    s = rng.uniform(0.5, 2, len(y))
    mean = np.average(X, axis=0, weights=s)
    sd = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=s))
    ours = Estimator(alpha=0.2, standardize=True).fit(X, y, sample_weight=s)
    scaled = Estimator(alpha=0.2).fit((X - mean) / sd, y, sample_weight=s)
    assert_allclose(ours.coef_, scaled.coef_ / sd, atol=1e-10)


def test_penalty_weights_are_column_scales(rng):
    X, y = problem(rng)
    u = rng.uniform(0.5, 2, X.shape[1])
    for estimator in (
        Lasso(0.1, penalty_weights=u),
        ElasticNet(0.1, penalty_weights=u, l2_weights=u**2),
    ):
        plain = clone(estimator).set_params(penalty_weights=None, l2_weights=None).fit(X / u, y)
        assert_allclose(estimator.fit(X, y).coef_, plain.coef_ / u, atol=1e-9)
    ridge = Ridge(2.0, l2_weights=u**2).fit(X, y)
    assert_allclose(ridge.coef_, Ridge(2.0).fit(X / u, y).coef_ / u, atol=1e-11)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("shape", [(40, 15), (10, 30)])
def test_weight_zero_is_free_and_infinity_is_out(rng, Estimator, shape):
    X, y = problem(rng, *shape)
    u = np.ones(shape[1])
    u[:2], u[-1] = 0, np.inf
    model = Estimator(alpha=0.3, penalty_weights=u).fit(X, y)
    r = y - model.predict(X)
    assert model.coef_[-1] == 0
    assert_allclose(
        X[:, :2].T @ r, 0, atol=1e-9 * len(y) * np.abs(X).max()
    )  # least squares on these
    without = Estimator(alpha=0.3, penalty_weights=u[:-1]).fit(X[:, :-1], y)
    assert_allclose(model.coef_[:-1], without.coef_, atol=1e-8)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_bounds_hold_and_are_optimal(rng, Estimator):
    X, y = problem(rng)
    low, high = -0.2, rng.uniform(0.05, 0.4, X.shape[1])
    model = Estimator(alpha=0.05, lower=low, upper=high).fit(X, y)
    w = model.coef_
    assert (w >= low).all()
    assert (w <= high).all()
    assert model.certificate_.rel_gap <= 1e-6
    assert ((w == low) | (w == high)).any()
    free = Estimator(alpha=0.05, lower=-1e3, upper=1e3).fit(X, y)
    assert_allclose(free.coef_, Estimator(alpha=0.05).fit(X, y).coef_, atol=1e-6)


def test_positive_with_lower_takes_the_larger(rng):
    X, y = problem(rng)
    lower = np.linspace(-1, 0.1, X.shape[1])
    model = Lasso(0.05, positive=True, lower=lower).fit(X, y)
    assert (model.coef_ >= np.maximum(lower, 0)).all()


def test_offset_is_subtracted_from_y(rng):
    X, y = problem(rng)
    offset = rng.standard_normal(len(y))
    for Estimator in ESTIMATORS:
        a = Estimator(alpha=0.1).fit(X, y, offset=offset)
        b = Estimator(alpha=0.1).fit(X, y - offset)
        assert_array_equal(a.coef_, b.coef_)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
@pytest.mark.parametrize("targets", [1, 3])
def test_targets_are_independent_problems(rng, Estimator, targets):
    X, Y = problem(rng, targets=targets)
    model = Estimator(alpha=0.1).fit(X, Y)
    other = getattr(sk, Estimator.__name__)(alpha=0.1, tol=1e-10).fit(X, Y)
    assert_allclose(model.coef_, other.coef_, atol=1e-6)
    assert model.coef_.shape == other.coef_.shape
    assert np.shape(model.intercept_) == np.shape(other.intercept_)
    assert model.predict(X).shape == other.predict(X).shape
    if Estimator is not Ridge:
        assert np.shape(model.dual_gap_) == np.shape(other.dual_gap_)
        assert np.shape(model.n_iter_) == np.shape(other.n_iter_)
        assert model.sparse_coef_.shape == other.sparse_coef_.shape
        assert model.sparse_coef_.format == "csr"
    for k in range(targets):
        single = Estimator(alpha=0.1).fit(X, Y[:, k])
        assert_allclose(np.atleast_2d(model.coef_)[k], single.coef_, atol=1e-10)


def test_alpha_zero_is_least_squares_of_minimum_norm(rng):
    for shape in ((40, 15), (10, 30)):
        X, y = problem(rng, *shape)
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        w = np.linalg.pinv(Xc) @ yc
        for Estimator in ESTIMATORS:
            model = Estimator(alpha=0).fit(X, y)
            assert_allclose(model.coef_, w, atol=1e-10)
            assert model.certificate_.rel_gap <= 1e-12
            assert model.certificate_.converged


def test_alpha_zero_with_bounds_is_the_limit(rng):
    X, y = problem(rng)
    ours = Lasso(0, positive=True).fit(X, y)
    theirs = sk.LinearRegression(positive=True).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_one_iteration_is_right_or_warned_about(rng, Estimator):
    X, y = problem(rng, 60, 50)
    limited = Estimator(alpha=1e-3, max_iter=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        limited.fit(X, y)
    c = limited.certificate_
    l1_ratio = {Lasso: 1.0, ElasticNet: 0.5, Ridge: 0.0}[Estimator]
    alpha = 1e-3 / (60 if Estimator is Ridge else 1)
    value = objective(X, y, limited.coef_, limited.intercept_, alpha, l1_ratio)
    best = Estimator(alpha=1e-3).fit(X, y)
    assert_allclose(c.primal, value, rtol=1e-10)
    assert value - objective(X, y, best.coef_, best.intercept_, alpha, l1_ratio) <= c.gap + 1e-12
    if c.rel_gap > 2e-4:
        assert [w.category for w in caught] == [ConvergenceWarning]
        assert f"{c.rel_gap / 2:.2g}" in str(caught[0].message)
        assert "max_iter (now 1)" in str(caught[0].message)
    else:
        assert not caught


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_pickle_clone_and_refit(rng, Estimator):
    X, y = problem(rng)
    model = (
        Estimator(alpha=0.1, warm_start=True) if Estimator is not Ridge else Estimator(alpha=0.1)
    )
    model.fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.predict(X), model.predict(X))
    assert copy.certificate_ == model.certificate_
    assert not hasattr(clone(model), "coef_")
    assert_array_equal(model.fit(X, y).coef_, copy.coef_)  # from any start the same


def test_search_and_pipeline(rng):
    X, y = problem(rng)
    pipe = make_pipeline(StandardScaler(), ElasticNet())
    grid = {"elasticnet__alpha": np.geomspace(1, 1e-3, 4), "elasticnet__l1_ratio": [0.2, 1.0]}
    search = GridSearchCV(pipe, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.5
    theirs = make_pipeline(StandardScaler(), sk.ElasticNet(tol=1e-8, max_iter=10_000))
    other = GridSearchCV(theirs, grid, cv=3).fit(X, y)
    assert_allclose(
        search.cv_results_["mean_test_score"], other.cv_results_["mean_test_score"], rtol=1e-5
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_feature_names(rng, library):
    frames = pytest.importorskip(library)
    X, y = problem(rng, p=3)
    frame = frames.DataFrame({name: X[:, j] for j, name in enumerate("abc")})
    model = Lasso(0.1).fit(frame, y)
    assert_array_equal(model.feature_names_in_, list("abc"))
    assert_allclose(model.coef_, Lasso(0.1).fit(X, y).coef_, atol=1e-12)
    assert_allclose(model.predict(frame), X @ model.coef_ + model.intercept_)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)
    with pytest.raises(ValueError, match="same order"):
        model.predict(frame[["c", "b", "a"]])
    assert not hasattr(model.fit(X, y), "feature_names_in_")


def test_metadata_routing():
    request = Lasso().set_fit_request  # only exists if fit has metadata
    assert callable(request)
    names = Lasso().get_metadata_routing().fit.requests
    assert set(names) == {"sample_weight", "offset"}


def test_code_written_for_scikit_learn_runs(rng):
    X, y = problem(rng)
    Lasso(0.1, precompute=True, copy_X=False, random_state=0, selection="random").fit(
        X, y, check_input=False
    )
    Ridge(1.0, copy_X=False, solver="sag", random_state=0, max_iter=5).fit(X, y)
    alphas, coefs, _ = Lasso.path(X - X.mean(axis=0), y - y.mean(), alphas=5)
    assert coefs.shape == (X.shape[1], len(alphas))


def test_positional_parameters_are_scikit_learns():
    import inspect

    for Estimator in ESTIMATORS:
        theirs = inspect.signature(getattr(sk, Estimator.__name__)).parameters
        ours = inspect.signature(Estimator).parameters
        shared = [name for name in ours if name in theirs]
        assert shared == list(theirs)
        assert list(ours)[: len(theirs)] == list(theirs)
        for name in shared:
            assert ours[name].default == theirs[name].default
            assert ours[name].kind == theirs[name].kind


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_unfitted(Estimator):
    with pytest.raises(NotFittedError):
        Estimator().predict([[1.0]])


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_threads_give_the_same_answer(rng, Estimator, monkeypatch):
    X, y = problem(rng)
    one = Estimator(alpha=0.1, n_threads=1).fit(X, y)
    assert_array_equal(one.coef_, Estimator(alpha=0.1, n_threads=2).fit(X, y).coef_)
    monkeypatch.setenv("RIATA_NUM_THREADS", "1")
    assert_array_equal(one.coef_, Estimator(alpha=0.1).fit(X, y).coef_)


def test_estimator_is_lazy_about_nothing_public():
    for name in riata.__all__:
        assert getattr(riata, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        riata.nonsense
