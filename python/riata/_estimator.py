"""What the estimators share: a problem in, attributes out, prediction."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import validate_data

from . import _validation as check
from ._fit import MAX_ITER, Certificate
from ._linear import LinearEstimator
from ._parameters import validate
from ._problem import Array, Problem, check_problem
from ._routes import relative_tolerance
from ._single import Fits, fit_targets
from .exceptions import warn_column_vector, warn_not_converged


class LinearRegressor(LinearEstimator, MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
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

    def _solved_problem(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> Problem:
        """What the certificate of the fitted model is of."""
        return self._problem(X, y, sample_weight, offset)

    def _single_problem(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> Problem:
        """The same for estimators of one target."""
        problem = self._problem(X, y, sample_weight, offset)
        if problem.y.ndim == 2:
            if problem.y.shape[1] > 1:
                raise ValueError(
                    f"{type(self).__name__} has one target: y must have shape (n_samples,); got {problem.y.shape}"
                )
            warn_column_vector(problem.y, stacklevel=4)
            problem.y = np.ascontiguousarray(problem.y[:, 0])
        return problem

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
        names = feature_names(X)
        fits = self._solve(problem, relative_tolerance(tol), max_iter, route).in_dtype(problem)
        self._take(fits, problem, names)
        worst = fits.worst
        if not worst.converged:
            warn_not_converged(
                f"The duality gap is {worst.rel_gap / 2:.2g} * |y|^2 / n (y centred), tol={tol:g} asked for less. Raise max_iter (now "
                f"{max_iter}), tol or alpha; certificate_ holds the gap of this fit.",
                stacklevel=3,
            )
        return fits

    def _solve(self, problem: Problem, tol: float, max_iter: int, route: str) -> Fits:
        return fit_targets(problem, self._penalties(problem), tol, max_iter, route)

    def _take(self, fits: Fits, problem: Problem, names: Array | None) -> None:
        single = problem.y.ndim == 1 or problem.y.shape[1] == 1
        self.coef_ = fits.coef[:, 0] if single else fits.coef.T
        if not problem.fit_intercept:
            self.intercept_: Any = 0.0
        else:
            self.intercept_ = fits.intercepts[0] if problem.y.ndim == 1 else fits.intercepts
        # A list for several columns of y; Any, so that the common case needs no cast.
        self.certificate_: Certificate | Any = fits.certificates[0] if single else fits.certificates
        self._take_columns(problem.X.shape[1], names)

    def predict(self, X: Any) -> Array:
        """``X @ coef_ + intercept_``; an offset, if the fit had one, is the caller's to add.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        return self._linear(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class SparseCoef:
    """Coefficients of which many are zero."""

    coef_: Any

    @property
    def sparse_coef_(self) -> Any:
        """`coef_` as a sparse CSR container of shape (1, n_features) or (n_targets, n_features)."""
        from scipy.sparse import csr_array, csr_matrix
        from sklearn import get_config

        make = csr_array if get_config().get("sparse_interface") == "sparray" else csr_matrix
        return make(np.atleast_2d(self.coef_))


class SparseRegressor(SparseCoef, LinearRegressor):
    """Lasso and ElasticNet."""

    __metadata_request__fit: ClassVar = {"check_input": UNUSED}

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        check_input: bool = True,
        *,
        offset: Any = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Any real dtype; float32 and float64 with contiguous rows or columns, or in CSC, are read in place. Never modified.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Several targets are independent problems over one X.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out.
        check_input : bool, default=True
            Of no effect: checks cost next to nothing here.
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
        fits = self._fit(X, y, sample_weight, offset)
        gaps = [certificate.gap for certificate in fits.certificates]
        if len(gaps) == 1:
            self.dual_gap_: Any = gaps[0]
            self.n_iter_: Any = fits.n_iter[0]
        else:
            self.dual_gap_ = np.array(gaps)
            self.n_iter_ = fits.n_iter
        return self


def feature_names(X: Any) -> Array | None:
    """Feature names by scikit-learn's rules."""
    if type(X) is np.ndarray:
        return None
    probe = BaseEstimator()
    validate_data(probe, X=X, skip_check_array=True)
    return getattr(probe, "feature_names_in_", None)
