"""Moments and Gram matrices of a problem, each computed once for all who ask for it."""

from __future__ import annotations

import numpy as np

from . import _fit
from ._problem import Array, Problem


class Grams:
    """X'SX, and S^.5 X D X' S^.5 for a diagonal D, of the centred X (if there is an intercept). Not to be written to."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._moments: _fit.Moments | None = None
        self._features: tuple[Array, Array] | None = None
        self._samples: tuple[Array, Array] | None = None

    @property
    def moments(self) -> _fit.Moments:
        """Of the columns of X; what else is asked for first finds them out on the way."""
        if self._moments is None:
            self._moments = _fit.measure(self.problem)
        return self._moments

    def learn(self, moments: _fit.Moments) -> None:
        """Take moments that somebody else has found out on the way."""
        self._moments = moments

    @property
    def spreads(self) -> Array:
        """Standard deviations of the columns of X about their means, whether there is an intercept or not."""
        return _fit.spreads(self.problem, self.moments)

    @property
    def _Y(self) -> Array:
        y = self.problem.y
        return np.asfortranarray(y if y.ndim == 2 else y[:, None])

    def features(self) -> tuple[Array, Array]:
        """X'SX and X'Sy."""
        if self._features is None:
            G, Q, self._moments = _fit.gram(self.problem, self._Y, self._moments)
            self._features = G, Q
        return self._features

    def samples(self, d: Array) -> Array:
        """The last D asked for is kept."""
        if self._samples is None or not np.array_equal(d, self._samples[0]):
            K, self._moments = _fit.outer(self.problem, d, self._moments)
            self._samples = d.copy(), K
        return self._samples[1]
