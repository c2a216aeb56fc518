"""Factorisations of small symmetric matrices and of matrices that may lack full rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _blas
from ._problem import Array

# Smallest eigenvalue, relative to the largest, of a Gram matrix that counts as regular.
FULL_RANK = 1e-8
# The same with a penalty: below, refining by residuals does not find back what rounding took away.
REGULAR = 1e-10
SMALLEST_SQUARE = 1e-280  # below, products lose digits

FARTHEST = 1e-10  # of the largest norm of a column's inverse: see LeastSquares


class ShiftedInverse:
    """Applies (A + lam_m diag(v))^-1 for several lam_m to columns; A symmetric positive semidefinite."""

    def __init__(self, A: Array, v: Array, lam: Array, null_size: int = 0) -> None:
        self.lam = lam
        self.eigen = bool((lam != lam[0]).any() and (v > 0).all()) or lam[0] == 0
        if self.eigen:
            scale = np.ones(len(v)) if lam[0] == 0 else 1 / np.sqrt(v)
            if lam[0] == 0 and null_size == 0:
                # Least squares on regular columns: units do not matter.
                scale = _unit_diagonal(A)
            self.scale = scale[:, None]
            values, self.vectors = eigh(A * self.scale * scale)
            if lam[0] == 0:
                values[:null_size] = np.inf  # directions known to be empty
                if values.min(initial=np.inf) <= FULL_RANK * values[-1:].max(initial=0.0):
                    raise np.linalg.LinAlgError("not of full rank")
            elif max(values.min(initial=np.inf), 0.0) + lam.min() < REGULAR * values.max(
                initial=0.0
            ):
                raise np.linalg.LinAlgError("nearly singular")
            self.values = np.maximum(values, 0.0)[:, None]
        else:
            self.factors = {x: _Cholesky(A, x * v) for x in dict.fromkeys(lam.tolist())}

    def apply(self, B: Array, columns: slice) -> Array:
        lam = self.lam[columns]
        if self.eigen:
            return self.scale * (
                self.vectors @ ((self.vectors.T @ (self.scale * B)) / (self.values + lam))
            )
        if len(self.factors) == 1:
            return self.factors[lam[0]].solve(B)
        return np.column_stack([self.factors[x].solve(B[:, m]) for m, x in enumerate(lam.tolist())])


class _Cholesky:
    """A + diag(d), factorised with its diagonal scaled to one."""

    def __init__(self, A: Array, d: Array) -> None:
        from scipy.linalg import cho_factor, cho_solve

        M = np.array(A, order="F")
        M.flat[:: len(M) + 1] += d
        self.scale = _unit_diagonal(M)
        M *= self.scale
        M *= self.scale[:, None]
        with _blas.for_side(len(M)):
            self.factor = cho_factor(M, overwrite_a=True, check_finite=False)
        if np.diagonal(self.factor[0]).min(initial=1.0) ** 2 < REGULAR:
            raise np.linalg.LinAlgError("nearly singular")
        self.cho_solve = cho_solve

    def solve(self, B: Array) -> Array:
        scale = self.scale if B.ndim == 1 else self.scale[:, None]
        return np.asarray(scale * self.cho_solve(self.factor, scale * B, check_finite=False))


def _unit_diagonal(A: Array) -> Array:
    diagonal = np.diagonal(A)
    if not (diagonal > 0).all():
        raise np.linalg.LinAlgError("a column is empty")
    return np.asarray(1 / np.sqrt(diagonal))


def unit_scale(A: Array) -> Array:
    """Powers of two that bring the columns of A to norms in [1, 2); 1 for empty ones.

    Whether columns depend on one another does not depend on their units, but singular values do.
    """
    largest = np.abs(A).max(axis=0, initial=0.0)
    first = _inverse_power(largest)
    return first * _inverse_power(np.sqrt(((A * first) ** 2).sum(axis=0)))


def _inverse_power(size: Array) -> Array:
    return np.ldexp(1.0, np.where(size > 0, np.minimum(1 - np.frexp(size)[1], 1000), 0))


def column_space(A: Array) -> Array:
    """Orthonormal basis of the columns of A, whatever their units."""
    U, size, _ = svd(A * unit_scale(A))
    return U[:, size > cutoff(size, A.shape)]


def off_space(A: Array, basis: Array) -> Array:
    """The columns of A less their parts in the span of an orthonormal basis; 0 where only rounding is left."""
    noise = 16 * max(A.shape) * np.finfo(np.float64).eps * norms(A)
    for _ in range(2):  # what rounding left over
        A = A - basis @ (basis.T @ A)
    A[:, norms(A) <= noise] = 0.0
    return A


def norms(A: Array) -> Array:
    """Of the columns, whose squares may be out of range."""
    unit = np.ldexp(1.0, np.frexp(np.abs(A).max(axis=0, initial=0.0))[1])
    return np.asarray(unit * np.linalg.norm(A / unit, axis=0))


def is_within_range(G: Array) -> bool:
    """Whether the squares of a Gram matrix neither overflow nor lose digits; all of them 0 are fine beside a penalty."""
    largest = np.diagonal(G).max() if G.size else 0.0
    return bool((largest == 0 or largest > SMALLEST_SQUARE) and np.isfinite(G).all())


@dataclass(slots=True)
class LeastSquares:
    """The minimisers of |b - A w|: U and size belong to the columns of A in units of their own norms."""

    U: Array
    size: Array
    Vt: Array
    scale: Array

    @classmethod
    def of(cls, A: Array) -> LeastSquares:
        scale = unit_scale(A)
        U, size, Vt = svd(A * scale)
        use = size > cutoff(size, A.shape)
        return cls(U[:, use], size[use], Vt[use], scale)

    def solve(self, B: Array) -> Array:
        """Of all minimisers the one with the smallest |w|, w in the units of A.

        All of them have Vt v = c with w = scale v. Among them w = M (M'M)^-1 c with M = V / scale, by way of orthogonal factors of
        M whose rows come in order of size: small rows keep their digits beside large ones (Cox and Higham, 1998). A scale below
        FARTHEST of the largest counts as that: rounding of V would outweigh what such coefficients add to |w|.
        """
        c = (self.U.T @ B) / self.size[:, None]
        least = np.maximum(self.scale, FARTHEST * self.scale.max(initial=0.0))
        if len(self.size) == len(least) or (least == least[:1]).all():
            return np.asarray(self.scale[:, None] * (self.Vt.T @ c))
        from scipy.linalg import qr, solve_triangular

        M = self.Vt.T / least[:, None]
        order = np.argsort(-np.abs(M).max(axis=1), kind="stable")
        Q, R, pivots = qr(M[order], mode="economic", pivoting=True, check_finite=False)
        w = np.zeros((len(least), c.shape[1]))
        for _ in range(2):
            rest = c - self.Vt @ (w / least[:, None])
            w[order] += Q @ solve_triangular(R, rest[pivots], trans="T", check_finite=False)
        return np.asarray(w / least[:, None] * self.scale[:, None])


def svd(A: Array) -> tuple[Array, Array, Array]:
    with _blas.for_side(min(A.shape)):
        U, size, Vt = np.linalg.svd(A, full_matrices=False)
    return U, size, Vt


def cutoff(size: Array, shape: tuple[int, ...]) -> float:
    """Singular values up to this are rounding."""
    return float(size.max(initial=0.0)) * max(shape) * float(np.finfo(np.float64).eps)


def eigh(A: Array) -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix; A may be overwritten."""
    if not A.size:
        return np.empty(0), np.empty((0, 0))
    from scipy.linalg import eigh as solve

    with _blas.for_side(len(A)):
        size, U = solve(A, driver="evd", overwrite_a=True, check_finite=False)
    return np.asarray(size), np.asarray(U)
