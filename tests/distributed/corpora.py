"""Small corpora, and what workers find in them."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lc_guard.distributed import CorpusSummary, GuardSpec, hide_corpus
from lc_guard.records import Entity
from lc_guard.vaults import SQLVault

ADA, BERT, CARL = "Ada Lovelace", "Bert Brecht", "Carl Sagan"
VALUES = (ADA, BERT, CARL, "ada@example.org", "4111-0000")
_KINDS = {ADA: "PERSON", BERT: "PERSON", CARL: "PERSON", "ada@example.org": "EMAIL_ADDRESS", "4111-0000": "CARD"}


class MarkedDetector:
    """Finds its values where a sign follows them, so that elsewhere only what the vault knows is hidden.

    Words of a text make it misbehave: it kills its process once, it raises.
    """

    name = "marked"

    def __init__(self, killed: Path | None = None) -> None:
        self._killed = killed

    def detect(self, text: str) -> list[Entity]:
        if "KILL" in text and self._killed is not None and not self._killed.exists():
            self._killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "RAISE" in text:
            raise RuntimeError(text)
        return [
            Entity(kind, found.start(), found.end() - 1, 1.0)
            for value, kind in _KINDS.items()
            for found in re.finditer(re.escape(value) + "!", text)
        ]


def spec(folder: Path, *, killed: Path | None = None, **options: Any) -> GuardSpec:
    return GuardSpec(
        vault=f"sqlite:///{folder}/vault.db", detectors=(MarkedDetector(killed),), **{"vault_timeout": 5.0, **options}
    )


def write_lines(path: Path, rows: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def hidden(source: Path, output: Path, made: GuardSpec, **options: Any) -> CorpusSummary:
    return hide_corpus(source, output, made, session="corpus", **{"columns": ("text",), "workers": 0, **options})


def read_lines(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(output.glob("part-*.jsonl")) for line in path.read_bytes().splitlines()]


def bad_rows(summary: CorpusSummary) -> list[tuple[str, int, str]]:
    assert summary.bad_rows_file is not None
    rows = [json.loads(line) for line in summary.bad_rows_file.read_bytes().splitlines()]
    return [(row["file"], row["row"], row["reason"]) for row in rows]


def placeholders(folder: Path) -> Mapping[str, str]:
    vault = SQLVault(f"sqlite:///{folder}/vault.db", ttl=None)
    try:
        return {value: placeholder for placeholder, value in vault.items("corpus").items()}
    finally:
        vault.close()


def every_byte(output: Path) -> bytes:
    """All that a run left in its folder, names of files included."""
    paths = [path for path in output.rglob("*") if path.is_file()]
    return b"".join(str(path).encode() + path.read_bytes() for path in paths)
