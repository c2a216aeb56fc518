"""Single fits on data that are no longer small end where `tol` says, and what their certificates state is so."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from oracle_loss import LossProblem
from scipy.special import logsumexp, softmax

import riata

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "csc": sp.csc_array,
    "csr": sp.csr_array,
}


def data(rng, n, p):
    X = rng.standard_normal((n, p)) * rng.uniform(0.3, 3, p)
    eta = X[:, :20] @ rng.standard_normal(20) / 4
    return X, eta


def options_of(kind, rng, n, p):
    return {
        "plain": {},
        "no intercept": {"fit_intercept": False},
        "l2 weights": {"l2_weights": rng.uniform(0.2, 5, p)},
        "standardize": {"standardize": True},
    }[kind]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("shape", [(800, 150), (200, 700)])
def test_gradient_and_gap_are_at_most_tol(shape, family, layout, rng):
    X, eta = data(rng, *shape)
    s, alpha = rng.integers(0, 3, shape[0]).astype(float), 0.02
    if family == "poisson":
        y = rng.poisson(np.exp(eta / 4)).astype(float)
        make = riata.PoissonRegressor
    else:
        y = (eta + rng.logistic(size=shape[0]) > 0).astype(float)
        make = riata.LogisticRegression
    tols = (1e-4, 1e-7)
    for tol in tols if layout != "float32" else tols[:1]:
        model = make(alpha=alpha, tol=tol).fit(LAYOUTS[layout](X), y, sample_weight=s)
        w, b = np.ravel(model.coef_).astype(float), float(np.ravel(model.intercept_)[0])
        exact = X.astype(np.float32).astype(float) if layout == "float32" else X
        m = exact @ w + b
        off = s * ((np.exp(m) if family == "poisson" else 1 / (1 + np.exp(-m))) - y) / s.sum()
        assert np.abs(exact.T @ off + alpha * w).max() <= tol
        certificate = model.certificate_
        assert certificate.tol == tol
        assert certificate.converged
        gap = LossProblem(exact, y, family, l1_ratio=0.0, sample_weight=s).gap(w, b, alpha)
        assert gap <= tol
        assert gap <= 1.1 * certificate.rel_gap + 1e-12


@pytest.mark.parametrize("kind", ["no intercept", "l2 weights", "standardize"])
def test_options_of_the_penalty(kind, rng):
    X, eta = data(rng, 300, 400)
    y = (eta + rng.logistic(size=300) > 0).astype(float)
    options = options_of(kind, rng, *X.shape)
    loose = riata.LogisticRegression(C=0.1, **options).fit(X, y)
    tight = riata.LogisticRegression(C=0.1, tol=1e-10, **options).fit(X, y)
    assert loose.certificate_.converged
    assert tight.certificate_.rel_gap <= 1e-10
    for model in (loose, tight):
        judged = riata.check_solution(model, X, y)
        assert abs(judged.rel_gap - model.certificate_.rel_gap) <= 1e-9 + 0.1 * judged.rel_gap
    np.testing.assert_allclose(loose.coef_, tight.coef_, atol=0.05 * np.abs(tight.coef_).max())


def softmax_gradient(X, codes, model, alpha, s):
    W, b = np.asarray(model.coef_, dtype=float), np.asarray(model.intercept_, dtype=float)
    off = softmax(X @ W.T + b, axis=1)
    off[np.arange(len(codes)), codes] -= 1
    off *= s[:, None] / s.sum()
    return max(np.abs(off.T @ X + alpha * W).max(), np.abs(off.sum(axis=0)).max())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("n", "p", "classes"), [(900, 90, 4), (150, 600, 3), (700, 80, 11)])
def test_several_classes(n, p, classes, layout, rng):
    X, _ = data(rng, n, p)
    eta = X[:, :20] @ rng.standard_normal((20, classes)) / 4
    codes = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    codes[:classes] = np.arange(classes)
    s, alpha, tol = rng.integers(1, 3, n).astype(float), 0.02, 1e-4
    model = riata.LogisticRegression(alpha=alpha, tol=tol)
    model.fit(LAYOUTS[layout](X), np.array([f"c{k:02}" for k in codes]), sample_weight=s)
    certificate = model.certificate_
    assert certificate.converged
    assert certificate.tol == tol
    if layout == "float32":
        X = X.astype(np.float32).astype(float)
    assert softmax_gradient(X, codes, model, alpha, s) <= tol
    W, b = np.asarray(model.coef_, dtype=float), np.asarray(model.intercept_, dtype=float)
    eta = X @ W.T + b
    loss = logsumexp(eta, axis=1) - eta[np.arange(n), codes]
    primal = s @ loss / s.sum() + alpha / 2 * (W**2).sum()
    np.testing.assert_allclose(certificate.primal, primal, rtol=1e-6)
    tight = riata.LogisticRegression(alpha=alpha, tol=1e-9)
    tight.fit(LAYOUTS[layout](X), codes, sample_weight=s)
    assert tight.certificate_.converged
    # Bounds of one optimum: neither dual value is above the other's objective.
    slack = 1e-6 if layout == "float32" else 1e-9
    assert certificate.dual <= tight.certificate_.primal + slack
    assert tight.certificate_.dual <= certificate.primal + slack
    np.testing.assert_allclose(model.coef_, tight.coef_, atol=0.05 * np.abs(tight.coef_).max())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_squares(l1_ratio, layout, rng):
    X, eta = data(rng, 700, 200)
    y = eta + rng.standard_normal(700)
    alpha = 0.05 * np.abs(X.T @ (y - y.mean())).max() / 700
    gaps = []
    for tol in (1e-3, 1e-4, 1e-6):
        model = riata.ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=tol)
        model.fit(LAYOUTS[layout](X), y)
        certificate = model.certificate_
        assert certificate.rel_gap <= 2 * tol
        assert certificate.converged
        if layout != "float32":
            judged = riata.check_solution(model, X, y)
            np.testing.assert_allclose(certificate.primal, judged.primal, rtol=1e-9)
            assert judged.rel_gap <= 2 * tol
        gaps.append(certificate.rel_gap)
    assert gaps[-1] <= 2e-6


def test_sweeps_are_extrapolated(rng):
    """As many columns as rows and a small penalty: plain sweeps take 150 to this gap, and hundreds where more is asked."""
    X = rng.standard_normal((400, 400))
    y = X[:, :200] @ rng.standard_normal(200) + rng.standard_normal(400)
    alpha = np.abs(X.T @ (y - y.mean())).max() / 400 / 0.5 / 1000
    model = riata.ElasticNet(alpha=alpha, l1_ratio=0.5, tol=3e-7).fit(X, y)
    assert model.certificate_.rel_gap <= 6e-7
    assert model.n_iter_ <= 100
    assert riata.check_solution(model, X, y).rel_gap <= 6e-7


def test_several_rows_for_a_column_need_no_gram_matrix(rng):
    """The pace of the first sweeps says little: fits go on with them where that gets there in time."""
    X = rng.standard_normal((400, 400))
    y = X[:, :200] @ rng.standard_normal(200) + rng.standard_normal(400)
    alpha = np.abs(X.T @ (y - y.mean())).max() / 400 / 100
    model = riata.Lasso(alpha=alpha).fit(X, y)
    assert model.certificate_.rel_gap <= 2e-4
    assert model.n_iter_ <= 40


def test_sparse_ridge_is_solved_to_its_tol(rng):
    """More features than rows: conjugate gradients in the metric of the penalty stay in the space of the rows."""
    X = sp.random_array((2200, 6000), density=0.01, format="csr", rng=rng)
    y = X[:, :50] @ rng.standard_normal(50) + 0.1 * rng.standard_normal(2200)
    loose = riata.Ridge(alpha=1.0).fit(X, y)
    assert loose.solver_ == "cg"
    assert loose.certificate_.rel_gap <= 4e-8
    assert loose.n_iter_[0] <= 30
    tight = riata.Ridge(alpha=1.0, tol=1e-9).fit(X, y)
    assert tight.certificate_.rel_gap <= 1e-15
    assert loose.n_iter_[0] < tight.n_iter_[0]
    np.testing.assert_allclose(loose.coef_, tight.coef_, atol=1e-3 * np.abs(tight.coef_).max())
    judged = riata.check_solution(loose, X, y)
    assert abs(judged.rel_gap - loose.certificate_.rel_gap) <= 1e-9
