"""LogisticRegressionCV, with its attributes in both layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegressionCV

from riata import logistic_cv
from riata.exceptions import prefaced, sklearn_version

from ._common import Attributes, Target, as_dict, at_most, columns, foreign, in_columns
from ._logistic import FAILURES, PENALTY, penalty_of, why_not_solver
from ._sklearn import warn_future

PASSED = ("Cs", "fit_intercept", "cv", "tol", "max_iter", "class_weight", "refit")
UNTOUCHED = ("warn", "deprecated")
ADVICE = {
    "l1_ratios": "The default value for l1_ratios will change from None to (0.0,) in version 1.10. To avoid this warning, explicitly set "
    "a value, e.g. l1_ratios=(0,).",
    "scoring": "The default value of the parameter 'scoring' will change from None, i.e. accuracy, to 'neg_log_loss' in version 1.11. To "
    "silence this warning, explicitly set the scoring parameter.",
    "use_legacy_attributes": "The fitted attributes of LogisticRegressionCV will be simplified in scikit-learn 1.10 to remove redundancy. "
    "Set `use_legacy_attributes=False` to enable the new behavior now, or set it to `True` to silence this warning. The default value of "
    "use_legacy_attributes will change from True to False in scikit-learn 1.10.",
}


def _ratios(model: Any) -> Any:
    """What was given, None where nothing was."""
    return None if isinstance(model.l1_ratios, str) else model.l1_ratios


def _is_legacy(model: Any) -> bool:
    wanted = getattr(model, "use_legacy_attributes", True)
    return True if isinstance(wanted, str) else bool(wanted)


def _why_not(model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> str | None:
    ratios = _ratios(model)
    penalty = penalty_of(model, None if ratios is None or len(ratios) == 0 else ratios)
    if penalty == "elasticnet" and (ratios is None or len(ratios) == 0):
        return "penalty='elasticnet' needs l1_ratios"
    if ratios is not None and len(ratios) == 0:
        return "l1_ratios is empty"
    return why_not_solver(model, penalty) or foreign(X)


def _advise(model: Any) -> None:
    if model.penalty not in UNTOUCHED and sklearn_version() >= (1, 8):
        warn_future(PENALTY.format("l1_ratios", "Cs"))
    elif model.penalty in UNTOUCHED and model.l1_ratios is None:
        warn_future(
            "'l1_ratios=None' was deprecated in version 1.8 and will trigger an error in 1.10. Use an array-like with values in [0, 1] "
            "instead."
        )
    for name, sentence in ADVICE.items():
        value = getattr(model, name, None)
        if isinstance(value, str) and value == "warn":
            warn_future(sentence)


def _twin_ratios(model: Any) -> Any:
    if model.penalty in ("l1", "l2"):
        return [1.0 if model.penalty == "l1" else 0.0]
    ratios = _ratios(model)
    return [0.0] if ratios is None else [float(ratio) for ratio in ratios]


def _solve(model: Any, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Attributes:
    given = {name: getattr(model, name) for name in PASSED}
    scoring = None if isinstance(model.scoring, str) and model.scoring == "warn" else model.scoring
    twin = logistic_cv.LogisticRegressionCV(
        l1_ratios=_twin_ratios(model),
        scoring="accuracy" if scoring is None else scoring,
        use_legacy_attributes=False,
        **given,
    )
    setattr(twin, "get_metadata_routing", model.get_metadata_routing)  # noqa: B010
    if getattr(X, "dtype", None) == np.float32:
        X = X.astype(np.float64)
    with prefaced(FAILURES[model.solver]):
        twin.fit(X, y, sample_weight, **params)
    _advise(model)
    known = columns(twin)
    known["classes_"] = twin.classes_
    known["coef_"] = in_columns(np.asarray(twin.coef_, dtype=np.float64))
    known["intercept_"] = np.asarray(twin.intercept_, dtype=np.float64)
    known["Cs_"] = twin.Cs_
    ratios = _ratios(model)
    known["l1_ratios_"] = np.asarray([None] if ratios is None else ratios)
    known |= _tables(model, twin, ratios is None)
    if hasattr(twin, "certificate_"):
        known["certificate_"] = as_dict(twin.certificate_)
    return known


def _as_given(model: Any, chosen: float) -> Any:
    """The l1_ratio chosen in the type that it was given in, unless it is a mean."""
    ratios = _ratios(model)
    if ratios is None or not model.refit:
        return chosen
    return min(ratios, key=lambda ratio: abs(ratio - chosen))


def _tables(model: Any, twin: Any, flat: bool) -> Attributes:
    """Scores, paths, counts and what was chosen, in the layout that the model asks for."""
    counts = at_most(np.asarray(twin.n_iter_, dtype=np.int32), model.max_iter)
    if not _is_legacy(model):
        return {
            "C_": float(twin.C_),
            "l1_ratio_": float(twin.l1_ratio_),
            "scores_": twin.scores_,
            "coefs_paths_": twin.coefs_paths_,
            "n_iter_": counts,
        }
    classes = twin.classes_
    keys = list(classes) if len(classes) > 2 else list(classes[1:])
    scores, paths = (np.swapaxes(part, 1, 2) for part in (twin.scores_, twin.coefs_paths_))
    counts = np.swapaxes(counts, 1, 2)[None]
    if flat:
        scores, paths, counts = scores[:, :, 0], paths[:, :, 0], counts[..., 0]
    by_l1 = None if flat and model.refit else _as_given(model, twin.l1_ratio_)
    return {
        "C_": np.full(len(keys), twin.C_),
        "l1_ratio_": np.asarray([by_l1] * len(keys)),
        "scores_": {key: scores.copy() for key in keys},
        "coefs_paths_": {key: np.ascontiguousarray(paths[..., k, :]) for k, key in enumerate(keys)},
        "n_iter_": counts,
    }


TARGETS = (Target(LogisticRegressionCV, _why_not, _solve),)
