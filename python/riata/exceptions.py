"""How a fit that fell short is reported."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_preface: ContextVar[str] = ContextVar("riata_preface", default="")


class GridEndWarning(UserWarning):
    """The best penalty of a cross-validation is the last one of its grid."""


@contextmanager
def prefaced(sentence: str) -> Iterator[None]:
    """Let the warnings about gaps begin with the sentence that code written for scikit-learn filters on."""
    token = _preface.set(sentence)
    try:
        yield
    finally:
        _preface.reset(token)


def warn_not_converged(message: str, stacklevel: int = 2) -> None:
    """Issue scikit-learn's ConvergenceWarning, importing scikit-learn only now."""
    from sklearn.exceptions import ConvergenceWarning

    warnings.warn(_preface.get() + message, ConvergenceWarning, stacklevel=stacklevel + 1)


def warn_deprecated(message: str, since: tuple[int, int], stacklevel: int = 2) -> None:
    """Issue a FutureWarning where the scikit-learn installed gives one, from that version on."""
    if sklearn_version() >= since:
        warnings.warn(message, FutureWarning, stacklevel=stacklevel + 1)


def sklearn_version() -> tuple[int, int]:
    """Major and minor number of the scikit-learn installed."""
    from sklearn import __version__

    major, minor = __version__.split(".")[:2]
    return int(major), int(minor)


def warn_column_vector(y: Any, stacklevel: int = 2) -> None:
    """Issue scikit-learn's DataConversionWarning where y has shape (n, 1)."""
    if getattr(y, "ndim", 1) != 2 or y.shape[1] != 1:
        return
    from sklearn.exceptions import DataConversionWarning

    message = "A column-vector y was passed when a 1d array was expected: pass y.ravel()"
    warnings.warn(message, DataConversionWarning, stacklevel=stacklevel + 1)
