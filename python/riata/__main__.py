"""``python -m riata advise data.csv --target y`` and ``python -m riata stress model.riata data.csv --target y``."""

from __future__ import annotations

import sys

from ._command import main

if __name__ == "__main__":
    sys.exit(main())
