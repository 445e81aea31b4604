"""What models and embedding models were sent by an executed example, and whether a value stands in it.

The reader of an example sees what came back: of a model that echoes that is the real name, hidden or not. So the tests
of the README, the pages and the notebooks look at the other side.
"""

from __future__ import annotations

import functools
import html
import json
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.tracers.context import register_configure_hook

from lc_guard.langchain.recording_model import strings_in

PLACEHOLDER = re.compile(r"\[REDACTED_[A-Z_]+?_\d+(?:_ALIAS_\d+)?\]")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
# What LangChain's drivers hand to the class of a provider: past them there is only the provider.
_ASKED = {
    BaseChatModel: ("_generate", "_agenerate", "_stream", "_astream"),
    Embeddings: ("embed_documents", "embed_query", "aembed_documents", "aembed_query"),
}


class Received:
    """Texts that models were sent, one for each request."""

    def __init__(self) -> None:
        self._requests: list[str] = []
        self._lock = threading.Lock()

    def add(self, *values: Any) -> None:
        """Take what one request holds."""
        text = "\n".join(strings_in(list(values)))
        with self._lock:
            self._requests.append(text)

    def take(self) -> list[str]:
        """Give the requests since the last time."""
        with self._lock:
            taken, self._requests = self._requests, []
        return taken


@contextmanager
def recording(received: Received) -> Iterator[None]:
    """Record what every chat model and embedding model is sent, also those whose class is defined meanwhile.

    The boundary's own models are left out: they are given real text by design.
    """
    undo: list[Callable[[], None]] = []
    for base, names in _ASKED.items():
        for cls in _family(base):
            _watch(cls, names, received, undo)
        _watch_coming(base, names, received, undo)
    try:
        yield
    finally:
        for step in reversed(undo):
            step()


def _family(base: type[Any]) -> Iterator[type[Any]]:
    yield base
    for cls in base.__subclasses__():
        yield from _family(cls)


def _watch(cls: type[Any], names: Sequence[str], received: Received, undo: list[Callable[[], None]]) -> None:
    if cls in _ASKED or (cls.__module__.startswith("lc_guard.") and not cls.__module__.startswith("lc_guard.demo.")):
        return
    for name in names:
        asked = cls.__dict__.get(name)
        if callable(asked) and not getattr(asked, "__isabstractmethod__", False):
            setattr(cls, name, _recorded(asked, received))
            undo.append(functools.partial(setattr, cls, name, asked))


def _watch_coming(base: type[Any], names: Sequence[str], received: Received, undo: list[Callable[[], None]]) -> None:
    before = base.__dict__.get("__init_subclass__")

    def init_subclass(cls: type[Any], **kwargs: Any) -> None:
        if before is not None:
            before.__func__(cls, **kwargs)
        else:
            super(base, cls).__init_subclass__(**kwargs)
        _watch(cls, names, received, undo)

    base.__init_subclass__ = classmethod(init_subclass)
    if before is None:
        undo.append(functools.partial(delattr, base, "__init_subclass__"))
    else:
        undo.append(functools.partial(setattr, base, "__init_subclass__", before))


def _recorded(asked: Callable[..., Any], received: Received) -> Callable[..., Any]:
    @functools.wraps(asked)
    def record(self: Any, *args: Any, **kwargs: Any) -> Any:
        # Run managers and tools are no text; whatever else is handed over is what the provider gets.
        named = {name: value for name, value in kwargs.items() if name != "run_manager"}
        received.add(*(value for value in args if isinstance(value, str | list | dict)), named)
        return asked(self, *args, **kwargs)

    return record


def readable(text: str) -> str:
    """Give a text with the escapes of JSON, URLs and HTML undone, its letters in one form."""
    plain = html.unescape(unquote(_JSON_ESCAPE.sub(lambda found: _unescaped(found[1], found[2]), text)))
    letters = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _unescaped(code: str | None, letter: str | None) -> str:
    return chr(int(code, 16)) if code else " " if letter in ("n", "t", "r", None) else letter


def holds(text: str, value: str) -> bool:
    """Tell whether a value stands in a text, in any case, spacing, punctuation or escape."""
    letters = re.findall(r"[^\W_]", readable(value))
    apart = r"[\W_]{0,3}".join(map(re.escape, letters))
    return re.search(rf"(?<![^\W_]){apart}(?![^\W_])", readable(text)) is not None


def found_in(texts: Sequence[str], values: Sequence[str]) -> list[str]:
    """Give the values that stand in one of some texts."""
    return [value for value in values if any(holds(text, value) for text in texts)]


class _Steps(BaseCallbackHandler):
    """Records what plain functions that stand for a model are given, by the names of their steps."""

    def __init__(self, names: Sequence[str], received: Received) -> None:
        self._names, self._received = frozenset(names), received

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        if kwargs.get("name") in self._names:
            self._received.add(inputs)


def record_cells(to: Path, steps: Sequence[str]) -> None:
    """Record, in the kernel of a notebook, what models were sent by each cell.

    Args:
        to: A file that gets a line of JSON for each cell: its number, and what models were sent.
        steps: Names of the steps that are plain functions which stand for a model.
    """
    from IPython import get_ipython  # only in a kernel

    received = Received()
    alive = ExitStack()
    alive.enter_context(recording(received))
    if steps:
        handler: ContextVar[Any] = ContextVar("received", default=_Steps(steps, received))  # noqa: B039 - for all contexts
        register_configure_hook(handler, inheritable=True)

    def told(result: Any, _: ExitStack = alive) -> None:  # keeps it alive: dropped, it would undo the recording
        with to.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"cell": result.execution_count, "requests": received.take()}) + "\n")

    get_ipython().events.register("post_run_cell", told)
