"""Attributes of LogisticRegressionCV in the shapes that scikit-learn had until 1.9: a dictionary by class."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def labels(classes: Array) -> list[Any]:
    """The keys: all classes, of two the second."""
    found = classes.tolist() if classes.dtype.kind in "US" else list(classes)
    return found if len(found) > 2 else found[1:]


def by_class(values: Array, classes: Array, flat: bool) -> dict[Any, Array]:
    """(folds, l1_ratios, Cs[, classes, features + 1]) as, for every class, (folds, Cs, l1_ratios[, features + 1]).

    `flat` leaves out the l1_ratios, where none were given. Scores, which are those of all classes together, are the same for each.
    """
    values = _without_ratios(values, flat)
    keys = labels(classes)
    if values.ndim <= 3:
        return {key: values.copy() for key in keys}
    return {key: np.ascontiguousarray(values[..., k, :]) for k, key in enumerate(keys)}


def counts(n_iter: Array, flat: bool) -> Array:
    """(1, folds, Cs[, l1_ratios])."""
    return _without_ratios(n_iter, flat)[None]


def repeated(value: float, classes: Array) -> Array:
    """The same number for every class."""
    return np.full(len(labels(classes)), value)


def _without_ratios(values: Array, flat: bool) -> Array:
    values = np.swapaxes(values, 1, 2)
    return values[:, :, 0] if flat else values
