"""A model as C source, as an ONNX graph and as SQL. Each is checked against the scorer in the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ._linear_model import Array, LinearModel

Parts = tuple[LinearModel, Array]


# --- C ----------------------------------------------------------------------------------------------------------------


def to_c(parts: Parts, name: str) -> str:
    """See `Scorer.to_c`."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"name must be a C identifier; got {name!r}")
    model, used = parts
    outputs = len(model.coef)
    features, columns = model.metadata["features"], len(used)
    arrays = [
        _c_array("unsigned", f"{name}_columns", map(str, used.tolist())),
        _c_array("double", f"{name}_weights", _hex(model.coef.T.ravel())),
        _c_array("double", f"{name}_intercepts", _hex(model.intercept)),
    ]
    return "\n".join(
        [
            f"/* A linear model by riata: {features} features, {columns} used, {outputs} output(s), link {model.link}. */",
            "#include <math.h>",
            "",
            *arrays,
            "",
            f"/* The linear predictors of a row x of {features} values, {outputs} of them, into out. */",
            f"void {name}_linear(const double *x, double *out) {{",
            "    long i, k;",
            f"    for (k = 0; k < {outputs}; ++k) out[k] = 0;",
            f"    for (i = 0; i < {columns}; ++i)",
            f"        for (k = 0; k < {outputs}; ++k) out[k] += {name}_weights[i * {outputs} + k] * x[{name}_columns[i]];",
            f"    for (k = 0; k < {outputs}; ++k) out[k] += {name}_intercepts[k];",
            "}",
            "",
            f"/* The same after the inverse link ({model.link}). */",
            f"void {name}_score(const double *x, double *out) {{",
            f"    {name}_linear(x, out);",
            *_c_link(model.link, outputs),
            "}",
            "",
        ]
    )


def _hex(values: Array) -> Iterable[str]:
    return (float(value).hex() for value in values)


def _c_array(kind: str, name: str, items: Iterable[str]) -> str:
    body = list(items) or ["0"]  # C has no empty arrays
    lines = ["    " + ", ".join(body[i : i + 6]) + "," for i in range(0, len(body), 6)]
    return "\n".join([f"static const {kind} {name}[{len(body)}] = {{", *lines, "};"])


def _c_link(link: str, outputs: int) -> list[str]:
    if link == "logit":
        return [
            f"    for (long k = 0; k < {outputs}; ++k)",
            "        out[k] = out[k] >= 0 ? 1 / (1 + exp(-out[k])) : exp(out[k]) / (1 + exp(out[k]));",
        ]
    if link == "log":
        return [f"    for (long k = 0; k < {outputs}; ++k) out[k] = exp(out[k]);"]
    if link == "softmax":
        return [
            "    double top = out[0], sum = 0;",
            f"    for (long k = 1; k < {outputs}; ++k) top = out[k] > top ? out[k] : top;",
            f"    for (long k = 0; k < {outputs}; ++k) sum += out[k] = exp(out[k] - top);",
            f"    for (long k = 0; k < {outputs}; ++k) out[k] /= sum;",
        ]
    return []


# --- ONNX -------------------------------------------------------------------------------------------------------------
# The few messages of the protocol buffer that are needed, written by hand: field numbers are those of onnx.proto.


def to_onnx(parts: Parts, dtype: str, link: bool) -> bytes:
    """See `Scorer.to_onnx`."""
    kinds = {"float32": 1, "float64": 11}
    if dtype not in kinds:
        raise ValueError(f"dtype must be 'float64' or 'float32'; got {dtype!r}")
    model, used = parts
    kind, little = kinds[dtype], np.dtype(dtype).newbyteorder("<")
    outputs = len(model.coef)
    last = {"logit": "Sigmoid", "softmax": "Softmax", "log": "Exp"}.get(
        model.link if link else "", "Identity"
    )
    nodes = [
        _node(
            "Gather",
            ["X", "columns"],
            "used",
            _field(5, _field(1, b"axis") + _varint(3, 1) + _varint(20, 2)),
        ),
        _node("MatMul", ["used", "weights"], "product"),
        _node("Add", ["product", "intercepts"], "linear"),
        _node(last, ["linear"], "score"),
    ]
    tensors = [
        _tensor("columns", 7, [len(used)], used.astype("<i8").tobytes()),
        _tensor("weights", kind, [len(used), outputs], model.coef.T.astype(little).tobytes()),
        _tensor("intercepts", kind, [outputs], model.intercept.astype(little).tobytes()),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"riata")
    graph += b"".join(_field(5, tensor) for tensor in tensors)
    graph += _field(11, _value("X", kind, model.metadata["features"])) + _field(
        12, _value("score", kind, outputs)
    )
    opset = _field(8, _varint(2, 13))
    return _varint(1, 7) + _field(2, b"riata") + _field(7, graph) + opset


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _field(field: int, data: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(data)) + data


def _node(kind: str, inputs: Sequence[str], output: str, attribute: bytes = b"") -> bytes:
    return (
        b"".join(_field(1, i.encode()) for i in inputs)
        + _field(2, output.encode())
        + _field(4, kind.encode())
        + attribute
    )


def _tensor(name: str, kind: int, shape: Sequence[int], data: bytes) -> bytes:
    return (
        b"".join(_varint(1, d) for d in shape)
        + _varint(2, kind)
        + _field(8, name.encode())
        + _field(9, data)
    )


def _value(name: str, kind: int, width: int) -> bytes:
    shape = _field(1, _field(2, b"rows")) + _field(1, _varint(1, width))
    return _field(1, name.encode()) + _field(2, _field(1, _varint(1, kind) + _field(2, shape)))


# --- SQL --------------------------------------------------------------------------------------------------------------


def to_sql(parts: Parts, names: Sequence[str], table: str, link: bool) -> str:
    """See `Scorer.to_sql`."""
    model, used = parts
    columns = [_quoted(name) for name in (names or [f"x{j}" for j in used])]
    linear = [
        _linear_sql(row, intercept, columns) for row, intercept in zip(model.coef, model.intercept)
    ]
    aliases = ["score"] if len(linear) == 1 else [f"score_{k}" for k in range(len(linear))]
    source = _quoted(table)
    if not link or model.link == "identity":
        picked = ",\n  ".join(f"{term} AS {alias}" for term, alias in zip(linear, aliases))
        return f"SELECT\n  {picked}\nFROM {source}"
    etas = [f"eta_{k}" for k in range(len(linear))]
    inner = ",\n    ".join(f"{term} AS {eta}" for term, eta in zip(linear, etas))
    outer = ",\n  ".join(
        f"{_link_sql(model.link, eta, etas)} AS {alias}" for eta, alias in zip(etas, aliases)
    )
    return f"SELECT\n  {outer}\nFROM (\n  SELECT\n    {inner}\n  FROM {source}\n) AS linear"


def _quoted(name: str) -> str:
    if "\0" in name:
        raise ValueError(f"SQL has no way to write the name {name!r}")
    return '"' + name.replace('"', '""') + '"'


def _literal(value: float) -> str:
    """A double: with an exponent, for databases read 0.5 as a decimal."""
    text = repr(float(value))
    return text if "e" in text else text + "e0"


def _linear_sql(weights: Array, intercept: float, columns: Sequence[str]) -> str:
    terms = [_literal(intercept)]
    terms += [f"{_literal(w)} * {column}" for w, column in zip(weights, columns) if w != 0]
    return _sum_sql(terms)


def _sum_sql(terms: Sequence[str]) -> str:
    """The sum in balanced parentheses: databases limit how deep an expression may go."""
    if len(terms) <= 8:
        return " + ".join(terms)
    half = len(terms) // 2
    return f"({_sum_sql(terms[:half])})\n    + ({_sum_sql(terms[half:])})"


def _link_sql(link: str, eta: str, etas: Sequence[str]) -> str:
    if link == "log":
        return f"exp({eta})"
    if link == "logit":
        return f"CASE WHEN {eta} >= 0 THEN 1 / (1 + exp(-{eta})) ELSE exp({eta}) / (1 + exp({eta})) END"
    # Differences beyond 700 would overflow; what they add is zero or everything either way.
    others = [
        f"exp(CASE WHEN {other} - {eta} > 700 THEN 700 ELSE {other} - {eta} END)" for other in etas
    ]
    return f"1 / ({_sum_sql(others)})"
