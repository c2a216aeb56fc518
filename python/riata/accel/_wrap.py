"""The wrappers: scikit-learn's own method, but for the calls that riata takes over."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from riata._parameters import validate

from . import _reasons
from ._common import Inner, Target
from ._switch import Settings, active, apart

_names: dict[type, str] = {}
KNOWN: set[str] = set()  # the classes that `patch_sklearn` takes
TARGETS: dict[type, Target] = {}  # by the class whose `fit` is wrapped


def known_name(kind: type) -> str:
    """The class of scikit-learn's that an estimator is one of."""
    name = _names.get(kind)
    if name is None:
        name = next(
            (base.__name__ for base in kind.__mro__ if base.__name__ in KNOWN), kind.__name__
        )
        _names[kind] = name
    return name


def target_of(kind: type) -> Target | None:
    """The target whose `fit` a class has, unless it has one of its own."""
    for base in kind.__mro__:
        if base in TARGETS:
            return TARGETS[base]
        if "fit" in vars(base) and base.__name__ not in KNOWN:
            return None
    return None


def reason_of(
    target: Target, model: Any, args: tuple[Any, ...], params: dict[str, Any]
) -> str | None:
    """Why riata leaves a call alone, or None."""
    try:
        return target.why_not(model, *args, **params)
    except TypeError as error:  # arguments that the method does not take
        return str(error)


def fitting(target: Target) -> Callable[..., Any]:
    """A `fit` in the place of the one that the target's class defines."""
    original = target.owner.fit  # type: ignore[attr-defined]
    signature = inspect.signature(original)
    plain = list(signature.parameters)[:3]

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **params: Any) -> Any:
        settings = active()
        if settings is None:
            return original(self, *args, **params)
        name = known_name(type(self))
        if not settings.covers(name):
            return original(self, *args, **params)
        if len(plain) < 3 or len(args) != 2 or params:
            try:
                signature.bind(self, *args, **params)
            except TypeError:
                return original(self, *args, **params)
        start = time.perf_counter()
        validate(self)
        reason, refused = reason_of(target, self, args, params), False
        before = vars(self).copy()
        if reason is None:
            try:
                attributes = target.solve(self, *args, **params)
            except Warning:
                raise
            except Exception as error:
                vars(self).clear()
                vars(self).update(before)
                reason, refused = refusal(error), True
            else:
                _take(self, attributes)
                _reasons.done(name, time.perf_counter() - start, self, *_data(args, params))
                return self
        return _left(original, self, name, args, params, reason, refused, settings)

    fit._riata_original = original  # type: ignore[attr-defined]
    return fit


def refusal(error: Exception) -> str:
    """The reason that an error of riata's is."""
    text = str(error).split("\n")[0].rstrip(".")
    return f"riata refuses it ({type(error).__name__}: {text})"


def _take(model: Any, attributes: dict[str, Any]) -> None:
    own = vars(model)
    if "feature_names_in_" not in attributes:
        own.pop("feature_names_in_", None)
    own.update(attributes)


def _data(args: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    X = args[0] if args else params.get("X")
    y = args[1] if len(args) > 1 else params.get("y")
    return X, y


def _left(
    original: Callable[..., Any],
    model: Any,
    name: str,
    args: tuple[Any, ...],
    params: dict[str, Any],
    reason: str,
    refused: bool,
    settings: Settings,
) -> Any:
    call = f"fit({_reasons.described(_data(args, params)[0])})"
    _reasons.left(name, call, reason, settings, refused=refused)
    vars(model).pop("certificate_", None)  # of an earlier fit
    start = time.perf_counter()
    try:
        with nullcontext() if isinstance(reason, Inner) else apart():
            return original(model, *args, **params)
    finally:
        _reasons.spent(name, time.perf_counter() - start)
