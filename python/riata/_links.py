"""From linear predictions to what people ask for: labels, expected counts, probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

LINKS = {
    "gaussian": "identity",
    "multi-gaussian": "identity",
    "binomial": "logit",
    "multinomial": "softmax",
    "poisson": "log",
}


def outcomes(eta: Array, family: str, classes: Array | None) -> Array:
    """The likeliest labels, expected counts, or eta itself."""
    if classes is None:
        return np.asarray(np.exp(eta) if LINKS[family] == "log" else eta)
    places = (eta > 0).astype(np.intp) if eta.ndim == 1 else eta.argmax(axis=1)
    return np.asarray(classes)[places]


def probabilities(eta: Array, family: str, classes: Array | None) -> Array:
    """Probabilities of the classes, of shape (n_samples, n_classes).

    Raises
    ------
    TypeError
        If the model has no classes.
    """
    if classes is None:
        raise TypeError(f"a model of the {family} family has no probabilities")
    if eta.ndim == 1:
        eta = np.column_stack([np.zeros(len(eta)), eta])
    e = np.exp(eta - eta.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))
