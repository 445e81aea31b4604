"""Who brought which value into a session, and at which addresses the user himself named it: value-free, in memory.

What is not known, since it is too long ago or another process saw it, counts as brought by nobody: a policy then
restores less. A conversation's history is hidden again at each of its turns, so that it is known again where it counts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from lc_guard._forks import ForkLock
from lc_guard._placeholders.grammar import Found, Waiting
from lc_guard._text.places import Key, Place, host_goes_on
from lc_guard._text.text_reader import TextReader
from lc_guard.policy.restoring import Origin

_MOST_SESSIONS = 10_000
_MOST_TOKENS = 20_000
_MOST_PLACES = 100
_MOST_HOST = 300  # characters of a host's name that are waited for

T = TypeVar("T")


class Provenance:
    """What is known of the values of sessions, by their placeholders; shared by all threads."""

    def __init__(self) -> None:
        self._lock = ForkLock()
        self._places: OrderedDict[str, OrderedDict[str, set[Key]]] = OrderedDict()
        self._origins: OrderedDict[str, OrderedDict[str, set[Origin]]] = OrderedDict()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._places)} sessions with places, {len(self._origins)} with origins)"

    def note_places(self, session: str, found: Iterable[tuple[str, Key]]) -> None:
        """Remember where the user named values: placeholder and place of each."""
        with self._lock:
            known = _of(self._places, session)
            for token, key in found:
                places = _of_token(known, token)
                if len(places) < _MOST_PLACES:
                    places.add(key)

    def note_origin(self, session: str, origin: Origin, tokens: Iterable[str]) -> None:
        """Remember who brought values."""
        with self._lock:
            known = _of(self._origins, session)
            for token in tokens:
                _of_token(known, token).add(origin)

    def places(self, session: str, token: str) -> frozenset[Key]:
        """Return where the user named a value."""
        with self._lock:
            known: Any = self._places.get(session, {})
            return frozenset(known.get(token, ()))

    def origins(self, session: str, token: str) -> tuple[Origin, ...]:
        """Return who brought a value: the user alone, if he did."""
        with self._lock:
            by_token: Any = self._origins.get(session, {})
            known: frozenset[Origin] = frozenset(by_token.get(token, ()))
        return ("user",) if "user" in known else tuple(sorted(known)) or ("unknown",)

    def forget(self, session: str, entries: Mapping[str, object]) -> None:
        """Drop what is known of placeholders; a listener of a vault."""
        with self._lock:
            for store in (self._places, self._origins):
                known: Any = store.get(session, {})
                for token in entries:
                    known.pop(token, None)
                if not known:
                    store.pop(session, None)


class OwnPlaces:
    """A gate that puts everything back and notes at which places a text names values: for texts of the user.

    Attributes:
        found: Placeholder and place of each.
        waiting: No character ever waits for more of the text.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self.found: list[tuple[str, Key]] = []
        self._text = TextReader(plain=False)

    def read(self, text: str) -> None:
        """Take the next piece of the text."""
        self._text.read(text)

    def put(self, found: Sequence[Found], written: str, rest: str, *, ended: bool) -> Sequence[str] | None:  # noqa: ARG002
        """Return the values."""
        place = self._text.end()[-1].places.here()
        if place is not None and place.key is not None:
            self.found += [(one.token, key_of(place, rest, ended=True)) for one in found]
        return [one.value for one in found]


def key_of(place: Place, rest: str, *, ended: bool) -> Key:
    """Return what a place has in common with others, its host as far as it goes on behind it.

    Raises:
        Waiting: If the end of the host's name is not in sight.
    """
    if place.key is None or not place.waits:
        return place.key or ("", "")
    host = host_goes_on(rest[:_MOST_HOST])
    if len(host) == len(rest) and not ended:
        raise Waiting
    return place.key[0], f"{place.key[1]} {host.lower()}"


def _of(store: OrderedDict[str, OrderedDict[str, set[T]]], session: str) -> OrderedDict[str, set[T]]:
    """Return what a store holds of a session, which is then the last to be dropped for room."""
    known = store.setdefault(session, OrderedDict())
    store.move_to_end(session)
    if len(store) > _MOST_SESSIONS:
        store.popitem(last=False)
    return known


def _of_token(known: OrderedDict[str, set[T]], token: str) -> set[T]:
    held = known.setdefault(token, set())
    known.move_to_end(token)
    if len(known) > _MOST_TOKENS:
        known.popitem(last=False)
    return held
