"""What the folds of LogisticRegressionCV show: curves of its scores, and which features they chose."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _selection, plotting
from ._problem import Array


def plot(model: Any, ax: Any) -> Any:
    """Mean scores against log C with one standard error."""
    results = model.cv_results_
    ratios = model.l1_ratios_
    Cs, mean, error = (
        results[name].reshape(len(ratios), -1)
        for name in ("param_C", "mean_test_score", "std_error_test_score")
    )
    used = _used(model)
    row, best = _selection.least(-mean)
    _, sparser = _selection.one_standard_error(-mean, error)
    marks = {"best": Cs[row, best], "one standard error": Cs[row, sparser]}
    chosen = float(np.ravel(model.C_)[0])
    if chosen not in marks.values() and model.refit:
        marks["chosen"] = chosen
    order = np.argsort(model.Cs_, kind="stable")
    df = used[:, row][:, order].sum(axis=-1).mean(axis=0)
    scoring = model.scoring if isinstance(model.scoring, str) and model.scoring != "warn" else None
    name = scoring or ("score" if callable(model.scoring) else "accuracy")
    family = "binomial" if len(model.classes_) == 2 else "multinomial"
    return plotting.plot_curves(
        [
            plotting.Curve(Cs[i], mean[i], error[i], f"l1_ratio {ratio:g}")
            for i, ratio in enumerate(ratios)
        ],
        row,
        df=np.round(df).astype(int),
        marks=marks,
        label=f"{name}, mean of {len(used)} folds and one standard error",
        axis="C (log scale, increasing)",
        counted="features, mean of the folds",
        title=f"LogisticRegressionCV, {family}, l1_ratio {ratios[row]:g}",
        ax=ax,
    )


def fold_shares(model: Any) -> Array | None:
    """Share of the folds whose model at the C chosen has the feature; None without `refit`, where every fold has a C of its own."""
    if not model.refit:
        return None
    k = int(np.flatnonzero(model.Cs_ == np.ravel(model.C_)[0])[0])
    row = int(np.flatnonzero(model.l1_ratios_ == np.ravel(model.l1_ratio_)[0])[0])
    return np.asarray(_used(model)[:, row, k].mean(axis=0))


def _used(model: Any) -> Array:
    """(folds, l1_ratios, Cs, p): whether any class has the feature."""
    return np.asarray((model._paths()[..., : model.n_features_in_] != 0).any(axis=3))
