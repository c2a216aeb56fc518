"""Random problems that are made to be spiteful, each from one integer.

A `Case` holds all of what riata is given, and which of its entry points is to take it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .exact import Exact, Terms

FAMILIES = ("gaussian", "binomial", "poisson", "multinomial", "multi-gaussian")
LAYOUTS = ("C", "F", "CSC", "CSR", "CSC64", "readonly", "slice")


@dataclass
class Case:
    """One call: `entry` is path, estimator, check, cv or cv-estimator; alphas are penalties on riata's scale, or how many of them."""

    seed: int
    entry: str
    X: np.ndarray
    y: np.ndarray
    terms: Terms
    alphas: np.ndarray | int
    tol: float
    layout: str = "C"
    splits: list | None = None  # (train, test) for cv
    nudge: list | None = None  # (output, feature, size) of changed coefficients for check

    @property
    def family(self):
        return self.terms.family


class Dice:
    """A random generator that chooses by odds."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng([20_261_129, seed])

    def pick(self, **odds):
        """One of the names, by their odds."""
        shares = np.array(list(odds.values()), float)
        return list(odds)[self.rng.choice(len(odds), p=shares / shares.sum())]

    def one(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def yes(self, share):
        return bool(self.rng.random() < share)


def draw(seed: int) -> Case:
    """The case of a seed."""
    with np.errstate(all="ignore"):  # spreads of columns of 1e160 overflow
        return drawn(Dice(seed), seed)


def drawn(dice: Dice, seed: int) -> Case:
    family = dice.pick(
        gaussian=35, binomial=20, poisson=20, multinomial=15, **{"multi-gaussian": 10}
    )
    n = dice.one(1, 2, 3, 4, 5, 6, 8, 10, 12, 12, 16, 20, 20, 33)
    p = dice.one(1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12, 17)
    if dice.yes(0.02):
        n, p = (30, 20) if family.startswith("multi") else (dice.one(60, 130), dice.one(20, 40))
    k = dice.one(3, 3, 4, 5) if family == "multinomial" else dice.one(1, 2, 3)
    n = max(n, {"binomial": 2, "multinomial": k}.get(family, 1))
    Z = clean_columns(dice, n, p)
    y = response(dice, Z, family, k)
    X, y = spoil_units(dice, Z), spoil_response(dice, y, family)
    grouped = family == "multinomial" and dice.yes(0.3)
    terms = Terms(
        family=family,
        grouped=grouped,
        sample_weight=row_weights(dice, y, family),
        offset=None if family == "multinomial" else offsets(dice, n, family),
        l1_ratio=dice.one(1.0, 1.0, 0.9, 0.5, 1e-3, 0.0, 0.0),
        fit_intercept=dice.yes(0.75),
    )
    terms.standardize = terms.fit_intercept and dice.yes(0.2)
    terms.penalty_weights, terms.l2_weights = penalty_weights(dice, p)
    if not grouped and family != "multi-gaussian" and dice.yes(0.25):
        terms.lower, terms.upper = bounds(dice, X, y, terms)
    tol = dice.one(1e-6, 1e-6, 1e-6, 1e-4, 1e-9)
    entry = dice.pick(path=56, estimator=20, check=8, cv=12, **{"cv-estimator": 4})
    case = Case(seed, entry, X, y, terms, 5, tol, dice.one(*LAYOUTS))
    return finish(dice, case)


def finish(dice: Dice, case: Case) -> Case:
    """Penalties, splits and nudges, which depend on all the rest."""
    n, p = case.X.shape
    multiple = case.family == "multinomial" or n < 4
    if case.entry == "cv-estimator":  # models that are unique, so that refits have the same errors
        case.terms.l1_ratio, case.terms.l2_weights = dice.one(0.5, 0.9), None
        case = replace(case, entry="cv-estimator" if "gaussian" in case.family else "cv")
    if case.entry in ("cv", "cv-estimator") and multiple:
        case = replace(case, entry="path")
    if case.entry in ("estimator", "check"):
        case.terms.grouped = False
        case = replace(case, alphas=penalties(dice, case, 1))
    elif case.entry.startswith("cv") or dice.yes(0.8):
        case = replace(case, alphas=penalties(dice, case, dice.one(1, 2, 3)))
    else:
        case = replace(case, alphas=dice.one(2, 5, 8))
    if case.entry.startswith("cv"):
        case = replace(case, splits=splits(dice, case))
        if not case.splits:
            case = replace(case, entry="path", splits=None)
    if case.entry == "check":
        size = dice.one(1e-6, 1e-2, 1.0, 100.0)
        case = replace(case, nudge=[[0, int(dice.rng.integers(p)), size]])
    return case


# --- columns ----------------------------------------------------------------------------------------------------------


def clean_columns(dice: Dice, n, p):
    """Columns of spread about one, constants, empties, duplicates and near duplicates among them."""
    rng, spiteful = dice.rng, dice.yes(0.6)
    Z = np.empty((n, p))
    plain = {"normal": 10, "binary": 3, "sparse": 3, "grid": 2}
    kinds = (
        plain
        if not spiteful
        else plain
        | {
            "constant": 1,
            "empty": 1,
            "duplicate": 2,
            "near": 2,
            "single": 1,
            "far": 2,
            "trend": 1,
            "hole": 2,
        }
    )
    for j in range(p):
        z = rng.standard_normal(n)
        kind = dice.pick(**kinds)
        if kind in ("duplicate", "near") and j == 0:
            kind = "normal"
        if kind == "binary":
            z = np.float64(z > 0)
        elif kind == "sparse":
            z = z * (rng.random(n) < 0.3)
        elif kind == "grid":
            z = np.round(2 * z)
        elif kind == "constant":
            z = np.full(n, dice.one(1.0, -3.0, 0.1, 1e7))
        elif kind == "empty":
            z = np.zeros(n)
        elif kind == "duplicate":
            z = Z[:, rng.integers(j)] * dice.one(1.0, 1.0, -1.0, 2.0)
        elif kind == "near":
            z = Z[:, rng.integers(j)] + z * 10.0 ** -rng.integers(1, 10)
        elif kind == "single":
            z = np.eye(n)[rng.integers(n)]
        elif kind == "far":
            z = z + 10.0 ** rng.integers(1, 8)
        elif kind == "hole":  # an entry in every row but one
            z = (z + 10.0 ** rng.integers(0, 5)) * (np.arange(n) != rng.integers(n))
        elif kind == "trend":
            z = np.arange(n) + 0.01 * z
        Z[:, j] = z
    return Z


def spoil_units(dice: Dice, Z):
    """Columns in units of their own; sometimes in float32."""
    p, rng, is_single = Z.shape[1], dice.rng, dice.yes(0.12)
    kind = dice.pick(none=60, moderate=22, wide=12, wild=6)
    reach = {"none": 0, "moderate": 4, "wide": 12, "wild": 160}[kind]
    powers = (
        rng.integers(-reach, reach + 1, p)
        if dice.yes(0.7)
        else np.full(p, rng.integers(-reach, reach + 1))
    )
    if is_single:
        return np.float32(Z * 10.0 ** np.clip(powers, -25, 25))
    return Z * 10.0**powers


# --- responses --------------------------------------------------------------------------------------------------------


def response(dice: Dice, Z, family, k):
    """A response that follows some columns, with noise, without, or not at all; every class has a row."""
    rng, (n, p) = dice.rng, Z.shape
    outputs = k if family in ("multinomial", "multi-gaussian") else 1
    W = rng.standard_normal((p, outputs)) * (rng.random((p, 1)) < 0.5) * dice.one(0.3, 1.0, 3.0)
    about = Z - Z.mean(axis=0) * dice.one(0.0, 1.0, 1.0)
    spread = np.maximum(np.abs(about).max(axis=0), 1e-300)
    noise = dice.one(0.0, 0.1, 1.0, 5.0)
    eta = (about / spread) @ W * 2 + noise * rng.standard_normal((n, outputs))
    if family == "gaussian":
        return eta[:, 0]
    if family == "multi-gaussian":
        return eta
    if family == "poisson":
        mean = np.exp(np.clip(eta[:, 0], -20, 6)) * dice.one(0.2, 1.0, 10.0)
        return np.float64(rng.poisson(mean)) if dice.yes(0.8) else mean
    labels = eta.argmax(axis=1) if family == "multinomial" else np.int64(eta[:, 0] > np.median(eta))
    labels[rng.permutation(n)[: max(k, 2) if family == "multinomial" else 2]] = np.arange(
        k if family == "multinomial" else 2
    )
    return labels


def spoil_response(dice: Dice, y, family):
    """Units, means and constants; counts that are huge or tiny, and at least one."""
    kind = dice.pick(none=70, unit=18, far=6, constant=2, wild=4)
    if family in ("gaussian", "multi-gaussian"):
        if kind == "unit":
            return y * 10.0 ** dice.rng.integers(-9, 10)
        if kind == "far":
            return y + 10.0 ** dice.rng.integers(1, 8)
        if kind == "wild":
            return y * 10.0 ** dice.rng.integers(-140, 141)
        return y * 0 + dice.one(0.0, 1.0, -1e5) if kind == "constant" else y
    if family == "poisson":
        if kind == "unit":
            y = y * 10.0 ** dice.rng.integers(-9, 9)
        elif kind in ("far", "wild"):
            y = 10.0 ** dice.rng.integers(1, 9) + dice.one(0.0, 0.01, 1.0) * y
        elif kind == "constant":
            y = y * 0 + dice.one(1.0, 1e5, 1e-3)
        return y if y.any() else y + 1.0
    return y


def row_weights(dice: Dice, y, family):
    """Weights of the rows; every class and some event keep one above zero."""
    n, rng = len(y), dice.rng
    kind = dice.pick(none=50, uniform=14, whole=14, orders=12, scaled=10)
    if kind == "none":
        return None
    s = rng.random(n) + 0.1
    if kind == "whole":
        s = np.float64(rng.integers(0, 4, n))
    elif kind == "orders":
        s = 10.0 ** rng.uniform(-6, 6, n)
    elif kind == "scaled":
        s = s * 10.0 ** dice.one(-30, -8, 8, 30)
    if family in ("binomial", "multinomial"):
        for label in np.unique(y):
            rows = np.flatnonzero(y == label)
            s[rows[0]] = s[rows[0]] or 1.0
    elif family == "poisson":
        s[np.argmax(y)] = s[np.argmax(y)] or 1.0
    s[0] = s[0] or 1.0
    return s


def offsets(dice: Dice, n, family):
    kind = dice.pick(none=75, small=15, large=10)
    if kind == "none":
        return None
    size = 1.0 if kind == "small" else (20.0 if family == "poisson" else 1e3)
    return size * dice.rng.standard_normal(n)


# --- penalties and bounds ---------------------------------------------------------------------------------------------


def penalty_weights(dice: Dice, p):
    rng, kind = dice.rng, dice.pick(none=60, some=18, zeros=13, out=6, orders=3)
    if kind == "none":
        u = None
    else:
        u = rng.random(p) + 0.2
        if kind == "zeros":
            u[rng.random(p) < 0.6] = 0.0
        elif kind == "out":
            u[rng.random(p) < 0.4] = np.inf
        elif kind == "orders":
            u = 10.0 ** rng.uniform(-12, 6, p)
    v = rng.random(p) * (rng.random(p) < 0.7) if dice.yes(0.12) else None
    return u, v


def bounds(dice: Dice, X, y, terms):
    """Sides on the scale that coefficients have: the response's spread over the column's."""
    p, rng = X.shape[1], dice.rng
    spread = np.asarray(X, float).std(axis=0)
    unit = 1 / np.where(spread > 0, spread, 1.0)
    if terms.family == "gaussian":
        unit = unit * (np.std(y) or 1.0)
    kind = dice.pick(positive=35, box=25, mixed=15, point=10, away=15)
    low, high = np.full(p, -np.inf), np.full(p, np.inf)
    if kind == "positive":
        low[:] = 0.0
    elif kind == "box":
        low, high = -unit * rng.random(p), unit * rng.random(p)
    elif kind == "mixed":
        low[rng.random(p) < 0.5] = 0.0
        some = rng.random(p) < 0.3
        high[some] = (unit * rng.random(p))[some]
    else:
        low = unit * (rng.random(p) - 0.5)
        high = low + (0.0 if kind == "point" else unit * rng.random(p))
        if kind == "away":
            low, high = np.abs(low), np.abs(low) + np.abs(high)
        free = rng.random(p) < 0.5
        low[free], high[free] = -np.inf, np.inf
    held = np.isfinite(low) | np.isfinite(high)
    for weights in (terms.penalty_weights, terms.l2_weights):
        if weights is not None and dice.yes(
            0.8
        ):  # left out and kept away from 0 is a contradiction
            weights[np.isinf(weights) & held & ((low > 0) | (high < 0))] = 1.0
    return low if np.isfinite(low).any() else None, high if np.isfinite(high).any() else None


def penalties(dice: Dice, case: Case, count):
    """Penalties relative to the one at which every coefficient rests, down to 0."""
    top = scale_of_penalties(case)
    shares = (2.0, 1.0, 0.7, 0.3, 0.1, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-8, 0.0, 0.0)
    return np.unique([top * dice.one(*shares) for _ in range(count)])[::-1]


def scale_of_penalties(case: Case):
    """About alpha_max; of a ridge penalty about the curvature of the loss."""
    exact = Exact(case.X, case.y, case.terms)
    slope = exact.s[:, None] * exact.loss.slope(exact.offset + exact.null_intercept)
    pull = np.abs((exact.Z * exact.size).T @ slope).max(axis=1)
    ratio = case.terms.l1_ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        if ratio == 0:
            most = np.where(exact.v > 0, exact.size**2 * (exact.Z**2).any(axis=0) / exact.v, 0)
        else:
            most = np.where(exact.u > 0, pull / exact.u, 0) / max(ratio, 1e-3)
    top = float(np.max(most))
    return top if np.isfinite(top) and top > 0 else 1.0


def splits(dice: Dice, case: Case):
    """Pairs (train, test): folds, leave-one-outs, rows drawn with repetition; every training set fits its family."""
    n, rng = len(case.y), dice.rng
    kind = dice.pick(folds=6, drawn=2, one=2)
    order = rng.permutation(n)
    if kind == "folds":
        tests = np.array_split(order, dice.one(2, 3))
    elif kind == "one":
        tests = [order[:1], order[1:2]]
    else:
        tests = [rng.integers(0, n, max(1, n // 3)) for _ in range(2)]
    found = []
    for test in tests:
        train = np.setdiff1d(np.arange(n), test)
        if kind == "drawn" and len(train):
            train = rng.choice(train, len(train))
        if len(train) and suffices(case, train) and counts(case, test):
            found.append([train.tolist(), [int(i) for i in test]])
    return found


def counts(case: Case, rows):
    s = case.terms.sample_weight
    return s is None or bool(np.asarray(s)[rows].sum() > 0)


def suffices(case: Case, rows):
    """Whether these rows hold both classes, or an event, with weight."""
    s = np.ones(len(case.y)) if case.terms.sample_weight is None else case.terms.sample_weight
    y = case.y[rows][s[rows] > 0]
    if len(y) == 0:
        return False
    if case.family == "binomial":
        return len(np.unique(y)) == 2
    return bool(y.any()) if case.family == "poisson" else True
