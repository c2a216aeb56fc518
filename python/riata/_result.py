"""What a path returns: `PathResult`, and one model of it, `PathPoint`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import _fit, _links
from . import _validation as check
from ._budget import Costs, choose, file_bytes, losses, nanoseconds_per_row
from ._fit import Certificate, PathArrays
from ._linear_model import LinearModel
from ._problem import Array
from ._state import portable
from ._views import PathViews


@portable
@dataclass(frozen=True, slots=True)
class PathPoint:
    """A model at one penalty.

    Parameters
    ----------
    alpha : float
        Penalty, >= 0.
    coef : ndarray of shape (n_features,)
        With several classes: (n_classes, n_features).
    intercept : float
        With several classes: ndarray of shape (n_classes,).
    exact : bool
        True if alpha is on the grid (or not below ``alpha_max``), False if interpolated.
    certificate : Certificate or None
        None if interpolated.
    family : str
        As `riata.path` takes it.
    classes : ndarray of shape (n_classes,) or None
        The labels of a binomial or multinomial model.
    feature_names : ndarray of shape (n_features,) or None
        Column names where X was a data frame.

    See Also
    --------
    PathResult : Models along a grid of penalties.
    Scorer : A model in production.

    Examples
    --------
    >>> import riata
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> point = riata.path(X, y, family="binomial", alphas=[0.1]).at(0.1)
    >>> [str(label) for label in point.predict([[0.5], [2.5]])]
    ['no', 'yes']
    >>> riata.Scorer.from_estimator(point).link
    'logit'
    """

    alpha: float
    coef: Array
    intercept: Any
    exact: bool
    certificate: Certificate | None
    family: str = "gaussian"
    classes: Array | None = None
    feature_names: Array | None = None

    @property
    def link(self) -> str:
        """What predictions are of the linear predictor: "identity", "logit", "softmax" or "log" (of a mean)."""
        return _links.LINKS[self.family]

    def decision_function(self, X: Any) -> Array:
        """Linear predictions; an offset is the caller's to add.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        eta : ndarray of shape (n_samples,), or (n_samples, n_outputs)
            Log odds, log means, or the predictions themselves.
        """
        X = check.prediction_matrix(X, self.coef.shape[-1], "this model")
        W = np.atleast_2d(self.coef)
        used = np.flatnonzero(W.any(axis=0))
        eta = _fit.predict(X, np.ascontiguousarray(W[:, used].T), used) + self.intercept
        return np.asarray(eta if self.coef.ndim == 2 else eta[:, 0])

    def predict(self, X: Any) -> Array:
        """Labels of a binomial or multinomial model, expected counts of a Poisson model, else the linear predictions.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        y : ndarray of shape (n_samples,), or (n_samples, n_tasks)
        """
        eta = self.decision_function(X)
        return _links.outcomes(eta, self.family, self.classes)

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes`.

        Raises
        ------
        TypeError
            If the model has no classes.
        """
        return _links.probabilities(self.decision_function(X), self.family, self.classes)

    def _as_linear_model(self) -> LinearModel:
        about: dict[str, Any] = {"estimator": "PathPoint", "alpha": self.alpha}
        if self.classes is not None:
            about["classes"] = np.asarray(self.classes).tolist()
        coef = np.atleast_2d(self.coef)
        intercept = np.broadcast_to(np.asarray(self.intercept, dtype=float), (len(coef),)).copy()
        names = None if self.feature_names is None else [str(name) for name in self.feature_names]
        return LinearModel(coef, intercept, self.link, about, names)


class PathResult(PathViews):
    """Models along a grid of penalties.

    Parameters
    ----------
    arrays, n_features, tol, l1_ratio, names, family, classes : internal
        What `path`, which makes a result, has at hand.

    Attributes
    ----------
    alphas : ndarray of shape (k,)
        Penalties from large to small.
    coefs : scipy.sparse.csc_array of shape (n_features, k)
        Coefficients on the original scale of X; built when first asked for.
    intercepts : ndarray of shape (k,)
    dual_gaps : ndarray of shape (k,)
        Relative duality gaps, in the unit of `tol`.
    df : ndarray of shape (k,)
        Number of non-zero coefficients.
    dev_ratio : ndarray of shape (k,)
        Share of the null model's loss that the model explains (R^2 on the training data, or the share of the deviance).
    n_iter : ndarray of shape (k,)
        Linear systems solved for each alpha.
    alpha_max : float
        Smallest penalty of the empty model.
    null_objective : float
        Objective of the model without any feature.
    stop : str
        Why the path ended: 'completed', 'max_features', 'early_stop', 'time_limit' or 'callback'.
    n_passes : float
        Passes over X.
    seconds : float
        Wall time of the fit.
    tol, l1_ratio, family
        As given.
    classes_ : ndarray of shape (2,) or None
        The labels of a binomial model; predictions above 0 are for the second.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,) or None
        Column names where X was a data frame.

    See Also
    --------
    path : All models along a grid of penalties.
    PathPoint : The model at one penalty.
    information_criteria : AIC, AICc, BIC and extended BIC of a path.

    Examples
    --------
    >>> import numpy as np, riata
    >>> path = riata.path(np.eye(4), [3.0, 0.0, 0.0, 1.0], alphas=[0.5, 0.1])
    >>> path.df.tolist(), path.certificate(-1).status
    ([0, 3], 'converged')
    """

    relax = 1.0  # share of the penalty that models fitted again to their own features keep

    def __init__(
        self,
        arrays: PathArrays,
        n_features: int,
        tol: float,
        l1_ratio: float,
        names: Array | None,
        family: str = "gaussian",
        classes: Array | None = None,
    ) -> None:
        self._arrays = arrays
        self._coefs: Any = None
        self.alphas = arrays.alphas
        self.intercepts = arrays.intercepts
        self.dual_gaps = arrays.rel_gap
        self.dev_ratio = arrays.dev_ratio
        self.n_iter = arrays.n_iter
        self.alpha_max = arrays.alpha_max
        self.null_objective = arrays.null_objective
        self.stop = arrays.stop
        self.n_passes = arrays.n_passes
        self.tol = tol
        self.l1_ratio = l1_ratio
        self.n_features_in_ = n_features
        self.feature_names_in_ = names
        self.family = family
        self.classes_ = classes

    def __len__(self) -> int:
        return len(self.alphas)

    def __repr__(self) -> str:
        name = type(self).__name__
        if len(self) == 0:
            return f"{name}(0 alphas, stop={self.stop!r})"
        return (
            f"{name}({len(self)} alphas from {self.alphas[0]:.3g} to {self.alphas[-1]:.3g}, up to {max(self._features_used())} of "
            f"{self.n_features_in_} features, largest relative gap {self.dual_gaps.max():.1e}, stop={self.stop!r})"
        )

    def _features_used(self) -> list[int]:
        """For every alpha the number of features with a coefficient that is not zero."""
        return [int(count) for count in np.diff(self._arrays.indptr)]

    @property
    def df(self) -> Array:
        """Number of non-zero coefficients, of shape (k,)."""
        return np.diff(self._arrays.indptr)

    @property
    def seconds(self) -> float:
        """Wall time of the fit."""
        return float(self._arrays.seconds[-1]) if len(self) else 0.0

    @property
    def coefs(self) -> Any:
        """Coefficients on the original scale of X, a scipy.sparse.csc_array of shape (n_features, k); built when first asked for."""
        if self._coefs is None:
            from scipy.sparse import csc_array

            parts = (self._arrays.data, self._arrays.indices, self._arrays.indptr)
            self._coefs = csc_array(parts, shape=(self.n_features_in_, len(self)))
        return self._coefs

    @property
    def certificates(self) -> list[Certificate]:
        """Certificates of all solutions."""
        return [self.certificate(k) for k in range(len(self))]

    def certificate(self, k: int) -> Certificate:
        """Certificate of one solution.

        Parameters
        ----------
        k : int
            Its place on the grid; negative ones count from the end.

        Returns
        -------
        certificate : Certificate
            Of the solution for ``alphas[k]``.
        """
        own = self._arrays.certificate(range(len(self))[k], self.tol)
        return own if self.relax == 1 else replace(own, alpha=self.relax * own.alpha)

    def at(self, alpha: float) -> PathPoint:
        """The model at one penalty.

        On a grid point this is that point's solution with its certificate. Between two grid points coefficients and intercept
        are interpolated linearly in alpha: exact for the lasso as long as no coefficient enters or leaves in between, an
        approximation otherwise. For the exact model call ``riata.path(X, y, alphas=[alpha])``. Above the first grid point the
        empty model is exact where the grid starts at or above ``alpha_max``.

        Parameters
        ----------
        alpha : float
            Penalty, at least the grid's smallest.

        Returns
        -------
        point : PathPoint

        Raises
        ------
        ValueError
            If alpha lies outside the path.
        """
        alpha = check.nonnegative(alpha, "alpha")
        if len(self) == 0:
            raise ValueError("the path holds no solution")
        k = int(np.searchsorted(-self.alphas, -alpha))  # first grid point that is not above alpha
        if k < len(self) and self.alphas[k] == alpha:
            return self._point(k, alpha)
        if k == 0 and alpha >= self.alpha_max > 0 and self.alphas[0] >= self.alpha_max * (1 - 1e-9):
            return self._point(0, alpha)
        if k == 0 or k == len(self):
            raise ValueError(
                f"alpha must be in [{self.alphas[-1]:g}, {self.alphas[0]:g}], the path's grid; got {alpha:g}"
            )
        share = (self.alphas[k - 1] - alpha) / (self.alphas[k - 1] - self.alphas[k])
        coef = (1 - share) * self._dense(k - 1) + share * self._dense(k)
        intercept = (1 - share) * self.intercepts[k - 1] + share * self.intercepts[k]
        return self._make_point(alpha, coef, float(intercept), False, None)

    def _point(self, k: int, alpha: float) -> PathPoint:
        return self._make_point(
            alpha, self._dense(k), float(self.intercepts[k]), True, self.certificate(k)
        )

    def _make_point(
        self,
        alpha: float,
        coef: Array,
        intercept: Any,
        exact: bool,
        certificate: Certificate | None,
    ) -> PathPoint:
        known = (self.family, self.classes_, self.feature_names_in_)
        return PathPoint(alpha, coef, intercept, exact, certificate, *known)

    def _dense(self, k: int) -> Array:
        return self._arrays.coefficients(k, self.n_features_in_)

    def predict(self, X: Any, alpha: float | None = None) -> Array:
        """Linear predictions eta for new rows (log odds, log means); an offset, if the fit had one, is the caller's to add.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        alpha : float, optional
            One penalty, see `at`; all of the path by default.

        Returns
        -------
        eta : ndarray of shape (n_samples,), or (n_samples, k) if alpha is None
        """
        X = check.prediction_matrix(X, self.n_features_in_, "this path")
        if alpha is not None:
            point = self.at(alpha)
            used = np.flatnonzero(point.coef)
            return np.asarray(_fit.predict(X, point.coef[used], used) + point.intercept)
        support, coefs = self._support()
        return np.asarray(_fit.predict(X, coefs, support) + self.intercepts)

    def _support(self) -> tuple[Array, Array]:
        """Features that are ever non-zero, and their coefficients as a dense array."""
        return self._arrays.support()

    # --- costs in production --------------------------------------------------------------------------------------------

    def costs(self, X: Any = None, y: Any = None, *, timed: bool = False) -> Costs:
        """Error, features, file size and time for a row of every model; the best by validation error is marked.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            Validation data; without it errors are the unexplained share of the training data's deviance.
        y : array-like of shape (n_samples,), optional
            Their response.
        timed : bool, default=False
            Measure the time of a row, some milliseconds a model.

        Returns
        -------
        costs : Costs
            Prints as a table; ``costs.plot()`` draws it.
        """
        if len(self) == 0:
            raise ValueError("the path holds no solution")
        files = [file_bytes(self._dense(k), self.intercepts[k]) for k in range(len(self))]
        sizes = np.array([len(file) for file in files])
        times = (
            nanoseconds_per_row(files, self.n_features_in_) if timed else np.full(len(self), np.nan)
        )
        errors = self._errors(X, y)
        best = None if X is None else int(np.argmin(errors))
        return Costs(self.alphas, errors, self.df, sizes, times, best)

    def _errors(self, X: Any, y: Any) -> Array:
        if X is None and y is None:
            return 1.0 - self.dev_ratio
        if X is None or y is None:
            raise ValueError(f"X and y belong together; got no {'X' if X is None else 'y'}")
        return losses(self.predict(X), y, self.family, self.classes_)

    def budget(
        self,
        X: Any = None,
        y: Any = None,
        *,
        max_features: int | None = None,
        max_bytes: int | None = None,
        max_nanoseconds: float | None = None,
    ) -> PathPoint:
        """The best model that costs no more than a limit: least error on validation data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            Validation data, see `costs`.
        y : array-like of shape (n_samples,), optional
            Their response.
        max_features : int, optional
            Most features with a weight.
        max_bytes : int, optional
            Largest model file, without names.
        max_nanoseconds : float, optional
            Longest time for one row in the scoring library, measured here and now. Give exactly one of the three.

        Returns
        -------
        point : PathPoint
            `Scorer.from_estimator` takes it.

        Raises
        ------
        ValueError
            If not exactly one limit is given, or no model is within it.
        """
        limits = {
            "n_features": max_features,
            "n_bytes": max_bytes,
            "nanoseconds": max_nanoseconds,
        }
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of max_features, max_bytes and max_nanoseconds; got {len(given)}"
            )
        [(name, limit)] = given.items()
        limit = check.nonnegative(limit, f"max_{name.removeprefix('n_')}")
        costs = self.costs(X, y, timed=name == "nanoseconds")
        k = choose(costs.errors, getattr(costs, name), limit, name.removeprefix("n_"))
        return self._point(k, float(self.alphas[k]))
