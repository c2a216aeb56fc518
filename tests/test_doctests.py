"""Every example in a docstring runs and gives what it says, without a warning."""

import doctest
import importlib
import warnings
from pathlib import Path

import pytest

import riata

pytestmark = pytest.mark.house

MODULES = sorted(f.stem for f in Path(riata.__file__).parent.glob("*.py"))


def examples():
    """Every docstring of the package that holds an example."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in MODULES:
        module = riata if name == "__init__" else importlib.import_module(f"riata.{name}")
        yield from (test for test in finder.find(module) if test.examples)


EXAMPLES = {test.name: test for test in examples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # examples write files
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runner.run(EXAMPLES[name], out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_examples_are_found():
    assert {"riata._path.path", "riata.regression.Lasso", "riata.scoring.Scorer"} <= set(EXAMPLES)
