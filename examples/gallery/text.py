"""Documents: L2 predicts about as well as L1, which reads far fewer words.

The documents are docstrings of public functions and classes; told apart is whose they are, NumPy's and SciPy's or scikit-learn's. Words
that give it away by name are left out. Log loss on new documents, alpha by cross-validation.
"""

import importlib
import inspect
import re

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

import riata
from examples.gallery._command import command, table

MODULES = {
    0: "numpy numpy.linalg numpy.fft numpy.polynomial scipy.linalg scipy.stats scipy.signal scipy.optimize scipy.special scipy.sparse scipy.ndimage scipy.interpolate",
    1: "sklearn.linear_model sklearn.ensemble sklearn.cluster sklearn.decomposition sklearn.metrics sklearn.preprocessing sklearn.model_selection "
    "sklearn.datasets sklearn.svm sklearn.tree sklearn.neighbors sklearn.manifold sklearn.feature_extraction sklearn.utils",
}
GIVEAWAYS = re.compile(
    r"sklearn|scikit|scipy|numpy|\bnp\b|array_like|array-like|ndarray|estimator\w*|versionadded|user guide|n_samples|n_features"
)


def documents():
    texts = {}
    for label, names in MODULES.items():
        for name in names.split():
            module = importlib.import_module(name)
            for public in sorted(set(getattr(module, "__all__", dir(module))) & set(vars(module))):
                doc = inspect.getdoc(vars(module)[public]) or ""
                if len(doc) > 200 and not public.startswith("_"):
                    texts[doc] = label
    return [GIVEAWAYS.sub(" ", doc.lower())[:600] for doc in texts], np.array(list(texts.values()))


def measure(small=False):
    texts, y = documents()
    X = TfidfVectorizer(min_df=3, token_pattern=r"[a-z]{2,}").fit_transform(texts)
    order = np.random.default_rng(0).permutation(len(y))
    test, rest = order[: len(y) // 3], order[len(y) // 3 :]
    found = {"n": [150] if small else [150, 300, 600]}
    for name, ratio in (("L2", 0.0), ("L1", 1.0)):
        losses, words = [], []
        for n in found["n"]:
            rows = rest[:n]
            result = riata.cv_path(
                X[rows], y[rows], family="binomial", l1_ratio=ratio, alphas=40, cv=5
            )
            p = np.clip(result.predict_proba(X[test])[:, 1], 1e-9, 1 - 1e-9)
            losses.append(-np.mean(np.where(y[test] == 1, np.log(p), np.log(1 - p))))
            words.append(int(np.count_nonzero(result.coef)))
        found[name], found[f"{name}, words"] = losses, words
    assert found["L2"][-1] < 1.1 * found["L1"][-1]
    assert found["L1, words"][-1] < 0.25 * found["L2, words"][-1]
    return found


def say(found):
    rows = {name: values for name, values in found.items() if name != "n"}
    return "Log loss on new documents, by documents trained on\n" + table(rows, found["n"])


def draw(ax, found):
    for name in ("L2", "L1"):
        ax.semilogx(
            found["n"],
            found[name],
            "o-",
            label=f"{name}, {found[f'{name}, words'][-1]} words at the end",
        )
    ax.set(
        xlabel="documents",
        ylabel="log loss on new ones",
        title="Documents: as good with a fraction of the words",
    )
    ax.legend()


if __name__ == "__main__":
    command("text", measure, draw, say)
