"""Workers do as their caller does: what scikit-learn hands to joblib carries the settings along.

A process that unpickles such a call installs the wrappers; a thread has a context of its own, in which they are switched on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import chain
from typing import Any

from sklearn.utils.parallel import Parallel

from ._search import is_task, taken_over
from ._switch import Settings, carried, using


class Carried:
    """A function with the settings it is to run under."""

    def __init__(self, function: Callable[..., Any], settings: Settings) -> None:
        self.function = function
        self.settings = settings

    def __call__(self, *args: Any, **params: Any) -> Any:
        with using(self.settings):
            return self.function(*args, **params)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self.settings.on:  # a new process, perhaps
            import_module(f"{__package__}._install").install()


def install() -> None:
    """Let scikit-learn's Parallel carry the settings."""
    original = Parallel.__call__

    @functools.wraps(original)
    def call(self: Any, iterable: Iterable[Any]) -> Any:
        settings = carried()
        if settings is None:
            return original(self, iterable)

        def run(tasks: Iterable[Any]) -> list[Any]:
            done: list[Any] = original(self, (_carrying(task, settings) for task in tasks))
            return done

        tasks = iter(iterable)
        first = next(tasks, None)
        if first is None:
            return run(())
        if not (settings.on and is_task(first)):
            return run(chain([first], tasks))
        all_tasks = [first, *tasks]
        answers = taken_over(all_tasks, run, settings)
        return run(all_tasks) if answers is None else answers

    Parallel.__call__ = call


def _carrying(task: tuple[Any, ...], settings: Settings) -> tuple[Any, ...]:
    delayed, args, params = task
    if hasattr(delayed, "function"):
        delayed.function = Carried(delayed.function, settings)
    return delayed, args, params
