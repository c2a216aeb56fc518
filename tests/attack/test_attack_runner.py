"""What feeds the judge: seeds give the same case again, cases are written and shrunk, processes that hang are killed."""

import subprocess
import sys

import numpy as np
import pytest

from . import __main__ as runner
from .problems import draw
from .script import as_python
from .shrink import shrink
from .store import from_json, kept, to_json
from .worker import report, shrunk, verdict_of

pytestmark = pytest.mark.house


def test_a_seed_is_a_case():
    for seed in range(200):
        one, two = draw(seed), draw(seed)
        assert to_json(one) == to_json(two)
        assert np.isfinite(one.X).all()
        assert np.isfinite(np.asarray(one.y, float)).all()


def test_cases_are_kept_to_the_last_bit():
    for seed in range(100):
        case, more = from_json(to_json(draw(seed), kind="false"))
        assert more == {"kind": "false"}
        assert to_json(case) == to_json(draw(seed))
        assert case.X.dtype == draw(seed).X.dtype


def test_scripts_are_python():
    for seed in range(100):
        compile(as_python(draw(seed)), "case", "exec")


def test_every_part_of_the_domain_is_drawn():
    cases = [draw(seed) for seed in range(600)]
    assert {case.entry for case in cases} == {"path", "estimator", "check", "cv", "cv-estimator"}
    assert len({case.family for case in cases}) == 5
    assert len({case.layout for case in cases}) == 7
    for name in ("sample_weight", "offset", "penalty_weights", "l2_weights", "lower", "upper"):
        assert any(getattr(case.terms, name) is not None for case in cases)
    sizes = [np.abs(case.X[case.X != 0]) for case in cases if case.X.any()]
    assert min(size.min() for size in sizes) < 1e-140
    assert max(size.max() for size in sizes) > 1e140
    assert any(np.any(case.alphas == 0) for case in cases)


def test_failing_cases_shrink():
    def fails(case):
        return bool((np.abs(case.X) > 1e5).any())

    case = next(case for case in map(draw, range(1000)) if fails(case) and case.X.size > 20)
    small = shrink(case, fails)
    assert fails(small)
    assert small.X.size <= 3
    assert small.terms.sample_weight is None
    assert small.layout == "C"


def test_a_worker_reports_a_problem():
    said = []
    result = report(3, said.append)
    assert said == ["asked"]
    assert result["family"] == draw(3).family
    assert result["claims"] > 0


def test_a_failure_becomes_a_line(monkeypatch):
    from . import calls

    case = draw(3)
    monkeypatch.setattr(calls, "ask", lambda case: calls.Answer(error="KeyError: 'planted'"))
    small = shrunk(3, "exception")
    assert "planted" in small["text"]
    again, more = from_json(small["line"])
    assert more["kind"] == "exception"
    assert again.X.size < case.X.size or case.X.size == 1
    assert verdict_of(again)[0].faults[0].kind == "exception"


def test_processes_that_hang_are_killed(monkeypatch):
    def stuck(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import sys\nfor line in sys.stdin:\n while True: pass"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.rest = b""

    monkeypatch.setattr(runner.Worker, "start", stuck)
    monkeypatch.setattr(runner, "LIMIT", -2.9)
    worker = runner.Worker()
    assert worker.ask("7") == "hang"
    assert worker.process is None
    assert runner.lost(7, "hang")["faults"]


@pytest.mark.parametrize("i", range(len(kept())))
def test_kept_cases_are_mended(i):
    case, about = kept()[i]
    assert not verdict_of(case)[0].faults, about
