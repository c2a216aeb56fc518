"""Any fitted linear model as coefficients on raw features: what a model file holds.

What an estimator predicts from its coefficients, and whether it does, is found out by asking it: neither scikit-learn nor riata's own
estimators have to be imported, and a subclass that predicts something else is not taken for what it is derived from.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

LINKS = ("identity", "logit", "softmax", "log")


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
        If it is no linear model or predicts something else than its coefficients say, or a step of the pipeline is no scaling.
    ValueError
        If it is not fitted, holds a value that is not finite, or its probabilities of several classes are no softmax.
    """
    if hasattr(estimator, "_as_linear_model"):  # riata's own results
        model: LinearModel = estimator._as_linear_model()
        return model
    model = _from_pipeline(estimator) if _is_a(estimator, "Pipeline") else _coefficients(estimator)
    _require_finite(model, type(estimator).__name__)
    _find_link(estimator, model)
    return model


def _coefficients(estimator: Any) -> LinearModel:
    """Coefficients and intercepts as the estimator has them, without a link."""
    kind = type(estimator).__name__
    coef = getattr(estimator, "coef_", None)
    if coef is None:
        if hasattr(estimator, "fit") and not any(a.endswith("_") for a in vars(estimator)):
            raise ValueError(f"estimator is a {kind} that is not fitted: call fit first")
        raise TypeError(f"estimator must be a linear model with coef_; got a {kind}")
    matrix = _matrix(coef)
    intercepts = _intercepts(getattr(estimator, "intercept_", 0.0), len(matrix))
    names = _names(estimator, matrix.shape[1])
    return LinearModel(matrix, intercepts, "identity", _about(estimator), names)


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


def _find_link(estimator: Any, model: LinearModel) -> None:
    """Set the link with which the model gives what the estimator predicts for some rows.

    Raises
    ------
    TypeError, ValueError
        If there is none.
    """
    given, links = _asked(estimator, model)
    if given is None:
        return
    for link in links:
        model.link = link
        if all(_agree(given(rows), predictions(model, rows)) for rows in _rows(model)):
            return
    if links == ["softmax"]:
        raise ValueError(
            "estimator gives probabilities that are no softmax (one-vs-rest?): score its binary models one by one"
        )
    if links == ["identity", "log"] and _takes_intercept_from(given, model):
        return
    raise TypeError(
        f"this {type(estimator).__name__} predicts something else than its coef_ and intercept_ say (tried the link "
        f"{' and '.join(links)}): it cannot be scored by them"
    )


def _asked(estimator: Any, model: LinearModel) -> tuple[Callable[[Array], Array] | None, list[str]]:
    """What gives the predictions to be met, and the links that may."""
    is_classifier = hasattr(estimator, "classes_")
    if is_classifier and hasattr(estimator, "predict_proba"):
        binary = len(model.coef) == 1
        name, links = "predict_proba", ["logit" if binary else "softmax"]
    elif is_classifier:
        name, links = "decision_function", ["identity"]
    else:
        name, links = "predict", ["identity", "log"]
    if not hasattr(estimator, name):  # coefficients that nobody predicts with
        return None, links

    def given(rows: Array) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that rows have no feature names
            values = np.asarray(getattr(estimator, name)(rows), dtype=np.float64)
        if links == ["logit"] and values.ndim == 2:
            values = values[:, 1:]
        return values.reshape(len(rows), -1)

    return given, links


def _rows(model: LinearModel) -> list[Array]:
    """Some rows that move no linear predictor by more than 1 or 2."""
    rows = np.random.default_rng(0).standard_normal((3, model.coef.shape[1]))
    reach = np.abs(model.coef @ rows.T).max(initial=0.0)
    rows /= max(float(reach), 1.0) if reach > 0 else 1.0
    return [rows[:1], 2 * rows[1:]]


def predictions(model: LinearModel, rows: Array) -> Array:
    """Of shape (n, outputs): what a scorer of the model gives."""
    eta = rows @ model.coef.T + model.intercept
    if model.link == "identity":
        return np.asarray(eta)
    if model.link == "softmax":
        e = np.exp(eta - eta.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(eta) if model.link == "log" else 1 / (1 + np.exp(-eta)))


def _agree(given: Array, own: Array) -> bool:
    """Up to what single precision may do to either."""
    if given.shape != own.shape:
        return False
    size = float(np.abs(own).max(initial=0.0))
    return bool(np.allclose(given, own, rtol=1e-3, atol=1e-6 * max(size, 1e-300)))


def _takes_intercept_from(given: Callable[[Array], Array], model: LinearModel) -> bool:
    """Whether predictions are linear, with the coefficients but another intercept; which the model gets then."""
    model.link = "identity"
    zero = given(np.zeros((1, model.coef.shape[1])))
    if zero.shape != (1, len(model.coef)) or not np.isfinite(zero).all():
        return False
    model.intercept = zero[0].copy()
    return all(_agree(given(rows), predictions(model, rows)) for rows in _rows(model))


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
    model = _coefficients(steps[-1])
    for step in reversed(steps[:-1]):
        shift, scale = _scaling(step, model.coef.shape[1])
        model.coef = model.coef * scale
        model.intercept = model.intercept + model.coef @ shift
        model.names = _names(step, model.coef.shape[1]) or model.names
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
