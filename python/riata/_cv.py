"""Cross-validation of paths: `cv_path` and its result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _fit, _folds, _scorers, _selection, plotting
from . import _validation as check
from ._fit import Certificate
from ._folds import FoldPaths
from ._path import progress_bar
from ._problem import Array, Problem, check_problem
from ._result import PathResult
from ._routes import Control
from ._selection import Select
from ._splits import Split, make_splits
from .exceptions import warn_not_converged

LOSSES = {
    "gaussian": "mean squared error",
    "binomial": "log loss",
    "poisson": "half the deviance",
}


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
    X, y, family, alphas, sample_weight, offset, penalty_weights, l2_weights, lower, upper, fit_intercept, standardize, tol
        As in `riata.path`. A weight of 2 is a row given twice, in the scores too.
    l1_ratio : float or array-like of floats in [0, 1], default=1.0
    eps : float in (0, 1), optional
        Smallest penalty of an automatic grid relative to its largest; by default 1e-2 if n_features > n_samples, else 1e-4.
    cv : int, splitter or iterable, default=5
        How many folds of consecutive rows (for labels: stratified by them), any of scikit-learn's splitters, or pairs (train, test) of row numbers or masks. Rows may
        occur in several test sets, or several times in one set.
    groups : array-like of shape (n_samples,), optional
        Passed to the splitter.
    scoring : str or callable, optional
        A name of scikit-learn's or ``scorer(estimator, X, y)``; more is better. By default the (weighted) mean loss:
        squared error, log loss, or half the Poisson deviance.
    select : {"min", "1se"} or callable, default="min"
        The model with the best mean score; the one with the largest alpha within one standard error of it; or
        ``select(cv_results_) -> index``.
    max_iter, memory_limit, n_threads
        As in `riata.path`.
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
    control = Control(
        eps=0.0 if eps is None else check.real(eps, "eps", 0.0, 1.0, open_low=True, open_high=True),
        tol=check.positive(tol, "tol"),
        max_iter=_fit.MAX_ITER if max_iter is None else check.integer(max_iter, "max_iter", 1),
        time_limit=math.inf if time_limit is None else check.positive(time_limit, "time_limit"),
        memory_limit=0 if memory_limit is None else check.integer(memory_limit, "memory_limit", 1),
    )
    return cross_validate(
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
    )


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
    select: Select = "min",
    predictions: bool = False,
    progress: bool | None = False,
    names: Array | None = None,
) -> CVResult:
    """What `cv_path` does, for a checked problem; `rows` is the caller's X, for scorers that are plain functions."""
    select = _selection.check_select(select)
    scorer = None if scoring is None else _scorers.find_scorer(scoring)
    if scorer is not None and problem.sample_weight is not None:
        if not _scorers.takes_weights(scorer):
            raise ValueError(
                f"scoring={scoring!r} does not take sample_weight: rows would count in the scores as if they had none"
            )
    k = grid if isinstance(grid, int) else len(grid)
    work = k * len(ratios) * (len(splits) + 1)
    bar = progress_bar(progress, work, problem.X.size * work, "riata.cv_path")
    keep = predictions or scorer is not None
    options: dict[str, Any] = {"keep_predictions": keep}
    if bar is None:
        runs = _folds.run(problem, splits, ratios, grid, control, **options)
    else:
        with bar:

            def advance(done: int) -> None:
                bar.update(done - bar.n)

            runs = _folds.run(problem, splits, ratios, grid, control, progress=advance, **options)
            advance(work)
    result = CVResult(problem, runs, splits, control.tol, select, names, keep and predictions)
    if scorer is not None:
        result._score(scorer, problem, runs, rows)
    if not np.isfinite(result.mean_loss).any():
        raise ValueError("no penalty has a finite mean score")
    result.choose()
    _warn_gaps(result, runs, control)
    return result


def _warn_gaps(result: CVResult, runs: list[FoldPaths], control: Control) -> None:
    paths = [path for run in runs for path in (run.whole, *run.folds)]
    failed = sum(int(np.count_nonzero(path.status)) for path in paths)
    if failed:
        worst = max(float(path.rel_gap.max(initial=0.0)) for path in paths)
        warn_not_converged(
            f"{failed} of {sum(len(path.alphas) for path in paths)} solutions did not reach the relative duality gap "
            f"tol={control.tol:g}: the largest gap is {worst:.2g}. Raise max_iter (now {control.max_iter}) or tol, or end the paths at "
            "a larger alpha (alphas, eps).",
            stacklevel=4,
        )


class CVResult:
    """Scores along a grid, the models of all rows, and the one that was chosen.

    Attributes
    ----------
    alphas : ndarray of shape (k,) or (l, k)
        Penalties from large to small; a row for every l1_ratio where there are several.
    l1_ratios : ndarray of shape (l,)
    scores : ndarray of shape (k, folds) or (l, k, folds)
        Held-out scores: `loss`, or what `scoring` returns. NaN for penalties that the time did not suffice for.
    loss : ndarray, shaped like scores
        Held-out mean losses: squared error, log loss, or half the Poisson deviance.
    mean_score, std_error : ndarray of shape (k,) or (l, k)
        Mean over the folds and its standard error.
    alpha, l1_ratio : float
        What was chosen.
    alpha_min, alpha_1se : float
        Penalty with the best mean score, and the largest at the same l1_ratio within one standard error of it.
    coef, intercept, certificate
        The model chosen, fitted to all rows.
    path : PathResult
        All rows' path at the chosen l1_ratio. `paths` has those of all l1_ratios.
    fold_paths : list of list of PathResult
        For every l1_ratio the paths of the training sets.
    predictions : ndarray of shape (n_samples, k) or (l, n_samples, k), or None
        Out-of-fold predictions, averaged where a row is held out several times, NaN where never.
    cv_results_ : dict
        As of scikit-learn's GridSearchCV: a long array per key, l1_ratio by l1_ratio. Scores here are such that more is better.
    splits : list of (train, test)
    """

    def __init__(
        self,
        problem: Problem,
        runs: list[FoldPaths],
        splits: list[Split],
        tol: float,
        select: Select,
        names: Array | None,
        predictions: bool,
    ) -> None:
        p = problem.X.shape[1]

        def results(run: FoldPaths) -> list[PathResult]:
            return [
                PathResult(path, p, tol, run.l1_ratio, names, problem.family, problem.classes)
                for path in (run.whole, *run.folds)
            ]

        every = [results(run) for run in runs]
        self.paths = [paths[0] for paths in every]
        self.fold_paths = [paths[1:] for paths in every]
        self.l1_ratios = np.array([run.l1_ratio for run in runs])
        self.splits = splits
        self.select = select
        self._alphas = np.array([run.alphas for run in runs])
        self._base = np.array([_folds.losses(run) for run in runs])
        self._loss, self._sign = self._base, -1.0
        self.predictions: Array | None = None
        if predictions:
            self.predictions = self._shaped(
                np.array([_out_of_fold(run, splits, problem.X.shape[0]) for run in runs])
            )
        self._index = (0, 0)

    def _score(self, scorer: Any, problem: Problem, runs: list[FoldPaths], rows: Any) -> None:
        loss = np.full_like(self._base, np.nan)
        scorer = _scorers.with_labels(scorer, problem.classes)
        for i, (_, test) in enumerate(self.splits):
            X = _scorers.rows_for(scorer, rows, test)
            weight = None if problem.sample_weight is None else problem.sample_weight[test]
            shift = 0.0 if problem.offset is None else problem.offset[test]
            for row, run in enumerate(runs):
                reached = _folds.common_length(run)
                predictions = run.predictions[i]
                assert predictions is not None
                loss[row, :reached, i] = -_scorers.score_margins(
                    scorer, predictions[:reached] + shift, X, problem, test, weight
                )
        self._loss, self._sign = loss, 1.0

    def choose(self, select: Select | None = None) -> None:
        """Choose anew, by another rule: "min", "1se" or a callable."""
        rule = self.select if select is None else _selection.check_select(select)
        index = _selection.choose(rule, self.mean_loss, self._error, lambda: self.cv_results_)
        self.select, self._index = rule, index

    def _shaped(self, values: Array) -> Array:
        return values[0] if len(self.l1_ratios) == 1 else values

    @property
    def mean_loss(self) -> Array:
        return np.asarray(self._loss.mean(axis=-1))

    @property
    def _error(self) -> Array:
        return _selection.standard_error(self._loss)

    @property
    def alphas(self) -> Array:
        return self._shaped(self._alphas)

    @property
    def scores(self) -> Array:
        return self._shaped(self._loss if self._sign < 0 else -self._loss)

    @property
    def loss(self) -> Array:
        return self._shaped(self._base)

    @property
    def mean_score(self) -> Array:
        return np.asarray(self.scores.mean(axis=-1))

    @property
    def std_error(self) -> Array:
        return self._shaped(self._error)

    @property
    def best_index(self) -> tuple[int, int]:
        """(l1_ratio, alpha) of what was chosen."""
        return self._index

    @property
    def alpha(self) -> float:
        return float(self._alphas[self._index])

    @property
    def l1_ratio(self) -> float:
        return float(self.l1_ratios[self._index[0]])

    @property
    def alpha_min(self) -> float:
        return float(self._alphas[_selection.least(self.mean_loss)])

    @property
    def alpha_1se(self) -> float:
        mean = self.mean_loss
        at = _selection.one_standard_error(mean, self._error, _selection.least(mean))
        return float(self._alphas[at])

    @property
    def path(self) -> PathResult:
        return self.paths[self._index[0]]

    @property
    def coef(self) -> Array:
        return self.path.at(self.alpha).coef

    @property
    def intercept(self) -> float:
        return float(self.path.intercepts[self._index[1]])

    @property
    def certificate(self) -> Certificate:
        return self.path.certificate(self._index[1])

    @property
    def cv_results_(self) -> dict[str, Any]:
        ratios, k, folds = self._loss.shape
        score = -self._loss.reshape(ratios * k, folds)
        mean = score.mean(axis=1)
        results: dict[str, Any] = {
            "param_alpha": self._alphas.ravel(),
            "param_l1_ratio": np.repeat(self.l1_ratios, k),
            "n_features": np.concatenate([_padded(path.df, k) for path in self.paths]),
            "params": [
                {"alpha": float(alpha), "l1_ratio": float(ratio)}
                for ratio, alphas in zip(self.l1_ratios, self._alphas)
                for alpha in alphas
            ],
        }
        results |= {f"split{i}_test_score": score[:, i] for i in range(folds)}
        worse = np.where(np.isnan(mean), np.inf, -mean)
        rank = 1 + np.searchsorted(np.sort(worse), worse)
        return results | {
            "mean_test_score": mean,
            "std_test_score": self._error.ravel() * np.sqrt(folds - 1),
            "std_error_test_score": self._error.ravel(),
            "rank_test_score": rank.astype(np.int32),
        }

    def predict(self, X: Any) -> Array:
        """Predictions of the model chosen, (n_samples,)."""
        return self.path.predict(X, self.alpha)

    def plot(self, ax: Any = None) -> Any:
        """Mean score and one standard error against log alpha; returns the matplotlib axes. See `riata.plotting.plot_cv`."""
        row = self._index[0]
        return plotting.plot_cv(
            self._alphas[row],
            (self._loss[row] if self._sign < 0 else -self._loss[row]),
            self.paths[row].df,
            alpha_min=self.alpha_min,
            alpha_1se=self.alpha_1se,
            alpha=self.alpha,
            label=LOSSES[self.path.family] if self._sign < 0 else "score",
            ax=ax,
        )

    plot_cv = plot

    def __repr__(self) -> str:
        ratios, k, folds = self._loss.shape
        return (
            f"CVResult({folds} folds, {k} alphas{f', {ratios} l1_ratios' if ratios > 1 else ''}: alpha={self.alpha:.4g}"
            f"{f', l1_ratio={self.l1_ratio:g}' if ratios > 1 else ''} by select={self.select!r}, "
            f"{self.path.df[self._index[1]]} of {self.path.n_features_in_} features)"
        )


def _padded(df: Array, k: int) -> Array:
    return np.concatenate([df, np.zeros(k - len(df), dtype=df.dtype)])


def _out_of_fold(run: FoldPaths, splits: list[Split], n: int) -> Array:
    k, reached = len(run.alphas), _folds.common_length(run)
    total, times = np.zeros((n, k)), np.zeros(n)
    for (_, test), eta in zip(splits, run.predictions):
        assert eta is not None
        np.add.at(total[:, :reached], test, eta[:reached].T)
        np.add.at(times, test, 1.0)
    total[:, reached:] = np.nan
    with np.errstate(invalid="ignore"):
        return np.asarray(total / times[:, None])
