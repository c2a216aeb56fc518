"""Small tables for people: printed in columns, in notebooks as HTML, as a data frame where one is wanted."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np


class Table:
    """Columns of equal length that print well.

    Parameters
    ----------
    columns : mapping of str to sequence
        NaN and None are shown as "-".
    marked : int, optional
        Row that gets a star.
    note : str
        What is said below.

    Examples
    --------
    >>> from riata._table import Table
    >>> table = Table({"alpha": [0.5, 0.25], "features": [1, 12]}, marked=1, note="* chosen")
    >>> print(table)
       alpha  features
         0.5         1
    *   0.25        12
    * chosen
    >>> table["features"]
    [1, 12]
    """

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]],
        *,
        marked: int | None = None,
        note: str = "",
    ) -> None:
        self.columns = {name: list(values) for name, values in columns.items()}
        self.marked, self.note = marked, note

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def __getitem__(self, name: str) -> list[Any]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def to_frame(self) -> Any:
        """The same as a pandas.DataFrame, numbers as they are."""
        return pandas().DataFrame(self.columns)

    def __str__(self) -> str:
        lines = []
        for mark, row in self._rows():
            lines.append(f"{mark} {'  '.join(row)}".rstrip())
        return "\n".join([*lines, self.note] if self.note else lines)

    __repr__ = __str__

    def _rows(self) -> Iterator[tuple[str, list[str]]]:
        """The mark and the padded cells of every line, the head first."""
        marks = [" ", *("*" if k == self.marked else " " for k in range(len(self)))]
        padded = []
        for name, values in self.columns.items():
            cells = [name, *(shown(value) for value in values)]
            width = max(map(len, cells))
            left = any(isinstance(value, str) for value in values)
            padded.append([cell.ljust(width) if left else cell.rjust(width) for cell in cells])
        yield from zip(marks, map(list, zip(*padded)))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = []
        for k, row in enumerate(zip(*self.columns.values())):
            style = ' style="font-weight:bold"' if k == self.marked else ""
            cells = "".join(f"<td>{html.escape(shown(value))}</td>" for value in row)
            body.append(f"<tr{style}>{cells}</tr>")
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{note}"


def shown(value: Any) -> str:
    """A cell as text."""
    if value is None:
        return "-"
    if isinstance(value, (float, np.floating)):
        return "-" if np.isnan(value) else f"{value:.4g}"
    return str(value)


def facts(title: str, values: Mapping[str, Any]) -> str:
    """An HTML table of names and values under a title."""
    rows = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th><td>{html.escape(shown(value))}</td></tr>'
        for name, value in values.items()
    )
    return f"<table><caption>{html.escape(title)}</caption><tbody>{rows}</tbody></table>"


def certified(certificate: Any) -> str:
    """A certificate as HTML: its bound in a sentence, and the numbers."""
    reached = "converged" if certificate.converged else "NOT converged"
    title = f"{reached}: the objective is at most {max(certificate.gap, 0.0):.3g} above the optimum"
    return facts(title, {f.name: getattr(certificate, f.name) for f in fields(certificate)})


def listed(words: Sequence[str]) -> str:
    """Words as a sentence has them: a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def pandas() -> Any:
    """The module, or an error that says what needs it."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("a data frame needs pandas: pip install pandas") from error
    return pd
