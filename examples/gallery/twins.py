"""Two columns that are nearly one: how much the weight of the first varies from sample to sample, and what it costs when they part.

Cross-validation tunes prediction, which hardly notices; the penalty that steadies weights is larger than the one it chooses.
"""

import numpy as np
from sklearn.linear_model import LinearRegression

import riata
from examples.gallery._command import command, table

APART = 0.03  # standard deviation of the difference of the twins


def sample(rng, n=100):
    x = rng.standard_normal(n)
    X = np.column_stack([x, x + APART * rng.standard_normal(n), rng.standard_normal((n, 4))])
    return X, X[:, 0] + X[:, 1] + X[:, 2] + rng.standard_normal(n)


def weights(rng):
    X, y = sample(rng)
    fits = {"least squares": LinearRegression().fit(X, y).coef_}
    for name, ratio in (("L1", 1.0), ("L1 and L2", 0.5), ("L2", 0.0)):
        result = riata.cv_path(X, y, l1_ratio=ratio, cv=10)
        fits[name] = result.coef
        if ratio == 0:
            result.choose("1se")
            fits["L2, 1-SE rule"] = result.coef
    return fits


def measure(small=False):
    trials = [weights(np.random.default_rng(t)) for t in range(10 if small else 100)]
    found = {}
    for name in trials[0]:
        W = np.array([trial[name] for trial in trials])
        # What the loss grows by where the twins part: independent, of the same variance.
        parted = ((W[:, 0] - 1) ** 2 + (W[:, 1] - 1) ** 2).mean()
        found[name] = [W[:, 0].std(ddof=1), parted]
    assert found["least squares"][0] > 1.3 * found["L2"][0]
    assert found["L2, 1-SE rule"][0] < 0.5 * found["L2"][0]
    assert found["L1 and L2"][0] < found["L1"][0]
    return found


def say(found):
    return "Twins 3 % apart, both of weight 1\n" + table(found, ["sd of w_1", "if parted"])


def draw(ax, found):
    ax.barh(list(found), [values[0] for values in found.values()])
    ax.invert_yaxis()
    ax.set(
        xlabel="standard deviation of the first twin's weight over samples",
        title="What steadies the weights of twins",
    )


if __name__ == "__main__":
    command("twins", measure, draw, say)
