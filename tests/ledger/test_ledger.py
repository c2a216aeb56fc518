"""The ledger repeats itself to the bit and tells last digits apart."""

import numpy as np

from . import problems
from .__main__ import compare, record


def test_record_repeats_itself_and_names_what_moved():
    before = record("path binomial tall lasso C")
    assert compare(before, record("path binomial tall lasso C")) == []
    assert len(before) > 20
    moved = dict(before)
    key = "path binomial tall lasso CSC|coefs"
    moved[key] = moved[key] * (1 + 2.0**-52)
    del moved["path binomial tall lasso CSR|gap"]
    lines = compare(before, moved)
    assert [line.split(":")[0] for line in lines] == [
        "path binomial tall lasso CSC",
        "path binomial tall lasso CSR",
    ]
    assert "coefs 2e-16" in lines[0]
    assert "gap only before" in lines[1]


def test_problems_have_names_of_their_own():
    names = [name for name, _ in problems.cases()]
    assert len(names) == len(set(names)) > 300


def test_ledger_ignores_nan_against_nan():
    a = {"x|v": np.array([np.nan, 1.0])}
    assert compare(a, {"x|v": np.array([np.nan, 1.0])}) == []
