"""What differs between the versions of scikit-learn that are supported."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.linear_model import LassoCV

lasso_path = vars(LassoCV)["path"].__func__


def grid_of_alphas(model: Any) -> Any:
    """How many alphas a CV class is to make, or the alphas: until 1.8 also under the name n_alphas."""
    alphas = getattr(model, "alphas", None)
    old = getattr(model, "n_alphas", "deprecated")
    if isinstance(alphas, str) or alphas is None:
        return 100 if isinstance(old, str) else old
    return alphas


def warn_future(message: str) -> None:
    """A FutureWarning from the caller of `fit`."""
    warnings.warn(message, FutureWarning, stacklevel=6)
