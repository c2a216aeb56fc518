"""The judge of logistic paths.

With labels y of 0 and 1 and the intercept b profiled out, it evaluates

    P(w) = min_b mean(log(1 + exp(-t (Xc w + b)))) + a1 |w|_1 + a2 |w|_2^2 / 2,     t = 2 y - 1

against Fenchel duals at q = s |u|, where u = y - sigmoid(Xc w + b) is the residual and s a scale. The conjugate of the loss makes
mean(h(q)) of it, h being the binary entropy; the free intercept demands sum(t q) = 0, a column |x'(t q)| / n <= a1.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, xlog1py, xlogy

from bench.columns import column_norms

BISECTIONS = 60


def logistic_null(y):
    """Return the loss of the best constant: the entropy of the labels."""
    return float(entropy(np.array(y.mean())))


def entropy(q):
    """Return h(q) = -q log q - (1 - q) log(1 - q), zero at both ends."""
    return -xlogy(q, q) - xlog1py(1.0 - q, -q)


def profiled_intercepts(eta, y):
    """Return the b of every column of ``eta`` with sum(sigmoid(eta + b)) = sum(y).

    That sum rises with b. Newton's step is taken where it stays inside the bracket and halved the misfit last time, bisection
    elsewhere: from zero, Newton alone stalls when probabilities are saturated.
    """
    share = np.clip(y.mean(), 1e-300, 1 - 1e-16)
    centre = np.log(share) - np.log1p(-share)
    low, high = centre - eta.max(axis=0), centre - eta.min(axis=0)
    b, last = np.clip(centre, low, high), np.full(eta.shape[1], np.inf)
    for _ in range(200):
        fitted = expit(eta + b)
        misfit = fitted.sum(axis=0) - y.sum()
        low, high = np.where(misfit < 0, b, low), np.where(misfit > 0, b, high)
        if (np.abs(misfit) <= 1e-14 * y.size).all() or (high - low <= 1e-15 * np.abs(b)).all():
            break
        slope = np.einsum("ij,ij->j", fitted, 1.0 - fitted)
        newton = b - np.divide(misfit, slope, out=np.full_like(b, np.inf), where=slope > 0)
        good = (newton > low) & (newton < high) & (np.abs(misfit) <= 0.5 * last)
        last = np.where(good | ~np.isfinite(last), np.abs(misfit), np.inf)
        b = np.where(good, newton, 0.5 * (low + high))
    return b


def balanced(q, y):
    """Return ``q`` with the heavier class scaled down, so that sum(t q) = 0 whatever is left of the intercept's misfit."""
    ones, zeros = q[y == 1].sum(axis=0), q[y == 0].sum(axis=0)
    least = np.minimum(ones, zeros)
    scale = [np.divide(least, of, out=np.zeros_like(of), where=of > 0) for of in (zeros, ones)]
    return np.where(y[:, None] == 1, scale[1], scale[0]) * q


def best_scale(slope, most):
    """Return the maximiser on [0, most] of a concave function with derivative ``slope``."""
    if slope(most) >= 0:
        return most
    low, high = 0.0, most
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) >= 0 else (low, middle)
    return low


def entropy_slope(q, s):
    """Return the derivative of mean(h(s q)) with respect to s."""
    scaled = s * q
    return float((xlog1py(q, -scaled) - xlogy(q, scaled)).mean())


def _room(bound, largest):
    return bound / largest if largest > 0 else np.inf


def _augmented_dual(q, c, w, a1, a2):
    """Dual with the L2 part counted to the loss: max over s of mean(h(s q)) - a2 s^2 |w|^2 / 2, |s (c - a2 w)| <= a1."""
    l2 = float(w @ w)
    most = min(_room(a1, np.abs(c - a2 * w).max(initial=0.0)), 1.0 / max(q.max(), 1e-300))
    s = best_scale(lambda s: entropy_slope(q, s) - a2 * s * l2, most)
    return entropy(np.minimum(s * q, 1.0)).mean() - 0.5 * a2 * s**2 * l2


def _unconstrained_dual(q, c, a1, a2):
    """Dual of the elastic net itself: max over s of mean(h(s q)) - sum max(|s c| - a1, 0)^2 / (2 a2)."""
    size = np.abs(c)

    def slope(s):
        return entropy_slope(q, s) - float(np.maximum(s * size - a1, 0.0) @ size) / a2

    s = best_scale(slope, 1.0 / max(q.max(), 1e-300))
    over = np.maximum(s * size - a1, 0.0)
    return entropy(np.minimum(s * q, 1.0)).mean() - over @ over / (2 * a2)


def judge_logistic(design, y, a1, a2, coefs, intercepts):
    """Return primal and dual values and what the intercepts cost over the best ones, for some alphas."""
    sign = (2.0 * y - 1.0)[:, None]
    eta, means = design.predict(coefs)
    b = profiled_intercepts(eta, y)

    def loss(b):
        return np.logaddexp(0.0, -sign * (eta + b)).mean(axis=0)

    l1, l2 = column_norms(coefs)
    best = loss(b)
    primal = best + a1 * l1 + 0.5 * a2 * l2
    q = balanced(expit(-sign * (eta + b)), y)
    C = design.correlate(sign * q) / design.n
    W = coefs.toarray() if hasattr(coefs, "toarray") and a2.any() else coefs
    dual = np.empty(a1.size)
    for i in range(a1.size):
        w = W[:, i] if a2.any() else np.zeros(1)
        dual[i] = _augmented_dual(q[:, i], C[:, i], w, a1[i], a2[i])
        if a2[i] > 0:
            dual[i] = max(dual[i], _unconstrained_dual(q[:, i], C[:, i], a1[i], a2[i]))
    return primal, dual, loss(intercepts + means) - best
