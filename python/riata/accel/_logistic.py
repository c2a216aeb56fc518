"""LogisticRegression."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from riata import classification
from riata._classes import earlier_fit, fit_classes, stopping_rule, warn_of_gap
from riata._estimator import feature_names
from riata.exceptions import prefaced, sklearn_version

from ._common import Attributes, Target, as_dict, at_most, foreign, in_columns
from ._sklearn import warn_future

FEWEST = 50  # iterations: who asks for fewer wants to stop early
FAILURES = {
    "lbfgs": "lbfgs failed to converge. ",
    "liblinear": "Liblinear failed to converge, increase the number of iterations. ",
    "newton-cg": "newton-cg failed to converge. Increase the number of iterations. ",
    "newton-cholesky": "Newton solver did not converge. ",
    "sag": "The max_iter was reached which means the coef_ did not converge. ",
    "saga": "The max_iter was reached which means the coef_ did not converge. ",
}
PENALTY = (
    "'penalty' was deprecated in version 1.8 and will be removed in 1.10. To avoid this warning, leave 'penalty' set to its default "
    "value and use '{0}' or '{1}' instead."
)


def penalty_of(model: Any, ratio: Any) -> str | None:
    """The penalty in the words that scikit-learn's solvers are checked by."""
    old = sklearn_version() < (1, 8)
    if model.penalty != "deprecated":
        return None if model.penalty is None else str(model.penalty)
    if not old and getattr(model, "C", 1.0) == math.inf:
        return None
    ratios = np.atleast_1d(np.asarray(0.0 if ratio is None else ratio, dtype=float))
    if (ratios == 0).all():
        return "l2"
    return "l1" if (ratios == 1).all() else "elasticnet"


def mixing(model: Any) -> float:
    """The share of the L1 penalty that a model's parameters ask for."""
    if model.penalty in ("l1", "l2", None):
        return 1.0 if model.penalty == "l1" else 0.0
    return 0.0 if model.l1_ratio is None else float(model.l1_ratio)


def why_not_solver(model: Any, penalty: str | None) -> str | None:
    """What every logistic model may be left to scikit-learn for."""
    solver = model.solver
    if model.max_iter < FEWEST:
        return f"max_iter={model.max_iter} is below {FEWEST}: it stops early on purpose"
    if solver not in ("liblinear", "saga") and penalty not in ("l2", None):
        return f"solver={solver!r} does not take this penalty"
    if (solver != "liblinear" and model.dual) or (penalty == "elasticnet" and solver != "saga"):
        return f"solver={solver!r} does not take dual=True or this penalty"
    if solver == "liblinear":
        if penalty is None or (penalty == "l1" and model.dual):
            return "solver='liblinear' does not take this penalty"
        if model.fit_intercept:
            return "solver='liblinear' penalises the intercept"
    if getattr(model, "multi_class", "deprecated") not in ("deprecated", "auto", "multinomial"):
        return f"multi_class={model.multi_class!r} is one model per class"
    return None


def _why_not(model: Any, X: Any, y: Any, sample_weight: Any = None) -> str | None:
    if vars(model).get("_skl_callbacks"):
        return "callbacks are to hear of every iteration"
    ratio = model.l1_ratio if model.penalty in ("deprecated", "elasticnet") else None
    if model.penalty == "elasticnet" and ratio is None:
        return "penalty='elasticnet' needs an l1_ratio"
    return why_not_solver(model, penalty_of(model, ratio)) or foreign(X)


def _advise(model: Any) -> None:
    """scikit-learn's own advice about parameters."""
    if model.penalty == "deprecated":
        if model.l1_ratio is None:
            warn_future(
                "'l1_ratio=None' was deprecated in version 1.8 and will trigger an error in 1.10. Use 0<=l1_ratio<=1 instead."
            )
    else:
        if sklearn_version() >= (1, 8):
            warn_future(PENALTY.format("l1_ratio", "C"))
        _advise_of_penalty(model)
    if model.n_jobs is not None and sklearn_version() >= (1, 8):
        warn_future(
            f"'n_jobs' has no effect since 1.8 and will be removed in 1.10. You provided 'n_jobs={model.n_jobs}', please leave it "
            "unspecified."
        )


def _advise_of_penalty(model: Any) -> None:
    penalty, ratio = model.penalty, model.l1_ratio
    if penalty != "elasticnet" and ratio is not None and 0 < ratio < 1:
        _warn(
            f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})"
        )
    if sklearn_version() >= (1, 8):
        if (penalty == "l2" and ratio != 0) or (penalty == "l1" and ratio != 1):
            _warn(
                f"Inconsistent values: penalty={penalty} with l1_ratio={ratio}. penalty is deprecated. Please use l1_ratio only."
            )
    if penalty is None and model.C != 1.0:
        _warn("Setting penalty=None will ignore the C and l1_ratio parameters")


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=6)


def _solve(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Attributes:
    twin = classification.LogisticRegression(
        C=math.inf if model.penalty is None else model.C,
        l1_ratio=mixing(model),
        fit_intercept=model.fit_intercept,
        class_weight=model.class_weight,
        solver=model.solver,
    )
    goal, max_iter = stopping_rule(model.tol, model.max_iter)
    problem = twin._problem(X, y, sample_weight)
    assert problem.classes is not None
    names = feature_names(X)
    start = earlier_fit(model, problem)
    fit = fit_classes(problem, twin._penalty(problem), goal, max_iter, start).in_dtype(problem)
    _advise(model)
    known: Attributes = {"n_features_in_": problem.X.shape[1]}
    if names is not None:
        known["feature_names_in_"] = names
    known["classes_"] = problem.classes
    dtype = np.float64 if model.solver == "liblinear" else fit.coef.dtype
    known["coef_"] = in_columns(fit.coef).astype(dtype, copy=False)
    known["intercept_"] = fit.intercepts.astype(dtype, copy=False)
    known["n_iter_"] = np.array([at_most(fit.n_iter, model.max_iter)], dtype=np.int32)
    known["certificate_"] = as_dict(fit.certificate)
    with prefaced(FAILURES[model.solver]):
        warn_of_gap(fit.certificate, model.max_iter, "the penalty", stacklevel=6)
    return known


TARGETS = (Target(LogisticRegression, _why_not, _solve),)
