"""skglm's AndersonCD, or ProxNewton for the logistic loss, along the grid, warm-started. Its tolerance bounds a gradient, so it is counted in units of alpha_max."""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(2, 14))
LOSSES = ("squared", "logistic")
SPARSE = True


def version():
    from importlib.metadata import version

    return version("skglm")


def solver_for(problem, tolerance):
    from skglm.solvers import AndersonCD, ProxNewton

    if problem.logistic:
        return ProxNewton(tol=tolerance, max_iter=1000, fit_intercept=True)
    return AndersonCD(tol=tolerance, max_iter=1000, max_epochs=100_000, fit_intercept=True)


def path(problem, tolerance, threads=1):
    import numpy as np
    from skglm.datafits import Logistic, Quadratic
    from skglm.penalties import L1, L1_plus_L2
    from skglm.utils.jit_compilation import compiled_clone

    warnings.simplefilter("ignore")
    alphas = problem.alphas
    n, p = problem.shape
    start = perf_counter()
    X = problem.columns()
    y = 2.0 * problem.y - 1.0 if problem.logistic else problem.y
    lasso = problem.l1_ratio == 1.0
    datafit = compiled_clone(Logistic() if problem.logistic else Quadratic())
    penalty = compiled_clone(L1(alphas[0]) if lasso else L1_plus_L2(alphas[0], problem.l1_ratio))
    solver = solver_for(problem, tolerance * alphas[0])
    coefs = np.empty((p, alphas.size), order="F")
    intercepts = np.empty(alphas.size)
    w = np.zeros(p + 1)
    for i, alpha in enumerate(alphas):
        penalty.alpha = alpha
        support = np.flatnonzero(w[:p])
        fitted = X[:, support] @ w[support] + w[p]
        solver.p0 = max(10, support.size)
        w, _, _ = solver.solve(X, y, datafit, penalty, w, fitted)
        coefs[:, i], intercepts[i] = w[:p], w[p]
    return coefs, intercepts, perf_counter() - start


def fit(problem, alpha, tolerance):
    from skglm import Lasso

    warnings.simplefilter("ignore")
    model = Lasso(alpha=alpha, tol=tolerance * problem.alphas[0], max_iter=1000, max_epochs=100_000)
    start = perf_counter()
    model.fit(problem.X, problem.y)
    seconds = perf_counter() - start
    return model.coef_[:, None], [model.intercept_], seconds
