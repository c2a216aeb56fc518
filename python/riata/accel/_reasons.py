"""What was done with every fit, and why: the logger, the counts and `report`."""

from __future__ import annotations

import logging
import threading
import weakref
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from ._switch import Settings

logger = logging.getLogger("riata.accel")
REMEMBERED = 50  # fits whose data `report(compare=True)` looks for


class Fallback(RuntimeError):
    """What ``patch_sklearn(strict=True)`` raises in the place of a fit by scikit-learn."""


@dataclass(slots=True)
class Tally:
    """Fits of one class."""

    riata: int = 0
    sklearn: int = 0
    refused: int = 0
    seconds: float = 0.0
    sklearn_seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)


_lock = threading.Lock()
_tallies: dict[str, Tally] = {}
_said: set[tuple[str, str]] = set()
_recent: deque[tuple[weakref.ref[Any], ...]] = deque(maxlen=REMEMBERED)


def reset() -> None:
    """Forget all fits."""
    with _lock:
        _tallies.clear()
        _said.clear()
        _recent.clear()


def done(name: str, seconds: float, model: Any, X: Any, y: Any) -> None:
    """Count a fit on riata; model and data are remembered as long as somebody else does."""
    with _lock:
        tally = _tallies.get(name)
        if tally is None:
            tally = _tallies[name] = Tally()
        tally.riata += 1
        tally.seconds += seconds
        try:
            _recent.append((weakref.ref(model), weakref.ref(X), weakref.ref(y)))
        except TypeError:  # lists
            return


def left(name: str, call: str, reason: str, settings: Settings, *, refused: bool) -> None:
    """Count a fit by scikit-learn, and say why: once aloud, then at the level of debugging.

    Raises
    ------
    Fallback
        With `strict`.
    """
    sentence = f"{name}.{call}: scikit-learn, because {reason}"
    with _lock:
        tally = _tallies.setdefault(name, Tally())
        if refused:
            tally.refused += 1
        else:
            tally.sklearn += 1
        tally.reasons[reason] += 1
        first = (name, reason) not in _said
        _said.add((name, reason))
    logger.log(settings.level if first else logging.DEBUG, sentence)
    if settings.strict:
        raise Fallback(sentence)


def spent(name: str, seconds: float) -> None:
    """Seconds that scikit-learn took."""
    with _lock:
        _tallies.setdefault(name, Tally()).sklearn_seconds += seconds


def described(X: Any) -> str:
    """Shape and kind of the data, for a sentence."""
    shape = getattr(X, "shape", None)
    size = f"{shape[0]} x {shape[1]}" if shape is not None and len(shape) == 2 else f"{shape}"
    if shape is None:
        return f"a {type(X).__name__}"
    if hasattr(X, "tocsr"):
        return f"{size}, {X.format.upper()}"
    return size if type(X).__name__ == "ndarray" else f"{size}, {type(X).__name__}"


class Report:
    """Fits by class on riata, by scikit-learn and refused by riata; seconds; reasons with counts.

    Attributes
    ----------
    classes : dict of str to dict
        By class ``riata``, ``sklearn``, ``refused``, ``seconds``, ``sklearn_seconds``, and ``reasons``, a dict of counts.
    compared : list of dict or None
        Of the fits whose data are still there: the relative duality gaps of both answers and the largest difference of coefficients.
    """

    def __init__(self, classes: dict[str, dict[str, Any]], compared: list[dict[str, Any]] | None):
        self.classes = classes
        self.compared = compared

    def __str__(self) -> str:
        if not self.classes:
            return "riata.accel: no fits yet"
        head = f"{'':28}{'riata':>8}{'sklearn':>9}{'refused':>9}{'seconds':>10}{'of sklearn':>12}"
        lines = [head]
        for name, c in sorted(self.classes.items()):
            lines.append(
                f"{name:28}{c['riata']:8d}{c['sklearn']:9d}{c['refused']:9d}{c['seconds']:10.3f}{c['sklearn_seconds']:12.3f}"
            )
        for name, c in sorted(self.classes.items()):
            for reason, count in sorted(c["reasons"].items()):
                lines.append(f"  {count} x {name}: {reason}")
        for row in self.compared or []:
            lines.append(
                f"  {row['class']}: relative gap {row['riata']:.1e} by riata, {row['sklearn']:.1e} by scikit-learn; coefficients differ by "
                f"{row['difference']:.1e}"
            )
        return "\n".join(lines)

    __repr__ = __str__


def summary() -> dict[str, dict[str, Any]]:
    """The counts as plain numbers."""
    with _lock:
        return {
            name: {
                "riata": t.riata,
                "sklearn": t.sklearn,
                "refused": t.refused,
                "seconds": t.seconds,
                "sklearn_seconds": t.sklearn_seconds,
                "reasons": dict(t.reasons),
            }
            for name, t in _tallies.items()
        }


def recent() -> list[tuple[Any, Any, Any]]:
    """(model, X, y) of the last fits on riata that are still there."""
    with _lock:
        known = [tuple(part() for part in parts) for parts in _recent]
    return [(m, X, y) for m, X, y in known if m is not None and X is not None and y is not None]
