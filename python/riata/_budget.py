"""Choosing a model of a path by what it costs in production: features, file size, time for a row."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _deviance, plotting
from . import _validation as check
from ._linear_model import Array, LinearModel
from ._model_file import encode
from ._state import portable
from ._table import Table

_ENTRIES = 1 << 18  # of X that one timed call reads, about
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
        Time to score a row, one of many, as measured on this machine; NaN if not asked for.
    best : int or None
        Position of the model of least error; None without validation data, since the training error chooses the largest model.
    """

    alphas: Array
    errors: Array
    n_features: Array
    n_bytes: Array
    nanoseconds: Array
    best: int | None

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
        return np.asarray(_deviance.binomial(second, eta).mean(axis=0))
    truth = check.target(y, len(eta))[:, None]
    if family == "gaussian":
        return np.asarray(((eta - truth) ** 2).mean(axis=0))
    if (truth < 0).any():
        raise ValueError(f"y must hold counts, at least 0; got {truth.min():g}")
    return np.asarray(_deviance.poisson(truth, eta).mean(axis=0))


def file_bytes(coef: Array, intercept: float) -> bytes:
    """The model file of one point of a path."""
    return encode(LinearModel(coef[None], np.array([intercept]), "identity"))


def nanoseconds_per_row(files: list[bytes], n_features: int) -> Array:
    """Time for a row of a call for many, less what the call itself takes."""
    from . import _score

    rows = int(np.clip(_ENTRIES // max(n_features, 1), 64, 4096))
    X = np.zeros((rows, n_features))
    models = [_score.open_bytes(file) for file in files]
    # In turns, so that a busy moment of the machine does not fall on one model.
    many = np.min([[_time(m, X) for m in models] for _ in range(_REPEATS)], axis=0)
    one = np.min([[_time(m, X[:1]) for m in models] for _ in range(_REPEATS)], axis=0)
    return (many - np.minimum(one, 0.5 * many)) / (rows - 1)


def _time(model: Any, X: Array) -> float:
    """Nanoseconds of a call."""
    start = time.perf_counter_ns()
    model.dense(X, 1)
    return float(time.perf_counter_ns() - start)


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
