"""The pooled HTTP clients behind a service: one for all threads, one for each event loop."""

from __future__ import annotations

import asyncio
import ssl
import weakref
from collections.abc import AsyncGenerator
from http.cookiejar import CookieJar, DefaultCookiePolicy

# httpx loads httpcore with its first client; its loggers must be there before `quiet` looks for them.
import httpcore  # noqa: F401
import httpx

from lc_guard._forks import ForkLock


class ClientPool:
    """Makes clients at their first use, and closes them when nobody can use them any longer; given ones stay open.

    An event loop that ends as `asyncio.run` ends it closes its client; so does the garbage collector. A loop closed by
    hand needs `aclose` first.
    """

    def __init__(self, client: httpx.Client | None = None, async_client: httpx.AsyncClient | None = None) -> None:
        self._given, self._given_async = client, async_client
        self._lock = ForkLock()
        self._trust: ssl.SSLContext | None = None
        self._client: httpx.Client | None = None
        self._closer: weakref.finalize[[], ClientPool] | None = None
        self._lives: dict[asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[None, None]]] = {}

    def sync(self) -> httpx.Client:
        """Return the client of all threads."""
        if self._given is not None:
            return self._given
        trust = self._trusted()
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(verify=trust, cookies=_no_cookies())
                self._closer = weakref.finalize(self, self._client.close)
            return self._client

    async def on_loop(self) -> httpx.AsyncClient:
        """Return the client of the running event loop."""
        if self._given_async is not None:
            return self._given_async
        loop = asyncio.get_running_loop()
        if loop not in self._lives:
            # reading certificates from the disk takes tens of milliseconds
            trust = await asyncio.to_thread(self._trusted)
            if loop not in self._lives:
                client = httpx.AsyncClient(verify=trust, cookies=_no_cookies())
                keeper = _keep(client)
                await anext(keeper)  # does not wait: from now on the loop knows it
                with self._lock:
                    self._lives = {other: life for other, life in self._lives.items() if not other.is_closed()}
                    self._lives[loop] = client, keeper
        return self._lives[loop][0]

    def close(self) -> None:
        """Close the client of all threads; the next use makes a new one."""
        with self._lock:
            closer, self._client, self._closer = self._closer, None, None
        if closer is not None:
            closer()

    async def aclose(self) -> None:
        """Close the client of the running event loop and that of all threads."""
        self.close()
        with self._lock:
            life = self._lives.pop(asyncio.get_running_loop(), None)
        if life is not None:
            await life[1].aclose()

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = httpx.create_ssl_context()
        return self._trust


def _no_cookies() -> CookieJar:
    """Return a jar that takes none: what a service sets in one call is not to come with another user's."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


async def _keep(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Closes a client when its event loop shuts its asynchronous generators down, which every runner does."""
    try:
        yield
    finally:
        await client.aclose()
