"""What is to be said about data before anybody believes a cross-validation of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _fit
from ._problem import Array, Problem

UNITS = 10.0  # times the smallest standard deviation of a column
ALONE = 0.95  # of the variance of y: a column that explains so much is to be looked at
BLOCK = 1 << 20  # entries of X that are looked at together
LARGEST_UNIQUE = 30  # values of a y of whole numbers that may be labels or counts


@dataclass(slots=True)
class Columns:
    """Standard deviations of the columns, and the share of the variance of y that each explains alone."""

    spreads: Array
    alone: Array

    @property
    def ratio(self) -> float:
        """The largest standard deviation over the smallest one of those above 0."""
        varying = self.spreads[self.spreads > 0]
        return float(varying.max() / varying.min()) if len(varying) else 1.0


def columns_of(problem: Problem) -> Columns:
    """Of several classes the one that a column tells best."""
    y = problem.y
    Y = y[:, None]
    if problem.family == "multinomial":
        Y = (y[:, None] == np.unique(y)).astype(float)
    s = np.ones(len(y)) if problem.sample_weight is None else problem.sample_weight
    Y = Y - np.average(Y, axis=0, weights=s)
    moments = _fit.measure(problem)
    pull = _fit.correlate(problem, s[:, None] * Y, moments)
    size = np.outer(np.asarray(moments.norm), np.sqrt(s @ Y**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(size > 0, (pull / size) ** 2, 0.0)
    return Columns(_fit.spreads(problem, moments), shares.max(axis=1))


def dividing_columns(problem: Problem) -> list[int]:
    """Columns of a dense X a threshold on which parts two classes without an error."""
    X = problem.X
    if problem.family != "binomial" or not isinstance(X, np.ndarray):
        return []
    second = problem.y > 0
    found = []
    step = max(1, BLOCK // len(second))
    for first in range(0, X.shape[1], step):
        block = X[:, first : first + step]
        low, high = block[~second], block[second]
        parted = (low.max(axis=0) < high.min(axis=0)) | (high.max(axis=0) < low.min(axis=0))
        found += (first + np.flatnonzero(parted)).tolist()
    return found


def copies(problem: Problem) -> int:
    """Rows of a dense X whose features and response another row has, too."""
    X = problem.X
    if not isinstance(X, np.ndarray) or X.shape[1] < 2:
        return 0
    n, p = X.shape
    mark = np.zeros(n)
    key = np.random.default_rng(0).standard_normal(p)
    step = max(1, BLOCK // p)
    for first in range(0, n, step):
        mark[first : first + step] = X[first : first + step] @ key
    order = np.argsort(mark, kind="stable")
    near = np.abs(np.diff(mark[order])) <= 1e-9 * (1 + np.abs(mark[order[1:]]))
    twice = np.zeros(n, dtype=bool)
    for i in np.flatnonzero(near):
        one, other = order[i], order[i + 1]
        if problem.y[one] == problem.y[other] and (X[one] == X[other]).all():
            twice[[one, other]] = True
    return int(twice.sum())


def is_sorted(y: Array) -> bool:
    """Whether the rows stand in the order of y, or label by label."""
    steps = np.diff(y)
    changes = np.count_nonzero(steps)
    return bool((steps >= 0).all() or (steps <= 0).all() or changes < len(np.unique(y)))


def separates(estimator: Any, X: Any, y: Any) -> bool:
    """Whether a fitted classifier is right about all its rows: classes that a plane parts."""
    return bool((estimator.predict(X) == np.asarray(y)).all())


def guess_family(y: Any) -> tuple[str, str]:
    """What y is, and what else it may be ("" for nothing)."""
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"y must have shape (n_samples,); got {values.shape}")
    if values.dtype.kind in "OUSb":
        distinct = len(set(values.tolist()))
        try:
            if values.dtype.kind == "O" and distinct > 2:
                values = values.astype(np.float64)
        except (TypeError, ValueError):
            pass
        if values.dtype.kind != "f":
            return ("binomial" if distinct <= 2 else "multinomial"), ""
    distinct = len(np.unique(values))
    if distinct == 2:
        return "binomial", ""
    is_whole = bool((values == np.floor(values)).all() and (values >= 0).all())
    return "gaussian", "labels or counts" if is_whole and distinct <= LARGEST_UNIQUE else ""
