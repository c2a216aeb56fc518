"""Pictures of paths and of their cross-validation. matplotlib is imported when one is drawn."""

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
    plt = _pyplot()
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


def plot_cv(
    alphas: Array,
    scores: Array,
    df: Array,
    *,
    alpha_min: float,
    alpha_1se: float,
    alpha: float,
    label: str = "score",
    ax: Any = None,
) -> Any:
    """Draw mean scores with one standard error against log alpha, the number of features along the top.

    Parameters
    ----------
    alphas : ndarray of shape (k,)
        Penalties from large to small.
    scores : ndarray of shape (k, folds)
        Held-out scores.
    df : ndarray of shape (k,)
        Non-zero coefficients of the models of all rows.
    alpha_min, alpha_1se, alpha : float
        The best penalty, that of the one-standard-error rule and the one chosen; each gets a vertical line.
    label : str
        What the scores are.
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
    plt = _pyplot()
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    there = (alphas > 0) & np.isfinite(scores).all(axis=1)
    there[len(df) :] = False
    if not there.any():
        raise ValueError("nothing to draw: no positive penalty has a score")
    alphas, scores, df = alphas[there], scores[there], df[there[: len(df)]]
    mean = scores.mean(axis=1)
    folds = scores.shape[1]
    error = scores.std(axis=1, ddof=1) / np.sqrt(folds) if folds > 1 else np.zeros(len(mean))
    ax.fill_between(alphas, mean - error, mean + error, color="tab:blue", alpha=0.2, linewidth=0)
    ax.plot(alphas, mean, color="tab:blue", marker="o" if len(alphas) < 30 else None, markersize=3)
    for at, style, name in (
        (alpha_min, "--", "best"),
        (alpha_1se, ":", "one standard error"),
        (alpha, "-", "chosen"),
    ):
        if at > 0 and not (name == "chosen" and at in (alpha_min, alpha_1se)):
            ax.axvline(at, color="0.3", linestyle=style, linewidth=1, label=f"{name}: {at:.3g}")
    ax.legend(frameon=False)
    ax.set_xscale("log")
    if len(alphas) > 1:
        ax.set_xlim(alphas[0], alphas[-1])
    ax.set_xlabel("alpha (log scale, decreasing)")
    ax.set_ylabel(f"{label}, mean of {folds} folds and one standard error")
    top = ax.twiny()
    top.set_xscale("log")
    top.set_xlim(ax.get_xlim())
    ticks = np.unique(np.linspace(0, len(alphas) - 1, min(8, len(alphas))).astype(int))
    top.set_xticks(alphas[ticks], labels=[str(n) for n in df[ticks]])
    top.minorticks_off()
    top.set_xlabel("features")
    return ax


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plotting a path needs matplotlib: pip install matplotlib") from error
    return plt


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
