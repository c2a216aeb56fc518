"""Results as JSON lines and as a Markdown table."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

# What tells one measurement from another; a later one of the same replaces the earlier.
KEYS = ("suite", "problem", "contender", "threads", "target", "what", "import")
NO_RACE = {
    "memory": ["problem", "contender", "MB of X", "MB beyond X", "share of X", "goal"],
    "cv": [
        *(
            "problem",
            "what",
            "threads",
            "riata s",
            "best peer",
            "ratio",
            "goal",
        ),
        *("paths", "paths goal", "largest gap"),
    ],
    "tiny": ["what", "microseconds", "ratio", "goal"],
    "import": ["import", "best", "median", "goal"],
}


def machine():
    """Return what the numbers were measured on."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def circumstances():
    """Return what every record ends with: the machine and the time of day."""
    return {"machine": machine(), "time": datetime.now(UTC).isoformat(timespec="seconds")}


def record(suite, problem, result, **more):
    """Return one JSON-ready line."""
    return {
        "suite": suite,
        "problem": problem.name,
        "n": problem.shape[0],
        "p": problem.shape[1],
        "layout": problem.layout,
        "loss": problem.spec.loss,
        "l1_ratio": problem.l1_ratio,
        "eps": problem.spec.eps,
        "goal": problem.spec.goal,
        **asdict(result),
        "best": result.best,
        **more,
        **circumstances(),
    }


def append(file, line):
    """Append one record to a results file."""
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write(json.dumps(line) + "\n")


def read(files):
    """Read results files; of several records of the same run the last one counts."""
    latest = {}
    for file in files:
        for text in Path(file).read_text().splitlines():
            line = json.loads(text)
            key = tuple(line.get(k) for k in KEYS)
            latest.pop(key, None)
            latest[key] = line
    return list(latest.values())


def rungs(lines):
    """Return the tolerance each recorded climb ended at, by what identifies the run."""
    keys = ("suite", "problem", "contender", "threads", "target", "what")
    return {tuple(line.get(k) for k in keys): line["rung"] for line in lines if line.get("rung")}


def seconds(value):
    """Format seconds to two or three digits."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.01 else f"{value * 1e3:.2g}e-3"


def crowded(line):
    """Return whether the best run got much less processor time than it took: the machine was busy."""
    if line["contender"] == "r-glmnet" and "layout" not in line:
        return False  # the oldest records hold the worker's processor time, not R's
    return bool(line.get("cpu")) and line["cpu"] < 0.8 * line["best"]


def cell(line):
    """Return one contender's entry: its time, or why there is none."""
    if line is None:
        return ""
    if line["status"] == "reached":
        return seconds(line["best"]) + ("*" if crowded(line) else "")
    if line["status"] in ("budget", "ladder"):
        reached = "" if line["gap"] is None else f" ({line['gap']:.0e})"
        return f"> {seconds(line['at_least'])}{reached}"
    if line["status"] == "refused":
        return "unsupported" if (line["note"] or "").startswith("unsupported") else "–"
    return "failed"


def path_table(lines):
    """Return a Markdown table of a racing suite: a row per problem, a column per contender."""
    names = list(dict.fromkeys(line["contender"] for line in lines))
    racing = {line["contender"] for line in lines if line["status"] != "refused"}
    peers = [name for name in names if name != "riata" and name in racing]
    head = ["problem", "riata", *peers, "best peer / riata", "goal", "riata's gap"]
    rows = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    keys = list(dict.fromkeys((line["problem"], line.get("what")) for line in lines))
    for problem, what in keys:
        of = {
            line["contender"]: line
            for line in lines
            if (line["problem"], line.get("what")) == (problem, what)
        }
        mine = of.get("riata")
        ratio, goal = ratio_to_best(of), next(iter(of.values())).get("goal")
        gap = f"{max(mine['gap'], 0):.0e}" if mine and mine["gap"] is not None else ""
        size = next(iter(of.values()))
        label = f"{problem}{' ' + what if what else ''} ({size['n']:,} x {size['p']:,})"
        cells = [
            label,
            cell(mine),
            *(cell(of.get(name)) for name in peers),
            ratio,
            "" if goal is None else f"{goal:g}",
            gap,
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def ratio_to_best(of):
    """Return the best peer's time over riata's as text; a lower bound where no peer reached the target."""
    mine = of.get("riata")
    if not mine or mine["best"] is None:
        return ""
    peers = [line for name, line in of.items() if name != "riata"]
    reached = [line["best"] for line in peers if line["best"] is not None]
    bounds = [
        line["at_least"] for line in peers if line["best"] is None and line["at_least"] is not None
    ]
    if reached:
        return f"{min(reached) / mine['best']:.1f}"
    return f"> {min(bounds) / mine['best']:.1f}" if bounds else ""


def pair_table(lines, key, goal):
    """Return a Markdown table of riata's time at the lower value of ``key`` against the higher one; ``goal`` is asked per line."""
    rows = [f"| problem | {key} | time | {key} | time | ratio | goal |", "|---" * 7 + "|"]
    for problem in dict.fromkeys(line["problem"] for line in lines):
        of = {line[key]: line for line in lines if line["problem"] == problem}
        low, high = min(of), max(of)
        best = [of[value]["best"] for value in (low, high)]
        ratio = f"{best[0] / best[1]:.2f}" if all(best) and low != high else ""
        cells = [problem, f"{low:g}", cell(of[low]), f"{high:g}", cell(of[high])]
        rows.append("| " + " | ".join([*cells, ratio, goal(of[low])]) + " |")
    return "\n".join(rows)


def accuracy_goal(line):
    """Return how much longer the tighter target may take."""
    if line.get("loss") == "logistic":
        return "<= 1.6"
    return "<= 1.3" if line.get("layout", "dense") != "dense" else "<= 1.2"


def threads_goal(line):
    """Return what a second thread is to bring."""
    dense = line.get("layout", "dense") == "dense" and line.get("loss") != "logistic"
    return ">= 1.5" if dense else ">= 1.4"


def plain_table(lines, columns):
    """Return a Markdown table of chosen keys."""
    rows = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for line in lines:
        cells = [line.get(key) for key in columns]
        cells = ["" if c is None else f"{c:.3g}" if isinstance(c, float) else str(c) for c in cells]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def short(value):
    """Return a number with three digits."""
    return "" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def score_table(lines, best=False):
    """Return the scoring suite's Markdown table: medians, or the best of the rounds."""
    names = ["riata", "two threads", "predict", "scikit-learn", "onnxruntime"]
    head = ["", "goal", *names, "scikit-learn / riata", "share of bandwidth"]
    rows = [head, ["---"] * len(head)]
    for line in lines:
        times = line["best"] if best else line
        goal = line["goal"] if isinstance(line["goal"], str) else short(line["goal"])
        ratio = short(times["scikit-learn"] / times["riata"]) if "scikit-learn" in times else ""
        share = f"{100 * line['share']:.0f}%" if "share" in line else ""
        values = [short(times.get(name)) for name in names]
        rows.append([f"{line['what']} ({line['unit']})", goal, *values, ratio, share])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def fits_table(lines):
    """Return the Markdown tables of single fits: a summary of every target, and a row for every fit that was lost."""
    rows = ["| at | fits | lost | median ratio | least ratio |", "|---" * 5 + "|"]
    for what in dict.fromkeys(line["what"] for line in lines):
        own = [line for line in lines if line["what"] == what and line.get("ratio")]
        if not own:
            continue
        ratios = sorted(line["ratio"] for line in own)
        lost = sum(line["lost"] for line in lines if line["what"] == what)
        cells = [what, str(len(own)), str(lost), f"{median(ratios):.2f}", f"{ratios[0]:.2f}"]
        rows.append("| " + " | ".join(cells) + " |")
    columns = ["problem", "what", "riata ms", "scikit-learn ms", "ratio"]
    columns += ["riata gap", "scikit-learn gap"]
    slower = [line for line in lines if line.get("lost")]
    return "\n".join(rows) + ("\n\n" + plain_table(slower, columns) if slower else "")


def tables(lines):
    """Return the Markdown tables of all suites found in ``lines``, by suite."""
    found = {}
    for suite in dict.fromkeys(line["suite"] for line in lines):
        own = [line for line in lines if line["suite"] == suite]
        if suite in NO_RACE:
            found[suite] = plain_table(own, NO_RACE[suite])
        elif suite == "fits":
            found[suite] = fits_table(own)
        elif suite == "accuracy":
            found[suite] = pair_table(own, "target", accuracy_goal)
        elif suite == "threads":
            found[suite] = pair_table(own, "threads", threads_goal)
        elif suite == "score":
            found[suite] = score_table(own)
            continue
        else:
            found[suite] = path_table(own)
        if any(line.get("best") and crowded(line) for line in own):
            found[suite] += "\n\n\\* on a busy machine: less than 0.8 of that was processor time."
    return found
