"""Penalties as prior beliefs about coefficients, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _fit
from . import _validation as check
from ._problem import Array, Problem
from .diagnostics import _MODELS, _own_model, _problem_of, _supported_name


@dataclass(frozen=True, slots=True)
class Prior:
    """Independent coefficients of density proportional to exp(-w^2 / (2 tau^2) - |w| / b), and the noise they are seen through.

    Parameters
    ----------
    tau : float, default=inf
        Standard deviation of the Gaussian factor; inf where there is none (no L2 penalty).
    b : float, default=inf
        Scale of the Laplace factor, whose standard deviation is sqrt(2) b; inf where there is none (no L1 penalty).
    sigma : float, default=1.0
        Standard deviation of the noise of y; 1 for labels and counts, which have no such parameter.
    standardized : bool, default=False
        Whether the coefficients are those of columns of unit standard deviation.

    See Also
    --------
    prior : That of a model.

    References
    ----------
    - A. E. Hoerl and R. W. Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 12 (1970), 55-67.
    - R. Tibshirani, "Regression shrinkage and selection via the lasso", Journal of the Royal Statistical Society B 58 (1996), 267-288,
      section 5.

    Examples
    --------
    >>> import riata
    >>> believed = riata.Prior(b=0.25, sigma=2.0)
    >>> believed.penalty(n_samples=100), believed.draw(3, random_state=0).shape
    ({'alpha': 0.16, 'l1_ratio': 1.0}, (3,))
    """

    tau: float = math.inf
    b: float = math.inf
    sigma: float = 1.0
    standardized: bool = False

    def __post_init__(self) -> None:
        for name in ("tau", "b"):
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(
                    f"{name} must be positive, or inf for no such factor; got {value!r}"
                )
        check.positive(self.sigma, "sigma")

    def penalty(self, n_samples: float) -> dict[str, float]:
        """The penalty whose solution is the mode of the posterior, on riata's scale.

        Parameters
        ----------
        n_samples : float
            Number of samples, or the sum of their weights.

        Returns
        -------
        penalty : dict
            ``alpha`` and ``l1_ratio``, as `riata.path` and `ElasticNet` take them; l1_ratio is 0 where alpha is.

        Examples
        --------
        >>> import riata
        >>> riata.Prior(tau=0.5, sigma=2.0).penalty(n_samples=100)
        {'alpha': 0.16, 'l1_ratio': 0.0}
        """
        n = check.positive(n_samples, "n_samples")
        l1 = self.sigma**2 / (n * self.b)
        l2 = self.sigma**2 / (n * self.tau**2)
        alpha = l1 + l2
        return {"alpha": alpha, "l1_ratio": l1 / alpha if alpha > 0 else 0.0}

    def draw(self, size: Any, random_state: Any = None) -> Array:
        """Coefficients at random from a prior of one factor, a Gaussian or a Laplace distribution.

        Parameters
        ----------
        size : int or tuple of int
            Shape of what is drawn.
        random_state : int or numpy.random.Generator, optional
            Of the draw.

        Returns
        -------
        coef : ndarray of shape size

        Raises
        ------
        ValueError
            If it has both factors, or none.
        """
        generator = np.random.default_rng(random_state)
        if math.isinf(self.tau) == math.isinf(self.b):
            raise ValueError(
                f"only a prior of one factor can be drawn from; got tau={self.tau:g}, b={self.b:g}"
            )
        if math.isinf(self.b):
            return generator.normal(0.0, self.tau, size)
        return generator.laplace(0.0, self.b, size)


def prior(
    model: Any,
    sigma: float | None = None,
    *,
    X: Any = None,
    y: Any = None,
    n_samples: float | None = None,
    sample_weight: Any = None,
) -> Prior:
    """What somebody believes about the coefficients for whom this model is the likeliest one.

    With noise of variance sigma^2 the objective times n / sigma^2 is minus the log posterior, up to a constant: the L2 part is a
    Gaussian of variance sigma^2 / (n alpha (1 - l1_ratio)), the L1 part a Laplace distribution of scale sigma^2 / (n alpha l1_ratio).

    Parameters
    ----------
    model : estimator
        riata's or scikit-learn's Lasso, ElasticNet, Ridge, LogisticRegression or PoissonRegressor, or riata's CV classes.
    sigma : float, optional
        Standard deviation of the noise; by default estimated from the residuals of X and y. Labels and counts have none.
    X : array-like or sparse container of shape (n_samples, n_features), optional
        What the model was fitted to: for sigma, and for the number of samples.
    y : array-like of shape (n_samples,), optional
        As X.
    n_samples : float, optional
        In the place of X and y where sigma is given.
    sample_weight : array-like of shape (n_samples,) or float, optional
        As in the fit.

    Returns
    -------
    prior : Prior
        ``prior.penalty(n_samples)`` goes back.

    Raises
    ------
    ValueError, TypeError
        For bad input, or where neither the data nor n_samples and sigma are given.

    See Also
    --------
    Prior : What is returned.
    convert_penalty : Penalties between riata's, scikit-learn's and glmnet's scales.

    Notes
    -----
    The estimate of sigma^2 is the sum of squared residuals over n less the degrees of freedom, the trace of the hat matrix of the
    features in use. The model is the posterior's *mode*. Of the Gaussian prior that is its mean, too, and predicts best: alpha =
    sigma^2 / (n tau^2) is the best penalty if the coefficients were drawn so. Of the Laplace prior it is not: the mean is not
    sparse, and the penalty that predicts best is another one (docs/which-regulariser.md has both measured).

    References
    ----------
    - R. Tibshirani, "Regression shrinkage and selection via the lasso", Journal of the Royal Statistical Society B 58 (1996), 267-288,
      section 5.

    Examples
    --------
    >>> import riata
    >>> riata.prior(riata.Ridge(alpha=16.0), sigma=2.0).tau
    0.5
    """
    name = _supported_name(model)
    if name.startswith("MultiTask"):
        raise TypeError(f"model must have one target; got a {type(model).__name__}")
    problem, l1, l2 = _penalties(model, name, X, y, n_samples, sample_weight)
    if name not in _MODELS:
        sigma = 1.0 if sigma is None else check.positive(sigma, "sigma")
    elif sigma is None:
        if problem is None:
            raise ValueError("sigma must be given, or X and y to estimate it from")
        sigma = _noise(model, problem, l2)
    else:
        sigma = check.positive(sigma, "sigma")
    return Prior(
        tau=sigma / math.sqrt(l2) if l2 > 0 else math.inf,
        b=sigma**2 / l1 if l1 > 0 else math.inf,
        sigma=sigma,
        standardized=bool(getattr(model, "standardize", False)),
    )


def _penalties(
    model: Any, name: str, X: Any, y: Any, n_samples: float | None, sample_weight: Any
) -> tuple[Problem | None, float, float]:
    """The problem where there are data, and n alpha l1_ratio and n alpha (1 - l1_ratio)."""
    own: Any = _own_model(model, name) if name not in _MODELS else None
    problem: Problem | None = None
    if X is not None:
        if own is not None:
            problem = own._problem(X, y, sample_weight)
        else:
            problem, alphas = _problem_of(model, name, X, y, sample_weight, None)
            if len(alphas) != 1:
                raise TypeError(f"model must have one target; got {len(alphas)}")
    parameters = own if own is not None else model
    if name == "PoissonRegressor":
        alpha, ratio = own.alpha, own.l1_ratio
    elif own is not None:
        unit = own.alpha is None  # 1 / C is of sums
        alpha, ratio = (1 / own.C if unit else own.alpha), own.l1_ratio
        if unit:
            return problem, alpha * ratio, alpha * (1 - ratio)
    else:
        alpha, ratio = (
            getattr(parameters, source) if isinstance(source, str) else source
            for source in _MODELS[name]
        )
        if np.ndim(alpha):
            raise TypeError(f"model must have one alpha; got {alpha!r}")
        if name.startswith("Ridge"):
            return problem, 0.0, float(alpha)
    n = problem.total_weight if problem is not None else n_samples
    if n is None:
        raise ValueError(
            f"n_samples must be given, or X and y: the alpha of a {name} is one of means"
        )
    n = check.positive(n, "n_samples")
    return problem, n * float(alpha) * float(ratio), n * float(alpha) * (1 - float(ratio))


def _noise(model: Any, problem: Problem, l2: float) -> float:
    """sqrt(RSS / (n - df)) with df = 1 + tr(A (A'SA + n alpha_2 V)^-1 A'S) of the columns A in use, of squares."""
    coef = np.asarray(model.coef_, dtype=np.float64).ravel()
    if coef.shape[0] != problem.X.shape[1]:
        raise ValueError(f"X has {problem.X.shape[1]} columns, but model is for {coef.shape[0]}")
    s = np.ones(len(problem.y)) if problem.sample_weight is None else problem.sample_weight
    r = problem.y - _fit.predict(problem.X, coef) - float(np.ravel(model.intercept_)[0])
    used = np.flatnonzero(coef)
    A = _fit.columns(problem.X, used)
    if problem.fit_intercept:
        A = A - np.average(A, axis=0, weights=s)
    v = np.ones(len(used)) if problem.l2_weights is None else problem.l2_weights[used]
    A = A * np.sqrt(s)[:, None]
    if problem.standardize:
        v = v * (A**2).sum(axis=0) / s.sum()
    df = float(problem.fit_intercept)
    if len(used):
        size = np.linalg.svd(A / np.sqrt(np.where(v > 0, v, 1.0)), compute_uv=False)
        size = size[size > 1e-12 * size[0]]
        df += float((size**2 / (size**2 + l2)).sum())
    left = float(s.sum()) - df
    if left < 1:
        raise ValueError(
            f"sigma must be given: with {df:.4g} degrees of freedom the model leaves nothing of {s.sum():g} samples to estimate it from"
        )
    return math.sqrt(float(s @ r**2) / left)
