"""Least squares in units far from 1, whose squares would leave the range of numbers: the same problem in other units.

With x'_j = d_j x_j, y' = c y and s' = a s the minimiser is w'_j = c w_j / d_j, where the penalty is that of v'_j = v_j d_j^2 at the same
alpha; objectives are c^2 times the caller's. All factors are powers of two, so that nothing is rounded. Columns are moved to the edge
of the range and no further: an l2 penalty may be as large as their squares are small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _fit
from ._compressed import CompressedX
from ._fit import Certificate
from ._problem import Array, Problem

EDGE = 2.0**240  # norms within [1 / EDGE, EDGE] are left alone


@dataclass(slots=True)
class Units:
    """Factors of the columns (None: ones), the responses and the weights."""

    columns: Array | None = None
    response: float = 1.0
    weight: float = 1.0

    def problem(self, problem: Problem) -> Problem:
        """The same in these units."""
        s, d = problem.sample_weight, self.columns
        scaled = replace(
            problem,
            y=self.response * problem.y,
            sample_weight=s if s is None else self.weight * s,
        )
        if d is None:
            return scaled
        v = problem.penalty_weights if problem.l2_weights is None else problem.l2_weights
        if not problem.standardize:  # which sees to it itself
            v = d**2 if v is None else v * d * d
        return replace(scaled, X=_times(problem.X, d), l2_weights=v)

    def coefficients(self, coef: Array) -> Array:
        """From the caller's units to these; features first."""
        d = np.ones(len(coef)) if self.columns is None else self.columns
        return self.response * coef / d.reshape(-1, *[1] * (coef.ndim - 1))

    def back(self, coef: Array) -> Array:
        """From these units to the caller's; features first."""
        d = np.ones(len(coef)) if self.columns is None else self.columns
        return np.asfortranarray(coef * d.reshape(-1, *[1] * (coef.ndim - 1)) / self.response)

    def squared(self, value: Array | float) -> Array:
        """Objectives in the caller's units: inf or 0 where these leave no room."""
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(value / self.response / self.response)

    def slope(self, value: Array | float) -> Array:
        """Bounds of gradients in the caller's units."""
        d = 1.0 if self.columns is None else float(self.columns.min(initial=np.inf))
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(value / d / self.response)

    def answer(self, problem: Problem, own: Any) -> Any:
        """A direct answer to the problem in these units in the caller's; certificates are those of the problem as it was solved."""
        squares = ("loss", "primal", "bound", "suboptimality", "null")
        return replace(
            own,
            coef=self.back(own.coef),
            intercept=own.intercept / self.response,
            **{name: self.squared(getattr(own, name)) for name in squares},
            kkt_max=self.slope(own.kkt_max),
            solved=(self, problem, own),
        )

    def certificate(self, own: Certificate) -> Certificate:
        """With values in the caller's units; what was found out about the gap stays."""
        primal, dual, gap, null = (
            float(self.squared(x)) for x in (own.primal, own.dual, own.gap, own.null_objective)
        )
        kkt_max = float(self.slope(own.kkt_max))
        return replace(own, primal=primal, dual=dual, gap=gap, null_objective=null, kkt_max=kkt_max)


def of_rows(problem: Problem) -> Units | None:
    """Units for responses and weights; None where theirs will do."""
    s = problem.sample_weight
    response = _factor(float(np.abs(problem.y).max(initial=0.0)))
    weight = 1.0 if s is None else _factor(float(s.max(initial=0.0)))
    return None if response == weight == 1.0 else Units(None, response, weight)


def of_columns(norm: Array) -> Units | None:
    """Units for columns of these norms; None where theirs will do. Columns that are constant do not matter."""
    used = norm[norm > 0]
    if len(used) == 0 or (used.min() >= 1 / EDGE and used.max() <= EDGE):
        return None
    least, most = used.min(), used.max()
    factor = 4 / EDGE / least if least < 1 / EDGE else EDGE / 4 / most
    if least * factor >= 2 / EDGE and most * factor <= EDGE / 4:
        # One for all: least squares of minimum norm then stay what they are.
        return Units(np.full(len(norm), _power_of_two(factor)))
    d = np.ones(len(norm))
    d[norm > 0] = _power_of_two(np.clip(used, 4 / EDGE, EDGE / 4) / used)
    return Units(d)


def of(problem: Problem) -> Units | None:
    """All of them; a pass over X where rows are in order."""
    return of_rows(problem) or of_columns(_fit.measure(problem).norm)


def _factor(largest: float) -> float:
    if largest == 0 or 1 / EDGE <= largest <= EDGE:
        return 1.0
    return float(_power_of_two(np.float64(1) / largest))


def _power_of_two(x: Array | np.float64) -> Array:
    return np.asarray(np.ldexp(1.0, np.frexp(np.minimum(x, 2.0**1022))[1] - 1))


def _times(X: Array | CompressedX, d: Array) -> Array | CompressedX:
    if not isinstance(X, CompressedX):
        return np.asarray(X * d)
    of_entries = d[X.indices] if X.by_rows else np.repeat(d, np.diff(X.indptr))
    return X._replace(data=X.data * of_entries)
