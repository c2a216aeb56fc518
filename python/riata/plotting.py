"""Pictures of paths, of their cross-validation, of coefficients and of costs. matplotlib is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._drawing import (
    COLOURS,
    Array,
    axes,
    count_features,
    label_lines,
    look,
    penalty_axis,
    pyplot,
    short,
)

MAX_LINES = 400  # more coefficients than this are drawn only if they are among the largest
ALPHA = "alpha (log scale, decreasing)"
STANDARDISED = "coefficient x standard deviation of its column"
RAW = "coefficient, in the units of its column"


def plot_path(
    alphas: Array,
    support: Array,
    coefs: Array,
    *,
    feature_names: Array | None = None,
    spreads: Array | None = None,
    df: Array | None = None,
    marks: Mapping[str, float] | None = None,
    title: str = "",
    max_labels: int = 10,
    ax: Any = None,
) -> Any:
    """Draw coefficients against log alpha, the largest ones labelled beside their lines.

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
    spreads : ndarray of shape (p,), optional
        Standard deviations of all columns. With them coefficients are drawn, and the largest chosen, on the scale of columns of unit
        spread; without, as they are.
    df : ndarray of shape (k,), optional
        Number of features of every model, shown along the top.
    marks : mapping of str to float, optional
        Penalties that get a vertical line, by what they are; the largest coefficients are then those of models down to the least of
        them, not those of the overfit end.
    title : str
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
    ax = axes(ax)
    positive = alphas > 0
    alphas, coefs = alphas[positive], coefs[:, positive]
    if len(alphas) == 0:
        raise ValueError("nothing to draw: no penalty of the path is positive")
    if spreads is not None:
        coefs = coefs * spreads[support][:, None]
    least = min((at for at in (marks or {}).values() if at <= alphas[0]), default=0.0)
    size = np.abs(coefs[:, alphas >= least]).max(axis=1, initial=0.0)
    order = np.argsort(-size, kind="stable")[:MAX_LINES]
    marker = "o" if len(alphas) == 1 else None
    for row in order[max_labels:]:
        ax.plot(alphas, coefs[row], color="0.75", linewidth=0.6, marker=marker, zorder=1)
    ends = []
    for i, row in enumerate(order[:max_labels]):
        ax.plot(alphas, coefs[row], linewidth=1.5, marker=marker, zorder=2, **look(i))
        name = str(support[row] if feature_names is None else feature_names[support[row]])
        ends.append((float(coefs[row, -1]), name, look(i)["color"]))
    ax.axhline(0.0, color="0.4", linewidth=0.8, zorder=0)
    penalty_axis(ax, alphas[0], alphas[-1], ALPHA)
    ax.set_ylabel(RAW if spreads is None else STANDARDISED)
    _mark(ax, marks)
    label_lines(ax, ends)
    if df is not None:
        count_features(ax, alphas, df[positive])
    ax.set_title(title)
    return ax


def _mark(ax: Any, marks: Mapping[str, float] | None) -> None:
    """Vertical lines with a legend; none at 0, which a log scale has not."""
    there = {name: at for name, at in (marks or {}).items() if at > 0}
    for (name, at), style in zip(there.items(), ("--", ":", "-")):
        ax.axvline(at, color="0.3", linestyle=style, linewidth=1, label=f"{name}: {at:.3g}")
    if there:
        ax.legend(frameon=False)


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean scores along a grid of penalties, with their standard errors and what the line is called; NaN is not drawn."""

    alphas: Array
    mean: Array
    error: Array
    name: str = ""


def plot_cv(
    alphas: Array,
    scores: Array,
    df: Array,
    *,
    alpha_min: float,
    alpha_1se: float,
    alpha: float,
    label: str = "score",
    l1_ratios: Array | None = None,
    row: int = 0,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw mean scores against log alpha, a curve for every l1_ratio, the number of features along the top.

    Parameters
    ----------
    alphas : ndarray of shape (k,) or (l, k)
        Penalties from large to small.
    scores : ndarray of shape (k, folds) or (l, k, folds)
        Held-out scores.
    df : ndarray of shape (k,)
        Non-zero coefficients of the models of all rows, at the l1_ratio chosen.
    alpha_min, alpha_1se, alpha : float
        The best penalty, that of the one-standard-error rule and the one chosen; each gets a vertical line.
    label : str
        What the scores are.
    l1_ratios : ndarray of shape (l,), optional
        Names of the curves.
    row : int, default=0
        The l1_ratio chosen: its curve shows one standard error to either side.
    title : str
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
    alphas, scores = np.atleast_2d(alphas), np.asarray(scores)
    scores = scores.reshape(len(alphas), alphas.shape[1], -1)
    folds = scores.shape[2]
    error = scores.std(axis=2, ddof=1) / np.sqrt(folds) if folds > 1 else 0 * scores[..., 0]
    names = [""] * len(alphas) if l1_ratios is None else [f"l1_ratio {r:g}" for r in l1_ratios]
    curves = [Curve(*parts) for parts in zip(alphas, scores.mean(axis=2), error, names)]
    marks = {"best": alpha_min, "one standard error": alpha_1se}
    if alpha not in marks.values():
        marks["chosen"] = alpha
    said = f"{label}, mean of {folds} folds and one standard error"
    return plot_curves(curves, row, df=df, marks=marks, label=said, title=title, ax=ax)


def plot_curves(
    curves: Sequence[Curve],
    row: int,
    *,
    df: Array | None = None,
    marks: Mapping[str, float] | None = None,
    label: str = "score",
    axis: str = ALPHA,
    counted: str = "features",
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw curves of scores, that of `row` with one standard error to either side and the number of its features along the top.

    Parameters
    ----------
    curves : sequence of Curve
    row : int
    df : ndarray of shape (k,), optional
        Features of the models of curve `row`.
    marks : mapping of str to float, optional
        Penalties that get a vertical line.
    label, axis, counted, title : str
        What scores, penalties and the numbers along the top are.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    ax : matplotlib.axes.Axes
    """
    ax = axes(ax)
    ends = []
    for i, curve in enumerate(curves):
        there = (curve.alphas > 0) & np.isfinite(curve.alphas) & np.isfinite(curve.mean)
        at, mean = curve.alphas[there], curve.mean[there]
        if not len(at):
            continue
        ends += [at[0], at[-1]]
        few = {"marker": "o", "markersize": 3} if len(at) < 30 else {}
        width = 2.0 if i == row and len(curves) > 1 else 1.3
        ax.plot(at, mean, linewidth=width, label=curve.name or None, **look(i), **few)
        if i == row:
            error = np.nan_to_num(curve.error[there])
            band = (mean - error, mean + error)
            ax.fill_between(at, *band, color=look(i)["color"], alpha=0.2, linewidth=0)
    if not ends:
        raise ValueError("nothing to draw: no positive penalty has a score")
    rising = ends[0] < ends[1]  # C, which falls as the penalty rises
    limits = (min(ends), max(ends)) if rising else (max(ends), min(ends))
    penalty_axis(ax, *limits, axis)
    ax.set_ylabel(label)
    _mark(ax, marks)
    if len(curves) > 1:
        ax.legend(frameon=False)
    if df is not None and len(df):
        shown = curves[row].alphas[: len(df)]
        positive = (shown > 0) & np.isfinite(shown)
        count_features(ax, shown[positive], df[positive], counted)
    ax.set_title(title)
    return ax


def plot_coefficients(
    coef: Array,
    names: Sequence[str],
    *,
    shares: Array | None = None,
    standardised: bool = True,
    max_features: int = 30,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw coefficients as bars by name, the largest on top, with the share of folds that chose each.

    Parameters
    ----------
    coef : ndarray of shape (p,)
    names : sequence of str of length p
    shares : ndarray of shape (p,), optional
        Of the folds that chose the feature; written beside its name.
    standardised : bool, default=True
        What the axis says the coefficients are.
    max_features : int, default=30
    title : str
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    ax : matplotlib.axes.Axes
    """
    order = np.argsort(-np.abs(coef), kind="stable")[:max_features]
    order = order[coef[order] != 0]
    ax = axes(ax, "plotting coefficients", (8, 1.6 + 0.24 * max(len(order), 4)))
    colours = [COLOURS[0] if coef[j] > 0 else COLOURS[1] for j in order]
    ax.barh(np.arange(len(order)), coef[order], color=colours, height=0.7)
    share = ["" if shares is None else f"  {100 * shares[j]:.0f} %" for j in order]
    labels = [short(names[j]) + part for j, part in zip(order, share)]
    ax.set_yticks(np.arange(len(order)), labels=labels, fontsize=8)
    ax.invert_yaxis()
    ax.axvline(0.0, color="0.4", linewidth=0.8)
    ax.set_xlabel(STANDARDISED if standardised else RAW)
    if shares is not None:
        ax.set_ylabel("feature, share of folds that chose it")
    left = int(np.count_nonzero(coef)) - len(order)
    ax.set_title(title + (f" ({left} smaller ones not shown)" if left else ""))
    return ax


def plot_classes(
    coef: Array,
    classes: Sequence[str],
    names: Sequence[str],
    *,
    standardised: bool = True,
    max_features: int = 40,
    title: str = "",
    ax: Any = None,
) -> Any:
    """Draw the coefficients of several classes or tasks as a heat map: a row for each, a column for each feature in use.

    Parameters
    ----------
    coef : ndarray of shape (n_classes, p)
    classes : sequence of str
    names : sequence of str of length p
    standardised : bool, default=True
        What the colour bar says the coefficients are.
    max_features : int, default=40
        Features with the largest coefficients; they stay in the order of the columns.
    title : str
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    ax : matplotlib.axes.Axes
    """
    size = np.abs(coef).max(axis=0)
    order = np.sort(np.argsort(-size, kind="stable")[:max_features])
    order = order[size[order] > 0]
    width = (2.5 + 0.28 * max(len(order), 12), 2.8 + 0.3 * len(classes))
    ax = axes(ax, "plotting coefficients", width)
    limit = float(size.max(initial=0.0)) or 1.0
    # Purple to orange through white: told apart by people who do not tell red from green.
    colours = {"cmap": "PuOr_r", "vmin": -limit, "vmax": limit, "aspect": "auto"}
    image = ax.imshow(coef[:, order], **colours)
    ax.set_yticks(np.arange(len(classes)), labels=[short(str(c)) for c in classes], fontsize=8)
    labels = [short(names[j]) for j in order]
    ax.set_xticks(np.arange(len(order)), labels=labels, rotation=90, fontsize=8)
    bar = ax.figure.colorbar(image, ax=ax)
    bar.set_label(f"{'standardised' if standardised else 'raw'} coefficient", fontsize=8)
    left = int(np.count_nonzero(size)) - len(order)
    ax.set_title(title + (f" ({left} smaller ones not shown)" if left else ""))
    return ax


def envelope(costs: Array, errors: Array) -> Array:
    """The models that no other equals at a lower cost: indices by rising cost, errors fall."""
    order = np.lexsort((errors, costs))
    least = np.minimum.accumulate(errors[order])
    before = np.concatenate([[np.inf], least[:-1]])
    return np.asarray(order[errors[order] < before])


def plot_costs(
    n_features: Array,
    errors: Array,
    n_bytes: Array,
    nanoseconds: Array,
    *,
    best: int | None = None,
    ax: Any = None,
) -> Any:
    """Draw the least error for a number of features, and what these models cost; every model is a dot.

    Parameters
    ----------
    n_features, errors, n_bytes, nanoseconds : ndarray of shape (k,)
        Of the models of a path; nanoseconds may be NaN.
    best : int, optional
        Model that gets a vertical line.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    ax : matplotlib.axes.Axes
    """
    pyplot("plotting costs")
    ax = axes(ax)
    best_ones = envelope(n_features, errors)
    at = n_features[best_ones]
    ax.plot(n_features, errors, ".", color="0.75", markersize=4, zorder=1)
    ax.step(at, errors[best_ones], where="post", color=COLOURS[0], label="least error", zorder=2)
    if best is not None:
        ax.axvline(n_features[best], color="0.4", linewidth=0.8)
    ax.set_xlabel("features")
    ax.set_ylabel("error")
    second = ax.twinx()
    second.plot(at, n_bytes[best_ones], color=COLOURS[1], linestyle="--", label="bytes")
    if not np.isnan(nanoseconds).all():
        rows = 1e9 / nanoseconds[best_ones]
        second.plot(at, rows, color=COLOURS[2], linestyle=":", label="rows/s")
    second.set_yscale("log")
    second.set_ylabel("bytes, rows per second (log scale)")
    lines = [*ax.get_lines()[1:2], *second.get_lines()]
    ax.legend(lines, [str(line.get_label()) for line in lines], loc="best", frameon=False)
    return ax
