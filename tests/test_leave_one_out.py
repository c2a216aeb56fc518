"""Leave-one-out errors are those of refits, whatever the rank and however small the penalty: judged in 120 decimal digits."""

import decimal
import warnings
from decimal import Decimal

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from riata import Ridge, RidgeCV

to_decimal = np.frompyfunc(lambda x: Decimal(float(x)), 1, 1)
ALPHAS = [1e-20, 1e-14, 1e-12, 1e-6, 1.0, 1e6]
N = 8
SHAPES = {"tall": (N, 4), "nearly square": (N, N - 1), "square": (N, N), "wide": (N, 12)}
LAYOUTS = {"dense": np.asarray, "sparse": sp.csc_array}


@pytest.fixture(autouse=True)
def precise():
    with decimal.localcontext() as context:
        context.prec = 120
        yield


def eliminate(A, B):
    """Solve A X = B for positive definite A."""
    A, B = A.copy(), B.copy()
    for k in range(len(A)):
        share = A[k + 1 :, k] / A[k, k]
        A[k + 1 :] = A[k + 1 :] - share[:, None] * A[k]
        B[k + 1 :] = B[k + 1 :] - share[:, None] * B[k]
    for k in reversed(range(len(A))):
        B[k] = (B[k] - A[k, k + 1 :] @ B[k + 1 :]) / A[k, k] if k + 1 < len(A) else B[k] / A[k, k]
    return B


def exact_fit(X, Y, s, alpha, v, fit_intercept):
    """Coefficients and intercepts; unpenalised ones of minimum norm, as the limit of a vanishing penalty."""
    X, Y, s = to_decimal(X), to_decimal(Y), to_decimal(s)
    x_mean, y_mean = (A.T @ s / s.sum() * int(fit_intercept) for A in (X, Y))
    A = X - x_mean
    tiny = Decimal(10) ** -45
    penalty = [Decimal(float(alpha)) * Decimal(float(w)) or tiny for w in v]
    G = A.T @ (s[:, None] * A) + np.diag(np.array(penalty, dtype=object))
    W = eliminate(G, A.T @ (s[:, None] * (Y - y_mean)))
    return W, y_mean - x_mean @ W


def refitted(X, Y, s, alpha, v, fit_intercept):
    """Errors (rows, targets) of fits without the row."""
    errors = np.empty(Y.shape)
    for i in range(len(X)):
        others = s.copy()
        others[i] = 0
        W, b = exact_fit(X, Y, others, alpha, v, fit_intercept)
        errors[i] = (to_decimal(Y[i]) - to_decimal(X[i]) @ W - b).astype(float)
    return errors


def draw(rng, n, p, kind):
    """Entries that float64 holds exactly, so that a lack of rank is exact, too."""
    X = np.round(64 * rng.standard_normal((n, p))) / 64
    if kind == "deficient":
        X = np.round(8 * rng.standard_normal((n, 3))) @ np.round(8 * rng.standard_normal((3, p)))
        X /= 16
    elif kind == "duplicate":
        X[:, -1] = X[:, 0]
    elif kind == "far":
        X += rng.integers(-100, 100, p)
    elif kind == "dummy":
        X[:, 0] = np.arange(n) == 2
    return X, np.round(64 * (X[:, :1] + rng.standard_normal((n, 2)))) / 64


def check(X, Y, s, v, fit_intercept, layout=np.asarray, alphas=ALPHAS):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model = RidgeCV(
            alphas, penalty_weights=v, fit_intercept=fit_intercept, store_cv_results=True
        ).fit(layout(X), Y, sample_weight=s)
    s = np.ones(len(X)) if s is None else s
    found = np.sqrt(model.cv_results_)
    size = np.abs(Y).max()
    scores = []
    for k, alpha in enumerate(alphas):
        errors = np.sqrt(s)[:, None] * np.abs(refitted(X, Y, s, alpha, v, fit_intercept))
        assert_allclose(found[:, :, k], errors, rtol=1e-7, atol=1e-8 * size, err_msg=f"{alpha=}")
        scores.append(np.mean(errors**2))
    assert scores[alphas.index(model.alpha_)] <= min(scores) * (1 + 1e-6)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", ["full", "deficient", "duplicate", "far"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_errors_are_those_of_refits(rng, shape, kind, fit_intercept, layout):
    X, Y = draw(rng, *shape, kind)
    check(X, Y, None, np.ones(shape[1]), fit_intercept, layout)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", ["full", "deficient"])
def test_rows_of_weight_zero_are_no_rows(rng, shape, kind):
    X, Y = draw(rng, *shape, kind)
    s = np.array([0.5, 2, 0, 1, 1, 0, 3, 1])
    check(X, Y, s, np.round(16 * rng.uniform(0.1, 3, shape[1])) / 16, True)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", ["dummy", "full"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_an_unpenalised_feature_of_a_single_row_is_left_out_with_it(
    rng, shape, kind, fit_intercept, layout
):
    X, Y = draw(rng, *shape, kind)
    v = np.ones(shape[1])
    v[0] = 0
    check(X, Y, None, v, fit_intercept, layout)


def test_penalised_features_within_the_span_of_unpenalised_ones(rng):
    X, Y = draw(rng, N, 6, "full")
    X[:, 2:] = X[:, :2] @ np.round(8 * rng.standard_normal((2, 4))) / 8
    check(X, Y, None, np.array([0.0, 0, 1, 1, 1, 1]), True)


@pytest.mark.parametrize("shape", [(N, 12), (12, N)])
@pytest.mark.parametrize("alpha", [1e-14, 1e-6, 1.0])
def test_generalised_cross_validation_does_not_cancel(rng, shape, alpha):
    X, Y = draw(rng, *shape, "full")
    y = Y[:, :1]
    model = RidgeCV([alpha], criterion="gcv").fit(X, y)
    n = len(X)
    A = to_decimal(X) - to_decimal(X).sum(axis=0) / n
    K = A @ A.T + Decimal(alpha) * np.eye(n).astype(int)
    c = eliminate(K, np.column_stack([to_decimal(y), np.eye(n).astype(int)]))
    inverse = c[:, 1:] - c[:, 1:].sum(axis=1)[:, None] / n
    r = inverse @ to_decimal(y)
    expected = (r**2).sum() / n / (np.trace(inverse) / n) ** 2
    assert_allclose(model.best_score_, -float(expected), rtol=1e-7)


def test_a_square_centred_x_has_the_coefficients_of_minimum_norm(rng):
    X, y = rng.standard_normal((50, 50)), rng.standard_normal(50)
    A = X - X.mean(axis=0)
    expected = np.linalg.pinv(A, rcond=1e-12) @ (y - y.mean())
    for alpha in (1e-14, 1e-20):
        model = RidgeCV([alpha]).fit(X, y)
        assert_allclose(model.coef_, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("solver", ["auto", "svd", "sparse_cg"])
@pytest.mark.parametrize("alpha", [1e-20, 1e-14])
def test_a_vanishing_penalty_on_a_wide_x_is_the_minimum_norm(rng, solver, alpha):
    X, y = rng.standard_normal((20, 50)), rng.standard_normal(20)
    A = X - X.mean(axis=0)
    expected = np.linalg.pinv(A, rcond=1e-12) @ (y - y.mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Ridge(alpha, solver=solver, tol=1e-10).fit(sp.csr_array(X), y)
    assert_allclose(np.linalg.norm(model.coef_), np.linalg.norm(expected), rtol=1e-9)
    assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [(200, 30), (40, 100)])
def test_conjugate_gradients_go_as_far_as_tol_asks(rng, shape):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    expected = Ridge(0.1, solver="svd").fit(X, y).coef_
    model = Ridge(0.1, solver="sparse_cg", tol=1e-10).fit(sp.csr_array(X), y)
    assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-10)


def test_one_row_has_nothing_to_be_left_to(rng):
    X, y = rng.standard_normal((3, 2)), rng.standard_normal(3)
    with pytest.raises(ValueError, match="two rows with a positive weight; got 1 of 3"):
        RidgeCV().fit(X, y, sample_weight=[0, 1, 0])
