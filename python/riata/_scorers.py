"""Scores of held-out predictions by scikit-learn's scorers, without fitting an estimator for each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _scores
from ._problem import Array, Problem

Scorer = Callable[..., float]
# Coefficients and intercepts of row k of the predictions, as an estimator has them; called where a scorer asks for them.
Fitted = Callable[[int], tuple[Any, Any]]


def find_scorer(scoring: Any, weighted: bool = False) -> Scorer:
    """The scorer of a name, or the callable itself; where rows are weighted it has to take sample weights."""
    from sklearn.metrics import get_scorer

    if isinstance(scoring, str):
        scorer = get_scorer(scoring)
    elif callable(scoring):
        scorer = scoring
    else:
        raise TypeError(
            f"scoring must be the name of a scorer or a callable scorer(estimator, X, y); got {scoring!r}"
        )
    if weighted and not _takes(getattr(scorer, "_score_func", scorer), "sample_weight"):
        raise ValueError(
            f"scoring={scoring!r} does not take sample_weight: rows would count in the scores as if they had none"
        )
    return scorer


def _takes(function: Any, name: str) -> bool:
    """Whether it can be called with an argument of that name; what does not tell is believed to."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def with_labels(scorer: Scorer, classes: Array | None) -> Scorer:
    """The same scorer knowing all classes, of which held-out rows may lack some."""
    function = getattr(scorer, "_score_func", None)
    known_names = () if function is None else inspect.signature(function).parameters
    if classes is None or "labels" not in known_names:
        return scorer
    from sklearn.metrics import make_scorer

    known: Any = scorer
    given = {"labels": classes, **known._kwargs}
    if len(classes) == 2 and "pos_label" in known_names:
        given.setdefault("pos_label", classes[1])
    return make_scorer(
        function,
        greater_is_better=known._sign == 1,
        response_method=known._response_method,
        **given,
    )


def rows_for(scorer: Scorer, X: Any, rows: Array) -> Any:
    """Rows of the caller's X for a scorer that is a plain function; scikit-learn's own have no use for them."""
    if hasattr(scorer, "_score_func"):
        return np.empty((len(rows), 0))
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if hasattr(X, "tocsr"):
        return X.tocsr()[rows]
    return np.asarray(X)[rows]


def score_regressions(
    scorer: Scorer,
    predictions: Array,
    X: Any,
    y: Array,
    params: dict[str, Any],
    fitted: Fitted | None = None,
) -> Array:
    """The score of every row of `predictions` (k, n_test) or (k, n_test, targets).

    The rows X go to a scorer that is a plain function; scikit-learn's own look at predictions alone. `params`, sample weights for one,
    have an entry per row.
    """
    scores = _scores.regressions(scorer, predictions, y, params)
    return (
        _score_each(scorer, _known_regressor(fitted), predictions, X, y, params)
        if scores is None
        else scores
    )


def score_margins(
    scorer: Scorer,
    margins: Array,
    X: Any,
    problem: Problem,
    rows: Array,
    params: dict[str, Any],
    fitted: Fitted | None = None,
) -> Array:
    """The same for linear predictors of any family: the scorer sees labels, probabilities and means."""
    y = problem.y[rows]
    if problem.classes is not None:
        labels = y.astype(np.intp)
        scores = _scores.classifications(scorer, margins, labels, params)
        if scores is not None:
            return scores
        model = known_classifier(problem.classes, fitted)
        return _score_each(scorer, model, margins, X, problem.classes[labels], params)
    if problem.family == "poisson":
        margins = np.exp(margins)
    return score_regressions(scorer, margins, X, y, params, fitted)


def _score_each(
    scorer: Scorer, model: Any, known: Array, X: Any, y: Array, params: dict[str, Any]
) -> Array:
    scores = np.empty(len(known))
    for k, one in enumerate(known):
        model.row, model.known = k, one
        scores[k] = scorer(model, X, y, **params)
    return scores


class _Known:
    """A fitted model whose predictions are known beforehand: those of row `row` of a table."""

    known: Array
    row: int
    fitted: Fitted | None = None

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _parts(self, name: str) -> tuple[Any, Any]:
        if self.fitted is None:
            raise AttributeError(f"there is no {name} beside these predictions")
        return self.fitted(self.row)

    @property
    def coef_(self) -> Any:
        return self._parts("coef_")[0]

    @property
    def intercept_(self) -> Any:
        return self._parts("intercept_")[1]


def known_classifier(classes: Array, fitted: Fitted | None = None) -> Any:
    """A fitted classifier whose decision values `known` are set beforehand, of shape (n,) or (n, n_classes)."""
    from ._classifier import LinearClassifier

    class Known(_Known, LinearClassifier):
        classes_ = classes

        def _linear(self, X: Any) -> Array:
            return self.known if self.known.ndim == 2 else self.known[:, None]

    model = Known()
    model.fitted = fitted
    return model


def _known_regressor(fitted: Fitted | None = None) -> Any:
    from sklearn.base import BaseEstimator, RegressorMixin

    class Known(_Known, RegressorMixin, BaseEstimator):  # type: ignore[misc]
        def predict(self, X: Any) -> Array:
            return self.known

    model = Known()
    model.fitted = fitted
    return model
