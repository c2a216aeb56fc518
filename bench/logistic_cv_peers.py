"""Cross-validation of logistic regression by each contender: ``python -m bench.logistic_cv_peers NAME PROBLEM PENALTY TOLERANCE
THREADS FILE`` runs one and writes what it chose and how long it took.
"""

from __future__ import annotations

import sys
import warnings
from time import perf_counter, process_time

import numpy as np

from bench import problems
from bench.cv_peers import FOLDS, run_cv_glmnet

PENALISED_INTERCEPT = 1e5  # liblinear's scale of the column that stands for the intercept


def l1_ratio_of(penalty):
    """Return the share of the L1 penalty."""
    return 1.0 if penalty == "l1" else 0.0


def penalties_of(problem, penalty):
    """Return alphas, falling: the problem's own for L1, those of scikit-learn's ten values of C for L2."""
    if penalty == "l1":
        return problem.alphas
    return 1 / (np.logspace(-4, 4, 10) * len(problem.y))


def splits_of(problem):
    """Return the folds that all have: stratified, of rows in their order."""
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(FOLDS).split(np.zeros(len(problem.y)), problem.y))


def chosen_C(problem, found):
    """Return scikit-learn's C of a choice."""
    return 1 / (found["alpha"] * len(problem.y))


def riata(problem, penalty, tolerance, threads):
    """LogisticRegressionCV, and beside it how many paths of all rows it costs. Its tol squared is the relative gap."""
    import riata

    X, y, alphas = problem.X, problem.y, penalties_of(problem, penalty)
    ratio = l1_ratio_of(penalty)
    model = riata.LogisticRegressionCV(
        Cs=1 / (alphas * len(y)),
        cv=splits_of(problem),
        l1_ratios=(ratio,),
        scoring="neg_log_loss",
        use_legacy_attributes=False,
        tol=tolerance**0.5,
        n_threads=threads,
    )
    options = {"l1_ratio": ratio, "alphas": alphas, "tol": tolerance, "early_stop": False}
    one = perf_counter()
    riata.path(X, y, family="binomial", n_threads=threads, **options)
    one = perf_counter() - one
    return timed(model, X, y) | {"one": one}


def timed(model, X, y):
    """Fit scikit-learn's LogisticRegressionCV or riata's; what it took and chose.

    scikit-learn's folds run in threads, which spares them copies of X.
    """
    from joblib import parallel_config

    small = np.random.default_rng(0).standard_normal((60, 3))
    splits = model.cv
    model.set_params(cv=3).fit(small, np.arange(60) % 2)
    model.set_params(cv=splits)
    wall, processor = perf_counter(), process_time()
    with parallel_config("threading"):
        model.fit(X, y)
    wall, processor = perf_counter() - wall, process_time() - processor
    alpha = 1 / (model.C_ * len(y))
    return {"wall": wall, "processor": processor, "alpha": alpha, "coef": model.coef_.ravel()}


def scikit_learn(solver, problem, penalty, tolerance, threads):
    """LogisticRegressionCV."""
    from sklearn.linear_model import LogisticRegressionCV

    X, y, alphas = problem.X, problem.y, penalties_of(problem, penalty)
    if problem.sparse:
        X = X.tocsr()
    elif solver == "saga":
        X = np.ascontiguousarray(X)
    more = {"intercept_scaling": PENALISED_INTERCEPT} if solver == "liblinear" else {}
    model = LogisticRegressionCV(
        Cs=1 / (alphas[::-1] * len(y)),
        cv=splits_of(problem),
        l1_ratios=(l1_ratio_of(penalty),),
        scoring="neg_log_loss",
        solver=solver,
        tol=tolerance,
        max_iter=100_000,
        n_jobs=threads,
        random_state=0,
        use_legacy_attributes=False,
        **more,
    )
    return timed(model, X, y)


def cv_glmnet(problem, penalty, tolerance, threads):
    """cv.glmnet in R, its folds in parallel."""
    of_row = np.empty(problem.shape[0], int)
    for i, (_, test) in enumerate(splits_of(problem)):
        of_row[test] = i + 1
    more = {"family": "binomial", "l1_ratio": l1_ratio_of(penalty), "threads": threads}
    found = run_cv_glmnet(problem, penalties_of(problem, penalty), tolerance, of_row, **more)
    return {
        "wall": found.wall,
        "processor": found.processor,
        "alpha": found.alpha,
        "coef": found.coef,
    }


def solver(name):
    """Return scikit-learn's solver as a contender."""
    return lambda *job: scikit_learn(name, *job)


TENTHS = tuple(10.0**-k for k in range(2, 10))
# name: contender, its penalties, its tolerances from loose to tight
PEERS = {
    "riata": (riata, ("l1", "l2"), (1e-6,)),
    "cv.glmnet": (cv_glmnet, ("l1", "l2"), tuple(10.0**-k for k in range(7, 18, 2))),
    "liblinear": (solver("liblinear"), ("l1",), TENTHS),
    "saga": (solver("saga"), ("l1",), TENTHS),
    "lbfgs": (solver("lbfgs"), ("l2",), TENTHS),
    "newton-cholesky": (solver("newton-cholesky"), ("l2",), TENTHS),
}


def main():
    """Run one contender and write its choice."""
    _, name, problem, penalty, tolerance, threads, file = sys.argv
    warnings.simplefilter("ignore")
    run = PEERS[name][0]
    loaded = problems.load(problems.PROBLEMS[problem])
    np.savez(file, **run(loaded, penalty, float(tolerance), int(threads)))


if __name__ == "__main__":
    main()
