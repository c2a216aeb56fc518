"""A case as a few lines of Python, for people."""

from __future__ import annotations

import numpy as np

from .calls import estimator_for
from .problems import Case
from .store import given


def as_python(case: Case) -> str:
    single = f", dtype=np.{case.X.dtype}" if case.X.dtype != float else ""
    lines = [
        "import numpy as np, riata",
        f"X = np.array({spelled(case.X)}{single})"
        + (f"  # as {case.layout}" if case.layout != "C" else ""),
        f"y = np.array({spelled(case.y)})",
    ]
    lines += by_function(case) if case.entry in ("path", "cv") else by_estimator(case)
    return "\n".join(lines) + "\n"


def by_function(case: Case) -> list[str]:
    terms = "".join(f", {name}={spelled(value)}" for name, value in given(case.terms).items())
    options = f"X, y, alphas={spelled(case.alphas)}, tol={case.tol}{terms}"
    if case.entry == "path":
        return [
            f"fit = riata.path({options})",
            "coefs = fit.coefs if isinstance(fit.coefs, list) else [fit.coefs]",
            "print(*fit.certificates, *[c.toarray() for c in coefs], fit.intercepts, sep='\\n')",
        ]
    return [
        f"run = riata.cv_path({options}, cv={case.splits})",
        "for fit, loss in zip([run.path, *run.fold_paths[0]], [None, *run.loss.T]):",
        "    print(loss, *fit.certificates, fit.coefs, fit.intercepts, sep='\\n')",
    ]


def by_estimator(case: Case) -> list[str]:
    if case.entry == "cv-estimator":
        return [
            f"# {case.family}, see calls.by_cv_estimator: alphas={spelled(case.alphas)}, cv={case.splits}",
            f"terms = {given(case.terms)!r}",
        ]
    model, _ = estimator_for(case, case.terms)
    default = type(model)().get_params()
    own = {
        name: v
        for name, v in model.get_params().items()
        if v is not default[name] and np.any(v != default[name])
    }
    made = ", ".join(f"{name}={spelled(value)}" for name, value in own.items())
    rows = "".join(
        f", {name}={spelled(value)}"
        for name, value in given(case.terms).items()
        if name in ("sample_weight", "offset")
    )
    lines = [f"model = riata.{type(model).__name__}({made}).fit(X, y{rows})"]
    if case.entry == "check":
        lines += [
            "rows = np.atleast_2d(np.array(model.coef_, float))",
            f"for output, feature, size in {case.nudge}:",
            "    rows[output, feature] += size * (np.abs(rows).max() or 1.0)",
            "model.coef_ = rows.reshape(model.coef_.shape)",
            f"print(riata.check_solution(model, X, y{rows}))",
        ]
    return [*lines, "print(model.certificate_, model.coef_, model.intercept_)"]


def spelled(value):
    if isinstance(value, np.ndarray):
        return repr(value.tolist()).replace("inf", "np.inf").replace("nan", "np.nan")
    return repr(value).replace("inf", "np.inf")
