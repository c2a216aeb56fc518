"""The reasons that advice gives: plain words, each with a number, its standard error and the line of code that shows it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import _advise_checks as checks
from ._advice import Advice, Reason, Shown
from ._collinearity import MODERATE
from ._race import Race
from ._table import listed

UNSTEADY = 3.0  # times between the least and the largest penalty of repeats
TINY = 0.005  # of the null loss: what nobody will notice
MANY = 5  # names in a sentence
ORDERED = 2.0  # t of what blocks of rows lose beyond random folds
NAMES = {0.0: "L2", 1.0: "L1"}


def name(ratio: float) -> str:
    """The penalty of an l1_ratio."""
    return f"{NAMES[ratio]} (l1_ratio {ratio:g})" if ratio in NAMES else f"l1_ratio {ratio:g}"


def per_cent(value: float) -> str:
    return f"{100 * value:.3g} %"


def versus(d: Shown, one: float, other: float) -> str:
    """Which loses less, by how much, with the standard error and t."""
    first, second = (other, one) if d.value >= 0 else (one, other)
    return (
        f"{name(first)} loses {per_cent(abs(d.value))} of the null loss less than {name(second)}, corrected standard error "
        f"{per_cent(d.std_error)} (t = {abs(d.t):.1f})"
    )


def headline(
    verdict: str, d: Shown | None, low: float, high: float, signal: Shown, folds: int
) -> str:
    """The verdict in a sentence."""
    if verdict == "no signal":
        return (
            f"No signal: nothing here clearly predicts better than no features at all (gain {per_cent(signal.value)} of the null loss, "
            f"corrected standard error {per_cent(signal.std_error)}, t = {signal.t:.1f})."
        )
    if d is None:
        return f"One candidate only, {name(low)}: there is nothing to decide."
    words = versus(d, high, low)
    if verdict == "decided":
        size = ", which is next to nothing" if abs(d.value) < TINY else ""
        return f"Decided: {words}, over {folds} folds{size}."
    if verdict == "leaning":
        return f"Leaning, not decided: {words}, over {folds} folds."
    return f"Undecided: {folds} folds do not tell {name(low)} from {name(high)}. {words}."


def some(names: list[str]) -> str:
    """The first names of a list."""
    more = len(names) - MANY
    return listed(names[:MANY]) if more <= 0 else f"{', '.join(names[:MANY])} and {more} more"


def reasons(a: Advice, race: Race, facts: dict[str, Any]) -> list[Reason]:
    """All that is to be said, what matters most first."""
    return [
        *_of_signal(a),
        *_of_choice(a, facts),
        *_of_time(a, facts),
        *_of_data(a, facts),
        *_of_columns(a, facts),
        *_of_penalties(a, race),
        *_of_stress(a, facts),
    ]


def _of_signal(a: Advice) -> Iterator[Reason]:
    s = a.signal
    beats = "clearly beats" if a.verdict != "no signal" else "does not clearly beat"
    yield Reason(
        "signal",
        f"The candidate chosen {beats} a model without features: it loses {per_cent(s.value)} of the null loss less, corrected standard "
        f"error {per_cent(s.std_error)} (t = {s.t:.1f}).",
        s.value,
        s.std_error,
        "a.signal",
    )
    low, high = min(a.candidates), max(a.candidates)
    if low < high:
        d = a.compare(high, low)
        yield Reason(
            "difference",
            f"{versus(d, high, low)}; below 2 that is no decision.",
            d.value,
            d.std_error,
            f"a.compare({high:g}, {low:g})",
        )


def _of_choice(a: Advice, facts: dict[str, Any]) -> Iterator[Reason]:
    home, ratio = facts["home"], a.l1_ratio
    if ratio != home:
        d = a.compare(ratio, home)
        yield Reason(
            "choice",
            f"{name(ratio)} is taken and not {name(home)}, which it beats by {per_cent(-d.value)} of the null loss, more than half a "
            f"corrected standard error ({per_cent(d.std_error)}).",
            d.value,
            d.std_error,
            f"a.compare({ratio:g}, {home:g})",
        )
    elif len(a.candidates) > 1:
        rival = facts["rival"]
        d = a.compare(rival, home)
        yield Reason(
            "choice",
            f"{name(home)} is taken, which no other candidate beats by half a corrected standard error; the best of the others, "
            f"{name(rival)}, loses {per_cent(abs(d.value))} {'more' if d.value >= 0 else 'less'} (corrected standard error "
            f"{per_cent(d.std_error)}).",
            d.value,
            d.std_error,
            f"a.compare({rival:g}, {home:g})",
        )
    if len(a.candidates) > 1:
        yield Reason(
            "average",
            f"The mean of all {len(a.candidates)} candidates' coefficients is one linear model, too, and over many data sets the safest "
            "choice for prediction; it has no short list and no certificate of its own.",
            float(len(a.candidates)),
            math.nan,
            "a.average",
        )
    short = a.short_list
    at = facts["short_loss"]
    yield Reason(
        "short list",
        f"{len(short)} of {len(a.spreads)} features are enough to stay within one corrected standard error of the best candidate: "
        f"{some(short.features) or 'none'}.",
        at.value,
        at.std_error,
        "a.short_list",
    )
    yield from facts["goal"]


def _of_time(a: Advice, facts: dict[str, Any]) -> Iterator[Reason]:
    if facts["out_of_time"]:
        missed = facts["missed"]
        rest = (
            f" Not reached at all: l1_ratio {listed([f'{r:g}' for r in missed])}." if missed else ""
        )
        yield Reason(
            "time",
            f"time_limit={facts['time_limit']:g} ended the work after {facts['folds']} of {facts['planned']} folds.{rest} Standard errors are "
            "larger for it.",
            float(facts["folds"]),
            math.nan,
            "a.folds",
        )


def _of_data(a: Advice, facts: dict[str, Any]) -> Iterator[Reason]:
    if facts["missing"]:
        total = sum(facts["missing"].values())
        yield Reason(
            "missing",
            f"{total:,} values are missing in {some(list(facts['missing']))}: in every fold they are the means of its training rows.",
            float(total),
            math.nan,
            "np.isnan(np.asarray(X, dtype=float)).sum()",
        )
    if facts["maybe"]:
        yield Reason(
            "family",
            f"y holds whole numbers, {facts['distinct']} different ones, and was taken for a measurement: if they are {facts['maybe']}, "
            'pass family="multinomial" or "poisson".',
            float(facts["distinct"]),
            math.nan,
            "len(np.unique(y))",
        )
    if facts["separable"]:
        yield Reason(
            "separable",
            "A plane parts the classes: without a penalty the coefficients have no end, and how large they are is the penalty's doing "
            "alone. Probabilities near 0 and 1 are not to be believed.",
            1.0,
            math.nan,
            "(a.candidates[a.l1_ratio].predict(X) == y).mean()",
        )
    if facts["copies"]:
        yield Reason(
            "copies",
            f"{facts['copies']} rows have a copy among the others: with one in training and one held out, scores flatter. If rows belong "
            "together, pass groups=.",
            float(facts["copies"]),
            math.nan,
            "len(X) - len(np.unique(np.column_stack([X, y]), axis=0))",
        )
    order = a.order
    if order is not None and order.t >= ORDERED and order.value > 0.02:
        tail = (
            "The rows stand in the order of y, which may be all there is to it."
            if facts["sorted"]
            else "Neighbouring rows resemble each other: random folds promise too much for rows from elsewhere. Pass groups=, or folds that "
            "keep the order (cv=)."
        )
        yield Reason(
            "order",
            f"On blocks of consecutive rows it loses {per_cent(order.value)} of the null loss more than on random folds (standard error "
            f"{per_cent(order.std_error)}). {tail}",
            order.value,
            order.std_error,
            "a.order",
        )


def _of_columns(a: Advice, facts: dict[str, Any]) -> Iterator[Reason]:
    ratio = facts["units"]
    if ratio > checks.UNITS:
        yield Reason(
            "units",
            f"The columns' standard deviations differ by a factor of {ratio:,.3g}: a penalty on the coefficients as they are would be one on "
            "their units. All candidates have standardize=True.",
            ratio,
            math.nan,
            "a.spreads.max() / a.spreads[a.spreads > 0].min()",
        )
    if facts["divides"]:
        yield Reason(
            "everything",
            f"A threshold on {some(facts['divides'])} alone tells the classes without an error: is it known before y is?",
            1.0,
            math.nan,
            "a.alone",
        )
    elif facts["leaks"]:
        yield Reason(
            "everything",
            f"{some(facts['leaks'])} alone explains {per_cent(facts['alone'])} of the variance of y: is it known before y is?",
            facts["alone"],
            math.nan,
            "a.alone",
        )
    c = a.collinearity
    if c.twins:
        pairs = [f"{one} and {other} ({r:.3f})" for one, other, r in c.twins[:3]]
        more = f", and {len(c.twins) - 3:,} pairs more" if len(c.twins) > 3 else ""
        yield Reason(
            "twins",
            f"Near-twins: {'; '.join(pairs)}{more}. L1 keeps one of such columns, and which one is chance; L2 shares the weight.",
            float(c.twins[0][2]),
            math.nan,
            "riata.collinearity(X).twins",
        )
    if len(c.condition_indices) and c.condition_indices[0] > MODERATE:
        index = float(c.condition_indices[0])
        what = (
            "There are combinations of columns that do not vary at all"
            if math.isinf(index)
            else f"The largest condition index is {index:.3g}"
        )
        yield Reason(
            "collinearity",
            f"{what}: coefficients along such directions are the penalty's doing, not the data's. Predictions hardly notice.",
            index,
            math.nan,
            "riata.collinearity(X).condition_indices[0]",
        )


def _of_penalties(a: Advice, race: Race) -> Iterator[Reason]:
    for ratio in sorted(race.short):
        yield Reason(
            "grid",
            f"The best penalty of {name(ratio)} is the smallest of its grid, even after that was lengthened: no penalty may be as good.",
            float(a.curve(ratio)[0][-1]),
            math.nan,
            f"a.curve({ratio:g})",
        )
    low, high = a.range_of_alpha(a.l1_ratio)
    if race.repeats > 1 and high > UNSTEADY * low:
        yield Reason(
            "alpha",
            f"The penalty is uncertain: the best one of single repeats goes from {low:.3g} to {high:.3g}, a factor of {high / low:.3g} (of "
            "y in units of its standard deviation).",
            high / low,
            math.nan,
            f"a.range_of_alpha({a.l1_ratio:g})",
        )


def _of_stress(a: Advice, facts: dict[str, Any]) -> Iterator[Reason]:
    s = facts["stress"]
    if s is None:
        return
    place = s.models.index(f"{a.l1_ratio:g}")
    worst, damage = s.worst("shift")[place]
    yield Reason(
        "stress",
        f"If a single feature shifts by one standard deviation, the model of {name(a.l1_ratio)} loses up to {per_cent(damage)} of the null "
        f"loss more ({worst}); its largest coefficient is {s.norms['max'][place]:.3g} for one standard deviation.",
        damage,
        math.nan,
        f"riata.stress(a.candidates[{a.l1_ratio:g}], X, y)",
    )
    calm = int(np.argmin(s.relative("shift").max(axis=1)))
    least = float(s.relative("shift")[calm].max())
    d = a.compare(float(s.models[calm]), a.l1_ratio)
    if calm != place and 2 * least < damage and d.value <= d.std_error:
        yield Reason(
            "calmer",
            f"The least of it has {name(float(s.models[calm]))}: {per_cent(least)}. Bounds go further: riata.cap_weights, or "
            'goal="robust".',
            least,
            math.nan,
            "riata.stress(a.candidates, X, y).table",
        )
