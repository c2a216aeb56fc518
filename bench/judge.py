"""The judge: duality gaps in float64 from coefficients alone.

It shares no code with the solver and trusts nothing a contender says about itself. It takes the coefficients of a whole path,
works with centred columns (``columns.py`` says how), profiles the unpenalised intercept out and evaluates, for squared loss,

    P(w) = |yc - Xc w|^2 / (2n) + a1 |w|_1 + a2 |w|_2^2 / 2,     a1 = alpha l1_ratio,  a2 = alpha (1 - l1_ratio)

against the better of two dual bounds, each at its best scaling of the residual. ``judge_logistic.py`` and
``judge_softmax.py`` do the same for labels, ``judge_tasks.py`` for several responses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.columns import column_norms, columns_of
from bench.judge_logistic import judge_logistic, logistic_null
from bench.judge_softmax import judge_softmax, n_classes, softmax_null
from bench.judge_tasks import judge_tasks, tasks_null

CHUNK_BYTES = 1 << 28  # of one array of residuals or correlations


@dataclass
class Verdict:
    """What the judge found, one entry per alpha.

    Attributes
    ----------
    gaps : ndarray of shape (n_alphas,)
        Primal minus dual, divided by the objective of the null model.
    primal, dual : ndarray of shape (n_alphas,)
        On the scale of the objective above.
    null : float
        Objective with all coefficients zero.
    intercept_excess : ndarray of shape (n_alphas,)
        What the returned intercepts cost over the best ones, relative to ``null``.
    """

    gaps: np.ndarray
    primal: np.ndarray
    dual: np.ndarray
    null: float
    intercept_excess: np.ndarray

    @property
    def worst(self) -> float:
        """Largest relative gap over the path; infinite if any is not a number."""
        return float(self.gaps.max()) if np.isfinite(self.gaps).all() else float("inf")


def judge(X, y, alphas, coefs, intercepts=None, l1_ratio=1.0, loss="squared") -> Verdict:
    """Certify a path.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n, p)
        The data as the contenders got them.
    y : ndarray of shape (n,), or (n, t) if the loss is "multitask"
        Response.
    alphas : ndarray of shape (k,)
        Penalties in scikit-learn's scale.
    coefs : ndarray or scipy CSC of shape (p, k)
        One column per alpha, and per class or task of each alpha in turn if the loss is "softmax" or "multitask".
    intercepts : ndarray of shape (k,), or one per column of coefs, optional
        Only measured against the best ones; the gap uses the best.
    l1_ratio : float
        Share of the L1 penalty.
    loss : {"squared", "logistic", "softmax", "multitask"}
        For "logistic", y holds 0.0 and 1.0; for "softmax" 0.0, 1.0, 2.0, ...

    Returns
    -------
    Verdict

    References
    ----------
    Fercoq, Gramfort and Salmon, "Mind the duality gap" (2015), for the scaled dual point; Massias, Gramfort and Salmon's
    augmented form for the elastic net; the unconstrained form is the Fenchel dual of the elastic-net penalty itself.
    """
    alphas = np.asarray(alphas, dtype=np.float64)
    y = np.asarray(y, dtype=np.float64)
    if loss not in JUDGES:
        raise NotImplementedError(f"no judge for loss {loss!r}")
    outputs = n_classes(y) if loss == "softmax" else y[0].size
    columns = alphas.size * outputs
    if coefs.shape != (X.shape[1], columns):
        raise ValueError(f"coefs has shape {coefs.shape}, expected {(X.shape[1], columns)}")
    design = columns_of(X)
    null = NULLS[loss](y)
    if intercepts is None:
        intercepts = np.full(columns, np.nan)
    width = max(1, int(CHUNK_BYTES // (8 * max(X.shape) * outputs)))
    parts = []
    for i in range(0, alphas.size, width):
        some = slice(i, i + width)
        a1, a2 = alphas[some] * l1_ratio, alphas[some] * (1.0 - l1_ratio)
        own = slice(i * outputs, (i + width) * outputs)
        given = coefs[:, own], np.asarray(intercepts)[own]
        with np.errstate(invalid="ignore"):  # what is not a number ends as an infinite gap
            parts.append(JUDGES[loss](design, y, a1, a2, *given))
    primal, dual, excess = (np.concatenate(part) for part in zip(*parts))
    scale = null if null > 0 else 1.0
    excess = np.where(np.isnan(intercepts[::outputs]), 0.0, excess)
    return Verdict((primal - dual) / scale, primal, dual, float(null), excess / scale)


def squared_null(y):
    """Return the squared loss of the best constant."""
    yc = y - y.mean()
    yc -= yc.mean()
    return yc @ yc / (2 * y.size)


def judge_squared(design, y, a1, a2, coefs, intercepts):
    """Return primal and dual values and what the intercepts cost over the best ones, for some alphas."""
    n = design.n
    y_mean = y.mean()
    yc = y - y_mean
    yc -= yc.mean()
    fitted, means = design.predict(coefs)
    R = yc[:, None] - fitted
    R -= R.mean(axis=0)
    R -= R.mean(axis=0)
    C = design.correlate(R)
    l1, l2 = column_norms(coefs)
    rr = np.einsum("ij,ij->j", R, R)
    ry = yc @ R
    primal = rr / (2 * n) + a1 * l1 + 0.5 * a2 * l2
    dual = _augmented_dual(n, C, coefs, rr, ry, a1, a2, l2)
    if a2.any():
        free = [_unconstrained_dual(n, C[:, i], rr[i], ry[i], a1[i], a2[i]) for i in range(a1.size)]
        dual = np.maximum(dual, free)
    return primal, dual, np.square(intercepts - (y_mean - means)) / 2


def _augmented_dual(n, C, coefs, rr, ry, a1, a2, l2):
    """Dual of the lasso on [Xc; sqrt(n a2) I], at the best scaling of the augmented residual."""
    G = C
    if a2.any():
        G = C - n * a2 * (coefs.toarray() if hasattr(coefs, "toarray") else coefs)
    largest = np.abs(G).max(axis=0)
    rr = rr + n * a2 * l2
    best = np.divide(ry, rr, out=np.zeros_like(ry), where=rr > 0)
    room = np.divide(n * a1, largest, out=np.full_like(ry, np.inf), where=largest > 0)
    s = np.clip(best, -room, room)
    return (s * ry - 0.5 * s**2 * rr) / n


def _unconstrained_dual(n, c, rr, ry, a1, a2):
    """Fenchel dual without constraints, maximised exactly over the scale s >= 0 of the residual.

    D(s) = (s ry - s^2 rr / 2) / n - sum_j max(|s c_j| / n - a1, 0)^2 / (2 a2) is concave and piecewise quadratic: feature j
    joins at s = n a1 / |c_j|. The piece that holds its own stationary point is the maximum.
    """
    size = np.sort(np.abs(c))[::-1] / n
    size = size[size > 0]
    joins = np.concatenate([[0.0], a1 / size, [np.inf]])
    linear = ry / n + a1 / a2 * np.concatenate([[0.0], np.cumsum(size)])
    square = rr / n + np.concatenate([[0.0], np.cumsum(size**2)]) / a2
    s = np.divide(linear, square, out=np.zeros_like(linear), where=square > 0)
    s = np.clip(s, joins[:-1], joins[1:])
    s = s[np.isfinite(s)]
    # Every clipped candidate is scored and the best one evaluated again without cancellation: exact by concavity, no search.
    count = (
        np.searchsorted(a1 / size, s, side="right") if size.size else np.zeros(s.size, dtype=int)
    )
    cum1, cum2 = (
        np.concatenate([[0.0], np.cumsum(size)]),
        np.concatenate([[0.0], np.cumsum(size**2)]),
    )
    excess = s**2 * cum2[count] - 2 * s * a1 * cum1[count] + count * a1**2
    s = s[np.argmax((s * ry - 0.5 * s**2 * rr) / n - excess / (2 * a2))]
    value = (s * ry - 0.5 * s**2 * rr) / n - np.square(np.maximum(s * size - a1, 0.0)).sum() / (
        2 * a2
    )
    return max(float(value), 0.0)


JUDGES = {
    "squared": judge_squared,
    "logistic": judge_logistic,
    "softmax": judge_softmax,
    "multitask": judge_tasks,
}
NULLS = {
    "squared": squared_null,
    "logistic": logistic_null,
    "softmax": softmax_null,
    "multitask": tasks_null,
}
