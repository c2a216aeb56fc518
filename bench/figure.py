"""Time against the gap that an independent judge found, from the recorded races: python -m bench.figure [OUTPUT]

Every point is one run of a contender at one tolerance; a line is how it climbs to the target. Down and left is better.
"""

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "bench" / "results" / "2026-11-21.jsonl"
FIGURE = ROOT / "docs" / "_static" / "time-against-gap.svg"
PANELS = {
    "nci60": "gene expression, 64 x 6,830",
    "wide": "synthetic, 200 x 20,000",
    "indian_pines": "spectra, 10,249 x 200",
}
COLOURS = {
    "riata": "#d1495b",
    "scikit-learn": "#2e86ab",
    "celer": "#5b8c5a",
    "skglm": "#8f6fb0",
    "adelie": "#b8862d",
    "glum": "#4d9a9a",
    "python-glmnet": "#a0a0a0",
    "r-glmnet": "#707070",
}
SMALLEST = 1e-15  # below it a gap is rounding


def climbs(problem):
    """{contender: [(seconds, gap), ...]} of a problem, from the loosest tolerance to the tightest."""
    found = {}
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record.get("problem") != problem or record["contender"] not in COLOURS:
            continue
        steps = [(s, max(g, SMALLEST)) for _, s, g in record["climb"] or [] if s and g is not None]
        if record["contender"] == "riata" and record["best"]:
            steps = [(record["best"], max(record["gap"], SMALLEST))]
        if steps:
            found[record["contender"]] = steps
    return found


def draw(ax, problem, title):
    for name, steps in climbs(problem).items():
        mine = name == "riata"
        seconds, gaps = zip(*steps)
        ax.loglog(
            seconds,
            gaps,
            marker="*" if mine else "o",
            markersize=15 if mine else 4,
            linewidth=1.2,
            color=COLOURS[name],
            label=name,
            zorder=3 if mine else 2,
        )
    ax.axhline(1e-6, color="#909090", linewidth=0.8, linestyle=":")
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("seconds for 100 lasso models")
    ax.grid(alpha=0.2)


def main(output):
    figure, axes = plt.subplots(
        1, len(PANELS), figsize=(11, 3.6), sharey=True, layout="constrained"
    )
    for ax, (problem, title) in zip(axes, PANELS.items()):
        draw(ax, problem, title)
    axes[0].set_ylabel("largest relative duality gap, judged")
    handles = {}
    for ax in axes:
        handles.update(dict(zip(*reversed(ax.get_legend_handles_labels()))))
    figure.legend(handles.values(), handles, loc="outside right center", frameon=False, fontsize=9)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, metadata={"Date": None} if output.suffix == ".svg" else None)
    print(output)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FIGURE)
