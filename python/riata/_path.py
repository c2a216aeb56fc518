"""Regularisation paths: `path` with its result, and scikit-learn's `lasso_path` and `enet_path` on top of the same solver."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypedDict, Unpack, overload

import numpy as np

from . import _validation as check
from ._class_result import ClassPathResult, TaskPathResult, make_result
from ._fit import Callback, PathArrays, TaskArrays
from ._problem import Array, Problem, check_problem
from ._result import PathResult
from ._routes import (
    Control,
    check_control,
    scikit_learn_control,
    solve_grid,
    solve_smooth_grid,
)
from ._separation import warn_of_separation
from ._spreads import Spreads
from .exceptions import warn_not_converged

LONG_WORK = 2e9  # entries of X times alphas from which on a progress bar may show


class Solved(Protocol):
    """What there is to know of how well the solutions of a path were found."""

    alphas: Array
    rel_gap: Array
    status: Array


class PathOptions(TypedDict, total=False):
    """What `path` takes besides data and family, for the signatures by family below."""

    l1_ratio: float
    alphas: Any
    eps: float | None
    sample_weight: Any
    offset: Any
    penalty_weights: Any
    l2_weights: Any
    lower: Any
    upper: Any
    fit_intercept: bool
    standardize: bool
    tol: float
    max_iter: int | None
    max_features: int | None
    early_stop: bool
    time_limit: float | None
    memory_limit: int | None
    callback: Callback | None
    progress: bool | None
    n_threads: int | None


@overload
def path(
    X: Any,
    y: Any,
    *,
    family: Literal["multinomial"],
    grouped: bool = False,
    **options: Unpack[PathOptions],
) -> ClassPathResult: ...
@overload
def path(
    X: Any, y: Any, *, family: Literal["multi-gaussian"], **options: Unpack[PathOptions]
) -> TaskPathResult: ...
@overload
def path(
    X: Any,
    y: Any,
    *,
    family: str = "gaussian",
    grouped: bool = False,
    **options: Unpack[PathOptions],
) -> PathResult: ...
def path(
    X: Any,
    y: Any,
    *,
    family: str = "gaussian",
    grouped: bool = False,
    l1_ratio: float = 1.0,
    alphas: Any = 100,
    eps: float | None = None,
    sample_weight: Any = None,
    offset: Any = None,
    penalty_weights: Any = None,
    l2_weights: Any = None,
    lower: Any = None,
    upper: Any = None,
    fit_intercept: bool = True,
    standardize: bool = False,
    tol: float = 1e-6,
    max_iter: int | None = None,
    max_features: int | None = None,
    early_stop: bool = True,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    n_threads: int | None = None,
) -> PathResult:
    """Solve the elastic net along a grid of penalties, every solution with a certificate.

    Minimises, for each alpha and with S the sum of the sample weights s::

        (1/S) sum_i s_i loss(y_i, x_i'w + b + offset_i)
        + alpha * [l1_ratio * sum_j u_j |w_j| + (1 - l1_ratio)/2 * sum_j v_j w_j^2]     with lower <= w <= upper.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Any real dtype. Float32 and float64 arrays with contiguous rows or columns (slices of such, memory maps) and scipy.sparse
        CSC are read in place; anything else is converted by one copy. Never modified.
    y : array-like of shape (n_samples,), or (n_samples, n_tasks) for the family "multi-gaussian"
        Numbers, labels (numbers or strings) or counts, as the family has it.
    family : {"gaussian", "binomial", "multinomial", "poisson", "multi-gaussian"}, default="gaussian"
        The loss of a prediction eta: ``(y - eta)^2 / 2``; ``log(1 + exp(-y eta))`` for labels of two classes, of which the one that
        sorts last is +1 and the other -1; the softmax log loss of labels of several classes, each with coefficients of its own, in
        its symmetric form; ``exp(eta) - y eta`` less its least value, half the deviance, for counts y >= 0;
        squares summed over several tasks, with ``u_j ||w_j||`` of a feature's row of coefficients in place of ``u_j |w_j|``, so that
        features matter to all tasks or to none (no bounds, no `memory_limit`).
    grouped : bool, default=False
        For the multinomial family with more than two classes, without bounds: ``u_j ||w_j||`` of a feature's row of coefficients in
        place of ``sum_k u_j |w_jk|``, so that a feature matters to all classes or to none.
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge (solved directly, by factorisation).
    alphas : int or array-like, default=100
        How many penalties, from alpha_max down to ``eps * alpha_max`` in geometric steps, or the penalties themselves (any order;
        they are sorted from large to small). 0 means least squares of minimum norm without bounds, the limit alpha -> 0 with
        bounds. With ``l1_ratio=0``, where no alpha_max exists, the automatic grid starts at that of ``l1_ratio=0.001``.
    eps : float in (0, 1), optional
        Ratio of the smallest to the largest penalty; by default 1e-2 if n_features > n_samples, else 1e-4.
    sample_weight : array-like of shape (n_samples,) or float, optional
        Weight 2 is a row given twice, weight 0 a row left out.
    offset : array-like of shape (n_samples,), optional
        Known part of the prediction eta; `predict` does not add it.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        u and v above: 0 leaves a feature unpenalised, inf leaves it out. v is u unless given; u is 1 unless given.
    lower, upper : float or array-like of shape (n_features,), optional
        Bounds of the coefficients on the original scale.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    standardize : bool, default=False
        Penalise the coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    tol : float, default=1e-6
        Largest relative duality gap: (primal - dual) / objective of the model without features.
    max_iter : int, optional
        Most linear systems solved per alpha.
    max_features : int, optional
        Stop after the first solution with more non-zero coefficients.
    early_stop : bool, default=True
        Stop when the fit no longer improves. Only with an automatic grid: penalties that are given are all solved.
    time_limit : float, optional
        Seconds after which the path ends with what it has.
    memory_limit : int, optional
        Bytes beyond X that the solver may use.
    callback : callable, optional
        ``callback(k, alpha, rel_gap, df, dev_ratio)`` after each solution; a true value ends the path.
    progress : bool, optional
        Show a progress bar (needs tqdm). By default only for long work, on a terminal or in a notebook, if tqdm is installed.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process. The result does not depend
        on it.

    Returns
    -------
    result : PathResult, or ClassPathResult for the multinomial family, TaskPathResult for "multi-gaussian"
        It refers to X until the standard deviations of the columns have been asked for, by `plot` or by pickling it; X is not copied.

    Raises
    ------
    ValueError, TypeError
        For bad input, naming the argument, the value and its position.

    Warns
    -----
    ConvergenceWarning
        If a gap stayed above tol; it quotes the largest.

    See Also
    --------
    cv_path : Cross-validation of any family, with everything that is asked for.
    PathResult : Models along a grid of penalties.
    Lasso : One model with an L1 penalty.
    LogisticRegression : One model of labels.

    Notes
    -----
    Active-set Newton steps on a cached Gram matrix (the homotopy of Osborne, Presnell and Turlach, 2000, in its primal-dual
    form), certified over all features by the duality gap; for other losses than squares they solve the quadratic models of Newton's
    method, several alphas side by side. Any dual feasible point bounds the optimum from below (Fenchel), so
    the certificate holds however the solution was found.

    References
    ----------
    - M. R. Osborne, B. Presnell and B. A. Turlach, "A new approach to variable selection in least squares problems",
      IMA Journal of Numerical Analysis 20 (2000), 389-403.
    - J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
      Statistical Software 33 (2010), 1-22.
    - S. Boyd and L. Vandenberghe, "Convex Optimization" (2004), chapter 5, on duality.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 10))
    >>> y = X[:, 0] - 2 * X[:, 1]
    >>> fit = riata.path(X, y)
    >>> bool(fit.dual_gaps.max() <= 1e-6)
    True
    """
    names = check.feature_names(X)
    problem = check_problem(
        X,
        y,
        sample_weight=sample_weight,
        offset=offset,
        penalty_weights=penalty_weights,
        l2_weights=l2_weights,
        lower=lower,
        upper=upper,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        standardize=standardize,
        n_threads=n_threads,
        family=family,
        grouped=grouped,
    )
    grid = check.penalty_grid(alphas)
    k = grid if isinstance(grid, int) else len(grid)
    control = check_control(
        eps,
        tol,
        max_iter,
        time_limit,
        memory_limit,
        max_features=0 if max_features is None else check.integer(max_features, "max_features", 1),
        early_stop=check.flag(early_stop, "early_stop") and isinstance(grid, int),
        callback=callback,
    )
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable; got {callback!r}")
    bar = progress_bar(progress, k, problem.X.size * k, "riata.path")
    if bar is None:
        paths = _solve(problem, grid, control)
    else:
        with bar:
            control.callback = _reporting(bar, callback)
            paths = _solve(problem, grid, control)
    warn_gaps(paths[:1], control)
    if len(paths[0].alphas) and paths[0].alphas[-1] == 0:
        last, p = len(paths[0].alphas) - 1, problem.X.shape[1]
        coef = np.array([one.coefficients(last, p) for one in paths])
        warn_of_separation(problem, coef, np.array([one.intercepts[-1] for one in paths]))
    rest = (problem.X.shape[1], control.tol, problem.l1_ratio, names, family, problem.classes)
    result = make_result(paths[0], *rest) if len(paths) == 1 else ClassPathResult(paths, *rest)
    result._remember(Spreads(problem, X))
    return result


def _solve(problem: Problem, grid: int | Array, control: Control) -> list[PathArrays]:
    if problem.family == "multinomial":
        return solve_smooth_grid(problem, grid, control)
    return [solve_grid(problem, grid, control)]


def warn_gaps(paths: Sequence[Solved], control: Control, stacklevel: int = 3) -> None:
    """Warn of the solutions of these paths whose gaps stayed above the tolerance, if there are any."""
    failed = np.concatenate([path.status for path in paths]) != 0
    if not failed.any():
        return
    gaps = np.concatenate([path.rel_gap for path in paths])
    alphas = np.concatenate([path.alphas for path in paths])
    worst = np.flatnonzero(failed)[np.argmax(gaps[failed])]
    where = "; the gaps of all solutions are in dual_gaps" if len(paths) == 1 else ""
    warn_not_converged(
        f"{np.count_nonzero(failed)} of {len(gaps)} solutions did not reach the relative duality gap tol={control.tol:g}: the largest "
        f"gap is {gaps[worst]:.2g}, at alpha={alphas[worst]:.4g}. Raise max_iter (now {control.max_iter}) or tol, or end the path at a "
        f"larger alpha (alphas, eps){where}.",
        stacklevel=stacklevel,
    )


def progress_bar(progress: bool | None, k: int, work: float, name: str) -> Any:
    """A tqdm bar for k solutions, or None where none is wanted."""
    if progress is None:
        if work < LONG_WORK or not (sys.stderr.isatty() or "ipykernel" in sys.modules):
            return None
    elif not check.flag(progress, "progress"):
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if progress:
            raise ImportError("progress=True needs tqdm: pip install tqdm") from None
        return None
    return tqdm(
        total=k,
        desc=name,
        unit="alpha",
        delay=0.0 if progress else 1.0,
        leave=bool(progress),
    )


def _reporting(bar: Any, callback: Callback | None) -> Callback:
    def report(k: int, alpha: float, rel_gap: float, df: int, dev_ratio: float) -> Any:
        bar.update(1)
        bar.set_postfix(df=df, refresh=False)
        return None if callback is None else callback(k, alpha, rel_gap, df, dev_ratio)

    return report


# --- scikit-learn's functions -----------------------------------------------------------------------------------------


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float = 1e-3,
    n_alphas: int | None = None,
    alphas: Any = None,
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool | int = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> tuple[Any, ...]:
    """Lasso path with scikit-learn's signature and shapes; `enet_path` with ``l1_ratio=1``.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Rows of features. Never modified.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Several tasks share their support, see `MultiTaskLasso`.
    eps : float, default=1e-3
        Smallest penalty of the grid relative to its largest.
    n_alphas, alphas : int or array-like, default=100
        How many penalties, or the penalties. Of the two spellings that scikit-learn has had either will do; it gives up the first.
    precompute : bool or array-like, default="auto"
        Of no effect: the solver decides about Gram matrices itself.
    Xy : array-like, optional
        Of no effect.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    coef_init : array-like, optional
        Of no effect: the solution is the same from any start.
    verbose : bool or int, default=False
        Of no effect.
    return_n_iter : bool, default=False
        Return `n_iters`, too.
    positive : bool, default=False
        Only coefficients >= 0.
    **params
        ``tol`` (default 1e-4, scikit-learn's: the gap on its scale over ``y'y / n``; never looser than 5e-7 in effect), ``max_iter``,
        ``sample_weight``, ``n_threads``; ``random_state``, ``selection``, ``do_screening``, ``X_offset`` and ``X_scale`` are ignored.

    Returns
    -------
    alphas : ndarray of shape (k,)
        From large to small.
    coefs : ndarray of shape (n_features, k) or (n_tasks, n_features, k)
        In the dtype of X.
    dual_gaps : ndarray of shape (k,)
        On the scale of the objective, ||y - Xw||^2 / (2 n) + penalty.
    n_iters : list of int
        Linear systems solved; only if `return_n_iter`.

    See Also
    --------
    enet_path : The same for the elastic net, with scikit-learn's signature.
    path : All models along a grid of penalties.

    References
    ----------
    - R. Tibshirani, "Regression shrinkage and selection via the lasso", Journal of the Royal Statistical Society B 58 (1996), 267-288.

    Examples
    --------
    >>> import riata
    >>> alphas, coefs, gaps = riata.lasso_path([[1.0, 0.0], [0.0, 1.0]], [2.0, 1.0], alphas=[0.5, 0.1])
    >>> coefs.round(2).tolist()
    [[1.0, 1.8], [0.0, 0.8]]
    """
    return enet_path(
        X,
        y,
        l1_ratio=params.pop("l1_ratio", 1.0),
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    n_alphas: int | None = None,
    alphas: Any = None,
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool | int = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    **params: Any,
) -> tuple[Any, ...]:
    """Elastic net path with scikit-learn's signature and shapes. No intercept is fitted: centre X and y first, or use `path`.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Rows of features. Never modified.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Several tasks share their support, see `MultiTaskElasticNet`.
    l1_ratio : float in (0, 1], default=0.5
        0 is allowed where alphas are given.
    eps : float, default=1e-3
        Smallest penalty of the grid relative to its largest.
    n_alphas, alphas : int or array-like, default=100
        How many penalties, or the penalties. Of the two spellings that scikit-learn has had either will do; it gives up the first.
    precompute : bool or array-like, default="auto"
        Of no effect: the solver decides about Gram matrices itself.
    Xy : array-like, optional
        Of no effect.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    coef_init : array-like, optional
        Of no effect: the solution is the same from any start.
    verbose : bool or int, default=False
        Of no effect.
    check_input : bool, default=True
        Of no effect: what is checked costs next to nothing.
    return_n_iter : bool, default=False
        Return `n_iters`, too.
    positive : bool, default=False
        Only coefficients >= 0.
    **params
        ``tol`` (default 1e-4, scikit-learn's: the gap on its scale over ``y'y / n``; never looser than 5e-7 in effect), ``max_iter``,
        ``sample_weight``, ``n_threads``; ``random_state``, ``selection``, ``do_screening``, ``X_offset`` and ``X_scale`` are ignored.

    Returns
    -------
    alphas : ndarray of shape (k,)
        From large to small.
    coefs : ndarray of shape (n_features, k) or (n_tasks, n_features, k)
        In the dtype of X.
    dual_gaps : ndarray of shape (k,)
        On the scale of the objective, ||y - Xw||^2 / (2 n) + penalty.
    n_iters : list of int
        Linear systems solved; only if `return_n_iter`.

    See Also
    --------
    lasso_path : The same for the lasso, with scikit-learn's signature.
    path : All models along a grid of penalties.

    References
    ----------
    - H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", Journal of the Royal Statistical Society B 67
      (2005), 301-320.

    Examples
    --------
    >>> import riata
    >>> alphas, coefs, gaps = riata.enet_path([[1.0, 0.0], [0.0, 1.0]], [2.0, 1.0], l1_ratio=0.5, alphas=[0.5])
    >>> coefs.round(2).tolist()
    [[1.0], [0.33]]
    """
    tol = check.nonnegative(params.pop("tol", 1e-4), "tol")
    max_iter = params.pop("max_iter", None)
    sample_weight = params.pop("sample_weight", None)
    n_threads = params.pop("n_threads", None)
    for name in ("random_state", "selection", "do_screening", "X_offset", "X_scale"):
        params.pop(name, None)
    if params:
        raise ValueError(f"Unexpected parameters in params: {', '.join(params)}")
    problem = check_problem(
        X,
        y,
        multi=True,
        sample_weight=sample_weight,
        l1_ratio=l1_ratio,
        positive=positive,
        fit_intercept=False,
        n_threads=n_threads,
    )
    if problem.y.ndim == 2:
        if problem.is_bounded:
            raise ValueError("positive=True is not available for several tasks")
        problem.family = "multi-gaussian"
    if alphas is None or isinstance(alphas, str):  # scikit-learn 1.9's default is the word "warn"
        alphas = 100 if n_alphas is None or isinstance(n_alphas, str) else n_alphas
    grid = check.penalty_grid(alphas)
    if isinstance(grid, int) and problem.l1_ratio == 0:
        raise ValueError("l1_ratio=0 has no automatic grid of alphas here: pass alphas")
    control = scikit_learn_control(eps, tol, max_iter)
    arrays = solve_grid(problem, grid, control)
    warn_gaps([arrays], control)
    p, dtype = problem.X.shape[1], problem.X.dtype
    if isinstance(arrays, TaskArrays):
        coefs = np.array([task.dense(p, dtype) for task in arrays.tasks])
    else:
        coefs = arrays.dense(p, dtype)
    if return_n_iter:
        return arrays.alphas, coefs, arrays.gap, arrays.n_iter.tolist()
    return arrays.alphas, coefs, arrays.gap
