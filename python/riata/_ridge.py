"""Ridge and least squares: one factorisation of the smaller side of X, whatever the number of penalties.

For every column m of the answer, with S the diagonal of sample weights, centred X and y, and lam = alpha * (sum of weights),

    minimise  (y - Xw)' S (y - Xw) / 2  +  lam * sum_j v_j w_j^2 / 2.

Direct routes, each followed by refinement against residuals computed from X itself, so that the squared condition number of a
Gram matrix does not show in the answer:

- features (p <= n): (X'SX + lam V) w = X'Sy;
- samples (n < p): w = V^-1 X' S^.5 c with (S^.5 X V^-1 X' S^.5 + lam I) c = S^.5 y, unpenalised columns projected out;
- svd: where refinement does not converge (nearly singular with a tiny penalty) and for lam = 0 without full rank, where it gives the
  solution of minimum norm. It works on a centred float64 copy of X.

A sparse X whose smaller side is large takes the iterative route, cg: conjugate gradients in the core, also where the svd would have to
spread out too much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _blas, _fit, _objective, _units
from ._compressed import CompressedX
from ._fit import Certificate
from ._grams import Grams
from ._linalg import (
    LeastSquares,
    ShiftedInverse,
    column_space,
    cutoff,
    is_within_range,
    norms,
    off_space,
    svd,
)
from ._problem import Array, Problem
from ._ridge_system import Direct, System

REFINEMENTS = 5
# Suboptimality relative to the null objective: below SETTLED refining further is noise, above ACCEPTED the Gram matrix is
# not trusted and the svd takes over.
SETTLED = 1e-26
ACCEPTED = 1e-15
CONFIRMED = (
    1e-9  # relative gap up to which the bound that falls out of refining is certificate enough
)
LARGEST_GRAM = 2000  # of the smaller side of a sparse X that is factorised
CG_GOAL = (
    1e-16  # relative gap that conjugate gradients go for, in a single fit the square of its tol
)
CG_GOAL_FREE = (
    1e-12  # without a penalty, where the bound falls with the gradient and not with its square
)
NEGLIGIBLE = 1e4  # times the rounding of singular values: what the root of a penalty has to be for them to be right
LARGEST_STACK = 2000  # columns of X with rows for the penalty below,
FAR_APART = 1e6  # where their norms are so many times apart
CHUNK = 16  # answers refined together: bounds the n x CHUNK residuals


def applies(problem: Problem, alpha: float) -> bool:
    """Whether a direct method solves this problem: nothing but squares in it, and no bounds."""
    return (alpha == 0.0 or problem.l1_ratio == 0.0) and not problem.is_bounded


@_blas.limited
def solve(
    problem: Problem,
    alphas: Array,
    targets: Array,
    route: str = "auto",
    max_iter: int = _fit.MAX_ITER,
    grams: Grams | None = None,
    tol: float | None = None,
) -> Direct:
    """Solve for the pairs (alphas[m], column targets[m] of y); alphas on riata's scale; all zero or none zero.

    `route` is "auto", "svd" or "cg", `max_iter` bounds the iterations of the last, which stop at a gap of `tol` squared, where that
    is given. `grams` are the problem's, where somebody else wants them too.
    """
    units, answer = _units.of_rows(problem), None
    grams = grams or Grams(problem)
    if units is None and problem.standardize:  # variances are squares, too
        units = _units.of_columns(grams.moments.norm)
    if units is None:
        system = System(problem, alphas, targets, grams)
        is_sparse = isinstance(problem.X, CompressedX)
        if route == "auto" and is_sparse and min(problem.X.shape) > LARGEST_GRAM:
            route = "cg"
        if route == "cg":
            answer = _solve_cg(system, max_iter, tol)
        elif route != "svd":
            answer = _try_gram(system)
        units = _units.of_columns(system.grams.moments.norm)
    if units is not None:
        small = units.problem(problem)
        return units.answer(small, solve(small, alphas, targets, route, max_iter, tol=tol))
    if answer is not None:
        return answer
    return _solve_svd(system) if system.may_copy else _solve_cg(system, max_iter, tol)


def _try_gram(system: System) -> Direct | None:
    """None where the Gram matrix cannot be trusted."""
    try:
        with np.errstate(all="ignore"):  # what overflows is left to others
            answer = _solve_gram(system)
    except np.linalg.LinAlgError:
        return None
    return answer if (answer.suboptimality <= ACCEPTED * answer.null).all() else None


def certify(problem: Problem, answer: Direct, m: int, alpha: float, tol: float) -> Certificate:
    """Certificate of answer m of a one-target problem."""
    if answer.solved is not None:
        units, scaled, own = answer.solved
        return units.certificate(certify(scaled, own, m, alpha, tol))
    primal, null, lost = (float(x[m]) for x in (answer.primal, answer.null, answer.suboptimality))
    kkt_max = float(answer.kkt_max[m])
    bound = float(answer.bound[m])
    if alpha > 0 and not bound <= min(tol, max(CONFIRMED, tol**2)) * null:
        # Features without a penalty, or a penalty so small that rounding spoils the bound.
        general = _fit.certify(problem, answer.coef[:, m], answer.intercept[m], alpha, tol)
        if general.gap <= lost:
            return general
        bound = lost
    elif alpha == 0:
        bound = lost
    return _fit.make_certificate(alpha, primal, primal - bound, kkt_max, null, tol)


@_blas.limited
def certify_least_squares(
    problem: Problem, coef: Array, intercept: float, tol: float
) -> Certificate:
    """Certificate for alpha = 0 of any coefficients: the objective lost is |P r|^2 / 2, P the projection on X's columns."""
    penalty = _objective.weights(problem, 0.0)
    beside = float(penalty.cost(coef[None])[0])
    if not problem.fit_intercept and intercept != 0:
        beside, intercept = np.inf, 0.0
    coef = np.where(penalty.excluded, 0.0, coef)  # what is infeasible has no part in the bound
    certificate = _certify_feasible(problem, coef, intercept, tol)
    return _fit.with_primal(certificate, certificate.primal + beside)


def _certify_feasible(problem: Problem, coef: Array, intercept: float, tol: float) -> Certificate:
    units = _units.of(problem)
    if units is not None:
        scaled, coef = units.problem(problem), units.coefficients(coef)
        own = _certify_feasible(scaled, coef, units.response * intercept, tol)
        return units.certificate(own)
    system = System(problem, np.zeros(1), np.zeros(1, dtype=np.intp))
    residual = problem.y - _fit.predict(problem.X, coef) - intercept
    if not system.may_copy:
        lost = _lost_by_descent(system, residual)
        return _least_squares_certificate(system, residual, lost, tol)
    A = system.explicit()[:, system.kept]
    if problem.fit_intercept:  # an intercept that is off counts too
        A = np.column_stack([A, system.root])
    U = column_space(A)
    lost = 0.5 * float(((U.T @ (system.root * residual)) ** 2).sum()) / system.total
    return _least_squares_certificate(system, residual, lost, tol)


def _least_squares_certificate(
    system: System, residual: Array, lost: float, tol: float
) -> Certificate:
    primal = 0.5 * float((system.root * residual) @ (system.root * residual)) / system.total
    slope = np.zeros(system.p)
    slope[system.kept] = system.correlate((system.root**2 * residual)[:, None])[system.kept, 0]
    return _fit.make_certificate(
        0.0,
        primal,
        primal - lost,
        float(np.abs(slope).max()) / system.total,
        float(system.null[0]) / system.total,
        tol,
    )


def _solve_gram(system: System) -> Direct:
    side = _Features(system) if system.p <= system.n else _Samples(system)
    m = len(system.lam)
    parts = [
        _refine(system, side, slice(first, min(first + CHUNK, m))) for first in range(0, m, CHUNK)
    ]
    states = [part[0] for part in parts]
    return system.answer(
        np.hstack([state.W for state in states]),
        np.hstack([state.b for state in states]),
        np.hstack([state.loss for state in states]),
        np.hstack([state.bound for state in states]),
        np.hstack([state.kkt for state in states]),
        np.hstack([state.lost for state in states]),
        max(part[1] for part in parts),
        side.route,
    )


@dataclass(slots=True)
class _State:
    """Answers under refinement with what their residuals tell."""

    W: Array
    b: Array
    loss: Array
    step: Array  # the correction that comes next
    lost: Array  # what it gains
    bound: Array
    kkt: Array


def _refine(system: System, side: _Features | _Samples, columns: slice) -> tuple[_State, int]:
    """Solve, then correct with exact residuals for as long as the suboptimality falls."""
    unknown = side.start(columns)
    best: _State | None = None
    for solves in range(1, REFINEMENTS + 2):
        now = side.evaluate(unknown, columns)
        total = now.lost.sum()
        if not np.isfinite(total) or (best is not None and total >= best.lost.sum()):
            break
        slow = best is not None and total > 0.1 * best.lost.sum()
        best, count = now, solves
        if slow or (now.lost <= SETTLED * system.null[columns]).all():
            break
        unknown = unknown + now.step
    if best is None:
        raise np.linalg.LinAlgError("the Gram matrix is too ill-conditioned")
    return best, count


class _Features:
    """(G + lam V) w = q with G = X'SX: diagonal scaling, then Cholesky for one penalty, eigenvectors for several."""

    route = "features"

    def __init__(self, system: System) -> None:
        self.system = system
        kept = system.kept
        G, Q = system.grams.features()
        if not is_within_range(G):
            raise np.linalg.LinAlgError("squares out of range")
        if len(kept) < system.p:
            G, Q = G[np.ix_(kept, kept)], Q[kept]
        self.Q, self.v = Q, system.v[kept]
        self.inverse = ShiftedInverse(G, self.v, system.lam)

    def start(self, columns: slice) -> Array:
        return self.inverse.apply(self.Q[:, self.system.targets[columns]], columns)

    def evaluate(self, w: Array, columns: slice) -> _State:
        """Residuals from X, the Newton step H^-1 g, its gain g' H^-1 g / 2, and the bound that H >= lam V gives for it."""
        system = self.system
        W = np.zeros((system.p, w.shape[1]), order="F")
        W[system.kept] = w
        R, b = system.residual(W, columns)
        lam = system.lam[columns]
        gradient = system.correlate(system.root[:, None] ** 2 * R)[system.kept]
        gradient = gradient - self.v[:, None] * (lam * w)
        step = self.inverse.apply(gradient, columns)
        bound = 0.5 * ((gradient / np.sqrt(self.v[:, None]) / np.sqrt(lam)) ** 2).sum(axis=0)
        return _State(
            W,
            b,
            system.loss(R),
            step,
            np.maximum(0.5 * (gradient * step).sum(axis=0), 0.0),
            np.where(np.isnan(bound), np.inf, bound),
            np.abs(gradient).max(axis=0, initial=0.0),
        )


class _Samples:
    """(K + lam I) c = S^.5 y with K = S^.5 X V^-1 X' S^.5, both projected off the unpenalised columns."""

    route = "samples"

    def __init__(self, system: System) -> None:
        self.system = system
        v, kept = system.v, system.kept
        free = kept[v[kept] == 0] if system.lam[0] > 0 else kept[:0]
        self.inverse_v = np.zeros(system.p)
        penalised = np.setdiff1d(kept, free, assume_unique=True)
        self.inverse_v[penalised] = 1 / v[penalised] if system.lam[0] > 0 else 1.0
        K = system.outer(self.inverse_v)
        if not is_within_range(K):
            raise np.linalg.LinAlgError("squares out of range")
        Z = system.centre(_fit.columns(system.problem.X, free))
        self.free, self.Z = free, system.root[:, None] * Z
        self.basis = self._basis()
        largest = float(np.abs(K).sum(axis=0).max(initial=0.0))
        K = self.project(self.project(K).T)
        if system.lam[0] > 0:  # the basis is projected off again, and nothing is to blow it up
            K += largest * (self.basis @ self.basis.T)
        empty = int((system.root == 0).sum())
        self.inverse = ShiftedInverse(
            K, np.ones(system.n), system.lam, null_size=self.basis.shape[1] + empty
        )

    def _basis(self) -> Array:
        """Orthonormal basis of the unpenalised columns, the intercept among them."""
        columns = [self.Z]
        if self.system.problem.fit_intercept:
            columns.append(self.system.root[:, None])
        return column_space(np.column_stack(columns))

    def project(self, A: Array) -> Array:
        return A - self.basis @ (self.basis.T @ A)

    def start(self, columns: slice) -> Array:
        B = self.project(self.system.B[:, self.system.targets[columns]])
        return self.project(self.inverse.apply(B, columns))

    def evaluate(self, c: Array, columns: slice) -> _State:
        """Residuals from X, the step in c, its gain in the primal, and |rho|^2 / 2, the gap to the dual point lam c."""
        system = self.system
        root = system.root[:, None]
        W, R, b = system.represented(root * c, self.inverse_v, columns)
        if len(self.free):  # least squares on what the penalised ones leave
            W[self.free] = LeastSquares.of(self.Z).solve(root * R)
            R, b = system.residual(W, columns)
        lam = system.lam[columns]
        rho = self.project(root * R - lam * c)
        step = self.project(self.inverse.apply(rho, columns))
        gradient = system.correlate(root * rho)[system.kept]
        return _State(
            W,
            b,
            system.loss(R),
            step,
            np.maximum(0.5 * (rho * (rho - lam * step)).sum(axis=0), 0.0),
            0.5 * (rho**2).sum(axis=0),
            np.abs(gradient).max(axis=0, initial=0.0),
        )


def _solve_svd(system: System) -> Direct:
    """Singular values of the centred X: s / (s^2 + lam). They know s to rounding of the largest, which sqrt(lam) has to be well above."""
    A = system.explicit()
    lam, v, kept = system.lam, system.v, system.kept
    B = system.B[:, system.targets]
    if lam[0] == 0:
        return _least_squares(system, A[:, kept], B)
    free = kept[v[kept] == 0]
    rest = np.setdiff1d(kept, free, assume_unique=True)
    scale = 1 / np.sqrt(v[rest])
    Z, P = A[:, free], A[:, rest] * scale
    basis = column_space(Z)
    U, size, Vt = svd(off_space(P, basis))
    least = cutoff(size, P.shape)
    apart = norms(P) if len(rest) else np.ones(1)
    if (
        np.sqrt(lam.min()) < NEGLIGIBLE * least
        and len(kept) <= LARGEST_STACK
        and apart.max() > FAR_APART * apart[apart > 0].min(initial=np.inf)
    ):
        return _least_squares(system, A[:, kept], B)
    use = size > least
    U, size, Vt = U[:, use], size[use], Vt[use]
    core = (U.T @ B) / (size[:, None] + lam / size[:, None])
    W = np.zeros((system.p, len(lam)), order="F")
    W[rest] = scale[:, None] * (Vt.T @ core)
    if len(free):
        W[free] = LeastSquares.of(Z).solve(B - A[:, rest] @ W[rest])
    R, b = system.residual(W, slice(None))
    gradient = size[:, None] * (U.T @ (system.root[:, None] * R)) - lam * core
    lost = 0.5 * ((gradient / np.hypot(size[:, None], np.sqrt(lam))) ** 2).sum(axis=0)
    slopes = system.correlate(system.root[:, None] ** 2 * R)[kept] - v[kept, None] * (lam * W[kept])
    kkt = np.abs(slopes).max(axis=0, initial=0.0)
    return system.answer(W, b, system.loss(R), np.full(len(lam), np.inf), kkt, lost, 1, "svd")


def _least_squares(system: System, A: Array, B: Array) -> Direct:
    """Least squares on X above rows of (lam V)^.5, of minimum norm where that leaves a choice; A has the columns that may enter.

    What counts as dependent is judged with every column in units of its own norm, the norm that is minimal in the caller's.
    """
    lam, kept = system.lam, system.kept
    W = np.zeros((system.p, len(lam)), order="F")
    lost = np.empty(len(lam))
    for value in dict.fromkeys(lam.tolist()):
        columns = np.flatnonzero(lam == value)
        ridge = np.sqrt(value * system.v[kept])
        rows = np.diag(ridge)[ridge > 0]
        answer = LeastSquares.of(np.vstack([A, rows]))
        padding = np.zeros((len(rows), len(columns)))
        W[np.ix_(kept, columns)] = answer.solve(np.vstack([B[:, columns], padding]))
        R, _ = system.residual(W, slice(None))
        below = rows @ W[np.ix_(kept, columns)]
        left = np.vstack([system.root[:, None] * R[:, columns], -below])
        lost[columns] = 0.5 * ((answer.U.T @ left) ** 2).sum(axis=0)
    R, b = system.residual(W, slice(None))
    slopes = system.correlate(system.root[:, None] ** 2 * R)[kept] - system.v[kept, None] * (
        lam * W[kept]
    )
    kkt = np.abs(slopes).max(axis=0, initial=0.0)
    bound = np.full(len(lam), np.inf)
    return system.answer(W, b, system.loss(R), bound, kkt, lost, 1, "svd")


def _descend(system: System, Y: Array, max_iter: int, tol: float | None) -> tuple[Array, ...]:
    """Coefficients, loss, bound, kkt_max and iterations by conjugate gradients, for the centred responses Y."""
    unit = np.ldexp(1.0, -int(np.frexp(np.abs(Y).max(initial=0.0))[1]))  # squares stay within range
    v = np.full(system.p, np.inf)
    v[system.kept] = system.v[system.kept]
    goal = CG_GOAL if system.lam[0] > 0 else CG_GOAL_FREE
    if tol is not None:
        goal = tol**2 if system.lam[0] > 0 else min(goal, tol**2)
    W, moments, loss, bound, kkt, steps = _fit.ridge(
        system.problem,
        unit * Y,
        system.lam,
        system.targets,
        v,
        goal=goal,
        max_iter=max_iter,
    )
    system.grams.learn(moments)
    return W / unit, loss / unit / unit, bound / unit / unit, kkt / unit, steps


def _solve_cg(system: System, max_iter: int, tol: float | None) -> Direct:
    W, loss, bound, kkt, steps = _descend(system, system.Y - system.y_mean, max_iter, tol)
    b = np.zeros(W.shape[1])
    if system.problem.fit_intercept:
        b = system.y_mean[system.targets] - system.grams.moments.mean @ W
    return system.answer(W, b, loss / system.total, bound, kkt, bound, int(steps.max()), "cg")


def _lost_by_descent(system: System, residual: Array) -> float:
    """Mean of squares / 2 that a fit to the residual takes away, and what at most it leaves."""
    mean = float(system.mean(residual)) if system.problem.fit_intercept else 0.0
    residual = residual - mean
    _, loss, bound, _, _ = _descend(system, residual[:, None], _fit.MAX_ITER, None)
    there = 0.5 * float((system.root * residual) @ (system.root * residual))
    return (there - float(loss[0]) + float(bound[0])) / system.total + 0.5 * mean**2
