"""celer's path. It takes no intercept: centring is part of its time, implicit by ``X_offset`` for sparse columns.

Its logistic loss cannot be centred. A column of ones joins, whose weight in the penalty is as small as the others are large.
"""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(3, 15))
LOSSES = ("squared", "logistic", "multitask")
SPARSE = True
INTERCEPT_WEIGHT = 1e-6


def version():
    import celer

    return celer.__version__


def path(problem, tolerance, threads=1):
    warnings.simplefilter("ignore")
    if problem.multitask:
        return path_tasks(problem, tolerance)
    return (path_logistic if problem.logistic else path_squared)(problem, tolerance)


def path_tasks(problem, tolerance):
    import numpy as np
    from celer.homotopy import mtl_path

    from bench.contenders._tasks import by_alphas
    from bench.contenders.scikit_learn import centred

    start = perf_counter()
    X, means, _ = centred(problem)
    y_mean = problem.y.mean(axis=0)
    _, coefs, _ = mtl_path(
        np.asfortranarray(X),
        np.asfortranarray(problem.y - y_mean),
        alphas=problem.alphas,
        tol=tolerance,
        prune=1,
        max_iter=1000,
        max_epochs=100_000,
    )
    return *by_alphas(coefs, means, y_mean), perf_counter() - start


def path_squared(problem, tolerance):
    from celer import celer_path

    from bench.contenders.scikit_learn import centred

    start = perf_counter()
    X, means, offset = centred(problem)
    y_mean = problem.y.mean()
    y = problem.y - y_mean
    _, coefs, _ = celer_path(
        X,
        y,
        "lasso",
        alphas=problem.alphas,
        l1_ratio=problem.l1_ratio,
        prune=1,
        tol=tolerance,
        max_iter=1000,
        max_epochs=100_000,
        **offset,
    )
    intercepts = y_mean - means @ coefs
    return coefs, intercepts, perf_counter() - start


def path_logistic(problem, tolerance):
    import numpy as np
    from celer import celer_path
    from scipy.sparse import csc_matrix, hstack

    n, p = problem.shape
    start = perf_counter()
    ones, weights = np.ones((n, 1)), np.ones(p + 1)
    weights[p] = INTERCEPT_WEIGHT
    X = problem.columns()
    X = hstack([X, csc_matrix(ones)], "csc") if problem.sparse else np.hstack([X, ones])
    _, coefs, _ = celer_path(
        X,
        2.0 * problem.y - 1.0,
        "logreg",
        alphas=problem.alphas * n,
        weights=weights,
        prune=1,
        tol=tolerance,
        max_iter=1000,
        max_epochs=100_000,
        use_PN=False,
    )
    return coefs[:p], coefs[p], perf_counter() - start


def fit(problem, alpha, tolerance):
    from celer import Lasso

    warnings.simplefilter("ignore")
    model = Lasso(alpha=alpha, tol=tolerance, max_iter=1000, max_epochs=100_000)
    start = perf_counter()
    model.fit(problem.X, problem.y)
    seconds = perf_counter() - start
    return model.coef_[:, None], [model.intercept_], seconds
