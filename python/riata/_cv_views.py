"""How a cross-validation shows itself to people: a row for every l1_ratio, ties in words, predictions, pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _links, _selection, _summary, plotting
from ._problem import Array
from ._result import PathResult
from ._selection import FoldLosses, Place, Rule
from ._spreads import Spreads
from ._summary import coefficient_table, feature_names
from ._table import Table, facts, listed

LOSSES = {
    "gaussian": "mean squared error",
    "binomial": "log loss",
    "poisson": "half the deviance",
    "multi-gaussian": "mean squared error",
}
TIED = "within one standard error of the best"
Penalty = float | Rule | None


class CVViews:
    """What `CVResult` has beside its numbers."""

    paths: list[PathResult]
    l1_ratios: Array
    _alphas: Array
    _loss: Array
    _sign: float
    _index: tuple[int, int]

    @property
    def path(self) -> PathResult:
        raise NotImplementedError

    @property
    def alpha(self) -> float:
        raise NotImplementedError

    @property
    def mean_loss(self) -> Array:
        raise NotImplementedError

    @property
    def best_indices(self) -> list[Place]:
        raise NotImplementedError

    @property
    def _losses(self) -> FoldLosses:
        raise NotImplementedError

    def _remember(self, spreads: Spreads) -> None:
        for path in self.paths:
            path._remember(spreads)

    # --- what the model is ------------------------------------------------------------------------------------------------

    @property
    def family(self) -> str:
        """As `riata.path` takes it."""
        return self.path.family

    @property
    def link(self) -> str:
        """What predictions are of the linear predictor: "identity", "logit" or "log" (of a mean)."""
        return _links.LINKS[self.family]

    @property
    def classes_(self) -> Array | None:
        """The labels of a binomial model."""
        return self.path.classes_

    @property
    def feature_names_in_(self) -> Array | None:
        """Column names where X was a data frame."""
        return self.path.feature_names_in_

    @property
    def n_features_in_(self) -> int:
        """Columns of X."""
        return self.path.n_features_in_

    # --- predictions --------------------------------------------------------------------------------------------------------

    def predict(self, X: Any, alpha: Penalty = None) -> Array:
        """Labels of a binomial model, expected counts of a Poisson model, else the linear predictions.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        alpha : {"min", "half_se", "1se"} or float, optional
            What that rule chooses, see `riata.cv_path`; or a penalty of the path of the l1_ratio chosen. By default the model chosen.

        Returns
        -------
        y : ndarray of shape (n_samples,), or (n_samples, n_tasks)
        """
        eta = self.decision_function(X, alpha)
        return _links.outcomes(eta, self.family, self.classes_)

    def predict_proba(self, X: Any, alpha: Penalty = None) -> Array:
        """Probabilities of the classes of a binomial model.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        alpha : {"min", "1se"} or float, optional
            As in `predict`.

        Returns
        -------
        p : ndarray of shape (n_samples, 2)
            In the order of `classes_`.

        Raises
        ------
        TypeError
            If the model has no classes.
        """
        if self.classes_ is None:
            raise TypeError(f"a model of the {self.family} family has no probabilities")
        eta = self.decision_function(X, alpha)
        return _links.probabilities(eta, self.family, self.classes_)

    def decision_function(self, X: Any, alpha: Penalty = None) -> Array:
        """Linear predictions (log odds, log means); an offset, if the fit had one, is the caller's to add.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        alpha : {"min", "1se"} or float, optional
            As in `predict`.

        Returns
        -------
        eta : ndarray of shape (n_samples,), or (n_samples, n_tasks)
            Of the model at that penalty.
        """
        if alpha is None:
            return self.path.predict(X, self.alpha)
        if not isinstance(alpha, str):
            return self.path.predict(X, alpha)
        if alpha not in _selection.RULES:
            raise ValueError(f"alpha must be 'min', 'half_se', '1se' or a number; got {alpha!r}")
        row, k = self._by_rule(alpha)
        return self.paths[row].predict(X, float(self._alphas[row, k]))

    def _by_rule(self, rule: Rule) -> Place:
        return _selection.choose(rule, self._losses)

    # --- tables --------------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """The best of every l1_ratio (and share of the penalty that refits keep): penalty, score, standard error, features, and in words how far it is from the best of all.

        Two l1_ratios are tied where the mean scores differ by no more than the standard error of the better one, the measure of the
        rule "1se". The star marks what was chosen.

        Returns
        -------
        table : Table
            Prints, and ``to_frame()`` is a pandas.DataFrame. The columns are l1_ratio, alpha, score, std_error, features, verdict.

        Examples
        --------
        >>> import numpy as np, riata
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((100, 20))
        >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
        >>> table = riata.cv_path(X, y, l1_ratio=[0, 0.5, 1]).table()
        >>> table["l1_ratio"], table["verdict"][2]
        ([0.0, 0.5, 1.0], 'best')
        """
        mean, error = self.mean_loss, self._losses.error
        rows, places = zip(*self.best_indices)
        losses = np.array([mean[r, k] for r, k in zip(rows, places)])
        errors = np.array([error[r, k] for r, k in zip(rows, places)])
        best = int(np.argmin(losses))
        verdicts = [
            "best" if i == best else _verdict(loss - losses[best], errors[best])
            for i, loss in enumerate(losses)
        ]
        columns = {
            "l1_ratio": [float(self.l1_ratios[r]) for r in rows],
            **({"relax": [self.paths[r].relax for r in rows]} if self._is_relaxed() else {}),
            "alpha": [float(self._alphas[r, k]) for r, k in zip(rows, places)],
            "score": (losses if self._sign < 0 else -losses).tolist(),
            "std_error": errors.tolist(),
            "features": [int(self.paths[r].df[k]) for r, k in zip(rows, places)],
            "verdict": verdicts,
        }
        marked = rows.index(self._index[0]) if self._index[0] in rows else None
        note = [f"score: {self._score_name()}, {'less' if self._sign < 0 else 'more'} is better."]
        tied = [f"{self.l1_ratios[rows[i]]:g}" for i, v in enumerate(verdicts) if v == TIED]
        if tied:
            note.append(
                f"l1_ratio {listed(tied)} {'is' if len(tied) == 1 else 'are'} {TIED}, {self.l1_ratios[rows[best]]:g}: these folds do "
                "not tell them apart."
            )
        note.append(f"* chosen: alpha {self.alpha:.4g} by select={self._rule()!r}.")
        return Table(columns, marked=marked, note="\n".join(note))

    def _is_relaxed(self) -> bool:
        return any(path.relax < 1 for path in self.paths)

    def _rule(self) -> Any:
        return getattr(self, "select", None)

    def _score_name(self) -> str:
        return LOSSES[self.family] if self._sign < 0 else "score"

    def fold_shares(self) -> Array | None:
        """Share of the folds whose model at the penalty chosen has the feature, of shape (n_features,); None where the folds are gone."""
        folds = getattr(self, "fold_paths", None)
        if folds is None:
            return None
        row, k = self._index
        used = [
            np.any([part._dense(k) != 0 for _, part in path._outputs()], axis=0)
            for path in folds[row]
        ]
        return np.asarray(np.mean(used, axis=0))

    def summary(self, names: Any = None, *, X: Any = None) -> Table:
        """The features of the model chosen: coefficient, standardised coefficient, share of folds that chose it.

        Parameters
        ----------
        names : sequence of str of length n_features, optional
            By default the names of the data frame's columns, else the columns' numbers.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows to take the columns' standard deviations from; by default those of the fit.
        """
        point = self.path.at(self.alpha)
        W = np.atleast_2d(point.coef)
        outputs = [str(t) for t in range(len(W))]
        known = feature_names(self, W.shape[1], names)
        spreads = self.path._scale(False, X)
        return coefficient_table(W, point.intercept, known, outputs, spreads, self.fold_shares())

    def _repr_html_(self) -> str:
        ratios, k, folds = self._loss.shape
        values = {
            "model": f"{self.family}, alpha {self.alpha:.4g}, l1_ratio {self.l1_ratios[self._index[0]]:g}, by {self._rule()!r}",
            "features": f"{self.path.df[self._index[1]]} of {self.n_features_in_}",
            "scores": f"{folds} folds, {k} alphas, {ratios} l1_ratio{'s' if ratios > 1 else ''}",
        }
        return facts(type(self).__name__, values) + self.table()._repr_html_()

    # --- pictures ------------------------------------------------------------------------------------------------------------

    def _marks(self) -> dict[str, float]:
        marks = {name: self._alphas[self._by_rule(rule)] for name, rule in RULES.items()}
        return marks if self.alpha in marks.values() else {**marks, "chosen": self.alpha}

    def plot(self, ax: Any = None) -> Any:
        """Mean scores against log alpha, a curve for every l1_ratio. See `riata.plotting.plot_cv`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        row = self._index[0]
        marks = self._marks()
        return plotting.plot_cv(
            self._alphas,
            self._loss if self._sign < 0 else -self._loss,
            self.paths[row].df,
            alpha_min=float(marks["best"]),
            alpha_1se=float(marks["one standard error"]),
            alpha=self.alpha,
            label=self._score_name(),
            l1_ratios=self.l1_ratios,
            row=row,
            title=("chosen: " if len(self.l1_ratios) > 1 else "") + self.path._title(),
            ax=ax,
        )

    plot_cv = plot

    def plot_path(self, ax: Any = None, **options: Any) -> Any:
        """Coefficients of all rows' path with lines at the best penalty and at that of the one-standard-error rule.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        **options
            As in `PathResult.plot`.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        return self.path.plot(ax, marks=self._marks(), **options)

    def plot_coefficients(
        self, ax: Any = None, *, names: Any = None, X: Any = None, max_features: int = 30
    ) -> Any:
        """Bars of the model chosen by name, with the share of folds that chose each; see `summary`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        names : sequence of str of length n_features, optional
            By default the names of the data frame's columns, else the columns' numbers.
        X : array-like or sparse container of shape (n_samples, n_features), optional
            Rows to take the columns' standard deviations from; by default those of the fit.
        max_features : int, default=30
            How many features are shown.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        W = np.atleast_2d(self.path.at(self.alpha).coef)
        spreads = self.path._scale(False, X)
        known = feature_names(self, W.shape[1], names)
        options: dict[str, Any] = {
            "standardised": spreads is not None,
            "max_features": max_features,
            "title": self.path._title() + _summary.odds_of(self.classes_),
            "ax": ax,
        }
        if spreads is not None:
            W = W * spreads
        if len(W) > 1:
            return plotting.plot_classes(W, [str(t) for t in range(len(W))], known, **options)
        return plotting.plot_coefficients(W[0], known, shares=self.fold_shares(), **options)


RULES: dict[str, Rule] = {"best": "min", "one standard error": "1se"}


def _verdict(behind: float, error: float) -> str:
    if np.isnan(error):
        return f"worse by {behind:.3g} (one fold: no standard error)"
    if behind <= error:
        return TIED
    return (
        f"worse by {behind / error:.1f} standard errors" if error > 0 else f"worse by {behind:.3g}"
    )
