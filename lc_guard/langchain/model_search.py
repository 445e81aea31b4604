"""Looking for chat models in what can't be taken apart: functions, graphs, objects of an application."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda, RunnablePassthrough
from langchain_core.tools import BaseTool

from lc_guard.langchain.retrieved import is_retriever
from lc_guard.langchain.steps import Step
from lc_guard.langchain.wrapping import is_chat_model, parts_of

_DEPTH = 12
_OBJECTS = 20_000
_PLAIN = (str, bytes, bytearray, int, float, complex, type(None), type, ModuleType)
_HOLDS_CODE = (RunnableLambda, RunnableGenerator, BaseTool)


def is_plain(value: Any) -> bool:
    """Return whether something only composes, prompts, parses or guards, so that no model can be asked in it unseen."""
    if isinstance(value, Step):
        return True
    if not type(value).__module__.startswith("langchain_core.") or isinstance(value, _HOLDS_CODE) or _calls(value):
        return False
    return not is_retriever(value) and all(is_plain(part) for part in _runnables(parts_of(value)))


def leads_to_model(value: Any) -> bool:
    """Return whether a model of LangChain's is found in something: in fields, in what functions refer to, in graphs.

    The search is bounded: it may miss one, which is then an error that says what to write, and it may find one that is
    not asked. It guards nothing by itself; `lc_guard.langchain.child_runs.ModelWatch` does.
    """
    waiting = deque([(value, 0)])
    seen = {id(value)}
    while waiting:
        found, depth = waiting.popleft()
        if isinstance(found, BaseLanguageModel) or is_chat_model(found):
            return True
        if depth == _DEPTH or len(seen) > _OBJECTS:
            continue
        for part in _reached(found):
            if id(part) not in seen and not isinstance(part, _PLAIN):
                seen.add(id(part))
                waiting.append((part, depth + 1))
    return False


def _calls(value: Any) -> bool:
    return isinstance(value, RunnablePassthrough) and (value.func is not None or value.afunc is not None)


def _runnables(part: Any) -> Iterator[Any]:
    if isinstance(part, Runnable):
        yield part
    elif isinstance(part, Mapping):
        for item in part.values():
            yield from _runnables(item)
    elif isinstance(part, list | tuple):
        for item in part:
            yield from _runnables(item)


def _reached(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from list(value)
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    elif isinstance(value, FunctionType):
        yield from _referred(value)
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    else:
        yield from list(getattr(value, "__dict__", {}).values())
        yield from (getattr(value, name, None) for name in _slots(value))
        if isinstance(value, Runnable) and not type(value).__module__.startswith(("langchain_core.", "langgraph.")):
            yield from list(vars(type(value)).values())  # its methods may refer to a model


def _referred(function: FunctionType) -> Iterator[Any]:
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield getattr(function, "__wrapped__", None)
    try:
        names = inspect.getclosurevars(function)
    except ValueError:  # a name that has no value yet
        return
    yield from names.nonlocals.values()
    yield from names.globals.values()


def _slots(value: Any) -> Iterator[str]:
    for kind in type(value).__mro__:
        slots = getattr(kind, "__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
