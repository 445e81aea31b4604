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
        self._texts: dict[Any, list[str]] = {}

    def shown(self, received: AIMessage, restored: AIMessage) -> AIMessage:
        """Return a restored answer whose citations stand where they belong in it."""
        return _with(restored, received, self._shown)

    def piece(self, received: AIMessage, restored: AIMessage) -> AIMessage:
        """Return a restored piece of a stream whose citations stand where they belong in the restored text."""
        if not isinstance(received.content, list):
            return restored
        for part in received.content:
            if _is_block(part):
                self._texts.setdefault(part.get("index"), []).append(part.get("text") or "")
        content: list[Any] = [
            {**block, _CITATIONS: self._shown(block[_CITATIONS], "".join(self._texts.get(block.get("index"), ())))}
            if _is_block(block) and block.get(_CITATIONS)
            else block
            for block in restored.content
        ]
        return restored if content == restored.content else restored.model_copy(update={"content": content})

    def sent(self, hidden: AIMessage) -> AIMessage:
        """Return an answer that goes back to its provider with its citations where they stood when it was received."""
        return _with(hidden, hidden, lambda cited, text: _changed(cited, _before(cited, text, self._make)))

    def _shown(self, citations: Any, text: str) -> Any:
        places = sorted({place for place in _places(citations) if 0 <= place <= len(text)})
        after = (shown + held for shown, held in _restored(places, text, self._make()))
        return _changed(citations, dict(zip(places, after, strict=True)))


def _before(citations: Any, text: str, make: Make) -> dict[int, int]:
    """Return for each place of a restored text the one of the received text."""
    steps = [*range(0, len(text), _STEP), len(text)]
    reached = [shown for shown, _ in _restored(steps, text, make())]
    put: dict[int, int] = {}
    for place in set(_places(citations)):
        at = min(bisect_left(reached, place), len(steps) - 1)
        near = range(steps[max(0, at - 1)], steps[at] + 1)
        exact = [shown for shown, _ in _restored(near, text, make())]
        put[place] = near[min(bisect_left(exact, place), len(near) - 1)]
    return put


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
