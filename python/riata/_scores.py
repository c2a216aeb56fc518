"""The commonest of scikit-learn's scores for many predictions at once: a call of a scorer costs more than a fit to small data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._problem import Array


def _name(scorer: Any, params: dict[str, Any]) -> str | None:
    """Which score this is: one of scikit-learn's functions as its own scorer calls it, and nothing but weights given."""
    from sklearn import metrics

    function = getattr(scorer, "_score_func", None)
    options = set(getattr(scorer, "_kwargs", ())) - {"labels"}
    if function is None or options or set(params) - {"sample_weight"}:
        return None
    own = {
        "accuracy": metrics.accuracy_score,
        "neg_log_loss": metrics.log_loss,
        "r2": metrics.r2_score,
        "neg_mean_squared_error": metrics.mean_squared_error,
    }
    for name, known in own.items():
        if function is known:
            like = metrics.get_scorer(name)
            same = all(
                getattr(scorer, part, None) == getattr(like, part)
                for part in ("_sign", "_response_method")
            )
            return name if same else None
    return None


def classifications(
    scorer: Any, margins: Array, labels: Array, params: dict[str, Any]
) -> Array | None:
    """Scores of margins (k, n) or (k, n, classes), where labels are numbers of classes; None: ask the scorer."""
    name = _name(scorer, params)
    rows = np.arange(len(labels))
    if name == "accuracy":
        guess = margins > 0 if margins.ndim == 2 else margins.argmax(axis=2)
        return np.asarray(np.average(guess == labels, axis=1, weights=params.get("sample_weight")))
    if name == "neg_log_loss":
        if margins.ndim == 2:
            log = -np.logaddexp(0.0, np.where(labels > 0, -margins, margins))
        else:
            log = margins - np.logaddexp.reduce(margins, axis=2, keepdims=True)
            log = log[:, rows, labels]
        eps = np.finfo(np.float64).eps  # scikit-learn cuts probabilities off there
        log = np.clip(log, np.log(eps), np.log1p(-eps))
        return np.asarray(np.average(log, axis=1, weights=params.get("sample_weight")))
    return None


def regressions(scorer: Any, predictions: Array, y: Array, params: dict[str, Any]) -> Array | None:
    """Scores of predictions (k, n) or (k, n, targets); None: ask the scorer."""
    name = _name(scorer, params)
    if name not in ("r2", "neg_mean_squared_error"):
        return None
    s = params.get("sample_weight")
    errors = np.average((predictions - y) ** 2, axis=1, weights=s)
    if name == "r2":
        spread = np.average((y - np.average(y, axis=0, weights=s)) ** 2, axis=0, weights=s)
        if len(y) < 2 or not (spread > 0).all():
            return None
        errors = errors / spread - 1
    return -(errors if errors.ndim == 1 else errors.mean(axis=1))
