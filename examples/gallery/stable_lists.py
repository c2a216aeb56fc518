"""Is the list stable? False selections by the lasso with its alpha by cross-validation, and by stability selection beside its bound.

200 rows, 500 features of which 10 matter, neighbours correlated by rho. The bound counts a feature as true that is chosen because it resembles
a true one: at rho .9 such features are on the list, and reported as clusters.
"""

import numpy as np

import riata
from examples.gallery._command import command, table

N, P, TRUE = 200, 500, 10


def trial(rng, rho, pairs):
    X = rng.standard_normal((N, P))
    for j in range(1, P):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    true = np.zeros(P, dtype=bool)
    true[rng.choice(P, TRUE, replace=False)] = True
    signal = X @ np.where(true, rng.choice([-1.0, 1.0], P), 0)
    y = signal + signal.std() * rng.standard_normal(N)
    lasso = riata.cv_path(X, y, alphas=50, cv=10).coef != 0
    selection = riata.StabilitySelection(pairs=pairs, random_state=0).fit(X, y)
    stable = selection.get_support()
    counts = [np.count_nonzero(chosen & of) for chosen in (lasso, stable) for of in (true, ~true)]
    return [*counts, selection.bounds_["worst_case"], not selection.bound_holds_]


def measure(small=False):
    found = {}
    for rho in (0.0, 0.9) if small else (0.0, 0.5, 0.9):
        runs = [
            trial(np.random.default_rng(t), rho, 15 if small else 50)
            for t in range(3 if small else 10)
        ]
        found[f"rho {rho:g}"] = np.mean(runs, axis=0)
    for name, values in found.items():
        _, false, _, stable_false, bound, flagged = values
        assert stable_false < false
        assert stable_false <= bound or flagged > 0.9
        assert flagged > 0.9 if name == "rho 0.9" else flagged < 0.1
    return found


def say(found):
    columns = ["lasso true", "false", "stab. true", "false", "bound", "flagged"]
    return "10 of 500 features matter, 200 rows\n" + table(found, columns, width=10)


def draw(ax, found):
    places = np.arange(len(found))
    for i, (name, column) in enumerate(
        {"lasso, cross-validated": 1, "stability selection": 3, "its bound": 4}.items()
    ):
        ax.bar(places + 0.27 * (i - 1), [v[column] for v in found.values()], 0.27, label=name)
    ax.set_xticks(places, list(found))
    ax.set(ylabel="false selections", yscale="symlog", title="How many on the list are false")
    ax.legend()


if __name__ == "__main__":
    command("stable_lists", measure, draw, say)
