"""The ledger's problems: families times layouts times options, small, and a few that are large enough for another route."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

import riata

FAMILIES = ("gaussian", "binomial", "poisson", "multinomial", "grouped", "multi-gaussian")
SHAPES = {"tall": (160, 12), "wide": (40, 90)}
LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "F32": lambda X: np.asfortranarray(X, dtype=np.float32),
    "CSC": sp.csc_array,
    "CSR": sp.csr_array,
}
JOINT = ("multinomial", "grouped", "multi-gaussian")
UNBOUNDED = ("grouped", "multi-gaussian")

Record = dict[str, np.ndarray]
Case = tuple[str, Callable[[], Record]]


def design(rng: np.random.Generator, n: int, p: int, density: float = 0.4) -> np.ndarray:
    """Correlated columns far from centred, many entries zero."""
    X = rng.standard_normal((n, p)) + 0.6 * rng.standard_normal((n, 1)) + 0.3
    return np.where(rng.random((n, p)) < density, X, 0.0)


def response(rng: np.random.Generator, X: np.ndarray, family: str, outputs: int = 3) -> np.ndarray:
    """What a sparse model with noise makes of X."""
    W = np.zeros((X.shape[1], outputs))
    W[: min(8, len(W))] = rng.standard_normal((min(8, len(W)), outputs))
    eta = X @ W / np.sqrt(8)
    if family in ("multinomial", "grouped"):
        return (2 * eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    if family == "multi-gaussian":
        return eta + 0.3 * rng.standard_normal(eta.shape) + 5
    if family == "binomial":
        return (2 * eta[:, 0] + rng.logistic(size=len(X)) > 0).astype(int)
    if family == "poisson":
        return rng.poisson(np.exp(np.clip(eta[:, 0], -3, 3)))
    return eta[:, 0] + 0.3 * rng.standard_normal(len(X)) + 5


def options(rng: np.random.Generator, n: int, p: int) -> dict[str, dict[str, Any]]:
    """Options of `path` by name."""
    u = np.round(rng.uniform(0.2, 2, p), 2)
    u[:2] = 0, np.inf
    s = rng.integers(0, 4, n).astype(float)
    return {
        "lasso": {},
        "enet": {"l1_ratio": 0.4},
        "ridge": {"l1_ratio": 0.0, "alphas": [1.0, 0.1, 0.01]},
        "through-zero": {"fit_intercept": False},
        "standardize": {"standardize": True, "l1_ratio": 0.9},
        "weights": {"sample_weight": s},
        "penalties": {"penalty_weights": u, "l2_weights": np.sqrt(u), "l1_ratio": 0.7},
        "free": {"penalty_weights": np.where(np.arange(p) < 3, 0.0, 1.0)},
        "bounds": {"lower": -0.2, "upper": 0.3},
        "apart": {"lower": np.where(np.arange(p) == 4, 0.1, -np.inf), "upper": 0.5},
        "offset": {"offset": rng.standard_normal(n) / 2},
        "tight": {"tol": 1e-11},
    }


def of_path(result: Any) -> Record:
    """All that a path holds; of its coefficients the entries that are not zero."""
    fields = ("alphas", "n_iter", "dev_ratio", "intercepts", "n_passes", "alpha_max")
    record = {name: np.asarray(getattr(result, name)) for name in fields}
    coefs = result.coefs if isinstance(result.coefs, list) else [result.coefs]
    record["nonzero"] = np.concatenate([sp.csc_array(W).indices for W in coefs])
    record["coefs"] = np.concatenate([sp.csc_array(W).data for W in coefs])
    for name in ("primal", "dual", "gap", "kkt_max"):
        record[name] = np.array([getattr(c, name) for c in result.certificates])
    return record


def of_fit(model: Any) -> Record:
    """What a fitted model hands out, and its certificates."""
    certificates = np.atleast_1d(np.asarray(model.certificate_, dtype=object))
    names = ("alpha", "primal", "dual", "gap", "kkt_max", "null_objective", "n_passes")
    record = {k: np.array([getattr(c, k) for c in certificates]) for k in names}
    record["coefs"] = np.asarray(model.coef_)
    record["intercepts"] = np.asarray(model.intercept_)
    record["n_iter"] = np.asarray(model.n_iter_)
    return record


def of_check(certificate: Any) -> Record:
    """A certificate of somebody's model."""
    names = ("primal", "dual", "gap", "rel_gap", "kkt_max", "null_objective")
    return {name: np.asarray(getattr(certificate, name)) for name in names}


def quietly(make: Callable[[], Any], take: Callable[[Any], Record]) -> Record:
    """What `take` finds in what is made, or the error that is its answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return take(make())
        except (ValueError, TypeError) as error:
            return {"error": np.asarray(str(error))}


def paths() -> Iterator[Case]:
    """Every family, shape, option and layout."""
    for f, family in enumerate(FAMILIES):
        for h, (shape, (n, p)) in enumerate(SHAPES.items()):
            rng = np.random.default_rng([f, h])
            X = design(rng, n, p)
            y = response(rng, X, family)
            for o, (name, chosen) in enumerate(options(rng, n, p).items()):
                if name in ("bounds", "apart") and family in UNBOUNDED:
                    continue
                if name == "offset" and family in ("multinomial", "grouped"):
                    continue
                for k, (layout, convert) in enumerate(LAYOUTS.items()):
                    if k > 0 and (o + k) % 4 and name != "lasso":
                        continue
                    yield (
                        f"path {family} {shape} {name} {layout}",
                        _path(convert(X), y, family, {"alphas": 12, "tol": 1e-7} | chosen),
                    )


def _path(X: Any, y: np.ndarray, family: str, chosen: dict[str, Any]) -> Callable[[], Record]:
    grouped = family == "grouped"
    name = "multinomial" if grouped else family
    return lambda: quietly(
        lambda: riata.path(X, y, family=name, grouped=grouped, early_stop=False, **chosen), of_path
    )


def estimators() -> dict[str, tuple[Any, str]]:
    """Single fits, and the family of their response."""
    return {
        "Lasso": (riata.Lasso(0.02), "gaussian"),
        "ElasticNet": (riata.ElasticNet(0.02, l1_ratio=0.5), "gaussian"),
        "bounded": (riata.ElasticNet(0.01, l1_ratio=0.9, positive=True), "gaussian"),
        "Ridge": (riata.Ridge(1.0), "gaussian"),
        "Logistic L1": (riata.LogisticRegression(C=0.5, l1_ratio=1.0), "binomial"),
        "Logistic L2": (riata.LogisticRegression(C=0.5), "binomial"),
        "Logistic none": (riata.LogisticRegression(C=np.inf), "binomial"),
        "Softmax L1": (riata.LogisticRegression(C=0.5, l1_ratio=1.0), "multinomial"),
        "Softmax mixed": (riata.LogisticRegression(C=2.0, l1_ratio=0.5), "multinomial"),
        "Softmax L2": (riata.LogisticRegression(C=0.5), "multinomial"),
        "Poisson": (riata.PoissonRegressor(alpha=0.1), "poisson"),
        "Poisson L1": (riata.PoissonRegressor(alpha=0.05, l1_ratio=0.8), "poisson"),
        "MultiTaskLasso": (riata.MultiTaskLasso(0.02), "multi-gaussian"),
        "MultiTaskElasticNet": (riata.MultiTaskElasticNet(0.02, l1_ratio=0.5), "multi-gaussian"),
    }


def fits() -> Iterator[Case]:
    """Single fits of every estimator, and what `check_solution` says of them, moved a little, too."""
    for shape, (n, p) in {**SHAPES, "larger": (400, 400)}.items():
        for e, (name, (model, family)) in enumerate(estimators().items()):
            rng = np.random.default_rng([n, p, e])
            X = design(rng, n, p)
            y = response(rng, X, family)
            yield f"fit {name} {shape}", _fit(model, X, y, moved=None)
            if shape != "larger":
                yield f"check {name} {shape}", _fit(model, X, y, moved=0.0)
                yield f"check moved {name} {shape}", _fit(model, sp.csc_array(X), y, moved=1e-3)


def _fit(model: Any, X: Any, y: np.ndarray, moved: float | None) -> Callable[[], Record]:
    def run() -> Record:
        fitted = model.fit(X, y)
        if moved is None:
            return of_fit(fitted)
        fitted.coef_ = np.asarray(fitted.coef_) * (1 + moved)
        return of_check(riata.check_solution(fitted, X, y))

    return lambda: quietly(run, lambda record: record)


def cross_validations() -> Iterator[Case]:
    """Folds in the core, one class of estimators each."""
    models = {
        "LassoCV": (riata.LassoCV(alphas=15, cv=4), "gaussian"),
        "ElasticNetCV": (riata.ElasticNetCV(l1_ratio=[0.5, 1.0], alphas=10, cv=3), "gaussian"),
        "MultiTaskLassoCV": (riata.MultiTaskLassoCV(alphas=10, cv=3), "multi-gaussian"),
        "LogisticRegressionCV": (
            riata.LogisticRegressionCV(Cs=8, cv=3, l1_ratios=(1.0,), use_legacy_attributes=False),
            "binomial",
        ),
        "softmax CV": (
            riata.LogisticRegressionCV(Cs=5, cv=3, l1_ratios=(1.0,), use_legacy_attributes=False),
            "multinomial",
        ),
    }
    for shape, (n, p) in SHAPES.items():
        for e, (name, (model, family)) in enumerate(models.items()):
            rng = np.random.default_rng([n, p, e])
            X = design(rng, n, p, 1.0)
            y = response(rng, X, family)
            yield f"folds {name} {shape}", _folds(model, X, y)


def _folds(model: Any, X: np.ndarray, y: np.ndarray) -> Callable[[], Record]:
    def take(fitted: Any) -> Record:
        record = {"coefs": fitted.coef_, "intercepts": fitted.intercept_}
        for name in ("mse_path_", "alpha_", "C_", "scores_"):
            if hasattr(fitted, name):
                record[name] = getattr(fitted, name)
        return {k: np.asarray(v) for k, v in record.items() if not isinstance(v, dict)}

    return lambda: quietly(lambda: model.fit(X, y), take)


def routes() -> Iterator[Case]:
    """Shapes at which another form of the inner problem takes over."""
    chosen: dict[str, tuple[str, tuple[int, int], float, dict[str, Any]]] = {
        "samples": ("gaussian", (30, 300), 1.0, {"l1_ratio": 0.2, "eps": 1e-3}),
        "lanes": ("gaussian", (700, 2000), 0.01, {"eps": 1e-3, "alphas": 20}),
        "lean": ("gaussian", (80, 200), 1.0, {"memory_limit": 20_000, "eps": 1e-2}),
        "saturated": ("gaussian", (40, 60), 1.0, {"eps": 1e-5}),
        "whole Gram": ("gaussian", (2000, 40), 1.0, {}),
        "binomial lanes": ("binomial", (700, 1500), 0.01, {"eps": 5e-3, "alphas": 10}),
        "binomial gradients": (
            "binomial",
            (300, 400),
            1.0,
            {"l1_ratio": 0.0, "alphas": [1.0, 0.1]},
        ),
        "poisson gradients": ("poisson", (300, 400), 0.3, {"l1_ratio": 0.0, "alphas": [1.0, 0.1]}),
        "softmax gradients": (
            "multinomial",
            (300, 400),
            1.0,
            {"l1_ratio": 0.0, "alphas": [1.0, 0.1]},
        ),
        "grouped wide": ("grouped", (100, 400), 1.0, {}),
        "separable": ("binomial", (20, 60), 1.0, {"eps": 1e-4}),
        "separable softmax": ("multinomial", (20, 60), 1.0, {"eps": 1e-3}),
        "tasks wide": ("multi-gaussian", (60, 500), 1.0, {}),
        "tasks tall": ("multi-gaussian", (2000, 40), 1.0, {}),
    }
    for k, (name, (family, (n, p), density, more)) in enumerate(chosen.items()):
        rng = np.random.default_rng([99, k])
        X = design(rng, n, p, density)
        given = sp.csc_array(X) if density < 0.1 else np.asfortranarray(X)
        y = response(rng, X, family)
        yield f"route {name}", _path(given, y, family, {"alphas": 15, "tol": 1e-6} | more)


def cases() -> Iterator[Case]:
    """All problems, by name."""
    yield from paths()
    yield from fits()
    yield from cross_validations()
    yield from routes()
