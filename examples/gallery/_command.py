"""What every file of the gallery does when it is run."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

ROOT = Path(__file__).resolve().parents[2]


def table(rows, columns, form="{:9.3g}", width=26):
    """Rows {name: values} as text below column heads."""
    head = " " * width + "".join(f"{column!s:>10}" for column in columns)
    lines = [
        f"{name:<{width}}" + "".join(f" {form.format(v)}" for v in values)
        for name, values in rows.items()
    ]
    return "\n".join([head, *lines])


def command(name, measure, draw, say):
    """Measure (the claim is asserted there), say it, draw it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="the size that the tests run")
    parser.add_argument("--output", type=Path, default=ROOT / "demo" / "gallery")
    options = parser.parse_args()
    found = measure(small=options.small)
    print(say(found))
    import matplotlib.pyplot as plt

    options.output.mkdir(parents=True, exist_ok=True)
    figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    draw(ax, found)
    path = options.output / f"{name}.png"
    figure.savefig(path, dpi=150)
    print(f"Its figure: {os.path.relpath(path)}")
