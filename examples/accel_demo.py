"""`make accel-demo`: the programs of accel_programs.py without and with riata.accel, in turn.

Prints for each the processor seconds and the score of both, their ratio, and at the end what ran where and why. Names of programs
choose among them. BLAS has one thread: processor seconds count its threads while they wait for one another, which
on a busy machine is most of scikit-learn's time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from threadpoolctl import threadpool_limits

import riata
from examples.accel_programs import PROGRAMS

TURNS = 3
ENOUGH = 5.0  # seconds of a program without riata after which one turn does


def timed(program: Callable[[], float]) -> tuple[float, float]:
    """Processor seconds and score."""
    start = time.process_time()
    score = program()
    return time.process_time() - start, score


def race(program: Callable[[], float]) -> None:
    """Both, in turn, and a line about it."""
    ratios, without, own = [], [], []
    while len(ratios) < TURNS and sum(seconds for seconds, _ in without) < ENOUGH:
        with riata.unpatch_sklearn():
            without.append(timed(program))
        with riata.patch_sklearn(log="debug"):
            own.append(timed(program))
        ratios.append(without[-1][0] / own[-1][0])
    a, b = (statistics.median(seconds for seconds, _ in runs) for runs in (without, own))
    sys.stdout.write(
        f"{program.__name__:20}{a:10.3f}{b:10.3f}{statistics.median(ratios):9.1f}{without[-1][1]:12.5f}{own[-1][1]:12.5f}\n"
    )
    sys.stdout.flush()


def main(names: list[str]) -> None:
    """Race the programs named, by default all."""
    programs = [program for program in PROGRAMS if not names or program.__name__ in names]
    with riata.patch_sklearn(log="debug"):
        programs[-1]()  # what is loaded once
    riata.accel.reset()
    sys.stdout.write(
        f"{'':20}{'sklearn s':>10}{'riata s':>10}{'ratio':>9}{'score':>12}{'score':>12}\n"
    )
    with threadpool_limits(1):
        for program in programs:
            race(program)
    sys.stdout.write(f"\n{riata.accel.report()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
