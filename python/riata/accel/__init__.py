"""scikit-learn's own estimators on riata, without a changed line: see docs/accelerate.md.

>>> import riata
>>> from sklearn.linear_model import Lasso
>>> with riata.patch_sklearn():
...     model = Lasso(alpha=0.1).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
>>> type(model).__module__.split(".")[0], model.certificate_["status"]
('sklearn', 'converged')
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from ._reasons import Fallback, Report, reset
from ._switch import OFF, Settings, Switch

__all__ = [
    "Fallback",
    "Report",
    "explain",
    "is_patched",
    "load_ipython_extension",
    "patch_sklearn",
    "report",
    "reset",
    "unload_ipython_extension",
    "unpatch_sklearn",
]


def patch_sklearn(
    names: str | Iterable[str] | None = None, strict: bool = False, log: str = "warning"
) -> Switch:
    """Let scikit-learn's own estimators be fitted by riata.

    ``fit`` is replaced in place: classes, pickles, clones, subclasses and names imported before stay what they are. Whatever riata does
    not take is fitted by scikit-learn as ever, with one sentence to the logger ``riata.accel`` that says why.

    Parameters
    ----------
    names : str or iterable of str, optional
        Classes and functions to patch; by default all: Lasso, ElasticNet, MultiTaskLasso, MultiTaskElasticNet and their CV classes,
        Ridge, RidgeClassifier, RidgeCV, RidgeClassifierCV, LogisticRegression, LogisticRegressionCV, PoissonRegressor, lasso_path,
        enet_path, and the searches GridSearchCV, RandomizedSearchCV and validation_curve over their penalties.
    strict : bool, default=False
        Raise `riata.accel.Fallback` where scikit-learn would be used.
    log : {"debug", "info", "warning", "error"}, default="warning"
        Level at which a reason is logged for the first time; repetitions are for debugging.

    Returns
    -------
    switch : context manager
        Left alone, the patch stays on: called in the main thread for all threads, elsewhere for that thread. As a context manager it
        holds for the block, in its context only, and nests.

    Raises
    ------
    ValueError
        If a name is none of those, or the level is unknown.

    See Also
    --------
    unpatch_sklearn : The way back.

    Examples
    --------
    >>> import riata
    >>> with riata.patch_sklearn(names=["Lasso", "LassoCV"]):
    ...     pass
    """
    from . import _install

    known = {*_install.CLASSES, *_install.FUNCTIONS, *_install.SEARCHES}
    wanted = None if names is None else frozenset([names] if isinstance(names, str) else names)
    for name in sorted(wanted or ()):
        if name not in known:
            raise ValueError(f"names must be among {', '.join(sorted(known))}; got {name!r}")
    level = logging.getLevelNamesMapping().get(str(log).upper())
    if level is None:
        raise ValueError(f"log must be 'debug', 'info', 'warning' or 'error'; got {log!r}")
    _install.install()
    return Switch(Settings(names=wanted, strict=strict, level=level))


def unpatch_sklearn() -> Switch:
    """Let scikit-learn fit its estimators itself again.

    Returns
    -------
    switch : context manager
        As that of `patch_sklearn`: left alone it stays.

    See Also
    --------
    patch_sklearn : Lets riata fit them.

    Examples
    --------
    >>> import riata
    >>> with riata.patch_sklearn(), riata.unpatch_sklearn():
    ...     riata.accel.is_patched()
    False
    """
    return Switch(OFF)


def is_patched() -> bool:
    """Whether scikit-learn's estimators are fitted by riata here."""
    from ._switch import active

    return active() is not None


def explain(estimator: Any, X: Any, y: Any = None, sample_weight: Any = None) -> str:
    """Say whether a fit would run on riata, without fitting.

    Parameters
    ----------
    estimator : estimator of scikit-learn's
        One of the classes that `patch_sklearn` names, or a search over one.
    X, y, sample_weight
        As `fit` takes them.

    Returns
    -------
    sentence : str
    """
    from ._explain import explain as sentence

    return sentence(estimator, X, y, sample_weight)


def report(compare: bool = False) -> Report:
    """What was done with the fits since the start, or since `reset`; prints as a table.

    Fits in worker processes are counted there.

    Parameters
    ----------
    compare : bool, default=False
        Fit the last models whose data are still there by scikit-learn as well, and certify both answers.

    Returns
    -------
    report : Report
    """
    from ._explain import compared
    from ._reasons import summary

    return Report(summary(), compared() if compare else None)


def load_ipython_extension(_: Any) -> None:
    """``%load_ext riata.accel``: patch for the session."""
    patch_sklearn()


def unload_ipython_extension(_: Any) -> None:
    """``%unload_ext riata.accel``."""
    unpatch_sklearn()
