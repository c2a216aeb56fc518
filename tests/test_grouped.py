"""The softmax model whose features matter to all classes or to none: `grouped=True` of `path` and `LogisticRegression`."""

import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from draws import draws
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import riata


def labelled(rng, n=120, p=10, classes=3, active=3):
    """Labels of all classes that depend on the first features."""
    X = rng.standard_normal((n, p)) * rng.uniform(0.3, 3, p) + rng.uniform(-1, 1, p)
    W = np.zeros((p, classes))
    W[:active] = rng.standard_normal((min(active, p), classes)) * 1.5
    y = ((X - X.mean(axis=0)) / X.std(axis=0) @ W + rng.gumbel(size=(n, classes))).argmax(axis=1)
    y[:classes] = np.arange(classes)
    return X, y


class Oracle:
    """Objective, dual value and slopes from the definition, by NumPy alone."""

    def __init__(self, X, y, s=None, u=None, v=None, l1_ratio=1.0, intercept=True, scale=False):
        self.X = np.asarray(X, dtype=np.float64)
        n, p = self.X.shape
        self.Y = np.eye(y.max() + 1)[y]
        self.s = np.ones(n) if s is None else np.asarray(s, dtype=np.float64)
        self.s = self.s / self.s.sum()
        self.u = np.ones(p) if u is None else u
        self.v = self.u if v is None else v
        if scale:
            size = np.sqrt(self.s @ (self.X - self.s @ self.X) ** 2)
            # Constants have no slope that a penalty could meet; without an intercept they have, and no penalty.
            size[size < 1e-9] = 1.0 if intercept else 0.0
            self.u, self.v = self.u * size, self.v * size**2
        self.ratio, self.intercept = l1_ratio, intercept
        self.null = self.loss(*self.profile(np.zeros((n, self.Y.shape[1])))[:1])
        # A constant without a penalty is an intercept by another name: the dual point meets it as one.
        self.intercept |= bool(((self.u == 0) & (np.ptp(self.X[self.s > 0], axis=0) == 0)).any())

    def log_probabilities(self, eta):
        top = eta.max(axis=1, keepdims=True)
        return eta - top - np.log(np.exp(eta - top).sum(axis=1, keepdims=True))

    def loss(self, eta):
        return -self.s @ (self.log_probabilities(eta) * self.Y).sum(axis=1)

    def profile(self, eta):
        """The predictions with the intercepts at their best, and slopes Y - P that sum to zero."""
        shift = np.zeros(eta.shape[1])
        for _ in range(100 if self.intercept else 0):
            P = np.exp(self.log_probabilities(eta + shift))
            H = np.diag(self.s @ P) - P.T @ (self.s[:, None] * P)
            step = np.linalg.lstsq(H, self.s @ (self.Y - P), rcond=1e-13)[0]
            shift += step * min(1.0, 0.7 / max(np.abs(step).max(), 1e-300))
        eta = eta + shift
        return eta, self.Y - np.exp(self.log_probabilities(eta))

    def penalty(self, W, alpha):
        length = np.linalg.norm(W, axis=1)
        kept = np.isfinite(self.u)
        assert (length[~kept] == 0).all()
        u, v, length = self.u[kept], self.v[kept], length[kept]
        return alpha * (self.ratio * u @ length + (1 - self.ratio) / 2 * v @ length**2)

    def dual(self, t, R, pull, alpha):
        Q = np.clip(self.Y - t * R, 0, None)
        value = -self.s @ (Q * np.log(np.maximum(Q, 1e-300))).sum(axis=1)
        if self.ratio == 1:
            return value
        kept = np.isfinite(self.u)
        u, v = self.u[kept], self.v[kept]
        excess = np.maximum(t * pull[kept] - alpha * self.ratio * u, 0)
        assert (excess[v == 0] <= 1e-9).all()
        v = np.where(v == 0, 1, v)
        return value - (excess**2 / (2 * alpha * (1 - self.ratio) * v)).sum()

    def gap(self, W, b, alpha):
        """Relative gap of coefficients (p, C) and intercepts: a multiple of the slopes makes the dual point."""
        primal = self.loss(self.X @ W + b) + self.penalty(W, alpha)
        _, R = self.profile(self.X @ W + b)
        pull = np.linalg.norm(self.X.T @ (self.s[:, None] * R), axis=1)
        limit = alpha * self.ratio * self.u
        hard = (self.u > 0) & np.isfinite(self.u) & ((self.ratio == 1) | (self.v == 0))
        t = min(1.0, (limit[hard] / np.maximum(pull[hard], 1e-300)).min(initial=1.0))
        dual = max(self.dual(f * t, R, pull, alpha) for f in (1.0, 0.9999, 0.999, 0.99))
        return (primal - dual) / self.null

    def kkt(self, W, b, alpha):
        """How far every row is from its optimality condition."""
        _, R = self.profile(self.X @ W + b)
        C = self.X.T @ (self.s[:, None] * R)
        length = np.linalg.norm(W, axis=1, keepdims=True)
        l1, l2 = alpha * self.ratio * self.u[:, None], alpha * (1 - self.ratio) * self.v[:, None]
        inside = np.maximum(np.linalg.norm(C, axis=1) - l1[:, 0], 0)
        away = np.linalg.norm(C - l2 * W - l1 * W / np.where(length > 0, length, 1), axis=1)
        return np.where(length[:, 0] > 0, away, inside)


def solution(fit, k):
    return np.array([c[:, [k]].toarray()[:, 0] for c in fit.coefs]).T, fit.intercepts[:, k]


LAYOUTS = [np.asfortranarray, np.ascontiguousarray, sp.csc_array, sp.csr_array]


@pytest.mark.parametrize("seed", draws(100, first=12))
def test_gap_from_the_definition(seed):
    """Random problems of every layout and option: the gap that NumPy finds is the one that was asked for."""
    rng = np.random.default_rng(seed)
    n, p, classes = int(rng.integers(30, 150)), int(rng.integers(1, 60)), int(rng.integers(3, 8))
    X, y = labelled(rng, n, p, classes)
    if seed % 4 >= 2:
        X = X * (rng.random((n, p)) < 0.3)
    if seed % 3 == 0 and p > 4:
        X[:, 1] = X[:, 0]  # duplicates, opposites, a constant
        X[:, 2] = -X[:, 0]
        X[:, 3] = 2.0
    options, theirs = {}, {}
    if rng.random() < 0.4:
        s = rng.integers(0, 4, n) * rng.uniform(0.1, 3)
        s[:classes] = 1
        options["sample_weight"] = theirs["s"] = s.astype(float)
    if rng.random() < 0.3:
        options["penalty_weights"] = theirs["u"] = rng.uniform(0.3, 2, p)
    options["l1_ratio"] = theirs["l1_ratio"] = float(rng.choice([1.0, 1.0, 0.5, 0.05]))
    options["fit_intercept"] = theirs["intercept"] = bool(rng.random() < 0.8)
    options["standardize"] = theirs["scale"] = bool(rng.random() < 0.3)
    fit = riata.path(
        LAYOUTS[seed % 4](X),
        y,
        family="multinomial",
        grouped=True,
        alphas=8,
        eps=0.02,
        early_stop=False,
        **options,
    )
    assert fit.dual_gaps.max() <= 1e-6
    oracle = Oracle(X, y, **theirs)
    assert_allclose(fit.null_objective, oracle.null, rtol=1e-10)
    for k, alpha in enumerate(fit.alphas):
        W, b = solution(fit, k)
        assert -1e-10 <= oracle.gap(W, b, alpha) <= 3e-6
        present = W != 0
        assert_array_equal(present.any(axis=1), present.all(axis=1))
        if not options["fit_intercept"]:
            assert (b == 0).all()
    assert (solution(fit, 0)[0][oracle.u > 0] == 0).all()


@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
@pytest.mark.parametrize("shape", [(200, 20, 4), (60, 150, 3), (300, 30, 12)])
def test_optimality_conditions(shape, l1_ratio, rng):
    X, y = labelled(rng, *shape)
    fit = riata.path(
        X, y, family="multinomial", grouped=True, l1_ratio=l1_ratio, alphas=6, eps=0.1, tol=1e-11
    )
    oracle = Oracle(X, y, l1_ratio=l1_ratio)
    for k, alpha in enumerate(fit.alphas):
        W, b = solution(fit, k)
        assert oracle.kkt(W, b, alpha).max() <= 3e-5 * fit.alpha_max
        assert oracle.gap(W, b, alpha) <= 1e-10
        if k == 2:
            assert 0 < np.count_nonzero(W.any(axis=1)) < X.shape[1]


def test_no_coefficients_do_better(rng):
    """Neither the ungrouped solution nor any step from the grouped one has a lower objective."""
    X, y = labelled(rng, 150, 12, 4)
    oracle = Oracle(X, y)
    options = {"family": "multinomial", "alphas": [0.05], "tol": 1e-9}
    W, b = solution(riata.path(X, y, grouped=True, **options), 0)
    V, a = solution(riata.path(X, y, **options), 0)

    def objective(W, b):
        return oracle.loss(X @ W + b) + oracle.penalty(W, 0.05)

    ours = objective(W, b)
    assert ours < objective(V, a)
    for size in (1e-1, 1e-3):
        for _ in range(50):
            step = size * rng.standard_normal(W.shape) * (rng.random((12, 1)) < 0.3)
            assert objective(W + step, b + size * rng.standard_normal(4)) > ours


def test_ridge_is_that_without_groups(rng):
    X, y = labelled(rng, 150, 12, 4)
    options = {"family": "multinomial", "alphas": [0.3, 0.01], "l1_ratio": 0.0, "tol": 1e-11}
    with_groups = riata.path(X, y, grouped=True, **options)
    without = riata.path(X, y, **options)
    for ours, theirs in zip(with_groups.coefs, without.coefs, strict=True):
        assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-6)


def test_penalty_tends_to_ridge(rng):
    """The grouped solver itself, not the way around it, near l1_ratio=0."""
    X, y = labelled(rng, 150, 12, 4)
    options = {"family": "multinomial", "alphas": [0.1], "tol": 1e-11}
    W, b = solution(riata.path(X, y, grouped=True, l1_ratio=1e-9, **options), 0)
    V, a = solution(riata.path(X, y, l1_ratio=0.0, **options), 0)
    assert_allclose(W, V, atol=1e-5)
    assert_allclose(b, a, atol=1e-5)


def test_weights_are_repetitions(rng):
    X, y = labelled(rng, 90, 6)
    s = rng.integers(0, 3, 90).astype(float)
    s[:3] = 1
    again = np.repeat(np.arange(90), s.astype(int))
    options = {"family": "multinomial", "grouped": True, "alphas": [0.1, 0.02], "tol": 1e-11}
    a = riata.path(X, y, sample_weight=s, **options)
    b = riata.path(X[again], y[again], **options)
    for k in range(2):
        assert_allclose(solution(a, k)[0], solution(b, k)[0], atol=1e-4)
        assert_allclose(solution(a, k)[1], solution(b, k)[1], atol=1e-4)


def test_layouts_agree(rng):
    X, y = labelled(rng, 120, 15, 4)
    X = X * (rng.random(X.shape) < 0.4)
    options = {"family": "multinomial", "grouped": True, "alphas": [0.05], "tol": 1e-11}
    first = solution(riata.path(X, y, **options), 0)[0]
    assert first.any()
    for layout in LAYOUTS:
        kept = layout(X)
        assert_allclose(solution(riata.path(kept, y, **options), 0)[0], first, atol=1e-5)
    narrow = X.astype(np.float32)
    W, b = solution(riata.path(narrow, y, **options), 0)
    assert Oracle(narrow, y).gap(W, b, 0.05) <= 1e-9


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_free_and_excluded_features(l1_ratio, rng):
    X, y = labelled(rng, 150, 8, 3)
    u = np.array([1, 1, 1, 0, 1, np.inf, 1, 1])
    fit = riata.path(
        X,
        y,
        family="multinomial",
        grouped=True,
        penalty_weights=u,
        l1_ratio=l1_ratio,
        alphas=6,
        eps=0.05,
    )
    assert fit.dual_gaps.max() <= 1e-6
    W, b = solution(fit, 0)
    assert W[3].all()
    assert not np.delete(W, 3, axis=0).any()
    W, b = solution(fit, -1)
    assert W[3].all()
    assert not W[5].any()
    kkt = Oracle(np.delete(X, 5, axis=1), y, u=np.delete(u, 5), l1_ratio=l1_ratio).kkt
    assert kkt(np.delete(W, 5, axis=0), b, fit.alphas[-1]).max() <= 1e-2 * fit.alpha_max


def test_alpha_max_is_the_first_to_enter(rng):
    X, y = labelled(rng, 100, 9, 4)
    top = riata.path(X, y, family="multinomial", grouped=True, alphas=2, eps=0.5).alpha_max
    Y = np.eye(4)[y]
    pull = np.linalg.norm(X.T @ (Y - Y.mean(axis=0)), axis=1) / 100
    assert_allclose(top, pull.max(), rtol=1e-9)
    options = {"family": "multinomial", "grouped": True, "tol": 1e-12}
    above, below = (
        solution(riata.path(X, y, alphas=[f * top], **options), 0)[0] for f in (1.001, 0.98)
    )
    assert not above.any()
    assert np.flatnonzero(below.any(axis=1)).tolist() == [pull.argmax()]


def test_separable_classes(rng):
    """Probabilities of nearly one everywhere: curvature hardly left."""
    X = rng.standard_normal((120, 10))
    y = (4 * X[:, :3]).argmax(axis=1)
    fit = riata.path(
        X, y, family="multinomial", grouped=True, alphas=30, eps=1e-4, early_stop=False
    )
    assert fit.dual_gaps.max() <= 1e-6
    W, b = solution(fit, -1)
    assert (np.argmax(X @ W + b, axis=1) == y).all()
    assert Oracle(X, y).gap(W, b, fit.alphas[-1]) <= 3e-6


def test_threads_do_not_matter(rng):
    X, y = labelled(rng, 400, 200, 3)
    options = {"family": "multinomial", "grouped": True, "alphas": 5, "eps": 0.1}
    one, two = (riata.path(X, y, n_threads=k, **options) for k in (1, 2))
    for ours, theirs in zip(one.coefs, two.coefs, strict=True):
        assert_array_equal(ours.toarray(), theirs.toarray())


def test_limits_and_callback(rng):
    X, y = labelled(rng, 100, 20)
    options = {"family": "multinomial", "grouped": True, "alphas": 20, "eps": 0.01}
    seen = []
    fit = riata.path(X, y, callback=lambda k, *rest: seen.append(k) or k == 3, **options)
    assert seen == [0, 1, 2, 3]
    assert len(fit) == 4
    fit = riata.path(X, y, max_features=9, **options)
    assert fit.df[-1] > 9 >= fit.df[-2]
    with pytest.warns(ConvergenceWarning, match="gap"):
        riata.path(X, y, max_iter=1, **options)


# ---------------------------------------------------------------- the estimator


def test_estimator(rng):
    X, codes = labelled(rng, 300, 15, 4)
    y = np.array(list("abcd"))[codes]
    model = riata.LogisticRegression(grouped=True, l1_ratio=1, alpha=0.05).fit(X, y)
    assert model.coef_.shape == (4, 15)
    assert model.certificate_.converged
    present = model.coef_ != 0
    assert_array_equal(present.any(axis=0), present.all(axis=0))
    assert 0 < present.any(axis=0).sum() < 15
    assert Oracle(X, codes).gap(model.coef_.T, model.intercept_, 0.05) <= 3e-6
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.score(X, y) > 0.5
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert again.grouped is True
    assert clone(model).get_params()["grouped"] is True
    without = clone(model).set_params(grouped=False).fit(X, y)
    assert not np.array_equal((without.coef_ != 0).any(axis=0), (without.coef_ != 0).all(axis=0))


def test_estimator_with_class_weights_and_start(rng):
    X, y = labelled(rng, 200, 10, 3)
    model = riata.LogisticRegression(
        grouped=True, l1_ratio=0.7, alpha=0.03, class_weight="balanced", warm_start=True
    ).fit(X, y)
    share = 200 / (3 * np.bincount(y))[y]
    assert Oracle(X, y, s=share, l1_ratio=0.7).gap(model.coef_.T, model.intercept_, 0.03) <= 3e-6
    first = model.n_iter_[0]
    model.fit(X, y)
    assert model.certificate_.converged
    assert model.n_iter_[0] < first


def test_without_penalty_groups_mean_nothing(rng):
    X, y = labelled(rng, 300, 4, 3, active=1)
    grouped, plain = (
        riata.LogisticRegression(grouped=g, C=np.inf, l1_ratio=1, tol=1e-6).fit(X, y)
        for g in (True, False)
    )
    assert_allclose(grouped.predict_proba(X), plain.predict_proba(X), atol=1e-4)


# ---------------------------------------------------------------- bad input


def test_where_groups_do_not_apply(rng):
    X, y = labelled(rng, 60, 4, 3)
    with pytest.raises(ValueError, match=r"grouped=True is for the multinomial family.*'gaussian'"):
        riata.path(X, y, grouped=True)
    with pytest.raises(ValueError, match=r"grouped=True is for the multinomial family.*'binomial'"):
        riata.path(X, y > 0, family="binomial", grouped=True)
    with pytest.raises(ValueError, match="grouped=True is for more than two classes; y has 2"):
        riata.path(X, y > 0, family="multinomial", grouped=True)
    with pytest.raises(ValueError, match="grouped=True is for more than two classes; y has 2"):
        riata.LogisticRegression(grouped=True).fit(X, y > 0)
    with pytest.raises(ValueError, match="lower and upper are not available with grouped=True"):
        riata.path(X, y, family="multinomial", grouped=True, lower=0.0)
    with pytest.raises(ValueError, match="lower and upper are not available with grouped=True"):
        riata.LogisticRegression(grouped=True, upper=1.0).fit(X, y)
    with pytest.raises((TypeError, ValueError), match="grouped"):
        riata.path(X, y, family="multinomial", grouped="yes")
    with pytest.raises(ValueError, match="offset"):
        riata.path(X, y, family="multinomial", grouped=True, offset=np.ones(60))


def test_input_stays_as_it_was(rng):
    X, y = labelled(rng, 60, 4, 3)
    s, u = rng.uniform(0.5, 2, 60), rng.uniform(0.5, 2, 4)
    before = [part.copy() for part in (X, y, s, u)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        riata.path(
            X,
            y,
            family="multinomial",
            grouped=True,
            sample_weight=s,
            penalty_weights=u,
            standardize=True,
        )
    for part, copy in zip((X, y, s, u), before, strict=True):
        assert_array_equal(part, copy)
