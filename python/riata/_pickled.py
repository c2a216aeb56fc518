"""Pickles of fitted estimators: coefficients and names as the model file, which is small and can be read without Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _score
from ._linear_model import linear_model
from ._model_file import WEIGHT_TYPES, coefficients, model_file

# What the state holds in place of `coef_` and `feature_names_in_`: the file, dtype and shape of `coef_`.
FILE, KIND = "model_file", "coef_kind"


class PickledAsModelFile:
    """A linear estimator whose state is pickled and copied with the file that `Scorer.from_estimator` makes of it.

    What no file can hold, coefficients that are not finite for one, is pickled as it is.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {**super().__getstate__()}  # type: ignore[dict-item]
        coef = state.get("coef_")
        if type(coef) is not np.ndarray or coef.dtype.name not in WEIGHT_TYPES:
            return state
        try:
            model = linear_model(self)
            file = model_file(model, coef.dtype.name)
        except (TypeError, ValueError):
            return state
        del state["coef_"]
        if model.names is not None:
            del state["feature_names_in_"]
        return {**state, FILE: file, KIND: (coef.dtype.name, coef.shape)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        if FILE in state:
            model = _score.open_bytes(state.pop(FILE))
            dtype, shape = state.pop(KIND)
            coef = np.zeros((model.n_outputs, model.n_features), dtype)
            coef[:, model.used] = coefficients(model)
            state["coef_"] = coef.reshape(shape)
            if model.n_names:
                names = [model.name(j) for j in range(model.n_names)]
                state["feature_names_in_"] = np.array(names, dtype=object)
        super().__setstate__(state)  # type: ignore[misc]
