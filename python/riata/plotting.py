"""Pictures of paths. matplotlib is imported when one is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

MAX_LINES = 400  # more coefficients than this are drawn only if they are among the largest


def plot_path(
    alphas: Array,
    support: Array,
    coefs: Array,
    *,
    feature_names: Array | None = None,
    max_labels: int = 10,
    ax: Any = None,
) -> Any:
    """Draw coefficients against log alpha, the largest ones labelled.

    Parameters
    ----------
    alphas : ndarray of shape (k,)
        Penalties from large to small.
    support : ndarray of shape (s,)
        Indices of the features to draw.
    coefs : ndarray of shape (s, k)
        Their coefficients.
    feature_names : ndarray of shape (p,), optional
        Names of all features; indices are shown without.
    max_labels : int, default=10
        How many features get a colour and a label; the others are drawn in grey.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plotting a path needs matplotlib: pip install matplotlib") from error
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    positive = alphas > 0
    alphas, coefs = alphas[positive], coefs[:, positive]
    if len(alphas) == 0:
        raise ValueError("nothing to draw: no penalty of the path is positive")
    size = np.abs(coefs).max(axis=1, initial=0.0)
    order = np.argsort(-size, kind="stable")[:MAX_LINES]
    labelled = order[:max_labels]
    marker = "o" if len(alphas) == 1 else None
    for row in order[max_labels:]:
        ax.plot(alphas, coefs[row], color="0.75", linewidth=0.6, marker=marker, zorder=1)
    colours = [plt.get_cmap("tab10" if max_labels <= 10 else "tab20")(i) for i in range(20)]
    for i, row in enumerate(labelled):
        ax.plot(
            alphas,
            coefs[row],
            color=colours[i % len(colours)],
            linewidth=1.5,
            marker=marker,
            zorder=2,
        )
    ax.axhline(0.0, color="0.4", linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    if len(alphas) > 1:
        ax.set_xlim(alphas[0], alphas[-1])  # from the empty model on the left to the full one
    ax.set_xlabel("alpha (log scale, decreasing)")
    ax.set_ylabel("coefficient")
    names = [str(j) if feature_names is None else str(feature_names[j]) for j in support]
    _label(
        ax,
        [
            (float(coefs[row, -1]), names[row], colours[i % len(colours)])
            for i, row in enumerate(labelled)
        ],
    )
    return ax


def _label(ax: Any, ends: list[tuple[float, str, Any]]) -> None:
    """Names at the right edge, moved apart so that none covers another."""
    if not ends:
        return
    low, high = ax.get_ylim()
    apart = 0.042 * (high - low)
    ends = sorted(ends, key=lambda end: end[0])
    places: list[float] = []
    for value, _, _ in ends:
        places.append(value if not places else max(value, places[-1] + apart))
    shift = (sum(places) - sum(end[0] for end in ends)) / len(ends)
    for place, (_, name, colour) in zip(places, ends):
        short = name if len(name) <= 24 else name[:23] + "…"
        ax.annotate(
            short,
            xy=(1.01, place - shift),
            xycoords=("axes fraction", "data"),
            color=colour,
            fontsize=8,
            va="center",
            annotation_clip=False,
        )
