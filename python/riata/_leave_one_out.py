"""Leave-one-out errors of ridge for all penalties at once, from one factorisation.

With A = S^.5 [1 X] (the column of ones only if there is an intercept) and H = A (A'A + lam V)^-1 A' the weighted residual without row
i is r_i / (1 - H_ii), exactly: the row's own pull on the fit is divided out. Both r and H fall out of one factorisation:

- features: eigenvectors of V^-.5 X'SX V^-.5, then one pass over X, some rows at a time;
- samples: eigenvectors of K = S^.5 X V^-1 X' S^.5 off the unpenalised columns; r / (1 - H) = c / diag((K + lam)^-1), without
  cancellation where the model fits every row;
- svd: singular vectors of the centred X, where a Gram matrix would not be accurate enough, and for unpenalised columns of a tall X.

Generalised cross-validation replaces H_ii by its mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import _fit
from ._compressed import CompressedX
from ._grams import Grams
from ._linalg import column_space, cutoff, eigh, svd
from ._problem import Array, Problem
from ._ridge_system import System

REGULAR = (
    1e-9  # least penalty, relative to the largest eigenvalue, that a Gram matrix is trusted with
)
LARGEST_SIDE = 10_000
ROWS = 2_000_000  # entries of a block of rows


@dataclass(slots=True)
class Held:
    """Weighted residuals r (rows, targets, penalties) of a block of rows and their 1 - H_ii (rows, penalties)."""

    rows: slice
    residual: Array
    complement: Array


def held_out(problem: Problem, lam: Array, grams: Grams | None = None) -> Iterator[Held]:
    """Blocks of rows for the penalties lam, on scikit-learn's scale: of sums, not means."""
    n, p = problem.X.shape
    system = System(problem, lam / problem.total_weight, np.zeros(len(lam), dtype=np.intp), grams)
    if min(n, p) > LARGEST_SIDE and not system.may_copy:
        raise ValueError(
            f"leave-one-out would factorise a matrix of size {min(n, p)} for this sparse X: pass cv=5, say"
        )
    free = system.kept[system.v[system.kept] == 0]
    if p > n:
        side: _Samples | _Features = _Samples(system, free)
    elif len(free) == 0:
        side = _Features(system)
    else:
        return _by_svd(system, lam, free)
    if lam.min() < REGULAR * side.values[-1:].max(initial=0.0) and system.may_copy:
        return _by_svd(system, lam, free)
    return side.held(lam)


class _Features:
    def __init__(self, system: System) -> None:
        self.system = system
        G, Q = system.grams.features()
        kept = system.kept
        scale = 1 / np.sqrt(system.v[kept])
        values, vectors = eigh(G[np.ix_(kept, kept)] * scale * scale[:, None])
        self.values = np.maximum(values, 0.0)
        self.basis = np.zeros((system.p, len(kept)))
        self.basis[kept] = scale[:, None] * vectors
        self.projected = self.basis[kept].T @ Q[kept]

    def held(self, lam: Array) -> Iterator[Held]:
        system = self.system
        inverse = 1 / (self.values[:, None] + lam)  # (p, k)
        t, k = self.projected.shape[1], len(lam)
        fit = (self.projected[:, :, None] * inverse[:, None, :]).reshape(-1, t * k)
        share = _intercept_share(system)
        for rows, T in self._scores():
            residual = system.B[rows, :, None] - (T @ fit).reshape(-1, t, k)
            yield Held(rows, residual, (1 - share[rows])[:, None] - np.square(T, out=T) @ inverse)

    def _scores(self) -> Iterator[tuple[slice, Array]]:
        """S^.5 X of the centred X, times the basis, some rows at a time."""
        system, X = self.system, self.system.problem.X
        mean = system.grams.moments.mean
        if isinstance(X, CompressedX):
            T = _fit.predict(X, self.basis) - mean @ self.basis
            yield slice(0, system.n), system.root[:, None] * T
            return
        step = max(1, ROWS // system.p)
        for first in range(0, system.n, step):
            rows = slice(first, min(first + step, system.n))
            block = X[rows] - mean
            block *= system.root[rows, None]
            yield rows, block @ self.basis


class _Samples:
    def __init__(self, system: System, free: Array) -> None:
        self.system = system
        inverse_v = np.zeros(system.p)
        penalised = np.setdiff1d(system.kept, free, assume_unique=True)
        inverse_v[penalised] = 1 / system.v[penalised]
        K = system.outer(inverse_v)
        basis = _unpenalised_space(system, free)
        self.unpenalised = basis
        K = self.project(self.project(K).T)
        # What is fitted anyway gets the largest eigenvalues, and is dropped.
        aside = 2 * float(np.abs(K).sum(axis=0).max(initial=0.0)) or 1.0
        empty = system.root == 0
        K += aside * (basis @ basis.T)
        K[empty, empty] += aside
        values, vectors = eigh(K)
        count = len(K) - basis.shape[1] - int(empty.sum())
        self.values, self.vectors = np.maximum(values[:count], 0.0), vectors[:, :count]
        if count == 0:
            self.values = np.zeros(1)

    def project(self, A: Array) -> Array:
        return np.asarray(A - self.unpenalised @ (self.unpenalised.T @ A))

    def held(self, lam: Array) -> Iterator[Held]:
        system, U = self.system, self.vectors
        inverse = 1 / (self.values[: U.shape[1], None] + lam)
        projected = U.T @ self.project(system.B)
        t, k = projected.shape[1], len(lam)
        c = U @ (projected[:, :, None] * inverse[:, None, :]).reshape(-1, t * k)
        complement = U**2 @ inverse
        complement[system.root == 0] = 1.0
        yield Held(slice(0, system.n), c.reshape(-1, t, k), complement)


def _by_svd(system: System, lam: Array, free: Array) -> Iterator[Held]:
    A = system.explicit()
    rest = np.setdiff1d(system.kept, free, assume_unique=True)
    basis = _unpenalised_space(system, free, A)
    P = A[:, rest] / np.sqrt(system.v[rest])
    P -= basis @ (basis.T @ P)
    U, size, _ = svd(P)
    use = size > cutoff(size, P.shape)
    U, size = U[:, use], size[use]
    B = system.B - basis @ (basis.T @ system.B)
    shrink = size[:, None] ** 2 / (size[:, None] ** 2 + lam)
    t, k = B.shape[1], len(lam)
    fit = (U.T @ B)[:, :, None] * shrink[:, None, :]
    residual = B[:, :, None] - (U @ fit.reshape(-1, t * k)).reshape(-1, t, k)
    complement = (1 - (basis**2).sum(axis=1))[:, None] - U**2 @ shrink
    yield Held(slice(0, system.n), residual, complement)


def _intercept_share(system: System) -> Array:
    share = system.root**2 / system.total
    return share if system.problem.fit_intercept else np.zeros(system.n)


def _unpenalised_space(system: System, free: Array, A: Array | None = None) -> Array:
    """Orthonormal basis of the unpenalised columns, the intercept among them."""
    if A is None:
        Z = _fit.columns(system.problem.X, free)
        if system.problem.fit_intercept:
            Z = Z - system.mean(Z)
        Z = system.root[:, None] * Z
    else:
        Z = A[:, free]
    columns = [Z]
    if system.problem.fit_intercept:
        columns.append(system.root[:, None])
    return column_space(np.column_stack(columns))
