"""The path plot: what is drawn, what is labelled, and what happens without matplotlib."""

import sys

import numpy as np
import pytest

import riata

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.any_isa


@pytest.fixture
def fit(rng):
    X = rng.standard_normal((60, 30))
    y = X[:, :5] @ [5.0, -4.0, 3.0, -2.0, 1.0] + 0.5 * rng.standard_normal(60)
    yield riata.path(X, y, eps=1e-3, early_stop=False)
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_coefficients_against_log_alpha(fit):
    ax = fit.plot(raw=True)
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == pytest.approx((fit.alphas[0], fit.alphas[-1]))
    drawn = [line for line in ax.lines if len(line.get_xdata()) == len(fit)]
    ever = np.flatnonzero((fit.coefs.toarray() != 0).any(axis=1))
    assert len(drawn) == len(ever)
    np.testing.assert_allclose(
        sorted(line.get_ydata()[-1] for line in drawn), sorted(fit.coefs.toarray()[ever, -1])
    )
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_only_the_largest_are_labelled(fit):
    ax = fit.plot(max_labels=5)
    assert sorted(texts(ax)) == ["0", "1", "2", "3", "4"]
    places = sorted(text.xy[1] for text in ax.texts)
    low, high = ax.get_ylim()
    assert (np.diff(places) > 0.04 * (high - low)).all()  # none covers another


def test_names_of_data_frames(rng):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rng.standard_normal((40, 3)), columns=["age", "height", "w" * 50])
    ax = riata.path(frame, frame["age"] - frame["w" * 50], eps=1e-2).plot()
    assert "age" in texts(ax)
    assert max(map(len, texts(ax))) <= 24
    plt.close("all")


def test_own_axes_many_features_and_single_alpha(fit, rng):
    _, ax = plt.subplots()
    assert fit.plot(ax) is ax
    X = rng.standard_normal((30, 2000))
    wide = riata.path(X, X[:, 0], l1_ratio=0.0, alphas=4)
    assert len(wide.plot().lines) < 500
    riata.path(X, X[:, 0], alphas=[0.1, 0.0]).plot()
    riata.path(X, X[:, 0], alphas=[0.1]).plot()
    riata.path(X, np.ones(30), alphas=3).plot()


def test_without_matplotlib(fit, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="needs matplotlib"):
        fit.plot()
