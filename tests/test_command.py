"""``python -m riata``: the text that the functions print, from files."""

import subprocess
import sys

import numpy as np
import pytest

import riata
from riata import _command

pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    n = 90
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["age", "size", "rate"])
    frame["town"] = rng.choice(["Bonn", "Lyon", "Turin"], n)
    frame["note"] = [f"row {i}" for i in range(n)]
    frame["price"] = 2 * frame["age"] + (frame["town"] == "Lyon") + 0.5 * rng.standard_normal(n)
    frame.loc[3:8, "size"] = np.nan
    frame.loc[5, "town"] = None
    frame.loc[0, "price"] = np.nan
    path = tmp_path_factory.mktemp("data") / "homes.csv"
    frame.to_csv(path, index=False)
    return path


def test_advise_reads_a_file_and_writes_a_model_for_stress(table, tmp_path, capsys):
    model = tmp_path / "model.riata"
    options = ["--target", "price", "--repeats", "1", "--cv", "4", "--save", str(model)]
    assert _command.main(["advise", str(table), *options]) == 0
    text = capsys.readouterr().out
    assert "1 rows have no price and are left out" in text
    assert "indicators, one for each text: town (3)" in text
    assert "too many differ: note" in text
    assert "Take " in text
    assert "values are missing in size" in text
    assert "town=Lyon" in riata.Scorer.load(model).columns
    stress = ["stress", str(model), str(table), "--target", "price", "--kinds", "missing", "shift"]
    assert _command.main(stress) == 0
    text = capsys.readouterr().out
    assert "worst: age" in text
    assert "Missing values are the means of their columns" in text
    data = _command.read(str(table), "price", None, None, [])
    from riata._impute import missing_in

    assert text.endswith(
        f"{riata.stress(model, missing_in(data.X)[0], data.y, ['missing', 'shift'])}\n"
    )


def test_it_runs_as_a_module(table):
    command = [
        sys.executable,
        "-m",
        "riata",
        "advise",
        str(table),
        "--target",
        "price",
        "--repeats",
        "1",
        "--cv",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "the target is price" in done.stdout
    assert "Take " in done.stdout


def test_what_is_wrong_is_said_without_a_traceback(table, capsys):
    assert _command.main(["advise", str(table), "--target", "cost"]) == 2
    assert "has no column 'cost'" in capsys.readouterr().err
    assert _command.main(["advise", "nowhere.csv", "--target", "y"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err
