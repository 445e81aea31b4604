"""A block of a page in a process of its own: ``python -m tests.support.fresh BLOCK REQUESTS``.

As pasted into a fresh session: an empty folder, no name of a block before. What models are sent is noted beside it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.support.received import Received, recording


def main() -> None:
    """Run the block of a file; write what models were sent into another."""
    block, requests = map(Path, sys.argv[1:])
    received, code = Received(), block.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)
        with recording(received):
            exec(compile(code, "pasted", "exec", dont_inherit=True), {"__name__": "__main__"})
    requests.write_text(json.dumps(received.take()), encoding="utf-8")


if __name__ == "__main__":
    main()
