"""Which penalty, answered on the data at hand: `advise`."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np

from . import _advise_checks as checks
from . import _advise_models as models
from . import _advise_reasons as said
from . import _cv, _impute, _race
from . import _validation as check
from ._advice import Advice, ShortList, Shown, shown
from ._advise_goals import for_goal
from ._advise_setup import Choice, Task
from ._cap_weights import folds
from ._collinearity import collinearity
from ._comparison import Comparison
from ._problem import FAMILIES, Array
from ._race import Race
from ._stress import Stress, stress
from ._table import Table

DECIDED, LEANING = 2.0, 1.0  # of t
SIGNAL = 2.0
GOALS = ("predict", "select", "robust")


def advise(
    X: Any,
    y: Any,
    family: str | None = None,
    goal: str = "predict",
    *,
    l1_ratio: Any = (0.0, 0.1, 0.5, 0.9, 1.0),
    cv: Any = 10,
    repeats: int = 5,
    groups: Any = None,
    sample_weight: Any = None,
    scoring: Any = None,
    budget: int | None = None,
    time_limit: float = 30.0,
    random_state: int = 0,
    n_threads: int | None = None,
    impute: bool = False,
) -> Advice:
    """L1, L2 or a mixture: which, how sure that is, and what else is to be known about these data before a linear model is trusted.

    Every l1_ratio is cross-validated along its own grid of penalties on the same repeated folds, columns (and y, if it is a measurement)
    scaled to unit standard deviation. Differences come with standard errors that are corrected for training sets that overlap; most
    often the honest answer is "undecided".

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Names of a data frame's columns are used in what is said.
    y : array-like of shape (n_samples,)
        Measurements, labels or counts.
    family : {"gaussian", "binomial", "multinomial", "poisson"}, optional
        By default labels for strings, booleans and two values, else a measurement.
    goal : {"predict", "select", "robust"}, default="predict"
        What to choose for. "predict": l1_ratio 0.5 unless another one beats it by half a corrected standard error. "select": the fewest
        features within half a corrected standard error. "robust": within one corrected standard error, the model that a single
        broken feature harms least, with bounds on its coefficients if that helps.
    l1_ratio : array-like of floats in [0, 1]
        The candidates.
    cv : int, splitter or iterable, default=10
        How many folds of rows in random order (of labels: stratified; with `groups`: of whole groups), or as in `cv_path`, then without repeats.
    repeats : int, default=5
        How often the folds are drawn.
    groups : array-like of shape (n_samples,), optional
        Rows that belong together, and are held out together.
    sample_weight : array-like of shape (n_samples,) or float, optional
        Weight 2 is a row given twice.
    scoring : str or callable, optional
        A name of scikit-learn's or ``scorer(estimator, X, y)`` in the place of the mean loss: squared error, log loss, or half the Poisson
        deviance.
    budget : int, optional
        Most features that a model may have.
    time_limit : float, default=30
        Seconds. There are fewer repeats where they do not suffice, and fewer candidates after that; it is said.
    random_state : int, default=0
        Of the folds.
    n_threads : int, optional
        As in `riata.path`.
    impute : bool, default=False
        Accept NaN in X: in every fold they become the means of the training rows.

    Returns
    -------
    advice : Advice

    Raises
    ------
    ValueError, TypeError
        For bad input, naming the argument, the value and its position.

    See Also
    --------
    Advice : What is returned.
    cv_path : Cross-validation, with everything that is asked for.
    stress : What a broken feature costs.
    collinearity : Which columns depend on one another.

    Notes
    -----
    The corrected standard error of a mean of J folds is sqrt((1/J + n_test/n_train) s^2) with s^2 the variance over the folds (Nadeau
    and Bengio). docs/which-regulariser.md has what the rules cost on real and synthetic data.

    References
    ----------
    - C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003), 239-281, on the standard error.
    - R. J. Tibshirani and R. Tibshirani, "A bias correction for the minimum error rate in cross-validation", Annals of Applied Statistics
      3 (2009), 822-829, on the loss that is expected.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 40))
    >>> y = 2 * X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> a = riata.advise(X, y, repeats=2)
    >>> a.verdict, a.short_list.features
    ('decided', ['1', '0'])
    """
    started = time.perf_counter()
    check.one_of(goal, "goal", GOALS)
    ratios = sorted(set(_cv.mixing_ratios(np.atleast_1d(l1_ratio).tolist())))
    repeats = check.integer(repeats, "repeats", 1)
    limit = check.positive(time_limit, "time_limit")
    if budget is not None:
        budget = check.integer(budget, "budget", 1)
    family, maybe = checks.guess_family(y) if family is None else (family, "")
    check.one_of(family, "family", FAMILIES[:4])
    given, values = X, None
    if check.flag(impute, "impute"):
        X, values = _impute.missing_in(X)
    task = Task(X, y, family, sample_weight, scoring, values, n_threads)
    is_number = isinstance(cv, (int, np.integer)) and not isinstance(cv, bool)
    repeats = repeats if is_number else 1

    def draw(repeat: int) -> list[Any]:
        seed = None if random_state is None else random_state + repeat
        return folds(task.problem, X, cv, groups, seed)

    race = _race.run(task.held, ratios, draw, repeats, limit, started)
    choice = Choice(race, task.maker, budget)
    left = limit - (time.perf_counter() - started)
    advice, facts = _answer(task, race, choice, goal, left, random_state)
    facts |= {
        "time_limit": limit,
        "folds": len(race.splits),
        "planned": repeats * (int(cv) if is_number else len(race.splits)),
        "maybe": maybe,
        "distinct": len(np.unique(np.asarray(y))) if maybe else 0,
        "missing": _missing(given, values, task.names),
    }
    if is_number and groups is None and time.perf_counter() - started < limit:
        advice.order = _order(task, race, choice, int(cv))
    advice.reasons = said.reasons(advice, race, facts)
    advice.seconds = time.perf_counter() - started
    return advice


def _answer(
    task: Task, race: Race, choice: Choice, goal: str, left: float, seed: Any
) -> tuple[Advice, dict[str, Any]]:
    """The advice without its reasons, and what these need to know beside it."""
    started = time.perf_counter()
    unit, maker = race.null_loss, task.maker
    chosen = choice.loss(choice.ratio)
    candidates = {ratio: maker.fit(ratio, choice.alpha(ratio)) for ratio in choice.places}
    low, high = min(choice.places), max(choice.places)
    signal = shown(race.compare(race.null, chosen), unit)
    d = shown(race.compare(choice.loss(high), choice.loss(low)), unit) if low < high else None
    verdict = _verdict(signal, d)
    columns = checks.columns_of(task.problem)
    place = (choice.best, choice.places[choice.best])
    short_place = _race.sparsest(race, place, 1.0)
    short = _short_list(task, race, short_place, columns.spreads)
    in_time = time.perf_counter() - started < left
    strain = _stress(candidates, task) if in_time else None
    facts: dict[str, Any] = {
        "home": choice.home,
        "rival": choice.rival,
        "out_of_time": race.out_of_time,
        "missed": race.missed,
        "short_loss": shown(race.compare(race.loss(*short_place), race.loss(*place)), unit),
        "units": columns.ratio,
        "divides": [task.names[j] for j in checks.dividing_columns(task.problem)],
        "leaks": [task.names[j] for j in np.flatnonzero(columns.alone >= checks.ALONE)],
        "alone": float(columns.alone.max(initial=0.0)),
        "copies": checks.copies(task.problem),
        "sorted": checks.is_sorted(task.problem.y),
        "separable": _separable(task, race, choice),
        "stress": strain,
    }
    estimator, stability, facts["goal"] = for_goal(goal, task, race, choice, candidates, seed)
    found = {
        "verdict": verdict,
        "headline": said.headline(verdict, d, low, high, signal, len(race.splits)),
        "table": _table(task, race, choice, candidates, columns.spreads, strain),
        "family": task.family,
        "goal": goal,
        "estimator": estimator,
        "l1_ratio": choice.ratio,
        "short_list": short,
        "average": models.average(list(candidates.values()), task.family),
        "stability": stability,
        "collinearity": collinearity(task.X, sample_weight=task.sample_weight),
        "expected_loss": _expected(race, choice, chosen),
        "signal": signal,
        "order": None,
        "null_loss": unit * (task.unit**2 if task.family == "gaussian" else 1.0),
        "spreads": columns.spreads,
        "alone": _alone(columns.alone, task.names),
        "candidates": candidates,
        "places": choice.places,
        "unit": task.unit,
    }
    return Advice(race, found), facts


def _verdict(signal: Shown, d: Shown | None) -> str:
    if not signal.t >= SIGNAL:
        return "no signal"
    size = 0.0 if d is None else abs(d.t)
    return "decided" if size >= DECIDED else "leaning" if size >= LEANING else "undecided"


def _expected(race: Race, choice: Choice, chosen: Array) -> Shown:
    loss = float(chosen.mean()) + race.optimism(choice.ratio)
    error = _race.corrected_error(chosen, race.share)
    return shown(Comparison(loss, error, len(chosen)), race.null_loss)


def _short_list(task: Task, race: Race, place: tuple[float, int], spreads: Array) -> ShortList:
    ratio, k = place
    curve = race.curves[ratio]
    estimator = task.maker.fit(ratio, float(curve.alphas[k]))
    loss = float(curve.loss[k].mean()) / race.null_loss
    size = np.abs(np.atleast_2d(estimator.coef_)).max(axis=0) * spreads
    order = np.argsort(-size, kind="stable")
    names = [task.names[j] for j in order if size[j] > 0]
    return ShortList(names, ratio, loss, estimator)


def _alone(shares: Array, names: list[str]) -> Table:
    order = np.argsort(-shares, kind="stable")[:20]
    return Table(
        {"column": [names[j] for j in order], "share of the variance of y": shares[order].tolist()}
    )


def _stress(candidates: dict[float, Any], task: Task) -> Stress:
    named = {f"{ratio:g}": estimator for ratio, estimator in candidates.items()}
    return stress(named, task.X, task.y, ("shift",), sample_weight=task.sample_weight)


def _separable(task: Task, race: Race, choice: Choice) -> bool:
    """Whether the model of the smallest penalty of a grid is right about all rows."""
    if task.problem.classes is None:
        return False
    alpha = float(race.curves[choice.ratio].alphas[-1])
    return checks.separates(task.maker.fit(choice.ratio, alpha), task.X, task.y)


def _table(
    task: Task,
    race: Race,
    choice: Choice,
    candidates: dict[float, Any],
    spreads: Array,
    strain: Stress | None,
) -> Table:
    from ._budget import nanoseconds_per_row
    from .scoring import Scorer

    unit = race.null_loss
    ratios = list(candidates)
    home = choice.loss(choice.ratio)
    differences = [shown(race.compare(choice.loss(r), home), unit) for r in ratios]
    weights = [np.abs(np.atleast_2d(e.coef_)) * spreads for e in candidates.values()]
    files = [Scorer.from_estimator(e, names="none").to_bytes() for e in candidates.values()]
    ranges = [race.range_of_penalties(r) for r in ratios]
    columns: dict[str, Any] = {
        "l1_ratio": ratios,
        "loss": [float(choice.loss(r).mean()) / unit for r in ratios],
        "difference": [d.value for d in differences],
        "std_error": [d.std_error for d in differences],
        "features": [int((w > 0).any(axis=0).sum()) for w in weights],
        "concentration": [float(w.max() / w.sum()) if w.any() else 0.0 for w in weights],
        "alpha": [choice.alpha(r) for r in ratios],
        "least": [least for least, _ in ranges],
        "most": [most for _, most in ranges],
    }
    if strain is not None:
        columns["shift"] = strain.relative("shift").max(axis=1).tolist()
    columns |= {
        "ns/row": nanoseconds_per_row(files, len(spreads)).tolist(),
        "bytes": [len(file) for file in files],
    }
    note = (
        "loss: on rows held out, over the null loss; difference from the candidate chosen (*) and its corrected standard error; "
        "concentration:\nshare of the largest coefficient in the sum of all, for columns of unit standard deviation; alpha: the best penalty "
        "for y of unit\nstandard deviation, least and most of single repeats; shift: largest rise of the loss when one feature shifts by a "
        "standard deviation."
    )
    return Table(columns, marked=ratios.index(choice.ratio), note=note)


def _order(task: Task, race: Race, choice: Choice, cv: int) -> Shown | None:
    """What the candidate chosen loses more on blocks of consecutive rows than on random folds."""
    n = len(task.problem.y)
    edges = np.linspace(0, n, cv + 1).astype(int)
    rows = np.arange(n)
    blocks = [(np.concatenate([rows[:a], rows[b:]]), rows[a:b]) for a, b in pairwise(edges)]
    y, s = task.problem.y, task.problem.sample_weight
    for train, test in blocks:
        known = np.unique(y[train] if s is None else y[train][s[train] > 0])
        if task.problem.classes is not None and len(known) < len(task.problem.classes):
            return None
        if s is not None and not (s[test] > 0).any():
            return None
    alpha = np.array([choice.alpha(choice.ratio)])
    loss = task.held.one(choice.ratio, alpha, blocks, float("inf")).loss[0]
    before = choice.loss(choice.ratio)
    error = np.hypot(
        _race.corrected_error(loss, race.share), _race.corrected_error(before, race.share)
    )
    return shown(
        Comparison(float(loss.mean() - before.mean()), float(error), len(loss)), race.null_loss
    )


def _missing(X: Any, values: Array | None, names: list[str]) -> dict[str, int]:
    if values is None:
        return {}
    counts = np.isnan(values).sum(axis=0)
    return {names[j]: int(counts[j]) for j in np.flatnonzero(counts)}
