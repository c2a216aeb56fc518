"""Rows needed as irrelevant features are added: few more under L1, in proportion under L2 (Ng 2004).

One of p independent normal features matters; each fit has the best alpha of its path, judged by its exact error. Counted are the rows from
which on the mean excess error is at most .05.
"""

import numpy as np

import riata
from examples.gallery._command import command, table

NOISE = 0.7
GOAL = 0.05


def excess(rng, n, p, l1_ratio):
    """Squared distance to the truth, which is the excess error of these features, at the best alpha."""
    X = rng.standard_normal((n, p))
    y = X[:, 0] + NOISE * rng.standard_normal(n)
    path = riata.path(X, y, l1_ratio=l1_ratio, alphas=40, fit_intercept=False, early_stop=False)
    W = path.coefs.toarray()
    W[0] -= 1
    return (W**2).sum(axis=0).min()


def rows_needed(p, l1_ratio, trials, start):
    n = start
    while (
        np.mean([excess(np.random.default_rng((n, p, t)), n, p, l1_ratio) for t in range(trials)])
        > GOAL
    ):
        n = int(np.ceil(n * np.sqrt(2)))
    return n


def measure(small=False):
    sizes = [8, 64] if small else [8, 16, 32, 64, 128, 256, 512]
    found = {"p": sizes}
    for name, ratio in (("L1", 1.0), ("L2", 0.0)):
        rows, start = [], 16
        for p in sizes:
            start = rows_needed(p, ratio, 4 if small else 10, start)
            rows.append(start)
        found[name] = rows
    growth = {name: found[name][-1] / found[name][0] for name in ("L1", "L2")}
    assert growth["L1"] <= 4
    assert growth["L2"] >= (sizes[-1] / sizes[0]) / 2.5
    return found


def say(found):
    rows = {name: found[name] for name in ("L1", "L2")}
    return "Rows until the mean excess error is .05; one feature of p matters\n" + table(
        rows, found["p"], "{:9d}", 10
    )


def draw(ax, found):
    for name in ("L1", "L2"):
        ax.loglog(found["p"], found[name], "o-", label=name)
    ax.set(
        xlabel="features, one of which matters",
        ylabel="rows needed",
        title="Irrelevant features cost L2 rows, L1 hardly",
    )
    ax.legend()


if __name__ == "__main__":
    command("ng2004", measure, draw, say)
