"""Random tests draw many problems; the first of them are enough where only the instruction set or the compiler's flags differ."""

import pytest


def draws(count, first=1, start=0):
    """The numbers from `start` on as parameters; all after the `first` ones bear the mark `further`."""
    return [
        pytest.param(k, marks=[pytest.mark.further] if k >= start + first else [])
        for k in range(start, start + count)
    ]
