"""The judge for several tasks that share their features: a row of coefficients per feature, penalised by its length.

A path comes as one matrix with a column per task for each alpha in turn. For centred columns

    P(W) = |Yc - Xc W|^2 / (2n) + a1 sum_j |w_j| + a2 |W|^2 / 2

is compared with its Fenchel dual at multiples of the residual, of which the best is taken.
"""

from __future__ import annotations

import numpy as np

STEPS = 200  # halvings of the range of scales by golden section


def tasks_null(Y):
    """Return the squared loss of the best constants."""
    Yc = Y - Y.mean(axis=0)
    Yc -= Yc.mean(axis=0)
    return np.sum(Yc * Yc) / (2 * len(Y))


def judge_tasks(design, Y, a1, a2, coefs, intercepts):
    """Return primal and dual values and what the intercepts cost over the best ones, for some alphas."""
    n, tasks = Y.shape
    Y_mean = Y.mean(axis=0)
    Yc = Y - Y_mean
    Yc -= Yc.mean(axis=0)
    intercepts = np.reshape(intercepts, (a1.size, tasks))
    coefs = coefs.toarray() if hasattr(coefs, "toarray") else np.asarray(coefs)
    primal, dual, excess = np.empty((3, a1.size))
    for i in range(a1.size):
        W = coefs[:, i * tasks : (i + 1) * tasks]
        fitted, means = design.predict(W)
        R = Yc - fitted
        R -= R.mean(axis=0)
        R -= R.mean(axis=0)
        pull = np.linalg.norm(design.correlate(R), axis=1) / n
        lengths = np.linalg.norm(W, axis=1)
        rr, ry = np.sum(R * R) / n, np.sum(R * Yc) / n
        primal[i] = rr / 2 + a1[i] * lengths.sum() + a2[i] / 2 * lengths @ lengths
        dual[i] = best_dual(pull, rr, ry, a1[i], a2[i])
        excess[i] = np.square(intercepts[i] - (Y_mean - means)).sum() / 2
    return primal, dual, excess


def best_dual(pull, rr, ry, a1, a2):
    """Return the largest s ry - s^2 rr / 2 - sum_j max(s pull_j - a1, 0)^2 / (2 a2) over s >= 0; a2 = 0: within s pull <= a1."""
    if a2 == 0:
        room = a1 / pull.max() if pull.max() > 0 else np.inf
        s = min(ry / rr if rr > 0 else 0.0, room)
        return s * ry - s * s * rr / 2

    def value(s):
        return s * ry - s * s * rr / 2 - np.square(np.maximum(s * pull - a1, 0)).sum() / (2 * a2)

    low, high = 0.0, max(1.0, ry / rr if rr > 0 else 0.0)
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if value(left) < value(right):
            low = left
        else:
            high = right
    return max(value(low), value(high), value(1.0), 0.0)
