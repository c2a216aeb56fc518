"""LogisticRegression with scikit-learn's interface, and its path."""

from __future__ import annotations

import math
import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from . import _validation as check
from ._callbacks import Observed
from ._classes import earlier_fit, fit_classes, stopping_rule, warn_of_gap
from ._classifier import LinearClassifier, class_weights, encode
from ._estimator import feature_names
from ._parameters import (
    BOUNDS,
    DEPRECATED,
    NONNEGATIVE,
    POSITIVE,
    PROBLEM,
    SHARE,
    Constraints,
    validate,
)
from ._problem import Array, Problem, check_problem
from ._separation import warn_of_separation
from .exceptions import sklearn_version, warn_deprecated

# What LogisticRegression and LogisticRegressionCV share.
LABELS: Constraints = {
    **PROBLEM,
    **BOUNDS,
    "dual": ["boolean"],
    "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
    "solver": [StrOptions({"lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"})],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "verbose": ["verbose"],
    "n_jobs": [None, Integral],
    "multi_class": [StrOptions({"auto", "ovr", "multinomial"}), DEPRECATED],
}


class LogisticRegression(Observed, LinearClassifier):
    """Logistic regression with L1, L2 or elastic-net penalty, a drop-in for scikit-learn's that comes with proof.

    Minimises, with S the sum of the sample weights s (times class weights) and alpha = 1 / (C S)::

        (1/S) sum_i s_i loss(y_i, x_i'w + b) + alpha * [l1_ratio * sum_j u_j |w_j| + (1 - l1_ratio)/2 * sum_j v_j w_j^2]

    with lower <= w <= upper; with `grouped` and more than two classes ``|w_j|`` is the length of a feature's row of coefficients. The loss
    is log(1 + exp(-y eta)) for two classes, and the softmax log loss in its symmetric form, with
    coefficients for every class, for more.

    Parameters
    ----------
    penalty : {"l1", "l2", "elasticnet", None}, optional
        Deprecated by scikit-learn: "l1" stands for ``l1_ratio=1``, "l2" for ``l1_ratio=0``, None for ``C=inf``.
    C : float, default=1.0
        Inverse penalty, > 0; inf for none.
    l1_ratio : float in [0, 1], default=0.0
        0 is the L2 penalty, 1 the L1 penalty.
    dual : bool, default=False
        Of no effect: the solver chooses its method itself.
    intercept_scaling : float, default=1
        Of no effect: the intercept is never penalised.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    solver : str, default="lbfgs"
        Of no effect: the solver chooses its method itself. Only that "liblinear", one model per class, is refused for more than two
        classes.
    verbose : bool or int, default=0
        Of no effect.
    n_jobs : int, optional
        Of no effect; see `n_threads`.
    tol : float, default=1e-4
        The fit has converged when its relative duality gap is at most `tol` (between 1e-12 and 1e-3): what `certificate_` is judged
        by. With the L2 penalty alone the solver stops where the largest gradient, which scikit-learn bounds by it, is at most `tol`, too;
        otherwise, and on up to 50,000 entries of X, it goes on to a gap of tol^2 or less, since that costs next to nothing.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    class_weight : dict or "balanced", optional
        Weights of the classes, which multiply the sample weights.
    max_iter : int, default=100
        A thousand times as many linear systems are solved at most; 0 leaves coefficients and intercept at zero.
    warm_start : bool, default=False
        Begin at the coefficients of the last fit, which saves time if the answer is near; they are ignored if they belong to another
        number of features or classes. The answer is certified all the same.
    alpha : float, optional
        The penalty on riata's scale, in the place of C.
    penalty_weights, l2_weights : float or array-like of shape (n_features,), optional
        u and v above: 0 leaves a feature unpenalised, inf leaves it out. v is u unless given; u is 1 unless given.
    lower, upper : float or array-like of shape (n_features,), optional
        Bounds of the coefficients.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted) standard deviation; reported on the original scale.
    grouped : bool, default=False
        For more than two classes: penalise the length of a feature's row of coefficients in the place of each coefficient's size, so
        that a feature matters to all classes or to none. Not with bounds.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.
    multi_class : {"auto", "multinomial", "ovr"}, optional
        What scikit-learn took until 1.7: more than two classes are softmax in any case; "ovr" is refused for them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
    intercept_ : ndarray of shape (1,) or (n_classes,)
    n_iter_ : ndarray of shape (1,)
        Linear systems solved.
    certificate_ : Certificate
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Only if X had string column names.

    See Also
    --------
    LogisticRegressionCV : Its C chosen by cross-validation.
    logistic_path : Coefficients along a grid of C.
    path : All models along a grid of penalties.

    References
    ----------
    - J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
      Statistical Software 33 (2010), 1-22.

    Examples
    --------
    >>> import riata
    >>> model = riata.LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]]).tolist()
    ['no', 'yes']
    """

    _parameter_constraints: ClassVar[Constraints] = {
        **LABELS,
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None, DEPRECATED],
        "C": [POSITIVE],
        "l1_ratio": [SHARE, None],
        "warm_start": ["boolean"],
        "alpha": [NONNEGATIVE, None],
        "grouped": ["boolean"],
    }

    def __init__(
        self,
        penalty: Any = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        alpha: float | None = None,
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        grouped: bool = False,
        n_threads: int | None = None,
        multi_class: Any = "deprecated",
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.alpha = alpha
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.grouped = grouped
        self.n_threads = n_threads
        self.multi_class = multi_class

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, offset: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Never modified.
        y : array-like of shape (n_samples,)
            Labels: whole numbers, booleans or strings.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Weight 2 is a row given twice, weight 0 a row left out.
        offset : array-like of shape (n_samples,), optional
            Known part of the log odds (two classes only); predictions do not add it.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For bad input; the estimator stays as it was.

        Warns
        -----
        ConvergenceWarning
            If the duality gap stayed above the tolerance; it quotes the gap.
        """
        validate(self)
        self._advise()
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._observed(lambda: self._fit(X, y, sample_weight, offset), X, y, weights)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> None:
        goal, max_iter = stopping_rule(self.tol, self.max_iter)
        problem = self._problem(X, y, sample_weight, offset)
        names = feature_names(X)
        start = earlier_fit(self, problem)
        alpha = self._penalty(problem)
        fit = fit_classes(problem, alpha, goal, max_iter, start).in_dtype(problem)
        assert problem.classes is not None
        self.classes_ = problem.classes
        self.coef_ = fit.coef
        self.intercept_ = fit.intercepts
        self.n_iter_ = np.array([fit.n_iter], dtype=np.int32)
        self.certificate_ = fit.certificate
        self._take_columns(problem.X.shape[1], names)
        warn_of_gap(fit.certificate, self.max_iter, "the penalty", stacklevel=6)
        if fit.certificate.alpha == 0:
            warn_of_separation(problem, fit.coef, fit.intercepts, stacklevel=5)

    def _problem(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Problem:
        """The data and this estimator's penalty, checked; sample weights times class weights."""
        X = check.design_matrix(X)
        n = X.shape[0]
        classes, codes = encode(y, n)
        if sample_weight is not None:
            sample_weight = check.sample_weights(sample_weight, n)
        if check.flag(self.grouped, "grouped") and len(classes) == 2:
            raise ValueError("grouped=True is for more than two classes; y has 2")
        if self.multi_class != "deprecated":
            _warn_of_multi_class(self.multi_class, stacklevel=5)
        if len(classes) > 2:
            _require_softmax(self.solver, self.multi_class)
        if offset is not None and len(classes) > 2:
            raise ValueError(f"offset is for two classes; y has {len(classes)}")
        return check_problem(
            X,
            y,
            sample_weight=class_weights(self.class_weight, classes, codes, sample_weight),
            offset=offset,
            penalty_weights=self.penalty_weights,
            l2_weights=self.l2_weights,
            lower=self.lower,
            upper=self.upper,
            l1_ratio=self._mixing(),
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            n_threads=self.n_threads,
            family="binomial" if len(classes) == 2 else "multinomial",
            grouped=self.grouped,
            one_class=True,
        )

    def _mixing(self) -> Any:
        if self.penalty in ("l1", "l2"):
            return 1.0 if self.penalty == "l1" else 0.0
        if self.penalty == "elasticnet" and self.l1_ratio is None:
            raise ValueError("l1_ratio must be specified when penalty is 'elasticnet'; got None")
        return 0.0 if self.l1_ratio is None else self.l1_ratio

    def _advise(self) -> None:
        """Warn of parameters that scikit-learn is about to drop, or that are not looked at."""
        if self.n_jobs is not None:
            warn_deprecated(
                f"'n_jobs' has no effect, threads are n_threads; got n_jobs={self.n_jobs}",
                since=(1, 8),
                stacklevel=3,
            )
        if self.penalty == "deprecated":
            if self.l1_ratio is None:
                warn_deprecated(
                    "'l1_ratio=None' was deprecated in scikit-learn 1.8: pass a number in [0, 1]",
                    since=(1, 8),
                    stacklevel=3,
                )
            return
        warn_deprecated(
            PENALTY_IS_DEPRECATED.format("l1_ratio", "C=inf"), since=(1, 8), stacklevel=3
        )
        if self.penalty is None:
            if self.C != 1.0:
                _warn(f"Setting penalty=None will ignore the C and l1_ratio parameters; C={self.C}")
        elif self.penalty != "elasticnet" and self.l1_ratio != float(self.penalty == "l1"):
            if self.l1_ratio not in (None, 0.0, 1.0):
                _warn(
                    f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={self.penalty})"
                )
            if sklearn_version() >= (1, 8):  # before, l1_ratio was for "elasticnet" alone
                _warn(
                    f"Inconsistent values: penalty={self.penalty} with l1_ratio={self.l1_ratio}: pass l1_ratio only"
                )

    def _penalty(self, problem: Problem) -> float:
        """alpha on riata's scale."""
        if self.alpha is not None:
            if self.C != 1.0:
                raise ValueError(
                    f"C and alpha exclude each other; got C={self.C!r} and alpha={self.alpha!r}"
                )
            return check.nonnegative(self.alpha, "alpha")
        C = check.positive(self.C, "C")
        return 0.0 if math.isinf(C) or self.penalty is None else 1 / (C * problem.total_weight)

    def _penalties(self, problem: Problem) -> list[float]:
        return [self._penalty(problem)]


PENALTY_IS_DEPRECATED = (
    "'penalty' was deprecated in scikit-learn 1.8: leave it out; {0}=1 stands for 'l1', {0}=0 for 'l2', numbers between for "
    "'elasticnet', {1} for no penalty"
)


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)


def _warn_of_multi_class(multi_class: str, stacklevel: int) -> None:
    warn_deprecated(
        f"'multi_class' was deprecated in scikit-learn 1.5: leave it out; got {multi_class!r}",
        since=(1, 5),
        stacklevel=stacklevel + 1,
    )


def _require_softmax(solver: str, multi_class: str) -> None:
    """Refuse what stands for one model per class, where riata has one of all classes."""
    ovr = "sklearn.multiclass.OneVsRestClassifier(LogisticRegression())"
    if solver == "liblinear":
        raise ValueError(
            "The 'liblinear' solver does not support multiclass classification: it stands for one model per class, "
            f"which is {ovr}; leave out solver for the softmax"
        )
    if multi_class == "ovr":
        raise ValueError(f"multi_class='ovr' is for two classes: take {ovr}")


def logistic_path(
    X: Any, y: Any, *, Cs: Any = 10, l1_ratio: float = 1.0, **options: Any
) -> tuple[Array, Array, Array, Array]:
    """Coefficients of logistic regression for two classes along a grid of C.

    Parameters
    ----------
    X : array-like or sparse container of shape (n_samples, n_features)
        Rows of features. Never modified.
    y : array-like of shape (n_samples,)
        Labels of two classes.
    Cs : int or array-like, default=10
        How many, or the values of C = 1 / (alpha S), with S the sum of the sample weights.
    l1_ratio : float in [0, 1], default=1.0
        1 is the lasso, 0 is ridge.
    **options
        As `riata.path`, but that the whole grid is solved unless `early_stop` is given.

    Returns
    -------
    Cs : ndarray of shape (k,)
        Ascending.
    coefs : ndarray of shape (n_features, k)
    intercepts : ndarray of shape (k,)
    dual_gaps : ndarray of shape (k,)
        Relative duality gaps.

    See Also
    --------
    path : All models along a grid of penalties.
    LogisticRegression : One model of labels.

    References
    ----------
    - J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
      Statistical Software 33 (2010), 1-22.

    Examples
    --------
    >>> import riata
    >>> Cs, coefs, intercepts, gaps = riata.logistic_path([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1], Cs=[0.1, 1.0])
    >>> coefs.shape, bool(gaps.max() <= 1e-6)
    ((1, 2), True)
    """
    from ._path import path

    options.setdefault("early_stop", False)
    weights = options.get("sample_weight")
    total = float(check.design_matrix(X).shape[0] if weights is None else np.sum(weights))
    alphas = Cs
    if np.ndim(Cs) > 0:
        alphas = 1 / (np.asarray(Cs, dtype=np.float64) * total)
    fit = path(X, y, family="binomial", alphas=alphas, l1_ratio=l1_ratio, **options)
    with np.errstate(divide="ignore"):
        found = 1 / (fit.alphas * total)
    return found, fit.coefs.toarray(), fit.intercepts, fit.dual_gaps
