"""Writing model files: docs/model-file.md in Python. Reading them is the scoring library's."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import struct
from pathlib import Path
from typing import Any

import numpy as np

from . import _score
from ._linear_model import LINKS, Array, LinearModel

MAGIC = b"\x89RIATA\r\n"
VERSION = _score.FILE_VERSION
HEADER = struct.Struct("<8sIIQQQQIBBHII")
SECTION = struct.Struct("<IIQQ")
(
    METADATA,
    COLUMNS,
    WEIGHTS,
    INTERCEPTS,
    STARTS,
    OUTPUTS,
    GOLDEN,
    NAME_BYTES,
    NAME_ENDS,
    NAME_SLOTS,
) = range(1, 11)
WEIGHT_TYPES = {"float64": 0, "float32": 1, "float16": 2}
GOLDEN_ROWS = 3
GOLDEN_ENTRIES = 8

Sections = list[tuple[int, bytes]]


def encode(
    model: LinearModel, dtype: str = "float64", names: str = "all", golden: Any = None
) -> bytes:
    """The model as the bytes of a file.

    Parameters
    ----------
    model : LinearModel
    dtype : {'float64', 'float32', 'float16'}
        Of the stored weights; arithmetic is float64 in any case.
    names : {'all', 'used', 'none'}
        Which feature names to keep.
    golden : ndarray of shape (n_rows, n_features), optional
        Rows to store with their scores; made up if not given.
    """
    columns = np.flatnonzero(model.coef.any(axis=0)).astype("<u4")
    sections = _model_sections(model, columns, dtype)
    sections += _name_sections(model.names, columns, names)
    bare = _assemble(model, columns, dtype, sections)
    sections.append((GOLDEN, _golden_rows(bare, columns, golden)))
    return _assemble(model, columns, dtype, sections)


def model_file(
    model: LinearModel,
    dtype: str = "float64",
    names: str = "all",
    golden: Any = None,
    user: Any = None,
) -> bytes:
    """What `Scorer.save` writes: `encode` of the model with its link, riata's version and the user's own metadata in the metadata."""
    from . import __version__

    features = model.coef.shape[1]
    if model.names is not None and len(model.names) != features:
        raise ValueError(
            f"feature_names must have one name per feature, {features}; got {len(model.names)}"
        )
    model.metadata = {**model.metadata, "link": model.link, "riata": __version__}
    if user is not None:
        model.metadata["user"] = user
    return encode(model, dtype, names, golden)


def coefficients(model: Any) -> Array:
    """The weights of an open model (`_score.Model`) as a matrix of shape (n_outputs, n_used)."""
    weights, starts, outputs = model.weights()
    n_used = len(model.used)
    if starts is None:
        return np.asarray(weights.reshape(n_used, model.n_outputs).T)
    coef = np.zeros((model.n_outputs, n_used))
    places = np.repeat(np.arange(n_used), np.diff(starts.astype(np.int64)))
    coef[outputs, places] = weights
    return coef


def _model_sections(model: LinearModel, columns: Array, dtype: str) -> Sections:
    metadata = json.dumps(
        model.metadata, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    block = model.coef[:, columns].T
    used = block != 0
    listed = len(model.coef) > 1 and np.count_nonzero(used) < block.size / 2
    weights = block[used] if listed else block.ravel()
    sections = [
        (METADATA, metadata.encode()),
        (COLUMNS, columns.tobytes()),
        (WEIGHTS, _as_stored(weights, dtype)),
        (INTERCEPTS, model.intercept.astype("<f8").tobytes()),
    ]
    if listed:
        starts = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype("<u8")
        sections.append((STARTS, starts.tobytes()))
        sections.append((OUTPUTS, np.nonzero(used)[1].astype("<u4").tobytes()))
    return sections


def _as_stored(weights: Array, dtype: str) -> bytes:
    if dtype not in WEIGHT_TYPES:
        raise ValueError(f"dtype must be one of {', '.join(WEIGHT_TYPES)}; got {dtype!r}")
    with np.errstate(over="ignore"):
        stored = weights.astype(np.dtype(dtype).newbyteorder("<"))
    if not np.isfinite(stored).all():
        largest = np.abs(weights).max()
        raise ValueError(f"dtype={dtype!r} cannot hold the model's largest weight, {largest:g}")
    return stored.tobytes()


# --- names ------------------------------------------------------------------------------------------------------------


def _name_sections(names: list[str] | None, columns: Array, which: str) -> Sections:
    if which not in ("all", "used", "none"):
        raise ValueError(f"names must be 'all', 'used' or 'none'; got {which!r}")
    if names is None or which == "none":
        return []
    kept = names if which == "all" else [names[j] for j in columns]
    encoded = [name.encode() for name in kept]
    text = b"".join(encoded)
    ends = np.cumsum(np.fromiter(map(len, encoded), np.uint64, len(encoded)), dtype="<u8")
    slots, twin = _score.name_slots(text, ends)
    if twin >= 0:
        raise ValueError(f"feature names must differ; {kept[twin]!r} is there twice")
    return [(NAME_BYTES, text), (NAME_ENDS, ends.tobytes()), (NAME_SLOTS, slots.tobytes())]


# --- golden rows ------------------------------------------------------------------------------------------------------


def _golden_rows(bare: bytes, columns: Array, given: Any) -> bytes:
    """Sparse rows over the used features and the linear predictors that the library gives them now."""
    rows = _made_up(columns) if given is None else _rows_of(given, columns)
    starts = np.concatenate([[0], np.cumsum([len(where) for where, _ in rows])])
    features = np.concatenate([where for where, _ in rows]) if rows else np.zeros(0)
    values = np.concatenate([what for _, what in rows]) if rows else np.zeros(0)
    model = _score.open_bytes(bare)
    parts = (starts.astype(np.int64), features.astype(np.int64), values.astype(np.float64))
    scores = model.csr(*parts, model.n_features, _score.LINEAR)
    padded = features.astype("<u4").tobytes()
    padded += bytes(-len(padded) % 8)
    counts = struct.pack("<QQ", len(rows), len(features))
    return (
        counts
        + starts.astype("<u8").tobytes()
        + scores.astype("<f8").tobytes()
        + padded
        + values.astype("<f8").tobytes()
    )


def _made_up(columns: Array) -> list[tuple[Array, Array]]:
    """A few short rows that together touch features all along the model."""
    rng = np.random.default_rng(0)
    rows = []
    for r in range(GOLDEN_ROWS if len(columns) else 1):
        step = max(1, len(columns) // GOLDEN_ENTRIES)
        where = columns[r % step :: step][:GOLDEN_ENTRIES]
        rows.append((where, rng.standard_normal(len(where))))
    return rows


def _rows_of(given: Any, columns: Array) -> list[tuple[Array, Array]]:
    dense = np.asarray(given, dtype=np.float64)
    if dense.ndim != 2 or (len(columns) and dense.shape[1] <= columns[-1]):
        raise ValueError(f"golden must be of shape (n_rows, n_features); got {dense.shape}")
    if not np.isfinite(dense[:, columns]).all():
        raise ValueError("golden must be finite in the features that the model uses")
    return [(columns, row[columns]) for row in dense]


# --- the file ---------------------------------------------------------------------------------------------------------


def _alignment(kind: int) -> int:
    if kind == WEIGHTS:
        return 64
    return 1 if kind in (METADATA, NAME_BYTES) else 8


def _layout(sections: Sections) -> list[int]:
    """Offsets of the sections, one after the other, and the end of the last."""
    end = HEADER.size + SECTION.size * len(sections)
    offsets = []
    for kind, data in sections:
        end += -end % _alignment(kind)
        offsets.append(end)
        end += len(data)
    return [*offsets, end]


def _assemble(model: LinearModel, columns: Array, dtype: str, sections: Sections) -> bytes:
    """Header, section table and sections, with their check sums."""
    offsets = _layout(sections)
    outputs, features = model.coef.shape
    entries = (
        next(len(data) for kind, data in sections if kind == WEIGHTS) // np.dtype(dtype).itemsize
    )
    table = b"".join(
        SECTION.pack(kind, _score.crc32c(data), offset, len(data))
        for (kind, data), offset in zip(sections, offsets)
    )
    sizes = (offsets[-1], features, len(columns), entries, outputs)
    kinds = (LINKS.index(model.link), WEIGHT_TYPES[dtype], 0, 0)
    fields = (MAGIC, VERSION, len(sections), *sizes, *kinds)
    crc = _score.crc32c(HEADER.pack(*fields, 0) + table)
    file = bytearray(offsets[-1])
    head = HEADER.pack(*fields, crc) + table
    file[: len(head)] = head
    for (_, data), offset in zip(sections, offsets):
        file[offset : offset + len(data)] = data
    return bytes(file)


def write_atomically(path: Any, data: bytes) -> None:
    """Replace a file as a whole: whoever opens the path finds the old bytes or the new ones, also after a crash.

    Raises
    ------
    OSError
        If anything fails; then the old file is as it was and nothing new is left beside it.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(
        temporary,
        os.O_WRONLY
        | os.O_CREAT
        | os.O_EXCL
        | getattr(os, "O_CLOEXEC", 0)
        | getattr(os, "O_BINARY", 0),
        0o666,
    )
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last. Windows opens no folders, and has no need to: its file system keeps a journal."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
