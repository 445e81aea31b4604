"""An application of the user's own, named by where it is defined: what ``lc-guard verify --app`` runs."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from pathlib import Path
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
_CONFIG = "config"
_SERVER_FILE = "langgraph.json"
_KEYS = "keys:"


def load(name: str, *, give: str = "auto", outside_tools: Collection[str] = ()) -> Application:
    """Return the application that a name stands for.

    Args:
        name: ``module:object``, importable from the current directory; ``file.py:object``; or ``langgraph.json``, with
            ``:graph`` where it has several. The object is a Runnable; or a callable, async or not, that gives one and
            is called anew for each mode and task: with the guard under test if it has a parameter ``guard``, with an
            empty config if it has one ``config``, with the recording model if it has another one without a default, or
            one named ``model``.
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
        build = partial(_built, found, names)
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


def _built(make: Callable[..., Any], names: Mapping[str, str], parts: Parts) -> Any:
    given = {name: {} if part == _CONFIG else getattr(parts, part) for part, name in names.items()}
    made = make(**given)
    return asyncio.run(_awaited(made)) if inspect.isawaitable(made) else made


async def _awaited(made: Awaitable[Any]) -> Any:
    return await made


def suited(application: Runnable[Any, Any]) -> _Give:
    """Return what makes an input that an application of its type takes."""
    if isinstance(application, Pregel):
        return give_state
    return give_messages if isinstance(application, BaseChatModel) else give_text


def _imported(name: str) -> Any:
    where, _, attribute = name.rpartition(":") if ":" in name else (name, "", "")
    if Path(where).name == _SERVER_FILE:
        where, attribute = _served(Path(where), attribute)
    if not where or not attribute:
        raise WrongApplication(f"{name!r} is no module:object")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does
    try:
        module = _module_at(Path(where)) if where.endswith(".py") else importlib.import_module(where)
        return getattr(module, attribute)
    except Exception as error:  # noqa: BLE001 - a user's module may raise anything
        raise WrongApplication(
            f"{name!r} can't be loaded ({type(error).__name__}): it must be module:object, importable from the "
            "current directory, file.py:object, or langgraph.json with the name of a graph in it"
        ) from None


def _served(file: Path, graph: str) -> tuple[str, str]:
    """Return file and object of a graph that LangGraph's server serves."""
    try:
        graphs = json.loads(file.read_text(encoding="utf-8"))["graphs"]
        names = list(graphs)
        chosen = graphs[graph or names[0]] if len(names) == 1 or graph else None
        path = chosen["path"] if isinstance(chosen, dict) else chosen
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise WrongApplication(f"{str(file)!r} names no such graph ({type(error).__name__})") from None
    if path is None:
        raise WrongApplication(f"{str(file)!r} has several graphs, name one: {_SERVER_FILE}:{'|'.join(names)}")
    where, _, attribute = path.rpartition(":")
    return (str(file.parent / where) if where.endswith(".py") else where), attribute


def _module_at(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    sys.path.insert(0, str(file.parent))  # its neighbours, as LangGraph's server finds them
    spec.loader.exec_module(module)
    return module


def _parameters(name: str, found: Callable[..., Any]) -> dict[str, str]:
    """Return what is passed to a callable: part → name of the parameter."""
    try:
        parameters = list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):
        return {}
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    ours = (_GUARD, _CONFIG)
    needed = [p.name for p in named if p.name == "model" or (p.default is p.empty and p.name not in ours)]
    positional = any(p.kind is p.POSITIONAL_ONLY and p.default is p.empty for p in parameters)
    if len(needed) > 1 or positional:
        raise WrongApplication(
            f"{name!r} must take at most the recording model, by any name, guard, the guard under test, and config, as "
            "graphs do that LangGraph's server makes"
        )
    given = {"model": needed[0]} if needed else {}
    return {**given, **{p.name: p.name for p in named if p.name in ours}}


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
