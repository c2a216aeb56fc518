"""Five groups of five near-twins that all matter: the lasso's list has a part of each and changes with the sample.

Stability is Nogueira, Sechidis and Brown's (2018): 1 for the same list every time, 0 for lists as if drawn by lot.
"""

import numpy as np

import riata
from examples.gallery._command import command, table

N, P, GROUPS, SIZE, RHO = 100, 100, 5, 5, 0.99


def sample(rng):
    X = rng.standard_normal((N, P))
    for g in range(GROUPS):
        common = rng.standard_normal((N, 1))
        members = slice(g * SIZE, (g + 1) * SIZE)
        X[:, members] = np.sqrt(RHO) * common + np.sqrt(1 - RHO) * X[:, members]
    return X, X[:, : GROUPS * SIZE].sum(axis=1) / SIZE + rng.standard_normal(N)


def stability(lists):
    m, p = lists.shape
    share, size = lists.mean(axis=0), lists.sum(axis=1).mean()
    variance = m / (m - 1) * share * (1 - share)
    return 1 - variance.mean() / (size / p * (1 - size / p))


def measure(small=False):
    found = {}
    for name, ratio in (
        ("L1", 1.0),
        ("l1_ratio .9", 0.9),
        ("l1_ratio .5", 0.5),
        ("l1_ratio .1", 0.1),
    ):
        lists = []
        for t in range(5 if small else 40):
            X, y = sample(np.random.default_rng(t))
            lists.append(riata.cv_path(X, y, l1_ratio=ratio, alphas=50).coef != 0)
        lists = np.array(lists)
        true = lists[:, : GROUPS * SIZE]
        found[name] = [true.mean(), lists.sum(axis=1).mean(), stability(lists)]
    assert found["L1"][0] < 0.7 < 0.9 < found["l1_ratio .5"][0]
    assert found["l1_ratio .5"][2] > found["L1"][2]
    assert found["l1_ratio .1"][1] > found["l1_ratio .5"][1]
    return found


def say(found):
    return "25 of 100 features matter, in five groups of near-twins (r = .99)\n" + table(
        found, ["found", "listed", "stability"]
    )


def draw(ax, found):
    places = np.arange(len(found))
    ax.bar(places - 0.2, [v[0] for v in found.values()], 0.4, label="share of the 25 found")
    ax.bar(places + 0.2, [v[2] for v in found.values()], 0.4, label="stability of the list")
    ax.set_xticks(places, list(found))
    ax.set_title("Near-twins: some L2 beside L1 keeps them together")
    ax.legend()


if __name__ == "__main__":
    command("near_twin_lists", measure, draw, say)
