"""Scorer: the scores of every container, dtype, layout and instruction set are one and the same."""

import contextlib
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

import riata
from riata import Scorer

KINDS = ("single", "listed", "full")


def coefficients(rng, kind, p=40):
    """(coef, intercept) of one output, of several with few weights each, of several with all weights."""
    if kind == "single":
        return np.where(rng.random(p) < 0.5, rng.standard_normal(p), 0.0), 0.25
    share = 0.2 if kind == "listed" else 1.0
    return np.where(
        rng.random((5, p)) < share, rng.standard_normal((5, p)), 0.0
    ), rng.standard_normal(5)


def named(p):
    return [f"feature {j}" for j in range(p)]


# ---------------------------------------------------------------- one answer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "int32", "int64", "float16", "bool", ">f8"]
)
def test_dense_of_every_dtype_and_layout(rng, kind, dtype):
    coef, intercept = coefficients(rng, kind)
    scorer = Scorer.from_coefficients(coef, intercept)
    big = (3 * rng.standard_normal((600, 80))).astype(dtype)
    for X in (
        big[:, :40],
        np.asfortranarray(big[:, :40]),
        big[::2, ::2],
        big[::-1, 79:39:-1],
        big[:0, :40],
        big[:1, :40],
    ):
        wanted = X.astype(float) @ coef.T + intercept
        got = scorer.score(X)
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


def all_ways(scorer, X):
    """The scores of X by every route there is."""
    yield "C order", scorer.score(X)
    yield "Fortran order", scorer.score(np.asfortranarray(X))
    yield "one by one", np.array([scorer.score_one(x) for x in X])
    yield "strided rows", np.array([scorer.score_one(np.repeat(x, 3)[::3]) for x in X])
    for size in (3, 8, 9, 130):
        blocks = [scorer.score(np.asfortranarray(X[i : i + size])) for i in range(0, len(X), size)]
        yield f"blocks of {size}", np.concatenate(blocks)
    for index in (np.int32, np.int64):
        S = sparse.csr_array(X)
        S.indices, S.indptr = S.indices.astype(index), S.indptr.astype(index)
        yield f"CSR {index.__name__}", scorer.score(S)
    yield "projected", scorer.score_projected(scorer.project(X))
    yield "projected Fortran", scorer.score_projected(np.asfortranarray(scorer.project(X)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [1, 7, 8, 9, 40, 1000])
def test_every_route_batch_size_and_instruction_set_gives_the_same_bits(rng, monkeypatch, kind, p):
    coef, intercept = coefficients(rng, kind, p)
    X = np.where(
        rng.random((150, p)) < 0.6,
        rng.standard_normal((150, p)) * 10.0 ** rng.integers(-8, 8, p),
        0.0,
    )
    reference, seen = None, set()
    for isa in ("baseline", "avx2", "avx512"):
        monkeypatch.setenv("RIATA_ISA", isa)
        scorer = Scorer.from_coefficients(coef, intercept)
        seen.add(scorer._model.isa)
        for way, scores in all_ways(scorer, X):
            reference = scores if reference is None else reference
            assert np.array_equal(scores, reference), (isa, way)
    np.testing.assert_allclose(reference, X @ coef.T + intercept, rtol=1e-9, atol=1e-6)
    assert "baseline" in seen


def test_columns_of_a_table_give_the_same_bits(rng):
    pandas = pytest.importorskip("pandas")
    coef, intercept = coefficients(rng, "single")
    scorer = Scorer.from_coefficients(coef, intercept, feature_names=named(40))
    X = rng.standard_normal((150, 40))
    assert np.array_equal(scorer.score(pandas.DataFrame(X, columns=named(40))), scorer.score(X))


def test_the_sum_is_in_the_documented_order(rng):
    w, x = rng.standard_normal(29), rng.standard_normal(29)
    lane = np.zeros(8)
    for i in range(29):
        lane[i % 8] += w[i] * x[i]
    a, b, c, d, e, f, g, h = lane
    wanted = (((a + e) + (c + g)) + ((b + f) + (d + h))) + 0.5
    assert Scorer.from_coefficients(w, 0.5).score_one(x) == wanted


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_short_weights_are_rounded_once(rng, dtype):
    coef = np.concatenate([rng.standard_normal(30), [6e-8, -1e-5, 65504.0, 0.0]])
    scorer = Scorer.from_coefficients(coef, 1.0, dtype=dtype)
    x = rng.standard_normal(34)
    exact = Scorer.from_coefficients(coef.astype(dtype).astype(float), 1.0)
    assert scorer.score_one(x) == exact.score_one(x)
    assert scorer.nbytes < exact.nbytes
    with pytest.raises(
        ValueError, match=r"dtype='float16' cannot hold the model's largest weight, 1e\+06"
    ):
        Scorer.from_coefficients([1e6], dtype="float16")


def test_large_sparse_model_against_the_dense_answer(rng):
    p = 100_000
    coef = np.zeros(p)
    coef[rng.choice(p, 300, replace=False)] = rng.standard_normal(300)
    scorer = Scorer.from_coefficients(coef, 0.5)
    for share_used in (0.0, 0.5, 1.0):
        picked = np.where(
            rng.random(400) < share_used, rng.choice(scorer.used, 400), rng.integers(0, p, 400)
        )
        picked = np.unique(picked)
        row = np.zeros(p)
        row[picked] = rng.standard_normal(len(picked))
        assert scorer.score(sparse.csr_array(row[None]))[0] == scorer.score_one(row)


def test_no_features_no_weights():
    assert Scorer.from_coefficients(np.zeros(5), 2.0).score(np.ones((3, 5))).tolist() == [2, 2, 2]
    assert Scorer.from_coefficients(np.zeros(0), 2.0).score_one(np.zeros(0)) == 2
    empty = Scorer.from_coefficients(np.zeros((3, 4)), [1.0, 2.0, 3.0])
    assert empty.score(sparse.csr_array(np.eye(4))).tolist() == [[1, 2, 3]] * 4
    empty.verify()


# ---------------------------------------------------------------- estimators


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((200, 12)) * 10.0 ** rng.integers(-2, 3, 12) + rng.standard_normal(12)
    eta = (X / X.std(axis=0)) @ rng.standard_normal(12)
    return X, eta


@pytest.mark.parametrize("name", ["Lasso", "ElasticNet", "Ridge"])
def test_riatas_estimators(data, name):
    X, y = data
    for target in (y, np.column_stack([y, -y, y**2])):
        model = getattr(riata, name)(alpha=0.1).fit(X, target)
        scorer = Scorer.from_estimator(model)
        np.testing.assert_allclose(scorer.score(X), model.predict(X), rtol=1e-10, atol=1e-10)
        assert "certificate" in scorer.metadata
        assert scorer.metadata["estimator"] == name


def test_riatas_classifiers_and_counts(data):
    X, eta = data
    X = X / X.std(axis=0)
    for labels, link in (
        (np.where(eta > 0, "yes", "no"), "logit"),
        (np.digitize(eta, [-1, 1]), "softmax"),
    ):
        model = riata.LogisticRegression(C=0.1, l1_ratio=1.0).fit(X, labels)
        scorer = Scorer.from_estimator(model)
        assert scorer.link == link
        wanted = model.predict_proba(X)
        if link == "logit":
            wanted = wanted[:, 1]
        np.testing.assert_allclose(scorer.score(X), wanted, rtol=1e-10, atol=1e-15)
        assert scorer.classes_.tolist() == model.classes_.tolist()
        assert scorer.to_bytes() in pickle.dumps(model)
        assert np.array_equal(pickle.loads(pickle.dumps(model)).coef_, model.coef_)
    counts = riata.PoissonRegressor(alpha=0.1).fit(X, np.exp(eta / 4).round())
    np.testing.assert_allclose(
        Scorer.from_estimator(counts).score(X), counts.predict(X), rtol=1e-10
    )


@pytest.mark.parametrize(
    "model",
    [
        linear_model.LinearRegression(),
        linear_model.Lasso(0.05),
        linear_model.SGDRegressor(penalty="l1", random_state=0),
        linear_model.HuberRegressor(max_iter=1000),
        linear_model.LassoLars(alpha=0.01),
    ],
    ids=lambda model: type(model).__name__,
)
def test_scikit_learns_regressors(data, model):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    np.testing.assert_allclose(
        Scorer.from_estimator(pipeline).score(X), pipeline.predict(X), rtol=1e-10, atol=1e-9
    )


def test_classifiers_and_links(data):
    X, eta = data
    labels = np.where(eta > 0, "yes", "no")
    binary = make_pipeline(StandardScaler(), linear_model.LogisticRegression()).fit(X, labels)
    scorer = Scorer.from_estimator(binary)
    np.testing.assert_allclose(scorer.score(X), binary.predict_proba(X)[:, 1], rtol=1e-12)
    np.testing.assert_allclose(scorer.score(X, link=False), binary.decision_function(X), rtol=1e-10)
    assert scorer.classes_.tolist() == ["no", "yes"]
    three = np.digitize(eta, [-1, 1])
    multi = make_pipeline(StandardScaler(), linear_model.LogisticRegression()).fit(X, three)
    scorer = Scorer.from_estimator(multi)
    assert scorer.link == "softmax"
    np.testing.assert_allclose(scorer.score(X), multi.predict_proba(X), rtol=1e-10)
    np.testing.assert_allclose(scorer.score_one(X[0]), multi.predict_proba(X[:1])[0], rtol=1e-10)
    counts = linear_model.PoissonRegressor(max_iter=10_000).fit(X / X.std(axis=0), np.exp(eta / 4))
    np.testing.assert_allclose(
        Scorer.from_estimator(counts).score(X), counts.predict(X), rtol=1e-12
    )
    margin = linear_model.RidgeClassifier().fit(X, labels)
    np.testing.assert_allclose(Scorer.from_estimator(margin).score(X), margin.decision_function(X))


def test_whatever_gives_a_softmax_is_taken_and_one_vs_rest_is_not(data):
    X, eta = data
    X = X / X.std(axis=0)
    three = np.digitize(eta, [-1, 1])

    class Own:
        """A classifier of somebody else's."""

    fitted = linear_model.LogisticRegression().fit(X, three)
    own = Own()
    own.coef_, own.intercept_, own.classes_ = fitted.coef_, fitted.intercept_, fitted.classes_
    own.predict_proba = fitted.predict_proba
    np.testing.assert_allclose(
        Scorer.from_estimator(own).score(X), fitted.predict_proba(X), rtol=1e-10
    )
    other = linear_model.SGDClassifier(loss="log_loss", random_state=0).fit(X, three)
    with pytest.raises(ValueError, match="probabilities that are no softmax"):
        Scorer.from_estimator(other)
    fitted.sparsify()
    assert Scorer.from_estimator(fitted).link == "softmax"


@pytest.mark.parametrize(
    "scalers",
    [
        (StandardScaler(with_mean=False),),
        (StandardScaler(with_std=False), MaxAbsScaler()),
        (MinMaxScaler((-1, 2)), "passthrough", RobustScaler()),
    ],
    ids=str,
)
def test_scalers_are_folded(data, scalers):
    X, y = data
    pipeline = make_pipeline(*scalers, linear_model.Ridge()).fit(X, y)
    np.testing.assert_allclose(
        Scorer.from_estimator(pipeline).score(X), pipeline.predict(X), rtol=1e-9, atol=1e-9
    )


def test_what_is_no_linear_model_is_refused(data):
    from sklearn.decomposition import PCA
    from sklearn.tree import DecisionTreeRegressor

    X, y = data
    with pytest.raises(
        TypeError, match="must be a linear model with coef_; got a DecisionTreeRegressor"
    ):
        Scorer.from_estimator(DecisionTreeRegressor().fit(X, y))
    with pytest.raises(TypeError, match="got PCA"):
        Scorer.from_estimator(make_pipeline(PCA(), linear_model.Ridge()).fit(X, y))
    with pytest.raises(ValueError, match="a Lasso that is not fitted"):
        Scorer.from_estimator(linear_model.Lasso())
    bad = linear_model.Ridge().fit(X, y)
    bad.coef_[3] = np.nan
    with pytest.raises(ValueError, match="this Ridge are not all finite"):
        Scorer.from_estimator(bad)
    with pytest.raises(ValueError, match="one name per feature, 12; got 2"):
        Scorer.from_estimator(linear_model.Ridge().fit(X, y), feature_names=["a", "b"])
    with pytest.raises(ValueError, match="feature names must differ; 'a' is there twice"):
        Scorer.from_coefficients([1.0, 2.0], feature_names=["a", "a"])


# ---------------------------------------------------------------- names and tables


@pytest.fixture
def named_scorer(rng):
    coef, intercept = coefficients(rng, "single")
    return Scorer.from_coefficients(coef, intercept, feature_names=named(40))


def test_names(named_scorer):
    assert named_scorer.columns == [f"feature {j}" for j in named_scorer.used]
    assert named_scorer.feature_of("feature 17") == 17
    with pytest.raises(KeyError, match="feature 40"):
        named_scorer.feature_of("feature 40")
    unnamed = Scorer.from_coefficients([0.0, 2.0])
    assert unnamed.columns == [1]


def test_rows_as_dictionaries(rng, named_scorer):
    x = rng.standard_normal(40)
    row = dict(zip(named(40), x))
    assert named_scorer.score_one(row) == named_scorer.score_one(x)
    only = {name: row[name] for name in named_scorer.columns}
    assert named_scorer.score_one(only) == named_scorer.score_one(x)
    lost = named_scorer.columns[2]
    with pytest.raises(ValueError, match=f"the row lacks the feature '{lost}'"):
        named_scorer.score_one({k: v for k, v in row.items() if k != lost})
    with pytest.raises(ValueError, match="the row has 'age', which is no feature of the model"):
        named_scorer.score_one({**row, "age": 3})
    with pytest.raises(TypeError, match=f"value for '{lost}' must be a number; got 'x'"):
        named_scorer.score_one({**row, lost: "x"})
    with pytest.raises(ValueError, match=f"row 0 has NaN in feature .*: '{lost}'"):
        named_scorer.score_one({**row, lost: np.nan})
    with pytest.raises(ValueError, match="no feature names"):
        Scorer.from_coefficients([1.0]).score_one({"a": 1})


def test_only_used_names(rng):
    coef = np.zeros(50)
    coef[[3, 20]] = 1.0, 2.0
    scorer = Scorer.from_coefficients(coef, feature_names=named(50), names="used")
    assert scorer.columns == ["feature 3", "feature 20"]
    assert scorer.feature_of("feature 20") == 20
    assert scorer.score_one({"feature 3": 1, "feature 20": 1, "whatever": 9}) == 3
    assert Scorer.from_coefficients(coef, feature_names=named(50), names="none").columns == [3, 20]
    x = np.zeros(50)
    x[20] = np.inf
    with pytest.raises(
        ValueError, match="infinity in feature 20, which the model uses: 'feature 20'"
    ):
        scorer.score_one(x)


def test_tables_by_name(rng, named_scorer):
    pandas = pytest.importorskip("pandas")
    X = rng.standard_normal((30, 40))
    wanted = named_scorer.score(X)
    frame = pandas.DataFrame(X, columns=named(40))
    shuffled = frame[frame.columns[rng.permutation(40)]]
    mixed = shuffled.assign(
        city="Graz", **{"feature 0": frame["feature 0"].astype("float32").astype("float64")}
    )
    for table in (frame, shuffled, mixed, frame.iloc[::3], frame.iloc[[4]]):
        rows = table.index.to_numpy()
        assert np.array_equal(named_scorer.score(table), wanted[rows])
        assert np.array_equal(named_scorer.score(table), wanted[rows])  # from memory
        np.testing.assert_array_equal(named_scorer.project(table), X[rows][:, named_scorer.used])
    with pytest.raises(ValueError, match=f"X lacks the column '{named_scorer.columns[0]}'"):
        named_scorer.score(frame.drop(columns=named_scorer.columns[0]))
    twins = pandas.concat([frame, frame[[named_scorer.columns[3]]]], axis=1)
    with pytest.raises(ValueError, match=f"'{named_scorer.columns[3]}', .* more than once"):
        named_scorer.score(twins)
    unnamed = Scorer.from_coefficients(np.arange(40.0))
    assert np.array_equal(unnamed.score(mixed[named(40)]), unnamed.score(X))
    with pytest.raises(
        ValueError, match="X has 41 columns, but the model is for 40 features and has no names"
    ):
        unnamed.score(mixed)


def test_missing_values_and_odd_columns_of_frames(rng):
    pandas = pytest.importorskip("pandas")
    scorer = Scorer.from_coefficients([1.0, 2.0, 4.0], feature_names=["a", "b", "c"])
    frame = pandas.DataFrame(
        {"a": [1, 2], "b": [True, False], "c": pandas.array([3, None], dtype="Int64")}
    )
    assert scorer.score(frame.iloc[:1]).tolist() == [15]
    with pytest.raises(ValueError, match="row 1 has NaN in feature 2, which the model uses: 'c'"):
        scorer.score(frame)
    with pytest.raises(TypeError, match="column 'b' must be numeric|column 'b'"):
        scorer.score(frame.assign(b=["x", "y"]))


def test_threads_share_rows(rng):
    coef, intercept = coefficients(rng, "single")
    scorer = Scorer.from_coefficients(coef, intercept)
    X = np.where(rng.random((101, 40)) < 0.5, rng.standard_normal((101, 40)), 0.0)
    for data in (X, sparse.csr_array(X)):
        for n_threads in (1, 2, 7):
            assert np.array_equal(scorer.score(data, n_threads=n_threads), scorer.score(X))
    X[88, scorer.used[0]] = np.nan
    with pytest.raises(ValueError, match="row 88 has NaN"):
        scorer.score(X, n_threads=3)
    with pytest.raises(ValueError, match="n_threads must be an integer of at least 1; got 0"):
        scorer.score(sparse.csr_array(X), n_threads=0)


def test_polars_and_arrow(rng, named_scorer):
    polars = pytest.importorskip("polars")
    X = rng.standard_normal((30, 40))
    wanted = named_scorer.score(X)
    table = polars.DataFrame({"city": ["Graz"] * 30, **dict(zip(named(40), X.T))})
    assert np.array_equal(named_scorer.score(table), wanted)
    used = named_scorer.columns[0]
    holes = table.with_columns(polars.lit(None, dtype=polars.Float64).alias(used))
    with pytest.raises(ValueError, match=f"row 0 has NaN in feature .*: '{used}'"):
        named_scorer.score(holes)
    arrow = pytest.importorskip("pyarrow")
    columns = {"city": ["Graz"] * 30, **dict(zip(named(40), X.T))}
    assert np.array_equal(named_scorer.score(arrow.table(columns)), wanted)
    assert np.array_equal(named_scorer.score(arrow.RecordBatch.from_pydict(columns)), wanted)


# ---------------------------------------------------------------- bad input


def test_wrong_shapes(named_scorer):
    with pytest.raises(ValueError, match="a row has 39 values, the model is for 40"):
        named_scorer.score_one(np.zeros(39))
    with pytest.raises(ValueError, match=r"row must be 1-D, of shape \(40,\); got shape \(1, 40\)"):
        named_scorer.score_one(np.zeros((1, 40)))
    with pytest.raises(ValueError, match="X has 39 columns, but the model is for 40 features"):
        named_scorer.score(np.zeros((3, 39)))
    with pytest.raises(ValueError, match="X must be 2-D"):
        named_scorer.score(np.zeros(40))
    with pytest.raises(ValueError, match=r"X has shape \(3, 41\)"):
        named_scorer.score(sparse.csr_array((3, 41)))
    with pytest.raises(ValueError, match="a projected row is for"):
        named_scorer.score_projected(np.zeros((3, 40)))
    with pytest.raises(TypeError, match="X must be numeric"):
        named_scorer.score([["a"] * 40])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_finite(rng, kind, bad):
    coef, intercept = coefficients(rng, kind)
    if coef.ndim == 1:
        coef[4] = 0
    else:
        coef[:, 4] = 0
    scorer = Scorer.from_coefficients(coef, intercept)
    used = int(scorer.used[-1])
    X = rng.standard_normal((20, 40))
    X[:, 4] = bad  # never looked at
    wanted = scorer.score(X)
    assert np.isfinite(wanted).all()
    X[7, used] = bad
    word = "NaN" if np.isnan(bad) else "infinity"
    for data in (X, np.asfortranarray(X), sparse.csr_array(X)):
        with pytest.raises(
            ValueError, match=f"row 7 has {word} in feature {used}, which the model uses"
        ):
            scorer.score(data)
        through = scorer.score(data, propagate=True)
        keep = np.arange(20) != 7
        assert np.array_equal(through[keep], wanted[keep])
        assert not np.isfinite(through[7]).all()
    with pytest.raises(ValueError, match=word):
        scorer.score_one(X[7])


def test_overflow_is_no_bad_input():
    assert Scorer.from_coefficients([1e300]).score_one(np.array([1e300])) == np.inf


def hostile(part, value):
    S = sparse.csr_array(np.eye(6))
    parts = {"indptr": S.indptr.copy(), "indices": S.indices.copy(), "data": S.data.copy()}
    if isinstance(value, tuple):
        parts[part][value[0]] = value[1]
    else:
        parts[part] = parts[part][:value]
    return parts["indptr"], parts["indices"], parts["data"]


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("indices", (3, 6), r"indices\[3\] is 6, not in \[0, 6\)"),
        ("indices", (3, -1), r"indices\[3\] is -1, not in \[0, 6\)"),
        ("indices", (5, 2**31 - 1), r"indices\[5\] is 2147483647"),
        ("indptr", (2, 99), "row 1 goes from entry 1 to 99 of 6"),
        ("indptr", (2, 0), "row 1 goes from entry 1 to 0 of 6"),
        ("indptr", (0, -5), "row 0 goes from entry -5 to 1 of 6"),
        ("data", 3, "data and indices differ in length"),
        ("indices", 3, "data and indices differ in length"),
        ("indptr", 0, "indptr is empty"),
    ],
)
def test_hostile_csr(part, value, message):
    scorer = Scorer.from_coefficients(np.arange(1.0, 7.0))
    with pytest.raises(ValueError, match=message):
        scorer._model.csr(*hostile(part, value), 6, 0)


@pytest.mark.parametrize("used", [3000, 20])  # a table over features, a hash table
def test_a_racing_writer_costs_scores_but_no_address(rng, used):
    """Indices and starts that another thread overwrites between being checked and being used."""
    coef = np.zeros(3000)
    coef[:used] = 1.0
    scorer = Scorer.from_coefficients(coef)
    S = sparse.random_array((2000, 3000), density=0.02, format="csr", rng=rng)
    S.data[-1] = np.nan
    done = threading.Event()

    def write():
        good = S.indices.copy(), S.indptr.copy()
        while not done.is_set():
            S.indices[::7], S.indptr[::5] = -(2**31), 2**31 - 1
            S.indices[:], S.indptr[:] = good

    writer = threading.Thread(target=write)
    writer.start()
    for k in range(300):
        with contextlib.suppress(ValueError):
            scorer._model.csr(S.indptr, S.indices, S.data, 3000, k % 2 * 2)
    done.set()
    writer.join()


def test_repeated_entries_add_up():
    scorer = Scorer.from_coefficients([1.0, 10.0])
    parts = np.array([0, 3]), np.array([1, 0, 1]), np.array([1.0, 2.0, 3.0])
    assert scorer._model.csr(*parts, 2, 0).tolist() == [42.0]


# ---------------------------------------------------------------- the package


def test_scoring_needs_numpy_only(tmp_path, rng):
    pytest.importorskip("sklearn")
    path = tmp_path / "m.riata"
    Scorer.from_coefficients(rng.standard_normal(5)).save(path)
    code = (
        "import sys, numpy, riata; s = riata.Scorer.load(sys.argv[1]); s.score(numpy.eye(5)); s.to_c(); s.to_sql();"
        "print(*sorted({'scipy', 'sklearn', 'pandas', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_pickles_are_the_file(rng):
    scorer = Scorer.from_coefficients(rng.standard_normal(9), 1.0)
    again = pickle.loads(pickle.dumps(scorer))
    assert again.to_bytes() == scorer.to_bytes()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pickled_estimators_carry_the_file(rng, dtype):
    X = rng.standard_normal((60, 500)).astype(dtype)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=named(500))
    for data, y in ((X, X[:, 0]), (frame, X[:, 0]), (X, X[:, :3])):
        model = riata.Lasso(alpha=0.1).fit(data, y)
        stored = pickle.dumps(model)
        again = pickle.loads(stored)
        assert vars(again).keys() == vars(model).keys()
        assert np.array_equal(again.coef_, model.coef_)
        assert (again.coef_.dtype, again.coef_.shape) == (model.coef_.dtype, model.coef_.shape)
        assert np.array_equal(again.predict(data), model.predict(data))
        file = Scorer.from_estimator(model, dtype=dtype).to_bytes()
        assert file in stored
        assert data is frame or len(stored) < X[0].nbytes * np.atleast_2d(y.T).shape[0]
        if data is frame:
            assert again.feature_names_in_.tolist() == named(500)
    model.coef_[0] = np.nan  # no file can hold it
    assert np.isnan(pickle.loads(pickle.dumps(model)).coef_[0]).all()


def test_predict_takes_the_fast_route_and_refuses_the_same(rng):
    X = rng.standard_normal((50, 30))
    X[:, 5:] *= 1e-3
    model = riata.Lasso(alpha=0.1).fit(X, X[:, 0])
    for data in (X, X[:3], X[::2], np.asfortranarray(X), X.astype("f4"), X[:, ::-1][:, ::-1]):
        np.testing.assert_allclose(
            model.predict(data), data @ model.coef_ + model.intercept_, rtol=1e-6, atol=1e-12
        )
    binary = riata.LogisticRegression().fit(X, X[:, 0] > 0)
    for data in (X, X[:1], X[::2], np.asfortranarray(X), X.astype("f4")):
        margin = data @ binary.coef_[0] + binary.intercept_[0]
        np.testing.assert_allclose(binary.decision_function(data), margin, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            binary.predict_proba(data)[:, 1], 1 / (1 + np.exp(-margin)), rtol=1e-5
        )
    single = riata.Lasso(alpha=0.1).fit(X.astype("f4"), X[:, 0])
    assert single.predict(X.astype("f4")).dtype == np.float32
    for bad in (np.nan, np.inf):
        X[7, 29] = bad  # of no weight, and refused all the same
        with pytest.raises(ValueError, match=r"X\[7, 29\] is (NaN|inf): X must be finite"):
            model.predict(X)
    with pytest.raises(ValueError, match="X has 29 features, but Lasso is expecting 30"):
        model.predict(X[:, :29])
