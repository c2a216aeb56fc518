"""What a fitted estimator tells people: its coefficients by name, on the standardised scale, and how many folds chose them."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import plotting
from ._problem import Array
from ._spreads import spreads_of_rows
from ._table import Table


class Summarised:
    """`summary` and `plot_coefficients` for anything with `coef_` and `intercept_`."""

    coef_: Any
    intercept_: Any

    def summary(self, names: Any = None, *, X: Any = None) -> Table:
        """The features in use, the largest coefficients first.

        Parameters
        ----------
        names : sequence of str of length n_features, optional
            By default the names of the data frame's columns, else the columns' numbers.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows whose columns' standard deviations turn coefficients into standardised ones, the training rows for one: the change
            of the linear prediction for one standard deviation of the feature.

        Returns
        -------
        table : Table
            Prints, and ``to_frame()`` is a pandas.DataFrame. The columns are feature, coefficient and where known standardised and
            folds, the share of the folds whose model at the penalty chosen has the feature; of several classes or tasks a column of
            coefficients for each.

        Examples
        --------
        >>> import numpy as np, riata
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((100, 5)) * [1, 10, 1, 1, 1]
        >>> y = 2 * X[:, 0] + X[:, 1] + rng.standard_normal(100)
        >>> table = riata.LassoCV(select="1se").fit(X, y).summary(["age", "height", "a", "b", "c"], X=X)
        >>> table["feature"][:2], table["folds"][:2]
        (['height', 'age'], [1.0, 1.0])
        """
        W, names, outputs = _parts(self, names)
        spreads = None if X is None else spreads_of_rows(X, W.shape[1])
        return coefficient_table(W, self.intercept_, names, outputs, spreads, fold_shares(self))

    def plot_coefficients(
        self, ax: Any = None, *, names: Any = None, X: Any = None, max_features: int = 30
    ) -> Any:
        """Bars by name with the share of folds that chose each feature; of several classes or tasks a heat map.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        names : sequence of str of length n_features, optional
            By default the names of the data frame's columns, else the columns' numbers.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows of features. Never modified.
        max_features : int, default=30
            How many features are shown.

        Returns
        -------
        ax : matplotlib.axes.Axes
        """
        W, names, outputs = _parts(self, names)
        if X is not None:
            W = W * spreads_of_rows(X, W.shape[1])
        options: dict[str, Any] = {
            "standardised": X is not None,
            "max_features": max_features,
            "title": type(self).__name__
            + odds_of(getattr(self, "classes_", None) if len(W) == 1 else None),
            "ax": ax,
        }
        if len(W) > 1:
            return plotting.plot_classes(W, outputs, names, **options)
        return plotting.plot_coefficients(W[0], names, shares=fold_shares(self), **options)


def coefficient_table(
    W: Array,
    intercept: Any,
    names: list[str],
    outputs: list[str],
    spreads: Array | None,
    shares: Array | None,
) -> Table:
    """Rows of the features of coefficients W (outputs, p) that are not zero."""
    scaled = W if spreads is None else W * spreads
    size = np.abs(scaled).max(axis=0)
    order = np.argsort(-size, kind="stable")
    order = order[np.abs(W[:, order]).max(axis=0) > 0]
    columns: dict[str, Any] = {"feature": [names[j] for j in order]}
    single = len(W) == 1
    for output, row in zip(outputs, W):
        columns["coefficient" if single else f"coefficient {output}"] = row[order].tolist()
    if spreads is not None:
        for output, row in zip(outputs, scaled):
            columns["standardised" if single else f"standardised {output}"] = row[order].tolist()
    if shares is not None:
        columns["folds"] = shares[order].tolist()
    b = ", ".join(f"{value:.4g}" for value in np.atleast_1d(intercept))
    return Table(columns, note=f"{len(order)} of {len(names)} features, intercept {b}")


def odds_of(classes: Any) -> str:
    """Of which label a positive coefficient raises the odds, for a title."""
    return "" if classes is None else f", log odds of {classes[-1]}"


def _parts(estimator: Any, names: Any) -> tuple[Array, list[str], list[str]]:
    """Coefficients (outputs, p), the features' names and the outputs'."""
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(estimator, "coef_")
    coef = estimator.coef_
    dense = coef.toarray() if hasattr(coef, "toarray") else np.asarray(coef)
    W = np.atleast_2d(dense).astype(np.float64)
    labels = getattr(estimator, "classes_", None)
    outputs = [str(c) for c in labels] if labels is not None and len(labels) == len(W) else None
    return (
        W,
        feature_names(estimator, W.shape[1], names),
        outputs or [str(t) for t in range(len(W))],
    )


def feature_names(model: Any, p: int, names: Any = None) -> list[str]:
    """The names given, those of the data frame's columns, or the columns' numbers."""
    given = getattr(model, "feature_names_in_", None) if names is None else names
    if given is None:
        return [str(j) for j in range(p)]
    listed = [str(name) for name in given]
    if len(listed) != p:
        raise ValueError(f"names must have {p} entries, one per feature; got {len(listed)}")
    return listed


def fold_shares(estimator: Any) -> Array | None:
    """Share of the folds whose model at the penalty chosen has the feature; None where there are no folds to ask."""
    ask = getattr(estimator, "_fold_shares", None)
    if ask is not None:
        return np.asarray(ask())
    result = getattr(estimator, "cv_result_", None)
    return None if result is None else result.fold_shares()
