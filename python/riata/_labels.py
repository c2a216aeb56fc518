"""Responses that are no plain numbers: class labels and counts, checked and encoded for the core."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _validation as check
from ._numeric import FILL, is_missing, raise_at_first

Array = np.ndarray[Any, np.dtype[Any]]


def encode(y: Any, n: int) -> tuple[Array, Array]:
    """The sorted classes of the labels y, in the dtype of y, and the place of every label among them.

    Labels are numbers, booleans or strings, not a mixture. Raises ValueError for continuous values, NaN, a wrong shape or a
    single class.
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    check.reject_sparse(y, "y")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            f"y should be a 1d array of labels; got an array of shape {labels.shape} instead."
        )
    if labels.shape[0] != n:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n} and y has {labels.shape[0]}"
        )
    if labels.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: y has dtype {labels.dtype}")
    if labels.dtype.kind == "f":
        _require_labels(labels)
    is_object = labels.dtype.kind == "O"
    if is_object:
        labels = _plain(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if is_object and classes.dtype.kind == "U":
        classes = classes.astype(object)
    if len(classes) < 2:
        raise ValueError(
            f"This solver needs samples of at least 2 classes in the data, but the data contains only one class: {classes[0]!r}"
        )
    return classes, codes


def _require_labels(labels: Array) -> None:
    """Floats are labels where they are whole numbers."""
    raise_at_first(np.isnan(labels), labels, "y", "must not be NaN: Input y contains NaN.")
    raise_at_first(np.isinf(labels), labels, "y", "must be finite: Input y contains infinity.")
    broken = labels != np.floor(labels)
    if broken.any():
        i = int(np.argmax(broken))
        raise ValueError(
            f"Unknown label type: continuous. y[{i}] is {labels[i]!s}: a classifier takes whole numbers or strings as labels; maybe you "
            "are trying to fit a classifier, which expects discrete classes, on a regression target with continuous values."
        )


def _plain(labels: Array) -> Array:
    """An object array of labels of one kind as an array of that kind."""
    values = labels.tolist()
    for i, value in enumerate(values):
        if is_missing(value):
            raise ValueError(
                f"y[{i}] is {value}: labels must not be missing. Input y contains NaN: {FILL}"
            )
    if all(isinstance(value, str) for value in values):
        return np.array(values)
    if any(isinstance(value, (str, bytes)) for value in values):
        kinds = sorted({type(value).__name__ for value in values})
        raise ValueError(f"Mix of label input types: y holds {' and '.join(kinds)}")
    try:
        plain = np.array(values)
        if plain.dtype.kind == "f":
            _require_labels(plain)
        if plain.dtype.kind in "fiub" and plain.ndim == 1:
            return plain
    except (TypeError, OverflowError):
        pass
    raise ValueError(f"Unknown label type: unknown. y holds {type(values[0]).__name__}")


def binary(y: Any, n: int) -> tuple[Array, Array]:
    """The two classes of y, and 1.0 where y is the second of them."""
    classes, codes = encode(y, n)
    if len(classes) > 2:
        raise ValueError(
            f"family='binomial' takes two classes; y has {len(classes)}: {', '.join(map(repr, classes[:5].tolist()))}, ..."
        )
    return classes, codes.astype(np.float64)


def counts(y: Any, n: int) -> Array:
    """Responses of a Poisson model: finite, not negative, not all zero."""
    values = check.target(y, n)
    raise_at_first(values < 0, values, "y", "must not be negative in a Poisson model")
    if not values.any():
        raise ValueError("y is zero everywhere: a Poisson model needs at least one event")
    return values


def require_variety(
    y: Array, sample_weight: Array, family: str, classes: Array | None, fit_intercept: bool = True
) -> None:
    """Raise ValueError where the rows that count hold no event, or a single class and an intercept that would run to infinity."""
    if family in ("gaussian", "multi-gaussian"):
        return
    counting = y[sample_weight > 0]
    if family == "poisson":
        if not counting.any():
            raise ValueError(
                "y is zero wherever sample_weight is not: a Poisson model needs at least one event"
            )
    elif classes is not None and fit_intercept and (counting == counting[0]).all():
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but those of positive weight hold only one class: "
            f"{classes[int(counting[0])]!r}"
        )
