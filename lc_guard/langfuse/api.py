"""One request to Langfuse's public API: who asks, when it is asked again, and what a refusal means."""

from __future__ import annotations

import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit

import httpx

from lc_guard._http.reply import http_date, retry_after
from lc_guard.errors import LangfuseError

CLOUD = "https://cloud.langfuse.com"
"""Where the SDK sends to when no address is set."""

SERVER_FOR_READS = "4.0"
"""First version of a self-hosted server with ``/api/public/v3/scores`` and ``/api/public/v2/observations``."""

SERVER_FOR_SDK_5 = "4.59"
"""First server version that takes the scores of SDK 5."""

_BODY_LIMIT = 64 * 1024 * 1024
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
_ANSWERS_IN = 2.5
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_AGAIN_FOR_WRITES = frozenset({429, 503})  # nothing was done yet
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})")

Method = Literal["GET", "POST", "PATCH", "DELETE"]
Params = Mapping[str, str | int | None]


class LangfuseApi:
    """A connection to the public API of one Langfuse project; a context manager that closes itself.

    A request is asked again when the connection breaks, at 408, 429 and 5xx, and when an answer is cut off; a
    ``Retry-After`` is honoured. Writes are asked again only where nothing can have been written.

    Args:
        public_key: The project's public key; None takes ``LANGFUSE_PUBLIC_KEY``.
        secret_key: Its secret key; None takes ``LANGFUSE_SECRET_KEY``.
        base_url: Address of Langfuse; None takes ``LANGFUSE_BASE_URL``, else ``LANGFUSE_HOST``, else the EU cloud.
        timeout: Seconds that the server may be silent, above 0.
        attempts: How often a request is made at most, 1 or more.
        longest_wait: Seconds that a ``Retry-After`` may ask for; a longer one is an error.
        sleep: Waits some seconds.

    Raises:
        LangfuseError: There are no keys, or the address is none.
    """

    def __init__(
        self,
        *,
        public_key: str | None = None,
        secret_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 30.0,
        attempts: int = 6,
        longest_wait: float = 120.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        public_key = public_key or os.environ.get("LANGFUSE_PUBLIC_KEY")
        secret_key = secret_key or os.environ.get("LANGFUSE_SECRET_KEY")
        if not public_key or not secret_key:
            raise LangfuseError(
                "no Langfuse keys: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY (project settings, API keys), and "
                "LANGFUSE_BASE_URL unless the project is in the EU cloud"
            )
        url = base_url or os.environ.get("LANGFUSE_BASE_URL") or os.environ.get("LANGFUSE_HOST") or CLOUD
        self.base_url = _address(url)
        self.public_key = public_key
        self.clock_offset = timedelta()
        self.server_version: str | None = None
        self._answered = False
        self._attempts, self._longest_wait, self._sleep = attempts, longest_wait, sleep
        self._http = httpx.Client(
            auth=(public_key, secret_key),
            timeout=timeout,
            headers={"User-Agent": "lc-guard", "Accept": "application/json"},
            follow_redirects=False,  # the keys are for this address only
        )

    def __repr__(self) -> str:
        return f"LangfuseApi({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def check(self) -> None:
        """Say at once what would fail later: an address without Langfuse, wrong keys, a Langfuse too old.

        Where nobody answers it takes three seconds, not the minutes of all attempts.

        Raises:
            LangfuseError: One of these.
        """
        health = self._health()
        told = health.get("version") if isinstance(health, dict) else None
        self.server_version = told if isinstance(told, str) and _VERSION.match(told) else None
        self._require_version()
        self.get("/api/public/projects")

    def get(self, path: str, params: Params | None = None) -> Any:
        """Read.

        Args:
            path: From ``/api/public`` on.
            params: Of the query; what is None is left out.

        Returns:
            The JSON value.

        Raises:
            LangfuseError: It was refused, or nothing readable came in all attempts.
        """
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any) -> Any:
        """Write; takes and raises what `request` does."""
        return self.request("POST", path, body=body)

    def request(self, method: Method, path: str, *, params: Params | None = None, body: Any = None) -> Any:
        """Make a request, again where that can help.

        Args:
            method: What to do.
            path: From ``/api/public`` on.
            params: Of the query; what is None is left out.
            body: JSON value to send, or None.

        Returns:
            The JSON value of the answer; None if it has no body.

        Raises:
            LangfuseError: It was refused, or nothing readable came in all attempts.
        """
        query = {name: _query(value) for name, value in (params or {}).items() if value is not None}
        reads = method == "GET"
        for attempt in range(1, self._attempts + 1):
            wait = min(_FIRST_DELAY * 2 ** (attempt - 1), _LONGEST_DELAY) * (0.5 + random.random())  # noqa: S311
            try:
                status, headers, data = self._once(method, path, query, body)
                if status < 300:
                    return json.loads(data) if data else None
                if status not in (_AGAIN if reads else _AGAIN_FOR_WRITES):
                    raise self._refused(status, path, _reason(data) if reads else "")
                what = f"answered {status}"
                wait = self._asked_to_wait(headers, wait)
            except httpx.ConnectError:
                what = "can't be reached"
            except (httpx.TransportError, httpx.DecodingError, ValueError, RecursionError) as error:
                what = _failure(error)
                if not reads:
                    break
            if attempt < self._attempts:
                self._sleep(wait)
        times = f" {attempt} times" if attempt > 1 else ""
        raise LangfuseError(
            f"Langfuse at {self.base_url} {what}{times} ({method} {path}): see that the address is right "
            "(LANGFUSE_BASE_URL) and that it is up, then try again"
        ) from None

    def trace_url(self, project_id: str | None, trace_id: str, observation_id: str | None = None) -> str | None:
        """Return the address of a trace in Langfuse's pages; None without the project's id.

        Args:
            project_id: The project's id, which every row carries.
            trace_id: The trace.
            observation_id: The observation to open, if any.
        """
        if not project_id:
            return None
        link = f"{self.base_url}/project/{quote(project_id, safe='')}/traces/{quote(trace_id, safe='')}"
        return f"{link}?observation={quote(observation_id, safe='')}" if observation_id else link

    def now(self) -> datetime:
        """Return the time by the server's clock, as far as an answer has told it."""
        return datetime.now(UTC) + self.clock_offset

    def _health(self) -> Any:
        """Ask whether Langfuse is there; give up soon where nobody answers at all."""
        outcome: list[Any] = []

        def ask() -> None:
            try:
                outcome.append(self.get("/api/public/health"))
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                outcome.append(error)

        # in a thread: a connection and the look-up of a name may hang for longer
        asking = threading.Thread(target=ask, name="lc-guard-langfuse", daemon=True)
        asking.start()
        asking.join(_ANSWERS_IN)
        if asking.is_alive() and not self._answered:
            raise LangfuseError(
                f"Langfuse at {self.base_url} can't be reached: it gave no answer within {_ANSWERS_IN:g} s; see that "
                "the address is right (LANGFUSE_BASE_URL) and that it is up, then try again"
            )
        asking.join()
        (found,) = outcome
        if isinstance(found, Exception):
            raise found
        return found

    def _once(self, method: Method, path: str, query: dict[str, str], body: Any) -> tuple[int, httpx.Headers, bytes]:
        url = f"{self.base_url}{path}"
        with self._http.stream(method, url, params=query, json=body if body is not None else None) as answer:
            self._answered = True
            self._read_clock(answer.headers)
            data = bytearray()
            for part in answer.iter_bytes():
                data += part
                if len(data) > _BODY_LIMIT:
                    raise LangfuseError(f"an answer of Langfuse ({method} {path}) has more than 64 MiB: ask for less")
            return answer.status_code, answer.headers, bytes(data)

    def _read_clock(self, headers: httpx.Headers) -> None:
        date = http_date(headers.get("Date"))
        if date is not None:
            offset = date - datetime.now(UTC)
            # the header has whole seconds, and the answer took its time
            self.clock_offset = offset if abs(offset) > timedelta(seconds=30) else timedelta()

    def _asked_to_wait(self, headers: httpx.Headers, otherwise: float) -> float:
        seconds = retry_after(headers.get("Retry-After", ""), self.now())
        if seconds is None:
            return otherwise
        if seconds > self._longest_wait:
            raise LangfuseError(
                f"Langfuse at {self.base_url} asks to wait {seconds:,.0f} s (Retry-After): try again after that"
            )
        return seconds

    def _refused(self, status: int, path: str, reason: str) -> LangfuseError:
        if status in (401, 403):
            return LangfuseError(
                f"Langfuse at {self.base_url} refuses the keys ({status}): see that LANGFUSE_PUBLIC_KEY and "
                "LANGFUSE_SECRET_KEY belong to one project of this address (the clouds of the EU and the US, and each "
                "self-hosted Langfuse, have keys of their own)",
                status=status,
            )
        if status == 404:
            found = f", this is {self.server_version}" if self.server_version else ""
            return LangfuseError(
                f"Langfuse at {self.base_url} has no {path} (404): Langfuse {SERVER_FOR_READS} or later is "
                f"needed{found}; see also that LANGFUSE_BASE_URL is its address without a path",
                status=status,
            )
        if status < 400:
            return LangfuseError(
                f"{self.base_url} answers with a redirect ({status}), which is not followed with keys: set "
                "LANGFUSE_BASE_URL to the address it leads to",
                status=status,
            )
        return LangfuseError(f"Langfuse at {self.base_url} refused {path} ({status}){reason}", status=status)

    def _require_version(self) -> None:
        sdk = version("langfuse")
        needed = SERVER_FOR_SDK_5 if _numbers(sdk) >= (5, 0) else SERVER_FOR_READS
        cloud = (urlsplit(self.base_url).hostname or "").endswith(".langfuse.com")
        if self.server_version is None or cloud or _numbers(self.server_version) >= _numbers(needed):
            return
        raise LangfuseError(
            f"Langfuse at {self.base_url} is {self.server_version}, too old for the SDK {sdk}: upgrade it to {needed} "
            "or later" + (", or install langfuse<5" if needed == SERVER_FOR_SDK_5 else "")
        )


def _address(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise LangfuseError("LANGFUSE_BASE_URL is no address: give one such as https://cloud.langfuse.com")
    return url.strip().rstrip("/")


def _query(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _numbers(told: str) -> tuple[int, int]:
    match = _VERSION.match(told)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _failure(error: Exception) -> str:
    if isinstance(error, httpx.HTTPError):
        return f"broke off ({type(error).__name__})"
    return "gave an answer that is no JSON"  # what the parser says may quote the answer


def _reason(data: bytes) -> str:
    """Return the server's own short words about a read; about a write they may quote what was written."""
    try:
        told = json.loads(data).get("message")
    except (ValueError, RecursionError, AttributeError):
        return ""
    shown = "".join(char for char in told if char.isprintable())[:200] if isinstance(told, str) else ""
    return f": {shown}" if shown else ""
