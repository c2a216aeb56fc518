"""Bounds on a model's coefficients, as tight as cross-validation lets them be: `cap_weights`."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from . import _validation as check
from ._held_out_losses import HeldOut, Judge
from ._problem import Array, Problem
from ._routes import Control
from ._selection import standard_error
from ._splits import make_splits, overlap_of
from ._spreads import spreads_of
from .diagnostics import _MODELS, _own_model, _problem_of, _supported_name
from .regression import ElasticNet, Lasso, Ridge

STEP = 0.8  # by which the bound on the largest coefficient is tightened
STEPS = 24
RULES = {"1se": 1.0, "half_se": 0.5}


def cap_weights(
    model: Any,
    X: Any,
    y: Any,
    within: Any = "1se",
    *,
    cv: Any = 10,
    groups: Any = None,
    sample_weight: Any = None,
    random_state: Any = 0,
) -> Any:
    """The same estimator with bounds on its coefficients, for less damage when a feature breaks.

    What a broken feature costs grows with the square of its coefficient times its standard deviation. All coefficients get the same bound on that
    product, the tightest whose cross-validated loss stays within the limit; what is cut off moves to features that say something similar.

    Parameters
    ----------
    model : fitted estimator
        riata's or scikit-learn's Lasso, ElasticNet, Ridge, LinearRegression, LogisticRegression or PoissonRegressor, or riata's CV classes. Of one target.
    X : array-like or sparse container of shape (n_samples, n_features)
        What it was fitted to.
    y : array-like of shape (n_samples,)
        What it was fitted to.
    within : {"1se", "half_se"} or float >= 0, default="1se"
        How much the cross-validated loss may rise: by one standard error of it, half of one, or that share of the null model's loss.
    cv : int, splitter or iterable, default=10
        How many folds of rows in random order (of labels: stratified), or as in `cv_path`.
    groups : array-like of shape (n_samples,), optional
        Passed to the splitter.
    sample_weight : array-like of shape (n_samples,) or float, optional
        As in the fit.
    random_state : int, default=0
        Of the folds.

    Returns
    -------
    capped : estimator
        riata's class with `lower` and `upper`, fitted to all rows, with its certificate.

    Raises
    ------
    TypeError
        For models that cannot have bounds.
    ValueError
        For bad input.

    See Also
    --------
    stress : What a broken feature costs, before and after.
    advise : Bounds coefficients where ``goal="robust"`` gains by it.

    Notes
    -----
    The standard error is corrected for training sets that overlap (Nadeau and Bengio). Bounds are sought among the largest product of
    the model times 0.8, 0.8^2, ..., as long as the loss keeps the limit.

    References
    ----------
    - C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003), 239-281, on the standard error.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> z = rng.standard_normal((200, 1))
    >>> X = z + 0.2 * rng.standard_normal((200, 5))
    >>> y = z[:, 0] + rng.standard_normal(200)
    >>> lasso = riata.Lasso(alpha=0.05).fit(X, y)
    >>> capped = riata.cap_weights(lasso, X, y)
    >>> bool(np.abs(capped.coef_).max() < np.abs(lasso.coef_).max())
    True
    """
    own, problem, alpha = _bounded_form(model, X, y, sample_weight)
    splits = folds(problem, X, cv, groups, random_state)
    spreads = spreads_of(problem)
    top = float((np.abs(np.atleast_2d(own.coef_)) * spreads).max())
    if top == 0:
        return own
    judge = Judge(problem)
    null = np.array([judge.null(split) for split in splits])
    base = _loss(problem, alpha, splits)
    error = float(
        standard_error(
            base, 1 + len(base) * overlap_of(splits, len(problem.y), problem.sample_weight).share
        )
    )
    limit = (
        RULES[check.one_of(within, "within", tuple(RULES))] * error
        if isinstance(within, str)
        else check.nonnegative(within, "within") * float(null.mean())
    )
    kept = top
    for step in range(1, STEPS):
        bound = top * STEP**step
        loss = _loss(_capped(problem, bound, spreads), alpha, splits)
        if not loss.mean() - base.mean() <= limit:
            break
        kept = bound
    capped = _capped(problem, kept, spreads)
    own.set_params(lower=capped.lower, upper=capped.upper)
    return own.fit(X, y, sample_weight=sample_weight)


def folds(problem: Problem, X: Any, cv: Any, groups: Any, random_state: Any) -> list[Any]:
    """Splits of rows in random order, stratified by labels, or by groups; or whatever cv is."""
    n = len(problem.y)
    labels = problem.y if problem.family in ("binomial", "multinomial") else None
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

        options = {"shuffle": True, "random_state": random_state}
        k = check.integer(cv, "cv", 2)
        if groups is not None:
            cv = GroupKFold(k, **options)
        else:
            cv = KFold(k, **options) if labels is None else StratifiedKFold(k, **options)
    target = problem.y if labels is None else labels.astype(int)
    with warnings.catch_warnings():
        # A class of fewer rows than folds: some folds hold none out.
        warnings.filterwarnings("ignore", message="The least populated class")
        return make_splits(cv, np.empty((n, 0)), target, n, problem.sample_weight, groups)


def _loss(problem: Problem, alpha: float, splits: list[Any]) -> Array:
    held = HeldOut(Judge(problem), Control())
    return held.one(problem.l1_ratio, np.array([alpha]), splits, math.inf).loss[0]


def _capped(problem: Problem, bound: float, spreads: Array) -> Problem:
    """Within its own bounds, and |w_j| spreads_j <= bound."""
    with np.errstate(divide="ignore"):
        most = np.where(spreads > 0, bound / spreads, np.inf)
    lower = -most if problem.lower is None else np.maximum(problem.lower, -most)
    upper = most if problem.upper is None else np.minimum(problem.upper, most)
    return replace(problem, lower=np.minimum(lower, upper), upper=np.maximum(lower, upper))


def _bounded_form(model: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Problem, float]:
    """riata's estimator for the model's penalty, fitted, the problem it solves and the penalty on riata's scale."""
    name = _supported_name(model)
    if not hasattr(model, "coef_"):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(f"this {type(model).__name__} is not fitted yet: call fit first")
    if name.startswith("MultiTask"):
        raise TypeError(f"model must have one target; got a {type(model).__name__}")
    if name not in _MODELS:
        own = _own_model(model, name)
        problem = own._problem(X, y, sample_weight)
        return own.fit(X, y, sample_weight=sample_weight), problem, own._penalty(problem)
    problem, alphas = _problem_of(model, name, X, y, sample_weight, None)
    if len(alphas) != 1 or problem.y.ndim != 1:
        raise TypeError(f"model must have one target; got {len(alphas)}")
    [alpha] = alphas
    options: dict[str, Any] = {
        "fit_intercept": problem.fit_intercept,
        "standardize": problem.standardize,
        "penalty_weights": problem.penalty_weights,
        "l2_weights": problem.l2_weights,
        "lower": problem.lower,
        "upper": problem.upper,
    }
    if problem.l1_ratio == 0:
        own = Ridge(alpha=alpha * problem.total_weight, **options)
    elif problem.l1_ratio == 1:
        own = Lasso(alpha=alpha, **options)
    else:
        own = ElasticNet(alpha=alpha, l1_ratio=problem.l1_ratio, **options)
    return own.fit(X, y, sample_weight=sample_weight), problem, alpha
