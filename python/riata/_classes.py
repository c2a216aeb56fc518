"""One penalty, two or more classes: what a classifier's fit asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _fit, _wide
from . import _validation as check
from ._fit import Certificate, PathArrays
from ._problem import Array, Problem
from ._routes import unpenalised
from .exceptions import warn_not_converged

SYSTEMS = 1000  # linear systems that scikit-learn's one iteration stands for
LEAST = 1e-12  # relative gap below which rounding rules


def gap_tolerance(tol: float) -> float:
    """The relative gap for scikit-learn's tol: the gap is quadratic in the gradient that tol bounds there."""
    return min(max(tol * tol, LEAST), 1e-6)


def stopping_rule(tol: Any, max_iter: Any) -> tuple[float, int]:
    """Relative gap and linear systems for an estimator's tol and max_iter, checked."""
    return (
        gap_tolerance(check.nonnegative(tol, "tol")),
        SYSTEMS * check.integer(max_iter, "max_iter", 1),
    )


def warn_of_gap(certificate: Certificate, tol: float, max_iter: int, penalty: str) -> None:
    """Warn, from an estimator's fit, of a gap above tol; `penalty` is what makes the problem easier."""
    if not certificate.converged:
        warn_not_converged(
            f"The relative duality gap is {certificate.rel_gap:.2g}, above {tol:.2g} (the square of tol, at most 1e-6). Raise "
            f"max_iter (now {max_iter}), tol or {penalty}; certificate_ holds the gap of this fit.",
            stacklevel=3,
        )


@dataclass(slots=True)
class ClassFit:
    """Coefficients of shape (rows, p) with one row for two classes, intercepts, the certificate, linear systems solved."""

    coef: Array
    intercepts: Array
    certificate: Certificate
    n_iter: int


def fit_classes(problem: Problem, alpha: float, tol: float, max_iter: int) -> ClassFit:
    """Fit a binomial, multinomial or Poisson problem with penalty alpha (riata's scale), to the relative gap tol."""
    if alpha > 0 and _wide.applies(problem):
        return _fit_wide(problem, alpha, tol, max_iter)
    if alpha == 0:
        fit = _solve(unpenalised(problem), 1.0, tol, max_iter)
        fit.certificate = replace(fit.certificate, alpha=0.0)
        return fit
    return _solve(problem, alpha, tol, max_iter)


def _solve(problem: Problem, alpha: float, tol: float, max_iter: int) -> ClassFit:
    paths = _fit.solve_path(problem, np.array([alpha]), tol=tol, max_iter=max_iter, single=True)
    coef = np.array([path.coefficients(len(path.alphas) - 1, problem.X.shape[1]) for path in paths])
    last: PathArrays = paths[0]
    k = len(last.alphas) - 1
    return ClassFit(
        coef,
        np.array([path.intercepts[-1] for path in paths]),
        last.certificate(k, tol),
        max(1, int(last.n_iter[k])),
    )


def _fit_wide(problem: Problem, alpha: float, tol: float, max_iter: int) -> ClassFit:
    reduced = _wide.reduce(problem)
    fit = _solve(reduced.small, alpha, tol, max_iter)
    W = reduced.coefficients(fit.coef.T)
    intercepts = reduced.intercepts(W, fit.intercepts)
    certificate = fit.certificate
    if problem.family != "multinomial":
        judged = _fit.certify(problem, W[:, 0], float(intercepts[0]), alpha, tol)
        certificate = replace(judged, seconds=certificate.seconds, n_passes=2.0)
    return ClassFit(np.ascontiguousarray(W.T), intercepts, certificate, fit.n_iter)
