"""What a broken feature costs a linear model: `stress`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _validation as check
from ._linear_model import LinearModel, linear_model
from ._problem import Array
from ._stress_sums import KINDS, Model, measure
from ._table import Table

SINGLE = tuple(kind for kind in KINDS if kind != "common_shift")


class Stress:
    """Rises of the mean loss when features break.

    Parameters
    ----------
    models, features, damage, loss, null, norms, size, passes : internal
        The attributes, which `stress` has at hand.

    Attributes
    ----------
    models : list of str
        Names of the models.
    kinds : tuple of str
        What was asked for, see `stress`.
    features : list of str
        Names, or numbers, of the columns of X.
    damage : dict of str to ndarray of shape (n_models, n_features)
        Rise of the mean loss by kind: squared error, log loss or half the Poisson deviance. Of shape (n_models, 1) for "common_shift",
        which all features have together.
    loss : ndarray of shape (n_models,)
        Mean loss of the data as they are.
    null : ndarray of shape (n_models,)
        Mean loss of a model without features, the unit of `table` and `plot`.
    norms : dict of str to ndarray of shape (n_models,)
        "max", "l2" and "l1": the largest absolute coefficient, the root of the sum of squares and the sum of absolute values, of
        coefficients times the standard deviation of their column.
    size : float
        Of shifts and noise, in standard deviations.
    passes : float
        How many times X was read.

    See Also
    --------
    stress : Makes it.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> z = rng.standard_normal((200, 1))
    >>> X = z + 0.2 * rng.standard_normal((200, 5))
    >>> y = z[:, 0] + rng.standard_normal(200)
    >>> models = {"L1": riata.Lasso(alpha=0.05), "L2": riata.Ridge(alpha=20.0)}
    >>> s = riata.stress({name: model.fit(X, y) for name, model in models.items()}, X, y, kinds=["shift", "common_shift"])
    >>> (l1, l2), together = s.worst("shift"), s.relative("common_shift")
    >>> l1[1] > l2[1], together.shape
    (True, (2, 1))
    """

    def __init__(
        self,
        models: list[str],
        features: list[str],
        damage: dict[str, Array],
        loss: Array,
        null: Array,
        norms: dict[str, Array],
        size: float,
        passes: float,
    ) -> None:
        self.models, self.features, self.damage = models, features, damage
        self.loss, self.null, self.norms = loss, null, norms
        self.size, self.passes = size, passes

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of damage that were asked for."""
        return tuple(self.damage)

    def relative(self, kind: str) -> Array:
        """`damage` of a kind in units of the null loss.

        Parameters
        ----------
        kind : str
            One of `kinds`.

        Returns
        -------
        relative : ndarray of shape (n_models, n_features)
            Of "common_shift": (n_models, 1).
        """
        check.one_of(kind, "kind", self.kinds)
        return np.asarray(self.damage[kind] / self.null[:, None])

    def worst(self, kind: str = "shift") -> list[tuple[str, float]]:
        """Of every model the feature whose damage of that kind is the largest, and the damage over the null loss.

        Parameters
        ----------
        kind : str, default="shift"
            One of `kinds`.

        Returns
        -------
        worst : list of (str, float)
        """
        shares = self.relative(kind)
        names = self.features if kind != "common_shift" else ["all features"]
        return [(names[j], float(row[j])) for row in shares for j in [int(np.argmax(row))]]

    def by_feature(self, kind: str = "shift") -> Table:
        """A row for every feature, the worst first, a column for every model: damage over the null loss.

        Parameters
        ----------
        kind : str, default="shift"
            One of `kinds`.

        Returns
        -------
        table : Table
        """
        shares = self.relative(kind)
        names = self.features if kind != "common_shift" else ["all features"]
        order = np.argsort(-shares.max(axis=0), kind="stable")
        columns: dict[str, Any] = {"feature": [names[j] for j in order]}
        columns |= {name: row[order].tolist() for name, row in zip(self.models, shares)}
        return Table(columns, note=f"{kind}: rise of the mean loss, over the null loss")

    @property
    def table(self) -> Table:
        """A row for every model: loss, norms, mean and worst damage of every kind, all losses over the null loss."""
        columns: dict[str, Any] = {
            "model": self.models,
            "loss": (self.loss / self.null).tolist(),
            "max|w|": self.norms["max"].tolist(),
            "|w|_2": self.norms["l2"].tolist(),
            "|w|_1": self.norms["l1"].tolist(),
        }
        for kind in self.kinds:
            shares = self.relative(kind)
            if kind == "common_shift":
                columns[kind] = shares[:, 0].tolist()
            else:
                columns[f"{kind}: mean"] = shares.mean(axis=1).tolist()
                columns[f"{kind}: worst"] = shares.max(axis=1).tolist()
        return Table(columns)

    def __str__(self) -> str:
        """The models side by side, and in words which feature is the worst of each."""
        lines = [
            f"Stress of size {self.size:g}: rise of the mean loss in units of the null loss ({len(self.features)} features, "
            f"{self.passes:.2g} pass{'es' if self.passes > 1 else ''} over X)"
        ]
        for m, name in enumerate(self.models):
            norms = ", ".join(f"{k} {v[m]:.3g}" for k, v in self.norms.items())
            lines.append(
                f"{name}: loss {self.loss[m] / self.null[m]:.4g}; coefficients x standard deviation: {norms}"
            )
            for kind in self.kinds:
                shares = self.relative(kind)[m]
                if kind == "common_shift":
                    lines.append(f"  {'all shift together':<20} {shares[0]:10.4g}")
                    continue
                j = int(np.argmax(shares))
                lines.append(
                    f"  {kind:<20} {shares[j]:10.4g}  worst: {self.features[j]}; mean over the features {shares.mean():.4g}"
                )
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    def plot(self, kind: str = "shift", ax: Any = None) -> Any:
        """Damage of one kind, the features of every model from the worst to the mildest; needs matplotlib. Returns the axes.

        Parameters
        ----------
        kind : str, default="shift"
            One of `kinds`, not "common_shift".
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        from . import _drawing

        check.one_of(kind, "kind", tuple(k for k in self.kinds if k in SINGLE))
        ax = _drawing.axes(ax, "plotting stress")
        places = np.arange(1, len(self.features) + 1)
        for m, (name, row) in enumerate(zip(self.models, self.relative(kind))):
            order = np.argsort(-row, kind="stable")
            worst = f"{name} (worst: {_drawing.short(self.features[order[0]])})"
            ax.plot(places, row[order], label=worst, marker=".", **_drawing.look(m))
        ax.set_xscale("log")
        ax.set_xlabel("features, from the worst on")
        ax.set_ylabel("rise of the mean loss / null loss")
        ax.set_title(f"{kind}, size {self.size:g}")
        ax.legend(frameon=False)
        return ax


def stress(
    models: Any,
    X: Any,
    y: Any,
    kinds: Any = KINDS,
    size: float = 1.0,
    *,
    sample_weight: Any = None,
) -> Stress:
    """What it costs linear models when a feature is missing, shifts, changes its unit, is mixed up or noisy, one feature at a time.

    Nothing is simulated: the rises of the mean loss are algebra on sums that one pass over X gives. Where single features go wrong, few
    large coefficients cost most (L1); where all features shift together, it is the sum of the coefficients that counts.

    Parameters
    ----------
    models : fitted linear model, path of a model file, or list or dict of them
        riata's estimators, points of paths and scorers, scikit-learn's linear models, pipelines of scalers and one.
    X : array-like or sparse container of shape (n_samples, n_features)
        Data frames are matched to models by the names of their columns.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Numbers, labels or counts, as the models predict them.
    kinds : sequence of str
        "missing": the value is the column's mean. "shift": `size` standard deviations are added. "scale": the value is times
        1 + size, as in another unit. "permute": the values of the column are those of other rows, in the mean over all permutations.
        "noise": independent noise of `size` standard deviations, of which labels and counts get either sign. "common_shift": all
        features shift at once.
    size : float > 0, default=1.0
        How far features shift and how large the noise is, in standard deviations; by how much their unit changes.
    sample_weight : array-like of shape (n_samples,) or float, optional
        Weight 2 is a row given twice.

    Returns
    -------
    stress : Stress

    Raises
    ------
    ValueError, TypeError
        For bad input, or models that do not fit X.

    See Also
    --------
    Stress : What is returned.
    cap_weights : Bounds on coefficients, for less of it.

    Notes
    -----
    Squares and counts take one pass over X, and the results are exact. Of the log loss all kinds are exact but "permute", which is the
    mean over four fixed permutations; "missing" and "permute" read the columns in use a second time. Classifiers that have
    decision values only are judged by squared errors against -1 and 1.

    References
    ----------
    - A. Fisher, C. Rudin and F. Dominici, "All models are wrong, but many are useful: learning a variable's importance by studying an
      entire class of prediction models simultaneously", Journal of Machine Learning Research 20 (2019), on "permute".

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> y = 2 * X[:, 0] + rng.standard_normal(100)
    >>> s = riata.stress(riata.Ridge().fit(X, y), X, y)
    >>> s.worst("missing")[0][0], s.passes
    ('0', 1.0)
    """
    size = check.positive(size, "size")
    kinds = tuple([kinds] if isinstance(kinds, str) else kinds)
    for kind in kinds:
        check.one_of(kind, "kinds", KINDS)
    named = _named(models)
    linear = [_linear(model) for model in named.values()]
    X = _needed_columns(X, linear)
    columns = check.feature_names(X)
    matrix = check.design_matrix(X)
    n, p = matrix.shape
    given = None if sample_weight is None else check.sample_weights(sample_weight, n)
    s = np.ones(n) if given is None else given
    parts = [_model(model, y, n, p, columns, size, name) for name, model in zip(named, linear)]
    moments, passes = measure(matrix, parts, s, kinds)
    d = np.sqrt(moments.variance)
    scaled = [np.abs(model.coef) * d for model in parts]
    return Stress(
        list(named),
        [str(name) for name in (range(p) if columns is None else columns)],
        {kind: np.array([model.damage(kind, moments, s) for model in parts]) for kind in kinds},
        np.array([model.sums["loss"] / moments.weight for model in parts]),
        np.array([_null(model, s) for model in parts]),
        {
            "max": np.array([w.max(initial=0.0) for w in scaled]),
            "l2": np.array([np.linalg.norm(w) for w in scaled]),
            "l1": np.array([w.sum() for w in scaled]),
        },
        size,
        passes,
    )


def _named(models: Any) -> dict[str, Any]:
    """The models by name: the caller's, or their classes'."""
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
    else:
        several = list(models) if isinstance(models, (list, tuple)) else [models]
        named = {}
        for model in several:
            name = os.fspath(model) if _is_file(model) else type(model).__name__
            copies = sum(other.partition(" #")[0] == name for other in named)
            named[f"{name} #{copies + 1}" if copies else name] = model
    if not named:
        raise ValueError("models must hold at least one model; got none")
    return named


def _is_file(model: Any) -> bool:
    return isinstance(model, (str, os.PathLike))


def _linear(model: Any) -> LinearModel:
    if _is_file(model):
        from .scoring import Scorer

        model = Scorer.load(model)
    if not hasattr(model, "_parts") or hasattr(model, "coef_"):
        return linear_model(model)
    small, used = model._parts()  # a scorer's
    coef = np.zeros((len(small.coef), model.n_features_in_))
    coef[:, used] = small.coef
    about = {"classes": model.metadata.get("classes")}
    names: list[str] | None = None
    if model._names:  # columns without weight need no name
        names = [f"\0{j}" for j in range(coef.shape[1])]
        for j, name in zip(used, model._names):
            names[j] = name
    return LinearModel(coef, small.intercept, small.link, about, names)


def _needed_columns(X: Any, models: list[LinearModel]) -> Any:
    """Of a data frame the columns that the models name, if all have names."""
    if not hasattr(X, "columns") or any(model.names is None for model in models):
        return X
    wanted = {name for model in models for name in model.names or ()}
    kept = [name for name in X.columns if name in wanted]
    return X[kept] if 0 < len(kept) < len(X.columns) else X


def _model(
    model: LinearModel, y: Any, n: int, p: int, columns: Array | None, size: float, name: str
) -> Model:
    """The model on the columns of X, with y as its loss takes it."""
    coef = model.coef
    if model.names is not None and columns is not None:
        where = {column: j for j, column in enumerate(columns)}
        used = np.flatnonzero((coef != 0).any(axis=0))
        if missing := [model.names[j] for j in used if model.names[j] not in where]:
            raise ValueError(f"X lacks the column {missing[0]!r}, which {name} uses")
        coef = np.zeros((len(coef), p))
        for j in used:
            coef[:, where[model.names[j]]] = model.coef[:, j]
    elif coef.shape[1] != p:
        raise ValueError(f"X has {p} columns, but {name} is for {coef.shape[1]} features")
    return Model(
        np.ascontiguousarray(coef), model.intercept, model.link, _response(model, y, n, name), size
    )


def _response(model: LinearModel, y: Any, n: int, name: str) -> Array:
    """y of shape (n, outputs): numbers, counts, 0 and 1, places of the classes, or -1 and 1 for every output."""
    classes = model.metadata.get("classes")
    if classes is None and model.link in ("logit", "softmax"):
        classes = np.unique(np.asarray(y)).tolist()
    if classes is None:
        Y = check.target(y, n, multi=True)
        Y = Y[:, None] if Y.ndim == 1 else Y
        if Y.shape[1] != len(model.coef):
            raise ValueError(
                f"y has {Y.shape[1]} columns, but {name} has {len(model.coef)} outputs"
            )
        return Y
    labels = np.asarray(y)
    known = np.asarray(classes)
    match = labels.reshape(-1, 1) == known
    if labels.shape != (n,) or not match.any(axis=1).all():
        raise ValueError(f"y must hold {n} of the labels {list(classes)!r} of {name}")
    if model.link == "identity":
        return np.where(match[:, 1:] if len(model.coef) == 1 else match, 1.0, -1.0)
    places = match.argmax(axis=1)
    if model.link == "logit" and len(known) != 2:
        raise ValueError(f"{name} has one output but y has {len(known)} labels")
    return places[:, None].astype(float)


def _null(model: Model, s: Array) -> float:
    """Mean loss of the best constant."""
    y = model.y
    if model.link == "softmax":
        share = np.bincount(y[:, 0].astype(np.intp), weights=s) / s.sum()
        share = share[share > 0]
        return float(-(share * np.log(share)).sum())
    mean = s @ y / s.sum()
    with np.errstate(divide="ignore"):
        eta = {"logit": lambda: np.log(mean) - np.log1p(-mean), "log": lambda: np.log(mean)}
        at = eta[model.link]() if model.link in eta else mean
    return float(s @ model.losses(y, np.broadcast_to(at, y.shape)) / s.sum())
