"""adelie's grpnet with one group per feature."""

import warnings
from time import perf_counter

ENVIRONMENT = ".venv-bench-numpy1"
LADDER = tuple(10.0**-k for k in range(7, 18, 2))
LOSSES = ("squared", "logistic")
SPARSE = True


def version():
    from importlib.metadata import version

    return version("adelie")


def path(problem, tolerance, threads=1):
    import adelie
    import numpy as np

    warnings.simplefilter("ignore")
    glm = adelie.glm.binomial if problem.logistic else adelie.glm.gaussian
    start = perf_counter()
    X = problem.columns()
    state = adelie.grpnet(
        X=adelie.matrix.sparse(X, n_threads=threads) if problem.sparse else X,
        glm=glm(y=problem.y),
        alpha=problem.l1_ratio,
        penalty=np.ones(X.shape[1]),
        lmda_path=problem.alphas,
        tol=tolerance,
        irls_tol=tolerance,
        adev_tol=1,
        ddev_tol=0,
        early_exit=False,
        intercept=True,
        n_threads=threads,
        max_iters=10_000_000,
        progress_bar=False,
    )
    seconds = perf_counter() - start
    return state.betas.T.tocsc(), np.asarray(state.intercepts), seconds
