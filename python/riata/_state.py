"""How data classes with slots are pickled: as a dictionary, by every protocol, and from what earlier versions wrote."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def getstate(self: Any) -> dict[str, Any]:
    """The values of the fields by name."""
    return {field.name: getattr(self, field.name) for field in fields(self)}


def setstate(self: Any, state: Any) -> None:
    """Take over the fields: a dictionary, (None, a dictionary), or a list in their order."""
    if isinstance(state, tuple):
        state = state[1]
    if isinstance(state, list):
        state = {field.name: value for field, value in zip(fields(self), state)}
    for name, value in state.items():
        object.__setattr__(self, name, value)


def portable(cls: type[T]) -> type[T]:
    """A decorator, outside of `dataclass`: what estimators and results carry can be pickled so."""
    cls.__getstate__ = getstate  # type: ignore[method-assign]
    cls.__setstate__ = setstate  # type: ignore[attr-defined]
    return cls
