"""``python -m tests.attack N [SEED]``: N random problems from a seed on, in processes that are killed where they hang.

Prints counts by family, and every failure that is of another kind than those before, shrunk. Failures are appended to a file
(--keep; by default kept.jsonl, which the test suite replays). Ends with 1 if there were any.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from .judge import LIMIT
from .store import KEPT

PATIENCE = 240.0  # seconds of a processor for the judge, or for shrinking
SHRUNK = 3  # failures of one kind, family and entry that are shrunk


class Worker:
    """A process that answers seeds; it is started anew where it had to be killed."""

    def __init__(self):
        self.process = None

    def start(self):
        one = {"RIATA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | one,
        )
        self.rest = b""

    def ask(self, line: str) -> dict | str:
        """What the process says of a line; "hang" where riata does not end, "judge" where its judge does not, "crash" for a death."""
        if self.process is None:
            self.start()
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        phase, limit, begin = (
            ("judge", PATIENCE, self.seconds())
            if " " in line
            else ("hang", LIMIT + 3, self.seconds())
        )
        while True:
            text = self.line(1.0)
            if text == "asked":
                phase, limit, begin = "judge", PATIENCE, self.seconds()
            elif text:
                return json.loads(text)
            elif self.process.poll() is not None:
                self.close()
                return "crash"
            elif self.seconds() - begin > limit:
                self.close()
                return phase

    def line(self, timeout: float) -> str:
        """The next line, or nothing so far."""
        if b"\n" not in self.rest and select.select([self.process.stdout], [], [], timeout)[0]:
            self.rest += os.read(self.process.stdout.fileno(), 1 << 16)
        if b"\n" not in self.rest:
            return ""
        text, self.rest = self.rest.split(b"\n", 1)
        return text.decode()

    def seconds(self) -> float:
        """Processor time of the process where the system tells it, else a quarter of the time on the wall."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError):
            return time.monotonic() / 4

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


class Tally:
    """Counts of all workers, and the failures."""

    def __init__(self, total: int, keep: Path):
        self.total, self.keep = total, keep
        self.done, self.failures = 0, []
        self.counts: dict[str, Counter] = {}
        self.slowest: list[tuple[float, int]] = []
        self.kinds: Counter = Counter()
        self.lock = threading.Lock()
        self.begin = self.told = time.monotonic()

    def add(self, result: dict) -> bool:
        """Count a result; whether its failure is to be shrunk."""
        with self.lock:
            self.done += 1
            count = self.counts.setdefault(result["family"], Counter())
            count["problems"] += 1
            for name in ("claims", "warned", "undecided"):
                count[name] += result[name]
            self.slowest = sorted(
                [*self.slowest, (result["seconds"], result["seed"])], reverse=True
            )[:5]
            if time.monotonic() > self.told + 10:
                self.told = time.monotonic()
                self.progress()
            if not result["faults"]:
                return False
            count["failures"] += 1
            kind = (result["kind"], result["family"], result["entry"])
            self.kinds[kind] += 1
            self.failures.append(result["seed"])
            return self.kinds[kind] <= SHRUNK

    def progress(self):
        rate = self.done / (time.monotonic() - self.begin)
        print(
            f"{self.done} of {self.total} problems, {len(self.failures)} failures, {rate:.1f} a second",
            file=sys.stderr,
            flush=True,
        )

    def write(self, small: dict):
        with self.lock:
            print(
                f"\n{small['kind']} ({small['family']}, {small['entry']}), seed {small['seed']}: {small['text']}"
            )
            print(small["python"], flush=True)
            with self.keep.open("a", encoding="utf-8") as file:
                file.write(small["line"] + "\n")

    def summary(self):
        print(
            f"\n{'family':16}{'problems':>9}{'solutions':>10}{'warned':>14}{'undecided':>10}{'failures':>9}"
        )
        for family, count in sorted(self.counts.items()):
            share = count["warned"] / max(count["claims"], 1)
            print(
                f"{family:16}{count['problems']:9}{count['claims']:10}{count['warned']:6} ({share:5.2%})"
                f"{count['undecided']:10}{count['failures']:9}"
            )
        for kind, count in sorted(self.kinds.items()):
            print(f"{count:6} x {', '.join(kind)}")
        print("slowest (seconds, seed):", self.slowest)
        if self.failures:
            print("seeds that fail:", sorted(self.failures)[:200])


def run(seeds, tally: Tally, lock: threading.Lock):
    """One thread's share: a worker, fed seed by seed."""
    worker = Worker()
    while True:
        with lock:
            seed = next(seeds, None)
        if seed is None:
            worker.close()
            return
        result = worker.ask(str(seed))
        if isinstance(result, str):
            result = lost(seed, result)
        if tally.add(result):
            small = worker.ask(f"{seed} {result['kind']}")
            if isinstance(small, dict):
                tally.write(small)


def lost(seed: int, why: str) -> dict:
    """The result of a problem that its process did not survive; a judge without end is undecided."""
    from .problems import draw

    case = draw(seed)
    about = {"seed": seed, "family": case.family, "entry": case.entry, "claims": 0, "warned": 0}
    faults = [] if why == "judge" else [[why, f"{why} of riata's process"]]
    return about | {
        "undecided": int(why == "judge"),
        "seconds": LIMIT,
        "faults": faults,
        "kind": why,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.attack", description=__doc__.splitlines()[0]
    )
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=KEPT)
    options = parser.parse_args()
    seeds, lock = iter(range(options.seed, options.seed + options.count)), threading.Lock()
    tally = Tally(options.count, options.keep)
    threads = [
        threading.Thread(target=run, args=(seeds, tally, lock), daemon=True)
        for _ in range(options.processes)
    ]
    for thread in threads:
        thread.start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        print("\nended early")  # workers end when their input does
    tally.progress()
    tally.summary()
    return int(bool(tally.failures))


if __name__ == "__main__":
    sys.exit(main())
