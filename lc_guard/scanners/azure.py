"""Azure AI Content Safety: harm categories, blocklists, and Prompt Shields."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.errors import GuardError, ServiceError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import CONTEXT_STAGES, ScanRequest, Sees
from lc_guard.scanners.chunks import chunks, sendable
from lc_guard.scanners.hosted import HostedScanner, worst

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow

AzureCategory = Literal["Hate", "SelfHarm", "Sexual", "Violence"]
"""Azure's harm categories."""

_LIMIT = 10_000


class AzureContentSafety(HostedScanner):
    """Asks Azure AI Content Safety: how severe is it (``text:analyze``), is it an attack (``text:shieldPrompt``).

    A text is valid unless a severity reaches `severity`, a blocklist matches, or Prompt Shields sees an attack. What a
    model wrote is not shown to Prompt Shields; documents and tool results are shown as documents. `risk_score`
    and `categories` are severity / 6, or / 7 with eight levels.

    Args:
        api_key: The resource's key; else ``CONTENT_SAFETY_KEY`` of the environment.
        base_url: The resource's endpoint, ``https://<name>.cognitiveservices.azure.com``; else
            ``CONTENT_SAFETY_ENDPOINT``.
        categories: Which harms to look for.
        severity: The least severity that is not valid, 1…7: one for all, or by category (4 for one that is left out).
        eight_levels: Whether severities are 0…7 instead of 0, 2, 4, 6.
        blocklists: Names of the resource's blocklists to match.
        prompt_shields: Whether to look for attacks in what a model is given to read.
        api_version: Azure's API version.
        name: The check's name.
        sees: Which text it is given: ``"hidden"`` sends no value that a detector found.
        stages: Where it judges; None for the stages of the list it stands in.
        timeout: Seconds for one text, above 0.
        attempts: How often a call is tried at most.
        client: HTTP client for sync calls; None for an own one.
        async_client: HTTP client for async calls; None for own ones.

    Raises:
        GuardError: There is no key or endpoint, or a value is out of range.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        categories: Sequence[AzureCategory] = get_args(AzureCategory),
        severity: int | Mapping[AzureCategory, int] = 4,
        eight_levels: bool = False,
        blocklists: Sequence[str] = (),
        prompt_shields: bool = True,
        api_version: str = "2024-09-01",
        name: str = "AzureContentSafety",
        sees: Sees = "hidden",
        stages: Sequence[Stage] | None = None,
        timeout: float = 10.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        base_url = base_url or os.environ.get("CONTENT_SAFETY_ENDPOINT")
        if not base_url:
            raise GuardError("AzureContentSafety needs an endpoint: set CONTENT_SAFETY_ENDPOINT, or pass base_url=")
        limits: dict[Any, int]
        limits = dict(severity) if isinstance(severity, Mapping) else dict.fromkeys(categories, severity)
        known = set(get_args(AzureCategory))
        if not categories or not set(categories) <= known or not set(limits) <= known:
            raise GuardError(f"AzureContentSafety: name some categories of {', '.join(get_args(AzureCategory))}")
        if not all(1 <= least <= 7 for least in limits.values()):
            raise GuardError("AzureContentSafety: severity must be 1…7")
        if isinstance(blocklists, str):
            raise GuardError("AzureContentSafety: blocklists must be a list of names")
        service = JSONService(
            "AzureContentSafety",
            base_url=base_url,
            headers={"Ocp-Apim-Subscription-Key": find_key("AzureContentSafety", api_key, ("CONTENT_SAFETY_KEY",))},
            remedy="CONTENT_SAFETY_KEY or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
        )
        super().__init__(service, name=name, sees=sees, stages=stages, details={"api_version": api_version})
        self._least: dict[str, int] = {category: limits.get(category, 4) for category in categories}
        self._top = 7 if eight_levels else 6
        self._blocklists = list(blocklists)
        self._shields = prompt_shields
        self._query = {"api-version": api_version}

    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        results = []
        for piece in chunks(sendable(request.text), _LIMIT):
            body = {
                "text": piece.text,
                "categories": list(self._least),
                "blocklistNames": self._blocklists,
                "haltOnBlocklistHit": False,
                "outputType": "EightSeverityLevels" if self._top == 7 else "FourSeverityLevels",
            }
            reply = yield JSONRequest("/contentsafety/text:analyze", body, self._query)
            results.append(self._severities(ReplyFields("AzureContentSafety", reply)))
            if self._shields and request.stage in CONTEXT_STAGES:
                body = {"userPrompt": piece.text} if request.stage == "prompt" else {"documents": [piece.text]}
                reply = yield JSONRequest("/contentsafety/text:shieldPrompt", body, self._query)
                results.append(_attack(ReplyFields("AzureContentSafety", reply), request.stage))
        return worst(results)

    def _severities(self, reply: ReplyFields) -> ScanResult:
        found = {
            entry.category("category"): entry.whole("severity", low=0, high=self._top)
            for entry in reply.members("categoriesAnalysis")
        }
        if missing := sorted(set(self._least) - set(found)):
            raise ServiceError(f"AzureContentSafety: the service's reply can't be read: no severity of {missing[0]!r}")
        scores = {category: found[category] / self._top for category in self._least}
        # which item matched is text that somebody typed: only the list's name is told, if it is one of ours
        for match in reply.members("blocklistsMatch", optional=not self._blocklists):
            name = match.text("blocklistName")
            scores[f"blocklist/{name}" if name in self._blocklists else "blocklist"] = 1.0
        listed = len(scores) > len(self._least)
        valid = not listed and all(found[category] < least for category, least in self._least.items())
        return ScanResult(valid=valid, risk_score=max(scores.values()), categories=scores)


def _attack(reply: ReplyFields, stage: Stage) -> ScanResult:
    if stage == "prompt":
        attack, category = reply.member("userPromptAnalysis").flag("attackDetected"), "UserPromptAttack"
    else:
        verdicts = [entry.flag("attackDetected") for entry in reply.members("documentsAnalysis")]
        if len(verdicts) != 1:
            raise ServiceError("AzureContentSafety: the service's reply can't be read: not one answer for one document")
        attack, category = verdicts[0], "DocumentAttack"
    return ScanResult(valid=not attack, risk_score=float(attack), categories={category: float(attack)})
