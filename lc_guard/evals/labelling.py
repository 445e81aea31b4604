"""Which annotation speaks of which check, and what it says.

A person's annotation is a score with the source ``ANNOTATION``. Without options, one named like a check's score
(``prompt.pii``), or that with ``.label`` or ``.harmful`` behind it, speaks of this check; it says yes where it is True,
a number from 0.5, or one of the words in `YES`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

SUFFIXES = ("", ".label", ".harmful")
"""What may stand behind a check's name in the name of an annotation."""

YES = frozenset({"yes", "true", "harmful", "unsafe", "bad", "positive", "flag", "flagged", "block", "leak", "pii"})
NO = frozenset(
    {"no", "false", "harmless", "safe", "good", "negative", "ok", "okay", "allow", "benign", "none", "clean"}
)


@dataclass(frozen=True, slots=True)
class Labelling:
    """Says of which checks an annotation speaks.

    Attributes:
        named: Pairs of an annotation's name and a check's score name, or None where it speaks of all checks; empty for
            the names that the module describes.
        yes: More words that say yes; a word that stands here says yes also where it stands in `NO`.
    """

    named: tuple[tuple[str, str | None], ...] = ()
    yes: frozenset[str] = frozenset()

    def checks(self, annotation: str, known: Collection[str]) -> Sequence[str]:
        """Give the checks of which an annotation speaks.

        Args:
            annotation: Its name.
            known: Names of the checks there are.
        """
        if not self.named:
            names = (annotation.removesuffix(suffix) for suffix in SUFFIXES if annotation.endswith(suffix))
            return [name for name in dict.fromkeys(names) if name in known]
        found: dict[str, None] = {}
        for name, check in self.named:
            if name == annotation:
                found |= dict.fromkeys(known if check is None else {check} & set(known))
        return sorted(found)

    def says(self, value: float | str) -> bool | None:
        """Tell whether a value says yes; None for a word that is not known."""
        if not isinstance(value, str):
            return value >= 0.5
        word = value.strip().casefold()
        if word in self.yes or word in YES:
            return True
        return False if word in NO else None
