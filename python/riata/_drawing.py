"""What the pictures share: a palette that the colour-blind can read, labels beside their lines, the number of features along the top."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Okabe and Ito's colours without the yellow, which no text can have on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", ":", "-.")
APART = 0.042  # of the axis: the least distance of two labels
BESIDE = 0.01  # of the axis: a label further from its line gets a leader
LONGEST_NAME = 24


def pyplot(what: str = "plotting a path") -> Any:
    """matplotlib.pyplot, or an error that says what needs it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{what} needs matplotlib: pip install matplotlib") from error
    return plt


def axes(ax: Any, what: str = "plotting a path", size: tuple[float, float] = (8, 5)) -> Any:
    """The axes given, or those of a new figure."""
    plt = pyplot(what)
    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def look(i: int) -> dict[str, Any]:
    """Colour and dashes of line i: all solid ones first."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[i // len(COLOURS) % len(DASHES)],
    }


def short(name: str) -> str:
    """The name, cut where it is long."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def spread(values: Array, apart: float) -> Array:
    """Places for ascending values, at least `apart` from each other and as near to the values as can be (least squares).

    With places z_i + i * apart the z have to ascend: isotonic regression, whose pools are the crowds. Each is spread from its own
    middle, and values that are apart stay where they are.
    """
    steps = apart * np.arange(len(values))
    pools: list[tuple[float, int]] = []
    for value in values - steps:
        mean, size = float(value), 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean = (other * count + mean * size) / (count + size)
            size += count
        pools.append((mean, size))
    return np.repeat([mean for mean, _ in pools], [size for _, size in pools]) + steps


def label_lines(ax: Any, ends: list[tuple[float, str, Any]]) -> None:
    """Names at the right edge beside the ends of their lines; in a crowd a thin line leads from the one to the other."""
    if not ends:
        return
    low, high = ax.get_ylim()
    ends = sorted(ends, key=lambda end: end[0])
    places = spread(np.array([end[0] for end in ends]), APART * (high - low))
    for place, (value, name, colour) in zip(places, ends):
        away = abs(place - value) > BESIDE * (high - low)
        if away:
            ax.plot(
                [1.0, 1.025],
                [value, place],
                transform=ax.get_yaxis_transform(),
                color=colour,
                linewidth=0.6,
                clip_on=False,
                gid="leader",
            )
        ax.annotate(
            short(name),
            xy=(1.03 if away else 1.01, place),
            xycoords=("axes fraction", "data"),
            color=colour,
            fontsize=8,
            va="center",
            annotation_clip=False,
        )


def penalty_axis(ax: Any, first: float, last: float, label: str) -> None:
    """A log scale from the empty model on the left to the full one."""
    ax.set_xscale("log")
    if first != last:
        ax.set_xlim(first, last)
    ax.set_xlabel(label)


def count_features(ax: Any, alphas: Array, df: Array, label: str = "features") -> None:
    """The number of features along the top."""
    top = ax.twiny()
    top.set_xscale("log")
    top.set_xlim(ax.get_xlim())
    wanted = np.geomspace(alphas[0], alphas[-1], min(8, len(alphas)))
    ticks = np.unique([np.abs(np.log(alphas / at)).argmin() for at in wanted])
    top.set_xticks(alphas[ticks], labels=[str(n) for n in df[ticks]])
    top.minorticks_off()
    top.set_xlabel(label)
