"""LassoIC: a lasso whose penalty is chosen by an information criterion, without cross-validation."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from . import _validation as check
from ._criteria import CRITERIA, information_criteria
from ._estimator import LinearRegressor, feature_names
from ._handed_out import in_dtype
from ._parameters import BOUNDS, COUNT, DESCENT, FOLDS, PROBLEM, SHARE, Constraints, validate
from ._path import lasso_path, warn_gaps
from ._problem import Problem
from ._result import PathResult
from ._ridge import solve as solve_directly
from ._routes import scikit_learn_control, solve_grid


class LassoIC(LinearRegressor):
    """Lasso whose penalty minimises AIC, AICc, BIC or extended BIC; in place of scikit-learn's LassoLarsIC.

    Parameters
    ----------
    criterion : {"aic", "aicc", "bic", "ebic"}, default="bic"
        See `riata.information_criteria`. With features by the dozen beside few samples "aicc" is for prediction, "ebic" for a list.
    gamma : float in [0, 1], default=1.0
        Of the extended BIC.
    noise_variance : float or "ols", optional
        Known variance of the noise; "ols" takes it from the residuals of least squares, as scikit-learn does, for more rows than
        features. By default the likelihood is maximised over it, among models with at most half as many features as samples.
    eps : float in (0, 1], default=1e-3
        Smallest penalty of an automatic grid relative to its largest.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves, all > 0.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    max_iter : int or None, default=1000
        Most linear systems solved for a penalty.
    tol : float, default=0.0001
        scikit-learn's: the fit has converged when the duality gap is below ``tol * |y|^2 / n`` (y centred), a relative gap of ``2 * tol``.
        The solver goes on to 1e-6 as long as that is cheap.
    positive : bool, default=False
        Only coefficients >= 0.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights of the L2 part, which this penalty does not have; inf leaves a feature out.
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
    alpha_ : float
        The penalty chosen.
    alphas_, criterion_ : ndarray of shape (n_alphas,)
        Penalties and the criterion's values.
    criteria_ : InformationCriteria
        All criteria.
    noise_variance_ : float
        As given or estimated; at the model chosen where the likelihood was maximised.
    coef_, intercept_, dual_gap_, n_iter_, certificate_, n_features_in_, feature_names_in_
        As in `Lasso`.
    path_ : PathResult

    See Also
    --------
    information_criteria : AIC, AICc, BIC and extended BIC of a path.
    LassoCV : The penalty chosen by cross-validation.
    Lasso : One model with an L1 penalty.

    References
    ----------
    - H. Zou, T. Hastie and R. Tibshirani, "On the degrees of freedom of the lasso", The Annals of Statistics 35 (2007), 2173-2192.
    - J. Chen and Z. Chen, "Extended Bayesian information criteria for model selection with large model spaces", Biometrika 95 (2008),
      759-771.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> np.flatnonzero(riata.LassoIC("ebic").fit(X, y).coef_).tolist()
    [0, 1, 2]
    """

    path = staticmethod(lasso_path)
    _parameter_constraints: ClassVar[Constraints] = {
        **PROBLEM,
        **BOUNDS,
        "criterion": [StrOptions(set(CRITERIA))],
        "gamma": [SHARE],
        "noise_variance": [Interval(Real, 0, None, closed="neither"), StrOptions({"ols"}), None],
        "eps": FOLDS["eps"],
        "alphas": [COUNT, "array-like"],
        "max_iter": DESCENT["max_iter"],
        "positive": ["boolean"],
    }

    def __init__(
        self,
        criterion: str = "bic",
        *,
        gamma: float = 1.0,
        noise_variance: Any = None,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        positive: bool = False,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.criterion = criterion
        self.gamma = gamma
        self.noise_variance = noise_variance
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.positive = positive
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads

    def _mixing(self) -> float:
        return 1.0

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> Self:
        """Fit the path and choose a model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of features. Never modified.
        y : array-like of shape (n_samples,)
            The response of each row.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice: the number of rows in the criterion is the sum of the weights.
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
            If a duality gap stayed above `tol`.
        """
        validate(self)
        criterion = self.criterion
        control = scikit_learn_control(self.eps, self.tol, self.max_iter)
        problem = self._single_problem(X, y, sample_weight, offset)
        names = feature_names(X)
        arrays = solve_grid(problem, check.penalty_grid(self.alphas), control)
        p = problem.X.shape[1]
        path = PathResult(arrays, p, control.tol, 1.0, names)
        variance = _noise_variance(self.noise_variance, problem)
        criteria = information_criteria(
            path, problem.total_weight, noise_variance=variance, gamma=self.gamma
        )
        k = criteria.best(criterion)
        warn_gaps([arrays], control)
        coef, intercepts, [certificate] = in_dtype(
            problem,
            arrays.coefficients(k, p)[None],
            path.intercepts[k : k + 1],
            [path.certificate(k)],
        )
        self.path_, self.criteria_ = path, criteria
        self.alphas_, self.criterion_ = criteria.alphas, getattr(criteria, criterion)
        self.alpha_ = float(path.alphas[k])
        self.noise_variance_ = (
            2 * path.null_objective * float(1 - path.dev_ratio[k]) if variance is None else variance
        )
        self.coef_ = coef[0]
        self.intercept_ = intercepts[0] if problem.fit_intercept else 0.0
        self.certificate_ = certificate
        self.dual_gap_ = self.certificate_.gap
        self.n_iter_ = max(1, int(path.n_iter[k]))
        self._take_columns(p, names)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        tags.target_tags.single_output = True
        return tags


def _noise_variance(given: Any, problem: Problem) -> float | None:
    if given is None:
        return None
    if not isinstance(given, str):
        return check.real(given, "noise_variance", 0.0, np.inf, open_low=True, open_high=True)
    check.one_of(given, "noise_variance", ("ols",))
    n, p = problem.total_weight, problem.X.shape[1]
    left = n - p - int(problem.fit_intercept)
    if left <= 0:
        raise ValueError(
            f"noise_variance='ols' needs more samples than features; got {n:g} samples and {p} features: pass a number or None"
        )
    answer = solve_directly(problem, np.zeros(1), np.zeros(1, dtype=np.intp))
    return float(2 * answer.loss[0] * n / left)
