"""pybiglasso: the logistic part of R's biglasso. It standardises columns itself, which dense problems already are."""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(5, 18, 2))
LOSSES = ("logistic",)


def version():
    from importlib.metadata import version

    return version("pybiglasso")


def path(problem, tolerance, threads=1):
    import pybiglasso

    warnings.simplefilter("ignore")
    start = perf_counter()
    found = pybiglasso.biglasso(
        problem.X,
        problem.y,
        alpha=problem.l1_ratio,
        lambdas=problem.alphas,
        eps=tolerance,
        max_iter=1_000_000,
        stop_on_saturation=False,
        n_threads=threads,
    )
    return found.coef, found.intercept, perf_counter() - start
