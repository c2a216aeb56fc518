"""Whether this checkout may be released under a tag: python .ci/release.py v0.1.0"""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
newest = re.search(
    r"^## \[(\d[^\]]*)\](.*)$", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)
problems = [
    f"{name} = {url} is a placeholder" for name, url in project["urls"].items() if ".example" in url
]
if sys.argv[1].removeprefix("v") != project["version"]:
    problems.append(f"the tag {sys.argv[1]} is not the version {project['version']}")
if (
    newest is None
    or newest[1] != project["version"]
    or not re.search(r"\d{4}-\d\d-\d\d", newest[2])
):
    problems.append("CHANGELOG.md has no dated entry for this version at its top")
sys.exit("\n".join(problems) or None)
