"""Relaxed and adaptive lasso, alone and cross-validated: fits in two stages with scikit-learn's interface."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from . import _validation as check
from ._cv import check_recipe
from ._cv_result import CVResult
from ._estimator import SparseRegressor
from ._parameters import (
    BOUNDS,
    COUNT,
    FOLDS,
    NONNEGATIVE,
    PROBLEM,
    SHARE,
    Constraints,
)
from ._problem import Array, Problem
from ._single import Fits, fit_targets
from ._two_stage import Recipe, adapted, kept_features, without_others
from .cv import SparseRegressorCV
from .exceptions import warn_column_vector

GAMMA = Interval(Real, 0, None, closed="neither")
SINGLE: Constraints = {
    **PROBLEM,
    **BOUNDS,
    "alpha": [NONNEGATIVE],
    "max_iter": [COUNT, None],
    "positive": ["boolean"],
}
FOLDED: Constraints = {
    **PROBLEM,
    **BOUNDS,
    **{name: FOLDS[name] for name in ("eps", "cv", "select", "scoring")},
    "alphas": [COUNT, "array-like"],
    "max_iter": [COUNT, None],
    "positive": ["boolean"],
}


@dataclass(slots=True)
class Staged(Fits):
    """A fit, and the problem of its last stage, which its certificate is of."""

    final: Problem

    def in_dtype(self, problem: Problem) -> Staged:
        """The same in the dtype of X, judged by its own problem."""
        fits = Fits.in_dtype(self, self.final)
        parts = (fits.coef, fits.intercepts, fits.certificates, fits.n_iter, fits.route)
        return Staged(*parts, self.final)


class TwoStageLasso(SparseRegressor):
    """What RelaxedLasso and AdaptiveLasso share."""

    def _recipe(self) -> Recipe:
        raise NotImplementedError

    def _mixing(self) -> float:
        return 1.0

    def _solve(self, problem: Problem, tol: float, max_iter: int, route: str) -> Fits:
        if problem.y.ndim == 2:
            if problem.y.shape[1] > 1:
                raise ValueError(
                    f"{type(self).__name__} has one target: y must have shape (n_samples,); got {problem.y.shape}"
                )
            warn_column_vector(problem.y, stacklevel=5)
            problem = replace(problem, y=np.ascontiguousarray(problem.y[:, 0]))
        recipe, [alpha] = self._recipe(), self._penalties(problem)
        if recipe.adaptive is not None:
            problem = adapted(problem, recipe.adaptive)
        fits = fit_targets(problem, [alpha], tol, max_iter)
        for relax in recipe.relax:
            if relax < 1:
                kept = kept_features(problem, np.flatnonzero(fits.coef[:, 0]))
                problem = without_others(problem, kept)
                fits = fit_targets(problem, [relax * alpha], tol, max_iter)
        return Staged(
            fits.coef, fits.intercepts, fits.certificates, fits.n_iter, fits.route, problem
        )

    def _take(self, fits: Fits, problem: Problem, names: Array | None) -> None:
        super()._take(fits, problem, names)
        assert isinstance(fits, Staged)
        self.penalty_weights_ = fits.final.penalty_weights
        self.penalty_ = fits.certificates[0].alpha

    def _solved_problem(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> Problem:
        problem = self._problem(X, y, sample_weight, offset)
        return replace(problem, penalty_weights=self.penalty_weights_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        tags.target_tags.single_output = True
        return tags


class RelaxedLasso(TwoStageLasso):
    """Lasso whose features are fitted again with less of the penalty, or none: its list without its shrinkage.

    Where A are the features of the lasso with penalty alpha, minimises, with S the sum of the sample weights s,

        (1/S) sum_i s_i (y_i - x_i'w - b)^2 / 2  +  relax * alpha * sum_j u_j |w_j|     with w_j = 0 outside A.

    The certificate is of that problem: that A is right is no part of it, nor can be.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty of the lasso, >= 0.
    relax : float in [0, 1], default=0.0
        Share of it that the refit keeps: 0 is least squares on A, 1 the lasso.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    max_iter : int or None, default=1000
        As in `Lasso`.
    tol : float, default=1e-4
        As in `Lasso`.
    positive : bool, default=False
        Only coefficients >= 0.
    penalty_weights : float or array-like of shape (n_features,), optional
        0 leaves a feature unpenalised, inf leaves it out.
    l2_weights : float or array-like of shape (n_features,), optional
        As in `Lasso`.
    lower : float or array-like of shape (n_features,), optional
        Least coefficients.
    upper : float or array-like of shape (n_features,), optional
        Largest coefficients.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit standard deviation.
    n_threads : int, optional
        As in `Lasso`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    penalty_ : float
        ``relax * alpha``, the certificate's alpha.
    penalty_weights_ : ndarray of shape (n_features,) or None
        Of the refit: infinite outside A.
    dual_gap_, n_iter_, certificate_, sparse_coef_, n_features_in_, feature_names_in_
        As in `Lasso`.

    See Also
    --------
    RelaxedLassoCV : The same with both penalties chosen by cross-validation.

    References
    ----------
    Meinshausen (2007), *Relaxed lasso*.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> model = riata.RelaxedLasso(alpha=0.5).fit(X, y)
    >>> np.flatnonzero(model.coef_).tolist(), model.certificate_.converged
    ([0, 1], True)
    """

    _parameter_constraints: ClassVar[Constraints] = {**SINGLE, "relax": [SHARE]}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        relax: float = 0.0,
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
        self.alpha = alpha
        self.relax = relax
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

    def _recipe(self) -> Recipe:
        return check_recipe(self.relax, None)


class AdaptiveLasso(TwoStageLasso):
    """Lasso that charges every feature by a first estimate: what looked strong costs little.

    With b a ridge estimate, its penalty by generalised cross-validation, the penalty weights are ``u_j (max|b| / |b_j|)^gamma``, so that the
    strongest feature has the weight it was given. Under `standardize` b is of columns of unit spread.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty, >= 0.
    gamma : float > 0, default=1.0
        How much more weak features cost.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    max_iter : int or None, default=1000
        As in `Lasso`.
    tol : float, default=1e-4
        As in `Lasso`.
    positive : bool, default=False
        Only coefficients >= 0.
    penalty_weights : float or array-like of shape (n_features,), optional
        0 leaves a feature unpenalised, inf leaves it out.
    l2_weights : float or array-like of shape (n_features,), optional
        As in `Lasso`.
    lower : float or array-like of shape (n_features,), optional
        Least coefficients.
    upper : float or array-like of shape (n_features,), optional
        Largest coefficients.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit standard deviation.
    n_threads : int, optional
        As in `Lasso`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    penalty_ : float
        The certificate's alpha.
    penalty_weights_ : ndarray of shape (n_features,)
        The weights used: the certificate is of the lasso with these.
    dual_gap_, n_iter_, certificate_, sparse_coef_, n_features_in_, feature_names_in_
        As in `Lasso`.

    See Also
    --------
    AdaptiveLassoCV : The same with the penalty chosen by cross-validation.

    Notes
    -----
    The weights have seen every row. To choose alpha by cross-validation take `AdaptiveLassoCV`, which finds them anew in every training
    set; with the weights of all rows the scores are too good.

    References
    ----------
    Zou (2006), *The adaptive lasso and its oracle properties*.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> np.flatnonzero(riata.AdaptiveLasso(alpha=0.2).fit(X, y).coef_).tolist()
    [0, 1]
    """

    _parameter_constraints: ClassVar[Constraints] = {**SINGLE, "gamma": [GAMMA]}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        gamma: float = 1.0,
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
        self.alpha = alpha
        self.gamma = gamma
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

    def _recipe(self) -> Recipe:
        return check_recipe(None, check.positive(self.gamma, "gamma"))


class TwoStageCV(SparseRegressorCV):
    """What RelaxedLassoCV and AdaptiveLassoCV share."""

    # What LassoCV has parameters for.
    n_alphas: Any = "deprecated"
    store_predictions = False
    time_limit = None
    progress = False

    def _ratios(self) -> list[float]:
        return [1.0]

    def _take_result(self, result: CVResult, problem: Problem, names: Array | None) -> None:
        super()._take_result(result, problem, names)
        self.penalty_weights_ = result.penalty_weights
        self.relax_ = result.relax
        self.penalty_ = self.relax_ * self.alpha_

    def _solved_problem(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> Problem:
        problem = self._problem(X, y, sample_weight, offset)
        return replace(problem, penalty_weights=self.penalty_weights_)


class RelaxedLassoCV(TwoStageCV):
    """Relaxed lasso whose penalty, and the share of it that the refit keeps, are chosen by cross-validation.

    Lists and refits are those of each training set.

    Parameters
    ----------
    relax : float or array-like of floats in [0, 1], default=(0, 0.25, 0.5, 0.75, 1)
        Shares to choose from, see `RelaxedLasso`; 1 is the lasso.
    eps : float in (0, 1], default=1e-3
        Smallest penalty of an automatic grid relative to its largest.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    max_iter : int or None, default=1000
        As in `Lasso`.
    tol : float, default=1e-4
        As in `Lasso`.
    positive : bool, default=False
        Only coefficients >= 0.
    cv : int, splitter or iterable, default=5
        As in `LassoCV`.
    select : {"min", "half_se", "1se"} or callable, default="min"
        As in `LassoCV`.
    scoring : str or callable, optional
        As in `LassoCV`.
    penalty_weights : float or array-like of shape (n_features,), optional
        0 leaves a feature unpenalised, inf leaves it out.
    l2_weights : float or array-like of shape (n_features,), optional
        As in `Lasso`.
    lower : float or array-like of shape (n_features,), optional
        Least coefficients.
    upper : float or array-like of shape (n_features,), optional
        Largest coefficients.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit standard deviation.
    n_threads : int, optional
        As in `Lasso`.

    Attributes
    ----------
    alpha_, relax_ : float
        What was chosen.
    penalty_ : float
        ``relax_ * alpha_``, the certificate's alpha.
    penalty_weights_ : ndarray of shape (n_features,) or None
        Of the refit: infinite for features that it leaves out.
    alphas_ : ndarray of shape (n_alphas,) or (n_relax, n_alphas)
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_relax, n_alphas, n_folds)
    alpha_min_, alpha_half_se_, alpha_1se_, coef_, intercept_, dual_gap_, n_iter_, certificate_, cv_results_, cv_result_
        As in `LassoCV`.
    n_features_in_, feature_names_in_
        As in `LassoCV`.

    See Also
    --------
    RelaxedLasso : The same for given penalties.
    cv_path : Every score.

    References
    ----------
    Meinshausen (2007), *Relaxed lasso*.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + 0.3 * rng.standard_normal(100)
    >>> model = riata.RelaxedLassoCV().fit(X, y)
    >>> model.relax_, np.flatnonzero(model.coef_).tolist()
    (0.0, [0, 1])
    """

    _parameter_constraints: ClassVar[Constraints] = {**FOLDED, "relax": [SHARE, "array-like"]}

    def __init__(
        self,
        *,
        relax: Any = (0.0, 0.25, 0.5, 0.75, 1.0),
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        positive: bool = False,
        select: Any = "min",
        scoring: Any = None,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.relax = relax
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.positive = positive
        self.select = select
        self.scoring = scoring
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads

    def _recipe(self) -> Recipe:
        return check_recipe(self.relax, None)


class AdaptiveLassoCV(TwoStageCV):
    """Adaptive lasso whose penalty is chosen by cross-validation, with weights of their own in every training set.

    Parameters
    ----------
    gamma : float > 0, default=1.0
        See `AdaptiveLasso`.
    eps : float in (0, 1], default=1e-3
        Smallest penalty of an automatic grid relative to its largest.
    alphas : int or array-like, default=100
        How many penalties, or the penalties themselves.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    max_iter : int or None, default=1000
        As in `Lasso`.
    tol : float, default=1e-4
        As in `Lasso`.
    positive : bool, default=False
        Only coefficients >= 0.
    cv : int, splitter or iterable, default=5
        As in `LassoCV`.
    select : {"min", "half_se", "1se"} or callable, default="min"
        As in `LassoCV`.
    scoring : str or callable, optional
        As in `LassoCV`.
    penalty_weights : float or array-like of shape (n_features,), optional
        0 leaves a feature unpenalised, inf leaves it out.
    l2_weights : float or array-like of shape (n_features,), optional
        As in `Lasso`.
    lower : float or array-like of shape (n_features,), optional
        Least coefficients.
    upper : float or array-like of shape (n_features,), optional
        Largest coefficients.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit standard deviation.
    n_threads : int, optional
        As in `Lasso`.

    Attributes
    ----------
    penalty_weights_ : ndarray of shape (n_features,)
        Those of all rows: the certificate is of the lasso with these.
    alpha_, alpha_min_, alpha_half_se_, alpha_1se_, alphas_, mse_path_, coef_, intercept_, dual_gap_, n_iter_, certificate_
        As in `LassoCV`.
    cv_results_, cv_result_, n_features_in_, feature_names_in_
        As in `LassoCV`.

    See Also
    --------
    AdaptiveLasso : The same for a given penalty.
    cv_path : Every score.

    References
    ----------
    Zou (2006), *The adaptive lasso and its oracle properties*.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> riata.AdaptiveLassoCV().fit(X, y).certificate_.converged
    True
    """

    _parameter_constraints: ClassVar[Constraints] = {**FOLDED, "gamma": [GAMMA]}

    def __init__(
        self,
        *,
        gamma: float = 1.0,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        positive: bool = False,
        select: Any = "min",
        scoring: Any = None,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
    ) -> None:
        self.gamma = gamma
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.positive = positive
        self.select = select
        self.scoring = scoring
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads

    def _recipe(self) -> Recipe:
        return check_recipe(None, check.positive(self.gamma, "gamma"))
