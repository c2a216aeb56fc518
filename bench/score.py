"""``python -m bench.score``: production scoring against scikit-learn and onnxruntime, medians of one run, contenders in turn.

Prints a table; ``--json`` prints one record a line instead. ``--best`` prints the best of the rounds in place of their medians: a call
that is longer than its turn on a busy machine is timed with others' work in it.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from scipy import sparse

from .report import score_table, short

HERE = Path(__file__).parent
PEER, RUNTIME = "scikit-learn", "onnxruntime"


def race(calls, rounds, inner):
    """Seconds per call of each contender, as (median, best) over rounds in which they take turns."""
    for call in calls.values():
        call()
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(inner):
                call()
            times[name].append((time.perf_counter() - start) / inner)
    return {name: (median(values), min(values)) for name, values in times.items()}


def record(what, unit, goal, values, **more):
    """One line of the table: medians, and `best` if there are any; values in seconds become the unit's."""
    scale = {"ns": 1e9, "us": 1e6, "ms": 1e3, "bytes": 1}[unit]
    pairs = {k: v if isinstance(v, tuple) else (v, v) for k, v in values.items()}
    middle, best = ({k: pair[i] * scale for k, pair in pairs.items()} for i in (0, 1))
    return {"what": what, "unit": unit, "goal": goal, **middle, "best": best, **more}


def weights(p, used, seed=0):
    """Coefficients of p features, `used` of them not zero."""
    rng = np.random.default_rng(seed)
    coef = np.zeros(p)
    coef[rng.choice(p, used, replace=False)] = rng.standard_normal(used)
    return coef


def fitted(coef, names=None):
    """(riata's Lasso, scikit-learn's Lasso) with given coefficients, as if fitted."""
    from sklearn.linear_model import Lasso

    import riata

    models = riata.Lasso(), Lasso()
    for model in models:
        model.coef_, model.intercept_, model.n_features_in_ = coef, np.float64(0.5), len(coef)
        model.n_iter_ = 1
        if names is not None:
            model.feature_names_in_ = np.array(names, dtype=object)
    return models


def session(scorer):
    """An onnxruntime session on one thread, or None."""
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        scorer.to_onnx(), options, providers=["CPUExecutionProvider"]
    )


def with_runtime(calls, scorer, X):
    """The contenders, and onnxruntime where it is installed."""
    if (graph := session(scorer)) is not None:
        calls[RUNTIME] = lambda: graph.run(["score"], {"X": X})
    return calls


# ---------------------------------------------------------------- single rows


def seconds(pair):
    """(median, best) from nanoseconds."""
    return tuple(value / 1e9 for value in pair)


def rows_in_c(folder):
    """The library itself, called from C."""
    import riata

    program = folder / "score_rows"
    archive = Path(riata.get_include()).parent / "lib" / "libriata_score.a"
    compiler = [os.environ.get("CC", "cc"), "-O2", "-I", riata.get_include()]
    subprocess.run(
        [*compiler, str(HERE / "score_rows.c"), str(archive), "-lm", "-o", str(program)], check=True
    )
    for p, used, rows, goal in (
        (10_000, 90, 1, 100),
        (10_000, 90, 200, None),
        (1_000_000, 500, 1, 800),
        (1_000_000, 500, 32, None),
    ):
        path = folder / f"{p}.riata"
        riata.Scorer.from_coefficients(weights(p, used), 0.5).save(path)
        got = json.loads(
            subprocess.run([program, str(path), str(rows)], check=True, capture_output=True).stdout
        )
        where = "in cache" if rows == 1 else f"{rows} rows in turn"
        yield record(
            f"C, dense row, {p:,} features, {used} used, {where}",
            "ns",
            goal,
            {"riata": seconds(got["dense"])},
        )
        if rows == 1:
            yield record(
                f"C, sparse row of 100 features, {p:,} features, {used} used",
                "ns",
                200,
                {"riata": seconds(got["sparse"])},
            )
            yield record(
                f"C, the same, all 100 of them used, {p:,} features",
                "ns",
                None,
                {"riata": seconds(got["sparse_used"])},
            )


def rows_in_python(folder):
    """One row through Python: arrays, dictionaries, frames."""
    import riata

    coef = weights(10_000, 90)
    ours, theirs = fitted(coef)
    scorer = riata.Scorer.from_estimator(ours)
    x = np.random.default_rng(1).standard_normal(10_000)
    X = x[None]
    calls = {"riata": lambda: scorer.score_one(x), PEER: lambda: theirs.predict(X)}
    yield record(
        "score_one(ndarray), 10,000 features, 90 used",
        "us",
        1.5,
        race(with_runtime(calls, scorer, X), 51, 200),
    )
    calls = {"riata": lambda: ours.predict(X), PEER: lambda: theirs.predict(X)}
    yield record("predict, one row of 10,000", "us", 8, race(calls, 51, 200))
    names = [f"feature_{j}" for j in range(30)]
    ours, theirs = fitted(np.linspace(-1, 1, 30), names)
    scorer = riata.Scorer.from_estimator(ours)
    row = dict.fromkeys(names, 0.5)
    array = np.full((1, 30), 0.5)
    calls = {"riata": partial(scorer.score_one, row)}
    yield record(
        "score_one(dict of 30 names)", "us", 4, race(with_runtime(calls, scorer, array), 51, 500)
    )
    yield from frames()


def frames():
    """One row of a pandas frame, narrow and wide."""
    import pandas as pd

    import riata

    for p, used, goal in ((30, 30, 60), (10_000, 90, 60)):
        names = [f"feature_{j}" for j in range(p)]
        ours, theirs = fitted(weights(p, used), names)
        scorer = riata.Scorer.from_estimator(ours)
        frame = pd.DataFrame(np.random.default_rng(2).standard_normal((20, p)), columns=names)
        one = frame.iloc[[7]]
        calls = {
            "riata": lambda s=scorer, f=one: s.score(f),
            PEER: lambda m=theirs, f=one: m.predict(f),
        }
        yield record(f"one row of a pandas frame, {p:,} columns", "us", goal, race(calls, 31, 50))
    mixed = frame[names[:30]].assign(city="Graz")
    ours, theirs = fitted(weights(30, 30), names[:30])
    scorer, one = riata.Scorer.from_estimator(ours), mixed.iloc[[7]]
    calls = {"riata": lambda: scorer.score(one), PEER: lambda: theirs.predict(one[names[:30]])}
    yield record(
        "one row of a pandas frame with text, 30 of 31 columns", "us", None, race(calls, 31, 50)
    )


# ---------------------------------------------------------------- batches


def bandwidth(X):
    """Bytes per second at which one thread reads an array: the best of two ways to sum it."""
    flat = X.reshape(-1)
    ways = {"sum": flat.sum, "dot": lambda: flat.dot(flat)}
    return X.nbytes / min(best for _, best in race(ways, 7, 1).values())


def touched(X, used):
    """Bytes of the cache lines that hold the used columns of a row-major matrix."""
    return X.shape[0] * len(np.unique(np.asarray(used) * 8 // 64)) * 64


def batch_models():
    """(scorer, riata's Lasso, scikit-learn's) of 1,000 features, 90 used."""
    import riata

    ours, theirs = fitted(weights(1_000, 90))
    return riata.Scorer.from_estimator(ours), ours, theirs


def dense_batches(folder):
    """100,000 x 1,000, row-major and column-major."""
    scorer, ours, theirs = batch_models()
    X = np.random.default_rng(3).standard_normal((100_000, 1_000))
    speed = bandwidth(X)
    for order, size in (("row", touched(X, scorer.used)), ("column", 8 * 90 * len(X))):
        if order == "column":
            X = np.asfortranarray(X)
        calls = {
            "riata": partial(scorer.score, X),
            "two threads": partial(scorer.score, X, n_threads=2),
            "predict": partial(ours.predict, X),
            PEER: partial(theirs.predict, X),
        }
        took = race(with_runtime(calls, scorer, X) if order == "row" else calls, 15, 1)
        share = size / took["riata"][1] / speed
        yield record(f"100,000 x 1,000 {order}-major, 90 used", "ms", "3 x", took, share=share)


def csr_batch(folder):
    """100,000 x 1,000 as CSR with 5 percent entries."""
    scorer, _, theirs = batch_models()
    rng = np.random.default_rng(4)
    S = sparse.random_array((100_000, 1_000), density=0.05, format="csr", rng=rng)
    S.indices, S.indptr = S.indices.astype(np.int32), S.indptr.astype(np.int32)
    S.sort_indices()
    calls = {
        "riata": partial(scorer.score, S),
        "two threads": partial(scorer.score, S, n_threads=2),
        PEER: partial(theirs.predict, S),
    }
    took = race(calls, 51, 1)
    size = S.indices.nbytes + S.indptr.nbytes + S.data.nbytes
    share = size / took["riata"][1] / bandwidth(np.ones(100_000_000))
    yield record("100,000 x 1,000 CSR, 5% entries, 90 used", "ms", "3 x", took, share=share)


# ---------------------------------------------------------------- files


def files(folder):
    """Sizes and opening."""
    import riata

    ours, theirs = fitted(weights(10_000, 83))
    scorer = riata.Scorer.from_estimator(ours)
    sizes = {"riata": scorer.nbytes, PEER: len(pickle.dumps(theirs))}
    yield record("file, 10,000 features, 83 weights", "bytes", 2000, sizes)
    names = [f"feature number {j}" for j in range(1_000_000)]
    path = folder / "names.riata"
    riata.Scorer.from_coefficients(weights(1_000_000, 500), feature_names=names).save(path)
    took = race({"riata": lambda: riata.Scorer.load(path)}, 51, 1)
    yield record("load, mapped, 1,000,000 names, 500 weights", "ms", 1, took)


PARTS = (rows_in_c, rows_in_python, dense_batches, csr_batch, files)


def main(arguments=None):
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.score", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--best", action="store_true")
    parser.add_argument("--core", type=int, help="pin to this core")
    given = parser.parse_args(arguments)
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            for r in part(Path(folder)):
                records.append(r)
                print(
                    f"  {r['what']}: {short(r['riata'])} {r['unit']}", file=sys.stderr, flush=True
                )
    if given.json:
        print(*map(json.dumps, records), sep="\n")
    else:
        print(score_table(records, given.best))
    return 0


if __name__ == "__main__":
    sys.exit(main())
