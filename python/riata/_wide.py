"""L2-penalised losses with more features than samples, by way of the n x n side.

With K = S^.5 X V^-1 X' S^.5 = U D U' the solution is w = V^-1 X' S^.5 U D^-1/2 z, where z solves the same problem with the n
columns S^-.5 U D^1/2 in the place of X and V = I (the representer theorem).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import _blas, _fit
from ._linalg import eigh
from ._problem import Array, Problem

# Samples whose n x n matrix is decomposed; beyond, conjugate gradients on the columns cost less.
LARGEST = {"sparse": 200, "dense": 500, "multinomial": 2000}
RANK = 1e-14  # of the largest eigenvalue: what is no direction any more


def applies(problem: Problem) -> bool:
    """Whether the n x n side is the smaller one and can be used."""
    n, p = problem.X.shape
    if problem.l1_ratio > 0 or p <= n or problem.is_bounded or problem.standardize:
        return False
    kind = "dense" if problem.family != "multinomial" else "multinomial"
    if n > LARGEST[kind if isinstance(problem.X, np.ndarray) else "sparse"]:
        return False
    return problem.l2_weights is None or bool((problem.l2_weights > 0).all())


@dataclass(slots=True)
class Reduced:
    """The small problem and the way back."""

    problem: Problem
    small: Problem
    moments: _fit.Moments
    inverse_v: Array
    back: Array  # S^.5 U D^-1/2

    def coefficients(self, Z: Array) -> Array:
        """w of shape (p, k) for solutions z of shape (r, k)."""
        return self.inverse_v[:, None] * _fit.correlate(self.problem, self.back @ Z, self.moments)

    def start(self, coef: Array, intercepts: Array) -> tuple[Array, Array]:
        """z of shape (k, r) with the predictions of w of shape (k, p), as far as the columns have them, and intercepts."""
        eta = _fit.predict(self.problem.X, np.ascontiguousarray(coef.T))
        centre = np.zeros(len(coef))
        if self.problem.fit_intercept:
            s = self.problem.sample_weight
            centre = eta.mean(axis=0) if s is None else s @ eta / s.sum()
        return np.ascontiguousarray((self.back.T @ (eta - centre)).T), intercepts + centre

    def intercepts(self, W: Array, b: Array) -> Array:
        """Intercepts beside X for those beside centred columns."""
        if not self.problem.fit_intercept:
            return np.zeros(W.shape[1])
        eta = _fit.predict(self.problem.X, W)
        s = self.problem.sample_weight
        return b - (eta.mean(axis=0) if s is None else s @ eta / s.sum())


@_blas.limited
def reduce(problem: Problem, inverse_v: Array | None = None) -> Reduced:
    """The equivalent problem with at most n columns; `inverse_v` is that of the problem's weights unless given."""
    n, p = problem.X.shape
    if inverse_v is None:
        inverse_v = np.ones(p) if problem.l2_weights is None else 1 / problem.l2_weights
    root = np.ones(n) if problem.sample_weight is None else np.sqrt(problem.sample_weight)
    K, moments = _fit.outer(problem, inverse_v)
    size, U = eigh(K)
    use = size > RANK * max(size[-1], np.finfo(float).tiny)
    if not use.any():
        use[-1] = True
        size = np.maximum(size, 1.0)
    size, U = np.sqrt(size[use]), U[:, use]
    with np.errstate(divide="ignore", invalid="ignore"):
        Z = np.where(root[:, None] > 0, U * size / root[:, None], 0.0)
    small = replace(
        problem,
        X=np.asfortranarray(Z),
        penalty_weights=None,
        l2_weights=None,
        standardize=False,
    )
    return Reduced(problem, small, moments, inverse_v, root[:, None] * U / size)
