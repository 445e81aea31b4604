"""No file holds what a merge left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import lc_guard

ROOTS = {Path(__file__).parents[1], Path(lc_guard.__file__).parent}
TEXTS = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".json", ".ipynb", ".cfg", ".svg", ""}
NOT_OURS = re.compile(r"\.(?!ci$|github$).*|build|dist|node_modules|.*venv.*|.*\.egg-info|__pycache__")
# Two of the three lines: a row of equals signs alone underlines headings.
MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)


def texts_in(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if not NOT_OURS.fullmatch(path.name):
                yield from texts_in(path)
        elif path.suffix in TEXTS and path.is_file():
            yield path


def test_no_merge_markers() -> None:
    files = [path for root in ROOTS for path in texts_in(root)]
    assert len(files) > 200
    left = [path for path in files if MARKER.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert left == []


def test_the_pattern_finds_them() -> None:
    for line in ("<" * 7 + " HEAD", ">" * 7 + " branch", "|" * 7 + " base", "<" * 7):
        assert MARKER.search(f"text\n{line}\nmore")
    assert not MARKER.search("text\n" + "=" * 7 + "\n<<<<<<<<\n <" + "<" * 6 + " x")
