"""Any fitted linear model as coefficients on raw features: what a model file holds.

Estimators are told by their attributes and their classes' names, so that neither scikit-learn nor riata's own estimators have to
be imported.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

LINKS = ("identity", "logit", "softmax", "log")
# Generalised linear regressors whose prediction is exp(eta).
_LOG_MODELS = ("PoissonRegressor", "GammaRegressor")


@dataclass(slots=True)
class LinearModel:
    """eta = coef x + intercept, followed by the inverse link.

    Attributes
    ----------
    coef : ndarray of shape (n_outputs, n_features)
        float64.
    intercept : ndarray of shape (n_outputs,)
    link : {'identity', 'logit', 'softmax', 'log'}
    metadata : dict
        What the file says about the model, JSON's types only.
    names : list of str or None
        One per feature.
    """

    coef: Array
    intercept: Array
    link: str
    metadata: dict[str, Any] = field(default_factory=dict)
    names: list[str] | None = None


def linear_model(estimator: Any) -> LinearModel:
    """The linear model inside a fitted estimator or a pipeline of scalers and one.

    Raises
    ------
    TypeError
        If it is no linear model, or a step of the pipeline is no scaling.
    ValueError
        If it is not fitted, holds a value that is not finite, or its probabilities of several classes are no softmax.
    """
    if _is_a(estimator, "Pipeline"):
        return _from_pipeline(estimator)
    kind = type(estimator).__name__
    coef = getattr(estimator, "coef_", None)
    if coef is None:
        if hasattr(estimator, "fit") and not any(a.endswith("_") for a in vars(estimator)):
            raise ValueError(f"estimator is a {kind} that is not fitted: call fit first")
        raise TypeError(f"estimator must be a linear model with coef_; got a {kind}")
    matrix = _matrix(coef)
    intercepts = _intercepts(getattr(estimator, "intercept_", 0.0), len(matrix))
    names = _names(estimator, matrix.shape[1])
    model = LinearModel(matrix, intercepts, "identity", _about(estimator), names)
    _require_finite(model, kind)
    model.link = _link(estimator, matrix, intercepts)
    return model


def _is_a(estimator: Any, *names: str) -> bool:
    return any(base.__name__ in names for base in type(estimator).__mro__)


def _matrix(coef: Any) -> Array:
    dense = coef.toarray() if hasattr(coef, "toarray") else coef
    matrix = np.atleast_2d(np.asarray(dense, dtype=np.float64))
    if matrix.ndim != 2:
        raise TypeError(f"estimator.coef_ must be 1-D or 2-D; got shape {matrix.shape}")
    return matrix


def _intercepts(intercept: Any, outputs: int) -> Array:
    values = np.asarray(intercept, dtype=np.float64).ravel()
    if values.shape[0] not in (1, outputs):
        raise ValueError(
            f"estimator has {outputs} rows of coef_ and {values.shape[0]} intercepts: they do not belong together"
        )
    return np.broadcast_to(values, (outputs,)).copy()


def _link(estimator: Any, coef: Array, intercept: Array) -> str:
    if _is_a(estimator, *_LOG_MODELS):
        return "log"
    if not hasattr(estimator, "classes_") or not hasattr(estimator, "predict_proba"):
        return "identity"
    if len(coef) == 1:
        return "logit"
    if not _gives_softmax(estimator, coef, intercept):
        raise ValueError(
            "estimator gives probabilities that are no softmax (one-vs-rest?): score its binary models one by one"
        )
    return "softmax"


def _gives_softmax(estimator: Any, coef: Array, intercept: Array) -> bool:
    """Asked with a row that brings all linear predictors to within 1 of the intercepts, where one-vs-rest gives others."""
    row = np.random.default_rng(0).standard_normal(coef.shape[1])
    row /= max(np.abs(coef @ row).max(), 1e-300)
    eta = coef @ row + intercept
    expected = np.exp(eta - eta.max())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the row has no feature names
        given = np.asarray(estimator.predict_proba(row[None]))
    return given.shape == (1, len(coef)) and np.allclose(
        given[0], expected / expected.sum(), rtol=1e-3, atol=1e-6
    )


def _about(estimator: Any) -> dict[str, Any]:
    """Class, classes and the certificate of the fit."""
    about: dict[str, Any] = {"estimator": type(estimator).__name__}
    classes = getattr(estimator, "classes_", None)
    if classes is not None:
        about["classes"] = np.asarray(classes).tolist()
    certificate = getattr(estimator, "certificate_", None)
    if certificate is not None:
        several = certificate if isinstance(certificate, list) else [certificate]
        facts = [_certificate(c) for c in several]
        about["certificate"] = facts if isinstance(certificate, list) else facts[0]
    return about


def _certificate(certificate: Any) -> dict[str, Any]:
    """The parts that say how good the fit is, rounded: they are for the record."""
    wanted = ("primal", "gap", "rel_gap", "kkt_max", "tol", "status")
    facts = {name: getattr(certificate, name, None) for name in wanted}
    return {
        name: float(f"{value:.6g}") if isinstance(value, float) else value
        for name, value in facts.items()
        if value is not None and value == value
    }


def _names(estimator: Any, features: int) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None or len(names) != features else [str(name) for name in names]


def _require_finite(model: LinearModel, kind: str) -> None:
    if np.isfinite(model.coef).all() and np.isfinite(model.intercept).all():
        return
    raise ValueError(f"the coefficients or intercepts of this {kind} are not all finite")


# --- pipelines --------------------------------------------------------------------------------------------------------


def _from_pipeline(pipeline: Any) -> LinearModel:
    """The last step's model with every scaling before it folded into weights and intercept."""
    steps = [step for _, step in pipeline.steps if step is not None and step != "passthrough"]
    if not steps:
        raise TypeError("estimator is a pipeline without steps")
    model = linear_model(steps[-1])
    for step in reversed(steps[:-1]):
        shift, scale = _scaling(step, model.coef.shape[1])
        model.coef = model.coef * scale
        model.intercept = model.intercept + model.coef @ shift
        model.names = _names(step, model.coef.shape[1]) or model.names
    _require_finite(model, "Pipeline")
    return model


def _scaling(step: Any, features: int) -> tuple[Array, Array]:
    """(shift, scale) such that the step maps x to (x + shift) * scale."""
    if _is_a(step, "StandardScaler", "RobustScaler"):
        centre = step.mean_ if _is_a(step, "StandardScaler") and step.with_mean else None
        if _is_a(step, "RobustScaler"):
            centre = step.center_
        return _vector(centre, features, 0.0, -1.0), 1.0 / _vector(step.scale_, features, 1.0)
    if _is_a(step, "MaxAbsScaler"):
        return np.zeros(features), 1.0 / _vector(step.scale_, features, 1.0)
    if _is_a(step, "MinMaxScaler") and not step.clip:
        scale = _vector(step.scale_, features, 1.0)
        return _vector(step.min_, features, 0.0) / scale, scale
    raise TypeError(
        f"a pipeline can be folded if its steps before the model are StandardScaler, RobustScaler, MaxAbsScaler or MinMaxScaler "
        f"(without clip); got {type(step).__name__}"
    )


def _vector(values: Any, features: int, default: float, sign: float = 1.0) -> Array:
    if values is None:
        return np.full(features, default)
    return sign * np.asarray(values, dtype=np.float64)
