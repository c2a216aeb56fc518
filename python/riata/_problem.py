"""A problem whose every part has been checked: what the estimators, the paths and the diagnostics pass on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _labels
from . import _validation as check
from ._compressed import CompressedX

Array = np.ndarray[Any, np.dtype[Any]]

FAMILIES = ("gaussian", "binomial", "multinomial", "poisson", "multi-gaussian")

# Entries of X up to which waking a second thread costs more than it gains.
SMALL = 50_000


@dataclass(slots=True)
class Problem:
    """Checked input of a fit; arrays are borrowed from the caller where they could be."""

    X: Array | CompressedX
    y: Array
    sample_weight: Array | None = None
    penalty_weights: Array | None = None
    l2_weights: Array | None = None
    lower: Array | None = None
    upper: Array | None = None
    l1_ratio: float = 1.0
    fit_intercept: bool = True
    standardize: bool = False
    n_threads: int = 1
    family: str = "gaussian"  # of any other, y is what the core takes: 0 and 1, or counts
    offset: Array | None = None  # already taken off y for the Gaussian family
    classes: Array | None = None
    grouped: bool = False  # a multinomial feature's coefficients enter together

    @property
    def total_weight(self) -> float:
        """S, the sum of the sample weights."""
        return float(self.X.shape[0] if self.sample_weight is None else self.sample_weight.sum())

    @property
    def is_bounded(self) -> bool:
        """Whether any coefficient is constrained."""
        return self.lower is not None or self.upper is not None


def check_problem(
    X: Any,
    y: Any,
    *,
    multi: bool = False,
    sample_weight: Any = None,
    offset: Any = None,
    penalty_weights: Any = None,
    l2_weights: Any = None,
    lower: Any = None,
    upper: Any = None,
    positive: Any = False,
    l1_ratio: Any = 1.0,
    fit_intercept: Any = True,
    standardize: Any = False,
    n_threads: Any = None,
    family: str = "gaussian",
    grouped: Any = False,
    one_class: bool = False,
) -> Problem:
    """Check everything a fit is given; y may have several columns if `multi`.

    The Gaussian family's offset is subtracted from (a copy of) y; `positive` raises the lower bounds to zero. Labels whose weight is all
    on one class pass with `one_class` only.
    """
    check.one_of(family, "family", FAMILIES)
    l1_ratio = check.fraction(l1_ratio, "l1_ratio")
    fit_intercept = check.flag(fit_intercept, "fit_intercept")
    standardize = check.flag(standardize, "standardize")
    X = check.design_matrix(X)
    n, p = X.shape
    threads = 1 if n_threads is None and X.size < SMALL else check.thread_count(n_threads)
    classes = None
    if family == "binomial":
        classes, y = _labels.binary(y, n)
    elif family == "multinomial":
        classes, codes = _labels.encode(y, n)
        y = codes.astype(np.float64)
    elif family == "poisson":
        y = _labels.counts(y, n)
    elif family == "multi-gaussian":
        y = _task_targets(y, n)
        if lower is not None or upper is not None or check.flag(positive, "positive"):
            raise ValueError("lower, upper and positive are not available for several tasks")
    else:
        y = check.target(y, n, multi=multi)
    if sample_weight is not None:
        sample_weight = check.sample_weights(sample_weight, n)
        _labels.require_variety(y, sample_weight, family, classes, fit_intercept and not one_class)
    if offset is not None:
        offset = check.offset_vector(offset, n)
        if family in ("gaussian", "multi-gaussian"):
            y = y - (offset if y.ndim == 1 else offset[:, None])
            offset = None
    u = check.penalty_vector(penalty_weights, p, "penalty_weights")
    v = check.penalty_vector(l2_weights, p, "l2_weights")
    grouped = check.flag(grouped, "grouped")
    if grouped:
        _require_classes(family, classes, lower is not None or upper is not None)
    lower, upper = check.bounds(lower, upper, p)
    if check.flag(positive, "positive"):
        lower, upper = check.bounds(0.0 if lower is None else np.maximum(lower, 0.0), upper, p)
    _require_rest(u, u if v is None else v, lower, upper)
    return Problem(
        X,
        y,
        sample_weight,
        u,
        u if v is None else v,
        lower,
        upper,
        l1_ratio,
        fit_intercept,
        standardize,
        threads,
        family,
        offset,
        classes,
        grouped,
    )


def _require_rest(
    u: Array | None, v: Array | None, lower: Array | None, upper: Array | None
) -> None:
    """Refuse bounds that keep a feature from 0 which an infinite penalty weight leaves out."""
    if (u is None and v is None) or (lower is None and upper is None):
        return
    for j in np.flatnonzero(np.isinf(0.0 if u is None else u) | np.isinf(0.0 if v is None else v)):
        low = -np.inf if lower is None else lower[j]
        high = np.inf if upper is None else upper[j]
        if low > 0 or high < 0:
            raise ValueError(
                f"feature {j} is excluded by an infinite penalty weight, but its bounds exclude 0; got lower[{j}] = {low:g} and "
                f"upper[{j}] = {high:g}"
            )


def _require_classes(family: str, classes: Array | None, bounded: bool) -> None:
    """Refuse a grouped penalty where a feature has a single coefficient, or bounds."""
    if family != "multinomial":
        raise ValueError(
            f"grouped=True is for the multinomial family with more than two classes; got family={family!r}"
        )
    if classes is not None and len(classes) < 3:
        raise ValueError(f"grouped=True is for more than two classes; y has {len(classes)}")
    if bounded:
        raise ValueError("lower and upper are not available with grouped=True")


def _task_targets(y: Any, n: int) -> Array:
    """The responses of several tasks, (n, t)."""
    Y = check.target(y, n, multi=True)
    if Y.ndim == 1:
        raise ValueError(
            f"y must have shape (n_samples, n_tasks); got {Y.shape}. For mono-task outputs, use Lasso, ElasticNet or "
            'family="gaussian".'
        )
    return Y
