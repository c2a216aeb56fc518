"""How a path shows itself to people: as a data frame, in a notebook, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import plotting
from ._fit import PathArrays
from ._problem import Array
from ._spreads import Spreads, spreads_of_rows
from ._table import facts, pandas

KINDS = {0.0: "ridge", 1.0: "lasso"}


class PathViews:
    """What `PathResult` has beside its numbers."""

    alphas: Array
    dual_gaps: Array
    dev_ratio: Array
    tol: float
    l1_ratio: float
    family: str
    stop: str
    classes_: Array | None
    n_features_in_: int
    feature_names_in_: Array | None
    _arrays: PathArrays
    _spreads: Spreads | None = None
    _part: str = ""  # which class or task of a larger model this is

    def _support(self) -> tuple[Array, Array]:
        raise NotImplementedError

    @property
    def df(self) -> Array:
        raise NotImplementedError

    def _features_used(self) -> list[int]:
        raise NotImplementedError

    def _remember(self, spreads: Spreads) -> None:
        self._spreads = spreads

    def _scale(self, raw: bool, X: Any) -> Array | None:
        """Standard deviations of the columns; None where the raw scale is wanted, or they are not known."""
        if raw:
            return None
        if X is not None:
            return spreads_of_rows(X, self.n_features_in_)
        return None if self._spreads is None else self._spreads.values()

    def _names(self) -> Array:
        """Of all features, or their numbers."""
        names = self.feature_names_in_
        return np.array([str(j) for j in range(self.n_features_in_)]) if names is None else names

    def _title(self) -> str:
        kind = KINDS.get(self.l1_ratio, "elastic net")
        return ", ".join(
            [kind, self.family, *([self._part] if self._part else [])]
            + [f"l1_ratio {self.l1_ratio:g}"]
        )

    def plot(
        self,
        ax: Any = None,
        *,
        max_labels: int = 10,
        raw: bool = False,
        X: Any = None,
        marks: Mapping[str, float] | None = None,
    ) -> Any:
        """Coefficients against log alpha, the largest labelled; returns the matplotlib axes. See `riata.plotting.plot_path`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        max_labels : int, default=10
            How many features get a colour and a label.
        raw : bool, default=False
            Draw coefficients as they are. Otherwise they are multiplied by the standard deviations of their columns, which makes them
            comparable; where these are not known (a path from a cross-validating estimator or an old pickle) the raw scale is drawn,
            and the axis says so.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows to take the standard deviations from; by default those of the fit.
        marks : mapping of str to float, optional
            Penalties that get a vertical line, by what they are.
        """
        return self._draw(
            *self._support(), self._scale(raw, X), max_labels=max_labels, marks=marks, ax=ax
        )

    def _draw(self, support: Array, coefs: Array, spreads: Array | None, **options: Any) -> Any:
        return plotting.plot_path(
            self.alphas,
            support,
            coefs,
            feature_names=self.feature_names_in_,
            spreads=spreads,
            df=np.array(self._features_used()),
            title=self._title(),
            **options,
        )

    def to_frame(self, coefficients: str | None = None) -> Any:
        """The path as a pandas.DataFrame, a row for every alpha.

        Parameters
        ----------
        coefficients : {None, "wide", "long"}, optional
            "wide" adds a column for every feature that is ever used. "long" gives a row for every coefficient that is not zero, with
            the columns alpha, feature and coefficient (and output, the class or the task, where there are several).

        Returns
        -------
        frame : pandas.DataFrame
            With the columns alpha, gap (relative), df, dev_ratio.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import numpy as np, riata
        >>> path = riata.path(np.eye(4), [3.0, 0.0, 0.0, 1.0], alphas=[0.5, 0.1])
        >>> path.to_frame()[["alpha", "df"]].to_numpy().tolist()
        [[0.5, 0.0], [0.1, 3.0]]
        >>> path.to_frame("long").columns.tolist()
        ['alpha', 'feature', 'coefficient']
        """
        if coefficients not in (None, "wide", "long"):
            raise ValueError(f"coefficients must be None, 'wide' or 'long'; got {coefficients!r}")
        parts = self._outputs()
        if coefficients == "long":
            return _stacked([part._long(name) for name, part in parts])
        columns: dict[Any, Array] = {
            "alpha": self.alphas,
            "gap": self.dual_gaps,
            "df": self.df,
            "dev_ratio": self.dev_ratio,
        }
        if coefficients == "wide":
            names = self._names()
            for output, part in parts:
                support, coefs = part._support()
                for j, row in zip(support, coefs):
                    columns[names[j] if output is None else f"{output}: {names[j]}"] = row
        return pandas().DataFrame(columns)

    def _outputs(self) -> list[tuple[Any, Any]]:
        """(name, path) of every class or task; (None, self) for a single response."""
        return [(None, self)]

    def _long(self, output: Any) -> dict[str, Array]:
        a = self._arrays
        columns = {
            "alpha": np.repeat(a.alphas, np.diff(a.indptr)),
            "feature": self._names()[a.indices],
            "coefficient": a.data,
        }
        if output is None:
            return columns
        return {"output": np.full(len(a.data), output, dtype=object), **columns}

    def _repr_html_(self) -> str:
        if not len(self.alphas):
            return facts("path without a solution", {"ended by": self.stop})
        values = {
            "model": self._title(),
            "alphas": f"{len(self.alphas)}, from {self.alphas[0]:.3g} to {self.alphas[-1]:.3g}",
            "features": f"up to {max(self._features_used())} of {self.n_features_in_}",
            "explained": f"up to {100 * self.dev_ratio.max():.1f} % of the null model's loss",
            "largest relative gap": f"{self.dual_gaps.max():.1e} (asked for: {self.tol:g})",
            "ended by": self.stop,
        }
        return facts(type(self).__name__, values)


def _stacked(parts: list[dict[str, Array]]) -> Any:
    return pandas().DataFrame({name: np.concatenate([p[name] for p in parts]) for name in parts[0]})
