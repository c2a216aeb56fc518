"""How a fit that fell short is reported."""

from __future__ import annotations

import warnings
from typing import Any


def warn_not_converged(message: str, stacklevel: int = 2) -> None:
    """Issue scikit-learn's ConvergenceWarning, importing scikit-learn only now."""
    from sklearn.exceptions import ConvergenceWarning

    warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel + 1)


def warn_column_vector(y: Any, stacklevel: int = 2) -> None:
    """Issue scikit-learn's DataConversionWarning where y has shape (n, 1)."""
    if getattr(y, "ndim", 1) != 2 or y.shape[1] != 1:
        return
    from sklearn.exceptions import DataConversionWarning

    message = "A column-vector y was passed when a 1d array was expected: pass y.ravel()"
    warnings.warn(message, DataConversionWarning, stacklevel=stacklevel + 1)
