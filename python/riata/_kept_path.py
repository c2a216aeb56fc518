"""What a pickled estimator keeps of a path: the grid, the number of features of each model, and one model."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _fit
from . import _validation as check
from ._fit import Certificate
from ._problem import Array
from ._result import PathPoint, PathResult
from ._table import facts

KEPT = ("df", "tol", "l1_ratio", "family", "classes_", "n_features_in_", "stop")
GONE = "a copied or unpickled estimator has the model chosen only: take {} before, or pickle its cv_result_"


class KeptPath(PathResult):
    """A path of which one model is left; whatever asks for others raises an error that says so."""

    df: Array = np.zeros(0, dtype=np.int32)

    def __init__(self, path: PathResult) -> None:
        vars(self).update({name: getattr(path, name) for name in KEPT})
        self.df = self.df.astype(np.int32)
        self.feature_names_in_ = None
        self._kept: PathPoint | None = None

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(GONE.format(name))

    def keep(self, grid: Array, point: PathPoint | None, names: Array | None) -> None:
        """Set the penalties, the model that is left, and the names of its features."""
        self.alphas = grid[: len(self.df)]
        self._kept, self.feature_names_in_ = point, names

    def at(self, alpha: float) -> PathPoint:
        """The model at the penalty that was chosen."""
        alpha = check.nonnegative(alpha, "alpha")
        if self._kept is None or alpha != self._kept.alpha:
            raise ValueError(GONE.format(f"the model at alpha={alpha:g}"))
        return self._kept

    def certificate(self, k: int) -> Certificate:
        """Certificate of the model that was chosen."""
        found = self.at(float(self.alphas[k])).certificate
        assert found is not None
        return found

    def predict(self, X: Any, alpha: float | None = None) -> Array:
        """Linear predictions of the model that was chosen."""
        if alpha is None:
            raise ValueError(GONE.format("predictions of all models"))
        point = self.at(alpha)
        X = check.prediction_matrix(X, self.n_features_in_, "this path")
        return np.asarray(_fit.predict(X, np.ascontiguousarray(point.coef.T)) + point.intercept)

    def _repr_html_(self) -> str:
        return facts(repr(self), {})

    def __repr__(self) -> str:
        return f"KeptPath({len(self)} alphas, one model)"
