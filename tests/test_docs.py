"""Every Python block of README.md and docs/ runs as written; blocks of a page share names."""

import re
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
    """(first line, source) of each Python block."""
    text = page.read_text(encoding="utf-8")
    for m in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text[: m.start(1)].count("\n"), m[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for line, source in blocks(page):
        # Padding puts the page's own line numbers into a traceback.
        exec(compile("\n" * line + source, str(page), "exec"), names)
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")
