"""One scale of penalties among libraries that each have their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _fit
from . import _validation as check
from ._problem import check_problem

# What each name's number means: which l1_ratio it implies (None: any), which losses it is used with, and its unit.
_SCALES: dict[str, tuple[float | None, frozenset[str], str]] = {
    "riata": (None, frozenset({"gaussian", "binomial"}), "alpha"),
    "sklearn.Lasso": (1.0, frozenset({"gaussian"}), "alpha"),
    "sklearn.ElasticNet": (None, frozenset({"gaussian"}), "alpha"),
    "sklearn.Ridge": (0.0, frozenset({"gaussian"}), "alpha * n"),
    "sklearn.LogisticRegression": (None, frozenset({"binomial"}), "1 / (C * n)"),
    "liblinear": (None, frozenset({"binomial"}), "1 / (C * n)"),
    "glmnet": (None, frozenset({"gaussian", "binomial"}), "lambda"),
}


def alpha_max(
    X: Any,
    y: Any,
    *,
    family: str = "gaussian",
    l1_ratio: float = 1.0,
    sample_weight: Any = None,
    offset: Any = None,
    penalty_weights: Any = None,
    fit_intercept: bool = True,
    standardize: bool = False,
) -> float:
    """Smallest penalty at which all penalised coefficients are zero: ``max_j |x_j'S(y - mean)| / (S * l1_ratio * u_j)``.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Rows of features. Never modified.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Numbers, labels or counts, as the family has it.
    family : {"gaussian", "binomial", "multinomial", "poisson", "multi-gaussian"}, default="gaussian"
        The loss, as in `riata.path`.
    l1_ratio : float in (0, 1], default=1.0
        1 is the lasso, 0 is ridge.
    sample_weight : array-like of shape (n_samples,) or float, optional
        Weight 2 is a row given twice, weight 0 a row left out.
    offset : array-like of shape (n_samples,), optional
        Known part of the prediction; `predict` does not add it.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the penalty. Unpenalised features are fitted first; inf leaves a feature out.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation; reported on the original scale.

    Returns
    -------
    alpha : float
        0.0 if y is constant or no penalised feature varies.

    See Also
    --------
    convert_penalty : The same penalty in another library's unit.
    path : All models along a grid of penalties.

    References
    ----------
    - J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
      Statistical Software 33 (2010), 1-22.

    Examples
    --------
    >>> import riata
    >>> round(riata.alpha_max([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]), 3)
    0.667
    """
    l1_ratio = check.real(l1_ratio, "l1_ratio", 0.0, 1.0, open_low=True)
    problem = check_problem(
        X,
        y,
        sample_weight=sample_weight,
        offset=offset,
        penalty_weights=penalty_weights,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        standardize=standardize,
        n_threads=1,
        family=family,
    )
    return _fit.alpha_max(problem)


def convert_penalty(
    value: Any,
    *,
    src: str,
    dst: str,
    n_samples: float | None = None,
    l1_ratio: float | None = None,
    y_std: float | None = None,
    with_l1_ratio: bool = False,
) -> Any:
    """The same penalty in another library's unit.

    ====================================  =============================  =================================
    name                                  unit                           on riata's scale
    ====================================  =============================  =================================
    riata, sklearn.Lasso (l1_ratio 1),    alpha                          alpha
    sklearn.ElasticNet
    sklearn.Ridge (l1_ratio 0)            alpha                          alpha / n
    sklearn.LogisticRegression,           C                              1 / (C n)
    liblinear
    glmnet, l1_ratio 1 or binomial        lambda                         lambda
    glmnet, Gaussian, l1_ratio 0          lambda                         lambda / sd(y)
    ====================================  =============================  =================================

    Parameters
    ----------
    value : float or array-like
        Penalty in the unit of `src`; not negative. C = inf stands for no penalty.
    src, dst : str
        Names from the table.
    n_samples : float
        Number of samples, or the sum of the sample weights; needed where n occurs in the table.
    l1_ratio : float in [0, 1], optional
        Mixing parameter in `src`'s meaning (glmnet's alpha), where neither name implies it. It matters only where glmnet's Gaussian
        family is one side.
    y_std : float, optional
        Standard deviation of y (1/n variance), which glmnet's Gaussian family divides the L2 part of its penalty by. Taken as 1 with a
        warning where it matters and is not given.
    with_l1_ratio : bool, default=False
        Return ``(value, l1_ratio)``: for 0 < l1_ratio < 1 glmnet's Gaussian mixing parameter changes along with the penalty.

    Returns
    -------
    value : float or ndarray
        Penalty in the unit of `dst`, and `dst`'s l1_ratio if asked for.

    Raises
    ------
    ValueError
        For unknown names, for units of different models, where n_samples is missing, or where the l1_ratio changes and is not asked for.

    See Also
    --------
    alpha_max : The smallest penalty of the empty model.
    path : All models along a grid of penalties.

    Notes
    -----
    glmnet standardises y, so that on y itself it minimises ``||y - Xw||^2 / (2n) + lambda * (a |w|_1 + (1 - a) |w|^2 / (2 sd(y)))`` with a
    its mixing parameter (Friedman, Hastie and Tibshirani, 2010, and the package's vignette).

    References
    ----------
    - J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
      Statistical Software 33 (2010), 1-22.

    Examples
    --------
    >>> import riata
    >>> float(riata.convert_penalty(0.3, src="riata", dst="sklearn.Ridge", n_samples=100))
    30.0
    """
    src = check.one_of(src, "src", tuple(_SCALES))
    dst = check.one_of(dst, "dst", tuple(_SCALES))
    families = _SCALES[src][1] & _SCALES[dst][1]
    if not families:
        raise ValueError(
            f"{src} and {dst} have different losses: no penalty of one corresponds to one of the other"
        )
    scalar = isinstance(value, (float, int, np.number))
    if scalar:
        penalty = np.asarray(check.real(value, "value", 0.0, np.inf))
    else:
        penalty = check.penalty_array(value, "value")
    if n_samples is not None:
        n_samples = check.real(n_samples, "n_samples", 0.0, np.inf, open_low=True, open_high=True)
    if y_std is not None:
        y_std = check.real(y_std, "y_std", 0.0, np.inf, open_low=True, open_high=True)
    if l1_ratio is not None:
        l1_ratio = check.fraction(l1_ratio, "l1_ratio")
    l1_ratio = _common_ratio(src, dst, l1_ratio)
    stretched = "gaussian" in families and ("glmnet" in (src, dst)) and src != dst
    if stretched and l1_ratio is None:
        raise ValueError(f"l1_ratio must be given to convert from {src} to {dst}")
    deviation = 1.0
    if stretched and l1_ratio != 1.0:
        deviation = _deviation(y_std)
    alpha = _to_alpha(penalty, src, n_samples)
    if stretched and l1_ratio is not None:
        alpha, ratio = _stretch(alpha, l1_ratio, 1 / deviation if src == "glmnet" else deviation)
        if ratio != l1_ratio and not with_l1_ratio:
            raise ValueError(
                f"from {src} to {dst} the l1_ratio changes from {l1_ratio:g} to {ratio:g}: pass with_l1_ratio=True"
            )
        l1_ratio = ratio
    result: Any = _from_alpha(alpha, dst, n_samples)
    if scalar:
        result = float(result)
    return (result, l1_ratio) if with_l1_ratio else result


def _common_ratio(src: str, dst: str, l1_ratio: float | None) -> float | None:
    implied = {_SCALES[name][0] for name in (src, dst)} - {None}
    if len(implied) > 1:
        raise ValueError(f"{src} is an L{1 + (_SCALES[src][0] == 0)} penalty and {dst} is not")
    if not implied:
        return l1_ratio
    ratio = implied.pop()
    if l1_ratio is not None and l1_ratio != ratio:
        raise ValueError(f"{src} to {dst} implies l1_ratio={ratio:g}; got {l1_ratio:g}")
    return ratio


def _deviation(y_std: float | None) -> float:
    if y_std is not None:
        return y_std
    import warnings

    message = "glmnet's Gaussian family divides the L2 part of its penalty by sd(y): pass y_std (taken as 1 now)"
    warnings.warn(message, UserWarning, stacklevel=3)
    return 1.0


def _stretch(alpha: Any, l1_ratio: float, factor: float) -> tuple[Any, float]:
    """Multiply the L2 part of a penalty by a factor: the new alpha and l1_ratio."""
    total = l1_ratio + (1 - l1_ratio) * factor
    return alpha * total, l1_ratio / total if 0 < l1_ratio < 1 else l1_ratio


def _samples(n_samples: float | None, name: str) -> float:
    if n_samples is None:
        raise ValueError(f"n_samples must be given: {name}'s penalty grows with it")
    return n_samples


def _to_alpha(value: Any, name: str, n_samples: float | None) -> Any:
    unit = _SCALES[name][2]
    if unit == "alpha * n":
        return value / _samples(n_samples, name)
    if unit == "1 / (C * n)":
        with np.errstate(divide="ignore"):
            return 1 / (value * _samples(n_samples, name))
    return value


def _from_alpha(alpha: Any, name: str, n_samples: float | None) -> Any:
    unit = _SCALES[name][2]
    if unit == "alpha * n":
        return alpha * _samples(n_samples, name)
    return _to_alpha(alpha, name, n_samples)  # C = 1 / (alpha n) is its own inverse
