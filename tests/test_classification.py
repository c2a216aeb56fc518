"""LogisticRegression, PoissonRegressor and paths over several classes: scikit-learn's answers, certificates, hostile data."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from oracle_loss import LossProblem
from sklearn import linear_model
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

import riata


@parametrize_with_checks([riata.LogisticRegression(), riata.PoissonRegressor()])
def test_check_estimator(estimator, check):
    check(estimator)


def labelled(rng, n=120, p=8, classes=2):
    X = rng.standard_normal((n, p))
    eta = X[:, :classes] * 1.5 if classes > 2 else np.column_stack([X[:, 0], X[:, 1]])
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    y[:classes] = np.arange(classes)
    return X, y


# ---------------------------------------------------------------- scikit-learn's answers


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("C", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("shape", [(120, 8), (60, 90), (500, 340)])
def test_l2_equals_newton_cholesky(classes, C, shape, rng):
    """Few columns go by a Gram matrix, wide data by its rows, many columns by conjugate gradients."""
    if classes > 2 and shape[1] > 300:
        pytest.skip("scikit-learn needs minutes")
    X, y = labelled(rng, *shape, classes)
    ours = riata.LogisticRegression(C=C, tol=1e-10).fit(X, y)
    theirs = linear_model.LogisticRegression(
        C=C, tol=1e-11, solver="newton-cholesky", max_iter=1000
    ).fit(X, y)
    # A gap of 1e-12 bounds the distance by sqrt(2e-12 C n): weak penalties allow more of it.
    near = 1e-6 if C <= 1 else 5e-6
    assert_allclose(ours.coef_, theirs.coef_, atol=near)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=3 * near)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-4)
    assert (ours.predict(X) == theirs.predict(X)).all()


@pytest.mark.parametrize("kwargs", [{"l1_ratio": 1.0}, {"l1_ratio": 0.5}, {"C": np.inf}])
def test_other_penalties_equal_saga_and_newton(kwargs, rng):
    X, y = labelled(rng)
    solver = "newton-cholesky" if "C" in kwargs else "saga"
    theirs = linear_model.LogisticRegression(
        **kwargs, solver=solver, tol=1e-10, max_iter=100_000
    ).fit(X, y)
    ours = riata.LogisticRegression(**kwargs, tol=1e-6).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert riata.check_solution(theirs, X, y).rel_gap <= 1e-6


def test_poisson_equals_newton_cholesky(rng):
    X = rng.standard_normal((300, 8))
    y = rng.poisson(np.exp(0.5 * X[:, 0] + 0.3))
    for alpha in (0.0, 0.1, 1.0):
        theirs = linear_model.PoissonRegressor(
            alpha=alpha, solver="newton-cholesky", tol=1e-11, max_iter=1000
        ).fit(X, y)
        ours = riata.PoissonRegressor(alpha=alpha, tol=1e-6).fit(X, y)
        assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
        assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)
        assert_allclose(ours.score(X, y), theirs.score(X, y), atol=1e-6)


def test_class_weight_and_repetition(rng):
    X, y = labelled(rng)
    s = rng.integers(0, 4, len(y)).astype(float)
    s[:2] = 1
    again = np.repeat(np.arange(len(y)), s.astype(int))
    for kwargs in ({}, {"class_weight": "balanced"}, {"class_weight": {0: 1.0, 1: 5.0}}):
        a = riata.LogisticRegression(tol=1e-6, **kwargs).fit(X, y, sample_weight=s)
        b = riata.LogisticRegression(tol=1e-6, **kwargs).fit(X[again], y[again])
        assert_allclose(a.coef_, b.coef_, atol=1e-5 * np.abs(b.coef_).max())
        theirs = linear_model.LogisticRegression(tol=1e-11, solver="newton-cholesky", **kwargs)
        theirs.fit(X, y, sample_weight=s)
        assert_allclose(a.coef_, theirs.coef_, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.7, 1.0])
def test_layouts_agree(classes, l1_ratio, rng):
    X, y = labelled(rng, classes=classes)
    X[np.abs(X) < 0.8] = 0.0
    dense = riata.LogisticRegression(l1_ratio=l1_ratio, C=0.5, tol=1e-5).fit(X, y)
    for layout in (sp.csc_array, sp.csr_matrix, np.asfortranarray):
        other = riata.LogisticRegression(l1_ratio=l1_ratio, C=0.5, tol=1e-5).fit(layout(X), y)
        assert_allclose(other.coef_, dense.coef_, atol=1e-4)
        assert_allclose(other.predict_log_proba(layout(X)), dense.predict_log_proba(X), atol=1e-4)


def test_sparsify_and_labels(rng):
    X, y = labelled(rng)
    names = np.array(["no", "yes"])[y]
    model = riata.LogisticRegression(l1_ratio=1, C=0.1).fit(X, names)
    before = model.decision_function(X)
    assert sp.issparse(model.sparsify().coef_)
    assert_allclose(model.decision_function(X), before)
    assert isinstance(model.densify().coef_, np.ndarray)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.score(X, names) == np.mean(model.predict(X) == names)


def test_c_and_alpha_exclude_each_other(rng):
    X, y = labelled(rng)
    a = riata.LogisticRegression(alpha=0.02).fit(X, y)
    b = riata.LogisticRegression(C=1 / (0.02 * len(y))).fit(X, y)
    assert_allclose(a.coef_, b.coef_, atol=1e-6)
    with pytest.raises(ValueError, match="exclude each other"):
        riata.LogisticRegression(C=2.0, alpha=0.02).fit(X, y)


# ---------------------------------------------------------------- hostile data


def certified_or_warned(fit):
    """The model, which either is certified or came with a warning that quotes its gap."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = fit()
    certificate = model.certificate_
    quoted = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    assert certificate.converged or (quoted and "gap is" in str(quoted[0].message))
    return model


def hostile(rng, name):
    X, y = labelled(rng, 150, 10)
    s = o = None
    if name == "separable":
        y = (X[:, 0] > 0).astype(int)
    elif name == "few positives":
        y = (X[:, 0] > np.sort(X[:, 0])[-4]).astype(int)
    elif name == "duplicates":
        X[:, 5:] = X[:, :5]
    elif name == "scales":
        X *= 10.0 ** np.arange(-5, 5)
    elif name == "offsets":
        o = 1e3 * rng.standard_normal(len(y))
    elif name == "weights":
        s = 10.0 ** rng.uniform(-6, 6, len(y))
        s[np.argmax(y)] = s[np.argmin(y)] = 1e6
    return X, y, s, o


@pytest.mark.parametrize("C", [1e-3, 1.0, 1e6, np.inf])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "name", ["separable", "few positives", "duplicates", "scales", "offsets", "weights"]
)
def test_hostile_data(name, l1_ratio, C, rng):
    X, y, s, o = hostile(rng, name)
    model = certified_or_warned(
        lambda: riata.LogisticRegression(C=C, l1_ratio=l1_ratio).fit(X, y, s, offset=o)
    )
    assert np.isfinite(model.coef_).all()
    # With C = 1e6 the dual point from coefficients as they are rounded is too coarse for weights so far apart.
    if (1e6 if name != "weights" else 1) >= C and model.certificate_.converged:
        total = len(y) if s is None else s.sum()
        problem = LossProblem(X, y.astype(float), sample_weight=s, offset=o, l1_ratio=l1_ratio)
        gap = problem.gap(model.coef_[0], model.intercept_[0], 1 / (C * total))
        assert gap <= 3e-6


def test_separable_down_to_a_millionth(rng):
    X, y, _, _ = hostile(rng, "separable")
    fit = riata.path(X, y, family="binomial", eps=1e-6, early_stop=False)
    assert fit.dual_gaps.max() <= 1e-6
    fit = riata.path(
        X, np.digitize(X[:, 0], [-0.5, 0.5]), family="multinomial", eps=1e-4, early_stop=False
    )
    assert fit.dual_gaps.max() <= 1e-6


# ---------------------------------------------------------------- several classes


def softmax_gap(X, y, W, b, alpha):
    """The relative duality gap of softmax regression with an L1 penalty, the intercepts profiled out. Rows of W are classes."""
    n = len(y)
    Y = (y[:, None] == np.arange(len(W))).astype(float)
    eta = X @ W.T + b
    for _ in range(6):
        P = np.exp(eta - eta.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        H = np.diag(P.sum(axis=0)) - P.T @ P
        eta = eta + np.linalg.lstsq(H, (Y - P).sum(axis=0), rcond=1e-12)[0]
    R = Y - P
    t = min(1.0, alpha * n / np.abs(X.T @ R).max())
    Q = Y - t * R
    dual = -(Q * np.log(np.maximum(Q, 1e-300))).sum() / n
    primal = -np.log((P * Y).sum(axis=1)).mean() + alpha * np.abs(W).sum()
    share = Y.mean(axis=0)
    return (primal - dual) / -(share * np.log(share)).sum()


def test_multinomial_path(rng):
    X, y = labelled(rng, 150, 12, 3)
    fit = riata.path(X, np.array(list("abc"))[y], family="multinomial", alphas=12, eps=0.02)
    coefs = np.array([c.toarray() for c in fit.coefs])
    assert fit.intercepts.shape == (3, len(fit))
    assert fit.df.tolist() == (coefs != 0).sum(axis=(0, 1)).tolist()
    for k, alpha in enumerate(fit.alphas):
        gap = softmax_gap(X, y, coefs[:, :, k], fit.intercepts[:, k], alpha)
        assert -1e-9 <= gap <= 3e-6
    point = fit.at(fit.alphas[-1])
    assert_allclose(point.coef, coefs[:, :, -1])
    assert fit.predict(X).shape == (150, 3, len(fit))
    assert_allclose(fit.predict(X, alpha=fit.alphas[-1]), X @ point.coef.T + point.intercept)
    assert_allclose(fit.of_class("b").coefs.toarray(), coefs[1])
    assert_allclose(fit.alpha_max, riata.alpha_max(X, y, family="multinomial"))
    with pytest.raises(ValueError, match="label must be one of"):
        fit.of_class("d")


def test_multinomial_weights_are_repetitions(rng):
    X, y = labelled(rng, 90, 6, 3)
    s = rng.integers(0, 3, 90).astype(float)
    s[:3] = 1
    again = np.repeat(np.arange(90), s.astype(int))
    kwargs = {"family": "multinomial", "alphas": [0.1, 0.02], "tol": 1e-10, "l1_ratio": 0.5}
    a = riata.path(X, y, sample_weight=s, **kwargs)
    b = riata.path(X[again], y[again], **kwargs)
    for ours, theirs in zip(a.coefs, b.coefs, strict=True):
        assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-4)


# ---------------------------------------------------------------- large supports


@pytest.mark.parametrize("weighted", [False, True])
def test_large_supports_on_sparse_data(weighted, rng):
    """Many more non-zeros than a Gram matrix pays for: models solved side by side on the columns."""
    n, p = 1500, 3000
    X = sp.random_array((n, p), density=0.004, rng=rng, format="csc")
    y = (X @ rng.standard_normal(p) + 0.3 * rng.logistic(size=n) > 0).astype(float)
    s = rng.uniform(0.5, 2, n) if weighted else None
    fit = riata.path(
        X, y, family="binomial", alphas=30, eps=0.02, early_stop=False, sample_weight=s
    )
    assert fit.df[-1] > 900
    assert fit.dual_gaps.max() <= 1e-6
    problem = LossProblem(X.toarray(), y, sample_weight=s)
    for k in (-1, -6):
        w = fit.coefs[:, [k]].toarray()[:, 0]
        assert problem.gap(w, fit.intercepts[k], fit.alphas[k]) <= 3e-6


def test_many_features_with_an_l2_penalty(rng):
    """No Gram matrix of all features: 6,000 squared would take 288 MB."""
    X = sp.random_array((2000, 6000), density=0.002, rng=rng, format="csr")
    y = X @ rng.standard_normal(6000) + 0.3 * rng.logistic(size=2000) > 0
    ours = riata.LogisticRegression(C=2.0, tol=1e-6).fit(X, y)
    theirs = linear_model.LogisticRegression(C=2.0, tol=1e-8, max_iter=10_000).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    three = np.digitize(X @ rng.standard_normal(6000), [-1.0, 1.0])
    assert riata.LogisticRegression(C=2.0).fit(X, three).certificate_.converged


def test_more_unpenalised_features_than_a_gram_matrix_is_made_of(rng):
    """At C = inf the dual asks for residuals without any correlation: conjugate gradients take it off."""
    X = sp.random_array((15_000, 5_100), density=0.004, rng=rng, format="csc")
    y = 0.7 * X @ rng.standard_normal(5_100) + rng.logistic(size=15_000) > 0
    model = riata.LogisticRegression(C=np.inf).fit(X, y)
    assert model.certificate_.rel_gap <= 1e-8
    residual = y - model.predict_proba(X)[:, 1]
    assert np.abs(X.T @ residual).max() < 1e-3
    assert riata.check_solution(model, X, y).rel_gap <= 1e-6
