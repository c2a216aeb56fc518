"""Bad input: every message names the argument, the value and its position; nothing is fitted and nothing touched."""

import datetime as dt
import decimal

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

import riata
from riata import _validation as check

N, P = 12, 4


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((N, P))
    return X, X[:, 0] + rng.standard_normal(N)


def replaced(array, position, value, dtype=None):
    array = np.array(array, dtype=dtype)
    array[position] = value
    return array


def masked(array, position):
    mask = np.zeros(np.shape(array), bool)
    mask[position] = True
    return np.ma.masked_array(array, mask)


X0 = np.random.default_rng(3).standard_normal((N, P))
Y0 = X0[:, 0] + 1
ONES = np.ones(N)

BAD_ARRAYS = [
    ({"X": replaced(X0, (3, 2), np.nan)}, ValueError, r"X\[3, 2\] is (NaN|nan)"),
    ({"X": replaced(X0, (3, 2), -np.inf)}, ValueError, r"X\[3, 2\] is -inf"),
    ({"X": np.asfortranarray(replaced(X0, (3, 2), np.inf))}, ValueError, r"X\[3, 2\] is inf"),
    ({"X": replaced(X0, (3, 2), np.inf, np.float32)}, ValueError, r"X\[3, 2\] is inf"),
    ({"X": X0[:, 0]}, ValueError, r"X must be 2-D.*\(12,\).*Reshape your data"),
    ({"X": X0[None]}, ValueError, r"X must be 2-D.*\(1, 12, 4\)"),
    ({"X": 3.0}, ValueError, r"X must be 2-D"),
    ({"X": np.empty((0, P)), "y": []}, ValueError, r"X has 0 sample\(s\)"),
    ({"X": np.empty((N, 0))}, ValueError, r"X has 0 feature\(s\) \(shape=\(12, 0\)\)"),
    ({"X": [[1.0, 2.0], [3.0]]}, ValueError, r"X is not a rectangular array"),
    ({"X": X0 + 1j}, ValueError, r"Complex data not supported: X has dtype complex128"),
    ({"X": replaced(X0, (1, 0), 2j, object)}, ValueError, r"Complex data not supported: X\[1, 0\]"),
    ({"X": replaced(X0, (1, 0), None, object)}, ValueError, r"X\[1, 0\] is None"),
    ({"X": replaced(X0, (1, 0), "2", object)}, TypeError, r"X\[1, 0\] is '2'.*not str"),
    (
        {"X": replaced(X0, (1, 0), {}, object)},
        TypeError,
        r"X\[1, 0\] is \{\}.*string or a real number",
    ),
    ({"X": replaced(X0, (1, 0), 10**400, object)}, TypeError, r"X\[1, 0\] is 1000"),
    (
        {"X": replaced(X0, (1, 0), dt.date.today(), object)},
        TypeError,
        r"X\[1, 0\] is datetime",
    ),
    ({"X": X0.astype(str)}, TypeError, r"X must be numeric; it holds strings.*X\[0, 0\]"),
    ({"X": X0.astype("datetime64[s]")}, TypeError, r"X must be numeric; it holds dates"),
    (
        {"X": X0.astype("timedelta64[s]")},
        TypeError,
        r"X must be numeric; it holds time differences",
    ),
    ({"X": "nonsense"}, TypeError, r"X must be numeric; got the string 'nonsense'"),
    ({"X": masked(X0, (2, 1))}, ValueError, r"X\[2, 1\] is --: X must have no masked entries"),
    ({"y": replaced(Y0, 5, np.nan)}, ValueError, r"y\[5\] is NaN: y must be finite"),
    ({"y": replaced(Y0, 5, -np.inf)}, ValueError, r"y\[5\] is -inf"),
    ({"y": Y0[:-1]}, ValueError, r"inconsistent numbers of samples: X has 12 and y has 11"),
    ({"y": Y0[:, None, None]}, ValueError, r"y must have shape \(n_samples,\)"),
    ({"y": 1.0}, ValueError, r"y must have shape"),
    ({"y": None}, ValueError, r"requires y to be passed"),
    ({"y": Y0 + 1j}, ValueError, r"Complex data not supported: y"),
    ({"y": replaced(Y0, 5, None, object)}, ValueError, r"y\[5\] is None"),
    ({"y": Y0.astype(str)}, TypeError, r"y must be numeric; it holds strings"),
    ({"y": masked(Y0, 5)}, ValueError, r"y\[5\] is --"),
    ({"y": sparse.csr_array(Y0[:, None])}, TypeError, r"Sparse input.*y is a"),
    ({"sample_weight": replaced(ONES, 2, -1)}, ValueError, r"sample_weight\[2\] is -1.0.*negative"),
    ({"sample_weight": replaced(ONES, 2, np.nan)}, ValueError, r"sample_weight\[2\] is NaN"),
    ({"sample_weight": replaced(ONES, 2, np.inf)}, ValueError, r"sample_weight\[2\] is inf"),
    ({"sample_weight": 0 * ONES}, ValueError, r"sample_weight is zero everywhere"),
    ({"sample_weight": np.full(N, 1e308)}, ValueError, r"sample_weight must have a finite sum"),
    ({"sample_weight": ONES[:-1]}, ValueError, r"sample_weight.*\(12,\); got \(11,\)"),
    ({"sample_weight": ONES[:, None]}, ValueError, r"sample_weight must be 1-D"),
    ({"sample_weight": "balanced"}, TypeError, r"sample_weight must be numeric"),
    ({"offset": replaced(ONES, 2, np.nan)}, ValueError, r"offset\[2\] is NaN"),
    ({"offset": ONES[:-1]}, ValueError, r"offset.*\(12,\); got \(11,\)"),
]

BAD_PARAMETERS = [
    ({"penalty_weights": [1, 1, -2, 1]}, ValueError, r"penalty_weights\[2\] is -2.0"),
    ({"penalty_weights": [1, np.nan, 1, 1]}, ValueError, r"penalty_weights\[1\] is NaN"),
    ({"penalty_weights": [1, 1]}, ValueError, r"penalty_weights.*\(4,\); got \(2,\)"),
    ({"l2_weights": -1.0}, ValueError, r"l2_weights\[0\] is -1.0"),
    ({"lower": 1.0, "upper": [2, 2, 0.5, 2]}, ValueError, r"lower\[2\] = 1.0 and upper\[2\] = 0.5"),
    ({"lower": np.nan}, ValueError, r"lower\[0\] is NaN"),
    ({"lower": np.inf}, ValueError, r"lower\[0\] is inf"),
    ({"upper": [1, 1, 1, -np.inf]}, ValueError, r"upper\[3\] is -inf"),
    ({"upper": "1"}, TypeError, r"upper must be numeric"),
    ({"fit_intercept": "yes"}, TypeError, r"fit_intercept must be True or False; got 'yes'"),
    ({"standardize": 2}, TypeError, r"standardize must be True or False; got 2"),
    ({"n_threads": 0}, ValueError, r"n_threads must be at least 1; got 0"),
    ({"n_threads": 1.5}, TypeError, r"n_threads must be an integer; got 1.5"),
    ({"max_iter": 0}, ValueError, r"max_iter must be at least 1; got 0"),
    ({"max_iter": True}, TypeError, r"max_iter must be an integer; got True"),
]

BAD_FOR_ESTIMATORS = [
    ({"alpha": -1}, ValueError, r"alpha must be in \[0, inf\); got -1"),
    ({"alpha": np.nan}, ValueError, r"alpha must be in \[0, inf\); got nan"),
    ({"alpha": np.inf}, ValueError, r"alpha must be in \[0, inf\); got inf"),
    ({"alpha": "1"}, TypeError, r"alpha must be a real number|alpha must be numeric"),
    ({"alpha": None}, TypeError, r"alpha"),
    ({"alpha": True}, TypeError, r"alpha must be a real number; got True"),
    ({"tol": -1e-3}, ValueError, r"tol must be in \[0, inf\); got -0.001"),
    ({"tol": np.nan}, ValueError, r"tol must be in \[0, inf\); got nan"),
    ({"positive": 1}, TypeError, r"positive must be True or False; got 1"),
    ({"positive": True, "upper": -1.0}, ValueError, r"lower\[0\] = 0.0 and upper\[0\] = -1.0"),
]

BAD_FOR_PATHS = [
    ({"alphas": 0}, ValueError, r"alphas must be at least 1; got 0"),
    ({"alphas": 0.5}, TypeError, r"alphas must be an integer \(how many\) or an array"),
    ({"alphas": []}, ValueError, r"alphas must hold at least one"),
    ({"alphas": [0.1, -0.2]}, ValueError, r"alphas\[1\] is -0.2"),
    ({"alphas": [0.1, np.nan]}, ValueError, r"alphas\[1\] is NaN"),
    ({"alphas": [[0.1]]}, ValueError, r"alphas must be 1-D"),
    ({"l1_ratio": 1.5}, ValueError, r"l1_ratio must be in \[0, 1\]; got 1.5"),
    ({"l1_ratio": np.nan}, ValueError, r"l1_ratio must be in \[0, 1\]; got nan"),
    ({"l1_ratio": [0.5]}, TypeError, r"l1_ratio must be a real number"),
    ({"eps": 0.0}, ValueError, r"eps must be in \(0, 1\); got 0.0"),
    ({"tol": 0.0}, ValueError, r"tol must be in \(0, inf\]; got 0.0"),
    ({"max_features": 0}, ValueError, r"max_features must be at least 1"),
    ({"time_limit": -1}, ValueError, r"time_limit must be in \(0, inf\]; got -1"),
    ({"memory_limit": 0}, ValueError, r"memory_limit must be at least 1"),
    ({"callback": 3}, TypeError, r"callback must be callable; got 3"),
    (
        {"family": "gamma"},
        ValueError,
        r"family must be one of .gaussian., .binomial., .multinomial., .poisson., .multi-gaussian.; got .gamma.",
    ),
    ({"y": np.ones((N, 2))}, ValueError, r"y should be a 1d array"),
    ({"progress": "yes"}, TypeError, r"progress must be True or False"),
]


def identify(case):
    return "-".join(case[0])


@pytest.mark.parametrize("case", BAD_ARRAYS + BAD_PARAMETERS + BAD_FOR_PATHS, ids=identify)
def test_path_refuses(data, case):
    arguments, error, message = case
    X, y = data
    with pytest.raises(error, match=message):
        riata.path(**({"X": X, "y": y} | arguments))


@pytest.mark.parametrize("Estimator", [riata.Lasso, riata.ElasticNet, riata.Ridge])
@pytest.mark.parametrize("case", BAD_ARRAYS + BAD_PARAMETERS + BAD_FOR_ESTIMATORS, ids=identify)
def test_estimators_refuse_and_stay_as_they_were(data, Estimator, case):
    arguments, error, message = case
    message = f"{message}|The '({'|'.join(arguments)})' parameter of .* Got"  # scikit-learn's words
    X, y = data
    model = Estimator(alpha=0.1).fit(X, y)
    before = dict(model.__dict__)
    in_fit = {k: v for k, v in arguments.items() if k in ("X", "y", "sample_weight", "offset")}
    model.set_params(**{k: v for k, v in arguments.items() if k not in in_fit})
    with pytest.raises(error, match=message):
        model.fit(**({"X": X, "y": y} | in_fit))
    after = {k: v for k, v in model.__dict__.items() if k.endswith("_")}
    assert after.keys() == {k for k in before if k.endswith("_")}
    assert all(after[k] is before[k] for k in after)


@pytest.mark.parametrize("solver", ["svd", "auto"])
def test_ridge_finds_bad_entries_on_every_route(data, solver):
    X, y = data
    for shape in ((N, P), (3, P)):
        bad = replaced(X[: shape[0]], (1, 2), np.inf)
        for alpha in (0, 1):
            with pytest.raises(ValueError, match=r"X\[1, 2\] is inf"):
                riata.Ridge(alpha, solver=solver).fit(bad, y[: shape[0]])


def test_own_choices_of_strings(data):
    X, y = data
    with pytest.raises(ValueError, match="'selection' parameter of Lasso must be .* Got 'x'"):
        riata.Lasso(selection="x").fit(X, y)
    with pytest.raises(
        ValueError, match="'solver' parameter of Ridge must be a str among .* Got 'x'"
    ):
        riata.Ridge(solver="x").fit(X, y)
    with pytest.raises(
        ValueError, match=r"alpha must be a number or have one entry per target, shape \(1,\)"
    ):
        riata.Ridge([1.0, 2.0]).fit(X, y)
    with pytest.raises(TypeError, match="warm_start"):
        riata.Lasso(warm_start="x").fit(X, y)


def test_predict_refuses(data):
    X, y = data
    model = riata.Lasso(0.1).fit(X, y)
    for bad, error, message in [
        (X[:, :2], ValueError, "X has 2 features, but Lasso is expecting 4 features as input"),
        (X[0], ValueError, "Reshape your data"),
        (replaced(X, (3, 2), np.nan), ValueError, r"X\[3, 2\] is NaN"),
        (replaced(X, (3, 2), np.inf, np.float32), ValueError, r"X\[3, 2\] is inf"),
        (X.astype(str), TypeError, "must be numeric"),
    ]:
        with pytest.raises(error, match=message):
            model.predict(bad)
    zero = riata.Lasso(1e6).fit(X, y)  # 0 * NaN must not hide in an empty model
    with pytest.raises(ValueError, match=r"X\[3, 2\] is NaN"):
        zero.predict(replaced(X, (3, 2), np.nan))
    assert np.isfinite(
        model.predict(np.full((2, P), 1e200))
    ).all()  # a sum that overflows is no bad entry


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_nothing_of_the_callers_is_touched(data, order, dtype):
    X, y = data
    X = np.array(10 * X, dtype=dtype, order=order)
    arrays = {
        "X": X,
        "y": y.copy(),
        "sample_weight": np.arange(N, dtype=float),
        "offset": np.ones(N),
        "penalty_weights": np.arange(P, dtype=float),
        "lower": np.full(P, -1.0),
        "upper": np.full(P, 1.0),
        "alphas": np.array([0.01, 0.1, 1.0]),
    }
    copies = {name: array.copy() for name, array in arrays.items()}
    for array in arrays.values():
        array.setflags(write=False)
    for l1_ratio in (1.0, 0.5, 0.0):
        riata.path(**arrays, l1_ratio=l1_ratio)
        riata.path(**{**arrays, "lower": None, "upper": None}, l1_ratio=l1_ratio)
    with pytest.raises(ValueError, match="y"):
        riata.path(**{**arrays, "y": np.full(N, np.nan)})
    fit = {name: arrays[name] for name in ("X", "y", "sample_weight", "offset")}
    for Estimator in (riata.Lasso, riata.ElasticNet, riata.Ridge):
        model = Estimator(alpha=0.1, penalty_weights=arrays["penalty_weights"]).fit(**fit)
        model.predict(arrays["X"])
        riata.check_solution(model, **fit)
    for name, array in arrays.items():
        assert_array_equal(array, copies[name])


def test_borrowed_without_a_copy(tmp_path):
    base = np.zeros((20, 10))
    mapped = np.lib.format.open_memmap(tmp_path / "X.npy", mode="w+", shape=(20, 10))
    for X in (
        base,
        np.asfortranarray(base),
        base[:, 2:7],
        base[::2],
        np.asfortranarray(base)[:, ::3],
    ):
        assert check.design_matrix(X) is X
        assert check.design_matrix(X.astype(np.float32)).dtype == np.float32
    assert check.design_matrix(base[:, 3:4]).base is base
    assert np.shares_memory(check.design_matrix(mapped), mapped)


def test_converted_by_one_copy():
    base = np.arange(40.0).reshape(8, 5)
    unaligned = (
        np.frombuffer(b"\0" + base.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(8, 5)
    )
    for X in (
        base[::-1],
        base[:, ::2],
        np.broadcast_to(base[:, :1], (8, 5)),
        np.broadcast_to(base[0], (8, 5)),
        base.astype(">f8"),
        base.astype(np.longdouble),
        unaligned,
        base.astype(object),
        [[decimal.Decimal(1), True], [2, np.float32(3)]],
    ):
        converted = check.design_matrix(X)
        assert converted.dtype == np.float64
        assert check.design_matrix(converted) is converted
        assert not np.shares_memory(converted, base)
        assert_array_equal(converted, np.asarray(X).astype(np.float64))
    assert check.design_matrix(base.astype(">f4")).dtype == np.float32
    assert check.design_matrix(base.astype(np.float16)).dtype == np.float64


def test_single_rows_and_columns_of_odd_strides():
    base = np.arange(60.0).reshape(6, 10)
    for X in (base[2:3, ::2], base[::2, 3:4], base[5:4:-1, 7:6:-1], base[2:3].T, base.T[2:3]):
        converted = check.design_matrix(X)
        assert_array_equal(converted, X)
        y = np.arange(float(X.shape[0]))
        assert riata.path(X, y, alphas=3).coefs.shape == (X.shape[1], 3)


def test_missing_values_of_data_frames_are_named(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame({"a": pandas.array([1, 2, None] * 4, dtype="Int64"), "b": X[:, 0]})
    with pytest.raises(ValueError, match=r"X\[2, 0\] \(column 'a'\) is <NA>.*SimpleImputer"):
        riata.Lasso().fit(frame, y)


def test_thread_count(monkeypatch):
    monkeypatch.delenv("RIATA_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
    assert check.thread_count(None) == 3
    monkeypatch.setenv("RIATA_NUM_THREADS", "5")
    assert check.thread_count(None) == 5
    assert check.thread_count(2) == 2
    monkeypatch.setenv("RIATA_NUM_THREADS", "nonsense")
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    assert check.thread_count(None) == check.available_cores() >= 1
