"""What every route to ridge needs: the weighted, centred problem, its products with X, and the form of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import _fit
from . import _validation as check
from ._compressed import CompressedX
from ._grams import Grams
from ._problem import Array, Problem

LARGEST_COPY = 2e7  # entries of a dense copy of a sparse X


@dataclass(slots=True)
class Direct:
    """Answers of a direct solve, one column or entry per answer.

    `primal` and its part `loss`, `bound` and `kkt_max` are on the scale of a certificate; `bound` is a gap that holds whatever
    the factorisation was worth (inf where there is none). `suboptimality` is what refining once more would gain.
    """

    coef: Array
    intercept: Array
    loss: Array
    primal: Array
    bound: Array
    kkt_max: Array
    suboptimality: Array
    null: Array
    n_solves: int
    route: str


class System:
    """The weighted, centred problem and the products with X that every route needs; lam and v as in `_ridge`."""

    def __init__(
        self, problem: Problem, alphas: Array, targets: Array, grams: Grams | None = None
    ) -> None:
        self.problem = problem
        self.grams = grams or Grams(problem)
        self.n: int = problem.X.shape[0]
        self.p: int = problem.X.shape[1]
        s = problem.sample_weight
        self.root = np.ones(self.n) if s is None else np.sqrt(s)
        self.total = problem.total_weight
        self.lam = np.asarray(alphas, dtype=np.float64) * self.total
        self.targets = targets
        Y = problem.y if problem.y.ndim == 2 else problem.y[:, None]
        self.Y = np.asfortranarray(Y)
        self.first = int(np.argmax(self.root > 0))  # the first row that counts
        start = Y[self.first]
        self.y_mean = (
            start + self.mean(Y - start) if problem.fit_intercept else np.zeros(Y.shape[1])
        )
        self.B = self.root[:, None] * (self.Y - self.y_mean)  # S^.5 (Y - mean)
        self.null = 0.5 * (self.B**2).sum(axis=0)[targets]
        self.v, self.kept = self._penalty()

    @property
    def may_copy(self) -> bool:
        """Whether X may be spread out in memory: dense as it is, or small."""
        return not isinstance(self.problem.X, CompressedX) or self.n * self.p <= LARGEST_COPY

    def mean(self, A: Array) -> Array:
        """Weighted column means."""
        return np.asarray(self.root**2 @ A / self.total)

    def _penalty(self) -> tuple[Array, Array]:
        """v on the scale of the coefficients, and the indices of features that may enter."""
        problem = self.problem
        v = problem.penalty_weights if problem.l2_weights is None else problem.l2_weights
        v = np.ones(self.p) if v is None else v
        excluded = np.isinf(v)
        if problem.penalty_weights is not None:
            excluded |= np.isinf(problem.penalty_weights)
        if problem.standardize:
            variance = self.grams.moments.norm**2 / self.total
            excluded |= variance == 0
            v = np.where(excluded, 1.0, v) * variance
        return v, np.flatnonzero(~excluded)

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """Float64 copies of X (centred if there is an intercept), some columns at a time, as (first column, block)."""
        width = max(1, 4_000_000 // self.n)
        for first in range(0, self.p, width):
            block = _fit.columns(self.problem.X, np.arange(first, min(first + width, self.p)))
            block = self.centre(block)
            yield first, block

    def centre(self, block: Array) -> Array:
        """The float64 columns less their means if there is an intercept, in place; 0 where only rounding is left."""
        if self.problem.fit_intercept and block.size:
            largest = np.abs(block[self.root > 0]).max(axis=0)
            block -= block[self.first].copy()  # what is constant is now exactly so
            block -= self.mean(block)
            block -= self.mean(block)  # what rounding left over
            noise = 4 * np.finfo(float).eps * largest * np.sqrt(self.total)
            spread = np.sqrt(((self.root[:, None] * block) ** 2).sum(axis=0))
            block[:, spread <= noise] = 0.0
        return block

    def explicit(self) -> Array:
        """S^.5 X, centred, in float64; raises ValueError where X is not finite."""
        if isinstance(self.problem.X, np.ndarray):
            with np.errstate(over="ignore", invalid="ignore"):
                check.require_finite(self.problem.X, "X")
        A = np.empty((self.n, self.p), order="F")
        for first, block in self.blocks():
            A[:, first : first + block.shape[1]] = self.root[:, None] * block
        return A

    def outer(self, inverse_v: Array) -> Array:
        """S^.5 X diag(inverse_v) X' S^.5 of the centred X."""
        return self.grams.samples(inverse_v)

    def correlate(self, U: Array) -> Array:
        """X'U of the centred X."""
        return _fit.correlate(self.problem, U, self.grams.moments)

    def answer(
        self,
        W: Array,
        b: Array,
        loss: Array,
        bound: Array,
        kkt: Array,
        lost: Array,
        n_solves: int,
        route: str,
    ) -> Direct:
        """The result, sums divided by S."""
        S, null = self.total, self.null / self.total
        roots = np.sqrt(self.v[self.kept, None]) * np.sqrt(self.lam / S)
        penalty = 0.5 * ((roots * W[self.kept]) ** 2).sum(axis=0)
        return Direct(
            W, b, loss, loss + penalty, bound / S, kkt / S, lost / S, null, n_solves, route
        )

    def loss(self, R: Array) -> Array:
        """Weighted mean of half the squared residuals, per column."""
        return np.asarray(0.5 * ((self.root[:, None] * R) ** 2).sum(axis=0) / self.total)

    def residual(self, W: Array, columns: slice) -> tuple[Array, Array]:
        """y - Xw - b with the best intercepts b, from X itself."""
        return self._less_mean(_fit.predict(self.problem.X, W), columns)

    def represented(self, U: Array, d: Array, columns: slice) -> tuple[Array, Array, Array]:
        """W = diag(d) X'U with the residuals and intercepts that belong to it."""
        if isinstance(self.problem.X, CompressedX):
            W = np.asfortranarray(self.correlate(U) * d[:, None])
            return W, *self.residual(W, columns)
        moments = self.grams.moments
        W, eta = _fit.represent(self.problem, U, d, moments)
        R, b = self._less_mean(eta, columns)
        return W, R, b - moments.mean @ W

    def _less_mean(self, eta: Array, columns: slice) -> tuple[Array, Array]:
        """y - eta - b with the best intercepts b."""
        R = self.Y[:, self.targets[columns]] - eta
        if not self.problem.fit_intercept:
            return R, np.zeros(eta.shape[1])
        start = self.y_mean[self.targets[columns]]
        b = self.mean(R - start) + start
        return R - b, b
