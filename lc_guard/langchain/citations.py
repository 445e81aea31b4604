"""Where a citation begins and ends in an answer, once placeholders in it have become values of another length.

OpenAI's ``url_citation`` and LangChain's ``citation`` name characters of the text that they stand beside by
``start_index`` and ``end_index``: a reader marks them in the text that is shown, and a provider that is sent the answer
again finds them where it put them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeGuard

from langchain_core.messages import AIMessage

from lc_guard._placeholders.restorer import StreamRestorer

_CITATIONS = "annotations"  # of a message, or of a content block
_PLACES = ("start_index", "end_index")
_STEP = 64  # characters between two places that are looked up first

Make = Callable[[], StreamRestorer]
"""Makes a restorer for one text."""


class Citations:
    """Moves the citations of one call.

    Args:
        make: Makes a restorer of the call's session.
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._streamed: dict[Any, _Streamed] = {}

    def shown(self, received: AIMessage, restored: AIMessage) -> AIMessage:
        """Return a restored answer whose citations stand where they belong in it."""
        return _with(restored, received, self._shown)

    def piece(self, received: AIMessage, restored: AIMessage) -> AIMessage:
        """Return a restored piece of a stream whose citations stand where they belong in the restored text."""
        if not isinstance(received.content, list):
            return restored
        for part in received.content:
            if _is_block(part):
                self._text(part).add(part.get("text") or "")
        content: list[Any] = [
            {**block, _CITATIONS: self._text(block).moved(block[_CITATIONS])}
            if _is_block(block) and block.get(_CITATIONS)
            else block
            for block in restored.content
        ]
        return restored if content == restored.content else restored.model_copy(update={"content": content})

    def sent(self, hidden: AIMessage) -> AIMessage:
        """Return an answer that goes back to its provider with its citations where they stood when it was received."""
        return _with(hidden, hidden, lambda cited, text: _changed(cited, _before(cited, text, self._make)))

    def _text(self, block: Mapping[str, Any]) -> _Streamed:
        return self._streamed.setdefault(block.get("index"), _Streamed(self._make))

    def _shown(self, citations: Any, text: str) -> Any:
        places = sorted({place for place in _places(citations) if 0 <= place <= len(text)})
        after = (shown + held for shown, held in _restored(places, text, self._make()))
        return _changed(citations, dict(zip(places, after, strict=True)))


class _Streamed:
    """A text that comes in pieces: citations that come in its order have it restored once."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._pieces: list[str] = []
        self._known: dict[int, int] = {}
        self._begin()

    def _begin(self) -> None:
        self._restorer: StreamRestorer | None = None
        self._at = self._shown = 0

    def add(self, piece: str) -> None:
        """Take the next piece; nothing is restored until a citation comes."""
        self._pieces.append(piece)

    def moved(self, citations: Any) -> Any:
        """Return citations of it that stand where they belong in the restored text."""
        text = "".join(self._pieces)
        self._pieces = [text]
        new = sorted({place for place in _places(citations) if 0 <= place <= len(text)} - self._known.keys())
        if new and new[0] < self._at:
            self._begin()
        restorer = self._restorer = self._restorer or self._make()
        for place in new:
            self._shown += len(restorer.feed(text[self._at : place]))
            self._at = place
            self._known[place] = self._shown + len(restorer.held)
        return _changed(citations, self._known)


def _before(citations: Any, text: str, make: Make) -> dict[int, int]:
    """Return for each place of a restored text the one of the received text."""
    steps = [*range(0, len(text), _STEP), len(text)]
    reached = [shown for shown, _ in _restored(steps, text, make())]
    near: dict[int, range] = {}
    for place in set(_places(citations)):
        at = min(bisect_left(reached, place), len(steps) - 1)
        near[place] = range(steps[max(0, at - 1)], steps[at] + 1)
    looked_at = sorted({at for places in near.values() for at in places})
    exact = dict(zip(looked_at, (shown for shown, _ in _restored(looked_at, text, make())), strict=True))
    return {
        place: places[min(bisect_left(places, place, key=exact.__getitem__), len(places) - 1)]
        for place, places in near.items()
    }


def _restored(places: Iterable[int], text: str, restorer: StreamRestorer) -> Iterator[tuple[int, int]]:
    """Yield for each place of a text how much has been shown by then, and how much is held back."""
    shown = 0
    for start, end in pairwise([0, *places]):
        shown += len(restorer.feed(text[start:end]))
        yield shown, len(restorer.held)


def _with(message: AIMessage, of: AIMessage, moved: Callable[[Any, str], Any]) -> AIMessage:
    """Return a message with moved citations; `of` is the message whose texts they were made for."""
    content: Any = message.content
    more = message.additional_kwargs
    if _CITATIONS in more and isinstance(of.content, str):
        more = {**more, _CITATIONS: moved(more[_CITATIONS], of.content)}
    if isinstance(content, list):
        content = [
            {**block, _CITATIONS: moved(block[_CITATIONS], str(was.get("text") or ""))}
            if _is_block(block) and _is_block(was) and block.get(_CITATIONS)
            else block
            for block, was in zip(content, of.content, strict=True)
        ]
    if content == message.content and more == message.additional_kwargs:
        return message
    return message.model_copy(update={"content": content, "additional_kwargs": more})


def _is_block(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _places(value: Any) -> Iterator[int]:
    if isinstance(value, list):
        for item in value:
            yield from _places(item)
    elif isinstance(value, Mapping):
        yield from (value[name] for name in _PLACES if type(value.get(name)) is int)
        for item in value.values():
            yield from _places(item)


def _changed(value: Any, put: Mapping[int, int]) -> Any:
    if isinstance(value, list):
        return [_changed(item, put) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: put.get(item, item) if key in _PLACES and type(item) is int else _changed(item, put)
        for key, item in value.items()
    }
