"""Folds under a pure L2 penalty with more features than samples: all of them in the coordinates that the rows of X span.

With V the diagonal of the penalty weights and X V^-1 X' = U D U', setting w = V^-1 X' U D^-1/2 z turns Xw into U D^1/2 z and w'Vw into
z'z: whatever the loss and the weights of the rows, the problem has as many unknowns as samples, the same objective and the same dual
(the representer theorem). One n x n matrix serves all training sets unless `standardize` gives each its own V.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import _fit, _objective, _ridge, _wide
from ._compressed import CompressedX
from ._fit import PathArrays
from ._problem import Array, Problem
from ._ridge_system import System

LARGEST = 2000  # samples whose n x n matrix is decomposed
SHARE = 0.1  # of the tolerance that may be lost to directions too small for that matrix to show
CHANGED = 1e-6  # of the null objective: a primal value that differs by more is of other data


class Rotation:
    """The way to the n coordinates, for training sets that differ in the weights of their rows alone."""

    def __init__(self) -> None:
        self._reduced: _wide.Reduced | None = None

    @staticmethod
    def apply(problem: Problem) -> bool:
        """Whether there is such a way, and it is the shorter one."""
        n, p = problem.X.shape
        if problem.l1_ratio > 0 or not n < p or problem.is_bounded:
            return False
        if n > (_ridge.LARGEST_GRAM if isinstance(problem.X, CompressedX) else LARGEST):
            return False
        if problem.family not in ("gaussian", "binomial", "poisson"):
            return False
        weights = (problem.penalty_weights, problem.l2_weights)
        return all(v is None or bool((v > 0).all()) for v in weights)

    def reduced(self, fold: Problem, alphas: Array, tol: float) -> _wide.Reduced | None:
        """The problem of a training set (by its weights) in n unknowns; None where those penalties are too small for it."""
        if not alphas[-1] > 0:
            return None
        if self._reduced is None or fold.standardize:
            self._reduced = _wide.reduce(replace(fold, sample_weight=None), _inverse_v(fold))
        reduced = self._reduced
        lost = _wide.RANK * _largest(reduced)
        if not lost <= SHARE * tol * alphas[-1] * fold.total_weight:
            return None
        return replace(reduced, small=replace(reduced.small, sample_weight=fold.sample_weight))


def _inverse_v(problem: Problem) -> Array:
    """1 / v on the scale of the coefficients, 0 for features that are left out."""
    system = System(problem, np.ones(1), np.zeros(1, dtype=np.intp))
    inverse_v = np.zeros(system.p)
    inverse_v[system.kept] = 1 / system.v[system.kept]
    return inverse_v


class RotatedPath:
    """A path solved in n coordinates, whose coefficients are worked out, and certified by X itself, when first asked for.

    Until then it refers to X.
    """

    def __init__(
        self, small: PathArrays, reduced: _wide.Reduced, fold: Problem, tol: float
    ) -> None:
        self.alphas, self.status, self.rel_gap = small.alphas, small.status, small.rel_gap
        self._parts: tuple[PathArrays, _wide.Reduced, Problem, float] | None = (
            small,
            reduced,
            fold,
            tol,
        )
        self._full: PathArrays | None = None

    def margins(self, rows: Array) -> Array:
        """Of shape (k, rows), without offset."""
        assert self._parts is not None
        small, reduced, *_ = self._parts
        basis = _basis(reduced)
        eta = basis[rows] @ small.dense(basis.shape[1], float)
        return np.asarray((eta + small.intercepts).T)

    def spread(self) -> PathArrays:
        """The path in features.

        Raises
        ------
        RuntimeError
            If X is not what it was when the path was solved.
        """
        if self._full is None:
            assert self._parts is not None
            self._full = _spread(*self._parts)
            self._parts = None
        return self._full

    def __reduce__(self) -> tuple[object, tuple[PathArrays]]:
        return _same, (self.spread(),)


def _same(path: PathArrays) -> PathArrays:
    return path


def spread(path: PathArrays | RotatedPath) -> PathArrays:
    """The path in features."""
    return path.spread() if isinstance(path, RotatedPath) else path


def _basis(reduced: _wide.Reduced) -> Array:
    assert isinstance(reduced.small.X, np.ndarray)
    return reduced.small.X


def _largest(reduced: _wide.Reduced) -> float:
    """The largest eigenvalue."""
    return float(np.square(_basis(reduced)).sum(axis=0).max())


def _spread(small: PathArrays, reduced: _wide.Reduced, fold: Problem, tol: float) -> PathArrays:
    parts = [
        _in_features(small, reduced, fold, slice(first, first + _ridge.CHUNK))
        for first in range(0, len(small.alphas), _ridge.CHUNK)
    ]
    W, intercepts, primal, slack, kkt = (np.concatenate(part, axis=-1) for part in zip(*parts))
    if not (np.abs(primal - small.primal) <= CHANGED * small.null_objective).all():
        raise RuntimeError(
            "X has been written to since it was cross-validated: the coefficients of the folds can no longer be worked out"
        )
    dual = small.dual - slack
    rel_gap = _fit.relative_gap(primal - dual, small.null_objective)
    columns, rows = np.nonzero(W.T)
    return replace(
        small,
        indptr=np.searchsorted(columns, np.arange(W.shape[1] + 1)).astype(np.int64),
        indices=rows.astype(np.int32),
        data=np.ascontiguousarray(W.T[columns, rows]),
        intercepts=intercepts,
        primal=primal,
        dual=dual,
        gap=primal - dual,
        rel_gap=rel_gap,
        kkt_max=kkt,
        status=(rel_gap > tol).astype(np.uint8),
    )


def _in_features(
    small: PathArrays, reduced: _wide.Reduced, fold: Problem, columns: slice
) -> tuple[Array, Array, Array, Array, Array]:
    """Coefficients (p, k), intercepts, primal values, what directions that were dropped may take off the dual, violations.

    The dual value at slopes u holds -u' X V^-1 X' u / (2 alpha), in which eigenvalues are known to `_wide.RANK` of the largest.
    """
    alphas = small.alphas[columns]
    W = reduced.coefficients(small.dense(_basis(reduced).shape[1], float)[:, columns])
    eta = _fit.predict(fold.X, W)
    b = small.intercepts[columns]
    if fold.fit_intercept:
        b = b - eta.mean(axis=0)
    s = _objective.shares(fold)
    margins = eta + b if fold.offset is None else eta + b + fold.offset[:, None]
    models = [_objective.slopes(fold, margin[:, None], s) for margin in margins.T]
    U = s[:, None] * np.hstack([model.R for model in models])
    used = reduced.inverse_v > 0
    pull = alphas * W[used] / reduced.inverse_v[used, None]
    gradient = _fit.correlate(reduced.problem, U, reduced.moments)[used] - pull
    return (
        W,
        b,
        np.concatenate([model.loss for model in models]) + 0.5 * (pull * W[used]).sum(axis=0),
        _wide.RANK * _largest(reduced) * np.square(U).sum(axis=0) / (2 * alphas),
        np.abs(gradient).max(axis=0, initial=0.0),
    )
