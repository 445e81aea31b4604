"""The demo's chain: one streamed call, and a witness of what went into the model and what the checks decided."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import LLMResult
from langchain_core.prompts import ChatPromptTemplate

from lc_guard.demo.summarizer import StandInSummarizer
from lc_guard.errors import MissingExtra
from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT, Decision

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

DEFAULT_MODEL = "gpt-4o-mini"
_PROMPT = ChatPromptTemplate.from_messages(
    [
        (
            "system",
            "Summarize the text in about six sentences. Expressions in brackets stand for names and other private "
            "details: repeat them exactly as they are written, and guess nothing about them.",
        ),
        ("human", "{text}"),
    ]
)


@dataclass(slots=True)
class Check:
    """A check's decision and the share of each detector in its time."""

    decision: Decision
    detectors_ms: dict[str, float] = field(default_factory=dict)


class Witness(BaseCallbackHandler):
    """Notes what the model really received and answered, and the decisions of the checks.

    Attributes:
        messages: What the model received.
        answer: What it answered.
        checks: The checks, in order.
        restored: How many placeholders were put back, and how many were unknown.
    """

    def __init__(self) -> None:
        self.messages: list[BaseMessage] = []
        self.answer = ""
        self.checks: list[Check] = []
        self.restored = (0, 0)
        self._by_run: dict[UUID, Check] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        messages: list[list[BaseMessage]],
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Note what the model receives."""
        self.messages = list(messages[0])

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:  # noqa: ARG002
        """Note what it answered."""
        self.answer = response.generations[0][0].text

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002
        """Note a decision, or the counts of the restoring step."""
        if name == DECISION_EVENT:
            self._by_run[run_id] = Check(Decision(**data))
            self.checks.append(self._by_run[run_id])
        elif name == RESTORED_EVENT:
            self.restored = data["restored"], data["unknown"]

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:  # noqa: ARG002
        """Note the detectors' shares, which a check gives when it ends."""
        check = self._by_run.get(run_id)
        if check is not None and isinstance(outputs, dict):
            check.detectors_ms = dict(outputs.get("detectors") or {})

    @property
    def seen(self) -> str:
        """The text of the human message that the model received."""
        return next((message.text for message in self.messages if isinstance(message, HumanMessage)), "")


class Call:
    """One streamed call of ``Anonymize | prompt | model | parser | Deanonymize``."""

    def __init__(
        self, guard: Guard, model: BaseChatModel, text: str, *, session_id: str, handlers: Sequence[BaseCallbackHandler]
    ) -> None:
        self.text = text
        self.witness = Witness()
        self.pieces: list[str] = []
        self.first_ms = 0.0
        chain = Anonymize(guard) | _PROMPT | model | StrOutputParser() | Deanonymize(guard)
        self._stream = chain.stream(
            {"text": text},
            config={"configurable": {"session_id": session_id}, "callbacks": [self.witness, *handlers]},
        )

    @property
    def restored(self) -> str:
        """What came back so far, with real values."""
        return "".join(self.pieces)

    def begin(self) -> None:
        """Go on until the first piece came back: the model has its input then."""
        started = time.perf_counter()
        self.pieces += [piece for piece in [next(self._stream, "")] if piece]
        self.first_ms = (time.perf_counter() - started) * 1000

    def follow(self) -> Iterator[str]:
        """Yield all that came back so far after each further piece."""
        yield self.restored
        for piece in self._stream:
            self.pieces.append(piece)
            yield self.restored


def choose_model(*, name: str | None, offline: bool, pause: float) -> BaseChatModel:
    """Return ``ChatOpenAI`` when the environment names a key or an address, else the stand-in."""
    key, address = os.environ.get("OPENAI_API_KEY"), os.environ.get("OPENAI_BASE_URL")
    if offline or not (key or address):
        return StandInSummarizer(pause=pause)
    try:
        from langchain_openai import ChatOpenAI  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtra("ChatOpenAI", "openai") from None
    from pydantic import SecretStr  # noqa: PLC0415 - only with ChatOpenAI

    # Local servers with OpenAI's interface mostly want no key; the client does.
    return ChatOpenAI(
        model=name or os.environ.get("OPENAI_MODEL") or DEFAULT_MODEL, api_key=SecretStr(key or "none"), max_retries=1
    )
