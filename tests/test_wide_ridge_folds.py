"""Folds under an L2 penalty with more features than samples: solved in as many unknowns as samples, certified in features."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

import riata
from riata import _rotated

N, P = 30, 90


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, P)) + 3 * rng.standard_normal(P)
    X[:, 5] = 2.0
    y = X[:, :5] @ rng.standard_normal(5) + rng.standard_normal(N)
    return X, y


def targets(y, family):
    rng = np.random.default_rng(1)
    return {"gaussian": y, "binomial": y > np.median(y), "poisson": rng.poisson(2, N)}[family]


def weights():
    s = np.random.default_rng(2).uniform(0.5, 2, N)
    s[3] = 0
    return s


def without_some():
    v = np.random.default_rng(3).uniform(0.5, 2, P)
    v[7] = np.inf
    return v


OPTIONS = {
    "plain": {},
    "standardize": {"standardize": True},
    "no intercept": {"fit_intercept": False},
    "weights": {"sample_weight": weights(), "standardize": True},
    "penalty weights": {"penalty_weights": without_some()},
    "l2 weights": {"l2_weights": without_some(), "standardize": True},
    "offset": {"offset": 0.3 * np.cos(np.arange(N))},
}
LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
}


def both_ways(monkeypatch, X, y, **options):
    """By rotation, and by a fit for every fold."""
    rotated = riata.cv_path(X, y, l1_ratio=0, cv=4, predictions=True, **options)
    assert all(isinstance(part, _rotated.RotatedPath) for part in rotated._folds[0])
    with monkeypatch.context() as patch:
        patch.setattr(_rotated.Rotation, "apply", staticmethod(lambda problem: False))
        plain = riata.cv_path(X, y, l1_ratio=0, cv=4, predictions=True, **options)
    return rotated, plain


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("option", OPTIONS)
def test_rotated_folds_are_those_of_separate_fits(monkeypatch, data, option, layout):
    X, y = data
    given = {"alphas": 8, "eps": 1e-5, **OPTIONS[option]}
    rotated, plain = both_ways(monkeypatch, LAYOUTS[layout](X), y, **given)
    assert_allclose(rotated.loss, plain.loss, rtol=1e-9)
    assert_allclose(rotated.predictions, plain.predictions, atol=1e-8)
    for ours, theirs in zip(rotated.fold_paths[0], plain.fold_paths[0]):
        assert_allclose(ours.coefs.toarray(), theirs.coefs.toarray(), atol=1e-8)
        assert_allclose(ours.intercepts, theirs.intercepts, atol=1e-7)
        assert_allclose(ours.dev_ratio, theirs.dev_ratio, atol=1e-9)
        assert ours.dual_gaps.max() < 1e-8


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("option", OPTIONS)
def test_other_losses_rotate_as_well(monkeypatch, data, option, family):
    X, y = data
    given = {"alphas": 6, "eps": 1e-3, "tol": 1e-9, "family": family, **OPTIONS[option]}
    rotated, plain = both_ways(monkeypatch, X / 10, targets(y, family), **given)
    assert_allclose(rotated.loss, plain.loss, rtol=1e-3)
    for path, (train, _) in zip(rotated.fold_paths[0], rotated.splits):
        assert path.dual_gaps.max() <= 1e-9
        keep = np.zeros(N)
        keep[train] = given.get("sample_weight", np.ones(N))[train]
        alone = riata.path(
            X / 10,
            targets(y, family),
            l1_ratio=0,
            alphas=path.alphas,
            sample_weight=keep,
            **{k: v for k, v in given.items() if k not in ("alphas", "eps", "sample_weight")},
        )
        assert_allclose(path._arrays.primal, alone._arrays.primal, atol=2e-9)


def test_certificates_of_rotated_folds_are_true(data):
    X, y = data
    result = riata.cv_path(X, y, l1_ratio=0, cv=4, alphas=6, eps=1e-6, standardize=True)
    for path, (train, _) in zip(result.fold_paths[0], result.splits):
        for k, alpha in enumerate(path.alphas):
            w, b = path.coefs.toarray()[:, k], path.intercepts[k]
            spread = X[train].std(axis=0)
            primal = np.mean((y[train] - X[train] @ w - b) ** 2) / 2
            primal += alpha * np.sum((spread * w) ** 2) / 2
            certificate = path.certificate(k)
            assert certificate.converged
            assert_allclose(certificate.primal, primal)
            assert certificate.dual <= primal * (1 + 1e-14)


def test_penalties_too_small_for_the_matrix_are_fitted_one_by_one(data):
    X, y = data
    result = riata.cv_path(X, y, l1_ratio=0, cv=4, alphas=[1.0, 1e-9])
    assert not any(isinstance(part, _rotated.RotatedPath) for part in result._folds[0])
    free = riata.cv_path(X, y, l1_ratio=0, cv=4, alphas=[1.0, 0.0])
    assert free.path.alphas[-1] == 0


def test_unpenalised_features_and_bounds_are_not_rotated(data):
    X, y = data
    v = np.ones(P)
    v[0] = 0
    for options in ({"l2_weights": v}, {"lower": 0.0}):
        result = riata.cv_path(X, y, l1_ratio=0, cv=3, alphas=3, **options)
        assert not any(isinstance(part, _rotated.RotatedPath) for part in result._folds[0])


def test_models_of_the_folds_survive_pickling_and_notice_a_changed_matrix(data):
    X, y = data[0].copy(), data[1]
    result = riata.cv_path(X, y, l1_ratio=0, cv=4, alphas=5)
    again = pickle.loads(pickle.dumps(result))
    coefs = [path.coefs.toarray() for path in again.fold_paths[0]]
    late = riata.cv_path(X, y, l1_ratio=0, cv=4, alphas=5)
    for path, coef in zip(late.fold_paths[0], coefs):
        assert_allclose(path.coefs.toarray(), coef)
    changed = riata.cv_path(X, y, l1_ratio=0, cv=4, alphas=5)
    X *= 2
    with pytest.raises(RuntimeError, match="written to"):
        changed.fold_paths


def test_coefficients_that_nobody_asks_for_are_not_worked_out(data, monkeypatch):
    def refuse(*parts):
        raise AssertionError

    monkeypatch.setattr(_rotated, "_spread", refuse)
    result = riata.cv_path(*data, l1_ratio=[0, 1], cv=4, scoring="r2")
    result.table()
    model = riata.ElasticNetCV(l1_ratio=[0, 0.5], alphas=10).fit(*data)
    assert model.l1_ratio_ in (0, 0.5)
