"""Scores that are computed for many predictions at once are those of scikit-learn's scorers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics

from riata import _scorers, _scores
from riata._problem import Problem


def by_hand(name):
    """The same score by a function that is not known."""
    scorer = metrics.get_scorer(name)

    def unlabelled(truth, guess, sample_weight=None):
        return scorer._score_func(truth, guess, sample_weight=sample_weight)

    def labelled(truth, guess, sample_weight=None, labels=None):
        return scorer._score_func(truth, guess, sample_weight=sample_weight, labels=labels)

    return metrics.make_scorer(
        labelled if name == "neg_log_loss" else unlabelled,
        greater_is_better=scorer._sign > 0,
        response_method=scorer._response_method,
    )


@pytest.mark.parametrize("name", ["accuracy", "neg_log_loss"])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_classifications(rng, name, n_classes, weighted):
    n, classes = 40, np.array(["a", "b", "c"][:n_classes])
    labels = rng.integers(0, n_classes, n)
    margins = 3 * rng.standard_normal((5, n) if n_classes == 2 else (5, n, n_classes))
    margins[0] = 0
    margins[1] *= 1000  # beyond where probabilities are cut off
    params = {"sample_weight": rng.uniform(0, 2, n)} if weighted else {}
    problem = Problem(np.empty((n, 0)), labels.astype(float), family="binomial", classes=classes)
    rows, X = np.arange(n), np.empty((n, 0))
    known = _scorers.with_labels(_scorers.find_scorer(name), classes)
    assert _scores.classifications(known, margins, labels, params) is not None
    got = _scorers.score_margins(known, margins, X, problem, rows, params)
    asked = _scorers.with_labels(by_hand(name), classes)
    assert _scores.classifications(asked, margins, labels, params) is None
    assert_allclose(got, _scorers.score_margins(asked, margins, X, problem, rows, params), 1e-9)


@pytest.mark.parametrize("name", ["r2", "neg_mean_squared_error"])
@pytest.mark.parametrize("targets", [(), (2,)])
@pytest.mark.parametrize("weighted", [False, True])
def test_regressions(rng, name, targets, weighted):
    y, predictions = rng.standard_normal((40, *targets)), rng.standard_normal((5, 40, *targets))
    params = {"sample_weight": rng.uniform(0, 2, 40)} if weighted else {}
    X = np.empty((40, 0))
    assert _scores.regressions(_scorers.find_scorer(name), predictions, y, params) is not None
    got = _scorers.score_regressions(_scorers.find_scorer(name), predictions, X, y, params)
    expected = _scorers.score_regressions(by_hand(name), predictions, X, y, params)
    assert_allclose(got, expected, 1e-12)


def test_other_scorers_are_asked(rng):
    y = rng.standard_normal(10)
    guess = rng.standard_normal((3, 10))
    root = metrics.make_scorer(metrics.mean_squared_error)  # of the other sign
    assert _scores.regressions(root, guess, y, {}) is None
    share = metrics.make_scorer(metrics.accuracy_score, normalize=False)
    assert _scores.classifications(share, guess, (y > 0).astype(int), {}) is None
    assert _scores.regressions(metrics.get_scorer("r2"), guess, np.ones(10), {}) is None
