"""The one module that checks input.

Every function takes what the caller gave and returns what the core can work on, or raises a ValueError (wrong value) or
TypeError (wrong kind) that names the argument, the value and its position. The caller's objects are never modified. X is passed
through without a copy whenever the core can borrow it, and its finiteness is left to the core, which reads it anyway, as are
the indices of a sparse X.
"""

from __future__ import annotations

import math
import numbers
import os
from typing import Any

import numpy as np

from ._compressed import CompressedX, compressed, is_sparse
from ._numeric import column_names, numeric_array, raise_at_first

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)


# --- matrices ---------------------------------------------------------------------------------------------------------


def design_matrix(X: Any, name: str = "X") -> np.ndarray | CompressedX:
    """The matrix as the core borrows it: 2-D, float32 or float64, native, aligned, rows or columns contiguous, or compressed.

    An ndarray that is so already (also a slice of rows or columns along its long stride, or a read-only memory map) is returned as it
    is. Anything else is converted by one copy: float32 of any byte order to float32, every other real dtype to float64. A sparse X
    becomes a `CompressedX`.
    """
    if type(X) is np.ndarray and X.ndim == 2 and (X.dtype == FLOAT64 or X.dtype == FLOAT32):
        if _is_borrowable(X):
            return X
    if isinstance(X, CompressedX):  # checked before
        return X
    return compressed(X, name) if is_sparse(X) else _convert_matrix(X, name)


def _is_borrowable(X: np.ndarray) -> bool:
    n, p = X.shape
    if n == 0 or p == 0:
        return False
    row, column = X.strides
    width = X.itemsize
    by_column = row == width and column >= n * width and column % width == 0
    by_row = column == width and row >= p * width and row % width == 0
    return (by_column or by_row) and X.flags.aligned


def _convert_matrix(X: Any, name: str) -> np.ndarray:
    array = numeric_array(X, name)
    columns = column_names(X)
    if columns is not None and array.dtype.kind == "f":  # what the core finds, it has no name for
        with np.errstate(over="ignore", invalid="ignore"):
            require_finite(array, name, columns)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must be 2-D, of shape (n_samples, n_features); got {array.ndim}-D of shape {array.shape}. Reshape your data "
            f"with {name}.reshape(-1, 1) if it has one feature, {name}.reshape(1, -1) if it has one sample."
        )
    n, p = array.shape
    if n == 0:
        raise ValueError(
            f"{name} has 0 sample(s) (shape={array.shape}) while a minimum of 1 is required."
        )
    if p == 0:
        raise ValueError(
            f"{name} has 0 feature(s) (shape={array.shape}) while a minimum of 1 is required."
        )
    is_single = array.dtype.kind == "f" and array.dtype.itemsize == 4
    dtype = FLOAT32 if is_single else FLOAT64
    if array.dtype == dtype and _is_borrowable(array):
        return array
    order: Any = "F" if abs(array.strides[0]) < abs(array.strides[1]) else "C"
    with np.errstate(
        over="ignore"
    ):  # long double beyond float64 becomes inf, which the core reports
        return np.array(array, dtype=dtype, order=order, copy=True)


def reject_sparse(x: Any, name: str) -> None:
    """Raise TypeError for scipy.sparse containers and sparse data frames."""
    if is_sparse(x):
        raise TypeError(
            f"Sparse input is supported for X only: {name} is a {type(x).__name__} of shape {x.shape}; pass {name}.toarray()."
        )


def feature_names(X: Any) -> np.ndarray | None:
    """Column names of a data frame as an object array, None if there are none or not all are strings."""
    if type(X) is np.ndarray:
        return None
    names = column_names(X)
    if not names or not all(isinstance(name, str) for name in names):
        return None
    return np.array(names, dtype=object)


def require_finite(array: np.ndarray, name: str, columns: list[Any] | None = None) -> None:
    """Raise ValueError at the first NaN or infinity. One pass; a second one only if the sum is not finite."""
    if math.isfinite(array.sum()):
        return
    raise_at_first(~np.isfinite(array), array, name, "must be finite", columns)


def prediction_matrix(X: Any, n_features: int, owner: str) -> np.ndarray | CompressedX:
    """X for prediction: 2-D with as many columns as there are coefficients, and finite; of a sparse X the core finds that out."""
    X = design_matrix(X)
    if X.shape[1] != n_features:
        raise ValueError(
            f"X has {X.shape[1]} features, but {owner} is expecting {n_features} features as input."
        )
    if isinstance(X, np.ndarray):
        with np.errstate(over="ignore", invalid="ignore"):
            require_finite(X, "X")
    return X


# --- vectors ----------------------------------------------------------------------------------------------------------


def _sum(y: np.ndarray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(y.sum())


def target(y: Any, n: int, *, multi: bool = False, name: str = "y") -> np.ndarray:
    """The response as contiguous float64 of shape (n,), or (n, t) if multi, every entry finite."""
    if (
        type(y) is np.ndarray
        and y.ndim == 1
        and y.dtype == FLOAT64
        and y.shape[0] == n
        and y.flags.c_contiguous
    ):
        if math.isfinite(y.dot(y) if n < 10_000 else _sum(y)):  # a long one would wake BLAS threads
            return y
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    reject_sparse(y, name)
    array = numeric_array(y, name)
    if array.ndim == 2 and array.shape[1] == 1 and not multi:
        array = array[:, 0]
    if array.ndim != 1 and not (multi and array.ndim == 2 and array.shape[1] > 0):
        wanted = (
            "(n_samples,) or (n_samples, n_targets)"
            if multi
            else "(n_samples,): y should be a 1d array"
        )
        raise ValueError(f"{name} must have shape {wanted}; got {array.shape}")
    if array.shape[0] != n:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n} and {name} has {array.shape[0]}"
        )
    with np.errstate(over="ignore"):
        vector = np.ascontiguousarray(array, dtype=np.float64)
    if not np.isfinite(vector).all():
        raise_at_first(~np.isfinite(vector), vector, name, "must be finite")
    return vector


def sample_weights(weights: Any, n: int) -> np.ndarray | None:
    """Weights as contiguous float64 of shape (n,): finite, not negative, not all zero. A number stands for n equal ones."""
    name = "sample_weight"
    if weights is None:
        return None
    if isinstance(weights, numbers.Real):
        vector = np.full(n, float(weights))
    else:
        vector = _float_vector(weights, name)
        if vector.shape[0] != n:
            raise ValueError(
                f"{name} must have one entry per sample, shape ({n},); got {vector.shape}"
            )
    largest = float(vector.max())
    if float(vector.min()) >= 0 and largest * n < math.inf:
        if largest > 0:
            return vector
        raise ValueError(
            f"{name} is zero everywhere: at least one of the {n} weights must be positive"
        )
    raise_at_first(~np.isfinite(vector), vector, name, "must be finite")
    raise_at_first(vector < 0, vector, name, "must not be negative")
    raise ValueError(f"{name} must have a finite sum; the largest weight is {largest}")


def offset_vector(offset: Any, n: int) -> np.ndarray | None:
    """The part of the prediction known beforehand, float64 of shape (n,), finite."""
    if offset is None:
        return None
    vector = _float_vector(offset, "offset")
    if vector.shape[0] != n:
        raise ValueError(f"offset must have one entry per sample, shape ({n},); got {vector.shape}")
    raise_at_first(~np.isfinite(vector), vector, "offset", "must be finite")
    return vector


def penalty_vector(weights: Any, p: int, name: str) -> np.ndarray | None:
    """Penalty weights as float64 of shape (p,) in [0, inf]. None stands for ones."""
    if weights is None:
        return None
    vector = _feature_vector(weights, p, name)
    raise_at_first(np.isnan(vector), vector, name, "must not be NaN")
    raise_at_first(vector < 0, vector, name, "must not be negative")
    return vector


def bounds(lower: Any, upper: Any, p: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Bounds as float64 of shape (p,), None where a side is free for all features; lower <= upper and not NaN."""
    if lower is None and upper is None:
        return None, None
    low = _one_bound(lower, p, "lower", -math.inf)
    high = _one_bound(upper, p, "upper", math.inf)
    if low is not None and high is not None and (low > high).any():
        j = int(np.argmax(low > high))
        raise ValueError(
            f"lower must not exceed upper; got lower[{j}] = {low[j]} and upper[{j}] = {high[j]}"
        )
    return low, high


def _one_bound(value: Any, p: int, name: str, free: float) -> np.ndarray | None:
    if value is None:
        return None
    vector = _feature_vector(value, p, name)
    raise_at_first(np.isnan(vector), vector, name, "must not be NaN")
    raise_at_first(vector == -free, vector, name, f"must not be {-free}")
    return None if (vector == free).all() else vector


def _feature_vector(value: Any, p: int, name: str) -> np.ndarray:
    if isinstance(value, numbers.Real):
        return np.full(p, float(value))
    vector = _float_vector(value, name)
    if vector.shape[0] != p:
        raise ValueError(
            f"{name} must be a number or have one entry per feature, shape ({p},); got {vector.shape}"
        )
    return vector


def _float_vector(value: Any, name: str) -> np.ndarray:
    array = numeric_array(value, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be 1-D; got shape {array.shape}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float64)


# --- parameters -------------------------------------------------------------------------------------------------------


def real(
    value: Any,
    name: str,
    low: float,
    high: float,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> float:
    """A real number between low and high, ends included unless open."""
    if not isinstance(value, float):
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
            raise TypeError(
                f"{name} must be a real number; got {value!r} of type {type(value).__name__}"
            )
        value = float(value)
    if low < value < high or (value == low and not open_low) or (value == high and not open_high):
        return value
    interval = f"{'(' if open_low else '['}{low:g}, {high:g}{')' if open_high else ']'}"
    raise ValueError(f"{name} must be in {interval}; got {value!r}")


def nonnegative(value: Any, name: str) -> float:
    """A finite real number >= 0."""
    if type(value) is float and 0.0 <= value < math.inf:
        return value
    return real(value, name, 0.0, math.inf, open_high=True)


def positive(value: Any, name: str) -> float:
    """A real number > 0, inf included."""
    return real(value, name, 0.0, math.inf, open_low=True)


def fraction(value: Any, name: str) -> float:
    """A real number in [0, 1]."""
    if type(value) is float and 0.0 <= value <= 1.0:
        return value
    return real(value, name, 0.0, 1.0)


def integer(value: Any, name: str, low: int) -> int:
    """An integer >= low."""
    if type(value) is not int:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
            raise TypeError(
                f"{name} must be an integer; got {value!r} of type {type(value).__name__}"
            )
        value = int(value)
    if value < low:
        raise ValueError(f"{name} must be at least {low}; got {value}")
    return value


def flag(value: Any, name: str) -> bool:
    """True or False."""
    if value is True or value is False:
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    raise TypeError(f"{name} must be True or False; got {value!r} of type {type(value).__name__}")


def one_of(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """One of a few strings."""
    if isinstance(value, str) and value in choices:
        return value
    error = ValueError if isinstance(value, str) else TypeError
    raise error(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}")


def penalty_grid(alphas: Any, name: str = "alphas") -> int | np.ndarray:
    """A number of penalties, or the penalties themselves: float64, finite, >= 0, sorted from large to small (a copy)."""
    if isinstance(alphas, numbers.Integral):
        return integer(alphas, name, 1)
    if isinstance(alphas, numbers.Real):
        raise TypeError(
            f"{name} must be an integer (how many) or an array of penalties; got {alphas!r}"
        )
    grid = _float_vector(alphas, name)
    if grid.shape[0] == 0:
        raise ValueError(f"{name} must hold at least one penalty; got an empty array")
    raise_at_first(~np.isfinite(grid), grid, name, "must be finite")
    raise_at_first(grid < 0, grid, name, "must not be negative")
    return np.sort(grid)[::-1].copy()


def penalties(values: Any, name: str, targets: int) -> list[float]:
    """One finite penalty >= 0 per target, from a number or an array of shape (targets,)."""
    if np.ndim(values) == 0:
        return [nonnegative(values, name)] * targets
    vector = _float_vector(values, name)
    if vector.shape[0] != targets:
        raise ValueError(
            f"{name} must be a number or have one entry per target, shape ({targets},); got {vector.shape}"
        )
    raise_at_first(~np.isfinite(vector), vector, name, "must be finite")
    raise_at_first(vector < 0, vector, name, "must not be negative")
    return vector.tolist()


def penalty_array(values: Any, name: str) -> np.ndarray:
    """Penalties of any shape as float64 in [0, inf]."""
    array = np.asarray(numeric_array(values, name), dtype=np.float64)
    raise_at_first(~(array >= 0), array, name, "must not be negative or NaN")
    return array


def thread_count(n_threads: Any) -> int:
    """Threads to use: the argument, else RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores this process may run on."""
    if n_threads is not None:
        return integer(n_threads, "n_threads", 1)
    for variable in ("RIATA_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(variable)
        if text is not None:
            first = text.split(",")[0].strip()  # OpenMP allows a list, one entry per nesting level
            if first.isdigit() and int(first) > 0:
                return int(first)
    return available_cores()


def available_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
