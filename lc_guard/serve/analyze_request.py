"""What a request asks for, in the fields of Presidio's analyzer, and the reply in its form.

Fields: https://microsoft.github.io/presidio/api-docs/api-docs.html (``AnalyzeRequest``); a list of texts as Presidio's
own server takes it. What can't be honoured is refused where less would be hidden than the client thinks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lc_guard.detectors.labels import kind_of
from lc_guard.errors import GuardError
from lc_guard.records import Entity


class BadRequest(GuardError):
    """A request that can't be answered; the message names the field and never its value.

    Args:
        message: What is wrong.
        status: HTTP status, 400…499.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class AnalyzeRequest:
    """One request.

    Attributes:
        texts: The texts, one or more or none.
        many: Whether a list was given, so that a list of lists is the reply.
        kinds: Kinds to give; None for all.
        threshold: Least score, 0…1.
        allowed: Values that are left out.
    """

    texts: Sequence[str]
    many: bool
    kinds: Collection[str] | None
    threshold: float
    allowed: Collection[str]

    def reply(self, found: Iterable[Sequence[Entity]]) -> bytes:
        """Return the reply for the entities of each text: offsets, kinds and scores, no value."""
        answers = [
            [
                {
                    "analysis_explanation": None,
                    "end": entity.end,
                    "entity_type": entity.kind,
                    "score": entity.score,
                    "start": entity.start,
                }
                for entity in entities
                if self._wanted(entity, text)
            ]
            for text, entities in zip(self.texts, found, strict=True)
        ]
        return json.dumps(answers if self.many else answers[0]).encode()

    def _wanted(self, entity: Entity, text: str) -> bool:
        return (
            (self.kinds is None or kind_of(entity.kind) in self.kinds)
            and entity.score >= self.threshold
            and (not self.allowed or text[entity.start : entity.end] not in self.allowed)
        )


def read_request(body: bytes, *, kinds: Collection[str], languages: Collection[str]) -> AnalyzeRequest:
    """Read the body of a request.

    Args:
        body: JSON.
        kinds: Kinds that are found here; empty if nobody knows.
        languages: Codes of the languages that are read here; empty if nobody knows.

    Raises:
        BadRequest: It can't be answered.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise BadRequest("the body must be a JSON object with a 'text'")
    text = fields.get("text")
    many = isinstance(text, list)
    texts: list[Any] = text if isinstance(text, list) else [text]
    if not all(isinstance(each, str) for each in texts):
        raise BadRequest("'text' must be a text, or a list of texts")
    _check_language(fields.get("language"), languages)
    for name in ("ad_hoc_recognizers", "context"):
        if fields.get(name):
            raise BadRequest(f"{name!r} is not taken here: give the service a detector of your own instead")
    if fields.get("allow_list_match") not in (None, "exact"):
        raise BadRequest("'allow_list_match' must be 'exact'")
    threshold = fields.get("score_threshold")
    return AnalyzeRequest(
        texts=texts,
        many=many,
        kinds=_kinds(_names(fields, "entities"), kinds),
        threshold=0.0 if threshold is None else _score(threshold),
        allowed=frozenset(_names(fields, "allow_list")),
    )


def _check_language(given: Any, languages: Collection[str]) -> None:
    if given is not None and not isinstance(given, str):
        raise BadRequest("'language' must be the code of a language")
    if given and languages and given.lower() not in languages:
        raise BadRequest(f"'language' must be one of {', '.join(sorted(languages))}")


def _names(fields: dict[str, Any], name: str) -> list[str]:
    given = fields.get(name)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise BadRequest(f"{name!r} must be a list of texts")
    return given


def _kinds(asked: Sequence[str], known: Collection[str]) -> Collection[str] | None:
    if not asked:
        return None
    kinds = frozenset(map(kind_of, asked))
    if known and kinds.isdisjoint(known):
        raise BadRequest("'entities' names none that is found here: see /supportedentities")
    return kinds


def _score(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise BadRequest("'score_threshold' must be a number from 0 to 1")
    return float(given)
