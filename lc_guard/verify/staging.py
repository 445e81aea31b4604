"""What promises are tested with: values, a guard that finds them, the boundary in its forms, a model that notes."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableConfig

from lc_guard.guard import Guard
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.langchain.recording_model import Recording, RecordingChatModel, strings_in
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.policy.policy import Policy
from lc_guard.testing import ExactDetector
from lc_guard.vaults.base import Vault
from lc_guard.vaults.memory import MemoryVault
from lc_guard.verify.canaries import KIND
from lc_guard.verify.modes import Mode, Streamed, call

FIRST, SECOND = f"[REDACTED_{KIND}_1]", f"[REDACTED_{KIND}_2]"
"""Placeholders of the first and the second value of a session."""

Build = Callable[[Guard, Any], Runnable[Any, Any]]


def new_value() -> str:
    """Return a value that nobody has seen."""
    return f"Canary{secrets.token_hex(8)}"


def guard_for(*values: str, **options: Any) -> Guard:
    """Return a guard that finds values; it waits for them as long as it takes, unless told otherwise."""
    return Guard([ExactDetector({KIND: values})], **{"policy": Policy(timeout=None), **options})


def noting_model(**fields: Any) -> RecordingChatModel:
    """Return a model that notes what it is sent."""
    return RecordingChatModel(recording=Recording(), **fields)


def session(name: str) -> RunnableConfig:
    """Return the config of a call of a session."""
    return {"configurable": {"session_id": name, "thread_id": name}}


def _chain(guard: Guard, model: Any) -> Runnable[Any, Any]:
    chain: Runnable[Any, Any] = Anonymize(guard) | model | Deanonymize(guard)
    return chain


def _agent(guard: Guard, model: Any) -> Runnable[Any, Any]:
    return create_agent(model, [], middleware=[GuardMiddleware(guard)])


FORMS: dict[str, Build] = {"chain": _chain, "protect": lambda guard, model: protect(model, guard), "agent": _agent}
"""The forms of the boundary around a model."""


def ask(runnable: Runnable[Any, Any], mode: Mode, given: Any, config: RunnableConfig) -> Any:
    """Call a Runnable in one mode; what it raises is raised."""
    messages = [HumanMessage(given)] if isinstance(given, str) else given
    value = {"messages": messages} if hasattr(runnable, "checkpointer") else messages
    (result,) = call(runnable, mode, [value], [config])
    if isinstance(result, Exception):
        raise result
    return result


def shown(result: Any) -> str:
    """Return what the user is shown at the end, arguments of tool calls included; of a stream all of it, in pieces."""
    return "\n".join(readings(result))


def readings(result: Any) -> list[str]:
    """Return the answer as the user reads it: of a graph's stream the messages, and the last state."""
    if isinstance(result, Streamed):
        return [text for part in (*result.messages, result.state) for text in readings(part)]
    if isinstance(result, dict) and result.get("messages"):
        return readings(result["messages"][-1])
    if isinstance(result, BaseMessage):
        calls = [text for one in getattr(result, "tool_calls", ()) for text in strings_in(one["args"])]
        return ["\n".join([str(result.text), *calls])]
    return ["\n".join(strings_in(result))]


def seen(texts: Any, *values: str) -> bool:
    """Return whether a value stands in texts, in any case."""
    every = "\n".join(strings_in(texts)).casefold()
    return any(value.casefold() in every for value in values)


@contextmanager
def every_vault() -> Iterator[dict[str, Callable[[], Vault]]]:
    """Give what makes an empty vault of each kind that needs no server and is installed."""
    from lc_guard.vaults.codec import PlainCodec  # noqa: PLC0415 - here and below: only where it is made

    kinds: dict[str, Callable[[], Vault]] = {"MemoryVault": MemoryVault}
    kinds["a stored vault"] = lambda: MemoryVault().with_codec(PlainCodec())
    if find_spec("cryptography") is not None:
        from lc_guard.vaults.encrypted import EncryptedVault  # noqa: PLC0415

        kinds["EncryptedVault"] = lambda: EncryptedVault(MemoryVault(), keys=[EncryptedVault.generate_key()])
    with tempfile.TemporaryDirectory(prefix="lc-guard-verify-") as folder:
        if find_spec("sqlalchemy") is not None:
            from lc_guard.vaults.sql import SQLVault  # noqa: PLC0415

            kinds["SQLVault"] = lambda: SQLVault(f"sqlite:///{Path(folder) / secrets.token_hex(4)}.db")
        yield kinds
