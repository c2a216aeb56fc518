"""The contenders, one module each.

A module offers

- ``ENVIRONMENT``: the virtual environment it runs in (None for the main one);
- ``LADDER``: its own tolerances from loose to tight; a contender that counts tolerance relatively to alpha_max or to the target
  says so in its docstring;
- ``version()``: what is raced; raises if the package is absent;
- ``path(problem, tolerance, threads)``: solve the problem and return ``(coefs, intercepts, seconds)``, coefs (p, k) dense or CSC
  in the order of ``problem.alphas``, seconds being the solver's time alone, centring included where the package leaves it to
  its caller;
- ``refuses(problem)`` (optional): a reason not to race, or None;
- ``fit(problem, alpha, tolerance)`` (optional): the same for one alpha through the estimator, coefs (p, 1).

Modules import their package inside the functions, so that the driver can read ``LADDER`` in any environment.
"""

from importlib import import_module

MODULES = {
    "riata": "riata",
    "scikit-learn": "scikit_learn",
    "scikit-learn-other": "scikit_learn_other",
    "celer": "celer",
    "skglm": "skglm",
    "adelie": "adelie",
    "glum": "glum",
    "python-glmnet": "python_glmnet",
    "r-glmnet": "r_glmnet",
}


def load(name):
    """Return the module of the contender ``name``."""
    return import_module(f"bench.contenders.{MODULES[name]}")
