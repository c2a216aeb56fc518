"""The benchmark's problems: recipes give what they promise, the cache gives back what it was given."""

from functools import partial

import numpy as np
import pytest
from scipy.sparse import issparse

from bench import contenders, problems, synthetic
from bench.judge import judge

pytestmark = pytest.mark.house


def small_sparse(name):
    """The warm-up problem of a sparse problem."""
    X = synthetic.sparse_uniform(20, 15, 0.2, np.random.default_rng(0))
    spec = problems.PROBLEMS[name]
    return problems.warm_up_problem(problems.Problem(spec, X, np.zeros(20), np.ones(3)))


def norms(X):
    return np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())


@pytest.mark.parametrize(
    "make",
    [
        partial(synthetic.sparse, 300, 500, 0.02, k=20),
        partial(synthetic.text, 300, 500, 30, k=20),
        partial(synthetic.near_duplicates, 300, 500, 0.05, k=20),
        partial(synthetic.power_law_columns, 3_000, 500, 0.02, k=20),
    ],
)
def test_sparse_recipes(make):
    X, y = make()
    again, y_again = make()
    assert X.format == "csc"
    assert X.has_canonical_format
    assert X.shape[1] == 500
    assert y.shape == (X.shape[0],)
    assert y.std() > 0
    assert (again != X).nnz == 0
    np.testing.assert_array_equal(y, y_again)


def test_density_is_as_asked():
    X, _ = synthetic.sparse(1_000, 800, 0.01)
    assert X.nnz == pytest.approx(8_000, rel=0.02)
    X, _ = synthetic.power_law_columns(20_000, 800, 0.01)
    assert X.nnz == pytest.approx(160_000, rel=0.05)


def test_text_rows_have_norm_one():
    X, _ = synthetic.text(200, 400, 25, k=20)
    np.testing.assert_allclose(norms(X), 1.0, rtol=1e-12)


def test_near_duplicates_stand_side_by_side():
    X, _ = synthetic.near_duplicates(200, 100, 0.1, k=20)
    one, two = X[:, 0::2], X[:, 1::2]
    np.testing.assert_array_equal(one.indices, two.indices)
    off = np.abs(two.data / one.data - 1)
    assert 0 < off.max() < 1e-2


@pytest.mark.parametrize("layout", ["csc", "csr", "dense"])
def test_the_cache_gives_back_what_it_got(tmp_path, monkeypatch, layout):
    X, y = synthetic.sparse(50, 40, 0.1, k=5)
    X = X.toarray(order="F") if layout == "dense" else X.asformat(layout)
    monkeypatch.setattr(problems, "CACHE", tmp_path)
    monkeypatch.setitem(problems.DATA, "made_up", lambda: (X, y))
    for _ in range(2):  # built, then read
        problem = problems.load(problems.Spec("made_up", "made_up"))
        assert problem.layout == layout
        np.testing.assert_array_equal(problem.y, y)
        assert problem.nbytes > 0
    if layout != "dense":  # dense ones are scaled
        assert (problem.X != X).nnz == 0
        assert problem.columns().format == "csc"


@pytest.mark.parametrize("name", ["wide_enet", "sparse", "logistic_sparse"])
def test_nothing_is_selected_at_the_first_alpha(name):
    small = small_sparse(name)
    none = np.zeros((small.shape[1], 1))
    found = judge(small.X, small.y, small.alphas[:1], none, None, small.l1_ratio, small.spec.loss)
    assert issparse(small.X)
    assert abs(found.worst) < 1e-9


def test_refusals_name_their_reason():
    small = small_sparse("sparse")
    assert contenders.refusal("liblinear", small) == "has no squared loss"
    assert contenders.refusal("scikit-learn-other", small) == "takes dense matrices only"
    assert contenders.refusal("skglm", small) is None
