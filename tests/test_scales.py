"""Penalty scales: what each library's number means, shown on solutions where the library is at hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import linear_model as sk

import riata
from riata import alpha_max, convert_penalty

NAMES = [
    "riata",
    "sklearn.Lasso",
    "sklearn.ElasticNet",
    "sklearn.Ridge",
    "glmnet",
    "sklearn.LogisticRegression",
    "liblinear",
]


def test_ridge_scale_on_a_solution(rng):
    X, y = rng.standard_normal((30, 5)), rng.standard_normal(30)
    alpha = convert_penalty(0.2, src="riata", dst="sklearn.Ridge", n_samples=30)
    assert alpha == pytest.approx(6.0)
    fit = riata.path(X, y, l1_ratio=0, alphas=[0.2])
    assert_allclose(fit.at(0.2).coef, sk.Ridge(alpha).fit(X, y).coef_, atol=1e-10)


def test_glmnet_scale_on_the_problem_it_solves(rng):
    """glmnet divides y by its standard deviation s, solves, and multiplies the coefficients by s."""
    X, y = rng.standard_normal((40, 6)), 5 * rng.standard_normal(40)
    s, lam, mixing = y.std(), 0.7, 0.4
    inside = riata.ElasticNet(lam / s, l1_ratio=mixing, tol=1e-12).fit(X, y / s)
    alpha, ratio = convert_penalty(
        lam, src="glmnet", dst="riata", l1_ratio=mixing, y_std=s, with_l1_ratio=True
    )
    ours = riata.ElasticNet(alpha, l1_ratio=ratio, tol=1e-12).fit(X, y)
    assert_allclose(ours.coef_, s * inside.coef_, atol=1e-8)
    back = convert_penalty(
        alpha, src="riata", dst="glmnet", l1_ratio=ratio, y_std=s, with_l1_ratio=True
    )
    assert back == pytest.approx((lam, mixing))
    assert convert_penalty(
        0.3, src="glmnet", dst="sklearn.Ridge", n_samples=40, y_std=2.0
    ) == pytest.approx(6.0)
    assert convert_penalty(0.3, src="glmnet", dst="sklearn.Lasso") == 0.3


def test_missing_deviation_is_said():
    with pytest.warns(UserWarning, match="pass y_std"):
        assert convert_penalty(
            0.3, src="glmnet", dst="sklearn.Ridge", n_samples=10
        ) == pytest.approx(3.0)


def test_logistic_scales():
    assert convert_penalty(
        2.0, src="sklearn.LogisticRegression", dst="riata", n_samples=50
    ) == pytest.approx(0.01)
    assert convert_penalty(0.01, src="glmnet", dst="liblinear", n_samples=50) == pytest.approx(2.0)
    assert convert_penalty(np.inf, src="liblinear", dst="riata", n_samples=50) == 0.0
    assert convert_penalty(0.0, src="riata", dst="liblinear", n_samples=50) == np.inf


@pytest.mark.parametrize("src", NAMES)
@pytest.mark.parametrize("dst", NAMES)
def test_there_and_back(src, dst):
    options = {"n_samples": 37, "y_std": 1.7}
    values = np.array([0.1, 2.0])
    implied = {"sklearn.Lasso": 1.0, "sklearn.Ridge": 0.0}
    gaussian, logistic = set(NAMES[1:4]), set(NAMES[5:])
    mixed = {src, dst} & gaussian and {src, dst} & logistic
    if mixed or len({implied[name] for name in (src, dst) if name in implied}) > 1:
        with pytest.raises(ValueError, match=r"different losses|penalty"):
            convert_penalty(values, src=src, dst=dst, **options)
        return
    ratio = None if implied.keys() & {src, dst} else 0.4
    there, ratio = convert_penalty(
        values, src=src, dst=dst, l1_ratio=ratio, with_l1_ratio=True, **options
    )
    back, _ = convert_penalty(
        there, src=dst, dst=src, l1_ratio=ratio, with_l1_ratio=True, **options
    )
    assert_allclose(back, values, rtol=1e-14)


def test_what_is_refused():
    with pytest.raises(ValueError, match="src must be one of"):
        convert_penalty(1.0, src="nonsense", dst="riata")
    with pytest.raises(ValueError, match="n_samples must be given"):
        convert_penalty(1.0, src="riata", dst="sklearn.Ridge")
    with pytest.raises(ValueError, match="different losses"):
        convert_penalty(1.0, src="sklearn.Lasso", dst="liblinear", n_samples=3)
    with pytest.raises(ValueError, match="L1 penalty"):
        convert_penalty(1.0, src="sklearn.Lasso", dst="sklearn.Ridge", n_samples=3)
    with pytest.raises(ValueError, match="the l1_ratio changes"):
        convert_penalty(1.0, src="glmnet", dst="riata", l1_ratio=0.5, y_std=2.0)
    with pytest.raises(ValueError, match="l1_ratio must be given"):
        convert_penalty(1.0, src="glmnet", dst="riata", y_std=2.0)
    with pytest.raises(ValueError, match=r"value must be in \[0, inf\]; got -1"):
        convert_penalty(-1.0, src="riata", dst="riata")
    with pytest.raises(ValueError, match=r"value\[1\] is NaN"):
        convert_penalty([1.0, np.nan], src="riata", dst="riata")


def test_alpha_max_is_the_edge(rng):
    X, y = rng.standard_normal((30, 8)) + 1, rng.standard_normal(30)
    options = {"sample_weight": rng.uniform(0.5, 2, 30), "penalty_weights": rng.uniform(0.5, 2, 8)}
    for standardize in (False, True):
        for l1_ratio in (1.0, 0.3):
            top = alpha_max(X, y, l1_ratio=l1_ratio, standardize=standardize, **options)
            fit = riata.path(
                X,
                y,
                alphas=[1.001 * top, 0.999 * top],
                l1_ratio=l1_ratio,
                standardize=standardize,
                **options,
            )
            assert fit.df.tolist() == [0, 1]
    assert alpha_max(X, np.ones(30)) == 0.0
    with pytest.raises(ValueError, match=r"l1_ratio must be in \(0, 1\]; got 0"):
        alpha_max(X, y, l1_ratio=0.0)


def test_show_config(capsys):
    facts = riata.show_config()
    out = capsys.readouterr().out
    assert facts["riata"] == riata.__version__
    assert all(key in out for key in facts)
    assert facts["default threads"] >= 1
