"""Traps with known answers: where a solver goes wrong quietly, the solution is known in closed form."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracle import Problem, coefficients, soft
from sklearn.exceptions import ConvergenceWarning

import riata
from riata import ElasticNet, Lasso, Ridge, _core

LAYOUTS = {"C": np.ascontiguousarray, "F": np.asfortranarray}


def orthonormal(rng, n, p, *, centred):
    """Columns with X'X = n I, orthogonal to the ones if centred."""
    Z = rng.standard_normal((n, p))
    if centred:
        Z -= Z.mean(axis=0)
    return np.linalg.qr(Z)[0] * np.sqrt(n)


# --- orthogonal designs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6, 1e-3])
def test_orthogonal_design_is_soft_thresholding(rng, layout, fit_intercept, l1_ratio):
    """With X'X = n I: w_j = S(c_j, alpha l1_ratio) / (1 + alpha (1 - l1_ratio)), c = X'y / n."""
    X = LAYOUTS[layout](orthonormal(rng, 60, 25, centred=fit_intercept))
    y = X @ rng.standard_normal(25) + rng.standard_normal(60) + 3
    c = X.T @ y / 60
    fit = riata.path(
        X,
        y,
        l1_ratio=l1_ratio,
        alphas=np.geomspace(2, 1e-4, 30),
        fit_intercept=fit_intercept,
        tol=1e-13,
    )
    for alpha, w, b in zip(fit.alphas, fit.coefs.toarray().T, fit.intercepts):
        known = soft(c, alpha * l1_ratio) / (1 + alpha * (1 - l1_ratio))
        assert_allclose(w, known, atol=1e-12)
        assert_array_equal(w == 0, known == 0)
        assert_allclose(b, y.mean() if fit_intercept else 0, atol=1e-12)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_orthogonal_design_with_everything_at_once(rng, fit_intercept):
    """Penalty weights and bounds: the soft-thresholded value, clipped."""
    X = orthonormal(rng, 50, 20, centred=fit_intercept)
    y = X @ rng.standard_normal(20) + 0.1 * rng.standard_normal(50)
    u, v = rng.uniform(0, 2, 20), rng.uniform(0, 2, 20)
    u[:3], v[:2] = 0, 0
    u[-1] = np.inf
    low, high = -rng.uniform(0, 1, 20), rng.uniform(0, 1, 20)
    low[4:7], high[4:7] = [0.2, -1.0, -np.inf], [1.0, -0.2, np.inf]
    c = X.T @ y / 50
    for alpha in (0.5, 0.1, 1e-3):
        model = ElasticNet(
            alpha,
            l1_ratio=0.7,
            penalty_weights=u,
            l2_weights=v,
            lower=low,
            upper=high,
            fit_intercept=fit_intercept,
            tol=1e-13,
        ).fit(X, y)
        known = np.clip(soft(c, 0.7 * alpha * u) / (1 + 0.3 * alpha * v), low, high)
        assert_allclose(model.coef_, known, atol=1e-12)


def test_weighted_orthogonal_design(rng):
    """Weights s over six decades: rows of X divided by sqrt(s_i) are orthogonal in the inner product of the weights."""
    s = 10.0 ** rng.uniform(-3, 3, 40)
    Q = np.linalg.qr(rng.standard_normal((40, 10)))[0]
    X = Q * np.sqrt(s.sum() / s)[:, None]
    y = X @ rng.standard_normal(10) + rng.standard_normal(40)
    c = X.T @ (s * y) / s.sum()
    model = Lasso(0.3, fit_intercept=False, tol=1e-13).fit(X, y, sample_weight=s)
    assert_allclose(model.coef_, soft(c, 0.3), atol=1e-10 * np.abs(c).max())


# --- ridge and minimum norm by a singular value decomposition -----------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 15), (15, 40), (20, 20)])
@pytest.mark.parametrize("rank", [None, 4])
@pytest.mark.parametrize("alpha", [0.0, 1e-8, 1.0])
def test_squares_alone_by_svd(rng, shape, rank, alpha):
    """w = V diag(d / (d^2 + alpha)) U'y over the non-zero singular values d: for alpha = 0 the solution of minimum norm."""
    X = rng.standard_normal(shape)
    if rank:
        X = rng.standard_normal((shape[0], rank)) @ rng.standard_normal((rank, shape[1]))
    y = rng.standard_normal(shape[0])
    Xc = X - X.mean(axis=0)
    U, d, Vt = np.linalg.svd(Xc, full_matrices=False)
    keep = d > 1e-10 * d[0]
    w = Vt[keep].T @ (d[keep] / (d[keep] ** 2 + alpha) * (U[:, keep].T @ (y - y.mean())))
    n = shape[0]
    models = [Ridge(alpha), ElasticNet(alpha / n, l1_ratio=0.0)]
    if alpha == 0:
        models += [Lasso(0.0), ElasticNet(0.0, l1_ratio=0.5)]
    for model in models:
        model.fit(X, y)
        # Rounding of X by eps reaches the null space of a deficient X as eps |X| |y| / alpha.
        noise = 1e-15 * d[0] * np.linalg.norm(y) / alpha if alpha else 0.0
        atol = 1e-8 * np.abs(w).max() + noise
        assert_allclose(model.coef_, w, atol=atol, err_msg=repr(model))
        assert_allclose(model.intercept_, y.mean() - X.mean(axis=0) @ w, atol=1e-8)
        assert model.certificate_.rel_gap <= 1e-9


@pytest.mark.parametrize("shape", [(40, 15), (15, 40)])
def test_tiny_l1_approaches_ridge(rng, shape):
    """The elastic net is continuous at l1_ratio = 0."""
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    ridge = ElasticNet(0.5, l1_ratio=0.0).fit(X, y).coef_
    for l1_ratio in (1e-4, 1e-6, 1e-8, 1e-12):
        model = ElasticNet(0.5, l1_ratio=l1_ratio, tol=1e-14).fit(X, y)
        assert_allclose(model.coef_, ridge, atol=5 * l1_ratio + 1e-9)


# --- saturated fits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_saturated_at_a_tiny_penalty(rng, layout, dtype, l1_ratio):
    """p >> n at 1e-8 alpha_max: it interpolates, is sparse for the lasso, and the gap is proven."""
    X = LAYOUTS[layout](rng.standard_normal((25, 800)).astype(dtype))
    y = X[:, :3].sum(axis=1).astype(float) + rng.standard_normal(25)
    top = riata.alpha_max(X, y, l1_ratio=l1_ratio)
    fit = riata.path(X, y, l1_ratio=l1_ratio, alphas=top * np.geomspace(1, 1e-8, 40))
    q = Problem(X, y, l1_ratio=l1_ratio)
    W = fit.coefs.toarray()
    assert fit.dual_gaps.max() <= 1e-6
    for k in (5, 20, 39):
        assert q.gap(W[:, k], fit.alphas[k], fit.intercepts[k]) <= 2e-6
    assert q.s @ q.residual(W[:, -1]) ** 2 <= 1e-6 * q.null
    if l1_ratio == 1:
        assert fit.df[-1] <= 24  # no more columns than the rank
    cold = ElasticNet(fit.alphas[-1], l1_ratio=l1_ratio).fit(X, y)
    assert cold.certificate_.rel_gap <= 1e-6
    assert q.gap(cold.coef_.astype(float), fit.alphas[-1]) <= (
        2e-6 if dtype == np.float64 else 1e-4
    )
    # Among all interpolations of y the lasso tends to that of least |w|_1.
    assert np.abs(W[:, -1]).sum() <= np.abs(np.linalg.pinv(q.Xc) @ q.yc).sum()


def test_saturated_and_correlated(rng):
    """Neighbouring columns agree to 1e-3: supports change without end, gaps stay proven."""
    base = rng.standard_normal((30, 40))
    X = np.repeat(base, 10, axis=1) + 1e-3 * rng.standard_normal((30, 400))
    y = rng.standard_normal(30)
    fit = riata.path(X, y, alphas=riata.alpha_max(X, y) * np.geomspace(1, 1e-6, 30))
    assert fit.dual_gaps.max() <= 1e-6
    q = Problem(X, y)
    gaps = [q.gap(w, a) for w, a in zip(fit.coefs.toarray().T, fit.alphas)]
    assert max(gaps) <= 2e-6


# --- few samples, constant columns, constant response --------------------------------------------------------------------


@pytest.mark.parametrize("Estimator", [Lasso, ElasticNet, Ridge])
def test_one_sample(rng, Estimator):
    X, y = rng.standard_normal((1, 4)), np.array([2.5])
    model = Estimator(alpha=0.1).fit(X, y)
    assert_array_equal(model.coef_, 0)
    assert model.intercept_ == 2.5
    assert model.certificate_.gap == 0
    assert model.certificate_.converged


def test_one_sample_without_an_intercept():
    """min (y - x'w)^2 / 2 + alpha |w|_1: all goes into the largest column, w = S(x y, alpha) / x^2."""
    X, y = np.array([[1.0, -3.0, 2.0]]), np.array([2.0])
    for alpha in (7.0, 5.9, 1.0, 1e-6):
        model = Lasso(alpha, fit_intercept=False).fit(X, y)
        assert_allclose(model.coef_, [0, soft(-6.0, alpha) / 9, 0], atol=1e-12)
        assert model.certificate_.rel_gap <= 1e-9


@pytest.mark.parametrize("scale", [1.0, 1e150, 1e-150])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_two_samples_one_feature(scale, fit_intercept):
    x, y = np.array([[1.0], [4.0]]), np.array([2.0, 8.0]) * scale
    xx, xy = (2.25, 4.5) if fit_intercept else (8.5, 17.0)
    alpha = 0.5
    model = Lasso(alpha * scale, fit_intercept=fit_intercept).fit(x, y)
    assert_allclose(model.coef_[0] / scale, (xy - alpha) / xx, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e150, 1e-150, 1e10 / 3])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_constant_response(rng, value, l1_ratio):
    """The mean of equal numbers is that number; nothing is left to explain, by no rounding either."""
    X = rng.standard_normal((7, 12)) + 5
    y = np.full(7, value)
    fit = riata.path(X, y, l1_ratio=l1_ratio, alphas=[1.0, 1e-3])
    assert_array_equal(fit.coefs.toarray(), 0)
    assert_allclose(fit.intercepts, value, rtol=1e-15)
    assert fit.dual_gaps.max() == 0
    assert (fit.df == 0).all()
    assert np.isfinite(fit.dev_ratio).all()
    auto = riata.path(X, y, alphas=10)
    assert not auto.coefs.toarray().any()
    assert np.isfinite(auto.alphas).all()


def test_constant_response_without_an_intercept_is_no_null_model(rng):
    X = rng.standard_normal((30, 4)) + 5
    model = Lasso(0.01, fit_intercept=False).fit(X, np.full(30, 2.0))
    assert model.coef_.any()
    q = Problem(X, np.full(30, 2.0), fit_intercept=False)
    assert q.gap(model.coef_, 0.01) <= 1e-6


def test_all_columns_constant():
    X, y = np.full((6, 3), 0.1), np.arange(6.0)
    for model in (Lasso(0.1), Lasso(0), ElasticNet(0.1), Ridge(0.1), Ridge(0)):
        model.fit(X, y)
        assert_array_equal(model.coef_, 0)
        assert_allclose(model.intercept_, 2.5)
        assert model.certificate_.converged
    assert not riata.path(X, y, alphas=5).coefs.toarray().any()


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_bounds_that_exclude_zero_hold_on_useless_columns_too(l1_ratio):
    """A constant column and the intercept trade places: any value within the bounds is optimal, the smallest one cheapest."""
    X = np.column_stack([np.full(6, 2.0), np.arange(6.0)])
    y = np.array([1.0, 0, 2, 1, 3, 2])
    lower, upper = np.array([0.5, -np.inf]), np.array([4.0, np.inf])
    (s,) = _core.solve_path(
        X, y, lower=lower, upper=upper, l1_ratio=l1_ratio, alphas=np.array([0.1]), tol=1e-12
    )
    w = coefficients(s, 2)[:, 0]
    assert w[0] == 0.5
    q = Problem(X, y, lower=lower, upper=upper, l1_ratio=l1_ratio)
    assert q.gap(w, 0.1, s.intercepts[0]) <= 1e-9
    assert s.primal[0] == pytest.approx(q.primal(w, 0.1, s.intercepts[0]), rel=1e-12)
    assert s.status[0] == 0


# --- unpenalised features --------------------------------------------------------------------------------------------------


def test_unpenalised_feature_collinear_with_the_intercept(rng):
    X, y = rng.standard_normal((30, 5)), rng.standard_normal(30)
    with_ones = np.column_stack([np.ones(30), X])
    u = np.r_[0.0, np.ones(5)]
    a = Lasso(0.1, penalty_weights=u).fit(with_ones, y)
    b = Lasso(0.1).fit(X, y)
    assert a.coef_[0] == 0
    assert_allclose(a.coef_[1:], b.coef_, atol=1e-12)
    # Without an intercept the unpenalised column of ones is the intercept.
    c = Lasso(0.1, penalty_weights=u, fit_intercept=False).fit(with_ones, y)
    assert_allclose(c.coef_, np.r_[b.intercept_, b.coef_], atol=1e-10)


def test_penalised_duplicates_of_an_unpenalised_feature(rng):
    """Nothing is left for the duplicates: alpha_max is 0 but for rounding, and every alpha has the same proven solution."""
    x, y = rng.standard_normal(40), rng.standard_normal(40)
    X = np.column_stack([x, x, -2 * x])
    fit = riata.path(X, y, penalty_weights=[0, 1, 1], alphas=[1.0, 1e-3])
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    assert_allclose(fit.coefs.toarray(), [[slope] * 2, [0, 0], [0, 0]], atol=1e-12)
    assert fit.dual_gaps.max() <= 1e-9
    auto = riata.path(X, y, penalty_weights=[0, 1, 1], alphas=10)  # a warning would be an error
    assert_allclose(auto.coefs.toarray()[0] + auto.coefs.toarray()[1], slope, atol=1e-9)


@pytest.mark.parametrize("noise", [1e-1, 1e-2, 1e-3])
def test_nearly_collinear_unpenalised_features(rng, noise):
    """Least squares on the unpenalised columns by QR; the lasso of what they leave, by duality."""
    base = rng.standard_normal((80, 2)) @ rng.standard_normal((2, 20))
    X = base + noise * rng.standard_normal((80, 20))
    y = rng.standard_normal(80)
    u = np.r_[np.zeros(6), np.ones(14)]
    q = Problem(X, y, penalty_weights=u)
    top = riata.alpha_max(X, y, penalty_weights=u)
    Q = np.linalg.qr(q.Xc[:, :6])[0]
    left = q.yc - Q @ (Q.T @ q.yc)
    assert_allclose(top, np.abs(q.Xc[:, 6:].T @ left).max() / 80, rtol=1e-6)
    fit = riata.path(X, y, penalty_weights=u, alphas=top * np.geomspace(1, 1e-3, 8))
    for w, alpha in zip(fit.coefs.toarray().T, fit.alphas):
        assert q.gap(w, alpha) <= 2e-6


def test_all_but_dependent_unpenalised_features_end_in_a_warning(rng):
    """At a distance of 1e-5 the Gram matrix has lost too much: what falls short says so."""
    base = rng.standard_normal((80, 2)) @ rng.standard_normal((2, 20))
    X, y = base + 1e-5 * rng.standard_normal((80, 20)), rng.standard_normal(80)
    u = np.r_[np.zeros(6), np.ones(14)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = riata.path(X, y, penalty_weights=u, alphas=5)
    assert bool(caught) == bool((fit.dual_gaps > 1e-6).any())


def test_everything_unpenalised_is_least_squares(rng):
    X, y = rng.standard_normal((40, 6)), rng.standard_normal(40)
    fit = riata.path(X, y, penalty_weights=0.0, alphas=[1.0, 0.1])
    w = np.linalg.pinv(X - X.mean(axis=0)) @ (y - y.mean())
    assert_allclose(fit.coefs.toarray(), np.column_stack([w, w]), atol=1e-10)


@pytest.mark.parametrize("shape", [(40, 6), (20, 60)])
def test_penalties_far_below_rounding(rng, shape):
    """Penalties that no correlation can resolve: least squares, with a gap of rounding size or a warning that quotes it."""
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    least = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean())[0]
    best = y - y.mean() - (X - X.mean(axis=0)) @ least
    for alphas in ([1e-14], [1e-20], [1e-100], [1e-300], [1.0, 1e-30]):
        fit = riata.path(X, y, alphas=alphas)  # a warning would be an error
        r = y - fit.predict(X)[:, -1]
        assert_allclose(r @ r, best @ best, atol=1e-9 * (y @ y))


# --- one iteration ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_iter", [1, 2, 3])
@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_few_iterations_give_a_true_certificate(rng, max_iter, bounded, l1_ratio):
    """Whatever is handed out, its certificate holds for it, and the warning quotes its gap."""
    X, y = rng.standard_normal((50, 80)), rng.standard_normal(50)
    limits = {"lower": -0.01, "upper": 0.02} if bounded else {}
    bounds = {name: np.full(80, value) for name, value in limits.items()}
    q = Problem(X, y, l1_ratio=l1_ratio, **bounds)
    alphas = riata.alpha_max(X, y, l1_ratio=l1_ratio) * np.geomspace(1, 1e-3, 12)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = riata.path(X, y, l1_ratio=l1_ratio, alphas=alphas, max_iter=max_iter, **limits)
    for k, (w, alpha) in enumerate(zip(fit.coefs.toarray().T, fit.alphas)):
        assert q.gap(w, alpha, fit.intercepts[k]) <= fit.dual_gaps[k] + 1e-9
        assert fit.certificate(k).primal == pytest.approx(
            q.primal(w, alpha, fit.intercepts[k]), rel=1e-9
        )
    worst = fit.dual_gaps.max()
    if worst > 1e-6:
        assert [w.category for w in caught] == [ConvergenceWarning]
        assert f"{worst:.2g}" in str(caught[0].message)
        assert f"{fit.alphas[fit.dual_gaps.argmax()]:.4g}" in str(caught[0].message)
    else:
        assert not caught


# --- units, means, duplicates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit_y", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("unit_X", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_units_are_only_units(rng, unit_X, unit_y, l1_ratio):
    """X -> a X, y -> b y, l1 -> a b l1, l2 -> a^2 l2 gives w -> (b / a) w. Powers of ten are not exact, hence 1e-9."""
    X, y = rng.standard_normal((30, 50)) + 2, rng.standard_normal(30)
    alpha = 0.05
    plain = ElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-14).fit(X, y)
    scaled = ElasticNet(
        alpha,
        l1_ratio=l1_ratio,
        penalty_weights=unit_X * unit_y,
        l2_weights=unit_X * unit_X,
        tol=1e-14,
    )
    scaled.fit(X * unit_X, y * unit_y)
    assert_allclose(scaled.coef_ / (unit_y / unit_X), plain.coef_, atol=1e-9)
    assert scaled.certificate_.rel_gap <= 1e-6
    assert scaled.certificate_.converged


@pytest.mark.parametrize("unit_y", [1e-150, 1e150])
@pytest.mark.parametrize("unit_X", [1e-150, 1.0, 1e150])
def test_grids_in_extreme_units(rng, unit_X, unit_y):
    """alpha_max is proportional to both units, and the automatic grid follows."""
    X, y = rng.standard_normal((30, 10)) + 2, rng.standard_normal(30)
    plain, scaled = riata.path(X, y, alphas=20), riata.path(X * unit_X, y * unit_y, alphas=20)
    assert_allclose(scaled.alphas, plain.alphas * (unit_X * unit_y), rtol=1e-9)
    assert_allclose(scaled.coefs.toarray() * (unit_X / unit_y), plain.coefs.toarray(), atol=1e-7)
    assert scaled.dual_gaps.max() <= 1e-6


@pytest.mark.parametrize("unit", [1e-153, 1e-150, 1e150, 1e152])
def test_both_units_extreme(rng, unit):
    """alpha_max of the order of 1e+-300 is still a number."""
    X, y = rng.standard_normal((30, 10)), rng.standard_normal(30)
    plain = riata.path(X, y, alphas=[0.2, 0.02])
    alphas = np.array([0.2, 0.02]) * unit * unit
    scaled = riata.path(X * unit, y * unit, alphas=alphas)
    assert_allclose(scaled.coefs.toarray(), plain.coefs.toarray(), atol=1e-6)
    assert_allclose(
        riata.alpha_max(X * unit, y * unit) / unit / unit, riata.alpha_max(X, y), rtol=1e-6
    )


def test_columns_of_extreme_and_uneven_units(rng):
    """Each column in a unit of its own from 1e-150 to 1e150, the penalty weights to match: one solution, rescaled."""
    X, y = rng.standard_normal((40, 7)) + 1, rng.standard_normal(40)
    unit = 10.0 ** np.array([-150, -75, -8, 0, 8, 75, 150])
    plain = Lasso(0.05, tol=1e-14).fit(X, y)
    scaled = Lasso(0.05, penalty_weights=unit, tol=1e-14).fit(X * unit, y)
    assert_allclose(scaled.coef_ * unit, plain.coef_, atol=1e-10)
    assert scaled.certificate_.rel_gap <= 1e-9


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("unit", [2.0**-40, 2.0**40])
def test_powers_of_two_change_no_bit(rng, layout, unit):
    X, y = LAYOUTS[layout](rng.standard_normal((30, 40))), rng.standard_normal(30)
    plain, scaled = riata.path(X, y, alphas=15), riata.path(X * unit, y, alphas=15)
    assert_array_equal(scaled.alphas, plain.alphas * unit)
    assert_array_equal(scaled.coefs.toarray() * unit, plain.coefs.toarray())


@pytest.mark.parametrize("copies", [2, 5])
def test_duplicates_share_one_coefficient(rng, copies):
    """The sum over the copies is the coefficient of the one column; for the elastic net each copy has an equal part."""
    X, y = rng.standard_normal((40, 8)), rng.standard_normal(40)
    y += X[:, 0]
    many = np.column_stack([X] * copies)
    alone = Lasso(0.05).fit(X, y)
    together = Lasso(0.05).fit(many, y)
    assert_allclose(together.coef_.reshape(copies, 8).sum(axis=0), alone.coef_, atol=1e-8)
    assert together.certificate_.rel_gap <= 1e-9
    # l2 |w|^2 over k equal copies of w / k is l2 / k: the same model with its l2 part k times smaller.
    equal = ElasticNet(0.1, l1_ratio=0.5, tol=1e-14).fit(many, y).coef_.reshape(copies, 8)
    assert_allclose(equal, np.broadcast_to(equal[0], equal.shape), atol=1e-9)
    one = ElasticNet(0.1, l1_ratio=0.5, l2_weights=1 / copies, tol=1e-14).fit(X, y).coef_
    assert_allclose(equal.sum(axis=0), one, atol=1e-9)
    # Opposite copies under w >= 0: the column and its mirror image are the free coefficient.
    mirror = Lasso(0.05, positive=True).fit(np.column_stack([X, -X]), y).coef_
    assert_allclose(mirror[:8] - mirror[8:], alone.coef_, atol=1e-8)


def test_duplicates_down_to_a_tiny_penalty(rng):
    X, y = rng.standard_normal((20, 30)), rng.standard_normal(20)
    many = np.column_stack([X, X, -X, 3 * X[:, :5]])
    fit = riata.path(many, y, alphas=riata.alpha_max(many, y) * np.geomspace(1, 1e-7, 25))
    q = Problem(many, y)
    assert max(q.gap(w, a) for w, a in zip(fit.coefs.toarray().T, fit.alphas)) <= 2e-6


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(60, 10), (20, 60)])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_means_far_beyond_the_spread(rng, layout, shape, l1_ratio):
    """Columns whose mean is 1e7 times their spread: the entries themselves keep nine digits of the spread, so does the solution."""
    X = rng.standard_normal(shape)
    y = X[:, :3].sum(axis=1) + rng.standard_normal(shape[0]) + 1e7
    far = LAYOUTS[layout](X + 1e7 * rng.choice([-1.0, 1.0], shape[1]))
    near = far - far.mean(axis=0)
    near -= near.mean(axis=0)
    a = riata.path(far, y, l1_ratio=l1_ratio, alphas=20, eps=1e-3, early_stop=False)
    b = riata.path(near, y, l1_ratio=l1_ratio, alphas=a.alphas)
    assert_allclose(riata.alpha_max(near, y, l1_ratio=l1_ratio), a.alpha_max, rtol=1e-7)
    q = Problem(far, y, l1_ratio=l1_ratio)
    for k, alpha in enumerate(a.alphas):
        assert q.gap(a.coefs[:, [k]].toarray()[:, 0], alpha) <= 2e-6
    assert_allclose(a.predict(far) - 1e7, b.predict(near) - 1e7, atol=1e-4)
    s = rng.random(shape[0])
    single = ElasticNet(a.alphas[-1], l1_ratio=l1_ratio).fit(far, y, sample_weight=s)
    weighted = Problem(far, y, s, l1_ratio=l1_ratio)
    assert weighted.gap(single.coef_, a.alphas[-1]) <= 2e-6
    assert Ridge(1.0).fit(far, y).certificate_.rel_gap <= 1e-6


def test_means_far_beyond_the_spread_in_single_precision(rng):
    """float32 at a mean of 1e4: the spread keeps three digits, and the answer is that of these numbers in double."""
    X = (rng.standard_normal((50, 8)) + 1e4).astype(np.float32)
    y = rng.standard_normal(50)
    single, double = Lasso(0.02).fit(X, y), Lasso(0.02).fit(X.astype(np.float64), y)
    assert_allclose(single.coef_, double.coef_, atol=1e-6)
    assert single.certificate_.rel_gap <= 1e-6


# --- weights -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_weights_over_twelve_decades(rng, l1_ratio):
    """The rows of negligible weight are negligible; those of weight zero are not there, whatever they hold."""
    X, y = rng.standard_normal((40, 10)), rng.standard_normal(40)
    s = np.r_[np.full(20, 1e6), np.full(10, 1e-6), np.zeros(10)]
    y[30:], X[30:] = 1e8, 1e8
    heavy = ElasticNet(0.05, l1_ratio=l1_ratio, tol=1e-12).fit(X[:20], y[:20])
    model = ElasticNet(0.05, l1_ratio=l1_ratio, tol=1e-12).fit(X, y, sample_weight=s)
    assert_allclose(model.coef_, heavy.coef_, atol=1e-8)
    assert_allclose(model.intercept_, heavy.intercept_, atol=1e-8)
    gone = ElasticNet(0.05, l1_ratio=l1_ratio, tol=1e-12).fit(X[:30], y[:30], sample_weight=s[:30])
    assert_allclose(model.coef_, gone.coef_, atol=1e-10)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_weights_in_extreme_units(rng, unit):
    X, y, s = rng.standard_normal((40, 10)), rng.standard_normal(40), rng.random(40)
    plain = Lasso(0.05).fit(X, y, sample_weight=s)
    assert_allclose(Lasso(0.05).fit(X, y, sample_weight=s * unit).coef_, plain.coef_, atol=1e-10)


def test_one_row_of_any_weight(rng):
    """All the weight on one row: the intercept explains it, nothing else is left."""
    X, y = rng.standard_normal((10, 3)), rng.standard_normal(10)
    s = np.zeros(10)
    s[4] = 3.0
    for model in (Lasso(0.1), Lasso(0), ElasticNet(0.1), Ridge(0.1)):
        model.fit(X, y, sample_weight=s)
        assert_allclose(model.coef_, 0, atol=1e-12)
        assert_allclose(model.intercept_, y[4])
        assert model.certificate_.converged
