"""Choosing a model of a path by its cost in production."""

import numpy as np
import pytest

import riata
from riata import Scorer


@pytest.fixture
def fitted(rng):
    X = rng.standard_normal((120, 60))
    y = X[:, :8] @ np.arange(1.0, 9.0) + rng.standard_normal(120)
    return riata.path(X[:80], y[:80], alphas=30), X[80:], y[80:]


def test_the_best_within_a_number_of_features(fitted):
    path, X, y = fitted
    errors = ((path.predict(X) - y[:, None]) ** 2).mean(axis=0)
    for most in (0, 3, 8, 60):
        point = path.budget(X, y, max_features=most)
        allowed = path.df <= most
        assert np.count_nonzero(point.coef) <= most
        assert errors[list(path.alphas).index(point.alpha)] == errors[allowed].min()
        assert point.certificate is not None


def test_the_best_within_a_file_size(fitted):
    path, X, y = fitted
    point = path.budget(X, y, max_bytes=700)
    scorer = Scorer.from_coefficients(point.coef, point.intercept)
    costs = path.costs(X, y)
    assert scorer.nbytes - len('{"link":"identity","riata":"0.1.0"}') <= 700
    assert costs.n_bytes[list(path.alphas).index(point.alpha)] <= 700
    with pytest.raises(ValueError, match="no model of the path has bytes <= 10; the least is"):
        path.budget(X, y, max_bytes=10)


def test_the_best_within_a_time(fitted):
    path, X, y = fitted
    costs = path.costs(X, y, timed=True)
    assert (costs.nanoseconds > 0).all()
    assert path.budget(X, y, max_nanoseconds=1e9).alpha == costs.alphas[costs.best]


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_errors_are_the_familys(rng, family):
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    X = rng.standard_normal((150, 20))
    eta = X[:, 0] - X[:, 1]
    if family == "binomial":
        y = np.where(eta + rng.logistic(size=150) > 0, "yes", "no")
    else:
        y = rng.poisson(np.exp(eta / 2))
    path = riata.path(X[:100], y[:100], family=family, alphas=10)
    errors = path.costs(X[100:], y[100:]).errors
    for k, linear in enumerate(path.predict(X[100:]).T):
        if family == "binomial":
            wanted = sklearn_metrics.log_loss(y[100:], 1 / (1 + np.exp(-linear)))
        else:
            wanted = sklearn_metrics.mean_poisson_deviance(y[100:], np.exp(linear)) / 2
        assert errors[k] == pytest.approx(wanted, rel=1e-10)
    point = path.budget(X[100:], y[100:], max_features=3)
    assert np.count_nonzero(point.coef) <= 3
    with pytest.raises(ValueError, match="y must hold"):
        path.costs(X[100:], np.full(50, -1))


def test_without_validation_data_the_training_data_speak(fitted):
    path, _, _ = fitted
    assert path.budget(max_features=60).alpha == path.alphas[np.argmax(path.dev_ratio)]


def test_table_and_plot(fitted):
    path, X, y = fitted
    costs = path.costs(X, y, timed=True)
    lines = str(costs).splitlines()
    assert len(lines) == len(path) + 1
    assert [line[0] for line in lines].count("*") == 1
    assert lines[1 + costs.best].startswith("*")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    assert costs.plot().get_xlabel() == "features"
    plt.close("all")


def test_bad_arguments(fitted):
    path, X, y = fitted
    with pytest.raises(
        ValueError, match="exactly one of max_features, max_bytes and max_nanoseconds; got 0"
    ):
        path.budget(X, y)
    with pytest.raises(ValueError, match="got 2"):
        path.budget(X, y, max_features=3, max_bytes=100)
    with pytest.raises(ValueError, match="X and y belong together; got no y"):
        path.budget(X, max_features=3)
    with pytest.raises(ValueError, match=r"max_features must be in \[0, inf\)"):
        path.budget(X, y, max_features=-1)
