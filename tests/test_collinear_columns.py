"""Columns that share nearly all their variance, of which the small differences matter."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

import riata

Array = np.ndarray[Any, np.dtype[np.float64]]
LAYOUTS = {
    "F": np.asfortranarray,
    "C": np.ascontiguousarray,
    "CSC": sparse.csc_array,
    "CSR": sparse.csr_array,
}


def stages(n: int = 400, k: int = 8) -> tuple[Array, Array, Array]:
    """Epoch seconds of the stages of an order, seconds apart, over a year; a response; the same space in other columns."""
    rng = np.random.default_rng(3)
    start = np.round(1.6e9 + rng.uniform(0, 365 * 86400, n))
    waits = np.round(rng.exponential(30, (n, k - 1))) + 1
    X = start[:, None] + np.column_stack([np.zeros(n), np.cumsum(waits, axis=1)])
    y = waits @ rng.uniform(0.5, 2, k - 1)
    y += 0.2 * y.std() * rng.standard_normal(n)
    return np.asfortranarray(X), y, np.column_stack([start - start.mean(), waits])


def explained(space: Array, y: Array, s: Array | None = None) -> float:
    """R2 of least squares, from columns that are easily told apart."""
    root = np.ones(len(y)) if s is None else np.sqrt(s)
    A = np.column_stack([space / np.abs(space).max(axis=0), np.ones(len(y))])
    w = np.linalg.lstsq(root[:, None] * A, root * y, rcond=None)[0]
    mean = (root**2 @ y) / (root @ root)
    return float(1 - ((root * (y - A @ w)) ** 2).sum() / ((root * (y - mean)) ** 2).sum())


def objective(X: Array, y: Array, w: Array, b: float, alpha: float, l1_ratio: float = 1.0) -> float:
    """In long double, of the numbers handed out."""
    wide = w.astype(np.longdouble)
    r = y - X.astype(np.longdouble) @ wide - np.longdouble(b)
    penalty = l1_ratio * np.abs(wide).sum() + 0.5 * (1 - l1_ratio) * (wide**2).sum()
    return float(0.5 * (r**2).mean() + alpha * penalty)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_a_single_fit_explains_what_least_squares_explains(layout: str, l1_ratio: float) -> None:
    X, y, space = stages()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = riata.ElasticNet(alpha=1e-5, l1_ratio=l1_ratio).fit(LAYOUTS[layout](X), y)
    assert model.score(X, y) > explained(space, y) - 1e-3
    assert model.certificate_.primal == pytest.approx(
        objective(X, y, model.coef_, model.intercept_, 1e-5, l1_ratio), rel=1e-6
    )


def test_a_path_explains_what_least_squares_explains_with_weights_and_without() -> None:
    X, y, space = stages()
    s = np.random.default_rng(0).uniform(0.2, 3, len(y))
    s[::7] = 0
    for weight in (None, s):
        path = riata.path(X, y, alphas=np.geomspace(10, 1e-5, 20), sample_weight=weight)
        assert (path.dual_gaps <= 1e-6).all()
        r = y - X @ path.coefs.toarray()[:, -1] - path.intercepts[-1]
        root = np.ones(len(y)) if weight is None else np.sqrt(weight)
        mean = (root**2 @ y) / (root @ root)
        r2 = 1 - ((root * r) ** 2).sum() / ((root * (y - mean)) ** 2).sum()
        assert r2 > explained(space, y, weight) - 1e-4


def test_without_an_intercept() -> None:
    X, y, _ = stages()
    X = np.column_stack([X - X[:, :1].mean(), np.ones(len(y))])
    with_one = riata.Lasso(alpha=1e-4).fit(X[:, :-1], y)
    model = riata.Lasso(
        alpha=1e-4, fit_intercept=False, penalty_weights=np.r_[np.ones(X.shape[1] - 1), 0.0]
    ).fit(X, y)
    assert model.certificate_.converged
    assert model.score(X, y) == pytest.approx(with_one.score(X[:, :-1], y), abs=1e-4)


def test_folds_explain_what_least_squares_explains() -> None:
    X, y, space = stages()
    model = riata.LassoCV(cv=4, alphas=np.geomspace(10, 1e-5, 12)).fit(X, y)
    assert model.mse_path_.min() / y.var() < 1.1 * (1 - explained(space, y))


def test_more_iterations_do_not_make_an_answer_worse() -> None:
    rng = np.random.default_rng(1)
    n, k = 200, 8
    X = np.linspace(0, 1000, n)[:, None] + np.cumsum(rng.standard_normal((n, k)), axis=0) * 0.05
    y = (X - X.mean(axis=1, keepdims=True)) @ rng.standard_normal(k)
    alpha = 1e-5 * y.std()
    gaps = []
    for max_iter in (1, 4, 16, 64, 256, 1000, 10000):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = riata.Lasso(alpha=alpha, max_iter=max_iter).fit(X, y)
        assert np.max(model.n_iter_) <= max_iter
        gaps.append(model.certificate_.rel_gap)
    for before, after in pairwise(gaps):
        assert after <= max(before, 2e-4)
    assert gaps[-1] <= 1e-6


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-7, 1e-8])
@pytest.mark.parametrize("l2_weights", [None, 1e-3])
def test_the_difference_of_near_duplicates_is_found(
    distance: float, l2_weights: float | None
) -> None:
    rng = np.random.default_rng(5)
    n = 100
    a, b = rng.standard_normal((2, n))
    X = np.column_stack([a, a + distance * b, rng.standard_normal((n, 3))])
    y = b + 0.1 * rng.standard_normal(n)
    alpha = 1e-4 * distance
    l1_ratio = 1.0 if l2_weights is None else 1 - 1e-3 * distance
    path = riata.path(X, y, alphas=[alpha], l1_ratio=l1_ratio)
    assert path.dual_gaps[0] <= 1e-6
    assert path.dev_ratio[0] > 0.98
