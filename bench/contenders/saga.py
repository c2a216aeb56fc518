"""scikit-learn's saga along the grid, warm-started."""

import warnings
from time import perf_counter

from bench.contenders.liblinear import ENVIRONMENT, LADDER, SPARSE, version

LOSSES = ("logistic", "softmax")

__all__ = ["ENVIRONMENT", "LADDER", "LOSSES", "SPARSE", "path", "version"]


def path(problem, tolerance, threads=1):
    import numpy as np
    from scipy.sparse import csc_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    warnings.simplefilter("ignore")
    model = LogisticRegression(
        solver="saga",
        l1_ratio=problem.l1_ratio,
        tol=tolerance,
        max_iter=1_000_000,
        warm_start=True,
        random_state=0,
    )
    n = problem.shape[0]
    start = perf_counter()
    X = problem.X.tocsr() if problem.sparse else np.ascontiguousarray(problem.X)
    coefs, intercepts = [], []
    for alpha in problem.alphas:
        model.C = 1.0 / (alpha * n)
        model.fit(X, problem.y)
        coefs.append(csc_matrix(model.coef_.T))
        intercepts.append(model.intercept_)
    seconds = perf_counter() - start
    return hstack(coefs, format="csc"), np.concatenate(intercepts), seconds
