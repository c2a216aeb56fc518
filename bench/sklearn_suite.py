"""scikit-learn's own tests with riata's classes in the place of its own: `make sklearn`, or `python -m bench.sklearn_suite`.

A pytest plugin: before anything is collected, every name of riata's that `sklearn.linear_model` has too is riata's there. What fails
is a difference between the two; docs/from-scikit-learn.md tells the kinds. Names of test files choose among the suites.
"""

from __future__ import annotations

import sys
from pathlib import Path

SUITES = ("coordinate_descent", "logistic", "ridge")


def pytest_configure() -> None:
    """Called by pytest before collection."""
    import sklearn.linear_model

    import riata

    for name in riata.__all__:
        if name != "__version__" and hasattr(sklearn.linear_model, name):
            setattr(sklearn.linear_model, name, getattr(riata, name))


def main(suites: list[str]) -> int:
    """Run the suites named, by default all three; returns pytest's exit code."""
    import pytest
    from sklearn import linear_model

    tests = Path(linear_model.__file__).parent / "tests"
    files = [str(tests / f"test_{suite}.py") for suite in suites or SUITES]
    options = ["-p", "bench.sklearn_suite", "-p", "no:cacheprovider", "-c", "/dev/null", "-q"]
    return int(pytest.main([*options, "--tb=line", f"--rootdir={tests}", *files]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
