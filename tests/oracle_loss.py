"""The judge of `oracle`, for losses that are no squares: primal and dual values in NumPy, sharing nothing with the solver.

With S = sum_i s_i, eta = X w + b + offset and h_j as in `oracle`, the problem is

    minimise over w, b:  P(w, b) = sum_i s_i f(y_i, eta_i) / S + sum_j h_j(w_j),

    f = log(1 + e^eta) - y eta, y in {0, 1} (binomial),     f = e^eta - y eta - (y - y log y) (poisson).

For every v with sum_i v_i = 0 (where there is an intercept) and y_i - v_i S / s_i in the domain of f's conjugate,

    D(v) = -sum_i s_i f*(y_i, -v_i S / s_i) / S - v'offset - sum_j h_j*(X_j'v)

is no more than P of anything (Fenchel). The dual point is made from the slopes at w's best intercept, moved onto sum v = 0 and
X_j'v = 0 for the features that nothing holds by weighted least squares, and scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from oracle import conjugate


def xlogx(x):
    return np.where(x > 0, x * np.log(np.where(x > 0, x, 1.0)), 0.0)


@dataclass
class LossProblem:
    X: np.ndarray
    y: np.ndarray
    family: str = "binomial"
    sample_weight: np.ndarray | None = None
    offset: np.ndarray | None = None
    penalty_weights: np.ndarray | None = None
    l2_weights: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    l1_ratio: float = 1.0
    fit_intercept: bool = True
    s: np.ndarray = field(init=False)

    def __post_init__(self):
        n, p = self.X.shape
        self.X = np.asarray(self.X, float)
        s = np.ones(n) if self.sample_weight is None else np.asarray(self.sample_weight, float)
        self.s = s / s.sum()
        self.o = np.zeros(n) if self.offset is None else self.offset
        self.u = np.ones(p) if self.penalty_weights is None else self.penalty_weights
        self.v = self.u if self.l2_weights is None else self.l2_weights
        self.lo = np.full(p, -np.inf) if self.lower is None else self.lower
        self.up = np.full(p, np.inf) if self.upper is None else self.upper
        self.out = np.isinf(self.u) | np.isinf(self.v)
        self.mean = self.s @ self.X if self.fit_intercept else np.zeros(p)
        self.Xc = self.X - self.mean
        # A column whose spread is the rounding of its mean has none.
        rounding = 8 * np.finfo(float).eps * np.abs(self.X[self.s > 0]).max(axis=0)
        spread = np.abs(self.Xc[self.s > 0]).max(axis=0)
        self.Xc[:, spread <= rounding * self.fit_intercept] = 0.0

    def value(self, eta):
        if self.family == "poisson":
            return np.exp(eta) - self.y * eta - (self.y - xlogx(self.y))
        return np.logaddexp(0, np.where(self.y > 0, -eta, eta))

    def slope(self, eta):
        """-f' and f''."""
        if self.family == "poisson":
            mean = np.exp(eta)
            return self.y - mean, mean
        miss = np.exp(-np.logaddexp(0, np.where(self.y > 0, eta, -eta)))
        return np.where(self.y > 0, miss, -miss), miss * np.exp(
            -np.logaddexp(0, np.where(self.y > 0, -eta, eta))
        )

    def conjugate_sum(self, r):
        """sum_i s_i f*(y_i, -r_i); infinite outside the domain."""
        if self.family == "poisson":
            mean = self.y - r
            if (mean[self.s > 0] < 0).any():
                return np.inf
            return float(self.s @ (xlogx(mean) - mean + self.y - xlogx(self.y)))
        a = np.abs(r)
        wrong = (r * (2 * self.y - 1) < 0) | (a > 1)
        if wrong[self.s > 0].any():
            return np.inf
        a = np.clip(a, 0, 1)
        return float(self.s @ (xlogx(a) + xlogx(1 - a)))

    def intercept(self, eta):
        """The best b beside eta, by bisection."""
        if not self.fit_intercept:
            return 0.0
        far = 800 + np.abs(eta).max()
        low, high = -far, far
        with np.errstate(over="ignore"):
            for _ in range(200):
                b = 0.5 * (low + high)
                if b in (low, high):  # two neighbours: nothing lies between them
                    break
                if self.s @ self.slope(eta + b)[0] > 0:
                    low = b
                else:
                    high = b
        return 0.5 * (low + high)

    @cached_property
    def null(self):
        b = self.intercept(self.o)
        return float(self.s @ self.value(self.o + b))

    def penalties(self, alpha):
        l1 = np.where(self.out, 0.0, alpha * self.l1_ratio * np.where(self.out, 0.0, self.u))
        l2 = np.where(self.out, 0.0, alpha * (1 - self.l1_ratio) * np.where(self.out, 0.0, self.v))
        return l1, l2

    def primal(self, w, b, alpha):
        if (
            (w < self.lo).any()
            or (w > self.up).any()
            or w[self.out & (self.lo <= 0) & (self.up >= 0)].any()
        ):
            return np.inf
        l1, l2 = self.penalties(alpha)
        eta = self.Xc @ w + (b + self.mean @ w) + self.o
        return float(self.s @ self.value(eta) + l1 @ np.abs(w) + 0.5 * l2 @ w**2)

    def dual(self, w, alpha):
        l1, l2 = self.penalties(alpha)
        lo, up = np.where(self.out, 0.0, self.lo), np.where(self.out, 0.0, self.up)
        eta = self.Xc @ w + self.o
        r, d = self.slope(eta + self.intercept(eta))
        free = (l1 == 0) & (l2 == 0) & ~self.out & (w != lo) & (w != up)
        r = self._feasible(r, d, free)
        c = self.Xc.T @ (self.s * r)
        # What rounding leaves of an equality is charged with twice the coefficient at hand.
        slack = 2 * np.abs(c[free] * w[free]).sum()
        c[free] = 0.0
        pull = np.abs(c) > l1
        unbounded = pull & (l2 == 0) & np.isinf(np.where(c > 0, up, lo))
        top = min(1.0, np.min(l1[unbounded] / np.abs(c[unbounded]), initial=1.0) * (1 - 1e-15))
        some = (top * np.abs(c) > l1) | (lo > 0) | (up < 0)
        best = -np.inf
        scales = [top] if not some.any() else np.concatenate([[top], top * np.linspace(0, 1, 101)])
        for t in scales:
            h = conjugate(t * c[some], l1[some], l2[some], lo[some], up[some]).sum()
            best = max(best, -self.conjugate_sum(t * r) - t * (self.s * r) @ self.o - h)
        return best - slack

    def _feasible(self, r, d, free):
        A = self.Xc[:, free]
        A = A / np.maximum(np.sqrt(self.s @ A**2), 1e-300)
        if self.fit_intercept:
            A = np.column_stack([np.ones(len(r)), A])
        if A.shape[1] == 0:
            return r
        root = np.sqrt(self.s * d)
        M = root[:, None] * A
        unit = np.maximum(np.linalg.norm(M, axis=0), 1e-300)
        M = M / unit
        for _ in range(3):
            rhs = (A / unit).T @ (self.s * r)
            r = r - d * (A @ (np.linalg.lstsq(M.T @ M, rhs, rcond=1e-14)[0] / unit))
        return r

    def gap(self, w, b, alpha):
        unit = self.null
        return (self.primal(w, b, alpha) - self.dual(w, alpha)) / (unit if unit > 0 else 1.0)
