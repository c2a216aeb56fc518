"""The pictures say what is so: scale, labels beside their lines, every curve, names and shares of folds."""

import numpy as np
import pytest

import riata
from riata import _drawing, plotting

plt = pytest.importorskip("matplotlib.pyplot")

pytestmark = pytest.mark.any_isa


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def data(rng):
    X = rng.standard_normal((80, 12)) * np.geomspace(1e-2, 1e2, 12)
    y = X @ (np.r_[5.0, -4.0, 3.0, np.zeros(9)] / X.std(axis=0)) + rng.standard_normal(80)
    return X, y


def drawn(ax, points):
    return [line for line in ax.lines if len(line.get_xdata()) == points]


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
@pytest.mark.parametrize("options", [{}, {"standardize": True}, {"fit_intercept": False}])
def test_paths_are_drawn_on_the_scale_of_standardised_columns(data, family, options):
    X, y = data
    s = np.linspace(0.5, 2, len(y))
    fit = riata.path(
        X, y if family == "gaussian" else y > 0, family=family, sample_weight=s, **options
    )
    mean = np.average(X, axis=0, weights=s)
    spread = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=s))
    ax = fit.plot()
    support = np.flatnonzero((fit.coefs.toarray() != 0).any(axis=1))
    expected = (fit.coefs.toarray() * spread[:, None])[support, -1]
    got = [line.get_ydata()[-1] for line in drawn(ax, len(fit))]
    np.testing.assert_allclose(sorted(got), sorted(expected), rtol=1e-9)
    assert "standard deviation" in ax.get_ylabel()
    raw = fit.plot(raw=True)
    got = [line.get_ydata()[-1] for line in drawn(raw, len(fit))]
    np.testing.assert_allclose(sorted(got), sorted(fit.coefs.toarray()[support, -1]))
    assert "units of its column" in raw.get_ylabel()


def test_scale_survives_pickling_and_an_unknown_one_is_called_raw(data):
    import pickle

    X, y = data
    fit = riata.path(X, y)
    again = pickle.loads(pickle.dumps(fit)).plot()
    np.testing.assert_allclose(
        [line.get_ydata()[-1] for line in again.lines],
        [line.get_ydata()[-1] for line in fit.plot().lines],
    )
    path = riata.LassoCV().fit(X, y).cv_result_.path
    assert "units" in path.plot().get_ylabel()
    assert "standard deviation" in path.plot(X=X).get_ylabel()
    with pytest.raises(ValueError, match="X has 3 columns"):
        path.plot(X=X[:, :3])


def test_the_largest_on_the_scale_drawn_are_labelled(data):
    X, y = data
    ax = riata.path(X, y, early_stop=False).plot(max_labels=3)
    assert {text.get_text() for text in ax.texts} == {"0", "1", "2"}


def test_labels_stay_beside_their_lines_unless_they_crowd(rng):
    X = rng.standard_normal((200, 6))
    X = np.linalg.qr(X - X.mean(axis=0))[0] * np.sqrt(200)  # orthonormal: coefficients are known
    y = X @ [9.0, 6.0, 3.0, -3.0, -6.02, -6.0]
    ax = riata.path(X, y, alphas=[1.0, 0.01]).plot()
    low, high = ax.get_ylim()
    ends = {line.get_color(): line.get_ydata()[-1] for line in drawn(ax, 2) if not line.get_gid()}
    away = {t.get_text(): (t.xy[1] - ends[t.get_color()]) / (high - low) for t in ax.texts}
    assert all(abs(away[name]) < 0.01 for name in "0123")
    assert away["4"] == pytest.approx(-away["5"], abs=1e-9)  # the crowd's middle stays
    assert len([line for line in ax.lines if line.get_gid() == "leader"]) == 2


@pytest.mark.parametrize("seed", range(20))
def test_places_are_the_nearest_that_are_apart(seed):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.choice([rng.normal(size=9), rng.normal(0, 0.05, 9)]))
    places = _drawing.spread(values, 0.1)
    assert (np.diff(places) >= 0.1 - 1e-12).all()
    crowds = np.split(np.arange(9), np.flatnonzero(np.diff(places) > 0.1 + 1e-9) + 1)
    for crowd in crowds:  # each spread from its own middle
        assert places[crowd].mean() == pytest.approx(values[crowd].mean(), abs=1e-9)


def test_features_along_the_top_title_and_marks(data):
    X, y = data
    result = riata.cv_path(X, y, l1_ratio=0.5)
    ax = result.plot_path()
    top = next(other for other in ax.figure.axes if other.get_xlabel() == "features")
    shown = [int(tick.get_text()) for tick in top.get_xticklabels()]
    assert shown[0] == result.path.df[0]
    assert shown[-1] == result.path.df[-1]
    assert "elastic net, gaussian, l1_ratio 0.5" in ax.get_title()
    marks = [text.get_text() for text in ax.get_legend().get_texts()]
    assert marks[:2] == [
        f"best: {result.alpha_min:.3g}",
        f"one standard error: {result.alpha_1se:.3g}",
    ]


def curves(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


def test_every_l1_ratio_has_its_curve(data):
    X, y = data
    result = riata.cv_path(X, y, l1_ratio=[0, 0.3, 1], scoring="r2")
    ax = result.plot()
    assert len(curves(ax)) == 3
    for line, alphas, score in zip(curves(ax), result.alphas, result.mean_score):
        np.testing.assert_array_equal(line.get_xdata(), alphas)
        np.testing.assert_allclose(line.get_ydata(), score)
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said[:3] == ["l1_ratio 0", "l1_ratio 0.3", "l1_ratio 1"]
    left, right = ax.get_xlim()
    assert left == result.alphas.max()
    assert right == result.alphas.min()


@pytest.mark.parametrize(
    ("make", "labels", "count"),
    [
        (lambda: riata.LassoCV(), None, 1),
        (lambda: riata.ElasticNetCV(l1_ratio=[0.2, 0.8]), None, 2),
        (lambda: riata.MultiTaskElasticNetCV(l1_ratio=[0.2, 0.8]), "tasks", 2),
        (lambda: riata.RidgeCV(np.logspace(-2, 2, 9)), None, 1),
        (lambda: riata.RidgeCV(np.logspace(-2, 2, 9), cv=3), None, 1),
        (lambda: riata.RidgeCV(np.logspace(-2, 2, 9), alpha_per_target=True), "tasks", 1),
        (lambda: logistic(2), "two", 2),
        (lambda: logistic(1, use_legacy_attributes=True), "two", 1),
        (lambda: logistic(2), "three", 2),
    ],
)
def test_every_class_that_cross_validates_draws_its_curves(data, make, labels, count):
    X, y = data
    X = X / X.std(axis=0)
    target = {
        None: y,
        "tasks": np.c_[y, X[:, 0]],
        "two": y > 0,
        "three": np.array(["a", "b", "c"])[np.digitize(y, [-3, 3])],
    }[labels]
    model = make().fit(X, target)
    ax = model.plot_cv()
    assert len(curves(ax)) == count
    assert all(np.isfinite(line.get_ydata()).all() for line in curves(ax))
    assert ax.get_title()


def logistic(ratios, **options):
    options = {"use_legacy_attributes": False, **options}
    return riata.LogisticRegressionCV(
        Cs=5, l1_ratios=(1.0, 0.5)[:ratios], scoring="neg_log_loss", **options
    )


def test_scores_of_ridge_are_those_it_chose_by(data):
    X, y = data
    model = riata.RidgeCV(np.logspace(-2, 2, 9), cv=4).fit(X, y)
    [line] = curves(model.plot_cv())
    assert line.get_ydata().max() == pytest.approx(model.best_score_)
    loo = riata.RidgeCV(np.logspace(-2, 2, 9)).fit(X, y)
    [line] = curves(loo.plot_cv())
    assert line.get_ydata().max() == pytest.approx(loo.best_score_)


def test_coefficients_by_name_with_the_share_of_folds(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame(X, columns=[f"column {j}" for j in range(12)])
    result = riata.cv_path(frame, y, select="1se")
    ax = result.plot_coefficients()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[:3] == ["column 0  100 %", "column 1  100 %", "column 2  100 %"]
    np.testing.assert_allclose(
        [bar.get_width() for bar in ax.patches[:3]], (result.coef * X.std(axis=0))[:3]
    )
    model = riata.LassoCV(select="1se", standardize=True).fit(frame, y)
    assert model.plot_coefficients(X=frame).get_yticklabels()[0].get_text() == "column 0  100 %"


def test_classes_by_features(data):
    X, y = data
    X = X / X.std(axis=0)
    labels = np.array(["low", "middle", "high"])[np.digitize(y, [-3, 3])]
    path = riata.path(X, labels, family="multinomial")
    k = len(path) // 3
    ax = path.plot_classes(path.alphas[k])
    coef = path.at(path.alphas[k]).coef
    used = coef.any(axis=0)
    np.testing.assert_allclose(ax.images[0].get_array(), (coef * X.std(axis=0))[:, used])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["high", "low", "middle"]
    assert len(ax.get_xticklabels()) == used.sum()
    assert "multinomial, class low" in path.plot(label="low").get_title()
    model = riata.LogisticRegression(l1_ratio=1.0, C=0.5).fit(X, labels)
    assert model.plot_coefficients().images


def test_costs_are_drawn_by_their_lower_envelope():
    n_features = np.array([0, 1, 1, 2, 3, 3, 5])
    errors = np.array([1.0, 0.8, 0.6, 0.7, 0.5, 0.55, 0.5])
    assert plotting.envelope(n_features, errors).tolist() == [0, 2, 4]
    nothing = np.full(7, np.nan)
    ax = plotting.plot_costs(n_features, errors, 100 + n_features, nothing, best=None)
    line = next(line for line in ax.lines if line.get_label() == "least error")
    assert line.get_xdata().tolist() == [0, 1, 3]
    assert line.get_ydata().tolist() == [1.0, 0.6, 0.5]


def test_colours_are_of_the_palette_for_the_colour_blind(data):
    X, y = data
    ax = riata.path(X, y).plot(max_labels=10)
    used = {line.get_color() for line in ax.lines if line.get_linewidth() == 1.5}
    assert used <= set(_drawing.COLOURS)


def test_labels_beside_a_choice_are_of_what_it_uses(data):
    X, y = data
    X = np.c_[X, X[:, 0] + 1e-3 * X[:, 0].std() * np.random.default_rng(0).standard_normal(80)]
    result = riata.cv_path(X, y, select="1se", standardize=True, eps=1e-6)
    ax = result.plot_path(max_labels=3)
    coefs = result.path.coefs.toarray()[:, result.path.alphas >= result.alpha_min]
    largest = np.argsort(-(np.abs(coefs) * X.std(axis=0)[:, None]).max(axis=1))[:3]
    assert {int(text.get_text()) for text in ax.texts} == set(largest.tolist())
