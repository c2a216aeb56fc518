"""The wrappers are put in place once for a process, and ask from then on whether they are wanted."""

from __future__ import annotations

import threading

from . import _descent, _descent_cv, _glm, _logistic, _logistic_cv, _paths, _ridges, _workers, _wrap
from ._common import Target

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
_targets: dict[type, Target] = {}


def install() -> None:
    """Install all wrappers; the second time nothing happens."""
    with _lock:
        if _targets:
            return
        for family in (_descent, _descent_cv, _ridges, _logistic, _logistic_cv, _glm):
            for target in family.TARGETS:
                _targets[target.owner] = target
        _wrap.KNOWN.update(CLASSES)
        for target in _targets.values():
            target.owner.fit = _wrap.fitting(target)  # type: ignore[attr-defined]
        _paths.install()
        _workers.install()


def target_of(kind: type) -> Target | None:
    """The target whose `fit` a class has, unless it has one of its own."""
    for base in kind.__mro__:
        if base in _targets:
            return _targets[base]
        if "fit" in vars(base) and base.__name__ not in CLASSES:
            return None
    return None
