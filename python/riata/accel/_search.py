"""Searches over alpha, C or l1_ratio at the price of a path.

GridSearchCV, RandomizedSearchCV, the halving searches and validation_curve all hand scikit-learn's `Parallel` a fit for every pair of
candidate and fold. Where candidates differ in the penalty of a last step that riata fits, those of a fold are the points of one path:
the steps before it are fitted once, the path once, and every candidate is scored by its own point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn import get_config
from sklearn.model_selection import _validation
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import delayed

from . import _reasons
from ._search_paths import VARYING, answer_group, answer_together
from ._switch import Settings
from ._wrap import known_name, reason_of, refusal, target_of

SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "validation_curve")
LEAST = 2  # candidates that share a path, on average
PLAIN = ("return_estimator", "return_parameters")


@dataclass(slots=True)
class Task:
    """One fit and score, as scikit-learn asks for it."""

    estimator: Any
    X: Any
    y: Any
    options: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the candidate."""
        return self.options["parameters"] or {}


def final_step(estimator: Any) -> tuple[Any, str]:
    """The last step and what its parameters' names begin with."""
    if type(estimator) is Pipeline and estimator.steps:
        name, final = estimator.steps[-1]
        return final, f"{name}__"
    return estimator, ""


def _own(estimator: Any) -> Any:
    """The target that the last step is one of, or None."""
    return target_of(type(final_step(estimator)[0]))


def is_search(estimator: Any) -> bool:
    """Whether it is one of scikit-learn's searches."""
    return hasattr(estimator, "estimator") and hasattr(estimator, "_run_search")


def reason(search: Any, X: Any, y: Any, fit_params: dict[str, Any]) -> str | None:
    """Why the fits of a search are done one by one, or None."""
    grid = getattr(search, "param_grid", None) or getattr(search, "param_distributions", {})
    names = {name for part in (grid if isinstance(grid, list) else [grid]) for name in part}
    return _structure(search.estimator, names, fit_params) or _last(search.estimator, X, y)


def _structure(estimator: Any, names: set[str], fit_params: dict[str, Any]) -> str | None:
    """What of the estimator and the parameters that vary is in the way."""
    final, prefix = final_step(estimator)
    kind = known_name(type(final))
    if kind not in VARYING:
        return f"{type(final).__name__} is not a model whose path riata makes"
    wanted = {prefix + name for name in VARYING[kind]}
    if not names & wanted:
        return f"no parameter that varies is among {', '.join(sorted(wanted))}"
    foreign = {name for name in names - wanted if prefix and not name.startswith(prefix)}
    if names - wanted - foreign:
        return f"{', '.join(sorted(names - wanted - foreign))} varies too"
    if prefix and estimator.memory is not None:
        return "the pipeline keeps its steps in a cache"
    if fit_params:
        return f"{', '.join(sorted(fit_params))} is given to fit"
    if get_config().get("enable_metadata_routing"):
        return "metadata routing is on"
    return None


def _last(estimator: Any, X: Any, y: Any) -> str | None:
    """What of the last step is in the way."""
    final, _ = final_step(estimator)
    target = _own(estimator)
    if target is None:
        return f"{type(final).__name__} has a fit of its own"
    if getattr(y, "ndim", 1) != 1:
        return "y has several columns"
    return reason_of(target, final, (X, y), {})


def is_task(task: tuple[Any, ...]) -> bool:
    """Whether it is a fit of a candidate to a fold."""
    function = getattr(task[0], "function", None)
    return function is _validation._fit_and_score and task[2].get("parameters") is not None


def taken_over(
    tasks: list[tuple[Any, ...]], run: Callable[[Any], list[Any]], settings: Settings
) -> list[dict[str, Any]] | None:
    """The results of all fits and scores from paths; None where they are to be had one by one."""
    todo = [Task(args[0], args[1], args[2], options) for _, args, options in tasks]
    first = todo[0]
    caller = first.options.get("caller")
    name = "a search" if caller is None else type(caller).__name__
    if settings.names is not None and not settings.names & set(SEARCHES):
        return None
    if _own(first.estimator) is None:  # nothing that riata would fit
        return None
    why, refused = _why_not(todo, settings), False
    groups = _groups(todo)
    final, prefix = final_step(first.estimator)
    kind = known_name(type(final))
    if why is None and len(todo) < LEAST * _paths(todo, groups, prefix, kind):
        why = "hardly any candidates share a path"
    if why is None:
        try:
            return _answers(todo, groups, prefix, kind, run)
        except Warning:
            raise
        except Exception as error:
            why, refused = refusal(error), True
    call = f"fit({_reasons.described(first.X)}), models one by one"
    quiet = Settings(names=settings.names, level=settings.level)  # they are on riata even so
    _reasons.left(name, call, why, quiet, refused=refused)
    return None


def _why_not(todo: list[Task], settings: Settings) -> str | None:
    first = todo[0]
    names = {name for task in todo for name in task.parameters}
    why = _structure(first.estimator, names, first.options.get("fit_params") or {})
    if why is not None:
        return why
    if first.options.get("verbose"):
        return "verbose asks for words about every fit"
    if any(first.options.get(option) for option in PLAIN):
        return "every fitted model is to be returned"
    if (
        vars(first.options.get("caller") or first).get("_skl_callbacks")
        if first.options.get("caller")
        else False
    ):
        return "callbacks are to hear of every fit"
    final, prefix = final_step(first.estimator)
    if not settings.covers(known_name(type(final))):
        return f"{type(final).__name__} is not patched"
    _, prefix = final_step(first.estimator)
    seen: set[tuple[Any, ...]] = set()
    for task in todo:
        key = tuple((name, id(value)) for name, value in task.parameters.items())
        task.estimator.set_params(**task.parameters)
        if key in seen:
            continue
        seen.add(key)
        why = _last(task.estimator, task.X, task.y)
        if why is not None:
            return why
    return None


Group = list[int]  # places of the tasks that share data and the steps before the last


def _groups(todo: list[Task]) -> list[Group]:
    """Tasks of one fold with the same parameters but for the penalty."""
    places: dict[tuple[Any, ...], Group] = {}
    for i, task in enumerate(todo):
        final, prefix = final_step(task.estimator)
        free = {prefix + name for name in VARYING.get(known_name(type(final)), ())}
        others = tuple(
            (name, id(value)) for name, value in task.parameters.items() if name not in free
        )
        key = (id(task.options["train"]), id(task.options["test"]), others)
        places.setdefault(key, []).append(i)
    return list(places.values())


def _paths(todo: list[Task], groups: list[Group], prefix: str, kind: str) -> int:
    """How many paths there would be."""
    ratio = f"{prefix}l1_ratio"
    return sum(len({todo[i].parameters.get(ratio) for i in group}) for group in groups)


def _answers(
    todo: list[Task], groups: list[Group], prefix: str, kind: str, run: Callable[[Any], list[Any]]
) -> list[dict[str, Any]]:
    parts = [[todo[i] for i in group] for group in groups]
    answers = None if prefix else answer_together(parts, kind)
    if answers is None:
        answers = run(delayed(answer_group)(part, kind) for part in parts)
    results: list[Any] = [None] * len(todo)
    for group, part in zip(groups, answers, strict=True):
        for i, result in zip(group, part, strict=True):
            results[i] = result
    name = "paths in searches"
    for part in answers:
        _reasons.done(name, sum(result["fit_time"] for result in part), None, None, None)
    return results
