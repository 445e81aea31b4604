"""OpenAI's moderation endpoint, and services that speak it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.errors import GuardError, ServiceError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import ScanRequest, Sees
from lc_guard.scanners.chunks import chunks, sendable
from lc_guard.scanners.hosted import HostedScanner, check_size, worst

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow


class OpenAIModeration(HostedScanner):
    """Asks OpenAI's moderation endpoint (``POST /v1/moderations``): a text is valid unless it is flagged.

    Args:
        api_key: The key; else ``OPENAI_API_KEY`` of the environment.
        base_url: Address, with or without ``/v1`` at its end.
        model: Moderation model.
        thresholds: Category → least score, 0…1, that is not valid. If given, they decide alone, not ``flagged``:
            categories that are not named are let through.
        max_characters: Characters sent at once; longer texts go in pieces.
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

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str = "https://api.openai.com",
        model: str = "omni-moderation-latest",
        thresholds: Mapping[str, float] | None = None,
        max_characters: int = 20_000,
        name: str = "OpenAIModeration",
        sees: Sees = "hidden",
        stages: Sequence[Stage] | None = None,
        timeout: float = 10.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        if thresholds is not None and not (thresholds and all(0 <= score <= 1 for score in thresholds.values())):
            raise GuardError("OpenAIModeration: thresholds must name categories, each with a score of 0…1")
        service = JSONService(
            "OpenAIModeration",
            base_url=base_url.rstrip("/").removesuffix("/v1"),
            headers={"Authorization": f"Bearer {find_key('OpenAIModeration', api_key, ('OPENAI_API_KEY',))}"},
            remedy="OPENAI_API_KEY or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
        )
        super().__init__(service, name=name, sees=sees, stages=stages, details={"model": model})
        self._model = model
        self._thresholds = None if thresholds is None else dict(thresholds)
        self._size = check_size("OpenAIModeration", max_characters)

    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        results = []
        for piece in chunks(sendable(request.text), self._size):
            reply = yield JSONRequest("/v1/moderations", {"model": self._model, "input": piece.text})
            results.append(self._result(ReplyFields("OpenAIModeration", reply)))
        return worst(results)

    def _result(self, reply: ReplyFields) -> ScanResult:
        answers = reply.members("results")
        if len(answers) != 1:
            raise ServiceError("OpenAIModeration: the service's reply can't be read: not one result for one text")
        flagged, scored = answers[0].flag("flagged"), answers[0].member("category_scores")
        scores = {name: scored.number(name) for name in scored.categories()}
        if not scores:
            raise ServiceError("OpenAIModeration: the service's reply can't be read: it has no scores")
        if self._thresholds is not None:
            if missing := sorted(set(self._thresholds) - set(scores)):
                raise ServiceError(f"OpenAIModeration: the service has no category {missing[0]!r}: check thresholds=")
            flagged = any(scores[name] >= least for name, least in self._thresholds.items())
        return ScanResult(valid=not flagged, risk_score=max(scores.values()), categories=scores)
