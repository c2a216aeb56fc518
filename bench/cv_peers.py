"""Cross-validation of the lasso by its contenders, each at the loosest of its tolerances that the judge accepts.

Judged is the chosen model: its coefficients' gap at its alpha, from X itself. What folds were solved to is not handed out by most;
where a contender has the same folds, its curve of scores is compared with riata's, whose folds are all certified. adelie shuffles
its rows, so that its choice may be another one.

``python -m bench.cv_peers adelie PROBLEM TOLERANCE THREADS FILE`` runs adelie in its own environment.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from bench import problems
from bench.judge import judge

ROOT = Path(__file__).resolve().parent.parent
FOLDS, GAP = 5, 1e-6
CAP = 120  # seconds: a contender that took longer does not climb on


@dataclass
class Choice:
    """What a contender chose, after how long: scores are mean squared errors along its alphas, or None."""

    wall: float
    processor: float
    alpha: float
    coef: np.ndarray
    intercept: float
    scores: np.ndarray | None = None


def timed(make):
    """The estimator, fitted by `make`, with scikit-learn's attributes."""
    warnings.simplefilter("ignore")
    wall, processor = perf_counter(), process_time()
    model = make()
    wall, processor = perf_counter() - wall, process_time() - processor
    scores = np.asarray(model.mse_path_).mean(axis=1)
    return Choice(wall, processor, model.alpha_, model.coef_, float(model.intercept_), scores)


def scikit_learn(problem, tolerance, threads):
    from sklearn.linear_model import LassoCV

    model = LassoCV(
        eps=smallest(problem), cv=FOLDS, n_jobs=threads, tol=tolerance, max_iter=100_000
    )
    return timed(lambda: model.fit(problem.columns(), problem.y))


def celer(problem, tolerance, threads):
    """celer 0.7's LassoCV does not start with scikit-learn 1.9: the same from its path, a fold at a time."""
    from celer import Lasso
    from joblib import Parallel, delayed

    warnings.simplefilter("ignore")
    options = {"max_iter": 1000, "max_epochs": 100_000}
    X, y, alphas = problem.columns(), problem.y, grid(problem)
    folds = np.array_split(np.arange(len(y)), FOLDS)
    wall, processor = perf_counter(), process_time()
    jobs = (delayed(celer_errors)(X, y, rows, alphas, tolerance, options) for rows in folds)
    errors = np.array(Parallel(threads, prefer="threads")(jobs))
    scores = errors.mean(axis=0)
    alpha = float(alphas[scores.argmin()])
    model = Lasso(alpha=alpha, tol=tolerance, **options).fit(X, y)
    wall, processor = perf_counter() - wall, process_time() - processor
    return Choice(wall, processor, alpha, model.coef_, float(model.intercept_), scores)


def celer_errors(X, y, held, alphas, tolerance, options):
    """Mean squared errors of a path on the rows held out."""
    from celer import celer_path

    rows = np.setdiff1d(np.arange(len(y)), held)
    train = X[rows]
    means, y_mean = np.asarray(train.mean(axis=0)).ravel(), y[rows].mean()
    if isinstance(train, np.ndarray):
        train, offset = np.asfortranarray(train - means), {}
    else:
        offset = {"X_offset": means, "X_scale": np.ones(len(means))}
    _, coefs, _ = celer_path(
        train, y[rows] - y_mean, "lasso", alphas=alphas, prune=1, tol=tolerance, **offset, **options
    )
    wrong = y[held, None] - X[held] @ coefs - (y_mean - means @ coefs)
    return (wrong**2).mean(axis=0)


def cv_glmnet(problem, tolerance, threads):
    """One thread."""
    alphas = grid(problem)
    return run_cv_glmnet(problem, alphas, tolerance, family="gaussian", l1_ratio=1.0)


def run_cv_glmnet(problem, alphas, tolerance, fold_of_row=None, **more):
    """cv.glmnet in R, with folds of consecutive rows unless the fold of each row (from 1) is given."""
    from bench.contenders.r_glmnet import matrix_files

    n, p = problem.shape
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alphas.tofile(folder / "alphas")
        if fold_of_row is not None:
            fold_of_row.astype(np.int32).tofile(folder / "foldid")
        job = {
            "X": matrix_files(problem, folder),
            "y": problem.files["y"],
            "n": n,
            "p": p,
            "k": alphas.size,
            "thresh": tolerance,
            "folder": folder,
            "folds": FOLDS,
            **more,
        }
        script = ROOT / "bench" / "contenders" / "r_glmnet_cv.R"
        arguments = [f"{key}={value}" for key, value in job.items()]
        subprocess.run(["Rscript", str(script), *arguments], check=True, stdout=subprocess.DEVNULL)
        wall, processor = map(float, (folder / "seconds").read_text().split())
        alpha, intercept = np.fromfile(folder / "chosen")
        coef, scores = (np.fromfile(folder / part) for part in ("coef", "scores"))
    return Choice(wall, processor, float(alpha), coef, float(intercept), scores)


def adelie_here(problem, tolerance, threads):
    """In adelie's environment: cross-validation, then the path of all rows to the choice."""
    import adelie

    X = problem.columns()
    wall, processor = perf_counter(), process_time()
    matrix = adelie.matrix.sparse(X, n_threads=threads) if problem.sparse else X
    glm = adelie.glm.gaussian(y=problem.y)
    options = {
        "tol": tolerance,
        "progress_bar": False,
        "n_threads": threads,
        "max_iters": 10_000_000,
        "penalty": np.ones(X.shape[1]),
    }
    found = adelie.cv_grpnet(
        matrix,
        glm,
        n_folds=FOLDS,
        min_ratio=smallest(problem),
        lmda_path_size=100,
        seed=0,
        **options,
    )
    state = adelie.grpnet(
        X=matrix,
        glm=glm,
        lmda_path=found.lmdas[: found.best_idx + 1],
        adev_tol=1,
        ddev_tol=0,
        early_exit=False,
        **options,
    )
    wall, processor = perf_counter() - wall, process_time() - processor
    coef = np.asarray(state.betas[-1].todense()).ravel()
    return Choice(wall, processor, float(state.lmdas[-1]), coef, float(state.intercepts[-1]))


def adelie(problem, tolerance, threads):
    """The same from any environment."""
    python = ROOT / ".venv-bench-numpy1" / "bin" / "python"
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "choice.npz"
        job = ["-m", "bench.cv_peers", "adelie", problem.name, repr(tolerance), str(threads)]
        subprocess.run([python, *job, str(file)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        saved = np.load(file)
        numbers = (float(saved[key]) for key in ("wall", "processor", "alpha"))
        return Choice(*numbers, saved["coef"], float(saved["intercept"]))


# name: contender, its tolerances from loose to tight
PEERS = {
    "scikit-learn": (scikit_learn, tuple(10.0**-k for k in range(4, 10))),
    "celer": (celer, tuple(10.0**-k for k in range(3, 12))),
    "cv.glmnet": (cv_glmnet, tuple(10.0**-k for k in range(7, 18, 2))),
    "adelie": (adelie, tuple(10.0**-k for k in range(7, 18, 2))),
}


def smallest(problem):
    """The last alpha of the grid over the first."""
    return 1 / 20 if problem.name == "word_frequency" else 1 / 100


def grid(problem):
    """100 alphas, from the judge's own correlations."""
    X, y = problem.X, problem.y - problem.y.mean()
    top = np.abs(X.T @ y).max() / len(y)
    return np.geomspace(top, top * smallest(problem), 100)


def race(name, problem, threads, scores=None):
    """A row for the contender at the loosest tolerance whose choice the judge accepts, or at the last one it had time for."""
    run, ladder = PEERS[name]
    row = {}
    for tolerance in ladder:
        try:
            choice = run(problem, tolerance, threads)
        except (ImportError, OSError, subprocess.CalledProcessError) as error:
            return {"absent": str(error)}
        verdict = judge(problem.X, problem.y, np.array([choice.alpha]), choice.coef[:, None])
        row = {
            "s": choice.wall,
            "processor s": choice.processor,
            "tolerance": tolerance,
            "gap": verdict.worst,
        }
        if scores is not None and choice.scores is not None:
            row["scores differ by"] = float(np.abs(choice.scores / scores - 1).max())
        if verdict.worst <= GAP or choice.wall > CAP:
            break
    return row


def main():
    """Run one contender and write its choice."""
    _, name, tolerance, threads, file = sys.argv[1:]
    problem = problems.load(problems.PROBLEMS[name])
    choice = adelie_here(problem, float(tolerance), int(threads))
    np.savez(
        file,
        **{key: getattr(choice, key) for key in ("wall", "processor", "alpha")},
        coef=choice.coef,
        intercept=choice.intercept,
    )


if __name__ == "__main__":
    main()
