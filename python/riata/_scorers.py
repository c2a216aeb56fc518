"""Scores of held-out predictions by scikit-learn's scorers, without fitting an estimator for each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Scorer = Callable[..., float]


def find_scorer(scoring: Any) -> Scorer:
    """The scorer of a name, or the callable itself."""
    from sklearn.metrics import get_scorer

    if isinstance(scoring, str):
        return get_scorer(scoring)
    if callable(scoring):
        return scoring
    raise TypeError(
        f"scoring must be the name of a scorer or a callable scorer(estimator, X, y); got {scoring!r}"
    )


def takes_weights(scorer: Scorer) -> bool:
    """Whether sample weights can be handed on."""
    function = getattr(scorer, "_score_func", scorer)
    return "sample_weight" in inspect.signature(function).parameters


def score_regressions(
    scorer: Scorer, predictions: Array, X: Any, y: Array, sample_weight: Array | None
) -> Array:
    """The score of every row of `predictions` (k, n_test).

    The rows X go to a scorer that is a plain function; scikit-learn's own look at predictions alone.
    """
    given = {} if sample_weight is None else {"sample_weight": sample_weight}
    model = _known_regressor()
    scores = np.empty(len(predictions))
    for k, eta in enumerate(predictions):
        model.known = eta
        scores[k] = scorer(model, X, y, **given)
    return scores


def _known_regressor() -> Any:
    from sklearn.base import BaseEstimator, RegressorMixin

    class Known(RegressorMixin, BaseEstimator):  # type: ignore[misc]
        """A fitted regressor whose predictions are known beforehand."""

        known: Array

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, X: Any) -> Array:
            return self.known

    return Known()
