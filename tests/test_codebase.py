"""The rules of the repository: who may include or import whom, symbols, one version, documents."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

ROOT = Path(__file__).parents[1]
CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "riata"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# A room may include itself and the rooms named here. Every arrow points down.
ROOMS = {
    "kernels": set(),
    "parallel": set(),
    "score": set(),
    "design": {"kernels", "parallel"},
    "model": {"kernels", "parallel"},
    "solver": {"kernels", "parallel", "design", "model"},
    "path": {"kernels", "parallel", "design", "model", "solver"},
    "bindings": {"kernels", "parallel", "design", "model", "solver", "path", "score"},
}

# The Python modules from the ground up: a module may import the modules of earlier lines.
STOREYS = [
    {
        "_core",
        "_score",
        "_numeric",
        "_deviance",
        "_linear_model",
        "exceptions",
        "_drawing",
        "_state",
        "_table",
        "_links",
    },
    {"plotting"},
    {"_compressed", "_exports", "_model_file", "_tables"},
    {"_validation", "_parameters", "_callbacks", "_legacy_shapes"},
    {"_selection"},
    {"_labels", "_budget", "_splits"},
    {"_problem"},
    {"_fit", "_blas", "_metadata", "_stress_sums"},
    {"_spreads"},
    {"_summary", "_views"},
    {"_linear", "_annealing", "_grams", "_linalg", "_units", "_objective", "_grid"},
    {"_classifier", "_scores", "_handed_out"},
    {"_scorers"},
    {"_ridge_system"},
    {"_config", "_result", "_ridge", "scales"},
    {"_least_norm"},
    {"_routes", "_class_result", "_kept_path", "_separation", "_cv_views"},
    {"_wide", "_ridge_folds", "_one_class"},
    {"_rotated"},
    {
        "_path",
        "_single",
        "_classes",
        "_folds",
        "_leave_one_out",
        "_criteria",
    },
    {"_comparison", "_two_stage"},
    {"_cv_result", "_class_folds", "_class_curves", "_collinearity", "_advise_checks"},
    {"_cv", "_held_out_losses"},
    {"_race", "_impute"},
    {"_advice"},
    {"_advise_reasons"},
    {"_estimator"},
    {
        "regression",
        "classification",
        "counts",
        "multi_task",
        "scoring",
        "cv",
        "ridge_cv",
        "criteria",
    },
    {"logistic_cv", "multi_task_cv", "two_stage", "stability"},
    {"diagnostics", "_stress", "_advise_models"},
    {"_cap_weights", "_prior", "_advise_setup"},
    {"_advise_goals"},
    {"_advise"},
    {"_command"},
    {"accel"},
    {"__init__", "__main__"},
]
# The same inside riata.accel, whose modules may import any of riata's.
ACCEL = [
    {"_switch"},
    {"_reasons"},
    {"_common", "_sklearn"},
    {"_wrap"},
    {"_descent", "_logistic", "_ridges"},
    {"_descent_cv", "_logistic_cv", "_glm", "_paths", "_search_paths"},
    {"_search"},
    {"_workers"},
    {"_install"},
    {"_explain"},
    {"__init__"},
    {"_startup"},
    {"__main__"},
]
ASKS_THE_EXTENSION = {
    "_core": {"_fit"},
    "_score": {"scoring", "_model_file", "_linear", "_budget"},
}
MAX_LINES = 400


def cpp_files():
    return sorted(f for ext in ("*.hpp", "*.cpp", "*.h") for f in CPP.rglob(ext))


def documents():
    return sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def includes(file):
    """(line, name, quoted) of every #include in a file."""
    for i, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if m := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            yield i, m[2], m[1] == '"'


def complain(problems):
    assert not problems, "\n" + "\n".join(problems)


# ---------------------------------------------------------------- C++


def test_every_room_is_known():
    assert {d.name for d in CPP.iterdir() if any(d.rglob("*.?pp"))} <= set(ROOMS)


def test_cpp_includes_point_down():
    problems = []
    for file in cpp_files():
        room = file.relative_to(CPP).parts[0]
        for line, name, quoted in includes(file):
            if not quoted:
                continue
            where = f"{file.relative_to(ROOT)}:{line}"
            target = file.parent / name if "/" not in name else CPP / name
            if not target.exists():
                problems.append(f'{where}: "{name}" is neither beside the file nor under cpp/')
                continue
            other = target.resolve().relative_to(CPP).parts[0]
            if other != room and other not in ROOMS[room]:
                problems.append(f"{where}: {room} must not include {other}")
    complain(problems)


def test_only_bindings_know_python():
    python = re.compile(r"(pybind11|numpy)/|Python\.h")
    complain(
        [
            f"{file.relative_to(ROOT)}:{line}: <{name}> outside cpp/bindings"
            for file in cpp_files()
            if file.relative_to(CPP).parts[0] != "bindings"
            for line, name, _ in includes(file)
            if python.match(name)
        ]
    )


def test_headers_are_guarded_and_cpp_never_prints():
    problems = []
    for file in cpp_files():
        text = file.read_text(encoding="utf-8")
        if file.suffix in {".hpp", ".h"} and "#pragma once" not in text and "#ifndef" not in text:
            problems.append(f"{file.relative_to(ROOT)}: no include guard")
        problems += [
            f"{file.relative_to(ROOT)}: {word}: the core never prints"
            for word in ("<iostream>", "std::cout", "std::cerr", "printf(")
            if re.search(r"(?<![a-z])" + re.escape(word), text)
        ]
    complain(problems)


# ---------------------------------------------------------------- symbols


def build_directory():
    """The newest build tree that is not instrumented, or None."""
    found = []
    for cache in (ROOT / "build").glob("*/CMakeCache.txt"):
        if re.search(r"^RIATA_SANITIZE:BOOL=(ON|1|TRUE)$", cache.read_text(), re.MULTILINE):
            continue
        found.append(cache)
    return max(found, key=lambda c: c.stat().st_mtime).parent if found else None


def symbols(file, *options):
    """(kind, name) pairs as nm prints them."""
    out = subprocess.run(
        ["nm", "--format=posix", *options, str(file)], check=True, capture_output=True, text=True
    ).stdout
    return [
        (line.split()[1], line.split()[0]) for line in out.splitlines() if len(line.split()) > 1
    ]


needs_nm = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("nm") is None, reason="needs nm on Linux"
)


@needs_nm
def test_kernel_objects_export_one_symbol_and_share_none():
    build = build_directory()
    objects = sorted(build.glob("CMakeFiles/kernels_*.dir/**/*.o")) if build else []
    if not objects:
        assert "CI" not in os.environ, "no build tree with kernel objects under build/"
        pytest.skip("no build tree with kernel objects under build/")
    problems = []
    for file in objects:
        isa = next(part for part in file.parts if part.startswith("kernels_"))
        exported = [name for kind, name in symbols(file, "--defined-only", "--extern-only")]
        if len(exported) != 1:
            problems.append(f"{isa} exports {exported}, not one table")
        # A weak symbol could replace baseline code by code for a newer processor.
        weak = [name for kind, name in symbols(file) if kind in "WwVvu"]
        problems += [f"{isa} has the weak symbol {name}" for name in weak]
        library = [name for kind, name in symbols(file) if kind == "U" and name.startswith("_Z")]
        problems += [f"{isa} calls {name}" for name in library]
    complain(problems)


@needs_nm
def test_extension_exports_its_initialiser_only(sanitized):
    if sanitized:
        pytest.skip("an instrumented build exports more")
    for name in ("_core", "_score"):
        module = pytest.importorskip(f"riata.{name}")
        exported = [symbol for _, symbol in symbols(module.__file__, "--dynamic", "--defined-only")]
        assert exported == [f"PyInit_{name}"]


# ---------------------------------------------------------------- Python


def imports(file):
    """(line, module) of every import of a riata module, by its first name inside the package."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level == 1:
                names = [module] if module else [alias.name for alias in node.names]
            elif node.level == 0 and module == "riata":
                names = [alias.name for alias in node.names]
            elif node.level == 0 and module.startswith("riata."):
                names = [module.removeprefix("riata.")]
            else:
                continue
            yield from ((node.lineno, name.split(".")[0]) for name in names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "riata":
                    yield node.lineno, (alias.name.split(".") + ["__init__"])[1]


def storey(name, storeys):
    return next((i for i, names in enumerate(storeys) if name in names), None)


FLOORS = {PACKAGE: STOREYS, PACKAGE / "accel": ACCEL}


def test_every_python_module_has_its_place():
    problems = []
    for folder, storeys in FLOORS.items():
        unknown = {f.stem for f in folder.glob("*.py")} - set().union(*storeys)
        problems += [f"{folder.name}: {name}" for name in sorted(unknown)]
    problems += [f"{f.relative_to(ROOT)}" for f in PACKAGE.rglob("*.py") if f.parent not in FLOORS]
    complain(problems)


def test_python_imports_point_down():
    complain(
        [
            f"{file.relative_to(ROOT)}:{line}: {file.stem} must not import {name}"
            for folder, storeys in FLOORS.items()
            for file in sorted(folder.glob("*.py"))
            for line, name in imports(file)
            if storey(name, storeys) is not None
            and storey(name, storeys) >= storey(file.stem, storeys)
        ]
    )


def test_one_module_talks_to_the_extension():
    complain(
        [
            f"{file.relative_to(ROOT)}:{line}: only {sorted(ASKS_THE_EXTENSION[name])} import {name}"
            for file in sorted(PACKAGE.glob("*.py"))
            for line, name in imports(file)
            if name in ASKS_THE_EXTENSION and file.stem not in ASKS_THE_EXTENSION[name]
        ]
    )


def test_import_is_light():
    code = (
        "import sys, riata; heavy = {'scipy', 'sklearn', 'matplotlib', 'pandas', 'tqdm'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_types_ship():
    assert (PACKAGE / "py.typed").exists()
    assert (PACKAGE / "_core.pyi").exists()
    assert (PACKAGE / "_score.pyi").exists()


# ---------------------------------------------------------------- one version, sizes, documents


def test_one_version():
    version = PYPROJECT["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)[1] == version
    riata = pytest.importorskip("riata")
    assert riata.__version__ == version
    assert riata._core.config()["version"] == version


def docstring_lines(tree):
    """How many lines of a Python file are docstrings."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds) and ast.get_docstring(node)]
    return sum(node.body[0].end_lineno - node.body[0].lineno + 1 for node in nodes)


def test_no_file_is_too_long():
    problems = []
    for file in [*cpp_files(), *sorted(PACKAGE.rglob("*.py"))]:
        text = file.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if file.suffix == ".py":
            lines -= docstring_lines(ast.parse(text))
        if lines > MAX_LINES:
            problems.append(f"{file.relative_to(ROOT)}: {lines} lines > {MAX_LINES}")
    complain(problems)


def test_linters_have_one_version():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pinned = set(re.findall(r'"([a-z-]+==[\d.]+)"', hooks))
    assert pinned
    assert pinned <= set(PYPROJECT["dependency-groups"]["lint"])


def test_documents_name_targets_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    problems = []
    for document in documents():
        text = document.read_text(encoding="utf-8")
        code = re.findall(r"`([^`\n]+)`", text) + re.findall(
            r"^```[a-z]*\n(.*?)^```", text, re.M | re.S
        )
        for target in re.findall(r"(?:^|\s)make ([a-z-]+)", "\n".join(code)):
            if target not in targets:
                problems.append(f"{document.relative_to(ROOT)}: make {target} does not exist")
    complain(problems)


def test_links_between_documents_lead_somewhere():
    problems = []
    for document in documents():
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", link) or link.startswith("#"):
                continue
            if not (document.parent / link.split("#")[0]).exists():
                problems.append(f"{document.relative_to(ROOT)}: {link}")
    complain(problems)


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {f.name for f in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= set(re.findall(r"\]\(([^)#]+)", index))
