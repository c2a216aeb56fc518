"""A problem in long double: the objective of any coefficients, and a scaled form for the reference solver.

With S = sum_i s_i the objective is

    P(w, b) = (1/S) sum_i s_i f(y_i, x_i'w + b + offset_i) + sum_j alpha [rho u_j |w_j| + (1 - rho)/2 v_j w_j^2],

|w_j| being the length of a feature's row of coefficients where outputs are grouped. With `standardize` u_j is times the weighted
standard deviation of column j and v_j times its square. Weights u or v of inf leave a feature out, whatever alpha is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .losses import LOSSES, Long

EPS = Long(np.finfo(float).eps)


@dataclass
class Terms:
    """What makes an objective beside X and y; arrays or None, as riata takes them."""

    family: str = "gaussian"
    grouped: bool = False
    sample_weight: np.ndarray | None = None
    offset: np.ndarray | None = None
    penalty_weights: np.ndarray | None = None
    l2_weights: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    l1_ratio: float = 1.0
    fit_intercept: bool = True
    standardize: bool = False


def long(values):
    return np.asarray(values).astype(Long)


def outputs(y, family):
    """The response with one column per output: labels as 0 and 1, of several classes one column for each."""
    if family in ("binomial", "multinomial"):
        classes, codes = np.unique(np.asarray(y), return_inverse=True)
        if family == "binomial":
            return long(codes)[:, None]
        return long(codes[:, None] == np.arange(len(classes)))
    y = long(y)
    return y if y.ndim == 2 else y[:, None]


class Exact:
    """Rows of positive weight only; columns centred (with an intercept) and scaled to weighted length 1."""

    def __init__(self, X, y, terms: Terms):
        self.terms = terms
        s = np.ones(len(X)) if terms.sample_weight is None else terms.sample_weight
        rows = np.asarray(s) > 0
        self.X, s = long(X)[rows], long(s)[rows]
        self.s = s / s.sum()
        self.y = outputs(y, terms.family)[rows]
        self.outputs = self.y.shape[1]
        self.offset = np.zeros((len(s), 1), Long)
        if terms.offset is not None and terms.family != "multinomial":
            self.offset = long(terms.offset)[rows][:, None]
        self.loss = LOSSES[terms.family](self.y)
        self.joint = terms.family == "multi-gaussian" or terms.grouped
        self._scale()
        self._penalise()
        self.null_intercept, self.null = self._null()

    def _scale(self):
        mean = self.s @ self.X
        about = self.X - mean
        # What is left of a constant is the rounding of its mean.
        about[:, np.abs(about).max(axis=0) <= 1e-18 * np.abs(self.X).max(axis=0)] = 0
        self.deviation = np.sqrt(self.s @ about**2)
        self.mean = mean if self.terms.fit_intercept else np.zeros_like(mean)
        centred = about if self.terms.fit_intercept else self.X
        size = np.sqrt(self.s @ centred**2)
        self.size = np.where(size > 0, size, 1)
        self.Z = centred / self.size

    def _penalise(self):
        p, terms = self.X.shape[1], self.terms

        def weights(values, default):
            return long(default if values is None else np.broadcast_to(values, (p,)))

        self.u = weights(terms.penalty_weights, np.ones(p))
        self.v = weights(terms.l2_weights, self.u)
        self.lower = weights(terms.lower, np.full(p, -np.inf))
        self.upper = weights(terms.upper, np.full(p, np.inf))
        self.out = np.isinf(self.u) | np.isinf(self.v)
        unit = self.deviation if terms.standardize else np.ones(p, Long)
        self.u = np.where(self.out, 0, self.u) * unit
        self.v = np.where(self.out, 0, self.v) * unit**2
        self.possible = not (self.out & ((self.lower > 0) | (self.upper < 0))).any()

    def penalties(self, alpha):
        """Factors of |w_j| and of w_j^2 / 2, on the original scale."""
        rho = Long(self.terms.l1_ratio)
        return Long(alpha) * rho * self.u, Long(alpha) * (1 - rho) * self.v

    def _null(self):
        """The best intercepts of the model without features, and its loss."""
        b = self._null_intercepts()
        return b, self.s @ self.loss.value(self.offset + b)

    def _null_intercepts(self):
        if not self.terms.fit_intercept:
            return np.zeros(self.outputs, Long)
        mean = self.s @ self.y
        if self.terms.family == "poisson":
            top = self.offset.max()
            return np.log(mean / (self.s @ np.exp(self.offset - top))) - top
        if self.terms.family == "multinomial":
            return np.log(mean) - np.log(mean).mean()
        if self.terms.family == "binomial":
            return self._bisected(np.log(mean / (1 - mean)))
        return mean - self.s @ self.offset

    def _bisected(self, b):
        """Where offsets are large the loss is nearly a polygon of the intercept."""
        low, high = b - self.offset.max(), b - self.offset.min()
        for _ in range(70 if self.offset.any() else 0):
            middle = (low + high) / 2
            rises = self.s @ self.loss.slope(self.offset + middle) > 0
            low, high = np.where(rises, middle, low), np.where(rises, high, middle)
        return (low + high) / 2

    def eta(self, W, b):
        return self.X @ long(W) + long(b) + self.offset

    def is_feasible(self, W):
        """Within the bounds to the last bit, and nothing on features left out."""
        W = np.asarray(W)
        low, high = self.lower[:, None], self.upper[:, None]
        return bool(((low <= W) & (high >= W)).all() and not W[self.out].any())

    def objective(self, W, b, alpha):
        W = long(W)
        return self.s @ self.loss.value(self.eta(W, b)) + self.penalty(W, alpha)

    def penalty(self, W, alpha):
        l1, l2 = self.penalties(alpha)
        size = np.sqrt((W**2).sum(axis=1)) if self.joint else np.abs(W).sum(axis=1)
        return l1 @ size + l2 @ (W**2).sum(axis=1) / 2

    def spread(self, W, b):
        """How far eta may be off where sums are rounded to float64: eps (|x|'|w| + |b| + |offset| + |y|, or 1 in an exponent)."""
        d = np.abs(self.X) @ np.abs(long(W)) + np.abs(long(b)) + np.abs(self.offset)
        return EPS * (d + (np.abs(self.y) if isinstance(self.loss, LOSSES["gaussian"]) else 1))

    def rounding(self, W, b):
        """What the objective may be off by, (first order, second order): |f'| d and, where f' vanishes, f'' d^2."""
        eta, d = self.eta(W, b), 4 * self.spread(W, b)
        root = self.loss.root(eta)
        first = self.s @ (np.abs(self.loss.slope(eta)) * d).sum(axis=1)
        return first, self.s @ (np.einsum("iab,ib->ia", np.abs(root), d) ** 2).sum(axis=1)

    def certain(self, W, b, alpha):
        """The objective at numbers rounded to float64 and into the bounds, however their sums are rounded."""
        low, high = self.lower[:, None].astype(float), self.upper[:, None].astype(float)
        W = np.clip(np.asarray(W, float), low, high)
        W[self.out] = 0
        b = np.asarray(b, float)
        eta, d = self.eta(W, b), self.spread(W, b)
        worst = np.maximum(*(self.loss.value(eta + sign * d * self.loss.ways) for sign in (-1, 1)))
        return self.s @ worst + self.penalty(long(W), alpha)
