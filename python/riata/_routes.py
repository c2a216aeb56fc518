"""Which solver takes a grid of penalties: the direct method for squares alone, the core for everything else."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _annealing, _fit, _ridge
from . import _validation as check
from ._fit import Callback, Certificate, PathArrays, TaskArrays
from ._grid import ridge_grid
from ._least_norm import least_norm
from ._problem import Array, Problem

TINY = 1e-3  # seconds: what a part of a path gets at least

TIGHT = 1e-6  # relative gap that scikit-learn's looser tolerances are tightened to, since it costs next to nothing
ROUNDING = 1e-12  # relative gap that stands for tol = 0


def relative_tolerance(tol: float) -> float:
    """scikit-learn's tol as a relative gap: it bounds the gap by tol * |y|^2 / n, of which the null objective is half."""
    return max(2.0 * tol, ROUNDING)


@dataclass(slots=True)
class Control:
    """When to stop."""

    eps: float = 0.0
    tol: float = 1e-6
    max_iter: int = _fit.MAX_ITER
    max_features: int = 0
    early_stop: bool = False
    time_limit: float = math.inf
    memory_limit: int = 0
    callback: Callback | None = None


def check_control(
    eps: Any, tol: Any, max_iter: Any, time_limit: Any, memory_limit: Any, **more: Any
) -> Control:
    """The limits of a path as its callers give them, checked; None for none."""
    return Control(
        eps=0.0 if eps is None else check.real(eps, "eps", 0.0, 1.0, open_low=True, open_high=True),
        tol=check.positive(tol, "tol"),
        max_iter=_systems(max_iter),
        time_limit=_seconds(time_limit),
        memory_limit=0 if memory_limit is None else check.integer(memory_limit, "memory_limit", 1),
        **more,
    )


def scikit_learn_control(eps: Any, tol: Any, max_iter: Any, time_limit: Any = None) -> Control:
    """The same on scikit-learn's scale of tol, which is tightened."""
    return Control(
        eps=check.real(eps, "eps", 0.0, 1.0, open_low=True),
        tol=min(relative_tolerance(check.nonnegative(tol, "tol")), TIGHT),
        max_iter=_systems(max_iter),
        time_limit=_seconds(time_limit),
    )


def _systems(max_iter: Any) -> int:
    return _fit.MAX_ITER if max_iter is None else check.integer(max_iter, "max_iter", 1)


def _seconds(time_limit: Any) -> float:
    return math.inf if time_limit is None else check.positive(time_limit, "time_limit")


def solve_grid(problem: Problem, grid: int | Array, control: Control) -> PathArrays:
    """Choose the route: direct for ridge and for alpha = 0, the core for everything else."""
    if problem.family == "multi-gaussian":
        return solve_task_grid(problem, grid, control)
    if problem.family != "gaussian":
        return solve_smooth_grid(problem, grid, control)[0]
    if isinstance(grid, int):
        if problem.l1_ratio > 0:
            return _solve_core(problem, None, control, grid)
        grid = ridge_grid(problem, grid, control.eps)
    if problem.l1_ratio == 0 and not problem.is_bounded:
        return _solve_direct(problem, grid, control)
    if grid[-1] > 0:
        return _solve_core(problem, grid, control)
    positive = grid[grid > 0]
    solve_zeros = _solve_free_squares if problem.is_bounded else _solve_direct
    if len(positive) == 0:
        return solve_zeros(problem, grid, control)
    head = _solve_core(problem, positive, control)
    if head.stop != "completed":
        return head
    return joined(head, solve_zeros(problem, grid[len(positive) :], control, len(positive)))


def _solve_core(
    problem: Problem, alphas: Array | None, control: Control, n_alphas: int = 0
) -> PathArrays:
    return _solve_targets(problem, alphas, control, n_alphas)[0]


def _solve_free_squares(
    problem: Problem, zeros: Array, control: Control, first: int = 0
) -> PathArrays:
    """Least squares under bounds: the core without penalty weights, to which any alpha is the same."""
    report = control.callback

    def callback(k: int, alpha: float, *rest: Any) -> Any:
        return report is not None and report(first + k, 0.0, *rest)

    own = control if report is None else replace(control, callback=callback)
    path = _solve_core(unpenalised(problem), np.ones(len(zeros)), own)
    return replace(path, alphas=np.zeros(len(path.alphas)), alpha_max=math.inf)


def _solve_targets(
    problem: Problem, alphas: Array | None, control: Control, n_alphas: int = 0
) -> list[PathArrays]:
    return _annealing.solve_path(
        problem,
        alphas,
        n_alphas=n_alphas or 1,
        eps=control.eps,
        tol=control.tol,
        max_iter=control.max_iter,
        max_features=control.max_features,
        early_stop=control.early_stop,
        time_limit=control.time_limit,
        memory_limit=control.memory_limit,
        callback=control.callback,
    )


def solve_smooth_grid(problem: Problem, grid: int | Array, control: Control) -> list[PathArrays]:
    """Any other loss than squares, a path for every class of a multinomial one: the core; without a penalty the core without
    penalty weights, of whose solutions that of least norm is taken.
    """
    if isinstance(grid, int):
        if problem.l1_ratio > 0:
            return _solve_targets(problem, None, control, grid)
        grid = ridge_grid(problem, grid, control.eps)
    positive = grid[grid > 0]
    heads = _solve_targets(problem, positive, control) if len(positive) else []
    if len(positive) == len(grid) or (heads and heads[0].stop != "completed"):
        return heads
    spent = heads[0].seconds[-1] if heads else 0.0
    left = replace(control, time_limit=max(control.time_limit - spent, TINY))
    tails = _solve_unpenalised(problem, len(positive), left)
    return [joined(head, tail) for head, tail in zip(heads, tails, strict=True)] if heads else tails


def _solve_unpenalised(problem: Problem, k: int, control: Control) -> list[PathArrays]:
    """The solution without a penalty, a path of one for every class, which is the k-th of its grid."""
    free = unpenalised(problem)
    quiet = replace(control, callback=None, max_features=0)
    paths = _solve_targets(free, np.ones(1), quiet)
    p = problem.X.shape[1]
    coefs = np.column_stack([path.coefficients(0, p) for path in paths])
    better = least_norm(problem, coefs, np.array([path.intercepts[0] for path in paths]))
    for t, path in enumerate(paths):
        if better is not None:
            _replace_solution(free, path, better[0][:, t], float(better[1][t]), control.tol)
        path.alphas = np.zeros(1)
    first = paths[0]
    df = max(len(path.data) for path in paths)
    if control.callback is not None and control.callback(
        k, 0.0, float(first.rel_gap[0]), df, float(first.dev_ratio[0])
    ):
        stop = "callback"
    elif control.max_features and df > control.max_features:
        stop = "max_features"
    else:
        stop = first.stop
    for path in paths:
        path.stop = stop
    return paths


def _replace_solution(
    problem: Problem, path: PathArrays, coef: Array, intercept: float, tol: float
) -> None:
    """Put other coefficients with the same margins in the place of the path's only solution, with their own certificate."""
    if len(path.alphas) != 1:
        return
    if problem.family != "multinomial":
        judged = _fit.certify(problem, coef, intercept, 1.0, tol)
        if not judged.rel_gap <= max(tol, float(path.rel_gap[0])):
            return
        for name in ("primal", "dual", "gap", "rel_gap", "kkt_max"):
            setattr(path, name, np.array([getattr(judged, name)]))
        path.status = np.array([not judged.converged], dtype=np.uint8)
    path.indices = np.flatnonzero(coef).astype(np.int32)
    path.data = coef[path.indices]
    path.indptr = np.array([0, len(path.data)], dtype=np.int64)
    path.intercepts = np.array([intercept])


def solve_task_grid(problem: Problem, grid: int | Array, control: Control) -> TaskArrays:
    """Several tasks: the core for rows of coefficients, task by task where there is nothing but squares."""
    if isinstance(grid, int):
        if problem.l1_ratio > 0:
            return _fit.join_tasks(_solve_targets(problem, None, control, grid))
        grid = ridge_grid(problem, grid, control.eps)
    squares = grid if problem.l1_ratio == 0 else grid[grid == 0]
    if len(squares) == 0:
        return _fit.join_tasks(_solve_targets(problem, grid, control))
    rows = grid[: len(grid) - len(squares)]
    if len(rows) == 0:
        return _fit.join_tasks(_solve_tasks_apart(problem, squares, control, 0))
    heads = _solve_targets(problem, rows, control)
    if heads[0].stop != "completed":
        return _fit.join_tasks(heads)
    tails = _solve_tasks_apart(problem, squares, control, len(rows))
    return _fit.join_tasks([joined(head, tail) for head, tail in zip(heads, tails, strict=True)])


def _solve_tasks_apart(
    problem: Problem, grid: Array, control: Control, first: int
) -> list[PathArrays]:
    """Ridge and least squares, in which tasks do not meet, with certificates of all tasks together."""
    quiet = replace(control, callback=None, max_features=0)
    columns = [np.ascontiguousarray(y) for y in problem.y.T]
    paths = [_solve_direct(replace(problem, y=y, family="gaussian"), grid, quiet) for y in columns]
    k = min(len(path.alphas) for path in paths)

    def total(name: str) -> Array:
        return np.sum([getattr(path, name)[:k] for path in paths], axis=0)

    null = sum(path.null_objective for path in paths)
    gap, primal, dual = total("gap"), total("primal"), total("dual")
    loss = np.sum([(1 - path.dev_ratio[:k]) * path.null_objective for path in paths], axis=0)
    unsound = np.any([np.isinf(path.rel_gap[:k]) for path in paths], axis=0)
    rel_gap = np.where(unsound, math.inf, _fit.relative_gap(gap, null))
    dev_ratio = 1 - loss / null if null > 0 else np.zeros(k)
    df = np.max([np.diff(path.indptr)[:k] for path in paths], axis=0)
    stop = paths[0].stop
    for i in range(k):
        if control.callback is not None and control.callback(
            first + i, float(grid[i]), float(rel_gap[i]), int(df[i]), float(dev_ratio[i])
        ):
            k, stop = i + 1, "callback"
            break
    return [
        replace(
            path,
            **{name: getattr(path, name)[:k] for name in ("alphas", "intercepts", "n_iter")},
            indptr=path.indptr[: k + 1],
            indices=path.indices[: path.indptr[k]],
            data=path.data[: path.indptr[k]],
            primal=primal[:k],
            dual=dual[:k],
            gap=gap[:k],
            rel_gap=rel_gap[:k],
            kkt_max=np.linalg.norm([path.kkt_max[:k] for path in paths], axis=0),
            status=(rel_gap[:k] > control.tol).astype(np.uint8),
            dev_ratio=dev_ratio[:k],
            seconds=np.full(k, sum(path.seconds[-1] for path in paths)),
            n_passes=sum(path.n_passes for path in paths),
            null_objective=null,
            stop=stop,
        )
        for path in paths
    ]


def unpenalised(problem: Problem) -> Problem:
    """The same problem with all penalty weights zero, but for features that are left out."""
    out = np.zeros(problem.X.shape[1])
    for weights in (problem.penalty_weights, problem.l2_weights):
        if weights is not None:
            out[np.isinf(weights)] = math.inf
    return replace(problem, penalty_weights=out, l2_weights=out, l1_ratio=1.0, grouped=False)


def _solve_direct(problem: Problem, grid: Array, control: Control, first: int = 0) -> PathArrays:
    """Ridge for all penalties of a grid from one factorisation; least squares of minimum norm for zeros at its end."""
    start = time.perf_counter()
    answers = []
    for part in (grid[grid > 0], grid[grid == 0]):
        if len(part):
            targets = np.zeros(len(part), dtype=np.intp)
            answers.append(_ridge.solve(problem, part, targets, max_iter=control.max_iter))
    certificates: list[Certificate] = []
    stop = "completed"
    for answer in answers:
        for m in range(len(answer.intercept)):
            k = len(certificates)
            certificate = _ridge.certify(problem, answer, m, float(grid[k]), control.tol)
            certificates.append(certificate)
            null = certificate.null_objective
            explained = 1 - float(answer.loss[m]) / null if null > 0 else 0.0
            df = int(np.count_nonzero(answer.coef[:, m]))
            if control.callback is not None and control.callback(
                first + k, certificate.alpha, certificate.rel_gap, df, explained
            ):
                stop = "callback"
            elif control.max_features and df > control.max_features:
                stop = "max_features"
            elif time.perf_counter() - start > control.time_limit:
                stop = "time_limit"
            if stop != "completed":
                break
        if stop != "completed":
            break
    k = len(certificates)
    coef = np.column_stack([answer.coef for answer in answers])[:, :k]
    losses = np.concatenate([answer.loss for answer in answers])[:k]
    null = certificates[0].null_objective
    rows, columns = np.nonzero(coef.T)
    return PathArrays(
        alphas=grid[:k],
        indptr=np.searchsorted(rows, np.arange(k + 1)).astype(np.int64),
        indices=columns.astype(np.int32),
        data=np.ascontiguousarray(coef.T[rows, columns]),
        intercepts=np.concatenate([answer.intercept for answer in answers])[:k],
        primal=np.array([c.primal for c in certificates]),
        dual=np.array([c.dual for c in certificates]),
        gap=np.array([c.gap for c in certificates]),
        rel_gap=np.array([c.rel_gap for c in certificates]),
        kkt_max=np.array([c.kkt_max for c in certificates]),
        status=np.array([not c.converged for c in certificates], dtype=np.uint8),
        n_iter=np.concatenate([np.full(len(a.intercept), a.n_solves) for a in answers])[:k],
        dev_ratio=1 - losses / null if null > 0 else np.zeros(k),
        seconds=np.full(k, time.perf_counter() - start),
        n_passes=sum(2 * a.n_solves + 1 for a in answers) + 2 * k,
        null_objective=null,
        alpha_max=math.inf,
        stop=stop,
    )


def joined(head: PathArrays, tail: PathArrays) -> PathArrays:
    """Two parts of one path."""

    def both(name: str) -> Array:
        return np.concatenate([getattr(head, name), getattr(tail, name)])

    return PathArrays(
        **{
            name: both(name)
            for name in ("alphas", "indices", "data", "intercepts", "primal", "dual", "gap")
        },
        **{name: both(name) for name in ("rel_gap", "kkt_max", "status", "n_iter", "dev_ratio")},
        indptr=np.concatenate([head.indptr, head.indptr[-1] + tail.indptr[1:]]),
        seconds=np.concatenate([head.seconds, head.seconds[-1] + tail.seconds]),
        n_passes=head.n_passes + tail.n_passes,
        null_objective=head.null_objective,
        alpha_max=head.alpha_max,
        stop=tail.stop,
    )
