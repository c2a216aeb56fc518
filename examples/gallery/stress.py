"""One feature goes wrong, or all of them together: what a shift costs a lasso and a ridge with the same data.

A shift of feature j by its standard deviation adds (w_j s_j)^2 to the mean squared error, one of all features (sum_j w_j s_j)^2: closed
forms, no rows needed. Diabetes with squares and products, random halves, alpha by cross-validation.
"""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import PolynomialFeatures

import riata
from examples.gallery._command import command, table


def damage(X, y, rows, l1_ratio):
    result = riata.cv_path(X[rows], y[rows], l1_ratio=l1_ratio, standardize=True, alphas=50)
    pull = result.coef * X[rows].std(axis=0)
    return np.array([(pull**2).mean(), (pull**2).max(), pull.sum() ** 2]) / y.var()


def measure(small=False):
    X, y = load_diabetes(return_X_y=True)
    X = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    halves = [
        np.random.default_rng(t).choice(len(y), len(y) // 2, replace=False)
        for t in range(4 if small else 30)
    ]
    found = {
        name: np.array([damage(X, y, rows, ratio) for rows in halves]).T
        for name, ratio in (("L2", 0.0), ("L1 and L2", 0.5), ("L1", 1.0))
    }
    worst = found["L1"][1] / found["L2"][1]
    assert np.median(worst) > 1
    assert (worst > 1).mean() >= 0.75
    return found


def say(found):
    rows = {name: np.median(values, axis=1) for name, values in found.items()}
    worse = (found["L1"] > found["L2"]).mean(axis=1)
    text = table(rows, ["mean", "worst", "all shift"])
    return f"Damage of a shift by one sd, relative to the variance of y\n{text}\nL1 worse than L2 in {worse[0]:.0%}, {worse[1]:.0%}, {worse[2]:.0%} of the fits"


def draw(ax, found):
    ax.boxplot([found[name][1] for name in found], tick_labels=list(found))
    ax.set(
        ylabel="damage / variance of y",
        title="The worst single feature shifted by one standard deviation",
    )


if __name__ == "__main__":
    command("stress", measure, draw, say)
