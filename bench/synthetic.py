"""Seeded synthetic data: AR(1) columns, a factor model, a sparse linear signal with noise."""

from __future__ import annotations

import numpy as np


def ar1(n, p, rho, rng):
    """Return an (n, p) Fortran-ordered matrix whose rows are stationary AR(1) sequences with correlation ``rho``."""
    X = np.empty((n, p), order="F")
    X[:, 0] = rng.standard_normal(n)
    spread = np.sqrt(1.0 - rho**2)
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + spread * rng.standard_normal(n)
    return X


def one_factor(n, p, correlation, rng):
    """Return an (n, p) matrix whose columns all correlate pairwise by ``correlation``."""
    X = np.asfortranarray(rng.standard_normal((p, n)).T)
    X *= np.sqrt(1.0 - correlation)
    X += np.sqrt(correlation) * rng.standard_normal(n)[:, None]
    return X


def linear_response(X, k, rng, snr=5.0):
    """Return y: N(0, 1) coefficients on ``k`` random columns plus noise at signal-to-noise ratio ``snr`` in variance."""
    support = np.sort(rng.choice(X.shape[1], size=k, replace=False))
    signal = X[:, support] @ rng.standard_normal(k)
    return signal + rng.standard_normal(X.shape[0]) * np.sqrt(signal.var() / snr)


def dense(n, p, k, rho=None, factor=None, seed=0):
    """Return (X, y) of one synthetic dense problem; exactly one of ``rho`` and ``factor`` is given."""
    rng = np.random.default_rng(seed)
    X = ar1(n, p, rho, rng) if factor is None else one_factor(n, p, factor, rng)
    return X, linear_response(X, k, rng)
