"""Which rows a fold trains on and which it is judged by: whatever scikit-learn takes as `cv`, as arrays of row numbers."""

from __future__ import annotations

import numbers
from itertools import pairwise
from typing import Any

import numpy as np

from . import _validation as check
from ._selection import Overlap

Array = np.ndarray[Any, np.dtype[Any]]
Split = tuple[Array, Array]

FOLDS = 5


def make_splits(
    cv: Any,
    X: Any,
    y: Any,
    n: int,
    sample_weight: Array | None = None,
    groups: Any = None,
    stratify: Array | None = None,
    params: dict[str, Any] | None = None,
) -> list[Split]:
    """(train, test) for every fold, int64; `params` are the splitter's beside the groups.

    None and integers stand for folds of consecutive rows, stratified by those labels where there are any. Raises ValueError where a side of a fold
    has no row with a positive weight.
    """
    params = dict(params or {})
    if groups is not None:
        params["groups"] = groups
    is_grouped = params.get("groups") is not None
    if cv is None or isinstance(cv, numbers.Integral):
        if is_grouped:
            raise ValueError(
                f"cv={cv} does not look at groups: pass a splitter that does, such as GroupKFold({cv or FOLDS})"
            )
        k = FOLDS if cv is None else check.integer(cv, "cv", 2)
        pairs = _consecutive(k, n) if stratify is None else _stratified(k, stratify)
    elif hasattr(cv, "split") and not isinstance(cv, str):
        pairs = list(cv.split(X, y, **params))
    elif isinstance(cv, str) or not hasattr(cv, "__iter__"):
        raise ValueError(
            f"cv must be an integer, a splitter with a method split, or an iterable of (train, test); got {cv!r}"
        )
    else:
        if is_grouped:
            raise ValueError(
                "groups were given, but cv is a list of splits, which has no use for them"
            )
        pairs = list(cv)
    if not pairs:
        raise ValueError("cv yields no split")
    splits = []
    for i, pair in enumerate(pairs):
        try:
            train, test = pair
        except (TypeError, ValueError):
            raise ValueError(f"cv must yield pairs (train, test); split {i} is {pair!r}") from None
        sides = []
        for rows, side in ((train, "train"), (test, "test")):
            rows = _rows(rows, n, f"the {side} rows of split {i}")
            if sample_weight is not None and not (sample_weight[rows] > 0).any():
                raise ValueError(
                    f"split {i} of cv has no row with a positive sample_weight to {side} on"
                )
            sides.append(rows)
        splits.append((sides[0], sides[1]))
    return splits


def overlap_of(splits: list[Split], n: int, sample_weight: Array | None = None) -> Overlap:
    """How far these folds repeat one another; a weight of 2 is a row given twice."""
    s = np.ones(n) if sample_weight is None else sample_weight
    times, shares = np.zeros(n), []
    for train, test in splits:
        times += np.bincount(test, minlength=n)
        shares.append(s[test].sum() / s[train].sum())
    return Overlap(float(s @ times / s[times > 0].sum()), float(np.mean(shares)))


def _consecutive(k: int, n: int) -> list[Split]:
    if k > n:
        raise ValueError(
            f"Cannot have number of splits n_splits={k} greater than the number of samples: n_samples={n}."
        )
    edges = np.concatenate([[0], np.cumsum(np.full(k, n // k) + (np.arange(k) < n % k))])
    rows = np.arange(n)
    return [(np.concatenate([rows[:a], rows[b:]]), rows[a:b]) for a, b in pairwise(edges)]


def _stratified(k: int, labels: Array) -> list[Split]:
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(k).split(np.empty((len(labels), 0)), labels))


def _rows(rows: Any, n: int, name: str) -> Array:
    array = np.asarray(rows)
    if array.dtype == bool:
        if array.shape != (n,):
            raise ValueError(f"{name} are a mask of shape {array.shape}; X has {n} rows")
        array = np.flatnonzero(array)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a vector of row numbers or a mask; got {rows!r}")
    if array.size == 0:
        raise ValueError(
            f"{name} are none: every split of cv needs rows to train on and rows to test on"
        )
    array = array.astype(np.int64)
    array[array < 0] += n
    outside = (array < 0) | (array >= n)
    if outside.any():
        raise ValueError(f"{name} must lie in [0, {n}); got {rows[int(np.argmax(outside))]}")
    return array
