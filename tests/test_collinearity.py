"""Condition indices, variance proportions and twins are what they are defined to be."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import riata

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 6))
X[:, 5] = X[:, 0] + X[:, 1] + 0.01 * RNG.standard_normal(60)
X[:, 4] = -3 * X[:, 3] + 0.05 * RNG.standard_normal(60)


def by_definition(X, centre=True):
    A = X - X.mean(axis=0) if centre else X
    A = A / np.linalg.norm(A, axis=0)
    _, mu, Vt = np.linalg.svd(A)
    parts = (Vt.T / mu) ** 2
    order = np.argsort(mu)
    return (mu[0] / mu)[order], (parts / parts.sum(axis=1, keepdims=True)).T[order]


@pytest.mark.parametrize("centre", [True, False])
def test_indices_and_proportions_are_belsleys(centre):
    found = riata.collinearity(X, centre=centre)
    indices, proportions = by_definition(X, centre)
    np.testing.assert_allclose(found.condition_indices, indices, rtol=1e-6)
    np.testing.assert_allclose(found.proportions, proportions, atol=1e-6)
    assert found.proportions.sum(axis=0) == pytest.approx(1)


def test_dependencies_name_their_columns():
    found = riata.collinearity(X)
    assert [set(names) for _, names in found.dependencies()] == [{"0", "1", "5"}, {"3", "4"}]
    assert [pair[:2] for pair in found.twins] == [("3", "4")]
    assert found.twins[0][2] == pytest.approx(np.corrcoef(X[:, 3], X[:, 4])[0, 1])
    assert "correlation -0.99" in str(found)
    assert "<pre>" in found._repr_html_()
    assert found.table["column"] == ["3"]


def test_nearly_exact_dependencies_keep_their_digits():
    Z = X.copy()
    Z[:, 5] = Z[:, 0] + 1e-9 * np.random.default_rng(5).standard_normal(60)
    found = riata.collinearity(Z)
    np.testing.assert_allclose(found.condition_indices[0], by_definition(Z)[0][0], rtol=1e-4)


def test_exact_dependencies_are_infinite():
    Z = np.column_stack([X, X[:, 2], np.ones(60)])
    found = riata.collinearity(Z)
    assert found.condition_indices[0] == np.inf
    assert found.constant == ["7"]
    assert ("2", "6", 1.0) in [(a, b, round(r, 12)) for a, b, r in found.twins]
    assert np.isfinite(found.proportions).all()


def test_weights_are_repeated_rows():
    s = RNG.integers(1, 4, 60)
    one = riata.collinearity(X, sample_weight=s)
    other = riata.collinearity(np.repeat(X, s, axis=0))
    np.testing.assert_allclose(one.condition_indices, other.condition_indices, rtol=1e-6)


def test_wide_data_have_twins_and_clusters_by_name():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    Z = rng.standard_normal((40, 700))
    Z[:, 699] = Z[:, 3] + 0.01 * rng.standard_normal(40)
    Z[:, 650] = -Z[:, 3] + 0.01 * rng.standard_normal(40)
    frame = pd.DataFrame(Z, columns=[f"gene{j}" for j in range(700)])
    found = riata.collinearity(frame)
    assert found.clusters == [["gene3", "gene650", "gene699"]]
    assert found.proportions is None
    finite = found.condition_indices[np.isfinite(found.condition_indices)]
    A = Z - Z.mean(axis=0)
    mu = np.linalg.svd(A / np.linalg.norm(A, axis=0), compute_uv=False)[:39]
    np.testing.assert_allclose(finite, (mu[0] / mu)[::-1], rtol=1e-6)
    sparse = riata.collinearity(csr_array(Z))
    assert [pair[:2] for pair in sparse.twins] == [
        ("3", "699"),
        ("3", "650"),
        ("650", "699"),
    ] or len(sparse.twins) == 3


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="twins"):
        riata.collinearity(X, twins=0.0)
    with pytest.raises(ValueError, match="X"):
        riata.collinearity(np.full((3, 2), np.nan))
