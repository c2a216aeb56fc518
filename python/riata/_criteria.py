"""Information criteria along a path: AIC, its small-sample form, BIC and extended BIC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _validation as check
from ._problem import Array
from ._result import PathResult
from ._state import portable

MOST = 0.5  # of the samples: degrees of freedom up to which a variance estimated from the same model is one
CRITERIA = ("aic", "aicc", "bic", "ebic")


@portable
@dataclass(frozen=True, slots=True)
class InformationCriteria:
    """Criteria of every model of a path; less is better.

    Parameters
    ----------
    n_samples : float
        Rows, or the sum of their weights.
    alphas : ndarray of shape (k,)
        Penalties from large to small.
    df : ndarray of shape (k,)
        Degrees of freedom without the intercept.
    deviance : ndarray of shape (k,)
        -2 log likelihood, up to a constant.
    aic, aicc, bic, ebic : ndarray of shape (k,)
        Inf where there are no degrees of freedom left for the criterion: for `aicc` none at all, for the others, where the variance is
        estimated along with the model, less than half of the samples.

    See Also
    --------
    information_criteria : AIC, AICc, BIC and extended BIC of a path.
    LassoIC : The penalty chosen by an information criterion.

    Examples
    --------
    >>> import numpy as np, riata
    >>> path = riata.path(np.eye(4), [3.0, 0.0, 0.0, 1.0], alphas=[0.5, 0.1])
    >>> riata.information_criteria(path, 4, noise_variance=1.0).bic.shape
    (2,)
    """

    n_samples: float
    alphas: Array
    df: Array
    deviance: Array
    aic: Array
    aicc: Array
    bic: Array
    ebic: Array

    def best(self, criterion: str = "bic") -> int:
        """Index of the model with the least value.

        Parameters
        ----------
        criterion : {"aic", "aicc", "bic", "ebic"}, default="bic"
            Which criterion.

        Returns
        -------
        index : int
            Into `alphas`.
        """
        check.one_of(criterion, "criterion", CRITERIA)
        values = getattr(self, criterion)
        if not np.isfinite(values).any():
            raise ValueError(
                f"{criterion} is infinite all along the path, for want of samples: n_samples={self.n_samples:g}"
            )
        return int(np.argmin(values))


def information_criteria(
    path: PathResult,
    n_samples: float,
    *,
    noise_variance: float | None = None,
    gamma: float = 1.0,
    df: Any = None,
) -> InformationCriteria:
    """Information criteria of every model of a path.

    Parameters
    ----------
    path : PathResult
        Of any family.
    n_samples : float
        Rows, or the sum of their weights.
        Rows that the path was fitted to; the sum of the sample weights where weights are repetitions.
    noise_variance : float, optional
        Of the Gaussian family, where known; by default the likelihood is maximised over it too. With as many features as samples the
        latter grows without limit towards the saturated end of a path, so models with more degrees of freedom than half the samples
        do not count then.
    gamma : float in [0, 1], default=1.0
        Of the extended BIC: ``bic + 2 gamma log(p choose df)``. 0 is BIC.
    df : array-like of shape (k,), optional
        Degrees of freedom. By default the non-zero coefficients: unbiased for the lasso, an upper bound with an L2 part.

    Returns
    -------
    criteria : InformationCriteria

    See Also
    --------
    LassoIC : The penalty chosen by an information criterion.
    InformationCriteria : What it returns.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    Zou, Hastie and Tibshirani (2007) on degrees of freedom; Hurvich and Tsai (1989) on AICc; Chen and Chen (2008) on EBIC.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> path = riata.path(X, y)
    >>> int(path.df[riata.information_criteria(path, 100).best("ebic")])
    3
    """
    n = check.real(n_samples, "n_samples", 0.0, math.inf, open_low=True, open_high=True)
    gamma = check.fraction(gamma, "gamma")
    family = getattr(path, "family", "gaussian")
    free = path.df.astype(float) if df is None else np.asarray(df, dtype=np.float64)
    if free.shape != (len(path),):
        raise ValueError(f"df must have shape ({len(path)},), one per model; got {free.shape}")
    # Mean loss; half the mean square of the residuals for the Gaussian family.
    loss = path.null_objective * np.maximum(1 - path.dev_ratio, 0.0)
    parameters = free + 1  # the intercept
    with np.errstate(divide="ignore", invalid="ignore"):
        if family != "gaussian":
            deviance = 2 * n * loss
        elif noise_variance is None:
            deviance = n * np.log(2 * math.pi * 2 * loss) + n
            parameters = parameters + 1  # the variance
        else:
            variance = check.real(
                noise_variance, "noise_variance", 0.0, math.inf, open_low=True, open_high=True
            )
            deviance = n * math.log(2 * math.pi * variance) + 2 * n * loss / variance
        left = n - parameters - 1
        aic = deviance + 2 * parameters
        aicc = aic + 2 * parameters * (parameters + 1) / left
    profiled = family == "gaussian" and noise_variance is None
    spent = (free > MOST * n) & profiled
    bic = deviance + math.log(n) * parameters
    ebic = bic + 2 * gamma * _log_choose(path.n_features_in_, free)
    return InformationCriteria(
        n,
        path.alphas,
        free,
        deviance,
        np.where(spent, np.inf, aic),
        np.where(left <= 0, np.inf, aicc),
        np.where(spent, np.inf, bic),
        np.where(spent, np.inf, ebic),
    )


def _log_choose(p: int, k: Array) -> Array:
    return np.array([math.lgamma(p + 1) - math.lgamma(m + 1) - math.lgamma(p - m + 1) for m in k])
