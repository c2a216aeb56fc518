"""Sparse X: one answer in every layout, nothing of the caller's touched, predictions and ridge without a dense copy."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.exceptions import ConvergenceWarning

import riata
from riata import ElasticNet, Lasso, Ridge, _core
from riata import _validation as check
from riata._compressed import CompressedX

FORMATS = ["csc", "csr", "coo", "lil", "dok", "dia", "bsr"]
TOL = 1e-12


def design(rng, n, p, dtype=np.float64):
    """Dense array with many zeros: power-law columns, an empty one, a full and a constant one, empty rows."""
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 1 / (1 + np.arange(p) / 5))
    X[:, 3] = 0
    X[:, 5] = 2.5
    X[rng.random(n) < 0.1] = 0
    X[:, 4] = 1 + rng.random(n)
    y = X[:, :4].sum(axis=1) - X[:, 8] + 0.3 * rng.standard_normal(n) + 2
    return np.ascontiguousarray(X, dtype=dtype), y


def scrambled(rng, matrix):
    """The same matrix with halves as duplicates, stored zeros, and every line in any order."""
    coo = sparse.coo_array(matrix)
    zero = rng.integers(0, matrix.shape[0], 20), rng.integers(0, matrix.shape[1], 20)
    row = np.concatenate([coo.row, coo.row, zero[0]])
    column = np.concatenate([coo.col, coo.col, zero[1]])
    data = np.concatenate([coo.data / 2, coo.data / 2, np.zeros(20)]).astype(matrix.dtype)
    order = rng.permutation(len(row))
    lines, places = (row, column) if matrix.format == "csr" else (column, row)
    order = order[np.argsort(lines[order], kind="stable")]
    count = matrix.shape[0] if matrix.format == "csr" else matrix.shape[1]
    indptr = np.searchsorted(lines[order], np.arange(count + 1))
    return type(matrix)((data[order], places[order], indptr), shape=matrix.shape)


def with_index_types(matrix, indices, indptr):
    """Different integer types for indices and indptr, past SciPy's own choice."""
    matrix = matrix.copy()
    matrix.indices, matrix.indptr = matrix.indices.astype(indices), matrix.indptr.astype(indptr)
    return matrix


def mapped(matrix, folder):
    """The same matrix on read-only memory maps."""
    matrix = matrix.copy()
    for part in ("data", "indices", "indptr"):
        file = folder / f"{part}.npy"
        np.save(file, getattr(matrix, part))
        setattr(matrix, part, np.load(file, mmap_mode="r"))
    return matrix


def layouts(rng, X, folder):
    csc, csr = sparse.csc_array(X), sparse.csr_array(X)
    yield "csc", csc
    yield "csr", csr
    yield "csc_matrix", sparse.csc_matrix(X)
    yield "csr int64", with_index_types(csr, np.int64, np.int64)
    yield "csc int64/int32", with_index_types(csc, np.int64, np.int32)
    yield "csr scrambled", scrambled(rng, csr)
    yield "csc scrambled", scrambled(rng, csc)
    yield "csr mapped", mapped(csr, folder)
    yield "csc mapped", mapped(csc, folder)


def options(rng, n, p):
    """What a fit can be asked for, by name."""
    s = rng.integers(0, 4, n) * rng.uniform(0.5, 2, n)
    u = rng.uniform(0, 2, p)
    u[[0, 8]] = 0
    u[p - 1] = np.inf
    box = {"lower": -rng.random(p) / 2, "upper": rng.random(p) / 2}
    return {
        "plain": {},
        "no intercept": {"fit_intercept": False},
        "weights": {"sample_weight": s},
        "standardize": {"standardize": True},
        "bounds": box,
        "penalty weights": {"penalty_weights": u},
        "l2 weights": {"l2_weights": rng.uniform(0.1, 2, p)},
        "weights, standardize, offset": {
            "sample_weight": s,
            "standardize": True,
            "offset": rng.standard_normal(n),
        },
        "all": box
        | {
            "sample_weight": s,
            "standardize": True,
            "penalty_weights": np.where(u == 0, 1.0, u),
            "offset": rng.standard_normal(n),
        },
    }


OPTIONS = list(options(np.random.default_rng(0), 20, 20))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("shape", [(120, 40), (40, 90)])
@pytest.mark.parametrize("name", OPTIONS)
def test_paths_agree_in_every_layout(rng, tmp_path, shape, l1_ratio, dtype, name):
    X, y = design(rng, *shape, dtype)
    arguments = options(rng, *shape)[name] | {"l1_ratio": l1_ratio, "tol": TOL, "early_stop": False}
    top = riata.path(X, y, alphas=2, **{**arguments, "l1_ratio": l1_ratio or 0.01}).alphas[0]
    alphas = np.geomspace(top, top / 100, 12)
    known = riata.path(X, y, alphas=alphas, **arguments)
    size = max(1.0, np.abs(known.coefs.data).max(initial=0.0))
    for layout, S in layouts(rng, X, tmp_path):
        fit = riata.path(S, y, alphas=alphas, **arguments)
        assert_allclose(
            fit.coefs.toarray(), known.coefs.toarray(), atol=1e-10 * size, err_msg=layout
        )
        assert_allclose(fit.intercepts, known.intercepts, atol=1e-10 * size, err_msg=layout)
        assert fit.dual_gaps.max() <= TOL, layout
        assert_allclose(fit.null_objective, known.null_objective, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(120, 40), (40, 90)])
@pytest.mark.parametrize(
    "model",
    [Lasso(0.05), ElasticNet(0.05), Ridge(0.5), Lasso(0.05, positive=True), Ridge(1, upper=0.3)],
    ids=repr,
)
def test_estimators_agree_in_every_layout(rng, tmp_path, model, shape, dtype):
    X, y = design(rng, *shape, dtype)
    Y = np.column_stack([y, -y + X[:, 1]])
    s = rng.integers(0, 4, len(y)).astype(float)
    model.set_params(
        tol=1e-13 if dtype == np.float64 else 1e-7
    )  # what coefficients of that dtype can hold
    for target in (y, Y):
        model.fit(X, target, sample_weight=s)
        coef, intercept, eta = model.coef_, model.intercept_, model.predict(X)
        score = model.score(X, target)
        rounding = 1e-10 if dtype == np.float64 else 1e-6  # coef_ is in the dtype of X
        for layout, S in layouts(rng, X, tmp_path):
            model.fit(S, target, sample_weight=s)
            assert model.coef_.dtype == dtype
            assert_allclose(model.coef_, coef, atol=rounding, err_msg=layout)
            assert_allclose(model.intercept_, intercept, atol=rounding * 10, err_msg=layout)
            assert model.predict(S).dtype == eta.dtype
            assert_allclose(model.predict(S), eta, atol=rounding * 10, err_msg=layout)
            assert_allclose(model.score(S, target), score, atol=rounding * 10)
            judged = riata.check_solution(model, S, target, sample_weight=s)
            again = riata.check_solution(model, X, target, sample_weight=s)
            for a, b in zip(np.atleast_1d(judged), np.atleast_1d(again)):
                assert_allclose([a.primal, a.dual], [b.primal, b.dual], rtol=1e-7)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8, bool])
def test_every_format_is_converted(rng, form, kind, dtype):
    X = (3 * design(rng, 30, 12)[0]).astype(dtype)
    y = rng.standard_normal(30)
    container = getattr(sparse, f"{'coo'}_{kind}")(X).asformat(form)
    given = check.design_matrix(container)
    assert given.dtype == (np.float32 if dtype is np.float32 else np.float64)
    assert_array_equal(_core.columns(given, np.arange(12)), X.astype(float))
    known, fit = riata.path(X, y, alphas=5), riata.path(container, y, alphas=5)
    assert_allclose(fit.coefs.toarray(), known.coefs.toarray(), atol=1e-10)
    model = Lasso(0.01).fit(container, y)
    rounding = 1e-12 if given.dtype == np.float64 else 1e-6  # predictions are in the dtype of X
    assert_allclose(model.predict(container), model.predict(X), rtol=rounding, atol=rounding)


@pytest.mark.parametrize("form", ["bsr", "dia", "coo"])
def test_formats_at_their_edges(rng, form):
    """Blocks that are no squares, diagonals that are cut off, entries given twice, nothing stored at all."""
    X = np.zeros((6, 8))
    X[2:4, 4:8] = rng.standard_normal((2, 4))
    X[5, 0], X[0, 7] = 3, -2
    matrices = [getattr(sparse, f"{form}_array")(shape) for shape in [(6, 8), (1, 1), (8, 2)]]
    if form == "bsr":
        matrices.append(sparse.bsr_array(X, blocksize=(2, 4)))
        matrices.append(sparse.bsr_array(X, blocksize=(3, 1)))
    elif form == "dia":
        matrices.append(sparse.dia_array((rng.random((3, 4)), [-4, 0, 5]), shape=(6, 8)))
        matrices.append(sparse.dia_array((rng.random((3, 9)), [-4, 0, 5]), shape=(6, 8)))
        matrices.append(sparse.dia_array((rng.random((1, 9)), [7]), shape=(8, 6)))
    else:
        parts = (np.ones(5), ([0, 5, 5, 2, 0], [1, 7, 7, 0, 1]))
        matrices.append(sparse.coo_array(parts, shape=(6, 8)))
    for matrix in matrices:
        given = check.design_matrix(matrix)
        assert_array_equal(_core.columns(given, np.arange(matrix.shape[1])), matrix.toarray())


# --- what is borrowed and what is left alone ----------------------------------------------------------------------------


def test_borrowed_without_a_copy(rng, tmp_path):
    X, _ = design(rng, 30, 12)
    for make in (sparse.csc_array, sparse.csr_array, sparse.csc_matrix):
        for dtype in (np.float64, np.float32):
            matrix = make(X.astype(dtype))
            given = check.design_matrix(matrix)
            assert isinstance(given, CompressedX)
            for part in ("data", "indices", "indptr"):
                assert np.shares_memory(getattr(given, part), getattr(matrix, part))
    matrix = mapped(sparse.csr_array(X), tmp_path)
    assert np.shares_memory(check.design_matrix(matrix).data, matrix.data)


@pytest.mark.parametrize("make", [sparse.csc_array, sparse.csr_array])
def test_nothing_of_the_callers_is_touched(rng, make):
    X, y = design(rng, 40, 20)
    matrix = scrambled(rng, make(X))
    parts = ("data", "indices", "indptr")
    before = {part: getattr(matrix, part).copy() for part in parts}
    objects = {part: getattr(matrix, part) for part in parts}
    flags = dict(matrix.__dict__)
    for part in parts:
        getattr(matrix, part).setflags(write=False)
    for l1_ratio in (1.0, 0.5, 0.0):
        riata.path(matrix, y, alphas=5, l1_ratio=l1_ratio).predict(matrix)
    for model in (Lasso(0.1), ElasticNet(0.1), Ridge(0.1), Ridge(0), Ridge(solver="sparse_cg")):
        model.fit(matrix, y).predict(matrix)
        riata.check_solution(model, matrix, y)
    riata.alpha_max(matrix, y)
    riata.lasso_path(matrix, y, alphas=3)
    assert set(matrix.__dict__) == set(flags)
    for part in parts:
        assert getattr(matrix, part) is objects[part]
        assert_array_equal(getattr(matrix, part), before[part])


@pytest.mark.parametrize("make", [sparse.csc_array, sparse.csr_array])
def test_odd_buffers(rng, make):
    """Big-endian, unaligned and strided parts, and integers of other widths: converted, and right."""
    X, y = design(rng, 40, 20)
    good = make(X)
    known = riata.path(good, y, alphas=5).coefs.toarray()

    def unaligned(a):
        return np.frombuffer(b"\0" + a.tobytes(), dtype=np.uint8)[1:].view(a.dtype)

    changes = [
        {"data": good.data.astype(">f8")},
        {"data": unaligned(good.data)},
        {"data": np.repeat(good.data, 2)[::2]},
        {"indices": good.indices.astype(">i4"), "indptr": good.indptr.astype(">i8")},
        {"indices": unaligned(good.indices), "indptr": unaligned(good.indptr)},
        {"indices": np.repeat(good.indices, 3)[::3]},
        {"indices": good.indices.astype(np.uint8), "indptr": good.indptr.astype(np.uint16)},
        {"indices": good.indices.astype(np.uint64), "indptr": good.indptr.astype(np.uint32)},
        {"indices": good.indices[::-1].copy()[::-1]},
        # Longer than indptr needs: the rest is nobody's, whatever it holds.
        {
            "data": np.append(good.data, [np.nan] * 3),
            "indices": np.append(good.indices, [-5, 99, 1]).astype(np.int32),
        },
    ]
    for change in changes:
        matrix = good.copy()
        for part, array in change.items():
            setattr(matrix, part, array)
        fit = riata.path(matrix, y, alphas=5)
        assert_allclose(fit.coefs.toarray(), known, atol=1e-12, err_msg=str(change.keys()))
        assert_allclose(fit.predict(matrix), fit.predict(X), atol=1e-12)
    single = make(X.astype(np.float32))
    single.data = single.data.astype(">f4")
    assert check.design_matrix(single).dtype == np.float32


# --- traps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_means_far_above_the_spread(rng, make, l1_ratio):
    """Full columns with a mean 1e7 times their spread: as good as explicit centring."""
    X, y = design(rng, 100, 30)
    X[:, 10:14] = 1e7 + rng.standard_normal((100, 4))
    X[:, 14] = 1e7
    y += X[:, 10:13].sum(axis=1) - 3e7
    mean = X.mean(axis=0)
    alphas = np.geomspace(1, 1e-3, 8)
    known = riata.path(X - mean, y, alphas=alphas, l1_ratio=l1_ratio, tol=TOL)
    fit = riata.path(make(X), y, alphas=alphas, l1_ratio=l1_ratio, tol=TOL)
    assert_allclose(fit.coefs.toarray(), known.coefs.toarray(), atol=1e-7)
    assert fit.dual_gaps.max() <= TOL
    spread = fit.predict(make(X)) - known.predict(X - mean)
    assert_allclose(spread, 0, atol=1e-6)  # of y, which the sums of 1e7 hold to 1e-9 each


@pytest.mark.parametrize("make", [sparse.csc_array, sparse.csr_array])
def test_nothing_stored(rng, make):
    y = rng.standard_normal(10)
    matrix = make((10, 5))
    for l1_ratio in (1.0, 0.5, 0.0):
        fit = riata.path(matrix, y, l1_ratio=l1_ratio, alphas=[1.0, 0.1])
        assert fit.coefs.nnz == 0
        assert_allclose(fit.intercepts, y.mean())
    for model in (Lasso(), ElasticNet(), Ridge(), Ridge(0), Ridge(solver="sparse_cg")):
        model.fit(matrix, y)
        assert_array_equal(model.coef_, 0)
        assert_allclose(model.predict(matrix), y.mean())
    assert riata.alpha_max(matrix, y) == 0


@pytest.mark.parametrize("make", [sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (2, 2)])
def test_tiny_shapes(rng, make, shape):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    known, fit = riata.path(X, y, alphas=[0.1, 0.01]), riata.path(make(X), y, alphas=[0.1, 0.01])
    assert_allclose(fit.coefs.toarray(), known.coefs.toarray(), atol=1e-12)


def test_weights_are_repetitions(rng):
    X, y = design(rng, 30, 15)
    s = rng.integers(0, 3, 30)
    csr = sparse.csr_array(X)
    rows = np.repeat(np.arange(30), s)
    alphas = np.geomspace(0.5, 0.01, 6)
    weighted = riata.path(csr, y, sample_weight=s, alphas=alphas, tol=TOL)
    repeated = riata.path(csr[rows], y[rows], alphas=alphas, tol=TOL)
    assert_allclose(weighted.coefs.toarray(), repeated.coefs.toarray(), atol=1e-10)


def test_the_number_of_threads_changes_nothing(rng):
    matrix = sparse.random_array((3000, 2000), density=0.02, rng=rng, format="csr")
    y = matrix[:, :20].sum(axis=1) + rng.standard_normal(3000)
    for make in (sparse.csr_array, sparse.csc_array):
        one, two = (riata.path(make(matrix), y, alphas=20, n_threads=t) for t in (1, 2))
        assert_array_equal(one.coefs.data, two.coefs.data)
        assert_array_equal(one.intercepts, two.intercepts)


def test_scikit_learn_agrees(rng):
    X, y = design(rng, 60, 25)
    S = sparse.csc_array(X)
    for ours, theirs in [
        (Lasso(0.02), sk.Lasso(0.02, tol=1e-12, max_iter=100000)),
        (ElasticNet(0.02), sk.ElasticNet(0.02, tol=1e-12, max_iter=100000)),
        (Ridge(0.5), sk.Ridge(0.5, solver="sparse_cg", tol=1e-12)),
    ]:
        assert_allclose(ours.fit(S, y).coef_, theirs.fit(S, y).coef_, atol=1e-6)
        assert riata.check_solution(theirs, S, y).rel_gap <= 1e-6
    for name in ("lasso_path", "enet_path"):
        alphas, coefs, _ = getattr(riata, name)(S, y, alphas=[0.5, 0.1])
        known = getattr(sk, name)(S, y, alphas=[0.5, 0.1], tol=1e-12, max_iter=100000)[1]
        assert_allclose(coefs, known, atol=1e-6)


def test_sparse_y_is_refused(rng):
    X, y = design(rng, 20, 10)
    with pytest.raises(TypeError, match="Sparse input is supported for X only: y is a"):
        riata.path(X, sparse.csr_array(y[:, None]))


def test_sparse_data_frames(rng):
    pandas = pytest.importorskip("pandas")
    X, y = design(rng, 30, 10)
    names = [f"f{j}" for j in range(10)]
    frame = pandas.DataFrame(X, columns=names)
    thin = frame.astype(pandas.SparseDtype("float64", 0.0))
    model = Lasso(0.1).fit(thin, y)
    assert_array_equal(model.feature_names_in_, names)
    assert_allclose(model.coef_, Lasso(0.1).fit(X, y).coef_, atol=1e-10)
    assert_allclose(model.predict(thin), model.predict(frame), atol=1e-12)
    assert_array_equal(riata.path(thin, y, alphas=3).feature_names_in_, names)


# --- predictions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csc", "csr", "coo"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_predictions(rng, form, dtype):
    X, y = design(rng, 60, 25, dtype)
    S = sparse.coo_array(X).asformat(form)
    fit = riata.path(X, y, alphas=10)
    assert_allclose(fit.predict(S), fit.predict(X), atol=1e-12)
    assert fit.predict(S).shape == (60, 10)
    assert_allclose(fit.predict(S, alpha=fit.alphas[3]), fit.predict(X, alpha=fit.alphas[3]))
    with pytest.raises(ValueError, match="X has 24 features, but this path is expecting 25"):
        fit.predict(sparse.csr_array(X[:, :24]))
    model = Lasso(1e6).fit(X, y)  # NaN must not hide behind zero coefficients
    bad = sparse.csr_array(X)
    bad.data[7] = np.nan
    with pytest.raises(ValueError, match=r"X\.data\[7\] is NaN"):
        model.predict(bad)
    with pytest.raises(ValueError, match=r"X\.data\[7\] is NaN"):
        fit.predict(bad, alpha=fit.alphas[0])


def test_predictions_make_no_dense_copy(rng):
    """1e10 entries if X were spread out."""
    S = sparse.random_array((100_000, 100_000), density=1e-5, rng=rng, format="csr")
    y = S @ (np.arange(100_000) < 50) + 0.01 * rng.standard_normal(100_000)
    fit = riata.path(S, y, alphas=5, eps=0.5)
    assert fit.predict(S).shape == (100_000, 5)
    assert_allclose(fit.predict(S.tocsc()), fit.predict(S), atol=1e-12)


# --- ridge ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [np.asfortranarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("shape", [(80, 25), (25, 80)])
@pytest.mark.parametrize("name", [k for k in OPTIONS if "bounds" not in k and k != "all"])
def test_conjugate_gradients_are_as_good_as_a_factorisation(rng, make, shape, name):
    X, y = design(rng, *shape)
    Y = np.column_stack([y, y**2, -y])
    arguments = options(rng, *shape)[name]
    fit = {k: arguments.pop(k) for k in ("sample_weight", "offset") if k in arguments}
    direct = Ridge([1.0, 0.1, 3.0], **arguments).fit(X, Y, **fit)
    cg = Ridge([1.0, 0.1, 3.0], solver="sparse_cg", tol=1e-8, **arguments).fit(make(X), Y, **fit)
    assert cg.solver_ == "cg"
    assert_allclose(cg.coef_, direct.coef_, atol=1e-6 * np.abs(direct.coef_).max())
    assert_allclose(cg.intercept_, direct.intercept_, atol=1e-6 * np.abs(direct.coef_).max())
    for ours, theirs in zip(cg.certificate_, direct.certificate_):
        assert ours.rel_gap <= 1e-12
        assert_allclose(ours.primal, theirs.primal, rtol=1e-11)


@pytest.mark.parametrize("make", [np.asfortranarray, sparse.csc_array, sparse.csr_array])
@pytest.mark.parametrize("shape", [(80, 25), (25, 80)])
def test_conjugate_gradients_find_the_minimum_norm(rng, make, shape):
    X, y = design(rng, *shape)
    X[:, 9] = X[:, 8]
    model = Ridge(0.0, solver="sparse_cg").fit(make(X), y)
    assert_allclose(model.coef_, Ridge(0.0, solver="svd").fit(X, y).coef_, atol=1e-7)
    assert model.certificate_.rel_gap <= 1e-9


def test_conjugate_gradients_say_when_they_fall_short(rng):
    X, y = design(rng, 80, 40)
    model = Ridge(1e-6, solver="sparse_cg", max_iter=2, tol=1e-10)
    with pytest.warns(ConvergenceWarning, match="Raise max_iter"):
        model.fit(sparse.csr_array(X), y)
    gap = model.certificate_.gap
    best = Ridge(1e-6).fit(X, y).certificate_
    assert model.certificate_.primal - best.primal <= gap
    assert not model.certificate_.converged


@pytest.mark.parametrize("unit_X", [1e-100, 1e100])
@pytest.mark.parametrize("unit_y", [1e-150, 1e150])
def test_conjugate_gradients_in_extreme_units(rng, unit_X, unit_y):
    X, y = design(rng, 40, 20)
    plain = Ridge(0.5).fit(X, y).coef_
    model = Ridge(0.5 * unit_X * unit_X, solver="sparse_cg", tol=1e-8)
    model.fit(sparse.csc_array(X * unit_X), y * unit_y)
    assert_allclose(model.coef_ * unit_X / unit_y, plain, atol=1e-7)


def test_large_sparse_ridge_takes_conjugate_gradients(rng):
    """Neither side can be factorised: the Gram matrices would take 7 and 13 GB."""
    n, p = 30_000, 40_000
    S = sparse.random_array((n, p), density=1e-3, rng=rng, format="csr")
    y = S @ rng.standard_normal(p) + 0.1 * rng.standard_normal(n)
    model = Ridge(1.0, tol=1e-8).fit(S, y)
    assert model.solver_ == "cg"
    assert model.certificate_.rel_gap <= 1e-12
    r = y - model.predict(S)
    gradient = S.T @ r - S.mean(axis=0) * r.sum() - model.coef_
    assert np.abs(gradient).max() <= 1e-6
    fit = riata.path(S, y, l1_ratio=0, alphas=np.array([1e-3, 1 / n]))
    assert_allclose(fit.coefs[:, [1]].toarray()[:, 0], model.coef_, atol=1e-7)
    assert fit.dual_gaps.max() <= 1e-12
    assert riata.check_solution(sk.Ridge(1.0, solver="sparse_cg").fit(S, y), S, y).rel_gap <= 1e-3


def test_least_squares_of_large_sparse_data_is_certified(rng, monkeypatch):
    """check_solution at alpha = 0 without a dense copy agrees with the one that makes it."""
    X, y = design(rng, 60, 25)
    S = sparse.csr_array(X)
    model = sk.LinearRegression().fit(X, y)
    model.coef_ = model.coef_ + 0.01 * rng.standard_normal(25)
    model.intercept_ += 0.02
    known = riata.check_solution(model, X, y)
    monkeypatch.setattr("riata._ridge_system.LARGEST_COPY", 0)
    assert_allclose(riata.check_solution(model, S, y).gap, known.gap, rtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Lasso(0.0, tol=1e-9).fit(S, y).certificate_.rel_gap <= 1e-9
