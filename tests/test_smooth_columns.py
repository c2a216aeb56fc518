"""Logistic and Poisson models on columns that hardly differ, in units far apart, and kept far from the data by their bounds.

Objectives are compared with those of the same models on columns that are easy: certificates have to be true, and reached.
"""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

import riata


def losses(family, y, eta):
    """Loss of every row less its least value, in long double."""
    eta = np.asarray(eta, np.longdouble)
    if family == "binomial":
        return np.logaddexp(0, eta) - y * eta
    return np.exp(eta) - y * eta - np.where(y > 0, y - y * np.log(np.where(y > 0, y, 1)), 0)


def margins(path, X, k=-1):
    """In long double, as the numbers handed out say."""
    coef = np.asarray(path.coefs.toarray()[:, k], np.longdouble)
    return np.asarray(X, np.longdouble) @ coef + np.longdouble(path.intercepts[k])


def response(rng, family, eta):
    return (
        rng.poisson(np.exp(eta))
        if family == "poisson"
        else np.float64(rng.random(len(eta)) < 1 / (1 + np.exp(-eta)))
    )


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize("apart", [1e-3, 1e-5, 1e-6])
@pytest.mark.parametrize("unit", [1.0, 1e-9])
def test_columns_that_nearly_agree(family, apart, unit, rng):
    """z and z + apart * v span what z and v span: without a penalty the models are the same."""
    Z = rng.standard_normal((60, 3))
    y = response(rng, family, Z @ [0.3, 0.8, -0.4])
    X = np.column_stack([Z[:, 0], (Z[:, 0] + apart * Z[:, 1]) * unit, Z[:, 2]])
    easy = riata.path(Z, y, alphas=[0.0], family=family, tol=1e-9)
    hard = riata.path(X, y, alphas=[0.0], family=family, tol=1e-9)
    assert hard.certificate(0).status == "converged"
    null = easy.null_objective
    assert (
        abs(losses(family, y, margins(hard, X)).mean() - easy.certificate(0).primal) <= 2e-9 * null
    )
    assert_allclose(margins(hard, X), margins(easy, Z), atol=2e-4)


@pytest.mark.parametrize("layout", ["C", "F", "csc", "csr"])
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_seconds_of_an_epoch(layout, family, rng):
    """Stages of an order, seconds apart over a year: nearly the same column, of which the differences tell."""
    start = 1.6e9 + 3e7 * rng.random(200)
    steps = np.cumsum(rng.exponential(30.0, (200, 4)), axis=1)
    apart = np.diff(steps, axis=1)
    late = (apart - apart.mean(axis=0)) / apart.std(axis=0)
    y = response(rng, family, 0.5 * late[:, 0] - 0.7 * late[:, 2])
    X = start[:, None] + steps
    given = X if layout in "CF" else None
    if layout in "CF":
        given = np.array(X, order=layout)
    else:
        scipy_sparse = pytest.importorskip("scipy.sparse")
        given = getattr(scipy_sparse, f"{layout}_array")(X)
    first = X[:, 0]
    centred = np.column_stack([(first - first.mean()) / first.std(), late])
    easy = riata.path(centred, y, alphas=[0.0], family=family)
    hard = riata.path(given, y, alphas=[0.0], family=family)
    assert hard.certificate(0).status == "converged"
    excess = losses(family, y, margins(hard, X)).mean() - easy.certificate(0).primal
    assert excess <= 1.5e-6 * easy.null_objective


def test_what_columns_in_units_far_apart_still_explain():
    """The second column is the first but for a part in ten million: certified is what leaves nothing better."""
    X = np.array(
        [
            [-4.6935845603002235e-05, -4.693584388336391e-13],
            [-0.0001118899745051749, -1.1188997861913408e-12],
            [8.532512583769858e-05, 8.532512803943737e-13],
        ]
    )
    y, s = np.array([1, 0, 0]), np.array([0.5, 8e5, 7e3])
    with pytest.warns(ConvergenceWarning, match="separable"):
        path = riata.path(X, y, alphas=[0.0], family="binomial", sample_weight=s)
    certificate = path.certificate(0)
    assert certificate.status == "converged"
    primal = s @ losses("binomial", y, margins(path, X)) / s.sum()
    assert primal <= 1e-6 * certificate.null_objective  # the rows can be told apart
    assert abs(primal - certificate.primal) <= 1e-6 * certificate.null_objective


@pytest.mark.parametrize("size", [1e1, 1e3, 1e4])
@pytest.mark.parametrize("alpha", [600.0, 1.0, 1e-3, 0.0])
def test_counts_that_bounds_keep_far_from(size, alpha):
    """exp(0.1 size + w) without an intercept: what is free takes the margin back to where the loss is a number."""
    y = np.array([9.0])
    path = riata.path(
        [[size, 1.0]],
        y,
        alphas=[alpha],
        family="poisson",
        lower=[0.1, -np.inf],
        fit_intercept=False,
    )
    certificate = path.certificate(0)
    assert certificate.status == "converged"
    coef = path.coefs.toarray()[:, 0]
    assert coef[0] >= 0.1
    primal = losses("poisson", y, margins(path, [[size, 1.0]]))[0] + alpha * np.abs(coef).sum()
    assert_allclose(
        float(primal), certificate.primal, rtol=1e-9, atol=1e-6 * certificate.null_objective
    )


@pytest.mark.parametrize("far", [1e2, 1e3, 1e5, 1e8])
def test_no_dual_value_is_above_a_model_that_fits(far):
    """However far the coefficients checked are: of separable classes without a penalty the best objective is 0."""
    X, y = np.array([[20.0], [0.0], [-3.0]]), np.array([0, 1, 1])
    model = riata.LogisticRegression(C=0.25, l1_ratio=1.0, penalty_weights=[0.0]).fit(X, y)
    for sign in (1, -1):
        model.coef_ = np.array([[sign * far]])
        certificate = riata.check_solution(model, X, y)
        assert 0 <= certificate.dual <= 1e-12
        rows = losses("binomial", y, X @ [sign * far] + model.intercept_)
        assert_allclose(certificate.primal, float(rows.mean()), rtol=1e-9, atol=1e-12)


def test_no_dual_value_is_taken_from_slopes_that_a_column_has_a_part_of():
    """A correlation of 2e-12 of its columns is none where coefficients are of the size at hand, and is one where they are 1e12 times as large."""
    X = np.array(
        [[-4.69e-05, -4.69000019e-13], [-1.119e-04, -1.11900004e-12], [8.53e-05, 8.53000022e-13]]
    )
    y, s = np.array([1, 0, 0]), np.array([0.5, 8e5, 7e3])
    model = riata.LogisticRegression(C=1.0, l1_ratio=1.0, penalty_weights=[0.0, 0.0])
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y, sample_weight=s)
    model.coef_, model.intercept_ = np.array([[2.19e4, 0.0]]), np.array([-12.4])
    certificate = riata.check_solution(model, X, y, s)
    assert certificate.dual <= 4e-7  # which coefficients of 1e16 nearly reach
    assert certificate.primal > 8e-6


def test_penalties_are_seen_where_margins_are_far():
    """The intercept's best place is 450 away from where a search begins: the penalty is not lost beside that loss."""
    X = np.array(
        [[-1.0, -0.9999999905954078], [0.0, -2.517052516608589e-09], [0.0, 3.5500204138901478e-09]]
    )
    y = np.array([0.0, 3e8, 0.0])
    with (
        warnings.catch_warnings()
    ):  # where the fit ends differs by kernel; its coefficients are replaced
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = riata.PoissonRegressor(alpha=1e-4, l1_ratio=1.0, max_iter=1000).fit(X, y)
    model.coef_ = np.array([1.32142055e9 + 1321, -1.32142054e9])
    certificate = riata.check_solution(model, X, y)
    primal = losses("poisson", y, X.astype(np.longdouble) @ model.coef_ + model.intercept_).mean()
    primal += 1e-4 * np.abs(model.coef_).sum()
    assert_allclose(certificate.primal, float(primal), rtol=1e-4)
    assert certificate.status == "not_converged"


@pytest.mark.parametrize("power", [0, 150, 152, 153])
@pytest.mark.parametrize("family", ["binomial", "multinomial", "poisson"])
def test_penalties_as_large_as_the_squares_of_columns(power, family):
    """alpha 10^2k on columns times 10^k is alpha 1 on the columns."""
    X = np.array([[-2.0, 0.5], [0.2, 1.0], [1.0, -0.7], [0.4, 0.1]])
    y = np.array([1, 2, 0, 1]) if family == "multinomial" else np.array([0, 1, 1, 0])
    unit = 10.0**power
    plain = riata.path(X, y, alphas=[0.1], family=family, l1_ratio=0.0)
    large = riata.path(X * unit, y, alphas=[0.1 * unit * unit], family=family, l1_ratio=0.0)
    coefs = [
        np.hstack([c.toarray() for c in np.atleast_1d(path.coefs)])
        if family == "multinomial"
        else path.coefs.toarray()
        for path in (plain, large)
    ]
    assert large.certificate(0).status == "converged"
    assert_allclose(coefs[1] * unit, coefs[0], rtol=1e-3, atol=1e-5)
    assert_allclose(large.certificate(0).primal, plain.certificate(0).primal, rtol=1e-5)


def test_separable_classes_are_reached_in_few_steps(rng):
    """Margins grow by factors where the loss still falls, with penalty weights of zero as well as with l1_ratio=0."""
    X = rng.standard_normal((40, 3))
    y = np.float64(X[:, 0] + 0.5 * X[:, 1] > 0)
    path = riata.path(X, y, alphas=[1.0], penalty_weights=np.zeros(3), family="binomial")
    assert path.certificate(0).status == "converged"
    assert path.n_iter[0] <= 40
