"""Restoring a stream of any chunks: texts, keys of a dict, messages, objects that parsers give again and again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

from langchain_core.runnables.utils import AddableDict

from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.restore import MakeRestorer, MessageRestorer, ValueRestorer, added


class ChunkRestorer:
    """Restores the chunks of one stream, whatever they are.

    Args:
        make: Gives new restorers.
        keys: Keys of dict chunks that are restored; None restores all.
    """

    def __init__(self, make: MakeRestorer, *, keys: Collection[str] | None = None) -> None:
        self._make = make
        self._keys = keys
        self._text: StreamRestorer | None = None
        self._messages = MessageRestorer(make)
        self._of_key: dict[Any, ChunkRestorer] = {}
        self._unfinished: Any = None
        self._whole = ValueRestorer(make)

    @property
    def counts(self) -> tuple[int, int]:
        """Placeholders restored, and unknown ones met, so far."""
        parts = [child.counts for child in self._of_key.values()]
        if self._text is not None:
            parts.append((self._text.restored, self._text.unknown))
        return added([*parts, self._messages.counts, self._whole.total])

    def feed(self, chunk: Any) -> Iterator[Any]:
        """Take a chunk and give what of it can be shown: one chunk or none."""
        self._unfinished = None
        if isinstance(chunk, str):
            self._text = self._text or self._make(as_json=False)
            text = self._text.feed(chunk)
            if text or not chunk:
                yield text
        elif hasattr(chunk, "additional_kwargs") and type(chunk).__name__.endswith("Chunk"):
            yield self._messages.feed(chunk)
        elif isinstance(chunk, AddableDict):
            yield from self._feed_pieces(chunk)
        elif isinstance(chunk, Mapping) or hasattr(chunk, "model_copy"):
            yield self._feed_snapshot(chunk)
        else:
            yield self._whole.value(chunk)

    def flush(self) -> Iterator[Any]:
        """Yield what was held back: no chunk when nothing was."""
        if self._unfinished is not None:
            yield self._whole.value(self._unfinished, keys=self._keys)
            self._unfinished = None
        for key, child in self._of_key.items():
            for rest in child.flush():
                yield AddableDict({key: rest})
        if self._text is not None and (held := self._text.flush()):
            yield held
        yield from self._messages.flush()

    def _feed_snapshot(self, chunk: Any) -> Any:
        """Restore an object that parsers give again and again: what is unfinished in one is finished in a later one."""
        held = False

        def unfinished(text: str, *, tool: str | None = None, argument: str | None = None) -> str:
            nonlocal held
            restorer = self._make(as_json=False, tool=tool, argument=argument)
            shown = restorer.feed(text)
            held = held or bool(restorer.flush())
            return shown

        keys = self._keys if isinstance(chunk, Mapping) else None
        inside = lambda tool, argument: partial(unfinished, tool=tool, argument=argument)  # noqa: E731
        shown = map_texts(chunk, unfinished, keys=keys, strict=False, inside=inside)
        self._unfinished = chunk if held else None
        if not held:  # counted once, however often it is given
            self._whole = ValueRestorer(self._make)
            self._whole.value(chunk, keys=self._keys)
        return shown

    def _feed_pieces(self, chunk: AddableDict) -> Iterator[Any]:
        pieces: dict[Any, Any] = {}
        for key, item in chunk.items():
            if self._keys is not None and key not in self._keys:
                pieces[key] = item
                continue
            child = self._of_key.get(key)
            if child is None:
                child = self._of_key[key] = ChunkRestorer(self._make)
            pieces.update((key, piece) for piece in child.feed(item))
        if pieces or not chunk:
            yield AddableDict(pieces)
