"""How columns resemble one another: condition indices, variance proportions, twins by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _fit
from . import _validation as check
from ._problem import Array, Problem, check_problem
from ._table import Table

LARGEST_SIDE = 3000  # of a matrix that is decomposed
PROPORTIONS = 500  # columns up to which proportions are worked out
LOOKED_AT = 20_000  # columns up to which pairs are looked for
PAIRS = 10_000  # that are kept, the closest
EXACT = 1e5  # condition index beyond which squares of the columns hold too few digits
STRONG, MODERATE = 30.0, 10.0
SHARE = 0.5


class Collinearity:
    """What `collinearity` finds.

    Parameters
    ----------
    features, condition_indices, proportions, twins, clusters, constant, threshold, complete : internal
        The attributes, which `collinearity` has at hand.

    Attributes
    ----------
    condition_indices : ndarray of shape (k,)
        Largest singular value of the scaled columns over each of them, descending; inf for what depends linearly on the rest. Empty
        where there are too many columns and rows.
    proportions : ndarray of shape (k, n_features) or None
        The share of every coefficient's least-squares variance that comes from each direction, in the order of `condition_indices`.
        None for more than 500 columns or as many columns as rows.
    twins : list of (str, str, float)
        Pairs of columns by name, with their correlation, the closest first.
    clusters : list of list of str
        Columns joined by twins, the largest group first.
    constant : list of str
        Columns that do not vary.
    features : list of str
        Names, or numbers, of the columns.
    threshold : float
        The correlation of twins.
    complete : bool
        Whether pairs were looked for.

    See Also
    --------
    collinearity : Makes it.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 4))
    >>> X[:, 3] = X[:, 0] + X[:, 1] + 0.01 * rng.standard_normal(100)
    >>> found = riata.collinearity(X)
    >>> found.twins, [names for _, names in found.dependencies()]
    ([], [['0', '1', '3']])
    """

    def __init__(
        self,
        features: list[str],
        condition_indices: Array,
        proportions: Array | None,
        twins: list[tuple[str, str, float]],
        clusters: list[list[str]],
        constant: list[str],
        threshold: float,
        complete: bool,
    ) -> None:
        self.features, self.threshold, self.complete = features, threshold, complete
        self.condition_indices, self.proportions = condition_indices, proportions
        self.twins, self.clusters, self.constant = twins, clusters, constant

    def dependencies(
        self, index: float = STRONG, share: float = SHARE
    ) -> list[tuple[float, list[str]]]:
        """Condition indices of at least `index`, each with the columns of whose variance it has at least that share.

        Belsley's rule: a large index is a dependency where two columns or more have a large share in it.

        Parameters
        ----------
        index : float, default=30.0
            Least condition index.
        share : float, default=0.5
            Least share of a coefficient's variance.

        Returns
        -------
        dependencies : list of (float, list of str)
            The largest index first.
        """
        if self.proportions is None:
            return []
        found = []
        for value, row in zip(self.condition_indices, self.proportions):
            names = [self.features[j] for j in np.flatnonzero(row >= share)]
            if value >= index and len(names) > 1:
                found.append((float(value), names))
        return found

    @property
    def table(self) -> Table:
        """The pairs."""
        one, other, r = zip(*self.twins) if self.twins else ((), (), ())
        return Table({"column": one, "twin": other, "correlation": r})

    def __str__(self) -> str:
        lines = []
        if len(self.condition_indices):
            largest = float(self.condition_indices[0])
            kind = "strong" if largest >= STRONG else "moderate" if largest >= MODERATE else "weak"
            lines.append(
                f"Largest condition index {largest:.3g} ({kind} dependence; from {STRONG:g} on least-squares coefficients are unsteady)"
            )
        for value, names in self.dependencies():
            lines.append(f"  {value:.3g}: {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}")
        if not self.complete:
            lines.append(f"Pairs were not looked for among {len(self.features):,} columns")
        elif not self.twins:
            lines.append(f"No two columns correlate by {self.threshold:g} or more")
        for one, other, r in self.twins[:8]:
            lines.append(f"  {one} and {other}: correlation {r:.4f}")
        if len(self.twins) > 8:
            lines.append(
                f"  and {len(self.twins) - 8:,} pairs more, in {len(self.clusters)} group(s)"
            )
        if self.constant:
            lines.append(f"Constant: {', '.join(self.constant[:8])}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(str(self))}</pre>"


def collinearity(
    X: Any, *, sample_weight: Any = None, centre: bool = True, twins: float = 0.95
) -> Collinearity:
    """How much the columns of X depend on one another, and which do.

    Coefficients of columns that say the same can grow against each other without a change of the predictions: least squares gives
    them a large variance, L1 keeps one of them, L2 shares the weight.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Names of a data frame's columns are used in what is found.
    sample_weight : array-like of shape (n_samples,) or float, optional
        Weight 2 is a row given twice.
    centre : bool, default=True
        Take the columns' means off first, as models with an intercept do; False is Belsley's own, uncentred form.
    twins : float in (0, 1], default=0.95
        Least absolute correlation of two columns that count as twins.

    Returns
    -------
    collinearity : Collinearity

    Raises
    ------
    ValueError, TypeError
        For bad input.

    See Also
    --------
    Collinearity : What is returned.
    advise : Looks for twins, too.

    Notes
    -----
    Columns are scaled to unit length. With singular values mu_k of those and right singular vectors V, the condition indices are
    mu_max / mu_k, and the variance of coefficient j is proportional to sum_k V_jk^2 / mu_k^2, of which the proportions are the shares
    (Belsley, Kuh and Welsch).

    References
    ----------
    - D. A. Belsley, E. Kuh and R. E. Welsch, "Regression Diagnostics" (1980), chapter 3.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> X[:, 2] = X[:, 0] + 0.01 * rng.standard_normal(100)
    >>> found = riata.collinearity(X)
    >>> [pair[:2] for pair in found.twins], found.condition_indices[0] > 30
    ([('0', '2')], np.True_)
    """
    least = check.real(twins, "twins", 0.0, 1.0, open_low=True)
    names = check.feature_names(X)
    rows = np.shape(X)[0] if hasattr(X, "shape") else len(X)
    problem = check_problem(
        X,
        np.zeros(rows),
        sample_weight=sample_weight,
        fit_intercept=check.flag(centre, "centre"),
    )
    n, p = problem.X.shape
    features = [str(name) for name in (range(p) if names is None else names)]
    moments = _fit.measure(problem)
    length = np.asarray(moments.norm)
    varying = np.flatnonzero(length > 0)
    if p <= min(n, LARGEST_SIDE):
        G = np.asarray(_fit.gram(problem, np.zeros((n, 1), order="F"), moments)[0])
        R = G[np.ix_(varying, varying)] / np.outer(length[varying], length[varying])
        indices, proportions = _decomposed(problem, moments, varying, R)
        pairs = _pairs(R, 0, least)
    else:
        indices, proportions = _of_rows(problem, length, varying), None
        pairs = _by_blocks(problem, moments, varying, least)
    if proportions is not None:
        spread = np.zeros((len(proportions), p))
        spread[:, varying] = proportions
        proportions = spread
    pairs = sorted(pairs, key=lambda pair: (-abs(pair[2]), pair[:2]))
    places = [(int(varying[i]), int(varying[j]), r) for i, j, r in pairs]
    return Collinearity(
        features,
        indices,
        proportions,
        [(features[i], features[j], r) for i, j, r in places[:PAIRS]],
        [[features[j] for j in group] for group in _groups(places)],
        [features[j] for j in np.flatnonzero(length == 0)],
        least,
        complete=p <= max(LARGEST_SIDE, LOOKED_AT),
    )


def _decomposed(
    problem: Problem, moments: Any, varying: Array, R: Array
) -> tuple[Array, Array | None]:
    """Condition indices and proportions from the correlations; from the columns themselves where squares do not suffice."""
    if len(varying) == 0:
        return np.zeros(0), None
    squares, V = np.linalg.eigh(R)
    mu = np.sqrt(np.maximum(squares, 0.0))
    if mu[0] * EXACT < mu[-1]:
        A = _fit.columns(problem.X, varying) - np.asarray(moments.mean)[varying]
        if problem.sample_weight is not None:
            A *= np.sqrt(problem.sample_weight)[:, None]
        A /= np.asarray(moments.norm)[varying]
        _, mu, Vt = np.linalg.svd(A, full_matrices=False)
        mu, V = mu[::-1], Vt[::-1].T
        mu = np.where(mu <= mu[-1] * max(A.shape) * np.finfo(float).eps, 0.0, mu)
    with np.errstate(divide="ignore"):
        indices = mu[-1] / mu
    if len(varying) > PROPORTIONS:
        return indices, None
    # Of what depends exactly, all variance comes from there.
    floor = np.maximum(mu, 1e-150 * mu[-1])
    parts = (V / floor) ** 2
    return indices, np.asarray((parts / parts.sum(axis=1, keepdims=True)).T)


def _of_rows(problem: Problem, length: Array, varying: Array) -> Array:
    """Condition indices of a wide X; those of directions that n rows cannot tell apart are inf."""
    n, p = problem.X.shape
    if min(n, p) > LARGEST_SIDE or len(varying) == 0:
        return np.zeros(0)
    inverse = np.zeros(p)
    inverse[varying] = length[varying] ** -2.0
    K = np.asarray(_fit.outer(problem, inverse)[0])
    squares = np.linalg.eigvalsh(K)
    squares = squares[squares > squares[-1] * n * np.finfo(float).eps][-len(varying) :]
    indices = np.sqrt(squares[-1] / squares)
    return np.concatenate([np.full(len(varying) - len(indices), np.inf), indices])


def _by_blocks(
    problem: Problem, moments: Any, varying: Array, least: float
) -> list[tuple[int, int, float]]:
    """Pairs of a wide X, some columns against all those behind them at a time."""
    n, p = problem.X.shape
    if len(varying) > LOOKED_AT or p > LOOKED_AT:
        return []
    root = np.ones(n) if problem.sample_weight is None else np.sqrt(problem.sample_weight)
    mean, length = np.asarray(moments.mean)[varying], np.asarray(moments.norm)[varying]
    A = (_fit.columns(problem.X, varying) - mean) * root[:, None] / length
    pairs: list[tuple[int, int, float]] = []
    step = 512
    for first in range(0, len(varying), step):
        R = A[:, first : first + step].T @ A[:, first:]
        pairs += _pairs(R, first, least)
        if len(pairs) > 20 * PAIRS:
            pairs = sorted(pairs, key=lambda pair: -abs(pair[2]))[: 10 * PAIRS]
    return pairs


def _pairs(R: Array, first: int, least: float) -> list[tuple[int, int, float]]:
    """(i, j, r) of entries above the diagonal whose size is at least `least`."""
    one, other = np.nonzero(np.abs(R) >= least * (1 - 1e-12))
    above = other > one
    return [
        (first + int(i), first + int(j), float(np.clip(R[i, j], -1.0, 1.0)))
        for i, j in zip(one[above], other[above])
    ]


def _groups(pairs: list[tuple[int, int, float]]) -> list[list[int]]:
    """Connected columns, the largest group first."""
    parent: dict[int, int] = {}

    def root(i: int) -> int:
        parent.setdefault(i, i)
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j, _ in pairs:
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for i in sorted(parent):
        groups.setdefault(root(i), []).append(i)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))
