"""Choosing a model of a path by what it costs in production: features, file size, time for a row."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _validation as check
from . import plotting
from ._linear_model import Array, LinearModel
from ._model_file import encode
from ._state import portable
from ._table import Table

# The best of many short runs is steady to a few nanoseconds, on a busy machine too.
_CALLS = 100
_REPEATS = 20


@portable
@dataclass(frozen=True, slots=True)
class Costs:
    """What each model of a path costs and how good it is.

    Attributes
    ----------
    alphas : ndarray of shape (k,)
    errors : ndarray of shape (k,)
        On the validation data: mean squared error, log loss, or half the Poisson deviance, as the path's family has it. Without
        any, the unexplained share of the training data's deviance.
    n_features : ndarray of shape (k,)
        Features with a weight.
    n_bytes : ndarray of shape (k,)
        Size of the model file, without names.
    nanoseconds : ndarray of shape (k,)
        Time to score one row in the library, as measured on this machine; NaN if not asked for.
    best : int
        Position of the chosen model.
    """

    alphas: Array
    errors: Array
    n_features: Array
    n_bytes: Array
    nanoseconds: Array
    best: int

    def __str__(self) -> str:
        """A table, the chosen row marked."""
        lines = [
            f"{'':1} {'alpha':>10} {'error':>10} {'features':>9} {'bytes':>8} {'ns/row':>8} {'rows/s':>9}"
        ]
        for k in range(len(self.alphas)):
            ns = self.nanoseconds[k]
            time_, speed = ("-", "-") if np.isnan(ns) else (f"{ns:.0f}", f"{1e9 / ns:.2e}")
            lines.append(
                f"{'*' if k == self.best else ' '} {self.alphas[k]:10.4g} {self.errors[k]:10.4g} {self.n_features[k]:9d} "
                f"{self.n_bytes[k]:8d} {time_:>8} {speed:>9}"
            )
        return "\n".join(lines)

    def plot(self, ax: Any = None) -> Any:
        """The least error for a number of features, and what these models cost; needs matplotlib. Returns the axes.

        Every model is a dot; the line is the lower envelope, the models that none with fewer features equals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        return plotting.plot_costs(
            self.n_features,
            self.errors,
            self.n_bytes,
            self.nanoseconds,
            best=self.best,
            ax=ax,
        )

    def _repr_html_(self) -> str:
        columns = {
            "alpha": self.alphas.tolist(),
            "error": self.errors.tolist(),
            "features": self.n_features.tolist(),
            "bytes": self.n_bytes.tolist(),
            "ns/row": self.nanoseconds.tolist(),
        }
        return Table(columns, marked=self.best)._repr_html_()


def losses(eta: Array, y: Any, family: str, classes: Array | None) -> Array:
    """Mean loss of each column of linear predictors: squared error, log loss, or half the Poisson deviance.

    Parameters
    ----------
    eta : ndarray of shape (n_samples, k)
    y : array-like of shape (n_samples,)
        Numbers, labels that are among `classes`, or counts.
    family : {'gaussian', 'binomial', 'poisson'}
    classes : ndarray of shape (2,) or None

    Raises
    ------
    ValueError, TypeError
        If y is nothing of the kind.
    """
    if classes is not None:  # binomial
        labels = np.asarray(y)
        if labels.shape != eta.shape[:1] or not np.isin(labels, classes).all():
            raise ValueError(f"y must hold {len(eta)} of the labels {list(classes)!r}")
        second = (labels == classes[1])[:, None]
        return np.asarray(np.logaddexp(0, np.where(second, -eta, eta)).mean(axis=0))
    truth = check.target(y, len(eta))[:, None]
    if family == "gaussian":
        return np.asarray(((eta - truth) ** 2).mean(axis=0))
    if (truth < 0).any():
        raise ValueError(f"y must hold counts, at least 0; got {truth.min():g}")
    logarithm = np.log(np.where(truth > 0, truth, 1.0))
    return np.asarray((np.exp(eta) - truth + truth * (logarithm - eta)).mean(axis=0))


def file_bytes(coef: Array, intercept: float) -> bytes:
    """The model file of one point of a path."""
    return encode(LinearModel(coef[None], np.array([intercept]), "identity"))


def nanoseconds_per_row(files: list[bytes], n_features: int) -> Array:
    """Time of one call for a dense row, less what an empty model takes: Python's part is not the model's."""
    from . import _score

    row = np.zeros(n_features)
    models = [_score.open_bytes(file) for file in [file_bytes(row, 0.0), *files]]
    # In turns, so that a busy moment of the machine does not fall on one model.
    times = np.min([[_time(m, row) for m in models] for _ in range(_REPEATS)], axis=0)
    return np.maximum(times[1:] - times[0], 1.0)


def _time(model: Any, row: Array) -> float:
    """Nanoseconds of a call."""
    start = time.perf_counter_ns()
    for _ in range(_CALLS):
        model.row(row, 1)
    return (time.perf_counter_ns() - start) / _CALLS


def choose(errors: Array, costs: Array, limit: float, name: str) -> int:
    """The model of least error among those within the limit; of equal errors the cheapest.

    Raises
    ------
    ValueError
        If no model is that cheap.
    """
    allowed = np.flatnonzero(costs <= limit)
    if len(allowed) == 0:
        raise ValueError(
            f"no model of the path has {name} <= {limit:g}; the least is {costs.min():g}"
        )
    least = errors[allowed].min()
    equal = allowed[errors[allowed] == least]
    return int(equal[np.argmin(costs[equal])])
