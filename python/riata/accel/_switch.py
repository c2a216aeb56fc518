"""Whether scikit-learn's estimators run on riata here: for the process, or for a context of its own.

What `patch_sklearn` says in the main thread holds for every thread that has not said otherwise; what it says as a context manager, or
in another thread, holds there alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """What `patch_sklearn` was asked for."""

    on: bool = True
    names: frozenset[str] | None = None
    strict: bool = False
    level: int = logging.WARNING

    def covers(self, name: str) -> bool:
        """Whether a class or function of that name is to run on riata."""
        return self.names is None or name in self.names


OFF = Settings(on=False)
_here: ContextVar[Settings | None] = ContextVar("riata_accel", default=None)
_process = [OFF]  # for every context without settings of its own


def active() -> Settings | None:
    """The settings that hold here; None where scikit-learn is on its own."""
    settings = _here.get() or _process[0]
    return settings if settings.on else None


def carried() -> Settings | None:
    """What workers are to take along; None where scikit-learn is on its own and nobody said so."""
    return _here.get() or (_process[0] if _process[0].on else None)


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """Let these settings hold in this context."""
    token = _here.set(settings)
    try:
        yield
    finally:
        _here.reset(token)


def apart() -> Any:
    """scikit-learn on its own: what it computes inside of one fit is not taken from it by halves."""
    return using(OFF)


class Switch:
    """What was switched, which as a context manager holds for its block and in its context only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token: Token[Settings | None] | None = None
        self._before = (_here.get(), _process[0])
        if threading.current_thread() is threading.main_thread() and self._before[0] is None:
            _process[0] = settings
        else:
            _here.set(settings)

    def __enter__(self) -> Switch:
        own, everywhere = self._before
        if own is None and _process[0] is self._settings:
            _process[0] = everywhere
        _here.set(own)
        self._token = _here.set(self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        _here.reset(self._token)
        self._token = None
