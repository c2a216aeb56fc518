"""Facts about this installation."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
from typing import Any

from . import _fit, _validation


def show_config() -> dict[str, Any]:
    """Print the facts a bug report needs, and return them.

    Returns
    -------
    config : dict
        Versions of riata, Python and the packages it stands on (None where not installed), the platform, and the core's own facts:
        compiler, instruction sets compiled and the one chosen (``RIATA_ISA`` forces one), and the number of threads that
        ``n_threads=None`` means here and now.

    See Also
    --------
    path : All models along a grid of penalties.
    get_include : Folder of the C header.

    Examples
    --------
    >>> import riata
    >>> config = riata.show_config()  # doctest: +ELLIPSIS
    riata...
    >>> "numpy" in config
    True
    """
    config: dict[str, Any] = {"riata": _version("riata")}
    config["python"] = sys.version.split()[0]
    config["platform"] = platform.platform()
    for package in ("numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "tqdm"):
        config[package] = _version(package)
    config.update({f"core {key}": value for key, value in _fit.core_config().items()})
    config["default threads"] = _validation.thread_count(None)
    width = max(map(len, config))
    for key, value in config.items():
        print(f"{key:{width}}  {value}")
    return config


def _version(package: str) -> str | None:
    if package == "riata":
        return str(importlib.import_module("riata").__version__)
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
