"""What damage to a feature costs a linear model, in closed form from sums over the rows.

With c = x_j - m_j the centred column, d_j its standard deviation, w the feature's coefficient and r = y - eta, damage turns the linear
prediction eta into

    missing   eta - w c           the value is its mean
    shift     eta + w size d_j
    scale     eta + w size x_j    the value is times 1 + size
    permute   eta - w (x - x')    x' of a row at random
    noise     eta +- w size d_j   either sign as likely

Squares: the mean of (r - e)^2 - r^2 over the rows is E(e^2) - 2 E(r e), for which E(r), E(r c), m and d suffice. Counts: exp(eta + e) is
a product, so that E(mu exp(-w x)) and E(exp(w x)) do. The log loss is no sum of the kind: what is the same for all rows is
evaluated at eta + e, `scale` as the rows go by, and `missing` and `permute` by reading the columns in use once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _deviance
from ._compressed import CompressedX
from ._problem import Array

ENTRIES = 1 << 20  # of a block of rows
DRAWS = 4  # permutations that a log loss is averaged over
KINDS = ("missing", "shift", "scale", "permute", "noise", "common_shift")


@dataclass(slots=True)
class Rows:
    """X in blocks of rows as float64, and how much of it has been read."""

    X: Array | CompressedX
    entries: float = 0.0
    _rows: Any = None

    @property
    def passes(self) -> float:
        """Entries read over entries of X."""
        return self.entries / max(1, self.X.shape[0] * self.X.shape[1])

    def blocks(self, features: Array | None = None) -> Iterator[tuple[slice, Array]]:
        """Blocks of all rows; of the listed columns alone, if there are any."""
        n, p = self.X.shape
        X = self.X if isinstance(self.X, np.ndarray) else self._by_rows()
        width = p if features is None else len(features)
        step = max(1, ENTRIES // max(1, p))
        for first in range(0, n, step):
            rows = slice(first, min(n, first + step))
            block = X[rows] if features is None else X[rows][:, features]
            if not isinstance(block, np.ndarray):
                block = block.toarray()
            self.entries += (rows.stop - rows.start) * width
            yield rows, np.asarray(block, dtype=np.float64)

    def _by_rows(self) -> Any:
        if self._rows is None:
            from scipy.sparse import csc_array, csr_array

            X = self.X
            assert isinstance(X, CompressedX)
            inner, outer = (1, 0) if X.by_rows else (0, 1)
            if X.indices.size and not 0 <= X.indices.min() <= X.indices.max() < X.shape[inner]:
                raise ValueError(f"X has indices outside [0, {X.shape[inner]})")
            if len(X.indptr) != X.shape[outer] + 1 or (np.diff(X.indptr) < 0).any():
                raise ValueError(
                    "X.indptr must ascend, with an entry more than X has rows (CSR) or columns (CSC)"
                )
            make = csr_array if X.by_rows else csc_array
            self._rows = make((X.data, X.indices, X.indptr), shape=X.shape).tocsr()
        return self._rows


@dataclass(slots=True)
class Columns:
    """Weighted means and variances of the columns, summed about the first block's means."""

    origin: Array
    first: Array
    second: Array
    weight: float = 0.0

    @classmethod
    def starting_with(cls, block: Array) -> Columns:
        p = block.shape[1]
        return cls(block.mean(axis=0), np.zeros(p), np.zeros(p))

    def add(self, shifted: Array, s: Array) -> None:
        self.first += s @ shifted
        self.second += s @ shifted**2
        self.weight += float(s.sum())

    @property
    def lag(self) -> Array:
        """Means less the origin."""
        return self.first / self.weight

    @property
    def mean(self) -> Array:
        return np.asarray(self.origin + self.lag)

    @property
    def variance(self) -> Array:
        return np.maximum(self.second / self.weight - self.lag**2, 0.0)


@dataclass(slots=True)
class Model:
    """Coefficients (outputs, p) on the columns of X, y as the loss takes it (n, outputs), and the sums of one pass."""

    coef: Array
    intercept: Array
    link: str
    y: Array
    size: float
    sums: dict[str, Any] = field(default_factory=dict)
    eta: list[Array] = field(default_factory=list)

    def add(self, name: str, value: Any) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + value

    def losses(self, y: Array, eta: Array) -> Array:
        """Of single rows (n,), at eta (n, outputs)."""
        if self.link == "softmax":
            top = eta.max(axis=1)
            own = eta[np.arange(len(y)), y[:, 0].astype(np.intp)]
            return np.asarray(top + np.log(np.exp(eta - top[:, None]).sum(axis=1)) - own)
        if self.link == "logit":
            return _deviance.binomial(y > 0, eta)[:, 0]
        if self.link == "log":
            return _deviance.poisson(y, eta)[:, 0]
        return np.asarray(((y - eta) ** 2).mean(axis=1))

    @property
    def is_label(self) -> bool:
        return self.link in ("logit", "softmax")

    @property
    def used(self) -> Array:
        return np.flatnonzero((self.coef != 0).any(axis=0))

    # --- the pass ---------------------------------------------------------------------------------------------------------

    def take(
        self, rows: slice, block: Array, shifted: Array, s: Array, kinds: tuple[str, ...]
    ) -> None:
        """Add the sums of a block of rows."""
        y, eta = self.y[rows], block @ self.coef.T + self.intercept
        self.add("loss", s @ self.losses(y, eta))
        if self.is_label:
            self.eta.append(eta)
            if "scale" in kinds:
                self._each(y, eta, block, s, "scale", self.size)
        elif self.link == "log":
            self._take_counts(y[:, 0], eta[:, 0], block, shifted, s, kinds)
        else:
            r = y - eta
            self.add("r", s @ r)
            self.add("rx", (s[:, None] * r).T @ shifted)

    def _take_counts(
        self, y: Array, eta: Array, block: Array, shifted: Array, s: Array, kinds: tuple[str, ...]
    ) -> None:
        with np.errstate(over="ignore"):
            weighted = s * np.exp(eta)
            w = self.coef[0]
            self.add("mu", weighted.sum())
            self.add("y", s @ y)
            self.add("yx", (s * y) @ shifted)
            if {"missing", "permute"} & set(kinds):
                self.add("without", weighted @ np.exp(-w * shifted))
            if "permute" in kinds:
                self.add("other", s @ np.exp(w * shifted))
            if "scale" in kinds:
                self.add("grown", weighted @ np.exp(self.size * w * block))

    def _each(self, y: Array, eta: Array, values: Array, s: Array, name: str, by: float) -> None:
        """Add, for every feature in use, the sum of losses at eta + by * values * coefficients."""
        total = np.zeros(self.coef.shape[1])
        for j in self.used:
            total[j] = s @ self.losses(y, eta + by * np.outer(values[:, j], self.coef[:, j]))
        self.add(name, total)

    # --- what comes of it ---------------------------------------------------------------------------------------------------

    def damage(self, kind: str, columns: Columns, s: Array) -> Array:
        """Rise of the mean loss: of every feature (p,), or one number for a shift of all."""
        if self.is_label:
            return self._label_damage(kind, columns, s)
        if self.link == "log":
            return self._count_damage(kind, columns)
        return self._square_damage(kind, columns)

    def _square_damage(self, kind: str, columns: Columns) -> Array:
        w, S, size = self.coef, columns.weight, self.size
        r = (self.sums["r"] / S)[:, None]
        rc = self.sums["rx"] / S - r * columns.lag  # E(r c)
        d = np.sqrt(columns.variance)
        if kind == "missing":
            rise = 2 * w * rc + w**2 * columns.variance
        elif kind == "permute":
            rise = 2 * w * rc + 2 * w**2 * columns.variance
        elif kind == "scale":
            rx = rc + r * columns.mean
            rise = -2 * size * w * rx + (size * w) ** 2 * (columns.variance + columns.mean**2)
        elif kind == "noise":
            rise = (size * w * d) ** 2
        else:
            e = size * w * d
            if kind == "common_shift":
                e = e.sum(axis=1, keepdims=True)
            rise = e**2 - 2 * e * r
        return np.asarray(rise.mean(axis=0))

    def _count_damage(self, kind: str, columns: Columns) -> Array:
        w, S, size = self.coef[0], columns.weight, self.size
        mu, y = self.sums["mu"] / S, self.sums["y"] / S
        yc = self.sums["yx"] / S - y * columns.lag
        with np.errstate(over="ignore", invalid="ignore"):
            if kind == "missing":
                return np.asarray(self.sums["without"] / S * np.exp(w * columns.lag) - mu + w * yc)
            if kind == "permute":
                product = self.sums["without"] / S * (self.sums["other"] / S)
                return np.asarray(product - mu + w * yc)
            if kind == "scale":
                return np.asarray(self.sums["grown"] / S - mu - size * w * (yc + y * columns.mean))
            e = size * w * np.sqrt(columns.variance)
            if kind == "noise":
                return np.asarray(mu * 2 * np.sinh(e / 2) ** 2)  # cosh(e) - 1
            if kind == "common_shift":
                e = e.sum(keepdims=True)
            return np.asarray(mu * np.expm1(e) - y * e)

    def _label_damage(self, kind: str, columns: Columns, s: Array) -> Array:
        S, loss = columns.weight, self.sums["loss"]
        used = self.used
        rise = np.zeros(self.coef.shape[1])
        if kind in ("scale", "missing", "permute"):
            rise[used] = (self.sums[kind][used] - loss) / S
            return rise
        eta = self.whole_eta()

        def at(e: Array) -> float:
            return float(s @ self.losses(self.y, eta + e) - loss) / S

        E = self.size * self.coef * np.sqrt(columns.variance)
        if kind == "common_shift":
            return np.array([at(E.sum(axis=1))])
        for j in used:
            rise[j] = at(E[:, j])
            if kind == "noise":
                rise[j] = (rise[j] + at(-E[:, j])) / 2
        return rise

    def again(self, j: int, column: Array, mean: float, s: Array, orders: dict[str, Any]) -> None:
        """Sum the losses of labels without feature j, and with other rows' values of it."""
        w, eta = self.coef[:, j], self.whole_eta()
        for kind, rows in orders.items():
            total = self.sums[kind]
            for order in rows:
                other = mean if order is None else column[order]
                total[j] += s @ self.losses(self.y, eta + np.outer(other - column, w)) / len(rows)

    def whole_eta(self) -> Array:
        """Linear predictions of all rows."""
        if len(self.eta) > 1:
            self.eta = [np.concatenate(self.eta)]
        return self.eta[0]


def _read_again(
    rows: Rows, models: list[Model], columns: Columns, s: Array, kinds: tuple[str, ...]
) -> None:
    """The columns that any of the models uses, once for all of them."""
    n = rows.X.shape[0]
    generator = np.random.default_rng(0)
    weights = None if (s == s[0]).all() else s / s.sum()
    orders: dict[str, Any] = {"missing": [None]} if "missing" in kinds else {}
    if "permute" in kinds:
        orders["permute"] = [
            generator.permutation(n) if weights is None else generator.choice(n, n, p=weights)
            for _ in range(DRAWS)
        ]
    for model in models:
        model.sums |= {kind: np.zeros(model.coef.shape[1]) for kind in orders}
    used = np.unique(np.concatenate([model.used for model in models]))
    step = max(1, ENTRIES // n)
    for first in range(0, len(used), step):
        features = used[first : first + step]
        x = np.concatenate([block for _, block in rows.blocks(features)])
        for j, column in zip(features, x.T):
            for model in models:
                if model.coef[:, j].any():
                    model.again(j, column, columns.mean[j], s, orders)


def measure(
    X: Array | CompressedX, models: list[Model], s: Array, kinds: tuple[str, ...]
) -> tuple[Columns, float]:
    """Read X: the sums of every model, the moments of the columns and how many passes that took."""
    rows = Rows(X)
    columns: Columns | None = None
    for part, block in rows.blocks():
        if columns is None:
            columns = Columns.starting_with(block)
        shifted = block - columns.origin
        columns.add(shifted, s[part])
        for model in models:
            model.take(part, block, shifted, s[part], kinds)
    assert columns is not None
    labels = [model for model in models if model.is_label]
    if labels and {"missing", "permute"} & set(kinds):
        _read_again(rows, labels, columns, s, kinds)
    return columns, rows.passes
