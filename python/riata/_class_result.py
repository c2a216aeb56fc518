"""What a path over several classes or tasks returns: `ClassPathResult` and `TaskPathResult`."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import plotting
from ._fit import PathArrays, TaskArrays
from ._problem import Array
from ._result import PathPoint, PathResult
from ._spreads import Spreads


class JointPathResult(PathResult):
    """Models with several outputs along a grid of penalties."""

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
        for name, part in self._outputs():
            part._part = f"{self._kind} {name}"

    _kind = "output"

    def _outputs(self) -> list[tuple[Any, Any]]:
        return list(enumerate(self._paths))

    def _remember(self, spreads: Spreads) -> None:
        super()._remember(spreads)
        for part in self._paths:
            part._remember(spreads)

    def _features_used(self) -> list[int]:
        used = []
        for k in range(len(self)):
            parts = [path._arrays for path in self._paths]
            of_all = [part.indices[part.indptr[k] : part.indptr[k + 1]] for part in parts]
            used.append(len(np.unique(np.concatenate(of_all))))
        return used

    @property
    def coefs(self) -> Any:
        """Coefficients of every class or task: a list of scipy.sparse.csc_array of shape (n_features, k)."""
        return [path.coefs for path in self._paths]

    def at(self, alpha: float) -> PathPoint:
        """The model at one penalty, see `PathResult.at`; its coef has the shape (n_outputs, n_features), its intercept (n_outputs,).

        Parameters
        ----------
        alpha : float
            Penalty, at least the grid's smallest.

        Returns
        -------
        point : PathPoint
            With a certificate on a grid point.
        """
        points = [path.at(alpha) for path in self._paths]
        return self._make_point(
            points[0].alpha,
            np.array([point.coef for point in points]),
            np.array([point.intercept for point in points]),
            points[0].exact,
            points[0].certificate,
        )

    def predict(self, X: Any, alpha: float | None = None) -> Array:
        """Linear predictions eta for new rows; of several classes the one with the largest is a row's.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        alpha : float, optional
            One penalty, see `at`; all of the path by default.

        Returns
        -------
        eta : ndarray of shape (n_samples, n_outputs), or (n_samples, n_outputs, k) if alpha is None
        """
        return np.stack([path.predict(X, alpha) for path in self._paths], axis=1)

    def costs(self, *args: Any, **kwargs: Any) -> Any:
        """Not for several outputs.

        Parameters
        ----------
        *args, **kwargs
            Not looked at.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError("costs are those of models with one response")

    def budget(self, *args: Any, **kwargs: Any) -> PathPoint:
        """Not for several outputs.

        Parameters
        ----------
        *args, **kwargs
            Not looked at.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError("a budget is for models with one response")


class ClassPathResult(JointPathResult):
    """Multinomial models along a grid of penalties: a `PathResult` whose models have coefficients for every class.

    Parameters
    ----------
    paths, n_features, tol, l1_ratio, names, family, classes : internal
        What `path`, which makes a result, has at hand.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coefs : list of scipy.sparse.csc_array of shape (n_features, k)
        For every class.
    intercepts : ndarray of shape (n_classes, k)
    df : ndarray of shape (k,)
        Number of non-zero coefficients of all classes together.

    See Also
    --------
    path : All models along a grid of penalties.
    PathResult : Models along a grid of penalties.
    PathPoint : The model at one penalty.

    Notes
    -----
    Everything else is as in `PathResult`; gaps and certificates are those of the whole model.

    Examples
    --------
    >>> import riata
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], ["a", "a", "b", "b", "c", "c"]
    >>> path = riata.path(X, y, family="multinomial", alphas=[0.1])
    >>> path.at(0.1).coef.shape
    (3, 1)
    """

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
        """Number of non-zero coefficients of all classes together, of shape (k,)."""
        return np.sum([path.df for path in self._paths], axis=0)

    _kind = "class"

    def _outputs(self) -> list[tuple[Any, Any]]:
        assert self.classes_ is not None
        return list(zip(self.classes_, self._paths))

    def plot(self, ax: Any = None, *, label: Any = None, **options: Any) -> Any:
        """Coefficients of one class against log alpha; `plot_classes` shows all at one alpha.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        label : object, optional
            One of ``classes_``; the first by default.
        **options
            As in `PathResult.plot`.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        assert self.classes_ is not None
        return self.of_class(self.classes_[0] if label is None else label).plot(ax, **options)

    def plot_classes(
        self,
        alpha: float | None = None,
        ax: Any = None,
        *,
        max_features: int = 40,
        raw: bool = False,
        X: Any = None,
    ) -> Any:
        """A heat map of classes x features at one penalty (by default the smallest); returns the matplotlib axes.

        Parameters
        ----------
        alpha : float, optional
            A penalty of the path; the smallest by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        max_features : int, default=40
            Features with the largest coefficients.
        raw : bool, default=False
            Draw coefficients as they are, not for standardised columns.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows to take the standard deviations of columns from; by default those of the fit.
        """
        assert self.classes_ is not None
        point = self.at(float(self.alphas[-1]) if alpha is None else alpha)
        spreads = self._scale(raw, X)
        return plotting.plot_classes(
            point.coef if spreads is None else point.coef * spreads,
            [str(label) for label in self.classes_],
            self._names().tolist(),
            standardised=spreads is not None,
            max_features=max_features,
            title=f"{self._title()}, alpha {point.alpha:.3g}",
            ax=ax,
        )


class TaskPathResult(JointPathResult):
    """Models of several tasks along a grid of penalties: a `PathResult` whose models have coefficients for every task.

    Parameters
    ----------
    paths, n_features, tol, l1_ratio, names, family, classes : internal
        What `path`, which makes a result, has at hand.

    Attributes
    ----------
    coefs : list of scipy.sparse.csc_array of shape (n_features, k)
        For every task.
    intercepts : ndarray of shape (n_tasks, k)
    df : ndarray of shape (k,)
        Number of features in use.
    n_tasks : int

    See Also
    --------
    path : All models along a grid of penalties.
    PathResult : Models along a grid of penalties.
    PathPoint : The model at one penalty.

    Notes
    -----
    Everything else is as in `PathResult`; gaps and certificates are those of the whole model.

    Examples
    --------
    >>> import numpy as np, riata
    >>> path = riata.path(np.eye(3), [[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]], family="multi-gaussian", alphas=[0.1])
    >>> path.n_tasks, path.at(0.1).coef.shape
    (2, (2, 3))
    """

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self._paths)

    def of_task(self, t: int) -> PathResult:
        """The coefficients of one task along the path.

        Parameters
        ----------
        t : int
            Column of y.

        Returns
        -------
        result : PathResult
        """
        return self._paths[range(self.n_tasks)[t]]

    @property
    def df(self) -> Array:
        """Number of features in use, of shape (k,)."""
        return np.max([path.df for path in self._paths], axis=0)

    _kind = "task"

    def plot(
        self,
        ax: Any = None,
        *,
        task: int | None = None,
        max_labels: int = 10,
        raw: bool = False,
        X: Any = None,
        marks: Any = None,
    ) -> Any:
        """Lengths of the features' rows of coefficients against log alpha, or one task's coefficients.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        task : int, optional
            Column of y whose coefficients are drawn; by default the lengths over all tasks.
        max_labels : int, default=10
            How many features get a colour and a label.
        raw : bool, default=False
            Draw coefficients as they are, not for standardised columns.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows to take the standard deviations from; by default those of the fit.
        marks : mapping of str to float, optional
            Penalties that get a vertical line, by what they are.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        options: dict[str, Any] = {"max_labels": max_labels, "marks": marks, "ax": ax}
        if task is not None:
            return self.of_task(task).plot(raw=raw, X=X, **options)
        supports = [path._support() for path in self._paths]
        used = np.unique(np.concatenate([support for support, _ in supports]))
        squares = np.zeros((len(used), len(self)))
        for support, coefs in supports:
            squares[np.searchsorted(used, support)] += coefs**2
        return self._draw(used, np.sqrt(squares), self._scale(raw, X), **options)


def make_result(path: PathArrays, *about: Any) -> PathResult:
    """The result for one target or several tasks; `about` is what follows the path in their signatures."""
    return (
        TaskPathResult(path.tasks, *about)
        if isinstance(path, TaskArrays)
        else PathResult(path, *about)
    )
