"""``python -m bench``: race riata against its peers and print the tables. See ``--help``."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import contenders, problems, report, suites
from bench.racer import ROOT


def parse(arguments=None):
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Race riata against its peers at equal judged gaps."
    )
    parser.add_argument("--suite", default="path", choices=[*suites.SUITES, "all"])
    parser.add_argument(
        "--problems",
        nargs="+",
        choices=list(problems.PROBLEMS),
        metavar="NAME",
        help="default: the suite's own",
    )
    parser.add_argument(
        "--peers",
        nargs="*",
        metavar="NAME",
        help="default: all; none after the flag races riata alone",
    )
    parser.add_argument(
        "--without-riata", action="store_true", help="race the peers among themselves"
    )
    parser.add_argument(
        "--target",
        type=float,
        default=1e-6,
        help="largest relative gap over the path (default 1e-6)",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--repeats", type=int, default=3, help="timed repeats after the climb (default 3)"
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=120.0,
        help="seconds for one contender on one problem (default 120)",
    )
    parser.add_argument(
        "--cores",
        type=int,
        nargs="+",
        help="cores to pin to, first to last (default: the last ones)",
    )
    parser.add_argument(
        "--rungs",
        nargs="+",
        metavar="FILE",
        help="results files that tell where climbs ended: start one rung below, which saves most of the search",
    )
    parser.add_argument(
        "--out", help="results file, appended to (default: bench/results/<day>.jsonl)"
    )
    parser.add_argument(
        "--table",
        nargs="+",
        metavar="FILE",
        help="print the tables of results files and race nothing",
    )
    parser.add_argument(
        "--match",
        default="",
        metavar="TEXT",
        help="of the suite fits: those whose name contains this",
    )
    parser.add_argument("--list", action="store_true", help="list problems and contenders")
    return parser.parse_args(arguments)


def available_cores():
    """Return the cores this process may use, last one first: the first often serves interrupts."""
    return sorted(os.sched_getaffinity(0), reverse=True) if hasattr(os, "sched_getaffinity") else []


def show(files):
    """Print the tables of results files."""
    for suite, table in report.tables(report.read(files)).items():
        print(f"\n### {suite}\n\n{table}")


def main(arguments=None):
    """Run what the command line asks for."""
    given = parse(arguments)
    if given.list:
        print("problems:  ", *problems.PROBLEMS)
        print("contenders:", *contenders.MODULES)
        return 0
    if given.table:
        show(given.table)
        return 0
    peers = (
        [name for name in contenders.MODULES if name != "riata"]
        if given.peers is None
        else given.peers
    )
    unknown = [name for name in peers if name not in contenders.MODULES]
    if unknown:
        print(
            f"no such contender: {', '.join(unknown)}; there are {', '.join(contenders.MODULES)}",
            file=sys.stderr,
        )
        return 2
    options = suites.Options(
        names=given.problems or [],
        chosen=bool(given.problems),
        peers=([] if given.without_riata else ["riata"]) + peers,
        target=given.target,
        threads=given.threads,
        repeats=given.repeats,
        budget=given.budget,
        cores=given.cores or available_cores(),
        match=given.match,
        out=given.out or str(ROOT / "bench" / "results" / f"{datetime.now(UTC):%Y-%m-%d}.jsonl"),
    )
    if given.rungs:
        options.rungs = report.rungs(report.read(given.rungs))
    for suite in suites.SUITES if given.suite == "all" else [given.suite]:
        suites.SUITES[suite](options)
    if Path(options.out).exists():
        show([options.out])
    return 0


if __name__ == "__main__":
    sys.exit(main())
