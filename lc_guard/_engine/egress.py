"""Egress control: what of a text's placeholders is put back, by where each stands and where the text goes.

Values are written for the place that they are put into. Refusals are counted by kind, without any text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lc_guard._engine.provenance import OwnPlaces, Provenance, key_of
from lc_guard._engine.requests import Said
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL, Found
from lc_guard._placeholders.restorer import Restoring
from lc_guard._text.json_strings import JsonStrings
from lc_guard._text.places import Key, Place
from lc_guard._text.syntaxes import WRITERS, as_json, as_json_value, as_url, in_json
from lc_guard._text.text_reader import TextReader
from lc_guard.errors import Blocked
from lc_guard.policy.policy import Policy
from lc_guard.policy.restoring import EffectiveRestore, Put, strictest
from lc_guard.records import RESTORE_CHECK, Decision, Stage
from lc_guard.vaults.base import Vault

_WHOLE_ADDRESS = re.compile(r"https?://[\w.-]+(?::[0-9]{1,5})?[/?#][^\s\"'<>`()\\]*", re.IGNORECASE)

_JSON_BEGINS = re.compile(r"\s*(?:[{\"]|\[\s*(?:[^\sA-Za-z]|\Z))")


@dataclass(slots=True)
class Refusals:
    """What was not put back in one call: value-free.

    Attributes:
        kinds: How often, by stage and kind.
        risk: The highest risk by stage, 0…1: 0 where the policy says so of the destination or kind, 1 where a value
            would have been sent on.
    """

    kinds: dict[Stage, Counter[str]] = field(default_factory=dict)
    risk: dict[Stage, float] = field(default_factory=dict)

    def note(self, stage: Stage, kinds: Sequence[str], risk: float) -> None:
        """Count a refusal."""
        self.kinds.setdefault(stage, Counter()).update(kinds)
        self.risk[stage] = max(risk, self.risk.get(stage, 0.0))

    def decisions(self, session: str | None) -> list[Decision]:
        """Return a decision for each stage, in the session of a digest."""
        return [
            Decision(
                stage=stage,
                check=RESTORE_CHECK,
                action="warn" if self.risk[stage] else "anonymize",
                valid=True,
                risk_score=self.risk[stage],
                latency_ms=0.0,
                entities=dict(kinds),
                session=session,
            )
            for stage, kinds in self.kinds.items()
        ]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a text goes: a tool, perhaps one argument of it, or another destination of `lc_guard.Policy.restore`."""

    tool: str | None = None
    argument: str | None = None
    at: Literal["answer", "documents", "state"] = "answer"

    @property
    def stage(self) -> Stage:
        """The stage of its decisions."""
        if self.tool is not None:
            return "tool_call"
        return "document" if self.at == "documents" else "output"


class Egress:
    """What may leave in one call.

    Args:
        control: What decides for the guard.
        session: Session id.
        refusals: Where refusals are counted.
    """

    def __init__(self, control: EgressControl, session: str, refusals: Refusals) -> None:
        self._policy = control.policy
        self._provenance = control.provenance
        self._control = control
        self._session = session
        self._refusals = refusals
        self._rules: dict[Destination, EffectiveRestore] = {}

    def rule(self, to: Destination) -> EffectiveRestore:
        """Return what holds at a destination."""
        rule = self._rules.get(to)
        if rule is None:
            rule = self._rules[to] = self._policy.restore_rule(to.tool, to.argument, at=to.at)
        return rule

    def named_at(self, token: str) -> frozenset[Key]:
        """Return the places in which the user himself named a value."""
        return self._provenance.places(self._session, token)

    def kinds(self, found: Sequence[Found]) -> list[str]:
        """Return the kinds of placeholders; an alias is of its person's."""
        unknown = [each.value for each in found if not each.kind]
        kinds = self._control.kinds_of(self._session, unknown) if unknown else {}
        return [base_kind(one.kind or kinds.get(one.value, "")) for one in found]

    def by_kind(self, kinds: Sequence[str], rule: EffectiveRestore) -> Put:
        """Return what becomes of placeholders by their kinds; look-alikes are what somebody typed."""
        return strictest([rule.put(kind) for kind in kinds if kind != LITERAL] or ["value"])

    def by_origin(self, found: Sequence[Found], kinds: Sequence[str], rule: EffectiveRestore) -> Put:
        """Return what becomes of placeholders by who brought their values."""
        if not rule.asks_origins:
            return "value"
        held = [one.token for one, kind in zip(found, kinds, strict=True) if kind != LITERAL]
        origins = [origin for token in held for origin in self._provenance.origins(self._session, token)]
        return strictest([rule.of_origin(origin) for origin in origins] or ["value"])

    def refuse(self, kinds: Sequence[str], to: Destination, put: Put, *, risk: float) -> None:
        """Count a refusal.

        Raises:
            Blocked: If the policy wants it.
        """
        if put != "block":
            self._refusals.note(to.stage, kinds, risk)
            return
        decision = Decision(
            stage=to.stage,
            check=RESTORE_CHECK,
            action="block",
            valid=False,
            risk_score=1.0,
            latency_ms=0.0,
            entities=dict(Counter(kinds)),
            session=self._control.digest(self._session),
        )
        raise Blocked(decision, "a value would have been put where the policy says that it may not go")


class TextGate:
    """Decides on the placeholders of one text.

    Args:
        egress: What may leave in the call.
        to: Where the text goes.
        as_json: Whether it is the text of JSON; of a tool's arguments each is a destination of its own.
        plain: Whether it is known that the text is no JSON and no SQL.

    Attributes:
        waiting: Characters at the end of what was restored last that wait for more of the text.
    """

    def __init__(self, egress: Egress, to: Destination, *, as_json: bool, plain: bool) -> None:
        self.waiting = 0
        self._egress = egress
        self._to = to
        self._as_json = as_json
        self._begun: list[str] | None = [] if as_json else None
        self._json: JsonStrings[TextReader] | None = None
        self._as_it_was = to.at != "answer"  # documents and states come back as they were hidden
        self._text = TextReader(egress.rule(to).encode, to.argument, plain=plain or self._as_it_was)

    def read(self, text: str) -> None:
        """Take the next piece of what comes out."""
        if self._begun is not None:
            self._begun.append(text)
        elif self._json is not None:
            self._json.read(text)
        else:
            self._text.read(text)

    def _settle(self) -> None:
        """Tell by its beginning whether what is to be JSON is any: a model may answer in words all the same."""
        if self._begun is not None:
            begun, self._begun = "".join(self._begun), None
            self._json = JsonStrings(self._string) if _JSON_BEGINS.match(begun) else None
            self.read(begun)

    def put(self, found: Sequence[Found], written: str, rest: str, *, ended: bool) -> Sequence[str] | None:
        """Return what is written for values, or None if their placeholders stay.

        Raises:
            Waiting: If more of what follows must be known.
            Blocked: If the policy says so.
        """
        self._settle()
        text = self._text if self._json is None else self._json.string
        chain = [] if text is None else text.end()
        to = self._destination(text)
        rule, kinds = self._egress.rule(to), self._egress.kinds(found)
        place = None if not chain or set(kinds) == {LITERAL} else chain[-1].places.here()
        own = place is None or self._is_own(place, found, rest, ended=ended)
        sent = self._egress.by_origin(found, kinds, rule), "value" if own else rule.in_urls
        put = strictest([self._egress.by_kind(kinds, rule), *sent])
        if put != "value":
            self._egress.refuse(kinds, to, put, risk=0.0 if set(sent) == {"value"} else 1.0)
            return None
        raw = own or self._as_it_was or written[:1] in "%&"  # those are written for their place by whoever reads them
        values = self._all_written(found, chain, None if raw else place)
        if values is None:
            self._egress.refuse(kinds, to, "placeholder", risk=1.0)
        return values

    def _destination(self, text: TextReader | None) -> Destination:
        """Return where a text goes: of a call's arguments each is a destination of its own."""
        return self._to if text is None else Destination(self._to.tool, text.argument, self._to.at)

    def _is_own(self, place: Place, found: Sequence[Found], rest: str, *, ended: bool) -> bool:
        """Return whether values go no further than where the user, or a value itself, named them."""
        if place.begins and len(found) == 1 and _WHOLE_ADDRESS.fullmatch(found[0].value):
            return True
        named = [self._egress.named_at(one.token) for one in found]
        if not all(named) or place.key is None:
            return False
        return all(key_of(place, rest, ended=ended) in keys for keys in named)

    def _all_written(
        self, found: Sequence[Found], chain: Sequence[TextReader], place: Place | None
    ) -> list[str] | None:
        """Return values as they are written at the end of a text, or None if one can't be."""
        values: list[str] = []
        for one in found:
            if (value := self._written(one.value, chain, place)) is None:
                return None
            values.append(value)
        return values

    def _written(self, value: str, chain: Sequence[TextReader], place: Place | None) -> str | None:
        """Return a value as it is written at the end of a text, from the innermost string of JSON outwards."""
        text: str | None = value
        for number, reader in enumerate(reversed(chain)):
            if text is None:
                return None
            if not number:
                text = self._innermost(text, reader, place)
            else:
                text = in_json(text) if text == value else as_json(text)
        if text is None or not self._as_json:
            return text
        return as_json_value(text) if self._json is not None and self._json.between else as_json(text)

    @staticmethod
    def _innermost(value: str, reader: TextReader, place: Place | None) -> str | None:
        if reader.encode is not None and reader.encode in WRITERS:
            return WRITERS[reader.encode](value)
        if reader.encode is None and place is not None:
            value = WRITERS["html"](value) if place.kind == "markup" else value
            value = as_url(value) if place.kind in ("address", "target", "mail") else value
        return reader.write(value)

    def _string(self, argument: str | None) -> TextReader:
        named = argument if self._to.argument is None else self._to.argument
        rule = self._egress.rule(Destination(self._to.tool, named, self._to.at))
        return TextReader(rule.encode, named, plain=False)


class EgressControl:
    """Decides for a guard what may leave, and remembers what that depends on.

    Args:
        policy: What is put back where.
        vault: Tells when values are forgotten, and the kinds of those whose placeholders don't.
        digest: Gives what stands for a session in decisions.
        restoring: Gives what puts the values of a session back.
        placeholders_in: Gives the placeholders of a session in texts.

    Attributes:
        policy: What is put back where.
        provenance: Who brought which value, and at which addresses the user named it.
        digest: Gives what stands for a session in decisions.
    """

    def __init__(
        self,
        policy: Policy,
        vault: Vault,
        digest: Callable[[str], str],
        restoring: Callable[[str], Restoring],
        placeholders_in: Callable[[str, Sequence[str]], Collection[str]],
    ) -> None:
        self.policy = policy
        self.digest = digest
        self.provenance = Provenance()
        self._vault = vault
        self._restoring = restoring
        self._placeholders_in = placeholders_in
        vault.subscribe(self.provenance.forget)

    def gate(
        self,
        session: str,
        refusals: Refusals | None = None,
        *,
        tool: str | None = None,
        argument: str | None = None,
        at: Literal["answer", "documents", "state"] = "answer",
        as_json: bool = False,
        plain: bool = False,
    ) -> TextGate:
        """Return what decides on the placeholders of one text.

        Args:
            session: Session id.
            refusals: Where those that are not put back are counted.
            tool: Name of the tool that the text is sent to, or None.
            argument: Name of its argument that the text is, or None.
            at: The destination where there is no tool.
            as_json: Whether the text is JSON; without `argument` each argument of the tool is looked at by its name.
            plain: Whether it is known that the text is no JSON and no SQL.
        """
        egress = Egress(self, session, Refusals() if refusals is None else refusals)
        return TextGate(egress, Destination(tool, argument, at), as_json=as_json, plain=plain)

    def note(self, said: Sequence[Said]) -> None:
        """Remember who brought the values in hidden texts, and at which addresses the user himself named some."""
        asks_origins = any(setting.origins for setting in self.policy.restored().values())
        for text in said:
            if asks_origins:
                tokens = self._placeholders_in(text.session, [text.hidden])
                self.provenance.note_origin(text.session, text.origin, tokens)
            if text.origin == "user":
                gate = OwnPlaces()
                self._restoring(text.session).restore(text.hidden, before="", at_end=True, gate=gate)
                if gate.found:
                    self.provenance.note_places(text.session, gate.found)

    def kinds_of(self, session: str, values: Sequence[str]) -> dict[str, str]:
        """Return the kinds of values: fakes don't say theirs."""
        found = self._vault.find(session, values)
        return {value: hits[0].kind for value, hits in zip(values, found, strict=True) if hits}
