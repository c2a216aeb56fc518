"""Types of the compiled core. `riata._fit` is the only module that imports it."""

from collections.abc import Callable
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Compressed = tuple[NDArray[Any], NDArray[Any], NDArray[Any], tuple[int, int], bool]
Matrix = NDArray[np.float64] | NDArray[np.float32] | Compressed

class Moments:
    """Weighted means and norms (about them) of the columns of X, without an intercept about zero."""

    @property
    def mean(self) -> Vector: ...
    @property
    def norm(self) -> Vector: ...

class PathSolution:
    """One target's path; arrays have one entry per alpha, coefficients are the CSC parts of a (p, k) matrix."""

    @property
    def alphas(self) -> Vector: ...
    @property
    def indptr(self) -> NDArray[np.int64]: ...
    @property
    def indices(self) -> NDArray[np.int32]: ...
    @property
    def data(self) -> Vector: ...
    @property
    def intercepts(self) -> Vector: ...
    @property
    def primal(self) -> Vector: ...
    @property
    def dual(self) -> Vector: ...
    @property
    def gap(self) -> Vector: ...
    @property
    def rel_gap(self) -> Vector: ...
    @property
    def kkt_max(self) -> Vector: ...
    @property
    def status(self) -> NDArray[np.uint8]: ...
    @property
    def n_iter(self) -> NDArray[np.int64]: ...
    @property
    def dev_ratio(self) -> Vector: ...
    @property
    def seconds(self) -> Vector: ...
    @property
    def n_passes(self) -> float: ...
    @property
    def null_objective(self) -> float: ...
    @property
    def alpha_max(self) -> float: ...
    @property
    def stop(self) -> str: ...

class CertificateValues(TypedDict):
    primal: float
    dual: float
    gap: float
    rel_gap: float
    kkt_max: float
    null_objective: float

def solve_path(
    X: Matrix,
    y: Vector,
    *,
    sample_weight: Vector | None = None,
    penalty_weights: Vector | None = None,
    l2_weights: Vector | None = None,
    lower: Vector | None = None,
    upper: Vector | None = None,
    alphas: Vector | None = None,
    n_alphas: int = 100,
    eps: float = 0.0,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    standardize: bool = False,
    tol: float = 1e-6,
    gradient: float = ...,
    max_iter: int = ...,
    max_features: int = 0,
    early_stop: bool = False,
    time_limit: float = ...,
    memory_limit: int = 0,
    single: bool = False,
    enough: float = 0.0,
    callback: Callable[[int, float, float, int, float], Any] | None = None,
    family: str = "gaussian",
    offset: Vector | None = None,
    start_coefs: Vector | None = None,
    start_intercepts: Vector | None = None,
    grouped: bool = False,
    n_threads: int = 1,
) -> list[PathSolution]: ...
def cross_validate(
    X: Matrix,
    y: Vector,
    splits: list[tuple[NDArray[Any], NDArray[Any]]],
    l1_ratios: list[float],
    *,
    sample_weight: Vector | None = None,
    penalty_weights: Vector | None = None,
    l2_weights: Vector | None = None,
    lower: Vector | None = None,
    upper: Vector | None = None,
    alphas: Vector | None = None,
    n_alphas: int = 100,
    eps: float = 0.0,
    fit_intercept: bool = True,
    standardize: bool = False,
    tol: float = 1e-6,
    max_iter: int = 1000000,
    time_limit: float = 0.0,
    memory_limit: int = 0,
    predictions: bool = False,
    progress: Callable[[int], object] | None = None,
    family: str = "gaussian",
    offset: Vector | None = None,
    stretch: Vector | None = None,
    n_threads: int = 1,
) -> list[tuple[Vector, list[tuple[PathSolution, Vector, Vector | None]]]]: ...
def alpha_max(
    X: Matrix,
    y: Vector,
    *,
    sample_weight: Vector | None = None,
    penalty_weights: Vector | None = None,
    lower: Vector | None = None,
    upper: Vector | None = None,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    standardize: bool = False,
    family: str = "gaussian",
    offset: Vector | None = None,
    n_threads: int = 1,
) -> Vector: ...
def certify(
    X: Matrix,
    y: Vector,
    coef: Vector,
    intercept: float,
    alpha: float,
    *,
    sample_weight: Vector | None = None,
    penalty_weights: Vector | None = None,
    l2_weights: Vector | None = None,
    lower: Vector | None = None,
    upper: Vector | None = None,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    standardize: bool = False,
    family: str = "gaussian",
    offset: Vector | None = None,
    n_threads: int = 1,
) -> CertificateValues: ...
def gram(
    X: Matrix,
    Y: Vector,
    *,
    sample_weight: Vector | None = None,
    center: bool = True,
    moments: Moments | None = None,
    n_threads: int = 1,
) -> tuple[Vector, Vector, Moments]: ...
def outer(
    X: Matrix,
    d: Vector | None = None,
    *,
    sample_weight: Vector | None = None,
    center: bool = True,
    moments: Moments | None = None,
    n_threads: int = 1,
) -> tuple[Vector, Moments]: ...
def represent(
    X: Matrix,
    U: Vector,
    d: Vector,
    *,
    sample_weight: Vector | None = None,
    center: bool = True,
    moments: Moments | None = None,
    n_threads: int = 1,
) -> tuple[Vector, Vector]: ...
def correlate(
    X: Matrix,
    U: Vector,
    *,
    sample_weight: Vector | None = None,
    center: bool = True,
    moments: Moments | None = None,
    n_threads: int = 1,
) -> Vector: ...
def ridge(
    X: Matrix,
    Y: Vector,
    lam: Vector,
    targets: list[int],
    *,
    v: Vector | None = None,
    sample_weight: Vector | None = None,
    fit_intercept: bool = True,
    goal: float = 1e-12,
    max_iter: int = 10000,
    n_threads: int = 1,
) -> tuple[Vector, Moments, Vector, Vector, Vector, NDArray[np.int64]]: ...
def moments(
    X: Matrix,
    *,
    sample_weight: Vector | None = None,
    center: bool = True,
    n_threads: int = 1,
) -> Moments: ...
def predict(
    X: Compressed,
    coef: Vector,
    *,
    features: NDArray[np.int64] | None = None,
    n_threads: int = 1,
) -> Vector: ...
def columns(X: Compressed, features: NDArray[np.int64]) -> Vector: ...
def config() -> dict[str, Any]: ...
