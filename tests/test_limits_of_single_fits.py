"""What bounds a single fit: tol ends it, and max_iter counts all the work there is."""

from __future__ import annotations

import warnings
from itertools import combinations_with_replacement

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import riata


def cubic(seed: int = 0, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """All monomials up to the third degree of four unscaled columns, the constant included: values to 3e8."""
    rng = np.random.default_rng(seed)
    base = np.column_stack(
        [
            np.exp(rng.standard_normal(n) * 2 - 1),
            rng.normal(6.3, 0.7, n),
            rng.uniform(2, 38, n),
            rng.choice([187.0, 264, 307, 403, 430, 666, 711], n),
        ]
    )
    columns = [np.ones(n)]
    for degree in (1, 2, 3):
        columns += [
            np.prod(base[:, list(which)], axis=1)
            for which in combinations_with_replacement(range(4), degree)
        ]
    y = 22 + 9 * (base[:, 1] - 6) - 0.6 * base[:, 2] + 4 * rng.standard_normal(n)
    return np.column_stack(columns), y


@pytest.mark.parametrize(
    ("alpha", "l1_ratio"), [(1e-10, 0.5), (1e-6, 0.9), (1e-4, 1.0), (1e-2, 0.99)]
)
def test_a_fit_on_unscaled_polynomials_meets_its_tolerance(alpha: float, l1_ratio: float) -> None:
    for seed in range(3):
        X, y = cubic(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = riata.ElasticNet(alpha=alpha, l1_ratio=l1_ratio).fit(X, y)
        assert model.n_iter_ <= 1000
        path = riata.path(X, y, alphas=[alpha], l1_ratio=l1_ratio)
        assert path.dual_gaps[0] <= 1e-6


@pytest.mark.parametrize("max_iter", [1, 2, 5, 30, 600])
def test_more_work_is_never_a_worse_answer(max_iter: int) -> None:
    X, y = cubic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        less = riata.ElasticNet(alpha=1e-6, l1_ratio=0.9, max_iter=max_iter).fit(X, y)
    more = riata.ElasticNet(alpha=1e-6, l1_ratio=0.9).fit(X, y)
    assert less.n_iter_ <= max_iter
    assert more.certificate_.rel_gap <= max(less.certificate_.rel_gap, 2e-4)


def test_a_path_counts_all_work_of_an_alpha() -> None:
    X, y = cubic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = riata.path(X, y, alphas=np.geomspace(1, 1e-10, 6), max_iter=3, tol=1e-12)
    assert (path.n_iter <= 3).all()
