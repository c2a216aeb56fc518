"""Sparse X: what SciPy's containers and sparse data frames become before the core sees them.

Nothing of SciPy's is called on a matrix that has not been checked: its routines trust indices, and wrong ones end the process.
CSC and CSR go to the core as they are, which checks every index itself; the coordinates of other formats are found by NumPy alone and
checked in copies before they become CSR.
"""

from __future__ import annotations

import sys
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from ._numeric import numeric_array, raise_at_first

INT32_MAX, INT64_MAX = np.iinfo(np.int32).max, np.iinfo(np.int64).max


class CompressedX(NamedTuple):
    """A sparse matrix by columns (CSC) or by rows (CSR), as the core takes it.

    Attributes
    ----------
    data : ndarray
        float32 or float64.
    indices, indptr : ndarray
        int32 or int64, each. What they hold is the core's to check.
    shape : tuple of (int, int)
    by_rows : bool
    """

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    shape: tuple[int, int]
    by_rows: bool

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""
        return self.data.dtype

    @property
    def size(self) -> int:
        """Stored entries."""
        return int(self.data.size)


def is_sparse(x: Any) -> bool:
    """Whether x is a scipy.sparse container or a data frame of sparse columns. Imports nothing."""
    if type(x) is np.ndarray:
        return False
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(x):
        return True
    return hasattr(x, "columns") and hasattr(x, "dtypes") and hasattr(x, "sparse")


def compressed(X: Any, name: str = "X") -> CompressedX:
    """The sparse X as the core takes it, borrowed where it is CSC or CSR with float32 or float64 values.

    Raises
    ------
    ValueError
        For parts of the wrong length, number of dimensions or kind, naming the part.
    """
    if hasattr(X, "columns"):
        X = X.sparse.to_coo()
    shape = _shape(X, name)
    if X.format in ("csc", "csr"):
        return _borrowed(X, shape, name)
    if X.format == "bsr":
        return _from_blocks(X, shape, name)
    if X.format == "dia":
        return _from_diagonals(X, shape, name)
    if X.format == "lil":
        return _from_lists(X, shape, name)
    if X.format == "dok":
        return _from_keys(X, shape, name)
    if X.format == "coo":
        row, column = _integers(X.row, f"{name}.row"), _integers(X.col, f"{name}.col")
        return _from_coordinates(
            row, column, values(X.data, f"{name}.data"), shape, name, ("row", "col")
        )
    raise TypeError(f"{name} has the unknown sparse format {X.format!r}")


def values(data: Any, part: str) -> np.ndarray:
    """Stored values as a vector of float32 or float64: borrowed if they are that, native, aligned and contiguous."""
    array = numeric_array(data, part)
    if array.ndim != 1:
        raise ValueError(f"{part} must be 1-D; got shape {array.shape}")
    return as_float(array)


def as_float(array: np.ndarray) -> np.ndarray:
    """float32 (of any byte order) as float32, all else as float64; native, aligned and contiguous."""
    is_single = array.dtype.kind == "f" and array.dtype.itemsize == 4
    with np.errstate(over="ignore"):  # long double beyond float64 becomes inf, which is refused
        return np.require(array, np.float32 if is_single else np.float64, ["A", "C"])


def _shape(X: Any, name: str) -> tuple[int, int]:
    shape = tuple(int(size) for size in X.shape)
    if len(shape) != 2:
        raise ValueError(
            f"{name} must be 2-D, of shape (n_samples, n_features); got {len(shape)}-D of shape {shape}. Reshape your data "
            f"with {name}.reshape(-1, 1) if it has one feature, {name}.reshape(1, -1) if it has one sample."
        )
    for size, what in zip(shape, ("sample(s)", "feature(s)")):
        if size < 1:
            raise ValueError(
                f"{name} has {size} {what} (shape={shape}) while a minimum of 1 is required."
            )
    return shape[0], shape[1]


def _integers(x: Any, part: str) -> np.ndarray:
    """Indices as a vector of int32 or int64, borrowed if they are that, native, aligned and contiguous."""
    array = np.asarray(x)
    if array.ndim != 1:
        raise ValueError(f"{part} must be 1-D; got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{part} must hold integers; got dtype {array.dtype}")
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:
        raise_at_first(array > INT64_MAX, array, part, "must not exceed the range of int64")
    narrow = array.dtype.kind == "i" and array.dtype.itemsize == 4
    return np.require(array, np.int32 if narrow else np.int64, ["A", "C"])


def _same_length(a: np.ndarray, b: np.ndarray, names: tuple[str, str], name: str) -> None:
    if len(a) != len(b):
        raise ValueError(
            f"{name}.{names[0]} has {len(a)} entries and {name}.{names[1]} has {len(b)}: they must have the same number"
        )


def _borrowed(X: Any, shape: tuple[int, int], name: str) -> CompressedX:
    data = values(X.data, f"{name}.data")
    indices = _integers(X.indices, f"{name}.indices")
    _same_length(indices, data, ("indices", "data"), name)
    indptr = _integers(X.indptr, f"{name}.indptr")
    by_rows = X.format == "csr"
    lines, places, of = (*shape, "rows") if by_rows else (*shape[::-1], "columns")
    if len(indptr) != lines + 1:
        raise ValueError(
            f"{name}.indptr has {len(indptr)} entries: for {lines} {of} it has to have {lines + 1}"
        )
    if places > INT32_MAX:
        raise ValueError(
            f"{name} has {places} {'columns' if by_rows else 'rows'}: a sparse matrix of this format can have {INT32_MAX}"
        )
    return CompressedX(data, indices, indptr, shape, by_rows)


# --- other formats, into CSR ------------------------------------------------------------------------------------------


def _from_coordinates(
    row: np.ndarray,
    column: np.ndarray,
    data: np.ndarray,
    shape: tuple[int, int],
    name: str,
    parts: tuple[str, str],
) -> CompressedX:
    """CSR of entries in any order, duplicates added up."""
    from scipy.sparse import coo_array

    row, column = row.copy(), column.copy()  # what is checked is what is used
    for index, size, part in zip((row, column), shape, parts):
        _same_length(index, data, (part, "data"), name)
        raise_at_first(
            (index < 0) | (index >= size), index, f"{name}.{part}", f"must lie in [0, {size})"
        )
    csr = coo_array((data, (row, column)), shape=shape).tocsr()
    return CompressedX(csr.data, csr.indices, csr.indptr, shape, True)


def _from_blocks(X: Any, shape: tuple[int, int], name: str) -> CompressedX:
    """Of BSR."""
    blocks = numeric_array(X.data, f"{name}.data")
    indices, indptr = (
        _integers(X.indices, f"{name}.indices").copy(),
        _integers(X.indptr, f"{name}.indptr").copy(),
    )
    if blocks.ndim != 3 or 0 in blocks.shape[1:]:
        raise ValueError(f"{name}.data must be 3-D, of blocks; got shape {blocks.shape}")
    height, width = blocks.shape[1:]
    if shape[0] % height or shape[1] % width:
        raise ValueError(
            f"{name}.data holds blocks of {height} x {width}, which do not fill the shape {shape}"
        )
    _same_length(indices, blocks, ("indices", "data"), name)
    lines = shape[0] // height
    if len(indptr) != lines + 1:
        raise ValueError(
            f"{name}.indptr has {len(indptr)} entries: for {lines} rows of blocks it must have {lines + 1}"
        )
    raise_at_first(
        (indptr < 0) | (indptr > len(indices)),
        indptr,
        f"{name}.indptr",
        f"must lie in [0, {len(indices)}]",
    )
    if indptr[0] != 0:
        raise ValueError(f"{name}.indptr[0] is {indptr[0]}: it must be 0")
    falls = np.diff(indptr, prepend=0) < 0
    raise_at_first(falls, indptr, f"{name}.indptr", "must ascend")
    used = int(indptr[-1])
    indices, blocks = indices[:used], blocks[:used]
    raise_at_first(
        (indices < 0) | (indices >= shape[1] // width),
        indices,
        f"{name}.indices",
        f"must lie in [0, {shape[1] // width})",
    )
    top = np.repeat(np.arange(lines, dtype=np.int64), np.diff(indptr)) * height
    row = np.broadcast_to((top[:, None] + np.arange(height))[:, :, None], blocks.shape)
    left = indices.astype(np.int64) * width
    column = np.broadcast_to((left[:, None] + np.arange(width))[:, None, :], blocks.shape)
    return _from_coordinates(
        row.ravel(), column.ravel(), as_float(blocks.ravel()), shape, name, ("row", "col")
    )


def _from_diagonals(X: Any, shape: tuple[int, int], name: str) -> CompressedX:
    diagonals, offsets = numeric_array(X.data, f"{name}.data"), X.offsets
    offsets = _integers(offsets, f"{name}.offsets")
    if diagonals.ndim != 2:
        raise ValueError(f"{name}.data must be 2-D, of diagonals; got shape {diagonals.shape}")
    _same_length(offsets, diagonals, ("offsets", "data"), name)
    n, p = shape
    rows, columns, data = [], [], []
    for offset, diagonal in zip(offsets.tolist(), diagonals):
        # Entry (j - offset, j) is stored at j.
        column = np.arange(max(0, offset), min(p, n + offset, len(diagonal)), dtype=np.int64)
        rows.append(column - offset)
        columns.append(column)
        data.append(diagonal[column])
    empty = [np.zeros(0, dtype=np.int64)]
    joined = np.concatenate(data or [np.zeros(0, dtype=diagonals.dtype)])
    return _from_coordinates(
        np.concatenate(rows or empty),
        np.concatenate(columns or empty),
        as_float(joined),
        shape,
        name,
        ("row", "col"),
    )


def _from_lists(X: Any, shape: tuple[int, int], name: str) -> CompressedX:
    """Of LIL: a list of columns and one of values for every row."""
    lists = []
    for part in ("rows", "data"):
        array = np.asarray(getattr(X, part))
        if array.shape != (shape[0],) or not all(isinstance(line, list) for line in array):
            raise ValueError(
                f"{name}.{part} must hold {shape[0]} lists, one per row; got shape {array.shape}"
            )
        lists.append(array)
    lengths, found = (np.fromiter(map(len, part), np.int64, shape[0]) for part in lists)
    if (lengths != found).any():
        i = int(np.argmax(lengths != found))
        raise ValueError(
            f"{name}.rows[{i}] has {lengths[i]} entries and {name}.data[{i}] has {found[i]}: they must have the same number"
        )
    column, data = (list(chain.from_iterable(part)) for part in lists)
    row = np.repeat(np.arange(shape[0], dtype=np.int64), lengths)
    index = _integers(np.array(column) if column else np.zeros(0, np.int64), f"{name}.rows")
    entries = np.array(data, dtype=X.dtype if X.dtype.kind != "O" else None)
    return _from_coordinates(
        row, index, values(entries, f"{name}.data"), shape, name, ("row", "rows")
    )


def _from_keys(X: Any, shape: tuple[int, int], name: str) -> CompressedX:
    """Of DOK: a dictionary from (row, column) to value."""
    items = list(X.items())
    keys = np.array([key for key, _ in items]) if items else np.zeros((0, 2), np.int64)
    if keys.ndim != 2 or keys.shape[1] != 2:
        raise ValueError(f"{name} must have pairs of row and column as keys")
    entries = np.array([value for _, value in items], dtype=None if items else X.dtype)
    if X.dtype.kind == "f":
        entries = entries.astype(X.dtype)
    row, column = _integers(keys[:, 0], f"{name}.row"), _integers(keys[:, 1], f"{name}.col")
    return _from_coordinates(
        row, column, values(entries, f"{name}.data"), shape, name, ("row", "col")
    )
