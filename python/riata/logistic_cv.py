"""LogisticRegressionCV with scikit-learn's interface."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from . import _class_curves, _class_folds, _legacy_shapes, _metadata, _scorers, _selection, _splits
from . import _validation as check
from ._class_folds import ClassFolds
from ._classes import ClassFit, Goal, fit_classes, stopping_rule, warn_of_gap
from ._cv import mixing_ratios
from ._estimator import feature_names
from ._parameters import COUNT, DEPRECATED, FOLDS, UNSET, Constraints, validate
from ._problem import Array, Problem
from ._selection import FoldLosses
from .classification import LABELS, PENALTY_IS_DEPRECATED, LogisticRegression
from .exceptions import sklearn_version, warn_deprecated


class LogisticRegressionCV(LogisticRegression):
    """Logistic regression whose C is chosen by cross-validation, a drop-in for scikit-learn's.

    Parameters
    ----------
    Cs : int or array-like, default=10
        How many values of C between 1e-4 and 1e4, or the values; inf is no penalty.
    l1_ratios : array-like of floats in [0, 1], optional
        By default (0.0,), the L2 penalty, and, as in scikit-learn until 1.9, legacy attributes without a dimension for it.
    fit_intercept : bool, default=True
        The intercept b is never penalised.
    cv : int, splitter or iterable, default=5
        How many stratified folds, any of scikit-learn's splitters, or pairs (train, test).
    penalty : {"l1", "l2", "elasticnet"}, optional
        Deprecated by scikit-learn: "l1" stands for ``l1_ratios=(1,)``, "l2" for ``l1_ratios=(0,)``.
    scoring : str or callable, optional
        By default the accuracy, and from scikit-learn 1.11 on "neg_log_loss".
    tol : float, default=0.0001
        scikit-learn bounds the gradient by it. Here the relative duality gaps of the folds end below tol^2 (between 1e-12 and 1e-6), and
        the model of all rows is what `LogisticRegression` takes it for.
    max_iter : int, default=100
        A thousand times as many linear systems are solved at most.
    class_weight : dict or "balanced", optional
        Weights of the classes, which multiply the sample weights.
    refit : bool, default=True
        Fit all rows with the C chosen; otherwise average the coefficients of the folds, each at its own best C.
    dual : bool, default=False
        Of no effect: the solver chooses its method itself.
    solver : str, default="lbfgs"
        Of no effect: the solver chooses its method itself.
    n_jobs : int, optional
        Of no effect; see `n_threads`.
    verbose : bool or int, default=0
        Of no effect.
    intercept_scaling : float, default=1.0
        Of no effect: the intercept is never penalised.
    random_state : int or RandomState, optional
        Of no effect: no randomness is used.
    use_legacy_attributes : bool, optional
        True for the shapes that attributes had until scikit-learn 1.9, see there: `scores_` and `coefs_paths_` by class, `C_` and
        `l1_ratio_` for each. False for those below. The default is scikit-learn's: True, and from 1.10 on False.
    select : {"min", "half_se", "1se"} or callable, default="min"
        The best mean score; the smallest C within one standard error of it; half_se as in `riata.cv_path`; or
        ``select(cv_results_) -> index``.
    penalty_weights : float or array-like of shape (n_features,), optional
        Weights u of the L1 part: 0 leaves a feature unpenalised, inf leaves it out. 1 unless given.
    l2_weights : float or array-like of shape (n_features,), optional
        Weights v of the L2 part; u unless given.
    lower : float or array-like of shape (n_features,), optional
        Lower bounds of the coefficients on the original scale.
    upper : float or array-like of shape (n_features,), optional
        Upper bounds of the coefficients on the original scale.
    standardize : bool, default=False
        Penalise coefficients of columns scaled to unit (weighted, 1/S) standard deviation, in the folds that of each training set;
        reported on the original scale.
    n_threads : int, optional
        By default RIATA_NUM_THREADS, else OMP_NUM_THREADS, else the cores available to the process.
    multi_class : {"auto", "multinomial", "ovr"}, default="deprecated"
        What scikit-learn took until 1.7: more than two classes are softmax in any case; "ovr" is refused for them.

    Attributes
    ----------
    C_, l1_ratio_ : float
        What was chosen.
    Cs_ : ndarray of shape (n_cs,)
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_classes, n_features + 1)
        Coefficients of the folds, the intercept last (if there is one); n_classes is 1 for two. Made when asked for.
    n_iter_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Linear systems solved.
    cv_results_ : dict
        As of GridSearchCV.
    classes_, coef_, intercept_, certificate_, n_features_in_, feature_names_in_
        As in `LogisticRegression`. There is no certificate without `refit`.

    See Also
    --------
    LogisticRegression : One model of labels.
    cv_path : Cross-validation of any family, with everything that is asked for.

    References
    ----------
    - J. Friedman, T. Hastie and R. Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
      Statistical Software 33 (2010), 1-22.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> y = X[:, 0] + rng.standard_normal(100) > 0
    >>> model = riata.LogisticRegressionCV(
    ...     l1_ratios=(1.0,), scoring="neg_log_loss", use_legacy_attributes=False
    ... ).fit(X, y)
    >>> model.scores_.shape
    (5, 1, 10)
    """

    grouped = False  # no option here
    __metadata_request__score: ClassVar = {"sample_weight": UNUSED}  # the scorer's business
    _parameter_constraints: ClassVar[Constraints] = {
        **LABELS,
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), DEPRECATED],
        "Cs": [COUNT, "array-like"],
        "l1_ratios": ["array-like", None, UNSET],
        "cv": FOLDS["cv"],
        "scoring": FOLDS["scoring"],
        "select": FOLDS["select"],
        "refit": ["boolean"],
        "use_legacy_attributes": ["boolean", UNSET],
    }

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = "warn",
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: Any = "deprecated",
        scoring: Any = "warn",
        solver: str = "lbfgs",
        tol: float = 1e-4,
        max_iter: int = 100,
        class_weight: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: Any = "warn",
        select: Any = "min",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
        multi_class: Any = "deprecated",
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes
        self.select = select
        self.penalty_weights = penalty_weights
        self.l2_weights = l2_weights
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.n_threads = n_threads
        self.multi_class = multi_class

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Cross-validate, choose C and fit all rows with it.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        y : array-like of shape (n_samples,)
            Labels: whole numbers, booleans or strings.
        sample_weight : array-like of shape (n_samples,) or float, optional
            In the fits and in the scores.
        **params : dict
            ``groups`` for the splitter. With scikit-learn's metadata routing enabled, whatever the splitter and the scorer request.

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
            If the duality gap of the final fit stayed above the tolerance; it quotes the gap.
        """
        validate(self)
        self._advise()
        goal, max_iter = stopping_rule(self.tol, self.max_iter)
        select = _selection.check_select(self.select)
        refit = check.flag(self.refit, "refit")
        Cs, ratios = self._grid(), self._ratios()
        problem = self._problem(X, y, sample_weight)
        names = feature_names(X)
        given = {"sample_weight": sample_weight, **params}
        routed = _metadata.route(self, "fit", len(problem.y), given)
        splits = _splits.make_splits(
            self.cv,
            X,
            y,
            len(problem.y),
            problem.sample_weight,
            stratify=problem.y,
            params=routed.split,
        )
        order = np.argsort(Cs, kind="stable")  # penalties fall
        with np.errstate(divide="ignore"):
            alphas = 1 / (Cs[order] * problem.total_weight)
        runs = _class_folds.run(problem, splits, ratios, alphas, goal.aim, max_iter)
        scores = self._scores(problem, splits, runs, routed, X)
        overlap = _splits.overlap_of(splits, len(problem.y), problem.sample_weight)
        losses = FoldLosses(-np.moveaxis(scores, 0, -1), overlap)
        results = _results(losses, Cs[order], ratios)
        row, k = _selection.choose(select, losses, lambda: results)
        p = problem.X.shape[1]
        if refit:
            fit = self._final(problem, runs[row], ratios[row], float(alphas[k]), k, goal, max_iter)
            coef, intercepts = fit.coef, fit.intercepts
            chosen: tuple[float, float] = (float(Cs[order[k]]), ratios[row])
            self.certificate_ = fit.certificate
        else:
            coef, intercepts, chosen = _averaged(scores, runs, Cs[order], ratios, p)
            coef, intercepts = (part.astype(problem.X.dtype) for part in (coef, intercepts))
            self.__dict__.pop("certificate_", None)
        assert problem.classes is not None
        self.classes_ = problem.classes
        self.coef_ = coef
        self.intercept_ = intercepts
        self.Cs_, self.l1_ratios_ = Cs, np.array(ratios)
        back = np.argsort(order)
        counts = [[fold.paths[0].n_iter[back] for fold in fold_row] for fold_row in _by_fold(runs)]
        self.cv_results_ = results
        self.__dict__.pop("_packed", None)  # of an earlier fit
        self._runs, self._back = runs, back
        self._take_columns(p, names)
        self._take_tables(chosen, scores[:, :, back], np.array(counts))
        if refit:
            warn_of_gap(self.certificate_, self.max_iter, "the penalty")
        return self

    def _take_tables(self, chosen: tuple[float, float], scores: Array, counts: Array) -> None:
        """What was chosen and what it was chosen from, in the new shapes or the old ones."""
        self._shape = (self._is_legacy(), self._ratios_unset())
        legacy, flat = self._shape
        self.C_: Any = chosen[0]
        self.l1_ratio_: Any = chosen[1]
        self.scores_: Any = scores
        self.n_iter_ = counts
        if legacy:
            self.C_ = _legacy_shapes.repeated(chosen[0], self.classes_)
            self.l1_ratio_ = _legacy_shapes.repeated(chosen[1], self.classes_)
            self.scores_ = _legacy_shapes.by_class(scores, self.classes_, flat)
            self.n_iter_ = _legacy_shapes.counts(counts, flat)

    @property
    def coefs_paths_(self) -> Any:
        """See the class."""
        paths = self._paths()
        legacy, flat = vars(self).get("_shape", (False, False))
        return _legacy_shapes.by_class(paths, self.classes_, flat) if legacy else paths

    def _paths(self) -> Array:
        """Coefficients of all folds, in the new shape."""
        if "_packed" in vars(self):
            packed, shape = self._packed
            return np.reshape(packed if isinstance(packed, np.ndarray) else packed.toarray(), shape)
        parts: list[list[Array]] = []
        for fold_row in _by_fold(self._runs):
            parts.append([])
            for fold in fold_row:
                coef, intercepts = fold.dense(self.n_features_in_)
                if self.fit_intercept:
                    coef = np.concatenate([coef, intercepts[:, :, None]], axis=2)
                parts[-1].append(coef[self._back])
        return np.array(parts)

    def plot_cv(self, ax: Any = None) -> Any:
        """Mean scores against log C, a curve for every l1_ratio. See `riata.plotting.plot_curves`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ax : matplotlib.axes.Axes
            What was drawn on.
        """
        check_is_fitted(self)
        return _class_curves.plot(self, ax)

    def _fold_shares(self) -> Array | None:
        """Of the folds, those whose model at the C chosen has the feature."""
        return _class_curves.fold_shares(self)

    def __getstate__(self) -> dict[str, Any]:
        """The folds' models as the coefficients that `coefs_paths_` shows, sparse where that is smaller."""
        state = super().__getstate__()
        if "_runs" in state:
            paths = self._paths()
            flat = paths.reshape(-1, paths.shape[-1])
            for name in ("_runs", "_back"):
                del state[name]
            state["_packed"] = (_smaller(flat), paths.shape)
        return state

    def _grid(self) -> Array:
        if np.ndim(self.Cs) == 0:
            return np.logspace(-4, 4, check.integer(self.Cs, "Cs", 1))
        values = [check.positive(C, f"Cs[{i}]") for i, C in enumerate(self.Cs)]
        if not values:
            raise ValueError("Cs must hold at least one value; got an empty list")
        return np.array(values)

    def _ratios(self) -> list[float]:
        if self.penalty in ("l1", "l2"):
            return [1.0 if self.penalty == "l1" else 0.0]
        if not self._ratios_unset():
            return mixing_ratios(self.l1_ratios)
        if self.penalty == "elasticnet":
            raise ValueError("l1_ratios must be specified when penalty is 'elasticnet'")
        return [0.0]

    def _ratios_unset(self) -> bool:
        return self.l1_ratios is None or isinstance(self.l1_ratios, str)

    def _is_legacy(self) -> bool:
        if isinstance(self.use_legacy_attributes, str):
            return sklearn_version() < (1, 10)
        return bool(self.use_legacy_attributes)

    def _advise(self) -> None:
        """Warn of defaults that scikit-learn is changing, and of parameters that it is about to drop."""
        if self.penalty != "deprecated":
            warn_deprecated(
                PENALTY_IS_DEPRECATED.format("l1_ratios", "Cs=[inf]"), since=(1, 8), stacklevel=3
            )
            if self.penalty != "elasticnet" and not self._ratios_unset():
                warnings.warn(
                    f"l1_ratios parameter is only used when penalty is 'elasticnet'. Got (penalty={self.penalty})",
                    stacklevel=3,
                )
        advice = {
            "l1_ratios": (
                (1, 10),
                "The default value for l1_ratios will change from None to (0.0,) in scikit-learn 1.10: pass l1_ratios=(0.0,)",
            ),
            "scoring": (
                (1, 11),
                "The default value of the parameter 'scoring' will change from the accuracy to 'neg_log_loss' in scikit-learn 1.11: "
                "pass one of the two",
            ),
            "use_legacy_attributes": (
                (1, 10),
                "The default value of use_legacy_attributes will change from True to False in scikit-learn 1.10, which gives "
                "attributes simpler shapes: pass one of the two",
            ),
        }
        for name, (change, message) in advice.items():
            if isinstance(getattr(self, name), str) and getattr(self, name) == "warn":
                if sklearn_version() < change:
                    warn_deprecated(message, since=(1, change[1] - 2), stacklevel=3)
        if self.l1_ratios is None and self.penalty == "deprecated":
            warn_deprecated(
                "'l1_ratios=None' was deprecated in scikit-learn 1.8: pass numbers in [0, 1]",
                since=(1, 8),
                stacklevel=3,
            )

    def _mixing(self) -> Any:
        return self._ratios()[0]

    def _scores(
        self,
        problem: Problem,
        splits: list[_splits.Split],
        runs: list[ClassFolds],
        routed: _metadata.Routed,
        X: Any,
    ) -> Array:
        """(folds, l1_ratios, Cs)."""
        scorer = _scorers.with_labels(self._get_scorer(routed.is_weighted), problem.classes)
        return np.array(
            [
                [
                    _scorers.score_margins(
                        scorer,
                        run.margins[i],
                        _scorers.rows_for(scorer, X, test),
                        problem,
                        test,
                        _metadata.of_rows(routed.score, test, len(problem.y)),
                        run.folds[i].fitted(problem.X.shape[1]),
                    )
                    for run in runs
                ]
                for i, (_, test) in enumerate(splits)
            ]
        )

    def _get_scorer(self, weighted: bool = False) -> Any:
        if self.scoring not in (None, "warn"):
            return _scorers.find_scorer(self.scoring, weighted)
        is_new = self.scoring == "warn" and sklearn_version() >= (1, 11)
        name = "neg_log_loss" if is_new else "accuracy"
        return _metadata.asking_for_weights(_scorers.find_scorer(name))

    def get_metadata_routing(self) -> Any:
        """How metadata reach the splitter and the scorer, see scikit-learn's user guide on metadata routing."""
        from sklearn.model_selection import check_cv

        cv = check_cv(self.cv, classifier=True)
        return _metadata.router(self, cv, self._get_scorer(), ("fit", "score"))

    def score(self, X: Any, y: Any, sample_weight: Any = None, **score_params: Any) -> float:
        """The score by `scoring`, by default the accuracy.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
            Rows of features. Never modified.
        y : array-like of shape (n_samples,)
            True labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.
        **score_params : dict
            With scikit-learn's metadata routing enabled, whatever the scorer requests.

        Returns
        -------
        score : float
        """
        given = {"sample_weight": sample_weight, **score_params}
        routed = _metadata.route(self, "score", len(y), given)
        return float(self._get_scorer(routed.is_weighted)(self, X, y, **routed.score))

    def _final(
        self,
        problem: Problem,
        run: ClassFolds,
        ratio: float,
        alpha: float,
        k: int,
        goal: Goal,
        max_iter: int,
    ) -> ClassFit:
        """The model of all rows: on the path already, or fitted."""
        problem = replace(problem, l1_ratio=ratio)
        if run.whole is None or run.whole.reduced is not None:
            return fit_classes(problem, alpha, goal, max_iter).in_dtype(problem)
        [path] = run.whole.paths
        return ClassFit(
            path.coefficients(k, problem.X.shape[1])[None],
            path.intercepts[k : k + 1],
            path.certificate(k, goal.gap),
            int(path.n_iter[k]),
        ).in_dtype(problem)


def _smaller(flat: Array) -> Any:
    """The array, or a sparse one of the same entries: whichever takes less."""
    from scipy.sparse import csr_array

    packed = csr_array(flat)
    sparse_bytes = packed.data.nbytes + packed.indices.nbytes + packed.indptr.nbytes
    return packed if sparse_bytes < flat.nbytes else flat


def _by_fold(runs: list[ClassFolds]) -> list[list[_class_folds.Models]]:
    return [[run.folds[i] for run in runs] for i in range(len(runs[0].folds))]


def _averaged(
    scores: Array, runs: list[ClassFolds], Cs: Array, ratios: list[float], p: int
) -> tuple[Array, Array, tuple[float, float]]:
    """Means over the folds of coefficients, intercepts, C and l1_ratio, each fold at its best."""
    parts = []
    for i, fold in enumerate(scores):
        row, k = np.unravel_index(int(np.argmax(fold)), fold.shape)
        coef, intercepts = runs[row].folds[i].dense(p)
        parts.append((coef[k], intercepts[k], Cs[k], ratios[row]))
    coefs, intercepts, best_Cs, best_ratios = (np.mean(part, axis=0) for part in zip(*parts))
    return coefs, intercepts, (float(best_Cs), float(best_ratios))


def _results(losses: FoldLosses, Cs: Array, ratios: list[float]) -> dict[str, Any]:
    rows, k, folds = losses.values.shape
    flat = -losses.values.reshape(rows * k, folds)
    mean = flat.mean(axis=1)
    results: dict[str, Any] = {
        "param_C": np.tile(Cs, rows),
        "param_l1_ratio": np.repeat(ratios, k),
        "params": [{"C": float(C), "l1_ratio": ratio} for ratio in ratios for C in Cs],
    }
    results |= {f"split{i}_test_score": flat[:, i] for i in range(folds)}
    return results | {
        "mean_test_score": mean,
        "std_test_score": flat.std(axis=1),
        "std_error_test_score": losses.error.ravel(),
        "rank_test_score": _selection.ranks(mean),
    }
