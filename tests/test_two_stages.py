"""Relaxed and adaptive lasso: both stages inside every fold, certified as the problem that the last stage solves."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.utils.estimator_checks import check_estimator

import riata
from riata._grid import ridge_grid
from riata._problem import check_problem

ESTIMATORS = [
    riata.RelaxedLasso(alpha=0.1),
    riata.AdaptiveLasso(alpha=0.1),
    riata.RelaxedLassoCV(cv=3, alphas=5),
    riata.AdaptiveLassoCV(cv=3, alphas=5),
]
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 80)) * rng.uniform(0.5, 2, 80) + rng.standard_normal(80)
    return X, X[:, :4] @ [2.0, -1.0, 1.0, 0.5] + rng.standard_normal(60)


def weights():
    s = np.random.default_rng(1).uniform(0.5, 2, 60)
    s[5] = 0
    return s


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("model", ESTIMATORS, ids=lambda model: type(model).__name__)
def test_scikit_learn_contract(model):
    failed = [r for r in check_estimator(model, on_fail=None) if r["status"] == "failed"]
    assert not failed, [(r["check_name"], r["exception"]) for r in failed]


def test_a_refit_without_penalty_is_least_squares_on_the_lassos_features(data):
    X, y = data
    lasso = riata.Lasso(alpha=0.3).fit(X, y)
    used = np.flatnonzero(lasso.coef_)
    model = riata.RelaxedLasso(alpha=0.3).fit(X, y)
    assert_allclose(model.coef_[used], LinearRegression().fit(X[:, used], y).coef_)
    assert np.count_nonzero(model.coef_) == len(used)
    assert model.penalty_ == model.certificate_.alpha == 0


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("relax", [0.0, 0.4, 1.0])
def test_relaxed_models_solve_the_problem_that_they_certify(data, layout, relax):
    X, y = data
    X = LAYOUTS[layout](X)
    options = {"standardize": True, "positive": relax > 0}
    model = riata.RelaxedLasso(alpha=0.2, relax=relax, **options).fit(X, y, sample_weight=weights())
    assert model.certificate_.converged
    assert_allclose(model.penalty_, relax * 0.2)
    known = riata.Lasso(
        alpha=relax * 0.2, penalty_weights=model.penalty_weights_, tol=1e-10, **options
    ).fit(X, y, sample_weight=weights())
    assert_allclose(model.coef_, known.coef_, atol=1e-3)
    judged = riata.check_solution(model, X, y, sample_weight=weights())
    assert judged.converged
    assert_allclose(judged.primal, model.certificate_.primal)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_adaptive_weights_come_from_ridge_by_generalised_cross_validation(data, layout):
    X, y = data
    model = riata.AdaptiveLasso(alpha=0.05, gamma=0.5).fit(LAYOUTS[layout](X), y)
    u = model.penalty_weights_
    assert_allclose(u.min(), 1)
    alphas = 60 * ridge_grid(check_problem(X, y, l1_ratio=0), 40, 0.0)
    b = np.abs(riata.RidgeCV(alphas=alphas, criterion="gcv").fit(X, y).coef_)
    assert_allclose(u, np.sqrt(b.max() / b), rtol=1e-3)
    assert np.argmax(b) == np.argmin(u)
    known = riata.Lasso(alpha=0.05, penalty_weights=u, tol=1e-10).fit(LAYOUTS[layout](X), y)
    assert_allclose(model.coef_, known.coef_, atol=1e-3)
    assert riata.check_solution(model, LAYOUTS[layout](X), y).converged


@pytest.mark.parametrize("unit", [1e-3, 1e3])
@pytest.mark.parametrize("Model", [riata.AdaptiveLasso, riata.RelaxedLasso])
def test_the_unit_of_the_response_changes_nothing(data, Model, unit):
    X, y = data
    one, other = Model(alpha=0.1).fit(X, y), Model(alpha=0.1 * unit).fit(X, unit * y)
    assert_allclose(other.coef_, unit * one.coef_, rtol=1e-4, atol=1e-6 * unit)


def test_a_weight_of_two_is_a_row_given_twice_to_the_first_estimate_too(data):
    X, y = data
    rows = np.r_[np.arange(60), np.arange(20)]
    twice = riata.AdaptiveLasso(alpha=0.1).fit(X[rows], y[rows])
    weighted = riata.AdaptiveLasso(alpha=0.1).fit(X, y, sample_weight=np.bincount(rows))
    assert_allclose(weighted.penalty_weights_, twice.penalty_weights_, rtol=1e-6)
    small = riata.AdaptiveLasso(alpha=0.1).fit(X, y, sample_weight=np.full(60, 1e-3))
    assert_allclose(small.coef_, riata.AdaptiveLasso(alpha=0.1).fit(X, y).coef_, rtol=1e-6)


def test_penalty_weights_of_the_caller_are_kept(data):
    X, y = data
    given = np.ones(80)
    given[0], given[1] = np.inf, 0
    for Model in (riata.AdaptiveLasso, riata.RelaxedLasso):
        model = Model(alpha=10.0, penalty_weights=given).fit(X, y)
        assert model.coef_[0] == 0
        assert np.flatnonzero(model.coef_).tolist() == [1]


def folds():
    return list(KFold(4, shuffle=True, random_state=0).split(np.zeros(60)))


@pytest.mark.parametrize("standardize", [False, True])
def test_refits_are_those_of_each_training_set(data, standardize):
    X, y = data
    shares = [0.0, 0.5, 1.0]
    alphas = np.geomspace(1, 0.1, 6)
    result = riata.cv_path(
        X, y, relax=shares, alphas=alphas, cv=folds(), standardize=standardize, predictions=True
    )
    assert result.relaxes.tolist() == shares
    assert result.cv_results_["params"][0] == {"alpha": 1.0, "l1_ratio": 1.0, "relax": 0.0}
    for row, share in enumerate(shares):
        for i, (train, test) in enumerate(folds()):
            for k in (1, 4):
                model = riata.RelaxedLasso(
                    alpha=alphas[k], relax=share, standardize=standardize, tol=1e-9
                ).fit(X[train], y[train])
                loss = np.mean((y[test] - model.predict(X[test])) ** 2)
                assert_allclose(result.loss[row, k, i], loss, rtol=1e-2)
                path = result.fold_paths[row][i]
                assert_allclose(path.certificate(k).alpha, share * alphas[k])
                assert path.certificate(k).converged


def test_adaptive_weights_are_those_of_each_training_set(data):
    X, y = data
    alphas = np.geomspace(0.5, 0.05, 5)
    result = riata.cv_path(X, y, adaptive=1.5, alphas=alphas, cv=folds())
    for i, (train, test) in enumerate(folds()):
        model = riata.AdaptiveLasso(alpha=alphas[2], gamma=1.5, tol=1e-9).fit(X[train], y[train])
        loss = np.mean((y[test] - model.predict(X[test])) ** 2)
        assert_allclose(result.loss[2, i], loss, rtol=1e-2)


def test_weights_of_all_rows_promise_too_much():
    """A response that has nothing to do with X: weights that saw the held-out rows find some gain in it all the same."""
    inside, leaked = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((50, 100)), rng.standard_normal(50)
        u = riata.AdaptiveLasso(alpha=1.0).fit(X, y).penalty_weights_
        null = np.mean([np.mean((y[b] - y[a].mean()) ** 2) for a, b in KFold(5).split(X)])
        inside.append(riata.cv_path(X, y, adaptive=True, cv=5).mean_score.min() / null)
        leaked.append(riata.cv_path(X, y, penalty_weights=u, cv=5).mean_score.min() / null)
    assert np.mean(leaked) < 0.85
    assert np.mean(inside) > 0.93


@pytest.mark.parametrize("Model", [riata.RelaxedLassoCV, riata.AdaptiveLassoCV])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_models_chosen_by_folds_are_certified(data, Model, dtype):
    X, y = data
    X = X.astype(dtype)
    model = Model(cv=folds(), alphas=15, standardize=True).fit(X, y)
    assert model.certificate_.converged
    assert_allclose(model.certificate_.alpha, model.penalty_)
    judged = riata.check_solution(model, X, y)
    assert judged.converged
    assert_allclose(judged.primal, model.certificate_.primal, rtol=1e-6)
    assert_allclose(model.predict(X), model.cv_result_.predict(X), rtol=1e-4, atol=1e-4)
    again = pickle.loads(pickle.dumps(model))
    assert_allclose(again.predict(X), model.predict(X))
    assert_allclose(again.penalty_weights_, model.penalty_weights_)
    clone(model)


def test_refits_win_where_features_are_few_and_noise_is_low():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((80, 100))
    y = X[:, :3].sum(axis=1) + 0.3 * rng.standard_normal(80)
    result = riata.cv_path(X, y, relax=[0, 1], alphas=25)
    assert result.relax == 0
    assert result.compare(result.best_indices[1], "min").difference > 0
    assert "relax" in result.table().columns
    assert riata.RelaxedLassoCV(alphas=25).fit(X, y).relax_ == 0


def test_a_path_that_selects_nothing_is_refitted_to_nothing(data):
    X, y = data
    result = riata.cv_path(X, y, relax=0, alphas=[100.0, 50.0])
    assert_allclose(result.loss, riata.cv_path(X, y, alphas=[100.0, 50.0]).loss)
    model = riata.RelaxedLasso(alpha=100).fit(X, y)
    assert_allclose(model.intercept_, y.mean())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"relax": 2}, "relax must"),
        ({"relax": []}, "relax must hold"),
        ({"relax": [0, -1]}, r"relax\[1\]"),
        ({"adaptive": -1}, "adaptive must"),
        ({"relax": 0, "l1_ratio": 0}, "l1_ratio=0"),
        ({"adaptive": True, "family": "binomial"}, "family='binomial'"),
    ],
)
def test_what_two_stages_cannot_do_is_said(data, options, message):
    X, y = data
    y = y > 0 if options.get("family") == "binomial" else y
    with pytest.raises(ValueError, match=message):
        riata.cv_path(X, y, **options)


def test_several_targets_are_refused(data):
    X, y = data
    for model in ESTIMATORS:
        with pytest.raises(ValueError, match="one target"):
            clone(model).fit(X, np.column_stack([y, y]))
