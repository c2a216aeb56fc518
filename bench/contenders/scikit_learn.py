"""scikit-learn's enet_path with its own choice of precompute.

It takes no intercept: centring is part of its time. Sparse columns it centres implicitly, by the ``X_offset`` that its own
estimators hand to it.
"""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(3, 15))
SPARSE = True
LOSSES = ("squared", "multitask")


def version():
    import sklearn

    return sklearn.__version__


def centred(problem):
    """Return X, its column means, and what tells a path function to centre: X itself is centred if it is dense."""
    import numpy as np

    X = problem.columns()
    means = np.asarray(X.mean(axis=0)).ravel()
    if problem.sparse:
        return X, means, {"X_offset": means, "X_scale": np.ones_like(means)}
    return X - means, means, {}


def solve(problem, tolerance, precompute):
    """Centre a copy, run the path on it and return what a contender returns."""
    from sklearn.linear_model import enet_path

    warnings.simplefilter("ignore")
    start = perf_counter()
    X, means, offset = centred(problem)
    y_mean = problem.y.mean(axis=0)
    y = problem.y - y_mean
    if problem.sparse or problem.multitask:
        precompute = False
    elif precompute == "auto":
        precompute = X.shape[0] > X.shape[1]
    _, coefs, _ = enet_path(
        X,
        y,
        l1_ratio=problem.l1_ratio,
        alphas=problem.alphas,
        precompute=precompute,
        copy_X=False,
        tol=tolerance,
        max_iter=1_000_000,
        **offset,
    )
    if problem.multitask:
        from bench.contenders._tasks import by_alphas

        return *by_alphas(coefs, means, y_mean), perf_counter() - start
    intercepts = y_mean - means @ coefs
    return coefs, intercepts, perf_counter() - start


def path(problem, tolerance, threads=1):
    return solve(problem, tolerance, "auto")


def fit(problem, alpha, tolerance):
    from sklearn.linear_model import Lasso

    warnings.simplefilter("ignore")
    model = Lasso(alpha=alpha, tol=tolerance, max_iter=1_000_000)
    start = perf_counter()
    model.fit(problem.X, problem.y)
    seconds = perf_counter() - start
    return model.coef_[:, None], [model.intercept_], seconds
