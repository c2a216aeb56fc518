"""Losses in long double: per-row values without cancellation, slopes and roots of the curvature.

For a row with linear predictions eta (one per output) `value` is f(y, eta) less its least value over eta, `slope` is -f'(eta), and
`root` is a matrix B with B'B = f''(eta).
"""

from __future__ import annotations

import numpy as np

Long = np.longdouble


class Squares:
    """Sum over the outputs of (y - eta)^2 / 2."""

    ways = 1

    def __init__(self, y):
        self.y = y

    def value(self, eta):
        return ((self.y - eta) ** 2).sum(axis=1) / 2

    def slope(self, eta):
        return self.y - eta

    def root(self, eta):
        n, k = eta.shape
        return np.broadcast_to(np.eye(k, dtype=Long), (n, k, k))


class Logistic:
    """log(1 + exp(-m)), m = eta for y = 1 and -eta for y = 0."""

    ways = 1

    def __init__(self, y):
        self.sign = 2 * y - 1

    def value(self, eta):
        return np.logaddexp(Long(0), -self.sign * eta)[:, 0]

    def slope(self, eta):
        return self.sign * np.exp(-np.logaddexp(Long(0), self.sign * eta))

    def root(self, eta):
        both = np.logaddexp(Long(0), eta) + np.logaddexp(Long(0), -eta)
        return np.exp(-both / 2)[:, :, None]


class Poisson:
    """exp(eta) - y eta less its least value: y (exp(d) - 1 - d) with d = eta - log y, and exp(eta) for y = 0."""

    ways = 1

    def __init__(self, y):
        self.y = y
        self.log = np.log(np.where(y > 0, y, 1))

    def value(self, eta):
        d = eta - self.log
        series = d**2 / 2 * (1 + d / 3 * (1 + d / 4 * (1 + d / 5 * (1 + d / 6 * (1 + d / 7)))))
        excess = np.where(np.abs(d) < 1e-3, series, np.expm1(d) - d)
        return np.where(self.y > 0, self.y * excess, np.exp(eta))[:, 0]

    def slope(self, eta):
        return np.where(self.y > 0, -self.y * np.expm1(eta - self.log), -np.exp(eta))

    def root(self, eta):
        return np.exp(eta / 2)[:, :, None]


class Softmax:
    """log sum_k exp(eta_k - eta_own)."""

    def __init__(self, y):
        self.own = y > 0  # one column per class
        self.ways = np.where(self.own, -1, 1)

    def _shares(self, eta):
        """log of the sum of exp(eta - eta_own), and every class's share of it."""
        z = eta - eta[self.own][:, None]
        top = np.maximum(z.max(axis=1), 0)
        others = np.where(self.own, 0, np.exp(z - top[:, None])).sum(axis=1)
        log = np.where(top > 0, top + np.log(np.exp(-top) + others), np.log1p(others))
        return log, np.exp(z - log[:, None]), others * np.exp(top - log)

    def value(self, eta):
        return self._shares(eta)[0]

    def slope(self, eta):
        _, share, others = self._shares(eta)
        return np.where(self.own, others[:, None], -share)

    def root(self, eta):
        share = self._shares(eta)[1]
        k = eta.shape[1]
        return np.sqrt(share)[:, :, None] * (np.eye(k, dtype=Long) - share[:, None, :])


LOSSES = {
    "gaussian": Squares,
    "multi-gaussian": Squares,
    "binomial": Logistic,
    "poisson": Poisson,
    "multinomial": Softmax,
}
