"""What scanners behind a hosted service have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from lc_guard._http.client import JSONRequest, JSONService, RequestFlow
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.errors import GuardError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import Cost, ScanRequest, Sees, Turn
from lc_guard.scanners.chunks import chunks as overlapping_pieces
from lc_guard.scanners.chunks import sendable

# What a scanner of one's own is written with (docs/extending/hosted-scanner.md): no other module is needed for it.
__all__ = [
    "SPOKEN",
    "HostedScanner",
    "JSONRequest",
    "JSONService",
    "ReplyFields",
    "RequestFlow",
    "check_places",
    "check_size",
    "conversation",
    "find_key",
    "overlapping_pieces",
    "sendable",
    "worst",
]

SPOKEN: tuple[Stage, ...] = ("output", "tool_call")
"""Stages whose text a model wrote."""


class HostedScanner(ABC):
    """Asks a service about each text; blank texts are not sent.

    Texts over the service's limit are sent in pieces that overlap; the worst answer counts. Calls of one text are made
    one after the other. The scanner is shared by all threads and event loops. Connections are kept open and reused;
    those of an event loop are closed when it ends.

    Attributes:
        name: The check's name.
        sees: Which text it is given.
        stages: Where it judges; only there if it was given.
        details: Value-free: the service's host, and what it was asked with.
    """

    cost: Cost = "remote"
    uses_turns = False
    stages: tuple[Stage, ...]

    def __init__(
        self,
        service: JSONService,
        *,
        name: str,
        sees: Sees,
        stages: Sequence[Stage] | None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        check_places(type(self).__name__, sees, stages)
        self.name = name
        self.sees: Sees = sees
        if stages is not None:
            self.stages = tuple(stages)
        self.details: Mapping[str, str] = {"host": service.host, **(details or {})}
        self._service = service

    def __repr__(self) -> str:
        details = ", ".join(f"{key}={value!r}" for key, value in self.details.items())
        return f"{type(self).__name__}(name={self.name!r}, {details})"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Ask the service about one text.

        Returns:
            What the service says.

        Raises:
            ScannerTimeout: It did not answer within the deadline, or within the scanner's timeout.
            ServiceError: It refused, failed, or gave a reply that can't be read.
        """
        if not request.text.strip():
            return ScanResult(valid=True, risk_score=0.0)
        return self._service.run(self._plan(request), request.deadline)

    async def ascan(self, request: ScanRequest) -> ScanResult:
        """Do the same on the running event loop; a cancelled call leaves nothing running."""
        if not request.text.strip():
            return ScanResult(valid=True, risk_score=0.0)
        return await self._service.arun(self._plan(request), request.deadline)

    def close(self) -> None:
        """Close the connections of sync calls; the next scan opens new ones."""
        self._service.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and those of sync calls."""
        await self._service.aclose()

    @abstractmethod
    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        """Yield the calls for a text, take their replies, return what they come to."""


def check_places(what: str, sees: Sees, stages: Sequence[Stage] | None) -> None:
    """Check where a scanner is to judge, and what it is to see.

    Raises:
        GuardError: A word is not known.
    """
    if sees not in get_args(Sees):
        raise GuardError(f"{what}: sees={sees!r} is not known: give one of {', '.join(get_args(Sees))}")
    if isinstance(stages, str) or (stages is not None and not set(stages) <= set(get_args(Stage))):
        raise GuardError(f"{what}: stages must be a list of {', '.join(get_args(Stage))}")


def check_size(what: str, characters: int) -> int:
    """Check how many characters a scanner may send at once.

    Raises:
        GuardError: It is not above 0.
    """
    if characters < 1:
        raise GuardError(f"{what}: max_characters={characters!r} must be 1 or more")
    return characters


def worst(results: Sequence[ScanResult]) -> ScanResult:
    """Join what was said of the pieces of a text: the worst of each counts.

    Args:
        results: One or more results, their entities at offsets of the whole text.

    Returns:
        One result. It has entities only if every piece that is not valid has: else hiding them would not mend it.
    """
    categories: dict[str, float] = {}
    for result in results:
        for name, score in result.categories.items():
            categories[name] = max(score, categories.get(name, 0.0))
    entities = {entity for result in results for entity in result.entities}
    located = all(result.valid or result.entities for result in results)
    return ScanResult(
        valid=all(result.valid for result in results),
        risk_score=max(result.risk_score for result in results),
        entities=tuple(sorted(entities, key=lambda entity: (entity.start, entity.end, entity.kind))) if located else (),
        categories=categories,
    )


def conversation(request: ScanRequest, text: str, role: str, *, budget: int | None = None) -> list[dict[str, Any]]:
    """Return the messages of a conversation that ends with a text, in the form of OpenAI's chat.

    Args:
        request: What the text belongs to: its turns go before it, and for what a model wrote its prompt.
        text: The text.
        role: Who said it.
        budget: Characters that all of it may have; the oldest turns are left out over it, never the text.

    Returns:
        One or more messages.
    """
    said = list(request.turns)
    if request.stage in SPOKEN and request.prompt.strip() and (not said or said[-1].text != request.prompt):
        said.append(Turn("user", request.prompt))
    if budget is not None:
        left, kept = budget - len(text), []
        for turn in reversed(said):
            left -= len(turn.text)
            if left < 0:
                break
            kept.append(turn)
        said = kept[::-1]
    messages = [{"role": turn.role, "content": sendable(turn.text)} for turn in said if turn.text.strip()]
    return [*messages, {"role": role, "content": text}]
