"""What the estimators' parameters may be, in scikit-learn's words and with its errors; defaults are passed at a glance."""

from __future__ import annotations

from inspect import signature
from numbers import Integral, Real
from typing import Any

from sklearn import get_config
from sklearn.utils._param_validation import Hidden, Interval, StrOptions, make_constraint
from sklearn.utils.validation import check_scalar

Constraints = dict[str, list[Any]]

NONNEGATIVE = Interval(Real, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="right")  # inf included
SHARE = Interval(Real, 0, 1, closed="both")
COUNT = Interval(Integral, 1, None, closed="left")
DEPRECATED = Hidden(StrOptions({"deprecated"}))
UNSET = Hidden(StrOptions({"warn"}))  # what scikit-learn's defaults are while they change

FEATURES: Constraints = {
    "penalty_weights": [Real, "array-like", None],
    "l2_weights": [Real, "array-like", None],
}
BOUNDS: Constraints = {
    "lower": [Real, "array-like", None],
    "upper": [Real, "array-like", None],
}
PROBLEM: Constraints = {
    "fit_intercept": ["boolean"],
    "tol": [NONNEGATIVE],
    "standardize": ["boolean"],
    "n_threads": [COUNT, None],
    **FEATURES,
}
# scikit-learn's choices of how it computes, of no effect here.
DESCENT: Constraints = {
    "max_iter": [COUNT, None],
    "copy_X": ["boolean"],
    "random_state": ["random_state"],
    "selection": [StrOptions({"cyclic", "random"})],
}
FOLDS: Constraints = {
    "eps": [Interval(Real, 0, 1, closed="right")],
    "alphas": [COUNT, "array-like", None, UNSET],
    "n_alphas": [COUNT, DEPRECATED],
    "cv": ["cv_object"],
    "verbose": ["verbose"],
    "n_jobs": [Integral, None],
    "select": [StrOptions({"min", "half_se", "1se"}), callable],
    "scoring": [str, callable, None],
    "store_predictions": ["boolean"],
    "time_limit": [Interval(Real, 0, None, closed="neither"), None],
    "progress": ["boolean", None],
}


def check_penalties(alphas: Any, *, positive: bool = False) -> None:
    """Each of several penalties is a real number, not negative (or positive): the first that is not is named with its place."""
    for i, alpha in enumerate(alphas):
        check_scalar(
            alpha,
            f"alphas[{i}]",
            Real,
            min_val=0.0,
            include_boundaries="neither" if positive else "left",
        )


_tables: dict[type, list[tuple[str, Any, list[Any]]]] = {}


def validate(estimator: Any) -> None:
    """Raise scikit-learn's InvalidParameterError at the first parameter that is not what its class says it may be.

    A parameter that is the very object of its default costs one comparison.
    """
    kind = type(estimator)
    table = _tables.get(kind) or _table(kind)
    values = vars(estimator)
    for name, default, constraints in table:
        value = values.get(name, default)
        if value is not default and not any(c.is_satisfied_by(value) for c in constraints):
            if not get_config()["skip_parameter_validation"]:
                estimator._validate_params()
            return


def _table(kind: type) -> list[tuple[str, Any, list[Any]]]:
    allowed: Constraints = kind._parameter_constraints  # type: ignore[attr-defined]
    _tables[kind] = [
        (name, parameter.default, [make_constraint(c) for c in allowed[name]])
        for name, parameter in signature(kind).parameters.items()
        if name in allowed and allowed[name] != ["no_validation"]
    ]
    return _tables[kind]
