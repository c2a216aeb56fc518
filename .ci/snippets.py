"""Type-checks the Python blocks of README.md and docs/ as a user of riata would: `python .ci/snippets.py`.

The blocks of a page share names, so a page becomes one module, its blocks at the lines where they stand.
"""

import re
import sys
import tempfile
from pathlib import Path

from mypy import api

ROOT = Path(__file__).parents[1]


def module_of(text: str) -> str:
    """The page with every line outside its Python blocks empty."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        fence = re.match(r"```", line)
        lines.append(line if inside and not fence else "")
        inside = line == "```python" if fence and not inside else inside and not fence
    return "\n".join(lines) + "\n"


def main() -> int:
    """mypy's exit code; its messages name the pages and their lines."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for page in pages:
            if "```python\n" in (text := page.read_text(encoding="utf-8")):
                file = Path(folder) / f"{re.sub(r'[^a-z0-9]', '_', page.stem.lower())}_page.py"
                file.write_text(module_of(text), encoding="utf-8")
                names[str(file)] = str(page.relative_to(ROOT))
        out, err, status = api.run([f"--config-file={ROOT / 'pyproject.toml'}", *names])
    for file, name in names.items():
        out = out.replace(file, name)
    print(out + err, end="")
    return status


if __name__ == "__main__":
    sys.exit(main())
