"""The demonstration runs on the small data that need no carrier, and riata keeps its gap there."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[1]


def test_demo_on_small_data(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo", "--quick", "--output", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for plot in ("riata_path.png", "riata_cv.png", "riata_coefficients.png", "riata_classes.png"):
        assert (tmp_path / plot).stat().st_size > 10_000
    assert "1se" in done.stdout
    assert "worst concave points" in done.stdout  # the features have names
    assert "empty model" in done.stdout
    assert "breast_cancer" in done.stdout
    assert "do not tell L2 (l1_ratio 0) from L1 (l1_ratio 1)" in done.stdout
