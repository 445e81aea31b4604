"""Presidio's analyzer as a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from lc_guard._http.client import JSONRequest, JSONService
from lc_guard._http.reply import ReplyFields
from lc_guard._http.settings import find_key
from lc_guard._progress import part_done
from lc_guard.detectors.parallel import at_once
from lc_guard.detectors.spans import clean
from lc_guard.detectors.windows import shifted, windows, without_surrogates
from lc_guard.errors import DetectorError, DetectorTimeout, GuardError, ScannerTimeout, ServiceError
from lc_guard.records import Entity, normalize_kind

if TYPE_CHECKING:
    import httpx

    from lc_guard._http.client import RequestFlow

_OVERLAP = 200


class PresidioAnalyzer:
    """Finds entities with a Presidio analyzer that runs as a service (``POST /analyze``).

    **It is sent the text as it came**: run it where raw values may go. Long texts go in pieces that overlap.

    Args:
        base_url: Address of the analyzer, such as ``"http://localhost:5002"``.
        language: ISO 639-1 code.
        entities: Kinds to look for, in Presidio's words; empty for all.
        score_threshold: Least score, 0…1; None for the analyzer's own.
        ad_hoc_recognizers: Recognizers for these calls alone, in Presidio's JSON form.
        api_key: Sent as a bearer token; else ``PRESIDIO_API_KEY`` of the environment, else none is sent.
        max_characters: Characters sent at once, above 400.
        concurrency: How many texts are asked about at the same time.
        timeout: Seconds for one text, above 0.
        attempts: How often a call is tried at most.
        client: HTTP client; None for an own one.

    Raises:
        GuardError: A value is out of range.
    """

    name = "presidio"

    def __init__(
        self,
        base_url: str,
        *,
        language: str = "en",
        entities: Sequence[str] = (),
        score_threshold: float | None = None,
        ad_hoc_recognizers: Sequence[Mapping[str, Any]] = (),
        api_key: str | None = None,
        max_characters: int = 10_000,
        concurrency: int = 4,
        timeout: float = 10.0,
        attempts: int = 3,
        client: httpx.Client | None = None,
    ) -> None:
        if score_threshold is not None and not 0 <= score_threshold <= 1:
            raise GuardError(f"PresidioAnalyzer: score_threshold={score_threshold!r} is no score: give 0…1")
        if isinstance(entities, str) or max_characters <= 2 * _OVERLAP or concurrency < 1:
            raise GuardError(
                f"PresidioAnalyzer: entities must be a list of kinds, max_characters above {2 * _OVERLAP}, "
                "concurrency 1 or more"
            )
        key = find_key("PresidioAnalyzer", api_key, ("PRESIDIO_API_KEY",), required=False)
        self._service = JSONService(
            "PresidioAnalyzer",
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            remedy="PRESIDIO_API_KEY or api_key=",
            timeout=timeout,
            attempts=attempts,
            client=client,
        )
        self._asked: dict[str, Any] = {"language": language}
        if entities:
            self._asked["entities"] = list(entities)
        if score_threshold is not None:
            self._asked["score_threshold"] = score_threshold
        if ad_hoc_recognizers:
            self._asked["ad_hoc_recognizers"] = deepcopy([dict(item) for item in ad_hoc_recognizers])
        self._size = max_characters
        self._concurrency = concurrency

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._service.base_url!r}, language={self._asked['language']!r})"

    def detect(self, text: str) -> list[Entity]:
        """Return the entities of a text, ordered by offset.

        Args:
            text: Any text; blank ones are not sent.

        Returns:
            Entities with offsets inside the text.

        Raises:
            DetectorTimeout: The analyzer did not answer within the timeout.
            DetectorError: It refused, failed, or gave a reply that can't be read.
        """
        with detector_errors():
            return clean(text, self._service.run(self._plan(text)))

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts, several at a time.

        Args:
            texts: Any texts.

        Returns:
            The entities of each text, in the order of `texts`.
        """
        if len(texts) < 2 or self._concurrency == 1:
            return [self.detect(text) for text in texts]
        return at_once(self.detect, texts, threads=min(self._concurrency, len(texts)), name="lc-guard-presidio")

    def close(self) -> None:
        """Close the connections; the next text opens new ones."""
        self._service.close()

    def _plan(self, text: str) -> RequestFlow[list[Entity]]:
        seen = without_surrogates(text)
        found: list[Entity] = []
        for start, end in windows(seen, size=self._size, overlap=_OVERLAP):
            if seen[start:end].isspace():
                continue
            reply = yield JSONRequest("/analyze", {"text": seen[start:end], **self._asked})
            found += shifted(read_entities("PresidioAnalyzer", reply, end - start), start)
            part_done()
        return found


def read_entities(what: str, reply: Any, length: int) -> list[Entity]:
    """Read the entities of one text from a reply in the form of Presidio's analyzer.

    Args:
        what: Who asked, for errors.
        reply: What should be a list of entities.
        length: Characters of the text.

    Raises:
        ServiceError: It is none, or an entity lies outside the text.
    """
    if not isinstance(reply, list):
        raise ServiceError(f"{what}: the analyzer's reply is no list of entities")
    found = []
    for item in reply:
        fields = ReplyFields(what, item)
        first = fields.whole("start", low=0, high=length)
        last = fields.whole("end", low=first, high=length)
        if first < last:
            kind = normalize_kind(fields.category("entity_type"))
            found.append(Entity(kind, first, last, fields.number("score")))
    return found


@contextmanager
def detector_errors() -> Iterator[None]:
    """Raise what a service raises as errors of a detector."""
    try:
        yield
    except ScannerTimeout as error:
        failure: DetectorError = DetectorTimeout(str(error))
    except ServiceError as error:
        failure = DetectorError(str(error))
    else:
        return
    raise failure
