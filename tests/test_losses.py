"""The loss kernels against high precision, and their calculus: derivatives by differences, conjugates by Fenchel's equality."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

probe = pytest.importorskip("riata._core").__dict__.get("_kernels")
pytestmark = pytest.mark.skipif(probe is None, reason="built without the kernel probe")

ISAS = probe.isas() if probe else []
LENGTHS = [1, 2, 3, 7, 8, 9, 16, 31, 100]


def value(name, eta, y):
    """f(y, eta) less its least value."""
    if name == "poisson":
        eta, y = np.asarray(eta, dtype=np.longdouble), np.asarray(y, dtype=np.longdouble)
        d = eta - np.log(np.where(y > 0, y, 1))
        return np.where(y > 0, y * (np.expm1(d) - d), np.exp(eta)).astype(float)
    return np.logaddexp(0, eta) - y * eta


def slope(name, eta, y):
    """-f', exact on both tails."""
    if name == "poisson":
        return (y - np.exp(np.asarray(eta, dtype=np.longdouble))).astype(float)
    miss = 1 / (1 + np.exp(np.clip(np.where(y > 0, eta, -eta), -700, 700)))
    return np.where(y > 0, miss, -miss)


def curvature(name, eta):
    return (
        np.exp(eta) if name == "poisson" else np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
    )


def responses(name, rng, n):
    return (rng.poisson(2.0, n) if name == "poisson" else rng.integers(0, 2, n)).astype(float)


@pytest.mark.parametrize("isa", ISAS)
def test_exponential(isa, rng):
    x = np.concatenate([np.linspace(-708, 709.4, 20001), rng.uniform(-1, 1, 20001), [0.0, -0.0]])
    exact = np.exp(x.astype(np.longdouble))
    assert np.abs(probe.exponentials(isa, x) / exact - 1).max() < 5e-16
    ends = probe.exponentials(isa, np.array([-1e300, -np.inf, 1e300]))
    assert (ends[:2] < 4e-308).all()
    assert ends[2] > 1e308


@pytest.mark.parametrize("isa", ISAS)
def test_logarithm(isa, rng):
    x = np.concatenate([10.0 ** rng.uniform(-300, 300, 20001), rng.uniform(0.5, 2, 20001), [1.0]])
    exact = np.log(x.astype(np.longdouble))
    ours = probe.logarithms(isa, x)
    assert ours[-1] == 0
    assert np.abs(ours[:-1] / exact[:-1] - 1).max() < 5e-16


@pytest.mark.parametrize("name", ["binomial", "poisson"])
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("n", LENGTHS)
def test_loss(isa, n, name, rng):
    eta = rng.uniform(-30, 30, n) if name == "binomial" else rng.uniform(-30, 5, n)
    y, s = responses(name, rng, n), rng.random(n)
    for weights in (None, s):
        w = np.ones(n) if weights is None else weights
        r, (total, gradient, second) = probe.evaluate_loss(isa, name, eta - 0.25, 0.25, y, weights)
        margin = (eta - 0.25) + 0.25
        assert_allclose(r, slope(name, margin, y), rtol=2e-14, atol=1e-300)
        size = w @ np.abs(value(name, margin, y))
        assert_allclose(total, w @ value(name, margin, y), rtol=0, atol=1e-14 * size)
        assert_allclose(gradient, w @ r, rtol=0, atol=1e-14 * (w @ np.abs(r)))
        assert_allclose(second, w @ curvature(name, margin), rtol=1e-12)
        d = probe.loss_curvature(isa, name, r, y, weights)
        assert_allclose(d, w * curvature(name, margin), rtol=1e-9, atol=1e-15 * max(1, y.max()))


@pytest.mark.parametrize("isa", ISAS)
def test_margins_far_out_lose_nothing(isa):
    eta = np.array([800.0, -800.0, 40.0, -40.0, 1e300, -1e300])
    for y in (np.zeros(6), np.ones(6)):
        r, (total, _, _) = probe.evaluate_loss(isa, "binomial", eta, 0.0, y, None)
        assert np.isfinite(r).all()
        assert total == value("binomial", eta, y).sum()
        assert_allclose(r[2:4], slope("binomial", eta, y)[2:4], rtol=1e-15)


def conjugate(name, c, y):
    """f*(y, c) = sup_eta c eta - f(y, eta) in long double, from the mean at which the supremum is."""
    mean = y.astype(np.longdouble) + c

    def entropy(x):
        return np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0)

    if name == "poisson":
        return entropy(mean) - mean - (entropy(y.astype(np.longdouble)) - y)
    return entropy(mean) + entropy(1 - mean)


@pytest.mark.parametrize("name", ["binomial", "poisson"])
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("n", LENGTHS)
def test_divergence(isa, n, name, rng):
    """f(m) + f*(-t r) + t r m, whatever t is."""
    eta = rng.uniform(-5, 3, n)
    y, s = responses(name, rng, n), rng.random(n)
    for weights in (None, s):
        w = np.ones(n) if weights is None else weights
        r, _ = probe.evaluate_loss(isa, name, eta - 0.25, 0.25, y, weights)
        m = (eta - 0.25) + 0.25
        for t in (0.0, 0.3, 0.9, 0.999, 1.0):
            ours = probe.loss_divergence(isa, name, eta - 0.25, 0.25, r, t, y, weights)
            exact = w @ (value(name, m, y) + conjugate(name, -t * r, y) + t * r * m)
            assert_allclose(ours, float(exact), rtol=1e-11, atol=1e-14 * n)
            assert ours >= 0


@pytest.mark.parametrize("name", ["binomial", "poisson"])
@pytest.mark.parametrize("isa", ISAS)
def test_divergence_is_exact_to_second_order(isa, name, rng):
    """At slopes that are off by a little it is that much squared over twice the curvature."""
    n = 40
    eta, y = rng.uniform(-3, 3, n), responses(name, rng, n)
    r, _ = probe.evaluate_loss(isa, name, eta, 0.0, y, None)
    assert probe.loss_divergence(isa, name, eta, 0.0, r, 1.0, y, None) == 0
    d = curvature(name, eta)
    for size in (1e-6, 1e-8, 1e-10):
        off = size * d * rng.choice([0.5, 1.0], n)
        ours = probe.loss_divergence(isa, name, eta, 0.0, r - off, 1.0, y, None)
        assert_allclose(ours, (off**2 / d).sum() / 2, rtol=1e3 * size + 1e-4)


@pytest.mark.parametrize("isa", ISAS)
def test_divergence_of_what_is_no_slope(isa):
    y = np.array([0.0, 1.0])
    for r in ([1e-3, 0.5], [-0.5, -1e-3], [-1.5, 0.5], [-0.5, 1.5]):
        ours = probe.loss_divergence(isa, "binomial", np.zeros(2), 0.0, np.array(r), 1.0, y, None)
        assert ours == np.inf
    beyond = np.array([0.1, 1.1])
    assert probe.loss_divergence(isa, "poisson", np.zeros(2), 0.0, beyond, 1.0, y, None) == np.inf


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("y", [1e-6, 1.0, 1e6, 1e12])
def test_poisson_loss_beside_its_least_value(isa, y):
    """With d = eta - log y it is y (e^d - 1 - d), of second order in d, however large y is."""
    best = np.log(y)
    for way in (1e-3, 1e-5, 1e-7):
        eta = np.full(1, best + way)
        d = np.longdouble(eta[0]) - np.longdouble(best)
        r, (total, _, _) = probe.evaluate_loss(isa, "poisson", eta, 0.0, np.full(1, y), None)
        assert_allclose(
            total, float(y * d * d / 2 * (1 + d / 3 + d**2 / 12 + d**3 / 60)), rtol=1e-12
        )
        assert_allclose(r[0], float(-y * np.expm1(d)), rtol=1e-14)
    r, (total, _, _) = probe.evaluate_loss(
        isa, "poisson", np.full(1, best), 0.0, np.full(1, y), None
    )
    assert total == 0
    assert r[0] == 0
