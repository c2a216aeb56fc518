"""Cross-validation of classifiers: for every l1_ratio the models of all rows and of every training set along a grid of C."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import _fit, _folds, _one_class, _wide
from ._fit import PathArrays
from ._problem import Array, Problem
from ._rotated import spread
from ._routes import Control, joined, unpenalised
from ._splits import Split


@dataclass(slots=True)
class Models:
    """Models along a grid, one path per class or a single one for two classes, and a way back from reduced coefficients."""

    paths: list[PathArrays]
    reduced: _wide.Reduced | None = None

    def dense(self, p: int) -> tuple[Array, Array]:
        """Coefficients (k, classes, p) and intercepts (k, classes)."""
        k = len(self.paths[0].alphas)
        size = p if self.reduced is None else self.reduced.small.X.shape[1]
        coef = np.array([[path.coefficients(i, size) for path in self.paths] for i in range(k)])
        intercepts = np.array([path.intercepts for path in self.paths]).T
        if self.reduced is None:
            return coef, intercepts
        W = self.reduced.coefficients(coef.reshape(-1, size).T)
        b = self.reduced.intercepts(W, intercepts.ravel())
        return W.T.reshape(k, len(self.paths), p), b.reshape(intercepts.shape)

    def fitted(self, p: int) -> Callable[[int], tuple[Array, Array]]:
        """Coefficients and intercepts of model k, spread out when first asked for."""
        parts = functools.cache(lambda: self.dense(p))
        return lambda k: (parts()[0][k], parts()[1][k])


@dataclass(slots=True)
class ClassFolds:
    """Of one l1_ratio; margins (k, n_test) or (k, n_test, classes) for every fold, without offset."""

    whole: Models | None
    folds: list[Models]
    margins: list[Array]


def run(
    problem: Problem,
    splits: list[Split],
    ratios: list[float],
    alphas: Array,
    tol: float,
    max_iter: int,
) -> list[ClassFolds]:
    """Cross-validate along `alphas` (descending, of the sum of all weights); C, not alpha, is the same for all folds.

    A fold whose training rows hold a single class has one model for all penalties.
    """
    only = [_one_class.only_class(problem, train) for train, _ in splits]
    several = [split for split, one in zip(splits, only) if one is None]
    results = _several(problem, several, ratios, alphas, tol, max_iter)
    for i, one in enumerate(only):
        if one is not None:
            model, margin = _constant(problem, splits[i], alphas, tol, one)
            for result in results:
                result.folds.insert(i, model)
                result.margins.insert(i, margin)
    return results


def _constant(
    problem: Problem, split: Split, alphas: Array, tol: float, only: int
) -> tuple[Models, Array]:
    """The models of training rows of that one class, and their margins."""
    b = _one_class.intercepts(problem, only)
    models = Models([_one_class.path(problem, alphas, tol, float(value)) for value in b])
    margin = np.broadcast_to(b, (len(alphas), len(split[1]), len(b)))
    return models, margin[..., 0] if problem.family == "binomial" else margin


def _several(
    problem: Problem,
    splits: list[Split],
    ratios: list[float],
    alphas: Array,
    tol: float,
    max_iter: int,
) -> list[ClassFolds]:
    """The same for folds of several classes."""
    if not splits:
        return [ClassFolds(None, [], []) for _ in ratios]
    s = np.ones(len(problem.y)) if problem.sample_weight is None else problem.sample_weight
    stretch = np.array([s.sum() / s[train].sum() for train, _ in splits])
    control = Control(tol=tol, max_iter=max_iter)
    if problem.family != "binomial":
        return [
            _multinomial(replace(problem, l1_ratio=ratio), splits, alphas, stretch, control)
            for ratio in ratios
        ]
    results = []
    sparse = [ratio for ratio in ratios if ratio > 0]
    done = (
        _folds.run(problem, splits, sparse, alphas, control, keep_predictions=True, stretch=stretch)
        if sparse
        else []
    )
    by_ratio = dict(zip(sparse, done))
    for ratio in ratios:
        one = replace(problem, l1_ratio=ratio)
        reduced = _wide.reduce(one) if _wide.applies(one) else None
        paths = by_ratio.get(ratio)
        if paths is None:
            given = one if reduced is None else reduced.small
            [paths] = _folds.run(
                given, splits, [ratio], alphas, control, keep_predictions=True, stretch=stretch
            )
        results.append(
            ClassFolds(
                Models([paths.whole], reduced),
                [Models([spread(path)], reduced) for path in paths.folds],
                [np.asarray(eta) for eta in paths.predictions],
            )
        )
    return results


def _multinomial(
    problem: Problem, splits: list[Split], alphas: Array, stretch: Array, control: Control
) -> ClassFolds:
    _folds.require_variety(problem, splits)
    s = np.ones(len(problem.y)) if problem.sample_weight is None else problem.sample_weight
    reduced = _wide.reduce(problem) if _wide.applies(problem) else None
    given = problem if reduced is None else reduced.small
    result = ClassFolds(None, [], [])
    for i, (train, test) in enumerate(splits):
        weights = s * np.bincount(train, minlength=len(s))
        fold = replace(given, sample_weight=weights)
        own = alphas * stretch[i]
        paths = []
        positive = own[own > 0]
        if len(positive):
            paths = _fit.solve_path(fold, positive, tol=control.tol, max_iter=control.max_iter)
        if len(positive) < len(own):
            free = _fit.solve_path(
                unpenalised(fold), np.ones(1), tol=control.tol, max_iter=control.max_iter
            )
            paths = [joined(a, b) for a, b in zip(paths, free)] if paths else free
        models = Models(paths, reduced)
        support = [path.support() for path in paths]
        eta = np.stack(
            [
                _fit.predict(fold.X, coefs, features)[test] + path.intercepts
                for path, (features, coefs) in zip(paths, support)
            ]
        )
        result.folds.append(models)
        result.margins.append(eta.transpose(2, 1, 0))
    return result
