"""The vault protocol: who remembers which placeholder stands for which value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from lc_guard._text.known_values import Match

ForgetListener = Callable[[str, Mapping[str, tuple[str, str]]], None]
"""Called with a session id and its entries (placeholder → (value, kind)) just before they are dropped."""

Progress = Callable[[int, int], None]
"""Called with the number of sessions done and of all sessions, on runs over all of them."""

TtlFrom = Literal["last_use", "creation"]
"""What a session's time to live is counted from: its last use (sliding) or its creation (fixed)."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What a vault tells of a session without its values.

    Attributes:
        session: Its id; often personal data itself, so that it is left out of the ``repr``.
        values: Number of values it holds.
        created: When its first value was stored, in seconds since 1970.
        last_used: When it was last used, in seconds since 1970; may lag behind by the vault's grain.
    """

    session: str = field(repr=False)
    values: int
    created: float
    last_used: float


class Mint(Protocol):
    """Makes placeholders; the vault calls it while it holds the session."""

    def __call__(self, kind: str, index: int) -> str:
        """Return the placeholder for the `index`-th value of a kind.

        Args:
            kind: Entity type.
            index: 1 or more, never given twice for a kind in a session; one that is refused, because a placeholder or
                a value of the session equals it already, is left out.
        """
        ...

    def claims(self, placeholder: str) -> Set[str]:
        """Return the words that no other placeholder of the session may hold (none for numbered ones).

        They depend on the placeholder and the mint's class alone: a vault may ask again later, another mint of the
        class.
        """
        ...


@runtime_checkable
class Vault(Protocol):
    """Remembers the values of sessions, each apart from all others.

    In a session a value has one placeholder and a placeholder one value, whatever the number of threads. A
    placeholder is never given again to another value, also after `forget` and expiry.

    A vault that waits for a disk or a network says so with ``blocking = True``: the async drivers then call it in a
    thread. It does not hold raw values in its ``repr``.
    """

    def allocate(self, session: str, wanted: Sequence[tuple[str, str]], mint: Mint) -> list[str]:
        """Return the placeholders of values, making those that are new, all or none.

        Args:
            session: Session id.
            wanted: Pairs of kind and value. A value that is known keeps its placeholder, whatever its kind.
            mint: Makes new placeholders.

        Returns:
            One placeholder for each pair, in order.

        Raises:
            VaultError: If nothing could be stored.
        """
        ...

    def values(self, session: str, placeholders: Sequence[str]) -> Mapping[str, str]:
        """Return the raw values of those placeholders that are live in the session."""
        ...

    def find(self, session: str, texts: Sequence[str], *, inside_words: bool = False) -> list[list[Match]]:
        """Find the session's values in texts: for each text occurrences that don't overlap, in order.

        A vault that finds other spellings of a value says so by `Match.how`; those of this package do.
        """
        ...

    def items(self, session: str) -> Mapping[str, str]:
        """Return all placeholders of the session with their raw values."""
        ...

    def kinds(self, session: str) -> frozenset[str]:
        """Return the kinds that have a live placeholder in the session."""
        ...

    def forget(self, session: str) -> bool:
        """Drop a session's values for good; its numbering goes on. Tells whether there was such a session."""
        ...

    def subscribe(self, listener: ForgetListener) -> None:
        """Have a listener called just before entries are dropped: by `forget`, by expiry, or for room."""
        ...


@runtime_checkable
class BatchLookupVault(Protocol):
    """A vault that tells kinds and occurrences in one step: behind a network, one round trip instead of two.

    A vault without it has full names found in later texts of its sessions, but not the words of them.
    """

    def look(self, session: str, texts: Sequence[str]) -> tuple[frozenset[str], list[list[Match]]]:
        """Return what `Vault.kinds` and `Vault.find` give, as of one moment, and more of what is to be hidden.

        That are values which overlap the one before, and words of persons' names: these have `Match.how` ``"part"``,
        and are given in small letters too, since the guard decides which of them are names.
        """
        ...


@runtime_checkable
class RetentionVault(Vault, Protocol):
    """A vault that also answers for the life of what it holds: access, erasure, expiry, counts.

    None of these counts as a use of a session.
    """

    def sessions(self) -> Iterator[SessionInfo]:
        """Return all live sessions, in no promised order; those that come or go meanwhile may be there or not."""
        ...

    def export(self, session: str) -> Mapping[str, str]:
        """Return all placeholders of a session with their **raw values** (right of access); empty if unknown."""
        ...

    def forget_value(self, value: str, *, progress: Progress | None = None) -> int:
        """Drop a value from all sessions (right to erasure). Its placeholders are never given again.

        Args:
            value: The value exactly as it was hidden: other spellings and longer values that hold it stay.
            progress: Told how far it is.

        Returns:
            The number of sessions it was in.
        """
        ...

    def purge(self) -> int:
        """Drop the values of all sessions whose time is over. Gives their number."""
        ...

    def stats(self) -> Mapping[str, int]:
        """Return counts: ``sessions`` and ``values`` that are live, ``expired`` sessions that wait for `purge`."""
        ...
