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
from bench.logistic_cv_peers import PEERS, ROOT, chosen_C, l1_ratio_of
from bench.racer import THREAD_VARIABLES
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


def climb(name, problem, penalty, threads, cap, ladder):
    """A row for the contender at the loosest tolerance whose choice the judge accepts."""
    row, loaded = {"contender": name, "status": "ladder"}, problems.load(problems.PROBLEMS[problem])
    if name == "newton-cholesky" and loaded.shape[1] > MOST_SQUARED:
        return row | {"status": "refused", "note": "makes a square matrix of the features"}
    for tolerance in ladder:
        try:
            found = run(name, problem, penalty, tolerance, threads, cap)
        except RuntimeError as error:
            return row | {"status": "failed", "note": str(error)}
        if found is None:
            return row | {"status": "cap", "at least": cap, "tolerance": tolerance}
        verdict = judge(
            loaded.X,
            loaded.y,
            np.array([found["alpha"]]),
            found["coef"][:, None],
            l1_ratio=l1_ratio_of(penalty),
            loss="logistic",
        )
        row |= {"tolerance": tolerance, "gap": verdict.worst, "C": float(chosen_C(loaded, found))}
        row |= {"s": [float(found["wall"])], "processor s": [float(found["processor"])]}
        if "one" in found:  # seconds of a path
            row["paths"] = float(found["wall"] / found["one"])
        if verdict.worst <= GAP:
            return row | {"status": "reached"}
    return row


def race(problem, penalty, given):
    """Rows of all contenders: climb, then repeat in turn; with ratios to riata."""
    rows = []
    for name, (_, penalties, ladder) in PEERS.items():
        if penalty in penalties and name in ("riata", *given.peers):
            rows.append(climb(name, problem, penalty, given.threads, given.cap, ladder))
            print(name, rows[-1], file=sys.stderr, flush=True)
    for _ in range(given.rounds - 1):
        for row in rows:
            if row["status"] != "reached" or row["s"][0] * given.rounds > given.cap:
                continue
            found = run(
                row["contender"], problem, penalty, row["tolerance"], given.threads, given.cap
            )
            if found is not None:
                for key, part in (("s", "wall"), ("processor s", "processor")):
                    row[key].append(float(found[part]))
                if "paths" in row:
                    row["paths"] = min(row["paths"], float(found["wall"] / found["one"]))
    mine = next(row for row in rows if row["contender"] == "riata")
    for row in rows:
        for key in ("s", "processor s"):
            if row["status"] == "reached" and mine["status"] == "reached":
                row[f"{key} over riata's"] = min(row[key]) / min(mine[key])
        if row["status"] == "cap":
            row["s over riata's"] = row["at least"] / min(mine["s"])
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
        for penalty in given.penalties:
            for row in race(PROBLEMS[name], penalty, given):
                line = {
                    "suite": "logistic_cv",
                    "problem": name,
                    "what": penalty,
                    "goal": GOAL,
                    "paths goal": PATHS_GOAL,
                    **row,
                    "threads": given.threads,
                    "target": GAP,
                    **circumstances(),
                }
                print(json.dumps(line), flush=True)
                if given.out:
                    append(given.out, line)


if __name__ == "__main__":
    main()
