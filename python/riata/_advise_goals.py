"""Estimators for other goals than prediction: a list of features that can be relied on, and the least harm from a broken one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _advise_reasons as said
from . import _race
from ._advice import Reason, shown
from ._advise_setup import BY, Choice, Task
from ._cap_weights import cap_weights
from ._race import Race
from ._stress import stress
from ._table import Table
from .stability import StabilitySelection
from .two_stage import RelaxedLassoCV


def for_goal(
    goal: str, task: Task, race: Race, choice: Choice, candidates: dict[float, Any], seed: Any
) -> tuple[Any, Any, list[Reason]]:
    """The estimator for a goal, how stable features are, and why."""
    if goal == "robust":
        estimator, reason = _most_robust(task, race, choice, candidates)
        return estimator, _shares(task, race, choice), [reason]
    if goal == "select":
        estimator, first = _sparse(task, race, choice)
        if task.family == "multinomial" or task.sample_weight is not None:  # beyond its reach
            return estimator, _shares(task, race, choice), [first]
        stable, second = _stable(task, seed)
        return estimator, stable, [first, second]
    return candidates[choice.ratio], _shares(task, race, choice), []


def _shares(task: Task, race: Race, choice: Choice) -> Table:
    """Shares of the folds' models, at the penalty of the sparsest candidate, that have a feature."""
    ratio = max(choice.places)
    paths = race.curves[ratio].paths
    k = choice.places[ratio]
    counts = np.zeros(len(task.names))
    for path in paths:
        counts[path.indices[path.indptr[k] : path.indptr[k + 1]]] += 1
    shares = counts / max(1, len(paths))
    order = np.argsort(-shares, kind="stable")
    order = order[shares[order] > 0]
    note = (
        f"of {len(paths)} models of {said.name(ratio)}; training sets overlap, so that these shares are higher than on new samples: "
        'see goal="select", riata.StabilitySelection'
    )
    names = [task.names[j] for j in order]
    return Table({"feature": names, "share of folds": shares[order].tolist()}, note=note)


def _sparse(task: Task, race: Race, choice: Choice) -> tuple[Any, Reason]:
    """Within half a corrected standard error: of squares the relaxed lasso, else the candidate's model of fewest features."""
    if task.family == "gaussian":
        first = race.splits[: len(race.splits) // race.repeats]
        estimator = RelaxedLassoCV(
            select="half_se", cv=first, standardize=True, n_threads=task.maker.n_threads
        )
        estimator.fit(task.X, task.y, sample_weight=task.sample_weight)
        d = estimator.cv_result_.compare("half_se", "min")
        unit = race.null_loss * task.unit**2
        lost, error = d.difference / unit, d.std_error / unit
        what = (
            f"the relaxed lasso (of the lasso's penalty {said.per_cent(estimator.relax_)} is kept)"
        )
    else:
        place = (choice.best, choice.places[choice.best])
        ratio, k = _race.sparsest(race, place, BY)
        estimator = task.maker.fit(ratio, float(race.curves[ratio].alphas[k]))
        share = shown(race.compare(race.loss(ratio, k), race.loss(*place)), race.null_loss)
        what, lost, error = said.name(ratio), share.value, share.std_error
    count = int(np.any(np.atleast_2d(estimator.coef_), axis=0).sum())
    reason = Reason(
        "select",
        f"For a list: {count} features of {what} stay within half a corrected standard error of its best model (they lose "
        f"{said.per_cent(lost)} of the null loss more, corrected standard error {said.per_cent(error)}).",
        float(count),
        math.nan,
        "np.count_nonzero(a.estimator.coef_)",
    )
    return estimator, reason


def _stable(task: Task, seed: Any) -> tuple[StabilitySelection, Reason]:
    """What half of the rows agree on."""
    selection = StabilitySelection(
        family=task.family, random_state=seed, n_threads=task.maker.n_threads
    )
    selection.fit(task.X, task.y)
    at = selection.get_support(indices=True)
    bound = selection.bounds_["worst_case"]
    text = (
        f"On random halves of the rows {len(at)} features are chosen in {said.per_cent(selection.threshold)} of the cases or more: "
        f"{said.some([task.names[j] for j in at]) or 'none'}. At most {bound:.2g} false ones are to be expected"
    )
    if selection.bound_holds_:
        text += "."
    else:
        groups = [" = ".join(task.names[j] for j in members[:4]) for members in selection.clusters_]
        text += f", but that bound does not hold for near-twins: {said.some(groups)}."
    code = "len(a.stability.get_support(indices=True))"
    return selection, Reason("stability", text, float(len(at)), math.nan, code)


def _most_robust(
    task: Task, race: Race, choice: Choice, candidates: dict[float, Any]
) -> tuple[Any, Reason]:
    """Of the models within one corrected standard error of the best, the one that a shifted feature harms least."""
    best = choice.loss(choice.best)
    pool: dict[str, Any] = {}
    for ratio in candidates:
        k = _race.strongest(race, ratio, best, 1.0)
        if k is not None:
            pool[said.name(ratio)] = task.maker.fit(ratio, float(race.curves[ratio].alphas[k]))
    low = min(candidates)
    pool[f"{said.name(low)} with bounds"] = cap_weights(
        candidates[low], task.X, task.y, sample_weight=task.sample_weight
    )
    s = stress(pool, task.X, task.y, ("shift",), sample_weight=task.sample_weight)
    worst = s.relative("shift").max(axis=1)
    at = int(np.argmin(worst))
    estimator = pool[s.models[at]]
    before = stress(
        candidates[choice.ratio], task.X, task.y, ("shift",), sample_weight=task.sample_weight
    )
    was = float(before.relative("shift").max())
    reason = Reason(
        "robust",
        f"For the least harm: {s.models[at]}. One feature that shifts by a standard deviation costs at most {said.per_cent(worst[at])} of the "
        f"null loss, and {said.per_cent(was)} with the best model for prediction; the loss stays within one standard error.",
        float(worst[at]),
        math.nan,
        'riata.stress([a.estimator, a.candidates[a.l1_ratio]], X, y).worst("shift")',
    )
    return estimator, reason
