"""A 100 x 20 problem through the public functions: prints a JSON list of rows, times in microseconds.

Arguments are the cores to pin to.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from time import perf_counter

from bench import problems

RUNS = 200


def best_microseconds(call, runs=RUNS):
    """Return the shortest of ``runs`` calls after a few unmeasured ones."""
    for _ in range(5):
        call()
    times = []
    for _ in range(runs):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times) * 1e6


def main():
    """Measure and print."""
    if sys.argv[1:] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, map(int, sys.argv[1:]))
    from sklearn.linear_model import Lasso, lasso_path
    from sklearn.utils import check_X_y

    warnings.simplefilter("ignore")
    problem = problems.load(problems.PROBLEMS["tiny"])
    X, y, alpha = problem.X, problem.y, float(problem.alphas[50])
    path = best_microseconds(lambda: lasso_path(X, y - y.mean(), alphas=problem.alphas), 30)
    check = best_microseconds(lambda: check_X_y(X, y))
    fit = best_microseconds(lambda: Lasso(alpha=alpha).fit(X, y))
    rows = [
        {"what": "scikit-learn lasso_path", "microseconds": path, "ratio": None, "goal": None},
        {"what": "check_X_y", "microseconds": check, "ratio": None, "goal": None},
        {"what": "scikit-learn Lasso.fit", "microseconds": fit, "ratio": fit / check, "goal": None},
    ]
    try:
        import riata
    except ImportError:
        print(json.dumps(rows))
        return
    mine = best_microseconds(lambda: riata.path(X, y, alphas=problem.alphas, n_threads=1))
    rows.append(
        {
            "what": "riata.path",
            "microseconds": mine,
            "ratio": path / mine,
            "goal": "20 times faster than lasso_path",
        }
    )
    mine = best_microseconds(lambda: riata.lasso_path(X, y, alphas=problem.alphas))
    rows.append(
        {
            "what": "riata.lasso_path",
            "microseconds": mine,
            "ratio": path / mine,
            "goal": "20 times faster than lasso_path",
        }
    )
    mine = best_microseconds(lambda: riata.Lasso(alpha=alpha).fit(X, y))
    rows.append(
        {
            "what": "riata.Lasso.fit",
            "microseconds": mine,
            "ratio": mine / check,
            "goal": "at most 2 times check_X_y",
        }
    )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
