"""What linear classifiers share: labels, class weights, decision values and probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from . import _labels
from ._linear import LinearEstimator
from ._problem import Array
from .exceptions import warn_column_vector


class LinearClassifier(LinearEstimator, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predictions from `coef_` of shape (1, n_features) for two classes, else (n_classes, n_features)."""

    def decision_function(self, X: Any) -> Array:
        """Linear predictions; an offset, if the fit had one, is the caller's to add.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        eta : ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes the log odds of ``classes_[1]``.
        """
        eta = self._margins(X)
        return eta[:, 0] if eta.shape[1] == 1 else eta

    def _margins(self, X: Any) -> Array:
        """A column for each row of `coef_`, which for two classes may be a vector."""
        eta = self._linear(X)
        return eta[:, None] if eta.ndim == 1 else eta

    def predict(self, X: Any) -> Array:
        """The most likely label of each row.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        eta = self._margins(X)
        best = (eta[:, 0] > 0).astype(np.intp) if eta.shape[1] == 1 else eta.argmax(axis=1)
        return np.asarray(self.classes_)[best]

    def predict_log_proba(self, X: Any) -> Array:
        """Log probabilities of the classes, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Logarithms of `predict_proba`, accurate where that is tiny.
        """
        eta = self._margins(X)
        if eta.shape[1] == 1:
            eta = np.hstack([-np.logaddexp(0, eta), -np.logaddexp(0, -eta)])
            return np.asarray(eta)
        top = eta.max(axis=1, keepdims=True)
        return np.asarray(eta - top - np.log(np.exp(eta - top).sum(axis=1, keepdims=True)))

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Rows have the sum 1.
        """
        P = np.exp(self.predict_log_proba(X))
        return np.asarray(P / P.sum(axis=1, keepdims=True))

    def sparsify(self) -> Self:
        """Turn `coef_` into a sparse CSR container."""
        from scipy.sparse import csr_array, csr_matrix
        from sklearn import get_config

        check_is_fitted(self)
        make = csr_array if get_config().get("sparse_interface") == "sparray" else csr_matrix
        self.coef_: Any = make(self.coef_)
        return self

    def densify(self) -> Self:
        """Turn `coef_` back into an ndarray."""
        check_is_fitted(self)
        if not isinstance(self.coef_, np.ndarray):
            self.coef_ = self.coef_.toarray()
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def class_weights(
    class_weight: Any, classes: Array, codes: Array, sample_weight: Array | None
) -> Array | None:
    """The sample weights times those of the classes; None for ones."""
    if class_weight is None:
        return sample_weight
    from sklearn.utils.class_weight import compute_class_weight

    by_class = compute_class_weight(
        class_weight, classes=classes, y=classes[codes], sample_weight=sample_weight
    )
    weights = np.asarray(by_class, dtype=np.float64)[codes]
    return weights if sample_weight is None else weights * sample_weight


def encode(y: Any, n: int) -> tuple[Array, Array]:
    """The classes of y and the place of every label among them; a column vector is taken with a warning."""
    warn_column_vector(y, stacklevel=4)
    return _labels.encode(y, n)
