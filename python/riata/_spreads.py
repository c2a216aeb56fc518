"""Standard deviations of the columns that a path was fitted to, for pictures and tables on the standardised scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _fit
from ._problem import Array, Problem, check_problem


class Spreads:
    """Measured when first asked for, since that is a pass over X; until then X is referred to, unless it is a copy of the caller's.

    A copy is measured at once and let go. What is pickled are the numbers.
    """

    def __init__(self, problem: Problem, given: Any = None) -> None:
        self._problem: Problem | None = problem
        self._values: Array | None = None
        X = problem.X
        if isinstance(X, np.ndarray) and X is not given and X.base is None:
            self.values()

    def values(self) -> Array:
        """Of shape (n_features,); 0 for constant columns."""
        if self._values is None:
            assert self._problem is not None
            self._values = spreads_of(self._problem)
            self._problem = None
        return self._values

    def __getstate__(self) -> dict[str, Any]:
        return {"_problem": None, "_values": self.values()}


def spreads_of(problem: Problem) -> Array:
    """Weighted (1/S) standard deviations of the columns about their means."""
    return _fit.spreads(problem, _fit.measure(problem))


def spreads_of_rows(X: Any, n_features: int) -> Array:
    """The same of the rows a caller gives, each of weight 1."""
    problem = check_problem(X, np.zeros(np.shape(X)[0]))
    if problem.X.shape[1] != n_features:
        raise ValueError(f"X has {problem.X.shape[1]} columns, but the model is for {n_features}")
    return spreads_of(problem)
