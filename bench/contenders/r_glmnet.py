"""R's glmnet through Rscript, timed inside R. The matrix reaches R through a file, outside the time."""

import subprocess
import tempfile
from pathlib import Path

ENVIRONMENT = None
LADDER = tuple(10.0**-k for k in range(7, 18, 2))
FAMILIES = {"squared": "gaussian", "logistic": "binomial", "softmax": "multinomial"}
LOSSES = tuple(FAMILIES)
SPARSE = True
LATEST = {}
SCRIPT = Path(__file__).with_suffix(".R")


def version():
    asked = [
        "Rscript",
        "-e",
        'cat(as.character(packageVersion("glmnet")), as.character(getRversion()))',
    ]
    glmnet, r = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    return f"{glmnet} (R {r})"


def cpu_seconds():
    """Return the processor time of the latest path: it was spent in R, not in the worker."""
    return LATEST["cpu"]


def refuses(problem):
    return None if problem.files else "races from files only"


def path(problem, tolerance, threads=1):
    import numpy as np
    from scipy.sparse import csc_matrix

    n, p = problem.shape
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problem.alphas.tofile(folder / "alphas")
        job = {
            "X": matrix_files(problem, folder),
            "y": problem.files["y"],
            "n": n,
            "p": p,
            "k": problem.alphas.size,
            "l1_ratio": problem.l1_ratio,
            "thresh": tolerance,
            "family": FAMILIES[problem.spec.loss],
            "folder": folder,
        }
        arguments = [f"{key}={value}" for key, value in job.items()]
        subprocess.run(["Rscript", str(SCRIPT), *arguments], check=True, stdout=subprocess.DEVNULL)
        data = np.fromfile(folder / "coefs.data")
        indices, indptr = (
            np.fromfile(folder / f"coefs.{part}", np.int32) for part in ("indices", "indptr")
        )
        intercepts = np.fromfile(folder / "intercepts")
        seconds, LATEST["cpu"] = map(float, (folder / "seconds").read_text().split())
    return csc_matrix((data, indices, indptr), shape=(p, indptr.size - 1)), intercepts, seconds


def matrix_files(problem, folder):
    """Return where X lies: a .npy file, or the stem of the three arrays of a CSC matrix, written here if the cache has CSR."""
    import numpy as np

    stem = problem.files["X"].removesuffix(".npy")
    if not problem.sparse:
        return problem.files["X"]
    if problem.X.format == "csr":
        X, stem = problem.columns(), folder / "X"
        for part in ("data", "indices", "indptr"):
            np.save(f"{stem}.{part}.npy", getattr(X, part))
    return stem
