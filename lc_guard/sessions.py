"""Sessions in a chain: which one a call names, and the session of one call (CallSession).

What the adapters do with the values of a session is `SessionValues`: put them back into what came, and search what is
about to leave for them once more.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lc_guard._engine.failures import describe_error, is_control_flow
from lc_guard._engine.requests import Said
from lc_guard._forks import ForkLock
from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL, Gate, TokenGrammar
from lc_guard._placeholders.restorer import FakeRestoring, NumberedRestoring
from lc_guard._text.common_words import may_be_ordinary
from lc_guard._text.known_values import Match
from lc_guard._text.words import RUN, all_unescaped
from lc_guard.errors import GuardError, SessionMissing, VaultError
from lc_guard.policy.policy import Policy
from lc_guard.vaults.base import BatchLookupVault, Vault

if TYPE_CHECKING:
    from lc_guard.guard import Guard

T = TypeVar("T")

_FOR_GOOD = re.compile(r"\[REDACTED_[A-Z0-9_]{1,80}\]")
_OWN = "lc-guard-call-"  # begins the id of a session that a call has for itself
_CUT = "\x00"  # nothing that it touches is one word, or one number
_MIN_TELLING = 6
_MAX_GIVEN = 10_000  # sessions
_MAX_RECEIVED = 100_000

Among = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Chooses from placeholders and their values."""


class CallSession:
    """The session of one call; at the end of its ``with`` block it is forgotten if nobody named it.

    Args:
        guard: The guard whose session it is.
        named: The session id that is named for the call, or None.
        isolated: Whether a call for which none is named gets a session of its own.
        live: Whether the call is made behind a boundary of the session.
        remedy: What to do where none is named, in the words of the seam that needs one; None is for a chain's steps.

    Attributes:
        id: The session id.
        own: Whether it is the call's own, so that no later call has its numbers.
        live: Whether the call is made behind a boundary of the session, so that the session's placeholders stand in
            its texts already, and the boundary restores and judges what comes out.

    Raises:
        SessionMissing: If there is none and the call may not have one of its own, or it is that of a corpus.
    """

    def __init__(
        self, guard: Guard, named: Any, *, isolated: bool = False, live: bool = False, remedy: str | None = None
    ) -> None:
        self.live = live
        self.own = isolated and named is None
        self._guard = guard
        self.id = f"{_OWN}{uuid.uuid4().hex}" if self.own else conversation_key(guard, named, remedy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self.id)})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.own:
            self._guard.session(self.id).forget()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.own:
            await self._guard.session(self.id).aforget()


class SessionValues:
    """The values of all sessions of a guard, as the adapters need them. Whatever the vault raises is a `VaultError`.

    Args:
        vault: Knows the values.
        policy: Says which kinds are hidden.
        grammar: How placeholders look; None for fakes.
        digest: Gives what stands for a session id.
        preamble: What the guard itself puts before a text.

    Attributes:
        reserved: Session ids that no conversation may have, such as those of corpora.
    """

    def __init__(
        self,
        vault: Vault,
        policy: Policy,
        grammar: TokenGrammar | None,
        *,
        digest: Callable[[str], str],
        preamble: str = "",
    ) -> None:
        self._vault = vault
        self._policy = policy
        self._grammar = grammar
        self._digest = digest
        self._preamble = preamble
        self.reserved: set[str] = set()
        self._lock = ForkLock()
        self._egress: Any = None
        self._given: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._gave: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._received: OrderedDict[tuple[str, int, int], None] = OrderedDict()

    @property
    def waits(self) -> bool:
        """Whether the vault may block: on an event loop it is asked in a thread then."""
        return bool(getattr(self._vault, "blocking", True))

    def restoring(self, session: str, *, among: Among | None = None) -> NumberedRestoring | FakeRestoring:
        """Return what puts the values of a session back; `among` chooses those that may be, from all that are asked."""
        self._digest(session)  # notes a use of it
        if self._grammar is None:
            fakes = call_vault(partial(self._vault.items, session))
            return FakeRestoring(fakes if among is None else among(fakes))

        def lookup(placeholders: Sequence[str]) -> Mapping[str, str]:
            values = call_vault(partial(self._vault.values, session, placeholders))
            return values if among is None else among(values)

        return NumberedRestoring(self._grammar, lookup, call_vault(partial(self._vault.kinds, session)))

    def gate(self, session: str, refusals: Any = None, **text: Any) -> Gate:
        """Return what decides where in a text values are put back: see `lc_guard._engine.egress.EgressControl.gate`."""
        gate: Gate = self._egress_control().gate(session, refusals, **text)
        return gate

    def note(self, said: Sequence[Said]) -> None:
        """Remember who brought the values in hidden texts, and at which addresses the user himself named some."""
        self._egress_control().note(said)

    def give(self, session: str, hidden: str) -> None:
        """Remember that the model of a session was given a hidden text by whoever had it hidden."""
        tokens = self.placeholders_in(session, [hidden])
        with self._lock:
            self._given[session] = self._given.get(session, frozenset()) | tokens
            self._given.move_to_end(session)
            if len(self._given) > _MAX_GIVEN:
                self._given.popitem(last=False)
            self._gave[session, _fingerprint(hidden)] = None
            if len(self._gave) > _MAX_GIVEN:
                self._gave.popitem(last=False)

    def gave(self, session: str, hidden: str) -> bool:
        """Return whether a text is as a whole one that `give` was told of: its places are its own.

        Never where the policy says what is restored.
        """
        if self._policy.restore or not isinstance(hidden, str):
            return False
        with self._lock:
            return (session, _fingerprint(hidden)) in self._gave

    def given(self, session: str) -> frozenset[str]:
        """Return the placeholders that the model of a session was given by `give`."""
        with self._lock:
            return self._given.get(session, frozenset())

    def kinds_of(self, session: str, values: Mapping[str, str]) -> dict[str, str]:
        """Return of placeholders and their values each value with its kind."""
        if self._grammar is None:
            found = call_vault(partial(self._vault.find, session, [*values.values()]))
            return {value: hits[0].kind for value, hits in zip(values.values(), found, strict=True) if hits}
        return {value: base_kind(read[0]) for token, value in values.items() if (read := self._grammar.read(token))}

    def placeholders_in(self, session: str, texts: Sequence[str]) -> frozenset[str]:
        """Return the placeholders that stand in texts, as they were minted."""
        if self._grammar is not None:
            return frozenset(token for text in texts for token in self._grammar.tokens(text))
        fakes = FakeRestoring(call_vault(partial(self._vault.items, session)))
        return frozenset(text[start:end] for text in texts for start, end in fakes.find(text))

    def _egress_control(self) -> Any:
        with self._lock:
            if self._egress is None:
                from lc_guard._engine.egress import EgressControl  # noqa: PLC0415 - seldom needed

                restoring: Any = self.restoring
                self._egress = EgressControl(self._policy, self._vault, self._digest, restoring, self.placeholders_in)
            return self._egress

    def restoring_only(self, session: str, chosen: Sequence[Set[str]]) -> list[NumberedRestoring | FakeRestoring]:
        """Return for each set of placeholders what puts their values back and no others; the vault is read once."""
        placeholders = list(dict.fromkeys(placeholder for own in chosen for placeholder in sorted(own)))
        values = call_vault(partial(self._vault.values, session, placeholders)) if placeholders else {}
        each = [{token: values[token] for token in own if token in values} for own in chosen]
        if self._grammar is None:
            return [FakeRestoring(own) for own in each]
        kinds = call_vault(partial(self._vault.kinds, session))
        return [NumberedRestoring(self._grammar, partial(_chosen, own), kinds) for own in each]

    def placeholders_put(self, session: str, hidden: Mapping[str, str]) -> dict[str, frozenset[str]]:
        """Return of texts, each with what it was hidden as, the placeholders whose value stood in it."""
        if self._grammar is None:
            values = call_vault(partial(self._vault.items, session))
            fakes = FakeRestoring(values)
            found = {text: [new[start:end] for start, end in fakes.find(new)] for text, new in hidden.items()}
        else:
            found = {text: self._grammar.tokens(new) for text, new in hidden.items()}
            tokens = list(dict.fromkeys(token for own in found.values() for token in own))
            values = call_vault(partial(self._vault.values, session, tokens)) if tokens else {}
        return {
            text: frozenset(token for token in own if token in values and values[token] in text)
            for text, own in found.items()
        }

    def exposed(self, session: str, texts: Sequence[str], *, beside: Sequence[str] = ()) -> dict[str, int]:
        """Return how many values of a session stand, in any spelling, in what is about to leave, by kind.

        It finds less than what hides, never more: what was left on purpose is no leak. That are kinds that the policy
        leaves alone, look-alikes of placeholders, and words that may be no names.

        Args:
            session: Session id.
            texts: Texts with placeholders in them.
            beside: What nobody hides: names, addresses, options. Only what can hardly be a word of the application's
                own counts there: two words or more, or six characters or more with a digit or an at sign.
        """
        if self._received:
            texts = [text for text in texts if (session, len(text), hash(text)) not in self._received]
        forms, others = self._forms(session, texts), [*beside, *all_unescaped(beside)]
        every = call_vault(partial(self._vault.find, session, [*forms, *others]))
        found: Counter[str] = Counter()
        for number, (form, hits) in enumerate(zip([*forms, *others], every, strict=True)):
            told = self._hidden(form, hits)
            found.update(hit for hit, value in told if number < len(forms) or _tells(value))
        return dict(found)

    def proof(self, session: str, texts: Sequence[str]) -> str:
        """Return the code of texts that came from a provider in a session; only the vault's processes can make it."""
        from lc_guard._engine.received_proof import ReceivedProof  # noqa: PLC0415 - only what is signed needs it

        return call_vault(partial(ReceivedProof(self._vault).of, session, texts))

    def note_received(self, session: str, texts: Iterable[str]) -> None:
        """Note texts that go back to a provider as they came from it: no value in them gets out by that."""
        with self._lock:
            for text in texts:
                self._received[session, len(text), hash(text)] = None
                if len(self._received) > _MAX_RECEIVED:
                    self._received.popitem(last=False)

    def shows_more(self, session: str, texts: Sequence[str]) -> bool:
        """Return whether texts that were hidden hold what has become known since: a value, or a word of a name."""
        forms = self._forms(session, texts)
        if isinstance(self._vault, BatchLookupVault):
            _, every = call_vault(partial(self._vault.look, session, forms))
        else:
            every = call_vault(partial(self._vault.find, session, forms))
        return any(
            not (hit.how == "part" and form[hit.start].islower()) and any(self._hidden(form, [hit]))
            for form, hits in zip(forms, every, strict=True)
            for hit in hits
        )

    def _forms(self, session: str, texts: Sequence[str]) -> list[str]:
        """Return texts without their placeholders, as they stand and with their escapes undone."""
        fakes = FakeRestoring(call_vault(partial(self._vault.items, session))) if self._grammar is None else None
        bare = [self._bare(text, fakes) for text in texts]
        return [*bare, *all_unescaped(bare)]

    def _bare(self, text: str, fakes: FakeRestoring | None) -> str:
        """Return a text without its placeholders."""
        text = text.removeprefix(self._preamble)
        spans = fakes.find(text) if fakes is not None else self._grammar.exact(text) if self._grammar else []
        pieces: list[str] = []
        last = 0
        for start, end in spans:
            pieces.append(text[last:start])
            last = end
        return _FOR_GOOD.sub(_CUT, _CUT.join([*pieces, text[last:]]))

    def _hidden(self, text: str, hits: Iterable[Match]) -> Iterator[tuple[str, str]]:
        """Yield kind and text of the occurrences that should have been hidden."""
        for hit in hits:
            kind, value = base_kind(hit.kind), text[hit.start : hit.end]
            if kind != LITERAL and self._policy.action(kind) not in ("allow", "warn") and not may_be_ordinary(value):
                yield kind, value


def _tells(value: str) -> bool:
    if len(RUN.findall(value)) > 1:
        return True
    return len(value) >= _MIN_TELLING and any(character.isdigit() or character == "@" for character in value)


def _fingerprint(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _chosen(values: Mapping[str, str], placeholders: Sequence[str]) -> dict[str, str]:
    return {placeholder: values[placeholder] for placeholder in placeholders if placeholder in values}


def call_vault(call: Callable[[], T]) -> T:
    """Call a vault; a foreign error may hold raw values, so that only its type and place are told.

    Raises:
        VaultError: If the vault fails.
    """
    try:
        return call()
    except GuardError:
        raise
    except Exception as error:
        if is_control_flow(error):
            raise
        raise VaultError(f"the vault failed: {describe_error(error)}") from None


def session_key(session_id: Any, remedy: str | None = None) -> str:
    """Bring a session id into its one form.

    Args:
        session_id: A text that is not blank, or a number or UUID.
        remedy: What to do otherwise, in the words of the seam that needs it; None is for a chain's steps.

    Raises:
        SessionMissing: If it is nothing of that.
    """
    if isinstance(session_id, str):
        if session_id.strip():
            return session_id
        raise SessionMissing("an empty one was given", remedy)
    if session_id is None:
        raise SessionMissing(remedy=remedy)
    if isinstance(session_id, bool) or type(session_id).__name__ not in ("int", "UUID"):
        raise SessionMissing(f"one of type {type(session_id).__name__} was given", remedy)
    return str(session_id)


def is_own_session(session_id: str) -> bool:
    """Return whether a session was made for one call, which named none."""
    return session_id.startswith(_OWN)


def conversation_key(guard: Guard, session_id: Any, remedy: str | None = None) -> str:
    """Bring the session id of a conversation into its one form.

    Raises:
        SessionMissing: If it is no session id, or one that is reserved: users often choose the id of a thread.
    """
    key = session_key(session_id, remedy)
    if key in guard.session_values.reserved:
        raise SessionMissing("the one of stored documents was given, which no conversation may have")
    return key


def configured_session(config: Mapping[str, Any], fixed: str | None = None) -> Any:
    """Return the session id that a call's config names: its ``session_id``, else its ``thread_id``, else a fixed one.

    It is as it was given, not yet checked; None where there is none.
    """
    configurable = config.get("configurable") or {}
    named = (configurable.get(name) for name in ("session_id", "thread_id"))
    return next((session for session in named if session is not None), fixed)
