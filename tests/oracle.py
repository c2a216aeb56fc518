"""A slow, independent judge in NumPy: what a solution is worth, and what no solution can be better than.

The problem, with S = sum_i s_i, l1_j = alpha l1_ratio u_j and l2_j = alpha (1 - l1_ratio) v_j:

    minimise over w, b:  P(w, b) = sum_i s_i (y_i - x_i'w - b)^2 / (2 S) + sum_j h_j(w_j)
    h_j(w) = l1_j |w| + l2_j w^2 / 2   on   lower_j <= w <= upper_j,   infinite outside.

For every vector t with sum_i s_i t_i = 0 (only where there is an intercept) Fenchel's inequality bounds the optimum from below by

    D(t) = sum_i s_i (t_i y_i - t_i^2 / 2) / S - sum_j h_j*(sum_i s_i x_ij t_i / S),     h_j*(c) = sup_w c w - h_j(w).

Nothing here is shared with the solver: columns are centred explicitly in extended precision, and the dual point is the residual, made
orthogonal to the columns that nothing penalises, at its best scaling.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# A correlation of this size relative to the norms of the column and the response is rounding.
ROUNDING = 1e-9


@dataclass
class Problem:
    """A penalised least-squares problem as the caller states it; None stands for ones, or for no bound."""

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None = None
    penalty_weights: np.ndarray | None = None
    l2_weights: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    l1_ratio: float = 1.0
    fit_intercept: bool = True

    s: np.ndarray = field(init=False)
    Xc: np.ndarray = field(init=False)
    yc: np.ndarray = field(init=False)

    def __post_init__(self):
        n, p = self.X.shape
        self.s = np.ones(n) if self.sample_weight is None else np.asarray(self.sample_weight, float)
        self.s = self.s / self.s.sum()  # from here on S = 1
        X, y = self.X.astype(np.longdouble), self.y.astype(np.longdouble)
        self.x_mean, self.y_mean = np.zeros(p), 0.0
        size = np.abs(X[self.s > 0]).max(axis=0).astype(float)
        if self.fit_intercept:
            s = self.s.astype(np.longdouble)
            x_mean, y_mean = s @ X / s.sum(), s @ y / s.sum()
            self.x_mean, self.y_mean = x_mean.astype(float), float(y_mean)
            X, y = X - x_mean, y - y_mean
        self.Xc, self.yc = X.astype(float), y.astype(float)
        # A column whose spread is the rounding of its mean has none.
        self.rounding = 8 * np.finfo(float).eps * size
        spread = np.abs(self.Xc[self.s > 0]).max(axis=0)
        self.Xc[:, spread <= self.rounding * self.fit_intercept] = 0.0
        self.norms = np.sqrt(self.s @ self.Xc**2)
        self.u = np.ones(p) if self.penalty_weights is None else self.penalty_weights
        self.v = np.ones(p) if self.l2_weights is None else self.l2_weights
        self.lo = np.full(p, -np.inf) if self.lower is None else self.lower
        self.up = np.full(p, np.inf) if self.upper is None else self.upper
        # Infinite weights leave a feature out.
        self.out = np.isinf(self.u) | np.isinf(self.v)

    @property
    def null(self) -> float:
        """Objective of the model without features."""
        return 0.5 * float(self.s @ self.yc**2)

    def penalties(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """l1_j and l2_j; zero for features that are left out, whose coefficient has to be zero."""
        l1 = np.where(self.out, 0.0, alpha * self.l1_ratio * np.where(self.out, 0.0, self.u))
        l2 = np.where(self.out, 0.0, alpha * (1 - self.l1_ratio) * np.where(self.out, 0.0, self.v))
        return l1, l2

    def residual(self, w: np.ndarray, b: float | None = None) -> np.ndarray:
        """y - X w - b without the cancellation of large means; the best b if there is none given."""
        r = self.yc - self.Xc @ w
        if self.fit_intercept and b is None:
            return r - self.s @ r
        return r - ((b or 0.0) - self.y_mean + self.x_mean @ w)

    def primal(self, w: np.ndarray, alpha: float, b: float | None = None) -> float:
        """P(w, b), or the minimum over b; infinite outside the bounds."""
        if (w < self.lo).any() or (w > self.up).any() or w[self.out].any():
            return np.inf
        l1, l2 = self.penalties(alpha)
        r = self.residual(w, b)
        return float(0.5 * self.s @ r**2 + l1 @ np.abs(w) + 0.5 * l2 @ w**2)

    def best_dual(self, w: np.ndarray, alpha: float, enough: float = np.inf) -> float:
        """The best D over multiples of w's residual; the search ends early at a value of `enough`."""
        l1, l2 = self.penalties(alpha)
        lo, up = np.where(self.out, 0.0, self.lo), np.where(self.out, 0.0, self.up)
        r = self.residual(w)
        best = self._dual_along(r, l1, l2, lo, up, enough)
        # Features with c_j = 0 at the optimum although a bound is infinite: any rounding of c_j would leave the dual's domain.
        free = (l1 == 0) & (l2 == 0) & (np.isinf(lo) | np.isinf(up)) & (self.norms > 0)
        c = self.Xc.T @ (self.s * r)
        free &= (w != lo) & (w != up) | (
            np.abs(c) <= ROUNDING * self.norms * np.sqrt(2 * self.null)
        )
        if best < enough and free.any():
            r = self._orthogonal_to(r, free)
            best = max(best, self._dual_along(r, l1, l2, lo, up, enough, free))
        return best

    def gap(self, w: np.ndarray, alpha: float, b: float | None = None, tol: float = 0.0) -> float:
        """(P - D) / P(null), P - D where the null model is perfect. Any value <= tol is as good as another."""
        unit = self.null if self.null > 0 else 1.0
        primal = self.primal(w, alpha, b)
        return (primal - self.best_dual(w, alpha, primal - tol * unit)) / unit

    def _orthogonal_to(self, r: np.ndarray, features: np.ndarray) -> np.ndarray:
        """r less its projection on these columns, in the inner product of the weights."""
        root = np.sqrt(self.s)
        A = root[:, None] * (self.Xc[:, features] / self.norms[features])
        U, size, _ = np.linalg.svd(A, full_matrices=False)
        # Directions that are the rounding of the entries of X are nobody's: duplicates of large mean differ by it.
        noise = np.linalg.norm(self.rounding[features] / self.norms[features])
        U = U[:, size > max(1e-13 * size[0], noise)]
        z = root * r
        for _ in range(2):  # twice is enough
            z = z - U @ (U.T @ z)
        return np.divide(z, root, out=np.zeros_like(z), where=root > 0)

    def _dual_along(self, r, l1, l2, lo, up, enough, orthogonal=None) -> float:
        c = self.Xc.T @ (self.s * r)
        if orthogonal is not None:
            c[orthogonal] = 0.0
        ry, rr = float(self.s @ (r * self.yc)), float(self.s @ r**2)
        # Beyond l1 the conjugate is infinite where neither l2 nor the bound on that side holds w back.
        held = (l2 > 0) | np.isfinite(np.where(c > 0, up, lo)) | (c == 0)
        size = np.where(held, 0.0, np.abs(c))
        last = float(np.min(l1[size > 0] / size[size > 0], initial=np.inf)) * (1 - 1e-15)
        free_scale = ry / rr if rr > 0 else 1.0
        last = min(last, max(free_scale, 1.0) * 2)
        # Up to l1 a conjugate is zero, unless the bounds keep 0 out.
        some = (last * np.abs(c) > l1) | (lo > 0) | (up < 0)

        def dual(t):
            h = conjugate(np.outer(t, c[some]), l1[some], l2[some], lo[some], up[some])
            return t * ry - 0.5 * t**2 * rr - h.sum(axis=1)

        # D is concave along the ray: the few likely places first, then a grid that narrows around its best point.
        tried = np.unique(np.clip([0.0, free_scale, 1.0, last], 0.0, last))
        values = dual(tried)
        best = float(values.max())
        around = int(values.argmax())
        left, right = tried[max(around - 1, 0)], tried[min(around + 1, len(tried) - 1)]
        for _ in range(12):
            if best >= enough or not left < right:
                break
            grid = np.linspace(left, right, 17)
            values = dual(grid)
            best = max(best, float(values.max()))
            around = int(values.argmax())
            left, right = grid[max(around - 1, 0)], grid[min(around + 1, 16)]
        return best


def conjugate(c, l1, l2, lower, upper):
    """h*(c) = sup over lower <= w <= upper of c w - l1 |w| - l2 w^2 / 2, elementwise.

    The maximiser is the soft-thresholded c over l2, clipped to the bounds; without l2 it is a bound or 0.
    """
    pull = np.sign(c) * np.maximum(np.abs(c) - l1, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        w = np.where(pull == 0, 0.0, np.divide(pull, l2))
        w = np.clip(w, lower, upper)
        value = c * w - l1 * np.abs(w) - 0.5 * l2 * w**2
        # What does not end: c w - l1 |w| grows along the ray.
        return np.where(np.isinf(w), np.inf, value)


def soft(c, t):
    """argmin over w of (w - c)^2 / 2 + t |w|."""
    return np.sign(c) * np.maximum(np.abs(c) - t, 0.0)


def coefficients(solution, p: int) -> np.ndarray:
    """The raw core's CSC parts as a dense (p, k) matrix."""
    W = np.zeros((p, len(solution.alphas)))
    k = np.repeat(np.arange(len(solution.alphas)), np.diff(solution.indptr))
    W[solution.indices, k] = solution.data
    return W
