"""What `advise` answers with: a verdict, its reasons, the candidates side by side, models."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _drawing
from ._collinearity import Collinearity
from ._comparison import Comparison
from ._problem import Array
from ._race import Race
from ._table import Table


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing found.

    Attributes
    ----------
    name : str
        What it is about, in a word.
    text : str
    value, std_error : float
        The number it rests on, and that number's standard error; NaN where it has none.
    code : str
        A line that shows the number, with `a` the advice, `X` and `y` what it was given, `np` and `riata`.
    """

    name: str
    text: str
    value: float
    std_error: float
    code: str

    def __str__(self) -> str:
        return f"{self.text}  [{self.code}]"


@dataclass(frozen=True, slots=True)
class Shown:
    """A share of the null model's loss with its corrected standard error.

    Attributes
    ----------
    value, std_error, t : float
    """

    value: float
    std_error: float
    t: float

    def __str__(self) -> str:
        return f"{100 * self.value:.3g} +- {100 * self.std_error:.2g} % of the null loss (t = {self.t:.1f})"


@dataclass(frozen=True, slots=True)
class ShortList:
    """A model of few features.

    Attributes
    ----------
    features : list of str
    l1_ratio : float
        Of the candidate it comes from.
    loss : float
        Cross-validated, over the null model's.
    estimator : fitted estimator
    """

    features: list[str]
    l1_ratio: float
    loss: float
    estimator: Any

    def __len__(self) -> int:
        return len(self.features)


class Advice:
    """What `advise` found. Prints as text, shows itself as HTML in notebooks.

    Parameters
    ----------
    race, found : internal
        What `advise`, which makes one, has at hand.

    Attributes
    ----------
    verdict : {"decided", "leaning", "undecided", "no signal"}
        Whether the folds tell the largest l1_ratio from the smallest one: abs(t) of at least 2, of at least 1, or less; "no signal"
        where the candidate chosen does not clearly beat a model without features.
    headline : str
        The verdict in a sentence, with its numbers.
    reasons : list of Reason
    table : Table
        A row for every candidate; the star marks what was chosen. All losses are cross-validated and over the null model's.
    family, goal : str
    estimator : fitted estimator
        What to use, fitted to all rows, with its certificate.
    l1_ratio : float
        The candidate chosen: of y in units of its standard deviation, as all candidates are.
    short_list : ShortList
        The fewest features within one corrected standard error of the best candidate.
    average : estimator
        One linear model, the mean of all candidates' coefficients.
    stability : Table or StabilitySelection
        How often the features are in the folds' models of the largest l1_ratio; with ``goal="select"`` what random halves of the rows agree on.
    collinearity : Collinearity
    expected_loss : Shown
        What to quote: the loss of the candidate chosen, corrected for having been looked for.
    signal : Shown
        How much less the candidate chosen loses than the null model.
    order : Shown or None
        How much more it loses if the folds are blocks of consecutive rows; None with groups, or a `cv` that is no number.
    null_loss : float
        Mean loss of a model without features, on rows held out, in units of y.
    spreads : ndarray of shape (n_features,)
        Standard deviations of the columns.
    alone : Table
        The columns by the share of the variance of y that each explains alone.
    candidates : dict of float to fitted estimator
    repeats, folds : int
        How many repeats of the folds, and folds in all, there was time for.
    seconds : float

    See Also
    --------
    advise : Makes it.
    Stress : What the candidates lose when features break.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> a = riata.advise(X, y, cv=5, repeats=2)
    >>> a.l1_ratio, a.folds, a.signal.t > 2, a.estimator.certificate_.converged
    (1.0, 10, True, True)
    """

    def __init__(self, race: Race, found: dict[str, Any]) -> None:
        self._race = race
        self.verdict: str = found["verdict"]
        self.headline: str = found["headline"]
        self.reasons: list[Reason] = []
        self.table: Table = found["table"]
        self.family: str = found["family"]
        self.goal: str = found["goal"]
        self.estimator: Any = found["estimator"]
        self.l1_ratio: float = found["l1_ratio"]
        self.short_list: ShortList = found["short_list"]
        self.average: Any = found["average"]
        self.stability: Any = found["stability"]
        self.collinearity: Collinearity = found["collinearity"]
        self.expected_loss: Shown = found["expected_loss"]
        self.signal: Shown = found["signal"]
        self.order: Shown | None = found["order"]
        self.null_loss: float = found["null_loss"]
        self.spreads: Array = found["spreads"]
        self.alone: Table = found["alone"]
        self.candidates: dict[float, Any] = found["candidates"]
        self.repeats: int = race.repeats
        self.folds: int = len(race.splits)
        self.seconds: float = 0.0
        self._places: dict[float, int] = found["places"]
        self._unit: float = found["unit"]

    # --- numbers ----------------------------------------------------------------------------------------------------------

    def compare(self, one: float, other: float) -> Shown:
        """By how much more the candidate of one l1_ratio loses than that of another, each at its best penalty, fold by fold.

        Parameters
        ----------
        one, other : float
            l1_ratios of candidates.

        Returns
        -------
        difference : Shown
            Its standard error is corrected for training sets that overlap (Nadeau and Bengio, 2003).
        """
        for ratio in (one, other):
            if ratio not in self._places:
                raise ValueError(
                    f"l1_ratio must be one of {', '.join(f'{r:g}' for r in self._places)}; got {ratio!r}"
                )
        a, b = (self._race.loss(ratio, self._places[ratio]) for ratio in (one, other))
        return shown(self._race.compare(a, b), self._race.null_loss)

    def curve(self, l1_ratio: float) -> tuple[Array, Array]:
        """Penalties of a candidate's grid, for y in units of its standard deviation, and their mean losses over the null model's.

        Parameters
        ----------
        l1_ratio : float
            Of the candidate.

        Returns
        -------
        alphas, loss : ndarray of shape (k,)
        """
        curve = self._race.curves[l1_ratio]
        return curve.alphas, np.asarray(curve.loss.mean(axis=1)) / self._race.null_loss

    def range_of_alpha(self, l1_ratio: float) -> tuple[float, float]:
        """The least and the largest of the best penalties of single repeats, on the scale of `curve`.

        Parameters
        ----------
        l1_ratio : float
            Of the candidate.

        Returns
        -------
        least, most : float
        """
        return self._race.range_of_penalties(l1_ratio)

    # --- for people -------------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        lines = [self.headline, "", f"Take {self._taken()}", "", str(self.table), ""]
        lines += [f"- {reason}" for reason in self.reasons]
        return "\n".join(lines)

    __repr__ = __str__

    def _taken(self) -> str:
        loss = self.expected_loss
        features = int((np.atleast_2d(self.estimator.coef_) != 0).any(axis=0).sum())
        name = f"{type(self.estimator).__name__}({', '.join(self._penalty())})"
        expected = f"{100 * loss.value:.3g} % of the null loss on new rows, standard error {100 * loss.std_error:.2g} %"
        words = f"{name}: {features} of {len(self.spreads)} features; "
        if self.goal == "predict":
            return f"{words}expect {expected}."
        return f"{words}the candidate for prediction (*) expects {expected}, and this one may lose somewhat more."

    def _penalty(self) -> list[str]:
        wanted = ("alpha", "C", "l1_ratio")
        known = self.estimator.get_params()
        values = [f"{name}={known[name]:.4g}" for name in wanted if known.get(name) is not None]
        values += ["standardize=True"] if known.get("standardize") else []
        return values + (["lower=..., upper=..."] if known.get("upper") is not None else [])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<li>{html.escape(reason.text)} <code>{html.escape(reason.code)}</code></li>"
            for reason in self.reasons
        )
        return f"<p><b>{html.escape(self.headline)}</b></p><p>Take {html.escape(self._taken())}</p>{self.table._repr_html_()}<ul>{rows}</ul>"

    def plot(self, ax: Any = None) -> Any:
        """Loss of every candidate at its best penalty, with the corrected standard error of its difference from the one chosen.

        Needs matplotlib. Returns the axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        ax = _drawing.axes(ax, "plotting advice")
        ratios = list(self._places)
        rows = [self._race.loss(ratio, self._places[ratio]) for ratio in ratios]
        chosen = self._race.loss(self.l1_ratio, self._places[self.l1_ratio])
        unit = self._race.null_loss
        for place, (ratio, row) in enumerate(zip(ratios, rows)):
            error = self._race.compare(row, chosen).std_error
            own = ratio == self.l1_ratio
            ax.errorbar(
                place,
                row.mean() / unit,
                yerr=None if own else error / unit,
                fmt="o",
                capsize=4,
                markersize=9 if own else 6,
                color=_drawing.COLOURS[1 if own else 0],
            )
        ax.axhline(1.0, color="0.4", linewidth=0.8, linestyle="--")
        ax.annotate(
            "no features", (0.99, 1.0), xycoords=("axes fraction", "data"), ha="right", va="bottom"
        )
        ax.set_xticks(range(len(ratios)), [f"{ratio:g}" for ratio in ratios])
        ax.set_xlim(-0.5, len(ratios) - 0.5)
        ax.set_xlabel("l1_ratio (0: L2, 1: L1)")
        ax.set_ylabel("loss on rows held out / null loss")
        ax.set_title(
            f"{self.verdict}; bars: corrected standard error of the difference from {self.l1_ratio:g}"
        )
        return ax


def shown(difference: Comparison, unit: float) -> Shown:
    """A difference as a share of the null loss."""
    size = abs(unit) or 1.0
    return Shown(difference.difference / size, difference.std_error / size, difference.t)
