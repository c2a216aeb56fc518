"""C, ONNX and SQL give the scorer's scores to 1e-12."""

import ctypes
import os
import shutil
import sqlite3
import subprocess

import numpy as np
import pytest

from riata import Scorer

TIGHT = {"rtol": 1e-12, "atol": 1e-12}
CC = os.environ.get("CC", "cc")
LINKS = ("identity", "logit", "log", "softmax")


@pytest.fixture(params=LINKS)
def scorer(request, rng):
    shape = (4, 50) if request.param == "softmax" else (50,)
    coef = np.where(rng.random(shape) < 0.3, rng.standard_normal(shape), 0.0)
    names = [f"x {j}" for j in range(49)] + ['odd "name"']
    return Scorer.from_coefficients(coef, 0.25, link=request.param, feature_names=names)


@pytest.fixture
def X(rng):
    return rng.standard_normal((40, 50)) * rng.choice([0.1, 1, 30], (40, 1))


# ---------------------------------------------------------------- C


def compiled(source, tmp_path, name):
    if shutil.which(CC) is None:
        pytest.skip("needs a C compiler")
    file = tmp_path / f"{name}.c"
    file.write_text(source, encoding="utf-8")
    library = tmp_path / f"{name}.so"
    command = [
        CC,
        "-std=c99",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "-shared",
        "-fPIC",
        file,
        "-lm",
        "-o",
        library,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


def called(function, X, outputs):
    doubles = ctypes.POINTER(ctypes.c_double)
    out = np.empty((len(X), outputs))
    for x, to in zip(X, out):
        function(np.ascontiguousarray(x).ctypes.data_as(doubles), to.ctypes.data_as(doubles))
    return out[:, 0] if outputs == 1 else out


def test_c(scorer, X, tmp_path):
    library = compiled(scorer.to_c("churn"), tmp_path, "churn")
    np.testing.assert_allclose(
        called(library.churn_score, X, scorer.n_outputs), scorer.score(X), **TIGHT
    )
    linear = called(library.churn_linear, X, scorer.n_outputs)
    np.testing.assert_allclose(linear, scorer.score(X, link=False), **TIGHT)


def test_c_of_an_empty_model(tmp_path):
    library = compiled(Scorer.from_coefficients(np.zeros(3), 2.0).to_c("none"), tmp_path, "none")
    assert called(library.none_score, np.ones((2, 3)), 1).tolist() == [2, 2]
    with pytest.raises(ValueError, match="name must be a C identifier; got 'a-b'"):
        Scorer.from_coefficients([1.0]).to_c("a-b")


# ---------------------------------------------------------------- ONNX


def test_onnx(scorer, X):
    runtime = pytest.importorskip("onnxruntime")
    for link in (True, False):
        session = runtime.InferenceSession(
            scorer.to_onnx(link=link), providers=["CPUExecutionProvider"]
        )
        got = session.run(["score"], {"X": X})[0]
        np.testing.assert_allclose(
            got.reshape(len(X), -1), scorer.score(X, link=link).reshape(len(X), -1), **TIGHT
        )
    session = runtime.InferenceSession(
        scorer.to_onnx("float32", link=False), providers=["CPUExecutionProvider"]
    )
    got = session.run(["score"], {"X": X.astype("float32")})[0]
    np.testing.assert_allclose(
        got.reshape(len(X), -1),
        scorer.score(X, link=False).reshape(len(X), -1),
        rtol=1e-4,
        atol=1e-3,
    )


def test_onnx_is_sound(scorer):
    onnx = pytest.importorskip("onnx")
    model = onnx.load_model_from_string(scorer.to_onnx())
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node][:3] == ["Gather", "MatMul", "Add"]
    with pytest.raises(ValueError, match="dtype must be 'float64' or 'float32'; got 'int8'"):
        scorer.to_onnx("int8")


# ---------------------------------------------------------------- SQL


def answers(connection, scorer, X, link):
    names = [scorer._model.name(j).replace('"', '""') for j in range(50)]
    columns = ", ".join(f'"{name}" DOUBLE' for name in names)
    connection.execute(f"CREATE TABLE IF NOT EXISTS features ({columns})")
    connection.execute("DELETE FROM features")
    connection.executemany(f"INSERT INTO features VALUES ({', '.join('?' * 50)})", X.tolist())
    rows = np.array(connection.execute(scorer.to_sql(link=link)).fetchall())
    return rows[:, 0] if scorer.n_outputs == 1 else rows


def test_sqlite(scorer, X):
    with sqlite3.connect(":memory:") as connection:
        if "ENABLE_MATH_FUNCTIONS" not in str(
            connection.execute("PRAGMA compile_options").fetchall()
        ):
            connection.create_function("exp", 1, np.exp)
        for link in (True, False):
            np.testing.assert_allclose(
                answers(connection, scorer, X, link), scorer.score(X, link=link), **TIGHT
            )
    connection.close()


def test_duckdb(scorer, X):
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(":memory:") as connection:
        for link in (True, False):
            np.testing.assert_allclose(
                answers(connection, scorer, X, link), scorer.score(X, link=link), **TIGHT
            )


def test_sql_of_many_columns(rng):
    scorer = Scorer.from_coefficients(rng.standard_normal(1500), 1.0)
    x = rng.standard_normal(1500)
    with sqlite3.connect(":memory:") as connection:
        values = ", ".join(f"{value!r} AS x{j}" for j, value in enumerate(x.tolist()))
        query = scorer.to_sql("wide").replace('FROM "wide"', f"FROM (SELECT {values})")
        assert connection.execute(query).fetchone()[0] == pytest.approx(
            scorer.score_one(x), rel=1e-12
        )
    connection.close()


def test_sql_leaves_missing_values_missing_and_quotes_names():
    scorer = Scorer.from_coefficients(
        [1.0, 2.0], feature_names=["a", 'x"; DROP TABLE features; --']
    )
    assert '"x""; DROP TABLE features; --"' in scorer.to_sql()
    plain = Scorer.from_coefficients([1.0, 2.0], link="logit")
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE features (x0, x1)")
        connection.execute("INSERT INTO features VALUES (1, NULL)")
        assert connection.execute(plain.to_sql(link=False)).fetchall() == [(None,)]
    connection.close()
