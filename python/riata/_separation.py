"""Classes that features separate: without a penalty their likelihood has no maximum."""

from __future__ import annotations

import numpy as np

from . import _fit
from ._problem import Array, Problem
from .exceptions import warn_not_converged


def warn_of_separation(
    problem: Problem, coef: Array, intercepts: Array, stacklevel: int = 2
) -> None:
    """Warn of a fit of labels without penalty whose every row has its own class as the likeliest: larger coefficients always fit better.

    `coef` has the shape (classes, p), or (1, p) for the margins of the second of two classes over the first.
    """
    if problem.family not in {"binomial", "multinomial"}:
        return
    eta = _fit.predict(problem.X, np.ascontiguousarray(coef.T)) + intercepts
    if problem.offset is not None:
        eta += problem.offset[:, None]
    if eta.shape[1] == 1:
        eta = np.column_stack([np.zeros(len(eta)), eta])
    rows, labels = np.arange(len(eta)), np.maximum(problem.y, 0).astype(np.intp)
    own = eta[rows, labels]
    eta[rows, labels] = -np.inf
    right = own > eta.max(axis=1)
    if problem.sample_weight is not None:
        right = right[problem.sample_weight > 0]
    if right.all():
        warn_not_converged(
            "The classes are separable: without a penalty the loss falls towards 0 as the coefficients grow without end, and has no "
            "minimum. The fit stopped where the loss is below tol of the null model's; the size of its coefficients means nothing. "
            "Set a penalty (C, alpha) for a model that exists.",
            stacklevel=stacklevel + 1,
        )
