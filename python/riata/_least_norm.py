"""Smooth losses without a penalty: of all coefficients with the same margins those of least norm.

The loss sees the margins X w + b alone. Where columns depend on each other (more columns than rows, duplicates, a dummy for every
level) many w have the same margins; the one of least norm is the least squares fit of minimum norm to those margins.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import _fit, _ridge
from ._problem import Array, Problem

SAME = 1e-9  # of the largest margin: what a change of coefficients may do to it
FEW = 300  # columns up to which the solver's factor leaves out, at exactly zero, what depends on others


def least_norm(problem: Problem, coef: Array, intercepts: Array) -> tuple[Array, Array] | None:
    """Coefficients of shape (p, t) and intercepts with the same margins and the least norm, None where those at hand have it.

    The norm is that of the caller's coefficients, with `standardize` that of the standardised ones. `problem` is as
    it was asked, with penalty weights of inf on what is left out.
    """
    n, p = problem.X.shape
    if problem.is_bounded or (p < n and p <= FEW and (coef != 0).all()):
        return None
    out = np.zeros(p)
    for weights in (problem.penalty_weights, problem.l2_weights):
        if weights is not None:
            out[np.isinf(weights)] = np.inf
    margins = _fit.predict(problem.X, coef)
    squares = replace(
        problem,
        y=np.asfortranarray(margins),
        family="gaussian",
        penalty_weights=None,
        l2_weights=np.where(out == 0, 1.0, out),
        l1_ratio=0.0,
        offset=None,
        classes=None,
        grouped=False,
    )
    t = coef.shape[1]
    answer = _ridge.solve(squares, np.zeros(t), np.arange(t))
    off = _fit.predict(problem.X, answer.coef) + answer.intercept - margins
    if problem.sample_weight is not None:
        off = off[problem.sample_weight > 0]
    if not np.abs(off).max() <= SAME * np.abs(margins).max():
        return None
    return answer.coef, intercepts + answer.intercept
