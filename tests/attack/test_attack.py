"""A few thousand of the attack's problems; ``make attack N=100000`` tries more."""

import pytest

from .__main__ import Worker, lost

CHUNK, CHUNKS = 100, 15


@pytest.fixture(scope="module")
def worker():
    found = Worker()
    yield found
    found.close()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_claim_is_false(worker, chunk):
    failures = []
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        result = worker.ask(str(seed))
        if isinstance(result, str):
            result = lost(seed, result)
        failures += [(seed, *fault) for fault in result["faults"][:1]]
    assert not failures, "python -m tests.attack 1 SEED shrinks them:\n" + "\n".join(
        map(str, failures)
    )
