"""Asking a hosted service: JSON over HTTP under a deadline, retried where that helps, read with care."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from lc_guard._http.pool import ClientPool
from lc_guard._http.reply import retry_after
from lc_guard._http.settings import checked_url, host_of
from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import GuardError, ScannerError, ScannerTimeout, ServiceError

T = TypeVar("T")

MAX_REPLY = 1_000_000
"""Bytes that a reply may have, where a service is not known to give longer ones."""

_FOREIGN = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, RuntimeError, ValueError)
_BACKOFF = wait_random_exponential(multiplier=0.25, max=8.0)


@dataclass(frozen=True, slots=True)
class JSONRequest:
    """One POST.

    Attributes:
        path: What is added to the base URL; never user text, as URLs are logged everywhere.
        body: The JSON body.
        query: Query parameters; never user text.
        headers: Headers of this call beside those of the service.
    """

    path: str
    body: Mapping[str, Any] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


RequestFlow = Generator[JSONRequest, Any, T]
"""Yields calls, is sent their replies, returns what they come to: knows nothing of threads and event loops."""


class _Again(Exception):
    """An attempt failed in a way that may pass; carries the error for the case that no more attempt is left."""

    def __init__(self, error: ScannerError, wait: float = 0.0) -> None:
        super().__init__()
        self.error, self.wait = error, wait


class JSONService:
    """A service that is asked with JSON; shared by all threads and event loops.

    Attempts are repeated after 429, 5xx and lost connections, with growing random pauses or the one that the service
    asks for in ``Retry-After``, as long as the deadline allows. Redirects are not followed. Nothing that the service
    answers gets into an error or a log: the loggers of httpx and httpcore are silent meanwhile.

    Args:
        what: Who asks, for errors.
        base_url: Address of the service.
        headers: Headers of every call, the key among them.
        remedy: What to check when the key is refused.
        timeout: Seconds for a whole plan, unless its deadline comes first; above 0.
        attempts: How often a call is tried at most, 1 or more.
        max_reply: Bytes that a reply may have.
        client: Used for sync calls instead of an own one; not closed here.
        async_client: Used for async calls instead of own ones; not closed here.

    Raises:
        GuardError: A value is out of range.
    """

    def __init__(
        self,
        what: str,
        *,
        base_url: str,
        headers: Mapping[str, str],
        remedy: str,
        timeout: float,
        attempts: int,
        max_reply: int = MAX_REPLY,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        if not timeout > 0 or attempts < 1:
            raise GuardError(f"{what} needs timeout= above 0 and attempts= of 1 or more")
        self.what = what
        self.base_url = checked_url(what, base_url)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        self._remedy = remedy
        self.max_reply = max_reply
        self._timeout, self._attempts = timeout, attempts
        self._clients = ClientPool(client, async_client)

    @property
    def host(self) -> str:
        """Host and port of the service."""
        return host_of(self.base_url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.what!r}, base_url={self.base_url!r})"

    def run(self, plan: RequestFlow[T], deadline: float | None = None) -> T:
        """Make the calls of a plan, one after the other, and give what it returns.

        Args:
            plan: The plan.
            deadline: Reading of `time.monotonic` after which nobody waits; None for the service's timeout alone.

        Raises:
            ScannerTimeout: The time was up first.
            ServiceError: The service refused, failed, or gave a reply that can't be read.
        """
        end = self._end(deadline)
        with quiet("httpx", "httpcore"):
            try:
                call = next(plan)
                while True:
                    call = plan.send(self._post(call, end))
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            finally:
                plan.close()

    async def arun(self, plan: RequestFlow[T], deadline: float | None = None) -> T:
        """Do the same on the running event loop; a cancelled call leaves no connection behind."""
        end = self._end(deadline)
        with quiet("httpx", "httpcore"):
            try:
                call = next(plan)
                while True:
                    call = plan.send(await self._apost(call, end))
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            finally:
                plan.close()

    def close(self) -> None:
        """Close the connections of sync calls; the next call opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and those of sync calls."""
        await self._clients.aclose()

    def _post(self, call: JSONRequest, end: float) -> Any:
        try:
            return Retrying(**self._rules(end))(self._attempt, call, end)
        except _Again as again:
            error = again.error
        raise error

    async def _apost(self, call: JSONRequest, end: float) -> Any:
        try:
            return await AsyncRetrying(**self._rules(end))(self._aattempt, call, end)
        except _Again as again:
            error = again.error
        raise error

    def _attempt(self, call: JSONRequest, end: float) -> Any:
        try:
            with self._clients.sync().stream("POST", **self._request(call, end)) as response:
                reply = _Reply(self, response)
                for chunk in response.iter_raw():
                    reply.add(chunk)
                    self._left(end)
            return reply.value()
        except _FOREIGN as error:
            failure = self._failure(error)
        raise failure

    async def _aattempt(self, call: JSONRequest, end: float) -> Any:
        try:
            async with asyncio.timeout(self._left(end)):
                client = await self._clients.on_loop()
                async with client.stream("POST", **self._request(call, end)) as response:
                    reply = _Reply(self, response)
                    async for chunk in response.aiter_raw():
                        reply.add(chunk)
            return reply.value()
        except _FOREIGN as error:
            failure = self._failure(error)
        raise failure

    def _request(self, call: JSONRequest, end: float) -> dict[str, Any]:
        query = f"?{urlencode(call.query)}" if call.query else ""
        return {
            "url": f"{self.base_url}{call.path}{query}",
            "content": json.dumps(call.body).encode(),
            "headers": {**self._headers, **call.headers, "Content-Type": "application/json"},
            "timeout": self._left(end),
            "follow_redirects": False,
        }

    def _rules(self, end: float) -> dict[str, Any]:
        return {
            "stop": stop_after_attempt(self._attempts) | stop_before_delay(max(0.0, end - time.monotonic())),
            "wait": _pause,
            "retry": retry_if_exception_type(_Again),
            "reraise": True,
        }

    def _end(self, deadline: float | None) -> float:
        end = time.monotonic() + self._timeout
        return end if deadline is None else min(end, deadline)

    def _left(self, end: float) -> float:
        left = end - time.monotonic()
        if left <= 0:
            raise ScannerTimeout(f"{self.what}: the service gave no answer in time")
        return left

    def _failure(self, error: Exception) -> Exception:
        """Return what is raised instead of a foreign error, which may hold the request and its key."""
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return ScannerTimeout(f"{self.what}: the service gave no answer in time")
        failure = ServiceError(f"{self.what}: {self.host} can't be reached, or broke off ({type(error).__name__})")
        lost = isinstance(error, httpx.TransportError | OSError) and not isinstance(error, httpx.LocalProtocolError)
        return _Again(failure) if lost else failure

    def refuse(self, status: int, wait: float) -> NoReturn:
        """Raise what an HTTP status other than 200 means."""
        if status in {401, 403}:
            raise ServiceError(f"{self.what}: the service refused the key ({status}): check {self._remedy}")
        if status == 408:
            raise ScannerTimeout(f"{self.what}: the service did not finish in time (408)")
        if status == 429:
            raise _Again(ServiceError(f"{self.what}: the service is asked too often (429)"), wait)
        if status >= 500:
            raise _Again(ServiceError(f"{self.what}: the service failed ({status})"), wait)
        if 300 <= status < 400:
            raise ServiceError(f"{self.what}: a redirect ({status}), which is not followed: check base_url")
        raise ServiceError(f"{self.what}: the service refused the request ({status}): check base_url and the options")


class _Reply:
    """A reply as it comes in: its status is looked at before its body is read, its size while it is."""

    def __init__(self, service: JSONService, response: httpx.Response) -> None:
        self._what, self._most = service.what, service.max_reply
        self._body = bytearray()
        if response.status_code != 200:
            wait = retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))
            service.refuse(response.status_code, wait or 0.0)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise ServiceError(f"{self._what}: the service's reply is no JSON: check base_url")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ServiceError(f"{self._what}: the service's reply is compressed, which was not asked for")

    def add(self, chunk: bytes) -> None:
        """Take what has come in."""
        self._body += chunk
        if len(self._body) > self._most:
            raise ServiceError(f"{self._what}: the service's reply is longer than {self._most} bytes")

    def value(self) -> Any:
        """Return the whole reply, parsed."""
        try:
            return json.loads(self._body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            pass
        raise ServiceError(f"{self._what}: the service's reply is no JSON")


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    return _BACKOFF(state) + (error.wait if isinstance(error, _Again) else 0.0)
