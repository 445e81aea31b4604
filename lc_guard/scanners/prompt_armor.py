"""PromptArmor: injections, hidden text, secrets and links in what a model is given."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.errors import GuardError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import ScanRequest, Sees
from lc_guard.scanners.chunks import chunks, sendable
from lc_guard.scanners.hosted import SPOKEN, HostedScanner, check_size, worst

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow


class PromptArmor(HostedScanner):
    """Asks PromptArmor (``POST /v1/analyze/input``): a text is valid if none of its detectors fires.

    It gives no scores: `risk_score` and `categories` are 1 or 0. The pieces of a text go under one session id of
    PromptArmor's, those of another text under another: no conversation is made known.

    Args:
        api_key: The key; else ``PROMPTARMOR_API_KEY`` of the environment.
        base_url: Address.
        input_path: Path asked about prompts, tool results and documents.
        output_path: Path asked about what a model wrote. The default is named in catalogues of others, not by the
            vendor in what we have: try it before you rely on it.
        source: Where texts come from, in PromptArmor's words.
        destination: Where they go.
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
        base_url: str = "https://api.aidr.promptarmor.com",
        input_path: str = "/v1/analyze/input",
        output_path: str = "/v1/analyze/output",
        source: str | None = None,
        destination: str | None = None,
        max_characters: int = 20_000,
        name: str = "PromptArmor",
        sees: Sees = "hidden",
        stages: Sequence[Stage] | None = None,
        timeout: float = 10.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        if not (input_path.startswith("/") and output_path.startswith("/")):
            raise GuardError("PromptArmor: input_path and output_path must begin with '/'")
        service = JSONService(
            "PromptArmor",
            base_url=base_url,
            headers={"PromptArmor-Auth": f"Bearer {find_key('PromptArmor', api_key, ('PROMPTARMOR_API_KEY',))}"},
            remedy="PROMPTARMOR_API_KEY or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
        )
        super().__init__(service, name=name, sees=sees, stages=stages)
        self._input, self._output = input_path, output_path
        self._about = {"source": source, "destination": destination}
        self._size = check_size("PromptArmor", max_characters)

    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        path = self._output if request.stage in SPOKEN else self._input
        headers = {"PromptArmor-Session-ID": str(uuid.uuid4())}
        results = []
        for piece in chunks(sendable(request.text), self._size):
            reply = yield JSONRequest(path, {"content": piece.text, **self._about}, headers=headers)
            results.append(_result(ReplyFields("PromptArmor", reply)))
        return worst(results)


def _result(reply: ReplyFields) -> ScanResult:
    found = reply.flag("detection")
    info = reply.member("info")
    categories = {name: float(info.member(name).flag("detection")) for name in info.categories()}
    # a reply that contradicts itself is taken at its worst
    risk = max([float(found), *categories.values()])
    return ScanResult(valid=risk == 0, risk_score=risk, categories=categories)
