"""riata. Its tolerance is the relative gap itself, so its ladder starts at the target and is counted in units of it."""

from time import perf_counter

ENVIRONMENT = None
LADDER = (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-6)
RELATIVE_TO_TARGET = True
FAMILIES = {
    "squared": "gaussian",
    "logistic": "binomial",
    "softmax": "multinomial",
    "multitask": "multi-gaussian",
}
LOSSES = tuple(FAMILIES)
SPARSE = True


def version():
    import riata

    return riata.__version__


def refuses(problem):
    """Try a very small problem of the same kind: what this version cannot do yet is unsupported, not failed."""
    from bench.problems import warm_up_problem

    try:
        path(warm_up_problem(problem), 1e-6)
    except (TypeError, ValueError, NotImplementedError) as error:
        return f"unsupported: {error}"[:200]
    return None


def path(problem, tolerance, threads=1):
    import riata

    # Versions that know squared loss alone take no family.
    family = {} if problem.spec.loss == "squared" else {"family": FAMILIES[problem.spec.loss]}
    start = perf_counter()
    found = riata.path(
        problem.X,
        problem.y,
        **family,
        l1_ratio=problem.l1_ratio,
        alphas=problem.alphas,
        tol=tolerance,
        n_threads=threads,
        early_stop=False,
    )
    seconds = perf_counter() - start
    if problem.spec.loss == "softmax":
        return by_alphas(found.coefs), found.intercepts, seconds
    if problem.multitask:
        return by_alphas(found.coefs), found.intercepts.T, seconds
    return found.coefs, found.intercepts, seconds


def by_alphas(coefs):
    """Return one CSC matrix out of those of the classes or tasks, its columns class by class for each alpha in turn."""
    from scipy.sparse import hstack

    k, width = coefs[0].shape[1], len(coefs)
    joined = hstack(coefs, format="csc")
    return joined[:, [c * k + i for i in range(k) for c in range(width)]]


def fit(problem, alpha, tolerance):
    import riata

    # Lasso takes scikit-learn's tolerance, which multiplies y'y (twice the null objective).
    model = riata.Lasso(alpha=alpha, tol=tolerance / 2)
    start = perf_counter()
    model.fit(problem.X, problem.y)
    seconds = perf_counter() - start
    return model.coef_[:, None], [model.intercept_], seconds
