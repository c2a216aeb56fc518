"""Fits in two stages, cross-validated with both stages inside every fold: adaptive weights before a path, refits after it.

- Adaptive (Zou 2006): penalty weights (max_i |b_i| / |b_j|)^gamma from a ridge estimate b, whose penalty is that of generalised
  cross-validation.
- Relaxed (Meinshausen 2007): the features that the path has at alpha, fitted again with the penalty relax * alpha; relax = 0 is least
  squares on them. That is a problem of its own, with infinite penalty weights elsewhere, and is certified as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import _fit, _folds, _ridge
from ._fit import PathArrays
from ._folds import FoldPaths
from ._grid import ridge_grid
from ._leave_one_out import held_out
from ._problem import Array, Problem
from ._rotated import spread
from ._routes import Control, solve_grid
from ._splits import Split

FIRST = 40  # penalties among which the first estimate's is


@dataclass(frozen=True, slots=True)
class Recipe:
    """The exponent of adaptive weights, or None for none, and the shares of the penalty that refits keep."""

    adaptive: float | None = None
    relax: tuple[float, ...] = (1.0,)

    @property
    def is_plain(self) -> bool:
        """Whether there is one stage only."""
        return self.adaptive is None and self.relax == (1.0,)


def require_squares(problem: Problem, ratios: list[float]) -> None:
    """Two stages are for one target of squares, and for penalties that select."""
    if problem.family != "gaussian":
        raise ValueError(
            f"relax and adaptive are for family='gaussian'; got family={problem.family!r}"
        )
    for ratio in ratios:
        if ratio == 0:
            raise ValueError("relax and adaptive need a penalty that selects; got l1_ratio=0")


# --- adaptive weights ---------------------------------------------------------------------------------------------------


def first_estimate(problem: Problem) -> Array:
    """Ridge coefficients, of columns of unit spread under `standardize`."""
    ridge = replace(problem, l1_ratio=0.0, lower=None, upper=None)
    alphas = ridge_grid(ridge, FIRST, 0.0)
    best = _generalised(ridge, alphas)
    coef = _ridge.solve(ridge, alphas[best : best + 1], np.zeros(1, dtype=np.intp)).coef[:, 0]
    if problem.standardize:
        coef = coef * _fit.spreads(problem, _fit.measure(problem))
    return np.asarray(coef)


def _generalised(ridge: Problem, alphas: Array) -> int:
    """Where generalised cross-validation is least: mean of squares over (1 - df / N)^2, a weight of 2 being two of N rows."""
    s = ridge.sample_weight
    counts = np.ones(ridge.X.shape[0], dtype=bool) if s is None else s > 0
    rows = int(np.count_nonzero(counts))
    squares, left = np.zeros(len(alphas)), np.zeros(len(alphas))
    for held in held_out(ridge, alphas * ridge.total_weight):
        squares += (held.residual**2).sum(axis=(0, 1))
        left += held.complement[counts[held.rows]].sum(axis=0)
    left += max(ridge.total_weight, rows) - rows  # N - df
    return int(np.argmin(squares / np.maximum(left, np.finfo(float).tiny) ** 2))


def adapted(problem: Problem, gamma: float) -> Problem:
    """The problem with adaptive weights, times those it has; they leave the L2 part alone."""
    size = np.abs(first_estimate(problem))
    u = np.ones(len(size)) if problem.penalty_weights is None else problem.penalty_weights
    v = np.ones(len(size)) if problem.l2_weights is None else problem.l2_weights
    top = size.max(initial=0.0)
    if top > 0:
        with np.errstate(divide="ignore", over="ignore"):
            factor = (top / size) ** gamma
        u = np.where(u == 0, 0.0, u * factor)
    return replace(problem, penalty_weights=u, l2_weights=v)


# --- refits ---------------------------------------------------------------------------------------------------------------


def kept_features(problem: Problem, used: Array) -> Array:
    """Features of a refit: those used, and those without a penalty; ascending."""
    if problem.penalty_weights is None:
        return np.sort(used)
    return np.union1d(used, np.flatnonzero(problem.penalty_weights == 0))


def without_others(problem: Problem, kept: Array) -> Problem:
    """The problem with all other features left out."""
    p = problem.X.shape[1]
    u = np.full(p, np.inf)
    u[kept] = 1.0 if problem.penalty_weights is None else problem.penalty_weights[kept]
    v = np.ones(p) if problem.l2_weights is None else problem.l2_weights
    return replace(problem, penalty_weights=u, l2_weights=v)


def _part(problem: Problem, kept: Array) -> Problem:
    """The same with the columns themselves left out."""

    def of(values: Array | None) -> Array | None:
        return None if values is None else values[kept]

    return replace(
        problem,
        X=np.asfortranarray(_fit.columns(problem.X, kept)),
        penalty_weights=of(problem.penalty_weights),
        l2_weights=of(problem.l2_weights),
        lower=of(problem.lower),
        upper=of(problem.upper),
    )


def refitted(
    problem: Problem, path: PathArrays, relax: tuple[float, ...], control: Control
) -> list[PathArrays]:
    """The path with the features of each solution fitted again, for every share of the penalty; 1 is the path itself."""
    shares = sorted({share for share in relax if share < 1}, reverse=True)
    rows: dict[float, list[tuple[PathArrays, int, Array]]] = {share: [] for share in shares}
    for k, alpha in enumerate(path.alphas):
        kept = kept_features(problem, path.indices[path.indptr[k] : path.indptr[k + 1]])
        if not len(kept) or not shares:
            own, at = path, [k] * len(shares)  # nothing to fit again
            everything = np.arange(problem.X.shape[1])
        else:
            own = solve_grid(_part(problem, kept), alpha * np.array(shares), control)
            at, everything = list(range(len(shares))), kept
        for share, i in zip(shares, at):
            rows[share].append((own, min(i, len(own.alphas) - 1), everything))
    stacked = {share: _stacked(path, parts) for share, parts in rows.items()}
    return [stacked.get(share, path) for share in relax]


def _stacked(path: PathArrays, parts: list[tuple[PathArrays, int, Array]]) -> PathArrays:
    """A path of solutions from several."""
    cuts = [slice(own.indptr[i], own.indptr[i + 1]) for own, i, _ in parts]
    sizes = [cut.stop - cut.start for cut in cuts]

    def values(name: str) -> Array:
        return np.array([getattr(own, name)[i] for own, i, _ in parts])

    return replace(
        path,
        indptr=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        indices=np.concatenate(
            [kept[own.indices[cut]] for (own, _, kept), cut in zip(parts, cuts)]
        ).astype(np.int32),
        data=np.concatenate([own.data[cut] for (own, _, _), cut in zip(parts, cuts)]),
        intercepts=values("intercepts"),
        primal=values("primal"),
        dual=values("dual"),
        gap=values("gap"),
        rel_gap=values("rel_gap"),
        kkt_max=values("kkt_max"),
        status=values("status"),
        n_iter=values("n_iter"),
        dev_ratio=values("dev_ratio"),
    )


# --- folds ----------------------------------------------------------------------------------------------------------------


def run(
    problem: Problem,
    splits: list[Split],
    ratios: list[float],
    grid: int | Array,
    control: Control,
    recipe: Recipe,
    *,
    keep_predictions: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[FoldPaths]:
    """As `_folds.run`: for every l1_ratio a result for each share of the penalty."""
    require_squares(problem, ratios)
    s = np.ones(problem.X.shape[0]) if problem.sample_weight is None else problem.sample_weight
    results = []
    for ratio in ratios:
        one = replace(problem, l1_ratio=ratio)
        problems = [one]
        problems += [
            replace(one, sample_weight=s * np.bincount(train, minlength=len(s)))
            for train, _ in splits
        ]
        if recipe.adaptive is None:
            [first] = _folds.run(one, splits, [ratio], grid, control, progress=progress)
            paths = [first.whole, *map(spread, first.folds)]
        else:
            gamma = recipe.adaptive
            problems = [adapted(part, gamma) for part in problems]
            whole = solve_grid(problems[0], grid, control)
            paths = [whole, *(solve_grid(part, whole.alphas, control) for part in problems[1:])]
        refits = [
            refitted(part, path, recipe.relax, control) for part, path in zip(problems, paths)
        ]
        for j, share in enumerate(recipe.relax):
            result = FoldPaths(ratio, paths[0].alphas, refits[0][j], [], [], [])
            result.relax, result.base = share, (problems[0], paths[0])
            for (_, test), fits in zip(splits, refits[1:]):
                result.add(problem, fits[j], test, s[test], keep_predictions)
            results.append(result)
    return results
