"""Coefficients in the caller's dtype. What is certified is what is handed out: where float32 cannot hold a solution within its
tolerance, float64 does.

Rounding coefficients changes every margin by less than a part in ten million of their terms, of which the intercept makes up the part
that all rows share: it is profiled again for the rounded ones. Rounded itself it is off by as much of its own size, which is large
where columns have means far above their spreads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _fit, _objective
from ._fit import Certificate
from ._problem import Array, Problem

SMALL_SHARE = 1e-3  # of a tolerance: what no better intercept is looked for
SHARE = 1.1  # of a gap above its tolerance: what rounding may make of it


def in_dtype(
    problem: Problem, coef: Array, intercepts: Any, certificates: list[Certificate]
) -> tuple[Array, Array, list[Certificate]]:
    """Coefficients (outputs, p), intercepts (outputs,) and certificates, one per target or one of all, as they are handed out."""
    intercepts = np.asarray(intercepts, dtype=np.float64)
    dtype = problem.X.dtype
    if dtype == np.float64:
        return coef, intercepts, certificates
    s = _objective.shares(problem)
    with np.errstate(all="ignore"):
        rounded = _within(coef.astype(dtype), problem.lower, problem.upper)
        eta = _objective.margins(problem, rounded, intercepts)
        penalty = _penalties(problem, rounded.astype(np.float64), certificates)

        def judged(offered: Array) -> list[Certificate]:
            there = _objective.slopes(problem, eta + (offered - intercepts), s)
            primal = (there.loss + penalty).tolist()
            return list(map(_fit.with_primal, certificates, primal))

        offered = intercepts.astype(dtype)
        there = judged(offered)
        if all(map(_as_good, there, certificates)):
            return rounded, offered, there
        best = intercepts + _objective.profiled(problem, eta, s)[0]
        for offered in (best.astype(dtype), best):
            there = judged(offered)
            if all(map(_no_worse, there, certificates)):
                return rounded, offered, there
    return coef, intercepts, certificates


def _within(rounded: Array, lower: Array | None, upper: Array | None) -> Array:
    """The same, but that what rounding took beyond a bound is the next number within."""
    if lower is not None:
        rounded = np.where(
            rounded < lower, np.nextafter(rounded, rounded.dtype.type(np.inf)), rounded
        )
    if upper is not None:
        rounded = np.where(
            rounded > upper, np.nextafter(rounded, rounded.dtype.type(-np.inf)), rounded
        )
    return rounded


def _penalties(problem: Problem, coef: Array, certificates: list[Certificate]) -> Array:
    """The penalty of every certificate's coefficients."""
    if len(certificates) == 1:
        return _objective.weights(problem, certificates[0].alpha).cost(coef).sum(keepdims=True)
    return np.concatenate(
        [
            _objective.weights(problem, certificate.alpha).cost(row[None])
            for certificate, row in zip(certificates, coef, strict=True)
        ]
    )


def _as_good(rounded: Certificate, exact: Certificate) -> bool:
    return rounded.gap - exact.gap <= SMALL_SHARE * exact.tol * exact.null_objective


def _no_worse(rounded: Certificate, exact: Certificate) -> bool:
    return rounded.converged or (not exact.converged and rounded.rel_gap <= SHARE * exact.rel_gap)
