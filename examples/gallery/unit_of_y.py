"""The unit of y must not decide between L1 and L2: with one list of alphas for both it does, and l1_ratio .5 is another mixture in each unit.

An L1 penalty scales with y, an L2 penalty does not. Automatic grids follow each, so L1 alone and L2 alone are what they are in any unit; a
list of alphas that suits one unit favours another l1_ratio in the next, and a mixture is defined only for y of unit standard deviation.
"""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import PolynomialFeatures

import riata
from examples.gallery._command import command, table

RATIOS = [0.0, 0.5, 1.0]
UNITS = [1e-3, 1.0, 1e3]


def measure(small=False):
    X, y = load_diabetes(return_X_y=True)
    X = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    X = X / X.std(axis=0)
    found = {}
    for name, alphas in (
        ("automatic", 30 if small else 100),
        ("one list", np.geomspace(10, 1e-2, 30)),
    ):
        for unit in UNITS:
            result = riata.cv_path(
                X, unit * y, l1_ratio=RATIOS, alphas=alphas, cv=5 if small else 10
            )
            best = [result.mean_score[place] / np.var(unit * y) for place in result.best_indices]
            found.setdefault(name, []).append([*best, result.l1_ratio])
    automatic, listed = np.array(found["automatic"]), np.array(found["one list"])
    for pure in (0, 2):
        assert np.allclose(automatic[:, pure], automatic[1, pure], rtol=1e-3)
    assert np.ptp(automatic[:, 1]) > 0.003
    assert np.ptp(listed[:, 2]) > 0.04 > 1e-3 > np.ptp(automatic[:, 2])
    return found


def say(found):
    rows = {
        f"{name}, y x {unit:g}": values
        for name, table_ in found.items()
        for unit, values in zip(UNITS, table_)
    }
    return (
        "Cross-validated error over the variance of y at each l1_ratio's best alpha, and the ratio chosen\n"
        + table(rows, [*RATIOS, "chosen"])
    )


def draw(ax, found):
    for name, values in found.items():
        for i, ratio in enumerate(RATIOS):
            style = "-" if name == "automatic" else "--"
            ax.semilogx(
                UNITS,
                np.array(values)[:, i],
                style,
                color=f"C{i}",
                label=f"{name}, l1_ratio {ratio:g}",
            )
    ax.set(
        xlabel="y times", ylabel="error / variance of y", title="A list of alphas favours a unit"
    )
    ax.legend(fontsize=8)


if __name__ == "__main__":
    command("unit_of_y", measure, draw, say)
