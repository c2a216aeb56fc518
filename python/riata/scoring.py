"""Scoring with model files: `Scorer`. Needs NumPy only; the format is described in docs/model-file.md."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from . import _score, _tables
from ._exports import to_c, to_onnx, to_sql
from ._linear_model import LINKS, Array, LinearModel, linear_model
from ._model_file import coefficients, model_file, write_atomically


def get_include() -> str:
    """Folder of the C header: ``#include <riata/score.h>`` with ``-I`` of it.

    The library, its pkg-config file and its CMake package lie beside it, in ``lib``, ``lib/pkgconfig`` and ``share/cmake``.

    See Also
    --------
    get_cmake_dir : Folder of the CMake package.
    Scorer : A model in production.

    Examples
    --------
    >>> import pathlib, riata
    >>> pathlib.Path(riata.get_include(), "riata", "score.h").exists()
    True
    """
    return _installed("include")


def get_cmake_dir() -> str:
    """Folder of the CMake package: ``cmake -Driata_DIR=...`` finds it, and with it the target ``riata::score``.

    See Also
    --------
    get_include : Folder of the C header.
    Scorer : A model in production.

    Examples
    --------
    >>> import pathlib, riata
    >>> pathlib.Path(riata.get_cmake_dir()).is_dir()
    True
    """
    return _installed("share", "cmake", "riata")


def _installed(*parts: str) -> str:
    """A folder of what is built, which lies beside the modules or, where those are edited in place, in another part of the package."""
    places = [Path(place, *parts) for place in sys.modules[__package__].__path__]
    for place in places:
        if place.is_dir():
            return str(place)
    raise FileNotFoundError(
        f"this installation of riata has no {'/'.join(parts)}: looked in {', '.join(map(str, places))}"
    )


class Scorer:
    """A linear model for production: what `predict` or `predict_proba` gives, in nanoseconds a row, from a file that is safe to open.

    Made by `Scorer.load`, `Scorer.from_bytes` or `Scorer.from_estimator`. A scorer never changes; threads share it freely.

    Scores are on the scale of the response: predictions of a regressor, the probability of the second class of a binary
    classifier, the probabilities of all classes of a multinomial one; with ``link=False`` the linear predictor instead.

    NaN or infinity in a feature that the model uses is refused with its row and feature; with ``propagate=True`` it goes through the
    arithmetic. Features that the model does not use are never looked at.

    Parameters
    ----------
    model : riata._score.Model
        An open model file. `load`, `from_bytes`, `from_estimator` and `from_coefficients` make one.

    Attributes
    ----------
    n_features_in_ : int
        Length of a row.
    n_outputs : int
        Scores per row: 1, or the number of classes or targets.
    used : ndarray of shape (n_used,)
        Indices of the features with a weight, ascending.
    columns : list of str, or list of int
        Names of these features, or their indices where the file has no names.
    classes_ : ndarray of shape (n_classes,) or None
    link : {'identity', 'logit', 'softmax', 'log'}
    metadata : dict
        What the file says about the model: estimator, classes, certificate of the fit, versions, and `user`.

    See Also
    --------
    PathResult : Models along a grid of penalties.
    get_include : Folder of the C header.
    get_cmake_dir : Folder of the CMake package.

    Examples
    --------
    >>> import riata
    >>> model = riata.Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> scorer = riata.Scorer.from_estimator(model)
    >>> round(scorer.score_one([3.0, 3.0]), 2)
    2.7
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._row = model.row
        self.n_features_in_: int = model.n_features
        self.n_outputs: int = model.n_outputs
        self.link: str = LINKS[model.link]
        self.metadata: dict[str, Any] = _parse(model.metadata())

    # --- making one -----------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str], mmap: bool = True) -> Self:
        """Open a model file.

        Nothing in the file is executed, and everything is checked: sizes, offsets, indices, weights and check sums. Only the sums of
        name tables above 1 MiB wait for `verify`, so that a large model opens at once.

        Parameters
        ----------
        path : path
            Of the file.
        mmap : bool, default=True
            Map the file, so that processes share its memory. A mapped file must only be replaced as a whole, as `save` does. False
            reads it into memory and checks all sums.

        Raises
        ------
        ValueError
            If it is no sound model file, or one of a newer version; the message has the reason and the offset.
        OSError
            If it cannot be read.
        """
        path = os.fspath(path)
        try:
            return cls(_score.open_file(path, mmap, not mmap))
        except (ValueError, OSError) as error:
            kind = (
                FileNotFoundError
                if isinstance(error, OSError) and not Path(path).exists()
                else type(error)
            )
            raise kind(f"{path}: {error}") from None

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Open a model file's bytes, with all checks. See `load` for the errors.

        Parameters
        ----------
        data : bytes
            The whole file, as `to_bytes` gives it.

        Returns
        -------
        scorer : Scorer
            The model.
        """
        return cls(_score.open_bytes(bytes(data)))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: Any = None,
        dtype: str = "float64",
        names: str = "all",
        golden: Any = None,
        user: Any = None,
    ) -> Self:
        """The scorer of a fitted linear model: riata's, scikit-learn's, or a Pipeline of scalers and one.

        Scalers are folded into the weights: a scorer always takes raw features.

        Parameters
        ----------
        estimator : fitted estimator
            Anything with `coef_` and `intercept_` that predicts by them, which is asked for some rows, a Pipeline that ends in it, or a
            point of a path, as `PathResult.at` and `PathResult.budget` give it.
        feature_names : sequence of str of length n_features, optional
            The estimator's `feature_names_in_` by default.
        dtype : {'float64', 'float32', 'float16'}, default='float64'
            Of the stored weights. Arithmetic is float64 always; shorter weights are rounded.
        names : {'all', 'used', 'none'}, default='all'
            Names to store. With 'used' a misspelt name in a dict cannot be told from an unused feature.
        golden : array-like of shape (n_rows, n_features), optional
            Rows to store with their scores, for `verify`; a few made-up ones by default.
        user : JSON-able object, optional
            Stored under ``metadata["user"]``.

        Raises
        ------
        TypeError
            If it is no linear model, or predicts something else than its coefficients say.
        ValueError
            If it is not fitted, not finite, does not fit the names, or its weights do not fit `dtype`.
        """
        model = linear_model(estimator)
        if feature_names is not None:
            model.names = [str(name) for name in feature_names]
        return cls.from_bytes(model_file(model, dtype, names, golden, user))

    @classmethod
    def from_coefficients(
        cls,
        coef: Any,
        intercept: Any = 0.0,
        *,
        link: str = "identity",
        feature_names: Any = None,
        dtype: str = "float64",
        names: str = "all",
        user: Any = None,
    ) -> Self:
        """The scorer of given coefficients.

        Parameters
        ----------
        coef : array-like of shape (n_features,) or (n_outputs, n_features)
            Weights of the features.
        intercept : float or array-like of shape (n_outputs,), default=0.0
            Added to the weighted sum of a row.
        link : {'identity', 'logit', 'softmax', 'log'}, default='identity'
            What the linear predictor is of the response.
        feature_names : sequence of str of length n_features, optional
            Names of the features.
        dtype : {'float64', 'float32', 'float16'}, default="float64"
            Of the stored weights. Arithmetic is float64 always; shorter weights are rounded.
        names : {'all', 'used', 'none'}, default="all"
            Names to store. With 'used' a misspelt name in a dict cannot be told from an unused feature.
        user : JSON-able object, optional
            Stored under ``metadata["user"]``.
        """
        if link not in LINKS:
            raise ValueError(f"link must be one of {', '.join(map(repr, LINKS))}; got {link!r}")
        matrix = np.atleast_2d(np.asarray(coef, dtype=np.float64))
        if matrix.ndim != 2 or not np.isfinite(matrix).all() or not np.isfinite(intercept).all():
            raise ValueError("coef and intercept must be finite, coef 1-D or 2-D")
        intercepts = np.broadcast_to(np.asarray(intercept, dtype=np.float64), (len(matrix),))
        known = None if feature_names is None else [str(name) for name in feature_names]
        return cls.from_bytes(
            model_file(LinearModel(matrix, intercepts, link, {}, known), dtype, names, None, user)
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file atomically: whoever opens the path finds the old file or the new one, complete.

        Parameters
        ----------
        path : str or path-like
            Where; an existing file is replaced.

        Raises
        ------
        OSError
            If it cannot be written; the old file stays.
        """
        write_atomically(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """The model file as bytes."""
        return self._model.file_bytes()

    def __reduce__(self) -> Any:
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"Scorer({self.n_features_in_} features, {len(self.used)} used, {self.n_outputs} output(s), link={self.link!r})"

    # --- what it is -----------------------------------------------------------------------------------------------

    @cached_property
    def used(self) -> Array:
        used: Array = self._model.used
        used.flags.writeable = False
        return used

    @cached_property
    def columns(self) -> list[Any]:
        return list(self._names) if self._names else [int(j) for j in self.used]

    @cached_property
    def classes_(self) -> Array | None:
        classes = self.metadata.get("classes")
        return None if classes is None else np.array(classes)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Names of the used features, () without; the extension reads dictionaries by them."""
        count = self._model.n_names
        places = range(len(self.used)) if count != self.n_features_in_ else self.used.tolist()
        names = tuple(self._model.name(j) for j in places) if count else ()
        self._model.names = names
        return names

    @property
    def nbytes(self) -> int:
        """Size of the model file in bytes."""
        return len(self.to_bytes())

    def feature_of(self, name: str) -> int:
        """Index of the feature with a name.

        Parameters
        ----------
        name : str
            Of the feature.

        Raises
        ------
        KeyError
            If no feature has it, or it was not stored.
        """
        index: int = self._model.feature_of(name)
        if index < 0:
            raise KeyError(name)
        return index

    def verify(self) -> None:
        """Check all sums and name tables, and that the golden rows get the scores they were stored with, bit by bit.

        Raises
        ------
        ValueError
            If anything is amiss.
        """
        self._model.verify()

    # --- scoring --------------------------------------------------------------------------------------------------

    def score_one(self, row: Any, *, link: bool = True, propagate: bool = False) -> Any:
        """Score of one row.

        Parameters
        ----------
        row : array-like of shape (n_features,), or dict from names to numbers
            A dict needs the names in `columns`; further names have to be features of the model.
        link : bool, default=True
            False gives the linear predictor.
        propagate : bool, default=False
            Let NaN and infinity through.

        Returns
        -------
        score : float, or ndarray of shape (n_outputs,) if there are several

        Raises
        ------
        ValueError, TypeError
            For a wrong length, missing or unknown names, values that are no finite numbers.
        """
        flags = (not link) + 2 * propagate
        score = self._row(row, flags)
        if score is not NotImplemented:
            return score
        if isinstance(row, dict):
            if not self._names:
                raise ValueError("the model has no feature names: give the row as an array")
            return self._model.named(row, flags)
        array = np.ascontiguousarray(_tables.readable(np.asarray(row), "row"), dtype=np.float64)
        if array.ndim != 1:
            raise ValueError(
                f"row must be 1-D, of shape ({self.n_features_in_},); got shape {array.shape}"
            )
        return self._row(array, flags)

    def score(
        self, X: Any, *, link: bool = True, propagate: bool = False, n_threads: int = 1
    ) -> Array:
        """Scores of many rows.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features), or a pandas, polars or Arrow table
            Arrays of float64, float32, int32 and int64 of any strides and CSR are read in place. Tables are read by column name where
            the model has names, by position where it has none; only the needed columns are read.
        link : bool, default=True
            False gives the linear predictor.
        propagate : bool, default=False
            Let NaN and infinity through.
        n_threads : int, default=1
            Threads that share the rows of an array or a CSR matrix; the scores are the same bits.

        Returns
        -------
        scores : ndarray of shape (n_samples,), or (n_samples, n_outputs) if there are several outputs

        Raises
        ------
        ValueError, TypeError
            For wrong shapes, missing columns, sparse indices out of range, values that are no finite numbers.
        """
        flags = (not link) + 2 * propagate
        library = "" if type(X) is np.ndarray else _tables.library_of(X)
        p = self.n_features_in_
        if library == "scipy":
            indptr, indices, data = _tables.csr_parts(X, p)
            return _by_threads(
                lambda a, b: self._model.csr(indptr[a : b + 1], indices, data, p, flags),
                len(indptr) - 1,
                n_threads,
            )
        if library:
            found = self._needed.of(X, library)
            if isinstance(found, list):
                return self._model.columns(found, _tables.row_count(X, library), flags)
            return self._model.dense(found, flags)
        array = _tables.matrix(X, p)
        if n_threads == 1:
            return self._model.dense(array, flags)
        return _by_threads(lambda a, b: self._model.dense(array[a:b], flags), len(array), n_threads)

    @cached_property
    def _needed(self) -> _tables.Needed:
        return _tables.Needed(self._names, self.used, self.n_features_in_)

    def project(self, X: Any) -> Array:
        """The used columns of X as float64: all of a row that has to be stored or sent to be scored later.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or a table
            Rows of all features.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_used)
            For `score_projected`.
        """
        library = "" if type(X) is np.ndarray else _tables.library_of(X)
        if library == "scipy":
            return np.asarray(X.tocsr()[:, self.used].toarray(), dtype=np.float64)
        if library:
            found = self._needed.of(X, library)
            if not isinstance(found, list):
                return self._model.project(found)
            Z = np.empty((_tables.row_count(X, library), len(found)))
            for i, values in enumerate(found):
                Z[:, i] = values
            return Z
        return self._model.project(_tables.matrix(X, self.n_features_in_))

    def score_projected(self, Z: Any, *, link: bool = True, propagate: bool = False) -> Array:
        """Scores of rows that hold the used columns only, as `project` writes them; the same bits as `score` gives for full rows.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_used)
            The columns `used`, in their order.
        link : bool, default=True
            False gives the linear predictor.
        propagate : bool, default=False
            Let NaN and infinity through.

        Returns
        -------
        scores : ndarray of shape (n_samples,), or (n_samples, n_outputs) if there are several outputs
            As `score` returns them.
        """
        flags = (not link) + 2 * propagate + _score.PROJECTED
        return self._model.dense(_tables.matrix(Z, len(self.used), "a projected row"), flags)

    # --- exports --------------------------------------------------------------------------------------------------

    def to_c(self, name: str = "model") -> str:
        """C source of functions `<name>_linear` and `<name>_score`, with the weights as static arrays and no dependency but libm.

        Parameters
        ----------
        name : str, default='model'
            Prefix of the functions; a C identifier.
        """
        return to_c(self._parts(), name)

    def to_onnx(self, dtype: str = "float64", link: bool = True) -> bytes:
        """An ONNX model: Gather of the used features, MatMul, Add, the inverse link. Input `X`, output `score`.

        Parameters
        ----------
        dtype : {'float64', 'float32'}, default='float64'
            Of input, arithmetic and output.
        link : bool, default=True
            False gives the linear predictor.
        """
        return to_onnx(self._parts(), dtype, link)

    def to_sql(self, table: str = "features", link: bool = True) -> str:
        """A SELECT of one score per row and output, for SQLite and DuckDB.

        Columns are the feature names, or ``x0, x1, ...`` without. NULL in a used column gives NULL.

        Parameters
        ----------
        table : str, default='features'
            Name of the table that has the features.
        link : bool, default=True
            False gives the linear predictor.
        """
        return to_sql(self._parts(), self._names, table, link)

    def _parts(self) -> tuple[LinearModel, Array]:
        """The model on its used features, and these."""
        return LinearModel(
            coefficients(self._model),
            self._model.intercepts,
            self.link,
            {"features": self.n_features_in_},
        ), self.used


def _by_threads(part: Callable[[int, int], Array], rows: int, n_threads: int) -> Array:
    """``part(0, rows)``, its rows shared by threads."""
    if not isinstance(n_threads, int) or n_threads < 1:
        raise ValueError(f"n_threads must be an integer of at least 1; got {n_threads!r}")
    if n_threads > 1 and rows >= n_threads:
        from concurrent.futures import ThreadPoolExecutor

        bounds = [rows * i // n_threads for i in range(n_threads + 1)]
        try:
            with ThreadPoolExecutor(n_threads) as pool:
                return np.concatenate(list(pool.map(part, bounds[:-1], bounds[1:])))
        except ValueError:
            pass  # raised again below, with the row's number in all of X
    return part(0, rows)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        metadata = json.loads(text or b"{}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the model file's metadata is no JSON: {error}") from None
    if not isinstance(metadata, dict):
        raise ValueError(
            f"the model file's metadata is no JSON object but a {type(metadata).__name__}"
        )
    return metadata
