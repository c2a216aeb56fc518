"""Ridge, RidgeClassifier and their CV classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge, RidgeClassifier, RidgeClassifierCV, RidgeCV

from riata import regression, ridge_cv
from riata._parameters import validate
from riata.exceptions import prefaced

from ._common import Attributes, Inner, Target, at_most, certificates, columns, foreign, in_columns

SENTENCE = "Ridge did not converge. "
BOUNDED = "lbfgs solver did not converge. "
COUNTED = ("lsqr", "sag", "saga")  # solvers whose iterations scikit-learn tells
WITH_SPARSE_INTERCEPT = ("auto", "lbfgs", "lsqr", "sag", "sparse_cg")


def solver_of(model: Any, sparse: bool) -> str:
    """The solver that scikit-learn would have said it used."""
    if model.positive:
        return "lbfgs"
    if sparse and model.fit_intercept:
        return model.solver if model.solver in ("lsqr", "lbfgs", "sag") else "sparse_cg"
    if model.solver != "auto":
        return str(model.solver)
    return "sparse_cg" if sparse else "cholesky"


def _why_not(model: Any, X: Any, y: Any, sample_weight: Any = None) -> str | None:
    sparse = hasattr(X, "tocsr")
    if model.positive and model.solver not in ("auto", "lbfgs"):
        return f"solver={model.solver!r} does not take positive=True"
    if model.solver == "lbfgs" and not model.positive:
        return "solver='lbfgs' is for positive=True"
    if sparse and model.solver == "svd":
        return "solver='svd' does not take sparse X"
    if sparse and model.fit_intercept and model.solver not in WITH_SPARSE_INTERCEPT:
        return f"solver={model.solver!r} fits no intercept on sparse X"
    return foreign(X)


def _alpha(model: Any) -> Any:
    alpha = model.alpha
    return alpha[0] if np.ndim(alpha) == 1 and len(alpha) == 1 else alpha


def _fitted(model: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Attributes]:
    route = model.solver if model.solver in ("svd", "sparse_cg") else "auto"
    twin = regression.Ridge(
        _alpha(model),
        fit_intercept=model.fit_intercept,
        positive=model.positive,
        tol=model.tol,
        max_iter=model.max_iter,
    )
    _advise(model, hasattr(X, "tocsr"))
    with prefaced(BOUNDED if model.positive else SENTENCE):
        fits = twin._fit(X, y, sample_weight, None, "cg" if route == "sparse_cg" else route)
    solver = solver_of(model, hasattr(X, "tocsr"))
    known = columns(twin)
    known["coef_"] = in_columns(twin.coef_)
    known["intercept_"] = twin.intercept_
    counts = np.array(fits.n_iter, dtype=np.int32)
    known["n_iter_"] = at_most(counts, model.max_iter) if solver in COUNTED else None
    known["solver_"] = solver
    known["certificate_"] = certificates(twin.certificate_)
    return twin, known


def _advise(model: Any, sparse: bool) -> None:
    """scikit-learn's own advice about a slow solver."""
    if sparse and model.fit_intercept and model.solver == "sag":
        if model.max_iter is None and model.tol > 1e-4:
            warnings.warn(
                '"sag" solver requires many iterations to fit an intercept with sparse inputs. Either set the solver to "auto" or '
                '"sparse_cg", or set a low "tol" and a high "max_iter" (especially if inputs are not standardized).',
                UserWarning,
                stacklevel=5,
            )


def _solve(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Attributes:
    return _fitted(model, X, y, sample_weight)[1]


def _prepared(model: Any, X: Any, y: Any, sample_weight: Any, solver: str) -> tuple[Any, ...]:
    """scikit-learn's own preparation of labels; what it sets on the model is kept."""
    X, y, sample_weight, Y = model._prepare_data(X, y, sample_weight, solver)
    if np.all(np.asarray(sample_weight) == 1):
        sample_weight = None
    return X, y, sample_weight, np.asarray(Y, dtype=np.float64)


def _own_columns(model: Any, known: Attributes) -> Attributes:
    """The names that scikit-learn's preparation has taken already."""
    names = vars(model).get("feature_names_in_")
    return known if names is None else {**known, "feature_names_in_": names}


def _solve_classes(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Attributes:
    X, _, sample_weight, Y = _prepared(model, X, y, sample_weight, model.solver)
    return _own_columns(model, _fitted(model, X, Y, sample_weight)[1])


def _why_not_cv(model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> str | None:
    if model.cv is not None and (model.store_cv_results or getattr(model, "alpha_per_target", 0)):
        return "cv excludes store_cv_results and alpha_per_target"
    if getattr(model, "store_cv_values", "deprecated") != "deprecated":
        return "store_cv_values is an old name"
    if getattr(model, "gcv_mode", None) == "svd" and model.cv is None and hasattr(X, "tocsr"):
        return "gcv_mode='svd' is not for sparse X"
    return foreign(X)


PASSED_CV = ("alphas", "fit_intercept", "scoring", "cv", "store_cv_results")


def _solve_cv(model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Attributes:
    given = {name: getattr(model, name) for name in PASSED_CV}
    twin = ridge_cv.RidgeCV(alpha_per_target=getattr(model, "alpha_per_target", False), **given)
    validate(twin)
    setattr(twin, "get_metadata_routing", model.get_metadata_routing)  # noqa: B010
    with prefaced(SENTENCE):
        twin.fit(X, y, sample_weight, **params)
    known = columns(twin)
    known["coef_"] = in_columns(twin.coef_)
    known["intercept_"] = twin.intercept_
    known["alpha_"], score = twin.alpha_, twin.best_score_
    known["best_score_"] = score if np.ndim(score) else np.float64(score)
    if model.store_cv_results:
        known["cv_results_"] = twin.cv_results_
    known["certificate_"] = certificates(twin.certificate_)
    return known


def _why_not_classes_cv(
    model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any
) -> str | None:
    if model.cv is None and model.scoring is not None:
        return "scoring= of classes left out one by one is scikit-learn's"
    if model.cv is not None:
        return Inner("with cv= it is a grid search of scikit-learn's, whose fits are on riata")
    return _why_not_cv(model, X, y, sample_weight, **params)


def _solve_classes_cv(
    model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any
) -> Attributes:
    X, _, sample_weight, Y = _prepared(model, X, y, sample_weight, "eigen")
    return _own_columns(model, _solve_cv(model, X, Y, sample_weight, **params))


TARGETS = (
    Target(Ridge, _why_not, _solve),
    Target(RidgeClassifier, _why_not, _solve_classes),
    Target(RidgeCV, _why_not_cv, _solve_cv),
    Target(RidgeClassifierCV, _why_not_classes_cv, _solve_classes_cv),
)
