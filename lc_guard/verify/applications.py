"""The applications that are verified: the boundary in each of its forms, around the recording model.

An application of the user's own, named by where it is defined.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.pregel import Pregel
from pydantic import BaseModel, Field

from lc_guard.guard import Guard
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.verify.canaries import Planted, conversation, variables

Task = Literal["conversation", "structured output", "failing model", "failing detector", "failing tool"]
TASKS: tuple[Task, ...] = get_args(Task)

FAILS = "Here the detector fails."
"""A text that the guard's last detector raises at, quoting it."""


class WrongApplication(Exception):
    """What was named is no application, or its input is not known; the message is for the user."""


class Record(BaseModel):
    """What is known."""

    text: str = Field(description="All of it")


@dataclass(frozen=True)
class Parts:
    """What an application is built around.

    Attributes:
        model: The recording model.
        guard: The guard under test.
        task: What it is to do.
        planted: The values of the first item; a system prompt and the tools' results hold some of them.
        tool_input: Where its tools write what they are given.
    """

    model: RecordingChatModel
    guard: Guard
    task: Task
    planted: Planted
    tool_input: Recording


@dataclass(frozen=True)
class Application:
    """Something to verify.

    Attributes:
        name: What it is called in the report.
        build: Makes it anew for each mode and task.
        give: Makes its input.
        give_to: Chooses what makes its input when the application is there, None if that is `give`.
        tasks: What it can be asked to do.
        own: Whether it is the user's.
        takes_model: Whether it is built around the recording model.
        takes_guard: Whether it is built around the guard under test.
        outside_tools: Names of tools that are to get placeholders.
    """

    name: str
    build: Callable[[Parts], Runnable[Any, Any]]
    give: Callable[[Planted, Task], Any]
    tasks: Sequence[Task] = TASKS[:4]
    own: bool = False
    takes_model: bool = True
    takes_guard: bool = True
    outside_tools: Collection[str] = ()
    give_to: Callable[[Runnable[Any, Any]], Callable[[Planted, Task], Any]] | None = None


def applications() -> list[Application]:
    """Return what ``lc-guard verify`` runs when no application is named."""
    return [
        Application("Anonymize | prompt | model | Deanonymize", _lcel, give_variables),
        Application("protect(model)", _protected_model, give_messages),
        Application("protect(chain)", _protected_chain, give_variables),
        Application("agent with GuardMiddleware", _agent, _give_agent, tasks=TASKS),
    ]


def give_messages(planted: Planted, task: Task) -> Any:
    """Return the conversation as a list of messages."""
    messages = conversation(planted)
    if task == "structured output":
        messages[-1] = HumanMessage(planted["structured output"].text)
    elif task == "failing detector":
        messages[-1] = HumanMessage(f"{planted['human message'].text} {FAILS}")
    return messages


def give_state(planted: Planted, task: Task) -> Any:
    """Return the conversation as the input of an agent."""
    return {"messages": give_messages(planted, task)}


def give_text(planted: Planted, task: Task) -> str:
    """Return the user's message as a text."""
    return f"{planted['human message'].text}{f' {FAILS}' if task == 'failing detector' else ''}"


def give_variables(planted: Planted, task: Task) -> dict[str, Any]:
    """Return the input of a prompt template."""
    values = variables(planted)
    if task == "structured output":
        values["text"] = planted["structured output"].text
    elif task == "failing detector":
        values["text"] = give_text(planted, task)
    return values


def _give_agent(planted: Planted, task: Task) -> Any:
    return {"messages": give_messages(planted, task)[1:]}  # its system prompt is its own


def _prompt() -> ChatPromptTemplate:
    return ChatPromptTemplate.from_messages(
        [
            ("system", "{system}"),
            MessagesPlaceholder("history"),
            MessagesPlaceholder("question"),
            ("human", "{documents}\n\n{text}"),
        ]
    )


def _model(parts: Parts, model: Any) -> Any:
    if parts.task == "structured output":
        return model.with_structured_output(Record)
    return model.bind_tools(_tools(parts))


def _lcel(parts: Parts) -> Runnable[Any, Any]:
    model: Runnable[Any, Any] = _model(parts, parts.model)
    return Anonymize(parts.guard) | _prompt() | model | Deanonymize(parts.guard)


def _protected_model(parts: Parts) -> Runnable[Any, Any]:
    found: Runnable[Any, Any] = _model(parts, protect(parts.model, parts.guard))
    return found


def _protected_chain(parts: Parts) -> Runnable[Any, Any]:
    found: Runnable[Any, Any] = protect(_prompt() | _model(parts, parts.model), parts.guard)
    return found


def _agent(parts: Parts) -> Runnable[Any, Any]:
    structured = parts.task == "structured output"
    return create_agent(
        parts.model,
        [] if structured else _tools(parts),
        system_prompt=parts.planted["system prompt"].text,
        middleware=[GuardMiddleware(parts.guard, state="anonymized")],
        response_format=ToolStrategy(Record) if structured else None,
        checkpointer=GuardCheckpointer(InMemorySaver(), guard=parts.guard),
    )


def _tools(parts: Parts) -> list[BaseTool]:
    def look_up(text: str) -> tuple[str, list[Document]]:
        """Look something up."""
        parts.tool_input.add(text)
        found = parts.planted["tool result"].text
        return found, [Document(found, metadata={"title": found})]

    def fail(text: str) -> str:
        """Fail, quoting a value."""
        parts.tool_input.add(text)
        raise ToolException(parts.planted["exception"].text)

    handled = parts.task != "failing tool"
    return [
        StructuredTool.from_function(look_up, response_format="content_and_artifact"),
        StructuredTool.from_function(fail, handle_tool_error=handled),
    ]


_Give = Callable[[Planted, Task], Any]

_GUARD = "guard"
_KEYS = "keys:"


def load(name: str, *, give: str = "auto", outside_tools: Collection[str] = ()) -> Application:
    """Return the application that a name stands for.

    Args:
        name: ``module:object``, importable from the current directory. The object is a Runnable; or a callable that
            gives one and is called anew for each mode and task: with the guard under test if it has a parameter
            ``guard``, with the recording model if it has another one without a default, or one named ``model``.
        give: Its input: ``"text"``, ``"messages"``, ``"state"`` (a dict with the key ``messages``) or ``"keys:a,b"`` (a
            dict of texts; ``b=messages`` and ``b=documents`` give lists of those). ``"auto"`` takes ``"state"`` for a
            graph, ``"messages"`` for a chat model, else ``"text"``.
        outside_tools: Names of tools that are to get placeholders; they are not watched.

    Raises:
        WrongApplication: If it can't be had.
    """
    found = _imported(name)
    if isinstance(found, Runnable):
        names: Mapping[str, str] = {}
        build: Callable[[Parts], Any] = lambda _: found  # noqa: E731
    elif callable(found):
        names = _parameters(name, found)
        build = lambda parts: found(**{given: getattr(parts, part) for part, given in names.items()})  # noqa: E731
    else:
        raise WrongApplication(f"{name!r} is of type {type(found).__name__}: it must be a Runnable, or give one")

    def checked(parts: Parts) -> Runnable[Any, Any]:
        made = build(parts)
        if not isinstance(made, Runnable):
            raise WrongApplication(f"{name!r} gives {type(made).__name__}: it must give a Runnable")
        return made

    tasks: list[Task] = ["conversation"]
    tasks += ["failing model"] if "model" in names else []
    tasks += ["failing detector"] if _GUARD in names else []
    return Application(
        name,
        checked,
        _input(give, found if isinstance(found, Runnable) else None),
        tasks=tasks,
        own=True,
        takes_model="model" in names,
        takes_guard=_GUARD in names,
        outside_tools=outside_tools,
        give_to=None if isinstance(found, Runnable) or give != "auto" else suited,
    )


def suited(application: Runnable[Any, Any]) -> _Give:
    """Return what makes an input that an application of its type takes."""
    if isinstance(application, Pregel):
        return give_state
    return give_messages if isinstance(application, BaseChatModel) else give_text


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise WrongApplication(f"{name!r} is no module:object")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:  # noqa: BLE001 - a user's module may raise anything
        raise WrongApplication(
            f"{name!r} can't be loaded ({type(error).__name__}): it must be module:object, importable from the "
            "current directory"
        ) from None


def _parameters(name: str, found: Callable[..., Any]) -> dict[str, str]:
    """Return what is passed to a callable: part → name of the parameter."""
    try:
        parameters = list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):
        return {}
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in named if p.name == "model" or (p.default is p.empty and p.name != _GUARD)]
    positional = any(p.kind is p.POSITIONAL_ONLY and p.default is p.empty for p in parameters)
    if len(needed) > 1 or positional:
        raise WrongApplication(
            f"{name!r} must take at most two arguments, by name: the recording model, and guard, the guard under test"
        )
    given = {"model": needed[0]} if needed else {}
    return {**given, _GUARD: _GUARD} if any(p.name == _GUARD for p in named) else given


def _input(give: str, application: Runnable[Any, Any] | None) -> _Give:
    plain: dict[str, _Give] = {"text": give_text, "messages": give_messages, "state": give_state}
    if give == "auto":
        return give_text if application is None else suited(application)
    if give in plain:
        return plain[give]
    keys = [part.partition("=") for part in give.removeprefix(_KEYS).split(",")]
    if not give.startswith(_KEYS) or any(not key or kind not in _VALUES for key, _, kind in keys):
        raise WrongApplication(
            f"there is no input {give!r}: take {', '.join(plain)}, or keys:NAME,NAME=messages,NAME=documents"
        )
    return lambda planted, task: {key: _VALUES[kind](planted, task) for key, _, kind in keys}


def _documents(planted: Planted, task: Task) -> list[Document]:  # noqa: ARG001 - like the others
    return [Document(planted["document"].text)]


_VALUES: dict[str, _Give] = {"": give_text, "text": give_text, "messages": give_messages, "documents": _documents}
