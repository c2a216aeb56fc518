"""scikit-learn's callbacks (from its version 1.9 on): they hear of the beginning and the end of a fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """There is nothing to support."""


class Observed(CallbackSupportMixin):  # type: ignore[misc]
    """An estimator with `set_callbacks`, where scikit-learn has them."""

    if hasattr(CallbackSupportMixin, "set_callbacks"):

        def set_callbacks(self, *callbacks: Any) -> Self:
            """Set scikit-learn's callbacks, which hear of the beginning and the end of a fit, not of its iterations.

            Parameters
            ----------
            *callbacks : callback instances
                scikit-learn's callbacks, or objects with their methods.

            Returns
            -------
            self
            """
            if getattr(self, "solver", "lbfgs") != "lbfgs":
                warnings.warn(
                    f"Callbacks are only supported in {type(self).__name__} for solver='lbfgs' by scikit-learn; here they hear of "
                    f"no iteration, only of the beginning and the end of a fit; got solver={self.solver!r}",
                    stacklevel=2,
                )
            super().set_callbacks(*callbacks)
            return self

    def _observed(self, fit: Callable[[], Any], X: Any, y: Any, metadata: dict[str, Any]) -> None:
        """Call `fit` between the hooks of the callbacks that were set."""
        if "_skl_callbacks" not in vars(self):
            fit()
            return
        from sklearn.callback import with_callbacks

        task = {"estimator": self, "X": X, "y": y, "metadata": metadata or None}

        def run(_: Any) -> None:
            context = self._init_callback_context()
            context.call_on_fit_task_begin(**task)
            fit()
            context.call_on_fit_task_end(**task, reconstruction_attributes={})

        with_callbacks(run)(self)
