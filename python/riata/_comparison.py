"""Two cross-validated models side by side, fold by fold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ._state import portable


@portable
@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much one model's held-out loss is above another's, and how sure that is.

    Parameters
    ----------
    difference : float
        Mean over the folds of the first model's loss less the second's: above 0 the second is better. With `scoring` the loss is the
        negative score.
    std_error : float
        Its corrected standard error: the standard deviation over J folds times ``sqrt(1/J + n_test/n_train)``; NaN for one fold.
        Training sets share most of their rows, so folds are not independent, and repeats of them are less so.
    n_folds : int
        J.

    See Also
    --------
    CVResult.compare : Makes it.

    References
    ----------
    Nadeau and Bengio (2003), *Inference for the generalization error*.

    Examples
    --------
    >>> import riata
    >>> riata.Comparison(0.3, 0.1, 10).t.__round__(1)
    3.0
    """

    difference: float
    std_error: float
    n_folds: int

    @property
    def t(self) -> float:
        """``difference / std_error``: beyond 2 in size few such verdicts are wrong, below 1 there is none to be had."""
        if self.difference == 0:
            return 0.0
        return (
            self.difference / self.std_error
            if self.std_error != 0
            else math.copysign(math.inf, self.difference)
        )

    def __str__(self) -> str:
        return f"{self.difference:.4g} +- {self.std_error:.2g} (t = {self.t:.2f}, {self.n_folds} folds)"
