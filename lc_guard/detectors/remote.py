"""Detection that runs elsewhere: the service that ``lc-guard serve`` starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.settings import find_key
from lc_guard._progress import part_done
from lc_guard.detectors.presidio_http import detector_errors, read_entities
from lc_guard.errors import GuardError, ServiceError
from lc_guard.records import Entity

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow

_WHAT = "RemoteDetector"
# An entity takes a hundred bytes: of a table of a megabyte some ten come back.
_MAX_REPLY = 16_000_000


class RemoteDetector:
    """Finds entities with a detector that runs as a service (``lc-guard serve``), so that this process holds no model.

    **The service is sent texts as they came**: run it where raw values may go, with https where the network is not
    yours alone. It finds what the detector finds that it was started with, offsets and scores included: no text is cut.
    Nothing is let through where it can't be asked: that is an error, and a guard fails closed.

    On an event loop a guard awaits it, so that waiting takes no thread.

    Args:
        base_url: Address of the service, such as ``"http://127.0.0.1:5002"``.
        api_key: The service's token; else ``LC_GUARD_SERVE_TOKEN`` of the environment, else none is sent.
        max_characters: Characters of several texts that are sent at once; a longer text goes alone.
        timeout: Seconds for one call, of one text or many, above 0.
        attempts: How often a request is tried at most.
        client: HTTP client for sync calls; None for an own one.
        async_client: HTTP client for async calls; None for own ones.

    Raises:
        GuardError: A value is out of range.
    """

    name = "remote"

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        max_characters: int = 50_000,
        timeout: float = 10.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
        async_client: httpx.AsyncClient | None = None,
    ) -> None:
        if max_characters < 1:
            raise GuardError(f"{_WHAT}: max_characters must be 1 or more")
        key = find_key(_WHAT, api_key, ("LC_GUARD_SERVE_TOKEN",), required=False)
        self._service = JSONService(
            _WHAT,
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            remedy="LC_GUARD_SERVE_TOKEN or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
            async_client=async_client,
            max_reply=_MAX_REPLY,
        )
        self._size = max_characters

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._service.base_url!r})"

    def detect(self, text: str) -> list[Entity]:
        """Return the entities of a text.

        Args:
            text: Any text; blank ones are not sent.

        Returns:
            Entities with offsets inside the text.

        Raises:
            DetectorTimeout: The service did not answer within the timeout.
            DetectorError: It refused, failed, or gave a reply that can't be read.
        """
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts, several in one request."""
        with detector_errors():
            return self._service.run(self._plan(texts))

    async def adetect(self, text: str) -> list[Entity]:
        """Async version of `detect`."""
        return (await self.adetect_batch([text]))[0]

    async def adetect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Async version of `detect_batch`."""
        with detector_errors():
            return await self._service.arun(self._plan(texts))

    def close(self) -> None:
        """Close the connections of sync calls; the next call opens new ones."""
        self._service.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and those of sync calls."""
        await self._service.aclose()

    def _plan(self, texts: Sequence[str]) -> RequestFlow[list[list[Entity]]]:
        found: dict[str, list[Entity]] = {text: [] for text in texts if not text.strip()}
        for together in self._requests([text for text in dict.fromkeys(texts) if text not in found]):
            reply: Any = yield JSONRequest("/analyze", {"text": together})
            if not isinstance(reply, list) or len(reply) != len(together):
                raise ServiceError(f"{_WHAT}: the service's reply has not one answer for each text")
            for text, entities in zip(together, reply, strict=True):
                found[text] = read_entities(_WHAT, entities, len(text))
            part_done()
        return [found[text] for text in texts]

    def _requests(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the texts by request."""
        requests: list[list[str]] = []
        room = 0
        for text in texts:
            if not requests or len(text) > room:
                requests.append([])
                room = self._size
            requests[-1].append(text)
            room -= len(text)
        return requests
