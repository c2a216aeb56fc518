"""Certificates for models that somebody else fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from . import _fit, _ridge
from ._classes import LEAST, gap_tolerance
from ._fit import Certificate
from ._problem import Problem, check_problem
from ._routes import relative_tolerance, unpenalised
from ._task_certificate import certify_rows
from .classification import LogisticRegression
from .counts import PoissonRegressor

# scikit-learn's classes by name: where alpha and l1_ratio are found (an attribute's name or the value itself).
_MODELS: dict[str, tuple[Any, Any]] = {
    "Lasso": ("alpha", 1.0),
    "LassoCV": ("alpha_", 1.0),
    "ElasticNet": ("alpha", "l1_ratio"),
    "ElasticNetCV": ("alpha_", "l1_ratio_"),
    "Ridge": ("alpha", 0.0),
    "RidgeCV": ("alpha_", 0.0),
    "LinearRegression": (0.0, 1.0),
}
_TASKS: dict[str, tuple[Any, Any]] = {
    "MultiTaskLasso": ("alpha", 1.0),
    "MultiTaskLassoCV": ("alpha_", 1.0),
    "MultiTaskElasticNet": ("alpha", "l1_ratio"),
    "MultiTaskElasticNetCV": ("alpha_", "l1_ratio_"),
}
_LOSSES = ("LogisticRegression", "PoissonRegressor")


def check_solution(
    estimator: Any, X: Any, y: Any, sample_weight: Any = None, offset: Any = None
) -> Certificate | list[Certificate]:
    """Certify a fitted linear model on the data it was fitted to, whoever fitted it.

    Parameters
    ----------
    estimator : fitted estimator
        riata's or scikit-learn's Lasso, ElasticNet, Ridge, LinearRegression, LassoCV, ElasticNetCV, RidgeCV, MultiTaskLasso,
        MultiTaskElasticNet and their CV classes, LogisticRegression (of two classes) or PoissonRegressor.
    X : array-like or sparse container of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    sample_weight, offset : array-like of shape (n_samples,), optional
        As in the fit.

    Returns
    -------
    certificate : Certificate, or a list with one per target if ``coef_`` is 2-D and the targets do not share their features
        `tol` in it is the estimator's, as a relative gap; `status` tells whether the solution keeps it.

    Raises
    ------
    TypeError
        For any other estimator (of a pipeline pass the last step and the transformed X; of a search, ``best_estimator_``).
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    ValueError
        If X or y do not fit the coefficients.

    Notes
    -----
    The primal value comes from the coefficients as they are, the dual value from the residual scaled into the dual's feasible set (Fenchel
    duality). For alpha = 0 the gap is |P r|^2 / (2 S) with P the projection on the columns of X, which costs a singular value
    decomposition.
    """
    name = _supported_name(estimator)
    if not hasattr(estimator, "coef_"):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(f"this {type(estimator).__name__} is not fitted yet: call fit first")
    if name in _LOSSES:
        return _check_loss(estimator, name, X, y, sample_weight, offset)
    if name in _TASKS:
        return _check_tasks(estimator, name, X, y, sample_weight, offset)
    if type(estimator).__module__.split(".")[0] == "riata":
        problem: Problem = estimator._problem(X, y, sample_weight, offset)
        alphas = estimator._penalties(problem)
    else:
        problem, alphas = _foreign_problem(estimator, name, X, y, sample_weight, offset)
    tol = relative_tolerance(float(getattr(estimator, "tol", 1e-4)))
    coef = np.asarray(estimator.coef_, dtype=np.float64)
    targets = len(alphas)
    if coef.size != targets * problem.X.shape[1]:
        raise ValueError(
            f"coef_ of shape {coef.shape} does not fit X of shape {problem.X.shape} and {targets} target(s)"
        )
    rows = coef.reshape(targets, -1)
    intercepts = np.broadcast_to(
        np.asarray(estimator.intercept_, dtype=np.float64).ravel(), (targets,)
    )
    certificates = []
    for k, alpha in enumerate(alphas):
        one = (
            problem
            if problem.y.ndim == 1
            else replace(problem, y=np.ascontiguousarray(problem.y[:, k]))
        )
        if alpha == 0 and not problem.is_bounded:
            certificates.append(
                _ridge.certify_least_squares(one, rows[k], float(intercepts[k]), tol)
            )
        else:
            certificates.append(_fit.certify(one, rows[k], float(intercepts[k]), alpha, tol))
    return certificates[0] if coef.ndim == 1 else certificates


def _supported_name(estimator: Any) -> str:
    if isinstance(estimator, type):
        raise TypeError(f"estimator must be a fitted estimator, not the class {estimator.__name__}")
    for ancestor in type(estimator).__mro__:
        if ancestor.__module__.split(".")[0] in ("riata", "sklearn") and (
            ancestor.__name__ in (*_MODELS, *_TASKS, *_LOSSES)
        ):
            return ancestor.__name__
    hint = ""
    if hasattr(estimator, "steps"):
        hint = ": pass the last step and the transformed X"
    elif hasattr(estimator, "best_estimator_"):
        hint = ": pass best_estimator_"
    raise TypeError(
        f"estimator must be one of {', '.join((*_MODELS, *_TASKS, *_LOSSES))} of riata or scikit-learn; got {type(estimator).__name__}{hint}"
    )


def _check_tasks(
    estimator: Any, name: str, X: Any, y: Any, sample_weight: Any, offset: Any
) -> Certificate:
    """One certificate for all tasks of a model whose penalty joins them."""
    alpha, l1_ratio = (
        float(getattr(estimator, source) if isinstance(source, str) else source)
        for source in _TASKS[name]
    )
    if type(estimator).__module__.split(".")[0] == "riata":
        problem: Problem = replace(
            estimator._problem(X, y, sample_weight, offset), l1_ratio=l1_ratio
        )
    else:
        problem = check_problem(
            X,
            y,
            sample_weight=sample_weight,
            offset=offset,
            l1_ratio=l1_ratio,
            fit_intercept=estimator.fit_intercept,
            family="multi-gaussian",
        )
    tol = relative_tolerance(float(estimator.tol))
    W = np.asarray(estimator.coef_, dtype=np.float64).T
    tasks = problem.y.shape[1]
    if W.shape != (problem.X.shape[1], tasks):
        raise ValueError(
            f"coef_ of shape {W.T.shape} does not fit X of shape {problem.X.shape} and {tasks} task(s)"
        )
    b = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), (tasks,))
    if alpha > 0 and l1_ratio > 0:
        return certify_rows(problem, np.ascontiguousarray(W), b, alpha, tol)
    apart = []
    for t in range(tasks):
        one = replace(problem, y=np.ascontiguousarray(problem.y[:, t]), family="gaussian")
        coef = np.ascontiguousarray(W[:, t])
        apart.append(
            _ridge.certify_least_squares(one, coef, float(b[t]), tol)
            if alpha == 0
            else _fit.certify(one, coef, float(b[t]), alpha, tol)
        )
    primal, dual, null = (
        sum(getattr(c, part) for c in apart) for part in ("primal", "dual", "null_objective")
    )
    kkt_max = float(np.linalg.norm([c.kkt_max for c in apart]))
    return _fit.make_certificate(alpha, primal, dual, kkt_max, null, tol)


def _check_loss(
    estimator: Any, name: str, X: Any, y: Any, sample_weight: Any, offset: Any
) -> Certificate:
    """Certificate of a model with another loss than squares."""
    own = estimator
    if type(estimator).__module__.split(".")[0] != "riata":
        make = LogisticRegression if name == "LogisticRegression" else PoissonRegressor
        known = make().get_params()
        own = make(**{k: v for k, v in estimator.get_params().items() if k in known})
    problem = own._problem(X, y, sample_weight, offset)
    if problem.family == "multinomial":
        raise TypeError(
            "check_solution certifies LogisticRegression of two classes only; pass certificate_ of riata's fit on"
        )
    coef = estimator.coef_ if isinstance(estimator.coef_, np.ndarray) else estimator.coef_.toarray()
    coef = np.asarray(coef, dtype=np.float64).ravel()
    if len(coef) != problem.X.shape[1]:
        raise ValueError(f"coef_ of {len(coef)} entries does not fit X of shape {problem.X.shape}")
    alpha, tol = own._penalty(problem), max(gap_tolerance(float(estimator.tol)), LEAST)
    intercept = float(np.ravel(estimator.intercept_)[0])
    if alpha > 0:
        return _fit.certify(problem, coef, intercept, alpha, tol)
    return replace(_fit.certify(unpenalised(problem), coef, intercept, 1.0, tol), alpha=0.0)


def _foreign_problem(
    estimator: Any, name: str, X: Any, y: Any, sample_weight: Any, offset: Any
) -> tuple[Problem, list[float]]:
    """scikit-learn's model as riata's problem."""

    def value(source: Any) -> Any:
        return getattr(estimator, source) if isinstance(source, str) else source

    alpha, l1_ratio = (value(source) for source in _MODELS[name])
    problem = check_problem(
        X,
        y,
        multi=True,
        sample_weight=sample_weight,
        offset=offset,
        positive=bool(getattr(estimator, "positive", False)),
        l1_ratio=float(l1_ratio),
        fit_intercept=estimator.fit_intercept,
    )
    targets = 1 if problem.y.ndim == 1 else problem.y.shape[1]
    unit = problem.total_weight if name.startswith("Ridge") else 1.0
    return problem, (
        np.broadcast_to(np.asarray(alpha, dtype=np.float64), (targets,)) / unit
    ).tolist()
