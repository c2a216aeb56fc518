"""A contender as the driver sees it: a process to ask, a ladder to climb, a budget, a best time."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

from bench import contenders
from bench.judge import judge

ROOT = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "BLIS_NUM_THREADS",
)
START_SECONDS = 300.0


class Worker:
    """One contender's process."""

    def __init__(self, name, threads, cores):
        environment = contenders.load(name).ENVIRONMENT
        python = str(ROOT / environment / "bin" / "python") if environment else sys.executable
        variables = {**os.environ, **{key: str(threads) for key in THREAD_VARIABLES}}
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.log = (Path(self.folder.name) / "log").open("w+")
        self.name, self.threads, self.cores = name, threads, cores
        try:
            self.process = subprocess.Popen(
                [python, "-m", "bench.worker", name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                cwd=ROOT,
                env=variables,
                text=True,
                start_new_session=True,
            )
        except FileNotFoundError:
            self.process = None

    @property
    def coefs(self):
        """File the coefficients of the last run are in."""
        return Path(self.folder.name) / "coefs.npz"

    def ask(self, request, seconds):
        """Send a request and return the reply, or None if there was none within ``seconds``: the process is then ended."""
        if self.process is None or self.process.poll() is not None:
            return {"error": "no process: environment missing, or it died"}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            self.close()
            return None
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": f"died with status {self.process.wait()}"}

    def close(self):
        """End the process, what it started (R is a process of its own), and remove its files."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()
        self.process = None


@dataclass
class Result:
    """How one contender did on one problem.

    ``status`` is "reached", "budget" (the target was not reached within the time allowed), "ladder" (not even at its tightest
    tolerance), "refused" or "failed". ``gap`` is the largest relative gap over the path at ``rung``; ``at_least`` is a lower bound
    on the seconds to the target where it was not reached. ``cpu`` is the least processor time of a run: less than ``seconds`` on a
    busy machine.
    """

    contender: str
    status: str = "failed"
    rung: float | None = None
    seconds: list = field(default_factory=list)
    cpu: float | None = None
    gap: float | None = None
    intercept_excess: float | None = None
    at_least: float | None = None
    version: str | None = None
    note: str | None = None
    climb: list = field(default_factory=list)

    @property
    def best(self):
        """Shortest time at the rung that counts, or None."""
        return min(self.seconds) if self.status == "reached" and self.seconds else None


class Racer:
    """A contender on one problem: start, climb, repeat."""

    def __init__(self, name, problem, target, threads, cores, budget, alpha=None):
        self.name, self.problem, self.target, self.budget, self.alpha = (
            name,
            problem,
            target,
            budget,
            alpha,
        )
        self.module = contenders.load(name)
        self.worker = Worker(name, threads, cores)
        self.result = Result(name)
        self.spent = 0.0
        order = {
            "do": "load",
            "spec": asdict(problem.spec),
            "threads": threads,
            "cores": cores,
            "single": alpha is not None,
        }
        reply = self.worker.ask(order, START_SECONDS) or {"error": "did not start in time"}
        self.result.version = reply.get("version")
        self.ready = "error" not in reply and "refused" not in reply
        if not self.ready:
            self.result.status = "refused" if "refused" in reply else "failed"
            self.result.note = reply.get("refused") or reply.get("error")
            self.close()

    def ladder(self):
        """Tolerances from loose to tight."""
        if getattr(self.module, "RELATIVE_TO_TARGET", False):
            return [self.target * step for step in self.module.LADDER]
        return list(self.module.LADDER)

    def run(self, tolerance, quick):
        """Run once; return (reply, verdict or None)."""
        request = {
            "do": "path" if self.alpha is None else "fit",
            "tolerance": tolerance,
            "alpha": self.alpha,
            "threads": self.worker.threads,
            "out": str(self.worker.coefs),
            "quick": quick,
        }
        allowed = self.budget - self.spent
        started = perf_counter()
        reply = self.worker.ask(request, max(allowed, 1.0))
        self.spent += perf_counter() - started
        if reply is None or "error" in reply:
            return reply, None
        return reply, self.judged()

    def judged(self):
        """Judge the coefficients of the last run."""
        from scipy.sparse import csc_matrix

        with np.load(self.worker.coefs) as saved:
            coefs = csc_matrix(
                (saved["data"], saved["indices"], saved["indptr"]), shape=tuple(saved["shape"])
            )
            intercepts = saved["intercepts"]
        problem = self.problem
        alphas = problem.alphas if self.alpha is None else np.array([self.alpha])
        found = coefs.shape[1] // problem.n_classes
        if found != alphas.size:
            raise RuntimeError(f"returned {found} of {alphas.size} alphas")
        return judge(
            problem.X, problem.y, alphas, coefs, intercepts, problem.l1_ratio, problem.spec.loss
        )

    def climb(self, start=None):
        """Tighten the tolerance until the judge finds the target reached, or the budget is spent.

        ``start`` is the rung an earlier race ended at: the climb begins one rung below it.
        """
        result, slowest = self.result, 0.0
        ladder = self.ladder()
        if start in ladder:
            ladder = ladder[max(ladder.index(start) - 1, 0) :]
        for rung in ladder:
            before = self.spent
            try:
                reply, verdict = self.run(rung, quick=True)
            except RuntimeError as error:
                result.note = str(error)
                return self.close()
            if reply is None:
                result.status = "budget"
                result.at_least = max(slowest, self.spent - before)
                return self.close()
            if "error" in reply:
                result.status, result.note = "failed", reply["error"]
                return self.close()
            result.rung, result.gap = rung, verdict.worst
            result.intercept_excess = float(verdict.intercept_excess.max())
            result.climb.append([rung, reply["seconds"][0], verdict.worst])
            if verdict.worst <= self.target:
                result.status, result.seconds = "reached", reply["seconds"]
                result.cpu = reply["cpu"]
                return None
            slowest = max(slowest, reply["seconds"][0])
            if self.spent >= self.budget:
                break
        result.status = "ladder" if result.rung == self.ladder()[-1] else "budget"
        result.at_least = slowest
        return self.close()

    def repeat(self):
        """Run again at the rung that counts, within what is left of the budget."""
        if self.result.status != "reached" or self.spent + min(self.result.seconds) > self.budget:
            return
        reply, verdict = self.run(self.result.rung, quick=False)
        if reply and verdict and verdict.worst <= self.target:
            self.result.seconds = self.result.seconds + reply["seconds"]
            self.result.cpu = min(self.result.cpu, reply["cpu"])

    def close(self):
        """End the process."""
        self.worker.close()
