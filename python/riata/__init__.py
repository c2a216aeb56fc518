"""riata: certified L1 and L2 regularised linear models.

Nothing is imported until it is asked for: ``import riata`` costs a few milliseconds, ``riata.path`` brings NumPy and the
compiled core, the estimators bring scikit-learn. See the docstrings of ``riata.path``, ``riata.Lasso``,
``riata.ElasticNet`` and ``riata.Ridge``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._advice import Advice
    from ._advise import advise
    from ._cap_weights import cap_weights
    from ._class_result import ClassPathResult, TaskPathResult
    from ._collinearity import Collinearity, collinearity
    from ._comparison import Comparison
    from ._config import show_config
    from ._criteria import InformationCriteria, information_criteria
    from ._cv import cv_path
    from ._cv_result import CVResult
    from ._fit import Certificate
    from ._path import enet_path, lasso_path, path
    from ._prior import Prior, prior
    from ._result import PathPoint, PathResult
    from ._stress import Stress, stress
    from .accel import patch_sklearn, unpatch_sklearn
    from .classification import LogisticRegression, logistic_path
    from .counts import PoissonRegressor
    from .criteria import LassoIC
    from .cv import ElasticNetCV, LassoCV
    from .diagnostics import check_solution
    from .logistic_cv import LogisticRegressionCV
    from .multi_task import MultiTaskElasticNet, MultiTaskLasso
    from .multi_task_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
    from .regression import ElasticNet, Lasso, Ridge
    from .ridge_cv import RidgeCV
    from .scales import alpha_max, convert_penalty
    from .scoring import Scorer, get_cmake_dir, get_include
    from .stability import StabilitySelection
    from .two_stage import AdaptiveLasso, AdaptiveLassoCV, RelaxedLasso, RelaxedLassoCV

__version__ = "0.1.0"

# Where each public name lives.
_HOMES = {
    "AdaptiveLasso": "two_stage",
    "AdaptiveLassoCV": "two_stage",
    "Advice": "_advice",
    "CVResult": "_cv_result",
    "Certificate": "_fit",
    "ClassPathResult": "_class_result",
    "Collinearity": "_collinearity",
    "Comparison": "_comparison",
    "ElasticNet": "regression",
    "ElasticNetCV": "cv",
    "InformationCriteria": "_criteria",
    "Lasso": "regression",
    "LassoCV": "cv",
    "LassoIC": "criteria",
    "LogisticRegression": "classification",
    "LogisticRegressionCV": "logistic_cv",
    "MultiTaskElasticNet": "multi_task",
    "MultiTaskElasticNetCV": "multi_task_cv",
    "MultiTaskLasso": "multi_task",
    "MultiTaskLassoCV": "multi_task_cv",
    "PathPoint": "_result",
    "PathResult": "_result",
    "PoissonRegressor": "counts",
    "Prior": "_prior",
    "RelaxedLasso": "two_stage",
    "RelaxedLassoCV": "two_stage",
    "Ridge": "regression",
    "RidgeCV": "ridge_cv",
    "Scorer": "scoring",
    "StabilitySelection": "stability",
    "Stress": "_stress",
    "TaskPathResult": "_class_result",
    "advise": "_advise",
    "alpha_max": "scales",
    "cap_weights": "_cap_weights",
    "check_solution": "diagnostics",
    "collinearity": "_collinearity",
    "convert_penalty": "scales",
    "cv_path": "_cv",
    "enet_path": "_path",
    "get_cmake_dir": "scoring",
    "get_include": "scoring",
    "information_criteria": "_criteria",
    "lasso_path": "_path",
    "logistic_path": "classification",
    "patch_sklearn": "accel",
    "path": "_path",
    "prior": "_prior",
    "show_config": "_config",
    "stress": "_stress",
    "unpatch_sklearn": "accel",
}

__all__ = [
    "AdaptiveLasso",
    "AdaptiveLassoCV",
    "Advice",
    "CVResult",
    "Certificate",
    "ClassPathResult",
    "Collinearity",
    "Comparison",
    "ElasticNet",
    "ElasticNetCV",
    "InformationCriteria",
    "Lasso",
    "LassoCV",
    "LassoIC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PathPoint",
    "PathResult",
    "PoissonRegressor",
    "Prior",
    "RelaxedLasso",
    "RelaxedLassoCV",
    "Ridge",
    "RidgeCV",
    "Scorer",
    "StabilitySelection",
    "Stress",
    "TaskPathResult",
    "__version__",
    "advise",
    "alpha_max",
    "cap_weights",
    "check_solution",
    "collinearity",
    "convert_penalty",
    "cv_path",
    "enet_path",
    "get_cmake_dir",
    "get_include",
    "information_criteria",
    "lasso_path",
    "logistic_path",
    "patch_sklearn",
    "path",
    "prior",
    "show_config",
    "stress",
    "unpatch_sklearn",
]


def __getattr__(name: str) -> Any:
    if name == "accel":
        return import_module(".accel", __name__)
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'riata' has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
