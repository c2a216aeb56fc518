"""Ridge by direct methods: as good as an SVD on every route."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import linear_model as sk

import riata


def by_svd(X, y, lam, s=None, v=None):
    """The reference: augmented least squares on the centred, weighted matrix."""
    s = np.ones(len(y)) if s is None else s
    v = np.ones(X.shape[1]) if v is None else v
    Xc, yc = X - s @ X / s.sum(), y - s @ y / s.sum()
    A = np.vstack([np.sqrt(s)[:, None] * Xc, np.diag(np.sqrt(lam * v))])
    b = np.concatenate([np.sqrt(s) * yc, np.zeros(X.shape[1])])
    return np.linalg.lstsq(A, b, rcond=None)[0]


@pytest.mark.parametrize("shape", [(60, 12), (12, 60), (20, 20), (1, 5), (5, 1)])
@pytest.mark.parametrize("lam", [1e-6, 1.0, 1e6])
def test_known_solution(rng, shape, lam):
    X = rng.standard_normal(shape) + 3
    y = rng.standard_normal(shape[0])
    s = rng.uniform(0.1, 2, shape[0])
    model = riata.Ridge(lam).fit(X, y, sample_weight=s)
    w = by_svd(X, y, lam, s)
    assert_allclose(model.coef_, w, atol=1e-9 * max(1e-300, np.abs(w).max()), rtol=1e-7)
    assert model.certificate_.rel_gap <= 1e-9
    assert model.solver_ == ("features" if shape[0] >= shape[1] else "samples")
    forced = riata.Ridge(lam, solver="svd").fit(X, y, sample_weight=s)
    assert forced.solver_ == "svd"
    assert_allclose(forced.coef_, w, atol=1e-9 * max(1e-300, np.abs(w).max()), rtol=1e-7)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_ill_conditioned_is_as_good_as_an_svd(rng, shape):
    """Singular values over eight decades: the Gram matrix alone would have lost everything."""
    k = min(shape)
    U, _ = np.linalg.qr(rng.standard_normal((shape[0], k)))
    V, _ = np.linalg.qr(rng.standard_normal((shape[1], k)))
    X = U @ np.diag(np.geomspace(1, 1e-8, k)) @ V.T
    y = rng.standard_normal(shape[0])
    for lam in (1e-18, 1e-12, 1e-8):
        model = riata.Ridge(lam, fit_intercept=False).fit(X, y)
        size = np.geomspace(1, 1e-8, k)
        w = V @ (size / (size**2 + lam) * (U.T @ y))
        assert_allclose(model.coef_, w, atol=1e-6 * np.abs(w).max())


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_many_penalties_from_one_factorisation(rng, shape):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    alphas = np.array([10.0, 0.3, 1e-3])
    fit = riata.path(X, y, l1_ratio=0, alphas=alphas)
    for k, alpha in enumerate(alphas):
        w = by_svd(X, y, alpha * len(y))
        assert_allclose(fit.coefs[:, [k]].toarray()[:, 0], w, atol=1e-10)
        r = y - y.mean() - (X - X.mean(axis=0)) @ w
        assert_allclose(fit.dev_ratio[k], 1 - r @ r / ((y - y.mean()) @ (y - y.mean())), atol=1e-10)
    assert fit.dual_gaps.max() <= 1e-10


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_one_penalty_per_target(rng, shape):
    X, Y = rng.standard_normal(shape), rng.standard_normal((shape[0], 3))
    alphas = np.array([0.1, 1.0, 10.0])
    model = riata.Ridge(alphas).fit(X, Y)
    assert_allclose(model.coef_, sk.Ridge(alphas, solver="svd").fit(X, Y).coef_, atol=1e-10)
    assert [c.alpha * shape[0] for c in model.certificate_] == pytest.approx(alphas)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_l2_weights_with_free_features(rng, shape):
    X, y = rng.standard_normal(shape) + 2, rng.standard_normal(shape[0])
    v = rng.uniform(0.5, 2, shape[1])
    v[:3] = 0
    for alphas in (0.7, [0.7, 0.1]):
        Y = y if np.ndim(alphas) == 0 else np.column_stack([y, y])
        model = riata.Ridge(alphas, l2_weights=v).fit(X, Y)
        for coef, alpha in zip(np.atleast_2d(model.coef_), np.atleast_1d(alphas)):
            assert_allclose(coef, by_svd(X, y, alpha, v=v), atol=1e-8)
        svd = riata.Ridge(alphas, l2_weights=v, solver="svd").fit(X, Y)
        assert_allclose(svd.coef_, model.coef_, atol=1e-8)


def test_rank_deficient_least_squares(rng):
    X = rng.standard_normal((30, 6))
    X = np.column_stack([X, X[:, 0], X[:, 1] + X[:, 2], np.ones(30)])
    y = rng.standard_normal(30)
    s = rng.integers(0, 3, 30).astype(float)
    mean = s @ X / s.sum()
    w = np.linalg.pinv(np.sqrt(s)[:, None] * (X - mean)) @ (np.sqrt(s) * (y - s @ y / s.sum()))
    model = riata.Ridge(0).fit(X, y, sample_weight=s)
    assert_allclose(model.coef_, w, atol=1e-10)
    assert model.certificate_.rel_gap <= 1e-12


def test_columns_of_any_scale(rng):
    X, y = rng.standard_normal((30, 5)), rng.standard_normal(30)
    d = np.array([1e-8, 1e-4, 1, 1e4, 1e8])
    model = riata.Ridge(0).fit(X * d, y)
    assert_allclose(model.coef_ * d, riata.Ridge(0).fit(X, y).coef_, rtol=1e-7)


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
@pytest.mark.parametrize("unit_X", [1e-150, 1e100])
@pytest.mark.parametrize("unit_y", [1e-120, 1e150])
def test_extreme_units(rng, shape, unit_X, unit_y):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    for alpha in (0.0, 0.5):
        plain = riata.Ridge(alpha).fit(X, y).coef_
        model = riata.Ridge(alpha * unit_X * unit_X).fit(X * unit_X, y * unit_y)
        assert_allclose(model.coef_ * unit_X / unit_y, plain, rtol=1e-9)


def test_wide_takes_no_square_of_the_features(rng):
    X, y = rng.standard_normal((20, 30_000)), rng.standard_normal(20)
    model = riata.Ridge(1.0).fit(X, y)  # 7 GB if it did
    assert model.solver_ == "samples"
    assert model.certificate_.rel_gap <= 1e-10
