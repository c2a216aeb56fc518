"""Stability selection: the bounds hold where they claim to, and near-twins, for which they do not, are reported."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata import StabilitySelection


def correlated(rng, n, p, rho):
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore:No features were selected")
def test_scikit_learn_contract():
    model = StabilitySelection(pairs=5, random_state=0)
    failed = [r for r in check_estimator(model, on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


def test_bounds_are_their_formulas():
    X = np.random.default_rng(0).standard_normal((40, 500))
    for tau, factor in ((0.6, 1 / (2 * (0.2 - 0.025))), (0.9, 4 * (0.1 + 0.025) / 1.05)):
        model = StabilitySelection(threshold=tau, max_features=6, pairs=20).fit(X, X[:, 0])
        assert_allclose(model.bounds_["worst_case"], 36 / ((2 * tau - 1) * 500))
        assert_allclose(model.bounds_["unimodal"], factor * 36 / 500)


@pytest.mark.parametrize("bound", ["worst_case", "unimodal"])
def test_as_many_features_as_the_bound_allows(bound):
    X = np.random.default_rng(0).standard_normal((40, 500))
    model = StabilitySelection(pfer=2, pairs=10, bound=bound).fit(X, X[:, 0])
    assert model.bounds_[bound] <= 2 < model._bound(bound, model.max_features_ + 1, 500)
    assert model.selections_.sum(axis=1).max() <= model.max_features_


def test_where_no_bound_is_known_none_is_claimed():
    X = np.random.default_rng(0).standard_normal((40, 6))
    model = StabilitySelection(pairs=5, max_features=5).fit(X, X[:, 0])
    assert model.bounds_["unimodal"] == np.inf


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_false_selections_stay_within_the_bound_where_nothing_is_true(rho):
    false = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        X = correlated(rng, 60, 100, rho)
        model = StabilitySelection(pairs=12, random_state=seed).fit(X, rng.standard_normal(60))
        false.append(model.get_support().sum())
    assert np.mean(false) <= model.bounds_["worst_case"] <= 1


def planted(seed, rho, n=200, p=300):
    rng = np.random.default_rng(seed)
    X = correlated(rng, n, p, rho)
    true = np.sort(rng.choice(p, 8, replace=False))
    signal = X[:, true] @ rng.choice([-1.0, 1.0], 8)
    return X, signal + signal.std() / 2 * rng.standard_normal(n), true


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_true_features_are_found_and_few_false_ones_beside_them(rho):
    found, false = [], []
    for seed in range(6):
        X, y, true = planted(seed, rho)
        model = StabilitySelection(pairs=20, random_state=seed).fit(X, y)
        chosen = model.get_support(indices=True)
        found.append(np.isin(true, chosen).sum())
        false.append(len(chosen) - found[-1])
        assert model.bound_holds_
    assert np.mean(false) <= model.bounds_["worst_case"]
    assert np.mean(found) >= 4


def test_near_twins_are_reported_together():
    for seed in range(3):
        X, y, true = planted(seed, 0.95)
        model = StabilitySelection(pairs=10, random_state=seed).fit(X, y)
        assert not model.bound_holds_
        notable = np.flatnonzero(model.probabilities_ >= 0.25 * 0.6)
        clustered = np.concatenate(model.clusters_)
        assert len(clustered) == len(np.unique(clustered))
        assert np.isin(notable, clustered).all()
        for members, share in zip(model.clusters_, model.cluster_probabilities_):
            assert_allclose(share, model.selections_[:, members].any(axis=1).mean())
            assert share >= model.probabilities_[members].max()
    text = str(model.summary())
    assert "bounds do not hold" in text
    assert "cluster 0" in text


def test_a_copy_of_a_feature_is_its_twin():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 40))
    X[:, 7] = -3 * X[:, 2]
    X[:, 8] = 1.0
    model = StabilitySelection(pairs=10, random_state=0).fit(X, X[:, 2] + rng.standard_normal(80))
    assert [members.tolist() for members in model.clusters_] == [[2, 7]]


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
@pytest.mark.parametrize("layout", [np.asfortranarray, sparse.csc_array, sparse.csr_array])
def test_families_and_layouts(family, layout):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((150, 40))
    eta = 1.5 * X[:, 3]
    y = {
        "gaussian": eta + rng.standard_normal(150),
        "binomial": np.where(eta + rng.logistic(size=150) > 0, "yes", "no"),
        "poisson": rng.poisson(np.exp(eta)),
    }[family]
    model = StabilitySelection(family=family, pairs=6, random_state=0).fit(layout(X), y)
    assert model.get_support()[3]
    assert model.dual_gaps_.max() <= 1e-6
    known = StabilitySelection(family=family, pairs=6, random_state=0).fit(X, y)
    assert_allclose(model.probabilities_, known.probabilities_, atol=0.1)


def test_halves_of_labels_have_both_classes():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 5))
    rare = np.zeros(50)
    rare[:2] = 1
    StabilitySelection(family="binomial", pairs=20).fit(X, rare)
    rare[1] = 0
    with pytest.raises(ValueError, match="class"):
        StabilitySelection(family="binomial", pairs=3).fit(X, rare)


def test_halves_are_complementary():
    X = np.random.default_rng(0).standard_normal((21, 3))
    problem = riata._problem.check_problem(X, X[:, 0])
    halves = riata.stability._halves(problem, 4, np.random.RandomState(0))
    for a, b in zip(halves[::2], halves[1::2]):
        assert a.sample_weight.sum() == b.sample_weight.sum() == 10
        assert not (a.sample_weight * b.sample_weight).any()


def test_units_of_columns_do_not_matter_and_names_are_shown():
    X, y, _ = planted(0, 0.0, n=100, p=50)
    frame = pd.DataFrame(X * np.geomspace(1e-3, 1e3, 50), columns=[f"gene {j}" for j in range(50)])
    one = StabilitySelection(pairs=6, random_state=0).fit(X, y)
    other = StabilitySelection(pairs=6, random_state=0).fit(frame, y)
    assert_allclose(one.probabilities_, other.probabilities_)
    assert other.summary()["feature"][0].startswith("gene ")
    assert other.get_feature_names_out().tolist() == [
        f"gene {j}" for j in one.get_support(indices=True)
    ]


def test_it_selects_inside_a_pipeline():
    X, y, _ = planted(1, 0.0, n=120, p=60)
    selection = StabilitySelection(pairs=6, random_state=0)
    model = make_pipeline(selection, riata.Ridge(alpha=1.0)).fit(X, y)
    assert model[-1].n_features_in_ == model[0].get_support().sum() > 0
    assert model.score(X, y) > 0.3
