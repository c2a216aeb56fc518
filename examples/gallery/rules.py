"""The best mean score, half a standard error, one standard error: what each rule costs on new rows, and how many features it saves.

Also how much too good the least mean score is, and what the correction leaves. Lasso, three repeats of ten folds; losses in per cent of the
null model's.
"""

import numpy as np
from sklearn.model_selection import RepeatedKFold

import riata
from examples.gallery._command import command, table
from examples.gallery.regret import PROBLEMS

RULES = ("min", "half_se", "1se")


def trial(draw, rng):
    """Losses and features by rule; the least mean score and the corrected one, less the loss of that model."""
    X, y, n = draw(rng)
    order = rng.permutation(len(y))
    train, test = order[:n], order[n:]
    folds = RepeatedKFold(n_splits=10, n_repeats=3, random_state=0)
    result = riata.cv_path(X[train], y[train], standardize=True, cv=folds, alphas=50)
    null = np.mean((y[test] - y[train].mean()) ** 2) / 100
    losses = [np.mean((y[test] - result.predict(X[test], rule)) ** 2) / null for rule in RULES]
    features = []
    for rule in RULES:
        result.choose(rule)
        features.append(np.count_nonzero(result.coef))
    flat, corrected = result.mean_score.min() / null, result.corrected_error / null
    return np.array([*losses, *features, flat - losses[0], corrected - losses[0]])


def measure(small=False):
    names = list(PROBLEMS)[:1] if small else list(PROBLEMS)
    splits = 4 if small else 8
    means = np.array(
        [
            np.mean(
                [trial(PROBLEMS[name], np.random.default_rng(t)) for t in range(splits)], axis=0
            )
            for name in names
        ]
    )
    features = means[:, 3:6] / means[:, 3:4]
    found = {
        "loss": (means[:, :3] - means[:, :1]).mean(axis=0),
        "features": features.mean(axis=0),
        "flat": means[:, 6].mean(),
        "corrected": means[:, 7].mean(),
    }
    assert found["loss"][1] < 1
    assert found["loss"][1] < found["loss"][2]
    assert found["features"][2] < found["features"][1] < 1
    assert found["corrected"] > found["flat"]
    return found


def say(found):
    rows = {"loss above that of min": found["loss"], "features, min = 1": found["features"]}
    return (
        "Lasso, means over the problems; losses in per cent of the null model's\n"
        + table(rows, RULES)
        + f"\nleast mean score less the loss on new rows {found['flat']:+.1f}, corrected {found['corrected']:+.1f}"
    )


def draw(ax, found):
    ax.plot(found["features"], found["loss"], "o-")
    for rule, x, y in zip(RULES, found["features"], found["loss"]):
        ax.annotate(rule, (x, y), xytext=(5, 5), textcoords="offset points")
    ax.set(
        xlabel="features, relative to min",
        ylabel="loss above min, per cent of null",
        title="What sparser rules cost",
    )


if __name__ == "__main__":
    command("rules", measure, draw, say)
