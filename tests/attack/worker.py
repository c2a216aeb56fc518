"""One process of the attack: seeds in, a line of JSON for each out. It may be killed at any time.

Before a seed is judged the line ``asked`` says that riata has answered.
"""

from __future__ import annotations

import json
import sys
import warnings

from . import calls
from .judge import Verdict, judge
from .problems import Case, draw
from .script import as_python
from .shrink import shrink
from .store import to_json


def verdict_of(case: Case) -> tuple[Verdict, float]:
    answer = calls.ask(case)
    return judge(case, answer), answer.seconds


def report(seed: int, say) -> dict:
    """What came of a seed; a failing case is shrunk."""
    case = draw(seed)
    answer = calls.ask(case)
    say("asked")
    verdict = judge(case, answer)
    result = {
        "seed": seed,
        "family": case.family,
        "entry": case.entry,
        "claims": verdict.claims,
        "warned": verdict.warned,
        "undecided": verdict.undecided,
        "seconds": round(answer.seconds, 4),
        "faults": [[fault.kind, fault.text[:300]] for fault in verdict.faults],
    }
    if verdict.faults:
        result["kind"] = verdict.faults[0].kind
    return result


def shrunk(seed: int, kind: str) -> dict:
    """The case of a seed made small, while it has a fault of this kind."""

    def fails(case: Case) -> bool:
        return any(fault.kind == kind for fault in verdict_of(case)[0].faults)

    small = shrink(draw(seed), fails) if kind not in ("hang", "slow") else draw(seed)
    faults = [] if kind == "hang" else verdict_of(small)[0].faults
    text = next((fault.text for fault in faults if fault.kind == kind), kind)
    entry = {"kind": kind, "family": small.family, "entry": small.entry}
    line = to_json(small, **entry, text=text[:300])
    return entry | {"seed": seed, "text": text[:300], "line": line, "python": as_python(small)}


def main() -> None:
    warnings.simplefilter("ignore")

    def say(text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    for line in sys.stdin:
        seed, _, kind = line.strip().partition(" ")
        say(json.dumps(shrunk(int(seed), kind) if kind else report(int(seed), say)))


if __name__ == "__main__":
    main()
