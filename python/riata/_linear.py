"""What all linear estimators share: linear predictions, and pickles that hold the model file, which can be read without Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _fit, _score
from . import _validation as check
from ._linear_model import Array, linear_model
from ._model_file import WEIGHT_TYPES, coefficients, model_file
from ._summary import Summarised

# What the state holds in place of `coef_` and `feature_names_in_`: the file, dtype and shape of `coef_`.
FILE, KIND = "model_file", "coef_kind"

_parameters: dict[type, list[str]] = {}


class LinearEstimator(Summarised):
    """Anything with `coef_` and `intercept_`, fitted or set by hand.

    It is pickled and copied with the file that `Scorer.from_estimator` makes of it; what no file can hold, coefficients that are not
    finite for one, is pickled as it is.
    """

    coef_: Any
    intercept_: Any
    n_features_in_: int

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """scikit-learn's list of a class's parameters, which it makes anew of the signature for every clone."""
        if cls not in _parameters:
            _parameters[cls] = super()._get_param_names()  # type: ignore[misc]
        return list(_parameters[cls])

    def _linear(self, X: Any) -> Array:
        """X coef_' + intercept_, with a column for each row of a two-dimensional `coef_`."""
        if not hasattr(self, "coef_"):
            check_is_fitted(self)
        n_features = getattr(self, "n_features_in_", None) or np.shape(self.coef_)[-1]
        plain = type(X) is np.ndarray and not hasattr(self, "feature_names_in_")
        if plain and (eta := self._in_one_pass(X)) is not None:
            return eta
        if not plain:
            validate_data(
                self, X=X, reset=False, skip_check_array=True
            )  # feature names and their number
        X = check.prediction_matrix(X, n_features, type(self).__name__)
        coef = self.coef_.toarray() if hasattr(self.coef_, "toarray") else np.asarray(self.coef_)
        if isinstance(X, np.ndarray):
            X = np.asarray(X)  # of a memory map, too, the plain array
            eta = None if plain else self._in_one_pass(X)
            if eta is not None:
                return eta
        # In float64: terms of float32 may be far above their sum.
        eta = np.asarray(_fit.predict(X, coef.T.astype(np.float64)) + self.intercept_)
        return eta.astype(np.result_type(X.dtype, coef.dtype), copy=False)

    def _take_columns(self, n_features: int, names: Array | None) -> None:
        """Remember the columns of a fit, whose names may be unknown."""
        self.n_features_in_ = n_features
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _in_one_pass(self, X: Array) -> Array | None:
        """The same for a plain float array and one output; None where the general way is due, for errors too."""
        coef, intercept = self.coef_, self.intercept_
        if type(coef) is not np.ndarray or coef.dtype != X.dtype or np.size(intercept) != 1:
            return None
        if coef.ndim == 1:
            return _score.predict(X, coef, float(np.ravel(intercept)[0]))
        if len(coef) != 1:
            return None
        eta = _score.predict(X, coef[0], float(np.ravel(intercept)[0]))
        return None if eta is None else eta[:, None]

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
