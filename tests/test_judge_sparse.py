"""The benchmark's judge on sparse matrices: the same verdict as on the dense copy."""

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_matrix, random_array

from bench import columns
from bench.judge import judge

pytestmark = pytest.mark.house


def sparse_problem(rng, n=80, p=30, full=0):
    """A sparse X of which ``full`` columns have no zeros, y, alphas and a path that is nearly right."""
    X = random_array((n, p), density=0.1, rng=rng).toarray()
    X[:, :full] = 1.0 + rng.standard_normal((n, full))
    y = X[:, :5] @ rng.standard_normal(5) + 0.1 * rng.standard_normal(n) + 3.0
    alphas = np.abs(X.T @ (y - y.mean())).max() / n * np.geomspace(1, 0.01, 7)
    W = rng.standard_normal((p, 7)) * (rng.random((p, 7)) < 0.3) * 0.1
    return X, y, alphas, W


@pytest.mark.parametrize("kind", [csc_matrix, csr_matrix])
@pytest.mark.parametrize("full", [0, 4])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_sparse_equals_dense(rng, kind, full, loss, l1_ratio):
    X, y, alphas, W = sparse_problem(rng, full=full)
    if loss == "logistic":
        y = (y > np.median(y)).astype(float)
    b = rng.standard_normal(7)
    dense = judge(X, y, alphas, W, b, l1_ratio, loss)
    for coefs in (W, csc_matrix(W)):
        found = judge(kind(X), y, alphas, coefs, b, l1_ratio, loss)
        for name in ("gaps", "primal", "dual", "intercept_excess"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(dense, name), rtol=1e-11, atol=1e-13
            )


def test_full_columns_far_from_zero(rng):
    # The raw product of such a column keeps no digit; on the shifted and on the unshifted matrix the answer is one.
    X, y, alphas, W = sparse_problem(rng, full=4)
    near = judge(csc_matrix(X), y, alphas, W)
    X[:, :4] += 1e7
    far = judge(csc_matrix(X), y, alphas, W)
    np.testing.assert_allclose(far.gaps, near.gaps, rtol=1e-7)


def test_a_constant_full_column_changes_nothing(rng):
    X, y, alphas, W = sparse_problem(rng)
    before = judge(csc_matrix(X), y, alphas, W)
    X[:, 3] = 0.0
    W[3] = 0.0
    without = judge(csc_matrix(X), y, alphas, W)
    X[:, 3] = 2.0
    np.testing.assert_allclose(judge(csc_matrix(X), y, alphas, W).gaps, without.gaps, rtol=1e-12)
    assert (before.gaps != without.gaps).any()


def test_blocks_of_alphas_agree(rng, monkeypatch):
    from bench import judge as judging

    X, y, alphas, W = sparse_problem(rng, full=4)
    whole = judge(csc_matrix(X), y, alphas, W, l1_ratio=0.5)
    monkeypatch.setattr(judging, "CHUNK_BYTES", 8 * X.shape[0] * 2)
    monkeypatch.setattr(columns, "BLOCK_BYTES", 8 * X.shape[0] * 3)
    parts = judge(csc_matrix(X), y, alphas, csc_matrix(W), l1_ratio=0.5)
    np.testing.assert_allclose(parts.gaps, whole.gaps, rtol=1e-11)


def test_columns_are_centred(rng):
    X, *_ = sparse_problem(rng, full=3)
    R = rng.standard_normal((len(X), 4))
    R -= R.mean(axis=0)
    W = rng.standard_normal((X.shape[1], 4))
    Xc = X - X.mean(axis=0)
    of = columns.columns_of(csr_matrix(X))
    np.testing.assert_allclose(of.correlate(R), Xc.T @ R, atol=1e-12)
    fitted, means = of.predict(W)
    np.testing.assert_allclose(fitted, Xc @ W, atol=1e-12)
    np.testing.assert_allclose(means, X.mean(axis=0) @ W, atol=1e-12)
