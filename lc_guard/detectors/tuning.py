"""What a user knows better than any model: kinds, thresholds, values to leave or to hide, recognizers of his own."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from lc_guard.detectors.adapters import adapted
from lc_guard.detectors.base import BatchResult, Detector, DetectorLike, load_models
from lc_guard.detectors.joined import ask
from lc_guard.detectors.labels import Thresholds, kind_of
from lc_guard.detectors.spans import clean, one_kind_per_value, resolve
from lc_guard.detectors.windows import readable
from lc_guard.errors import GuardError
from lc_guard.records import Entity


class CaseFolded(str):
    """A term of an allow or deny list that is compared without regard to case: ``CaseFolded("acme corp")``."""

    __slots__ = ()


Term = str | re.Pattern[str]
"""A value (exact, or `CaseFolded`) or a compiled regular expression."""

Terms = Sequence[Term] | Mapping[str, Sequence[Term]]
"""Terms for any kind, or by kind."""

ANY_KIND = ""


class _Added(NamedTuple):
    """What the user added to a text's findings."""

    denied: list[Entity]
    extra: list[list[Entity]]


class TunedDetector:
    """A detector whose findings are corrected by what its user knows.

    A finding stands if its kind is one of `kinds`, its score reaches its kind's threshold, and its whole value is not
    allowed. What `deny` and `extra` find is always given, whatever `kinds` says: it was asked for by adding it. A value
    that is both allowed and denied is hidden.

    Terms are strings, compared exactly but for the width of blanks and the form of apostrophes; `CaseFolded` strings;
    or compiled regular expressions. `allow` compares the **whole** value of a finding (an expression must match all of
    it): allowing ``Springfield`` does not tear it out of a street address. `deny` looks for whole words anywhere.

    Args:
        detector: Any detector, Presidio recognizer, or callable that gives entities.
        kinds: Kinds of `detector` to give; None for all.
        thresholds: Kind → least score, 0…1, on top of the detector's own. spaCy gives 0.85 to all it finds.
        allow: Values to leave readable: terms for any kind, or kind → terms.
        deny: Values to hide: terms, given as kind CUSTOM, or kind → terms.
        extra: More detectors, Presidio recognizers or callables ``text -> Iterable[Entity]``, trusted before
            `detector` where they contradict it.

    Raises:
        GuardError: A threshold is out of range, or a list of terms is a single string.
        TypeError: Something in `extra` is nothing that finds entities.
    """

    def __init__(
        self,
        detector: DetectorLike,
        *,
        kinds: Collection[str] | None = None,
        thresholds: Mapping[str, float] | None = None,
        allow: Terms = (),
        deny: Terms = (),
        extra: Iterable[DetectorLike] = (),
    ) -> None:
        self._detector = adapted(detector)
        self.name = str(getattr(self._detector, "name", "") or type(self._detector).__name__)
        # What a guard reads from LLM Guard's keywords goes through.
        self.preamble = str(getattr(detector, "preamble", "") or "")
        self.use_faker = bool(getattr(detector, "use_faker", False))
        if isinstance(kinds, str):
            raise GuardError("kinds must be a collection of kinds, not one string")
        self._kinds = None if kinds is None else frozenset(map(kind_of, kinds))
        self._thresholds = Thresholds(0.0, thresholds)
        self._allow = {kind: _matcher(terms) for kind, terms in _by_kind(allow, ANY_KIND, "allow").items()}
        self._deny = [
            (kind, expression)
            for kind, terms in _by_kind(deny, "CUSTOM", "deny").items()
            for expression in _finders(terms)
        ]
        self._extra = tuple(adapted(item) for item in extra)

    def __repr__(self) -> str:
        # Terms are personal data: their number only.
        return (
            f"{type(self).__name__}({self._detector!r}, kinds={self._kinds and sorted(self._kinds)}, "
            f"thresholds=({self._thresholds!r}), allow={len(self._allow)}, deny={len(self._deny)}, "
            f"extra={len(self._extra)})"
        )

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """What is asked: the user's own detectors first."""
        return (*self._extra, self._detector)

    def warm_up(self) -> None:
        """Load the models of all detectors now.

        Raises:
            ModelUnavailable: One of them can't be loaded.
        """
        for detector in self.detectors:
            load_models(detector)

    def detect(self, text: str) -> Sequence[Entity]:
        """Return the entities of a text, ordered by offset, without overlaps."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> Sequence[Sequence[Entity]]:
        """Do the same for many texts, each detector in one pass.

        Args:
            texts: Any texts.

        Returns:
            The entities of each text, in the order of `texts`.

        Raises:
            DetectorError: A detector failed; nothing is given rather than a part.
        """
        texts = list(texts)
        extras = [ask(detector, texts) for detector in self._extra]
        inside = ask(self._detector, texts)
        tuned = [
            self._tuned(text, found, _Added(self._denied(text), [clean(text, answers[place]) for answers in extras]))
            for place, (text, found) in enumerate(zip(texts, inside, strict=True))
        ]
        return (
            BatchResult(tuned, latency_ms=inside.latency_ms)
            if isinstance(inside, BatchResult) and not extras
            else tuned
        )

    def _tuned(self, text: str, found: Sequence[Entity], added: _Added) -> list[Entity]:
        kept = [entity for entity in self._thresholds.reached(found) if self._wanted(entity.kind)]
        extra = [self._thresholds.reached(entities) for entities in added.extra]
        if added.denied or any(extra):
            kept = one_kind_per_value(text, resolve(text, [added.denied, *extra, kept]))
        denied = _Spans(added.denied)
        return [e for e in kept if not self._allowed(text, e) or denied.touch(e)]

    def _wanted(self, kind: str) -> bool:
        return self._kinds is None or kind in self._kinds

    def _allowed(self, text: str, entity: Entity) -> bool:
        if not self._allow:
            return False
        value = _plain(text[entity.start : entity.end])
        return any(kind in self._allow and self._allow[kind](value) for kind in (ANY_KIND, entity.kind))

    def _denied(self, text: str) -> list[Entity]:
        return clean(
            text,
            [
                Entity(kind, *match.span(), 1.0)
                for kind, expression in self._deny
                for match in expression.finditer(text)
                if match[0].strip()
            ],
        )


class _Spans:
    """Entities in order, asked for overlaps."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self._entities = entities
        self._ends = list(accumulate((e.end for e in entities), max))

    def touch(self, entity: Entity) -> bool:
        """Whether an entity overlaps one of them."""
        return any(other.start < entity.end for other in self._entities[bisect_right(self._ends, entity.start) :][:1])


def _by_kind(terms: Terms, otherwise: str, keyword: str) -> dict[str, tuple[Term, ...]]:
    named: Mapping[str, Sequence[Term]] = (
        {kind_of(kind): listed for kind, listed in terms.items()} if isinstance(terms, Mapping) else {otherwise: terms}
    )
    for listed in named.values():
        # A single string would be taken for its letters; a set has no order but is meant as a list.
        if isinstance(listed, str | bytes) or not all(isinstance(term, str | re.Pattern) for term in listed):
            raise GuardError(
                f"{keyword} must be a list of strings and compiled expressions, or a mapping of kinds to such lists"
            )
    return {
        kind: tuple(term for term in listed if not isinstance(term, str) or term.strip())
        for kind, listed in named.items()
        if listed
    }


def _plain(value: str) -> str:
    """Return a value as terms are compared: one blank for each gap, plain apostrophes."""
    return " ".join(readable(value).split())


def _matcher(terms: Sequence[Term]) -> Any:
    exact = {_plain(term) for term in terms if isinstance(term, str) and not isinstance(term, CaseFolded)}
    folded = {_plain(term).casefold() for term in terms if isinstance(term, CaseFolded)}
    expressions = [term for term in terms if isinstance(term, re.Pattern)]
    return lambda value: (
        value in exact or value.casefold() in folded or any(e.fullmatch(value) is not None for e in expressions)
    )


def _finders(terms: Sequence[Term]) -> list[re.Pattern[str]]:
    """Return expressions that find terms; all exact ones together, all folded ones together."""
    folded = [term for term in terms if isinstance(term, CaseFolded)]
    exact = [term for term in terms if isinstance(term, str) and not isinstance(term, CaseFolded)]
    found = [term for term in terms if isinstance(term, re.Pattern)]
    # The longest first: of "Ann" and "Ann Lee" an alternation takes the first that matches.
    if exact:
        found.append(re.compile("|".join(map(_expression, sorted(exact, key=len, reverse=True)))))
    if folded:
        expressions = [
            # Case folding is not one for one: ß and ss are equal.
            _expression(term.casefold()).replace("ss", "(?:ss|ß|ẞ)")
            for term in sorted(folded, key=len, reverse=True)
        ]
        found.append(re.compile("|".join(expressions), re.IGNORECASE))
    return found


def _expression(term: str) -> str:
    """Return the expression of a term: any blanks between its words, any apostrophe, no part of a longer word."""
    term = term.strip()
    core = r"\s+".join(re.sub(r"['’ʼ]", "['’ʼ]", re.escape(word)) for word in term.split())
    # Scripts behind the Latin, Greek, Cyrillic and Armenian blocks may not part words by blanks.
    before = r"(?<![^\W_])" if term[0].isalnum() and term[0] < "\u0590" else ""
    after = r"(?![^\W_])" if term[-1].isalnum() and term[-1] < "\u0590" else ""
    return f"{before}{core}{after}"
