"""RidgeCV with scikit-learn's interface: exact leave-one-out for all penalties from one factorisation, or any folds."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from . import _blas, _metadata, _scorers, _selection, _splits, plotting
from . import _fit as _fitting
from . import _validation as check
from ._estimator import LinearRegressor, feature_names
from ._grams import Grams
from ._leave_one_out import held_out
from ._parameters import (
    DEPRECATED,
    FOLDS,
    NONNEGATIVE,
    PROBLEM,
    Constraints,
    check_penalties,
    validate,
)
from ._problem import Array, Problem, check_problem
from ._ridge_folds import SampleFolds, by_fitting, fit_rows
from ._routes import relative_tolerance
from ._single import fit_targets
from ._splits import Split


class RidgeCV(LinearRegressor):
    """Ridge whose penalty is chosen by leave-one-out or other cross-validation, a drop-in for scikit-learn's.

    Minimises sum_i s_i (y_i - x_i'w - b)^2 + alpha * sum_j v_j w_j^2 for each alpha.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or float, default=(0.1, 1.0, 10.0)
        Penalties to try, > 0; with `cv` also 0, least squares of minimum norm.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    scoring : str or callable, optional
        By default the negative mean squared error for leave-one-out, R^2 otherwise.
    cv : int, splitter or iterable, optional
        None is exact leave-one-out, all rows and penalties from one factorisation.
    gcv_mode : {'auto', 'svd', 'eigen'}, optional
        scikit-learn's, of no effect: the route depends on shape and conditioning.
    store_cv_results : bool, default=False
        Keep the errors (or predictions, with `scoring`) of every row, for leave-one-out.
    alpha_per_target : bool, default=False
        Choose a penalty for each target, for leave-one-out.
    store_cv_values : bool, optional
        The name that `store_cv_results` had until scikit-learn 1.6, and `cv_results_` was `cv_values_`.
    criterion : {'loo', 'gcv'}, default='loo'
        'gcv' is generalised cross-validation, which replaces every row's leverage by their mean.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        v above, under either name (l2_weights wins): 0 leaves a feature unpenalised, inf leaves it out.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; with `cv` that of each training set, with
        leave-one-out that of all rows.
    tol : float, default=1e-4
        As in `Ridge`.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
        The penalty chosen.
    best_score_ : float or ndarray of shape (n_targets,)
    cv_results_ : ndarray of shape (n_samples, n_alphas) or (n_samples, n_targets, n_alphas)
        Squared leave-one-out errors times the sample weights, or predictions with `scoring`; only if stored.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
    intercept_ : float or ndarray of shape (n_targets,)
    certificate_ : Certificate or list of Certificate
        Of the final fit, on the scale of `riata.path`.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    Ridge : One model with an L2 penalty.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    - G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing a good ridge parameter",
      Technometrics 21 (1979), 215-223.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 5))
    >>> y = X[:, 0] + rng.standard_normal(50)
    >>> riata.RidgeCV(alphas=[0.1, 1, 10, 100]).fit(X, y).alpha_
    10.0
    """

    _parameter_constraints: ClassVar[Constraints] = {
        **PROBLEM,
        "alphas": ["array-like", NONNEGATIVE],
        "scoring": FOLDS["scoring"],
        "cv": FOLDS["cv"],
        "gcv_mode": [StrOptions({"auto", "svd", "eigen"}), None],
        "store_cv_results": ["boolean"],
        "store_cv_values": ["boolean", DEPRECATED],
        "alpha_per_target": ["boolean"],
        "criterion": [StrOptions({"loo", "gcv"})],
    }

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: Any = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
        store_cv_values: Any = "deprecated",
        criterion: str = "loo",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        standardize: bool = False,
        tol: float = 1e-4,
        n_threads: int | None = None,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
        self.store_cv_values = store_cv_values
        self.criterion = criterion
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.standardize = standardize
        self.tol = tol
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose a penalty and fit all rows with it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of features. Never modified.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Numbers; several targets share the factorisation.
        sample_weight : array-like of shape (n_samples,) or float, optional
            In the fits and in the scores. A row left out is left out with all its weight.
        **params : dict
            ``groups`` for the splitter. With scikit-learn's metadata routing enabled, whatever the splitter and the scorer request.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For bad input, naming the argument, the value and its position; the estimator stays as it was.
        """
        validate(self)
        criterion = self.criterion
        per_target = check.flag(self.alpha_per_target, "alpha_per_target")
        store = self._storing()
        self._check_gcv_mode(X)
        tol = check.nonnegative(self.tol, "tol")
        if self.cv is not None:
            for value, name in ((store, "store_cv_results"), (per_target, "alpha_per_target")):
                if value:
                    raise ValueError(f"cv!=None and {name}=True are incompatible")
        problem = self._problem(X, y, sample_weight)
        given = {"sample_weight": sample_weight, **params}
        routed = _metadata.route(self, "fit", problem.X.shape[0], given)
        scorer = self._scorer(routed.is_weighted)
        alphas = self._grid(problem)
        names = feature_names(X)
        with _blas.for_problem(problem):
            grams = Grams(problem)
            if self.cv is None:
                choice: _LeaveOneOut | _Folds = _LeaveOneOut(
                    problem, grams, alphas, scorer, routed.score, per_target, store, criterion, X
                )
            else:
                splits = _splits.make_splits(
                    self.cv, X, y, problem.X.shape[0], problem.sample_weight, params=routed.split
                )
                choice = _Folds(problem, grams, alphas, scorer, routed.score, splits, X)
            targets = 1 if problem.y.ndim == 1 else problem.y.shape[1]
            best = np.broadcast_to(choice.best, targets)
            penalties = [float(alphas[k]) / problem.total_weight for k in best]
            fits = fit_targets(
                problem, penalties, relative_tolerance(tol), _fitting.MAX_ITER, grams=grams
            ).in_dtype(problem)
        self._take(fits, problem, names)
        chosen = alphas[choice.best]
        self.alpha_ = chosen if np.ndim(chosen) else float(chosen)
        self.best_score_ = choice.best_score
        self._curve = (alphas, *choice.curve)
        if store:
            self.cv_results_ = choice.results.astype(problem.X.dtype, copy=False)
        elif hasattr(self, "cv_results_"):
            del self.cv_results_
        return self

    def plot_cv(self, ax: Any = None) -> Any:
        """Mean scores against log alpha, of folds with one standard error.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        check_is_fitted(self)
        alphas, mean, error = self._curve
        order = np.argsort(-alphas, kind="stable")
        curve = plotting.Curve(alphas[order], mean[order], error[order])
        return plotting.plot_curves(
            [curve],
            0,
            marks={} if np.ndim(self.alpha_) else {"chosen": self.alpha_},
            label=self._score_name(),
            title="RidgeCV, gaussian, l1_ratio 0",
            ax=ax,
        )

    def _score_name(self) -> str:
        rows = "folds" if self.cv is not None else "rows left out"
        if self.scoring is None:
            name = "R²" if self.cv is not None else "negative mean squared error"
        else:
            name = self.scoring if isinstance(self.scoring, str) else "score"
        return f"{name}, mean over {rows}"

    def _check_gcv_mode(self, X: Any) -> None:
        if self.gcv_mode == "svd" and self.cv is None and hasattr(X, "tocsr"):
            warnings.warn(
                "The 'svd' mode is not supported for sparse X in scikit-learn from 1.11 on; here it has no effect: leave gcv_mode out",
                FutureWarning,
                stacklevel=3,
            )

    def _storing(self) -> bool:
        """store_cv_results, by its old name too."""
        if isinstance(self.store_cv_values, str) and self.store_cv_values == "deprecated":
            return check.flag(self.store_cv_results, "store_cv_results")
        warnings.warn(
            "store_cv_values is called store_cv_results now, and cv_values_ cv_results_",
            FutureWarning,
            stacklevel=3,
        )
        if self.store_cv_results:
            raise ValueError("store_cv_values is an old name of store_cv_results: give one of them")
        return check.flag(self.store_cv_values, "store_cv_values")

    @property
    def cv_values_(self) -> Array:
        """The name that `cv_results_` had until scikit-learn 1.6."""
        return self.cv_results_

    def _scorer(self, weighted: bool = False) -> Any:
        """None stands for the mean squared error that leave-one-out has anyway."""
        if self.scoring is not None:
            return _scorers.find_scorer(self.scoring, weighted)
        if self.cv is None:
            return None
        return _metadata.asking_for_weights(_scorers.find_scorer("r2"))

    def get_metadata_routing(self) -> Any:
        """How metadata reach the splitter and the scorer, see scikit-learn's user guide on metadata routing."""
        from sklearn.model_selection import check_cv

        cv = None if self.cv is None else check_cv(self.cv)
        return _metadata.router(self, cv, self._scorer(), ("fit",))

    def _problem(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Problem:
        return check_problem(
            X,
            y,
            multi=True,
            sample_weight=sample_weight,
            offset=offset,
            penalty_weights=self.penalty_weights,
            l2_weights=self.l2_weights,
            l1_ratio=0.0,
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            n_threads=self.n_threads,
        )

    def _grid(self, problem: Problem) -> Array:
        values = [self.alphas] if np.ndim(self.alphas) == 0 else list(self.alphas)
        if not values:
            raise ValueError("alphas must hold at least one penalty; got none")
        check_penalties(values, positive=self.cv is None)
        return np.array([check.nonnegative(a, f"alphas[{i}]") for i, a in enumerate(values)])


class _LeaveOneOut:
    """Index (or one per target) and score of the best penalty; the first of several."""

    def __init__(
        self,
        problem: Problem,
        grams: Grams,
        alphas: Array,
        scorer: Any,
        score_params: dict[str, Any],
        per_target: bool,
        store: bool,
        criterion: str,
        X: Any,
    ) -> None:
        n = problem.X.shape[0]
        Y = problem.y if problem.y.ndim == 2 else problem.y[:, None]
        t, k = Y.shape[1], len(alphas)
        s = np.ones(n) if problem.sample_weight is None else problem.sample_weight
        keep = store or scorer is not None
        errors = np.empty((n, t, k)) if keep or criterion == "gcv" else None
        squares, complement = np.zeros((t, k)), np.zeros(k)
        for held in held_out(problem, alphas, grams):
            error = held.error if criterion == "loo" else held.residual
            complement += held.complement[s[held.rows] > 0].sum(axis=0)
            squares += (error**2).sum(axis=0)
            if errors is not None:
                errors[held.rows] = error
        if criterion == "gcv":
            assert errors is not None
            shrink = complement / np.count_nonzero(s)
            errors /= shrink
            squares /= shrink**2
        score = -squares / n
        if errors is not None:
            self.results = errors**2
        apart = per_target and t > 1
        if scorer is not None:
            assert errors is not None
            self.results = _predictions(problem, alphas, Y, errors, s)
            y = Y if apart or problem.y.ndim == 2 else problem.y
            score = _scores(scorer, self.results, y, s, score_params, apart, X)
        elif not apart:
            score = score.mean(axis=0, keepdims=True)
        best = np.argmax(np.where(np.isnan(score), -np.inf, score), axis=1)
        best_score = score[np.arange(len(score)), best]
        self.curve = (score.mean(axis=0), np.full(k, np.nan))
        self.best: Any = best if apart else int(best[0])
        self.best_score: Any = best_score if apart else float(best_score[0])
        if store and problem.y.ndim == 1:
            self.results = self.results[:, 0]


def _predictions(problem: Problem, alphas: Array, Y: Array, errors: Array, s: Array) -> Array:
    """Of every row by a fit without it; errors (rows, targets, penalties) are times the root of the weight."""
    counts, idle = np.flatnonzero(s), np.flatnonzero(s == 0)
    known = np.empty_like(errors)
    known[counts] = Y[counts, :, None] - errors[counts] / np.sqrt(s[counts])[:, None, None]
    if len(idle):  # no fit misses them
        known[idle] = by_fitting(problem, alphas, counts, idle)
    return known


def _scores(
    scorer: Any,
    predictions: Array,
    y: Array,
    s: Array,
    score_params: dict[str, Any],
    apart: bool,
    caller_rows: Any,
) -> Array:
    """(1, alphas), or (targets, alphas) where each counts alone; rows without weight do not count."""
    rows = np.flatnonzero(s)
    own = _metadata.of_rows(score_params, rows, len(y))
    X = _scorers.rows_for(scorer, caller_rows, rows)
    known = predictions[rows].transpose(2, 0, 1)
    tables = (
        [(known[:, :, j], y[rows, j]) for j in range(y.shape[1])]
        if apart
        else [(known if y.ndim == 2 else known[:, :, 0], y[rows])]
    )
    return np.array([_scorers.score_regressions(scorer, eta, X, z, own) for eta, z in tables])


class _Folds:
    """The same for folds; the default score is R^2, of several targets their mean."""

    def __init__(
        self,
        problem: Problem,
        grams: Grams,
        alphas: Array,
        scorer: Any,
        score_params: dict[str, Any],
        splits: list[Split],
        rows: Any,
    ) -> None:
        scores = np.empty((len(splits), len(alphas)))
        self.results = np.empty(0)
        one_target = problem.y.ndim == 1
        positive = np.flatnonzero(alphas > 0)
        shared = None
        if len(positive) and SampleFolds.apply(problem):
            shared = SampleFolds(problem, alphas[positive], grams)
        for i, (train, test) in enumerate(splits):
            eta = shared.predict(train, test) if shared else None
            if eta is None:
                eta = by_fitting(problem, alphas, train, test)
            elif len(positive) < len(alphas):
                zero = by_fitting(problem, np.zeros(1), train, test)
                eta = np.where(alphas > 0, eta[:, :, np.cumsum(alphas > 0) - 1], zero)
            predictions = eta.transpose(2, 0, 1)
            if one_target:
                predictions = predictions[:, :, 0]

            def fitted(k: int, train: Array = train) -> tuple[Any, Any]:
                coef, intercepts = fit_rows(problem, alphas[k : k + 1], train)
                if one_target:
                    return coef[:, 0, 0], float(intercepts[0, 0])
                return coef[:, 0].T, intercepts[0]

            own = _metadata.of_rows(score_params, test, problem.X.shape[0])
            X = _scorers.rows_for(scorer, rows, test)
            scores[i] = _scorers.score_regressions(
                scorer, predictions, X, problem.y[test], own, fitted
            )
        mean = scores.mean(axis=0)
        times = _splits.overlap_of(splits, len(problem.y), problem.sample_weight).times
        self.curve = (mean, _selection.standard_error(scores.T, times))
        self.best: Any = int(np.argmax(mean))
        self.best_score: Any = float(mean[self.best])
