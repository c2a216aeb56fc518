"""What a stranger's tools read: dependency groups, addresses, the citation, workflows, forms. One fact, one place."""

import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, GROUPS = PYPROJECT["project"], PYPROJECT["dependency-groups"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def bounds(requirements):
    """{name: version} of requirements written `name>=version` or `name==version`."""
    found = (re.fullmatch(r"([A-Za-z0-9-]+)[>=]=([\d.]+)", r) for r in requirements)
    return {m[1]: tuple(map(int, m[2].split("."))) for m in found if m}


def padded(version):
    return version + (0,) * (3 - len(version))


def test_builds_without_isolation_have_what_isolated_builds_have():
    assert set(PYPROJECT["build-system"]["requires"]) <= set(GROUPS["build"])


def test_the_oldest_environment_has_the_lower_ends_that_are_declared():
    oldest = bounds(GROUPS["oldest"])
    declared = bounds([*PROJECT["dependencies"], *GROUPS["test"]])
    assert set(bounds(PROJECT["dependencies"])) <= set(oldest)
    assert {n: padded(v) for n, v in oldest.items()} == {n: padded(declared[n]) for n in oldest}


def test_the_page_on_support_names_the_declared_versions():
    page = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    for label, name in (("NumPy", "numpy"), ("SciPy", "scipy"), ("scikit-learn", "scikit-learn")):
        said = re.search(rf"^\| {label} \| ([\d.]+) or newer \|$", page, re.MULTILINE)[1]
        assert tuple(map(int, said.split("."))) == bounds(PROJECT["dependencies"])[name]
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert f"| Python | {versions[0]} to {versions[-1]}" in page


def test_every_group_that_the_makefile_installs_exists():
    named = set(re.findall(r"--group ([a-z]+)", MAKEFILE))
    for groups in re.findall(r"GROUPS *\??= *\"?([a-z ]+)", MAKEFILE):
        named |= set(groups.split())
    assert named <= set(GROUPS)


def test_the_citation_agrees_with_the_package():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (\S+)$", citation, re.MULTILINE)[1] == PROJECT["version"]
    assert re.search(r"^license: (\S+)$", citation, re.MULTILINE)[1] == PROJECT["license"]


def test_workflows_call_targets_and_scripts_that_exist():
    problems = []
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows
    for file in workflows:
        text = file.read_text(encoding="utf-8")
        steps = re.findall(r"run: (.*)$", text, re.MULTILINE)
        for command in steps:
            problems += [
                f"{file.name}: make {t}"
                for t in re.findall(r"\bmake ([a-z][a-z-]*)", command)
                if t not in TARGETS
            ]
            problems += [
                f"{file.name}: {path}"
                for path in re.findall(r"\.ci/\S+", command)
                if not (ROOT / path).exists()
            ]
    assert not problems, problems


def test_every_target_is_phony_and_explained():
    explained = set(re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())
    assert explained == phony == TARGETS
