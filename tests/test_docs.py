"""Every Python and shell block of README.md and docs/ runs as written, in order; blocks of a page share names and a folder.

A C block is a file, named in its first line.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[1]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if "```python\n" in page.read_text(encoding="utf-8")
]


def blocks(page):
    """(first line, language, source) of each block that is run or saved."""
    text = page.read_text(encoding="utf-8")
    for m in re.finditer(r"^```(python|sh|c)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text[: m.start(2)].count("\n"), m[1], m[2]


def run_in_shell(source):
    """In the shell, `python` is the one that runs the tests."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", "-c", source],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for line, language, source in blocks(page):
        if language == "python":
            # Padding puts the page's own line numbers into a traceback.
            exec(compile("\n" * line + source, str(page), "exec"), names)
        elif language == "sh":
            run_in_shell(source)
        else:
            Path(re.match(r"/\* (\S+) \*/", source)[1]).write_text(source, encoding="utf-8")
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")
