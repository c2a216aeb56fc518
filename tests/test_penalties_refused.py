"""Classes that take several penalties name the first that cannot be one, in scikit-learn's words."""

import numpy as np
import pytest

import riata

WRONG = [
    ((1, -1, -100), ValueError, r"alphas\[1\] == -1, must be >=? 0.0"),
    ((-0.1, -1.0), ValueError, r"alphas\[0\] == -0.1, must be >=? 0.0"),
    ((1, 1.0, "1"), TypeError, r"alphas\[2\] must be an instance of float, not str"),
    ((1, None), TypeError, r"alphas\[1\] must be an instance of float, not NoneType"),
    ((1, np.nan), ValueError, r"alphas\[1\] (is NaN|must be in \[0, inf\); got nan)"),
    ((np.inf, 1), ValueError, r"alphas\[0\] (is inf|must be in \[0, inf\); got inf)"),
    ((), ValueError, "alphas must hold at least one penalty"),
]


@pytest.mark.parametrize(("alphas", "kind", "message"), WRONG)
@pytest.mark.parametrize(
    "Estimator",
    [riata.LassoCV, riata.ElasticNetCV, riata.MultiTaskLassoCV, riata.RidgeCV],
)
def test_the_first_that_is_none_is_named(rng, Estimator, alphas, kind, message):
    X = rng.standard_normal((20, 3))
    y = X[:, :2] if "Multi" in Estimator.__name__ else X[:, 0]
    with pytest.raises(kind, match=message):
        Estimator(alphas=alphas).fit(X, y)


def test_leave_one_out_needs_positive_penalties_and_folds_take_none(rng):
    X = rng.standard_normal((20, 3))
    with pytest.raises(ValueError, match=r"alphas\[1\] == 0, must be > 0.0"):
        riata.RidgeCV(alphas=[1, 0]).fit(X, X[:, 0])
    assert riata.RidgeCV(alphas=[1, 0], cv=3).fit(X, X[:, 0]).alpha_ == 0
