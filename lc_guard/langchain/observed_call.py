"""ObservedCall: what observers are shown of a protected model's call: the hidden prompt and the hidden answer.

Entered only where somebody watches. Nothing in it was restored: tracers, and all handlers that are not known, see what
the model saw. Of a prompt that was blocked nobody hid the values; they are taken out here, for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage

from lc_guard._text.json_tree import Finder, hide
from lc_guard.guard import Guard
from lc_guard.langchain.messages import map_texts, texts_of


class ObservedCall:
    """The prompt and the answer of one call, as they may be shown.

    Args:
        guard: Knows the values, and finds others.
        session: Session id of the call.
    """

    def __init__(self, guard: Guard, session: str) -> None:
        self._guard = guard
        self._session = session
        self._prompt: list[BaseMessage] | None = None
        self._said: list[Any] = []

    @property
    def inputs(self) -> dict[str, Any]:
        """What the run's callbacks are given beside its result; nothing while there is no prompt to show."""
        return {} if self._prompt is None else {"inputs": {"messages": self._prompt}}

    @property
    def outputs(self) -> dict[str, Any]:
        """The answer, or as much of it as came; nothing while there is none."""
        if not self._said:
            return {}
        first, *others = self._said
        if isinstance(first, AIMessageChunk):
            pieces = [piece for piece in others if isinstance(piece, AIMessageChunk)]
            # all in one go: adding one by one copies all before it
            return {"outputs": first + pieces if pieces else first}
        return {"outputs": self._said if others else first}

    def asked(self, messages: Sequence[BaseMessage]) -> None:
        """Note what the model is asked: placeholders stand in it already."""
        self._prompt = list(messages)

    def blocked(self, messages: Sequence[BaseMessage]) -> None:
        """Note a prompt that was blocked, without its values; one that can't be masked is not shown."""
        try:
            texts = dict.fromkeys(texts_of(list(messages), strict=False))
            finders: list[Finder] = [partial(self._guard.vault.find, self._session, inside_words=True)]
            known = hide(dict(texts), finders)
            left = [str(known.get(text, text)) for text in texts]
            masked = dict(zip(texts, self._guard.redact(left) if left else (), strict=True))
            self._prompt = [
                _plain(message, map_texts([message], masked.__getitem__, strict=False)) for message in messages
            ]
        except Exception:  # noqa: BLE001 - whatever it is, the count of the messages is shown instead
            self._prompt = None

    def said(self, message: Any) -> None:
        """Note an answer or a piece of one, as the model gave it, or what stands for a blocked one."""
        self._said.append(message)


def _plain(message: BaseMessage, masked: list[Any]) -> BaseMessage:
    """Return a message with its masked content only: names, ids and what a provider added are not looked at here."""
    return type(message).model_construct(content=masked[0].content, type=message.type)
