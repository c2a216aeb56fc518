"""Losses on rows held out, along a grid of penalties of one l1_ratio: by whichever route is the quickest.

Elsewhere every fold has a certified path. Where only the losses are asked for, ridge on tall data has them from the Gram matrix: every
training set's is that of all rows less that of the rows held out.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import _class_folds, _fit, _folds, _grid, _scorers, _selection
from ._fit import PathArrays
from ._linalg import eigh
from ._problem import Array, Problem
from ._routes import Control
from ._splits import Split
from ._spreads import spreads_of

LARGEST_SIDE = 3000  # of a Gram matrix that is decomposed for every fold
FEATURES = 30_000_000  # entries of the coefficients of a fold's path that are counted


@dataclass(slots=True)
class Held:
    """Losses (k, folds), how many features the models have (k,), and the folds' paths where there are any."""

    alphas: Array
    loss: Array
    df: Array
    paths: list[PathArrays] = field(default_factory=list)

    def append(self, other: Held) -> None:
        """Take the folds of another repeat of the same grid."""
        self.loss = np.concatenate([self.loss, other.loss], axis=1)
        self.paths = self.paths + other.paths


@dataclass(slots=True)
class Judge:
    """How predictions of rows held out are judged: the family's loss, or a scorer, of which more is better."""

    problem: Problem
    scorer: Any = None
    rows: Any = None  # the caller's X, for scorers that are plain functions
    unit: float = 1.0  # y of the caller is y * unit + origin
    origin: float = 0.0

    def losses(self, eta: Array, test: Array) -> Array:
        """Mean losses of linear predictions (k, n_test) or (k, n_test, classes)."""
        problem = self.problem
        s = problem.sample_weight
        if self.scorer is not None:
            params = {} if s is None else {"sample_weight": s[test]}
            given = replace(problem, y=problem.y * self.unit + self.origin)
            X = _scorers.rows_for(self.scorer, self.rows, test)
            margins = eta * self.unit + self.origin
            return -_scorers.score_margins(self.scorer, margins, X, given, test, params)
        if eta.ndim == 3:
            own = np.take_along_axis(eta, problem.y[test].astype(np.intp)[None, :, None], axis=2)
            losses = np.logaddexp.reduce(eta, axis=2) - own[:, :, 0]
        else:
            losses = _folds._row_losses(problem, test, eta)
        return np.asarray(np.average(losses, axis=1, weights=None if s is None else s[test]))

    def null(self, split: Split) -> float:
        """Loss of the best constant of the training rows."""
        train, test = split
        problem = self.problem
        s = np.ones(len(problem.y)) if problem.sample_weight is None else problem.sample_weight
        weights = s[train]
        if problem.family == "multinomial":
            assert problem.classes is not None
            share = np.bincount(
                problem.y[train].astype(np.intp), weights, minlength=len(problem.classes)
            )
            # A class that no training row has, as if one had it.
            eta = np.log(np.maximum(share, 1.0))
            eta = np.broadcast_to(eta, (1, len(test), len(eta)))
            return float(self.losses(eta, test)[0])
        mean = float(np.average(problem.y[train], weights=weights))
        if problem.family == "binomial":
            mean = math.log(mean) - math.log1p(-mean)
        elif problem.family == "poisson":
            mean = math.log(mean)
        return float(self.losses(np.full((1, len(test)), mean), test)[0])


class HeldOut:
    """Losses of one problem; what is the same for all folds and l1_ratios is made once."""

    def __init__(self, judge: Judge, control: Control) -> None:
        self.judge, self.control = judge, control
        self.problem = judge.problem
        self._ridge: _TallRidge | None = None

    def grid(self, ratio: float, k: int) -> Array:
        """The automatic grid of an l1_ratio."""
        return _folds.make_grid(replace(self.problem, l1_ratio=ratio), k, 0.0)

    def several(self, ratios: list[float], k: int, splits: list[Split], limit: float) -> list[Held]:
        """Of several l1_ratios along automatic grids; the core shares what it can."""
        problem = self.problem
        mixed = [ratio for ratio in ratios if ratio > 0]
        if problem.family == "multinomial" or len(mixed) < 2:
            share = limit / max(1, len(ratios))
            return [self.one(ratio, self.grid(ratio, k), splits, share) for ratio in ratios]
        share = limit * len(mixed) / len(ratios)
        runs = self._run(problem, splits, mixed, k, share)
        done = {ratio: self._of_run(run, splits) for ratio, run in zip(mixed, runs)}
        rest = [ratio for ratio in ratios if ratio not in done]
        for ratio in rest:
            done[ratio] = self.one(ratio, self.grid(ratio, k), splits, limit - share)
        return [done[ratio] for ratio in ratios]

    def one(self, ratio: float, alphas: Array, splits: list[Split], limit: float) -> Held:
        """Of one l1_ratio along a grid that is given."""
        problem = replace(self.problem, l1_ratio=ratio)
        if problem.family == "multinomial":
            return self._classes(problem, alphas, splits, limit)
        if ratio == 0 and problem.family == "gaussian" and not problem.is_bounded:
            self._ridge = self._ridge or _ridge_of(problem)
            if self._ridge is not None:
                return self._squares(self._ridge, alphas, splits, limit)
        [run] = self._run(problem, splits, [ratio], alphas, limit)
        return self._of_run(run, splits)

    def _run(
        self, problem: Problem, splits: list[Split], ratios: list[float], grid: Any, limit: float
    ) -> list[_folds.FoldPaths]:
        control = replace(self.control, time_limit=max(limit, 0.01))
        keep = self.judge.scorer is not None
        return _folds.run(problem, splits, ratios, grid, control, keep_predictions=keep)

    def _of_run(self, run: _folds.FoldPaths, splits: list[Split]) -> Held:
        loss = _folds.losses(run)
        if self.judge.scorer is not None:
            reached = _folds.common_length(run)
            for i, ((_, test), eta) in enumerate(zip(splits, run.predictions)):
                assert eta is not None
                loss[:reached, i] = self.judge.losses(eta[:reached], test)
        df = np.diff(run.whole.indptr)
        df = np.concatenate([df, np.zeros(len(run.alphas) - len(df), dtype=df.dtype)])
        kept = [path for path in run.folds if isinstance(path, PathArrays)]
        return Held(run.alphas, loss, df, kept if run.l1_ratio > 0 else [])

    def _squares(self, ridge: _TallRidge, alphas: Array, splits: list[Split], limit: float) -> Held:
        loss = np.full((len(alphas), len(splits)), np.nan)
        end = time.perf_counter() + limit
        for i, (train, test) in enumerate(splits):
            loss[:, i] = self.judge.losses(ridge.predict(alphas, train, test), test)
            if time.perf_counter() > end and i + 1 < len(splits):
                break
        return Held(alphas, loss, np.full(len(alphas), _varying(self.problem)))

    def _classes(self, problem: Problem, alphas: Array, splits: list[Split], limit: float) -> Held:
        df = np.zeros(len(alphas))
        is_l2 = problem.l1_ratio == 0
        given = _scaled(problem) if is_l2 else problem
        loss = np.full((len(alphas), len(splits)), np.nan)
        end = time.perf_counter() + limit
        for i, (train, test) in enumerate(splits):
            [fold] = _class_folds.run(
                given,
                [(train, test)],
                [problem.l1_ratio],
                alphas,
                self.control.tol,
                self.control.max_iter,
            )
            loss[:, i] = self.judge.losses(np.asarray(fold.margins[0]), test)
            if is_l2:
                df[:] = _varying(problem)
            else:
                df += _class_features(fold.folds[0].paths, problem.X.shape[1]) / len(splits)
            if time.perf_counter() > end and i + 1 < len(splits):
                break
        return Held(alphas, loss, np.ceil(df).astype(int))


def _class_features(paths: list[PathArrays], p: int) -> Array:
    """How many features any class has, of every model along a grid."""
    counts = []
    for k in range(len(paths[0].alphas)):
        parts = [path.indices[path.indptr[k] : path.indptr[k + 1]] for path in paths]
        counts.append(len(np.unique(np.concatenate(parts))))
    return np.array(counts, dtype=float)


def _varying(problem: Problem) -> int:
    """Columns that are not constant."""
    return int(np.count_nonzero(_fit.measure(problem).norm))


def _scaled(problem: Problem) -> Problem:
    """A wide problem under L2 alone, its columns scaled by all rows' standard deviations (in the penalty's weights): the n x n side will do."""
    n, p = problem.X.shape
    given = (problem.penalty_weights, problem.l2_weights)
    if p <= n or problem.is_bounded or not problem.standardize or given != (None, None):
        return problem
    variances = spreads_of(problem) ** 2
    if not (variances > 0).all():
        return problem
    return replace(problem, standardize=False, l2_weights=variances)


def _ridge_of(problem: Problem) -> _TallRidge | None:
    """What ridge on tall dense data needs once for all folds."""
    n, p = problem.X.shape
    is_plain = problem.fit_intercept and problem.l2_weights is None
    is_tall = isinstance(problem.X, np.ndarray) and p <= min(n, LARGEST_SIDE)
    return _TallRidge(problem) if is_plain and is_tall else None


class _TallRidge:
    """Ridge on training sets from the Gram matrix of all rows, less that of the rows held out."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        n = len(problem.y)
        s = np.ones(n) if problem.sample_weight is None else problem.sample_weight
        self.s, self.S = s, float(s.sum())
        self.origin = float(np.average(problem.y, weights=s))
        self.G, q, moments = _fit.gram(
            problem, np.asfortranarray((problem.y - self.origin)[:, None])
        )
        self.q, self.mean = np.asarray(q)[:, 0], np.asarray(moments.mean)

    def _centred(self, rows: Array) -> Array:
        return np.asarray(self.problem.X[rows], dtype=np.float64) - self.mean

    def _sums(self, X: Array, rows: Array) -> tuple[Array, Array, Array, float, float]:
        """X'SX, X'Sy, X's, y's and the sum of s over the rows, of which X is centred, about the means of all."""
        s, y = self.s[rows], self.problem.y[rows] - self.origin
        sX = s[:, None] * X
        return sX.T @ X, sX.T @ y, s @ X, float(s @ y), float(s.sum())

    def predict(self, alphas: Array, train: Array, test: Array) -> Array:
        n = len(self.problem.y)
        X = self._centred(test)
        if is_rest := len(train) + len(test) == n and len(np.union1d(train, test)) == n:
            G, q, a, b, S = self._sums(X, test)
        else:
            G, q, a, b, S = self._sums(self._centred(train), train)
        if is_rest:
            G, q, a, b, S = self.G - G, self.q - q, -a, -b, self.S - S
        G, q = (G - np.outer(a, a) / S) / S, (q - a * (b / S)) / S
        variances = np.diagonal(G)
        varies = variances > 1e-13 * np.diagonal(self.G) / self.S
        scale = np.zeros(len(q))
        scale[varies] = 1.0
        if self.problem.standardize:
            scale[varies] = 1 / np.sqrt(variances[varies])
        values, V = eigh(G * scale * scale[:, None])
        right = V.T @ (scale * q)
        coef = scale[:, None] * (V @ (right[:, None] / (np.maximum(values, 0.0)[:, None] + alphas)))
        eta = X @ coef
        eta += self.origin + b / S - (a / S) @ coef
        return np.asarray(eta.T)


def lengthened(
    held: HeldOut, ratio: float, first: Held, splits: list[Split], end: float
) -> tuple[Held, bool]:
    """The same with longer grids while the best penalty is the last and there is time; and whether it is so even then."""
    curve = first
    for step in range(_grid.LONGEST + 1):
        if not _grid.ends_early(curve.loss.mean(axis=1), _selection.standard_error(curve.loss)):
            return curve, False
        left = end - time.perf_counter()
        if step == _grid.LONGEST or left <= 0:
            break
        grid = np.geomspace(curve.alphas[0], curve.alphas[-1] * _grid.LONGER, len(curve.alphas))
        longer = held.one(ratio, grid, splits, left)
        if not np.isfinite(longer.loss).any():
            break
        curve = longer
    return curve, True
