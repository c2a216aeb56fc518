"""Dry runs, and both answers certified."""

from __future__ import annotations

from typing import Any

import numpy as np

from riata._parameters import validate

from . import _reasons
from ._install import install
from ._switch import apart
from ._wrap import known_name, reason_of, refusal, target_of


def explain(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> str:
    """One sentence about what `fit` would do."""
    from . import _search

    install()
    kind = type(estimator)
    if _search.is_search(estimator):
        reason = _search.reason(estimator, X, y, {})
        how = "a path for every fold by riata"
        name = kind.__name__
    else:
        target = target_of(kind)
        name = known_name(kind)
        if target is None:
            return f"{kind.__name__}.fit: scikit-learn, because it is not among the classes that riata patches"
        validate(estimator)
        args = (X, y) if sample_weight is None else (X, y, sample_weight)
        reason, how = reason_of(target, estimator, args, {}), "riata"
        if reason is None:
            reason = _checked(estimator, X, y)
    call = f"{name}.fit({_reasons.described(X)})"
    return f"{call}: {how}" if reason is None else f"{call}: scikit-learn, because {reason}"


def _checked(estimator: Any, X: Any, y: Any) -> str | None:
    """What riata's own checks have against the data."""
    from sklearn.base import is_classifier

    from riata import _labels
    from riata import _validation as check

    try:
        matrix = check.design_matrix(X)
        if not hasattr(X, "tocsr"):
            check.require_finite(np.asarray(matrix), "X")
        if not is_classifier(estimator):
            check.target(y, matrix.shape[0], multi=True)
        elif not known_name(type(estimator)).startswith("Ridge"):
            _labels.encode(y, matrix.shape[0])
    except (TypeError, ValueError) as error:
        return refusal(error)
    return None


def compared() -> list[dict[str, Any]]:
    """Both answers of the last fits whose data are there, with their gaps."""
    from sklearn.base import clone

    from riata.diagnostics import check_solution

    rows = []
    for model, X, y in _reasons.recent():
        if not hasattr(model, "certificate_") or type(model).__name__.endswith("CV"):
            continue
        with apart():
            other = clone(model).fit(X, y)
        try:
            own, theirs = check_solution(model, X, y), check_solution(other, X, y)
        except (TypeError, ValueError):
            continue
        rows.append(
            {
                "class": type(model).__name__,
                "riata": _worst(own),
                "sklearn": _worst(theirs),
                "difference": float(np.abs(model.coef_ - other.coef_).max(initial=0.0)),
            }
        )
    return rows


def _worst(certificates: Any) -> float:
    several = certificates if isinstance(certificates, list) else [certificates]
    return max(float(certificate.rel_gap) for certificate in several)
