"""The problems: which data, which loss, which path.

Data sets are built once into ``bench/.cache`` and loaded from there by every contender's process. A data set is a matrix and a
response; a problem is a data set with a loss, an l1_ratio and a grid of alphas, so several problems share one data set. Dense
data sets are centred and scaled when they are built; sparse ones stay as they are, in CSC or CSR.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, issparse, spmatrix

from bench import carried, carried_sparse, synthetic

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
        "squared", "logistic" with y of 0.0 and 1.0, "softmax" with y of 0.0, 1.0, 2.0, ..., or "multitask" with a column
        of y per task.
    l1_ratio, eps, n_alphas
        The path: ``n_alphas`` alphas from alpha_max down to ``eps * alpha_max``.
    goal : float or None
        Times faster than the best peer that riata is to be.
    default : bool
        Whether a run that names no problem takes it.
    only : tuple of str
        The contenders it is meant for; empty for all.
    """

    name: str
    data: str
    loss: str = "squared"
    l1_ratio: float = 1.0
    eps: float = 1e-2
    n_alphas: int = 100
    goal: float | None = None
    default: bool = True
    only: tuple = ()


@dataclass
class Problem:
    """A problem with its arrays: what a contender is handed."""

    spec: Spec
    X: np.ndarray | spmatrix
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

    @property
    def sparse(self):
        return issparse(self.X)

    @property
    def layout(self):
        """Name of X's layout: dense, csc or csr."""
        return self.X.format if self.sparse else "dense"

    @property
    def logistic(self):
        return self.spec.loss == "logistic"

    @property
    def n_classes(self):
        """How many columns of coefficients a model has: 1 but for softmax and several tasks."""
        return int(self.y.max()) + 1 if self.spec.loss == "softmax" else self.y[0].size

    @property
    def multitask(self):
        return self.spec.loss == "multitask"

    @property
    def nbytes(self):
        """Bytes of X."""
        if not self.sparse:
            return self.X.nbytes
        return self.X.data.nbytes + self.X.indices.nbytes + self.X.indptr.nbytes

    def columns(self):
        """Return X as contenders take it that read columns: CSR is turned into CSC, a cost of theirs."""
        return self.X.tocsc() if self.sparse else self.X


labelled = partial(partial, synthetic.median_split)

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
    "pines_all_bands": carried.pines_bands,
    "wide_tasks": partial(synthetic.with_tasks, synthetic.dense, 5, 200, 20_000, 50, rho=0.5),
    "flights": carried.flights,
    "sparse": partial(synthetic.sparse, 20_000, 100_000, 1e-3),
    "text": partial(synthetic.text, 20_000, 100_000, 60),
    "near_duplicates": partial(synthetic.near_duplicates, 5_000, 20_000, 0.01),
    "wide_labels": labelled(synthetic.dense, 200, 20_000, 50, rho=0.5),
    "ar8_labels": labelled(synthetic.dense, 72, 7_129, 20, rho=0.8),
    "tall_labels": labelled(synthetic.dense, 50_000, 200, 50, rho=0.5),
    "both_labels": labelled(synthetic.dense, 5_000, 5_000, 100, rho=0.5),
    "sparse_labels": labelled(synthetic.sparse, 20_000, 100_000, 1e-3),
    "text_labels": labelled(synthetic.text, 50_000, 200_000, 100),
    "flights_late": carried.flights_late,
    "mfeat_first": carried.mfeat_first,
    "mfeat_digits": carried.mfeat_digits,
    "nci60_types": carried.nci60_types,
    "pines_classes": carried.pines_classes,
    "word_language": carried_sparse.word_language,
    "word_frequency": carried_sparse.word_frequency,
    "cmudict": carried_sparse.cmudict_phonemes,
    "flights_onehot": carried_sparse.flights_onehot,
    "flights_onehot_csc": carried_sparse.flights_onehot_csc,
    "huge": partial(synthetic.power_law_columns, 847_000, 359_000, 1e-3),
}

DENSE = {
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

SPARSE = {
    spec.name: spec
    for spec in [
        Spec("sparse", "sparse", goal=12),
        Spec("text", "text", goal=18),
        Spec("word_frequency", "word_frequency", goal=25),
        Spec("flights_onehot", "flights_onehot", goal=8),
        Spec("flights_onehot_csc", "flights_onehot_csc", goal=8),
        Spec("near_duplicates", "near_duplicates", goal=10),
        Spec("cmudict", "cmudict"),
        Spec("sparse_to_1e-3", "sparse", eps=1e-3, goal=12),
        Spec("text_to_1e-3", "text", eps=1e-3, goal=8),
        Spec("cmudict_to_1e-3", "cmudict", eps=1e-3, goal=8),
        Spec("word_frequency_to_1e-3", "word_frequency", eps=1e-3, default=False),
        Spec("huge", "huge", eps=0.05, default=False, only=("riata",)),
    ]
}
LOGISTIC = {
    spec.name: spec
    for spec in [
        Spec("logistic_wide", "wide_labels", "logistic", goal=8),
        Spec("logistic_72x7129", "ar8_labels", "logistic", goal=8),
        Spec("logistic_tall", "tall_labels", "logistic", goal=10),
        Spec("logistic_both", "both_labels", "logistic", goal=6),
        Spec("logistic_sparse", "sparse_labels", "logistic", goal=15),
        Spec("logistic_text", "text_labels", "logistic", goal=4.5),
        Spec("logistic_nci60", "nci60", "logistic", goal=8),
        Spec("logistic_khan", "khan", "logistic", goal=8),
        Spec("logistic_flights", "flights_late", "logistic", goal=12),
        Spec("logistic_flights_onehot", "flights_onehot", "logistic", goal=10),
        Spec("logistic_word_language", "word_language", "logistic", eps=0.05, goal=8),
        Spec("logistic_mfeat", "mfeat_first", "logistic", goal=10),
    ]
}
SOFTMAX = {
    spec.name: spec
    for spec in [
        Spec("softmax_mfeat", "mfeat_digits", "softmax", goal=10),
        Spec("softmax_nci60", "nci60_types", "softmax", goal=10),
        Spec("softmax_indian_pines", "pines_classes", "softmax", goal=10),
    ]
}
MULTITASK = {
    spec.name: spec
    for spec in [
        Spec("multi_pines", "pines_all_bands", "multitask", goal=10),
        Spec("multi_wide", "wide_tasks", "multitask"),
        Spec("multi_pines_to_1e-1", "pines_all_bands", "multitask", eps=0.1, default=False),
    ]
}
PROBLEMS = DENSE | SPARSE | LOGISTIC | SOFTMAX | MULTITASK


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
    """Write a matrix in the layout the contenders get it in: X.npy, or its three arrays."""
    if not issparse(X):
        np.save(folder / "X.npy", X)
        return
    for part in ("data", "indices", "indptr"):
        np.save(folder / f"X.{part}.npy", getattr(X, part))


def load_matrix(folder):
    """Read what ``save_matrix`` wrote; Fortran order is kept."""
    meta = json.loads((folder / "meta.json").read_text())
    if meta["layout"] == "dense":
        return np.load(folder / "X.npy")
    make = csc_matrix if meta["layout"] == "csc" else csr_matrix
    parts = tuple(np.load(folder / f"X.{part}.npy") for part in ("data", "indices", "indptr"))
    return make(parts, shape=(meta["n"], meta["p"]))


def prepare(name) -> Path:
    """Build the data set ``name`` into the cache unless it is there, and return its folder."""
    folder = CACHE / name
    meta = folder / "meta.json"
    if meta.exists() and json.loads(meta.read_text())["format"] == FORMAT:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    X, y = DATA[name]()
    if not issparse(X):
        X = standardised(X)
    save_matrix(folder, X)
    np.save(folder / "y.npy", np.ascontiguousarray(y, dtype=np.float64))
    layout = X.format if issparse(X) else "dense"
    meta.write_text(
        json.dumps({"format": FORMAT, "n": X.shape[0], "p": X.shape[1], "layout": layout})
    )
    return folder


def grid(spec, X, y):
    """Return the alphas of a problem, from the smallest one with no feature in the model downwards.

    At coefficients of zero the gradient of every loss is X'(mean(y) - y) / n, y being 0 and 1 in the logistic one and in each class
    of a softmax one.
    """
    Y = np.reshape(y, (len(y), -1))
    if spec.loss == "softmax":
        Y = (np.unique(y) == Y).astype(np.float64)
    pull = X.T @ (Y - Y.mean(axis=0))
    size = np.linalg.norm(pull, axis=1) if spec.loss == "multitask" else np.abs(pull)
    correlation = size.max() / X.shape[0]
    return correlation / spec.l1_ratio * np.geomspace(1.0, spec.eps, spec.n_alphas)


def load(spec) -> Problem:
    """Return a problem with its arrays, building its data on first use."""
    folder = prepare(spec.data)
    X, y = load_matrix(folder), np.load(folder / "y.npy")
    files = {"X": str(folder / "X.npy"), "y": str(folder / "y.npy")}
    return Problem(spec, X, y, grid(spec, X, y), files)


def warm_up_problem(problem) -> Problem:
    """Return a very small problem of the same kind, for contenders that compile on first use."""
    X, y = synthetic.dense(30, 10, 3, rho=0.3, seed=1)
    X = standardised(X)
    if problem.sparse:
        X = type(problem.X)(np.where(np.abs(X) > 1.0, X, 0.0))
    if problem.logistic:
        y = (y > np.median(y)).astype(np.float64)
    if problem.spec.loss == "softmax":
        y = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3])).astype(np.float64)
    if problem.multitask:
        y = np.column_stack([y, X[:, 0] - y])
    small = Spec(**{**asdict(problem.spec), "n_alphas": 3})
    return Problem(small, X, y, grid(small, X, y))
