"""The vault protocol: who remembers which placeholder stands for which value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Protocol, runtime_checkable

from lc_guard.known import Known

ForgetListener = Callable[[str, Mapping[str, tuple[str, str]]], None]
"""Called with a session id and its entries (placeholder → (value, kind)) just before they are dropped."""


class Mint(Protocol):
    """Makes placeholders; the vault calls it while it holds the session."""

    def __call__(self, kind: str, index: int) -> str:
        """Give the placeholder for the `index`-th value of a kind.

        Args:
            kind: Entity type.
            index: 1 or more, never given twice for a kind in a session; one that is refused, because a placeholder or
                a value of the session equals it already, is left out.
        """
        ...

    def claims(self, placeholder: str) -> Set[str]:
        """Give the words that no other placeholder of the session may hold (none for numbered ones)."""
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
        """Give the placeholders of values, making those that are new, all or none.

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
        """Give the raw values of those placeholders that are live in the session."""
        ...

    def find(self, session: str, texts: Sequence[str], *, inside_words: bool = False) -> list[list[Known]]:
        """Find the session's values in texts: for each text occurrences that don't overlap, in order."""
        ...

    def items(self, session: str) -> Mapping[str, str]:
        """Give all placeholders of the session with their raw values."""
        ...

    def kinds(self, session: str) -> frozenset[str]:
        """Give the kinds that have a live placeholder in the session."""
        ...

    def forget(self, session: str) -> bool:
        """Drop a session's values for good; its numbering goes on. Tells whether there was such a session."""
        ...

    def subscribe(self, listener: ForgetListener) -> None:
        """Have a listener called just before entries are dropped: by `forget`, by expiry, or for room."""
        ...
