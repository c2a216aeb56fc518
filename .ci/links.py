"""Every link of a built site that stays inside it leads to a file, and to an element of that name in it.

python .ci/links.py build/site
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links of a page and the names that links may end in."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.names.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def broken(root: Path) -> list[str]:
    """A line for each link that leads nowhere."""
    pages = {
        file.resolve(): Page(file)
        for file in sorted(root.rglob("*.html"))
        if "_static" not in file.parts
    }
    found = []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if target.is_dir():
                target = target / "index.html"
            where = f"{file.relative_to(root.resolve())}: {link}"
            if not target.exists():
                found.append(f"{where}: no such file")
            elif parts.fragment and target in pages:
                names = pages[target].names
                if parts.fragment not in names and unquote(parts.fragment) not in names:
                    found.append(f"{where}: no such place in the file")
    if not pages:
        found.append(f"{root}: no pages")
    return found


if __name__ == "__main__":
    problems = broken(Path(sys.argv[1]))
    print(*problems, sep="\n", end="\n" if problems else "")
    sys.exit(1 if problems else 0)
