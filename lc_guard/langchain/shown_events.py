"""The tokens of one model's answer, told to a handler with values put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.outputs import ChatGenerationChunk, GenerationChunk

from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.langchain.chunk_restorer import ChunkRestorer
from lc_guard.langchain.restore import MakeRestorer, ValueRestorer, as_chunk

_PIECE = "on_llm_new_token"
_NAMES = {_PIECE: "token", "on_stream_event": "event"}
_PIECES = {"text": False, "reasoning": False, "args": True}  # where the text of an event's delta stands; whether JSON

Told = tuple[str, tuple[Any, ...], dict[str, Any]]
"""One thing that a handler is told: the name of its method, and what it is called with."""


class ShownAnswer:
    """One answer as it streams, in either form: tokens, or events of content blocks.

    Args:
        make: Gives new restorers.
    """

    def __init__(self, make: MakeRestorer) -> None:
        self._make = make
        self._chunks = ChunkRestorer(make)
        self._of_text = False
        self._pieces: dict[tuple[Any, str], tuple[StreamRestorer, dict[str, Any]]] = {}

    def told(self, event: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Told]:
        """Return what the handler is told of a token or an event."""
        first, named = kwargs.get(_NAMES[event]), kwargs
        if args:  # LangChain names it in some calls
            first = args[0]
        else:
            named = {name: item for name, item in kwargs.items() if name != _NAMES[event]}
        if event == _PIECE:
            return [self._token((first, *args[1:]), named)]
        return [(event, (restored, *args[1:]), named) for restored in self._events(first)]

    def rest(self, kwargs: Mapping[str, Any]) -> list[Told]:
        """Return the tokens that were held back, before the answer's end is told."""
        named = {name: kwargs[name] for name in ("run_id", "parent_run_id", "tags") if name in kwargs}
        held: list[Told] = []
        for piece in self._chunks.flush():
            if isinstance(piece, str):
                chunk = {"chunk": GenerationChunk(text=piece)} if self._of_text else {}
                held.append((_PIECE, (piece,), {**chunk, **named}))
            else:
                held.append((_PIECE, (piece.content,), {"chunk": ChatGenerationChunk(message=piece), **named}))
        return held

    def _token(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Told:
        token, chunk = args[0], kwargs.get("chunk")
        if isinstance(chunk, ChatGenerationChunk):
            told: Any = chunk.message
            (message,) = self._chunks.feed(as_chunk(told))
            if message is chunk.message:
                return _PIECE, args, kwargs
            restored: Any = ChatGenerationChunk(message=message, generation_info=chunk.generation_info)
            shown = message.content if token == chunk.message.content else str(message.text)
        else:
            text = token if chunk is None else chunk.text
            shown = "".join(self._chunks.feed(text)) if isinstance(text, str) else text
            self._of_text = chunk is not None
            restored = None if chunk is None else chunk.model_copy(update={"text": shown})
        named = kwargs if restored is None else {**kwargs, "chunk": restored}
        return _PIECE, (shown, *args[1:]), named

    def _events(self, event: Any) -> Iterator[Any]:
        delta = event.get("delta") if isinstance(event, Mapping) else None
        if not isinstance(delta, Mapping):
            if isinstance(event, Mapping) and event.get("event") == "content-block-finish":
                yield from self._held(event.get("index"))
            yield ValueRestorer(self._make).value(event)
            return
        changed = {name: self._piece(event, name, delta[name]) for name in _PIECES if isinstance(delta.get(name), str)}
        if not changed or any(changed.values()):
            yield {**event, "delta": {**delta, **changed}}

    def _piece(self, event: Mapping[str, Any], name: str, text: str) -> str:
        key = event.get("index"), name
        restorer = self._pieces[key][0] if key in self._pieces else self._make(as_json=_PIECES[name])
        self._pieces[key] = restorer, dict(event)
        return restorer.feed(text)

    def _held(self, index: Any) -> Iterator[Any]:
        for key in [key for key in self._pieces if key[0] == index]:
            restorer, event = self._pieces.pop(key)
            if rest := restorer.flush():
                yield {**event, "delta": {**event["delta"], key[1]: rest}}
