"""What can be measured: the path race and the smaller suites around it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median

from bench import problems
from bench.racer import ROOT, Racer
from bench.report import append, cell, machine, plain_table, record, seconds

THREAD_PROBLEMS = ("both", "tall", "flights")
SINGLE_PROBLEMS = ("wide", "nci60", "both", "tall")
SINGLE_PEERS = ("scikit-learn", "celer", "skglm")
SINGLE_GOALS = {"wide": 15, "nci60": 15, "both": 15, "tall": 2}
MEMORY_PROBLEMS = ("wide", "tall", "both")


@dataclass
class Options:
    """What the command line asked for."""

    names: list
    chosen: bool
    peers: list
    target: float
    threads: int
    repeats: int
    budget: float
    cores: list
    out: str

    def pick(self, default):
        """Return the problems of a suite: those named on the command line, or the suite's own."""
        return [problems.PROBLEMS[name] for name in (self.names if self.chosen else default)]

    def pinned(self, threads):
        """Return the cores for a process with so many threads."""
        return self.cores[:threads] if len(self.cores) >= threads else []


def say(text):
    """Tell how far the race is."""
    print(text, file=sys.stderr, flush=True)


def race(options, suite, problem, names, target=None, alpha=None, threads=None, **more):
    """Race contenders on one problem: each climbs alone, then those that reached the target take turns.

    Returns
    -------
    list of dict
        One record per contender, already appended to the results file.
    """
    target, threads = target or options.target, threads or options.threads
    racers = []
    for name in names:
        racer = Racer(name, problem, target, threads, options.pinned(threads), options.budget, alpha)
        if racer.ready:
            racer.climb()
        say(f"  {name}: {racer.result.status} {seconds(racer.result.best)} {racer.result.note or ''}")
        racers.append(racer)
    for _ in range(options.repeats):
        for racer in racers:
            racer.repeat()
    lines = []
    for racer in racers:
        racer.close()
        line = record(suite, problem, racer.result, target=target, threads=threads, **more)
        append(options.out, line)
        lines.append(line)
    say("  " + ", ".join(f"{line['contender']} {cell(line)}" for line in lines))
    return lines


def path(options):
    """Whole paths, riata against every peer at equal judged gap."""
    default = [name for name, spec in problems.PROBLEMS.items() if spec.default]
    for spec in options.pick(default):
        say(f"path {spec.name}")
        race(options, "path", problems.load(spec), options.peers)


def accuracy(options):
    """riata at 1e-9 against riata at 1e-6."""
    default = [name for name, spec in problems.PROBLEMS.items() if spec.default]
    rows = []
    for spec in options.pick(default):
        problem = problems.load(spec)
        (loose,) = race(options, "accuracy", problem, ["riata"], target=1e-6)
        (tight,) = race(options, "accuracy", problem, ["riata"], target=1e-9)
        rows.append(compared(spec.name, "1e-9", tight, "1e-6", loose, goal="<= 1.2"))
    return plain_table(rows, ["problem", "1e-9", "1e-6", "ratio", "goal"])


def threads(options):
    """riata on one thread against two."""
    rows = []
    for spec in options.pick(THREAD_PROBLEMS):
        problem = problems.load(spec)
        (one,) = race(options, "threads", problem, ["riata"], threads=1)
        (two,) = race(options, "threads", problem, ["riata"], threads=2)
        rows.append(compared(spec.name, "1 thread", one, "2 threads", two, goal=">= 1.5"))
    return plain_table(rows, ["problem", "1 thread", "2 threads", "ratio", "goal"])


def compared(name, first, one, second, two, goal):
    """Return a row that sets two records against each other."""
    both = one["best"] and two["best"]
    return {"problem": name, first: one["best"], second: two["best"], "ratio": one["best"] / two["best"] if both else None, "goal": goal}


def single(options):
    """One ``Lasso(alpha).fit`` with nothing before it, at alpha_max/10 and /100."""
    names = [name for name in options.peers if name == "riata" or name in SINGLE_PEERS]
    for spec in options.pick(SINGLE_PROBLEMS):
        problem = problems.load(replace(spec, goal=SINGLE_GOALS.get(spec.name)))
        problem.spec = replace(spec, goal=SINGLE_GOALS.get(spec.name))
        for part in (10, 100):
            say(f"single {spec.name} alpha_max/{part}")
            race(options, "single", problem, names, alpha=float(problem.alphas[0] / part), what=f"at alpha_max/{part}")


def memory(options):
    """Peak memory beyond X of one path, each in a fresh process."""
    rows = []
    for spec in options.pick(MEMORY_PROBLEMS):
        problem = problems.load(spec)
        for name in options.peers:
            racer = Racer(name, problem, options.target, options.threads, options.pinned(options.threads), options.budget)
            if not racer.ready:
                continue
            rung = options.target if name == "riata" else racer.ladder()[-1 if len(racer.ladder()) < 7 else 4]
            reply, _ = racer.run(rung, quick=True)
            racer.close()
            if not reply or "error" in reply:
                continue
            extra = reply["peak_after"] - reply["peak_before"]
            row = {"problem": spec.name, "contender": name, "MB of X": problem.X.nbytes / 1e6, "MB beyond X": extra / 1e6}
            row["share of X"] = extra / problem.X.nbytes
            rows.append(row)
            append(options.out, {"suite": "memory", **row, "machine": machine(), "time": now()})
    return plain_table(rows, ["problem", "contender", "MB of X", "MB beyond X", "share of X"])


def tiny(options):
    """A 100 x 20 problem through the public functions, in microseconds."""
    return script(options, "tiny", [sys.executable, "-m", "bench.tiny"])


def imports(options):
    """Seconds an import takes in a fresh process, the best of seven."""
    rows = []
    for package in ("riata", "sklearn.linear_model", "celer", "skglm", "glum"):
        code = f"from time import perf_counter as t; s = t(); import {package}; print(t() - s)"
        runs = []
        for _ in range(7):
            ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
            if ran.returncode == 0:
                runs.append(float(ran.stdout))
        if runs:
            row = {"import": package, "best": min(runs), "median": median(runs)}
            rows.append(row)
            append(options.out, {"suite": "import", **row, "machine": machine(), "time": now()})
    return plain_table(rows, ["import", "best", "median"])


def script(options, suite, command):
    """Run a script that prints a JSON list of rows; record and show them."""
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if ran.returncode != 0:
        say(ran.stderr[-2000:])
        return f"{suite} failed"
    rows = json.loads(ran.stdout)
    for row in rows:
        append(options.out, {"suite": suite, **row, "machine": machine(), "time": now()})
    return plain_table(rows, list(rows[0]))


def now():
    """Return the time of day for a record."""
    return datetime.now(UTC).isoformat(timespec="seconds")


SUITES = {
    "path": path,
    "accuracy": accuracy,
    "threads": threads,
    "single": single,
    "tiny": tiny,
    "memory": memory,
    "import": imports,
}
