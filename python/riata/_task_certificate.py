"""The certificate of any coefficients of several tasks, in NumPy: shares no code with the solver that finds them."""

from __future__ import annotations

import numpy as np

from . import _blas, _fit, _objective
from ._fit import Certificate
from ._problem import Array, Problem

ROUNDING = 1e-12  # of a correlation, relative to the norms of what it correlates


@_blas.limited
def certify_rows(problem: Problem, W: Array, b: Array, alpha: float, tol: float) -> Certificate:
    """Certificate of coefficients W (p, t) and intercepts b (t,) at a penalty alpha > 0 with some l1 in it."""
    s = _objective.shares(problem)[:, None]
    Y = problem.y
    given = Y - _fit.predict(problem.X, W) - b
    R, Yc = given, Y
    if problem.fit_intercept:
        R, Yc = given - (s * given).sum(axis=0), Y - (s * Y).sum(axis=0)
    null = 0.5 * float((s * Yc**2).sum())
    penalty = _objective.weights(problem, alpha)
    primal = 0.5 * float((s * given**2).sum()) + float(penalty.cost(W.T)[0])
    if not problem.fit_intercept and b.any():
        primal = np.inf
    moments = _fit.measure(problem)
    norm = moments.norm / np.sqrt(problem.total_weight)
    used = (norm > 0) & ~penalty.excluded
    a1, a2, size = penalty.l1[used], penalty.l2[used], np.linalg.norm(W[used], axis=1)
    C = _fit.correlate(problem, s * R, moments)[used]
    dual = _best_dual(
        C, size, a1, a2, norm[used], float((s * R**2).sum()), float((s * R * Yc).sum()), null
    )
    return _fit.make_certificate(alpha, primal, dual, _violation(C, W[used], a1, a2), null, tol)


def _best_dual(
    C: Array, size: Array, a1: Array, a2: Array, norm: Array, rr: float, ry: float, null: float
) -> float:
    """The best dual value among multiples of the residual that are feasible."""
    pull = np.linalg.norm(C, axis=1)
    # Unpenalised rows are equalities of the dual, kept up to rounding, which is charged with twice the coefficients at hand.
    loose = (a2 == 0) & (pull > a1) & (pull <= ROUNDING * norm * np.sqrt(2 * null))
    slack = 2 * float(pull[loose] @ size[loose])
    hard = (a2 == 0) & ~loose & (pull > a1)
    top = min(1.0, float((a1[hard] / pull[hard]).min(initial=1.0)))
    curved = a2 > 0

    def value(t: float) -> float:
        over = np.maximum(t * pull[curved] - a1[curved], 0)
        return t * ry - 0.5 * t * t * rr - float((over**2 / (2 * a2[curved])).sum())

    return _objective.highest(value, top) - slack


def _violation(C: Array, W: Array, a1: Array, a2: Array) -> float:
    """The largest distance of a row of correlations from its subdifferential."""
    length = np.linalg.norm(W, axis=1, keepdims=True)
    slope = C - a2[:, None] * W
    unit = np.divide(W, length, out=np.zeros_like(W), where=length > 0)
    off = np.linalg.norm(slope - a1[:, None] * unit, axis=1)
    resting = np.maximum(np.linalg.norm(slope, axis=1) - a1, 0)
    return float(np.where(length[:, 0] > 0, off, resting).max(initial=0.0))
