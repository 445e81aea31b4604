"""Streaming ordinary text through `StreamRestorer`: time for a chunk, and what is held back."""

from __future__ import annotations

from benchmarks.restoring import SESSION, filled
from benchmarks.table import Row, best, show, told

TEXT = "The witness said, on the day in question, that nothing of the kind had been seen by anyone in the room. "


def run(*, chunks: int = 2_000, repeats: int = 20, entries: int = 1_000) -> list[Row]:
    """Measure chunks of a word each."""
    session = filled(entries).session(SESSION)
    words = [f"{word} " for word in (TEXT * (chunks // len(TEXT.split()) + 1)).split()][:chunks]
    restorer = session.restorer()
    held = max(len(word) - len(restorer.feed(word)) for word in words)

    def stream() -> None:
        feed = session.restorer().feed
        for word in words:
            feed(word)

    seconds = best(stream, repeats=repeats) / len(words)
    joined = best(lambda: "".join(words), repeats=repeats) / len(words)
    return [
        Row("Stream one chunk of ordinary text", told(seconds), f"join {told(joined)}", seconds * 1e6, 5, unit="µs"),
        Row("Characters held back in ordinary text", str(held), "0", float(held), 0, unit=""),
    ]


if __name__ == "__main__":
    show(run())
