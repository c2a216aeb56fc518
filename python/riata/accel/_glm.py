"""PoissonRegressor."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import PoissonRegressor

from riata import counts
from riata._classes import earlier_fit, fit_classes, stopping_rule, warn_of_gap
from riata._estimator import feature_names
from riata.exceptions import prefaced

from ._common import Attributes, Target, as_dict, at_most, foreign
from ._logistic import FAILURES, FEWEST


def _why_not(model: Any, X: Any, y: Any, sample_weight: Any = None) -> str | None:
    if model.max_iter < FEWEST:
        return f"max_iter={model.max_iter} is below {FEWEST}: it stops early on purpose"
    if not isinstance(model.solver, str):
        return f"solver is a class, {model.solver.__name__}"
    return foreign(X)


def _solve(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Attributes:
    twin = counts.PoissonRegressor(fit_intercept=model.fit_intercept)
    goal, max_iter = stopping_rule(model.tol, model.max_iter)
    problem = twin._problem(X, y, sample_weight)
    names = feature_names(X)
    start = earlier_fit(model, problem)
    fit = fit_classes(problem, float(model.alpha), goal, max_iter, start).in_dtype(problem)
    known: Attributes = {"n_features_in_": problem.X.shape[1]}
    if names is not None:
        known["feature_names_in_"] = names
    known["_base_loss"] = model._get_loss()
    known["coef_"] = fit.coef[0]
    known["intercept_"] = fit.intercepts[0] if model.fit_intercept else 0.0
    known["n_iter_"] = at_most(fit.n_iter, model.max_iter)
    known["certificate_"] = as_dict(fit.certificate)
    with prefaced(FAILURES[model.solver]):
        warn_of_gap(fit.certificate, model.max_iter, "alpha", stacklevel=5)
    return known


TARGETS = (Target(PoissonRegressor, _why_not, _solve),)
