"""An application of the user's own, named by where it is defined."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from langgraph.pregel import Pregel

from lc_guard.verify.applications import (
    Application,
    Parts,
    Task,
    WrongApplication,
    give_messages,
    give_state,
    give_text,
)
from lc_guard.verify.canaries import Planted

_Give = Callable[[Planted, Task], Any]

_GUARD = "guard"
_KEYS = "keys:"


def load(name: str, *, give: str = "auto", outside_tools: Collection[str] = ()) -> Application:
    """Give the application that a name stands for.

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
    """Give what makes an input that an application of its type takes."""
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
    """Give what is passed to a callable: part → name of the parameter."""
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
