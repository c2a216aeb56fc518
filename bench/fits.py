"""The suite ``fits``: single fits, riata against scikit-learn, each at its defaults and at equal judged gaps.

For people who call ``fit`` once: dense and sparse, L1, L2 and both, squares and labels, on the shapes where it matters whether a
solver forms a Gram matrix or takes a few sweeps, and on real data. Processor time of one thread, contenders in turn, medians. At
equal gaps each contender takes the loosest of its own tolerances at which the judge finds the target kept.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import process_time

import numpy as np

from bench import problems
from bench.judge import judge

TARGETS = (1e-4, 1e-6, 1e-9)
LADDER = tuple(10.0**-k for k in range(2, 15))
LIMIT = 10.0  # seconds of one fit from which a contender climbs no further
LONG = 3.0  # seconds of all rounds together that are enough
NEGLIGIBLE = 3e-4  # seconds: fits below are not counted as lost


@dataclass(frozen=True)
class Fit:
    """One fit: data, loss ("squared", "logistic" or "softmax") and the penalty on riata's scale."""

    name: str
    data: object
    loss: str
    part: float | None  # alpha as this part of alpha_max; None: scikit-learn's default penalty
    l1_ratio: float


def dense(n, p, rho=0.0, order="C"):
    """Return columns that are AR(1) Gaussian, a response of half of them (fifty at most), and noise."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, p))
    for j in range(1, p if rho else 0):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    coef = np.zeros(p)
    coef[random.choice(p, p // 2, replace=False)] = random.standard_normal(p // 2)
    signal = X @ coef
    y = signal + signal.std() / np.sqrt(5.0) * random.standard_normal(n)
    return np.asarray(X, order=order), y


def sparse(n, p, density, form="csr"):
    """Return sparse columns and a response of 200 of them."""
    import scipy.sparse as sp

    random = np.random.default_rng(0)
    X = sp.random_array((n, p), density=density, format=form, rng=random)
    coef = np.zeros(p)
    coef[random.choice(p, 200, replace=False)] = 3 * random.standard_normal(200)
    signal = X @ coef
    return X, signal + 0.3 * signal.std() * random.standard_normal(n)


def carried(name):
    """Return a data set that packages carry, as the races have it."""
    problem = problems.load(problems.PROBLEMS[name])
    return problem.X, problem.y


def built_in(name):
    """Return one of scikit-learn's own data sets, standardised."""
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = X[:, X.std(axis=0) > 0]
    return (X - X.mean(axis=0)) / X.std(axis=0), y.astype(float)


def halves(load, classes=2):
    """Return the data with labels: which quantile of the response a row is in."""
    X, y = load()
    edges = np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1])
    return X, np.searchsorted(edges, y).astype(float)


def suite():
    """Return every fit of the suite."""
    fits = []

    def add(name, load, loss, l1_ratio, *parts):
        for part in parts or (None,):
            at = "C = 1" if part is None and loss != "squared" else "default"
            where = f"alpha_max/{part:g}" if part else at
            kind = {0: "L2", 1: "L1"}.get(l1_ratio, "both")
            fits.append(Fit(f"{loss} {kind} {name} {where}", load, loss, part, l1_ratio))

    for n, p in ((400, 450), (400, 700), (400, 1000), (400, 2000), (200, 5000), (1000, 1000)):
        add(f"{n} x {p}", partial(halves, partial(dense, n, p)), "logistic", 0)
    for n, p in ((1600, 500), (3000, 500), (20_000, 50), (500, 20)):
        add(f"{n} x {p}", partial(halves, partial(dense, n, p)), "logistic", 0)
    add("5000 x 20000 sparse", partial(halves, partial(sparse, 5000, 20_000, 0.005)), "logistic", 0)
    for n, p in ((1000, 200), (200, 2000)):
        for ratio in (1, 0.5):
            add(f"{n} x {p}", partial(halves, partial(dense, n, p)), "logistic", ratio, 10)
    add("1000 x 50, 5 classes", partial(halves, partial(dense, 1000, 50), 5), "softmax", 0)
    add("400 x 1000, 4 classes", partial(halves, partial(dense, 400, 1000), 4), "softmax", 0)
    for n, p in ((2000, 500), (1000, 200), (20_000, 300), (1000, 1000), (200, 2000)):
        for ratio in (1, 0.5):
            add(f"{n} x {p}", partial(dense, n, p), "squared", ratio, 10, 100, 1000)
    for n, p in ((2000, 500), (1000, 200)):
        for ratio in (1, 0.5):
            add(f"{n} x {p} AR .9", partial(dense, n, p, 0.9), "squared", ratio, 10, 1000)
    add("5000 x 20000 sparse", partial(sparse, 5000, 20_000, 0.005, "csc"), "squared", 1, 10, 100)
    for n, p in ((1000, 100), (200, 2000), (20_000, 50), (1000, 1000)):
        add(f"{n} x {p}", partial(dense, n, p), "squared", 0)
    add("5000 x 20000 sparse", partial(sparse, 5000, 20_000, 0.005), "squared", 0)
    for ratio in (1, 0.5):
        add("diabetes", partial(built_in, "diabetes"), "squared", ratio, 100)
        add("breast_cancer", partial(built_in, "breast_cancer"), "logistic", ratio, 100)
    add("breast_cancer", partial(built_in, "breast_cancer"), "logistic", 0)
    add("digits", partial(built_in, "digits"), "softmax", 0)
    return fits


def real():
    """Return fits on data that packages carry, where those are installed."""
    fits = []
    for name in ("nci60", "flights", "khan"):
        fits += [
            Fit(f"squared L1 {name} alpha_max/{part}", partial(carried, name), "squared", part, 1)
            for part in (10, 100)
        ]
    for name in ("logistic_mfeat", "logistic_flights"):
        fits.append(Fit(f"logistic L2 {name} C = 1", partial(carried, name), "logistic", None, 0))
    return fits


def alpha_of(fit, X, y):
    """Return the penalty on riata's scale."""
    if fit.part is None:
        return 1.0 / len(y)  # C = 1, and alpha = 1 of Ridge
    yc = y - y.mean()
    return float(np.abs(X.T @ yc).max() / len(y) / fit.l1_ratio / fit.part)


def estimator(who, fit, alpha, n, tol):
    """Return an estimator; tol None leaves the default."""
    if who == "riata":
        import riata as models
    else:
        from sklearn import linear_model as models
    more = {} if tol is None else {"tol": tol}
    exact = {} if tol is None else {"max_iter": 1_000_000 if who == "riata" else 100_000}
    if fit.loss == "squared":
        if fit.l1_ratio == 0:
            return models.Ridge(alpha=alpha * n, **more)
        if fit.l1_ratio == 1:
            return models.Lasso(alpha=alpha, **more, **exact)
        return models.ElasticNet(alpha=alpha, l1_ratio=fit.l1_ratio, **more, **exact)
    if who != "riata" and fit.l1_ratio > 0:
        more |= {"solver": "saga", "max_iter": 100_000}
    elif tol is not None:
        more["max_iter"] = 10_000
    return models.LogisticRegression(C=1 / (alpha * n), l1_ratio=fit.l1_ratio, **more)


def gap_of(fit, alpha, X, y, model):
    """Return the judged relative gap of a fitted model."""
    coefs = np.atleast_2d(model.coef_).T
    intercepts = np.ravel(model.intercept_)
    return judge(X, y, [alpha], coefs, intercepts, fit.l1_ratio, fit.loss).worst


def timed(who, fit, alpha, X, y, tol):
    """Return processor seconds and the judged gap of one fit."""
    model = estimator(who, fit, alpha, len(y), tol)
    start = process_time()
    model.fit(X, y)
    seconds = process_time() - start
    return seconds, partial(gap_of, fit, alpha, X, y, model)


def climb(who, fit, alpha, X, y, target, first):
    """Return the loosest tolerance from `first` on that reaches the target (or None) and the gap reached."""
    gap = np.inf
    for tol in LADDER[LADDER.index(first) :]:
        seconds, judged = timed(who, fit, alpha, X, y, tol)
        gap = judged()
        if gap <= target:
            return tol, gap
        if seconds > LIMIT:
            break
    return None, gap


def race(fit, targets, rounds):
    """Return a row for the defaults and one for every target."""
    X, y = fit.data()
    alpha = alpha_of(fit, X, y)
    rows, first = [], {}
    for target in (None, *sorted(targets, reverse=True)):
        tols, gaps = {}, {}
        for who in ("riata", "scikit-learn"):
            if target is None:
                tols[who], gaps[who] = None, timed(who, fit, alpha, X, y, None)[1]()
            else:
                tols[who], gaps[who] = climb(
                    who, fit, alpha, X, y, target, first.get(who, LADDER[0])
                )
                first[who] = tols[who] or LADDER[-1]
        row = {"problem": fit.name, "what": "defaults" if target is None else f"gap {target:g}"}
        row |= {"riata gap": gaps["riata"], "scikit-learn gap": gaps["scikit-learn"]}
        reached = [who for who in tols if target is None or tols[who] is not None]
        times = {who: [] for who in reached}
        for _ in range(rounds):
            for who in reached:
                if sum(times[who]) > LONG:
                    continue
                times[who].append(timed(who, fit, alpha, X, y, tols[who])[0])
        for who in ("riata", "scikit-learn"):
            row[f"{who} ms"] = 1e3 * median(times[who]) if who in times else None
        if len(reached) == 2:
            row["ratio"] = row["scikit-learn ms"] / row["riata ms"]
            row["lost"] = row["ratio"] < 1 and row["riata ms"] > 1e3 * NEGLIGIBLE
        else:
            row["lost"] = reached == ["scikit-learn"]
        rows.append(row)
    return rows


def installed(fits):
    """Return the fits whose data are there: some come in packages."""
    found = []
    for fit in fits:
        try:
            fit.data()
        except (ImportError, FileNotFoundError) as missing:
            print(f"{fit.name}: left out, {missing}", file=sys.stderr)
        else:
            found.append(fit)
    return found


def main():
    """Measure and print rows as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--match", default="", help="only fits whose name contains this")
    parser.add_argument("--targets", type=float, nargs="*", default=list(TARGETS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, nargs="*", default=[])
    given = parser.parse_args()
    if given.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, given.cores)
    warnings.simplefilter("ignore")
    chosen = [fit for fit in suite() if given.match in fit.name]
    chosen += installed([fit for fit in real() if given.match in fit.name])
    for fit in chosen:
        for row in race(fit, given.targets, given.rounds):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
