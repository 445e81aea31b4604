"""NeMo Guardrails in this process: one event loop in one thread for all who ask."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from lc_guard._forks import ForkLock
from lc_guard._vendors.quiet_logs import quiet
from lc_guard.errors import ScannerError, ScannerTimeout

RailKind = Literal["input", "output"]
"""Which of a configuration's rails run."""


class RailsThread:
    """Runs the ``LLMRails`` that `make` gives on an event loop of its own, in a daemon thread begun at the first check.

    ``LLMRails`` is not made for several threads, keeps clients that belong to one event loop, and runs sync actions on
    it: none of this is to reach the caller's loop. What it remembers of a check is wiped after it.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._rails: Any = None
        self._lock = ForkLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closer: weakref.finalize[..., RailsThread] | None = None

    def warm_up(self) -> None:
        """Load the configuration now."""
        self._start(self._load()).result()

    def check(self, messages: list[dict[str, Any]], kind: RailKind, seconds: float) -> tuple[str, str]:
        """Run rails on the last user or assistant text of messages; return NeMo's status and the text after the rails.

        Raises:
            ScannerTimeout: They did not finish in time.
            ScannerError: They can't be loaded, are not configured, or failed.
        """
        future = self._start(self._check(messages, kind))
        try:
            answer: tuple[str, str] = future.result(seconds)
            return answer
        except TimeoutError:
            failure = _late()
        except concurrent.futures.CancelledError:
            failure = _closed()
        finally:
            future.cancel()
        raise failure

    async def acheck(self, messages: list[dict[str, Any]], kind: RailKind, seconds: float) -> tuple[str, str]:
        """Do the same without blocking the running event loop; cancelling it cancels the check."""
        future = asyncio.wrap_future(self._start(self._check(messages, kind)))
        try:
            async with asyncio.timeout(seconds):
                answer: tuple[str, str] = await future
                return answer
        except TimeoutError:
            failure = _late()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            failure = _closed()
        raise failure

    def close(self) -> None:
        """End the thread; the next check begins a new one."""
        with self._lock:
            closer, thread, self._loop, self._closer = self._closer, self._thread, None, None
        if closer is not None and thread is not None:
            closer()
            thread.join(timeout=5)

    async def aclose(self) -> None:
        """Do the same without blocking the running event loop."""
        await asyncio.to_thread(self.close)

    def _start(self, work: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="lc-guard-nemo", daemon=True)
                self._thread.start()
                self._closer = weakref.finalize(self, _end, self._loop)
                self._closer.atexit = False  # the thread is a daemon
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _load(self) -> None:
        if self._rails is None:
            with quiet("nemoguardrails"):
                try:
                    self._rails = self._make()
                    return
                except Exception as error:  # noqa: BLE001 - it may quote the configuration
                    kind = type(error).__name__
            raise ScannerError(f"NeMoGuardrails: the configuration can't be loaded ({kind}): check config_path")

    async def _check(self, messages: list[dict[str, Any]], kind: RailKind) -> tuple[str, str]:
        await self._load()
        from nemoguardrails.exceptions import RailTypeNotConfiguredError
        from nemoguardrails.rails.llm.options import RailType

        with quiet("nemoguardrails"):
            try:
                result = await self._rails.check_async(messages, rail_types=[RailType(kind)])
                return str(result.status.value), str(result.content)
            except RailTypeNotConfiguredError:
                failure = f"the configuration has no {kind} rails: add some, or leave the stage out with stages="
            except Exception as error:  # noqa: BLE001 - it may quote the text
                failure = f"the rails failed ({type(error).__name__})"
            finally:
                _forget(self._rails)
        raise ScannerError(f"NeMoGuardrails: {failure}")


def _forget(rails: Any) -> None:
    """Wipe the texts that ``LLMRails`` keeps of a check, and would build the next conversation on."""
    with contextlib.suppress(AttributeError):
        rails.events_history_cache.clear()
    with contextlib.suppress(AttributeError):
        told = rails.explain()
        told.llm_calls, told.colang_history = [], ""


def _late() -> ScannerError:
    return ScannerTimeout("NeMoGuardrails: the rails did not finish in time")


def _closed() -> ScannerError:
    return ScannerError("NeMoGuardrails: closed while a text was looked at")


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # closed already
        loop.call_soon_threadsafe(loop.stop)
