"""``python -m tests.attack.replay FILE``: which of the cases kept in a file still fail, and how."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from .store import KEPT, kept
from .worker import verdict_of


def main() -> int:
    warnings.simplefilter("ignore")
    failing = 0
    for i, (case, about) in enumerate(kept(Path(sys.argv[1]) if len(sys.argv) > 1 else KEPT)):
        faults = verdict_of(case)[0].faults
        failing += bool(faults)
        said = f"{faults[0].kind}: {faults[0].text[:150]}" if faults else "mended"
        sys.stdout.write(
            f"{i} {about.get('kind')} ({case.family}, {case.entry}, seed {case.seed}) {said}\n"
        )
    sys.stdout.write(f"{failing} still fail\n")
    return int(failing > 0)


if __name__ == "__main__":
    sys.exit(main())
