"""Several targets that share their features: MultiTaskLasso and MultiTaskElasticNet.

A feature's coefficients for all tasks form a row, and it is the length of a row that is penalised: features matter to all tasks or to
none.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from . import _validation as check
from ._estimator import LinearRegressor, SparseCoef
from ._parameters import DESCENT, NONNEGATIVE, PROBLEM, SHARE, Constraints, validate
from ._path import enet_path
from ._problem import Problem, check_problem
from ._single import Fits, fit_tasks

JOINT: Constraints = {**PROBLEM, **DESCENT, "alpha": [NONNEGATIVE], "warm_start": ["boolean"]}


class TaskRegressor(LinearRegressor):
    """The problem of several tasks, and what scikit-learn is to know of it."""

    def _problem(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Problem:
        return check_problem(
            X,
            y,
            sample_weight=sample_weight,
            offset=offset,
            penalty_weights=self.penalty_weights,
            l2_weights=self.l2_weights,
            l1_ratio=self._mixing(),
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            n_threads=self.n_threads,
            family="multi-gaussian",
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


class _MultiTask(SparseCoef, TaskRegressor):
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Any real dtype; float32 and float64 with contiguous rows or columns, or in CSC, are read in place. Never modified.
        y : array-like of shape (n_samples, n_tasks)
            The response of each row.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out.
        offset : array-like of shape (n_samples,), optional
            Known part of the predictions of all tasks, subtracted from y; `predict` does not add it.

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
            If the duality gap stayed above `tol`; it quotes the gap in the unit of `tol`.
        """
        validate(self)
        fits = self._fit(X, y, sample_weight, offset)
        self.dual_gap_ = fits.certificates[0].gap
        self.n_iter_ = fits.n_iter[0]
        return self

    def _solve(self, problem: Problem, tol: float, max_iter: int, route: str) -> Fits:
        alpha = check.nonnegative(self.alpha, "alpha")
        return fit_tasks(problem, alpha, tol, max_iter)

    def _take(self, fits: Fits, problem: Problem, names: Any) -> None:
        self.coef_ = np.ascontiguousarray(fits.coef.T)
        self.intercept_ = fits.intercepts if problem.fit_intercept else 0.0
        self.certificate_ = fits.certificates[0]
        self._take_columns(problem.X.shape[1], names)


class MultiTaskLasso(_MultiTask):
    """Linear models for several targets that share their features, a drop-in for scikit-learn's that comes with proof.

    Minimises, with w_j the row of feature j's coefficients for all tasks and S the sum of the sample weights s::

        (1/S) sum_i s_i ||y_i - W'x_i - b||^2 / 2  +  alpha * sum_j u_j ||w_j||.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0. 0 means least squares of minimum norm.
    fit_intercept : bool, default=True
        The intercepts b are never penalised.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    warm_start : bool, default=False
        Of no effect: the solution is the same from any start.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    max_iter : int or None, default=1000
        Most steps of the solver.
    tol : float, default=1e-4
        scikit-learn's: the fit has converged when the duality gap is below ``tol * ||Y||^2 / n`` (y centred), which is a relative gap
        of ``2 * tol``. The solver goes on to a relative gap of 1e-6 in any case.
    penalty_weights : float or array-like of shape (n_features,), optional
        u above: 0 leaves a feature unpenalised, inf leaves it out.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights of the L2 part, which this penalty does not have; inf leaves a feature out.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        In the dtype of X.
    intercept_ : ndarray of shape (n_tasks,), or 0.0 without an intercept
    dual_gap_ : float
        Duality gap on the scale of the objective.
    n_iter_ : int
        Steps of the solver.
    certificate_ : Certificate
        Of all tasks together, see `riata.Certificate`.
    sparse_coef_ : sparse container
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    MultiTaskElasticNet : The same with an L2 part.
    MultiTaskLassoCV : The penalty chosen by cross-validation.
    path : All models along a grid of penalties.

    References
    ----------
    - M. Yuan and Y. Lin, "Model selection and estimation in regression with grouped variables", Journal of the Royal Statistical
      Society B 68 (2006), 49-67.

    Examples
    --------
    >>> import riata
    >>> model = riata.MultiTaskLasso(alpha=0.1).fit([[0, 1], [1, 0], [2, 1]], [[0, 0], [1, 1], [2, 2]])
    >>> model.coef_.round(2).tolist()
    [[0.89, 0.0], [0.89, 0.0]]
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[Constraints] = JOINT

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.standardize = standardize
        self.n_threads = n_threads

    def _mixing(self) -> float:
        return 1.0


class MultiTaskElasticNet(_MultiTask):
    """The same with an L2 penalty, a drop-in for scikit-learn's.

    Minimises, with w_j the row of feature j's coefficients for all tasks and S the sum of the sample weights s::

        (1/S) sum_i s_i ||y_i - W'x_i - b||^2 / 2
        + alpha * [l1_ratio * sum_j u_j ||w_j|| + (1 - l1_ratio)/2 * sum_j v_j ||w_j||^2].

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0. 0 means least squares of minimum norm.
    l1_ratio : float in [0, 1], default=0.5
        1 is `MultiTaskLasso`. 0 is ridge, in which the tasks do not meet.
    fit_intercept : bool, default=True
        The intercepts b are never penalised.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    max_iter : int or None, default=1000
        Most steps of the solver.
    tol : float, default=0.0001
        scikit-learn's: the fit has converged when the duality gap is below ``tol * ||Y||^2 / n`` (y centred), which is a relative gap
        of ``2 * tol``. The solver goes on to a relative gap of 1e-6 in any case.
    warm_start : bool, default=False
        Of no effect: the solution is the same from any start.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        u and v above: 0 leaves a feature unpenalised, inf leaves it out. v is u unless given; u is 1 unless given.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.

    Attributes
    ----------
    coef_, intercept_, dual_gap_, n_iter_, certificate_, sparse_coef_, n_features_in_, feature_names_in_
        As in `MultiTaskLasso`.

    See Also
    --------
    MultiTaskLasso : Several targets that share their features.
    MultiTaskElasticNetCV : Penalty and mixture chosen by cross-validation.
    path : All models along a grid of penalties.

    References
    ----------
    - M. Yuan and Y. Lin, "Model selection and estimation in regression with grouped variables", Journal of the Royal Statistical
      Society B 68 (2006), 49-67.
    - H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", Journal of the Royal Statistical Society B 67
      (2005), 301-320.

    Examples
    --------
    >>> import riata
    >>> model = riata.MultiTaskElasticNet(alpha=0.1).fit([[0, 1], [1, 0], [2, 1]], [[0, 0], [1, 1], [2, 2]])
    >>> model.coef_.shape, model.certificate_.status
    ((2, 2), 'converged')
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[Constraints] = {**JOINT, "l1_ratio": [SHARE]}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.standardize = standardize
        self.n_threads = n_threads

    def _mixing(self) -> float:
        return self.l1_ratio  # checked with the problem
