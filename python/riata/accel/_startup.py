"""``RIATA_ACCEL=1``: the patch for every Python process, by a line in site-packages that `enable` writes and `disable` removes.

The line costs a look at the environment. Where the variable is 1, scikit-learn is patched as soon as a program has imported its linear
models, and not before: a process that does not use them does not load them.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

VARIABLE = "RIATA_ACCEL"
AWAITED = "sklearn.linear_model"
LINE = (
    f'import os; os.environ.get("{VARIABLE}") == "1" and '
    '__import__("importlib").import_module("riata.accel._startup").wait()\n'
)


def _file() -> Path:
    return Path(sysconfig.get_path("purelib")) / "riata_accel.pth"


def enable() -> str:
    """Write the line."""
    file = _file()
    file.write_text(LINE, encoding="utf-8")
    return f"{file} is there: set {VARIABLE}=1 for what is to run on riata"


def disable() -> str:
    """Remove the line."""
    file = _file()
    there = file.exists()
    file.unlink(missing_ok=True)
    return f"{file} is removed" if there else f"{file} was not there"


def status() -> str:
    """Say what a new process would do."""
    file = _file()
    value = os.environ.get(VARIABLE)
    if not file.exists():
        return f"off: there is no {file}; 'enable' writes it"
    return f"{'on' if value == '1' else 'off'}: {file} is there, and {VARIABLE} is {value or 'not set'}"


ACTIONS: dict[str, Callable[[], str]] = {"enable": enable, "disable": disable, "status": status}


class _Loader(importlib.abc.Loader):
    """Another loader, after which scikit-learn is patched."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        from . import patch_sklearn

        patch_sklearn(log="info")


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the awaited module as the others do, once."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != AWAITED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def wait() -> None:
    """Patch scikit-learn when its linear models are imported."""
    if AWAITED in sys.modules:
        from . import patch_sklearn

        patch_sklearn(log="info")
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
