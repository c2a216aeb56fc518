"""Seeded synthetic data: AR(1) columns, a factor model, sparse and text-like columns, linear signals with noise."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix, hstack


def ar1(n, p, rho, rng):
    """Return an (n, p) Fortran-ordered matrix whose rows are stationary AR(1) sequences with correlation ``rho``."""
    X = np.empty((n, p), order="F")
    X[:, 0] = rng.standard_normal(n)
    spread = np.sqrt(1.0 - rho**2)
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + spread * rng.standard_normal(n)
    return X


def one_factor(n, p, correlation, rng):
    """Return an (n, p) matrix whose columns all correlate pairwise by ``correlation``."""
    X = np.asfortranarray(rng.standard_normal((p, n)).T)
    X *= np.sqrt(1.0 - correlation)
    X += np.sqrt(correlation) * rng.standard_normal(n)[:, None]
    return X


def linear_response(X, k, rng, snr=5.0):
    """Return y: N(0, 1) coefficients on ``k`` random columns plus noise at signal-to-noise ratio ``snr`` in variance."""
    support = np.sort(rng.choice(X.shape[1], size=k, replace=False))
    signal = X[:, support] @ rng.standard_normal(k)
    return signal + rng.standard_normal(X.shape[0]) * np.sqrt(signal.var() / snr)


def dense(n, p, k, rho=None, factor=None, seed=0):
    """Return (X, y) of one synthetic dense problem; exactly one of ``rho`` and ``factor`` is given."""
    rng = np.random.default_rng(seed)
    X = ar1(n, p, rho, rng) if factor is None else one_factor(n, p, factor, rng)
    return X, linear_response(X, k, rng)


def with_tasks(make, tasks, *args, **options):
    """Return (X, Y): the recipe's X, and ``tasks`` responses like its y with the same support and coefficients of their own."""
    X, y = make(*args, **options)
    rng = np.random.default_rng(options.get("seed", 0) + 1)
    support = np.argsort(-np.abs(X.T @ (y - y.mean())))[: args[2]]
    signal = X[:, support] @ rng.standard_normal((support.size, tasks))
    return X, signal + rng.standard_normal(signal.shape) * signal.std(axis=0) / np.sqrt(5.0)


def sparse_uniform(n, p, density, rng):
    """Return an (n, p) CSC matrix with |N(0, 1)| values at places drawn uniformly."""
    places = np.unique(rng.integers(0, n * p, size=round(n * p * density)))
    columns, rows = np.divmod(places, n)
    indptr = np.searchsorted(columns, np.arange(p + 1))
    values = np.abs(rng.standard_normal(places.size))
    return csc_matrix((values, rows.astype(np.int32), indptr.astype(np.int32)), shape=(n, p))


def sparse_response(X, k, rng, noise=0.3, seen=1):
    """Return y: 3 N(0, 1) coefficients on ``k`` random columns with ``seen`` non-zeros or more, plus noise.

    ``noise`` is its standard deviation in units of the signal's.
    """
    often = np.flatnonzero(np.diff(X.indptr) >= seen)
    support = np.sort(rng.choice(often, size=min(k, often.size), replace=False))
    signal = X[:, support] @ (3.0 * rng.standard_normal(support.size))
    return signal + noise * signal.std() * rng.standard_normal(X.shape[0])


def sparse(n, p, density, k=300, seed=0):
    """Return (X, y) of a problem whose non-zeros are spread evenly."""
    rng = np.random.default_rng(seed)
    X = sparse_uniform(n, p, density, rng)
    return X, sparse_response(X, k, rng)


def zipf_counts(n, p, draws, rng):
    """Return an (n, p) CSR matrix of how often each column came up in ``draws`` draws a row from a Zipf law over the columns."""
    shares = np.cumsum(1.0 / np.arange(1, p + 1))
    columns = np.searchsorted(shares, rng.random(n * draws) * shares[-1])
    rows = np.repeat(np.arange(n), draws)
    return coo_matrix((np.ones(n * draws), (rows, columns)), shape=(n, p)).tocsr()


def unit_rows(X):
    """Return a CSR matrix with its rows scaled to norm 1; empty rows stay."""
    norms = np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())
    X = X.tocsr(copy=True)
    X.data /= np.repeat(np.where(norms > 0, norms, 1.0), np.diff(X.indptr))
    return X


def text(n, p, draws, k=300, seed=0):
    """Return (X, y) of a text-like problem: log1p counts times inverse document frequency, rows of norm 1, in CSC."""
    rng = np.random.default_rng(seed)
    X = zipf_counts(n, p, draws, rng)
    seen = np.bincount(X.indices, minlength=p)
    idf = 1.0 + np.log((1.0 + n) / (1.0 + seen))
    X.data = np.log1p(X.data) * idf[X.indices]
    X = unit_rows(X).tocsc()
    X.sort_indices()
    # A coefficient on a column that hardly ever occurs would be a signal of nothing.
    return X, sparse_response(X, k, rng, seen=10)


def near_duplicates(n, p, density, k=300, noise=1e-3, seed=0):
    """Return (X, y): every column twice, the second time with its values off by ``noise`` relatively."""
    rng = np.random.default_rng(seed)
    once = sparse_uniform(n, p // 2, density, rng)
    again = once.copy()
    again.data *= 1.0 + noise * rng.standard_normal(again.nnz)
    X = hstack([once, again], format="csc")[:, np.arange(p).reshape(2, -1).T.ravel()]
    return X.tocsc(), sparse_response(X.tocsc(), k, rng)


def power_law_columns(n, p, density, k=300, seed=0):
    """Return (X, y): column j has non-zeros in proportion to 1/(j + 10), |N(0, 1)|, columns in random order."""
    rng = np.random.default_rng(seed)
    weight = 1.0 / (np.arange(p) + 10.0)
    counts = weight * (density * n * p / weight.sum())
    counts = np.minimum(counts, 0.5 * n)  # the head's surplus goes to the tail
    tail = counts < 0.5 * n
    counts[tail] *= (density * n * p - counts[~tail].sum()) / counts[tail].sum()
    counts = rng.permutation(np.minimum(rng.poisson(counts), n))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    indices = np.concatenate([np.sort(distinct(n, count, rng)) for count in counts])
    index = np.int32 if indptr[-1] < 2**31 else np.int64
    values = np.abs(rng.standard_normal(indptr[-1]))
    X = csc_matrix((values, indices.astype(index), indptr.astype(index)), shape=(n, p))
    return X, sparse_response(X, k, rng, seen=100)


def distinct(n, count, rng):
    """Return ``count`` different whole numbers below ``n``."""
    if count > n // 50:
        return rng.permutation(n)[:count]
    found = np.unique(rng.integers(0, n, size=count))
    while found.size < count:
        found = np.unique(np.concatenate([found, rng.integers(0, n, size=count - found.size)]))
    return found


def median_split(make, *given, **named):
    """Return (X, y) of another recipe with y turned into 1.0 above and 0.0 below its median."""
    X, y = make(*given, **named)
    return X, (y > np.median(y)).astype(np.float64)
