"""What NumPy makes of the caller's objects, and how a bad entry is named. Nothing is converted behind the caller's back."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

FILL = "fill in missing values, for instance by sklearn.impute.SimpleImputer, or leave the rows out"
ENCODE = "encode categories, for instance by sklearn.preprocessing.OneHotEncoder"


def is_missing(value: Any) -> bool:
    """None, NaN, and what pandas has for a value that is not there."""
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def column_names(x: Any) -> list[Any] | None:
    """The names of a data frame's columns, None of anything else."""
    columns = getattr(x, "columns", None)
    return None if columns is None or callable(columns) else list(columns)


def numeric_array(x: Any, name: str) -> np.ndarray:
    """x as a real numeric ndarray (a view where possible); everything that is no such thing is refused."""
    if isinstance(x, np.ma.MaskedArray):
        raise_at_first(np.ma.getmaskarray(x), x, name, "must have no masked entries")
        x = x.data
    if isinstance(x, (str, bytes)):
        raise TypeError(f"{name} must be numeric; got the string {x!r}")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is not a rectangular array of numbers: {error}") from error
    kind = array.dtype.kind
    if kind in "fiub":
        return array
    columns = column_names(x)
    if kind == "O":
        return _numbers_from_objects(array, name, columns)
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {array.dtype}")
    what = {"U": "strings", "S": "bytes", "M": "dates", "m": "time differences"}.get(
        kind, "no numbers"
    )
    first = f", {_at(name, (0,) * array.ndim, columns)} is {array.flat[0]!r}" if array.size else ""
    hint = f": {ENCODE}" if kind in "US" and array.ndim == 2 else ""
    raise TypeError(f"{name} must be numeric; it holds {what} (dtype {array.dtype}){first}{hint}")


def _numbers_from_objects(array: np.ndarray, name: str, columns: list[Any] | None) -> np.ndarray:
    kinds = set(map(type, array.ravel().tolist()))
    if not any(_is_refused(kind) for kind in kinds):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            pass  # found and named below
    for position in np.ndindex(array.shape):
        value = array[position]
        where = f"{_at(name, position, columns)} is {value!r}"
        if is_missing(value):
            raise ValueError(f"{where}: Input {name} contains NaN: {FILL}")
        if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
            raise ValueError(f"Complex data not supported: {where}")
        if _is_refused(type(value)):
            hint = f": {ENCODE}" if isinstance(value, str) and array.ndim == 2 else ""
            raise TypeError(f"{where}: must be a number, not {type(value).__name__}{hint}")
        try:
            float(value)
        except (TypeError, OverflowError) as error:
            raise TypeError(f"{where}: {error}") from error
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    raise TypeError(f"{name} cannot be converted to float64 (dtype object)")


def _is_refused(kind: type) -> bool:
    """Types that float() or astype() would take, or turn into NaN, without a word."""
    if issubclass(kind, (str, bytes, type(None), np.datetime64, np.timedelta64)):
        return True
    return issubclass(kind, numbers.Complex) and not issubclass(kind, numbers.Real)


def raise_at_first(
    bad: np.ndarray, values: Any, name: str, rule: str, columns: list[Any] | None = None
) -> None:
    """Raise ValueError at the first True of bad, if there is one."""
    if not bad.any():
        return
    position = np.unravel_index(int(np.argmax(bad)), bad.shape)
    value = values[position]
    word = str(value)
    if isinstance(value, (float, np.floating)) and math.isnan(value):
        word = "NaN"
        if bad.ndim == 2:
            rule = f"{rule}. Input {name} contains NaN: {FILL}"
    raise ValueError(f"{_at(name, position, columns)} is {word}: {name} {rule}")


def _at(name: str, position: tuple[Any, ...], columns: list[Any] | None = None) -> str:
    where = f"{name}[{', '.join(str(int(i)) for i in position)}]"
    return f"{where} (column {columns[position[1]]!r})" if columns and len(position) == 2 else where
