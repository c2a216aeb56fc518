"""A failing case made small: rows, columns, options and digits go while it still fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from .exact import Terms
from .problems import Case

ROWS = ("sample_weight", "offset")
COLUMNS = ("penalty_weights", "l2_weights", "lower", "upper")


def shrink(case: Case, fails: Callable[[Case], bool], seconds: float = 30.0) -> Case:
    """The smallest case found that `fails`, within so many seconds."""
    end = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for smaller in simpler(case):
            if time.monotonic() > end:
                return case
            if still(smaller, fails):
                case, found = smaller, True
                break
    return case


def still(case: Case, fails):
    try:
        with np.errstate(all="ignore"):
            return fails(case)
    except Exception:  # a case that makes no sense to the judge is no simpler case
        return False


def simpler(case: Case) -> Iterator[Case]:
    """Cases with something less, the largest cuts first."""
    n, p = case.X.shape
    alphas = np.atleast_1d(case.alphas)
    if isinstance(case.alphas, np.ndarray) and len(alphas) > 1:
        yield from (replace(case, alphas=alphas[k : k + 1]) for k in range(len(alphas)))
    if case.splits is not None and len(case.splits) > 1:
        yield from (replace(case, splits=[split]) for split in case.splits)
    for size in sorted({max(n // 2, 1), max(n // 4, 1), 1}, reverse=True):
        for first in range(0, n, size):
            keep = np.delete(np.arange(n), slice(first, first + size))
            if len(keep) and has_variety(case, keep):
                yield rows_of(case, keep)
    for size in sorted({max(p // 2, 1), 1}, reverse=True):
        for first in range(0, p, size):
            keep = np.delete(np.arange(p), slice(first, first + size))
            if len(keep):
                yield columns_of(case, keep)
    yield from with_fewer_options(case)
    yield from with_fewer_digits(case)


def has_variety(case: Case, keep):
    """Whether every class is still there; an event, for counts."""
    if case.family in ("binomial", "multinomial"):
        return len(np.unique(case.y[keep])) == len(np.unique(case.y))
    return case.family != "poisson" or bool(case.y[keep].any())


def rows_of(case: Case, keep) -> Case:
    place = {int(row): i for i, row in enumerate(keep)}
    splits = case.splits
    if splits is not None:
        splits = [[[place[i] for i in part if i in place] for part in split] for split in splits]
        splits = [split for split in splits if all(split)] or None
    entry = "path" if case.splits is not None and splits is None else case.entry
    return replace(
        case,
        X=case.X[keep],
        y=case.y[keep],
        terms=taken(case.terms, ROWS, keep),
        splits=splits,
        entry=entry,
    )


def columns_of(case: Case, keep) -> Case:
    nudge = case.nudge
    if nudge is not None:
        place = {int(column): j for j, column in enumerate(keep)}
        nudge = [[o, place.get(j, 0), size] for o, j, size in nudge]
    return replace(case, X=case.X[:, keep], terms=taken(case.terms, COLUMNS, keep), nudge=nudge)


def taken(terms: Terms, names, keep) -> Terms:
    values = {name: getattr(terms, name) for name in names}
    return replace(terms, **{name: v[keep] for name, v in values.items() if v is not None})


def with_fewer_options(case: Case) -> Iterator[Case]:
    terms, default = case.terms, Terms()
    for name in (*ROWS, *COLUMNS, "grouped", "standardize", "l1_ratio", "fit_intercept"):
        value, plain = getattr(terms, name), getattr(default, name)
        if value is not plain and (isinstance(value, np.ndarray) or value != plain):
            yield replace(case, terms=replace(terms, **{name: plain}))
    if case.layout != "C":
        yield replace(case, layout="C")
    if case.X.dtype != float:
        yield replace(case, X=case.X.astype(float))
    if case.tol != 1e-6:
        yield replace(case, tol=1e-6)
    if case.entry in ("cv", "cv-estimator", "estimator"):
        yield replace(case, entry="path", splits=None)


def with_fewer_digits(case: Case) -> Iterator[Case]:
    for digits in (1, 2, 4):
        for name in ("X", "y"):
            value = getattr(case, name)
            short = rounded(value, digits)
            if (short != value).any():
                yield replace(case, **{name: short})
        for name in (*ROWS, *COLUMNS):
            value = getattr(case.terms, name)
            if value is not None and (rounded(value, digits) != value).any():
                yield replace(case, terms=replace(case.terms, **{name: rounded(value, digits)}))
        if (
            isinstance(case.alphas, np.ndarray)
            and (rounded(case.alphas, digits) != case.alphas).any()
        ):
            yield replace(case, alphas=rounded(case.alphas, digits))


def rounded(values, digits):
    """To so many significant digits."""
    if values.dtype.kind != "f":
        return values
    texts = [float(f"{v:.{digits}g}") for v in values.ravel().tolist()]
    return np.array(texts, values.dtype).reshape(values.shape)
