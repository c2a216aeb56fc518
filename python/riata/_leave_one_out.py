"""Leave-one-out errors of ridge for all penalties at once, from one factorisation.

With A = S^.5 [1 X] (the column of ones only if there is an intercept) and H = A (A'A + lam V)^-1 A' the weighted residual without row
i is r_i / (1 - H_ii), exactly: the row's own pull on the fit is divided out. With Q an orthonormal basis of the unpenalised columns,
the intercept among them, and U diag(s) the left half of the singular value decomposition of the others off Q, both are sums without
cancellation, however well the model fits every row:

    r = t + U (lam / (s^2 + lam)) U'b,    1 - H_ii = |t_i|^2 + sum_j U_ij^2 lam / (s_j^2 + lam),    t = (I - QQ' - UU') b.

Where they come from:

- features: eigenvectors of V^-.5 X'SX V^-.5, then one pass over X, some rows at a time; 1 - H by subtraction, hence for no row that the
  model fits in any case;
- samples: eigenvectors of K = S^.5 X V^-1 X' S^.5 off Q, which is all there is if those without an eigenvalue are counted;
- singular values of the centred X for everything that a Gram matrix is not accurate enough for, and for unpenalised columns of a tall X.

A row that alone holds up an unpenalised column has H_ii = 1 whatever the penalty, and is left out by a fit to the others.
Generalised cross-validation replaces H_ii by its mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from . import _fit
from ._compressed import CompressedX
from ._grams import Grams
from ._linalg import column_space, cutoff, eigh, off_space, svd
from ._problem import Array, Problem
from ._ridge_folds import by_fitting
from ._ridge_system import System

EPS = float(np.finfo(np.float64).eps)
# Least of (s_min^2 + lam) / s_max^2, times 1 - H_ii where that is a difference, that a Gram matrix is trusted with: errors are
# EPS over it.
REGULAR = 1e-8
LARGEST_SIDE = 10_000
ROWS = 2_000_000  # entries of a block of rows
CANCELLED = 1e-2  # of 1: below this a difference is formed in a way that keeps its digits


@dataclass(slots=True)
class Held:
    """A block of rows: weighted residuals r and errors without the row (rows, targets, penalties), and 1 - H_ii (rows, penalties)."""

    rows: slice
    residual: Array
    complement: Array
    error: Array


def held_out(problem: Problem, lam: Array, grams: Grams | None = None) -> Iterator[Held]:
    """Blocks of rows for the penalties lam > 0, on scikit-learn's scale: of sums, not means."""
    n, p = problem.X.shape
    system = System(problem, lam / problem.total_weight, np.zeros(len(lam), dtype=np.intp), grams)
    if min(n, p) > LARGEST_SIDE and not system.may_copy:
        raise ValueError(
            f"leave-one-out would factorise a matrix of size {min(n, p)} for this sparse X: pass cv=5, say"
        )
    free = system.kept[system.v[system.kept] == 0]
    counting = np.count_nonzero(system.root)
    if counting < 1 + problem.fit_intercept:
        raise ValueError(
            f"leave-one-out with an intercept needs two rows with a positive weight; got {counting} of {n} samples: n_samples={counting}"
        )
    basis = _unpenalised_space(system, free)
    alone = _rows_alone(basis)
    for rows, residual, complement in _blocks(system, lam, free, basis):
        with np.errstate(divide="ignore", invalid="ignore"):  # of rows alone
            error = residual / complement[:, None, :]
        for i in alone[(alone >= rows.start) & (alone < rows.stop)]:
            error[i - rows.start] = _without(system, lam, int(i))
        yield Held(rows, residual, complement, error)


Block = tuple[slice, Array, Array]  # rows, r, 1 - H


def _blocks(system: System, lam: Array, free: Array, basis: Array) -> Iterator[Block]:
    """From a Gram matrix where that is accurate, else from singular values."""
    exact: _Singular | None = None
    side: _Samples | _Features | None = None
    if system.p >= system.n:
        side = _Samples(system, free, basis)
    elif len(free) == 0:
        side = _Features(system)
    if side is None or (system.may_copy and not side.is_regular(lam, 1.0)):
        yield _Singular(system, free, basis).block(lam, slice(0, system.n))
        return
    for rows, residual, complement in side.blocks(lam):
        if system.may_copy and not side.is_regular(lam, complement):
            exact = exact or _Singular(system, free, basis)
            yield exact.block(lam, rows)
        else:
            yield rows, residual, complement


class _Features:
    def __init__(self, system: System) -> None:
        self.system = system
        G, Q = system.grams.features()
        kept = system.kept
        scale = 1 / np.sqrt(system.v[kept])
        self.values, vectors = _eigenvectors(G[np.ix_(kept, kept)] * scale * scale[:, None])
        self.basis = np.zeros((system.p, len(kept)))
        self.basis[kept] = scale[:, None] * vectors
        self.projected = self.basis[kept].T @ Q[kept]

    def is_regular(self, lam: Array, complement: Array | float) -> bool:
        least = complement * (self.values.min(initial=np.inf) + lam)
        return bool((least >= REGULAR * self.values.max(initial=0.0)).all())

    def blocks(self, lam: Array) -> Iterator[Block]:
        system = self.system
        inverse = 1 / (self.values[:, None] + lam)  # (p, k)
        t, k = self.projected.shape[1], len(lam)
        fit = (self.projected[:, :, None] * inverse[:, None, :]).reshape(-1, t * k)
        share = _intercept_share(system)
        for rows, T in self._scores():
            residual = system.B[rows, :, None] - (T @ fit).reshape(-1, t, k)
            yield rows, residual, (1 - share[rows])[:, None] - np.square(T, out=T) @ inverse

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
    def __init__(self, system: System, free: Array, basis: Array) -> None:
        self.system, self.unpenalised = system, basis
        inverse_v = np.zeros(system.p)
        penalised = np.setdiff1d(system.kept, free, assume_unique=True)
        inverse_v[penalised] = 1 / system.v[penalised]
        K = system.outer(inverse_v)
        self.largest = float(np.abs(K).sum(axis=0).max(initial=0.0)) or 1.0
        K = self.project(self.project(K).T)
        # What is fitted anyway gets the largest eigenvalues, and is dropped.
        aside = 2 * self.largest
        empty = system.root == 0
        K += aside * (basis @ basis.T)
        K[empty, empty] += aside
        count = len(K) - basis.shape[1] - int(empty.sum())
        values, vectors = _eigenvectors(K)
        self.values, self.vectors = values[:count], vectors[:, :count]

    def project(self, A: Array) -> Array:
        return np.asarray(A - self.unpenalised @ (self.unpenalised.T @ A))

    def is_regular(self, lam: Array, complement: Array | float) -> bool:
        """Nothing is subtracted here: 1 - H may be small."""
        least = self.values.min(initial=np.inf) + lam.min()
        return bool(least >= REGULAR * self.largest)

    def blocks(self, lam: Array) -> Iterator[Block]:
        system, U = self.system, self.vectors
        shrink = lam / (self.values[:, None] + lam)
        complement = U**2 @ shrink
        complement[system.root == 0] = 1.0
        yield slice(0, system.n), _expand(U, U.T @ self.project(system.B), shrink), complement


class _Singular:
    """The sums of the head of this file."""

    def __init__(self, system: System, free: Array, basis: Array) -> None:
        self.system = system
        rest = np.setdiff1d(system.kept, free, assume_unique=True)
        P = system.explicit()[:, rest] / np.sqrt(system.v[rest])
        # Squares stay within range, those of penalties far beyond the others' too.
        self.unit = float(np.ldexp(1.0, -int(np.frexp(np.abs(P).max(initial=0.0))[1])))
        P *= self.unit
        P = off_space(P, basis)
        U, size, _ = svd(P)
        use = size > cutoff(size, P.shape)
        self.U, self.size = U[:, use], size[use]
        # How far the span of U may be off.
        spread = self.size.max(initial=1.0) / self.size.min(initial=1.0)
        self.noise = max(P.shape) * EPS * spread
        self.projected = self.U.T @ system.B
        self.residual, self.outside = self._rest(np.column_stack([basis, self.U]))

    def _rest(self, W: Array) -> tuple[Array, Array]:
        """(I - WW') B and the diagonal of I - WW', exactly 0 in rows that W spans."""
        system = self.system
        counting = np.flatnonzero(system.root)
        residual = system.B - W @ (W.T @ system.B)
        outside = 1 - (W**2).sum(axis=1)
        if W.shape[1] >= len(counting):
            residual[counting], outside[counting] = 0.0, 0.0
            return residual, outside
        inside = np.flatnonzero(outside < CANCELLED)
        for part in np.array_split(inside, 1 + len(inside) * system.n // ROWS):
            T = _projections(W, part)
            size = np.linalg.norm(T, axis=0)
            T[:, size <= self.noise] = 0.0
            residual[part], outside[part] = T.T @ system.B, (T**2).sum(axis=0)
        return residual, outside

    def block(self, lam: Array, rows: slice) -> Block:
        # Beyond these bounds nothing changes any more.
        scaled = np.clip(np.sqrt(lam) * self.unit, 1e-120, 1e120) ** 2
        shrink = scaled / (self.size[:, None] ** 2 + scaled)
        U = self.U[rows]
        residual = self.residual[rows, :, None] + _expand(U, self.projected, shrink)
        return rows, residual, self.outside[rows, None] + U**2 @ shrink


def _expand(U: Array, B: Array, shrink: Array) -> Array:
    """U diag(shrink[:, k]) B for every k, as (rows, targets, penalties)."""
    t, k = B.shape[1], shrink.shape[1]
    return np.asarray(
        (U @ (B[:, :, None] * shrink[:, None, :]).reshape(-1, t * k)).reshape(-1, t, k)
    )


def _eigenvectors(A: Array) -> tuple[Array, Array]:
    """Of a positive semidefinite matrix; nothing to be trusted if that overflows."""
    if not np.isfinite(A).all():
        return np.full(len(A), np.nan), np.zeros((len(A), len(A)))
    values, vectors = eigh(A)
    return np.maximum(values, 0.0), vectors


def _projections(W: Array, rows: Array) -> Array:
    """Columns (I - WW') e_i, with an error of EPS in size and not of its root."""
    T = -W @ W[rows].T
    T[rows, np.arange(len(rows))] += 1.0
    return np.asarray(T - W @ (W.T @ T))


def _rows_alone(basis: Array) -> Array:
    """Rows without which the unpenalised columns lose a rank."""
    rows = np.flatnonzero((basis**2).sum(axis=1) > 1 - CANCELLED)
    size = np.linalg.norm(_projections(basis, rows), axis=0)
    return rows[size <= 8 * len(basis) * EPS]


def _without(system: System, lam: Array, i: int) -> Array:
    """Weighted errors (targets, penalties) at row i of fits to the other rows, X in the units of all rows."""
    v = np.full(system.p, np.inf)
    v[system.kept] = system.v[system.kept]
    problem = replace(system.problem, standardize=False, penalty_weights=None, l2_weights=v)
    others = np.delete(np.arange(system.n), i)
    predicted = by_fitting(problem, lam, others, np.array([i]))[0]
    return np.asarray(system.root[i] * (system.Y[i][:, None] - predicted))


def _intercept_share(system: System) -> Array:
    share = system.root**2 / system.total
    return share if system.problem.fit_intercept else np.zeros(system.n)


def _unpenalised_space(system: System, free: Array) -> Array:
    """Orthonormal basis of the unpenalised columns, the intercept among them, whatever their units."""
    Z = system.root[:, None] * system.centre(_fit.columns(system.problem.X, free))
    if system.problem.fit_intercept:
        Z = np.column_stack([Z, system.root])
    largest = np.abs(Z).max(axis=0)
    Z = Z[:, largest > 0] / largest[largest > 0]
    return column_space(Z / np.linalg.norm(Z, axis=0))
