"""Automatic grids of penalties: where they begin, where they end, and how far they are to go on."""

from __future__ import annotations

import numpy as np

from . import _fit
from ._problem import Array, Problem

FEW = 0.1  # degrees of freedom at a ridge grid's first penalty
RIDGE_EPS = 1e-6  # its last one, relative to the first
LONGER = 1e-2  # how much further a grid that ends too early goes
LONGEST = 6  # times
GAIN = 0.25  # standard errors of the mean loss: an end that is better by less than that is no reason to go on


def ridge_grid(problem: Problem, k: int, eps: float) -> Array:
    """Geometric steps from where next to nothing is fitted, in terms of X and of how curved the loss is: a factor of y is none of it.

    With columns of variance d_j and penalty weights v_j the degrees of freedom at alpha are at most h sum_j d_j / (v_j alpha), with h
    the curvature of the null model's loss.
    """
    moments = _fit.measure(problem)
    d = np.ones(len(moments.norm))
    if not problem.standardize:
        with np.errstate(over="ignore", under="ignore"):
            d = (moments.norm / np.sqrt(problem.total_weight)) ** 2
    v = np.ones(len(d)) if problem.l2_weights is None else problem.l2_weights
    counts = (moments.norm > 0) & (v > 0) & np.isfinite(v)
    with np.errstate(over="ignore", under="ignore"):
        top = float(_curvature(problem) * (d[counts] / v[counts]).sum() / FEW)
    if not 0 < top < np.inf:
        top = 1.0
    return np.geomspace(top, top * (eps or RIDGE_EPS), k)


def _curvature(problem: Problem) -> float:
    """The mean second derivative of the loss at the null model; of several classes, the largest of theirs."""
    s = problem.sample_weight
    if problem.family == "poisson":
        return float(np.average(problem.y, weights=s))
    if problem.family == "binomial":
        share = float(np.average(problem.y, weights=s))
        return share * (1 - share)
    if problem.family == "multinomial":
        shares = np.bincount(problem.y.astype(np.intp), weights=s) / problem.total_weight
        return float((shares * (1 - shares)).max())
    return 1.0


def ends_early(mean: Array, error: Array) -> bool:
    """Whether the least mean loss of a grid is that of its last penalty, and better than what is a tenth of the grid before it."""
    if not np.isfinite(mean[-1]) or np.nanargmin(mean) < len(mean) - 1:
        return False
    before = mean[max(0, len(mean) - 1 - max(1, len(mean) // 10))]
    return bool(before - mean[-1] > GAIN * np.nan_to_num(error[-1]))
