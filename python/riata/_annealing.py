"""Fits whose offsets saturate every probability, by way of smoother problems.

With offsets of thousands the logistic loss is all but piecewise linear, and Newton's method finds no curvature to go by. At a
temperature T the loss T log(1 + exp(-y eta / T)) is smooth at the scale of the offsets. With w = T v that is the plain loss of v at
the offsets over T, with the same L1 penalty, T times the L2 penalty and the bounds over T: the core solves it, and each temperature
starts from the solution of the one before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from . import _fit
from ._fit import PathArrays
from ._problem import Array, Problem

SMOOTH = 8.0  # largest offset, in units of the temperature, that Newton's method begins with
FACTOR = 2.0  # from one temperature to the next
FIRST = (
    2000  # linear systems per solution after which the plain way is left, where there is this one
)
ROUGH = 1e-5  # relative gap at which a temperature above 1 is left
PER_SOLUTION = (
    "intercepts",
    "primal",
    "dual",
    "gap",
    "rel_gap",
    "kkt_max",
    "status",
    "n_iter",
    "dev_ratio",
)


def solve_path(problem: Problem, alphas: Array | None, **options: Any) -> list[PathArrays]:
    """As `_fit.solve_path`, but that solutions with large offsets that were not certified are solved once more."""
    if problem.family != "binomial" or problem.offset is None:
        return _fit.solve_path(problem, alphas, **options)
    tol, highest = options.get("tol", 1e-6), _first_temperature(problem)
    if highest == 1:
        return _fit.solve_path(problem, alphas, **options)
    few = min(options.get("max_iter", _fit.MAX_ITER), FIRST)
    path = _fit.solve_path(problem, alphas, **{**options, "max_iter": few})[0]
    for k in np.flatnonzero(path.rel_gap > tol):
        again = _cooled(problem, float(path.alphas[k]), highest, tol, options)
        if again.rel_gap[-1] < path.rel_gap[k]:
            path = _with_solution(path, int(k), again)
    return [path]


def _first_temperature(problem: Problem) -> float:
    assert problem.offset is not None
    largest = float(np.abs(problem.offset).max())
    return FACTOR ** max(0.0, np.ceil(np.log(max(largest / SMOOTH, 1.0)) / np.log(FACTOR)))


def _cooled(
    problem: Problem, alpha: float, highest: float, tol: float, options: dict[str, Any]
) -> PathArrays:
    """One alpha, from the highest temperature down to 1."""
    T, start = highest, None
    max_iter = options.get("max_iter", _fit.MAX_ITER)
    while True:
        path = _fit.solve_path(
            at_temperature(problem, T),
            np.array([alpha]),
            tol=tol if T == 1 else max(tol, ROUGH),
            max_iter=max_iter,
            single=True,
            start=start,
        )[0]
        if T == 1:
            return path
        T /= FACTOR
        coefs = path.coefficients(0, problem.X.shape[1])
        start = FACTOR * coefs[None], FACTOR * path.intercepts


def at_temperature(problem: Problem, T: float) -> Problem:
    """The plain problem of v = w / T."""
    v = np.ones(problem.X.shape[1]) if problem.l2_weights is None else problem.l2_weights
    return replace(
        problem,
        offset=None if problem.offset is None else problem.offset / T,
        l2_weights=v * T if problem.l1_ratio < 1 else problem.l2_weights,
        lower=None if problem.lower is None else problem.lower / T,
        upper=None if problem.upper is None else problem.upper / T,
    )


def _with_solution(path: PathArrays, k: int, other: PathArrays) -> PathArrays:
    """The path with the only solution of another one in the place of its k-th."""
    first, last = path.indptr[k], path.indptr[k + 1]
    changed: dict[str, Any] = {"n_passes": path.n_passes + other.n_passes}
    for name in PER_SOLUTION:
        changed[name] = getattr(path, name).copy()
        changed[name][k] = getattr(other, name)[-1]
    for name in ("indices", "data"):
        parts = getattr(path, name)
        changed[name] = np.concatenate([parts[:first], getattr(other, name), parts[last:]])
    changed["indptr"] = path.indptr.copy()
    changed["indptr"][k + 1 :] += len(other.data) - (last - first)
    changed["seconds"] = path.seconds + np.where(
        np.arange(len(path.seconds)) >= k, other.seconds[-1], 0.0
    )
    return replace(path, **changed)
