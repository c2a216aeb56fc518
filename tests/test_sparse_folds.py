"""Rows held out, or of weight zero, are predicted from what they hold, whether the training rows have implicit zeros or not."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.model_selection import KFold

import riata

FAMILIES = ("gaussian", "binomial", "poisson", "multinomial", "multi-gaussian")
N, FOLDS = 40, 20


def with_hole(rng, mean=10.0, n=N):
    """Column 0 has an entry in every row but one, far from zero there; column 1 is sparse."""
    X = np.column_stack([mean + rng.standard_normal(n), rng.standard_normal(n)])
    X[7, 0] = 0.0
    X[rng.random(n) < 0.5, 1] = 0.0
    return X


def response(rng, family, X):
    eta = np.clip(0.5 * (X[:, 0] - np.median(X[:, 0])) + 0.3 * X[:, 1], -20, 20)
    if family == "gaussian":
        return 2 * X[:, 0] + 0.1 * rng.standard_normal(len(X))
    if family == "multi-gaussian":
        return np.column_stack([2 * X[:, 0], X[:, 1]]) + 0.1 * rng.standard_normal((len(X), 2))
    if family == "binomial":
        return (rng.random(len(X)) < 1 / (1 + np.exp(-eta))).astype(int)
    if family == "multinomial":
        return np.tile([0, 1, 2], len(X))[: len(X)]
    return rng.poisson(np.exp(np.clip(eta, -2, 2)))


def layouts(X):
    return {
        "csc": scipy.sparse.csc_array(X),
        "csr": scipy.sparse.csr_array(X),
        "float32": scipy.sparse.csc_array(X.astype(np.float32)),
    }


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "multinomial"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("mean", [10.0, 1e7])
def test_losses_of_folds_do_not_depend_on_the_layout(rng, family, l1_ratio, mean):
    X = with_hole(rng, mean)
    y = response(rng, family, X)
    options = {"alphas": [0.5, 0.05], "cv": KFold(FOLDS), "family": family, "tol": 1e-8}
    options["l1_ratio"] = l1_ratio
    dense = riata.cv_path(X, y, **options)
    for name, S in layouts(X).items():
        if name == "float32" and mean > 100:
            continue
        sparse = riata.cv_path(S, y, **options)
        np.testing.assert_allclose(sparse.scores, dense.scores, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("by_rows", [False, True])
def test_losses_of_folds_are_those_of_refits(rng, by_rows):
    X = with_hole(rng)
    y = response(rng, "gaussian", X)
    S = scipy.sparse.csr_array(X) if by_rows else scipy.sparse.csc_array(X)
    cv = KFold(FOLDS)
    model = riata.LassoCV(cv=cv, alphas=[0.01], tol=1e-12).fit(S, y)
    for fold, (train, test) in enumerate(cv.split(X)):
        refit = riata.Lasso(alpha=0.01, tol=1e-12).fit(X[train], y[train])
        expected = np.mean((y[test] - refit.predict(X[test])) ** 2)
        assert np.ravel(model.mse_path_)[fold] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "estimator",
    [
        riata.LassoCV(cv=5, alphas=[0.1, 0.01]),
        riata.ElasticNetCV(cv=5, alphas=[0.1, 0.01], l1_ratio=0.5),
        riata.RidgeCV(cv=5, alphas=[1.0, 0.1]),
        riata.MultiTaskLassoCV(cv=5, alphas=[0.1, 0.01]),
        riata.MultiTaskElasticNetCV(cv=5, alphas=[0.1, 0.01], l1_ratio=0.5),
        riata.LogisticRegressionCV(
            cv=5,
            Cs=[0.1, 1.0],
            l1_ratios=[1.0],
            solver="saga",
            scoring="accuracy",
            use_legacy_attributes=False,
        ),
        riata.LogisticRegressionCV(
            cv=5, Cs=[0.1, 1.0], l1_ratios=[0.0], scoring="accuracy", use_legacy_attributes=False
        ),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_score_sparse_folds_as_dense_ones(rng, estimator):
    from sklearn.base import clone

    X = with_hole(rng)
    family = "gaussian"
    if "MultiTask" in type(estimator).__name__:
        family = "multi-gaussian"
    elif "Logistic" in type(estimator).__name__:
        family = "binomial"
    y = response(rng, family, X)
    dense = clone(estimator).fit(X, y)
    for S in layouts(X).values():
        sparse = clone(estimator).fit(S, y)
        for name in ("mse_path_", "scores_", "best_score_"):
            if not hasattr(dense, name):
                continue
            a, b = getattr(sparse, name), getattr(dense, name)
            if isinstance(b, dict):
                a, b = list(a.values()), list(b.values())
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(sparse.predict(S), dense.predict(X), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_without_weight_change_nothing(rng, family):
    X = with_hole(rng)
    y = response(rng, family, X)
    weight = np.ones(N)
    weight[5:9] = 0.0  # the row with the hole is among them
    keep = weight > 0
    options = {"alphas": [0.1, 0.01], "family": family, "tol": 1e-10}
    with_all = riata.path(scipy.sparse.csc_array(X), y, sample_weight=weight, **options)
    without = riata.path(X[keep], y[keep], **options)
    for alpha in options["alphas"]:
        np.testing.assert_allclose(
            with_all.predict(X, alpha=alpha), without.predict(X, alpha=alpha), rtol=1e-4, atol=1e-5
        )
