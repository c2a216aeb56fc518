"""The estimators that advice hands out: of every l1_ratio and penalty, and the average of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ._classifier import LinearClassifier
from ._estimator import LinearRegressor
from ._problem import Array
from .classification import LogisticRegression
from .counts import PoissonRegressor
from .regression import ElasticNet, Lasso, Ridge


@dataclass(slots=True)
class Maker:
    """Fits estimators to all rows, for penalties that were chosen on a y of unit standard deviation.

    With y in units of its deviation u, w = u w' and the objective is u^2 times the other's: alpha r |w'|_1 becomes alpha r u |w|_1 while
    alpha (1 - r) |w'|^2 / 2 stays as it is. On the caller's y the l1_ratio is another one for that.
    """

    X: Any
    y: Any
    family: str
    sample_weight: Any
    total_weight: float
    unit: float
    n_threads: int | None

    def penalty(self, ratio: float, alpha: float) -> tuple[float, float]:
        """(alpha, l1_ratio) for y as the caller has it."""
        l1, l2 = alpha * ratio * self.unit, alpha * (1 - ratio)
        return l1 + l2, l1 / (l1 + l2)

    def make(self, ratio: float, alpha: float, **bounds: Any) -> Any:
        """The estimator, not fitted."""
        own, mixed = self.penalty(ratio, alpha)
        options = {"standardize": True, "n_threads": self.n_threads, **bounds}
        if self.family == "poisson":
            return PoissonRegressor(alpha=own, l1_ratio=mixed, **options)
        if self.family != "gaussian":
            return LogisticRegression(C=1 / (own * self.total_weight), l1_ratio=mixed, **options)
        if ratio == 0:
            return Ridge(alpha=own * self.total_weight, **options)
        if ratio == 1:
            return Lasso(alpha=own, **options)
        return ElasticNet(alpha=own, l1_ratio=mixed, **options)

    def fit(self, ratio: float, alpha: float, **bounds: Any) -> Any:
        """The estimator, fitted to all rows."""
        estimator = self.make(ratio, alpha, **bounds)
        return estimator.fit(self.X, self.y, sample_weight=self.sample_weight)


class _Averaged:
    """Coefficients and intercepts that are means of several fitted models'."""

    estimators: Any

    def average(self) -> Self:
        """Take the means."""
        first = self.estimators[0]
        self.coef_ = np.mean([model.coef_ for model in self.estimators], axis=0)
        self.intercept_ = np.mean([model.intercept_ for model in self.estimators], axis=0)
        for name in ("classes_", "feature_names_in_", "n_features_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))
        return self


class AveragedRegressor(_Averaged, LinearRegressor):
    """One linear model whose coefficients and intercept are means of several models'.

    It minimises no objective and has no certificate: those of `estimators` hold for them.

    Parameters
    ----------
    estimators : sequence of fitted estimators

    Attributes
    ----------
    coef_, intercept_
        Means of theirs.
    """

    def __init__(self, estimators: Sequence[Any] = ()) -> None:
        self.estimators = estimators


class AveragedClassifier(_Averaged, LinearClassifier):
    """The same of classifiers; log odds are averaged, not probabilities."""

    def __init__(self, estimators: Sequence[Any] = ()) -> None:
        self.estimators = estimators


class AveragedCounts(_Averaged, LinearRegressor):
    """The same of models of counts; log means are averaged."""

    def __init__(self, estimators: Sequence[Any] = ()) -> None:
        self.estimators = estimators

    def predict(self, X: Any) -> Array:
        """Means exp(X @ coef_ + intercept_) of shape (n_samples,)."""
        return np.asarray(np.exp(self._linear(X)))


AVERAGES = {"gaussian": AveragedRegressor, "poisson": AveragedCounts}


def average(estimators: Sequence[Any], family: str) -> Any:
    """The average of fitted estimators of a family."""
    return AVERAGES.get(family, AveragedClassifier)(list(estimators)).average()
