"""Runs the whole gallery, a process for each."""

import subprocess
import sys
from pathlib import Path

for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    print(f"\n=== {file.stem}", flush=True)
    subprocess.run(
        [sys.executable, "-m", f"examples.gallery.{file.stem}", *sys.argv[1:]], check=True
    )
