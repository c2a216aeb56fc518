"""The wrappers are put in place once for a process, and ask from then on whether they are wanted."""

from __future__ import annotations

import functools
import threading
from typing import Any

from sklearn import linear_model

from . import _descent, _descent_cv, _glm, _logistic, _logistic_cv, _paths, _ridges, _workers, _wrap
from ._wrap import TARGETS

CLASSES = (
    "Lasso",
    "ElasticNet",
    "MultiTaskLasso",
    "MultiTaskElasticNet",
    "LassoCV",
    "ElasticNetCV",
    "MultiTaskLassoCV",
    "MultiTaskElasticNetCV",
    "Ridge",
    "RidgeClassifier",
    "RidgeCV",
    "RidgeClassifierCV",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PoissonRegressor",
)
FUNCTIONS = ("enet_path", "lasso_path")
SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "validation_curve")
_lock = threading.Lock()


def install() -> None:
    """Install all wrappers; the second time nothing happens."""
    with _lock:
        if TARGETS:
            return
        for family in (_descent, _descent_cv, _ridges, _logistic, _logistic_cv, _glm):
            for target in family.TARGETS:
                TARGETS[target.owner] = target
        _wrap.KNOWN.update(CLASSES)
        for name in CLASSES:
            _remember_parameters(getattr(linear_model, name))
        for target in TARGETS.values():
            target.owner.fit = _wrap.fitting(target)  # type: ignore[attr-defined]
        _paths.install()
        _workers.install()


def _remember_parameters(kind: Any) -> None:
    """Let a class know its parameters' names, which scikit-learn reads off the signature anew for every clone of a search."""
    original = kind._get_param_names.__func__
    if getattr(original, "_riata_remembers", False):
        return
    known: dict[type, list[str]] = {}

    @functools.wraps(original)
    def names(cls: type) -> list[str]:
        if cls not in known:
            known[cls] = original(cls)
        return list(known[cls])

    names._riata_remembers = True  # type: ignore[attr-defined]
    kind._get_param_names = classmethod(names)
