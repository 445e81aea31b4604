"""The applications that are verified: the boundary in each of its forms, around the recording model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from typing import Any, Literal, get_args

from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain.tools import ToolRuntime
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel, ConfigDict, Field

from lc_guard.guard import Guard
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.deepagents import guarded_subagents
from lc_guard.langchain.documents import AnonymizeDocuments
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.verify.canaries import Planted, Surface, conversation, variables

Task = Literal["conversation", "structured output", "failing model", "failing detector", "failing tool"]
TASKS: tuple[Task, ...] = get_args(Task)

FAILS = "Here the detector fails."
"""A text that the guard's last detector raises at, quoting it."""


HELD: tuple[Surface, ...] = ("system prompt", "tool result", "exception")
"""What an application and its tools hold."""


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
        holds: Surfaces of what it holds itself, the same for all its users.
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
    holds: Collection[Surface] = HELD
    give_to: Callable[[Runnable[Any, Any]], Callable[[Planted, Task], Any]] | None = None


def applications() -> list[Application]:
    """Return what ``lc-guard verify`` runs when no application is named: a deep agent where deepagents is installed."""
    found = [
        Application("Anonymize | prompt | model | Deanonymize", _lcel, give_variables),
        Application("protect(model)", _protected_model, give_messages),
        Application("protect(chain)", _protected_chain, give_variables),
        Application("RAG: hidden documents, retriever, model", _rag, give_variables, holds=[*HELD, "document"]),
        Application("agent with GuardMiddleware", _agent, _give_agent, tasks=TASKS),
        Application("agent that asks another agent", _supervisor, _give_agent),
    ]
    if find_spec("deepagents") is not None:
        found.append(Application("deep agent with a sub-agent", _deep_agent, _give_agent))
    return found


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
    middleware = GuardMiddleware(parts.guard, state="anonymized")
    return create_agent(parts.model, middleware=[middleware], **_around(parts, _tools(parts)))


def _around(parts: Parts, tools: Sequence[BaseTool]) -> dict[str, Any]:
    """Return what agents of each kind are made with."""
    structured = parts.task == "structured output"
    return {
        "tools": [] if structured else tools,
        "system_prompt": parts.planted["system prompt"].text,
        "response_format": ToolStrategy(Record) if structured else None,
        "checkpointer": GuardCheckpointer(InMemorySaver(), guard=parts.guard),
    }


class _RecordedEmbedding(DeterministicFakeEmbedding):
    """No embeddings model: its provider would be sent what the recording holds."""

    recording: Recording

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.recording.add(texts)
        return super().embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        self.recording.add(text)
        return super().embed_query(text)


def _rag(parts: Parts) -> Runnable[Any, Any]:
    corpus = f"lc-guard-verify-corpus-{next(_corpora)}"
    store = InMemoryVectorStore(_RecordedEmbedding(size=8, recording=parts.model.recording))
    text = parts.planted["document"].text
    stored = Document(text, id=text, metadata={"title": text, "pages": [{text: text}]})
    store.add_documents(AnonymizeDocuments(parts.guard, session_id=corpus).transform_documents([stored]))
    retriever = ProtectedRetriever(store.as_retriever(), parts.guard, corpus_session=corpus)
    given = Anonymize(parts.guard) | RunnablePassthrough.assign(documents=_asked | retriever)
    found: Runnable[Any, Any] = given | _prompt() | _model(parts, parts.model) | Deanonymize(parts.guard)
    return found


_corpora = count(1)
_asked = RunnableLambda(lambda given: given["text"], name="question")


def _supervisor(parts: Parts) -> Runnable[Any, Any]:
    worker = create_agent(parts.model, _tools(parts), middleware=[GuardMiddleware(parts.guard)], name="worker")

    def ask_worker(text: str, runtime: ToolRuntime) -> str:
        """Have somebody else do it."""
        done = worker.invoke({"messages": [HumanMessage(text)]}, runtime.config)
        return str(done["messages"][-1].text)

    middleware = GuardMiddleware(parts.guard, state="anonymized")
    tools = [StructuredTool.from_function(ask_worker)]
    return create_agent(parts.model, middleware=[middleware], **_around(parts, tools))


def _deep_agent(parts: Parts) -> Runnable[Any, Any]:
    from deepagents import create_deep_agent  # noqa: PLC0415 - an application of its own, where it is installed

    middleware = GuardMiddleware(parts.guard, state="anonymized")
    model = parts.model.model_copy(update={"arguments": {"subagent_type": "general-purpose"}})
    found: Runnable[Any, Any] = create_deep_agent(
        model=protect(model, parts.guard),
        middleware=[middleware],
        subagents=guarded_subagents(middleware),
        **_around(parts, _tools(parts)),
    )
    return found


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
