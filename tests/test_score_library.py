"""The scoring library as C and C++ programs use it: header, archive, CMake package, pkg-config, examples, hard conditions."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import riata

ROOT = Path(__file__).parents[1]
SCORE = Path(__file__).parent / "score"
EXAMPLES = ROOT / "examples" / "score"
PACKAGE = Path(riata.__file__).parent
ARCHIVE = PACKAGE / "lib" / "libriata_score.a"
CC, CXX = os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")

pytestmark = [
    pytest.mark.house,
    pytest.mark.skipif(
        shutil.which(CC) is None or shutil.which(CXX) is None, reason="needs a C and a C++ compiler"
    ),
]


@pytest.fixture(autouse=True)
def plain_build(sanitized):
    if sanitized:
        pytest.skip("programs of their own are checked by .ci/fuzz")


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, **{"text": True, **options}
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """(path, scorer) of a model with names."""
    rng = np.random.default_rng(2)
    coef = np.where(rng.random(30) < 0.5, rng.standard_normal(30), 0.0)
    scorer = riata.Scorer.from_coefficients(
        coef, 0.5, link="logit", feature_names=[f"x{j}" for j in range(30)]
    )
    path = tmp_path_factory.mktemp("model") / "model.riata"
    scorer.save(path)
    return path, scorer


def requests_and_answers(scorer, rng):
    lines, wanted = [], []
    for _ in range(20):
        picked = rng.choice(30, 6, replace=False)
        values = rng.standard_normal(6)
        row = np.zeros(30)
        row[picked] = values
        lines.append(" ".join(f"x{j}={value!r}" for j, value in zip(picked, values.tolist())))
        wanted.append(scorer.score_one(row))
    return "\n".join(lines) + "\n", wanted


# ---------------------------------------------------------------- programs


def test_the_c_example_links_without_a_cpp_library(model, tmp_path, rng):
    path, scorer = model
    program = tmp_path / "service"
    strict = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
    run(
        CC,
        *strict,
        "-I",
        riata.get_include(),
        EXAMPLES / "service.c",
        ARCHIVE,
        "-lm",
        "-o",
        program,
    )
    requests, wanted = requests_and_answers(scorer, rng)
    got = [float(line) for line in run(program, path, input=requests).splitlines()]
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
    answers = run(program, path, input="x1=2 age=3\nx1\nx1=nan\nx0=\n").splitlines()
    assert answers[0].startswith("error: age=3: the model knows no such name")
    assert answers[1].startswith("error: x1 is no name=value")
    assert "error" in answers[3]
    refused = subprocess.run([program, EXAMPLES / "service.c"], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "no riata model file" in refused.stderr


def test_examples_build_with_the_cmake_package(model, tmp_path, rng):
    cmake = shutil.which(
        "cmake", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if cmake is None:
        pytest.skip("needs CMake")
    path, scorer = model
    run(cmake, "-S", EXAMPLES, "-B", tmp_path, f"-Driata_DIR={riata.get_cmake_dir()}")
    run(cmake, "--build", tmp_path)
    X = rng.standard_normal((25, 30))
    got = run(tmp_path / "batch", path, input=X.tobytes(), text=False).split()
    assert [float(value) for value in got] == pytest.approx(scorer.score(X).tolist(), rel=1e-12)
    requests, wanted = requests_and_answers(scorer, rng)
    got = run(tmp_path / "service", path, input=requests).split()
    assert [float(value) for value in got] == pytest.approx(wanted, rel=1e-12)


def test_pkg_config(tmp_path):
    pkg_config = shutil.which("pkg-config")
    if pkg_config is None:
        pytest.skip("needs pkg-config")
    variables = {**os.environ, "PKG_CONFIG_PATH": str(PACKAGE / "lib" / "pkgconfig")}
    flags = run(pkg_config, "--cflags", "--libs", "riata-score", env=variables).split()
    run(CC, EXAMPLES / "service.c", *flags, "-o", tmp_path / "service")
    assert (
        run(pkg_config, "--modversion", "riata-score", env=variables).strip() == riata.__version__
    )


def test_the_header_is_c_and_cpp(tmp_path):
    for compiler, language, standard in ((CC, "c", "c99"), (CXX, "c++", "c++11")):
        run(
            compiler,
            "-x",
            language,
            f"-std={standard}",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-fsyntax-only",
            "-I",
            riata.get_include(),
            "-",
            input="#include <riata/score.h>\nriata_error e;\nint main(void) { return sizeof e != 256; }\n",
        )


def test_the_interface_stays():
    """Functions are added, never removed or changed: programs compiled against an older header go on working."""
    header = (ROOT / "cpp" / "score" / "score.h").read_text(encoding="utf-8")
    declared = set(re.findall(r"RIATA_API [^;(]*?(riata_\w+)\(", header))
    first = (SCORE / "interface-1.txt").read_text(encoding="utf-8").split()
    assert set(first) <= declared
    if shutil.which("nm") and sys.platform.startswith("linux"):
        symbols = run("nm", "--defined-only", "--extern-only", "--format=posix", ARCHIVE)
        exported = set(re.findall(r"^(riata_\w+) T", symbols, re.MULTILINE))
        assert declared == exported


def test_the_archive_needs_libc_only():
    if shutil.which("nm") is None or not sys.platform.startswith("linux"):
        pytest.skip("needs nm on Linux")
    symbols = run("nm", "--undefined-only", "--format=posix", ARCHIVE)
    needed = {line.split()[0] for line in symbols.splitlines() if " U" in line}
    assert not [
        name
        for name in needed
        if name.startswith(("_Zn", "_Zd", "_ZSt", "_ZNSt", "__cxa", "__gxx", "Py"))
    ]


# ---------------------------------------------------------------- hard conditions


def build(tmp_path, *sources, flags=()):
    program = tmp_path / "program"
    files = [SCORE / source for source in sources]
    run(
        CXX,
        "-std=c++20",
        "-O1",
        "-pthread",
        "-I",
        ROOT / "cpp",
        *files,
        *flags,
        ARCHIVE,
        "-lm",
        "-o",
        program,
    )
    return program


def test_the_kth_allocation_fails(model, tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("needs the linker's --wrap")
    program = build(
        tmp_path, "allocations.cpp", flags=["-Wl,--wrap=malloc,--wrap=aligned_alloc,--wrap=free"]
    )
    assert run(program, model[0]) == "fine\n"


def test_eight_threads_share_a_handle(tmp_path):
    assert run(build(tmp_path, "threads.cpp")) == "fine\n"


@pytest.mark.parametrize(
    ("target", "kind", "runs"),
    [("fuzz_open.cpp", "riata", 20_000), ("fuzz_score.cpp", "bin", 2_000)],
)
def test_fuzz_targets_run_over_the_corpus(tmp_path, target, kind, runs):
    program = build(tmp_path, target, "driver.cpp")
    files = sorted((SCORE / "corpus").glob(f"*.{kind}"))
    assert files
    assert run(program, 0, runs, *files) == f"{runs} inputs\n"
