"""A reference solver in long double, and a bound below which no coefficients can get.

It works on columns that are centred and scaled. Steps are Newton's on the coordinates that do not rest, from a pivoted QR
decomposition, cut or folded at kinks and bounds, and sweeps of coordinate descent on the quadratic model where those do not end;
every step has to lower the objective itself. Slow, and in no hurry: it is there to find a point better than riata's.

The bound: a convex loss lies above its tangent plane, so with c = -gradient at w

    P(u) >= P(w) - sum_j max over u_j of [c_j (u_j - w_j) - h_j(u_j) + h_j(w_j)]    for all u,

the value of a dual point. Where the maximum over all u_j is infinite it is taken over a box a thousand times as large as w and the
scale of the predictions: no proof against coefficients out there, but against all that anybody would look for.
"""

from __future__ import annotations

import numpy as np

from .exact import Exact
from .losses import Long

BOX = 1e3


class Scaled:
    """One penalty of an exact problem in scaled columns: theta is (p + 1, outputs), its last row the intercepts."""

    def __init__(self, problem: Exact, alpha):
        self.problem = problem
        k = problem.outputs
        l1, l2 = problem.penalties(alpha)

        def rows(values, last):
            return np.vstack([np.repeat(values[:, None], k, axis=1), np.full((1, k), last, Long)])

        self.l1, self.l2 = rows(l1 / problem.size, 0), rows(l2 / problem.size**2, 0)
        held = np.where(problem.out, 0, problem.size)
        with np.errstate(invalid="ignore"):
            low = np.where(problem.out, 0, problem.lower * held)
            high = np.where(problem.out, 0, problem.upper * held)
        free = 1.0 if problem.terms.fit_intercept else 0.0
        self.low = rows(low, -np.inf if free else 0)
        self.high = rows(high, np.inf if free else 0)
        self.Z = np.column_stack([problem.Z, np.full(len(problem.s), free, Long)])
        self.joint = problem.joint

    def start(self, W, b):
        """Returned coefficients, moved into the bounds."""
        W = np.asarray(W).astype(Long)
        b = np.asarray(b).astype(Long) + self.problem.mean @ W
        theta = np.vstack([W * self.problem.size[:, None], b[None]])
        return np.clip(theta, self.low, self.high)

    def original(self, theta):
        """Coefficients and intercepts of the columns as they are."""
        W = theta[:-1] / self.problem.size[:, None]
        return W, theta[-1] - self.problem.mean @ W

    def eta(self, theta):
        return self.Z @ theta + self.problem.offset

    def objective(self, theta):
        size = np.sqrt((theta**2).sum(axis=1))[:-1] if self.joint else np.abs(theta)
        l1 = self.l1[:-1, 0] if self.joint else self.l1
        penalty = (l1 * size).sum() + (self.l2 * theta**2).sum() / 2
        return self.problem.s @ self.problem.loss.value(self.eta(theta)) + penalty

    def correlation(self, theta):
        return self.Z.T @ (self.problem.s[:, None] * self.problem.loss.slope(self.eta(theta)))

    def lower_bound(self, theta, value):
        """No coefficients within the box have an objective below this."""
        c = self.correlation(theta)
        spread = (
            np.sqrt(2 * self.problem.null)
            if self.is_squares
            else 10 + np.abs(self.eta(theta)).max()
        )
        reach = BOX * (np.abs(theta).max() + spread)
        if self.joint:
            return max(value - self._joint_excess(theta, c, reach), Long(0))
        low, high = np.maximum(self.low, theta - reach), np.minimum(self.high, theta + reach)
        return max(value - excess(theta, c, self.l1, self.l2, low, high).sum(), Long(0))

    @property
    def is_squares(self):
        return self.problem.terms.family in ("gaussian", "multi-gaussian")

    def _joint_excess(self, theta, c, reach):
        """Rows of coefficients without bounds: the best u is along c."""
        out = self.high[:-1, 0] == 0
        w, c_rows = theta[:-1], np.where(out[:, None], 0, c[:-1])
        size, pull = np.sqrt((w**2).sum(axis=1)), np.sqrt((c_rows**2).sum(axis=1))
        l1, l2, zero = self.l1[:-1, 0], self.l2[:-1, 0], np.zeros(len(w), Long)
        total = excess(zero, pull, l1, l2, zero, size + reach).sum()
        total += (l1 * size + l2 * size**2 / 2 - (c_rows * w).sum(axis=1)).sum()
        low, high = (
            np.maximum(self.low[-1], theta[-1] - reach),
            np.minimum(self.high[-1], theta[-1] + reach),
        )
        return total + excess(theta[-1], c[-1], self.l1[-1], self.l2[-1], low, high).sum()


def excess(w, c, l1, l2, low, high):
    """max over low <= u <= high of c u - l1 |u| - l2 u^2 / 2, less its value at w."""

    def value(u):
        return c * u - l1 * np.abs(u) - l2 * u**2 / 2

    pull = np.sign(c) * np.maximum(np.abs(c) - l1, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        u = np.where(pull == 0, 0, pull / l2)
    return np.maximum(value(np.clip(u, low, high)) - value(w), 0)


def curvature(scaled: Scaled, theta):
    """A with A'A the loss's second derivatives; columns in the order of theta.ravel()."""
    problem = scaled.problem
    B = np.sqrt(problem.s)[:, None, None] * problem.loss.root(scaled.eta(theta))
    A = np.einsum("iak,ij->iajk", B, scaled.Z)
    return A.reshape(A.shape[0] * A.shape[1], -1)


def decompose(A):
    """Pivoted Gram-Schmidt, twice: (order, R) with R upper triangular in that order; as many rows as the rank."""
    A = A.copy()
    m = A.shape[1]
    order, R = np.arange(m), np.zeros((min(A.shape), m), Long)
    for k in range(len(R)):
        sizes = np.sqrt((A[:, k:] ** 2).sum(axis=0))
        j = k + int(sizes.argmax())
        if sizes[j - k] <= 1e-17 * (R[0, 0] if k else 0) or sizes[j - k] == 0:
            return order, R[:k]
        for swapped in (A, R, order[None]):
            swapped[:, [k, j]] = swapped[:, [j, k]]
        q = A[:, k] / sizes[j - k]
        R[k, k] = sizes[j - k]
        for _ in range(2):
            t = q @ A[:, k + 1 :]
            R[k, k + 1 :] += t
            A[:, k + 1 :] -= q[:, None] * t
    return order, R


def substitute(R, b, transposed=False):
    """R x = b or R'x = b for an upper triangular R."""
    x = b.copy()
    r = len(R)
    for k in range(r) if transposed else reversed(range(r)):
        x[k] /= R[k, k]
        if transposed:
            x[k + 1 :] -= np.multiply.outer(R[k, k + 1 : r], x[k])
        else:
            x[:k] -= np.multiply.outer(R[:k, k], x[k])
    return x


def newton_directions(scaled: Scaled, theta, c):
    """Newton's direction on what does not rest, and one along which the loss is flat but the penalty is not, if there is any."""
    signs = np.where(theta != 0, np.sign(theta), np.sign(c))
    if scaled.joint:
        size = np.sqrt((theta**2).sum(axis=1))[:, None]
        signs = np.divide(theta, size, out=np.zeros_like(theta), where=size > 0)
    force = c - scaled.l1 * signs - scaled.l2 * theta
    rests = (theta == 0) & (np.abs(c) <= scaled.l1) & (scaled.l1 > 0)
    if scaled.joint:
        rests = (size == 0) & (scaled.l1 > 0) & np.ones_like(rests)
    rests |= ((theta <= scaled.low) & (force <= 0)) | ((theta >= scaled.high) & (force >= 0))
    free = np.flatnonzero(~rests.ravel())
    if len(free) == 0:
        return []
    A = np.vstack([curvature(scaled, theta)[:, free], *penalty_roots(scaled, theta, signs, free)])
    unit = np.sqrt((A**2).sum(axis=0))
    unit = np.where(unit > 0, unit, 1)
    order, R = decompose(A / unit)
    rank = len(R)
    f = (force.ravel()[free] / unit)[order]
    directions = []
    steps = substitute(R[:, :rank], substitute(R[:, :rank], f[:rank], transposed=True))
    directions.append(spread_out(theta, free[order[:rank]], steps / unit[order[:rank]]))
    if rank < len(free):
        flat = -substitute(R[:, :rank], R[:, rank:])  # kept columns that undo a dropped one
        slope = f[rank:] + flat.T @ f[:rank]
        parts = np.abs(c) + scaled.l1 * np.abs(signs) + np.abs(scaled.l2 * theta)
        slope[np.abs(slope) <= 1e-13 * (parts.ravel()[free] / unit).max()] = 0
        if slope.any():
            moved = np.concatenate([flat @ slope, slope]) / unit[order]
            directions.append(spread_out(theta, free[order], moved))
    return directions


def penalty_roots(scaled: Scaled, theta, signs, free):
    """Rows that make A'A hold the penalty's curvature, too: l2, and for rows of coefficients l1 (I - ww'/|w|^2) / |w|."""
    rows = [np.diag(np.sqrt(scaled.l2.ravel()[free]))] if scaled.l2.any() else []
    if scaled.joint:
        k, total = theta.shape[1], theta.size
        for j in np.flatnonzero((signs != 0).any(axis=1)[:-1] & (scaled.l1[:-1, 0] > 0)):
            size = np.sqrt((theta[j] ** 2).sum())
            block = np.zeros((k, total), Long)
            across = np.eye(k, dtype=Long) - np.multiply.outer(signs[j], signs[j])
            block[:, j * k : (j + 1) * k] = np.sqrt(scaled.l1[j, 0] / size) * across
            rows.append(block[:, free])
    return rows


def spread_out(theta, places, values):
    d = np.zeros(theta.size, Long)
    d[places] = values
    return d.reshape(theta.shape)


def moved(scaled: Scaled, theta, d, c, t):
    """theta + t d within the bounds; what would cross a kink stays on it."""
    new = np.clip(theta + t * d, scaled.low, scaled.high)
    if not scaled.joint:
        side = np.where(theta != 0, np.sign(theta), np.sign(c))
        crossed = (scaled.l1 > 0) & (new * side < 0) & (scaled.low <= 0) & (scaled.high >= 0)
        new[crossed] = 0
    return new


def first_kink(scaled: Scaled, theta, d):
    """How far theta may go along d until the first coordinate reaches a kink or a bound."""
    with np.errstate(divide="ignore", invalid="ignore"):
        to_bound = np.where(d > 0, (scaled.high - theta) / d, (scaled.low - theta) / d)
        to_zero = np.where((scaled.l1 > 0) & (theta * d < 0), -theta / d, np.inf)
    ways = np.minimum(np.where(d != 0, to_bound, np.inf), np.inf if scaled.joint else to_zero)
    ways = np.where(ways > 0, ways, np.inf)
    return ways.min()


def descend(scaled: Scaled, theta, value, d, c):
    """The better of a whole step, folded at kinks, and one up to the first kink; else halved until it is better, if ever."""
    with np.errstate(over="ignore", invalid="ignore"):
        kink = first_kink(scaled, theta, d)
        lengths = {Long(1), kink if np.isfinite(kink) else Long(1)}
        tried = [moved(scaled, theta, d, c, t) for t in lengths]
        value = value - 4e-19 * abs(value)  # what is better by less is rounding
        values = [scaled.objective(new) for new in tried]
        best = int(np.nanargmin(np.where(np.isfinite(values), values, np.inf)))
        if values[best] < value:
            return tried[best], values[best]
        t = Long(0.5 if values[best] - value > 1e-16 * abs(value) else 0)  # flat: this is the end

        for _ in range(40 if t > 0 else 0):
            new = moved(scaled, theta, d, c, t)
            reached = scaled.objective(new)
            if reached < value:
                return new, reached
            t = t * (0.5 if t > 1e-3 else 0.05)
    return theta, scaled.objective(theta)


def swept(scaled: Scaled, theta, c, sweeps):
    """A point that is better in the quadratic model of the loss, by coordinate descent (rows of coefficients: by proximal steps)."""
    A = curvature(scaled, theta)
    H = A.T @ A
    k, new = theta.shape[1], theta.ravel().copy()
    l1, l2 = scaled.l1.ravel(), scaled.l2.ravel()
    low, high = scaled.low.ravel(), scaled.high.ravel()
    pull = c.ravel() + H @ new
    blocks = [np.arange(j * k, j * k + k) for j in range(len(theta) - 1)] if scaled.joint else []
    singles = range(theta.size - k, theta.size) if scaled.joint else range(theta.size)
    for _ in range(sweeps):
        for g in blocks:
            most = H[np.ix_(g, g)].trace()
            z = most * new[g] + pull[g] - H[g] @ new
            size = np.sqrt(z @ z)
            weight = max(1 - l1[g[0]] / size, 0) if size > 0 else 0
            total = most + l2[g[0]]
            new[g] = np.clip(weight * z / total if total > 0 else 0 * z, low[g], high[g])
        for j in singles:
            z = H[j, j] * new[j] + pull[j] - H[j] @ new
            total = H[j, j] + l2[j]
            z = np.sign(z) * max(abs(z) - l1[j], 0)
            best = z / total if total > 0 else (0 if l1[j] > 0 else new[j])
            new[j] = min(max(best, low[j]), high[j])
    return new.reshape(theta.shape)


def improve(scaled: Scaled, theta, close, steps=60):
    """(objective, lower bound) of the best point found from theta on, until they are `close`."""
    theta = np.clip(theta, scaled.low, scaled.high)
    value, bound = scaled.objective(theta), Long(0)
    if np.isfinite(value):
        bound = scaled.lower_bound(theta, value)
    for step in range(steps):
        if value - bound <= close or not np.isfinite(value):
            break
        c = scaled.correlation(theta)
        before = value
        for d in newton_directions(scaled, theta, c):
            theta, value = descend(scaled, theta, value, d, c)
            c = scaled.correlation(theta)
        bound = max(bound, scaled.lower_bound(theta, value))
        if before - value <= 1e-9 * abs(value) and value - bound > close:
            theta, value, bound = settle(scaled, theta, value, bound)
        if before - value <= 0.1 * (value - bound) > 0.1 * close:
            d = swept(scaled, theta, c, 3 + step) - theta
            theta, value = descend(scaled, theta, value, d, c * 0)
            if before == value:
                break
    return theta, value, bound


def settle(scaled: Scaled, theta, value, bound):
    """Whole Newton steps that the objective, flat as it is here, cannot tell from rounding: the bound can."""
    for _ in range(4):
        c = scaled.correlation(theta)
        better = False
        for d in newton_directions(scaled, theta, c)[:1]:
            new = moved(scaled, theta, d, c, Long(1))
            reached = scaled.objective(new)
            proven = scaled.lower_bound(new, reached)
            if reached - value <= 1e-17 * abs(value) and proven > bound:
                theta, bound, better = new, proven, True
                value = min(value, reached)
        if not better:
            break
    return theta, value, bound
