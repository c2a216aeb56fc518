"""Rows in whatever container they come: which of a table's columns a model needs, as arrays, without a copy of the table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._numeric import numeric_array

Array = np.ndarray[Any, np.dtype[Any]]

READ_AS_IS = frozenset({"float64", "float32", "int32", "int64"})


def library_of(X: Any) -> str:
    """'pandas', 'polars', 'pyarrow' for their tables, 'scipy' for sparse containers, '' for everything else."""
    library = type(X).__module__.partition(".")[0]
    if library in ("pandas", "polars", "pyarrow"):
        return library if hasattr(X, "columns") else ""
    sparse = sys.modules.get("scipy.sparse")
    return "scipy" if sparse is not None and sparse.issparse(X) else ""


def readable(array: Array, name: str) -> Array:
    """The array if the scorer reads its dtype, else a float64 copy; anything but real numbers is refused."""
    if array.dtype.name in READ_AS_IS and array.dtype.isnative:
        return array
    return numeric_array(array, name).astype(np.float64)


def matrix(X: Any, features: int, owner: str = "the model") -> Array:
    """A 2-D array of numbers with the right number of columns."""
    array = readable(X if type(X) is np.ndarray else numeric_array(X, "X"), "X")
    if array.ndim != 2:
        raise ValueError(
            f"X must be 2-D, of shape (n_samples, n_features); got shape {array.shape}. For one row use score_one."
        )
    if array.shape[1] != features:
        raise ValueError(f"X has {array.shape[1]} columns, but {owner} is for {features} features")
    return array


class Needed:
    """The columns of a table that a model reads: by name where it has names, by position where it has none.

    Parameters
    ----------
    names : sequence of str
        Of the used features; empty if the model has no names.
    used : ndarray of shape (n_used,)
        Indices of these features.
    features : int
        All features of the model.
    """

    def __init__(self, names: Sequence[str], used: Array, features: int) -> None:
        self._names, self._used, self._features = names, used.tolist(), features
        self._last: tuple[Any, Any] = (None, None)

    def of(self, X: Any, library: str) -> Array | list[Array]:
        """These columns of a table; all of X as one array where it has the model's features in order and no copy is needed."""
        if library != "pandas":
            return [column(X, name, library) for name in self._in(names_of(X, library))]
        places, values = self._places(X.columns), single_block(X)
        if values is None:
            return [frame_column(X, j) for j in (self._used if places is None else places)]
        return values if places is None else [values[:, j] for j in places]

    def _in(self, present: list[Any]) -> list[Any]:
        """The table's own names of the used features.

        Raises
        ------
        ValueError
            If one is missing or there twice, or a model without names is for another number of columns.
        """
        if not self._names:
            if len(present) != self._features:
                raise ValueError(
                    f"X has {len(present)} columns, but the model is for {self._features} features and has no names"
                )
            return [present[j] for j in self._used]
        known = set(present)
        if missing := [name for name in self._names if name not in known]:
            raise ValueError(
                f"X lacks the column {missing[0]!r}, which the model uses (missing: {len(missing)} of {len(self._names)})"
            )
        if len(known) < len(present) and (
            twin := next((name for name in self._names if present.count(name) > 1), None)
        ):
            raise ValueError(f"X has the column {twin!r}, which the model uses, more than once")
        return list(self._names)

    def _places(self, index: Any) -> list[int] | None:
        """Where a pandas Index has the used features; None if all features stand in the model's order. Remembered for one Index."""
        last, places = self._last
        if last is not None and index.is_(last):
            return places
        present = list(index)
        where = {name: j for j, name in enumerate(present)}
        found = [where[name] for name in self._in(present)]
        in_order = len(present) == self._features and found == self._used
        result = None if in_order else found
        self._last = (index, result)
        return result


def names_of(X: Any, library: str) -> list[Any]:
    """The names of a table's columns."""
    return list(X.schema.names) if library == "pyarrow" else list(X.columns)


def column(X: Any, name: Any, library: str) -> Array:
    """One column of a table as a 1-D array the scorer reads; missing values become NaN."""
    if library == "pyarrow":
        found = X.column(name)
        array = found.to_numpy(zero_copy_only=False) if _is_batch(X) else found.to_numpy()
    else:
        array = X[name].to_numpy()
    return _numbers(array, name)


def frame_column(X: Any, place: int) -> Array:
    """A pandas frame's column by position: its array without the making of a Series where pandas lets one."""
    short_way = getattr(X, "_get_column_array", None)
    array = X.iloc[:, place] if short_way is None else short_way(place)
    if type(array) is np.ndarray and array.dtype.name in READ_AS_IS:
        return array
    return _numbers(np.asarray(array), X.columns[place])


def _numbers(array: Array, name: Any) -> Array:
    """Numbers with NaN where a table has nothing."""
    if array.dtype.kind == "O" and array.size:
        values = [np.nan if _is_missing(v) else v for v in array]
        if all(isinstance(v, (bool, int, float, np.number, np.bool_)) for v in values):
            array = np.array(values, dtype=np.float64)
    return readable(array, f"column {name!r}")


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType"


def _is_batch(X: Any) -> bool:
    return type(X).__name__ == "RecordBatch"


def row_count(X: Any, library: str) -> int:
    """Rows of a table."""
    return int(X.num_rows) if library == "pyarrow" else len(X)


def single_block(X: Any) -> Array | None:
    """A pandas frame's values where they are one block of floats, which takes no copy; None elsewhere."""
    if len(getattr(getattr(X, "_mgr", None), "blocks", ())) != 1:
        return None
    values = X.to_numpy()
    return values if values.dtype.name in READ_AS_IS else None


def csr_parts(X: Any, features: int) -> tuple[Array, Array, Array]:
    """(indptr, indices, data) of a sparse matrix; another format than CSR is converted."""
    if X.ndim != 2 or X.shape[1] != features:
        raise ValueError(f"X has shape {X.shape}, but the model is for {features} features")
    if X.format != "csr":
        X = X.tocsr()
    return X.indptr, X.indices, readable(X.data, "X.data")
