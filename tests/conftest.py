"""What every test shares: reproducible randomness, no display, which build is under test."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("riata", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("riata")


def is_sanitized() -> bool:
    """Whether the extension runs under AddressSanitizer, where times mean nothing."""
    return "libasan" in os.environ.get("LD_PRELOAD", "")


@pytest.fixture
def rng(request):
    """A generator seeded by the test's own name: the same in any order and in any selection."""
    return np.random.default_rng(list(request.node.nodeid.encode()))


@pytest.fixture
def sanitized() -> bool:
    return is_sanitized()
