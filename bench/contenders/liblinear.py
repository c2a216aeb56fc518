"""LIBLINEAR through scikit-learn, one alpha at a time: it has no warm start.

It penalises the intercept; scaling that column by 100,000 makes the penalty small. Scaled by 1,000 only, its gaps end near 3e-5.
"""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(2, 12))
LOSSES = ("logistic",)
SPARSE = True


def version():
    import sklearn

    return sklearn.__version__


def refuses(problem):
    return None if problem.l1_ratio == 1.0 else "has no elastic net"


def path(problem, tolerance, threads=1):
    import numpy as np
    from scipy.sparse import csc_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    warnings.simplefilter("ignore")
    model = LogisticRegression(
        solver="liblinear",
        l1_ratio=1.0,
        intercept_scaling=1e5,
        tol=tolerance,
        max_iter=100_000,
        random_state=0,
    )
    n = problem.shape[0]
    start = perf_counter()
    X = problem.X.tocsr() if problem.sparse else problem.X
    coefs, intercepts = [], []
    for alpha in problem.alphas:
        model.C = 1.0 / (alpha * n)
        model.fit(X, problem.y)
        coefs.append(csc_matrix(model.coef_.T))
        intercepts.append(model.intercept_[0])
    seconds = perf_counter() - start
    return hstack(coefs, format="csc"), np.array(intercepts), seconds
