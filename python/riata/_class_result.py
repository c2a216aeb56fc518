"""What a path over several classes returns: `ClassPathResult`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._fit import PathArrays
from ._problem import Array
from ._result import PathPoint, PathResult


class ClassPathResult(PathResult):
    """Multinomial models along a grid of penalties: a `PathResult` whose models have coefficients for every class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coefs : list of scipy.sparse.csc_array of shape (n_features, k)
        For every class.
    intercepts : ndarray of shape (n_classes, k)
    df : ndarray of shape (k,)
        Number of non-zero coefficients of all classes together.

    Notes
    -----
    Everything else is as in `PathResult`; gaps and certificates are those of the whole model.
    """

    def __init__(
        self,
        paths: list[PathArrays],
        n_features: int,
        tol: float,
        l1_ratio: float,
        names: Array | None,
        family: str,
        classes: Array | None,
    ) -> None:
        super().__init__(paths[0], n_features, tol, l1_ratio, names, family, classes)
        self._paths = [
            PathResult(path, n_features, tol, l1_ratio, names, family, classes) for path in paths
        ]
        self.intercepts = np.array([path.intercepts for path in paths])

    def of_class(self, label: Any) -> PathResult:
        """The coefficients of one class along the path.

        Parameters
        ----------
        label : object
            One of ``classes_``.

        Returns
        -------
        result : PathResult
        """
        assert self.classes_ is not None
        found = np.flatnonzero(self.classes_ == label)
        if len(found) != 1:
            raise ValueError(f"label must be one of {self.classes_.tolist()}; got {label!r}")
        return self._paths[found[0]]

    @property
    def df(self) -> Array:
        return np.sum([path.df for path in self._paths], axis=0)

    @property
    def coefs(self) -> Any:
        return [path.coefs for path in self._paths]

    def at(self, alpha: float) -> PathPoint:
        """The model at one penalty, see `PathResult.at`; coef has the shape (n_classes, n_features), intercept (n_classes,)."""
        points = [path.at(alpha) for path in self._paths]
        return PathPoint(
            points[0].alpha,
            np.array([point.coef for point in points]),
            np.array([point.intercept for point in points]),
            points[0].exact,
            points[0].certificate,
        )

    def predict(self, X: Any, alpha: float | None = None) -> Array:
        """Linear predictions eta for new rows; the class of a row is that of its largest.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
        alpha : float, optional
            One penalty, see `at`; all of the path by default.

        Returns
        -------
        eta : ndarray of shape (n_samples, n_classes), or (n_samples, n_classes, k) if alpha is None
        """
        return np.stack([path.predict(X, alpha) for path in self._paths], axis=1)

    def plot(self, ax: Any = None, *, max_labels: int = 10, label: Any = None) -> Any:
        """Coefficients of one class (by default the first) against log alpha, see `PathResult.plot`."""
        assert self.classes_ is not None
        chosen = self.of_class(self.classes_[0] if label is None else label)
        return chosen.plot(ax, max_labels=max_labels)

    def costs(self, *args: Any, **kwargs: Any) -> Any:
        """Not for several classes."""
        raise NotImplementedError("costs are those of models with one response")

    def budget(self, *args: Any, **kwargs: Any) -> PathPoint:
        """Not for several classes."""
        raise NotImplementedError("a budget is for models with one response")
