"""LassoCV, ElasticNetCV and their siblings of several tasks: one method of scikit-learn's for all four."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from sklearn.linear_model._coordinate_descent import LinearModelCV

from riata import cv, multi_task_cv
from riata.exceptions import prefaced

from ._common import Attributes, Target, as_dict, at_most, columns, foreign, in_columns
from ._descent import PATHS, SENTENCE
from ._sklearn import grid_of_alphas, lasso_path

TWINS: dict[bool, Any] = {False: cv.ElasticNetCV, True: multi_task_cv.MultiTaskElasticNetCV}
PASSED = ("eps", "fit_intercept", "max_iter", "tol", "cv")


def _ratios(model: Any) -> Any:
    return getattr(model, "l1_ratio", 1.0)


def _why_not(model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> str | None:
    if type(model).path not in PATHS | {lasso_path}:
        return f"{type(model).__name__} has a path of its own"
    automatic = isinstance(grid_of_alphas(model), numbers.Integral)
    if automatic:
        if np.any(np.asarray(_ratios(model)) == 0):
            return "l1_ratio=0 has no automatic grid of alphas, give alphas"
        Y = np.asarray(y)
        if Y.dtype.kind in "fiub" and Y.size and (Y[:1] == Y).all():
            return "y is constant: scikit-learn's grid of alphas is all rounding"
    return foreign(X)


def _solve(model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Attributes:
    given = {name: getattr(model, name) for name in PASSED}
    ratios, alphas = _ratios(model), grid_of_alphas(model)
    several = model._is_multitask()
    if not several:
        given["positive"] = model.positive
    if isinstance(sample_weight, numbers.Number):
        sample_weight = None
    if params.get("sample_weight", 0) is None:
        params.pop("sample_weight")
    twin = TWINS[several](l1_ratio=ratios, alphas=alphas, **given)
    setattr(twin, "get_metadata_routing", model.get_metadata_routing)  # noqa: B010
    with prefaced(SENTENCE):
        twin.fit(X, y, sample_weight, **params)
    return _attributes(model, twin, ratios)


def _attributes(model: Any, twin: Any, ratios: Any) -> Attributes:
    known = columns(twin)
    coef = twin.coef_
    dtype = coef.dtype.type
    known["alpha_"] = np.float64(twin.alpha_)
    known["alphas_"] = twin.alphas_
    known["mse_path_"] = twin.mse_path_
    known["coef_"] = in_columns(coef)
    known["intercept_"] = twin.intercept_
    known["dual_gap_"] = twin.dual_gap_ if coef.ndim == 2 else dtype(twin.dual_gap_)
    known["n_iter_"] = at_most(int(twin.n_iter_), model.max_iter)
    if hasattr(model, "l1_ratio"):
        given = np.atleast_1d(ratios)
        known["l1_ratio_"] = given[np.argmin(np.abs(given - twin.l1_ratio_))]
    known["certificate_"] = as_dict(twin.certificate_)
    return known


TARGETS = (Target(LinearModelCV, _why_not, _solve),)
