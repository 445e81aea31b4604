"""What Langfuse and LangSmith would be sent of a canary, by their SDKs that are installed, each in memory."""

from __future__ import annotations

import io
from typing import Any

import requests
from langchain_core.output_parsers import StrOutputParser
from langsmith.run_helpers import tracing_context
from requests.adapters import BaseAdapter

from lc_guard._vendors.quiet_logs import quiet
from lc_guard._vendors.seals import Seal
from lc_guard.langchain.canary import SESSION, Canary, apart
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langchain.self_test import SeamCheck, timed
from lc_guard.langfuse.in_memory import Tracing
from lc_guard.langsmith import langsmith_client

_NOWHERE = "http://in-memory.invalid"


def check_tracers() -> list[SeamCheck]:
    """Trace a chain with a canary through each client, and see what it would send."""
    return [
        timed("mask_otel_spans", "langfuse", lambda: apart(_langfuse)),
        timed("langsmith_client", "langsmith", lambda: apart(_langsmith)),
    ]


def _langfuse() -> None:
    canary = Canary()
    tracing = Tracing(canary.guard, offline=True)
    with quiet("langfuse"):  # which asks to be told of a model without a name
        _chain(canary).invoke(f"Greet {canary.value}", {**SESSION, "callbacks": [tracing.handler]})
    tracing.close()
    canary.require_hidden(Seal("mask_otel_spans", "langfuse"), "what is exported", tracing.strings())


def _langsmith() -> None:
    canary, sent, session = Canary(), _Kept(), requests.Session()
    session.mount(_NOWHERE, sent)
    client = langsmith_client(canary.guard, api_url=_NOWHERE, api_key="none", session=session)
    with tracing_context(client=client, enabled=True):
        _chain(canary).invoke(f"Greet {canary.value}", SESSION)
    client.flush()
    canary.require_hidden(Seal("langsmith_client", "langsmith"), "what is sent", sent.bodies)


def _chain(canary: Canary) -> Any:
    return Anonymize(canary.guard) | canary.model | StrOutputParser() | Deanonymize(canary.guard)


class _Kept(BaseAdapter):
    """Keeps the bodies of requests and sends none."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[str] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body: Any = request.body
        read = body.read() if hasattr(body, "read") else body
        self.bodies.append(read.decode("utf-8", "replace") if isinstance(read, bytes) else str(read))
        response = requests.Response()
        response.status_code, response.raw, response.url, response.request = 202, io.BytesIO(b"{}"), _NOWHERE, request
        return response

    def close(self) -> None:
        """Nothing is open."""
