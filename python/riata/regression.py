"""Lasso, ElasticNet and Ridge with scikit-learn's interface.

Each estimator is a choice of penalty and its units; the solving is shared. Differences from scikit-learn: the extra keyword-only
parameters at the end, `certificate_`, an offset, and solutions far more accurate than `tol` asks for.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _validation as check
from ._fit import MAX_ITER, Certificate
from ._path import enet_path, lasso_path
from ._problem import Array, Problem, check_problem
from ._routes import relative_tolerance
from ._single import Fits, fit_targets
from .exceptions import warn_not_converged


class _LinearRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """What the three estimators share: problem in, attributes out, prediction."""

    def _problem(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Problem:
        """The data and this estimator's penalty, checked."""
        return check_problem(
            X,
            y,
            multi=True,
            sample_weight=sample_weight,
            offset=offset,
            penalty_weights=self.penalty_weights,
            l2_weights=self.l2_weights,
            lower=self.lower,
            upper=self.upper,
            positive=self.positive,
            l1_ratio=self._mixing(),
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            n_threads=self.n_threads,
        )

    def _mixing(self) -> float:
        raise NotImplementedError

    def _penalties(self, problem: Problem) -> list[float]:
        """One penalty per target, on riata's scale."""
        targets = 1 if problem.y.ndim == 1 else problem.y.shape[1]
        return [check.nonnegative(self.alpha, "alpha")] * targets

    def _fit(self, X: Any, y: Any, sample_weight: Any, offset: Any, route: str = "auto") -> Fits:
        """Check, solve and take over the results; until the last step the estimator stays as it was."""
        tol = check.nonnegative(self.tol, "tol")
        max_iter = (
            MAX_ITER if self.max_iter is None else check.integer(self.max_iter, "max_iter", 1)
        )
        problem = self._problem(X, y, sample_weight, offset)
        names = _names(X)
        fits = fit_targets(
            problem, self._penalties(problem), relative_tolerance(tol), max_iter, route
        )
        self._take(fits, problem, names)
        worst = fits.worst
        if not worst.converged:
            warn_not_converged(
                f"The duality gap is {worst.rel_gap / 2:.2g} * |y|^2 / n (y centred), tol={tol:g} asked for less. Raise max_iter (now "
                f"{max_iter}), tol or alpha; certificate_ holds the gap of this fit.",
                stacklevel=3,
            )
        return fits

    def _take(self, fits: Fits, problem: Problem, names: Array | None) -> None:
        dtype = problem.X.dtype
        single = self._is_single(problem.y)
        self.coef_ = (fits.coef[:, 0] if single else fits.coef.T).astype(dtype, copy=False)
        if not problem.fit_intercept:
            self.intercept_: Any = 0.0
        elif problem.y.ndim == 1:
            self.intercept_ = dtype.type(fits.intercepts[0])
        else:
            self.intercept_ = np.array(fits.intercepts, dtype=dtype)
        self.certificate_: Certificate | list[Certificate] = (
            fits.certificates[0] if single else fits.certificates
        )
        self.n_features_in_ = problem.X.shape[1]
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _is_single(self, y: Array) -> bool:
        """Whether coef_ is a vector."""
        return y.ndim == 1 or y.shape[1] == 1

    def predict(self, X: Any) -> Array:
        """X @ coef_ + intercept_; an offset, if the fit had one, is the caller's to add.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        if not hasattr(self, "coef_"):
            check_is_fitted(self)
        if type(X) is not np.ndarray or hasattr(self, "feature_names_in_"):
            check.reject_sparse(X, "X")
            validate_data(
                self, X=X, reset=False, skip_check_array=True
            )  # feature names and their number
        X = check.prediction_matrix(X, self.n_features_in_, type(self).__name__)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


class _SparseRegressor(_LinearRegressor):
    """Lasso and ElasticNet."""

    __metadata_request__fit: ClassVar = {"check_input": UNUSED}

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        check_input: bool = True,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Any real dtype; float32 and float64 with contiguous rows or columns are read in place. Never modified.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Several targets are independent problems over one X.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out.
        offset : array-like of shape (n_samples,), optional
            Known part of the prediction, subtracted from y; `predict` does not add it.
        check_input : bool, default=True
            Of no effect: checks cost next to nothing here.

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
        check.flag(self.warm_start, "warm_start")
        check.one_of(self.selection, "selection", ("cyclic", "random"))
        fits = self._fit(X, y, sample_weight, offset)
        gaps = [certificate.gap for certificate in fits.certificates]
        if len(gaps) == 1:
            self.dual_gap_: Any = gaps[0]
            self.n_iter_: Any = fits.n_iter[0]
        else:
            self.dual_gap_ = np.array(gaps)
            self.n_iter_ = fits.n_iter
        return self

    @property
    def sparse_coef_(self) -> Any:
        """`coef_` as a sparse CSR container of shape (1, n_features) or (n_targets, n_features)."""
        from scipy.sparse import csr_array, csr_matrix
        from sklearn import get_config

        make = csr_array if get_config().get("sparse_interface") == "sparray" else csr_matrix
        return make(np.atleast_2d(self.coef_))


class Lasso(_SparseRegressor):
    """Linear model with an L1 penalty, a drop-in for scikit-learn's that comes with proof.

    Minimises, with S the sum of the sample weights s,

        (1/S) sum_i s_i (y_i - x_i'w - b)^2 / 2  +  alpha * sum_j u_j |w_j|     with lower <= w <= upper.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0. 0 means least squares: of minimum norm without bounds, the limit alpha -> 0 with them.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    precompute, copy_X, warm_start, random_state, selection
        scikit-learn's, accepted and of no effect: the solver decides about Gram matrices itself, never writes to X, finds the same
        solution from any start and uses no randomness.
    max_iter : int or None, default=1000
        Most linear systems solved.
    tol : float, default=1e-4
        scikit-learn's: the fit has converged when the duality gap is below ``tol * |y|^2 / n`` (y centred), which is a relative gap of
        ``2 * tol``. The solver goes on to a relative gap of 1e-6 in any case, and usually far beyond.
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
        Linear systems solved.
    certificate_ : Certificate or list of Certificate
        See `riata.Certificate`.
    sparse_coef_ : sparse container
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    Examples
    --------
    >>> import riata
    >>> model = riata.Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> model.predict([[3, 3]]).round(2).tolist()
    [2.85]
    """

    path = staticmethod(lasso_path)

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


class ElasticNet(_SparseRegressor):
    """Linear model with L1 and L2 penalties, a drop-in for scikit-learn's that comes with proof.

    Minimises, with S the sum of the sample weights s,

        (1/S) sum_i s_i (y_i - x_i'w - b)^2 / 2
        + alpha * [l1_ratio * sum_j u_j |w_j| + (1 - l1_ratio)/2 * sum_j v_j w_j^2]     with lower <= w <= upper.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0. 0 means least squares: of minimum norm without bounds, the limit alpha -> 0 with them.
    l1_ratio : float in [0, 1], default=0.5
        1 is the lasso. 0 is ridge, solved directly.
    fit_intercept, precompute, max_iter, copy_X, tol, warm_start, positive, random_state, selection
        As in `Lasso`.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        u and v above: 0 leaves a feature unpenalised, inf leaves it out. v is u unless given; u is 1 unless given.
    lower, upper, standardize, n_threads
        As in `Lasso`.

    Attributes
    ----------
    coef_, intercept_, dual_gap_, n_iter_, certificate_, sparse_coef_, n_features_in_, feature_names_in_
        As in `Lasso`.
    """

    path = staticmethod(enet_path)

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


class Ridge(_LinearRegressor):
    """Linear model with an L2 penalty, a drop-in for scikit-learn's, by one factorisation and certified.

    Minimises, as scikit-learn's Ridge does, for each target

        sum_i s_i (y_i - x_i'w - b)^2  +  alpha * sum_j v_j w_j^2     with lower <= w <= upper,

    so alpha is the sum of the sample weights times the alpha of `riata.path` with ``l1_ratio=0``.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Penalty, >= 0; an array holds one per target. 0 means least squares of minimum norm.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    copy_X, random_state
        scikit-learn's, accepted and of no effect.
    max_iter : int, optional
        Most linear systems solved, for bounded problems; the direct method has no use for it.
    tol : float, default=1e-4
        A ConvergenceWarning is issued if the relative duality gap exceeds ``2 * tol``. The direct method is accurate to rounding.
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, default='auto'
        'svd' forces a singular value decomposition; all others leave the choice to riata: a Gram matrix on the smaller side of X with
        refinement by exact residuals, a singular value decomposition where that is not accurate enough, the active set under bounds.
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
    solver_ : {'features', 'samples', 'svd', 'active_set'}
        The route taken.
    certificate_ : Certificate or list of Certificate
        On the scale of `riata.path`.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.
    """

    _SOLVERS = ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs")

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

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Any real dtype; float32 and float64 with contiguous rows or columns are read in place. Never modified.
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
        solver = check.one_of(self.solver, "solver", self._SOLVERS)
        fits = self._fit(X, y, sample_weight, offset, "svd" if solver == "svd" else "auto")
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

    def _is_single(self, y: Array) -> bool:
        return y.ndim == 1


def _names(X: Any) -> Array | None:
    """Feature names by scikit-learn's rules."""
    if type(X) is np.ndarray:
        return None
    probe = BaseEstimator()
    validate_data(probe, X=X, skip_check_array=True)
    return getattr(probe, "feature_names_in_", None)
