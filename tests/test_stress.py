"""Stress: what a broken feature costs, in closed form, is what breaking it costs."""

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

import riata
from riata import _stress_sums

KINDS = ("missing", "shift", "scale", "permute", "noise", "common_shift")
RNG = np.random.default_rng(7)
N, P, SIZE = 40, 5, 0.7
X = RNG.standard_normal((N, P)) * [1.0, 3.0, 0.2, 10.0, 1.0] + [0.0, 5.0, -1.0, 100.0, 0.0]
ETA = X[:, 0] - 0.4 * X[:, 1] + 0.1 * (X[:, 3] - 100)
NOISE = RNG.standard_normal(N)
WEIGHTS = RNG.integers(1, 4, N).astype(float)


def response(family):
    if family == "gaussian":
        return ETA + NOISE
    if family == "poisson":
        return np.random.default_rng(1).poisson(np.exp(0.3 * (ETA - ETA.mean()))).astype(float)
    if family == "binomial":
        return np.where(ETA.mean() < ETA + NOISE, "yes", "no")
    return np.digitize(ETA + NOISE, np.quantile(ETA, [0.3, 0.7]))


def model_of(family, weights=None):
    models = {
        "gaussian": riata.ElasticNet(alpha=0.05, l1_ratio=0.5),
        "poisson": riata.PoissonRegressor(alpha=0.05),
        "binomial": riata.LogisticRegression(C=2.0),
        "multinomial": riata.LogisticRegression(C=2.0),
    }
    return models[family].fit(X, response(family), sample_weight=weights)


def mean_loss(model, y, eta, s):
    """The mean loss, from its definition; eta of shape (n,) or (n, classes)."""
    if hasattr(model, "classes_"):
        if eta.ndim == 1:
            eta = np.column_stack([np.zeros(len(eta)), eta])
        own = eta[np.arange(len(y)), np.searchsorted(model.classes_, y)]
        losses = np.logaddexp.reduce(eta, axis=1) - own
    elif isinstance(model, riata.PoissonRegressor):
        losses = np.exp(eta) - y * eta  # up to what is no matter of eta
    else:
        losses = (y - eta) ** 2
    return np.average(losses, weights=s)


def linear(model, X):
    eta = X @ np.atleast_2d(model.coef_).T + model.intercept_
    return eta if eta.shape[1] > 1 else eta[:, 0]


def broken(kind, j, s):
    """X with feature j broken: a list over which losses are averaged."""
    mean = np.average(X, axis=0, weights=s)
    spread = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=s))

    def having(column):
        Z = X.copy()
        Z[:, j] = column
        return Z

    if kind == "missing":
        return [having(mean[j])]
    if kind == "shift":
        return [having(X[:, j] + SIZE * spread[j])]
    if kind == "scale":
        return [having(X[:, j] * (1 + SIZE))]
    if kind == "noise":
        return [having(X[:, j] + sign * SIZE * spread[j]) for sign in (-1, 1)]
    if (
        kind == "permute"
    ):  # in the mean over the shifts by 0, 1, ... rows every row meets every other
        whole = np.repeat(np.arange(N), s.astype(int))
        return [having(X[i, j]) for i in whole]
    return [X + SIZE * spread]


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("family", ["gaussian", "poisson", "binomial", "multinomial"])
def test_damage_is_what_breaking_a_feature_costs(family, weights):
    model, y = model_of(family, weights), response(family)
    s = np.ones(N) if weights is None else weights
    result = riata.stress(model, X, y, size=SIZE, sample_weight=weights)
    now = mean_loss(model, y, linear(model, X), s)
    for kind in KINDS:
        if kind == "permute" and family in ("binomial", "multinomial"):
            continue  # a mean over some permutations, below
        for j in range(P if kind != "common_shift" else 1):
            costs = [mean_loss(model, y, linear(model, Z), s) - now for Z in broken(kind, j, s)]
            expected = np.mean(costs)
            assert result.damage[kind][0, j] == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_permuted_labels_are_a_mean_over_permutations():
    model, y = model_of("binomial"), response("binomial")
    result = riata.stress(model, X, y, kinds=["permute"])
    now = mean_loss(model, y, linear(model, X), np.ones(N))
    rng = np.random.default_rng(0)
    orders = [rng.permutation(N) for _ in range(4)]
    for j in range(P):
        costs = []
        for order in orders:
            Z = X.copy()
            Z[:, j] = X[order, j]
            costs.append(mean_loss(model, y, linear(model, Z), np.ones(N)) - now)
        assert result.damage["permute"][0, j] == pytest.approx(np.mean(costs), rel=1e-10)


def test_squares_and_counts_take_one_pass_and_labels_fewer_than_two(monkeypatch):
    read = []
    original = _stress_sums.Rows.blocks

    def counting(self, features=None):
        for rows, block in original(self, features):
            read.append(block.size)
            yield rows, block

    monkeypatch.setattr(_stress_sums.Rows, "blocks", counting)
    for family in ("gaussian", "poisson"):
        models = [model_of(family), model_of(family)]
        read.clear()
        assert riata.stress(models, X, response(family)).passes == 1.0
        assert sum(read) == X.size
    sparse = riata.LogisticRegression(C=0.2, l1_ratio=1.0, standardize=True)
    sparse.fit(X, response("binomial"))
    used = np.count_nonzero(sparse.coef_)
    assert 0 < used < P
    read.clear()
    result = riata.stress(sparse, X, response("binomial"))
    assert sum(read) == X.size + used * N
    assert result.passes == pytest.approx(1 + used / P)
    again = riata.stress(sparse, X, response("binomial"), kinds=["shift", "scale", "noise"])
    assert again.passes == 1.0


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, csr_array, csc_array, lambda X: X.astype(np.float32)]
)
def test_layouts_agree(layout):
    model, y = model_of("gaussian"), response("gaussian")
    one = riata.stress(model, X, y)
    other = riata.stress(model, layout(X), y)
    for kind in KINDS:
        np.testing.assert_allclose(other.damage[kind], one.damage[kind], rtol=1e-4, atol=1e-5)


def test_blocks_of_rows_do_not_show(monkeypatch):
    model, y = model_of("poisson"), response("poisson")
    one = riata.stress(model, X, y)
    monkeypatch.setattr(_stress_sums, "ENTRIES", 3 * P)
    other = riata.stress(model, X, y)
    for kind in KINDS:
        np.testing.assert_allclose(other.damage[kind], one.damage[kind], rtol=1e-10, atol=1e-12)


def test_models_of_scikit_learn_and_of_files(tmp_path):
    linear_model = pytest.importorskip("sklearn.linear_model")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    y = response("gaussian")
    theirs = linear_model.Ridge(alpha=3.0).fit(X, y)
    ours = riata.Ridge(alpha=3.0).fit(X, y)
    piped = make_pipeline(StandardScaler(), linear_model.Ridge(alpha=3.0)).fit(X, y)
    file = tmp_path / "model.riata"
    riata.Scorer.from_estimator(ours).save(file)
    result = riata.stress(
        {"theirs": theirs, "ours": ours, "file": file, "piped": piped}, X, y, kinds=KINDS
    )
    for kind in KINDS:
        first, second, third, _ = result.damage[kind]
        np.testing.assert_allclose(second, first, rtol=1e-4, atol=1e-8)
        np.testing.assert_array_equal(third, second)
    for kind in ("missing", "shift"):  # raw features, as the pipeline takes them
        now = np.mean((y - piped.predict(X)) ** 2)
        [Z] = broken(kind, 1, np.ones(N))
        cost = np.mean((y - piped.predict(Z)) ** 2) - now
        one = riata.stress(piped, X, y, kinds=kind, size=SIZE)
        assert one.damage[kind][0, 1] == pytest.approx(cost, rel=1e-9)


def test_a_lasso_fails_more_rarely_and_worse_than_ridge():
    """A feature and its near twin: the lasso puts the weight on one of them."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal(300)
    Z = np.column_stack([z, z]) + 0.1 * rng.standard_normal((300, 2))
    y = z + 0.3 * rng.standard_normal(300)
    lasso = riata.Lasso(alpha=0.1).fit(Z, y)
    ridge = riata.Ridge(alpha=30.0).fit(Z, y)
    s = riata.stress([lasso, ridge], Z, y)
    worst = [damage for _, damage in s.worst("missing")]
    assert worst[0] > 1.2 * worst[1]
    assert s.norms["max"][0] > s.norms["max"][1]


def test_frames_are_matched_by_name(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcde"))
    y = response("gaussian")
    model = riata.Lasso(alpha=0.1).fit(frame, y)
    file = tmp_path / "model.riata"
    riata.Scorer.from_estimator(model).save(file)
    turned = frame[list("edcba")].assign(text="no number")
    one = riata.stress(model, frame, y)
    for other in (riata.stress(model, turned, y), riata.stress(file, turned, y)):
        [(name, damage)] = other.worst("missing")
        assert (name, damage) == (
            one.worst("missing")[0][0],
            pytest.approx(one.worst("missing")[0][1]),
        )
    with pytest.raises(ValueError, match="lacks the column"):
        riata.stress(model, frame[["a"]], y)


def test_text_notebook_and_picture():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    s = riata.stress({"net": model_of("gaussian")}, X, response("gaussian"))
    text = str(s)
    assert "net: loss" in text
    assert "worst: 3" in text
    assert "1 pass over X" in text
    assert "missing: worst" in s._repr_html_()
    assert s.by_feature("missing")["feature"][0] == s.worst("missing")[0][0]
    ax = s.plot("missing")
    assert "worst" in ax.get_legend_handles_labels()[1][0]
    with pytest.raises(ValueError, match="kind"):
        s.plot("common_shift")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": ["broken"]}, "kinds"),
        ({"size": 0.0}, "size"),
        ({"X": X[:, :2]}, "is for 5 features"),
        ({"y": np.zeros(3)}, "y"),
        ({"models": []}, "models"),
    ],
)
def test_bad_input_is_named(change, message):
    given = {"models": model_of("gaussian"), "X": X, "y": response("gaussian")} | change
    with pytest.raises(ValueError, match=message):
        riata.stress(**given)
