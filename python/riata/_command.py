"""The command line: files in, the same text out that `advise` and `stress` print."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._table import listed, pandas

LEVELS = 50  # different texts up to which a column becomes indicators
GOALS = ("predict", "select", "robust")
FAMILIES = ("gaussian", "binomial", "multinomial", "poisson")
KINDS = ("missing", "shift", "scale", "permute", "noise", "common_shift")


@dataclass(slots=True)
class Data:
    """A table as a model takes it: numbers, indicators of texts, the response, and what was done to it."""

    X: Any
    y: Any
    groups: Any = None
    weights: Any = None
    notes: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 where the data or the options are at fault, which is said on stderr."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = options.run(options)
    except (ValueError, TypeError, KeyError, OSError, ImportError) as error:
        text = error.args[0] if isinstance(error, KeyError) else error
        sys.stderr.write(f"riata {options.command}: {text}\n")
        return 2
    sys.stdout.write(f"{text}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m riata", description="Linear models with L1 and L2 penalties."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    advise = commands.add_parser(
        "advise", help="which penalty for these data, and how sure that is"
    )
    advise.add_argument("data", help="a CSV, TSV or Parquet file with a head of column names")
    advise.add_argument("--target", required=True, help="the column to predict")
    advise.add_argument(
        "--family", choices=FAMILIES, help="what the target is; found out by default"
    )
    advise.add_argument("--goal", choices=GOALS, default="predict")
    advise.add_argument("--groups", metavar="COLUMN", help="rows that belong together")
    advise.add_argument("--weights", metavar="COLUMN", help="weights of the rows")
    advise.add_argument(
        "--ignore", metavar="COLUMN", nargs="*", default=[], help="columns to leave out"
    )
    advise.add_argument("--cv", type=int, default=10, help="folds (default 10)")
    advise.add_argument(
        "--repeats", type=int, default=5, help="how often they are drawn (default 5)"
    )
    advise.add_argument("--budget", type=int, help="most features of a model")
    advise.add_argument(
        "--scoring", help="a score of scikit-learn's, in the place of the mean loss"
    )
    advise.add_argument("--time-limit", type=float, default=30.0, help="seconds (default 30)")
    advise.add_argument("--seed", type=int, default=0, help="of the folds")
    advise.add_argument("--save", metavar="FILE", help="write the model to use as a model file")
    advise.set_defaults(run=_advise)
    stress = commands.add_parser("stress", help="what it costs a model when a feature breaks")
    stress.add_argument("model", help="a model file, as Scorer.save writes it")
    stress.add_argument("data", help="as for advise")
    stress.add_argument("--target", required=True, help="the column that the model predicts")
    stress.add_argument("--weights", metavar="COLUMN", help="weights of the rows")
    stress.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    stress.add_argument("--size", type=float, default=1.0, help="standard deviations (default 1)")
    stress.set_defaults(run=_stress)
    return parser


def _advise(options: argparse.Namespace) -> str:
    from ._advise import advise
    from .scoring import Scorer

    data = read(options.data, options.target, options.groups, options.weights, options.ignore)
    a = advise(
        data.X,
        data.y,
        options.family,
        options.goal,
        cv=options.cv,
        repeats=options.repeats,
        groups=data.groups,
        sample_weight=data.weights,
        scoring=options.scoring,
        budget=options.budget,
        time_limit=options.time_limit,
        random_state=options.seed,
        impute=True,
    )
    if options.save:
        Scorer.from_estimator(a.estimator).save(options.save)
        data.notes.append(f"The model is in {options.save}.")
    return "\n".join([*data.notes, "", str(a)])


def _stress(options: argparse.Namespace) -> str:
    from ._impute import missing_in
    from ._stress import stress

    data = read(options.data, options.target, None, options.weights, [])
    X, values = missing_in(data.X)
    if values is not None:
        data.notes.append("Missing values are the means of their columns.")
    s = stress(options.model, X, data.y, options.kinds, options.size, sample_weight=data.weights)
    return "\n".join([*data.notes, "", str(s)])


def read(
    path: str, target: str, groups: str | None, weights: str | None, ignore: Sequence[str]
) -> Data:
    """The table in a file.

    Columns of text become a group of indicators, named ``column=text``; those of too many different texts are left out, and so are
    rows without a target.

    Raises
    ------
    KeyError
        If a column that is named is not there.
    ValueError
        If nothing is left.
    """
    pd = pandas()
    if path.endswith((".parquet", ".pq")):
        table = pd.read_parquet(path)
    else:
        table = pd.read_csv(path, sep="\t" if path.endswith(".tsv") else ",")
    table.columns = [str(name) for name in table.columns]
    for name in (target, groups, weights, *ignore):
        if name is not None and name not in table:
            raise KeyError(f"{path} has no column {name!r}; it has {', '.join(table.columns[:20])}")
    notes = [f"{path}: {len(table):,} rows, {table.shape[1]} columns; the target is {target}."]
    without = table[target].isna()
    if without.any():
        notes.append(f"{int(without.sum()):,} rows have no {target} and are left out.")
        table = table[~without]
    data = Data(None, _plain(table[target]), notes=notes)
    if groups is not None:
        data.groups = table[groups].to_numpy()
    if weights is not None:
        data.weights = table[weights].to_numpy(dtype=float)
    dropped = {target, groups, weights, *ignore}
    data.X = _numbers(table[[name for name in table.columns if name not in dropped]], notes)
    return data


def _plain(column: Any) -> Any:
    """A column as an array: of numbers, or of objects."""
    values = column.to_numpy()
    return (
        values if values.dtype.kind in "fiub" else np.array([str(v) for v in values], dtype=object)
    )


def _numbers(table: Any, notes: list[str]) -> Any:
    """A frame of float64: numbers as they are, texts as indicators."""
    pd = pandas()
    parts: dict[str, Any] = {}
    groups: list[str] = []
    skipped: list[str] = []
    for name in table.columns:
        column = table[name]
        if column.dtype.kind in "fiub":
            parts[name] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        texts = column.astype(object)
        levels = sorted({str(v) for v in texts[~texts.isna()]})
        if not 1 < len(levels) <= LEVELS or len(levels) > len(table) / 2:
            skipped.append(name)
            continue
        known = np.array([str(v) for v in texts], dtype=object)
        # A gap is a gap of all indicators.
        gaps = np.where(texts.isna().to_numpy(), np.nan, 0.0)
        for level in levels:
            parts[f"{name}={level}"] = (known == level) + gaps
        groups.append(f"{name} ({len(levels)})")
    if groups:
        notes.append(f"Texts became indicators, one for each text: {listed(groups)}.")
    if skipped:
        notes.append(
            f"Left out, since all their texts are the same or too many differ: {listed(skipped)}."
        )
    if not parts:
        raise ValueError("no column is left to predict from")
    return pd.DataFrame(parts, index=table.index)
