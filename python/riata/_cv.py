"""Cross-validation of paths: `cv_path`."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _folds, _grid, _scorers, _selection, _two_stage
from . import _validation as check
from ._cv_result import CVResult
from ._folds import FoldPaths
from ._path import progress_bar, warn_gaps
from ._problem import Array, Problem, check_problem
from ._routes import Control, check_control
from ._selection import Select
from ._splits import Split, make_splits
from ._spreads import Spreads
from ._two_stage import Recipe
from .exceptions import GridEndWarning

PLAIN = Recipe()


def cv_path(
    X: Any,
    y: Any,
    *,
    family: str = "gaussian",
    l1_ratio: Any = 1.0,
    alphas: Any = 100,
    eps: float | None = None,
    cv: Any = None,
    groups: Any = None,
    scoring: Any = None,
    select: Select = "min",
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
    relax: Any = None,
    adaptive: Any = None,
    predictions: bool = False,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    progress: bool | None = None,
    n_threads: int | None = None,
) -> CVResult:
    """Cross-validate the paths of one or several l1_ratios, and fit them to all rows, in one go.

    The folds are weights over one X: no rows are copied, and means, scales (`standardize`) and penalties are those of each training
    set. All folds share the grid of the whole data.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Rows of features. Never modified.
    y : array-like of shape (n_samples,), or (n_samples, n_tasks) for the family "multi-gaussian"
        Numbers, labels (numbers or strings) or counts, as the family has it.
    family : {"gaussian", "binomial", "poisson", "multi-gaussian"}, default="gaussian"
        The loss, as in `riata.path`.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves, as in `riata.path`.
    sample_weight : array-like of shape (n_samples,) or float, optional
        Weight 2 is a row given twice, weight 0 a row left out; in the scores, too.
    offset : array-like of shape (n_samples,), optional
        Known part of the prediction; `predict` does not add it.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights v of the L2 part; u unless given.
    lower : float or array-like of shape (n_features,), optional
        Lower bounds of the coefficients on the original scale.
    upper : float or array-like of shape (n_features,), optional
        Upper bounds of the coefficients on the original scale.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    tol : float, default=1e-06
        Largest relative duality gap: (primal - dual) / objective of the model without features.
    l1_ratio : float or array-like of floats in [0, 1], default=1.0
        1 is the lasso, 0 is ridge; of several the best is chosen.
    eps : float in (0, 1), optional
        Smallest penalty of an automatic grid relative to its largest; by default 1e-2 if n_features > n_samples, else 1e-4, and 1e-6 for
        l1_ratio 0, a hundred times less again and again while the best penalty is the last (by a quarter of a standard error and more).
    cv : int, splitter or iterable, default=5
        How many folds of consecutive rows (for labels: stratified by them), any of scikit-learn's splitters, or pairs (train, test) of row numbers or masks. Rows may
        occur in several test sets, or several times in one set.
    groups : array-like of shape (n_samples,), optional
        Passed to the splitter.
    scoring : str or callable, optional
        A name of scikit-learn's or ``scorer(estimator, X, y)``; more is better. By default the (weighted) mean loss:
        squared error, log loss, or half the Poisson deviance.
    select : {"min", "half_se", "1se"} or callable, default="min"
        The model with the best mean score; the one with the largest alpha up to which the loss, compared with the best fold by fold, is
        within half a corrected standard error of that difference; the one with the largest alpha within one standard error of the best
        mean score; or ``select(cv_results_) -> index``.
    relax : float or array-like of floats in [0, 1], optional
        The features of every model are fitted again with that share of its penalty, in every training set: 0 is least squares on them, 1
        the model as it is (Meinshausen's relaxed lasso). Several shares are candidates beside one another. Squared error only.
    adaptive : float or bool, optional
        Penalty weights ``(max|b| / |b_j|)^adaptive`` from a ridge estimate b of every training set, its penalty by generalised
        cross-validation (Zou's adaptive lasso); True is 1. Squared error only.
    max_iter : int, optional
        Most linear systems solved per alpha.
    memory_limit : int, optional
        Bytes beyond X that the solver may use.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.
    predictions : bool, default=False
        Keep the out-of-fold predictions.
    time_limit : float, optional
        Seconds after which only those penalties count that every fold has reached.
    progress : bool, optional
        Show a progress bar (needs tqdm). By default only for long work, on a terminal or in a notebook, if tqdm is installed.

    Returns
    -------
    result : CVResult

    Raises
    ------
    ValueError, TypeError
        For bad input, naming the argument, the value and its position.

    Warns
    -----
    ConvergenceWarning
        If the gap of a solution stayed above tol.
    GridEndWarning
        If the best penalty is the last even of a grid that has been lengthened.

    See Also
    --------
    path : All models along a grid of penalties.
    CVResult : What it returns.
    LassoCV : The penalty chosen by cross-validation.

    References
    ----------
    - L. Breiman, J. Friedman, C. J. Stone and R. A. Olshen, "Classification and Regression Trees" (1984), on the rule of one standard
      error.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> result = riata.cv_path(X, y, select="1se")
    >>> bool(result.alpha == result.alpha_1se >= result.alpha_min)
    True
    """
    if family == "multinomial":
        raise ValueError("several classes are cross-validated by LogisticRegressionCV")
    names = check.feature_names(X)
    ratios = mixing_ratios(l1_ratio)
    problem = check_problem(
        X,
        y,
        sample_weight=sample_weight,
        offset=offset,
        penalty_weights=penalty_weights,
        l2_weights=l2_weights,
        lower=lower,
        upper=upper,
        l1_ratio=ratios[0],
        fit_intercept=fit_intercept,
        standardize=standardize,
        n_threads=n_threads,
        family=family,
    )
    control = check_control(eps, tol, max_iter, time_limit, memory_limit)
    result = cross_validate(
        problem,
        make_splits(
            cv,
            X,
            y,
            len(problem.y),
            problem.sample_weight,
            groups,
            stratify=problem.y if family == "binomial" else None,
        ),
        ratios,
        check.penalty_grid(alphas),
        control,
        rows=X,
        scoring=scoring,
        select=select,
        predictions=check.flag(predictions, "predictions"),
        progress=progress,
        names=names,
        lengthen=True,
        recipe=check_recipe(relax, adaptive),
    )
    result._remember(Spreads(problem, X))
    return result


def check_recipe(relax: Any, adaptive: Any) -> Recipe:
    """Two stages, or one."""
    if relax is None:
        shares: list[float] = [1.0]
    elif np.ndim(relax) == 0:
        shares = [check.fraction(relax, "relax")]
    else:
        shares = [check.fraction(share, f"relax[{i}]") for i, share in enumerate(relax)]
        if not shares:
            raise ValueError("relax must hold at least one number; got an empty list")
    if adaptive is None or isinstance(adaptive, (bool, np.bool_)):
        return Recipe(1.0 if adaptive else None, tuple(shares))
    return Recipe(check.positive(adaptive, "adaptive"), tuple(shares))


def mixing_ratios(l1_ratio: Any) -> list[float]:
    """One or several numbers in [0, 1]."""
    if np.ndim(l1_ratio) == 0:
        return [check.fraction(l1_ratio, "l1_ratio")]
    ratios = [check.fraction(ratio, f"l1_ratio[{i}]") for i, ratio in enumerate(l1_ratio)]
    if not ratios:
        raise ValueError("l1_ratio must hold at least one number; got an empty list")
    return ratios


def cross_validate(
    problem: Problem,
    splits: list[Split],
    ratios: list[float],
    grid: int | Array,
    control: Control,
    *,
    rows: Any = None,
    scoring: Any = None,
    score_params: dict[str, Any] | None = None,
    select: Select = "min",
    predictions: bool = False,
    progress: bool | None = False,
    names: Array | None = None,
    lengthen: bool = False,
    recipe: Recipe = PLAIN,
) -> CVResult:
    """What `cv_path` does, for a checked problem; `rows` is the caller's X, for scorers that are plain functions.

    `score_params` is what the scorer gets, by default the sample weights. With `lengthen` an automatic grid without eps goes on while
    its best penalty is the last, if there is one stage only.
    """
    select = _selection.check_select(select)
    if score_params is None:
        s = problem.sample_weight
        score_params = {} if s is None else {"sample_weight": s}
    weighted = "sample_weight" in score_params
    scorer = None if scoring is None else _scorers.find_scorer(scoring, weighted)
    k = grid if isinstance(grid, int) else len(grid)
    work = k * len(ratios) * (len(splits) + 1)
    bar = progress_bar(progress, work, problem.X.size * work, "riata.cv_path")
    keep = predictions or scorer is not None
    options: dict[str, Any] = {"keep_predictions": keep}
    run: Callable[..., list[FoldPaths]] = _folds.run
    if not recipe.is_plain:
        run = functools.partial(_two_stage.run, recipe=recipe)
        lengthen = False
    if bar is None:
        runs = run(problem, splits, ratios, grid, control, **options)
    else:
        with bar:

            def advance(done: int) -> None:
                bar.update(done - bar.n)

            runs = run(problem, splits, ratios, grid, control, progress=advance, **options)
            advance(work)
    short: list[float] = []
    if lengthen and isinstance(grid, int) and control.eps == 0 and control.time_limit == math.inf:
        runs, short = _folds.lengthened(problem, splits, runs, control, **options)
    result = CVResult(problem, runs, splits, control.tol, select, names, keep and predictions)
    if scorer is not None:
        result._score(scorer, problem, runs, rows, score_params)
    if np.isnan(result.mean_loss).all():  # infinite ones are scores
        raise ValueError("no penalty has a finite mean score")
    result.choose()
    if short:
        warnings.warn(
            f"the best penalty for l1_ratio={', '.join(f'{ratio:g}' for ratio in short)} is the smallest of the grid even after it was "
            f"lengthened {_grid.LONGEST} times: pass smaller alphas, or take it that no penalty is best",
            GridEndWarning,
            stacklevel=3,
        )
    warn_gaps([path for run in runs for path in (run.whole, *run.folds)], control, stacklevel=4)
    return result
