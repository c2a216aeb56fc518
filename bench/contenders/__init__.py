"""The contenders, one module each.

A module offers

- ``ENVIRONMENT``: the virtual environment it runs in (None for the main one);
- ``LADDER``: its own tolerances from loose to tight; a contender that counts tolerance relatively to alpha_max or to the target
  says so in its docstring;
- ``version()``: what is raced; raises if the package is absent;
- ``path(problem, tolerance, threads)``: solve the problem and return ``(coefs, intercepts, seconds)``, coefs (p, k) dense or CSC
  in the order of ``problem.alphas``, seconds being the solver's time alone, centring included where the package leaves it to
  its caller;
- ``LOSSES`` and ``SPARSE`` (optional): the losses it knows, squared alone unless it says so, and whether it takes sparse X;
- ``refuses(problem)`` (optional): a reason not to race, or None;
- ``cpu_seconds()`` (optional): the processor time of its latest path, if the worker's own clock does not see it;
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
    "liblinear": "liblinear",
    "saga": "saga",
    "pybiglasso": "pybiglasso",
}


def load(name):
    """Return the module of the contender ``name``."""
    return import_module(f"bench.contenders.{MODULES[name]}")


def refusal(name, problem):
    """Return why a contender does not race on a problem, or None."""
    module, spec = load(name), problem.spec
    if spec.only and name not in spec.only:
        return f"raced by {', '.join(spec.only)} only"
    if spec.loss not in getattr(module, "LOSSES", ("squared",)):
        return f"has no {spec.loss} loss"
    if problem.sparse and not getattr(module, "SPARSE", False):
        return "takes dense matrices only"
    return module.refuses(problem) if hasattr(module, "refuses") else None
