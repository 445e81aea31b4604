"""A model's guess as the rules look at it: its value, its words, and the lists that know words."""

from __future__ import annotations

import re
from typing import NamedTuple

from lc_guard.detectors.vocabulary import Vocabulary, vocabulary
from lc_guard.records import Entity

WORDS = re.compile(r"(?<!\w)[^\W\d_]+(?:['-][^\W\d_]+)*(?!\w)")
"""Words without digits; `I` of `I9` is none."""

STREET_WORD = re.compile(
    r"(?i)\b(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|way|terrace|square|sq|highway|hwy"
    r"|close"
    r"|box|apt|suite|floor)\b"
)
"""What makes an address of numbers and words."""


class Guess(NamedTuple):
    """A model's entity.

    Attributes:
        text: The text it was found in.
        entity: What was found.
        value: Its characters, with one blank for each gap.
        words: The words of the value, without a possessive.
        known: The lists.
    """

    text: str
    entity: Entity
    value: str
    words: tuple[str, ...]
    known: Vocabulary

    @classmethod
    def of(cls, text: str, entity: Entity) -> Guess:
        """Return the guess that an entity of a text is."""
        value = " ".join(text[entity.start : entity.end].split())
        words = tuple(word.removesuffix("'s") for word in WORDS.findall(value.replace("’", "'")))
        return cls(text, entity, value, words, vocabulary())

    @property
    def kind(self) -> str:
        """The entity's kind."""
        return self.entity.kind

    @property
    def lone(self) -> bool:
        """Whether it is one word."""
        return len(self.words) == 1

    @property
    def place(self) -> tuple[str, int, int]:
        """What a question about its surroundings takes."""
        return self.text, self.entity.start, self.entity.end

    def before(self, width: int) -> str:
        """Return the characters before it."""
        return self.text[max(0, self.entity.start - width) : self.entity.start]
