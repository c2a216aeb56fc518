"""``python -m bench.cv``: five folds and the final fit, riata against scikit-learn, and in units of one riata path.

riata runs in turn with its own path, and wall and processor seconds are the best of the rounds. The contenders for the lasso run
as `cv_peers` says, once for each tolerance. Prints a JSON list of rows.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from time import perf_counter, process_time

import numpy as np

from bench import cv_peers, problems

LASSO = {"tall": 25, "wide": 80, "mid": 25, "sparse": 12, "flights": 15, "nci60": 50}
LASSO |= {"word_frequency": 15, "both": None}
RIDGE = {"flights": 5, "wide": 10}
UNITS = {"tall": 1.3}  # paths that all folds and the final fit may cost; 3.5 for the others
FOLDS, GAP = cv_peers.FOLDS, cv_peers.GAP


def timed(call):
    """(wall seconds, processor seconds, result)."""
    wall, processor = perf_counter(), process_time()
    result = call()
    return perf_counter() - wall, process_time() - processor, result


def race(calls, rounds):
    """Best wall and processor seconds of each, and the last result; the first round warms up where there are several."""
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(timed(call))
    return {
        name: (min(t[0] for t in own), min(t[1] for t in own), own[-1][2])
        for name, own in times.items()
    }


def lasso(problem, threads, rounds, peers):
    """One row: LassoCV."""
    import riata

    X, y, eps = problem.X, problem.y, cv_peers.smallest(problem)
    calls = {
        "path": lambda: riata.path(X, y, eps=eps, early_stop=False, tol=GAP, n_threads=threads),
        "riata": lambda: riata.LassoCV(eps=eps, cv=FOLDS, n_threads=threads).fit(X, y),
    }
    best = race(calls, rounds)
    mine = best["riata"][2]
    gaps = [path.dual_gaps.max() for path in (mine.cv_result_.path, *mine.cv_result_.fold_paths[0])]
    row = {"what": "LassoCV", "largest gap": float(max(gaps))}
    row["paths"] = best["riata"][0] / best["path"][0]
    row["paths goal"] = UNITS.get(problem.name, 3.5)
    if peers:
        scores = mine.mse_path_.mean(axis=1)
        row["peers"] = {name: cv_peers.race(name, problem, threads, scores) for name in peers}
        reached = {
            name: peer["s"] for name, peer in row["peers"].items() if peer.get("gap", 1) <= GAP
        }
        if reached:
            row["best peer"] = min(reached, key=reached.get)
            row["ratio"] = reached[row["best peer"]] / best["riata"][0]
    return row, best, LASSO.get(problem.name)


def ridge(problem, threads, rounds, peers):
    """One row: RidgeCV by leave-one-out for 20 penalties."""
    from sklearn.linear_model import RidgeCV

    import riata

    X, y, alphas = problem.X, problem.y, np.logspace(-2, 4, 20)
    calls = {"riata": lambda: riata.RidgeCV(alphas, n_threads=threads).fit(X, y)}
    if peers:
        calls["scikit-learn"] = lambda: RidgeCV(alphas).fit(X, y)
    return {"what": "RidgeCV"}, race(calls, rounds), RIDGE.get(problem.name)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=list(LASSO), metavar="NAME")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=list(cv_peers.PEERS), choices=cv_peers.PEERS)
    parser.add_argument("--cores", type=int, nargs="*", default=[])
    given = parser.parse_args()
    if given.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, given.cores)
    warnings.simplefilter("ignore")
    rows = []
    for name in given.problems:
        problem = problems.load(problems.PROBLEMS[name])
        for measure in (lasso, ridge) if name in RIDGE else (lasso,):
            row, best, goal = measure(problem, given.threads, given.rounds, given.peers)
            seconds = {f"{who} s": wall for who, (wall, _, _) in best.items()}
            seconds |= {f"{who} processor s": used for who, (_, used, _) in best.items()}
            if "scikit-learn" in best:
                row["best peer"] = "scikit-learn"
                row["ratio"] = best["scikit-learn"][0] / best["riata"][0]
                row["processor ratio"] = best["scikit-learn"][1] / best["riata"][1]
            rows.append({"problem": name, **row, "goal": goal, "threads": given.threads, **seconds})
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
