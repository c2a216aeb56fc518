"""``python -m bench.l2``: single logistic fits with an L2 penalty, riata against scikit-learn's solvers at equal gradient norm.

The gradient is that of mean(loss) + |w|^2 / (2 C n), the largest entry over coefficients and intercepts, computed here. Each
contender climbs from loose tolerances to tight ones until its gradient is small enough, and then runs again in turn with the others.
Penalties are C = 1, scikit-learn's own. Prints a JSON list of rows.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from time import perf_counter, process_time

import numpy as np
from scipy.special import softmax

from bench import problems
from bench.judge_softmax import indicators

PROBLEMS = {
    "flights": "logistic_flights",
    "flights_onehot": "logistic_flights_onehot",
    "mfeat_first": "logistic_mfeat",
    "mfeat": "softmax_mfeat",
}
SOLVERS = ("lbfgs", "newton-cholesky", "newton-cg", "sag", "liblinear")
GOAL = 2
LADDER = tuple(10.0**-k for k in range(2, 12))
MOST_DENSE = 2000
PENALISED_INTERCEPT = 1e4  # liblinear's scale of the column that stands for the intercept


def gradient(X, y, C, coef, intercept):
    """Return the largest entry of the gradient."""
    n = X.shape[0]
    Y, eta = indicators(y), X @ coef.T + intercept
    if eta.shape[1] == 1:
        Y, eta = Y[:, 1:], np.hstack([np.zeros_like(eta), eta])
    U = softmax(eta, axis=1)[:, -Y.shape[1] :] - Y
    slopes = (X.T @ U).T / n + coef / (C * n)
    return float(max(np.abs(slopes).max(), np.abs(U.mean(axis=0)).max()))


def contender(name, tol, C):
    """Return an estimator of that name and tolerance."""
    if name == "riata":
        import riata

        return riata.LogisticRegression(C=C, tol=tol, n_threads=1)
    from sklearn.linear_model import LogisticRegression

    more = {"intercept_scaling": PENALISED_INTERCEPT} if name == "liblinear" else {}
    return LogisticRegression(C=C, tol=tol, solver=name, max_iter=100_000, random_state=0, **more)


def timed_fit(name, tol, C, X, y):
    """Return wall and processor seconds, and the gradient that is left."""
    model = contender(name, tol, C)
    wall, processor = perf_counter(), process_time()
    model.fit(X, y)
    wall, processor = perf_counter() - wall, process_time() - processor
    return wall, processor, gradient(X, y, C, model.coef_, model.intercept_)


def climb(name, target, budget, C, X, y):
    """Return the loosest tolerance that reaches the target, or None and what was reached, and its times."""
    spent, left = 0.0, np.inf
    for tol in LADDER:
        wall, processor, left = timed_fit(name, tol, C, X, y)
        spent += wall
        if left <= target:
            return tol, left, [(wall, processor)]
        if spent > budget:
            break
    return None, left, []


def race(problem, target, names, rounds, budget, C):
    """Return a row per contender."""
    X, y = problem.X, problem.y
    rows = {}
    for name in names:
        if name == "liblinear" and y.max() > 1:
            continue
        if name == "newton-cholesky" and problem.sparse and X.shape[1] > MOST_DENSE:
            continue  # it makes dense matrices of the features, several of them
        tol, left, times = climb(name, target, budget, C, X, y)
        rows[name] = {"tol": tol, "gradient": left, "times": times}
    for _ in range(rounds):
        for name, row in rows.items():
            if row["tol"] is not None:
                row["times"].append(timed_fit(name, row["tol"], C, X, y)[:2])
    for row in rows.values():
        times = row.pop("times")
        row["s"], row["processor s"] = map(min, zip(*times)) if times else (None, None)
    return rows


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--peers", nargs="*", default=list(SOLVERS), choices=list(SOLVERS))
    parser.add_argument("--target", type=float, nargs="+", default=[1e-4, 1e-6])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of one climb")
    parser.add_argument("--cores", type=int, nargs="*", default=[])
    given = parser.parse_args()
    if given.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, given.cores)
    warnings.simplefilter("ignore")
    rows = []
    for name in given.problems:
        problem = problems.load(problems.PROBLEMS[PROBLEMS[name]])
        for target in given.target:
            found = race(
                problem, target, ["riata", *given.peers], given.rounds, given.budget, C=1.0
            )
            peers = [row["processor s"] for who, row in found.items() if who != "riata"]
            best = min((seconds for seconds in peers if seconds), default=None)
            mine = found["riata"]["processor s"]
            row = {"problem": name, "target": target, "goal": GOAL, **found}
            row["processor ratio"] = best / mine if best and mine else None
            rows.append(row)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
