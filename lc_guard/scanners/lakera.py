"""Lakera Guard: prompt attacks, personal data, moderated content, unknown links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.records import Entity, ScanResult, Stage, normalize_kind
from lc_guard.scanners.base import ScanRequest, Sees
from lc_guard.scanners.chunks import Piece, chunks, sendable
from lc_guard.scanners.hosted import HostedScanner, check_size, conversation, worst

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow

_ROLES: dict[Stage, str] = {
    "prompt": "user",
    "output": "assistant",
    "tool_call": "assistant",
    # only the last interaction is screened: what a model is given to read goes as what a tool said
    "tool_result": "tool",
    "document": "tool",
}
_LEVELS = {
    "l1_confident": 1.0,
    "l2_very_likely": 0.8,
    "l3_likely": 0.6,
    "l4_less_likely": 0.4,
    "l5_unlikely": 0.2,
}


class Lakera(HostedScanner):
    """Asks Lakera Guard, v2 (``POST /v2/guard``): a text is valid unless the project's policy flags it.

    The detectors' confidence levels become `ScanResult.categories`: l1 to l5 are 1, 0.8, 0.6, 0.4, 0.2. Where
    all that was detected is located in the text, `ScanResult.entities` says where.

    Args:
        api_key: The key; else ``LAKERA_API_KEY``, else ``LAKERA_GUARD_API_KEY`` of the environment. ``""`` sends none,
            for a self-hosted one without authentication.
        base_url: Address; regions and self-hosted ones have their own.
        project_id: Project whose policy decides; without one Lakera's default policy does.
        max_characters: Characters sent at once, earlier turns included; longer texts go in pieces.
        name: The check's name.
        sees: Which text it is given: ``"hidden"`` sends no value that a detector found.
        stages: Where it judges; None for the stages of the list it stands in.
        timeout: Seconds for one text, above 0.
        attempts: How often a call is tried at most.
        client: HTTP client for sync calls; None for an own one.
        async_client: HTTP client for async calls; None for own ones.

    Raises:
        GuardError: There is no key, or a value is out of range.
    """

    uses_turns = True

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str = "https://api.lakera.ai",
        project_id: str | None = None,
        max_characters: int = 20_000,
        name: str = "Lakera",
        sees: Sees = "hidden",
        stages: Sequence[Stage] | None = None,
        timeout: float = 10.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        key = find_key("Lakera", api_key, ("LAKERA_API_KEY", "LAKERA_GUARD_API_KEY"))
        service = JSONService(
            "Lakera",
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            remedy="LAKERA_API_KEY or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
        )
        details = {"project": project_id} if project_id else {}
        super().__init__(service, name=name, sees=sees, stages=stages, details=details)
        self._project = project_id
        self._size = check_size("Lakera", max_characters)

    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        results = []
        for piece in chunks(sendable(request.text), self._size):
            messages = conversation(request, piece.text, _ROLES[request.stage], budget=self._size)
            body = {"messages": messages, "payload": True, "breakdown": True}
            if self._project is not None:
                body["project_id"] = self._project
            reply = ReplyFields("Lakera", (yield JSONRequest("/v2/guard", body)))
            results.append(_result(reply, piece, len(messages) - 1))
        return worst(results)


def _result(reply: ReplyFields, piece: Piece, number: int) -> ScanResult:
    flagged = reply.flag("flagged")
    detected: set[str] = set()
    categories: dict[str, float] = {}
    for entry in reply.members("breakdown"):
        kind, found = entry.category("detector_type"), entry.flag("detected")
        score = _LEVELS.get(entry.text("result"), float(found)) if entry.has("result") else float(found)
        categories[kind] = max(score, categories.get(kind, 0.0))
        if found:
            detected.add(kind)
    entities, located = _located(reply.members("payload", optional=True), piece, number)
    risk = max((categories[kind] for kind in detected), default=1.0) if flagged else max(categories.values(), default=0)
    return ScanResult(
        valid=not flagged,
        risk_score=risk,
        # what is not located can't be taken out: no entities then, rather than some
        entities=entities if flagged and detected <= located else (),
        categories=categories,
    )


def _located(payload: list[ReplyFields], piece: Piece, number: int) -> tuple[tuple[Entity, ...], set[str]]:
    """Return the entities of the last message, and the detectors all of whose finds are among them."""
    entities, located, lost = set(), set(), set()
    for item in payload:
        kind, text = item.category("detector_type"), item.text("text")
        start = item.whole("start", low=0, high=2**31)
        item.whole("end", low=0, high=2**31)
        # Whether `end` is inclusive, and in which units offsets count, is disputed: only the text itself is believed.
        starts = [start] if text and piece.text.startswith(text, start) else _occurrences(piece.text, text)
        if not starts or (item.has("message_id") and item.whole("message_id", low=0, high=2**31) != number):
            lost.add(kind)
            continue
        located.add(kind)
        label = normalize_kind(kind.rpartition("/")[2])
        entities |= {Entity(label, piece.start + at, piece.start + at + len(text)) for at in starts}
    return tuple(sorted(entities, key=lambda entity: (entity.start, entity.end))), located - lost


def _occurrences(text: str, part: str) -> list[int]:
    found, at = [], text.find(part) if part else -1
    while at >= 0:
        found.append(at)
        at = text.find(part, at + len(part))
    return found
