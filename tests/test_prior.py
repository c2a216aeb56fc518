"""Penalties as priors: the mode of the posterior is the model, and the way back is exact."""

import math

import numpy as np
import pytest

import riata

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 6))
Y = X @ [1.0, -1.0, 0.5, 0.0, 0.0, 0.0] + 0.5 * RNG.standard_normal(80)


@pytest.mark.parametrize(
    "model",
    [
        riata.Ridge(alpha=3.0),
        riata.Lasso(alpha=0.1),
        riata.ElasticNet(alpha=0.2, l1_ratio=0.3, standardize=True),
    ],
)
def test_there_and_back(model):
    prior = riata.prior(model, sigma=0.7, n_samples=80)
    back = prior.penalty(80)
    alpha = model.alpha / 80 if isinstance(model, riata.Ridge) else model.alpha
    ratio = {riata.Ridge: 0.0, riata.Lasso: 1.0}.get(type(model), getattr(model, "l1_ratio", 0.0))
    assert back["alpha"] == pytest.approx(alpha)
    assert back["l1_ratio"] == pytest.approx(ratio)
    assert prior.standardized == model.standardize


def test_the_model_is_the_mode_of_the_posterior():
    model = riata.ElasticNet(alpha=0.2, l1_ratio=0.5, tol=1e-12).fit(X, Y)
    prior = riata.prior(model, sigma=0.5, n_samples=80)

    def minus_log_posterior(w, b):
        fit = ((Y - X @ w - b) ** 2).sum() / (2 * prior.sigma**2)
        return fit + (w**2).sum() / (2 * prior.tau**2) + np.abs(w).sum() / prior.b

    best = minus_log_posterior(model.coef_, model.intercept_)
    for _ in range(50):
        w = model.coef_ + 1e-3 * RNG.standard_normal(6)
        assert minus_log_posterior(w, model.intercept_) > best


def test_labels_and_counts_have_no_noise_to_know():
    assert riata.prior(riata.LogisticRegression(C=0.25)).tau == pytest.approx(0.5)
    lasso = riata.prior(riata.LogisticRegression(C=0.25, l1_ratio=1.0))
    assert (lasso.tau, lasso.b) == (math.inf, 4.0**-1)
    assert riata.prior(riata.PoissonRegressor(alpha=0.5), n_samples=8).tau == pytest.approx(0.5)


def test_the_noise_is_estimated_over_the_degrees_of_freedom():
    ridge = riata.Ridge(alpha=5.0).fit(X, Y)
    A = X - X.mean(axis=0)
    hat = A @ np.linalg.solve(A.T @ A + 5 * np.eye(6), A.T)
    rss = ((Y - ridge.predict(X)) ** 2).sum()
    expected = math.sqrt(rss / (80 - 1 - np.trace(hat)))
    assert riata.prior(ridge, X=X, y=Y).sigma == pytest.approx(expected)
    lasso = riata.Lasso(alpha=0.1).fit(X, Y)
    rss = ((Y - lasso.predict(X)) ** 2).sum()
    expected = math.sqrt(rss / (80 - 1 - np.count_nonzero(lasso.coef_)))
    assert riata.prior(lasso, X=X, y=Y).sigma == pytest.approx(expected)


def test_scikit_learns_models_have_priors_too():
    linear_model = pytest.importorskip("sklearn.linear_model")
    theirs = linear_model.Ridge(alpha=3.0).fit(X, Y)
    assert riata.prior(theirs, sigma=1.0).tau == pytest.approx(1 / math.sqrt(3))
    theirs = linear_model.Lasso(alpha=0.1).fit(X, Y)
    assert riata.prior(theirs, X=X, y=Y) == riata.prior(
        riata.Lasso(alpha=0.1).fit(X, Y), X=X, y=Y
    ) or (
        riata.prior(theirs, X=X, y=Y).b
        == pytest.approx(riata.prior(riata.Lasso(alpha=0.1).fit(X, Y), X=X, y=Y).b, rel=1e-3)
    )


def test_the_prior_of_ridge_is_the_best_penalty_and_can_be_drawn_from():
    """alpha = sigma^2 / (n tau^2) predicts best where coefficients are drawn from that prior."""
    prior = riata.Prior(tau=0.3, sigma=1.0)
    alpha = prior.penalty(60)["alpha"]
    losses = np.zeros(3)
    for seed in range(80):
        rng = np.random.default_rng(seed)
        w, Z = prior.draw(30, rng), rng.standard_normal((60, 30))
        y = Z @ w + rng.standard_normal(60)
        for i, times in enumerate((0.3, 1.0, 3.0)):
            model = riata.Ridge(alpha=60 * alpha * times, fit_intercept=False).fit(Z, y)
            losses[i] += ((model.coef_ - w) ** 2).sum()
    assert losses[1] < losses[0]
    assert losses[1] < losses[2]
    laplace = riata.Prior(b=2.0).draw(100_000, 0)
    assert laplace.std() == pytest.approx(2 * math.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: riata.prior(riata.Lasso(), sigma=1.0), "n_samples must be given"),
        (lambda: riata.prior(riata.Ridge()), "sigma must be given"),
        (lambda: riata.prior(riata.Lasso(), sigma=0.0, n_samples=3), "sigma"),
        (lambda: riata.Prior(tau=-1.0), "tau"),
        (lambda: riata.Prior(tau=1.0).penalty(0), "n_samples"),
        (lambda: riata.Prior(tau=1.0, b=1.0).draw(3), "one factor"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
