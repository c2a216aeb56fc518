"""Prints requirements from pyproject.toml, one a line: `build`, `run`, or the name of an extra."""

import sys
import tomllib
from pathlib import Path

pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
project = pyproject["project"]
groups = {
    "build": ["cmake", "ninja", *pyproject["build-system"]["requires"]],
    "run": project["dependencies"],
    **project["optional-dependencies"],
}
for group in sys.argv[1:]:
    print(*groups[group], sep="\n")
