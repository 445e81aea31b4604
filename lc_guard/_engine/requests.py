"""What goes into the checks and what comes out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lc_guard._text.words import has_sign
from lc_guard.errors import FIXED_REMEDY, Blocked, LeakPrevented
from lc_guard.policy.restoring import Origin
from lc_guard.records import Decision, Entity, Mark, Stage
from lc_guard.scanners.base import Turn

StreamPart = Literal["all", "window", "rest"]

ORIGIN_OF_STAGE: dict[Stage, Origin] = {"prompt": "user", "tool_result": "tool", "document": "document"}
"""Who brings texts of a stage."""


@dataclass(frozen=True, slots=True)
class ScanTarget:
    """A text that the scanners are asked about.

    Attributes:
        text: The text.
        stage: Where it comes from.
        turns: What was said right before it, oldest first.
    """

    text: str = field(repr=False)
    stage: Stage
    turns: tuple[Turn, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class GuardRequest:
    """Texts of one step in one session that are to be checked together.

    Attributes:
        texts: The texts.
        beside: Names, ids, keys and numbers. What the session knows is hidden in them; the detectors are asked about
            those only that have a blank or an at sign in them.
        fixed: Like `beside`, but nobody can write them anew, such as the address of an image: see `GuardResult.held`.
        words: The application's own words, such as names of tools: what a detector finds is not hidden if it is made of
            these. A value that the session knows is.
        session: Session id; None for a step that hides nothing.
        stage: Where the texts come from.
        preamble: Whether a detector's preamble is put before the first text that changed: only where a model reads it.
        asks: What the scanners are asked about; without it none is.
        prompt: What the model was asked, as it saw it, for scanners of its answer.
        hide: Whether the detectors look at the texts, and what they find is hidden.
        part: Which scanners are asked: all; of a ``"window"`` those that can judge a part of an answer; at the end of
            windows, for the ``"rest"``, the others.
        watch_only: Whether the texts were shown already, so that scanners can only score them.
        remember: Whether new values are remembered in the session. Otherwise they get placeholders that stand for
            nothing, and can't be restored.
        write: Writes, for a kind and a value, what stands in a text instead of the value's placeholder, and can't be
            restored.
        live: Whether the texts come from behind a boundary of the session, so that its placeholders stand in them for
            what they stand for; elsewhere what looks like one was typed by somebody.
        explain: Whether the result says what was found where, for people to look at.
        origins: Gives who brought which text, where that is not the same for all of them and told by the stage.
    """

    texts: Sequence[str] = field(repr=False)
    session: str | None = field(repr=False)
    stage: Stage = "prompt"
    preamble: bool = True
    asks: Sequence[ScanTarget] = ()
    prompt: str = field(default="", repr=False)
    hide: bool = True
    part: StreamPart = "all"
    watch_only: bool = False
    remember: bool = True
    write: Callable[[str, str], str] | None = field(default=None, repr=False)
    live: bool = False
    beside: Sequence[str] = field(default=(), repr=False)
    fixed: Sequence[str] = field(default=(), repr=False)
    words: frozenset[str] = field(default=frozenset(), repr=False)
    origins: Callable[[], Mapping[str, Origin]] | None = field(default=None, repr=False)
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A hidden text, and who said it."""

    session: str = field(repr=False)
    origin: Origin
    hidden: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check of a request begins: which request, which check, how many texts and characters it looks at."""

    job: int
    stage: Stage
    check: str
    texts: int
    characters: int


@dataclass(frozen=True, slots=True)
class CheckEnded:
    """A check of a request has ended.

    Attributes:
        decision: What it decided; None if it was not made after all, see `details`.
        details: Value-free facts beside the decision: thresholds, models, why it was skipped.
        latency_ms: By detector, its wall time in milliseconds.
    """

    job: int
    stage: Stage
    check: str
    decision: Decision | None
    details: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a scanner's check comes to.

    Attributes:
        decision: The value-free decision.
        details: Value-free facts beside it.
        redacted: Text → the text without what is at fault.
        replaced: Text → what stands in its place.
        entities: Text → what is to be hidden in it.
        reason: Value-free words about a failure, or None.
    """

    decision: Decision
    details: Mapping[str, Any]
    redacted: Mapping[str, str] = field(default_factory=dict, repr=False)
    replaced: Mapping[str, str] = field(default_factory=dict, repr=False)
    entities: Mapping[str, tuple[Entity, ...]] = field(default_factory=dict)
    reason: str | None = None


@dataclass(slots=True)
class GuardResult:
    """What became of a request.

    Attributes:
        decisions: The value-free decisions, in the order in which they were made.
        texts: Text → what goes on instead of it, for those that changed. Empty when blocked.
        cleaned: Text → what scanners made of it, nothing hidden yet, for those that changed. Empty when blocked.
        latency_ms: By detector, its wall time in milliseconds; empty when the cache knew all.
        reason: Value-free words about what went wrong, or None.
        marks: Text → what was found in it, in order and disjoint; only where the request asks for it. Nothing of texts
            that scanners wrote anew.
    """

    decisions: list[Decision] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    cleaned: dict[str, str] = field(default_factory=dict, repr=False)
    latency_ms: dict[str, float] = field(default_factory=dict)
    reason: str | None = None
    marks: dict[str, list[Mark]] = field(default_factory=dict)

    @property
    def blocking(self) -> Decision | None:
        """The first decision that does not let the texts go on, or None."""
        return next((decision for decision in self.decisions if not decision.valid), None)

    @property
    def decision(self) -> Decision | None:
        """The decision that counts: the first that blocks, else the first of all; None if no check was made."""
        return self.blocking or next(iter(self.decisions), None)

    def hide(self, text: str) -> str:
        """Return what goes on instead of one of the request's texts.

        Raises:
            Blocked: If the policy does not let the texts go on.
        """
        self.raise_if_blocked()
        return self.texts.get(text, text)

    def held(self, request: GuardRequest) -> list[str]:
        """Return what of the request's fixed texts holds something that is to be hidden: it may not be sent."""
        return [text for text in request.fixed if text in self.texts]

    def raise_if_held(self, request: GuardRequest) -> None:
        """Raise `LeakPrevented` if something is to be hidden where nothing can be written anew."""
        if self.held(request):
            raise LeakPrevented(dict(self.decisions[0].entities), FIXED_REMEDY)

    def clean(self, text: str) -> str:
        """Return what the scanners made of one of the request's texts, with nothing hidden.

        Raises:
            Blocked: If the policy does not let the texts go on.
        """
        self.raise_if_blocked()
        return self.cleaned.get(text, text)

    def raise_if_blocked(self) -> None:
        """Raise `Blocked` if the policy does not let the texts go on."""
        if (decision := self.blocking) is not None:
            raise Blocked(decision, self.reason)


def who_said(requests: Sequence[GuardRequest], results: Sequence[GuardResult], *, all_of_them: bool) -> list[Said]:
    """Return the texts with something hidden in them of which it counts who said them.

    Args:
        requests: What was asked.
        results: What became of each.
        all_of_them: Whether every text counts; else those of the user that may hold an address.
    """
    said: list[Said] = []
    for request, result in zip(requests, results, strict=True):
        if request.session is not None and request.remember and not request.live:
            said += _said(request, request.session, result.texts, all_of_them=all_of_them)
    return said


def _said(request: GuardRequest, session: str, texts: Mapping[str, str], *, all_of_them: bool) -> Iterator[Said]:
    counts = {text: hidden for text, hidden in texts.items() if all_of_them or has_sign(text)}
    by_text = None if request.origins is None or not counts else request.origins()
    for text, hidden in counts.items():
        origin = ORIGIN_OF_STAGE.get(request.stage) if by_text is None else by_text.get(text)
        if origin is not None and (all_of_them or origin == "user"):
            yield Said(session, origin, hidden)
