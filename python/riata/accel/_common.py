"""What the families of targets share: the two answers a target gives, and attributes in scikit-learn's form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from riata._fit import Certificate

Attributes = dict[str, Any]
FACTS = (
    "alpha",
    "primal",
    "dual",
    "gap",
    "rel_gap",
    "kkt_max",
    "null_objective",
    "tol",
    "status",
    "n_passes",
    "seconds",
)


class Inner(str):
    """A reason to take scikit-learn's route where what that fits runs on riata."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A method of scikit-learn's that riata can stand in for.

    ``why_not(estimator, X, y, ...)`` is the reason to leave a call to scikit-learn, or None; ``solve`` with the same arguments returns
    the attributes of the fitted estimator.
    """

    owner: type
    why_not: Callable[..., str | None]
    solve: Callable[..., Attributes]


def as_dict(certificate: Certificate) -> dict[str, Any]:
    """Plain numbers, that nobody needs riata to read."""
    return {name: getattr(certificate, name) for name in FACTS}


def certificates(own: Certificate | list[Certificate]) -> Any:
    """The same for one or for several."""
    return [as_dict(one) for one in own] if isinstance(own, list) else as_dict(own)


def in_columns(coef: Any) -> Any:
    """Coefficients of several targets in Fortran order, as scikit-learn has them."""
    return coef if coef.ndim == 1 else np.asfortranarray(coef)


def at_most(n_iter: Any, max_iter: int | None) -> Any:
    """Iterations as scikit-learn counts them: never more than were allowed."""
    if max_iter is None:
        return n_iter
    if isinstance(n_iter, list):
        return [min(n, max_iter) for n in n_iter]
    return np.minimum(n_iter, max_iter) if isinstance(n_iter, np.ndarray) else min(n_iter, max_iter)


def foreign(X: Any) -> str | None:
    """The reason for arrays that scikit-learn would leave where they are."""
    if type(X) is np.ndarray:
        return None
    from sklearn import get_config

    if get_config()["array_api_dispatch"] and hasattr(X, "__array_namespace__"):
        return "array-API dispatch is on and X is no NumPy array"
    device = getattr(X, "device", "cpu")
    if hasattr(X, "__dlpack__") and str(device) != "cpu":
        return f"X is on the device {device}"
    return None


def columns(twin: Any) -> Attributes:
    """What a fit remembers of the columns of X."""
    names = getattr(twin, "feature_names_in_", None)
    known: Attributes = {"n_features_in_": twin.n_features_in_}
    return known if names is None else {**known, "feature_names_in_": names}
