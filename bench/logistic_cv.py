"""``python -m bench.logistic_cv``: five stratified folds and the final fit of logistic regression, riata against its peers.

All have the same penalties and the same folds: 100 of them down to 1/100 of the largest for L1, scikit-learn's ten for L2. A
contender runs in a process of its own, once for each of its tolerances from loose to tight, until the judge accepts the model it
chose, and then in turn with the others. What takes longer than the cap is stopped; its row then says so. riata runs beside its own path as
well: how many paths of all rows cross-validation costs. Prints a line per contender, or appends it to a results file.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import problems
from bench.judge import judge
from bench.logistic_cv_peers import PEERS, chosen_C, l1_ratio_of
from bench.racer import ROOT, THREAD_VARIABLES
from bench.report import append, circumstances

PROBLEMS = {"nci60": "logistic_nci60", "flights": "logistic_flights", "text": "logistic_text"}
MOST_SQUARED = 20_000  # features
GOAL, PATHS_GOAL, GAP = 8, 3.5, 1e-6


def run(name, problem, penalty, tolerance, threads, cap):
    """One run: what the contender's process wrote, or None if it took longer than the cap."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "choice.npz"
        job = [name, problem, penalty, repr(tolerance), str(threads), str(file)]
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.logistic_cv_peers", *job],
            cwd=ROOT,
            env={**os.environ, **{key: str(threads) for key in THREAD_VARIABLES}},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            _, complaint = process.communicate(timeout=cap)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes it started
            process.communicate()
            return None
        if process.returncode:
            raise RuntimeError(complaint[-300:])
        with np.load(file) as saved:
            return {key: saved[key] for key in saved.files}


def climb(name, problem, penalty, threads, cap):
    """A row for the contender at the loosest tolerance whose choice the judge accepts."""
    row = {"contender": name, "status": "ladder", "gap": None, "at_least": None, "note": None}
    row |= {"rung": None, "seconds": [], "cpu": None}
    if name == "newton-cholesky" and problem.shape[1] > MOST_SQUARED:
        return row | {"status": "refused", "note": "makes a square matrix of the features"}
    for tolerance in PEERS[name][2]:
        try:
            found = run(name, problem.name, penalty, tolerance, threads, cap)
        except RuntimeError as error:
            return row | {"status": "failed", "note": str(error)}
        if found is None:
            return row | {"status": "budget", "at_least": cap}
        alpha = np.array([found["alpha"]])
        options = {"l1_ratio": l1_ratio_of(penalty), "loss": "logistic"}
        verdict = judge(problem.X, problem.y, alpha, found["coef"][:, None], **options)
        row |= {"rung": tolerance, "gap": verdict.worst, "C": float(chosen_C(problem, found))}
        row |= {"seconds": [float(found["wall"])], "cpu": float(found["processor"])}
        row["at_least"] = row["seconds"][0]
        if "one" in found:  # seconds of a path
            row["paths"] = float(found["wall"] / found["one"])
        if verdict.worst <= GAP:
            return row | {"status": "reached", "at_least": None}
    return row


def repeat(row, problem, penalty, given):
    """Run a contender again at the tolerance that counts."""
    if row["status"] != "reached" or row["seconds"][0] * given.rounds > given.cap:
        return
    found = run(row["contender"], problem.name, penalty, row["rung"], given.threads, given.cap)
    if found is None:
        return
    row["seconds"].append(float(found["wall"]))
    row["cpu"] = min(row["cpu"], float(found["processor"]))
    if "paths" in row:
        row["paths"] = min(row["paths"], float(found["wall"] / found["one"]))


def race(problem, penalty, given):
    """Rows of all contenders: climb, then repeat in turn; with ratios to riata's processor seconds."""
    rows = []
    for name, (_, penalties, _) in PEERS.items():
        if penalty in penalties and name in ("riata", *given.peers):
            rows.append(climb(name, problem, penalty, given.threads, given.cap))
            print(name, rows[-1], file=sys.stderr, flush=True)
    for _ in range(given.rounds - 1):
        for row in rows:
            repeat(row, problem, penalty, given)
    mine = next(row for row in rows if row["contender"] == "riata")
    for row in rows:
        row["best"] = min(row["seconds"]) if row["status"] == "reached" else None
        if row["cpu"] and mine["cpu"]:
            row["cpu ratio"] = row["cpu"] / mine["cpu"]
    return rows


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--penalties", nargs="+", default=["l1", "l2"], choices=["l1", "l2"])
    peers = [name for name in PEERS if name != "riata"]
    parser.add_argument("--peers", nargs="*", default=peers, choices=peers)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cap", type=float, default=120.0, help="seconds for one run")
    parser.add_argument("--out", help="results file to append to")
    given = parser.parse_args()
    for name in given.problems:
        problem = problems.load(problems.PROBLEMS[PROBLEMS[name]])
        size = {"n": problem.shape[0], "p": problem.shape[1], "layout": problem.layout}
        for penalty in given.penalties:
            about = {"suite": "logistic_cv", "problem": name, "what": penalty, **size}
            about |= {"goal": GOAL, "paths goal": PATHS_GOAL}
            for row in race(problem, penalty, given):
                line = about | row | {"threads": given.threads, "target": GAP} | circumstances()
                print(json.dumps(line), flush=True)
                if given.out:
                    append(given.out, line)


if __name__ == "__main__":
    main()
