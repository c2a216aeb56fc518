"""One contender in a process of its own: ``python -m bench.worker CONTENDER``, told what to do by JSON lines on stdin.

The first line describes the problem, every later one is a run; each is answered by one JSON line. Coefficients travel through a
file that the request names. Whatever the contender prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from pathlib import Path
from time import perf_counter, process_time

SHORT_SECONDS = 0.5  # runs this short are repeated within one request
SHORT_RUNS = 7


def save_coefs(file, coefs, intercepts):
    """Save a dense or CSC coefficient matrix in CSC form."""
    import numpy as np
    from scipy.sparse import csc_matrix

    coefs = csc_matrix(coefs)
    np.savez(
        file,
        data=coefs.data.astype(np.float64),
        indices=coefs.indices,
        indptr=coefs.indptr,
        shape=coefs.shape,
        intercepts=np.asarray(intercepts, dtype=np.float64).ravel(),
    )


def timed(solve, quick):
    """Run ``solve`` once, or several times if it is short and ``quick`` is false.

    Returns its last answer, the seconds of every run, and the least processor seconds: where these are well below the
    others, the machine was busy with something else.
    """
    runs, cpu, started = [], float("inf"), perf_counter()
    while True:
        cpu_start = process_time()
        *answer, seconds = solve()
        cpu = min(cpu, process_time() - cpu_start)
        runs.append(seconds)
        spent = perf_counter() - started
        if quick or len(runs) == SHORT_RUNS or spent + seconds > SHORT_SECONDS:
            return answer, runs, cpu


class PeakMemory:
    """Bytes by which the resident memory rose at its peak since this object was made."""

    def __init__(self):
        try:
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
            self.start = self.status("VmRSS")
        except OSError:
            self.start = self.peak()

    @staticmethod
    def status(name):
        """Return a size from the kernel's account of this process, in bytes."""
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024

    def peak(self):
        """Return the peak so far. The kernel's account comes first: ru_maxrss survives an exec."""
        try:
            return self.status("VmHWM")
        except OSError:
            unit = 1 if sys.platform == "darwin" else 1024
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    def risen(self):
        """Return the rise in bytes."""
        return self.peak() - self.start


def answer(contender, problem, request):
    """Carry out one request and return what to reply."""
    if request["do"] == "path":

        def solve():
            return contender.path(problem, request["tolerance"], request["threads"])

    else:

        def solve():
            return contender.fit(problem, request["alpha"], request["tolerance"])

    memory = PeakMemory()
    clock = getattr(contender, "cpu_seconds", None)
    (coefs, intercepts), seconds, cpu = timed(solve, request.get("quick", False))
    cpu = clock() if clock else cpu
    peak = memory.risen()
    save_coefs(request["out"], coefs, intercepts)
    return {"seconds": seconds, "cpu": cpu, "peak_bytes": peak}


def prepare(name, order):
    """Load the problem, or say why the contender does not race; warm the contender up on a small one."""
    from bench import contenders, problems

    contender = contenders.load(name)
    version = contender.version()
    problem = problems.load(problems.Spec(**order["spec"]))
    refused = contenders.refusal(name, problem)
    if refused:
        return None, {"refused": refused, "version": version}
    small = problems.warm_up_problem(problem)
    if not contenders.refusal(name, small):
        tolerance = 1e-6 if getattr(contender, "RELATIVE_TO_TARGET", False) else contender.LADDER[0]
        contender.path(small, tolerance, order["threads"])
        if order.get("single"):
            contender.fit(small, small.alphas[1], tolerance)
    return problem, {
        "version": version,
        "n": problem.shape[0],
        "p": problem.shape[1],
        "bytes": problem.nbytes,
    }


def main():
    """Serve requests until stdin closes."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    from bench import contenders

    problem = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                contender = contenders.load(sys.argv[1])
                if request["cores"] and hasattr(os, "sched_setaffinity"):
                    os.sched_setaffinity(0, request["cores"])
                problem, reply = prepare(sys.argv[1], request)
            else:
                reply = answer(contender, problem, request)
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        replies.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    main()
