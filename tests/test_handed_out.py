"""What is certified is what is handed out: objectives recomputed in extended precision from the numbers that are returned."""

import warnings

import numpy as np
import pytest
from draws import draws
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

import riata

EPS = np.finfo(float).eps


def objective(family, X, y, W, b, alpha, l1_ratio, **given):
    """The objective of W (outputs, p) and b (outputs,) in long double, half deviances, infinite where infeasible."""
    L = np.longdouble
    X = X.toarray() if sparse.issparse(X) else np.asarray(X)
    n, p = X.shape
    s = np.ones(n, L) if given.get("sample_weight") is None else given["sample_weight"].astype(L)
    s /= s.sum()
    X, W = X.astype(L), np.atleast_2d(W).astype(L)
    eta = X @ W.T + np.atleast_1d(b).astype(L)
    if given.get("offset") is not None:
        eta += given["offset"].astype(L)[:, None]
    u = np.broadcast_to(given.get("penalty_weights", 1.0), p).astype(L)
    v = np.broadcast_to(given.get("l2_weights", u), p).astype(L)
    out = np.isinf(u) | np.isinf(v)
    low, high = given.get("lower", -np.inf), given.get("upper", np.inf)
    if W[:, out].any() or (low > W).any() or (high < W).any():
        return L(np.inf)
    d = np.ones(p, L)
    if given.get("standardize"):
        d = np.sqrt(s @ (X - s @ X) ** 2)
    size = (
        np.sqrt((W**2).sum(axis=0))[None]
        if given.get("grouped") or family == "multi-gaussian"
        else np.abs(W)
    )
    u, v = np.where(out, 0, u), np.where(out, 0, v)
    penalty = L(alpha) * (
        l1_ratio * (size @ (u * d)).sum() + (1 - L(l1_ratio)) / 2 * (size**2 @ (v * d**2)).sum()
    )
    return s @ LOSSES[family](y, eta) + penalty


def log1p_exp(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softmax_loss(y, eta):
    apart = eta - eta[np.arange(len(y)), y][:, None]
    top = apart.max(axis=1)
    return top + np.log(np.exp(apart - top[:, None]).sum(axis=1))


def poisson_loss(y, eta):
    eta, y = eta[:, 0], y.astype(np.longdouble)
    d = np.where(y > 0, eta - np.log(np.where(y > 0, y, 1)), 0)
    return np.where(y > 0, y * (np.expm1(d) - d), np.exp(eta))


LOSSES = {
    "gaussian": lambda y, eta: (y - eta[:, 0]) ** 2 / 2,
    "multi-gaussian": lambda y, eta: ((y - eta) ** 2).sum(axis=1) / 2,
    "binomial": lambda y, eta: log1p_exp(np.where(y > 0, -1, 1) * eta[:, 0]),
    "poisson": poisson_loss,
    "multinomial": softmax_loss,
}


def allowance(certificate, X, W, b):
    """A tenth of the tolerance, and rounding: that of margins in the loss, whose slopes the null objective bounds."""
    X = np.abs(X.toarray() if sparse.issparse(X) else X).astype(float)
    noise = 16 * EPS * (X @ np.abs(np.atleast_2d(W)).T.astype(float) + np.abs(b)).max()
    null = certificate.null_objective
    return (
        0.1 * certificate.tol * null
        + noise * np.sqrt(2 * null)
        + noise**2
        + 64 * EPS * (null + abs(certificate.primal))
    )


def assert_honest(certificate, value, near):
    """The certificate's primal value is that of the numbers, and its status follows from it."""
    unit = certificate.null_objective
    assert abs(float(value - certificate.primal)) <= near
    assert certificate.gap == certificate.primal - certificate.dual
    proven = -1e-8 * unit <= certificate.gap <= certificate.tol * unit
    assert certificate.converged == (proven and certificate.rel_gap <= certificate.tol)
    if certificate.converged:
        assert float(value) - certificate.dual <= certificate.tol * unit + near


def response(family, rng, eta):
    n = len(eta)
    if family == "gaussian":
        return eta[:, 0] + rng.standard_normal(n)
    if family == "multi-gaussian":
        return eta + rng.standard_normal(eta.shape)
    if family == "binomial":
        y = (eta[:, 0] + rng.logistic(size=n) > 0).astype(int)
        y[:2] = 0, 1
        return y
    if family == "poisson":
        return rng.poisson(np.exp(np.clip(eta[:, 0], -3, 3))).astype(float) + (np.arange(n) == 0)
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    y[:3] = 0, 1, 2
    return y


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
}


def random_problem(family, rng):
    """X, y, and what a path is given beside them."""
    n, p = int(rng.integers(8, 60)), int(rng.integers(1, 40))
    X = rng.standard_normal((n, p))
    if rng.random() < 0.4:
        X *= rng.random((n, p)) < 0.3
    X = X + rng.choice([0, 0, 10, 1e6]) * (rng.random(p) < 0.5)
    unit = 10.0 ** rng.integers(-3, 4)
    eta = (X - X.mean(axis=0)) @ (rng.standard_normal((p, 3)) * (rng.random((p, 3)) < 0.4))
    y = response(family, rng, eta)
    X = X * unit
    given = {}
    if rng.random() < 0.3:
        given["sample_weight"] = rng.integers(0, 4, n) + (np.arange(n) < 3.0)
    if rng.random() < 0.3:
        given["penalty_weights"] = rng.choice([0.5, 1, 2, np.inf], p)
    if rng.random() < 0.3 and family in ("gaussian", "binomial", "poisson"):
        given["lower"] = np.full(p, rng.choice([-1, 0]) / unit)
    if rng.random() < 0.2 and family != "multinomial":
        X[:, 0] = unit
    if rng.random() < 0.2 and family != "multinomial" and family != "multi-gaussian":
        given["offset"] = rng.standard_normal(n)
    return X, y, given


@pytest.mark.parametrize("family", LOSSES)
@pytest.mark.parametrize("seed", draws(40, first=10))
def test_paths_are_worth_what_their_certificates_say(family, seed):
    rng = np.random.default_rng([seed, *map(ord, family)])
    X, y, given = random_problem(family, rng)
    single = bool(rng.random() < 0.3)
    X = LAYOUTS[rng.choice(list(LAYOUTS))](X.astype(np.float32) if single else X)
    options = dict(given, fit_intercept=bool(rng.random() < 0.7))
    options["standardize"] = bool(options["fit_intercept"] and rng.random() < 0.3)
    if family == "multinomial" and "lower" not in given:
        options["grouped"] = bool(rng.random() < 0.4)
    l1_ratio = float(rng.choice([0, 0.5, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = riata.path(
            X, y, family=family, alphas=5, l1_ratio=l1_ratio, eps=1e-2, early_stop=False, **options
        )
    for k, alpha in enumerate(path.alphas):
        point = path.at(alpha)
        given_penalty = dict(options, grouped=options.get("grouped", False) and l1_ratio > 0)
        value = objective(
            family, X, y, point.coef, point.intercept, alpha, l1_ratio, **given_penalty
        )
        assert_honest(
            path.certificate(k),
            value,
            allowance(path.certificate(k), X, point.coef, point.intercept),
        )


ESTIMATORS = {
    "gaussian": [
        riata.Lasso(0.1),
        riata.ElasticNet(0.1, upper=0.1),
        riata.Ridge(1.0),
        riata.LassoCV(cv=3, alphas=8),
        riata.ElasticNetCV(cv=3, alphas=8, l1_ratio=[0.3, 0.8]),
        riata.RidgeCV(),
        riata.LassoIC(),
    ],
    "multi-gaussian": [
        riata.MultiTaskLasso(0.1),
        riata.MultiTaskElasticNet(0.1),
        riata.MultiTaskLassoCV(cv=3, alphas=8),
    ],
    "binomial": [
        riata.LogisticRegression(),
        riata.LogisticRegressionCV(
            cv=3, Cs=4, l1_ratios=(0.0,), scoring="accuracy", use_legacy_attributes=False
        ),
    ],
    "multinomial": [
        riata.LogisticRegression(),
        riata.LogisticRegression(C=0.3, l1_ratio=0.7, grouped=True),
    ],
    "poisson": [riata.PoissonRegressor(alpha=0.01), riata.PoissonRegressor(alpha=0.1, l1_ratio=1)],
}
CASES = [(family, model) for family, models in ESTIMATORS.items() for model in models]


def penalty_of(model, n):
    """alpha on riata's scale, and l1_ratio."""
    name = type(model).__name__
    if name == "LogisticRegressionCV":
        return 1 / (model.C_ * n), model.l1_ratio_
    if name == "LogisticRegression":
        return 1 / (model.C * n), model.l1_ratio
    alpha = getattr(model, "alpha_", None) or model.alpha
    if name.startswith("Ridge"):
        return alpha / n, 0.0
    if "ElasticNet" in name or name == "PoissonRegressor":
        return alpha, getattr(model, "l1_ratio_", None) or model.l1_ratio
    return alpha, 1.0


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("layout", ["C", "csc"])
@pytest.mark.parametrize(("family", "model"), CASES, ids=str)
def test_float32_estimators_are_certified_as_they_are_rounded(family, model, layout, mean):
    rng = np.random.default_rng(3)
    n = 120
    Z = rng.standard_normal((n, 5))
    y = response(family, rng, 2 * Z[:, :3])
    X = LAYOUTS[layout]((Z + mean).astype(np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    assert model.coef_.dtype == np.float32
    alpha, l1_ratio = penalty_of(model, n)
    bounds = {"upper": model.upper} if getattr(model, "upper", None) is not None else {}
    value = objective(
        family,
        X,
        y,
        model.coef_,
        model.intercept_,
        alpha,
        l1_ratio,
        grouped=getattr(model, "grouped", False),
        **bounds,
    )
    certificate = model.certificate_
    assert_honest(certificate, value, allowance(certificate, X, model.coef_, model.intercept_))
    checked = riata.check_solution(model, X, y)
    assert checked.primal == pytest.approx(certificate.primal, rel=1e-9)
    # Its dual point is made from the residual of rounded coefficients, and is not quite the solution's.
    assert checked.rel_gap <= max(certificate.tol, 1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("outputs", [1, 2])
def test_float32_predictions_do_not_lose_what_large_means_hide(layout, outputs):
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((80, 6))
    y = Z @ rng.standard_normal((6, outputs)) + 0.1 * rng.standard_normal((80, outputs))
    X = (Z + 1e6).astype(np.float32)
    model = riata.Lasso(0.1).fit(LAYOUTS[layout](X), y if outputs > 1 else y[:, 0])
    exact = X.astype(float) @ model.coef_.T.astype(float) + model.intercept_
    assert np.abs(model.predict(LAYOUTS[layout](X)) - exact).max() <= 1e-5


def test_a_coefficient_rounded_to_float32_stays_within_its_bounds():
    X = np.linspace(-1, 1, 30, dtype=np.float32)[:, None]
    for bound in (0.1, 0.3, 0.7):  # float32 rounds the first and the last up
        above = riata.Lasso(1e-6, upper=bound).fit(X, 5 * X[:, 0])
        below = riata.Lasso(1e-6, lower=-bound).fit(X, -5 * X[:, 0])
        assert 0.99 * bound <= float(above.coef_[0]) <= bound
        assert 0.99 * bound <= -float(below.coef_[0]) <= bound
        assert np.isfinite(above.certificate_.primal)


# --- what check_solution looks at -------------------------------------------------------------------------------------


def constant_and_excluded(rng):
    X = rng.standard_normal((40, 4))
    X[:, 1] = 3.0
    X[:, 2] = 0.0
    return X, np.array([1.0, 1.0, 1.0, np.inf])


MODELS = {
    "gaussian": lambda **k: riata.Lasso(0.1, **k),
    "ridge": lambda **k: riata.Ridge(1.0, **k),
    "least squares": lambda **k: riata.Ridge(0.0, **k),
    "binomial": lambda **k: riata.LogisticRegression(**k),
    "multinomial": lambda **k: riata.LogisticRegression(**k),
    "poisson": lambda **k: riata.PoissonRegressor(**k),
    "multi-gaussian": lambda **k: riata.MultiTaskLasso(0.1, **k),
}


@pytest.mark.parametrize("layout", ["C", "csc"])
@pytest.mark.parametrize("kind", MODELS)
def test_coefficients_of_unused_columns_are_seen(rng, kind, layout):
    X, u = constant_and_excluded(rng)
    family = kind if kind in LOSSES else "gaussian"
    y = response(family, rng, 2 * X[:, [0, 0, 3]] * [1, -1, 0])
    X = LAYOUTS[layout](X)
    model = MODELS[kind](penalty_weights=u).fit(X, y)
    good = riata.check_solution(model, X, y)
    assert good.converged
    coef = model.coef_.copy()
    for column, changes in ((1, "margins"), (2, "penalty"), (3, "feasible")):
        model.coef_ = coef.copy()
        model.coef_[..., column] += 0.5
        bad = riata.check_solution(model, X, y)
        if changes == "feasible":
            assert bad.primal == np.inf
            assert not bad.converged
        elif kind != "least squares" or changes == "margins":
            assert bad.primal > good.primal + 1e-4 * good.null_objective
            assert not bad.converged
        assert bad.dual <= good.primal * (1 + 1e-9)


def test_a_constant_columns_bounds_count(rng):
    X = rng.standard_normal((40, 3))
    X[:, 1] = 1.0
    y = X[:, 0] + rng.standard_normal(40)
    model = riata.Lasso(0.1, lower=[-np.inf, 0.5, -np.inf]).fit(X, y)
    good = riata.check_solution(model, X, y)
    assert good.converged
    assert good.primal == pytest.approx(model.certificate_.primal, rel=1e-12)
    model.coef_[1] = 0.4
    assert riata.check_solution(model, X, y).primal == np.inf


def test_an_intercept_that_the_model_does_not_have_is_infeasible(rng):
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    for model in (
        riata.Lasso(0.1, fit_intercept=False),
        riata.PoissonRegressor(fit_intercept=False),
    ):
        model.fit(X, np.abs(y))
        model.intercept_ = 0.3
        assert riata.check_solution(model, X, np.abs(y)).primal == np.inf


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"C": np.inf},
        {"C": 0.1, "l1_ratio": 1},
        {"C": 0.1, "l1_ratio": 0.5, "grouped": True},
        {"C": np.inf, "l1_ratio": 0.5, "grouped": True},
        {"C": 0.1, "l1_ratio": 1, "lower": -0.1},
        {"l1_ratio": 1, "penalty_weights": [0, 1, 2, np.inf]},
        {"standardize": True},
        {"fit_intercept": False},
    ],
    ids=str,
)
def test_models_of_several_classes_are_certified_from_their_coefficients(rng, options):
    from sklearn.linear_model import LogisticRegression

    X = rng.standard_normal((90, 4))
    y = response("multinomial", rng, X[:, :3])
    model = riata.LogisticRegression(**options).fit(X, y)
    good = riata.check_solution(model, X, y)
    assert model.certificate_.rel_gap <= 1e-8
    assert good.rel_gap <= 1e-7  # of another dual point
    assert good.primal == pytest.approx(model.certificate_.primal, rel=1e-9)
    assert good.null_objective == pytest.approx(model.certificate_.null_objective, rel=1e-12)
    model.coef_ = model.coef_ + 0.05 * rng.standard_normal(model.coef_.shape)
    bad = riata.check_solution(model, X, y)
    assert not bad.converged
    assert bad.dual <= good.primal * (1 + 1e-12)
    theirs = LogisticRegression(C=1.0, tol=1e-8).fit(X, y)
    assert riata.check_solution(theirs, X, y).rel_gap <= 1e-6


class Doubled(riata.Lasso):
    """Predicts something else than its coefficients say."""

    def predict(self, X):
        """Twice the linear prediction."""
        return 2 * super().predict(X)


class Named(riata.Lasso):
    """Predicts what its coefficients say."""


def test_only_models_that_predict_what_their_coefficients_say_are_checked(rng):
    from sklearn.linear_model import LogisticRegressionCV, TweedieRegressor

    X = rng.standard_normal((40, 3))
    y = np.exp(0.3 * X[:, 0]) + 0.1
    with pytest.raises(TypeError, match=r"Doubled has a predict of its own in place of Lasso's"):
        riata.check_solution(Doubled(0.1).fit(X, y), X, y)
    with pytest.raises(TypeError, match=r"got TweedieRegressor"):
        riata.check_solution(TweedieRegressor(power=0, link="log").fit(X, y), X, y)
    assert riata.check_solution(Named(0.1).fit(X, y), X, y).converged
    for chosen in (
        riata.LassoCV(cv=3),
        riata.ElasticNetCV(cv=3, l1_ratio=[0.2, 0.9]),
        riata.RidgeCV(),
        riata.LassoIC(),
    ):
        assert riata.check_solution(chosen.fit(X, y), X, y).converged
    labels = (X[:, 0] + 0.5 * rng.standard_normal(40) > 0).astype(int)
    theirs = LogisticRegressionCV(
        Cs=[0.01, 0.1],
        cv=3,
        tol=1e-10,
        l1_ratios=(0,),
        use_legacy_attributes=False,
        scoring="neg_log_loss",
    )
    assert riata.check_solution(theirs.fit(X, labels), X, labels).rel_gap <= 1e-9
    assert riata.check_solution(
        riata.LogisticRegressionCV(
            Cs=3, cv=3, l1_ratios=(0.0,), scoring="accuracy", use_legacy_attributes=False
        ).fit(X, labels),
        X,
        labels,
    ).converged


# --- certificates that cannot be --------------------------------------------------------------------------------------


def test_a_dual_value_above_the_primal_is_no_proof():
    from riata._fit import make_certificate

    sound = make_certificate(0.1, 1.0, 1.0 + 1e-15, 0.0, 2.0, 1e-6)
    assert sound.converged
    assert sound.gap == 1.0 - (1.0 + 1e-15)
    broken = make_certificate(0.1, 1.0, 1.0 + 1e-7, 0.0, 2.0, 1e-6)
    assert broken.dual <= 0  # below which no objective is
    assert broken.gap == broken.primal - broken.dual
    assert broken.rel_gap >= 1
    assert not broken.converged
    assert not make_certificate(0.1, np.nan, 1.0, 0.0, 2.0, 1e-6).converged


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_the_null_objective_is_exact_relative_to_itself(family):
    n = 100_000
    y = np.zeros(n)
    y[0] = 1
    x = np.zeros((n, 1))
    x[:2, 0] = 1, -1
    path = riata.path(x, y, family=family, alphas=[1.0])
    share = np.longdouble(1) / n
    exact = -share * np.log(share)
    if family == "binomial":
        exact -= (1 - share) * np.log1p(-share)
    assert path.null_objective == pytest.approx(float(exact), rel=1e-12)
    few = riata.path(
        x[:40],
        y[:40],
        family=family,
        alphas=[1.0],
        sample_weight=np.where(np.arange(40) > 0, 1.0, 1e-5),
    )
    share = np.longdouble(1e-5) / (39 + np.longdouble(1e-5))
    exact = -share * np.log(share)
    if family == "binomial":
        exact -= (1 - share) * np.log1p(-share)
    assert few.null_objective == pytest.approx(float(exact), rel=1e-12)
    assert abs(few.dev_ratio[0]) <= 1e-12


# --- nothing to fit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_models_without_a_feature_predict(rng, layout, dtype):
    X = LAYOUTS[layout](rng.standard_normal((30, 4)).astype(dtype))
    y = rng.standard_normal(30)
    expected = np.full(30, y.mean())
    np.testing.assert_allclose(riata.path(X, y, alphas=[1e9]).predict(X)[:, 0], expected)
    np.testing.assert_allclose(riata.path(X, y, alphas=[1e9]).predict(X, alpha=1e9), expected)
    np.testing.assert_allclose(riata.cv_path(X, y, alphas=[1e9], cv=3).predict(X), expected)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_all_features_may_be_out(rng, alpha, l1_ratio):
    X, y = rng.standard_normal((30, 4)), rng.standard_normal(30)
    for given in (
        (X, {"penalty_weights": np.inf}),
        (np.ones((30, 4)), {"standardize": True}),
        (sparse.csc_array(np.ones((30, 4))), {"standardize": True}),
    ):
        path = riata.path(given[0], y, alphas=[alpha], l1_ratio=l1_ratio, **given[1])
        assert path.coefs.nnz == 0
        assert path.intercepts[0] == pytest.approx(y.mean())
        assert path.certificate(0).converged
    assert not riata.RidgeCV(penalty_weights=np.inf).fit(X, y).coef_.any()


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("weights", ["penalty_weights", "l2_weights"])
def test_an_excluded_feature_whose_bounds_exclude_zero_is_refused(rng, family, layout, weights):
    X = rng.standard_normal((30, 3))
    y = response(family, rng, X)
    infinite = {weights: [1.0, np.inf, 1.0], "lower": [-1.0, 0.5, -1.0]}
    with pytest.raises(
        ValueError,
        match=r"feature 1 is excluded by an infinite penalty weight, but its bounds exclude 0",
    ):
        riata.path(LAYOUTS[layout](X), y, family=family, **infinite)
    allowed = {weights: [1.0, np.inf, 1.0], "lower": [-1.0, 0.0, -1.0]}
    assert (
        not riata.path(LAYOUTS[layout](X), y, family=family, alphas=3, **allowed)
        .coefs.toarray()[1]
        .any()
    )


def test_a_warm_start_without_coefficients_is_a_cold_one(rng):
    X = rng.standard_normal((30, 3))
    y = (X[:, 0] > 0).astype(int)
    model = riata.LogisticRegression(warm_start=True)
    model.coef_ = None
    assert np.array_equal(model.fit(X, y).coef_, riata.LogisticRegression().fit(X, y).coef_)
