"""python-glmnet: the Fortran glmnet behind a scikit-learn-like class. Solves the same elastic net after rescaling by sd(y)."""

import warnings
from time import perf_counter

ENVIRONMENT = ".venv-bench-numpy1"
LADDER = tuple(10.0**-k for k in range(7, 18, 2))
LOSSES = ("squared", "logistic", "softmax")
SPARSE = True


def version():
    from importlib.metadata import version

    return version("python-glmnet")


def path(problem, tolerance, threads=1):
    from glmnet import ElasticNet, LogitNet

    warnings.simplefilter("ignore")
    r, alphas, spread = problem.l1_ratio, problem.alphas, 1.0
    start = perf_counter()
    squared = problem.spec.loss == "squared"
    if r < 1.0 and squared:
        spread = problem.y.std()
        total = r / spread + 1.0 - r
        alphas, r = alphas * total, r / spread / total
    model = (ElasticNet if squared else LogitNet)(
        alpha=r,
        lambda_path=alphas,
        standardize=False,
        fit_intercept=True,
        n_splits=0,
        tol=tolerance,
        max_iter=100_000_000,
    )
    model.fit(problem.X, problem.y / spread)
    seconds = perf_counter() - start
    if problem.spec.loss == "softmax":  # (classes, p, k)
        coefs = model.coef_path_.transpose(1, 2, 0).reshape(problem.shape[1], -1)
        return coefs, model.intercept_path_.T.ravel(), seconds
    coefs = model.coef_path_.reshape(problem.shape[1], -1)  # with labels there is a leading 1
    return coefs * spread, model.intercept_path_.ravel() * spread, seconds
