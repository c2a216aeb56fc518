"""Stability selection with complementary pairs: which features half of the rows agree on, and a bound on the false ones."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from . import _fit
from . import _validation as check
from ._estimator import feature_names
from ._fit import PathArrays
from ._labels import require_variety
from ._parameters import COUNT, SHARE, Constraints, validate
from ._path import warn_gaps
from ._problem import Array, Problem, check_problem
from ._routes import Control, solve_grid
from ._table import Table

NOTABLE = 0.25  # of the threshold: a selection probability from which a feature's near-twins are looked for


class StabilitySelection(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Features that lasso paths on random halves of the rows agree on, with a bound on the expected number of false ones.

    Rows are split in halves `pairs` times. On each half the path is followed while it has at most q features; a feature is selected
    whose share of the halves is at least `threshold`.

    Parameters
    ----------
    pfer : float, default=1.0
        Expected number of false selections that the bound is to allow; q is the largest number that does, and 1 at least.
    threshold : float in (0.5, 1], default=0.6
        Share of the halves from which on a feature is selected.
    pairs : int, default=50
        How many times the rows are split.
    max_features : int, optional
        q itself, in place of `pfer`.
    bound : {"worst_case", "unimodal"}, default="worst_case"
        By which of the two bounds q is found, see Notes.
    family : {"gaussian", "binomial", "poisson"}, default="gaussian"
        As in `riata.path`. Halves of labels are stratified.
    l1_ratio : float in (0, 1], default=1.0
        As in `riata.path`.
    correlation : float in (0, 1], default=0.7
        From which on two features count as near-twins: then the bounds need not hold, and the features are reported together.
    fit_intercept : bool, default=True
        The intercept is never penalised.
    standardize : bool, default=True
        Columns of unit standard deviation, in every half.
    tol : float, default=1e-6
        Relative duality gap of every solution.
    random_state : int, RandomState or None, default=None
        Of the halves.
    n_threads : int, optional
        As in `riata.path`.

    Attributes
    ----------
    probabilities_ : ndarray of shape (n_features,)
        Share of the halves that chose the feature.
    max_features_ : int
        q.
    bounds_ : dict
        ``"worst_case"`` and ``"unimodal"``: at most so many false selections are to be expected. Inf where q and the threshold do not
        meet a bound's conditions.
    clusters_ : list of ndarray
        Near-twins that belong together, by feature number, those of features with a notable probability.
    cluster_probabilities_ : ndarray of shape (len(clusters_),)
        Share of the halves that chose any of them.
    bound_holds_ : bool
        False if there are clusters: a false feature that resembles a true one is not chosen as if by chance, and the bounds say nothing
        about it.
    selections_ : ndarray of shape (2 * pairs, n_features), bool
        What each half chose; rows 2 i and 2 i + 1 are a pair.
    dual_gaps_ : ndarray of shape (2 * pairs,)
        The largest relative duality gap of each half's path.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    LassoCV : The list of the model that predicts best.
    RelaxedLasso : Refits of a lasso's list.

    Notes
    -----
    Of p features, "false" are those that a half chooses with a probability of at most q / p. Shah and Samworth (2013), *Variable selection
    with error control*: at most q^2 / ((2 threshold - 1) p) of them are expected, whatever the data (Meinshausen and Buehlmann, 2010, had
    that for exchangeable noise features). Where probabilities of being chosen by both halves are unimodal it is C q^2 / p with
    C = 1 / (2 (2 threshold - 1 - 1 / (2 pairs))) for thresholds up to 3/4 and 4 (1 - threshold + 1 / (2 pairs)) / (1 + 1 / pairs) above.
    Neither counts a feature as false that is chosen oftener because it resembles a true one.

    References
    ----------
    Shah and Samworth (2013), *Variable selection with error control: another look at stability selection*; Meinshausen and Buehlmann (2010),
    *Stability selection*.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 200))
    >>> y = X[:, :3] @ [2.0, -2.0, 2.0] + rng.standard_normal(100)
    >>> selection = riata.StabilitySelection(random_state=0).fit(X, y)
    >>> selection.get_support(indices=True).tolist(), selection.transform(X).shape
    ([0, 1, 2], (100, 3))
    """

    _parameter_constraints: ClassVar[Constraints] = {
        "pfer": [Interval(Real, 0, None, closed="neither")],
        "threshold": [Interval(Real, 0.5, 1, closed="right")],
        "pairs": [COUNT],
        "max_features": [COUNT, None],
        "bound": [StrOptions({"worst_case", "unimodal"})],
        "family": [StrOptions({"gaussian", "binomial", "poisson"})],
        "l1_ratio": [Interval(Real, 0, 1, closed="right")],
        "correlation": [SHARE],
        "fit_intercept": ["boolean"],
        "standardize": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
        "n_threads": [COUNT, None],
    }

    def __init__(
        self,
        *,
        pfer: float = 1.0,
        threshold: float = 0.6,
        pairs: int = 50,
        max_features: int | None = None,
        bound: str = "worst_case",
        family: str = "gaussian",
        l1_ratio: float = 1.0,
        correlation: float = 0.7,
        fit_intercept: bool = True,
        standardize: bool = True,
        tol: float = 1e-6,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> None:
        self.pfer = pfer
        self.threshold = threshold
        self.pairs = pairs
        self.max_features = max_features
        self.bound = bound
        self.family = family
        self.l1_ratio = l1_ratio
        self.correlation = correlation
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any) -> Self:
        """Follow the paths of all halves and count.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Never modified, nor are rows copied.
        y : array-like of shape (n_samples,)
            Numbers, labels of two classes or counts, as `family` says.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For bad input, naming the argument, the value and its position, and where a half has no two classes or no count above 0.

        Warns
        -----
        ConvergenceWarning
            If a gap stayed above `tol`.
        """
        validate(self)
        problem = check_problem(
            X,
            y,
            multi=True,
            family=self.family,
            l1_ratio=self.l1_ratio,
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            n_threads=self.n_threads,
        )
        if problem.y.ndim == 2:
            raise ValueError(f"y must have shape (n_samples,); got {problem.y.shape}")
        names = feature_names(X)
        n, p = problem.X.shape
        if n < 4:
            raise ValueError(f"halves need 2 samples at least; got n_samples = {n}")
        q = self._most(p)
        control = Control(tol=self.tol, max_features=q, early_stop=True)
        halves = _halves(problem, self.pairs, check_random_state(self.random_state))
        paths = [solve_grid(half, 100, control) for half in halves]
        selections = np.zeros((len(paths), p), dtype=bool)
        for row, path in zip(selections, paths):
            row[_first(path, q)] = True
        warn_gaps(paths, control)
        self.selections_ = selections
        self.probabilities_ = selections.mean(axis=0)
        self.max_features_ = q
        self.bounds_ = {name: self._bound(name, q, p) for name in ("worst_case", "unimodal")}
        self.dual_gaps_ = np.array([path.rel_gap.max(initial=0.0) for path in paths])
        notable = np.flatnonzero(self.probabilities_ >= NOTABLE * self.threshold)
        self.clusters_ = _clusters(problem, notable, self.correlation)
        self.cluster_probabilities_ = np.array(
            [selections[:, members].any(axis=1).mean() for members in self.clusters_]
        )
        self.bound_holds_ = not self.clusters_
        self.n_features_in_ = p
        self.__dict__.pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        return self

    def _most(self, p: int) -> int:
        """q: given, or the largest that keeps the bound."""
        if self.max_features is not None:
            return min(check.integer(self.max_features, "max_features", 1), p)
        q = 1
        while q < p and self._bound(self.bound, q + 1, p) <= self.pfer:
            q += 1
        return q

    def _bound(self, name: str, q: int, p: int) -> float:
        excess = 2 * self.threshold - 1
        if name == "worst_case":
            return q * q / (excess * p)
        share, step = q / p, 1 / (2 * self.pairs)
        least = min(0.5 + share**2, 0.5 + step + 0.75 * share**2)
        if share > 1 / math.sqrt(3) or self.threshold <= least or excess <= step:
            return math.inf
        factor = (
            1 / (2 * (excess - step))
            if self.threshold <= 0.75
            else 4 * (1 - self.threshold + step) / (1 + 2 * step)
        )
        return factor * q * q / p

    def _get_support_mask(self) -> Array:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return np.asarray(self.probabilities_ >= self.threshold)

    def summary(self, max_rows: int = 30) -> Table:
        """The features chosen most often: probability, whether selected, and the cluster of near-twins each belongs to.

        Parameters
        ----------
        max_rows : int, default=30
            Most features that are listed.

        Returns
        -------
        table : Table
            Prints, and ``to_frame()`` is a pandas.DataFrame. The note has the bounds, and the clusters they do not hold for.
        """
        selected = self.get_support()
        order = np.argsort(-self.probabilities_, kind="stable")[:max_rows]
        order = order[self.probabilities_[order] > 0]
        cluster = np.full(self.n_features_in_, -1)
        for c, members in enumerate(self.clusters_):
            cluster[members] = c
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        columns = {
            "feature": [str(names[j]) for j in order],
            "probability": self.probabilities_[order].tolist(),
            "selected": ["yes" if selected[j] else "no" for j in order],
            "cluster": [str(cluster[j]) if cluster[j] >= 0 else "" for j in order],
        }
        return Table(columns, note=self._note(names))

    def _note(self, names: Any) -> str:
        worst, unimodal = self.bounds_["worst_case"], self.bounds_["unimodal"]
        lines = [
            f"{int(self.get_support().sum())} selected, of which at most {worst:.2g} false are to be expected ({unimodal:.2g} if unimodal): "
            f"{2 * self.pairs} halves, {self.max_features_} features each."
        ]
        for c, (members, share) in enumerate(zip(self.clusters_, self.cluster_probabilities_)):
            lines.append(
                f"cluster {c}: {', '.join(str(names[j]) for j in members)}: any of them in {share:.0%} of the halves."
            )
        if self.clusters_:
            lines.append(
                f"The bounds do not hold for clusters (|r| >= {self.correlation:g}): which of the near-twins is chosen says little."
            )
        return "\n".join(lines)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags


def _halves(problem: Problem, pairs: int, random: Any) -> list[Problem]:
    """Two disjoint halves of the rows for every pair, as weights; of labels each has half of either class."""
    n = len(problem.y)
    halves = []
    for _ in range(pairs):
        order = random.permutation(n)
        if problem.family == "binomial":
            order = order[np.argsort(problem.y[order], kind="stable")]
        for first in range(2):
            s = np.zeros(n)
            s[order[: n - n % 2][first::2]] = 1.0
            require_variety(problem.y, s, problem.family, problem.classes, problem.fit_intercept)
            halves.append(replace(problem, sample_weight=s))
    return halves


def _first(path: PathArrays, q: int) -> Array:
    """The features of the last solution with at most q."""
    within = np.flatnonzero(np.diff(path.indptr) <= q)
    k = int(within[-1]) if len(within) else 0
    return path.indices[path.indptr[k] : path.indptr[k + 1]][:q]


def _clusters(problem: Problem, notable: Array, least: float) -> list[Array]:
    """Groups of features that are linked by correlations of that size to notable ones, or to each other through them."""
    if not len(notable):
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    centred = replace(problem, fit_intercept=True, sample_weight=None)
    moments = _fit.measure(centred)
    columns = _fit.columns(problem.X, notable)
    columns = columns - columns.mean(axis=0)
    products = _fit.correlate(centred, columns, moments)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.abs(products) / (moments.norm[:, None] * moments.norm[notable])
    rows, at = np.nonzero(r >= least)
    p = problem.X.shape[1]
    links = coo_array((np.ones(len(rows)), (rows, notable[at])), shape=(p, p))
    _, labels = connected_components(links, directed=False)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels[notable])]
    return [members for members in groups if len(members) > 1]
