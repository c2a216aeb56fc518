"""MultiTaskLassoCV and MultiTaskElasticNetCV: several targets that share their features, cross-validated."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from . import _cv
from ._cv_result import CVResult
from ._parameters import DESCENT, FOLDS, PROBLEM, Constraints
from ._path import enet_path, lasso_path
from ._problem import Problem
from .cv import MIXTURES, SparseRegressorCV
from .multi_task import TaskRegressor

JOINT: Constraints = {**PROBLEM, **DESCENT, **FOLDS}


class _MultiTaskCV(TaskRegressor, SparseRegressorCV):
    def _single_problem(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> Problem:
        return self._problem(X, y, sample_weight, offset)


class MultiTaskLassoCV(_MultiTaskCV):
    """MultiTaskLasso whose penalty is chosen by cross-validation, a drop-in for scikit-learn's.

    All folds and the final fit share one X: rows are weighted, not copied.

    Parameters
    ----------
    eps : float in (0, 1], default=1e-3
        Smallest penalty of an automatic grid relative to its largest.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    max_iter : int, default=1000
        Most linear systems solved for a penalty.
    tol : float, default=0.0001
        scikit-learn's: the fit has converged when the duality gap is below ``tol * |y|^2 / n`` (y centred), a relative gap of ``2 * tol``.
        The solver goes on to 1e-6 as long as that is cheap.
    cv : int, splitter or iterable, optional
        How many folds of consecutive rows, any of scikit-learn's splitters, or pairs (train, test).
    select : {"min", "1se"} or callable, default="min"
        The penalty with the best mean score, the largest within one standard error of it, or ``select(cv_results_) -> index``.
    scoring : str or callable, optional
        A scorer by which to choose; by default the mean squared error over rows and tasks.
    store_predictions : bool, default=False
        Keep the out-of-fold predictions, in ``cv_result_.predictions``.
    time_limit : float, optional
        Seconds after which only those penalties count that every fold has reached.
    progress : bool, default=False
        Show a progress bar (needs tqdm); None for long work only.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.
    n_alphas : int, default="deprecated"
        What scikit-learn called `alphas` where that is a number, until 1.8.
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
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights v of the L2 part; u unless given.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation, in the folds that of each training set;
        reported on the original scale.

    Attributes
    ----------
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Held-out squared errors, means over rows and tasks.
    coef_ : ndarray of shape (n_tasks, n_features)
    intercept_ : ndarray of shape (n_tasks,), or 0.0 without an intercept
    alpha_, alpha_min_, alpha_half_se_, alpha_1se_, alphas_, dual_gap_, n_iter_, certificate_, cv_results_, cv_result_
        As in `LassoCV`.
    n_features_in_, feature_names_in_
        As in `LassoCV`.

    See Also
    --------
    MultiTaskLasso : Several targets that share their features.
    MultiTaskElasticNetCV : Penalty and mixture chosen by cross-validation.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    - M. Yuan and Y. Lin, "Model selection and estimation in regression with grouped variables", Journal of the Royal Statistical
      Society B 68 (2006), 49-67.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 20))
    >>> Y = X[:, :2] @ [[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]] + 0.1 * rng.standard_normal((60, 3))
    >>> model = riata.MultiTaskLassoCV(select="1se").fit(X, Y)
    >>> model.coef_.shape, model.mse_path_.shape
    ((3, 20), (100, 5))
    """

    path = staticmethod(lasso_path)
    _parameter_constraints: ClassVar[Constraints] = JOINT

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        copy_X: bool = True,
        cv: Any = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        selection: str = "cyclic",
        select: Any = "min",
        scoring: Any = None,
        store_predictions: bool = False,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        standardize: bool = False,
        time_limit: float | None = None,
        progress: bool | None = False,
        n_threads: int | None = None,
        n_alphas: Any = "deprecated",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.scoring = scoring
        self.store_predictions = store_predictions
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.standardize = standardize
        self.time_limit = time_limit
        self.progress = progress
        self.n_threads = n_threads
        self.n_alphas = n_alphas

    def _ratios(self) -> list[float]:
        return [1.0]


class MultiTaskElasticNetCV(_MultiTaskCV):
    """MultiTaskElasticNet whose penalty and mixture are chosen by cross-validation, a drop-in for scikit-learn's.

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
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    select : {"min", "1se"} or callable, default="min"
        The penalty with the best mean score, the largest within one standard error of it, or ``select(cv_results_) -> index``.
    scoring : str or callable, optional
        A scorer by which to choose; by default the mean squared error over rows and tasks.
    store_predictions : bool, default=False
        Keep the out-of-fold predictions, in ``cv_result_.predictions``.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights v of the L2 part; u unless given.
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
    coef_, intercept_, alpha_, alpha_min_, alpha_half_se_, alpha_1se_, dual_gap_, n_iter_, certificate_, cv_results_, cv_result_
        As in `MultiTaskLassoCV`.
    n_features_in_, feature_names_in_
        As in `LassoCV`.

    See Also
    --------
    MultiTaskElasticNet : The same with an L2 part.
    MultiTaskLassoCV : The penalty chosen by cross-validation.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    - M. Yuan and Y. Lin, "Model selection and estimation in regression with grouped variables", Journal of the Royal Statistical
      Society B 68 (2006), 49-67.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 20))
    >>> Y = X[:, :2] @ [[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]] + 0.1 * rng.standard_normal((60, 3))
    >>> riata.MultiTaskElasticNetCV(l1_ratio=0.9, alphas=20).fit(X, Y).coef_.shape
    (3, 20)
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[Constraints] = {**JOINT, **MIXTURES}

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        copy_X: bool = True,
        verbose: bool | int = 0,
        n_jobs: int | None = None,
        random_state: Any = None,
        selection: str = "cyclic",
        select: Any = "min",
        scoring: Any = None,
        store_predictions: bool = False,
        penalty_weights: Any = None,
        l2_weights: Any = None,
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
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.select = select
        self.scoring = scoring
        self.store_predictions = store_predictions
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
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
