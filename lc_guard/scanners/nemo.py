"""NVIDIA NeMo Guardrails, in this process or as a server."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard.errors import GuardError, MissingExtra, ServiceError
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import Cost, ScanRequest, Sees
from lc_guard.scanners.chunks import sendable
from lc_guard.scanners.hosted import SPOKEN, check_places, conversation
from lc_guard.scanners.nemo_rails import RailKind, RailsThread

if TYPE_CHECKING:
    import httpx
    from nemoguardrails import LLMRails

    from lc_guard._http.client import RequestFlow


class NeMoGuardrails:
    """Runs NeMo Guardrails' rails: input rails on what a model is given, output rails on what it wrote.

    Give exactly one of `config_path`, `rails` and `base_url`. In this process the rails run on an event loop of their
    own, in one thread; what they remember of a text is wiped, their log lines are dropped. NeMo sends usage statistics
    to NVIDIA, without texts, unless ``DO_NOT_TRACK=1`` is in the environment.

    ``blocked`` is not valid, with a risk of 1. ``modified`` may go on as `sanitized`, what the rails made of the text,
    with a risk of 0.5. Texts go whole.

    Args:
        config_path: Folder of a Colang 1.0 configuration, run in this process.
        rails: An ``LLMRails``, for this scanner alone: its history is wiped after each text.
        base_url: Address of a NeMo Guardrails server (``POST /v1/checks``).
        config_ids: Configurations on the server; empty for its default.
        model: Model that the server is to name to its rails.
        api_key: Key of the server; else ``NEMO_GUARDRAILS_API_KEY`` of the environment, else none is sent.
        name: The check's name.
        sees: Which text it is given: ``"hidden"`` sends no value that a detector found.
        stages: Where it judges; None for the stages of the list it stands in.
        timeout: Seconds for one text, above 0.
        attempts: How often a call of the server is tried at most.
        client: HTTP client for sync calls; None for an own one.
        async_client: HTTP client for async calls; None for own ones.

    Raises:
        GuardError: Not exactly one of the three is given, or a value is out of range.
        MissingExtra: nemoguardrails is not installed and is to run in this process (it needs Python below 3.14).
    """

    uses_turns = True
    rewrites = True  # what rails modify is valid
    stages: tuple[Stage, ...]

    def __init__(
        self,
        *,
        config_path: str | Path | None = None,
        rails: LLMRails | None = None,
        base_url: str | None = None,
        config_ids: Sequence[str] = (),
        model: str = "none",
        api_key: str | None = None,
        name: str = "NeMoGuardrails",
        sees: Sees = "hidden",
        stages: Sequence[Stage] | None = None,
        timeout: float = 30.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        if sum(item is not None for item in (config_path, rails, base_url)) != 1:
            raise GuardError("NeMoGuardrails needs exactly one of config_path=, rails= and base_url=")
        if isinstance(config_ids, str) or not timeout > 0:
            raise GuardError("NeMoGuardrails: config_ids must be a list of names, and timeout above 0")
        check_places("NeMoGuardrails", sees, stages)
        self.name = name
        self.sees: Sees = sees
        if stages is not None:
            self.stages = tuple(stages)
        self._timeout = timeout
        self._asked: dict[str, Any] = {"config_ids": list(config_ids)} if config_ids else {}
        self._model = model
        self._runner: RailsThread | JSONService
        if base_url is None:
            self.cost: Cost = "model"
            self.details: Mapping[str, str] = {"host": "in process"}
            self._runner = RailsThread(_loader(config_path, rails))
            return
        self.cost = "remote"
        key = find_key("NeMoGuardrails", api_key, ("NEMO_GUARDRAILS_API_KEY",), required=False)
        service = JSONService(
            "NeMoGuardrails",
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            remedy="NEMO_GUARDRAILS_API_KEY or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
        )
        self.details = {"host": service.host, "model": model}
        self._runner = service

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, host={self.details['host']!r})"

    def warm_up(self) -> None:
        """Load the configuration now, if it runs in this process.

        Raises:
            ScannerError: It can't be loaded.
        """
        if isinstance(self._runner, RailsThread):
            self._runner.warm_up()

    def scan(self, request: ScanRequest) -> ScanResult:
        """Run the rails on one text.

        Returns:
            What the rails say.

        Raises:
            ScannerTimeout: They did not finish within the deadline, or within the scanner's timeout.
            ScannerError: They can't be loaded, are not configured for the stage, or failed.
            ServiceError: The server refused, failed, or gave a reply that can't be read.
        """
        if not request.text.strip():
            return ScanResult(valid=True, risk_score=0.0)
        if not isinstance(self._runner, RailsThread):
            return self._runner.run(self._plan(request), request.deadline)
        return _result(*self._runner.check(*_asked(request), self._seconds(request)))

    async def ascan(self, request: ScanRequest) -> ScanResult:
        """Do the same without blocking the running event loop; a cancelled call leaves nothing running."""
        if not request.text.strip():
            return ScanResult(valid=True, risk_score=0.0)
        if not isinstance(self._runner, RailsThread):
            return await self._runner.arun(self._plan(request), request.deadline)
        return _result(*await self._runner.acheck(*_asked(request), self._seconds(request)))

    def close(self) -> None:
        """End the thread of the rails, or close the connections of sync calls."""
        self._runner.close()

    async def aclose(self) -> None:
        """Do the same, and close the connections of the running event loop."""
        await self._runner.aclose()

    def _seconds(self, request: ScanRequest) -> float:
        left = request.seconds_left()
        return self._timeout if left is None else min(left, self._timeout)

    def _plan(self, request: ScanRequest) -> RequestFlow[ScanResult]:
        messages, kind = _asked(request)
        body = {"model": self._model, "messages": messages, "guardrails": {**self._asked, "rail_types": [kind]}}
        reply = ReplyFields("NeMoGuardrails", (yield JSONRequest("/v1/checks", body)))
        return _result(reply.text("status"), reply.text("content"))


def _asked(request: ScanRequest) -> tuple[list[dict[str, Any]], RailKind]:
    text = sendable(request.text)
    if request.stage in SPOKEN:
        return conversation(request, text, "assistant"), "output"
    # input rails look at the last message of the user, whoever wrote it
    return conversation(request, text, "user"), "input"


def _result(status: str, content: str) -> ScanResult:
    if status == "passed":
        return ScanResult(valid=True, risk_score=0.0)
    if status == "blocked":
        return ScanResult(valid=False, risk_score=1.0)
    if status == "modified":
        return ScanResult(valid=True, risk_score=0.5, sanitized=content)
    raise ServiceError("NeMoGuardrails: the reply can't be read: its status is none of passed, modified, blocked")


def _loader(config_path: str | Path | None, rails: LLMRails | None) -> Any:
    if rails is not None:
        if not hasattr(rails, "check_async"):
            raise GuardError("NeMoGuardrails: rails= must be an LLMRails of nemoguardrails 0.24 or later")
        return lambda: rails
    if importlib.util.find_spec("nemoguardrails") is None:
        raise MissingExtra("NeMoGuardrails(config_path=...)", "nemo")

    def load() -> Any:
        from nemoguardrails import LLMRails, RailsConfig

        return LLMRails(RailsConfig.from_path(str(config_path)))

    return load
