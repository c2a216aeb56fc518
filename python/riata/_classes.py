"""One penalty, two or more classes: what a classifier's fit asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _annealing, _blas, _fit, _one_class, _wide
from . import _validation as check
from ._class_certificate import certify_classes
from ._fit import Certificate, PathArrays
from ._handed_out import in_dtype
from ._least_norm import least_norm
from ._problem import SMALL, Array, Problem
from ._routes import unpenalised
from .exceptions import warn_not_converged

SYSTEMS = 1000  # linear systems that scikit-learn's one iteration stands for
LEAST = 1e-12  # relative gap from which on a certificate counts, however little was asked for
ROUNDING = 1e-15  # as near to the answer as rounding lets one get where the gap is of first order,
FINEST = 1e-26  # and where it is of second order: it stands for a gradient of 1e-13;
FINE = 1e-22  # what small problems get of that unasked
LOOSEST = 1e-3  # relative gap that counts as an answer, however little is asked for,
LOOSEST_AIM = 1e-6  # and that Newton's method goes on to
JOINT = 2e7  # multiplications of a Newton step for all classes together that are next to none
SAMPLED = 2_000_000  # entries of X from which on a sample of the rows is fitted first,
ROWS_PER_FEATURE = 100  # with so many rows for every feature,
LONGEST_STRIDE = 16  # every so many rows at most,
SAMPLE_TOL = 1e-4  # to this relative gap


@dataclass(frozen=True, slots=True)
class Goal:
    """What a tol asks for: certificates are judged by the relative gap `gap`, and no gradient is to be above `gradient`.

    Steps that go by first derivatives stop there. Newton's go on to `aim`: the gap is quadratic in the gradient.
    """

    gap: float
    gradient: float
    aim: float

    @classmethod
    def of(cls, tol: float) -> Goal:
        """For scikit-learn's tol, which bounds the gradient."""
        aim = min(max(tol * tol, FINEST), LOOSEST_AIM)
        return cls(min(max(tol, LEAST), LOOSEST), tol, aim)


def stopping_rule(tol: Any, max_iter: Any) -> tuple[Goal, int]:
    """What to go for and linear systems for an estimator's tol and max_iter, checked."""
    return (
        Goal.of(check.nonnegative(tol, "tol")),
        SYSTEMS * check.integer(max_iter, "max_iter", 0),
    )


def warn_of_gap(certificate: Certificate, max_iter: int, penalty: str, stacklevel: int = 3) -> None:
    """Warn, from an estimator's fit, of a gap above its tol; `penalty` is what makes the problem easier."""
    if not certificate.converged:
        warn_not_converged(
            f"The relative duality gap is {certificate.rel_gap:.2g}, above {certificate.tol:.2g}. Raise "
            f"max_iter (now {max_iter}), tol or {penalty}; certificate_ holds the gap of this fit.",
            stacklevel=stacklevel,
        )


@dataclass(slots=True)
class ClassFit:
    """Coefficients of shape (rows, p) with one row for two classes, intercepts, the certificate, linear systems solved."""

    coef: Array
    intercepts: Array
    certificate: Certificate
    n_iter: int

    def in_dtype(self, problem: Problem) -> ClassFit:
        """The same in the dtype of X, as far as that can hold it."""
        coef, intercepts, [certificate] = in_dtype(
            problem, self.coef, self.intercepts, [self.certificate]
        )
        return ClassFit(coef, intercepts, certificate, self.n_iter)


Start = tuple[Array, Array]  # coefficients of shape (rows, p) and intercepts


def earlier_fit(estimator: Any, problem: Problem) -> Start | None:
    """Where a fit with `warm_start` begins: at the coefficients of the last one, if those have the problem's shape."""
    if not check.flag(estimator.warm_start, "warm_start") or not hasattr(estimator, "coef_"):
        return None
    rows = 1
    if problem.family == "multinomial" and problem.classes is not None:
        rows = len(problem.classes)
    coef = estimator.coef_
    if coef is None:
        return None
    coef = np.atleast_2d(coef.toarray() if hasattr(coef, "toarray") else coef)
    intercepts = np.ravel(estimator.intercept_)
    if coef.shape != (rows, problem.X.shape[1]) or intercepts.shape != (rows,):
        return None
    if not (np.isfinite(coef).all() and np.isfinite(intercepts).all()):
        return None
    return np.ascontiguousarray(coef, dtype=np.float64), intercepts.astype(np.float64)


def fit_classes(
    problem: Problem, alpha: float, goal: Goal, max_iter: int, start: Start | None = None
) -> ClassFit:
    """Fit a binomial, multinomial or Poisson problem with penalty alpha (riata's scale).

    A start that does not end there is dropped: it never costs the certificate.
    """
    if problem.sample_weight is not None and not problem.is_bounded:
        only = _one_class.only_class(problem)
        if only is not None:
            b = _one_class.intercepts(problem, only)
            coef = np.zeros((len(b), problem.X.shape[1]))
            return ClassFit(coef, b, _one_class.certify(problem, alpha, goal.gap), 0)
    if max_iter == 0 and not problem.is_bounded:
        return _unmoved(problem, alpha, goal.gap)
    if start is not None:
        fit = _fit_from(problem, alpha, goal, max_iter, start)
        if fit.certificate.converged:
            return fit
    return _fit_from(problem, alpha, goal, max_iter, None)


def _unmoved(problem: Problem, alpha: float, tol: float) -> ClassFit:
    """Coefficients and intercepts of zero. Their certificate has the dual point of the model that has intercepts only."""
    penalised, unit = (problem, alpha) if alpha > 0 else (unpenalised(problem), 1.0)
    paths = _fit.solve_path(penalised, np.array([unit]), tol=tol, max_iter=0, single=True)
    p = problem.X.shape[1]
    coef, intercepts = np.zeros((len(paths), p)), np.zeros(len(paths))
    if problem.family == "multinomial":
        known = paths[0].certificate(0, tol)
        primal = math.log(len(paths))
        certificate = _fit.make_certificate(
            alpha, primal, known.dual, math.inf, known.null_objective, tol
        )
    else:
        certificate = replace(_fit.certify(penalised, coef[0], 0.0, unit, tol), alpha=alpha)
    return ClassFit(coef, intercepts, certificate, 0)


def _fit_from(
    problem: Problem, alpha: float, goal: Goal, max_iter: int, start: Start | None
) -> ClassFit:
    if alpha > 0 and _wide.applies(problem):
        # Quasi-Newton steps need no n x n matrix, and are mostly enough.
        if problem.family != "multinomial" or not _is_small(problem):
            fit = _solve(problem, alpha, goal, max_iter, start)
            if fit.certificate.converged:
                return fit
        return _fit_wide(problem, alpha, goal, max_iter, start)
    if alpha == 0:
        return _fit_unpenalised(problem, goal, max_iter, start)
    return _solve(problem, alpha, goal, max_iter, start)


def _fit_unpenalised(problem: Problem, goal: Goal, max_iter: int, start: Start | None) -> ClassFit:
    free = unpenalised(problem)
    fit = _solve(free, 1.0, goal, max_iter, start)
    better = least_norm(problem, fit.coef.T, fit.intercepts)
    if better is not None:
        coef, intercepts = better
        certificate = fit.certificate
        if problem.family != "multinomial":
            certificate = _fit.certify(
                free, coef[:, 0], float(intercepts[0]), 1.0, fit.certificate.tol
            )
        if certificate.rel_gap <= max(fit.certificate.tol, fit.certificate.rel_gap):
            fit = ClassFit(np.ascontiguousarray(coef.T), intercepts, certificate, fit.n_iter)
    fit.certificate = replace(fit.certificate, alpha=0.0)
    return fit


def _solve(
    problem: Problem, alpha: float, goal: Goal, max_iter: int, start: Start | None
) -> ClassFit:
    if start is None:
        start = _start_from_sample(problem, alpha, max_iter)
    small, joint = _is_small(problem), problem.family == "multinomial"
    # Small problems get to the last digits: classes that are solved in turn by steps together, once the gap is what was asked for.
    finest = 0.0 if joint else math.inf
    paths = _annealing.solve_path(
        problem,
        np.array([alpha]),
        tol=max(goal.aim, LEAST) if joint else _aim(problem, goal.aim, small),
        enough=0.0 if small else goal.gap,
        gradient=finest if small else goal.gradient / alpha,
        max_iter=max_iter,
        single=True,
        start=start,
    )
    coef = np.array([path.coefficients(len(path.alphas) - 1, problem.X.shape[1]) for path in paths])
    last: PathArrays = paths[0]
    k = len(last.alphas) - 1
    return ClassFit(
        coef,
        np.array([path.intercepts[-1] for path in paths]),
        last.certificate(k, goal.gap),
        max(1, int(last.n_iter[k])),
    )


def _is_small(problem: Problem) -> bool:
    """Whether all the accuracy there is costs next to nothing."""
    n, p = problem.X.shape
    K = 1 if problem.classes is None else len(problem.classes)
    joint = problem.family == "multinomial"
    return problem.X.size <= SMALL and not (joint and n * (p * K) ** 2 > JOINT)


def _aim(problem: Problem, tol: float, small: bool) -> float:
    """The relative gap to go for. Small problems get all the accuracy there is: a Newton step more costs nothing, and equivalent
    data the same answer. With an L1 penalty alone gaps are of first order, and of several classes differences.
    """
    u = problem.penalty_weights
    free = u is not None and not u[np.isfinite(u)].any()
    second_order = problem.family != "multinomial" and (problem.l1_ratio < 1 or free)
    unasked = FINE if second_order else ROUNDING
    finest = FINEST if second_order else ROUNDING
    return max(min(tol, unasked) if small else tol, finest)


def _start_from_sample(problem: Problem, alpha: float, max_iter: int) -> Start | None:
    """The solution for every so many rows, where the penalty has no corners and rows are plenty: it spares the first, longest
    Newton steps on all of them.
    """
    n, p = problem.X.shape
    smooth = problem.l1_ratio == 0 or (
        problem.penalty_weights is not None and not problem.penalty_weights.any()
    )
    step = min(LONGEST_STRIDE, n // (ROWS_PER_FEATURE * p))
    if not smooth or step < 2 or problem.X.size < SAMPLED or not isinstance(problem.X, np.ndarray):
        return None

    def rows(values: Array | None) -> Array | None:
        return None if values is None else np.ascontiguousarray(values[::step])

    y = problem.y[::step]
    s = problem.sample_weight
    present = y if s is None else y[s[::step] > 0]
    if len(np.unique(present)) < (2 if problem.classes is None else len(problem.classes)):
        return None
    few = replace(
        problem,
        X=np.asfortranarray(problem.X[::step]),
        y=np.ascontiguousarray(y),
        sample_weight=rows(s),
        offset=rows(problem.offset),
    )
    paths = _annealing.solve_path(
        few, np.array([alpha]), tol=SAMPLE_TOL, max_iter=max_iter, single=True
    )
    coefs = np.array([path.coefficients(0, p) for path in paths])
    return coefs, np.array([path.intercepts[0] for path in paths])


@_blas.limited
def _fit_wide(
    problem: Problem, alpha: float, goal: Goal, max_iter: int, start: Start | None
) -> ClassFit:
    reduced = _wide.reduce(problem)
    if start is not None:
        start = reduced.start(*start)
    fit = _solve(reduced.small, alpha, goal, max_iter, start)
    W = reduced.coefficients(fit.coef.T)
    intercepts = reduced.intercepts(W, fit.intercepts)
    if problem.family == "multinomial":
        judged = certify_classes(problem, W, intercepts, alpha, goal.gap)
    else:
        judged = _fit.certify(problem, W[:, 0], float(intercepts[0]), alpha, goal.gap)
    certificate = replace(judged, seconds=fit.certificate.seconds, n_passes=2.0)
    return ClassFit(np.ascontiguousarray(W.T), intercepts, certificate, fit.n_iter)
