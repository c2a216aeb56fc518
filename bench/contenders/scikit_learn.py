"""scikit-learn's enet_path with its own choice of precompute. It takes no intercept: centring is part of its time."""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(3, 15))


def version():
    import sklearn

    return sklearn.__version__


def solve(problem, tolerance, precompute):
    """Centre a copy, run the path on it and return what a contender returns."""
    from sklearn.linear_model import enet_path

    warnings.simplefilter("ignore")
    start = perf_counter()
    means = problem.X.mean(axis=0)
    y_mean = problem.y.mean()
    X = problem.X - means
    y = problem.y - y_mean
    if precompute == "auto":
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
    )
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
