"""Ridge on training sets: a fit to each, or, of a wide X, all of them from one n x n matrix.

With K = S^.5 X V^-1 X' S^.5 of all rows and counts m_i of how often a training set lists row i, the training set's own matrix is
M^.5 K M^.5 off the intercept's column; so is whatever else X was centred by. Predictions need no coefficients:
x_i'w = s_i^-.5 K_i M^.5 c with (M^.5 K M^.5 + lam) c = (MS)^.5 y, less their weighted mean over the training rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import _fit, _ridge
from ._compressed import CompressedX
from ._grams import Grams
from ._linalg import eigh
from ._problem import Array, Problem
from ._ridge_system import System

REGULAR = 1e-9  # least penalty, relative to the trace, that the matrix is trusted with


def fit_rows(problem: Problem, lam: Array, train: Array) -> tuple[Array, Array]:
    """Coefficients (p, penalties, targets) and intercepts for the penalties lam, on scikit-learn's scale, 0 among them or not.

    Rows may train several times.
    """
    n, p = problem.X.shape
    t = 1 if problem.y.ndim == 1 else problem.y.shape[1]
    weights = np.bincount(train, minlength=n).astype(float)
    if problem.sample_weight is not None:
        weights *= problem.sample_weight
    fold = replace(problem, sample_weight=weights)
    coef, intercepts = np.empty((p, len(lam), t)), np.empty((len(lam), t))
    for part in (np.flatnonzero(lam > 0), np.flatnonzero(lam == 0)):  # solved apart
        if len(part):
            targets = np.tile(np.arange(t), len(part))
            answer = _ridge.solve(fold, np.repeat(lam[part] / weights.sum(), t), targets)
            coef[:, part] = answer.coef.reshape(p, len(part), t)
            intercepts[part] = answer.intercept.reshape(len(part), t)
    return coef, intercepts


def by_fitting(problem: Problem, lam: Array, train: Array, test: Array) -> Array:
    """Predictions (rows, targets, penalties) of a fit for each penalty."""
    coef, intercepts = fit_rows(problem, lam, train)
    eta = _fit.predict(problem.X, np.asfortranarray(coef.reshape(len(coef), -1)))[test]
    return np.asarray((eta.reshape(len(test), *intercepts.shape) + intercepts).transpose(0, 2, 1))


class SampleFolds:
    """Predictions for held-out rows for the penalties lam, on scikit-learn's scale: of sums, not means."""

    def __init__(self, problem: Problem, lam: Array, grams: Grams) -> None:
        system = System(problem, lam, np.zeros(len(lam), dtype=np.intp), grams)
        self.system, self.lam = system, lam
        inverse_v = np.zeros(system.p)
        inverse_v[system.kept] = 1 / system.v[system.kept]
        self.K = system.outer(inverse_v)

    @staticmethod
    def apply(problem: Problem) -> bool:
        """Whether X is wide, and nothing in the penalty differs between training sets or is missing."""
        n, p = problem.X.shape
        s = problem.sample_weight
        if p <= n or problem.standardize or (s is not None and not s.all()):
            return False
        if isinstance(problem.X, CompressedX) and n > _ridge.LARGEST_GRAM:
            return False
        weights = (problem.penalty_weights, problem.l2_weights)
        return all(v is None or bool((v > 0).all()) for v in weights)

    def predict(self, train: Array, test: Array) -> Array | None:
        """Of shape (len(test), targets, penalties); None where the matrix cannot be trusted."""
        system = self.system
        count = np.bincount(train, minlength=system.n).astype(float)
        root, rows = np.sqrt(count), np.flatnonzero(count)
        own = system.root[rows] * root[rows]  # roots of the training weights
        K = root[rows, None] * self.K[np.ix_(rows, rows)] * root[rows]
        Y = system.Y[rows]
        mean = np.zeros(Y.shape[1])
        unit = own / np.linalg.norm(own)
        project = _unchanged
        if system.problem.fit_intercept:
            mean = Y[0] + unit**2 @ (Y - Y[0])

            def project(A: Array) -> Array:
                return np.asarray(A - np.outer(unit, unit @ A))

        K = project(project(K).T)
        if not self.lam.min() >= REGULAR * np.trace(K):
            return None
        c = self._solve(K, project(own[:, None] * (Y - mean)))
        t = Y.shape[1]
        eta = self.K[:, rows] @ (root[rows, None] * project(c)) / system.root[:, None]
        if system.problem.fit_intercept:
            eta -= unit**2 @ eta[rows]
        return np.asarray(eta[test].reshape(len(test), t, -1) + mean[:, None])

    def _solve(self, K: Array, B: Array) -> Array:
        """(K + lam)^-1 B for all penalties, refined once; shape (n, targets * penalties)."""
        size, U = eigh(K.copy())
        inverse = 1 / (np.maximum(size, 0.0)[:, None] + self.lam)
        t, k = B.shape[1], len(self.lam)

        def solve(R: Array) -> Array:  # (n, t, k)
            shrunk = (U.T @ R.reshape(-1, t * k)).reshape(-1, t, k) * inverse[:, None, :]
            return np.asarray((U @ shrunk.reshape(-1, t * k)).reshape(-1, t, k))

        right = np.repeat(B[:, :, None], k, axis=2)
        c = solve(right)
        c += solve(right - (K @ c.reshape(-1, t * k)).reshape(-1, t, k) - self.lam * c)
        return c.reshape(-1, t * k)


def _unchanged(A: Array) -> Array:
    return A
