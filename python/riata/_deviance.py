"""Losses of single rows less their least value, each written without cancellation beside it."""

from __future__ import annotations

import numpy as np


def binomial(positive: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """log(1 + exp(-+eta))."""
    return np.asarray(np.logaddexp(0, np.where(positive, -eta, eta)))


def poisson(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """exp(eta) - y eta - (y - y log y) = y (exp(d) - 1 - d) with d = eta - log y; exp(eta) where y = 0. Infinite beyond numbers."""
    d = eta - np.log(np.where(y > 0, y, 1.0))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.where(y > 0, y * (np.expm1(d) - d), np.exp(eta)))
