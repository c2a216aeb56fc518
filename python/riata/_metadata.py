"""Metadata of a fit on their way to the splitter and the scorer, by scikit-learn's routing where that is enabled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import _validation as check
from ._problem import Array

Params = dict[str, Any]


@dataclass(slots=True)
class Routed:
    """What the splitter and the scorer get, by name."""

    split: Params
    score: Params

    @property
    def is_weighted(self) -> bool:
        """Whether the scorer gets sample weights."""
        return "sample_weight" in self.score


def is_enabled() -> bool:
    """Whether scikit-learn routes metadata."""
    from sklearn import get_config

    return bool(get_config().get("enable_metadata_routing"))


def route(
    estimator: Any, method: str, n: int, given: Params, accepted: tuple[str, ...] = ()
) -> Routed:
    """Send what was given to `method`, for n rows; without routing, groups go to the splitter and weights to the scorer.

    `accepted` are the names that the method takes itself.
    """
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        return Routed({}, {})
    if is_enabled():
        from sklearn.utils.metadata_routing import process_routing

        routed = process_routing(estimator, method, **given)
        split = dict(routed.get("splitter", {}).get("split", {}))
        score = dict(routed.get("scorer", {}).get("score", {}))
    else:
        unknown = set(given) - {"groups", "sample_weight", *accepted}
        if unknown:
            raise ValueError(
                f"{method}() got {', '.join(sorted(unknown))}, which is only supported if enable_metadata_routing=True: see "
                "sklearn.set_config"
            )
        split = {name: given[name] for name in ("groups",) if name in given}
        score = {name: given[name] for name in ("sample_weight",) if name in given}
    if "sample_weight" in score:
        score["sample_weight"] = check.sample_weights(score["sample_weight"], n)
    return Routed(split, score)


def router(estimator: Any, cv: Any, scorer: Any, scoring_methods: tuple[str, ...]) -> Any:
    """The estimator's MetadataRouter; the scorer, unless None, is asked by those methods."""
    from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

    made = MetadataRouter(owner=estimator).add_self_request(estimator)
    if cv is not None:
        made.add(splitter=cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))
    if scorer is not None:
        mapping = MethodMapping()
        for method in scoring_methods:
            mapping.add(caller=method, callee="score")
        made.add(scorer=scorer, method_mapping=mapping)
    return made


def asking_for_weights(scorer: Any) -> Any:
    """A scorer nobody chose is weighted where rows are."""
    return scorer.set_score_request(sample_weight=True) if is_enabled() else scorer


def of_rows(params: Params, rows: Array, n: int) -> Params:
    """The entries of those rows, of whatever has one for each of n."""
    from sklearn.utils import _safe_indexing

    def cut(value: Any) -> Any:
        has_rows = hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict))
        return _safe_indexing(value, rows) if has_rows and len(value) == n else value

    return {name: cut(value) for name, value in params.items()}
