"""The door to the compiled core: the only module that imports it.

Takes input that `_validation` has passed and turns what comes back into Python objects. Holds no algorithm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from . import _core
from ._compressed import CompressedX
from ._problem import SMALL, Array, Problem
from ._state import portable
from ._table import certified
from ._validation import thread_count

Callback = Callable[[int, float, float, int, float], Any]
Moments = _core.Moments
MAX_ITER = 100_000
CONTRADICTION = 1e-8  # of the null objective: a dual value so far above the primal is none


@portable
@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of how good a solution is, computed in float64 from a fresh residual.

    All values are on the scale of the objective (1/S) sum_i s_i loss(y_i, eta_i) + penalty, with S the sum of the sample weights;
    the loss is (y - eta)^2 / 2, summed over the tasks where there are several, log(1 + exp(-y eta)), or half the Poisson deviance.

    Parameters
    ----------
    alpha : float
        The penalty, on riata's scale (that of scikit-learn's Lasso), that the solution is certified for.
    primal : float
        Objective at the solution.
    dual : float
        Value of a dual feasible point: no coefficients whatsoever have an objective below it.
    gap : float
        ``primal - dual``: the solution's objective is at most this far from the optimum. Below 0 it is rounding, and says how much.
    rel_gap : float
        ``abs(gap) / null_objective``; inf where the gap is below ``-1e-8 * null_objective``, since a dual value above the primal
        proves that one of the two is wrong.
    kkt_max : float
        Largest violation of the optimality conditions over the features, in units of alpha.
    null_objective : float
        Objective of the model without any feature (intercept only).
    tol : float
        The relative gap that was asked for.
    status : {"converged", "not_converged"}
        Whether ``rel_gap <= tol``.
    n_passes : float
        Passes over X that the fit took, counted in columns, (0 where only the certificate was computed).
    seconds : float
        Wall time of the fit (0 where only the certificate was computed).

    See Also
    --------
    check_solution : Certifies anybody's fitted model.
    path : All models along a grid of penalties.

    References
    ----------
    - S. Boyd and L. Vandenberghe, "Convex Optimization" (2004), chapter 5, on duality.

    Examples
    --------
    >>> import riata
    >>> certificate = riata.Lasso(alpha=0.1).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).certificate_
    >>> certificate.converged, bool(certificate.gap <= certificate.tol * certificate.null_objective)
    (True, True)
    """

    alpha: float
    primal: float
    dual: float
    gap: float
    rel_gap: float
    kkt_max: float
    null_objective: float
    tol: float
    status: Literal["converged", "not_converged"]
    n_passes: float = 0.0
    seconds: float = 0.0

    @property
    def converged(self) -> bool:
        """Whether the gap asked for was reached."""
        return self.status == "converged"

    _repr_html_ = certified


@portable
@dataclass(slots=True)
class PathArrays:
    """One target's solutions along a grid of k penalties; coefficients as the CSC parts of a (p, k) matrix."""

    alphas: Array
    indptr: Array
    indices: Array
    data: Array
    intercepts: Array
    primal: Array
    dual: Array
    gap: Array
    rel_gap: Array
    kkt_max: Array
    status: Array
    n_iter: Array
    dev_ratio: Array
    seconds: Array
    n_passes: float
    null_objective: float
    alpha_max: float
    stop: str

    def coefficients(self, k: int, p: int) -> Array:
        """Solution k as a dense vector of length p."""
        coef = np.zeros(p)
        entries = slice(self.indptr[k], self.indptr[k + 1])
        coef[self.indices[entries]] = self.data[entries]
        return coef

    def dense(self, p: int, dtype: Any) -> Array:
        """All solutions as a dense array of shape (p, k)."""
        k = len(self.alphas)
        coefs = np.zeros((p, k), dtype=dtype)
        coefs[self.indices, np.repeat(np.arange(k), np.diff(self.indptr))] = self.data
        return coefs

    def support(self) -> tuple[Array, Array]:
        """Features that are ever non-zero, and their coefficients as a dense array."""
        k = len(self.alphas)
        support, rows = np.unique(self.indices, return_inverse=True)
        coefs = np.zeros((len(support), k))
        coefs[rows, np.repeat(np.arange(k), np.diff(self.indptr))] = self.data
        return support, coefs

    def certificate(self, k: int, tol: float) -> Certificate:
        """Certificate of solution k, judged by `tol`."""
        rel_gap = float(self.rel_gap[k])
        return Certificate(
            alpha=float(self.alphas[k]),
            primal=float(self.primal[k]),
            dual=float(self.dual[k]),
            gap=float(self.gap[k]),
            rel_gap=rel_gap,
            kkt_max=float(self.kkt_max[k]),
            null_objective=float(self.null_objective),
            tol=tol,
            status="converged" if rel_gap <= tol else "not_converged",
            n_passes=float(self.n_passes),
            seconds=float(self.seconds[k]),
        )


@portable
@dataclass(slots=True)
class TaskArrays(PathArrays):
    """Solutions of several tasks: the first task's parts, with gaps and certificates of all together, and every task's path."""

    tasks: list[PathArrays]


def join_tasks(tasks: list[PathArrays]) -> TaskArrays:
    """One path of paths that share their gaps."""
    shared = {field.name: getattr(tasks[0], field.name) for field in fields(PathArrays)}
    return TaskArrays(**shared, tasks=tasks)


def solve_path(
    problem: Problem,
    alphas: Array | None,
    *,
    n_alphas: int = 100,
    eps: float = 0.0,
    tol: float = 1e-6,
    gradient: float = math.inf,
    max_iter: int = MAX_ITER,
    max_features: int = 0,
    early_stop: bool = False,
    time_limit: float = math.inf,
    memory_limit: int = 0,
    single: bool = False,
    enough: float = 0.0,
    callback: Callback | None = None,
    start: tuple[Array, Array] | None = None,
) -> list[PathArrays]:
    """One path per target from the core; `alphas` strictly positive and descending, None for the automatic grid.

    Solutions within tol go on to violations of `gradient` (softmax); `enough`: the gap asked for where `tol` goes further if cheap.
    """
    coefs, intercepts = start or (None, None)
    solutions = _core.solve_path(
        problem.X,
        problem.y,
        sample_weight=problem.sample_weight,
        penalty_weights=problem.penalty_weights,
        l2_weights=problem.l2_weights,
        lower=problem.lower,
        upper=problem.upper,
        alphas=alphas,
        n_alphas=n_alphas,
        eps=eps,
        l1_ratio=problem.l1_ratio,
        fit_intercept=problem.fit_intercept,
        standardize=problem.standardize,
        tol=tol,
        gradient=gradient,
        max_iter=max_iter,
        max_features=max_features,
        early_stop=early_stop,
        time_limit=time_limit,
        memory_limit=memory_limit,
        single=single,
        enough=enough,
        callback=callback,
        family=problem.family,
        offset=problem.offset,
        start_coefs=coefs,
        start_intercepts=intercepts,
        grouped=problem.grouped and problem.l1_ratio > 0,
        n_threads=problem.n_threads,
    )
    return [_path_arrays(solution) for solution in solutions]


def _path_arrays(s: Any) -> PathArrays:
    return PathArrays(
        s.alphas,
        s.indptr,
        s.indices,
        s.data,
        s.intercepts,
        s.primal,
        s.dual,
        s.gap,
        s.rel_gap,
        s.kkt_max,
        s.status,
        s.n_iter,
        s.dev_ratio,
        s.seconds,
        s.n_passes,
        s.null_objective,
        s.alpha_max,
        s.stop,
    )


def cross_validate(
    problem: Problem,
    splits: list[tuple[Array, Array]],
    ratios: list[float],
    alphas: Array | None,
    **options: Any,
) -> list[tuple[Array, list[tuple[PathArrays, Array, Array | None]]]]:
    """Per l1_ratio its grid and (path, held-out losses, held-out predictions) of all rows and of every fold; alphas as in `solve_path`.

    Of all rows there are no losses. Predictions have the shape (k, n_test), of several tasks (k, n_test, tasks).
    """
    solved = _core.cross_validate(
        problem.X,
        problem.y,
        splits,
        ratios,
        sample_weight=problem.sample_weight,
        penalty_weights=problem.penalty_weights,
        l2_weights=problem.l2_weights,
        lower=problem.lower,
        upper=problem.upper,
        alphas=alphas,
        fit_intercept=problem.fit_intercept,
        standardize=problem.standardize,
        family=problem.family,
        offset=problem.offset,
        n_threads=problem.n_threads,
        **options,
    )
    return [(grid, [_fold_arrays(*run) for run in runs]) for grid, runs in solved]


def _fold_arrays(
    path: Any, loss: Array, predictions: Array | None
) -> tuple[PathArrays, Array, Array | None]:
    if not isinstance(path, list):
        return _path_arrays(path), loss, predictions
    if predictions is not None:
        predictions = np.moveaxis(predictions, 0, 2)
    return join_tasks([_path_arrays(task) for task in path]), loss, predictions


def certify(
    problem: Problem, coef: Array, intercept: float, alpha: float, tol: float
) -> Certificate:
    """Certificate of any coefficients and intercept for a problem of one target."""
    values = _core.certify(
        problem.X,
        problem.y,
        np.ascontiguousarray(coef, dtype=np.float64),
        float(intercept),
        alpha,
        sample_weight=problem.sample_weight,
        penalty_weights=problem.penalty_weights,
        l2_weights=problem.l2_weights,
        lower=problem.lower,
        upper=problem.upper,
        l1_ratio=problem.l1_ratio,
        fit_intercept=problem.fit_intercept,
        standardize=problem.standardize,
        family=problem.family,
        offset=problem.offset,
        n_threads=problem.n_threads,
    )
    return make_certificate(
        alpha, values["primal"], values["dual"], values["kkt_max"], values["null_objective"], tol
    )


def relative_gap(gap: Any, null_objective: float) -> Any:
    """The size of a gap, or of several, relative to the null objective."""
    size = np.abs(gap)
    with np.errstate(over="ignore"):
        relative = (
            size / null_objective if null_objective > 0 else np.where(size > 0, math.inf, 0.0)
        )
    return np.where(size >= 0, relative, math.nan)


def make_certificate(
    alpha: float, primal: float, dual: float, kkt_max: float, null_objective: float, tol: float
) -> Certificate:
    """Certificate from its parts. A dual value far above the primal proves that one of them is wrong: then nothing is claimed but
    that no objective is below 0.
    """
    if primal - dual < -CONTRADICTION * null_objective:
        dual = primal - max(primal, null_objective)
    gap = primal - dual
    rel_gap = float(relative_gap(gap, null_objective))
    return Certificate(
        alpha=alpha,
        primal=primal,
        dual=dual,
        gap=gap,
        rel_gap=rel_gap,
        kkt_max=kkt_max,
        null_objective=null_objective,
        tol=tol,
        status="converged" if rel_gap <= tol else "not_converged",
    )


def with_primal(certificate: Certificate, primal: float) -> Certificate:
    """The certificate of other coefficients: a dual value bounds the objective of any."""
    c = certificate
    other = make_certificate(c.alpha, primal, c.dual, c.kkt_max, c.null_objective, c.tol)
    return replace(other, n_passes=c.n_passes, seconds=c.seconds)


def alpha_max(problem: Problem) -> float:
    """Smallest penalty at which every l1-penalised coefficient of a problem of one target, of classes or of tasks rests."""
    if problem.family in ("multinomial", "multi-gaussian"):
        return solve_path(problem, None, n_alphas=1)[0].alpha_max
    values = _core.alpha_max(
        problem.X,
        problem.y,
        sample_weight=problem.sample_weight,
        penalty_weights=problem.penalty_weights,
        lower=problem.lower,
        upper=problem.upper,
        l1_ratio=problem.l1_ratio,
        fit_intercept=problem.fit_intercept,
        standardize=problem.standardize,
        family=problem.family,
        offset=problem.offset,
        n_threads=problem.n_threads,
    )
    return float(values[0])


def _columns_as(problem: Problem) -> dict[str, Any]:
    """How X is weighted and centred, for products with it."""
    return {
        "sample_weight": problem.sample_weight,
        "center": problem.fit_intercept,
        "n_threads": problem.n_threads,
    }


def gram(
    problem: Problem, Y: Array, moments: Moments | None = None
) -> tuple[Array, Array, Moments]:
    """X'SX and X'SY of the centred X and Y (if there is an intercept), and the moments of X, measured where they are not given."""
    return _core.gram(problem.X, Y, moments=moments, **_columns_as(problem))


def outer(problem: Problem, d: Array, moments: Moments | None = None) -> tuple[Array, Moments]:
    """S^.5 X diag(d) X' S^.5 of the centred X (if there is an intercept), and its moments, measured where they are not given."""
    return _core.outer(problem.X, d, moments=moments, **_columns_as(problem))


def correlate(problem: Problem, U: Array, moments: Moments | None = None) -> Array:
    """X'U of shape (p, t), X centred if there is an intercept; U of shape (n, t) carries the sample weights already."""
    U = np.asfortranarray(U)
    return _core.correlate(problem.X, U, moments=moments, **_columns_as(problem))


def represent(
    problem: Problem, U: Array, d: Array, moments: Moments | None = None
) -> tuple[Array, Array]:
    """W = diag(d) X'U of shape (p, t) and X W, X centred if there is an intercept; U as for `correlate`."""
    U = np.asfortranarray(U)
    return _core.represent(problem.X, U, d, moments=moments, **_columns_as(problem))


def ridge(
    problem: Problem,
    Y: Array,
    lam: Array,
    targets: Array,
    v: Array,
    *,
    goal: float,
    max_iter: int,
) -> tuple[Array, Moments, Array, Array, Array, Array]:
    """Ridge by conjugate gradients for the pairs (lam[m], column targets[m] of the centred Y), features weighted by v (inf: out).

    Returns coefficients (p, m), the moments of the columns, and per answer half the squared residuals, a bound of the suboptimality,
    the largest gradient (all three sums over rows) and the number of iterations.
    """
    return _core.ridge(
        problem.X,
        np.asfortranarray(Y),
        np.ascontiguousarray(lam, dtype=np.float64),
        [int(t) for t in targets],
        v=v,
        sample_weight=problem.sample_weight,
        fit_intercept=problem.fit_intercept,
        goal=goal,
        max_iter=max_iter,
        n_threads=problem.n_threads,
    )


def measure(problem: Problem) -> Moments:
    """Weighted means of the columns of X (0 without an intercept) and their norms about them (0 for what is constant)."""
    return _core.moments(problem.X, **_columns_as(problem))


def spreads(problem: Problem, moments: Moments) -> Array:
    """Standard deviations of the columns of X about their means, of which `moments` tell where there is an intercept."""
    about = moments if problem.fit_intercept else measure(replace(problem, fit_intercept=True))
    return np.asarray(about.norm / math.sqrt(problem.total_weight))


def columns(X: Array | CompressedX, features: Array) -> Array:
    """The listed (ascending) columns as a dense float64 array."""
    if isinstance(X, CompressedX):
        return _core.columns(X, features)
    return np.asarray(X[:, features], dtype=np.float64)


def predict(X: Array | CompressedX, coef: Array, features: Array | None = None) -> Array:
    """X @ coef in float64 for coef of shape (p,) or (p, t); `features` (ascending) lists the columns it belongs to if not all.

    float32 rows are widened some at a time. Of a sparse X every entry is checked.
    """
    if isinstance(X, CompressedX):
        threads = 1 if X.size < SMALL else thread_count(None)
        W = coef if coef.ndim == 2 else coef[:, None]
        eta = _core.predict(X, W, features=features, n_threads=threads)
        return eta.reshape(X.shape[0], *coef.shape[1:])
    if features is not None:
        X = X[:, features]
    if X.dtype == np.float64:
        return np.asarray(X @ coef)
    out = np.empty((X.shape[0], *coef.shape[1:]))
    rows = max(1, 4_000_000 // max(1, X.shape[1]))
    for first in range(0, X.shape[0], rows):
        out[first : first + rows] = X[first : first + rows].astype(np.float64) @ coef
    return out


def core_config() -> dict[str, Any]:
    """Build facts of the core."""
    return _core.config()
