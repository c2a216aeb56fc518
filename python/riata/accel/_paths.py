"""lasso_path and enet_path, also as the `path` of classes and under names imported before the patch.

scikit-learn's functions check their arguments and call the function proper, which is in a cell of theirs; it is that one which is
replaced. `lasso_path` calls `enet_path`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import enet_path as public

from riata import _path
from riata.exceptions import prefaced, sklearn_version

from . import _reasons
from ._common import foreign
from ._descent import SENTENCE
from ._sklearn import warn_future
from ._switch import active, apart
from ._wrap import refusal

NAME = "enet_path"


def _why_not(X: Any, y: Any, options: dict[str, Any]) -> str | None:
    if not options.get("check_input", True):
        return "check_input=False: what is not to be checked is scikit-learn's to read"
    for name in ("coef_init", "Xy"):
        if options.get(name) is not None:
            return f"{name} is given"
    if np.ndim(options.get("precompute", 0)) == 2:
        return "a Gram matrix is given"
    if hasattr(y, "tocsr"):
        return "y is sparse"
    automatic = options.get("alphas") is None or np.ndim(options["alphas"]) == 0
    if automatic and options.get("l1_ratio", 0.5) == 0:
        return "l1_ratio=0 has no automatic grid of alphas, give alphas"
    if automatic and not np.any(np.asarray(y)):
        return "y is zero: scikit-learn's grid of alphas is all rounding"
    return foreign(X)


def _advise(options: dict[str, Any]) -> None:
    """scikit-learn's own advice about the names of the grid, from its version 1.9 on."""
    if sklearn_version() < (1, 9):
        return
    if options.get("n_alphas", "deprecated") != "deprecated":
        warn_future("'n_alphas' was deprecated in 1.9 and will be removed in 1.11: pass alphas")
    elif options.get("alphas", 0) is None:
        warn_future(
            "'alphas=None' is deprecated and will be removed in 1.11, at which point the default value will be set to 100. Set "
            "'alphas=100' to silence this warning."
        )


def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
    """The function proper, on riata where it can be."""

    @functools.wraps(original)
    def enet_path(X: Any, y: Any, **options: Any) -> Any:
        settings = active()
        if settings is None or not (settings.covers(NAME) or settings.covers("lasso_path")):
            return original(X, y, **options)
        start = time.perf_counter()
        reason, refused = _why_not(X, y, options), False
        if reason is None:
            try:
                _advise(options)
                with prefaced(SENTENCE):
                    answer = _path.enet_path(X, y, **options)
                _reasons.done(NAME, time.perf_counter() - start, None, X, y)
                return (answer[0], np.asfortranarray(answer[1]), *answer[2:])
            except Warning:
                raise
            except Exception as error:
                reason, refused = refusal(error), True
        call = f"({_reasons.described(X)})"
        _reasons.left(NAME, call, reason, settings, refused=refused)
        with apart():
            return original(X, y, **options)

    return enet_path


def install() -> None:
    """Put the wrapper into the public function's cell."""
    replace_inner(public, wrapped)


def replace_inner(function: Any, wrap: Callable[[Any], Any]) -> None:
    """Replace the function proper that one of scikit-learn's checked functions calls."""
    inner = function.__wrapped__
    for cell in function.__closure__ or ():
        if cell.cell_contents is inner:
            cell.cell_contents = wrap(inner)
            return
    raise RuntimeError(f"{function.__name__} of scikit-learn is built in another way")
