"""What advise says: planted truths, ties, units, families, frames, limits of time, and the text of each reason."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import riata


def planted(n=120, p=30, active=3, noise=1.0, seed=0, dense=False):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    w = rng.choice([-1.0, 1.0], p) / np.sqrt(p) if dense else np.zeros(p)
    if not dense:
        w[:active] = [2.0, -1.5, 1.0][:active]
    return X, X @ w + noise * rng.standard_normal(n)


@pytest.fixture(scope="module")
def sparse():
    X, y = planted()
    return X, y, riata.advise(X, y, repeats=3)


def names_of(advice):
    return {reason.name for reason in advice.reasons}


# --- verdicts ---------------------------------------------------------------------------------------------------------------


def test_few_features_are_told_from_many(sparse):
    X, y, a = sparse
    assert a.verdict == "decided"
    d = a.compare(1, 0)
    assert d.value < 0
    assert d.t <= -2
    assert "Decided: L1 (l1_ratio 1) loses" in a.headline
    assert f"t = {-d.t:.1f}" in a.headline
    assert a.l1_ratio > 0.5  # 0.5 is beaten
    assert set(a.short_list.features[:3]) == {"0", "1", "2"}


def test_many_features_that_matter_alike_are_for_l2():
    X, y = planted(n=100, p=80, dense=True, noise=0.3, seed=4)
    a = riata.advise(X, y, repeats=2)
    assert a.compare(1, 0).value > 0
    assert a.verdict in ("decided", "leaning")
    assert "L2 (l1_ratio 0) loses" in a.headline


def test_ties_are_called_ties():
    """A single feature: no penalty is better than another."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((150, 2))
    a = riata.advise(x, x[:, 0] + x[:, 1] + rng.standard_normal(150), repeats=2)
    assert a.verdict == "undecided"
    assert abs(a.compare(1, 0).t) < 1
    assert "do not tell L2 (l1_ratio 0) from L1 (l1_ratio 1)" in a.headline
    assert a.l1_ratio == 0.5


@pytest.mark.parametrize("seed", range(4))
def test_where_nothing_predicts_no_signal_is_found(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((80, 20)), rng.standard_normal(80)
    a = riata.advise(X, y, repeats=2)
    assert a.verdict == "no signal"
    assert a.headline.startswith("No signal: nothing here clearly predicts")


def test_the_words_never_say_better_without_their_t(sparse):
    _, _, a = sparse
    for reason in a.reasons:
        if "less than" in reason.text and "null loss" in reason.text:
            assert "t = " in reason.text
    assert "better" not in a.headline


# --- numbers ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_units_of_y_do_not_matter(sparse, unit):
    X, y, a = sparse
    b = riata.advise(X, unit * y, repeats=3)
    assert (b.verdict, b.l1_ratio) == (a.verdict, a.l1_ratio)
    np.testing.assert_allclose(b.table["loss"], a.table["loss"], rtol=1e-3)
    np.testing.assert_allclose(
        b.estimator.coef_, unit * a.estimator.coef_, rtol=1e-3, atol=1e-6 * unit
    )
    assert b.null_loss == pytest.approx(unit**2 * a.null_loss)


def test_units_of_columns_do_not_matter_and_are_said(sparse):
    X, y, a = sparse
    b = riata.advise(X * np.logspace(0, 4, X.shape[1]), y, repeats=3)
    np.testing.assert_allclose(b.table["loss"], a.table["loss"], rtol=1e-3)
    assert "units" in names_of(b)
    assert "units" not in names_of(a)


def test_losses_are_those_of_cross_validation(sparse):
    """The curve of l1_ratio 0 comes from Gram matrices, the others from certified paths: both are cv_path's."""
    X, y, a = sparse
    from sklearn.model_selection import KFold

    z = (y - y.mean()) / y.std()
    for ratio in (0.0, 0.5):
        alphas, _ = a.curve(ratio)
        losses = []
        for seed in range(3):
            folds = KFold(10, shuffle=True, random_state=seed)
            result = riata.cv_path(X, z, l1_ratio=ratio, alphas=alphas, cv=folds, standardize=True)
            losses.append(result.loss)
        np.testing.assert_allclose(
            a._race.curves[ratio].loss, np.concatenate(losses, axis=1), rtol=1e-4
        )


def test_the_corrected_standard_error_is_nadeau_and_bengios(sparse):
    _, _, a = sparse
    race = a._race
    d = race.loss(1.0, a._places[1.0]) - race.loss(0.0, a._places[0.0])
    J = len(d)
    assert J == 30
    expected = np.sqrt((1 / J + 1 / 9) * d.var(ddof=1)) / race.null_loss
    assert a.compare(1, 0).std_error == pytest.approx(expected)
    assert a.compare(1, 0).value == pytest.approx(d.mean() / race.null_loss)


def test_what_is_handed_out_is_certified_and_what_the_table_says(sparse):
    X, y, a = sparse
    for ratio, model in a.candidates.items():
        assert model.certificate_.converged
        row = a.table["l1_ratio"].index(ratio)
        assert np.count_nonzero(model.coef_) == a.table["features"][row]
    assert a.estimator is a.candidates[a.l1_ratio]
    assert not hasattr(a.average, "certificate_")
    mean = np.mean([model.predict(X) for model in a.candidates.values()], axis=0)
    np.testing.assert_allclose(a.average.predict(X), mean)
    assert riata.Scorer.from_estimator(a.average).score(X) == pytest.approx(mean)


def test_a_ratio_on_the_callers_y_means_the_same(sparse):
    """l1_ratio 0.5 of a y of unit deviation, as an estimator of y."""
    X, y, a = sparse
    unit = y.std()
    model = a.candidates[0.5]
    alpha = a.table["alpha"][a.table["l1_ratio"].index(0.5)]
    other = riata.ElasticNet(alpha=alpha, l1_ratio=0.5, standardize=True).fit(X, y / unit)
    np.testing.assert_allclose(model.coef_, other.coef_ * unit, rtol=1e-3, atol=1e-6)


# --- families, frames, weights, groups --------------------------------------------------------------------------------------


def test_labels_of_two_and_more_classes_and_counts():
    X, eta = planted(n=150, p=8)
    labels = np.where(eta > 0, "yes", "no")
    a = riata.advise(X, labels, repeats=1)
    assert a.family == "binomial"
    assert a.estimator.classes_.tolist() == ["no", "yes"]
    assert a.average.predict_proba(X).sum(axis=1) == pytest.approx(1)
    three = np.array(["a", "b", "c"])[np.digitize(eta, [-1, 1])]
    b = riata.advise(X, three, repeats=1, cv=4, l1_ratio=[0, 0.5, 1])
    assert b.family == "multinomial"
    assert b.average.predict(X).shape == (150,)
    counts = np.random.default_rng(0).poisson(np.exp(0.3 * eta))
    c = riata.advise(X, counts, "poisson", repeats=1)
    assert c.verdict != "no signal"
    assert type(c.estimator).__name__ == "PoissonRegressor"
    d = riata.advise(X, counts, repeats=1)
    assert d.family == "gaussian"
    assert "family" in names_of(d)


def test_columns_are_called_by_their_names():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    z = rng.standard_normal(120)
    frame = pd.DataFrame(rng.standard_normal((120, 4)), columns=list("abcd"))
    frame["left"], frame["right"] = z, z + 0.05 * rng.standard_normal(120)
    a = riata.advise(frame, z + frame["a"] + rng.standard_normal(120), repeats=1)
    [reason] = [r for r in a.reasons if r.name == "twins"]
    assert "left and right" in reason.text
    assert "L1 keeps one" in reason.text
    assert set(a.short_list.features) & {"left", "right"}
    assert list(a.estimator.feature_names_in_) == list(frame.columns)


def test_weights_are_repeated_rows():
    X, y = planted(n=60, p=5)
    s = np.ones(60)
    s[:20] = 0.0
    a = riata.advise(X, y, sample_weight=s, repeats=1, l1_ratio=[0.5])
    b = riata.advise(X[20:], y[20:], repeats=1, l1_ratio=[0.5])
    assert a._unit == pytest.approx(b._unit)
    assert a.null_loss == pytest.approx(b.null_loss, rel=0.1)
    assert a.compare(0.5, 0.5).value == 0


def test_groups_are_held_out_together():
    X, y = planted(n=60, p=5)
    groups = np.repeat(np.arange(15), 4)
    a = riata.advise(X, y, groups=groups, cv=5, repeats=2)
    for train, test in a._race.splits:
        assert not set(groups[train]) & set(groups[test])
    assert a.order is None
    assert len(a._race.splits) == 10


def test_neighbouring_rows_and_copies_are_noticed():
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(20), 10)
    X = rng.standard_normal((20, 30))[person] + 0.05 * rng.standard_normal((200, 30))
    y = rng.standard_normal(20)[person] + 0.05 * rng.standard_normal(200)
    a = riata.advise(X, y, repeats=1)
    assert "order" in names_of(a)
    b = riata.advise(X, y, groups=person, repeats=1)
    assert b.verdict == "no signal"  # nothing of a person tells of another one
    X, y = planted(n=80, p=4)
    twice = riata.advise(np.vstack([X, X[:30]]), np.concatenate([y, y[:30]]), repeats=1)
    [reason] = [r for r in twice.reasons if r.name == "copies"]
    assert reason.value == 60


def test_separable_classes_and_columns_that_know_y_are_said():
    X, eta = planted(n=60, p=40, noise=0.1)
    a = riata.advise(X, eta > 0, repeats=1)
    assert "separable" in names_of(a)
    X[:, 7] = np.where(eta > 0, 1.0, 0.0)
    b = riata.advise(X, eta > 0, repeats=1)
    assert "A threshold on 7 alone" in next(r.text for r in b.reasons if r.name == "everything")
    X[:, 9] = eta
    c = riata.advise(X, eta, repeats=1)
    assert next(r for r in c.reasons if r.name == "everything").value == pytest.approx(1)


def test_missing_values_are_refused_or_imputed_inside_the_folds():
    X, y = planted(n=100, p=6)
    holes = X.copy()
    holes[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    with pytest.raises(ValueError, match="X"):
        riata.advise(holes, y, repeats=1)
    a = riata.advise(holes, y, repeats=1, cv=4, impute=True)
    [reason] = [r for r in a.reasons if r.name == "missing"]
    assert reason.value == np.isnan(holes).sum()
    assert "training rows" in reason.text
    train, test = a._race.splits[0]
    mean = np.nanmean(holes[train], axis=0)
    filled = np.where(np.isnan(holes), mean, holes)
    z = (y - y.mean()) / y.std()
    alphas, _ = a.curve(0.5)
    own = riata.cv_path(
        filled, z, l1_ratio=0.5, alphas=alphas, cv=[(train, test)], standardize=True
    )
    np.testing.assert_allclose(a._race.curves[0.5].loss[:, 0], own.loss[:, 0], rtol=1e-5)


# --- goals, budgets, scores, time -----------------------------------------------------------------------------------------------


def test_goals():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((150, 1))
    X = np.hstack([z + 0.3 * rng.standard_normal((150, 4)), rng.standard_normal((150, 10))])
    y = z[:, 0] + 0.7 * rng.standard_normal(150)
    predict = riata.advise(X, y, repeats=1, cv=5)
    robust = riata.advise(X, y, goal="robust", repeats=1, cv=5)
    s = riata.stress([predict.estimator, robust.estimator], X, y)
    worst = [damage for _, damage in s.worst("shift")]
    assert worst[1] < worst[0]
    assert robust.estimator.certificate_.converged
    assert "robust" in names_of(robust)
    chosen = riata.advise(X, y, goal="select", repeats=1, cv=5)
    assert type(chosen.estimator).__name__ == "RelaxedLassoCV"
    assert np.count_nonzero(chosen.estimator.coef_) < X.shape[1]
    [list_, stable] = [r for r in chosen.reasons if r.name in ("select", "stability")]
    assert list_.value == np.count_nonzero(chosen.estimator.coef_)
    assert stable.value == len(chosen.stability.get_support(indices=True))
    assert "near-twins" in stable.text
    again = riata.advise(X, y > 0, goal="select", repeats=1)
    assert type(again.estimator).__name__ == "LogisticRegression"


def test_a_budget_and_a_score(sparse):
    X, y, _ = sparse
    a = riata.advise(X, y, repeats=1, budget=2)
    assert all(count <= 2 for count in a.table["features"])
    assert 0.0 not in a.candidates
    b = riata.advise(X, y, repeats=1, cv=3, l1_ratio=[0.5], scoring="neg_mean_absolute_error")
    _, losses = b.curve(0.5)
    assert losses.min() == pytest.approx(b.table["loss"][b.table["l1_ratio"].index(0.5)])
    with pytest.raises(ValueError, match="budget"):
        riata.advise(X, y, repeats=1, l1_ratio=[0], budget=2)


def test_a_time_limit_is_kept_and_said(sparse, monkeypatch):
    """By a clock that goes on a second whenever it is looked at."""
    from riata import _advise, _race

    clock = SimpleNamespace(perf_counter=itertools.count().__next__)
    monkeypatch.setattr(_advise, "time", clock)
    monkeypatch.setattr(_race, "time", clock)
    X, y, _ = sparse
    a = riata.advise(X, y, repeats=10_000, time_limit=30)
    assert 2 <= a.repeats < 30
    assert a.seconds <= 30
    [reason] = [r for r in a.reasons if r.name == "time"]
    assert "time_limit=30 ended the work after" in reason.text
    assert "of 100000 folds" in reason.text
    assert reason.value == a.folds == 10 * a.repeats


def test_large_data_get_as_many_folds_as_there_is_time_for(sparse, monkeypatch):
    from riata import _advise, _race

    clock = SimpleNamespace(perf_counter=itertools.count().__next__)
    monkeypatch.setattr(_advise, "time", clock)
    monkeypatch.setattr(_race, "time", clock)
    monkeypatch.setattr(_race, "PROBED", 0)
    X, y, _ = sparse
    a = riata.advise(X, y, time_limit=20)  # a path is half a second by this clock
    assert 2 <= a.folds < 10
    assert a.repeats == 1
    assert "time" in names_of(a)
    b = riata.advise(X, y, time_limit=6)
    assert len(b.candidates) < 5
    assert "Not reached at all" in next(r.text for r in b.reasons if r.name == "time")


def test_truncated_grids_are_no_candidates(monkeypatch):
    """A path that time cut off while its loss still fell says nothing about its l1_ratio."""
    from riata import _race
    from riata._held_out_losses import HeldOut

    original = HeldOut.several

    def cut(self, *args):
        curves = original(self, *args)
        curves[0].loss[5:] = np.nan
        return curves

    monkeypatch.setattr(HeldOut, "several", cut)
    X, y = planted(n=60, p=5)
    a = riata.advise(X, y, repeats=1)
    assert 0.0 not in a.candidates
    assert "Not reached at all: l1_ratio 0" in next(r.text for r in a.reasons if r.name == "time")
    assert _race.PENALTIES > 5


# --- for people -----------------------------------------------------------------------------------------------------------------


def test_every_reason_has_a_line_that_shows_it():
    rng = np.random.default_rng(2)
    X, eta = planted(n=60, p=12, noise=0.05, seed=2)
    X[:, 3] = X[:, 0] + 0.01 * rng.standard_normal(60)
    X *= np.logspace(0, 3, 12)
    for y in (eta, eta > 0):
        a = riata.advise(X, y, repeats=2)
        assert {"signal", "difference", "choice", "short list", "units", "twins"} <= names_of(a)
        for reason in a.reasons:
            value = eval(reason.code, {"a": a, "X": X, "y": y, "np": np, "riata": riata})
            assert value is not None
            if hasattr(value, "value"):
                assert value.value == pytest.approx(reason.value)
                assert value.std_error == pytest.approx(reason.std_error)
            assert reason.code in str(a)


def test_text_notebook_and_picture(sparse):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    _, _, a = sparse
    text = str(a)
    assert text.startswith(a.headline)
    assert "Take " in text
    assert "l1_ratio" in text
    assert "concentration" in a._repr_html_()
    assert "<code>" in a._repr_html_()
    ax = a.plot()
    assert "decided" in ax.get_title()
    assert a.stability["feature"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"goal": "win"}, "goal"),
        ({"family": "gamma"}, "family"),
        ({"l1_ratio": [0.5, 2]}, "l1_ratio"),
        ({"repeats": 0}, "repeats"),
        ({"time_limit": 0}, "time_limit"),
        ({"budget": 0}, "budget"),
        ({"y": np.ones(60)}, "nothing to predict"),
        ({"y": np.ones((60, 2))}, "y must have shape"),
    ],
)
def test_bad_input_is_named(change, message):
    X, y = planted(n=60, p=5)
    given = {"X": X, "y": y} | change
    with pytest.raises(ValueError, match=message):
        riata.advise(given.pop("X"), given.pop("y"), **given)
