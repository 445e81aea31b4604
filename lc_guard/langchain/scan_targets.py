"""What of a value the scanners are asked about: who said it, what was said before it, and what the model was asked.

And what a model is sent: messages, options of the call and fields of the model.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.prompt_values import ChatPromptValue

from lc_guard._engine.requests import ORIGIN_OF_STAGE, GuardRequest, GuardResult, ScanTarget
from lc_guard.langchain.content_blocks import MAX_DEPTH
from lc_guard.langchain.messages import Change, texts_of
from lc_guard.policy.restoring import Origin
from lc_guard.records import Stage
from lc_guard.scanners.base import Role, Turn

if TYPE_CHECKING:
    from lc_guard.langchain.request_options import OptionTexts

MAX_TURNS = 8
"""Turns before a text that scanners are given with it."""


_TOOL_CALL_FIELDS = ("tool_calls", "invalid_tool_calls", "tool_call_chunks")


def scan_targets(value: Any, stage: Stage, *, keys: Collection[str] | None = None) -> list[ScanTarget]:
    """Return what scanners are asked about a value, with the stage of each text.

    Of a conversation that is what users say (the stage given), what tools gave (``"tool_result"``) and documents
    (``"document"``). System prompts are the developer's own, and answers in the history were judged when they were
    given: both come along as turns only. Where the value is what a model said, all of it is asked about, arguments of
    tool calls as the stage ``"tool_call"``.

    Args:
        value: What a step takes or gives.
        stage: What the texts are.
        keys: Keys of a mapping that are looked at; None looks at all.
    """
    asks: list[ScanTarget] = []
    if keys is not None and isinstance(value, Mapping):
        value = [value[key] for key in keys if key in value]
    for item in _parts(value):
        if isinstance(item, list):
            asks += _of_messages(item, stage)
        elif isinstance(item, Document) and stage == "prompt":
            asks += [ScanTarget(text, "document") for text in _texts(item)]
        else:
            asks += [ScanTarget(text, stage) for text in _texts(item)]
    return asks


def text_origins(value: Any, stage: Stage) -> dict[str, Origin]:
    """Return who brought which text of a value: the user, wherever he said it; what a model said nobody brought.

    Args:
        value: What a step takes, or messages.
        stage: What the texts are.
    """
    origins: dict[str, Origin] = {}
    for item in _parts(value):
        for part in item if isinstance(item, list) else [item]:
            origin = _origin(part, ORIGIN_OF_STAGE.get(stage))
            texts = () if origin is None else texts_of(part, strict=False)
            origins.update((text, origin) for text in texts if origin is not None and origins.get(text) != "user")
    return origins


def _origin(part: Any, otherwise: Origin | None) -> Origin | None:
    if isinstance(part, AIMessage):
        return None
    if isinstance(part, ToolMessage):
        return "tool"
    return "document" if isinstance(part, Document) else otherwise


def turns_of(messages: Iterable[BaseMessage]) -> tuple[Turn, ...]:
    """Return the last turns of a conversation, as scanners are given them."""
    turns = (Turn(_role(message), text) for message in messages if (text := message_text(message)))
    return tuple(deque(turns, MAX_TURNS))


def prompt_text(value: Any, change: Mapping[str, str] | None = None) -> str:
    """Return what the model is asked: the last words of the user in a conversation, or the whole of another value.

    Args:
        value: What the model is given.
        change: Text → hidden text, where the value still holds the texts as they came.
    """
    hidden = change or {}
    texts: list[str] = []
    for item in _parts(value):
        if isinstance(item, list):
            users = [message for message in item if not isinstance(message, AIMessage | SystemMessage | ToolMessage)]
            item = users[-1:]  # noqa: PLW2901
        texts += [hidden.get(text, text) for text in _texts(item)]
    return "\n".join(texts)


def message_text(message: BaseMessage) -> str:
    """Return what a message says: its text, without ids, settings and arguments of tool calls."""
    content = message.content
    if isinstance(content, str):
        return content
    parts = [part if isinstance(part, str) else part.get("text") for part in content]
    return "\n".join(part for part in parts if isinstance(part, str) and part)


def _parts(value: Any, depth: int = 0) -> list[Any]:
    """Take a value apart into conversations, which are lists of messages, and all else."""
    if isinstance(value, ChatPromptValue):
        return [list(value.messages)]
    if isinstance(value, BaseMessage):
        return [[value]]
    if not _holds_messages(value, depth):
        return [(value,) if depth or isinstance(value, list) else value]  # walked as what is inside of something
    if isinstance(value, Mapping):
        names = [(dict.fromkeys(value),)] if depth else []  # keys may be data as well
        return [*names, *(part for item in value.values() for part in _parts(item, depth + 1))]
    return [value] if isinstance(value, Document) else _parts_of_items(value, depth)


def _parts_of_items(items: Iterable[Any], depth: int) -> list[Any]:
    """Take a sequence apart: its messages are one conversation, wherever they stand in it."""
    messages = [item for item in items if isinstance(item, BaseMessage)]
    others = [part for item in items if not isinstance(item, BaseMessage) for part in _parts(item, depth + 1)]
    return [messages, *others] if messages else others


def _holds_messages(value: Any, depth: int) -> bool:
    """Return whether there are messages or documents in something, which are asked about in their own way."""
    if isinstance(value, BaseMessage | ChatPromptValue | Document):
        return True
    if depth > MAX_DEPTH:
        return False
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(_holds_messages(item, depth + 1) for item in items)


def _of_messages(messages: Sequence[BaseMessage], stage: Stage) -> list[ScanTarget]:
    asks: list[ScanTarget] = []
    before: deque[Turn] = deque(maxlen=MAX_TURNS)
    for message in messages:
        if stage == "output":
            asks += _of_answer(message)
            continue
        if not isinstance(message, AIMessage | SystemMessage):
            own: Stage = "tool_result" if isinstance(message, ToolMessage) else stage
            turns = before.copy()
            for text in _texts(message):
                asks.append(ScanTarget(text, own, tuple(turns)))
                # the blocks of a message are read together: what comes before one of them is a turn like any other
                turns.append(Turn(_role(message), text))
        if text := message_text(message):
            before.append(Turn(_role(message), text))
    return asks


def _of_answer(message: BaseMessage) -> list[ScanTarget]:
    calls = [call.get("args") for name in _TOOL_CALL_FIELDS[:2] for call in getattr(message, name, None) or ()]
    arguments = dict.fromkeys(text for args in calls for text in _arguments(args))
    bare = message.model_copy(update={name: [] for name in _TOOL_CALL_FIELDS if getattr(message, name, None)})
    words = [text for text in dict.fromkeys(_texts(bare)) if text not in arguments]
    return [*(ScanTarget(text, "output") for text in words), *(ScanTarget(text, "tool_call") for text in arguments)]


def _arguments(args: Any) -> list[str]:
    if isinstance(args, str):
        try:
            args = json.loads(args)
        except (ValueError, RecursionError):
            return [args]
    return _texts(args)


def _role(message: BaseMessage) -> Role:
    if isinstance(message, AIMessage):
        return "assistant"
    if isinstance(message, SystemMessage):
        return "system"
    return "tool" if isinstance(message, ToolMessage) else "user"


def _texts(value: Any) -> list[str]:
    """Return the texts of anything; what can't be looked into has none."""
    return [text for text in dict.fromkeys(texts_of(value, strict=False)) if not text.isspace()]


# Fields of a chat model that are sent with each call, and those that its client has taken already.
SENT_FIELDS = (
    "additional_headers", "additional_model_request_fields", "async_client_kwargs", "betas", "cached_content",
    "client_args", "client_kwargs", "container", "context_management", "default_headers", "default_metadata",
    "default_query", "extra_body", "format", "guardrail_config", "image_config", "include", "inference_geo",
    "keep_alive", "labels", "mcp_servers", "model_kwargs", "openai_organization", "output_config",
    "performance_config", "prompt_cache_options", "raw_blocks", "reasoning", "reasoning_effort",
    "reasoning_format", "request_metadata", "response_mime_type", "response_schema", "service_tier", "stop",
    "stop_sequences", "sync_client_kwargs", "system", "thinking", "truncation", "user", "user_profile_id",
    "verbosity",
)  # fmt: skip


@dataclass(frozen=True)
class ModelInput:
    """What a model is asked: messages, the options of the call, and the model with its own fields.

    Attributes:
        model: The inner model.
        messages: The messages.
        options: Keyword arguments of the call.
        leave: What is left as it is: see `lc_guard.protect`.
    """

    model: Any
    messages: list[BaseMessage]
    options: dict[str, Any]
    leave: frozenset[str] = frozenset()

    @property
    def has_options(self) -> bool:
        """Whether anything is sent beside the messages."""
        return any(item is not None for item in self.options.values()) or bool(self._fields)

    @property
    def _fields(self) -> dict[str, Any]:
        held = vars(self.model) if isinstance(self.model, BaseLanguageModel) else {}
        return {name: item for name in SENT_FIELDS if (item := held.get(name)) and not callable(item)}

    def replaced(self, **changes: Any) -> ModelInput:
        """Return it with other parts."""
        return replace(self, **changes)

    def is_left(self, message: BaseMessage) -> bool:
        """Return whether a message is left as it is."""
        return (isinstance(message, SystemMessage) and "system" in self.leave) or message.name in self.leave

    @property
    def read(self) -> list[BaseMessage]:
        """The messages that are hidden."""
        return [message for message in self.messages if not self.is_left(message)] if self.leave else self.messages

    def put(self, hidden: Iterable[BaseMessage]) -> ModelInput:
        """Return it with other messages in the place of those in `read`."""
        if not self.leave:
            return replace(self, messages=list(hidden))
        each = iter(hidden)
        return replace(self, messages=[old if self.is_left(old) else next(each) for old in self.messages])

    def with_options(self, job: GuardRequest, names: Iterable[Any] = ()) -> GuardRequest:
        """Return a request with the texts of options and fields in it as well.

        Args:
            job: The request.
            names: Names of agents and nodes.
        """
        found = self.option_texts(names)
        if "tools" in self.leave:
            known, found = found, self.replaced(options=self._read_options).option_texts()
            found.words |= known.words
        return replace(
            job,
            texts=[*job.texts, *found.texts],
            beside=[*job.beside, *found.names],
            fixed=[*job.fixed, *found.fixed],
            words=frozenset(found.words),
        )

    @property
    def _read_options(self) -> dict[str, Any]:
        from lc_guard.langchain.request_options import TOOLS  # noqa: PLC0415

        return {name: item for name, item in self.options.items() if not ("tools" in self.leave and name in TOOLS)}

    def option_texts(self, names: Iterable[Any] = ()) -> OptionTexts:
        """Return what is sent beside the messages, also what is left as it is."""
        from lc_guard.langchain.request_options import option_texts  # noqa: PLC0415 - only where there are options

        return option_texts(self.options, self._fields, messages=self.messages, names=names)

    def hidden_by(self, job: GuardRequest, outcome: GuardResult) -> ModelInput:
        """Return it with the options hidden that a request held.

        Raises:
            Blocked: If the policy does not let them go on.
            LeakPrevented: If something is to be hidden where nothing can stand for it.
        """
        outcome.raise_if_blocked()
        outcome.raise_if_held(job)
        return self.hidden_options(outcome.hide)

    def hidden_options(self, hide: Change) -> ModelInput:
        """Return it with hidden options, asked of a copy of the model where a field of it is sent."""
        from lc_guard.langchain.request_options import hidden_options  # noqa: PLC0415

        own = self._fields
        changed = {name: item for name, item in hidden_options(own, hide).items() if item is not own[name]}
        model = self.model.model_copy(update=changed) if changed else self.model
        return replace(self, model=model, options={**self.options, **hidden_options(self._read_options, hide)})
