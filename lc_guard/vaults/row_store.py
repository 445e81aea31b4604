"""What a store has to do for a vault that outlives the process: keep rows, and add to them only if nothing changed.

All of a vault's promises rest on one operation: `RowStore.append` adds rows if the session is still at the version
that the caller has seen, and does nothing otherwise. Whoever lost reads what is new and tries again. An append whose
answer was lost is repeated the same way: if it was done, the session has moved on and shows the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, get_args

from lc_guard.errors import VaultError
from lc_guard.vaults.base import TtlFrom


class Unreachable(VaultError):
    """The store did not answer; the same call may succeed later."""


class Version(NamedTuple):
    """What a session's rows are at.

    Attributes:
        epoch: A random number that changes whenever rows are taken away or rewritten; 0 if there never was a session.
        seq: Number of the last row; goes on after rows are dropped.
        token: A random number of the last append: tells histories of one length apart, as a failover to a stale copy
            or a restored backup makes them.
    """

    epoch: int
    seq: int
    token: int


NOWHERE = Version(0, 0, 0)
"""The version of a session that never was."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stored value.

    Attributes:
        seq: Its number in the session, 1 or more, never given twice.
        kind: Entity type.
        index: The number that its placeholder was minted with.
        placeholder: What stands for the value.
        lookup: What the value is filed under (see `lc_guard.vaults.codec`).
        payload: The value, as the codec writes it.
    """

    seq: int
    kind: str
    index: int
    placeholder: str
    lookup: bytes = field(repr=False)
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session as it is, or what is new in it.

    Attributes:
        version: What it is at; of a session that was dropped or has expired, too.
        live: Whether it holds values now.
        whole: Whether `rows` are all it holds, not only those after the version that was asked with.
        key: Its wrapped key.
        rows: In order of `seq`.
        numbers: Kind → last index given; only when `whole`.
    """

    version: Version
    live: bool = False
    whole: bool = True
    key: bytes = field(default=b"", repr=False)
    rows: Sequence[Row] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """What a store tells of a session in a listing."""

    handle: bytes
    sealed_id: bytes = field(repr=False)
    values: int
    created: float
    last_used: float
    key: bytes = field(repr=False)


def checked_ttl(ttl: float | None, ttl_from: TtlFrom) -> bool:
    """Return whether a time to live counts from the last use; ValueError if it is not positive, or of another kind."""
    if ttl is not None and not 0 < ttl < float("inf"):
        raise ValueError("ttl must be positive and finite; None keeps sessions for good")
    if ttl_from not in get_args(TtlFrom):
        raise ValueError(f"ttl_from must be one of {', '.join(map(repr, get_args(TtlFrom)))}")
    return ttl_from == "last_use"


class RowStore(Protocol):
    """Keeps the rows of sessions. Shared by all threads.

    Every operation is done as a whole or not at all, and is durable when it returns. Each raises `Unreachable` if it
    may be repeated, and another `VaultError`, free of values, if that would not help.
    """

    def root(self, new: bytes, *, instead_of: bytes | None = None) -> bytes:
        """Return what is kept for the vault as a whole (`Codec.new_root`), storing it if need be.

        It belongs to no session and never expires; of several processes that begin at once, all get the same.

        Args:
            new: Stored if nothing is kept yet, or if what is kept equals `instead_of`.
            instead_of: What `new` is to replace; None replaces nothing.

        Returns:
            What is kept now.
        """
        ...

    def rekey(self, handle: bytes, key: bytes, *, instead_of: bytes) -> bool:
        """Put another wrapping of a live session's key in the place of one; False if it keeps another by now.

        The key inside is the same: neither the version nor created nor last use change.
        """
        ...

    def read(self, handle: bytes, seen: Version, *, use: bool = True) -> Snapshot:
        """Return what is new in a session since a version, or all of it where that version is not its past.

        Args:
            handle: What the session is stored under.
            seen: The version that the caller has.
            use: Whether this counts as a use of the session.
        """
        ...

    def append(self, handle: bytes, at: Version, rows: Sequence[Row], *, new: NewSession | None) -> Version | None:
        """Add rows to a session if it is at a version; None if it is not.

        Args:
            handle: What the session is stored under.
            at: The version that the rows were made for.
            rows: Numbered on from ``at.seq``.
            new: Set if the session is not live: it is begun anew, and what is left of its past is dropped.
        """
        ...

    def remove(self, handle: bytes, at: Version, seqs: Sequence[int]) -> bool:
        """Take rows out of a live session if it is at a version; False if it is not. The epoch changes."""
        ...

    def drop(self, handle: bytes) -> bool:
        """Drop a session's rows, key and id; keep its numbers. Tells whether there was one. The epoch changes."""
        ...

    def heads(self, *, having: bytes | None = None) -> Iterator[Head]:
        """Return all live sessions, or at least those that hold a row filed under a lookup."""
        ...

    def purge(self) -> int:
        """Drop all sessions whose time is over; gives their number."""
        ...

    def stats(self) -> Mapping[str, int]:
        """Return the counts of `lc_guard.vaults.base.RetentionVault.stats`."""
        ...

    def close(self) -> None:
        """Give up connections; the next operation opens new ones."""
        ...


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a session is begun with."""

    sealed_id: bytes = field(repr=False)
    key: bytes = field(repr=False)
