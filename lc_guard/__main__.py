"""``python -m lc_guard`` is ``lc-guard``."""

from __future__ import annotations

import sys

from lc_guard.cli import main

if __name__ == "__main__":
    sys.exit(main())
