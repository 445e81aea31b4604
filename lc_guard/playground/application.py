"""The playground's web application: one page, and what it asks.

It answers to this machine's own names only, so that no page of somebody else's can read through it (DNS rebinding), and
tells browsers to load nothing from elsewhere.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lc_guard._display.colours import BAD, COLOURS, FAIR, GOOD
from lc_guard._forks import ForkLock
from lc_guard._placeholders.grammar import PlaceholderStyle
from lc_guard.demo.hidden import transcript
from lc_guard.detectors.labels import KINDS
from lc_guard.detectors.locales import LANGUAGES
from lc_guard.detectors.national_ids import COUNTRIES
from lc_guard.detectors.surroundings import TextKind
from lc_guard.errors import GuardError, installed_version
from lc_guard.playground.examination import examine
from lc_guard.playground.examples import EXAMPLES
from lc_guard.playground.settings import Settings, Sources, WrongSettings, detectors, scanners
from lc_guard.policy.policy import KindAction, OnInvalid

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_CHARACTERS = 200_000
"""Longest text that is looked at."""

_MOST_BYTES = 4 * MOST_CHARACTERS + 100_000
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_PAGE = {
    "/": ("index.html", "text/html"),
    "/playground.css": ("playground.css", "text/css"),
    "/playground.js": ("playground.js", "text/javascript"),
}

logger = logging.getLogger("lc_guard")


def application(port: int, text: str | None = None) -> ASGIApp:
    """Return the application that is served on a port of this machine.

    Args:
        port: Where it listens: no other name or port in a request's ``Host`` is answered.
        text: What the page begins with; None takes the demo's transcript.
    """
    one_at_a_time = ForkLock()
    sources = Sources()

    async def page(request: Request) -> Response:
        name, kind = _PAGE[request.url.path]
        content = files(__package__).joinpath("page", name).read_text(encoding="utf-8")
        return Response(content, media_type=kind)

    async def colours(_: Request) -> Response:
        return Response(_colours(), media_type="text/css")

    async def start(_: Request) -> Response:
        return JSONResponse(await run_in_threadpool(_start, transcript() if text is None else text, sources))

    async def check(request: Request) -> Response:
        given = await _body(request)

        def run() -> dict[str, Any]:
            with one_at_a_time:
                return examine(given["text"], Settings.read(given["settings"]), sources, answer=given["answer"])

        return JSONResponse(await run_in_threadpool(run))

    routes = [
        *(Route(path, page) for path in _PAGE),
        Route("/colours.css", colours),
        Route("/api/start", start),
        Route("/api/check", check, methods=["POST"]),
    ]
    handlers: Any = {WrongSettings: _wrong, GuardError: _failed, HTTPException: _refused, Exception: _broken}
    return _Guarded(Starlette(routes=routes, exception_handlers=handlers), port)


class _Guarded:
    """Refuses what does not come from a page of this very application, and adds the headers of safety to the rest.

    Whatever is raised inside becomes the name of its class: a traceback may hold text.
    """

    def __init__(self, inside: ASGIApp, port: int) -> None:
        self._inside = inside
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._inside(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        refused = self._refused({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]})
        try:
            await (refused or self._inside)(scope, receive, send_safely)
        except Exception as error:  # noqa: BLE001 - Starlette raises it again, once it is answered
            logger.error("the playground failed: %s", type(error).__name__)  # noqa: TRY400 - a traceback may hold text

    def _refused(self, headers: Mapping[str, str]) -> Response | None:
        if headers.get("host", "").lower() not in self._hosts:
            return JSONResponse({"error": "this page is served to this machine only"}, status_code=421)
        if headers.get("origin", "").lower() not in {"", *self._origins}:
            return JSONResponse({"error": "another site may not ask this one"}, status_code=403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return JSONResponse({"error": "another site may not ask this one"}, status_code=403)
        return None


async def _body(request: Request) -> dict[str, Any]:
    """Return what the page sends, looked through."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "JSON is needed")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > _MOST_BYTES:
            raise HTTPException(413, f"a text has at most {MOST_CHARACTERS:,} characters here")
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        raise HTTPException(400, "this is no JSON") from None
    text, answer = (given.get("text"), given.get("answer")) if isinstance(given, dict) else (None, None)
    settings = given.get("settings", {}) if isinstance(given, dict) else None
    if not isinstance(text, str) or not isinstance(answer, str | None) or not isinstance(settings, dict):
        raise HTTPException(400, "text and settings are needed")
    if len(text) > MOST_CHARACTERS or len(answer or "") > MOST_CHARACTERS:
        raise HTTPException(413, f"a text has at most {MOST_CHARACTERS:,} characters here")
    return {"text": text, "answer": answer, "settings": settings}


def _start(text: str, sources: Sources) -> dict[str, Any]:
    """Return what the page can offer, and what it begins with."""
    return {
        "version": installed_version("lc-guard") or "",
        "text": text,
        "examples": [{"name": "Court transcript", "text": transcript()}, *EXAMPLES],
        "detectors": detectors(sources),
        "scanners": scanners(),
        "languages": LANGUAGES,
        "countries": COUNTRIES,
        "kinds": KINDS,
        "texts": get_args(TextKind),
        "styles": get_args(PlaceholderStyle),
        "actions": get_args(KindAction),
        "on_invalid": get_args(OnInvalid),
        "most": MOST_CHARACTERS,
    }


def _colours() -> str:
    """Return the styles of data-c: the colours of kinds and of actions, as terminals and notebooks have them."""
    every = (*COLOURS, GOOD, FAIR, BAD)
    light = "".join(f'[data-c="{c.name}"]{{--mid:{c.mid};--tint:{c.tint()};--ink:{c.on_light}}}\n' for c in every)
    dark = "".join(f'[data-c="{c.name}"]{{--tint:{c.tint(0.26)};--ink:{c.on_dark}}}\n' for c in every)
    return f"{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"


async def _wrong(_: Request, error: Any) -> Response:
    problems = [{"line": problem.line, "text": problem.text} for problem in error.problems]
    return JSONResponse({"error": str(error), "problems": problems}, status_code=422)


async def _failed(_: Request, error: Any) -> Response:
    return JSONResponse({"error": str(error), "problems": []}, status_code=422)


async def _refused(_: Request, error: Any) -> Response:
    return JSONResponse({"error": error.detail}, status_code=error.status_code)


async def _broken(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"this could not be done ({type(error).__name__})"}, status_code=500)
