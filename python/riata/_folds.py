"""Paths for the whole data and for the training set of every fold, and what they say about the rows held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _deviance, _fit, _grid, _labels, _selection, _splits
from ._fit import PathArrays, TaskArrays
from ._problem import Array, Problem
from ._rotated import RotatedPath, Rotation
from ._routes import Control, solve_grid
from ._splits import Split


@dataclass(slots=True)
class FoldPaths:
    """Of one l1_ratio: the grid, the path of all rows, and per fold the path, its held-out loss and predictions.

    A path that ran out of time is shorter than the grid, and so are losses (k,) and predictions (k, n_test), which are None unless
    they were asked for.
    """

    l1_ratio: float
    alphas: Array
    whole: PathArrays
    folds: list[PathArrays | RotatedPath]
    loss: list[Array]
    predictions: list[Array | None]
    relax: float = 1.0  # share of the penalty that a refit keeps
    base: tuple[Problem, PathArrays] | None = (
        None  # all rows' path before the refits, if there are two stages
    )

    def add(
        self, problem: Problem, path: PathArrays | RotatedPath, test: Array, s: Array, keep: bool
    ) -> None:
        """A fold's path with its losses on the rows `test` of weights s, and if asked for its predictions."""
        if isinstance(path, TaskArrays):
            loss, eta = _held_out_tasks(problem, path, test, s, keep)
        else:
            eta = _held_out(problem, path, test)
            margin = eta if problem.offset is None else eta + problem.offset[test]
            loss = np.average(_row_losses(problem, test, margin), axis=1, weights=s)
        self.folds.append(path)
        self.loss.append(loss)
        self.predictions.append(eta if keep else None)


def run(
    problem: Problem,
    splits: list[Split],
    ratios: list[float],
    grid: int | Array,
    control: Control,
    *,
    keep_predictions: bool = False,
    stretch: Array | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[FoldPaths]:
    """Cross-validate along the grid for every l1_ratio; one grid for all folds, made from all rows where it is not given.

    `stretch` holds a factor for the penalties of each fold. `progress` is told now and then how many solutions there are.
    """
    require_variety(problem, splits)
    in_core = isinstance(grid, int) or grid[-1] > 0
    squares = problem.family in ("gaussian", "multi-gaussian")
    pure = replace(problem, l1_ratio=0.0)
    zero_fine = not (squares or isinstance(grid, int) or Rotation.apply(pure))
    together = [ratio for ratio in ratios if in_core and (ratio > 0 or zero_fine)]
    done: dict[float, FoldPaths] = {}
    if together:
        unique = list(dict.fromkeys(together))
        solved = _fit.cross_validate(
            problem,
            splits,
            unique,
            None if isinstance(grid, int) else grid,
            n_alphas=grid if isinstance(grid, int) else 1,
            eps=control.eps,
            tol=control.tol,
            max_iter=control.max_iter,
            time_limit=control.time_limit,
            memory_limit=control.memory_limit,
            predictions=keep_predictions,
            stretch=stretch,
            progress=progress,
        )
        for ratio, (alphas, runs) in zip(unique, solved):
            done[ratio] = FoldPaths(
                ratio,
                alphas,
                runs[0][0],
                [run[0] for run in runs[1:]],
                [run[1] for run in runs[1:]],
                [run[2] for run in runs[1:]],
            )
    for ratio in ratios:
        if ratio not in done:
            one = replace(problem, l1_ratio=ratio)
            done[ratio] = _one_by_one(one, splits, grid, control, keep_predictions, stretch)
    return [done[ratio] for ratio in ratios]


def make_grid(problem: Problem, k: int, eps: float) -> Array:
    """Geometric steps from alpha_max; for ridge in terms of X."""
    if problem.l1_ratio == 0:
        return _grid.ridge_grid(problem, k, eps)
    n, p = problem.X.shape
    top = _fit.alpha_max(problem) or float(np.finfo(float).eps)
    return np.geomspace(top, top * (eps or (1e-2 if p > n else 1e-4)), k)


def lengthened(
    problem: Problem,
    splits: list[Split],
    runs: list[FoldPaths],
    control: Control,
    **options: Any,
) -> tuple[list[FoldPaths], list[float]]:
    """The same with longer automatic grids, of as many penalties, for l1_ratios whose best is at the end of theirs.

    Also returns the l1_ratios whose best is at the end even of the longest.
    """
    short = []
    overlap = _splits.overlap_of(splits, problem.X.shape[0], problem.sample_weight)
    for place, paths in enumerate(runs):
        for step in range(_grid.LONGEST + 1):
            loss = losses(paths)
            if not _grid.ends_early(
                loss.mean(axis=1), _selection.standard_error(loss, overlap.times)
            ):
                break
            if step == _grid.LONGEST:
                short.append(paths.l1_ratio)
                break
            top, end = paths.alphas[0], paths.alphas[-1] * _grid.LONGER
            grid = np.geomspace(top, end, len(paths.alphas))
            [paths] = run(problem, splits, [paths.l1_ratio], grid, control, **options)
        runs[place] = paths
    return runs, short


def _one_by_one(
    problem: Problem,
    splits: list[Split],
    grid: int | Array,
    control: Control,
    keep: bool,
    stretch: Array | None,
) -> FoldPaths:
    """The same by separate fits: what the core does not do along a path, ridge and alpha = 0."""
    alphas = make_grid(problem, grid, control.eps) if isinstance(grid, int) else grid
    share = replace(control, time_limit=control.time_limit / (len(splits) + 1), callback=None)
    s = np.ones(problem.X.shape[0]) if problem.sample_weight is None else problem.sample_weight
    whole = solve_grid(problem, alphas, share)
    result = FoldPaths(problem.l1_ratio, alphas, whole, [], [], [])
    rotation = Rotation() if Rotation.apply(problem) else None
    for i, (train, test) in enumerate(splits):
        weights = s * np.bincount(train, minlength=len(s))
        own = alphas if stretch is None else alphas * stretch[i]
        fold = replace(problem, sample_weight=weights)
        reduced = None if rotation is None else rotation.reduced(fold, own, share.tol)
        solved = solve_grid(fold if reduced is None else reduced.small, own, share)
        path = solved if reduced is None else RotatedPath(solved, reduced, fold, share.tol)
        result.add(problem, path, test, s[test], keep)
    return result


def _held_out(problem: Problem, path: PathArrays | RotatedPath, rows: Array) -> Array:
    """Predictions (k, rows)."""
    if isinstance(path, RotatedPath):
        return path.margins(rows)
    support, coefs = path.support()
    return np.asarray((_fit.predict(problem.X, coefs, support)[rows] + path.intercepts).T)


def _held_out_tasks(
    problem: Problem, path: TaskArrays, rows: Array, weights: Array, keep: bool
) -> tuple[Array, Array | None]:
    """Mean squared errors (k,) over rows and tasks, and if asked for predictions (k, rows, tasks)."""
    X: Any = problem.X
    used = np.unique(np.concatenate([task.indices for task in path.tasks]))
    is_dense = isinstance(X, np.ndarray)
    if is_dense:  # once for all tasks, and these rows alone
        X = X[np.ix_(rows, used)]
    loss, kept = np.zeros(len(path.alphas)), []
    for y, task in zip(problem.y[rows].T, path.tasks, strict=True):
        support, coefs = task.support()
        if is_dense and len(support) == len(used):
            eta = _fit.predict(X, coefs)
        elif is_dense:
            eta = _fit.predict(X, coefs, np.searchsorted(used, support))
        else:
            eta = _fit.predict(X, coefs, support)[rows]
        eta = eta + task.intercepts
        loss += np.average((y[:, None] - eta) ** 2, axis=0, weights=weights) / len(path.tasks)
        if keep:
            kept.append(eta.T)
    return loss, np.stack(kept, axis=2) if keep else None


def _row_losses(problem: Problem, rows: Array, eta: Array) -> Array:
    """Losses of rows at the margins eta (k, rows), less their least value; the Gaussian family's are squares."""
    y = problem.y[rows]
    if problem.family == "binomial":
        return _deviance.binomial(y > 0, eta)
    if problem.family == "poisson":
        return _deviance.poisson(y, eta)
    return np.asarray((y - eta) ** 2)


def require_variety(problem: Problem, splits: list[Split]) -> None:
    """Every training set has to hold what the family needs: both classes, or an event."""
    if problem.family in ("gaussian", "multi-gaussian"):
        return
    for i, (train, _) in enumerate(splits):
        s = np.bincount(train, minlength=len(problem.y)).astype(float)
        if problem.sample_weight is not None:
            s *= problem.sample_weight
        try:
            _labels.require_variety(
                problem.y, s, problem.family, problem.classes, problem.fit_intercept
            )
        except ValueError as error:
            raise ValueError(f"split {i} of cv: {error}") from None


def common_length(paths: FoldPaths) -> int:
    """How much of the grid all paths have reached."""
    return min(len(path.alphas) for path in [paths.whole, *paths.folds])


def losses(paths: FoldPaths) -> Array:
    """Held-out losses (k, folds), NaN where a path did not get to."""
    out = np.full((len(paths.alphas), len(paths.folds)), math.nan)
    reached = common_length(paths)
    for i, loss in enumerate(paths.loss):
        out[:reached, i] = loss[:reached]
    return out
