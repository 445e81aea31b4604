"""LeakSearch: the last look at what is about to leave, whether it holds a value that the session hides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lc_guard._placeholders.aliases import base_kind
from lc_guard._placeholders.grammar import LITERAL, TokenGrammar
from lc_guard._placeholders.restorer import FakeRestoring
from lc_guard._text.common_words import may_be_ordinary
from lc_guard._text.known_values import Match
from lc_guard._text.words import RUN, all_unescaped
from lc_guard.policy.policy import Policy
from lc_guard.vaults.base import BatchLookupVault, Vault

_FOR_GOOD = re.compile(r"\[REDACTED_[A-Z0-9_]{1,80}\]")
_CUT = "\x00"  # nothing that it touches is one word, or one number
_MIN_TELLING = 6


class LeakSearch:
    """Finds values of a session in texts with placeholders in them.

    It finds less than what hides, never more: what was left on purpose is no leak. That are kinds that the policy
    leaves alone, look-alikes of placeholders, and words that may be no names.

    Args:
        vault: Knows the values.
        policy: Says which kinds are hidden.
        grammar: How placeholders look; None for fakes.
        preamble: What the guard itself puts before a text.
    """

    def __init__(self, vault: Vault, policy: Policy, grammar: TokenGrammar | None, *, preamble: str = "") -> None:
        self._vault = vault
        self._policy = policy
        self._grammar = grammar
        self._preamble = preamble

    def kinds(self, session: str, texts: Sequence[str], *, beside: Sequence[str] = ()) -> dict[str, int]:
        """Return how many values of each kind stand in texts, in any spelling.

        Args:
            session: Session id.
            texts: What was hidden.
            beside: What nobody hides: names, addresses, options. Only what can hardly be a word of the application's
                own counts there: two words or more, or six characters or more with a digit or an at sign.

        Raises:
            Exception: What the vault raises.
        """
        forms = self._forms(session, texts)
        others = [*beside, *all_unescaped(beside)]
        every = self._vault.find(session, [*forms, *others])
        found: Counter[str] = Counter()
        for number, (form, hits) in enumerate(zip([*forms, *others], every, strict=True)):
            told = self._hidden(form, hits)
            found.update(hit for hit, value in told if number < len(forms) or _tells(value))
        return dict(found)

    def shows_more(self, session: str, texts: Sequence[str]) -> bool:
        """Return whether texts that were hidden hold what has become known since: a value, or a word of a name.

        Raises:
            Exception: What the vault raises.
        """
        forms = self._forms(session, texts)
        if isinstance(self._vault, BatchLookupVault):
            _, every = self._vault.look(session, forms)
        else:
            every = self._vault.find(session, forms)
        return any(
            not (hit.how == "part" and form[hit.start].islower()) and any(self._hidden(form, [hit]))
            for form, hits in zip(forms, every, strict=True)
            for hit in hits
        )

    def _forms(self, session: str, texts: Sequence[str]) -> list[str]:
        """Return texts without their placeholders, as they stand and with their escapes undone."""
        fakes = FakeRestoring(self._vault.items(session)) if self._grammar is None else None
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
