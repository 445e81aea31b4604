"""The guide's example runs as it stands, and gives what it says."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "corpora.md"


def test_the_example(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    exec(example, {})
    told = re.findall(r"^# → (.+)$", example, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == told
