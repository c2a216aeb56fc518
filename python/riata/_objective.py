"""The objective of given coefficients and intercepts, of any family, in NumPy: shares no code with the solvers.

Outputs are the targets, the classes (one row for two) or the tasks. Losses are those of `Certificate`: less the saturated model's,
so that no difference of large numbers is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import _fit
from ._problem import Array, Problem

STEPS = 20  # of Newton's method for intercepts that are nearly right
SHORT = 1e-14  # a step that is the last
ROUNDING = 1e-14  # of a loss


@dataclass(slots=True)
class Slopes:
    """Of a loss at margins of shape (n, outputs): its mean (per target where targets are apart), -d loss / d eta, mean curvature."""

    loss: Array
    R: Array
    curvature: Array  # (outputs, outputs)


def shares(problem: Problem) -> Array:
    """The sample weights with sum 1."""
    n = problem.X.shape[0]
    s = problem.sample_weight
    return np.full(n, 1 / n) if s is None else s / s.sum()


def margins(problem: Problem, coef: Array, intercepts: Array) -> Array:
    """Margins of shape (n, outputs) of coef (outputs, p), the offset among them."""
    used = np.flatnonzero(coef.any(axis=0))
    W = np.asarray(coef, dtype=np.float64).T
    eta = (
        _fit.predict(problem.X, W)
        if len(used) == len(W)
        else _fit.predict(problem.X, np.ascontiguousarray(W[used]), used)
    )
    eta = eta + np.asarray(intercepts, dtype=np.float64)
    return eta if problem.offset is None else eta + problem.offset[:, None]


def slopes(problem: Problem, eta: Array, s: Array) -> Slopes:
    """Loss, slopes and curvature of the family."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _FAMILIES[problem.family](problem, eta, s)


def _squares(problem: Problem, eta: Array, s: Array) -> Slopes:
    R = problem.y.reshape(eta.shape) - eta
    loss = 0.5 * s @ R**2
    joint = problem.family == "multi-gaussian"
    return Slopes(loss.sum(keepdims=True) if joint else loss, R, np.eye(eta.shape[1]))


def _binomial(problem: Problem, eta: Array, s: Array) -> Slopes:
    sign = 2 * problem.y[:, None] - 1
    off = np.exp(-np.logaddexp(0, sign * eta))  # the probability of the other label
    loss = s @ np.logaddexp(0, -sign * eta)
    return Slopes(loss, sign * off, np.atleast_2d(s @ (off * (1 - off))))


def _poisson(problem: Problem, eta: Array, s: Array) -> Slopes:
    y = problem.y[:, None]
    mean = np.exp(eta)
    d = np.where(
        y > 0, eta - np.log(np.where(y > 0, y, 1)), 0
    )  # y (e^d - 1 - d), and e^eta for y = 0
    R = np.where(y > 0, -y * np.expm1(d), -mean)
    return Slopes(s @ np.where(y > 0, -R - y * d, mean), R, np.atleast_2d(s @ mean))


def _softmax(problem: Problem, eta: Array, s: Array) -> Slopes:
    labels = problem.y.astype(np.intp)
    rows = np.arange(len(labels))
    apart = eta - eta[rows, labels][:, None]
    top = apart.max(axis=1, keepdims=True)
    e = np.exp(apart - top)
    total = e.sum(axis=1, keepdims=True)
    P = e / total
    R = -P
    R[rows, labels] = P.sum(axis=1) - P[rows, labels]
    loss = s @ (top + np.log(total))
    return Slopes(loss, R, np.diag(s @ P) - (s[:, None] * P).T @ P)


_FAMILIES: dict[str, Callable[[Problem, Array, Array], Slopes]] = {
    "gaussian": _squares,
    "multi-gaussian": _squares,
    "binomial": _binomial,
    "poisson": _poisson,
    "multinomial": _softmax,
}


def profiled(problem: Problem, eta: Array, s: Array) -> tuple[Array, Slopes]:
    """How far the intercepts are from the best ones for these margins, and the slopes there."""
    shift = np.zeros(eta.shape[1])
    now = slopes(problem, eta, s)
    for _ in range(STEPS if problem.fit_intercept else 0):
        step = _solve(now.curvature, s @ now.R)
        if np.abs(step).max() <= SHORT * (1 + np.abs(shift).max()):
            break
        then = slopes(problem, eta + shift + step, s)
        # Slopes are known to more digits than losses: the last step need not show in them.
        if not np.isfinite(step).all() or not then.loss.sum() <= (1 + ROUNDING) * now.loss.sum():
            break
        shift, now = shift + step, then
    return shift, now


def _solve(curvature: Array, slope: Array) -> Array:
    """The step of least length: the classes' intercepts are free up to a constant."""
    if len(slope) == 1:
        return slope / curvature[0]
    return np.asarray(np.linalg.lstsq(curvature, slope, rcond=None)[0])


def is_joint(problem: Problem) -> bool:
    """Whether a feature's coefficients are penalised by the length of their row."""
    return problem.family == "multi-gaussian" or (problem.grouped and problem.l1_ratio > 0)


@dataclass(slots=True)
class Weights:
    """A penalty at one alpha, per feature: l1 and l2 factors, bounds, and which features are left out."""

    l1: Array
    l2: Array
    lower: Array
    upper: Array
    excluded: Array
    joint: bool

    def cost(self, coef: Array) -> Array:
        """Of coef (outputs, p), for every output, the first alone where rows are penalised together; infinite where infeasible."""
        size = np.linalg.norm(coef, axis=0)[None] if self.joint else np.abs(coef)
        outside = (coef < self.lower) | (coef > self.upper) | (self.excluded & (coef != 0))
        with np.errstate(
            over="ignore"
        ):  # roots first: coefficients may be as large as their penalty is small
            cost = size @ self.l1 + 0.5 * ((size * np.sqrt(self.l2)) ** 2).sum(axis=-1)
        return np.where(
            outside.any(axis=1)[: len(cost)] | (self.joint and outside.any()), np.inf, cost
        )


def weights(problem: Problem, alpha: float) -> Weights:
    """The penalty of a problem, on the scale of the coefficients."""
    p = problem.X.shape[1]
    u = np.ones(p) if problem.penalty_weights is None else problem.penalty_weights
    v = np.ones(p) if problem.l2_weights is None else problem.l2_weights
    excluded = np.isinf(u) | np.isinf(v)
    d = np.ones(p)
    if problem.standardize:
        d = _fit.spreads(problem, _fit.measure(problem))
    return Weights(
        alpha * problem.l1_ratio * np.where(excluded, 0, u) * d,
        alpha * (1 - problem.l1_ratio) * np.where(excluded, 0, v) * d**2,
        np.full(p, -np.inf) if problem.lower is None else problem.lower,
        np.full(p, np.inf) if problem.upper is None else problem.upper,
        excluded,
        is_joint(problem),
    )
