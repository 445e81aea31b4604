"""NeMo Guardrails has no release for Python 3.14 (its metadata: below 3.14)."""

import sys

collect_ignore = ["test_nemo.py"] if sys.version_info >= (3, 14) else []
