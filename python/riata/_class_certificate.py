"""The certificate of any coefficients of several classes, in NumPy: shares no code with the solver that finds them.

With slopes R = y - p of which every class's sum is 0, and c = X'S R of the centred columns, every multiple t R has the dual value

    sum_i s_i H(y_i - t R_i)  -  sum_j h_j*(t c_j),        H(q) = - sum_k q_k log q_k.

The slopes are those at the best intercepts, and of features that no penalty holds the best coefficients, where Newton's method finds
them from what is given.
"""

from __future__ import annotations

import numpy as np

from . import _blas, _fit, _objective
from ._fit import Certificate
from ._objective import Weights
from ._problem import Array, Problem

LARGEST = 2000  # coefficients of features without a penalty that are brought to their best
STEPS = 20  # of Newton's method for them
SETTLED = 1e-12  # of a slope, relative to the column's norm
ROUNDING = 1e-12  # of a correlation: what passes for 0, at twice the coefficient


@_blas.limited
def certify_classes(problem: Problem, W: Array, b: Array, alpha: float, tol: float) -> Certificate:
    """Certificate of coefficients W (p, classes) and intercepts b (classes,) of a multinomial problem."""
    s = _objective.shares(problem)
    penalty = _objective.weights(problem, alpha)
    eta = _objective.margins(problem, W.T, b)
    with np.errstate(over="ignore", invalid="ignore"):
        loss = float(_objective.slopes(problem, eta, s).loss[0])
        primal = loss + float(penalty.cost(np.ascontiguousarray(W.T)).sum())
    if not problem.fit_intercept and b.any():
        primal = np.inf
    moments = _fit.measure(problem)
    used = (moments.norm > 0) & ~penalty.excluded
    norm = moments.norm / np.sqrt(problem.total_weight)
    R = _best_slopes(problem, penalty, eta, s, np.flatnonzero(used & _free(penalty)))
    C = _fit.correlate(problem, s[:, None] * R, moments)
    shares = np.bincount(problem.y.astype(np.intp), weights=s)
    null = -float(shares @ np.log(shares)) if problem.fit_intercept else np.log(len(b))
    C[~used] = 0
    dual = _best_dual(problem, penalty, C, W, norm, s, R)
    kkt_max = _violation(penalty, C[used], W[used], used)
    return _fit.make_certificate(alpha, primal, dual, kkt_max, null, tol)


def _free(penalty: Weights) -> Array:
    return (
        (penalty.l1 == 0) & (penalty.l2 == 0) & (np.isinf(penalty.lower) | np.isinf(penalty.upper))
    )


def _best_slopes(problem: Problem, penalty: Weights, eta: Array, s: Array, free: Array) -> Array:
    """The slopes where intercepts and free features are best."""
    shift, now = _objective.profiled(problem, eta, s)
    classes = eta.shape[1]
    if not 0 < len(free) * classes <= LARGEST:
        return now.R
    A = _fit.columns(problem.X, free)
    if problem.fit_intercept:
        A = np.column_stack([np.ones(len(A)), A - s @ A])
    eta = eta + shift
    scale = np.sqrt(s @ A**2)
    for _ in range(STEPS):
        slope = A.T @ (s[:, None] * now.R)
        if (np.abs(slope) <= SETTLED * scale[:, None]).all():
            break
        step = np.linalg.lstsq(
            _hessian(A / scale, eta, s), (slope / scale[:, None]).T.ravel(), rcond=None
        )[0]
        move = (A / scale) @ step.reshape(classes, -1).T
        then = _objective.slopes(problem, eta + move, s)
        if not then.loss[0] <= now.loss[0] + 1e-15 * abs(now.loss[0]):
            break
        eta, now = eta + move, then
    return now.R


def _hessian(A: Array, eta: Array, s: Array) -> Array:
    """Of the mean loss in coefficients of A's columns, class after class."""
    P = np.exp(eta - eta.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    classes = P.shape[1]
    blocks = [
        [
            A.T @ ((s * (P[:, k] * (k == m) - P[:, k] * P[:, m]))[:, None] * A)
            for m in range(classes)
        ]
        for k in range(classes)
    ]
    return np.block(blocks)


def _best_dual(
    problem: Problem, penalty: Weights, C: Array, W: Array, norm: Array, s: Array, R: Array
) -> float:
    """The best dual value among multiples of the slopes that are feasible; 0 is below any loss."""
    pull = np.linalg.norm(C, axis=1)[:, None] if penalty.joint else C
    size = np.linalg.norm(W, axis=1)[:, None] if penalty.joint else W
    l1, l2 = penalty.l1[:, None], penalty.l2[:, None]
    open_end = np.where(
        pull > 0, np.isinf(penalty.upper)[:, None], np.isinf(penalty.lower)[:, None]
    )
    over = open_end & (l2 == 0) & (np.abs(pull) > l1)
    loose = over & (np.abs(pull) <= l1 + ROUNDING * norm[:, None])
    slack = 2 * float((np.abs(pull) - l1)[loose] @ np.abs(size[loose]))
    hard = over & ~loose
    top = min(
        1.0, float((np.broadcast_to(l1, over.shape)[hard] / np.abs(pull[hard])).min(initial=1.0))
    )
    kept = np.where(loose, np.clip(pull, -l1, l1), pull)
    rows = np.arange(len(R))
    labels = problem.y.astype(np.intp)

    def value(t: float) -> float:
        q = -t * R
        q[rows, labels] += 1
        q = np.maximum(q, 0)
        entropy = -float(s @ (q * np.log(np.where(q > 0, q, 1))).sum(axis=1))
        return entropy - float(_conjugates(t * kept, penalty).sum())

    if problem.fit_intercept:  # sums over rows that rounding left
        slack += 2 * float(np.abs(s @ R) @ np.ones(R.shape[1]))
    rest = -float(_conjugates(np.zeros_like(kept), penalty).sum())
    return max(_objective.highest(value, top) - slack, rest)


def _conjugates(c: Array, penalty: Weights) -> Array:
    """sup_w c w - h(w) of every coefficient, or of the lengths of rows."""
    l1, l2 = penalty.l1[:, None], penalty.l2[:, None]
    out = np.zeros(len(penalty.excluded), bool) | penalty.excluded
    best = np.full(c.shape, -np.inf)
    for sign in (1.0, -1.0):
        low, high = (penalty.lower, penalty.upper) if sign > 0 else (-penalty.upper, -penalty.lower)
        low, high = np.maximum(low, 0)[:, None], high[:, None]
        reach = sign * c - l1
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(l2 > 0, reach / np.where(l2 > 0, l2, 1), np.where(reach > 0, np.inf, 0.0))
        at = np.minimum(np.maximum(at, low), high)
        with np.errstate(invalid="ignore"):
            value = np.where(at == 0, 0.0, at * reach - 0.5 * l2 * at**2)
        value = np.where((l2 == 0) & np.isinf(at), np.where(reach > 0, np.inf, 0.0), value)
        best = np.maximum(best, np.where(high >= low, value, -np.inf))
    return np.where(out[:, None], 0.0, best)


def _violation(penalty: Weights, C: Array, W: Array, used: Array) -> float:
    """The largest distance of a correlation, or a row of them, from its subdifferential."""
    l1, l2 = penalty.l1[used][:, None], penalty.l2[used][:, None]
    slope = C - l2 * W
    if penalty.joint:
        length = np.linalg.norm(W, axis=1, keepdims=True)
        unit = np.divide(W, length, out=np.zeros_like(W), where=length > 0)
        off = np.linalg.norm(slope - l1 * unit, axis=1)
        resting = np.maximum(np.linalg.norm(slope, axis=1) - l1[:, 0], 0)
        return float(np.where(length[:, 0] > 0, off, resting).max(initial=0.0))
    up = np.where(
        W >= 0, slope - l1, slope + l1
    )  # what pulls up against the derivative above W, and down
    down = np.where(W > 0, l1 - slope, -l1 - slope)
    up = np.where(penalty.upper[used][:, None] > W, up, 0)
    down = np.where(penalty.lower[used][:, None] < W, down, 0)
    return float(np.maximum(up, down).max(initial=0.0))
