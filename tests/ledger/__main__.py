"""``python -m tests.ledger write FILE`` records what the installed riata makes of some 400 problems, to the last bit;
``python -m tests.ledger compare FILE [OTHER]`` says what differs now, or between two records. Ends with 1 if anything does.

Bits depend on the processor's instruction set (RIATA_ISA forces one): records are compared on the machine that wrote them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict

os.environ["RIATA_NUM_THREADS"] = "1"

import numpy as np

from . import problems


def record(only: str = "") -> dict[str, np.ndarray]:
    """Every field of every problem whose name has `only` in it, under "problem|field"."""
    return {
        f"{name}|{field}": np.asarray(values)
        for name, run in problems.cases()
        if only in name
        for field, values in run().items()
    }


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, relative to the largest entry; 0 for the same bits, infinity where nothing can be compared."""
    if a.dtype.kind != b.dtype.kind or a.shape != b.shape:
        return np.inf
    if a.dtype.kind not in "fiu":
        return 0.0 if (a == b).all() else np.inf
    apart = (a != b) & ~((a != a) & (b != b))
    if not apart.any():
        return 0.0
    size = max(np.abs(a[np.isfinite(a)]).max(initial=0), np.finfo(float).tiny)
    return float(np.abs(a[apart] - b[apart]).max() / size)


def compare(before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> list[str]:
    """One line for each problem that differs."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in sorted(set(before) | set(now)):
        name, field = key.split("|")
        if key not in before or key not in now:
            found[name].append(f"{field} only {'before' if key in before else 'now'}")
        elif (apart := difference(before[key], now[key])) > 0:
            found[name].append(f"{field} {apart:.0e}")
    return [f"{name}: {', '.join(fields)}" for name, fields in found.items()]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.ledger", description=__doc__)
    parser.add_argument("verb", choices=["write", "compare"])
    parser.add_argument("file")
    parser.add_argument("other", nargs="?", help="another record in place of the installed riata")
    parser.add_argument("--only", default="", help="problems with this in their name")
    asked = parser.parse_args()
    if asked.verb == "write":
        kept = record(asked.only)
        with open(asked.file, "wb") as file:  # whatever its name ends with
            np.savez_compressed(file, **kept)
        print(f"{len({key.split('|')[0] for key in kept})} problems in {asked.file}")
        return 0
    with np.load(asked.file) as file:
        before = {key: file[key] for key in file.files if asked.only in key.split("|")[0]}
    if asked.other:
        with np.load(asked.other) as file:
            now = {key: file[key] for key in file.files if asked.only in key.split("|")[0]}
    else:
        now = record(asked.only)
    lines = compare(before, now)
    print("\n".join(lines))
    print(f"{len(lines)} of {len({key.split('|')[0] for key in before})} problems differ")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
