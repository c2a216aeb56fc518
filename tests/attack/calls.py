"""Cases put to riata, and what it claims of them. The only module here that imports riata."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning

import riata

from .exact import Terms
from .problems import Case


@dataclass
class Claim:
    """One solution as it was handed out: coefficients (outputs, p) and intercepts (outputs,) with what is said of them."""

    alpha: float
    coef: np.ndarray
    intercept: np.ndarray
    primal: float
    dual: float
    rel_gap: float
    null: float
    converged: bool
    tol: float
    dev_ratio: float | None = None
    sample_weight: np.ndarray | None = None  # where it is not the case's: of a fold
    held_out: list | None = None  # [test rows, loss, predictions (rows, outputs) or None]
    eta: np.ndarray | None = None  # what it predicts for X
    is_foreign: bool = False  # of coefficients that riata did not choose


@dataclass
class Answer:
    claims: list[Claim] = field(default_factory=list)
    refits: list = field(
        default_factory=list
    )  # [alpha, weights of a training set, test rows, loss]
    error: str | None = None
    leaked: list[str] = field(default_factory=list)  # warnings that are not riata's
    warned: int = 0
    mutated: list[str] = field(default_factory=list)
    seconds: float = 0.0


def arranged(X, layout):
    """X in a layout."""
    if layout in ("CSC", "CSR", "CSC64"):
        sparse = (scipy.sparse.csr_array if layout == "CSR" else scipy.sparse.csc_array)(X)
        if layout == "CSC64":
            sparse.indices, sparse.indptr = (
                sparse.indices.astype(np.int64),
                sparse.indptr.astype(np.int64),
            )
        return sparse
    if layout == "C":
        return np.ascontiguousarray(X)
    if layout == "slice":
        wide = np.full((X.shape[0] + 3, X.shape[1]), np.nan, X.dtype, order="F")
        wide[1:-2] = X
        return wide[1:-2]
    X = np.array(X, order="F")
    X.flags.writeable = layout != "readonly"
    return X


def ask(case: Case) -> Answer:
    """What riata makes of a case."""
    answer, X = Answer(), arranged(case.X, case.layout)
    given = {
        name: value for name, value in vars(case.terms).items() if isinstance(value, np.ndarray)
    }
    given = {name: value.copy() for name, value in given.items()} | {"y": case.y.copy()}
    parts = (
        {"X": X}
        if isinstance(X, np.ndarray)
        else {a: getattr(X, a) for a in ("data", "indices", "indptr")}
    )
    watched = given | parts
    before = {name: value.tobytes() for name, value in watched.items()}
    terms = replace(case.terms, **{name: v for name, v in given.items() if name != "y"})
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer.claims = ENTRIES[case.entry](case, X, given["y"], terms, answer)
        except Exception as error:  # whatever it is, it is what the attack looks for
            answer.error = f"{type(error).__name__}: {error}"
    answer.seconds = time.process_time() - start
    answer.mutated = [name for name, value in watched.items() if value.tobytes() != before[name]]
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            answer.warned += 1
        elif not is_advice(warning, case):
            answer.leaked.append(f"{warning.category.__name__}: {warning.message}")
    return answer


def is_advice(warning, case):
    """scikit-learn's words on estimators without a penalty."""
    is_free = case.entry in ("estimator", "check") and not np.any(case.alphas)
    return warning.category is UserWarning and is_free


def arguments(terms: Terms, *without):
    return {name: value for name, value in vars(terms).items() if name not in without}


def by_path(case, X, y, terms, answer):
    fit = riata.path(X, y, alphas=case.alphas, tol=case.tol, **arguments(terms))
    eta = fit.predict(X)
    claims = path_claims(fit, terms.family)
    for k, claim in enumerate(claims):
        claim.eta = eta[..., k].reshape(len(y), -1)
    return claims


def path_claims(fit, family, sample_weight=None):
    coefs, intercepts = fit.coefs, np.atleast_2d(fit.intercepts)
    coefs = np.array([one.toarray() for one in (coefs if isinstance(coefs, list) else [coefs])])
    return [
        claim_of(
            fit.certificate(k),
            coefs[:, :, k],
            intercepts[:, k],
            fit.dev_ratio[k],
            sample_weight,
            fit.alphas[k],
        )
        for k in range(len(fit))
    ]


def claim_of(certificate, coef, intercept, dev_ratio=None, sample_weight=None, alpha=None, **more):
    c = certificate
    return Claim(
        float(c.alpha if alpha is None else alpha),
        np.atleast_2d(coef),
        np.atleast_1d(intercept),
        c.primal,
        c.dual,
        c.rel_gap,
        c.null_objective,
        c.status == "converged",
        c.tol,
        dev_ratio,
        sample_weight,
        **more,
    )


def estimator_for(case: Case, terms: Terms):
    """The estimator of a family and l1_ratio, and the factor that takes riata's alpha to its own."""
    alpha, rho, family = float(case.alphas[0]), terms.l1_ratio, terms.family
    rest = arguments(terms, "family", "grouped", "sample_weight", "offset", "l1_ratio")
    total = len(case.y) if terms.sample_weight is None else float(np.sum(terms.sample_weight))
    tasks = {name: value for name, value in rest.items() if name not in ("lower", "upper")}
    if family == "multi-gaussian":
        if rho == 1:
            return riata.MultiTaskLasso(alpha=alpha, **tasks), alpha
        return riata.MultiTaskElasticNet(alpha=alpha, l1_ratio=rho, **tasks), alpha
    if family == "poisson":
        return riata.PoissonRegressor(alpha=alpha, l1_ratio=rho, **rest), alpha
    if family in ("binomial", "multinomial"):
        C = 1 / (alpha * total) if alpha * total > 1e-300 else np.inf
        return riata.LogisticRegression(C=C, l1_ratio=rho, **rest), 1 / (C * total)
    if rho == 1:
        return riata.Lasso(alpha=alpha, **rest), alpha
    if rho == 0:
        return riata.Ridge(alpha=alpha * total, **rest), alpha
    return riata.ElasticNet(alpha=alpha, l1_ratio=rho, **rest), alpha


def by_estimator(case, X, y, terms, answer):
    model, alpha = estimator_for(case, terms)
    model.fit(X, y, sample_weight=terms.sample_weight, offset=terms.offset)
    return [claim_of(model.certificate_, model.coef_, model.intercept_, alpha=alpha)]


def by_check(case, X, y, terms, answer):
    """A fitted estimator with some coefficients changed."""
    model, alpha = estimator_for(case, terms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y, sample_weight=terms.sample_weight, offset=terms.offset)
    coef = np.array(model.coef_, dtype=float)
    rows = np.atleast_2d(coef)
    if len(rows) > 1 and case.family == "multinomial":
        return []  # check_solution is not for several classes
    for output, feature, size in case.nudge:
        rows[output, feature] += size * (np.abs(rows).max() or 1.0)
    model.coef_ = rows.reshape(coef.shape)
    certificate = riata.check_solution(model, X, y, terms.sample_weight, terms.offset)
    return [claim_of(certificate, model.coef_, model.intercept_, alpha=alpha, is_foreign=True)]


def by_cv(case, X, y, terms, answer):
    options = arguments(terms, "grouped")
    splits = [(np.array(train), np.array(test)) for train, test in case.splits]
    run = riata.cv_path(
        X, y, alphas=case.alphas, tol=case.tol, cv=splits, predictions=True, **options
    )
    claims = path_claims(run.path, terms.family)
    tested = np.concatenate([test for _, test in splits])
    out = run.predictions if len(np.unique(tested)) == len(tested) else None
    for i, (test, weights) in enumerate(training_weights(splits, y, terms)):
        for k, claim in enumerate(path_claims(run.fold_paths[0][i], terms.family, weights)):
            eta = None if out is None else out[test, k].reshape(len(test), -1)
            claim.held_out = [test, float(run.loss[k, i]), eta]
            claims.append(claim)
    return claims


def training_weights(splits, y, terms):
    """Of every split the test rows, and the weights of all rows in training."""
    s = np.ones(len(y)) if terms.sample_weight is None else terms.sample_weight
    return [(test, s * np.bincount(train, minlength=len(y))) for train, test in splits]


def by_cv_estimator(case, X, y, terms, answer):
    """Errors of folds whose models are not handed out, for refits to compare with."""
    rest = arguments(terms, "family", "grouped", "sample_weight", "offset", "l1_ratio")
    splits = [(np.array(train), np.array(test)) for train, test in case.splits]
    options = {"l1_ratio": terms.l1_ratio, "alphas": case.alphas, "cv": splits, "tol": case.tol}
    if terms.family == "multi-gaussian":
        rest = {name: value for name, value in rest.items() if name not in ("lower", "upper")}
        model = riata.MultiTaskElasticNetCV(**options, **rest)
    else:
        model = riata.ElasticNetCV(**options, **rest)
    model.fit(X, y, sample_weight=terms.sample_weight, offset=terms.offset)
    errors = model.mse_path_.reshape(
        len(model.alphas_), len(splits)
    )  # as in scikit-learn, 1 is squeezed
    for i, (test, weights) in enumerate(training_weights(splits, y, terms)):
        for k, alpha in enumerate(model.alphas_):
            answer.refits.append([float(alpha), weights, test, float(errors[k, i])])
    return [claim_of(model.certificate_, model.coef_, model.intercept_, alpha=model.alpha_)]


ENTRIES = {
    "path": by_path,
    "estimator": by_estimator,
    "check": by_check,
    "cv": by_cv,
    "cv-estimator": by_cv_estimator,
}
