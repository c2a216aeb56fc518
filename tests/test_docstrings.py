"""What numpydoc's lint says of everything public: every parameter has a type and a description, nothing is without words."""

import inspect

import pytest
from numpydoc.validate import validate

import riata

pytestmark = pytest.mark.house

NAMES = sorted(set(riata.__all__) - {"__version__"})
# Parameters without documentation, type or description; objects without a docstring; docstrings without Parameters' names right.
EVERYWHERE = {"PR01", "PR02", "PR04", "PR07", "GL08"}
# Besides these, of what riata lists: See Also and Examples.
LISTED = {"SA01", "EX01"}
# What stands for a published method, and says where it was published.
METHODS = {name for name in NAMES if inspect.isclass(getattr(riata, name))} - {
    "Advice",
    "CVResult",
    "ClassPathResult",
    "Collinearity",
    "InformationCriteria",
    "PathPoint",
    "PathResult",
    "Scorer",
    "Stress",
    "TaskPathResult",
}
METHODS |= {"advise", "alpha_max", "cap_weights", "check_solution", "collinearity"}
METHODS |= {"convert_penalty", "cv_path", "enet_path", "information_criteria", "lasso_path"}
METHODS |= {"logistic_path", "path", "prior", "stress"}


def members(name):
    """The public methods and properties that riata itself writes, inherited ones included."""
    cls = getattr(riata, name)
    if not inspect.isclass(cls):
        return
    for member in dir(cls):
        if member.startswith("_"):
            continue
        value = inspect.getattr_static(cls, member)
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if inspect.isfunction(function) and function.__module__.startswith("riata."):
            yield f"riata.{name}.{member}"


def findings(name, codes):
    return [f"{name}: {code} {text}" for code, text in validate(name)["errors"] if code in codes]


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_is_documented(name):
    found = findings(f"riata.{name}", EVERYWHERE | LISTED)
    for member in members(name):
        found += findings(member, EVERYWHERE)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_says_where_it_was_published(name):
    doc = inspect.getdoc(getattr(riata, name))
    assert "References\n----------\n" in doc or "(Friedman, Hastie and Tibshirani" in doc
