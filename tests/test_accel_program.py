"""Programs that know nothing of riata, run with riata.accel: the command, the environment variable, the notebook's extension."""

import subprocess
import sys

import pytest

from riata.accel import __main__ as command
from riata.accel import _startup, load_ipython_extension, unload_ipython_extension

PROGRAM = (
    "import sys; from sklearn.linear_model import Lasso;"
    "print(Lasso(alpha=0.1).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]).certificate_['status'], *sys.argv[1:])"
)


def python(*arguments):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def test_a_script_runs_with_its_arguments_and_a_report(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    done = python("-m", "riata.accel", "--report", str(script), "-v", "x")
    assert done.stdout.split() == ["converged", "-v", "x"]
    assert "Lasso" in done.stderr


def test_the_environment_patches_what_is_imported_later():
    code = f"import riata.accel._startup as s; exec({_startup.LINE!r}); s.wait(); {PROGRAM}"
    assert python("-c", code).stdout.split() == ["converged"]


@pytest.mark.parametrize("arguments", [[], ["-v"], ["-c"], ["--wrong", "x.py"]])
def test_what_is_wrong_with_a_command_is_said(arguments, capsys):
    assert command.main(arguments) == 2
    assert "python -m riata.accel [-v]" in capsys.readouterr().err


def test_the_line_in_site_packages_comes_and_goes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_startup.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setenv("RIATA_ACCEL", "1")
    for action in ("enable", "status", "disable", "status"):
        assert command.main([action]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[1::2]] == ["on", "off"]
    assert list(tmp_path.iterdir()) == []


def test_the_notebook_extension_switches():
    from riata.accel import is_patched

    load_ipython_extension(None)
    assert is_patched()
    unload_ipython_extension(None)
    assert not is_patched()
