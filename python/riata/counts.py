"""PoissonRegressor with scikit-learn's interface."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils._param_validation import Hidden, StrOptions

from . import _validation as check
from ._classes import earlier_fit, fit_classes, stopping_rule, warn_of_gap
from ._estimator import feature_names
from ._linear import LinearEstimator
from ._parameters import BOUNDS, COUNT, NONNEGATIVE, PROBLEM, SHARE, Constraints, validate
from ._problem import Array, Problem, check_problem
from .exceptions import warn_column_vector


class PoissonRegressor(LinearEstimator, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Poisson regression with log link and L2, L1 or elastic-net penalty, a drop-in for scikit-learn's that comes with proof.

    Minimises, with S the sum of the sample weights s and mu_i = exp(x_i'w + b + offset_i)::

        (1/S) sum_i s_i [mu_i - y_i + y_i log(y_i / mu_i)] + alpha * [l1_ratio * sum_j u_j |w_j| + (1 - l1_ratio)/2 * sum_j v_j w_j^2]

    with lower <= w <= upper.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0, per unit of the mean deviance.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    solver : str, default="lbfgs"
        Of no effect: the solver chooses its method itself.
    verbose : bool or int, default=0
        Of no effect.
    warm_start : bool, default=False
        Begin at the coefficients of the last fit, if they have as many features; the answer is certified all the same.
    max_iter : int, default=100
        A thousand times as many linear systems are solved at most.
    tol : float, default=1e-4
        What `certificate_` is judged by, see `LogisticRegression`.
    l1_ratio : float in [0, 1], default=0.0
        0 is the L2 penalty, 1 the L1 penalty.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights v of the L2 part; u unless given.
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
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    n_iter_ : int
        Linear systems solved.
    certificate_ : Certificate
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    path : All models along a grid of penalties.
    cv_path : Cross-validation of any family, with everything that is asked for.
    LogisticRegression : One model of labels.

    References
    ----------
    - P. McCullagh and J. A. Nelder, "Generalized Linear Models" (1989).

    Examples
    --------
    >>> import riata
    >>> model = riata.PoissonRegressor(alpha=0.1).fit([[0.0], [1.0], [2.0]], [1, 2, 6])
    >>> model.predict([[3.0]]).shape, model.certificate_.status
    ((1,), 'converged')
    """

    _parameter_constraints: ClassVar[Constraints] = {
        **PROBLEM,
        **BOUNDS,
        "alpha": [NONNEGATIVE],
        "l1_ratio": [SHARE],
        "solver": [StrOptions({"lbfgs", "newton-cholesky"}), Hidden(type)],
        "max_iter": [COUNT],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
        l1_ratio: float = 0.0,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose
        self.l1_ratio = l1_ratio
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
            Never modified.
        y : array-like of shape (n_samples,)
            Counts, or rates: not negative and not all zero.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out.
        offset : array-like of shape (n_samples,), optional
            Known part of the log mean, such as the log of the exposure; predictions do not add it.

        Returns
        -------
        self
        """
        validate(self)
        goal, max_iter = stopping_rule(self.tol, self.max_iter)
        problem = self._problem(X, y, sample_weight, offset)
        names = feature_names(X)
        start = earlier_fit(self, problem)
        alpha = self._penalty(problem)
        fit = fit_classes(problem, alpha, goal, max_iter, start).in_dtype(problem)
        self.coef_ = fit.coef[0]
        self.intercept_ = fit.intercepts[0]
        self.n_iter_ = fit.n_iter
        self.certificate_ = fit.certificate
        self._take_columns(problem.X.shape[1], names)
        warn_of_gap(fit.certificate, self.max_iter, "alpha")
        return self

    def _problem(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Problem:
        """The data and this estimator's penalty, checked."""
        warn_column_vector(y, stacklevel=3)
        return check_problem(
            X,
            y,
            sample_weight=sample_weight,
            offset=offset,
            penalty_weights=self.penalty_weights,
            l2_weights=self.l2_weights,
            lower=self.lower,
            upper=self.upper,
            l1_ratio=self.l1_ratio,
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            n_threads=self.n_threads,
            family="poisson",
        )

    def _penalty(self, problem: Problem) -> float:
        return check.nonnegative(self.alpha, "alpha")

    def predict(self, X: Any) -> Array:
        """Means ``exp(X @ coef_ + intercept_)``.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        mu : ndarray of shape (n_samples,)
            Expected counts; an offset is the caller's to multiply by.
        """
        return np.asarray(np.exp(self._linear(X)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the deviance that is explained, D^2 = 1 - deviance / deviance of the mean; scikit-learn's score.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        y : array-like of shape (n_samples,)
            Counts, or rates.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        score : float
        """
        from sklearn.metrics import d2_tweedie_score

        mean = self.predict(X)
        return float(d2_tweedie_score(y, mean, sample_weight=sample_weight, power=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True  # trained on counts, the checks score something else
        return tags
