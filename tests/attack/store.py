"""Cases as lines of JSON, every number to the last bit."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np

from .exact import Terms
from .problems import Case

KEPT = Path(__file__).with_name("kept.jsonl")


def to_json(case: Case, **more) -> str:
    """One line; `more` goes before the case."""

    def plain(value):
        return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value

    parts = {f.name: plain(getattr(case, f.name)) for f in fields(Case) if f.name != "terms"}
    parts["dtype"] = str(case.X.dtype)
    parts["terms"] = {name: plain(value) for name, value in given(case.terms).items()}
    return json.dumps(more | {"case": parts})


def given(terms: Terms) -> dict:
    """What is not as by default."""
    default = vars(Terms())
    return {
        name: value
        for name, value in vars(terms).items()
        if isinstance(value, np.ndarray) or value != default[name]
    }


def from_json(line: str) -> tuple[Case, dict]:
    """A case, and what was written before it."""
    more = json.loads(line)
    parts = more.pop("case")
    arrays = {
        n: np.array(v, float) if isinstance(v, list) else v for n, v in parts.pop("terms").items()
    }
    parts["X"] = np.array(parts["X"], parts.pop("dtype"))
    parts["y"] = np.array(parts["y"])
    if isinstance(parts["alphas"], list):
        parts["alphas"] = np.array(parts["alphas"], float)
    return Case(terms=Terms(**arrays), **parts), more


def kept(path: Path = KEPT) -> list[tuple[Case, dict]]:
    """All cases of a file."""
    if not path.exists():
        return []
    return [from_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
