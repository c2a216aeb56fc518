"""scikit-learn's own tests with its estimators on riata: `make accel-suite`, or `python -m bench.accel_suite [suites]`.

A pytest plugin: before anything is collected scikit-learn is patched. What is expected to fail is in bench/accel_failures.txt, with a
reason each; anything else that fails makes the run fail, and so does a test of that list that passes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import riata

SUITES = {
    "coordinate_descent": "linear_model/tests/test_coordinate_descent.py",
    "ridge": "linear_model/tests/test_ridge.py",
    "logistic": "linear_model/tests/test_logistic.py",
    "glm": "linear_model/_glm/tests/test_glm.py",
    "bagging": "ensemble/tests/test_bagging.py",
    "calibration": "tests/test_calibration.py",
    "metadata": "tests/test_metaestimators_metadata_routing.py",
    "multioutput": "tests/test_multioutput.py",
    "search": "model_selection/tests/test_search.py",
    "validation": "model_selection/tests/test_validation.py",
    "pipeline": "tests/test_pipeline.py",
    "from_model": "feature_selection/tests/test_from_model.py",
}
FAILURES = Path(__file__).parent / "accel_failures.txt"


def expected() -> dict[str, str]:
    """Test by test of this version of scikit-learn, why it fails: lines of `versions | file::test | reason`."""
    from sklearn import __version__

    reasons = {}
    for line in FAILURES.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            versions, test, reason = (part.strip() for part in line.split(" | "))
            if any(__version__.startswith(version) for version in versions.split(",")):
                reasons[test] = reason
    return reasons


def pytest_configure() -> None:
    """Called by pytest before collection."""
    riata.patch_sklearn(log="debug")


def pytest_collection_modifyitems(items: list) -> None:
    """Called by pytest after collection."""
    import pytest

    known = expected()
    for item in items:
        name = f"{item.path.name}::{item.name}"
        if name in known:
            item.add_marker(pytest.mark.xfail(reason=known[name], strict=True))


def pytest_terminal_summary(terminalreporter) -> None:
    """Called by pytest at the end."""
    terminalreporter.write_line(str(riata.accel.report()))


def main(suites: list[str]) -> int:
    """Run the suites named, by default all; returns pytest's exit code."""
    import pytest
    import sklearn

    root = Path(sklearn.__file__).parent
    files = [str(root / SUITES[suite]) for suite in suites or SUITES]
    options = ["-p", "bench.accel_suite", "-p", "no:cacheprovider", "-c", "/dev/null", "-q"]
    return int(pytest.main([*options, "--tb=line", "-rfX", f"--rootdir={root}", *files]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
