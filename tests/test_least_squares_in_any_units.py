"""Least squares and nearly unpenalised ridge: which columns depend on others does not depend on units."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import riata


def deficient(n: int = 60, p: int = 8, rank: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """A matrix of small integers, which is exactly of this rank, and a response it explains."""
    rng = np.random.default_rng(2)
    X = rng.integers(-8, 9, (n, rank)) @ rng.integers(-8, 9, (rank, p))
    return X.astype(float), X @ rng.standard_normal(p) + rng.standard_normal(n)


def units(p: int, spread: float) -> np.ndarray:
    return 2.0 ** np.round(np.linspace(-spread, spread, p) * np.log2(10))


@pytest.mark.parametrize("spread", [0, 5, 10, 15])
@pytest.mark.parametrize("alpha", [0.0, 1e-60])
@pytest.mark.parametrize("solver", ["auto", "svd"])
def test_the_fit_does_not_depend_on_units(spread: float, alpha: float, solver: str) -> None:
    X, y = deficient()
    X = np.column_stack([X, np.random.default_rng(7).standard_normal(len(y))])
    d = units(X.shape[1], spread)[::-1]
    plain = riata.Ridge(alpha=0.0).fit(X, y)
    model = riata.Ridge(alpha=alpha, solver=solver).fit(X * d, y)
    assert model.score(X * d, y) == pytest.approx(plain.score(X, y), abs=1e-10)
    assert model.certificate_.converged


@pytest.mark.parametrize("rank", [5, 8])
def test_of_all_minimisers_the_shortest_is_returned(rank: int) -> None:
    X, y = deficient(rank=rank, p=12)
    w = riata.Lasso(alpha=0.0).fit(X, y).coef_
    shortest = np.linalg.pinv(X - X.mean(axis=0), rcond=1e-10) @ (y - y.mean())
    np.testing.assert_allclose(w, shortest, rtol=1e-8, atol=1e-10)


def test_the_shortest_is_that_of_the_units_given() -> None:
    """x and its multiple c x: the shortest solution puts c^2 / (1 + c^2) of the effect on the larger column."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(50)
    for c in (1.0, 2.0**10, 2.0**30):
        w = riata.Ridge(alpha=0.0).fit(np.column_stack([x, c * x]), 3 * x).coef_
        np.testing.assert_allclose(w, [3 / (1 + c * c), 3 * c / (1 + c * c)], rtol=1e-9)


def test_a_certificate_counts_directions_in_small_units() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 3)) * [1e10, 1.0, 1e-10]
    y = X @ [1e-10, 1.0, 1e10]
    model = riata.Ridge(alpha=0.0).fit(X[:, :1], y)
    short = riata.Ridge(alpha=0.0).fit(X, y)
    short.coef_ = np.r_[model.coef_, 0.0, 0.0]
    short.intercept_ = model.intercept_
    assert riata.check_solution(short, X, y).rel_gap > 0.3


def test_unpenalised_columns_beside_a_penalty() -> None:
    X, y = deficient()
    d = units(X.shape[1], 10)
    weights = np.r_[np.zeros(4), np.ones(4)]
    plain = riata.Ridge(alpha=1e-3, penalty_weights=weights).fit(X, y)
    model = riata.Ridge(alpha=1e-3, penalty_weights=weights * d**2).fit(X * d, y)
    assert model.score(X * d, y) == pytest.approx(plain.score(X, y), abs=1e-9)


def test_sparse_columns() -> None:
    X, y = deficient()
    d = units(X.shape[1], 10)
    plain = riata.Ridge(alpha=0.0).fit(X, y)
    model = riata.Ridge(alpha=0.0).fit(sparse.csc_array(X * d), y)
    assert model.score(X * d, y) == pytest.approx(plain.score(X, y), abs=1e-10)
