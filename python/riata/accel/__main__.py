"""``python -m riata.accel``: run a program with scikit-learn's estimators on riata.

python -m riata.accel [-v] [--report] (-m module | -c command | script.py) [arguments]
python -m riata.accel enable | disable | status
"""

from __future__ import annotations

import logging
import runpy
import sys
from pathlib import Path

from . import patch_sklearn, report
from ._startup import ACTIONS

USAGE = (__doc__ or "").split("\n\n")[1]


class _Stop(Exception):
    """What the command line lacks."""


def _options(arguments: list[str]) -> tuple[bool, bool, list[str]]:
    verbose = with_report = False
    while arguments and arguments[0] in ("-v", "--verbose", "--report"):
        option = arguments.pop(0)
        verbose |= option != "--report"
        with_report |= option == "--report"
    if not arguments or (arguments[0] in ("-m", "-c") and len(arguments) < 2):
        raise _Stop("there is nothing to run")
    if arguments[0].startswith("-") and arguments[0] not in ("-m", "-c"):
        raise _Stop(f"unknown option {arguments[0]}")
    return verbose, with_report, arguments


def _run(arguments: list[str]) -> None:
    """What ``python`` would do with the same arguments."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif arguments[0] == "-c":
        sys.argv = ["-c", *arguments[2:]]
        sys.path.insert(0, "")
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(arguments[0]).resolve().parent))
        runpy.run_path(arguments[0], run_name="__main__")


def main(arguments: list[str]) -> int:
    """Run the program; the exit code is its own."""
    if len(arguments) == 1 and arguments[0] in ACTIONS:
        sys.stdout.write(ACTIONS[arguments[0]]() + "\n")
        return 0
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(USAGE + "\n")
        return 0
    try:
        verbose, with_report, program = _options(list(arguments))
    except _Stop as stop:
        sys.stderr.write(f"riata.accel: {stop}\n{USAGE}\n")
        return 2
    if verbose:
        logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
        logging.getLogger("riata.accel").setLevel(logging.DEBUG)
    patch_sklearn(log="warning" if verbose else "info")
    try:
        _run(program)
    finally:
        if with_report:
            sys.stderr.write(f"{report()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
