"""What is shipped is small and holds what it should: python .ci/wheel.py dist"""

import sys
import tarfile
import zipfile
from pathlib import Path

LARGEST = 2_000_000  # bytes of a wheel
SHIPPED = ("riata/py.typed", "riata/_core.pyi", "riata/_score.pyi", "riata/include/riata/score.h")
KEPT = ("/bench/results/", "/tests/score/corpus/", "/.ci/", "/.github/")


def wheel_problems(file: Path) -> list[str]:
    names = set(zipfile.ZipFile(file).namelist())
    found = [f"{file.name}: {name} is missing" for name in SHIPPED if name not in names]
    if file.stat().st_size > LARGEST:
        found.append(f"{file.name}: {file.stat().st_size:,} bytes")
    if "-linux_" in file.name:
        found.append(f"{file.name}: runs on this system only")
    return found


def sdist_problems(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        names = archive.getnames()
    found = [f"{file.name}: {name}" for name in names for part in KEPT if part in f"{name}/"]
    if not any(name.endswith("/CMakeLists.txt") for name in names):
        found.append(f"{file.name}: no CMakeLists.txt")
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    problems = [p for file in wheels for p in wheel_problems(file)]
    problems += [p for file in sdists for p in sdist_problems(file)]
    if not wheels and not sdists:
        problems.append(f"{folder}: nothing to ship")
    for file in [*wheels, *sdists]:
        print(f"{file.stat().st_size:>10,}  {file.name}")
    sys.exit("\n".join(problems) or None)
