"""Certificates of anybody's coefficients, and the largest penalty, are the core's for every family: the primal value is that of the
numbers, the dual value below any objective, the penalty the one that paths begin with."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

import riata
from riata import _fit, _objective
from riata._problem import check_problem

N, P = 60, 7
JOINT = [("multinomial", False), ("multinomial", True), ("multi-gaussian", False)]
EVERY = [*JOINT, ("gaussian", False), ("binomial", False), ("poisson", False)]
OPTIONS = {
    "plain": {},
    "mixed": {"l1_ratio": 0.4},
    "through zero": {"fit_intercept": False},
    "standardised": {"standardize": True, "l1_ratio": 0.8},
    "free and left out": {
        "penalty_weights": [0, np.inf, 1, 2, 0.5, 1, 1],
        "l2_weights": [1, 1, 0.5, 1, 0, 1, 2],
        "l1_ratio": 0.5,
    },
    "free": {"penalty_weights": [0, 1, 1, 1, 0, 1, 1]},
    "free of both": {"penalty_weights": [0, 1, 1, 1, 0, 1, 1], "l1_ratio": 0.5},
    "weights": {"sample_weight": np.arange(N) % 4},
}


def data(rng, family):
    """X with a constant column, and a response."""
    X = rng.standard_normal((N, P)) + 1
    X[:, 5] = 3.0
    eta = X[:, :3] @ rng.standard_normal((3, 3)) / 2
    if family == "multinomial":
        return X, (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    if family == "multi-gaussian":
        return X, eta + rng.standard_normal(eta.shape)
    if family == "binomial":
        return X, (eta[:, 0] + rng.logistic(size=N) > 0.5).astype(int)
    if family == "poisson":
        return X, rng.poisson(np.exp(np.clip(eta[:, 0], -2, 2)))
    return X, eta[:, 0] + rng.standard_normal(N)


def solution(X, y, family, grouped, alpha, chosen):
    """Coefficients (outputs, p), intercepts and certificate of a path that ends at alpha."""
    result = riata.path(
        X, y, family=family, grouped=grouped, alphas=[2 * alpha, alpha], tol=1e-11, **chosen
    )
    coefs = result.coefs if isinstance(result.coefs, list) else [result.coefs]
    W = np.array([sp.csc_array(one).toarray()[:, -1] for one in coefs])
    return W, np.atleast_2d(result.intercepts)[:, -1], result.certificate(1)


def objective(problem, W, b, alpha):
    """In NumPy."""
    s = _objective.shares(problem)
    loss = _objective.slopes(problem, _objective.margins(problem, W, b), s).loss.sum()
    return loss + _objective.weights(problem, alpha).cost(W).sum()


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(("family", "grouped"), EVERY)
def test_gaps_of_moved_solutions_cover_what_they_lack(rng, family, grouped, name):
    X, y = data(rng, family)
    chosen = OPTIONS[name]
    problem = check_problem(X, y, family=family, grouped=grouped, **chosen)
    alpha = 0.2 * _fit.alpha_max(problem)
    W, b, known = solution(X, y, family, grouped, alpha, chosen)
    best = known.primal
    exact = _fit.certify(problem, W, b, alpha, 1e-6)
    assert exact.primal == pytest.approx(best, rel=1e-9)
    assert exact.rel_gap <= 1e-8
    assert exact.null_objective == pytest.approx(known.null_objective, rel=1e-9)
    for size in (1e-3, 0.1):
        moved = W * (1 + size * rng.standard_normal(W.shape))
        shifted = b + size if problem.fit_intercept else b
        judged = _fit.certify(problem, moved, shifted, alpha, 1e-6)
        assert judged.primal == pytest.approx(objective(problem, moved, shifted, alpha), rel=1e-9)
        assert judged.dual <= best + 1e-9 * known.null_objective
        assert judged.gap >= judged.primal - best - 1e-9 * known.null_objective


@pytest.mark.parametrize(("family", "grouped"), JOINT)
def test_what_no_model_of_the_kind_has_costs_infinitely_much(rng, family, grouped):
    X, y = data(rng, family)
    chosen = {"fit_intercept": False, "penalty_weights": [np.inf, 1, 1, 1, 1, 1, 1]}
    problem = check_problem(X, y, family=family, grouped=grouped, **chosen)
    W, b, _ = solution(X, y, family, grouped, 0.05, chosen)
    assert np.isinf(_fit.certify(problem, W, b + 0.1, 0.05, 1e-6).primal)
    left_out = W.copy()
    left_out[1, 0] = 0.1
    assert np.isinf(_fit.certify(problem, left_out, b, 0.05, 1e-6).primal)
    if family == "multinomial" and not grouped:
        bounded = replace(problem, lower=np.full(P, -0.01), upper=np.full(P, 0.01))
        assert np.isinf(_fit.certify(bounded, W, b, 0.05, 1e-6).primal)


@pytest.mark.parametrize(
    "name", ["plain", "mixed", "free and left out", "free", "free of both", "weights"]
)
@pytest.mark.parametrize(("family", "grouped"), EVERY)
def test_largest_penalty_is_where_paths_begin(rng, family, grouped, name):
    X, y = data(rng, family)
    problem = check_problem(X, y, family=family, grouped=grouped, **OPTIONS[name])
    top = _fit.alpha_max(problem)
    result = riata.path(X, y, family=family, grouped=grouped, alphas=3, **OPTIONS[name])
    assert top == pytest.approx(result.alpha_max, rel=1e-9)
    assert result.alphas[0] == pytest.approx(top, rel=1e-9)


def test_classes_that_only_rows_without_weight_have():
    rng = np.random.default_rng(5)
    X, y = data(rng, "multinomial")
    s = np.where(y == 2, 0.0, 1.0)
    W, b, known = solution(X, y, "multinomial", False, 0.05, {"sample_weight": s})
    problem = check_problem(X, y, family="multinomial", sample_weight=s)
    judged = _fit.certify(problem, W, b, 0.05, 1e-6)
    assert judged.primal == pytest.approx(known.primal, rel=1e-9)
    assert judged.null_objective == pytest.approx(known.null_objective, rel=1e-9)
    assert judged.dual <= known.primal + 1e-12
