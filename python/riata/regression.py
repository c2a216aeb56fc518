"""Lasso, ElasticNet and Ridge with scikit-learn's interface.

Each estimator is a choice of penalty and its units; the solving is shared. Differences from scikit-learn: the extra keyword-only
parameters at the end, `certificate_`, an offset, and solutions far more accurate than `tol` asks for.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import StrOptions

from . import _validation as check
from ._estimator import LinearRegressor, SparseRegressor
from ._parameters import BOUNDS, DESCENT, NONNEGATIVE, PROBLEM, SHARE, Constraints, validate
from ._path import enet_path
from ._problem import Problem

SPARSE: Constraints = {
    **PROBLEM,
    **BOUNDS,
    **DESCENT,
    "alpha": [NONNEGATIVE],
    "precompute": ["boolean", "array-like"],
    "warm_start": ["boolean"],
    "positive": ["boolean"],
}


class Lasso(SparseRegressor):
    """Linear model with an L1 penalty, a drop-in for scikit-learn's that comes with proof.

    Minimises, with S the sum of the sample weights s::

        (1/S) sum_i s_i (y_i - x_i'w - b)^2 / 2  +  alpha * sum_j u_j |w_j|     with lower <= w <= upper.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0. 0 means least squares: of minimum norm without bounds, the limit alpha -> 0 with them.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    precompute : bool or array-like, default=False
        Of no effect: the solver decides about Gram matrices itself.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    warm_start : bool, default=False
        Of no effect: the solution is the same from any start.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    max_iter : int or None, default=1000
        Most linear systems solved and sweeps of coordinate descent taken, in all.
    tol : float, default=1e-4
        scikit-learn's: the fit has converged when the duality gap is below ``tol * |y|^2 / n`` (y centred), which is a relative gap of
        ``2 * tol``. Up to 131,072 entries of X the solver goes on to a relative gap of 1e-6 as long as that is cheap, and usually far
        beyond; on larger X it stops at the gap asked for if sweeps over the columns get there, and goes on to 1e-6 otherwise.
    positive : bool, default=False
        Only coefficients >= 0.
    penalty_weights : float or array-like of shape (n_features,), optional
        u above: 0 leaves a feature unpenalised, inf leaves it out.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights of the L2 part, which this penalty does not have; inf leaves a feature out.
    lower, upper : float or array-like of shape (n_features,), optional
        Bounds of the coefficients on the original scale.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap on the scale of the objective.
    n_iter_ : int or list of int
        Linear systems solved and sweeps taken, those of the short path towards alpha included.
    certificate_ : Certificate or list of Certificate
        See `riata.Certificate`.
    sparse_coef_ : sparse container
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    ElasticNet : One model with L1 and L2 penalties.
    LassoCV : The penalty chosen by cross-validation.
    LassoIC : The penalty chosen by an information criterion.
    path : All models along a grid of penalties.

    References
    ----------
    - R. Tibshirani, "Regression shrinkage and selection via the lasso", Journal of the Royal Statistical Society B 58 (1996), 267-288.
    - M. R. Osborne, B. Presnell and B. A. Turlach, "A new approach to variable selection in least squares problems",
      IMA Journal of Numerical Analysis 20 (2000), 389-403.

    Examples
    --------
    >>> import riata
    >>> model = riata.Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> model.predict([[3, 3]]).round(2).tolist()
    [2.7]
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[Constraints] = SPARSE

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads

    def _mixing(self) -> float:
        return 1.0


class ElasticNet(SparseRegressor):
    """Linear model with L1 and L2 penalties, a drop-in for scikit-learn's that comes with proof.

    Minimises, with S the sum of the sample weights s::

        (1/S) sum_i s_i (y_i - x_i'w - b)^2 / 2
        + alpha * [l1_ratio * sum_j u_j |w_j| + (1 - l1_ratio)/2 * sum_j v_j w_j^2]     with lower <= w <= upper.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0. 0 means least squares: of minimum norm without bounds, the limit alpha -> 0 with them.
    l1_ratio : float in [0, 1], default=0.5
        1 is the lasso. 0 is ridge, solved directly.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    precompute : bool or array-like, default=False
        Of no effect: the solver decides about Gram matrices itself.
    max_iter : int or None, default=1000
        Most linear systems solved and sweeps of coordinate descent taken, in all.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    tol : float, default=0.0001
        scikit-learn's: the fit has converged when the duality gap is below ``tol * |y|^2 / n`` (y centred), a relative gap of ``2 * tol``.
        The solver goes on to 1e-6 as long as that is cheap.
    warm_start : bool, default=False
        Of no effect: the solution is the same from any start.
    positive : bool, default=False
        Only coefficients >= 0.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    selection : {"cyclic", "random"}, default="cyclic"
        Of no effect: no randomness is used.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        u and v above: 0 leaves a feature unpenalised, inf leaves it out. v is u unless given; u is 1 unless given.
    lower : float or array-like of shape (n_features,), optional
        Lower bounds of the coefficients on the original scale.
    upper : float or array-like of shape (n_features,), optional
        Upper bounds of the coefficients on the original scale.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.

    Attributes
    ----------
    coef_, intercept_, dual_gap_, n_iter_, certificate_, sparse_coef_, n_features_in_, feature_names_in_
        As in `Lasso`.

    See Also
    --------
    Lasso : One model with an L1 penalty.
    Ridge : One model with an L2 penalty.
    ElasticNetCV : Penalty and mixture chosen by cross-validation.
    path : All models along a grid of penalties.

    References
    ----------
    - H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", Journal of the Royal Statistical Society B 67
      (2005), 301-320.

    Examples
    --------
    >>> import riata
    >>> model = riata.ElasticNet(alpha=0.1, l1_ratio=0.5).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> model.coef_.round(3).tolist()
    [0.446, 0.446]
    """

    path = staticmethod(enet_path)
    _parameter_constraints: ClassVar[Constraints] = {**SPARSE, "l1_ratio": [SHARE]}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int | None = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads

    def _mixing(self) -> float:
        return self.l1_ratio  # checked with the problem


class Ridge(LinearRegressor):
    """Linear model with an L2 penalty, a drop-in for scikit-learn's, by one factorisation and certified.

    Minimises, as scikit-learn's Ridge does, for each target::

        sum_i s_i (y_i - x_i'w - b)^2  +  alpha * sum_j v_j w_j^2     with lower <= w <= upper,

    so alpha is the sum of the sample weights times the alpha of `riata.path` with ``l1_ratio=0``.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Penalty, >= 0; an array holds one per target. 0 means least squares of minimum norm.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    copy_X : bool, default=True
        Of no effect: X is never written to.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    max_iter : int, optional
        Most linear systems solved, for bounded problems; the direct method has no use for it.
    tol : float, default=1e-4
        A ConvergenceWarning is issued if the relative duality gap exceeds ``2 * tol``. The direct method is accurate to rounding.
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, default='auto'
        'svd' forces a singular value decomposition, 'sparse_cg' conjugate gradients; all others leave the choice to riata: a Gram matrix
        on the smaller side of X with refinement by exact residuals, a singular value decomposition where that is not accurate enough,
        conjugate gradients where a sparse X is too large for either, the active set under bounds.
    positive : bool, default=False
        Only coefficients >= 0.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        v above, under either name (l2_weights wins): 0 leaves a feature unpenalised, inf leaves it out.
    lower, upper : float or array-like of shape (n_features,), optional
        Bounds of the coefficients on the original scale.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
    n_iter_ : ndarray of shape (n_targets,)
        Linear systems solved, refinements included.
    solver_ : {'features', 'samples', 'svd', 'cg', 'active_set'}
        The route taken.
    certificate_ : Certificate or list of Certificate
        On the scale of `riata.path`.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    RidgeCV : The penalty chosen by cross-validation, exact leave-one-out for one.
    ElasticNet : One model with L1 and L2 penalties.

    References
    ----------
    - A. E. Hoerl and R. W. Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 12 (1970), 55-67.

    Examples
    --------
    >>> import riata
    >>> model = riata.Ridge(alpha=1.0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> model.coef_.round(3).tolist(), model.certificate_.status
    ([0.667], 'converged')
    """

    _parameter_constraints: ClassVar[Constraints] = {
        **PROBLEM,
        **BOUNDS,
        **{name: allowed for name, allowed in DESCENT.items() if name != "selection"},
        "alpha": [NONNEGATIVE, "array-like"],
        "solver": [
            StrOptions({"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"})
        ],
        "positive": ["boolean"],
    }

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Any real dtype; float32 and float64 with contiguous rows or columns, or in CSC, are read in place. Never modified.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Several targets share the factorisation.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out.
        offset : array-like of shape (n_samples,), optional
            Known part of the prediction, subtracted from y; `predict` does not add it.

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
        route = {"svd": "svd", "sparse_cg": "cg"}.get(self.solver, "auto")
        fits = self._fit(X, y, sample_weight, offset, route)
        self.solver_ = fits.route
        self.n_iter_ = np.array(fits.n_iter, dtype=np.int32)
        return self

    def _mixing(self) -> float:
        return 0.0

    def _penalties(self, problem: Problem) -> list[float]:
        targets = 1 if problem.y.ndim == 1 else problem.y.shape[1]
        total = problem.total_weight
        if isinstance(self.alpha, (float, int)):
            return [check.nonnegative(self.alpha, "alpha") / total] * targets
        alphas = check.penalties(self.alpha, "alpha", targets)
        return [alpha / total for alpha in alphas]
