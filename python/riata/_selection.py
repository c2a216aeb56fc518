"""Which model of a grid is chosen, from the scores of its folds. Losses here: less is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from . import _validation as check

Array = np.ndarray[Any, np.dtype[Any]]
Select = Literal["min", "1se"] | Callable[[dict[str, Any]], int]


def standard_error(values: Array) -> Array:
    """Standard error of the mean over the last axis; NaN where there is one value only, or an infinite one."""
    k = values.shape[-1]
    if k < 2:
        return np.full(values.shape[:-1], np.nan)
    unit = float(np.abs(values).max(initial=0.0, where=np.isfinite(values))) or 1.0
    with np.errstate(invalid="ignore"):  # of infinite scores it is NaN, too
        return np.asarray((values / unit).std(axis=-1, ddof=1) * (unit / np.sqrt(k)))


def least(mean: Array) -> tuple[int, int]:
    """Where the mean loss is least: (l1_ratio, alpha), the first of several."""
    flat = int(np.nanargmin(mean))
    return flat // mean.shape[1], flat % mean.shape[1]


def one_standard_error(mean: Array, error: Array, best: tuple[int, int]) -> tuple[int, int]:
    """The largest alpha, at the best l1_ratio, whose mean loss is within one standard error of the least."""
    row, k = best
    limit = mean[row, k] + np.nan_to_num(error[row, k])
    return row, int(np.argmax(mean[row, : k + 1] <= limit))  # alphas fall


def ranks(mean: Array) -> Array:
    """Places of mean scores, 1 for the largest; NaN comes last."""
    worse = np.where(np.isnan(mean), np.inf, -mean)
    return (1 + np.searchsorted(np.sort(worse), worse)).astype(np.int32)


def check_select(select: Any) -> Select:
    """The rule, or an error naming the argument."""
    if callable(select):
        return select
    if isinstance(select, str):
        return check.one_of(select, "select", ("min", "1se"))  # type: ignore[return-value]
    raise TypeError(f"select must be 'min', '1se' or callable; got {select!r}")


def choose(
    select: Select, mean: Array, error: Array, cv_results: Callable[[], dict[str, Any]]
) -> tuple[int, int]:
    """What the rule chooses; a callable gets `cv_results` and returns an index into its arrays."""
    best = least(mean)
    if select == "min":
        return best
    if select == "1se":
        return one_standard_error(mean, error, best)
    assert callable(select)
    index = check.integer(select(cv_results()), "the index that select returns", 0)
    if index >= mean.size or np.isnan(mean.flat[index]):
        raise ValueError(f"select returned the index {index}, where cv_results_ has no score")
    return index // mean.shape[1], index % mean.shape[1]
