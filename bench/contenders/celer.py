"""celer's path. It takes no intercept for dense data: centring is part of its time."""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(3, 15))


def version():
    import celer

    return celer.__version__


def path(problem, tolerance, threads=1):
    from celer import celer_path

    warnings.simplefilter("ignore")
    start = perf_counter()
    means = problem.X.mean(axis=0)
    y_mean = problem.y.mean()
    X = problem.X - means
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
    )
    intercepts = y_mean - means @ coefs
    return coefs, intercepts, perf_counter() - start


def fit(problem, alpha, tolerance):
    from celer import Lasso

    warnings.simplefilter("ignore")
    model = Lasso(alpha=alpha, tol=tolerance, max_iter=1000, max_epochs=100_000)
    start = perf_counter()
    model.fit(problem.X, problem.y)
    seconds = perf_counter() - start
    return model.coef_[:, None], [model.intercept_], seconds
