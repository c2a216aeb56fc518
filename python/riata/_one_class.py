"""Rows of a single class, with a free intercept: nothing but the intercept counts, and the larger it is the smaller the loss.

No finite intercept is best. The one handed out leaves a loss of exp(-40), which no rounding tells from the least possible, 0.
"""

from __future__ import annotations

import math

import numpy as np

from . import _fit
from ._fit import Certificate, PathArrays
from ._problem import Array, Problem

CERTAIN = 40.0  # log odds of the class that there is


def only_class(problem: Problem, rows: Array | None = None) -> int | None:
    """The class that all (of these) rows of positive weight belong to; None where there are several, or no intercept to tell."""
    if problem.classes is None or not problem.fit_intercept:
        return None
    rows = np.arange(len(problem.y)) if rows is None else rows
    if problem.sample_weight is not None:
        rows = rows[problem.sample_weight[rows] > 0]
    first = problem.y[rows[0]]
    return int(first) if (problem.y[rows] == first).all() else None


def intercepts(problem: Problem, only: int) -> Array:
    """One for two classes, else one for each, which sum to zero; beyond what offsets there are."""
    certain = CERTAIN + (0.0 if problem.offset is None else float(np.abs(problem.offset).max()))
    if problem.family == "binomial":
        return np.array([certain if only else -certain])
    assert problem.classes is not None
    values = np.zeros(len(problem.classes))
    values[only] = certain
    return values - values.mean()


def certify(problem: Problem, alpha: float, tol: float) -> Certificate:
    """No objective is below 0, and the loss of zero coefficients is at most (classes - 1) exp(-40)."""
    assert problem.classes is not None
    k = len(problem.classes)
    return _fit.make_certificate(
        alpha, math.log1p((k - 1) * math.exp(-CERTAIN)), 0.0, 0.0, math.log(k), tol
    )


def path(problem: Problem, alphas: Array, tol: float, intercept: float) -> PathArrays:
    """The same model for every penalty."""
    k = len(alphas)
    known = certify(problem, 0.0, tol)
    empty = np.zeros(0)
    return PathArrays(
        alphas=alphas,
        indptr=np.zeros(k + 1, dtype=np.int64),
        indices=empty.astype(np.int32),
        data=empty,
        intercepts=np.full(k, intercept),
        primal=np.full(k, known.primal),
        dual=np.zeros(k),
        gap=np.full(k, known.gap),
        rel_gap=np.full(k, known.rel_gap),
        kkt_max=np.zeros(k),
        status=np.zeros(k, dtype=np.int32),
        n_iter=np.zeros(k, dtype=np.int32),
        dev_ratio=np.zeros(k),
        seconds=np.zeros(k),
        n_passes=0.0,
        null_objective=known.null_objective,
        alpha_max=0.0,
        stop="completed",
    )
