"""The path of a fold, and the scores of its points."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer
from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer, _PassthroughScorer
from sklearn.model_selection._validation import _score
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, _num_samples

from riata import _class_folds, _fit, _folds, _scores, classification, counts, regression
from riata._classes import stopping_rule
from riata._estimator import feature_names
from riata._path import warn_gaps
from riata._problem import Array, Problem
from riata._routes import Control, scikit_learn_control, solve_grid, solve_smooth_grid
from riata.exceptions import prefaced

from ._common import in_columns
from ._descent import SENTENCE
from ._logistic import FAILURES, mixing

VARYING = {
    "Lasso": ("alpha",),
    "ElasticNet": ("alpha", "l1_ratio"),
    "Ridge": ("alpha",),
    "LogisticRegression": ("C", "l1_ratio"),
    "PoissonRegressor": ("alpha",),
}
SMOOTH = ("LogisticRegression", "PoissonRegressor")


@dataclass(slots=True)
class Point:
    """One candidate: its share of the L1 penalty and its own alpha or C."""

    ratio: float
    penalty: float

    def alpha(self, kind: str, n: int) -> float:
        """On riata's scale, for n rows."""
        if kind == "LogisticRegression":
            return 0.0 if math.isinf(self.penalty) else 1 / (self.penalty * n)
        return self.penalty / n if kind == "Ridge" else self.penalty


def _point(final: Any, kind: str) -> Point:
    if kind == "LogisticRegression":
        return Point(mixing(final), math.inf if final.penalty is None else float(final.C))
    ratio = 0.0 if kind in ("Ridge", "PoissonRegressor") else float(final.l1_ratio)
    return Point(ratio, float(final.alpha))


def _problem(final: Any, kind: str, X: Any, y: Any) -> Problem:
    given: dict[str, Any] = {"fit_intercept": final.fit_intercept}
    if kind == "LogisticRegression":
        given["class_weight"] = final.class_weight
        return classification.LogisticRegression(**given)._problem(X, y)
    if kind == "PoissonRegressor":
        return counts.PoissonRegressor(**given)._problem(X, y)
    return regression.ElasticNet(**given, positive=final.positive)._problem(X, y)


def _control(final: Any, kind: str) -> Control:
    if kind in SMOOTH:
        goal, max_iter = stopping_rule(final.tol, final.max_iter)
        return Control(tol=max(goal.aim, 1e-12), max_iter=max_iter)
    return scikit_learn_control(1e-3, final.tol, final.max_iter)


@dataclass(slots=True)
class Models:
    """Coefficients (outputs, p) and intercepts (outputs,) of every candidate."""

    coefs: list[Array]
    intercepts: list[Array]


def _by_ratio(points: list[Point]) -> dict[float, list[int]]:
    places: dict[float, list[int]] = {}
    for i, point in enumerate(points):
        places.setdefault(point.ratio, []).append(i)
    return places


def _grid(points: list[Point], kind: str, n: int) -> tuple[Array, list[int]]:
    """Descending penalties without repetition, and the place of every point among them."""
    alphas = np.array([point.alpha(kind, n) for point in points])
    grid = np.unique(alphas)[::-1].copy()
    return grid, [int(np.argmax(grid == alpha)) for alpha in alphas]


def _solve(final: Any, kind: str, problem: Problem, points: list[Point]) -> Models:
    """All candidates of a fold, a path for every l1_ratio."""
    control = _control(final, kind)
    p = problem.X.shape[1]
    models = Models([np.empty(0)] * len(points), [np.empty(0)] * len(points))
    dtype = problem.X.dtype
    for ratio, own in _by_ratio(points).items():
        one = replace(problem, l1_ratio=ratio)
        grid, places = _grid([points[i] for i in own], kind, int(problem.X.shape[0]))
        smooth = kind in SMOOTH
        paths = (
            solve_smooth_grid(one, grid, control) if smooth else [solve_grid(one, grid, control)]
        )
        if any(len(path.alphas) < len(grid) for path in paths):
            raise ValueError("the path ended early")
        with prefaced(FAILURES[final.solver] if smooth else SENTENCE):
            warn_gaps(paths, control)
        for i, k in zip(own, places, strict=True):
            coef = np.array([path.coefficients(k, p) for path in paths])
            models.coefs[i] = coef.astype(dtype, copy=False)
            models.intercepts[i] = np.array([path.intercepts[k] for path in paths], dtype=dtype)
    return models


# --- scores ---------------------------------------------------------------------------------------------------------------


def _fast(scorer: Any, final: Any) -> Callable[[Array, Any], Array | None] | None:
    """What scores many predictions at once: scikit-learn's commonest scores."""
    if isinstance(scorer, _PassthroughScorer):
        kind = type(final).score
        if kind is RegressorMixin.score:
            scorer = get_scorer("r2")
        elif kind is ClassifierMixin.score:
            scorer = get_scorer("accuracy")
    if not isinstance(scorer, _BaseScorer):
        return None
    if isinstance(final, ClassifierMixin):
        return lambda margins, labels: _scores.classifications(scorer, margins, labels, {})
    return lambda eta, y: _scores.regressions(scorer, eta, y, {})


def _codes(classes: Array, y: Any) -> Array | None:
    """Labels as numbers of classes; None where there are others."""
    labels = np.asarray(y)
    places = np.searchsorted(classes, labels)
    places = np.minimum(places, len(classes) - 1)
    return places if (classes[places] == labels).all() else None


def _at_once(
    fast: Any, final: Any, margins: Array, y: Any, classes: Array | None
) -> list[float] | None:
    """Scores of all candidates; None: ask the scorer for each."""
    if fast is None:
        return None
    if classes is not None:
        codes = _codes(classes, y)
        scores = None if codes is None else fast(margins, codes)
    else:
        values = np.exp(margins) if type(final).__name__ == "PoissonRegressor" else margins
        scores = fast(values, np.asarray(y, dtype=np.float64))
    return None if scores is None else [float(score) for score in scores]


def _margins(problem: Problem, models: Models, X: Any) -> Array:
    """(candidates, rows) or (candidates, rows, classes)."""
    from riata import _validation as check

    matrix = check.design_matrix(X)
    outputs = len(models.coefs[0])
    W = np.concatenate([np.asarray(coef, dtype=np.float64) for coef in models.coefs]).T
    eta = _fit.predict(matrix, np.asfortranarray(W)) + np.concatenate(models.intercepts)
    eta = eta.reshape(matrix.shape[0], len(models.coefs), outputs).transpose(1, 0, 2)
    return np.asarray(eta[:, :, 0] if outputs == 1 else eta)


def _fill(final: Any, problem: Problem, names: Array | None, coef: Array, b: Array) -> None:
    """Make a model of a candidate's coefficients."""
    own = vars(final)
    own["n_features_in_"] = problem.X.shape[1]
    if names is not None:
        own["feature_names_in_"] = names
    if problem.classes is not None:
        own["classes_"] = problem.classes
        own["coef_"], own["intercept_"] = in_columns(coef), b
        own["n_iter_"] = np.ones(1, dtype=np.int32)
        return
    own["coef_"] = coef[0]
    own["intercept_"] = b[0] if problem.fit_intercept else 0.0
    own["n_iter_"] = 1
    if hasattr(final, "_get_loss"):
        own["_base_loss"] = final._get_loss()


# --- one fold -------------------------------------------------------------------------------------------------------------


def _before(estimator: Any) -> Any:
    """The steps before the last as a pipeline of their own."""
    if type(estimator) is Pipeline and len(estimator.steps) > 1:
        return Pipeline(estimator.steps[:-1])
    return None


def _final(estimator: Any) -> Any:
    return estimator.steps[-1][1] if type(estimator) is Pipeline else estimator


def _ask_last(scorer: Any) -> bool:
    """Whether the last step's score on transformed rows is the pipeline's on the rows themselves."""
    known = scorer._scorers.values() if isinstance(scorer, _MultimetricScorer) else [scorer]
    return all(isinstance(one, (_BaseScorer, _PassthroughScorer)) for one in known)


def answer_group(tasks: list[Any], kind: str) -> list[dict[str, Any]]:
    """The results of the candidates that share a fold and the steps before the last."""
    first = tasks[0]
    options = first.options
    start = time.time()
    train, test = options["train"], options["test"]
    X, y = _safe_split(first.estimator, first.X, first.y, train)
    X_test, y_test = _safe_split(first.estimator, first.X, first.y, test, train)
    head = _before(first.estimator)
    Z = X if head is None else head.fit_transform(X, y)
    finals = [_final(task.estimator) for task in tasks]
    problem = _problem(finals[0], kind, Z, y)
    names = feature_names(Z)
    models = _solve(finals[0], kind, problem, [_point(final, kind) for final in finals])
    fitted = (time.time() - start) / len(tasks)
    parts = [(X_test, y_test, "test_scores", test)]
    if options.get("return_train_score"):
        parts.append((X, y, "train_scores", train))
    results = [_blank(options, fitted, X_test) for _ in tasks]
    start = time.time()
    for rows, labels, name, own in parts:
        moved = rows if head is None else head.transform(rows)
        scores = _scored(tasks, finals, head, problem, names, models, (rows, moved, labels, own))
        for result, score in zip(results, scores, strict=True):
            result[name] = score
    _finish(results, options, (time.time() - start) / len(tasks))
    return results


def _blank(options: dict[str, Any], fitted: float, X_test: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"fit_error": None, "test_scores": None}
    if options.get("return_n_test_samples"):
        result["n_test_samples"] = _num_samples(X_test)
    result["fit_time"] = fitted
    return result


def _finish(results: list[dict[str, Any]], options: dict[str, Any], scored: float) -> None:
    for result in results:
        result["score_time"] = scored


def _scored(
    tasks: list[Any],
    finals: list[Any],
    head: Any,
    problem: Problem,
    names: Array | None,
    models: Models,
    data: tuple[Any, Any, Any, Any],
) -> list[Any]:
    rows, moved, y, own = data
    options = tasks[0].options
    scorer = options["scorer"]
    if not options.get("score_params"):
        margins = _margins(problem, models, moved)
        at_once = _at_once(_fast(scorer, finals[0]), finals[0], margins, y, problem.classes)
        if at_once is not None:
            return at_once
    params = _check_method_params(tasks[0].X, params=options.get("score_params") or {}, indices=own)
    scores = []
    for task, final, coef, b in zip(tasks, finals, models.coefs, models.intercepts, strict=True):
        _fill(final, problem, names, coef, b)
        model, given = final, moved
        if head is not None and not _ask_last(scorer):
            model, given = task.estimator, rows
            model.steps = [*head.steps, model.steps[-1]]
        scores.append(_score(model, given, y, scorer, params, options.get("error_score", np.nan)))
    return scores


# --- all folds ------------------------------------------------------------------------------------------------------------


def answer_together(parts: list[list[Any]], kind: str) -> list[list[dict[str, Any]]] | None:
    """The same for all folds of one X that rows need not be copied from; None where that is not possible."""
    first = parts[0][0]
    options, final = first.options, first.estimator
    fast = _fast(options["scorer"], final)
    if kind not in ("Lasso", "ElasticNet", "LogisticRegression") or fast is None:
        return None
    if options.get("return_train_score") or options.get("score_params"):
        return None
    if getattr(final, "class_weight", None) is not None or hasattr(first.X, "iloc"):
        return None
    points = [_point(task.estimator, kind) for task in parts[0]]
    if any([_point(task.estimator, kind) for task in part] != points for part in parts[1:]):
        return None
    start = time.time()
    splits = [_rows(part[0].options, first.X) for part in parts]
    problem = _problem(final, kind, first.X, first.y)
    if problem.classes is not None and not _all_classes(problem, splits):
        return None
    margins = _fold_margins(final, kind, problem, splits, points)
    if margins is None:
        return None
    fitted = (time.time() - start) / (len(parts) * len(points))
    answers = []
    for part, eta, (_, test) in zip(parts, margins, splits, strict=True):
        y = _safe_indexing(first.y, test)
        scores = _at_once(fast, final, eta, y, problem.classes)
        if scores is None:
            return None
        results = [_blank(options, fitted, test) for _ in part]
        for result, score in zip(results, scores, strict=True):
            result["test_scores"] = score
        _finish(results, options, 0.0)
        answers.append(results)
    return answers


def _rows(options: dict[str, Any], X: Any) -> tuple[Array, Array]:
    """Numbers of rows, whatever the splitter gave."""
    n = _num_samples(X)
    train, test = (np.arange(n)[np.asarray(options[name])] for name in ("train", "test"))
    return train, test


def _all_classes(problem: Problem, splits: list[tuple[Array, Array]]) -> bool:
    assert problem.classes is not None
    k = len(problem.classes)
    return all(len(np.unique(problem.y[train])) == k for train, _ in splits)


def _fold_margins(
    final: Any, kind: str, problem: Problem, splits: list[tuple[Array, Array]], points: list[Point]
) -> list[Array] | None:
    """Per fold the predictions (candidates, rows, ...) of its held-out rows."""
    control = _control(final, kind)
    n = int(problem.X.shape[0])
    pieces: list[list[Any]] = [[None] * len(points) for _ in splits]
    for ratio, own in _by_ratio(points).items():
        grid, places = _grid([points[i] for i in own], kind, n)
        if kind == "LogisticRegression":
            [run] = _class_folds.run(problem, splits, [ratio], grid, control.tol, control.max_iter)
            margins: list[Any] = run.margins
            paths: list[Any] = [path for fold in run.folds for path in fold.paths]
        elif grid[-1] == 0:
            return None
        else:
            [fold_paths] = _folds.run(
                problem, splits, [ratio], grid, control, keep_predictions=True
            )
            margins, paths = list(fold_paths.predictions), fold_paths.folds
        with prefaced(FAILURES[final.solver] if kind in SMOOTH else SENTENCE):
            warn_gaps(paths, control)
        for fold, eta in enumerate(margins):
            for i, k in zip(own, places, strict=True):
                pieces[fold][i] = eta[k]
    return [np.array(piece) for piece in pieces]
