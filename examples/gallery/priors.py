"""A penalty as a prior: L2's alpha from a normal prior is the best there is, L1's from a Laplace prior is not.

Coefficients are drawn from the prior, n = 2 p rows; the alpha of the mode is s^2 / (n t^2) for L2 and s^2 / (n b) for L1, without any
tuning. Predicting by the mode is best only where mode and mean of the posterior are one.
"""

import numpy as np

import riata
from examples.gallery._command import command, table

P, N, NOISE = 50, 100, 1.0
FACTORS = np.geomspace(4, 0.25, 17)  # of the theoretical alpha


def risks(rng, prior, l1_ratio):
    """Excess error at multiples of the alpha of the mode, whose prior has unit variance over p."""
    w = rng.standard_normal(P) if prior == "normal" else rng.laplace(scale=np.sqrt(0.5), size=P)
    w /= np.sqrt(P)
    X = rng.standard_normal((N, P))
    y = X @ w + NOISE * rng.standard_normal(N)
    alpha = NOISE**2 * P / N if l1_ratio == 0 else NOISE**2 * np.sqrt(2 * P) / N
    path = riata.path(X, y, l1_ratio=l1_ratio, alphas=alpha * FACTORS, fit_intercept=False)
    return ((path.coefs.toarray() - w[:, None]) ** 2).sum(axis=0)


def measure(small=False):
    trials = 60 if small else 600
    found = {}
    for prior in ("normal", "Laplace"):
        for name, ratio in (("L2", 0.0), ("L1", 1.0)):
            values = [risks(np.random.default_rng(t), prior, ratio) for t in range(trials)]
            found[f"{name}, {prior} truth"] = np.mean(values, axis=0)
    own = len(FACTORS) // 2  # the theoretical alpha
    l2, l1 = found["L2, normal truth"], found["L1, Laplace truth"]
    assert l2[own] <= 1.02 * l2.min()
    assert 0.8 <= FACTORS[np.argmin(l2)] <= 1.25
    assert FACTORS[np.argmin(l1)] < 1
    assert found["L2, Laplace truth"].min() < 1.05 * l1.min()
    return found


def say(found):
    own = len(FACTORS) // 2
    rows = {name: [v[own], v.min(), FACTORS[np.argmin(v)]] for name, v in found.items()}
    return "Excess error\n" + table(rows, ["at mode", "at best", "best/mode"])


def draw(ax, found):
    for name, values in found.items():
        ax.semilogx(FACTORS, values, "-" if "L2" in name else "--", label=name)
    ax.axvline(1, color="grey", lw=0.8)
    ax.set(
        xlabel="alpha over that of the mode",
        ylabel="excess error",
        title="The mode's alpha is the best one for L2 only",
    )
    ax.legend()


if __name__ == "__main__":
    command("priors", measure, draw, say)
