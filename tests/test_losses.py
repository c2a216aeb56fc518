"""The loss kernels against high precision, and their calculus: derivatives by differences, conjugates by Fenchel's equality."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from riata import _core

probe = pytest.importorskip("riata._core").__dict__.get("_kernels")
pytestmark = pytest.mark.skipif(probe is None, reason="built without the kernel probe")

ISAS = probe.isas() if probe else []
LENGTHS = [1, 2, 3, 7, 8, 9, 16, 31, 100]


def value(name, eta, y):
    if name == "poisson":
        return np.exp(eta) - y * eta
    return np.logaddexp(0, eta) - y * eta


def slope(name, eta, y):
    """-f', exact on both tails."""
    if name == "poisson":
        return y - np.exp(eta)
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
        assert_allclose(d, w * curvature(name, margin), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("isa", ISAS)
def test_margins_far_out_lose_nothing(isa):
    eta = np.array([800.0, -800.0, 40.0, -40.0, 1e300, -1e300])
    for y in (np.zeros(6), np.ones(6)):
        r, (total, _, _) = probe.evaluate_loss(isa, "binomial", eta, 0.0, y, None)
        assert np.isfinite(r).all()
        assert total == value("binomial", eta, y).sum()
        assert_allclose(r[2:4], slope("binomial", eta, y)[2:4], rtol=1e-15)


@pytest.mark.parametrize("name", ["binomial", "poisson"])
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("n", LENGTHS)
def test_conjugate(isa, n, name, rng):
    """f(eta) + f*(c) >= c eta, with equality at c = f'(eta) = -r."""
    eta = rng.uniform(-5, 3, n)
    y, s = responses(name, rng, n), rng.random(n)
    r, (total, _, _) = probe.evaluate_loss(isa, name, eta, 0.0, y, s)
    at_slope = probe.loss_conjugate(isa, name, r, 1.0, y, s)
    assert_allclose(total + at_slope, -(s * r) @ eta, rtol=0, atol=1e-13 * n)
    for t in (0.0, 0.3, 0.9):
        assert total + probe.loss_conjugate(isa, name, r, t, y, s) >= -t * (s * r) @ eta - 1e-13 * n
        one = sum(
            probe.loss_conjugate(isa, name, r[i : i + 1], t, y[i : i + 1], s[i : i + 1])
            for i in range(n)
        )
        assert_allclose(probe.loss_conjugate(isa, name, r, t, y, s), one, rtol=0, atol=1e-13 * n)


def test_perfect_predictions_have_no_entropy():
    for isa in ISAS:
        zero = np.zeros(3)
        assert probe.loss_conjugate(isa, "binomial", zero, 1.0, zero, None) == 0
        assert probe.loss_conjugate(isa, "binomial", np.ones(3), 1.0, np.ones(3), None) == 0
    assert _core is not None
