"""A stand-in for a chat model with tools, so that an agent can be shown without a network and without keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from lc_guard.demo.summarizer import StandInSummarizer
from lc_guard.langchain.recording_model import ToolCallingModel, example_of

_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]|<[A-Z_]+_\d+>")


class StandInModel(ToolCallingModel, StandInSummarizer):
    """**Not a language model**: calls each of its tools once, then repeats what it was sent.

    For examples and tests: no network, no key, the same answer each time. Without tools it repeats the sentences of the
    last human message whose words recur most; with tools, what they gave. An argument that takes a text gets the first
    placeholder of the question, or the question where it has none. It can only say what it was sent, so that its
    answer shows what a model could have seen.

    Example:
        ```python
        from lc_guard import Guard, protect
        from lc_guard.demo import StandInModel

        safe_model = protect(StandInModel(), Guard())
        print(safe_model.invoke("Write to Sean O'Brien.").content)  # → Write to Sean O'Brien.
        ```
    """

    @property
    def _llm_type(self) -> str:
        return "lc-guard-stand-in"

    def _chunks(self, messages: list[BaseMessage], **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        question, since = _since_question(messages)
        called = {call["name"] for message in since if isinstance(message, AIMessage) for call in message.tool_calls}
        for tool in (tool["function"] for tool in kwargs.get("tools") or ()):
            if tool["name"] not in called:
                yield _call(tool, question, number=len(called))
                return
        results = [message.text for message in since if isinstance(message, ToolMessage)]
        text = "\n".join(results) if results else self._summary(messages)
        for start in range(0, max(len(text), 1), self.chunk_size):
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + self.chunk_size]))


def _since_question(messages: Sequence[BaseMessage]) -> tuple[str, Sequence[BaseMessage]]:
    """Return the last thing that the user said, and what was said after it."""
    last = max((at for at, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    return messages[last].text if last >= 0 else "", messages[last + 1 :]


def _call(tool: dict[str, Any], question: str, *, number: int) -> ChatGenerationChunk:
    named = _PLACEHOLDER.search(question)
    schema = {"type": "object", **(tool.get("parameters") or {})}
    arguments = example_of(schema, schema.get("$defs", {}), named[0] if named else question)
    call = tool_call_chunk(name=tool["name"], args=json.dumps(arguments), id=f"call_{number}", index=0)
    return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call]))
