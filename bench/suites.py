"""What can be measured: the path race and the smaller suites around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median

from bench import cv_peers, problems
from bench.racer import ROOT, THREAD_VARIABLES, Racer
from bench.report import append, cell, circumstances, record, seconds

RACES = {  # the problems a racing suite takes unless the command line names some
    "path": [name for name, spec in problems.DENSE.items() if spec.default],
    "sparse": [name for name, spec in problems.SPARSE.items() if spec.default],
    "multitask": [name for name, spec in problems.MULTITASK.items() if spec.default],
    "logistic": [name for name, spec in problems.LOGISTIC.items() if spec.default],
    "softmax": [name for name, spec in problems.SOFTMAX.items() if spec.default],
}
ACCURACY_PROBLEMS = [*RACES["path"], *RACES["sparse"], *RACES["logistic"]]
THREAD_PROBLEMS = [
    *("both", "tall", "flights"),
    *("sparse", "text", "word_frequency", "flights_onehot", "near_duplicates"),
    *("logistic_tall", "logistic_both", "logistic_sparse"),
]
SINGLE_PEERS = ("scikit-learn", "celer", "skglm")
SINGLE_GOALS = {"wide": 15, "nci60": 15, "both": 15, "tall": 2}
MEMORY_GOALS = {
    "wide": "under 1",
    "tall": "under 0.1",
    "both": None,
    **dict.fromkeys(("sparse", "text", "word_frequency", "flights_onehot"), "under 1.2"),
}
IMPORTS = ("riata", "sklearn.linear_model", "celer", "skglm", "glum")


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
    rungs: dict = field(default_factory=dict)
    match: str = ""

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
        racer = Racer(
            name, problem, target, threads, options.pinned(threads), options.budget, alpha
        )
        if racer.ready:
            key = (suite, problem.name, name, threads, target, more.get("what"))
            racer.climb(options.rungs.get(key))
        say(
            f"  {name}: {racer.result.status} {seconds(racer.result.best)} {racer.result.note or ''}"
        )
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


def paths(suite, options):
    """Whole paths, riata against every peer at equal judged gap."""
    for spec in options.pick(RACES[suite]):
        say(f"{suite} {spec.name}")
        race(options, suite, problems.load(spec), options.peers)


def accuracy(options):
    """riata at 1e-9 against riata at 1e-6; at 1e-8 for logistic problems."""
    for spec in options.pick(ACCURACY_PROBLEMS):
        say(f"accuracy {spec.name}")
        problem = problems.load(spec)
        for target in (1e-6, 1e-8 if problem.logistic else 1e-9):
            race(options, "accuracy", problem, ["riata"], target=target)


def threads(options):
    """riata on one thread against two."""
    for spec in options.pick(THREAD_PROBLEMS):
        say(f"threads {spec.name}")
        problem = problems.load(spec)
        for count in (1, 2):
            race(options, "threads", problem, ["riata"], threads=count)


def single(options):
    """One ``Lasso(alpha).fit`` with nothing before it, at alpha_max/10 and /100."""
    names = [name for name in options.peers if name == "riata" or name in SINGLE_PEERS]
    for spec in options.pick(SINGLE_GOALS):
        problem = problems.load(replace(spec, goal=SINGLE_GOALS.get(spec.name)))
        for part in (10, 100):
            what = f"at alpha_max/{part}"
            say(f"single {spec.name} {what}")
            alpha = float(problem.alphas[0] / part)
            race(options, "single", problem, names, alpha=alpha, what=what)


def memory(options):
    """Peak memory beyond X of one path, each in a fresh process, peers in the middle of their ladder."""
    for spec in options.pick(MEMORY_GOALS):
        problem = problems.load(spec)
        for name in options.peers:
            if name == "r-glmnet":  # its memory is that of another process
                continue
            cores = options.pinned(options.threads)
            racer = Racer(name, problem, options.target, options.threads, cores, options.budget)
            ladder = racer.ladder()
            rung = ladder[0] if name == "riata" else ladder[len(ladder) // 2]
            reply = racer.run(rung, quick=True)[0] if racer.ready else None
            racer.close()
            if not reply or "error" in reply:
                continue
            row = {
                "problem": spec.name,
                "contender": name,
                "MB of X": problem.nbytes / 1e6,
                "MB beyond X": reply["peak_bytes"] / 1e6,
                "share of X": reply["peak_bytes"] / problem.nbytes,
                "goal": MEMORY_GOALS.get(spec.name),
            }
            note(options, "memory", row)


def tiny(options):
    """A 100 x 20 problem through the public functions, in microseconds."""
    command = [sys.executable, "-m", "bench.tiny", *map(str, options.pinned(1))]
    variables = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=variables
    )
    if ran.returncode != 0:
        say(ran.stderr[-2000:])
        return
    for row in json.loads(ran.stdout):
        note(options, "tiny", row)


def cv(options):
    """Cross-validation against that of the peers, and in units of one path."""
    names = options.names if options.chosen else []
    command = [sys.executable, "-m", "bench.cv", "--threads", str(options.threads)]
    command += ["--rounds", str(options.repeats)]
    command += ["--cores", *map(str, options.pinned(options.threads))]
    command += ["--problems", *names] if names else []
    peers = {peer: peer for peer in cv_peers.PEERS} | {"cv.glmnet": "r-glmnet"}
    command += ["--peers", *(name for name, peer in peers.items() if peer in options.peers)]
    variables = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(options.threads))}
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=variables
    )
    if ran.returncode != 0:
        say(ran.stderr[-2000:])
        return
    for row in json.loads(ran.stdout):
        note(options, "cv", row)


def fits(options):
    """Single fits against scikit-learn, each at its defaults and at equal judged gaps."""
    command = [sys.executable, "-m", "bench.fits", "--match", options.match]
    command += ["--rounds", str(options.repeats), "--cores", *map(str, options.pinned(1))]
    variables = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=variables
    ) as racing:
        for line in racing.stdout:
            note(options, "fits", json.loads(line))


def score(options):
    """Production scoring: single rows, batches, files, against scikit-learn and onnxruntime."""
    command = [sys.executable, "-m", "bench.score", "--json"]
    variables = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=variables
    )
    if ran.returncode != 0:
        say(ran.stderr[-2000:])
        return
    for line in ran.stdout.splitlines():
        note(options, "score", json.loads(line))


def imports(options):
    """Seconds an import takes in a fresh process, several times."""
    for package in IMPORTS:
        code = f"from time import perf_counter as t; s = t(); import {package}; print(t() - s)"
        command = [sys.executable, "-c", code]
        runs = []
        for _ in range(7):
            ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
            if ran.returncode == 0:
                runs.append(float(ran.stdout))
        if runs:
            goal = "under 0.2" if package == "riata" else None
            row = {"import": package, "best": min(runs), "median": median(runs), "goal": goal}
            note(options, "import", row)


def note(options, suite, row):
    """Record a row of a suite that is no race."""
    say("  " + ", ".join(f"{key} {value}" for key, value in row.items() if value is not None))
    append(options.out, {"suite": suite, **row, **circumstances()})


SUITES = {
    **{suite: partial(paths, suite) for suite in RACES},
    "accuracy": accuracy,
    "threads": threads,
    "single": single,
    "cv": cv,
    "fits": fits,
    "tiny": tiny,
    "score": score,
    "memory": memory,
    "import": imports,
}
