"""The problems: which data, which loss, which path.

Data sets are built once into ``bench/.cache`` and loaded from there by every contender's process. A data set is a matrix and a
response; a problem is a data set with a loss, an l1_ratio and a grid of alphas, so several problems share one data set. Sparse
data joins with a layout of its own in ``save_matrix`` and ``load_matrix``, logistic problems with ``loss="logistic"``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from bench import carried, synthetic

CACHE = Path(__file__).resolve().parent / ".cache"
FORMAT = 1  # raise it when the preparation changes: older caches are rebuilt


@dataclass(frozen=True)
class Spec:
    """One problem as the command line names it.

    Attributes
    ----------
    name, data : str
        The problem and the data set it uses.
    loss : str
        "squared"; "logistic" joins later.
    l1_ratio, eps, n_alphas
        The path: ``n_alphas`` alphas from alpha_max down to ``eps * alpha_max``.
    goal : float or None
        Times faster than the best peer that riata is to be.
    default : bool
        Whether a run that names no problem takes it.
    """

    name: str
    data: str
    loss: str = "squared"
    l1_ratio: float = 1.0
    eps: float = 1e-2
    n_alphas: int = 100
    goal: float | None = None
    default: bool = True


@dataclass
class Problem:
    """A problem with its arrays: what a contender is handed."""

    spec: Spec
    X: np.ndarray
    y: np.ndarray
    alphas: np.ndarray
    files: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.spec.name

    @property
    def l1_ratio(self):
        return self.spec.l1_ratio

    @property
    def shape(self):
        return self.X.shape


DATA: dict[str, Callable] = {
    "wide": partial(synthetic.dense, 200, 20_000, 50, rho=0.5),
    "factor": partial(synthetic.dense, 72, 7_129, 20, factor=0.95),
    "ar8": partial(synthetic.dense, 72, 7_129, 20, rho=0.8),
    "tall": partial(synthetic.dense, 50_000, 200, 50, rho=0.5),
    "both": partial(synthetic.dense, 5_000, 5_000, 100, rho=0.5),
    "mid": partial(synthetic.dense, 2_000, 10_000, 100, rho=0.5),
    "both10k": partial(synthetic.dense, 10_000, 10_000, 100, rho=0.5),
    "tiny": partial(synthetic.dense, 100, 20, 5, rho=0.5),
    "nci60": carried.nci60,
    "khan": carried.khan,
    "mfeat": carried.mfeat,
    "indian_pines": carried.indian_pines,
    "pines_bands": carried.pines_first_band,
    "flights": carried.flights,
}

PROBLEMS = {
    spec.name: spec
    for spec in [
        Spec("wide", "wide", goal=50),
        Spec("wide_to_1e-3", "wide", eps=1e-3, goal=90),
        Spec("wide_enet", "wide", l1_ratio=0.5, goal=15),
        Spec("72x7129_correlated", "factor", goal=45),
        Spec("72x7129_ar", "ar8"),
        Spec("tall", "tall", goal=3),
        Spec("both", "both", goal=8),
        Spec("mid", "mid", goal=20),
        Spec("nci60", "nci60", goal=40),
        Spec("khan", "khan", goal=40),
        Spec("mfeat", "mfeat", goal=10),
        Spec("indian_pines", "indian_pines", goal=100),
        Spec("pines_bands", "pines_bands", goal=20),
        Spec("flights", "flights", goal=2.5),
        Spec("tiny", "tiny"),
        Spec("large_support", "both10k", eps=1e-3, default=False),
    ]
}


def standardised(X):
    """Return ``X`` in Fortran order, columns centred and scaled to unit variance, constant columns dropped."""
    X = np.array(X, dtype=np.float64, order="F")
    X -= X.mean(axis=0)
    X -= X.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", X, X) / X.shape[0])
    largest = np.abs(X).max(axis=0)
    varies = scale > 1e-12 * np.maximum(largest, 1e-300)
    varies &= largest > 0
    if not varies.all():
        X, scale = np.asfortranarray(X[:, varies]), scale[varies]
    X /= scale
    return X


def save_matrix(folder, X):
    """Write a matrix in the layout the contenders get it in."""
    np.save(folder / "X.npy", X)


def load_matrix(folder):
    """Read what ``save_matrix`` wrote; Fortran order is kept."""
    return np.load(folder / "X.npy")


def prepare(name) -> Path:
    """Build the data set ``name`` into the cache unless it is there, and return its folder."""
    folder = CACHE / name
    meta = folder / "meta.json"
    if meta.exists() and json.loads(meta.read_text())["format"] == FORMAT:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    X, y = DATA[name]()
    X = standardised(X)
    save_matrix(folder, X)
    np.save(folder / "y.npy", np.ascontiguousarray(y, dtype=np.float64))
    meta.write_text(
        json.dumps({"format": FORMAT, "n": X.shape[0], "p": X.shape[1], "layout": "dense"})
    )
    return folder


def grid(spec, X, y):
    """Return the alphas of a problem, from the smallest one with no feature in the model downwards."""
    correlation = np.abs(X.T @ (y - y.mean())).max() / X.shape[0]
    return correlation / spec.l1_ratio * np.geomspace(1.0, spec.eps, spec.n_alphas)


def load(spec) -> Problem:
    """Return a problem with its arrays, building its data on first use."""
    folder = prepare(spec.data)
    X, y = load_matrix(folder), np.load(folder / "y.npy")
    files = {"X": str(folder / "X.npy"), "y": str(folder / "y.npy")}
    return Problem(spec, X, y, grid(spec, X, y), files)


def warm_up_problem(spec) -> Problem:
    """Return a very small problem of the same kind, for contenders that compile on first use."""
    X, y = synthetic.dense(30, 10, 3, rho=0.3, seed=1)
    small = Spec(**{**asdict(spec), "n_alphas": 3})
    X = standardised(X)
    return Problem(small, X, y, grid(small, X, y))
