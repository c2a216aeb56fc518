"""Every file of the gallery keeps its claim at its small size, says it and draws it."""

import importlib
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[1]
NAMES = sorted(file.stem for file in (ROOT / "examples" / "gallery").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_claim(name):
    module = importlib.import_module(f"examples.gallery.{name}")
    found = module.measure(small=True)
    assert module.say(found)
    figure, ax = plt.subplots()
    module.draw(ax, found)
    assert ax.has_data()
    plt.close(figure)


def test_each_is_a_command(tmp_path):
    command = [
        sys.executable,
        "-m",
        "examples.gallery.wavelets",
        "--small",
        "--output",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "wavelets.png").stat().st_size > 5_000
