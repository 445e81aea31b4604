"""The service as an ASGI app: ``/analyze``, ``/recognizers``, ``/supportedentities``, ``/health``.

Nothing of a text gets into a reply but offsets, kinds and scores, and nothing at all into a log.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, NoReturn

from lc_guard.detectors.base import Detector, load_models, name_of
from lc_guard.errors import GuardError, MissingExtra
from lc_guard.serve.analyze_request import BadRequest, read_request
from lc_guard.serve.batcher import Batcher, Busy, Found

try:
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route
except ImportError:
    raise MissingExtra("lc_guard.serve", "serve") from None

Endpoint = Callable[[Request, asyncio.Timeout], Awaitable[Response]]


def create_app(
    detector: Detector,
    *,
    token: str = "",
    kinds: Collection[str] = (),
    languages: Collection[str] = (),
    max_body: int = 4_000_000,
    max_waiting: int = 4_000_000,
    timeout: float = 30.0,
    threads: int | None = None,
) -> Starlette:
    """Return the service around a detector.

    Args:
        detector: Who finds; its models are loaded before the first request is taken.
        token: What requests must bring as a bearer token, all but ``/health``; empty for none.
        kinds: Kinds that it finds, for ``/supportedentities``; empty if not known.
        languages: Codes of the languages that it reads; requests in others are refused. Empty for any.
        max_body: Bytes that a request may have.
        max_waiting: Characters that may wait for the detector; above, requests are refused with 503.
        timeout: Seconds for a request, from its first byte to its reply. Long texts are looked at in parts, and each
            part that is done gives as many seconds again: `max_body` bounds how often.
        threads: How many batches are at work at the same time; None for one for each core.

    Returns:
        The app.

    Raises:
        GuardError: A value is out of range, or the token can't stand in a header.
    """
    if max_body < 1 or max_waiting < 1 or not timeout > 0 or (threads is not None and threads < 1):
        raise GuardError("the service needs max_body, max_waiting and threads of 1 or more, and timeout above 0")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise GuardError("the token of the service holds a character that no header takes")
    service = _Service(
        detector,
        token=token,
        kinds=sorted(kinds),
        languages=frozenset(languages),
        max_body=max_body,
        max_waiting=max_waiting,
        timeout=timeout,
        threads=threads or os.cpu_count() or 1,
    )
    routes = [
        Route("/analyze", service.guarded(service.analyze), methods=["POST"]),
        Route("/recognizers", service.guarded(service.recognizers)),
        Route("/supportedentities", service.guarded(service.supported_entities)),
        Route("/health", service.health),
    ]
    return Starlette(routes=routes, lifespan=service.lifespan)


class _Service:
    """What the endpoints share."""

    def __init__(
        self,
        detector: Detector,
        *,
        token: str,
        kinds: Sequence[str],
        languages: Collection[str],
        max_body: int,
        max_waiting: int,
        timeout: float,
        threads: int,
    ) -> None:
        self._detector = detector
        self._token = token.encode()
        self._kinds, self._languages = kinds, languages
        self._max_body, self._max_waiting = max_body, max_waiting
        self._timeout, self._threads = timeout, threads
        self._batcher: Batcher | None = None

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Load the models before anything is asked; give up what is still asked at the end."""
        await asyncio.to_thread(load_models, self._detector)
        batcher = self._batcher = Batcher(self._detector, threads=self._threads, most_waiting=self._max_waiting)
        try:
            yield
        finally:
            self._batcher = None
            await batcher.close()

    def guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """Ask for the token, and make a reply of whatever is raised: a server logs what it is not told of."""

        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            try:
                self._check_token(request)
                async with asyncio.timeout(self._timeout) as limit:
                    return await endpoint(request, limit)
            except BadRequest as error:
                return _refusal(error.status, str(error))
            except Busy:
                return _refusal(503, "too much is waiting", {"Retry-After": "1"})
            except TimeoutError:
                return _refusal(408, "no answer in time")
            except ClientDisconnect:
                return Response(status_code=499)
            except Exception as error:  # noqa: BLE001 - its message may hold a text
                return _refusal(500, f"detection failed ({type(error).__name__})")

        return answer

    async def analyze(self, request: Request, limit: asyncio.Timeout) -> Response:
        """Answer with the entities of a text, or of each of a list."""
        asked = read_request(await self._body(request), kinds=self._kinds, languages=self._languages)
        if self._batcher is None:
            raise Busy("the service is not started")
        found: Sequence[Found] = [()] * len(asked.texts)
        if any(asked.texts):
            now = asyncio.get_running_loop().time
            found = await self._batcher.detect(asked.texts, lambda: limit.reschedule(now() + self._timeout))
        return Response(asked.reply(found), media_type="application/json")

    async def recognizers(self, _: Request, __: asyncio.Timeout) -> Response:
        """Answer with the names of the sources."""
        sources: Sequence[Any] = getattr(self._detector, "detectors", (self._detector,))
        return JSONResponse(list(dict.fromkeys(map(name_of, sources))))

    async def supported_entities(self, _: Request, __: asyncio.Timeout) -> Response:
        """Answer with the kinds that are found."""
        return JSONResponse(self._kinds)

    async def health(self, _: Request) -> Response:
        """Answer that the service takes requests."""
        up = self._batcher is not None
        return PlainTextResponse("lc-guard's analyzer is up" if up else "not started", 200 if up else 503)

    def _check_token(self, request: Request) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        told = given.strip().encode("utf-8", "replace") if scheme.lower() == "bearer" else b""
        if self._token and not hmac.compare_digest(told, self._token):
            raise BadRequest("a bearer token is needed", 401)

    async def _body(self, request: Request) -> bytes:
        # Browsers send JSON to other sites only if these allow it, which this one never does.
        if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise BadRequest("the Content-Type must be application/json", 415)
        if int(request.headers.get("Content-Length") or 0) > self._max_body:
            self._refuse_body()
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body:
                self._refuse_body()
        return bytes(body)

    def _refuse_body(self) -> NoReturn:
        raise BadRequest(f"the body is longer than {self._max_body} bytes", 413)


def _refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)
