"""Which model of a grid is chosen, from the losses of its folds, and how sure that is. Less is better here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from . import _validation as check

Array = np.ndarray[Any, np.dtype[Any]]
Rule = Literal["min", "half_se", "1se"]
Select = Rule | Callable[[dict[str, Any]], int]
Place = tuple[int, int]  # (l1_ratio, alpha)

RULES: tuple[Rule, ...] = ("min", "half_se", "1se")
HALF = 0.5  # corrected standard errors of the difference that "half_se" may lose


class Overlap(NamedTuple):
    """How far folds repeat one another."""

    times: float = 1.0  # that a row which is held out at all is held out, on average
    share: float = 0.0  # rows held out for each that is trained on, on average


@dataclass(frozen=True, slots=True)
class FoldLosses:
    """Losses of shape (l1_ratios, alphas, folds), NaN where there is none, alphas falling; and the folds' overlap."""

    values: Array
    overlap: Overlap

    @property
    def mean(self) -> Array:
        """Over the folds."""
        return np.asarray(self.values.mean(axis=-1))

    @property
    def error(self) -> Array:
        """Standard errors of the means."""
        return standard_error(self.values, self.overlap.times)

    def least(self) -> Place:
        """Where the mean is least, the first of several."""
        return least(self.mean)

    def optimism(self) -> float:
        """By how much the least mean is too small for having been picked: per fold, its loss there less the fold's own least one."""
        own = np.nanmin(self.values, axis=(0, 1))
        return float((self.values[self.least()] - own).mean())


def standard_error(values: Array, times: float = 1.0) -> Array:
    """Standard error of the mean over the last axis; NaN where there is one value only, or an infinite one.

    Folds that hold out every row several times know no more than as many as hold out each once: J of them count as J / times.
    """
    k = values.shape[-1]
    if k < 2:
        return np.full(values.shape[:-1], np.nan)
    unit = float(np.abs(values).max(initial=0.0, where=np.isfinite(values))) or 1.0
    with np.errstate(invalid="ignore"):  # of infinite scores it is NaN, too
        return np.asarray((values / unit).std(axis=-1, ddof=1) * (unit * np.sqrt(times / k)))


def difference(a: Array, b: Array, share: float) -> tuple[Array, Array]:
    """Mean of a - b over the folds and its standard error, sd (1/J + share)^.5: training sets overlap, so folds are not independent.

    Nadeau and Bengio (2003), *Inference for the generalization error*.
    """
    gaps = a - b
    return gaps.mean(axis=-1), standard_error(gaps, 1 + gaps.shape[-1] * share)


def least(mean: Array) -> Place:
    """Where the mean loss is least: (l1_ratio, alpha), the first of several."""
    flat = int(np.nanargmin(mean))
    return flat // mean.shape[1], flat % mean.shape[1]


def one_standard_error(mean: Array, error: Array) -> Place:
    """The largest alpha, at the best l1_ratio, whose mean loss is within one standard error of the least."""
    row, k = least(mean)
    limit = mean[row, k] + np.nan_to_num(error[row, k])
    return row, int(np.argmax(mean[row, : k + 1] <= limit))  # alphas fall


def half_standard_error(losses: FoldLosses) -> Place:
    """The largest alpha, at the best l1_ratio, down from which all lose less to the best than half a standard error of that loss."""
    row, k = losses.least()
    lost, errors = difference(
        losses.values[row, : k + 1], losses.values[row, k], losses.overlap.share
    )
    worse = np.flatnonzero(~(lost[:k] <= HALF * errors[:k]))
    return row, int(worse[-1]) + 1 if len(worse) else 0


_CHOICES: dict[str, Callable[[FoldLosses], Place]] = {
    "min": FoldLosses.least,
    "half_se": half_standard_error,
    "1se": lambda losses: one_standard_error(losses.mean, losses.error),
}


def ranks(mean: Array) -> Array:
    """Places of mean scores, 1 for the largest; NaN comes last."""
    worse = np.where(np.isnan(mean), np.inf, -mean)
    return (1 + np.searchsorted(np.sort(worse), worse)).astype(np.int32)


def check_rule(rule: str, name: str) -> Rule:
    """One of the rules by name."""
    return check.one_of(rule, name, RULES)  # type: ignore[return-value]


def check_select(select: Any) -> Select:
    """The rule, or an error naming the argument."""
    if callable(select):
        return select
    if isinstance(select, str):
        return check_rule(select, "select")
    raise TypeError(f"select must be 'min', 'half_se', '1se' or callable; got {select!r}")


def choose(
    select: Select, losses: FoldLosses, cv_results: Callable[[], dict[str, Any]] = dict
) -> Place:
    """What the rule chooses; a callable gets `cv_results` and returns an index into its arrays."""
    if isinstance(select, str):
        return _CHOICES[select](losses)
    index = check.integer(select(cv_results()), "the index that select returns", 0)
    mean = losses.mean
    if index >= mean.size or np.isnan(mean.flat[index]):
        raise ValueError(f"select returned the index {index}, where cv_results_ has no score")
    return index // mean.shape[1], index % mean.shape[1]
