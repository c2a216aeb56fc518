"""Smooth penalties on more features than a Gram matrix is made of: Newton steps by conjugate gradients, against the judge."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from oracle_loss import LossProblem

import riata

TOL = 1e-6
ALPHAS = np.geomspace(1.0, 1e-4, 6)


def counts(rng, n=200, p=400, density=0.08):
    """Columns of very different frequency, size and spread; some without implicit zeros, some without a second entry."""
    X = np.zeros((n, p))
    for j in range(p):
        share = min(0.9, 12 * density / (1 + 0.1 * j))
        rows = rng.random(n) < max(share, density)
        X[rows, j] = rng.exponential(size=rows.sum())
    X[:, 5] = 100 + rng.standard_normal(n)
    X[:, 6] = X[:, 5] + 1e-3 * rng.standard_normal(n)
    X[:, 7] = 50.0
    X[3, 7] = 0.0
    X[:, 8] = 0.0
    X[4, 9] *= 1e4
    X[:, 10] = 0.0
    X[2, 10] = 1.0
    return X


def response(rng, X, family):
    signal = X[:, 11:60] @ rng.standard_normal(49)
    signal = (signal - signal.mean()) / signal.std()
    if family == "poisson":
        return rng.poisson(np.exp(0.5 * signal)).astype(float)
    return (2 * signal + rng.logistic(size=len(X)) > 0).astype(float)


def options_of(kind, rng, n, p):
    if kind == "weights with zeros":
        return {"sample_weight": rng.integers(0, 3, n).astype(float)}
    if kind == "no intercept":
        return {"fit_intercept": False}
    if kind == "l2 weights":
        return {"l2_weights": 10.0 ** rng.uniform(-2, 2, p)}
    if kind == "unpenalised features":
        return {"penalty_weights": np.where(np.isin(np.arange(p), [20, 21, 22]), 0.0, 1.0)}
    if kind == "offset":
        return {"offset": rng.standard_normal(n)}
    return {}


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("layout", [np.asfortranarray, sp.csc_array, sp.csr_array])
@pytest.mark.parametrize(
    "kind",
    ["plain", "weights with zeros", "no intercept", "l2 weights", "unpenalised features", "offset"],
)
def test_certified_by_the_judge(family, layout, kind, rng):
    X = counts(rng)
    y = response(rng, X, family)
    options = options_of(kind, rng, *X.shape)
    path = riata.path(layout(X), y, family=family, l1_ratio=0.0, alphas=ALPHAS, tol=TOL, **options)
    problem = LossProblem(X, y, family, l1_ratio=0.0, **options)
    assert len(path.alphas) == len(ALPHAS)
    assert path.dual_gaps.max() <= TOL
    W = path.coefs.toarray()
    for k, alpha in enumerate(path.alphas):
        assert problem.gap(W[:, k], path.intercepts[k], alpha) <= 1.5 * TOL


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_paths_equal_single_alphas(family, rng):
    X = counts(rng)
    y = response(rng, X, family)
    options = {"family": family, "l1_ratio": 0.0, "tol": 1e-10}
    path = riata.path(sp.csc_array(X), y, alphas=ALPHAS, **options)
    for k, alpha in enumerate(ALPHAS):
        alone = riata.path(sp.csc_array(X), y, alphas=[alpha], **options)
        margins = [(X @ p.coefs + p.intercepts)[:, i] for p, i in ((path, k), (alone, 0))]
        assert_allclose(margins[0], margins[1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["plain", "weights with zeros"])
def test_threads_make_no_difference(kind, rng):
    X = sp.csc_array(counts(rng))
    y = response(rng, X.toarray(), "binomial")
    options = options_of(kind, rng, *X.shape)
    paths = [
        riata.path(
            X, y, family="binomial", l1_ratio=0.0, alphas=ALPHAS, n_threads=threads, **options
        )
        for threads in (1, 2, 3, 5)
    ]
    for path in paths[1:]:
        assert_array_equal(path.intercepts, paths[0].intercepts)
        assert_array_equal(path.coefs.toarray(), paths[0].coefs.toarray())


def test_columns_apart_take_one_step_for_a_system(rng):
    """Without a row in common the preconditioner is the inverse, however much curvatures differ among the columns."""
    group = np.repeat(np.arange(400), 12)
    X = sp.csc_array((np.ones(len(group)), (np.arange(len(group)), group)))
    rare = np.linspace(0.01, 0.5, 400)[group]
    y = (rng.random(len(group)) < rare).astype(float)
    path = riata.path(
        X, y, family="binomial", l1_ratio=0.0, alphas=[1e-3, 1e-6], fit_intercept=False, tol=TOL
    )
    assert path.dual_gaps.max() <= TOL
    assert max(path.n_iter) <= 10  # Newton steps, of one step each


def test_solutions_start_from_the_one_before(rng):
    X = sp.csc_array(counts(rng))
    y = response(rng, X.toarray(), "binomial")
    alphas = np.geomspace(1e-3, 1e-6, 8)
    options = {"family": "binomial", "l1_ratio": 0.0, "tol": TOL}
    path = riata.path(X, y, alphas=alphas, **options)
    alone = [riata.path(X, y, alphas=[alpha], **options).n_iter[0] for alpha in alphas]
    assert sum(path.n_iter) < 0.8 * sum(alone)


def test_folds_are_weights(rng):
    X = sp.csc_array(counts(rng))
    y = response(rng, X.toarray(), "binomial")
    fold = np.arange(len(y)) % 3
    splits = [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(3)]
    options = {"family": "binomial", "l1_ratio": 0.0, "alphas": ALPHAS, "tol": 1e-9}
    cv = riata.cv_path(X, y, cv=splits, **options)
    for f, path in enumerate(cv.fold_paths[0]):
        weights = (fold != f).astype(float)
        alone = riata.path(X, y, sample_weight=weights, **options)
        assert_allclose(path.dev_ratio, alone.dev_ratio, rtol=0, atol=1e-4)
        assert path.dual_gaps.max() <= 1e-9
