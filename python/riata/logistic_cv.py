"""LogisticRegressionCV with scikit-learn's interface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np

from . import _class_folds, _metadata, _scorers, _selection, _splits
from . import _validation as check
from ._class_folds import ClassFolds
from ._classes import ClassFit, fit_classes, stopping_rule, warn_of_gap
from ._cv import mixing_ratios
from ._estimator import feature_names
from ._problem import Array, Problem
from .classification import LogisticRegression


class LogisticRegressionCV(LogisticRegression):
    """Logistic regression whose C is chosen by cross-validation, a drop-in for scikit-learn's.

    Parameters
    ----------
    Cs : int or array-like, default=10
        How many values of C between 1e-4 and 1e4, or the values; inf is no penalty.
    l1_ratios : array-like of floats in [0, 1], default=(0.0,)
    fit_intercept : bool, default=True
    cv : int, splitter or iterable, default=5
        How many stratified folds, any of scikit-learn's splitters, or pairs (train, test).
    penalty : {"l1", "l2", "elasticnet"}, optional
        Deprecated by scikit-learn: "l1" stands for ``l1_ratios=(1,)``, "l2" for ``l1_ratios=(0,)``.
    scoring : str or callable, optional
        By default the accuracy.
    tol, max_iter, class_weight
        As in `LogisticRegression`.
    refit : bool, default=True
        Fit all rows with the C chosen; otherwise average the coefficients of the folds, each at its own best C.
    dual, solver, n_jobs, verbose, intercept_scaling, random_state
        scikit-learn's, accepted and of no effect.
    use_legacy_attributes : bool, default=False
        Attributes have scikit-learn's new shapes; True is an error.
    select : {"min", "1se"} or callable, default="min"
        The best mean score; the smallest C within one standard error of it; or ``select(cv_results_) -> index``.
    penalty_weights, l2_weights, lower, upper, standardize, n_threads
        As in `LogisticRegression`.

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

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> y = X[:, 0] + rng.standard_normal(100) > 0
    >>> riata.LogisticRegressionCV(l1_ratios=(1.0,), scoring="neg_log_loss").fit(X, y).scores_.shape
    (5, 1, 10)
    """

    grouped = False  # no option here

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = (0.0,),
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: Any = "deprecated",
        scoring: Any = None,
        solver: str = "lbfgs",
        tol: float = 1e-4,
        max_iter: int = 100,
        class_weight: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: bool = False,
        select: Any = "min",
        penalty_weights: Any = None,
        l2_weights: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        n_threads: int | None = None,
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

    def fit(  # type: ignore[override]
        self, X: Any, y: Any, sample_weight: Any = None, **params: Any
    ) -> Self:
        """Cross-validate, choose C and fit all rows with it.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
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
        if self.use_legacy_attributes is True:
            raise ValueError(
                "use_legacy_attributes=True is not supported: attributes have the new shapes"
            )
        tol, max_iter = stopping_rule(self.tol, self.max_iter)
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
        runs = _class_folds.run(problem, splits, ratios, alphas, tol, max_iter)
        scores = self._scores(problem, splits, runs, routed, X)
        results = _results(scores, Cs[order], ratios)
        row, k = _selection.choose(
            select,
            -scores.mean(axis=0),
            _selection.standard_error(np.moveaxis(scores, 0, -1)),
            lambda: results,
        )
        dtype, p = problem.X.dtype, problem.X.shape[1]
        if refit:
            fit = self._final(problem, runs[row], ratios[row], float(alphas[k]), k, tol, max_iter)
            coef, intercepts = fit.coef, fit.intercepts
            chosen: tuple[float, float] = (float(Cs[order[k]]), ratios[row])
            self.certificate_ = fit.certificate
        else:
            coef, intercepts, chosen = _averaged(scores, runs, Cs[order], ratios, p)
            self.__dict__.pop("certificate_", None)
        self.C_, self.l1_ratio_ = chosen
        self.classes_ = problem.classes
        self.coef_ = coef.astype(dtype, copy=False)
        self.intercept_ = intercepts.astype(dtype, copy=False)
        self.Cs_, self.l1_ratios_ = Cs, np.array(ratios)
        back = np.argsort(order)
        self.scores_ = scores[:, :, back]
        self.n_iter_ = np.array(
            [[fold.paths[0].n_iter[back] for fold in fold_row] for fold_row in _by_fold(runs)]
        )
        self.cv_results_ = results
        self._runs, self._back = runs, back
        self._take_columns(p, names)
        if refit:
            warn_of_gap(self.certificate_, self.max_iter, "the penalty")
        return self

    @property
    def coefs_paths_(self) -> Array:
        """See the class."""
        parts: list[list[Array]] = []
        for fold_row in _by_fold(self._runs):
            parts.append([])
            for fold in fold_row:
                coef, intercepts = fold.dense(self.n_features_in_)
                if self.fit_intercept:
                    coef = np.concatenate([coef, intercepts[:, :, None]], axis=2)
                parts[-1].append(coef[self._back])
        return np.array(parts)

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
        if self.penalty not in ("deprecated", "elasticnet"):
            raise ValueError(
                f"penalty must be one of 'l1', 'l2', 'elasticnet'; got {self.penalty!r}"
            )
        return mixing_ratios((0.0,) if self.l1_ratios is None else self.l1_ratios)

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
        scorer = _scorers.with_labels(self._scorer(routed.is_weighted), problem.classes)
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
                    )
                    for run in runs
                ]
                for i, (_, test) in enumerate(splits)
            ]
        )

    def _scorer(self, weighted: bool = False) -> Any:
        if self.scoring is not None:
            return _scorers.find_scorer(self.scoring, weighted)
        return _metadata.asking_for_weights(_scorers.find_scorer("accuracy"))

    def get_metadata_routing(self) -> Any:
        """How metadata reach the splitter and the scorer, see scikit-learn's user guide on metadata routing."""
        from sklearn.model_selection import check_cv

        cv = check_cv(self.cv, classifier=True)
        return _metadata.router(self, cv, self._scorer(), ("fit", "score"))

    def score(self, X: Any, y: Any, sample_weight: Any = None, **score_params: Any) -> float:
        """The score by `scoring`, by default the accuracy.

        Parameters
        ----------
        X : array-like or sparse container of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            True labels.
        sample_weight : array-like of shape (n_samples,), optional
        **score_params : dict
            With scikit-learn's metadata routing enabled, whatever the scorer requests.

        Returns
        -------
        score : float
        """
        given = {"sample_weight": sample_weight, **score_params}
        routed = _metadata.route(self, "score", len(y), given)
        return float(self._scorer(routed.is_weighted)(self, X, y, **routed.score))

    def _final(
        self,
        problem: Problem,
        run: ClassFolds,
        ratio: float,
        alpha: float,
        k: int,
        tol: float,
        max_iter: int,
    ) -> ClassFit:
        """The model of all rows: on the path already, or fitted."""
        if run.whole is None or run.whole.reduced is not None:
            return fit_classes(replace(problem, l1_ratio=ratio), alpha, tol, max_iter)
        [path] = run.whole.paths
        return ClassFit(
            path.coefficients(k, problem.X.shape[1])[None],
            path.intercepts[k : k + 1],
            path.certificate(k, tol),
            int(path.n_iter[k]),
        )


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


def _results(scores: Array, Cs: Array, ratios: list[float]) -> dict[str, Any]:
    folds, rows, k = scores.shape
    flat = scores.reshape(folds, rows * k)
    mean = flat.mean(axis=0)
    results: dict[str, Any] = {
        "param_C": np.tile(Cs, rows),
        "param_l1_ratio": np.repeat(ratios, k),
        "params": [{"C": float(C), "l1_ratio": ratio} for ratio in ratios for C in Cs],
    }
    results |= {f"split{i}_test_score": flat[i] for i in range(folds)}
    return results | {
        "mean_test_score": mean,
        "std_test_score": flat.std(axis=0),
        "rank_test_score": _selection.ranks(mean),
    }
