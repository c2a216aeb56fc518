"""Paths of the binomial and the Poisson family: every solution is as good as its certificate says, by an independent judge."""

import numpy as np
import pytest
from draws import draws
from numpy.testing import assert_allclose
from oracle import coefficients
from oracle_loss import LossProblem
from sklearn.exceptions import ConvergenceWarning

import riata
from riata import _core

TOL = 1e-6
BATCHES, BATCH = 24, 30


def random_design(rng, n, p):
    X = rng.standard_normal((n, p))
    if rng.random() < 0.3:
        X = rng.standard_normal((n, 3)) @ rng.standard_normal((3, p)) + 0.01 * X
    if rng.random() < 0.25 and p > 3:
        X[:, 1], X[:, 2] = X[:, 0], -2 * X[:, 0]
    if rng.random() < 0.25:
        X += 10.0 ** rng.integers(0, 4) * rng.standard_normal(p)
    if rng.random() < 0.2 and p > 1:
        X[:, -1] = 3.7
    if rng.random() < 0.3:
        X *= 10.0 ** rng.integers(-8, 9)
    if rng.random() < 0.3:
        X *= 10.0 ** rng.integers(-3, 4, p)
    if rng.random() < 0.25:
        X = X.astype(np.float32)
    return np.asfortranarray(X) if rng.random() < 0.5 else X


def random_response(rng, family, X, s, o):
    n, p = X.shape
    X = X.astype(float)
    size = np.maximum(X.std(axis=0), 1e-300)
    signal = ((X - X.mean(axis=0)) / size)[:, : min(p, 3)] @ rng.standard_normal(min(p, 3))
    if family == "poisson":
        y = rng.poisson(np.exp(np.clip(signal, -4, 4) * rng.choice([0.0, 0.5]))).astype(float)
        y[np.argmax(s)] += 1
        return y
    if rng.random() < 0.2:  # few positives
        y = (signal > np.quantile(signal, 0.97)).astype(float)
    else:
        y = (signal * rng.choice([0.0, 1.0, 10.0]) + o + rng.logistic(size=n) > 0).astype(float)
    order = np.argsort(-s)
    y[order[0]], y[order[1]] = 0.0, 1.0
    return y


def random_case(rng, family):
    n, p = int(rng.integers(3, 60)), int(rng.integers(1, 40))
    X = random_design(rng, n, p)
    kind = rng.integers(4)
    s = (
        None
        if kind < 2
        else rng.integers(0, 4, n).astype(float)
        if kind == 2
        else 10.0 ** rng.uniform(-4, 4, n)
    )
    if s is not None:
        s[:2] += 1.0
    o = rng.standard_normal(n) if rng.random() < 0.3 else None
    y = random_response(rng, family, X, np.ones(n) if s is None else s, 0.0 if o is None else o)
    u = v = None
    if rng.random() < 0.25:
        u = rng.choice([0.0, 0.5, 1.0, 3.0, np.inf], p, p=[0.1, 0.3, 0.3, 0.2, 0.1])
    if rng.random() < 0.15:
        v = rng.choice([0.5, 1.0, 2.0], p)
    lower = upper = None
    unit = 1 / np.maximum(X.std(axis=0).astype(float), 1e-300)
    if rng.random() < 0.2:
        lower = -rng.choice([0.0, 0.3, np.inf], p) * unit
    if rng.random() < 0.2:
        upper = rng.choice([0.0, 0.3, np.inf], p) * unit
    ratio = float(rng.choice([1.0, 1.0, 0.5, 0.05, 0.0]))
    return LossProblem(X, y, family, s, o, u, v, lower, upper, ratio, bool(rng.random() < 0.8)), X


def solve(problem, X, rng):
    arguments = {
        "family": problem.family,
        "sample_weight": problem.sample_weight,
        "offset": problem.offset,
        "penalty_weights": problem.penalty_weights,
        "lower": problem.lower,
        "upper": problem.upper,
        "fit_intercept": problem.fit_intercept,
    }
    top = _core.alpha_max(X, problem.y, **arguments, l1_ratio=problem.l1_ratio or 0.01)[0]
    top = top if top > 0 else 1.0
    ratios = (
        np.geomspace(1.1, 10.0 ** -rng.uniform(0.3, 3), 6)
        if rng.random() < 0.7
        else np.array([10.0 ** -rng.uniform(0.3, 3)])
    )
    (solution,) = _core.solve_path(
        X,
        problem.y,
        **arguments,
        l2_weights=problem.l2_weights
        if problem.l2_weights is not None
        else problem.penalty_weights,
        l1_ratio=problem.l1_ratio,
        alphas=top * ratios,
        single=len(ratios) == 1 and bool(rng.random() < 0.5),
        tol=TOL,
    )
    return solution


@pytest.mark.parametrize("batch", draws(BATCHES))
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_random_problems(family, batch):
    """The judge's gap is that of the certificate, and there is none above tol."""
    for seed in range(BATCH):
        rng = np.random.default_rng([batch, seed, family == "poisson"])
        problem, X = random_case(rng, family)
        solution = solve(problem, X, rng)
        W = coefficients(solution, X.shape[1])
        for k, alpha in enumerate(solution.alphas):
            where = f"batch {batch}, seed {seed}, solution {k} of {W.shape[1]}"
            assert solution.status[k] == 0, f"{where}: gap {solution.rel_gap[k]:.2g}"
            primal = problem.primal(W[:, k], solution.intercepts[k], alpha)
            assert_allclose(
                solution.primal[k], primal, rtol=1e-9, atol=1e-9 * problem.null, err_msg=where
            )
            gap = problem.gap(W[:, k], solution.intercepts[k], alpha)
            assert gap <= 3 * TOL, (
                f"{where}: the judge finds {gap:.2g}, claimed {solution.rel_gap[k]:.2g}"
            )
            assert gap >= -1e-9, f"{where}: the judge finds {gap:.2g}"


def binary_data(rng, n=80, p=30):
    X = rng.standard_normal((n, p))
    y = (X[:, :4].sum(axis=1) + rng.logistic(size=n) > 0).astype(float)
    return X, y


def test_path(rng):
    X, y = binary_data(rng)
    fit = riata.path(X, y, family="binomial")
    assert fit.dual_gaps.max() <= TOL
    assert fit.df[0] == 0
    assert_allclose(fit.alphas[0], riata.alpha_max(X, y, family="binomial"))
    assert_allclose(fit.alpha_max, np.abs(X.T @ (y - y.mean())).max() / len(y))
    assert (np.diff(fit.dev_ratio) > 0).all()
    assert_allclose(fit.intercepts[0], np.log(y.mean() / (1 - y.mean())))
    assert fit.classes_.tolist() == [0, 1]


def test_labels_of_any_kind(rng):
    X, y = binary_data(rng)
    fit = riata.path(X, y, family="binomial", alphas=[0.05])
    for labels in (
        np.where(y > 0, 1, -1),
        np.where(y > 0, "yes", "no"),
        y > 0,
        np.where(y > 0, "b", "a").astype(object),
    ):
        other = riata.path(X, labels, family="binomial", alphas=[0.05])
        assert (other.coefs != fit.coefs).nnz == 0


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_weights_are_repetitions(family, rng):
    X, y = binary_data(rng)
    s = rng.integers(0, 4, len(y)).astype(float)
    again = np.repeat(np.arange(len(y)), s.astype(int))
    for ratio in (1.0, 0.3):
        alphas = riata.alpha_max(
            X, y, family=family, sample_weight=s, l1_ratio=ratio
        ) * np.geomspace(0.9, 0.05, 5)
        kwargs = {"family": family, "alphas": alphas, "l1_ratio": ratio, "tol": 1e-12}
        a = riata.path(X, y, sample_weight=s, **kwargs)
        b = riata.path(X[again], y[again], **kwargs)
        assert_allclose(a.coefs.toarray(), b.coefs.toarray(), atol=1e-5)
        assert_allclose(a.intercepts, b.intercepts, atol=1e-5)
        assert_allclose(
            [c.primal for c in a.certificates], [c.primal for c in b.certificates], rtol=1e-10
        )


def test_paths_equal_cold_starts(rng):
    X, y = binary_data(rng)
    fit = riata.path(X, y, family="binomial", alphas=10, eps=0.05, tol=1e-11)
    for k, alpha in enumerate(fit.alphas):
        alone = riata.path(X, y, family="binomial", alphas=[alpha], tol=1e-11)
        assert_allclose(alone.coefs.toarray()[:, 0], fit.coefs.toarray()[:, k], atol=1e-4)


def test_standardize_is_explicit_standardisation(rng):
    X, y = binary_data(rng)
    X = X * np.geomspace(0.01, 100, X.shape[1]) + 5
    scale = X.std(axis=0)
    alphas = [0.1, 0.01]
    a = riata.path(X, y, family="binomial", standardize=True, alphas=alphas, tol=1e-12)
    b = riata.path(X / scale, y, family="binomial", alphas=alphas, tol=1e-12)
    assert_allclose(a.coefs.toarray() * scale[:, None], b.coefs.toarray(), atol=1e-5)


@pytest.mark.parametrize("eps", [1e-2, 1e-6])
def test_separable_classes(eps, rng):
    X = rng.standard_normal((40, 100))
    y = (X[:, 0] > 0).astype(float)
    fit = riata.path(X, y, family="binomial", eps=eps, early_stop=False)
    assert fit.dual_gaps.max() <= TOL
    problem = LossProblem(X, y)
    for k in (50, 99):
        assert problem.gap(fit.coefs.toarray()[:, k], fit.intercepts[k], fit.alphas[k]) <= 3 * TOL


def test_no_penalty(rng):
    X, y = binary_data(rng, n=200, p=5)
    fit = riata.path(X, y, family="binomial", alphas=[0.0], tol=1e-12)
    assert fit.dual_gaps.max() <= 1e-12
    eta = X @ fit.coefs.toarray()[:, 0] + fit.intercepts[0]
    r = y - 1 / (1 + np.exp(-eta))
    assert_allclose(np.column_stack([X, np.ones(len(y))]).T @ r, 0, atol=1e-5)
    with pytest.warns(ConvergenceWarning, match="separable"):
        separable = riata.path(X, X[:, 0] > 0, family="binomial", alphas=[0.0])
    assert separable.dual_gaps.max() <= TOL


def test_offset(rng):
    """A column with coefficient 1 moved into the offset leaves the rest as it is."""
    X, y = binary_data(rng, n=300, p=6)
    offset = X @ np.full(6, 0.5)
    fit = riata.path(X, y, family="binomial", alphas=[0.02], offset=offset)
    assert fit.dual_gaps.max() <= TOL
    free = riata.path(X, y, family="binomial", alphas=[0.0], tol=1e-12)
    moved = riata.path(X, y, family="binomial", alphas=[0.0], offset=offset, tol=1e-12)
    assert_allclose(moved.coefs.toarray() + 0.5, free.coefs.toarray(), atol=1e-5)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("size", [1e2, 1e3, 1e4])
@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_offsets_that_saturate_every_probability(rng, l1_ratio, size):
    X, y = binary_data(rng, n=300, p=6)
    offset, alphas = size * rng.standard_normal(len(y)), [0.1, 0.02, 0.001]
    kwargs = {"offset": offset, "lower": -0.3 * size, "l1_ratio": l1_ratio}
    fit = riata.path(X, y, family="binomial", alphas=alphas, tol=1e-9, **kwargs)
    assert fit.dual_gaps.max() <= 1e-9
    judge = LossProblem(X, y, l1_ratio=l1_ratio, offset=offset, lower=np.full(6, -0.3 * size))
    for k, alpha in enumerate(alphas):
        # Its dual point is not as good as the path's where hardly any row has curvature.
        assert judge.gap(fit.coefs.toarray()[:, k], fit.intercepts[k], alpha) <= TOL
    one = riata.LogisticRegression(alpha=0.02, l1_ratio=l1_ratio, lower=-0.3 * size, tol=1e-3)
    one.fit(X, y, offset=offset)
    assert_allclose(one.coef_[0], fit.coefs.toarray()[:, 1], rtol=1e-2, atol=1e-3 * size)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(4), "only one class"),
        ([0.5, 1.5, 0.1, 0.2], "continuous"),
        ([0, 1, np.nan, 1], "NaN"),
        (np.array(["a", 1, "b", 2], dtype=object), "Mix of label input types"),
        ([0, 1, 2, 1], "two classes"),
        ([[0, 1], [1, 0], [1, 1], [0, 0]], "1d array"),
        ([0, 1, 1], "inconsistent numbers of samples"),
        (None, "y is None"),
    ],
)
def test_labels_refused(y, message, rng):
    X = rng.standard_normal((4, 2))
    with pytest.raises(ValueError, match=message):
        riata.path(X, y, family="binomial")


def test_counts_refused(rng):
    X = rng.standard_normal((4, 2))
    for y, message in (
        ([0, 1, -1, 2], "negative"),
        (np.zeros(4), "zero everywhere"),
        ([0, 1, np.nan, 2], "NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            riata.path(X, y, family="poisson")
    with pytest.raises(ValueError, match="only one class"):
        riata.path(X, [0, 0, 1, 1], family="binomial", sample_weight=[1, 1, 0, 0])
