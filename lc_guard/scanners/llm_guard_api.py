"""LLM Guard's own API server, or gorget's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.errors import ServiceError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import ScanRequest, Sees
from lc_guard.scanners.chunks import sendable
from lc_guard.scanners.hosted import SPOKEN, HostedScanner

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow

# They remember values in one vault for all who ask, and would hand one user's values to another.
_NEVER = ("Anonymize", "Deanonymize")


class LLMGuardAPI(HostedScanner):
    """Asks an LLM Guard API server (``POST /analyze/prompt``, ``/analyze/output``): its scanners judge together.

    Which scanners run is the server's configuration. Its Anonymize and Deanonymize are always suppressed: their vault
    is shared by all who ask. Texts go whole: the scanners cut long ones themselves.

    Args:
        base_url: Address of the server.
        api_key: Its ``AUTH_TOKEN``; else ``LLM_GUARD_API_KEY`` of the environment, else none is sent.
        suppress: Names of further scanners that are not to run.
        name: The check's name.
        sees: Which text it is given: ``"hidden"`` sends no value that a detector found.
        stages: Where it judges; None for the stages of the list it stands in.
        timeout: Seconds for one text, above 0.
        attempts: How often a call is tried at most.
        client: HTTP client for sync calls; None for an own one.
        async_client: HTTP client for async calls; None for own ones.

    Raises:
        GuardError: A value is out of range.
    """

    rewrites = True  # such as JSON: what it repairs is valid

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None = None,
        suppress: Sequence[str] = (),
        name: str = "LLMGuardAPI",
        sees: Sees = "hidden",
        stages: Sequence[Stage] | None = None,
        timeout: float = 30.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        key = find_key("LLMGuardAPI", api_key, ("LLM_GUARD_API_KEY",), required=False)
        service = JSONService(
            "LLMGuardAPI",
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            remedy="LLM_GUARD_API_KEY or api_key=, which must be the server's AUTH_TOKEN",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
        )
        super().__init__(service, name=name, sees=sees, stages=stages)
        self._suppress = sorted({*_NEVER, *suppress})

    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        text = sendable(request.text)
        body: dict[str, Any] = {"scanners_suppress": self._suppress}
        if request.stage in SPOKEN:
            body |= {"prompt": sendable(request.prompt), "output": text}
            reply = ReplyFields("LLMGuardAPI", (yield JSONRequest("/analyze/output", body)))
            return _result(reply, text, reply.text("sanitized_output"))
        reply = ReplyFields("LLMGuardAPI", (yield JSONRequest("/analyze/prompt", body | {"prompt": text})))
        return _result(reply, text, reply.text("sanitized_prompt"))


def _result(reply: ReplyFields, text: str, sanitized: str) -> ScanResult:
    valid, scanners = reply.flag("is_valid"), reply.member("scanners")
    # -1 is LLM Guard's word for "nothing found, or not applicable"
    scores = {name: max(0.0, scanners.number(name, low=-1.0)) for name in scanners.categories()}
    if not set(scores).isdisjoint(_NEVER):
        raise ServiceError(
            "LLMGuardAPI: the server ran Anonymize or Deanonymize, whose vault is shared by all, though asked not to: "
            "take them out of its configuration"
        )
    risk = max(scores.values(), default=0.0)
    return ScanResult(
        valid=valid,
        risk_score=risk if valid else risk or 1.0,
        sanitized=sanitized if sanitized != text else None,
        categories=scores,
    )
