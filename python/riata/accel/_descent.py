"""Lasso, ElasticNet and their siblings of several tasks."""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, MultiTaskElasticNet
from sklearn.linear_model._base import _pre_fit
from sklearn.utils.validation import check_X_y

from riata import multi_task, regression
from riata._fit import Certificate, certify
from riata._problem import Problem
from riata._routes import relative_tolerance
from riata.exceptions import prefaced

from ._common import (
    Attributes,
    Target,
    as_dict,
    at_most,
    certificates,
    columns,
    foreign,
    in_columns,
)

SENTENCE = (
    "Objective did not converge. You might want to increase the number of iterations, check the scale of the features or consider "
    "increasing regularisation. "
)
UNPENALISED = (
    "With alpha=0, this algorithm does not converge well. You are advised to use the LinearRegression estimator (riata's answer is "
    "that of least squares)"
)
PATHS = {vars(kind)["path"].__func__ for kind in (ElasticNet, Lasso) if "path" in vars(kind)}


def _why_not(
    model: Any, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True
) -> str | None:
    if not check_input:
        return "check_input=False: what is not to be checked is scikit-learn's to read"
    if type(model).path not in PATHS:
        return f"{type(model).__name__} has a path of its own"
    if model.precompute is not False and np.ndim(model.precompute) == 2:
        refused = _gram_reason(model, X, y, sample_weight)
        if refused is not None:
            return refused
    return foreign(X)


def _gram_reason(model: Any, X: Any, y: Any, sample_weight: Any) -> str | None:
    """What scikit-learn has against the Gram matrix given, of which riata has no need."""
    try:
        rows, targets = check_X_y(X, y, accept_sparse="csc", order="F", multi_output=True)
        if sample_weight is not None:
            s = np.broadcast_to(np.asarray(sample_weight, dtype=rows.dtype), len(targets))
            sample_weight = s * (len(s) / s.sum())
        gram = np.array(model.precompute, dtype=rows.dtype, order="C")
        _pre_fit(rows, targets, None, gram, model.fit_intercept, True, sample_weight=sample_weight)
    except ValueError as error:
        return "of the Gram matrix: " + str(error).split("\n")[0]
    return None


def _earlier(model: Any, problem: Problem) -> Certificate | None:
    """The certificate of the coefficients there are, where a warm start has nothing left to do."""
    coef = vars(model).get("coef_") if model.warm_start else None
    if coef is None or problem.y.ndim != 1 or np.shape(coef) != (problem.X.shape[1],):
        return None
    if np.ndim(getattr(model, "intercept_", [])) or (model.l1_ratio == 0 or model.alpha == 0):
        return None
    tol = relative_tolerance(model.tol)
    start = np.asarray(coef, dtype=np.float64)
    known = certify(problem, start, float(model.intercept_), float(model.alpha), tol)
    return known if known.converged else None


def _shared(model: Any) -> dict[str, Any]:
    """Parameters of a twin, which is checked no further."""
    return {
        "alpha": model.alpha,
        "l1_ratio": model.l1_ratio,
        "fit_intercept": model.fit_intercept,
    }


def _solve(
    model: Any, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True
) -> Attributes:
    twin = regression.ElasticNet(
        **_shared(model), positive=model.positive, tol=model.tol, max_iter=model.max_iter
    )
    if isinstance(sample_weight, numbers.Number):
        sample_weight = None
    if model.alpha == 0:
        warnings.warn(UNPENALISED, UserWarning, stacklevel=4)
    if model.warm_start and "coef_" in vars(model):
        done = _earlier(model, twin._problem(X, y, sample_weight))
        if done is not None:
            own = {name: value for name, value in vars(model).items() if name.endswith("_")}
            return {**own, "dual_gap_": done.gap, "n_iter_": 0, "certificate_": as_dict(done)}
    with prefaced(SENTENCE):
        fits = twin._fit(X, y, sample_weight, None)
    gaps = [certificate.gap for certificate in fits.certificates]
    known = columns(twin)
    coef = twin.coef_
    dtype = coef.dtype.type
    known["coef_"] = in_columns(coef)
    known["intercept_"] = twin.intercept_
    known["dual_gap_"] = dtype(gaps[0]) if len(gaps) == 1 else np.array(gaps, dtype=dtype)
    n_iter = at_most(fits.n_iter, model.max_iter)
    known["n_iter_"] = n_iter[0] if len(gaps) == 1 else n_iter
    known["certificate_"] = certificates(twin.certificate_)
    return known


def _why_not_tasks(model: Any, X: Any, y: Any, sample_weight: Any = None) -> str | None:
    return foreign(X)


def _solve_tasks(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Attributes:
    twin = multi_task.MultiTaskElasticNet(**_shared(model), tol=model.tol, max_iter=model.max_iter)
    if isinstance(sample_weight, numbers.Number):
        sample_weight = None
    with prefaced(SENTENCE):
        fits = twin._fit(X, y, sample_weight, None)
    known = columns(twin)
    known["coef_"] = in_columns(twin.coef_)
    known["intercept_"] = twin.intercept_
    known["dual_gap_"] = fits.certificates[0].gap
    known["n_iter_"] = at_most(fits.n_iter[0], model.max_iter)
    known["certificate_"] = certificates(twin.certificate_)
    return known


TARGETS = (
    Target(ElasticNet, _why_not, _solve),
    Target(MultiTaskElasticNet, _why_not_tasks, _solve_tasks),
)
