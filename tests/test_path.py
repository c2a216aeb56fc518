"""riata.path and scikit-learn's path functions: grids, certificates, stopping, what a result can do."""

import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import linear_model as sk

import riata


@pytest.fixture
def data(rng):
    X = rng.standard_normal((50, 20)) + rng.standard_normal(20)
    y = X[:, :4] @ [3.0, -2.0, 1.0, 0.5] + rng.standard_normal(50)
    return X, y


def test_grid_starts_at_alpha_max(data):
    X, y = data
    fit = riata.path(X, y, alphas=30, eps=1e-2, early_stop=False)
    top = np.abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y)
    assert_allclose(fit.alpha_max, top, rtol=1e-12)
    assert_allclose(fit.alphas, np.geomspace(top, 1e-2 * top, 30), rtol=1e-9)
    assert fit.df[0] == 0
    assert fit.df[1] > 0
    assert_allclose(riata.alpha_max(X, y), top, rtol=1e-12)
    assert_allclose(riata.alpha_max(X, y, l1_ratio=0.5), 2 * top, rtol=1e-12)


def test_every_solution_is_certified(data):
    X, y = data
    fit = riata.path(X, y, alphas=20, eps=1e-3, early_stop=False, tol=1e-9)
    assert fit.dual_gaps.max() <= 1e-9
    for k in (0, 7, -1):
        c = fit.certificate(k)
        assert c.alpha == fit.alphas[k]
        assert c.converged
        model = sk.Lasso(c.alpha, tol=1e-13, max_iter=100_000).fit(X, y)
        assert_allclose(fit.coefs[:, [k]].toarray()[:, 0], model.coef_, atol=1e-6)
        assert_allclose(fit.intercepts[k], model.intercept_, atol=1e-6)
    assert len(fit.certificates) == len(fit) == 20


def test_path_equals_cold_starts(data):
    X, y = data
    fit = riata.path(X, y, l1_ratio=0.7, alphas=10, eps=1e-3, early_stop=False, tol=1e-10)
    for k in range(10):
        cold = riata.ElasticNet(fit.alphas[k], l1_ratio=0.7, tol=1e-12).fit(X, y)
        assert_allclose(fit.at(fit.alphas[k]).coef, cold.coef_, atol=1e-6)


def test_weights_are_repetitions_in_the_grid_too(data, rng):
    X, y = data
    s = rng.integers(0, 4, len(y))
    weighted = riata.path(X, y, sample_weight=s, alphas=10, early_stop=False)
    repeated = riata.path(np.repeat(X, s, axis=0), np.repeat(y, s), alphas=10, early_stop=False)
    assert_allclose(weighted.alphas, repeated.alphas, rtol=1e-10)
    assert_allclose(weighted.coefs.toarray(), repeated.coefs.toarray(), atol=1e-8)
    assert_allclose(weighted.null_objective, repeated.null_objective, rtol=1e-12)
    assert_allclose(weighted.dev_ratio, repeated.dev_ratio, atol=1e-9)


def test_given_alphas_are_sorted_and_all_solved(data):
    X, y = data
    alphas = np.array([0.1, 1.0, 0.01])
    fit = riata.path(X, y, alphas=alphas)
    assert_array_equal(fit.alphas, [1.0, 0.1, 0.01])
    assert_array_equal(alphas, [0.1, 1.0, 0.01])
    assert fit.stop == "completed"


def test_alpha_zero_ends_a_path_with_least_squares(data):
    X, y = data
    fit = riata.path(X, y, alphas=[1.0, 0.1, 0.0])
    assert_array_equal(fit.alphas, [1.0, 0.1, 0.0])
    w = np.linalg.pinv(X - X.mean(axis=0)) @ (y - y.mean())
    assert_allclose(fit.at(0.0).coef, w, atol=1e-10)
    assert fit.dual_gaps.max() <= 1e-6
    only = riata.path(X, y, alphas=[0.0])
    assert_allclose(only.at(0.0).coef, w, atol=1e-10)


def test_bounded_path_ending_at_zero(data):
    X, y = data
    fit = riata.path(X, y, alphas=[0.1, 0.0], lower=0.0)
    theirs = sk.LinearRegression(positive=True).fit(X, y)
    assert_allclose(fit.coefs[:, [1]].toarray()[:, 0], theirs.coef_, atol=1e-6)
    assert fit.alphas[1] == 0


def test_at_is_exact_on_the_grid_and_linear_between(data):
    X, y = data
    fit = riata.path(X, y, alphas=40, eps=1e-2, early_stop=False)
    on = fit.at(fit.alphas[5])
    assert on.exact
    assert on.certificate.alpha == fit.alphas[5]
    middle = (fit.alphas[5] + fit.alphas[6]) / 2
    between = fit.at(middle)
    assert not between.exact
    assert between.certificate is None
    assert_allclose(between.coef, (on.coef + fit.at(fit.alphas[6]).coef) / 2)
    above = fit.at(10 * fit.alpha_max)
    assert above.exact
    assert not above.coef.any()
    with pytest.raises(ValueError, match="alpha must be in"):
        fit.at(fit.alphas[-1] / 2)
    with pytest.raises(ValueError, match="alpha must be in"):
        riata.path(X, y, alphas=[0.1]).at(0.2)


def test_interpolation_is_exact_while_the_support_stays(data):
    X, y = data
    fit = riata.path(X, y, alphas=[0.011, 0.01], tol=1e-12)
    if fit.df[0] == fit.df[1]:
        exact = riata.path(X, y, alphas=[0.0105], tol=1e-12)
        assert_allclose(fit.at(0.0105).coef, exact.at(0.0105).coef, atol=1e-9)


def test_predict(data):
    X, y = data
    fit = riata.path(X, y, alphas=15, early_stop=False)
    dense = X @ fit.coefs.toarray() + fit.intercepts
    assert_allclose(fit.predict(X), dense, atol=1e-12)
    assert_allclose(fit.predict(X, alpha=fit.alphas[4]), dense[:, 4], atol=1e-12)
    with pytest.raises(ValueError, match="is expecting 20 features"):
        fit.predict(X[:, :3])


def test_result_is_sparse_and_pickles(data):
    X, y = data
    fit = riata.path(X, y, alphas=15, early_stop=False)
    assert fit.coefs.format == "csc"
    assert fit.coefs.shape == (20, 15)
    assert_array_equal(fit.df, (fit.coefs.toarray() != 0).sum(axis=0))
    copy = pickle.loads(pickle.dumps(fit))
    assert_array_equal(copy.coefs.toarray(), fit.coefs.toarray())
    assert "15 alphas" in repr(fit)


def test_callback_sees_and_stops(data):
    X, y = data
    seen = []

    def callback(k, alpha, rel_gap, df, dev_ratio):
        seen.append((k, alpha, rel_gap, df, dev_ratio))
        return k == 6

    for l1_ratio in (1.0, 0.0):
        seen.clear()
        fit = riata.path(X, y, l1_ratio=l1_ratio, callback=callback, early_stop=False)
        assert fit.stop == "callback"
        assert len(fit) == len(seen) == 7
        assert_allclose([alpha for _, alpha, *_ in seen], fit.alphas)
        assert [k for k, *_ in seen] == list(range(7))
        assert [df for *_, df, _ in seen] == fit.df.tolist()


def test_error_in_a_callback_comes_out(data):
    def callback(*_):
        raise LookupError("mine")

    for l1_ratio in (1.0, 0.0):
        with pytest.raises(LookupError, match="mine"):
            riata.path(*data, l1_ratio=l1_ratio, callback=callback)


def test_max_features_stops_after_the_first_excess(data):
    fit = riata.path(*data, max_features=5, early_stop=False)
    assert fit.stop == "max_features"
    assert fit.df[-1] > 5
    assert (fit.df[:-1] <= 5).all()


def test_time_limit_ends_with_what_there_is(data):
    fit = riata.path(*data, alphas=1000, time_limit=1e-6, early_stop=False)
    assert len(fit) < 1000
    assert fit.stop == "time_limit"
    assert (fit.dual_gaps <= 1e-6).all()


def test_early_stop_only_with_an_automatic_grid(rng):
    X = rng.standard_normal((30, 100))
    y = X[:, 0]
    stopped = riata.path(X, y, eps=1e-8)
    assert stopped.stop == "early_stop"
    assert stopped.dev_ratio[-1] > 0.99
    assert len(riata.path(X, y, eps=1e-8, early_stop=False)) == 100
    assert len(riata.path(X, y, alphas=stopped.alpha_max * np.geomspace(1, 1e-8, 100))) == 100


def test_names_come_from_data_frames(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    names = [f"f{j}" for j in range(20)]
    fit = riata.path(pandas.DataFrame(X, columns=names), pandas.Series(y), alphas=5)
    assert_array_equal(fit.feature_names_in_, names)
    assert riata.path(X, y, alphas=5).feature_names_in_ is None


def test_ridge_grid_goes_from_no_degrees_of_freedom_to_most_of_them_whatever_the_unit_of_y(data):
    X, y = data
    fit = riata.path(X, y, l1_ratio=0.0, alphas=5)
    for factor in (1e-3, 1e3):
        assert_allclose(riata.path(X, factor * y, l1_ratio=0.0, alphas=5).alphas, fit.alphas)
    variances = np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2 / len(y)
    freedom = [(variances / (variances + alpha)).sum() for alpha in fit.alphas]
    assert freedom[0] < 0.1
    assert freedom[-1] > 19.9
    assert fit.dual_gaps.max() <= 1e-10
    assert fit.df.tolist() == [20] * 5


def test_no_progress_bar_in_scripts(data, capsys):
    pytest.importorskip("tqdm")
    riata.path(*data)
    assert capsys.readouterr().err == ""
    riata.path(*data, alphas=7, progress=True)
    assert "riata.path" in capsys.readouterr().err


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_enet_path_has_scikit_learns_shapes_and_values(data, l1_ratio, positive):
    X, y = data
    ours = riata.enet_path(X, y, l1_ratio=l1_ratio, positive=positive, return_n_iter=True)
    theirs = sk.enet_path(
        X, y, l1_ratio=l1_ratio, positive=positive, return_n_iter=True, tol=1e-11, max_iter=100_000
    )
    assert_allclose(ours[0], theirs[0], rtol=1e-9)
    assert ours[1].shape == theirs[1].shape
    assert_allclose(ours[1], theirs[1], atol=1e-4 * np.abs(theirs[1]).max())
    assert ours[2].shape == theirs[2].shape
    assert len(ours[3]) == len(theirs[3])
    null = 0.5 * y @ y / len(y)
    assert (ours[2] <= 1e-6 * null).all()


def test_lasso_path_accepts_scikit_learns_arguments(data):
    X, y = data
    X32 = X.astype(np.float32)
    alphas, coefs, gaps = riata.lasso_path(
        X32,
        y,
        alphas=[0.1, 1.0],
        precompute=True,
        Xy=X.T @ y,
        copy_X=False,
        coef_init=np.zeros(20),
        verbose=True,
        selection="random",
    )
    assert_array_equal(alphas, [1.0, 0.1])
    assert coefs.dtype == np.float32
    assert coefs.shape == (20, 2)
    assert gaps.shape == (2,)
    assert riata.lasso_path(X, y, n_alphas=7)[0].shape == (7,)
    with pytest.raises(ValueError, match="Unexpected parameters in params: nonsense"):
        riata.lasso_path(X, y, nonsense=1)
    assert riata.lasso_path(X, np.column_stack([y, y]), n_alphas=7)[1].shape == (2, 20, 7)


def test_import_is_fast_and_light():
    code = (
        "import sys, time; start = time.process_time(); import riata; t = time.process_time() - start;"
        "import numpy as np; rng = np.random.default_rng(0); X = rng.standard_normal((30, 5));"
        "fit = riata.path(X, X[:, 0]); fit.df, fit.at(0.1), fit.predict(X);"
        "print(t, *sorted({'scipy', 'sklearn', 'matplotlib', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *loaded = done.stdout.split()
    assert float(seconds) < 0.2
    assert loaded == []


@pytest.mark.slow
def test_time_limit_is_kept(rng):
    X = rng.standard_normal((2000, 3000))
    start = time.perf_counter()
    fit = riata.path(X, X @ rng.standard_normal(3000), eps=1e-4, early_stop=False, time_limit=1.0)
    assert time.perf_counter() - start < 3.0
    assert (fit.dual_gaps <= 1e-6).all()
