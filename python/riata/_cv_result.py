"""What cross-validation returns: scores along a grid, the models of all rows, and the one that was chosen."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from . import _folds, _metadata, _scorers, _selection
from ._class_result import make_result
from ._cv_views import CVViews
from ._fit import Certificate, PathArrays, TaskArrays
from ._folds import FoldPaths
from ._kept_path import GONE, KeptPath
from ._problem import Array, Problem
from ._result import PathResult
from ._scorers import Fitted
from ._selection import Select
from ._splits import Split


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
        Mean over the folds and its standard error.
    alpha, l1_ratio : float
        What was chosen.
    alpha_min, alpha_1se : float
        Penalty with the best mean score, and the largest at the same l1_ratio within one standard error of it.
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
        p = problem.X.shape[1]

        def results(run: FoldPaths) -> list[PathResult]:
            return [
                make_result(path, p, tol, run.l1_ratio, names, problem.family, problem.classes)
                for path in (run.whole, *run.folds)
            ]

        every = [results(run) for run in runs]
        self.paths = [paths[0] for paths in every]
        self.fold_paths = [paths[1:] for paths in every]
        self.l1_ratios = np.array([run.l1_ratio for run in runs])
        self.splits = splits
        self.select = select
        self._alphas = np.array([run.alphas for run in runs])
        self._base = np.array([_folds.losses(run) for run in runs])
        self._loss, self._sign = self._base, -1.0
        self.predictions: Array | None = None
        if predictions:
            self.predictions = self._shaped(
                np.array([_out_of_fold(run, splits, problem.X.shape[0]) for run in runs])
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
        select : {"min", "1se"} or callable, optional
            As in `cv_path`; the present rule by default.
        """
        rule = self.select if select is None else _selection.check_select(select)
        index = _selection.choose(rule, self.mean_loss, self._error, lambda: self.cv_results_)
        self.select, self._index = rule, index

    def _shaped(self, values: Array) -> Array:
        return values[0] if len(self.l1_ratios) == 1 else values

    @property
    def mean_loss(self) -> Array:
        """Mean of `loss` over the folds, or of what `scoring` returns with its sign changed, of shape (l, k): less is better."""
        return np.asarray(self._loss.mean(axis=-1))

    @property
    def _error(self) -> Array:
        return _selection.standard_error(self._loss)

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
    def alpha_min(self) -> float:
        """The penalty with the best mean score."""
        return float(self._alphas[_selection.least(self.mean_loss)])

    @property
    def alpha_1se(self) -> float:
        """The largest penalty, at the best l1_ratio, whose mean score is within one standard error of the best."""
        mean = self.mean_loss
        at = _selection.one_standard_error(mean, self._error, _selection.least(mean))
        return float(self._alphas[at])

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
        results |= {f"split{i}_test_score": score[:, i] for i in range(folds)}
        return results | {
            "mean_test_score": mean,
            "std_test_score": self._error.ravel() * np.sqrt(folds - 1),
            "std_error_test_score": self._error.ravel(),
            "rank_test_score": _selection.ranks(mean),
        }

    def without_models(self) -> CVResult:
        """A copy that holds the scores alone; `keep_model` gives it the model that was chosen."""
        slim = copy.copy(self)
        for name in ("fold_paths", "splits"):
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


def _models(path: PathArrays, problem: Problem) -> Fitted:
    """Coefficients and intercepts of a fold's solutions, as the family's estimator has them."""
    p = problem.X.shape[1]

    def fitted(k: int) -> tuple[Any, Any]:
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
