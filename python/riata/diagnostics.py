"""Certificates for models that somebody else fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from . import _fit, _ridge
from ._class_certificate import certify_classes
from ._classes import Goal
from ._fit import Certificate
from ._problem import Problem, check_problem
from ._routes import relative_tolerance, unpenalised
from ._task_certificate import certify_rows
from .classification import LogisticRegression
from .counts import PoissonRegressor

# Classes by name: where alpha and l1_ratio are found (an attribute's name or the value itself).
_MODELS: dict[str, tuple[Any, Any]] = {
    "Lasso": ("alpha", 1.0),
    "LassoCV": ("alpha_", 1.0),
    "LassoIC": ("alpha_", 1.0),
    "ElasticNet": ("alpha", "l1_ratio"),
    "ElasticNetCV": ("alpha_", "l1_ratio_"),
    "Ridge": ("alpha", 0.0),
    "RidgeCV": ("alpha_", 0.0),
    "RelaxedLasso": ("penalty_", 1.0),
    "RelaxedLassoCV": ("penalty_", 1.0),
    "AdaptiveLasso": ("penalty_", 1.0),
    "AdaptiveLassoCV": ("penalty_", 1.0),
    "LinearRegression": (0.0, 1.0),
}
_TASKS: dict[str, tuple[Any, Any]] = {
    "MultiTaskLasso": ("alpha", 1.0),
    "MultiTaskLassoCV": ("alpha_", 1.0),
    "MultiTaskElasticNet": ("alpha", "l1_ratio"),
    "MultiTaskElasticNetCV": ("alpha_", "l1_ratio_"),
}
_LOSSES = ("LogisticRegression", "LogisticRegressionCV", "PoissonRegressor")
_NAMES = (*_MODELS, *_TASKS, *_LOSSES)
_PREDICTIONS = ("predict", "predict_proba", "decision_function")


def check_solution(
    estimator: Any, X: Any, y: Any, sample_weight: Any = None, offset: Any = None
) -> Certificate | Any:
    """Certify a fitted linear model on the data it was fitted to, whoever fitted it.

    Parameters
    ----------
    estimator : fitted estimator
        riata's or scikit-learn's Lasso, ElasticNet, Ridge, LinearRegression, LassoCV, ElasticNetCV, RidgeCV, MultiTaskLasso,
        MultiTaskElasticNet and their CV classes, LogisticRegression, LogisticRegressionCV or PoissonRegressor, and subclasses that
        predict as these do.
    X : array-like or sparse container of shape (n_samples, n_features)
        The rows that it was fitted to.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        The response that it was fitted to.
    sample_weight, offset : array-like of shape (n_samples,), optional
        As in the fit.

    Returns
    -------
    certificate : Certificate, or a list with one per target if ``coef_`` is 2-D and the targets do not share their features
        `tol` in it is the estimator's, as a relative gap; `status` tells whether the solution keeps it.

    Raises
    ------
    TypeError
        For any other estimator (of a pipeline pass the last step and the transformed X; of a search, ``best_estimator_``), and for
        subclasses that change what is predicted: their coefficients say nothing about it.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    ValueError
        If X or y do not fit the coefficients.

    See Also
    --------
    Certificate : What a certificate says.
    alpha_max : The smallest penalty of the empty model.

    Notes
    -----
    The primal value comes from the coefficients as they are, those of constant and of excluded columns among them (the latter make it
    infinite, and so does an intercept that the model does not have), the dual value from the residual scaled into the dual's feasible set (Fenchel
    duality). For alpha = 0 the gap is ``|P r|^2 / (2 S)`` with P the projection on the columns of X, which costs a singular value
    decomposition.

    References
    ----------
    - S. Boyd and L. Vandenberghe, "Convex Optimization" (2004), chapter 5, on duality.

    Examples
    --------
    >>> import riata
    >>> from sklearn.linear_model import Lasso
    >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]
    >>> riata.check_solution(Lasso(alpha=0.1).fit(X, y), X, y).status
    'converged'
    """
    name = _supported_name(estimator)
    given = (X, y, sample_weight, offset)
    if not hasattr(estimator, "coef_"):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(f"this {type(estimator).__name__} is not fitted yet: call fit first")
    if name in _LOSSES:
        return _check_loss(estimator, name, *given)
    problem, alphas = _problem_of(estimator, name, *given)
    tol = relative_tolerance(float(getattr(estimator, "tol", 1e-4)))
    if name in _TASKS:
        return _check_tasks(estimator, problem, alphas[0], tol)
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
        if _package(ancestor) in ("riata", "sklearn") and ancestor.__name__ in _NAMES:
            _require_predictions_of(ancestor, estimator)
            return ancestor.__name__
    hint = ""
    if hasattr(estimator, "steps"):
        hint = ": pass the last step and the transformed X"
    elif hasattr(estimator, "best_estimator_"):
        hint = ": pass best_estimator_"
    raise TypeError(
        f"estimator must be one of {', '.join(_NAMES)} of riata or scikit-learn; got {type(estimator).__name__}{hint}"
    )


def _package(cls: type) -> str:
    return cls.__module__.split(".")[0]


def _is_own(estimator: Any) -> bool:
    """Whether riata's part of the class knows its problem."""
    return hasattr(estimator, "_problem") and any(
        _package(ancestor) == "riata" for ancestor in type(estimator).__mro__
    )


def _require_predictions_of(known: type, estimator: Any) -> None:
    """Refuse a subclass, or an instance, that predicts something else than its coefficients say."""
    for name in _PREDICTIONS:
        method = getattr(known, name, None)
        if method and getattr(getattr(estimator, name), "__func__", None) is not method:
            raise TypeError(
                f"estimator must predict what its coefficients say; {type(estimator).__name__} has a {name} of its own in place of "
                f"{known.__name__}'s"
            )


def _problem_of(
    estimator: Any, name: str, X: Any, y: Any, sample_weight: Any, offset: Any
) -> tuple[Problem, list[float]]:
    """The problem that a model of squares solves, and the penalty of every target on riata's scale."""
    alpha, l1_ratio = (
        getattr(estimator, source) if isinstance(source, str) else source
        for source in {**_MODELS, **_TASKS}[name]
    )
    if _is_own(estimator):
        problem = replace(
            estimator._solved_problem(X, y, sample_weight, offset), l1_ratio=float(l1_ratio)
        )
    else:
        problem = check_problem(
            X,
            y,
            multi=True,
            sample_weight=sample_weight,
            offset=offset,
            positive=bool(getattr(estimator, "positive", False)),
            l1_ratio=float(l1_ratio),
            fit_intercept=estimator.fit_intercept,
            family="multi-gaussian" if name in _TASKS else "gaussian",
        )
    targets = 1 if problem.y.ndim == 1 else problem.y.shape[1]
    unit = problem.total_weight if name.startswith("Ridge") else 1.0
    alphas = np.broadcast_to(np.asarray(alpha, dtype=np.float64), (targets,)) / unit
    return problem, alphas.tolist()


def _check_tasks(estimator: Any, problem: Problem, alpha: float, tol: float) -> Certificate:
    """One certificate for all tasks of a model whose penalty joins them."""
    W = np.asarray(estimator.coef_, dtype=np.float64).T
    tasks = problem.y.shape[1]
    if W.shape != (problem.X.shape[1], tasks):
        raise ValueError(
            f"coef_ of shape {W.T.shape} does not fit X of shape {problem.X.shape} and {tasks} task(s)"
        )
    b = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), (tasks,))
    if alpha > 0 and problem.l1_ratio > 0:
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
    own = _own_model(estimator, name)
    problem = own._problem(X, y, sample_weight, offset)
    coef = estimator.coef_ if isinstance(estimator.coef_, np.ndarray) else estimator.coef_.toarray()
    coef = np.atleast_2d(np.asarray(coef, dtype=np.float64))
    rows = 1 if problem.family != "multinomial" or problem.classes is None else len(problem.classes)
    if coef.shape != (rows, problem.X.shape[1]):
        raise ValueError(
            f"coef_ of shape {np.shape(estimator.coef_)} does not fit X of shape {problem.X.shape} and {rows} row(s) of coefficients"
        )
    alpha, tol = own._penalty(problem), Goal.of(float(estimator.tol)).gap
    intercepts = np.broadcast_to(
        np.asarray(estimator.intercept_, dtype=np.float64).ravel(), (rows,)
    )
    at = (problem, alpha) if alpha > 0 else (unpenalised(problem), 1.0)
    if rows > 1:
        certificate = certify_classes(at[0], np.ascontiguousarray(coef.T), intercepts, at[1], tol)
    else:
        certificate = _fit.certify(at[0], coef[0], float(intercepts[0]), at[1], tol)
    return replace(certificate, alpha=alpha)


def _own_model(estimator: Any, name: str) -> Any:
    """riata's estimator, of one penalty, that stands for the problem solved."""
    make = PoissonRegressor if name == "PoissonRegressor" else LogisticRegression
    known = make().get_params()
    own = make(**{k: v for k, v in estimator.get_params().items() if k in known})
    if name == "LogisticRegressionCV":
        C, ratio = (np.unique(np.ravel(value)) for value in (estimator.C_, estimator.l1_ratio_))
        if len(C) != 1 or len(ratio) != 1:
            raise TypeError(f"estimator must have one C_ and one l1_ratio_; got {C} and {ratio}")
        own.set_params(C=float(C[0]), l1_ratio=float(ratio[0] or 0.0))
    return own
