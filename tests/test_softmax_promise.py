"""What softmax models claim, recomputed from the coefficients that they hand out."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

import riata
from riata import LogisticRegression

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def value(X, y, W, b, alpha, l1_ratio, weights=None, u=1.0):
    """The objective at W of shape (classes, p), in long double."""
    s = np.ones(len(y)) if weights is None else weights
    eta = X.astype(np.longdouble) @ W.T + b
    top = eta.max(axis=1)
    logs = top + np.log(np.exp(eta - top[:, None]).sum(axis=1))
    loss = (s * (logs - eta[np.arange(len(y)), y])).sum() / s.sum()
    return loss + alpha * (u * (l1_ratio * np.abs(W) + (1 - l1_ratio) * W**2 / 2)).sum()


def models(fit):
    for k, alpha in enumerate(fit.alphas):
        W = np.array([coefs.toarray()[:, k] for coefs in fit.coefs])
        yield float(alpha), W, fit.intercepts[:, k], fit.certificate(k)


def labelled(rng, n=60, p=5, classes=3):
    X = rng.standard_normal((n, p))
    y = (X @ rng.standard_normal((p, classes)) + rng.gumbel(size=(n, classes))).argmax(axis=1)
    y[:classes] = np.arange(classes)
    return X, y


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_bounds_that_exclude_zero_hold_for_every_class(seed, l1_ratio):
    rng = np.random.default_rng(seed)
    X, y = labelled(rng)
    low = rng.uniform(0.05, 0.3, 5) * rng.choice([-1, 1], 5)
    lower, upper = np.minimum(low, 3 * low), np.maximum(low, 3 * low)
    fit = riata.path(
        X,
        y,
        family="multinomial",
        l1_ratio=l1_ratio,
        alphas=[0.3, 0.03, 1e-4],
        lower=lower,
        upper=upper,
    )
    for alpha, W, b, certificate in models(fit):
        assert (lower <= W).all()
        assert (upper >= W).all()
        assert certificate.converged
        assert certificate.dual <= certificate.primal + 1e-12
        assert value(X, y, W, b, alpha, l1_ratio) == pytest.approx(certificate.primal, rel=1e-9)


def test_constant_columns_rest_at_their_bounds(rng):
    X, y = labelled(rng)
    X[:, 2] = 1.0
    fit = riata.path(X, y, family="multinomial", l1_ratio=0.5, alphas=[3.0, 0.1, 0.0], lower=0.2)
    for alpha, W, b, certificate in models(fit):
        np.testing.assert_array_equal(W[:, 2], 0.2)
        assert certificate.converged
        assert value(X, y, W, b, alpha, 0.5) == pytest.approx(certificate.primal, rel=1e-9)


def test_classes_that_are_separated_in_part_are_certified():
    """The loss falls towards a limit that is not 0: the dual point of it has probabilities of 0."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 2))
    y = np.where(X[:, 0] > 0.5, 2, rng.integers(0, 2, 60))
    fit = riata.path(X, y, family="multinomial", alphas=[0.1, 0.0])
    for alpha, W, b, certificate in models(fit):
        assert certificate.converged
        assert value(X, y, W, b, alpha, 1.0) == pytest.approx(certificate.primal, rel=1e-9)
    assert np.abs(W).max() < 1e5


@pytest.mark.parametrize("free", [0.0, 1.0])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_certified_values_are_those_of_the_coefficients(free, scale):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, y = labelled(rng, n=8, p=2)
        X, u = scale * X, np.array([1.0, free])
        weights = np.exp(3 * rng.standard_normal(8))
        fit = riata.path(
            X,
            y,
            family="multinomial",
            l1_ratio=0,
            alphas=[1, 0.1, 1e-2, 1e-4],
            sample_weight=weights,
            penalty_weights=u,
        )
        for alpha, W, b, certificate in models(fit):
            found = value(X, y, W, b, alpha, 0.0, weights, u)
            assert found == pytest.approx(certificate.primal, abs=1e-9 * certificate.null_objective)


@pytest.mark.parametrize("penalty_weights", [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
def test_features_without_penalty_are_certified(rng, penalty_weights):
    X, y = labelled(rng, n=80, p=3)
    fit = riata.path(
        X, y, family="multinomial", alphas=[0.1, 0.01, 1e-3], penalty_weights=penalty_weights
    )
    for _, W, _, certificate in models(fit):
        assert certificate.converged
        free = np.array(penalty_weights) == 0
        np.testing.assert_allclose(W[:, free].sum(axis=0), 0.0, atol=1e-12)


def test_separable_classes_without_penalty_end_with_a_warning():
    rng = np.random.default_rng(5)
    n = 200
    X = rng.standard_normal((n, 4))
    y = np.digitize(X[:, 0], [-1.0, 1.0])
    weights = np.exp(4 * rng.standard_normal(n))
    with pytest.warns(ConvergenceWarning, match="separable"):
        model = LogisticRegression(C=np.inf).fit(X, y, weights)
    assert np.abs(model.coef_).max() < 1e4
    found = value(X, y, model.coef_, model.intercept_, 0.0, 0.0, weights)
    null = model.certificate_.null_objective
    assert found == pytest.approx(model.certificate_.primal, abs=1e-12 * null)
    assert found < 1e-6 * null
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-9 * np.abs(model.coef_).max())
    with pytest.warns(ConvergenceWarning, match="separable"):
        fit = riata.path(X, y, family="multinomial", alphas=[0.1, 0.0], sample_weight=weights)
    assert fit.dual_gaps.max() <= 1e-6


def test_classes_that_overlap_give_no_word_of_separation(rng):
    X, y = labelled(rng)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogisticRegression(C=np.inf).fit(X, y)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_a_class_without_weight_is_all_but_impossible(rng, l1_ratio, grouped):
    X, y = labelled(rng, classes=4)
    weights = np.where(y == 2, 0.0, rng.uniform(0.5, 2, len(y)))
    options = {"family": "multinomial", "l1_ratio": l1_ratio, "grouped": grouped, "alphas": [0.03]}
    fit = riata.path(X, y, sample_weight=weights, **options)
    [(alpha, W, b, certificate)] = models(fit)
    assert certificate.converged
    assert not W[2].any()
    eta = X @ W.T + b
    assert (eta[:, 2] < eta.max(axis=1) - 50).all()
    if not grouped or l1_ratio == 0:
        found = value(X, y, W, b, alpha, l1_ratio, weights)
        assert found == pytest.approx(certificate.primal, rel=1e-9)
    kept = y != 2
    without = riata.path(X[kept], y[kept], sample_weight=weights[kept], **options)
    [(_, V, _, _)] = models(without)
    np.testing.assert_allclose(W[[0, 1, 3]], V, atol=1e-4)


def test_class_weights_of_zero_and_starts(rng):
    X, y = labelled(rng, classes=4)
    model = LogisticRegression(class_weight={2: 0}, warm_start=True).fit(X, y)
    assert model.certificate_.converged
    np.testing.assert_array_equal(model.classes_, [0, 1, 2, 3])
    assert model.predict_proba(X)[:, 2].max() < 1e-12
    before = model.coef_.copy()
    model.fit(X, y)
    np.testing.assert_allclose(model.coef_, before, atol=1e-6)


def test_a_class_without_weight_beside_no_intercepts(rng):
    X, y = labelled(rng, classes=3)
    weights = (y != 1).astype(float)
    fit = riata.path(
        X,
        y,
        family="multinomial",
        l1_ratio=0,
        alphas=[0.1],
        sample_weight=weights,
        fit_intercept=False,
    )
    [(alpha, W, b, certificate)] = models(fit)
    assert certificate.converged
    assert not b.any()
    assert value(X, y, W, b, alpha, 0.0, weights) == pytest.approx(certificate.primal, rel=1e-9)


@pytest.mark.parametrize("spread", [3.0, 8.0])
def test_steep_weights_are_certified(spread):
    warned = total = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, y = labelled(rng, n=40, p=4)
        weights = np.exp(spread * rng.standard_normal(40))
        fit = riata.path(
            X,
            y,
            family="multinomial",
            l1_ratio=0.5,
            alphas=[0.1, 1e-2, 1e-3],
            sample_weight=weights,
        )
        for alpha, W, b, certificate in models(fit):
            total += 1
            warned += not certificate.converged
            found = value(X, y, W, b, alpha, 0.5, weights)
            assert found == pytest.approx(certificate.primal, abs=1e-9 * certificate.null_objective)
    assert warned <= 0.02 * total


def test_a_smaller_tol_means_a_smaller_gradient(rng):
    X, y = labelled(rng, n=300, p=4)
    gradients = []
    for tol in (1e-4, 1e-8, 1e-12):
        model = LogisticRegression(tol=tol).fit(X, y)
        eta = X @ model.coef_.T + model.intercept_
        P = np.exp(eta - eta.max(axis=1, keepdims=True))
        U = P / P.sum(axis=1, keepdims=True) - np.eye(3)[y]
        gradients.append(np.abs(U.T @ X + model.coef_).max() / len(y))
    assert gradients[2] < 1e-12
    assert gradients[1] <= max(gradients[0], 1e-8)


def test_single_fits_take_no_more_systems_than_they_need(rng):
    """Letters' shape: twenty classes and more on sixteen features."""
    centres = rng.normal(0, 2.5, (22, 16))
    y = rng.integers(0, 22, 400)
    y[:22] = np.arange(22)
    X = np.clip(np.round(7 + 2.5 * rng.standard_normal((400, 16)) + centres[y]), 0, 15)
    for C in (0.1, 1.0, 10.0):
        model = LogisticRegression(l1_ratio=1, C=C).fit(X, y)
        assert model.certificate_.converged
        assert model.n_iter_[0] < 6000


def test_max_iter_bounds_what_is_done(rng):
    X, y = labelled(rng, n=100, p=20, classes=5)
    fit = riata.path(X, y, family="multinomial", alphas=[1e-3, 1e-5], max_iter=3, l1_ratio=0.9)
    assert not fit.certificate(1).converged
    for alpha, W, b, certificate in models(fit):
        found = value(X, y, W, b, alpha, 0.9)
        assert found == pytest.approx(certificate.primal, rel=1e-9)


def test_repr_counts_features_not_coefficients(rng):
    X, y = labelled(rng)
    fit = riata.path(X, y, family="multinomial", alphas=5)
    assert "up to 5 of 5 features" in repr(fit)
    assert repr(fit).startswith("ClassPathResult")


@pytest.mark.parametrize("l1_ratio", [0.0, 0.7])
def test_sparse_is_dense(rng, l1_ratio):
    X, y = labelled(rng, n=50, p=6)
    X[rng.random(X.shape) < 0.6] = 0
    options = {"family": "multinomial", "l1_ratio": l1_ratio, "alphas": [0.1, 1e-3], "tol": 1e-10}
    dense = riata.path(X, y, **options)
    for layout in (sp.csc_array, sp.csr_array):
        sparse = riata.path(layout(X), y, **options)
        for (_, W, b, _), (_, V, c, _) in zip(models(dense), models(sparse)):
            np.testing.assert_allclose(W, V, atol=1e-4)
            np.testing.assert_allclose(b, c, atol=1e-4)
