"""Which of several l1_ratios is best: grids that mean the same for each of them, whatever the unit of y."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes

import riata
from riata.exceptions import GridEndWarning

FINE = np.geomspace(1e4, 1e-12, 400)


def factors():
    random = np.random.default_rng(0)
    hidden = random.standard_normal((300, 20))
    X = hidden @ random.standard_normal((20, 1000)) + random.standard_normal((300, 1000))
    return X, hidden @ random.standard_normal(20) + random.standard_normal(300)


def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.mark.parametrize("load", [diabetes, factors])
def test_the_best_ridge_of_the_automatic_grid_is_that_of_a_fine_one(load):
    X, y = load()
    found = riata.cv_path(X, y, l1_ratio=0, cv=10).mean_loss.min()
    assert found <= 1.01 * riata.cv_path(X, y, l1_ratio=0, alphas=FINE, cv=10).mean_loss.min()


def test_the_best_ridge_for_labels_is_that_of_a_fine_grid():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    options = {"family": "binomial", "l1_ratio": 0, "cv": 5}
    found = riata.cv_path(X, y, **options).mean_loss.min()
    fine = np.geomspace(10, 1e-6, 60)
    assert found <= 1.01 * riata.cv_path(X, y, alphas=fine, **options).mean_loss.min()


def test_ridge_and_lasso_do_not_know_the_unit_of_y():
    X, y = diabetes()
    ratios = [0, 1]
    one = riata.cv_path(X, y, l1_ratio=ratios, cv=10)
    for factor in (1e-3, 1 / 77, 1e3):
        other = riata.cv_path(X, factor * y, l1_ratio=ratios, cv=10)
        assert other.best_index == one.best_index
        assert_allclose(other.mean_loss / factor**2, one.mean_loss, rtol=1e-6)


def test_a_mixture_reaches_what_its_extremes_reach_in_any_unit_of_y():
    X, y = diabetes()
    for factor in (1e-3, 1, 1e3):
        loss = riata.cv_path(X, factor * y, l1_ratio=[0, 0.5, 1], cv=10).mean_loss.min(axis=1)
        assert loss[1] <= 1.005 * loss[[0, 2]].max()


def test_a_grid_that_has_no_end_says_so():
    X = np.random.default_rng(1).standard_normal((60, 4))
    y = X @ [1.0, 2.0, -1.0, 0.5]  # without noise the smallest penalty is the best
    with pytest.warns(GridEndWarning, match="l1_ratio=0 is the smallest of the grid"):
        riata.cv_path(X, y, l1_ratio=0, alphas=20)


def test_a_grid_with_eps_is_left_as_it_was_asked_for():
    X, y = diabetes()
    result = riata.cv_path(X, y, l1_ratio=0, eps=1e-3, alphas=20)
    assert_allclose(result.alphas[-1] / result.alphas[0], 1e-3)
    assert len(result.alphas) == 20
