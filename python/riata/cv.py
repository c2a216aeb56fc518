"""LassoCV and ElasticNetCV with scikit-learn's interface: `riata.cv_path` behind an estimator."""

from __future__ import annotations

import numbers
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import StrOptions

from . import _cv, _metadata, _scorers, _splits
from . import _validation as check
from ._cv_result import CVResult
from ._estimator import LinearRegressor, feature_names
from ._handed_out import in_dtype
from ._parameters import (
    BOUNDS,
    DESCENT,
    FOLDS,
    PROBLEM,
    SHARE,
    Constraints,
    check_penalties,
    validate,
)
from ._path import enet_path, lasso_path
from ._problem import Array, Problem
from ._routes import scikit_learn_control
from ._two_stage import Recipe
from .exceptions import warn_deprecated

SINGLE: Constraints = {
    **PROBLEM,
    **BOUNDS,
    **DESCENT,
    **FOLDS,
    "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
    "positive": ["boolean"],
}
MIXTURES: Constraints = {"l1_ratio": [SHARE, "array-like"]}


DERIVED = ("alphas_", "mse_path_", "cv_results_")  # of what the CVResult holds


class SparseRegressorCV(LinearRegressor):
    """What LassoCV and ElasticNetCV share."""

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None, **params: Any
    ) -> Self:
        """Cross-validate, choose a penalty and fit all rows with it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Any real dtype; float32 and float64 with contiguous rows or columns are read in place. Never modified, nor are rows copied.
        y : array-like of shape (n_samples,)
            The response of each row.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out; in the scores too.
        offset : array-like of shape (n_samples,), optional
            Known part of the prediction, subtracted from y; `predict` does not add it.
        **params : dict
            ``groups`` for the splitter. With scikit-learn's metadata routing enabled, whatever the splitter and the scorer request.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For bad input, naming the argument, the value and its position; the estimator stays as it was.

        Warns
        -----
        ConvergenceWarning
            If a duality gap stayed above `tol`.
        """
        validate(self)
        control = scikit_learn_control(self.eps, self.tol, self.max_iter, self.time_limit)
        ratios = self._ratios()
        problem = self._single_problem(X, y, sample_weight, offset)
        names = feature_names(X)
        given = {"sample_weight": sample_weight, "offset": offset, **params}
        routed = _metadata.route(self, "fit", len(problem.y), given, accepted=("offset",))
        splits = _splits.make_splits(
            self.cv,
            X,
            y,
            problem.X.shape[0],
            problem.sample_weight,
            params=routed.split,
        )
        result = _cv.cross_validate(
            problem,
            splits,
            ratios,
            check.penalty_grid(self._grid()),
            control,
            rows=X,
            scoring=self.scoring,
            score_params=routed.score,
            select=self.select,
            predictions=check.flag(self.store_predictions, "store_predictions"),
            progress=self.progress,
            names=names,
            recipe=self._recipe(),
        )
        self._take_result(result, problem, names)
        return self

    def _mixing(self) -> float:
        return self._ratios()[0]

    def _ratios(self) -> list[float]:
        raise NotImplementedError

    def _recipe(self) -> Recipe:
        return _cv.PLAIN

    def _grid(self) -> Any:
        """`alphas`, or what earlier versions of scikit-learn called it."""
        alphas = 100 if self.alphas is None or isinstance(self.alphas, str) else self.alphas
        if self.alphas is None:
            warn_deprecated(
                "'alphas=None' was deprecated in scikit-learn 1.7: leave out alphas, or pass an integer",
                since=(1, 7),
                stacklevel=3,
            )
        if np.ndim(alphas) == 1:
            check_penalties(alphas)
        if self.n_alphas == "deprecated":
            return alphas
        warn_deprecated(
            f"'n_alphas' was deprecated in scikit-learn 1.7: pass alphas={self.n_alphas}",
            since=(1, 7),
            stacklevel=3,
        )
        return self.n_alphas if isinstance(alphas, numbers.Integral) else alphas

    def get_metadata_routing(self) -> Any:
        """How metadata reach the splitter and the scorer, see scikit-learn's user guide on metadata routing."""
        from sklearn.model_selection import check_cv

        scorer = None if self.scoring is None else _scorers.find_scorer(self.scoring)
        return _metadata.router(self, check_cv(self.cv), scorer, ("fit",))

    def _take_result(self, result: CVResult, problem: Problem, names: Array | None) -> None:
        self.cv_result_ = result
        solved = replace(problem, l1_ratio=result.l1_ratio)
        if result.penalty_weights is not None:
            solved = replace(solved, penalty_weights=result.penalty_weights)
        coef, intercepts, [self.certificate_] = in_dtype(
            solved,
            np.atleast_2d(result.coef),
            np.atleast_1d(result.intercept),
            [result.certificate],
        )
        self.coef_ = coef.reshape(result.coef.shape)
        self.intercept_ = intercepts if result.coef.ndim == 2 else intercepts[0]
        if not problem.fit_intercept:
            self.intercept_ = 0.0
        self.dual_gap_ = self.certificate_.gap
        self.n_iter_ = max(1, int(result.path.n_iter[result.best_index[1]]))
        self.alpha_ = result.alpha
        self.alpha_min_ = result.alpha_min
        self.alpha_half_se_ = result.alpha_half_se
        self.alpha_1se_ = result.alpha_1se
        self._take_columns(result.path.n_features_in_, names)
        self._take_scores(result)

    def _take_scores(self, result: CVResult) -> None:
        self.alphas_ = result.alphas
        self.mse_path_ = np.squeeze(result.loss)
        self.cv_results_ = result.cv_results_

    def __getstate__(self) -> dict[str, Any]:
        """Of the paths only the model chosen is kept, and scores only once."""
        state = super().__getstate__()
        if "cv_result_" in state:
            state["cv_result_"] = state["cv_result_"].without_models()
            for name in DERIVED:
                state.pop(name, None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        result = vars(self).get("cv_result_")
        if result is None or "cv_results_" in vars(self):  # not fitted, or of an earlier version
            return
        names = getattr(self, "feature_names_in_", None)
        coef = np.asarray(self.coef_, dtype=np.float64)
        result.keep_model(coef, self.intercept_, self.certificate_, names)
        self._take_scores(result)

    def plot_cv(self, ax: Any = None) -> Any:
        """Mean score and one standard error against log alpha. See `riata.plotting.plot_cv`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self.cv_result_.plot(ax)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        tags.target_tags.single_output = True
        return tags


class LassoCV(SparseRegressorCV):
    """Lasso whose penalty is chosen by cross-validation, a drop-in for scikit-learn's.

    All folds and the final fit share one X: rows are weighted, not copied. See `riata.cv_path`.

    Parameters
    ----------
    eps : float in (0, 1], default=1e-3
        Smallest penalty of an automatic grid relative to its largest.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves. None is 100, as it was until scikit-learn 1.8.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    max_iter : int or None, default=1000
        Most linear systems solved for a penalty.
    tol : float, default=1e-4
        As in `Lasso`; solutions are solved to a relative gap of 1e-6 at least.
    cv : int, splitter or iterable, default=5
        How many folds of consecutive rows, any of scikit-learn's splitters, or pairs (train, test).
    positive : bool, default=False
        Only coefficients >= 0.
    precompute : bool or array-like, default="auto"
        Of no effect: the solver decides about Gram matrices itself.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    verbose : bool or int, default=False
        Of no effect.
    n_jobs : int, optional
        Of no effect; see `n_threads`.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    select : {"min", "half_se", "1se"} or callable, default="min"
        The penalty with the best mean score, or one of the sparser rules of `riata.cv_path`, or ``select(cv_results_) -> index``.
    scoring : str or callable, optional
        A scorer by which to choose; by default the mean squared error.
    store_predictions : bool, default=False
        Keep the out-of-fold predictions, in ``cv_result_.predictions``.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights of the L2 part, which this penalty does not have; inf leaves a feature out.
    lower : float or array-like of shape (n_features,), optional
        Lower bounds of the coefficients on the original scale.
    upper : float or array-like of shape (n_features,), optional
        Upper bounds of the coefficients on the original scale.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation, in the folds that of each training set;
        reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.
    time_limit : float, optional
        Seconds after which only those penalties count that every fold has reached.
    progress : bool, default=False
        Show a progress bar (needs tqdm); None for long work only.
    n_alphas : int, optional
        What scikit-learn called `alphas` where that is a number, until 1.8.

    Attributes
    ----------
    alpha_ : float
        The penalty chosen.
    alpha_min_, alpha_half_se_, alpha_1se_ : float
        What each rule of `select` chooses.
    alphas_ : ndarray of shape (n_alphas,)
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Held-out mean squared errors.
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    dual_gap_ : float
        On the scale of the objective.
    n_iter_ : int
    certificate_ : Certificate
        Of the final fit.
    cv_results_ : dict
        As of GridSearchCV; more is better.
    cv_result_ : CVResult
        Everything else: paths of the folds, standard errors, predictions.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    Lasso : One model with an L1 penalty.
    LassoIC : The penalty chosen by an information criterion.
    ElasticNetCV : Penalty and mixture chosen by cross-validation.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    - R. Tibshirani, "Regression shrinkage and selection via the lasso", Journal of the Royal Statistical Society B 58 (1996), 267-288.
    - L. Breiman, J. Friedman, C. J. Stone and R. A. Olshen, "Classification and Regression Trees" (1984), on the rule of one standard
      error.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> model = riata.LassoCV(select="1se").fit(X, y)
    >>> model.mse_path_.shape
    (100, 5)
    """

    path = staticmethod(lasso_path)
    _parameter_constraints: ClassVar[Constraints] = SINGLE

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        copy_X: bool = True,
        cv: Any = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        select: Any = "min",
        scoring: Any = None,
        store_predictions: bool = False,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        time_limit: float | None = None,
        progress: bool | None = False,
        n_threads: int | None = None,
        n_alphas: Any = "deprecated",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.scoring = scoring
        self.store_predictions = store_predictions
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.time_limit = time_limit
        self.progress = progress
        self.n_threads = n_threads
        self.n_alphas = n_alphas

    def _ratios(self) -> list[float]:
        return [1.0]


class ElasticNetCV(SparseRegressorCV):
    """Elastic net whose penalty and mixture are chosen by cross-validation, a drop-in for scikit-learn's.

    Parameters
    ----------
    l1_ratio : float or array-like of floats in [0, 1], default=0.5
        1 is the lasso, 0 is ridge.
    eps : float in (0, 1], default=0.001
        Smallest penalty of an automatic grid relative to its largest.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    precompute : bool or array-like, default="auto"
        Of no effect: the solver decides about Gram matrices itself.
    max_iter : int, default=1000
        Most linear systems solved for a penalty.
    tol : float, default=0.0001
        scikit-learn's: the fit has converged when the duality gap is below ``tol * |y|^2 / n`` (y centred), a relative gap of ``2 * tol``.
        The solver goes on to 1e-6 as long as that is cheap.
    cv : int, splitter or iterable, optional
        How many folds of consecutive rows, any of scikit-learn's splitters, or pairs (train, test).
    copy_X : bool, default=True
        Of no effect: X is never written to.
    verbose : bool or int, default=0
        Of no effect.
    n_jobs : int, optional
        Of no effect; see `n_threads`.
    positive : bool, default=False
        Only coefficients >= 0.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    select : {"min", "1se"} or callable, default="min"
        The penalty with the best mean score, the largest within one standard error of it, or ``select(cv_results_) -> index``.
    scoring : str or callable, optional
        A scorer by which to choose; by default the mean squared error.
    store_predictions : bool, default=False
        Keep the out-of-fold predictions, in ``cv_result_.predictions``.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights v of the L2 part; u unless given.
    lower : float or array-like of shape (n_features,), optional
        Lower bounds of the coefficients on the original scale.
    upper : float or array-like of shape (n_features,), optional
        Upper bounds of the coefficients on the original scale.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation, in the folds that of each training set;
        reported on the original scale.
    time_limit : float, optional
        Seconds after which only those penalties count that every fold has reached.
    progress : bool, default=False
        Show a progress bar (needs tqdm); None for long work only.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.
    n_alphas : int, default="deprecated"
        What scikit-learn called `alphas` where that is a number, until 1.8.

    Attributes
    ----------
    l1_ratio_ : float
        The mixture chosen.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        The latter for several l1_ratios with grids of their own.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratio, n_alphas, n_folds)
    alpha_, alpha_min_, alpha_half_se_, alpha_1se_, coef_, intercept_, dual_gap_, n_iter_, certificate_, cv_results_, cv_result_
        As in `LassoCV`.
    n_features_in_, feature_names_in_
        As in `LassoCV`.

    See Also
    --------
    ElasticNet : One model with L1 and L2 penalties.
    LassoCV : The penalty chosen by cross-validation.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    - H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", Journal of the Royal Statistical Society B 67
      (2005), 301-320.
    - L. Breiman, J. Friedman, C. J. Stone and R. A. Olshen, "Classification and Regression Trees" (1984), on the rule of one standard
      error.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> model = riata.ElasticNetCV(l1_ratio=[0.5, 1.0]).fit(X, y)
    >>> model.mse_path_.shape
    (2, 100, 5)
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[Constraints] = {**SINGLE, **MIXTURES}

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        copy_X: bool = True,
        verbose: bool | int = 0,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        select: Any = "min",
        scoring: Any = None,
        store_predictions: bool = False,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        time_limit: float | None = None,
        progress: bool | None = False,
        n_threads: int | None = None,
        n_alphas: Any = "deprecated",
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.scoring = scoring
        self.store_predictions = store_predictions
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.time_limit = time_limit
        self.progress = progress
        self.n_threads = n_threads
        self.n_alphas = n_alphas

    def _ratios(self) -> list[float]:
        return _cv.mixing_ratios(self.l1_ratio)

    def _take_scores(self, result: CVResult) -> None:
        super()._take_scores(result)
        self.l1_ratio_ = result.l1_ratio
        if self.alphas is not None and np.ndim(self.alphas) > 0 and self.alphas_.ndim == 2:
            self.alphas_ = self.alphas_[0]  # one grid for all
