"""R's glmnet through Rscript, timed inside R. The matrix reaches R through a file, outside the time."""

import json
import subprocess
import tempfile
from pathlib import Path

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(7, 18, 2))
SCRIPT = Path(__file__).with_suffix(".R")


def version():
    asked = [
        "Rscript",
        "-e",
        'cat(as.character(packageVersion("glmnet")), as.character(getRversion()))',
    ]
    glmnet, r = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    return f"{glmnet} (R {r})"


def refuses(problem):
    return None if problem.files else "races from files only"


def path(problem, tolerance, threads=1):
    import numpy as np

    n, p = problem.shape
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        problem.alphas.tofile(out / "alphas")
        job = [
            problem.files["X"],
            problem.files["y"],
            n,
            p,
            problem.l1_ratio,
            tolerance,
            problem.alphas.size,
            out,
        ]
        subprocess.run(
            ["Rscript", str(SCRIPT), *map(str, job)], check=True, stdout=subprocess.DEVNULL
        )
        coefs = np.fromfile(out / "coefs").reshape(p, -1, order="F")
        intercepts = np.fromfile(out / "intercepts")
        seconds = json.loads((out / "seconds").read_text())
    return coefs, intercepts, seconds
