"""How a fit that fell short is reported."""

from __future__ import annotations

import warnings


def warn_not_converged(message: str, stacklevel: int = 2) -> None:
    """Issue scikit-learn's ConvergenceWarning, importing scikit-learn only now."""
    from sklearn.exceptions import ConvergenceWarning

    warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel + 1)
