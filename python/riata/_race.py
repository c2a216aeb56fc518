"""Several l1_ratios against one another and against no feature at all, on the same repeated folds, within a limit of time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from . import _blas, _selection
from ._comparison import Comparison
from ._held_out_losses import Held, HeldOut, lengthened
from ._problem import Array
from ._splits import Split, overlap_of

PENALTIES = 50  # along every grid
PROBED = 20_000_000  # entries of X times paths from which on a first fold tells how many there is time for
RESERVE = 0.25  # of the time: for the models of all rows and what is said about them


def corrected_error(values: Array, share: float) -> float:
    """Standard error of the mean of values from folds whose training sets overlap, of which `share` is n_test / n_train."""
    return float(_selection.standard_error(values, 1 + len(values) * share))


@dataclass(slots=True)
class Race:
    """Losses of every l1_ratio along its grid on all folds, and of the best constant.

    Attributes
    ----------
    curves : dict of float to Held
        By l1_ratio.
    null : ndarray of shape (folds,)
    splits : list of (train, test)
    repeats : int
        How many there was time for.
    short : set of float
        Those whose best penalty is the last even of a grid that has been lengthened.
    missed : list of float
        Those that the time did not suffice for.
    """

    curves: dict[float, Held]
    null: Array
    splits: list[Split]
    repeats: int = 1
    short: set[float] = field(default_factory=set)
    missed: list[float] = field(default_factory=list)
    out_of_time: bool = False

    sample_weight: Array | None = None

    @property
    def share(self) -> float:
        """n_test / n_train, in the mean over the folds."""
        n = max(int(test.max()) for _, test in self.splits) + 1
        n = max(n, max(int(train.max()) for train, _ in self.splits) + 1)
        return overlap_of(self.splits, n, self.sample_weight).share

    @property
    def null_loss(self) -> float:
        return float(self.null.mean())

    def best(self, ratio: float, allowed: Array | None = None) -> int:
        """Place of the penalty with the least mean loss, among those allowed."""
        mean = self.curves[ratio].loss.mean(axis=1)
        if allowed is not None:
            mean = np.where(allowed, mean, np.nan)
        return int(np.nanargmin(mean))

    def loss(self, ratio: float, k: int) -> Array:
        """On every fold."""
        return np.asarray(self.curves[ratio].loss[k])

    def compare(self, one: Array, other: Array) -> Comparison:
        """Two rows of losses on all folds."""
        lost, error = _selection.difference(one, other, self.share)
        return Comparison(float(lost), float(error), len(one))

    def optimism(self, ratio: float) -> float:
        """By how much the least mean loss is too small for having been looked for: what the folds' own best penalties gain on it.

        Tibshirani and Tibshirani, *A bias correction for the minimum error rate in cross-validation* (2009).
        """
        curve = self.curves[ratio]
        k = self.best(ratio)
        gains = [loss[k] - np.nanmin(loss) for loss in curve.loss.T]
        return float(np.mean(gains))

    def range_of_penalties(self, ratio: float) -> tuple[float, float]:
        """Least and largest best penalty of single repeats."""
        curve = self.curves[ratio]
        parts = np.split(curve.loss, self.repeats, axis=1)
        at = [curve.alphas[int(np.nanargmin(part.mean(axis=1)))] for part in parts]
        return float(min(at)), float(max(at))


def run(
    held: HeldOut,
    ratios: list[float],
    draw: Callable[[int], list[Split]],
    repeats: int,
    time_limit: float,
    started: float,
) -> Race:
    """Cross-validate every l1_ratio, again and again with folds drawn anew while there is time."""
    judge = held.judge
    end = started + (1 - RESERVE) * time_limit
    with _blas.for_problem(judge.problem):
        race = _first(held, ratios, draw(0), end)
        spent = time.perf_counter() - started
        for repeat in range(1, repeats):
            now = time.perf_counter()
            if race.out_of_time or now + spent > end:
                race.out_of_time = True
                break
            splits = draw(repeat)
            more = {
                ratio: held.one(ratio, curve.alphas, splits, math.inf)
                for ratio, curve in race.curves.items()
            }
            for ratio, part in more.items():
                race.curves[ratio].append(part)
            race.null = np.concatenate([race.null, [judge.null(split) for split in splits]])
            race.splits = race.splits + splits
            race.repeats += 1
            spent = time.perf_counter() - now
    return race


def _affordable(
    held: HeldOut, ratios: list[float], splits: list[Split], end: float
) -> tuple[list[float], list[Split]]:
    """Of large data as many folds and l1_ratios as there is time for, judged by a fold of the middle one.

    At least two folds; then the ends and the middle of the l1_ratios, then the middle alone.
    """
    entries = held.problem.X.size * len(ratios) * len(splits)
    if entries < PROBED:
        return ratios, splits
    start = time.perf_counter()
    home = min(ratios, key=lambda ratio: (abs(ratio - 0.5), ratio))
    probe = held.one(home, held.grid(home, PENALTIES), splits[:1], max(end - start, 0.05))
    now = time.perf_counter()
    path = (now - start) / 2  # one of all rows, one of a fold
    if not np.isfinite(probe.loss).all():
        return [home], splits[:2]
    for some in (ratios, sorted({ratios[0], home, ratios[-1]}), [home]):
        count = int((end - now) / (path * len(some))) - 1
        if count >= 2:
            return some, splits[:count]
    return [home], splits[:2]


def _first(held: HeldOut, ratios: list[float], splits: list[Split], end: float) -> Race:
    """The first repeat: grids are made, and lengthened where they end too early."""
    wanted, planned = ratios, len(splits)
    ratios, splits = _affordable(held, ratios, splits, end)
    null = np.array([held.judge.null(split) for split in splits])
    limit = max(end - time.perf_counter(), 0.05)
    curves = dict(zip(ratios, held.several(ratios, PENALTIES, splits, limit)))
    race = Race({}, null, splits, sample_weight=held.problem.sample_weight)
    race.missed = [ratio for ratio in wanted if ratio not in ratios]
    race.out_of_time = len(splits) < planned
    for ratio, curve in curves.items():
        finished = np.isfinite(curve.loss).all(axis=1)
        if not finished.all() and (not finished.any() or _still_falls(curve.loss)):
            race.missed.append(ratio)
            continue
        race.out_of_time |= not finished.all()
        longer, is_short = lengthened(held, ratio, curve, splits, end)
        race.curves[ratio] = longer
        if is_short:
            race.short.add(ratio)
    if not race.curves:
        raise ValueError(
            "time_limit does not suffice for the folds of a single l1_ratio: give more time, or fewer folds (cv)"
        )
    race.out_of_time |= bool(race.missed)
    return race


def _still_falls(loss: Array) -> bool:
    """Whether the best penalty is the last that was reached: what comes behind it nobody knows."""
    mean = loss.mean(axis=1)
    reached = np.flatnonzero(np.isfinite(mean))
    return bool(np.nanargmin(mean) == reached[-1])


def strongest(race: Race, ratio: float, best: Array, steps: float) -> int | None:
    """Place of the largest penalty whose loss is within so many corrected standard errors (of the difference) of the losses `best`."""
    for k, loss in enumerate(race.curves[ratio].loss):
        d = race.compare(loss, best)
        if d.difference <= steps * (d.std_error if d.std_error > 0 else 0.0):
            return k
    return None


def sparsest(race: Race, best: tuple[float, int], steps: float) -> tuple[float, int]:
    """The model of fewest features whose loss is within so many corrected standard errors (of the difference) of the best one's.

    Of equally few the one of least loss.
    """
    at = race.loss(*best)
    found, least = best, (int(race.curves[best[0]].df[best[1]]), 0.0)
    for ratio, curve in race.curves.items():
        for k, loss in enumerate(curve.loss):
            if not np.isfinite(loss).all():
                continue
            d = race.compare(loss, at)
            if d.difference <= steps * (d.std_error if d.std_error > 0 else 0.0):
                key = (int(curve.df[k]), d.difference)
                if key < least:
                    found, least = (ratio, k), key
    return found
