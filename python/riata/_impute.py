"""Missing values as the training rows' means, inside every fold."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np

from ._held_out_losses import Held, HeldOut, Judge
from ._problem import Array
from ._routes import Control
from ._splits import Split


def missing_in(X: Any) -> tuple[Any, Array | None]:
    """X with the missing values as its columns' means, and as an array with NaN; (X, None) where nothing is missing."""
    if hasattr(X, "tocsr"):
        return X, None
    frame = X if hasattr(X, "columns") and hasattr(X, "to_numpy") else None
    values = np.asarray(X if frame is None else X.to_numpy(dtype=np.float64, na_value=np.nan))
    values = values.astype(np.float64)
    if values.ndim != 2 or not np.isnan(values).any():
        return X, None
    filled = fill(values, np.arange(len(values)), None)
    if frame is None:
        return filled, values
    import pandas as pd

    return pd.DataFrame(filled, columns=frame.columns, index=frame.index), values


def fill(values: Array, rows: Array, sample_weight: Array | None) -> Array:
    """The array with the means of these rows in the place of NaN; 0 where a column has none."""
    part = values[rows]
    s = np.ones(len(values)) if sample_weight is None else sample_weight
    there = ~np.isnan(part)
    weight = s[rows] @ there
    mean = s[rows] @ np.where(there, part, 0.0) / np.where(weight > 0, weight, 1.0)
    return np.where(np.isnan(values), mean, values)


class ImputedHeldOut(HeldOut):
    """Held-out losses of folds that have an X each."""

    def __init__(self, judge: Judge, control: Control, values: Array) -> None:
        super().__init__(judge, control)
        self.values = values

    def several(self, ratios: list[float], k: int, splits: list[Split], limit: float) -> list[Held]:
        """Of several l1_ratios along automatic grids."""
        share = limit / len(ratios)
        return [self.one(ratio, self.grid(ratio, k), splits, share) for ratio in ratios]

    def one(self, ratio: float, alphas: Array, splits: list[Split], limit: float) -> Held:
        """Of one l1_ratio along a grid that is given."""
        end = time.perf_counter() + limit
        result: Held | None = None
        for split in splits:
            X = fill(self.values, split[0], self.problem.sample_weight)
            judge = replace(self.judge, problem=replace(self.problem, X=X))
            part = HeldOut(judge, self.control).one(ratio, alphas, [split], math.inf)
            if result is None:
                result = part
            else:
                result.append(part)
            if time.perf_counter() > end:
                break
        assert result is not None
        short = len(splits) - result.loss.shape[1]
        if short:
            result.loss = np.pad(result.loss, ((0, 0), (0, short)), constant_values=np.nan)
        return result
