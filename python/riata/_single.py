"""One penalty, one or several targets: what an estimator's fit asks for."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from . import _fit, _ridge
from ._fit import Certificate
from ._grams import Grams
from ._handed_out import in_dtype
from ._problem import Array, Problem
from ._routes import TIGHT, Control, solve_task_grid, unpenalised


@dataclass(slots=True)
class Fits:
    """One fit per target: coef (p, t), intercepts (t,), certificates, linear systems solved, the route taken."""

    coef: Array
    intercepts: Array
    certificates: list[Certificate]
    n_iter: list[int]
    route: str

    @property
    def worst(self) -> Certificate:
        """The certificate with the largest gap."""
        return max(self.certificates, key=lambda certificate: certificate.rel_gap)

    def in_dtype(self, problem: Problem) -> Fits:
        """The same in the dtype of X, as far as that can hold them."""
        coef, intercepts, certificates = in_dtype(
            problem, self.coef.T, self.intercepts, self.certificates
        )
        return Fits(coef.T, intercepts, certificates, self.n_iter, self.route)


def fit_targets(
    problem: Problem,
    alphas: list[float],
    tol: float,
    max_iter: int,
    route: str = "auto",
    grams: Grams | None = None,
) -> Fits:
    """Fit each target t with penalty alphas[t] (riata's scale); all penalties zero or none.

    `tol` is the relative gap that the certificates are judged by; the solver aims at least at TIGHT.
    """
    if _ridge.applies(problem, alphas[0]):
        return _fit_directly(problem, alphas, tol, max_iter, route, grams)
    p = problem.X.shape[1]
    aim = min(tol, TIGHT)
    is_free = alphas[0] == 0.0  # under bounds
    if is_free:  # any penalty is none
        problem, alphas = unpenalised(problem), [1.0] * len(alphas)
    if alphas.count(alphas[0]) == len(alphas):
        grid = np.array(alphas[:1])
        paths = _fit.solve_path(problem, grid, tol=aim, max_iter=max_iter, single=True, enough=tol)
    else:
        paths = []
        for t, alpha in enumerate(alphas):
            one = replace(problem, y=np.ascontiguousarray(problem.y[:, t]))
            paths += _fit.solve_path(
                one, np.array([alpha]), tol=aim, max_iter=max_iter, single=True, enough=tol
            )
    coef = np.zeros((p, len(paths)), order="F")
    for t, solved in enumerate(paths):
        coef[solved.indices, t] = solved.data
        if is_free:
            solved.alphas = np.zeros(1)
    return Fits(
        coef,
        np.array([solved.intercepts[-1] for solved in paths]),
        [solved.certificate(len(solved.alphas) - 1, tol) for solved in paths],
        [max(1, int(solved.n_iter[-1])) for solved in paths],
        "active_set",
    )


def fit_tasks(problem: Problem, alpha: float, tol: float, max_iter: int) -> Fits:
    """Fit all tasks together; the certificate is theirs, one for all."""
    grid, aim = np.array([alpha]), min(tol, TIGHT)
    if _ridge.applies(problem, alpha):
        control = Control(tol=aim, max_iter=max_iter)
        paths = solve_task_grid(problem, grid, control).tasks
    else:
        paths = _fit.solve_path(problem, grid, tol=aim, max_iter=max_iter, single=True)
    coef = np.column_stack([path.coefficients(0, problem.X.shape[1]) for path in paths])
    return Fits(
        coef,
        np.array([path.intercepts[-1] for path in paths]),
        [paths[0].certificate(0, tol)],
        [max(1, int(paths[0].n_iter[-1]))],
        "rows",
    )


def _fit_directly(
    problem: Problem,
    alphas: list[float],
    tol: float,
    max_iter: int,
    route: str,
    grams: Grams | None,
) -> Fits:
    start = time.perf_counter()
    t = len(alphas)
    answer = _ridge.solve(problem, np.array(alphas), np.arange(t), route, max_iter, grams, tol)
    certificates = []
    for k, alpha in enumerate(alphas):
        one = (
            problem
            if problem.y.ndim == 1
            else replace(problem, y=np.ascontiguousarray(problem.y[:, k]))
        )
        certificates.append(_ridge.certify(one, answer, k, alpha, tol))
    seconds = time.perf_counter() - start
    passes = 2.0 * answer.n_solves + 1
    return Fits(
        answer.coef,
        np.asarray(answer.intercept),
        [replace(c, seconds=seconds, n_passes=passes) for c in certificates],
        [answer.n_solves] * t,
        answer.route,
    )
