"""Best subset, lasso and relaxed lasso over the signal-to-noise ratio (after Hastie, Tibshirani and Tibshirani 2020).

L0 stands for forward selection with the number of features by the folds, as the others' penalties; risk is relative to the null
model's. Little noise favours L0, much noise L1, and the relaxed lasso is near the better of the two.
"""

import numpy as np
from sklearn.model_selection import KFold

import riata
from examples.gallery._command import command, table

N, P, TRUE, RHO, MOST = 100, 40, 5, 0.35, 20
FOLDS = KFold(5)


def forward(X, y):
    """Coefficients (steps, p) of forward selection, without an intercept."""
    chosen, fits, residual = [], [np.zeros(X.shape[1])], y
    while len(chosen) < MOST:
        score = np.abs(X.T @ residual) / np.linalg.norm(X, axis=0)
        score[chosen] = -1
        chosen.append(int(np.argmax(score)))
        w = np.zeros(X.shape[1])
        w[chosen] = np.linalg.lstsq(X[:, chosen], y, rcond=None)[0]
        residual = y - X @ w
        fits.append(w)
    return np.array(fits)


def l0(X, y):
    losses = [
        ((y[b, None] - X[b] @ forward(X[a], y[a]).T) ** 2).mean(axis=0) for a, b in FOLDS.split(X)
    ]
    return forward(X, y)[int(np.argmin(np.mean(losses, axis=0)))]


def trial(rng, snr):
    root = np.linalg.cholesky(RHO ** np.abs(np.subtract.outer(np.arange(P), np.arange(P))))
    w = np.zeros(P)
    w[:: P // TRUE][:TRUE] = 1
    X = rng.standard_normal((N, P)) @ root.T
    null = np.sum((root.T @ w) ** 2)
    y = X @ w + np.sqrt(null / snr) * rng.standard_normal(N)
    options = {"cv": FOLDS, "fit_intercept": False, "alphas": 30, "eps": 1e-3}
    relaxed = riata.cv_path(X, y, relax=[0, 0.5, 1], **options)
    fits = {"L0": l0(X, y), "L1": riata.cv_path(X, y, **options).coef, "relaxed": relaxed.coef}
    risk = {name: np.sum((root.T @ (v - w)) ** 2) / null for name, v in fits.items()}
    hits = {
        name: 2 * np.count_nonzero(v[w != 0]) / (np.count_nonzero(v) + TRUE)
        for name, v in fits.items()
    }
    return risk, hits


def measure(small=False):
    levels, trials = ([0.2, 6.0], 5) if small else ([0.2, 0.7, 2.0, 6.0], 30)
    found = {"snr": levels, "risk": {}, "F1": {}}
    for snr in levels:
        runs = [trial(np.random.default_rng((int(10 * snr), t)), snr) for t in range(trials)]
        for i, kind in enumerate(("risk", "F1")):
            for name in runs[0][0]:
                found[kind].setdefault(name, []).append(np.mean([run[i][name] for run in runs]))
    risk, hits = found["risk"], found["F1"]
    assert risk["L1"][0] < risk["L0"][0]
    assert risk["L0"][-1] < risk["L1"][-1]
    assert risk["relaxed"][-1] < risk["L1"][-1]
    assert hits["relaxed"][-1] > hits["L1"][-1]
    return found


def say(found):
    rows = {
        f"{kind}, {name}": values for kind in ("risk", "F1") for name, values in found[kind].items()
    }
    return (
        "Risk relative to the null model, and F1 of the list, by signal-to-noise ratio\n"
        + table(rows, found["snr"])
    )


def draw(ax, found):
    for name, values in found["risk"].items():
        ax.semilogx(found["snr"], values, "o-", label=name)
    ax.set(
        xlabel="signal-to-noise ratio",
        ylabel="risk / null risk",
        title="5 of 40 features matter, 100 rows",
    )
    ax.legend()


if __name__ == "__main__":
    command("l0_l1_relaxed", measure, draw, say)
