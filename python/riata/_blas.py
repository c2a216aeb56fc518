"""How many threads the BLAS of NumPy and SciPy may use: what the caller of a fit asked for, fewer where more would not pay."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

from ._problem import Problem

# Side of a square matrix up to which a factorisation gains next to nothing by a second thread, which then keeps a core from
# others for a while.
SMALL_SIDE = 400
# Entries of a matrix up to which no BLAS wakes a second thread.
SMALL = 2500
NOTHING = nullcontext()

# The threads of a BLAS belong to the process, as a rule: limits of fits that overlap in several Python threads would restore one
# another. Whoever comes while another thread has set them goes by those.
_turn = threading.RLock()
_libraries: dict[bool, Any] = {}

P = ParamSpec("P")
R = TypeVar("R")


def _controller() -> Any:
    """Of every BLAS that is loaded. SciPy brings one of its own, with its linear algebra, which is imported when it is wanted."""
    has_scipy = "scipy.linalg" in sys.modules
    if has_scipy not in _libraries:
        from threadpoolctl import ThreadpoolController

        _libraries[has_scipy] = ThreadpoolController().select(user_api="blas")
    return _libraries[has_scipy]


@contextmanager
def _at_most(n_threads: int) -> Iterator[None]:
    if not _turn.acquire(blocking=False):
        yield
        return
    try:
        controller = _controller()
        above = [lib.filepath for lib in controller.lib_controllers if lib.num_threads > n_threads]
        with controller.select(filepath=above).limit(limits=n_threads) if above else NOTHING:
            yield
    finally:
        _turn.release()


def for_problem(problem: Problem) -> Any:
    """Within, BLAS uses at most the problem's number of threads; one beside a small n x n side, since what is long is the core's."""
    n, p = problem.X.shape
    if n * p <= SMALL:
        return NOTHING
    return _at_most(1 if n < p and n <= SMALL_SIDE else problem.n_threads)


def for_side(side: int) -> Any:
    """Within, BLAS factorises matrices of this (smaller) side: on one thread if they are small."""
    return _at_most(1) if SMALL < side * side <= SMALL_SIDE**2 else NOTHING


def limited(
    function: Callable[Concatenate[Problem, P], R],
) -> Callable[Concatenate[Problem, P], R]:
    """The function, within the limits for the problem that it takes first."""

    @functools.wraps(function)
    def within(problem: Problem, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if problem.X.size <= SMALL:  # not even the time for a context
            return function(problem, *args, **kwargs)
        with for_problem(problem):
            return function(problem, *args, **kwargs)

    return within
