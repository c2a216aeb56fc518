"""The types that a caller sees are those that calls return and take."""

import inspect

import numpy as np

import riata
from riata import _path
from riata._class_result import ClassPathResult, TaskPathResult


def test_signatures_by_family_take_what_path_takes():
    taken = set(inspect.signature(riata.path).parameters)
    assert set(_path.PathOptions.__annotations__) == taken - {"X", "y", "family", "grouped"}


def test_families_return_the_results_of_their_signatures(rng):
    X, labels = rng.standard_normal((30, 4)), np.arange(30) % 3
    assert type(riata.path(X, labels, family="multinomial", alphas=3)) is ClassPathResult
    assert type(riata.path(X, X[:, :2], family="multi-gaussian", alphas=3)) is TaskPathResult
