"""Where planted values may come out, and how each place is watched."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.runnables import RunnableConfig

from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.recording_model import Recording, strings_in
from lc_guard.verify.canaries import SURFACES, Canary, Planted, Surface

Place = Literal["model input", "tool input", "user's output", "logs", "exceptions", "spans", "tracers", "checkpoints"]
PLACES: tuple[Place, ...] = get_args(Place)
REAL: frozenset[Place] = frozenset({"tool input", "user's output"})
"""Places where the values must be real; in the others they must not be."""

Status = Literal["clean", "LEAK", "not watched", "none"]
"""What was found: ``"none"`` says that there is no such place, so that nothing could come out there."""

_EVENTS = tuple(name for name in dir(BaseCallbackHandler) if name.startswith("on_"))
_LOUD = ("lc_guard", "langchain", "langchain_core", "langgraph")


@dataclass
class Evidence:
    """What was seen of the runs of one mode.

    Attributes:
        seen: Place → the texts seen there; a place that was not watched is missing.
        by_item: The same of places whose texts belong to one item of a batch.
        given: The texts of the inputs.
        missing: Places that are not there.
        unmasked: What a tracer without a mask was told.
        failed: Type of the error of a run that should have gone well, None if there was none.
    """

    seen: dict[Place, list[str]] = field(default_factory=dict)
    by_item: dict[Place, dict[int, list[str]]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    missing: set[Place] = field(default_factory=set)
    unmasked: list[str] = field(default_factory=list)
    failed: str | None = None

    def add(self, place: Place, texts: Iterable[str], *, item: int | None = None) -> None:
        """Take texts seen at a place; none says that it was watched."""
        if item is None:
            self.seen.setdefault(place, []).extend(texts)
        else:
            self.by_item.setdefault(place, {}).setdefault(item, []).extend(texts)


def judge(evidence: Evidence, items: Sequence[Planted]) -> dict[tuple[Surface, Place], Status]:
    """Say for each surface and place what the texts seen there mean."""
    found: dict[tuple[Surface, Place], Status] = {}
    # Any case: a value is no less readable in capitals.
    folded = {place: "\n".join(texts).casefold() for place, texts in evidence.seen.items()}
    for surface in SURFACES:
        canaries = [planted[surface] for planted in items]
        for place in PLACES:
            if place in REAL:
                found[surface, place] = _must_be_real(evidence, place, canaries)
            else:
                leaks = any(canary.core in folded.get(place, "") for canary in canaries)
                found[surface, place] = "LEAK" if leaks else _hidden(evidence, place, canaries)
    return found


def together(statuses: Iterable[Status]) -> Status:
    """Return the one status of several: a leak outweighs all, and what was watched outweighs what was not."""
    every = set(statuses)
    ranked: tuple[Status, ...] = ("LEAK", "clean", "not watched")
    return next((status for status in ranked if status in every), "none")


def _hidden(evidence: Evidence, place: Place, canaries: Sequence[Canary]) -> Status:
    if place in evidence.missing:
        return "none"
    texts = evidence.seen.get(place)
    if texts is None:
        return "not watched"
    labels = [canary.label for canary in canaries]
    # A place where nothing of a surface arrived proves nothing about it; in logs silence is what is wanted.
    arrived = place == "logs" and _anywhere(evidence, labels)
    return "clean" if arrived or any(label in text for label in labels for text in texts) else "not watched"


def _anywhere(evidence: Evidence, labels: Sequence[str]) -> bool:
    seen = [*evidence.seen.values(), *(texts for items in evidence.by_item.values() for texts in items.values())]
    return any(label in text for texts in (evidence.given, *seen) for text in texts for label in labels)


def _must_be_real(evidence: Evidence, place: Place, canaries: Sequence[Canary]) -> Status:
    statuses: list[Status] = []
    shared = evidence.seen.get(place, ())
    for number, own in enumerate(canaries):
        texts = [*shared, *evidence.by_item.get(place, {}).get(number, ())]
        others = [canary for canary in canaries if canary.core != own.core]
        for text in texts:
            crossed = not shared and any(other.core in text for other in others)
            # Each mention: one restored value does not make up for another that was not.
            mentions = text.split(own.label)[1:]
            values = [canary.value for canary in (canaries if shared else [own])]
            wrong = any(not mention.startswith(tuple(values)) for mention in mentions)
            if crossed or wrong:
                statuses.append("LEAK")
            elif mentions:
                statuses.append("clean")
    return together(statuses) if statuses else "not watched"


class LogWatch(logging.Handler):
    """Collects what is logged, by anybody."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record: its message, its traceback, and all it carries for handlers that write more."""
        try:
            self.texts.append(self.format(record))
        except Exception:  # noqa: BLE001 - arguments that don't fit the message are looked at one by one
            self.texts.append(str(record.msg))
        self.texts += strings_in({name: value for name, value in vars(record).items() if name != "exc_info"})


@contextmanager
def watch_logs() -> Iterator[LogWatch]:
    """Collect everything that is logged inside the block, and show nothing of it."""
    watch, root = LogWatch(), logging.getLogger()
    loggers = [root, *map(logging.getLogger, _LOUD)]
    levels = [(logger, logger.level) for logger in loggers]
    handlers = root.handlers[:]
    root.handlers[:] = [watch]
    root.setLevel(logging.DEBUG)
    for logger in loggers[1:]:
        logger.setLevel(logging.DEBUG)
    try:
        yield watch
    finally:
        root.handlers[:] = handlers
        for logger, level in levels:
            logger.setLevel(level)


class ToolWatch(BaseCallbackHandler):
    """Collects what an application's tools are given, but for those to be ignored."""

    run_inline = True

    def __init__(self, ignored: Collection[str] = ()) -> None:
        self.texts: list[str] = []
        self._ignored = ignored

    def on_tool_start(self, serialized: Any, input_str: str, **kwargs: Any) -> None:
        """Take the input of a tool."""
        if (serialized or {}).get("name") in self._ignored:
            return
        inputs = kwargs.get("inputs")
        self.texts += strings_in(input_str if inputs is None else _plain(inputs))


def tracer_watch(*, is_async: bool = False) -> tuple[Any, Recording]:
    """Return a tracer of LangChain's that notes all it is told, errors and their causes included, and its notes."""
    noted = Recording()

    def tell(_: Any, *args: Any, **kwargs: Any) -> None:
        noted.add(list(args), kwargs)
        noted.add([text for error in args if isinstance(error, BaseException) for text in texts_of_error(error)])

    async def atell(*args: Any, **kwargs: Any) -> None:
        tell(*args, **kwargs)

    kind: type[Any] = AsyncCallbackHandler if is_async else BaseCallbackHandler
    watch = type("TracerWatch", (kind,), dict.fromkeys(_EVENTS, atell if is_async else tell))
    return watch(), noted


def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != "runtime"}


def texts_of_error(error: BaseException) -> list[str]:
    """Return everything that an error shows when it is printed, logged or pickled, causes included."""
    texts = ["".join(traceback.format_exception(error))]
    current: BaseException | None = error
    while current is not None:
        texts += [repr(current), *strings_in(current.args), *strings_in(vars(current))]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return texts


def texts_of_checkpoints(checkpointer: Any, configs: Sequence[RunnableConfig]) -> list[str] | None:
    """Return everything that a checkpointer of placeholders stores; None if it can't be watched."""
    if not isinstance(checkpointer, GuardCheckpointer):
        return None
    store = checkpointer.saver
    try:
        texts = [repr(found) for config in configs for found in store.list(config)]
    except Exception:  # noqa: BLE001 - one for async use only, or out of reach
        return None
    for name in ("storage", "blobs", "writes"):  # LangGraph's in-memory one: its bytes too
        texts += strings_in(getattr(store, name, {}))
    return texts
