"""glum's regularisation path. Its tolerance bounds a gradient, so it is counted in units of alpha_max."""

import warnings
from time import perf_counter

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(2, 14))
LOSSES = ("squared", "logistic")
SPARSE = True


def version():
    from importlib.metadata import version

    return version("glum")


def refuses(problem):
    return "forms a p x p Hessian" if problem.shape[1] > 10_000 else None


def path(problem, tolerance, threads=1):
    import glum

    warnings.simplefilter("ignore")
    model = glum.GeneralizedLinearRegressor(
        family="binomial" if problem.logistic else "normal",
        link="logit" if problem.logistic else "identity",
        solver="irls-cd",
        alpha=problem.alphas,
        alpha_search=True,
        l1_ratio=problem.l1_ratio,
        fit_intercept=True,
        gradient_tol=tolerance * problem.alphas[0],
        max_iter=1000,
    )
    start = perf_counter()
    model.fit(problem.X, problem.y)
    seconds = perf_counter() - start
    return model.coef_path_.T, model.intercept_path_, seconds
