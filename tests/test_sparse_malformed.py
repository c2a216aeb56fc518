"""Malformed sparse input: a ValueError that names the part and the position, in a process that lives on. Each format has a process of
its own, and another one after a crash or a hang, so that each of these is one failed test. And writers that race with fits."""

import functools
import json
import re
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

import riata
from riata import _core

# X is a matrix of 30 x 20 of the format `form`, `limit` the number of rows of CSC and of columns of CSR. One line for each change that
# is made to it: the change and what each call answers.
SCRIPT = """
import json, sys
import numpy as np, scipy.sparse as sparse, riata

rng = np.random.default_rng(0)
dense = rng.standard_normal((30, 20)) * (rng.random((30, 20)) < 0.3)
y = dense[:, 0] + rng.standard_normal(30)
good = riata.path(dense, y, alphas=3)
nnz = dense[dense != 0].size

def replaced(array, position, value, dtype=None):
    array = np.array(array, dtype=dtype)
    array[position] = value
    return array

def answer(call, X):
    try:
        call(X)
    except ValueError as error:
        return str(error)
    return "no error"

form, changes = json.load(sys.stdin)
limit = 30 if form == "csc" else 20
for change in changes:
    names = dict(globals(), X=sparse.coo_array(dense).asformat(form))
    exec(change, names)
    answers = [
        answer(call, names["X"])
        for call in (
            lambda X: riata.path(X, y, alphas=3),
            lambda X: good.predict(X),
            lambda X: riata.path(X, y, alphas=[0.1], l1_ratio=0),
        )
    ]
    print(json.dumps([change, answers]), flush=True)
"""
CALLS = 3

INDICES = {
    "beyond": ("X.indices = replaced(X.indices, 7, limit)", r"X\.indices\[7\] is [23]0"),
    "far beyond": (
        "X.indices = replaced(X.indices, 7, 2**31 - 1)",
        r"X\.indices\[7\] is 2147483647",
    ),
    "first": ("X.indices = replaced(X.indices, 0, limit + 5)", r"X\.indices\[0\] is [23]5"),
    "last": ("X.indices = replaced(X.indices, -1, 99)", r"X\.indices\[\d+\] is 99"),
    "negative": ("X.indices = replaced(X.indices, 7, -1)", r"X\.indices\[7\] is -1"),
    "most negative": (
        "X.indices = replaced(X.indices, 7, -2**31)",
        r"X\.indices\[7\] is -2147483648",
    ),
    "int64 beyond int32": (
        "X.indices = replaced(X.indices, 7, 2**31, np.int64)",
        r"X\.indices\[7\] is 2147483648",
    ),
    "int64 that is 0 as int32": (
        "X.indices = replaced(X.indices, 7, 2**32, np.int64)",
        r"X\.indices\[7\] is 4294967296",
    ),
    "int64 largest": (
        "X.indices = replaced(X.indices, 7, 2**63 - 1, np.int64)",
        r"X\.indices\[7\] is 9223372036854775807",
    ),
    "int64 least": (
        "X.indices = replaced(X.indices, 7, -2**63, np.int64)",
        r"X\.indices\[7\] is -9223372036854775808",
    ),
    "uint64 beyond int64": (
        "X.indices = replaced(X.indices, 7, 2**63 + 3, np.uint64)",
        r"X\.indices\[7\] is 9223372036854775811",
    ),
    "all wrong": ("X.indices = X.indices + 1000", r"X\.indices\[0\] is 10\d\d"),
    "unsorted and beyond": (
        "X.indices = replaced(X.indices[::-1].copy(), 3, 77)",
        r"X\.indices\[3\] is 77",
    ),
    "floats": (
        "X.indices = X.indices.astype(float)",
        r"X\.indices must hold integers; got dtype float64",
    ),
    "booleans": ("X.indices = X.indices > 3", r"X\.indices must hold integers; got dtype bool"),
    "objects": ("X.indices = X.indices.astype(object)", r"X\.indices must hold integers"),
    "strings": ("X.indices = X.indices.astype(str)", r"X\.indices must hold integers"),
    "none": ("X.indices = None", r"X\.indices must be 1-D"),
    "two-dimensional": ("X.indices = X.indices[:, None]", r"X\.indices must be 1-D; got shape"),
    "too short": ("X.indices = X.indices[:-3]", r"X\.indices has \d+ entries and X\.data has \d+"),
    "too long": (
        "X.indices = np.append(X.indices, 0)",
        r"X\.indices has \d+ entries and X\.data has",
    ),
    "empty": ("X.indices = X.indices[:0]", r"X\.indices has 0 entries and X\.data has"),
}

POINTERS = {
    "starts at 1": ("X.indptr = replaced(X.indptr, 0, 1)", r"X\.indptr\[0\] is 1: it has to be 0"),
    "starts below 0": ("X.indptr = replaced(X.indptr, 0, -4)", r"X\.indptr\[0\] is -4"),
    "falls": (
        "X.indptr = replaced(X.indptr, 5, X.indptr[4] - 1)",
        r"X\.indptr\[5\] is \d+, less than X\.indptr\[4\]",
    ),
    "jumps": (
        "X.indptr = replaced(X.indptr, 5, X.indptr[-1] - 1)",
        r"X\.indptr\[6\] is \d+, less than",
    ),
    "beyond in the middle": (
        "X.indptr = replaced(X.indptr, 5, 10**6)",
        r"X\.indptr\[5\] is 1000000, but X",
    ),
    "beyond at the end": (
        "X.indptr = replaced(X.indptr, -1, nnz + 1)",
        r"X\.indptr\[[23]0\] is \d+, but X",
    ),
    "negative": ("X.indptr = replaced(X.indptr, 5, -1)", r"X\.indptr\[5\] is -1"),
    "negative at the end": ("X.indptr = replaced(X.indptr, -1, -1)", r"X\.indptr\[[23]0\] is -1"),
    "int64 that is right as int32": (
        "X.indptr = X.indptr + np.where(np.arange(len(X.indptr)) > 0, 2**32, 0)",
        r"X\.indptr\[1\] is 42949\d+, but X",
    ),
    "int64 largest": (
        "X.indptr = replaced(X.indptr, -1, 2**63 - 1, np.int64)",
        r"X\.indptr\[[23]0\] is 9223372036854775807, but X",
    ),
    "int64 least": (
        "X.indptr = replaced(X.indptr, 2, -2**63, np.int64)",
        r"X\.indptr\[2\] is -9223372036854775808",
    ),
    "reversed": ("X.indptr = X.indptr[::-1].copy()", r"X\.indptr\[0\] is \d+: it has to be 0"),
    "too short": (
        "X.indptr = X.indptr[:-1]",
        r"X\.indptr has [23]0 entries: for [23]0 (rows|columns)",
    ),
    "too long": ("X.indptr = np.append(X.indptr, nnz)", r"X\.indptr has [23]2 entries"),
    "empty": ("X.indptr = X.indptr[:0]", r"X\.indptr has 0 entries"),
    "floats": (
        "X.indptr = X.indptr.astype(float)",
        r"X\.indptr must hold integers; got dtype float64",
    ),
    "two-dimensional": ("X.indptr = X.indptr[None]", r"X\.indptr must be 1-D"),
    "of another shape": (
        "X._shape = (31, 21)",
        r"X\.indptr has|same number of samples|X has 21 features",
    ),
    "of a huge shape": (
        "X._shape = (30, 10**15)",
        r"X\.indptr has|X has 1000000000000000 columns",
    ),
}

DATA = {
    "NaN": ("X.data = replaced(X.data, 7, np.nan)", r"X\.data\[7\] is NaN"),
    "NaN at the end": ("X.data = replaced(X.data, -1, np.nan)", r"X\.data\[\d+\] is NaN"),
    "inf": ("X.data = replaced(X.data, 7, np.inf)", r"X\.data\[7\] is inf"),
    "-inf": ("X.data = replaced(X.data, 7, -np.inf)", r"X\.data\[7\] is -inf"),
    "float32 NaN": ("X.data = replaced(X.data, 7, np.nan, np.float32)", r"X\.data\[7\] is NaN"),
    "float16 inf": ("X.data = replaced(X.data, 7, 1e9, np.float16)", r"X\.data\[7\] is inf"),
    "big-endian NaN": ("X.data = replaced(X.data, 7, np.nan, '>f8')", r"X\.data\[7\] is NaN"),
    "long double beyond float64": (
        "X.data = replaced(X.data, 7, np.longdouble('1e4000'), np.longdouble)",
        r"X\.data\[7\] is inf",
    ),
    "NaN among duplicates": (
        "X.indices = replaced(X.indices, slice(5, 9), 3); X.data = replaced(X.data, 7, np.nan)",
        r"X\.data\[7\] is NaN",
    ),
    "complex": ("X.data = X.data + 1j", r"Complex data not supported: X\.data"),
    "objects": (
        "X.data = replaced(X.data, 3, 1j, object)",
        r"Complex data not supported: X\.data\[3\]",
    ),
    "too short": ("X.data = X.data[:-3]", r"X\.indices has \d+ entries and X\.data has \d+"),
    "too long": (
        "X.data = np.append(X.data, 1.0)",
        r"X\.indices has \d+ entries and X\.data has \d+",
    ),
    "two-dimensional": ("X.data = X.data[:, None]", r"X\.data must be 1-D"),
    "number": ("X.data = 3.0", r"X\.data must be 1-D"),
}

OTHERS = {
    "coo row beyond": (
        "coo",
        "X.coords[0][7] = 30",
        r"X\.row\[7\] is 30: X\.row must lie in \[0, 30\)",
    ),
    "coo column negative": ("coo", "X.coords[1][7] = -2", r"X\.col\[7\] is -2"),
    "coo int64": (
        "coo",
        "X.coords = (X.row, replaced(X.col, 7, 2**40, np.int64))",
        r"X\.col\[7\] is 10995",
    ),
    "coo lengths": (
        "coo",
        "X.coords = (X.row[:-1], X.col)",
        r"X\.row has \d+ entries and X\.data has",
    ),
    "coo floats": ("coo", "X.coords = (X.row, X.col + 0.5)", r"X\.col must hold integers"),
    "coo NaN": ("coo", "X.data[0] = np.nan", r"X\.data\[0\] is NaN"),
    "lil column beyond": (
        "lil",
        "X.rows[3] = [0, 20]; X.data[3] = [1.0, 1.0]",
        r"X\.rows\[\d+\] is 20",
    ),
    "lil lengths": (
        "lil",
        "X.rows[3] = [0, 1, 2]; X.data[3] = [1.0]",
        r"X\.rows\[3\] has 3 entries and",
    ),
    "lil no lists": ("lil", "X.rows[3] = None", r"X\.rows must hold 30 lists"),
    "lil too short": ("lil", "X.rows = X.rows[:-1]", r"X\.rows must hold 30 lists"),
    "dok beyond": ("dok", "X._dict[(3, 99)] = 1.0", r"X\.col\[\d+\] is 99"),
    "dok inf": ("dok", "X._dict[(3, 1)] = np.inf", r"X\.data\[\d+\] is inf"),
    "dia lengths": (
        "dia",
        "X.offsets = X.offsets[:-1]",
        r"X\.offsets has \d+ entries and X\.data has",
    ),
    "dia vector": ("dia", "X.data = X.data[0]", r"X\.data must be 2-D"),
    "dia NaN": ("dia", "X.data[X.data != 0] = np.nan", r"X\.data\[\d+\] is NaN"),
    "bsr index": ("bsr", "X.indices = replaced(X.indices, 2, 50)", r"X\.indices\[2\] is 50"),
    "bsr pointer": ("bsr", "X.indptr = replaced(X.indptr, 2, 10**6)", r"X\.indptr\[2\] is 1000000"),
    "bsr falls": (
        "bsr",
        "X.indptr = replaced(X.indptr, 2, 0)",
        r"X\.indptr\[2\] is 0: X\.indptr must ascend",
    ),
    "bsr blocks": (
        "bsr",
        "X.data = np.ones((len(X.data), 7, 7))",
        r"blocks of 7 x 7, which do not fill",
    ),
    "one-dimensional": (
        "csr",
        "X = sparse.csr_array(np.arange(3.0))",
        r"X must be 2-D.*1-D of shape \(3,\)",
    ),
    "no rows": ("csr", "X = sparse.csr_array((0, 20))", r"X has 0 sample\(s\)"),
    "no columns": ("csc", "X = sparse.csc_array((30, 0))", r"X has 0 feature\(s\)"),
}

CASES = [
    pytest.param(["csc", "csr"], *case, id=f"{part}-{name}")
    for part, kinds in (("indices", INDICES), ("indptr", POINTERS), ("data", DATA))
    for name, case in kinds.items()
] + [pytest.param([form], *case, id=name) for name, (form, *case) in OTHERS.items()]


def one_process(form, changes):
    """What a process of its own answers to changes one after the other, up to the one that ends it; and its last words."""
    done = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = done.communicate(json.dumps([form, changes]), timeout=120)
    except subprocess.TimeoutExpired:
        done.kill()
        out, err = done.communicate()
        err += "\nit hangs"
    return dict(json.loads(line) for line in out.splitlines()), err[-2000:]


@functools.cache
def answers_of(form):
    """Answers to every change of a format; a change that ends the process has its last words, and the next ones get another."""
    left = [case.values[1] for case in CASES if form in case.values[0]]
    answers = {}
    while left:
        new, words = one_process(form, left)
        answers |= new
        left = left[len(new) :]
        if left:
            answers[left.pop(0)] = [f"the process ended: {words}"]
    return answers


@pytest.mark.any_isa
@pytest.mark.parametrize(("forms", "change", "message"), CASES)
def test_malformed(forms, change, message):
    for form in forms:
        answers = answers_of(form)[change]
        for line in answers:
            assert re.search(message, line), line
        assert len(answers) == CALLS


# --- writers that race with fits ----------------------------------------------------------------------------------------


def well_formed(rng, form):
    dense = rng.standard_normal((400, 300)) * (rng.random((400, 300)) < 0.05)
    return sparse.coo_array(dense).asformat(form), dense[:, 0] + rng.standard_normal(400)


@pytest.mark.parametrize("form", ["csc", "csr"])
@pytest.mark.parametrize("part", ["indices", "indptr", "data"])
@pytest.mark.parametrize("width", [np.int32, np.int64])
def test_a_racing_writer_costs_accuracy_at_most(rng, form, part, width):
    """Another thread writes nonsense into X all the while: an answer, or a ValueError, and the next fit is right again."""
    matrix, y = well_formed(rng, form)
    if part != "data":
        setattr(matrix, part, getattr(matrix, part).astype(width))
    known = riata.path(matrix, y, alphas=5)
    array, good = getattr(matrix, part), getattr(matrix, part).copy()
    nonsense = [np.nan, np.inf, 1e300] if part == "data" else [-1, 2**31 - 1, -(2**31), 10**6, 7]
    done = threading.Event()

    def write():
        places = np.random.default_rng(1)
        while not done.is_set():
            at = places.integers(0, len(array), 20)
            array[at] = places.choice(nonsense, 20)
            array[at] = good[at]
            if places.random() < 0.5:
                array[:] = good

    writer = threading.Thread(target=write)
    writer.start()
    end, outcomes = time.monotonic() + 1.0, set()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while time.monotonic() < end:
                for call in (
                    lambda: riata.path(matrix, y, alphas=5),
                    lambda: known.predict(matrix),
                    lambda: riata.Ridge().fit(matrix, y),
                    lambda: riata.Ridge(solver="sparse_cg", max_iter=50).fit(matrix, y),
                ):
                    try:
                        call()
                        outcomes.add("answer")
                    except (ValueError, np.linalg.LinAlgError):
                        outcomes.add("error")
    finally:
        done.set()
        writer.join()
    assert outcomes
    array[:] = good
    assert_array_equal(riata.path(matrix, y, alphas=5).coefs.toarray(), known.coefs.toarray())


# --- the raw extension --------------------------------------------------------------------------------------------------


def test_the_extension_itself_refuses(rng):
    matrix, y = well_formed(rng, "csr")
    parts = (matrix.data, matrix.indices, matrix.indptr, matrix.shape, True)

    def changed(position, value):
        return (*parts[:position], value, *parts[position + 1 :])

    bad = [
        (parts[:4], "tuple"),
        ((None, *parts[1:]), "arrays"),
        (changed(0, matrix.data.astype(int)), r"X\.data has to be float32 or float64"),
        (changed(0, matrix.data[::2]), r"X\.data has to be contiguous"),
        (changed(0, matrix.data[:, None]), r"X\.data has to be one-dimensional"),
        (changed(1, matrix.indices.astype(np.int16)), r"X\.indices has to be int32 or int64"),
        (changed(1, matrix.indices[::2]), r"X\.indices has to be contiguous"),
        (changed(2, matrix.indptr.astype(">i4")), r"X\.indptr has to be int32 or int64"),
        (changed(3, (0, 300)), "at least one row"),
        (changed(3, (400, 2**40)), "1099511627776 columns"),
        (changed(3, (2**40, 300)), "y has to have one row"),
        (changed(1, matrix.indices[:-1]), r"X\.indptr\[400\] is"),
    ]
    for X, message in bad:
        with pytest.raises((ValueError, TypeError), match=message):
            _core.solve_path(X, y)
    for X in (
        changed(3, (-1, 300)),
        changed(3, "ab"),
        changed(3, (400,)),
        changed(4, None),
        "X",
        None,
    ):
        with pytest.raises((ValueError, TypeError, RuntimeError)):
            _core.solve_path(X, y)
    for features in ([0, 300], [-1], [1, 1], [2, 1]):
        with pytest.raises(ValueError, match="features have to ascend"):
            _core.columns(parts, np.array(features))
    with pytest.raises(ValueError, match="coef has to have one row for each of 300 features"):
        _core.predict(parts, np.ones((299, 1)))
    with pytest.raises(ValueError, match="targets has to name columns"):
        _core.ridge(parts, y[:, None], np.ones(1), [1])
