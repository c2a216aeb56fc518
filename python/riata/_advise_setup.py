"""The data as advice takes them, checked once, and which candidate the rule for prediction chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from . import _advise_models as models
from . import _impute, _scorers
from . import _validation as check
from ._held_out_losses import HeldOut, Judge
from ._problem import Array, Problem, check_problem
from ._race import Race
from ._routes import Control

HOME = 0.5  # the l1_ratio that others have to beat
BY = 0.5  # corrected standard errors


class Task:
    """The data, checked once: the problem that is cross-validated, and who fits all rows."""

    def __init__(
        self,
        X: Any,
        y: Any,
        family: str,
        sample_weight: Any,
        scoring: Any,
        values: Any,
        n_threads: Any,
    ) -> None:
        self.X, self.y, self.family, self.sample_weight = X, y, family, sample_weight
        problem = check_problem(
            X,
            y,
            sample_weight=sample_weight,
            standardize=True,
            family=family,
            n_threads=n_threads,
        )
        self.unit, origin = 1.0, 0.0
        if family == "gaussian":
            origin = float(np.average(problem.y, weights=problem.sample_weight))
            square = np.average((problem.y - origin) ** 2, weights=problem.sample_weight)
            self.unit = float(np.sqrt(square))
            if not self.unit > 1e-14 * abs(origin):
                raise ValueError(f"y is {problem.y[0]:g} everywhere: there is nothing to predict")
            problem = replace(problem, y=(problem.y - origin) / self.unit)
        self.problem: Problem = problem
        weighted = problem.sample_weight is not None
        scorer = None
        if scoring is not None:
            found = _scorers.find_scorer(scoring, weighted)
            scorer = _scorers.with_labels(found, problem.classes)
        judge = Judge(problem, scorer, X, self.unit, origin)
        self.held = (
            HeldOut(judge, Control())
            if values is None
            else _impute.ImputedHeldOut(judge, Control(), values)
        )
        self.maker = models.Maker(
            X, y, family, sample_weight, problem.total_weight, self.unit, n_threads
        )
        names = check.feature_names(X)
        self.names = [str(name) for name in (range(problem.X.shape[1]) if names is None else names)]


class Choice:
    """Which candidate, by the rule for prediction."""

    def __init__(self, race: Race, maker: models.Maker, budget: int | None) -> None:
        self.race, self.maker = race, maker
        self.places: dict[float, int] = {}
        for ratio, curve in race.curves.items():
            finished = np.isfinite(curve.loss).all(axis=1)
            allowed = np.asarray(finished if budget is None else finished & (curve.df <= budget))
            if allowed.any():
                self.places[ratio] = race.best(ratio, allowed)
        if not self.places:
            raise ValueError(f"no candidate has a model of at most budget={budget} features")
        self.home = min(self.places, key=lambda ratio: (abs(ratio - HOME), ratio))
        means = {ratio: self.loss(ratio).mean() for ratio in self.places}
        rivals = [ratio for ratio in self.places if ratio != self.home]
        self.rival = min(rivals, key=means.__getitem__, default=self.home)
        beating = [ratio for ratio in rivals if self._beats(ratio)]
        self.ratio = min(beating, key=means.__getitem__, default=self.home)
        self.best = min(self.places, key=means.__getitem__)

    def loss(self, ratio: float) -> Array:
        return self.race.loss(ratio, self.places[ratio])

    def alpha(self, ratio: float) -> float:
        return float(self.race.curves[ratio].alphas[self.places[ratio]])

    def _beats(self, ratio: float) -> bool:
        d = self.race.compare(self.loss(self.home), self.loss(ratio))
        return bool(d.difference > 0 and d.difference >= BY * d.std_error)
