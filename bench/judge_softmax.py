"""The judge of softmax paths.

With classes y of 0, 1, ..., C - 1 and the intercepts b profiled out, it evaluates for coefficients w_k of every class k

    P(w) = min_b mean_i(log sum_k e^eta_ik - eta_i,y_i) + a1 sum_k |w_k|_1 + a2 sum_k |w_k|_2^2 / 2,     eta_k = Xc w_k + b_k

against the Fenchel dual at q_i = y_i - s u_i, where u = y - softmax(eta) and s is a scale: mean(H(q_i)) with the entropy H, less
the conjugate of the penalty at s Xc'u_k / n. The free intercepts demand sum_i u_ik = 0 for every class.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax, xlogy

from bench.judge_logistic import best_scale

STEPS = 100


def n_classes(y):
    """Return how many classes the codes y stand for."""
    return int(y.max()) + 1


def softmax_null(y):
    """Return the loss of the best intercepts: the entropy of the labels."""
    share = np.bincount(y.astype(int)) / y.size
    return float(-xlogy(share, share).sum())


def indicators(y):
    """Return ones where a row has the class of a column."""
    return (y.astype(int)[:, None] == np.arange(n_classes(y))).astype(np.float64)


def class_loss(eta, Y):
    """Return the mean softmax loss."""
    return float((logsumexp(eta, axis=1) - (Y * eta).sum(axis=1)).mean())


def curvature(P):
    """Return the curvature of the summed loss in the intercepts, with its null direction of equal shifts filled."""
    return np.diag(P.sum(axis=0)) - P.T @ P + 1.0 / P.shape[1]


def profiled_class_intercepts(eta, Y):
    """Return the best b of sum zero, by Newton's method with halved steps."""
    b = np.log(Y.sum(axis=0))
    loss = class_loss(eta + b, Y)
    for _ in range(STEPS):
        P = softmax(eta + b, axis=1)
        step = np.linalg.solve(curvature(P), (Y - P).sum(axis=0))
        t = 1.0
        while t > 1e-10 and not class_loss(eta + b + t * step, Y) <= loss:
            t *= 0.5
        if t <= 1e-10:
            break
        b = b + t * step
        loss = class_loss(eta + b, Y)
        if np.abs(step).max() <= 1e-13:
            break
    return b - b.mean()


def balanced_slopes(eta, Y):
    """Return y - softmax(eta), moved by a first order step of the intercepts such that its columns add up to zero."""
    P = softmax(eta, axis=1)
    step = np.linalg.solve(curvature(P), (Y - P).sum(axis=0))
    return Y - P * (1.0 + step - (P @ step)[:, None])


def softmax_dual(U, Y, C, a1, a2):
    """Return max over s of mean(H(y - s u)) - conjugate of the penalty at s C, where C = Xc'u / n."""
    size = np.abs(C)

    def slope(s):
        Q = np.maximum(Y - s * U, 1e-300)
        price = 0.0 if a2 == 0 else float((np.maximum(s * size - a1, 0.0) * size).sum()) / a2
        return float((U * np.log(Q)).sum(axis=1).mean()) - price

    most = 1.0 / max(np.abs(U).max(), 1e-300)  # where some y - s u leaves [0, 1]
    if a2 == 0:
        most = min(most, a1 / max(size.max(), 1e-300))
    s = best_scale(slope, most)
    Q = np.clip(Y - s * U, 0.0, 1.0)
    dual = float(-xlogy(Q, Q).sum(axis=1).mean())
    return (
        dual
        if a2 == 0
        else dual - float(np.square(np.maximum(s * size - a1, 0.0)).sum()) / (2 * a2)
    )


def judge_softmax(design, y, a1, a2, coefs, intercepts):
    """Return primal and dual values and what the intercepts cost over the best ones, for some alphas.

    The columns of coefs and the entries of intercepts stand class by class for each alpha in turn.
    """
    Y = indicators(y)
    K = Y.shape[1]
    primal, dual, excess = np.empty(a1.size), np.empty(a1.size), np.empty(a1.size)
    for i in range(a1.size):
        W = coefs[:, i * K : (i + 1) * K]
        W = W.toarray() if hasattr(W, "toarray") else W
        eta, means = design.predict(W)
        best = eta + profiled_class_intercepts(eta, Y)
        loss = class_loss(best, Y)
        primal[i] = loss + a1[i] * np.abs(W).sum() + 0.5 * a2[i] * np.square(W).sum()
        U = balanced_slopes(best, Y)
        dual[i] = softmax_dual(U, Y, design.correlate(U) / design.n, a1[i], a2[i])
        excess[i] = class_loss(eta + means + intercepts[i * K : (i + 1) * K], Y) - loss
    return primal, dual, excess
