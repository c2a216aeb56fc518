"""What cross-validation returns: scores along a grid, the models of all rows, and the one that was chosen."""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np

from . import _folds, _metadata, _scorers, _selection
from . import _validation as check
from ._class_result import make_result
from ._comparison import Comparison
from ._cv_views import CVViews
from ._fit import Certificate, PathArrays, TaskArrays
from ._folds import FoldPaths
from ._kept_path import GONE, KeptPath
from ._problem import Array, Problem
from ._result import PathResult
from ._rotated import RotatedPath, spread
from ._scorers import Fitted
from ._selection import FoldLosses, Place, Rule, Select
from ._splits import Split, overlap_of
from ._two_stage import kept_features, without_others

Which = Rule | int | tuple[int, int]


class CVResult(CVViews):
    """Scores along a grid, the models of all rows, and the one that was chosen.

    Parameters
    ----------
    problem, runs, splits, tol, select, names, predictions : internal
        What `cv_path`, which makes a result, has at hand.

    Attributes
    ----------
    alphas : ndarray of shape (k,) or (l, k)
        Penalties from large to small; a row for every l1_ratio where there are several.
    l1_ratios : ndarray of shape (l,)
    scores : ndarray of shape (k, folds) or (l, k, folds)
        Held-out scores: `loss`, or what `scoring` returns. NaN for penalties that the time did not suffice for.
    loss : ndarray, shaped like scores
        Held-out mean losses: squared error, log loss, or half the Poisson deviance.
    mean_score, std_error : ndarray of shape (k,) or (l, k)
        Mean over the folds and its standard error. Repeats of folds do not make it smaller: J folds that hold out each row r times
        count as J / r.
    alpha, l1_ratio, relax : float
        What was chosen; of one stage relax is 1.
    relaxes : ndarray of shape (l,)
        Beside `l1_ratios`: every l1_ratio with every share of the penalty that refits were to keep, a row each.
    penalty_weights : ndarray of shape (n_features,) or None
        Of two stages: weights that the model chosen solves its problem with, infinite for features that a refit leaves out.
    corrected_error : float
        The best mean score less its optimism, see there.
    alpha_min, alpha_half_se, alpha_1se : float
        Penalty with the best mean score, and those the sparser rules choose at the same l1_ratio, see `select` of `riata.cv_path`.
    coef, intercept, certificate
        The model chosen, fitted to all rows.
    path : PathResult
        All rows' path at the chosen l1_ratio. `paths` has those of all l1_ratios.
    fold_paths : list of list of PathResult
        For every l1_ratio the paths of the training sets.
    predictions : ndarray of shape (n_samples, k) or (l, n_samples, k), or None
        Out-of-fold predictions, averaged where a row is held out several times, NaN where never.
    cv_results_ : dict
        As of scikit-learn's GridSearchCV: a long array per key, l1_ratio by l1_ratio. Scores here are such that more is better.
    splits : list of (train, test)
    family, link, classes_, feature_names_in_, n_features_in_
        As in `PathResult`.

    See Also
    --------
    cv_path : Cross-validation of any family, with everything that is asked for.
    PathResult : Models along a grid of penalties.

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 20))
    >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
    >>> result = riata.cv_path(X, y, l1_ratio=[0.5, 1.0], alphas=50)
    >>> result.mean_score.shape, bool(result.alpha_min <= result.alpha_1se)
    ((2, 50), True)
    """

    def __init__(
        self,
        problem: Problem,
        runs: list[FoldPaths],
        splits: list[Split],
        tol: float,
        select: Select,
        names: Array | None,
        predictions: bool,
    ) -> None:
        n, p = problem.X.shape
        self.paths = [
            make_result(run.whole, p, tol, run.l1_ratio, names, problem.family, problem.classes)
            for run in runs
        ]
        for path, run in zip(self.paths, runs):
            path.relax = run.relax
        self._folds = [run.folds for run in runs]
        self._bases = [run.base for run in runs]
        self.l1_ratios = np.array([run.l1_ratio for run in runs])
        self.splits = splits
        self.select = select
        self._alphas = np.array([run.alphas for run in runs])
        self._overlap = overlap_of(splits, n, problem.sample_weight)
        self._base = np.array([_folds.losses(run) for run in runs])
        self._loss, self._sign = self._base, -1.0
        # None where they were not asked for; Any, so that who asked needs no cast.
        self.predictions: Array | Any = None
        if predictions:
            self.predictions = self._shaped(
                np.array([_out_of_fold(run, splits, n) for run in runs])
            )
        self._index = (0, 0)

    def _score(
        self,
        scorer: Any,
        problem: Problem,
        runs: list[FoldPaths],
        rows: Any,
        params: dict[str, Any],
    ) -> None:
        loss = np.full_like(self._base, np.nan)
        scorer = _scorers.with_labels(scorer, problem.classes)
        for i, (_, test) in enumerate(self.splits):
            X = _scorers.rows_for(scorer, rows, test)
            own = _metadata.of_rows(params, test, len(problem.y))
            shift = 0.0 if problem.offset is None else problem.offset[test]
            for row, run in enumerate(runs):
                reached = _folds.common_length(run)
                predictions = run.predictions[i]
                assert predictions is not None
                loss[row, :reached, i] = -_scorers.score_margins(
                    scorer,
                    predictions[:reached] + shift,
                    X,
                    problem,
                    test,
                    own,
                    _models(run.folds[i], problem),
                )
        self._loss, self._sign = loss, 1.0

    def choose(self, select: Select | None = None) -> None:
        """Choose anew, by another rule.

        Parameters
        ----------
        select : {"min", "half_se", "1se"} or callable, optional
            As in `cv_path`; the present rule by default.
        """
        rule = self.select if select is None else _selection.check_select(select)
        index = _selection.choose(rule, self._losses, lambda: self.cv_results_)
        self.select, self._index = rule, index

    def _shaped(self, values: Array) -> Array:
        return values[0] if len(self.l1_ratios) == 1 else values

    @functools.cached_property
    def fold_paths(self) -> list[list[PathResult]]:
        """See the class; put together when first asked for."""
        every = []
        for path, folds in zip(self.paths, self._folds):
            about = (path.n_features_in_, path.tol, path.l1_ratio, path.feature_names_in_)
            every.append(
                [make_result(spread(part), *about, path.family, path.classes_) for part in folds]
            )
            for fold in every[-1]:
                fold.relax = path.relax
        return every

    @property
    def _losses(self) -> FoldLosses:
        return FoldLosses(self._loss, self._overlap)

    @property
    def mean_loss(self) -> Array:
        """Mean of `loss` over the folds, or of what `scoring` returns with its sign changed, of shape (l, k): less is better."""
        return self._losses.mean

    @property
    def _error(self) -> Array:
        return self._losses.error

    @property
    def alphas(self) -> Array:
        """Penalties from large to small, of shape (k,), or (l, k) where there are several l1_ratios."""
        return self._shaped(self._alphas)

    @property
    def scores(self) -> Array:
        """Held-out scores of shape (k, folds) or (l, k, folds): `loss`, or what `scoring` returns."""
        return self._shaped(self._loss if self._sign < 0 else -self._loss)

    @property
    def loss(self) -> Array:
        """Held-out mean losses, shaped like `scores`: squared error, log loss, or half the Poisson deviance."""
        return self._shaped(self._base)

    @property
    def mean_score(self) -> Array:
        """Mean of `scores` over the folds, of shape (k,) or (l, k)."""
        return np.asarray(self.scores.mean(axis=-1))

    @property
    def std_error(self) -> Array:
        """Standard error of `mean_score`, of the same shape."""
        return self._shaped(self._error)

    @property
    def best_index(self) -> tuple[int, int]:
        """(l1_ratio, alpha) of what was chosen."""
        return self._index

    @property
    def alpha(self) -> float:
        """The penalty chosen."""
        return float(self._alphas[self._index])

    @property
    def l1_ratio(self) -> float:
        """The mixture chosen."""
        return float(self.l1_ratios[self._index[0]])

    @property
    def corrected_error(self) -> float:
        """The best mean score less its optimism, in the unit of `mean_score`.

        The least of many mean losses is too small an estimate of that model's loss, for it was picked by the same folds. What each fold's
        loss at that penalty exceeds its own least one by, on average, estimates by how much (Tibshirani and Tibshirani, 2009, *A bias
        correction for the minimum error rate in cross-validation*). Meant for some 5 to 10 folds of a dozen rows and more: fewer rows say
        little of where they are least, and the correction comes out too large.
        """
        losses = self._losses
        corrected = float(losses.mean[losses.least()]) + losses.optimism()
        return corrected if self._sign < 0 else -corrected

    def compare(self, i: Which, j: Which, other: CVResult | None = None) -> Comparison:
        """The losses of two models, fold by fold.

        Parameters
        ----------
        i, j : "min", "half_se", "1se", int or (int, int)
            What a rule chooses, a place in the arrays of `cv_results_`, or (l1_ratio, alpha) as in `best_index`.
        other : CVResult, optional
            The result that j is of, with the same folds; by default this one.

        Returns
        -------
        comparison : Comparison
            With `difference`, its corrected `std_error` and `t`; above 0 where j is better.

        Raises
        ------
        ValueError
            If there is no such model, or the other result has other folds or another scoring.

        Examples
        --------
        >>> import numpy as np, riata
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((100, 20))
        >>> y = X[:, 0] - 2 * X[:, 1] + rng.standard_normal(100)
        >>> result = riata.cv_path(X, y, l1_ratio=[0, 1])
        >>> ridge, lasso = result.best_indices
        >>> comparison = result.compare(ridge, lasso)
        >>> comparison.difference > 0, comparison.t > 2  # better on these folds, but that does not decide it
        (True, False)
        """
        other = self if other is None else other
        if not self._same_folds(other):
            raise ValueError("only results of the same folds and scoring can be compared")
        a, b = self._loss[self._place(i, "i")], other._loss[other._place(j, "j")]
        lost, error = _selection.difference(a, b, self._overlap.share)
        return Comparison(float(lost), float(error), len(a))

    def _same_folds(self, other: CVResult) -> bool:
        tests = [[test for _, test in vars(result).get("splits", ())] for result in (self, other)]
        return (
            self._sign == other._sign
            and self._loss.shape[-1] == other._loss.shape[-1]
            and self._overlap == other._overlap
            and all(map(np.array_equal, *tests))
        )

    def _place(self, which: Which, name: str) -> Place:
        if isinstance(which, str):
            return self._by_rule(_selection.check_rule(which, name))
        l1_ratios, k = self._alphas.shape
        pair = which if isinstance(which, tuple) else divmod(check.integer(which, name, 0), k)
        row, at = (check.integer(part, name, 0) for part in pair)
        if row >= l1_ratios or at >= k or np.isnan(self.mean_loss[row, at]):
            raise ValueError(f"{name} is ({row}, {at}), where there is no score")
        return row, at

    @property
    def best_indices(self) -> list[tuple[int, int]]:
        """(l1_ratio, alpha) of the best penalty of every l1_ratio that has a score."""
        mean = self.mean_loss
        rows = [r for r in range(len(mean)) if np.isfinite(mean[r]).any()]
        return [(r, int(np.nanargmin(mean[r]))) for r in rows]

    @property
    def alpha_min(self) -> float:
        """The penalty with the best mean score."""
        return float(self._alphas[self._by_rule("min")])

    @property
    def alpha_half_se(self) -> float:
        """The largest penalty whose loss is within half a standard error of the best, compared fold by fold."""
        return float(self._alphas[self._by_rule("half_se")])

    @property
    def alpha_1se(self) -> float:
        """The largest penalty, at the best l1_ratio, whose mean score is within one standard error of the best."""
        return float(self._alphas[self._by_rule("1se")])

    @property
    def relaxes(self) -> Array:
        """Shares of the penalty that refits keep, beside `l1_ratios`."""
        return np.array([path.relax for path in self.paths])

    @property
    def relax(self) -> float:
        """Of the model chosen; 1 where there is no refit."""
        return self.path.relax

    @property
    def penalty_weights(self) -> Array | None:
        """Of two stages: weights that the model chosen solves its problem with."""
        row, k = self._index
        base = self._bases[row]
        if base is None:
            return None
        problem, path = base
        if self.relax < 1:
            used = path.indices[path.indptr[k] : path.indptr[k + 1]]
            problem = without_others(problem, kept_features(problem, used))
        return problem.penalty_weights

    @property
    def path(self) -> PathResult:
        """All rows' path at the l1_ratio chosen."""
        return self.paths[self._index[0]]

    @property
    def coef(self) -> Array:
        """Coefficients of the model chosen, of shape (n_features,) or (n_tasks, n_features)."""
        return self.path.at(self.alpha).coef

    @property
    def intercept(self) -> Any:
        """Intercept of the model chosen, a float or an array of shape (n_tasks,)."""
        return self.path.at(self.alpha).intercept

    @property
    def certificate(self) -> Certificate:
        """Certificate of the model chosen."""
        return self.path.certificate(self._index[1])

    @property
    def cv_results_(self) -> dict[str, Any]:
        """As of scikit-learn's GridSearchCV: a long array per key, l1_ratio by l1_ratio; more is better."""
        ratios, k, folds = self._loss.shape
        score = -self._loss.reshape(ratios * k, folds)
        mean = score.mean(axis=1)
        results: dict[str, Any] = {
            "param_alpha": self._alphas.ravel(),
            "param_l1_ratio": np.repeat(self.l1_ratios, k),
            "n_features": np.concatenate([_padded(path.df, k) for path in self.paths]),
            "params": [
                {"alpha": float(alpha), "l1_ratio": float(ratio)}
                for ratio, alphas in zip(self.l1_ratios, self._alphas)
                for alpha in alphas
            ],
        }
        if self._is_relaxed():
            results["param_relax"] = np.repeat(self.relaxes, k)
            for params, share in zip(results["params"], results["param_relax"].tolist()):
                params["relax"] = share
        results |= {f"split{i}_test_score": score[:, i] for i in range(folds)}
        return results | {
            "mean_test_score": mean,
            "std_test_score": self._error.ravel() * np.sqrt((folds - 1) / self._overlap.times),
            "std_error_test_score": self._error.ravel(),
            "rank_test_score": _selection.ranks(mean),
        }

    def without_models(self) -> CVResult:
        """A copy that holds the scores alone; `keep_model` gives it the model that was chosen."""
        slim = copy.copy(self)
        for name in ("fold_paths", "_folds", "_bases", "splits"):
            vars(slim).pop(name, None)
        slim.paths = [KeptPath(path) for path in self.paths]
        return slim

    def keep_model(self, coef: Array, intercept: Any, certificate: Certificate, names: Any) -> None:
        """Set the model that was chosen, which its estimator has.

        Parameters
        ----------
        coef : ndarray of shape (n_features,) or (n_tasks, n_features)
            Its coefficients.
        intercept : float or ndarray of shape (n_tasks,)
            Its intercept.
        certificate : Certificate
            Its certificate.
        names : ndarray of shape (n_features,) or None
            Names of its features.
        """
        point = self.path._make_point(self.alpha, coef, intercept, True, certificate)
        for path, grid in zip(self.paths, self._alphas):
            assert isinstance(path, KeptPath)
            path.keep(grid, point if path is self.path else None, names)

    def __getattr__(self, name: str) -> Any:
        if name in ("fold_paths", "splits"):
            raise AttributeError(GONE.format(name))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        ratios, k, folds = self._loss.shape
        return (
            f"CVResult({folds} folds, {k} alphas{f', {ratios} l1_ratios' if ratios > 1 else ''}: alpha={self.alpha:.4g}"
            f"{f', l1_ratio={self.l1_ratio:g}' if ratios > 1 else ''} by select={self.select!r}, "
            f"{self.path.df[self._index[1]]} of {self.path.n_features_in_} features)"
        )


def _models(part: PathArrays | RotatedPath, problem: Problem) -> Fitted:
    """Coefficients and intercepts of a fold's solutions, as the family's estimator has them."""
    p = problem.X.shape[1]

    def fitted(k: int) -> tuple[Any, Any]:
        path = spread(part)
        if isinstance(path, TaskArrays):
            coef = np.array([task.coefficients(k, p) for task in path.tasks])
            return coef, np.array([task.intercepts[k] for task in path.tasks])
        coef, intercept = path.coefficients(k, p), path.intercepts[k]
        if problem.classes is None:
            return coef, float(intercept)
        return coef[None], np.array([intercept])

    return fitted


def _padded(df: Array, k: int) -> Array:
    return np.concatenate([df, np.zeros(k - len(df), dtype=df.dtype)])


def _out_of_fold(run: FoldPaths, splits: list[Split], n: int) -> Array:
    k, reached = len(run.alphas), _folds.common_length(run)
    first = run.predictions[0]
    assert first is not None
    total, times = np.zeros((n, k, *first.shape[2:])), np.zeros(n)  # tasks come last
    for (_, test), eta in zip(splits, run.predictions):
        assert eta is not None
        np.add.at(total[:, :reached], test, np.swapaxes(eta[:reached], 0, 1))
        np.add.at(times, test, 1.0)
    total[:, reached:] = np.nan
    with np.errstate(invalid="ignore"):
        return np.asarray(total / times.reshape(-1, *[1] * (total.ndim - 1)))
