"""What a rule loses to the best l1_ratio of each problem: fixed ratios, and the ratio chosen by cross-validation.

Four kinds of truth and three data sets that come with scikit-learn, random splits; losses are per cent of the null model's on new rows. No
fixed ratio is good everywhere, and choosing by cross-validation is not free.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

import riata
from examples.gallery._command import command, table

RATIOS = [0.0, 0.5, 1.0]


def truth(few, rho, p):
    def draw(rng):
        X = rng.standard_normal((600, p))
        for j in range(1, p):
            X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
        w = rng.standard_normal(p) * (np.arange(p) % (p // 5) == 0 if few else 1)
        signal = X @ w
        return X, signal + signal.std() * rng.standard_normal(600), 100

    return draw


def real(load, column=None):
    def draw(rng):
        X, y = load(return_X_y=True)
        if column is not None:
            y, X = X[:, column], np.delete(X, column, axis=1)
        return *(part[rng.permutation(len(y))] if part is None else part for part in (X, y)), len(
            y
        ) // 2

    return draw


PROBLEMS = {
    "few of 150, r = 0": truth(True, 0.0, 150),
    "all of 150, r = 0": truth(False, 0.0, 150),
    "few of 150, r = .9": truth(True, 0.9, 150),
    "all of 150, r = .9": truth(False, 0.9, 150),
    "diabetes": real(load_diabetes),
    "breast cancer, radius": real(load_breast_cancer, 0),
    "wine, alcohol": real(load_wine, 0),
}


def losses(draw, rng):
    """Per cent of the null model's loss on new rows, of each ratio and of the one chosen."""
    X, y, n = draw(rng)
    order = rng.permutation(len(y))
    train, test = order[:n], order[n:]
    result = riata.cv_path(X[train], y[train], l1_ratio=RATIOS, standardize=True, cv=10, alphas=50)
    null = np.mean((y[test] - y[train].mean()) ** 2)
    errors = [
        np.mean((y[test] - result.paths[r].predict(X[test], float(result.alphas[r, k]))) ** 2)
        for r, k in result.best_indices
    ]
    return 100 * np.array([*errors, errors[result.best_index[0]]]) / null


def measure(small=False):
    names = list(PROBLEMS)[:2] if small else list(PROBLEMS)
    splits = 3 if small else 12
    means = {
        name: np.mean(
            [losses(PROBLEMS[name], np.random.default_rng(t)) for t in range(splits)], axis=0
        )
        for name in names
    }
    found = {name: loss - loss[:-1].min() for name, loss in means.items()}
    worst = np.max(list(found.values()), axis=0)
    assert worst[-1] < worst[0]
    assert worst[-1] < worst[2]
    return found


COLUMNS = ["L2", "l1_ratio .5", "L1", "chosen"]


def say(found):
    values = np.array(list(found.values()))
    rows = {**found, "mean": values.mean(axis=0), "worst": values.max(axis=0)}
    return "Regret in per cent of the null model's loss\n" + table(
        rows, ["L2", "both", "L1", "chosen"], "{:9.2f}"
    )


def draw(ax, found):
    values = np.array(list(found.values()))
    for i, name in enumerate(COLUMNS):
        ax.plot(values[:, i], np.arange(len(values)) + 0.12 * i, "o", label=name)
    ax.set_yticks(np.arange(len(values)), list(found))
    ax.set(xlabel="regret, per cent of the null loss", title="No fixed l1_ratio is good everywhere")
    ax.legend()


if __name__ == "__main__":
    command("regret", measure, draw, say)
