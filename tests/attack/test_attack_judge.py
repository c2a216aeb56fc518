"""The attack's judge is judged: right solutions of other libraries pass, and every kind of wrong claim is caught."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import sklearn.linear_model as theirs

from .calls import Answer, Claim
from .exact import Exact, Terms
from .judge import judge
from .problems import Case
from .reference import Scaled, improve

pytestmark = pytest.mark.house


def data(rng, family, n=30, p=5):
    X = rng.standard_normal((n, p))
    X[:, 1] += 3 * X[:, 0] + 10
    eta = X[:, 0] - X[:, 2] + 0.5 * rng.standard_normal(n)
    return X, {
        "gaussian": eta,
        "binomial": np.int64(eta > 0),
        "poisson": np.floor(3 * np.exp(eta)),
        "multinomial": np.digitize(eta, [-0.5, 0.5]),
        "multi-gaussian": np.column_stack([eta, X[:, 3] + eta]),
    }[family]


def right(rng, family, l1_ratio=1.0, alpha=0.05, **terms):
    """A case and scikit-learn's solution of it, as precise as it can be had."""
    X, y = data(rng, family)
    n = len(y)
    tight = {"tol": 1e-14, "max_iter": 1_000_000}
    if family == "gaussian":
        net = theirs.ElasticNet(alpha=alpha, l1_ratio=l1_ratio, **tight)
        model = net if l1_ratio > 0 else theirs.Ridge(alpha=alpha * n)
    elif family == "multi-gaussian":
        model = theirs.MultiTaskElasticNet(alpha=alpha, l1_ratio=l1_ratio, **tight)
    elif family == "poisson":
        model = theirs.PoissonRegressor(
            alpha=alpha, tol=1e-10, max_iter=10_000, solver="newton-cholesky"
        )
    else:
        solver = {"solver": "newton-cholesky"} if l1_ratio == 0 else {"solver": "saga"}
        model = theirs.LogisticRegression(
            C=1 / (alpha * n), l1_ratio=l1_ratio, tol=1e-10, max_iter=200_000, **solver
        )
    model.fit(X, y)
    case = Case(
        0, "path", X, y, Terms(family=family, l1_ratio=l1_ratio, **terms), np.array([alpha]), 1e-6
    )
    return case, claim_of(case, model.coef_, model.intercept_)


def claim_of(case, coef, intercept, **claimed):
    """The claim that these coefficients are optimal."""
    coef, intercept = np.atleast_2d(coef), np.atleast_1d(intercept)
    exact = Exact(case.X, case.y, case.terms)
    alpha = float(case.alphas[0])
    primal, null = float(exact.objective(coef.T, intercept, alpha)), float(exact.null)
    share = 1 - float(exact.objective(coef.T, intercept, 0)) / null if null > 0 else 0.0
    eta = case.X @ coef.T + intercept
    claim = Claim(alpha, coef, intercept, primal, primal, 0.0, null, True, case.tol, share, eta=eta)
    return replace(claim, **claimed)


def kinds(case, claim, **answer):
    return {fault.kind for fault in judge(case, Answer([claim], **answer)).faults}


FITS = [
    ("gaussian", 1.0),
    ("gaussian", 0.5),
    ("gaussian", 0.0),
    ("multi-gaussian", 1.0),
    ("multi-gaussian", 0.5),
    ("binomial", 0.0),
    ("poisson", 0.0),
    ("multinomial", 0.0),
]


@pytest.mark.parametrize(("family", "l1_ratio"), FITS)
def test_right_solutions_are_accepted_and_proven(rng, family, l1_ratio):
    case, claim = right(rng, family, l1_ratio)
    verdict = judge(case, Answer([claim]))
    assert not verdict.faults
    assert verdict.undecided == 0


@pytest.mark.parametrize(("family", "l1_ratio"), FITS)
def test_a_moved_coefficient_is_refuted(rng, family, l1_ratio):
    case, claim = right(rng, family, l1_ratio)
    coef = claim.coef.copy()
    coef[0, 2] += 0.01 * np.abs(coef).max()
    moved = claim_of(case, coef, claim.intercept)
    assert kinds(case, moved) == {"false", "dual"}
    honest = replace(moved, converged=False, dual=claim.primal, rel_gap=1.0)
    assert kinds(case, honest, warned=1) == set()
    assert kinds(case, honest) == {"silent"}
    stale = replace(claim, coef=coef)  # a certificate of other coefficients than those handed out
    assert {"primal", "false", "predict", "dev"} <= kinds(case, stale)


@pytest.mark.parametrize(
    "family", ["gaussian", "binomial", "poisson", "multinomial", "multi-gaussian"]
)
def test_a_moved_intercept_is_refuted(rng, family):
    case, claim = right(rng, family, 0.5 if "gaussian" in family else 0.0)
    b = claim.intercept.copy()
    b[0] += 0.02
    assert "false" in kinds(case, claim_of(case, claim.coef, b))


def test_numbers_that_are_not_so_are_named(rng):
    case, claim = right(rng, "gaussian")
    P, N = claim.primal, claim.null
    assert kinds(case, replace(claim, primal=P + 1e-5 * N)) == {"primal"}
    assert kinds(case, replace(claim, primal=P - 1e-5 * N, dual=P - 1e-5 * N)) == {"primal"}
    assert kinds(case, replace(claim, dual=P + 1e-7 * N)) == {"dual"}
    assert kinds(case, replace(claim, dual=P + 1e-5 * N)) == {"dual"}
    assert kinds(case, replace(claim, rel_gap=2e-6)) == {"gap"}
    assert kinds(case, replace(claim, null=N * (1 + 1e-5))) == {"null"}
    assert kinds(case, replace(claim, dev_ratio=claim.dev_ratio + 1e-4)) == {"dev"}
    assert kinds(case, replace(claim, eta=claim.eta + 1e-9)) == {"predict"}
    for name in ("primal", "dual", "rel_gap", "null"):
        assert kinds(case, replace(claim, **{name: np.nan})) == {"finite"}
    assert kinds(case, replace(claim, coef=np.full((1, 5), np.inf))) == {"finite"}


def test_what_happens_around_a_call_is_judged(rng):
    case, claim = right(rng, "gaussian")
    assert kinds(case, claim, error="ZeroDivisionError: division by zero") == {"exception"}
    assert kinds(case, claim, error="ValueError: alphas must be finite") == {"exception"}
    assert kinds(case, claim, error="ValueError: the data contains only one class: 1") == set()
    assert kinds(case, claim, leaked=["RuntimeWarning: overflow"]) == {"leaked"}
    assert kinds(case, claim, mutated=["X"]) == {"mutated"}
    assert kinds(case, claim, seconds=21.0) == {"slow"}


def test_bounds_hold_to_the_last_bit(rng):
    case, claim = right(rng, "gaussian")
    top = claim.coef[0].max()
    assert kinds(replace(case, terms=replace(case.terms, upper=np.full(5, top))), claim) == set()
    less = np.full(5, np.nextafter(top, 0))
    assert kinds(replace(case, terms=replace(case.terms, upper=less)), claim) == {"bounds"}
    out = np.array([np.inf, 1, 1, 1, 1])
    assert kinds(replace(case, terms=replace(case.terms, penalty_weights=out)), claim) == {"bounds"}


def test_nothing_is_optimal_where_nothing_is_feasible(rng):
    case, claim = right(rng, "gaussian")
    terms = replace(
        case.terms, penalty_weights=np.array([np.inf, 1, 1, 1, 1]), lower=np.full(5, 0.1)
    )
    case = replace(case, terms=terms)
    assert kinds(case, claim) == {"false"}
    assert kinds(case, replace(claim, converged=False), warned=1) == set()


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_nonnegative_least_squares(rng, unit):
    X, y = data(rng, "gaussian")
    y = y * unit
    terms = Terms(lower=np.zeros(5), fit_intercept=False)
    case = Case(0, "path", X, y, terms, np.array([0.0]), 1e-9)
    claim = claim_of(case, scipy.optimize.nnls(X, y)[0], 0.0)
    assert kinds(case, claim) == set()
    low = claim.coef.copy()
    low[0, np.argmax(low)] *= 0.99
    assert "false" in kinds(case, claim_of(case, low, 0.0))


def test_boxes_and_columns_far_from_zero(rng):
    X, y = data(rng, "gaussian")
    X[:, 3] = X[:, 3] * 1e-3 + 1e4
    low, high = np.array([-0.2, 0.1, -1, 5, 0]), np.array([0.3, 0.2, 0, 9, 0.5])
    A = np.sqrt(1 / len(y)) * (X - X.mean(axis=0))
    found = scipy.optimize.lsq_linear(
        A, np.sqrt(1 / len(y)) * (y - y.mean()), (low, high), tol=1e-14
    )
    terms = Terms(lower=low, upper=high)
    case = Case(0, "path", X, y, terms, np.array([0.0]), 1e-6)
    w = np.clip(found.x, low, high)
    assert kinds(case, claim_of(case, w, y.mean() - X.mean(axis=0) @ w)) == set()
    w[3] = 5.5
    assert "false" in kinds(case, claim_of(case, w, y.mean() - X.mean(axis=0) @ w))


def test_an_interpolating_model_is_found(rng):
    """More features than rows, two of them nearly alike, in units 1e150 apart: some point has no loss."""
    X = rng.standard_normal((6, 9))
    X[:, 1] = X[:, 0] + 1e-7 * X[:, 1]
    X = X * 10.0 ** np.linspace(-150, 150, 9)
    y = rng.standard_normal(6)
    case = Case(0, "path", X, y, Terms(), np.array([0.0]), 1e-6)
    assert "false" in kinds(case, claim_of(case, np.zeros(9), y.mean()))


def test_separable_classes_without_penalty(rng):
    X = rng.standard_normal((8, 1))
    case = Case(
        0, "path", X, np.int64(X[:, 0] > 0), Terms(family="binomial"), np.array([0.0]), 1e-6
    )
    assert kinds(case, claim_of(case, [1e6], 0.0)) == set()
    assert kinds(case, claim_of(case, [10.0], 0.0)) == {"false", "dual"}


@pytest.mark.parametrize(
    "family", ["gaussian", "binomial", "poisson", "multinomial", "multi-gaussian"]
)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
def test_reference_closes_the_gap_from_zero_and_bounds_every_point(rng, family, l1_ratio):
    X, y = data(rng, family, n=20)
    exact = Exact(X, y, Terms(family=family, l1_ratio=l1_ratio, grouped=family == "multinomial"))
    scaled = Scaled(exact, 0.02)
    start = scaled.start(np.zeros((5, exact.outputs)), exact.null_intercept)
    theta, value, bound = improve(scaled, start, 1e-10 * exact.null)
    assert value - bound <= 1e-9 * exact.null
    for size in (1e-3, 0.1, 10):
        other = theta + size * rng.standard_normal(theta.shape)
        assert scaled.objective(other) >= bound
        assert scaled.lower_bound(other, scaled.objective(other)) <= value


def test_weights_are_rows_given_often(rng):
    X, y = data(rng, "poisson")
    s = rng.integers(0, 3, len(y)).astype(float)
    weighted = Exact(X, y, Terms(family="poisson", sample_weight=s, l1_ratio=0.5, standardize=True))
    rows = np.repeat(np.arange(len(y)), s.astype(int))
    repeated = Exact(X[rows], y[rows], Terms(family="poisson", l1_ratio=0.5, standardize=True))
    w, b = rng.standard_normal((5, 1)) / 9, np.array([0.3])
    assert float(weighted.objective(w, b, 0.3)) == pytest.approx(
        float(repeated.objective(w, b, 0.3)), rel=1e-15
    )
    assert float(weighted.null) == pytest.approx(float(repeated.null), rel=1e-15)


def test_held_out_losses_are_computed_anew(rng):
    case, claim = right(rng, "gaussian")
    test = np.array([0, 3, 3])
    loss = float(((case.y[test] - claim.eta[test, 0]) ** 2).mean())
    assert kinds(case, replace(claim, held_out=[test, loss, None])) == set()
    assert kinds(case, replace(claim, held_out=[test, loss * 1.001, None])) == {"held-out"}


def test_the_poisson_loss_does_not_cancel():
    y = np.full(4, 1e8)
    X = np.arange(4.0)[:, None]
    exact = Exact(X, y, Terms(family="poisson"))
    w, b = np.array([[1e-9]]), np.array([np.log(1e8)])
    d = exact.eta(w, b)[:, 0] - np.log(np.longdouble(1e8))
    assert float(exact.objective(w, b, 0)) == pytest.approx(
        float((1e8 * d**2 / 2).mean()), rel=1e-7
    )


def test_errors_of_folds_are_compared_with_refits(rng):
    X, y = data(rng, "gaussian")
    X = X * (rng.random(X.shape) < 0.6)
    train, test = np.arange(25), np.arange(25, 30)
    model = theirs.ElasticNet(alpha=0.05, tol=1e-12, max_iter=100_000).fit(X[train], y[train])
    error = float(((model.predict(X[test]) - y[test]) ** 2).mean())
    weights = np.bincount(train, minlength=30).astype(float)
    case = Case(0, "cv-estimator", X, y, Terms(l1_ratio=0.5), np.array([0.05]), 1e-9)
    for factor, found in ((1.0, set()), (1.01, {"refit"})):
        answer = Answer(refits=[[0.05, weights, test, factor * error]])
        assert {fault.kind for fault in judge(case, answer).faults} == found
