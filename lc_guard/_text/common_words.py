"""Names that are words, such as Will, May and Hurt: where one that is known is not taken for the name again.

A session's values are found again by exact match. For most names that is right everywhere; ``May I?`` and ``Will you?``
would lose their verb. A name on this list counts where a capital says that it is one, which it does not at the start of
a sentence. What a detector takes for a name there is hidden all the same.
"""

from __future__ import annotations

from collections.abc import Container

# First and last names common in the United States (Social Security Administration, Census Bureau) that are everyday
# English words, and kinship and weekday words that detectors take for names or dates.
_WORDS = frozenset(
    """
    amber angel april art august autumn banks best bill bishop black blue bond bright brook brown bush carol
    case cash chance charity chase christian church clay cliff cook cross crystal daisy dale dawn day dean dear
    destiny dick drew duke earl early eve faith faye field fields fish foot ford forest fox francis frank gene
    ginger glad glen good grace grant gray green grey guy hall hand hands hardy harmony harry heather heaven
    hill holly honor hope hunt hunter hurt iris ivy jack jasmine jay jean jewel johns joy judge june justice
    king knight lake lamb lance land lane law lily little long love low luck mark marks marsh mason max may
    melody mercy miles miller mills more moss mother nick noble north olive page paris park parks pat patience
    paul pearl penny pepper pierce pike pitt poe pool poppy price prince queen rain rand ray reed rice rich rob
    robin rock rose rosemary ruby rush sage sales savage scarlet serenity sharp short sky small smart snow
    sparks star stark still stone storm strong sue summer sweet swift temple terry tony violet wade walker walls
    ward waters way wells west white wild will willow wise wolf wood woods worth young
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_ENDS_SENTENCE = frozenset(".!?:;\n\r\u2028\u2029\"'“”‘’«»()[]{}*-–—•>|")


def may_be_ordinary(word: str) -> bool:
    """Return whether a text is one word that is also a name, however it is written."""
    return word.casefold() in _WORDS


def is_ordinary(text: str, start: int, end: int, *, also: Container[str] = ()) -> bool:
    """Return whether a word in a text may well be no name, although it is written like one.

    Args:
        text: The text.
        start: Offset of the word.
        end: Offset after it.
        also: Case-folded words that are everyday ones here.
    """
    word = text[start:end]
    folded = word.casefold()
    if folded not in _WORDS and folded not in also:
        return False
    if not word[0].isupper() or (word.isupper() and len(word) > 1):
        return True
    before = text[max(0, start - 40) : start].rstrip(" \t\u00a0")
    return not before or before[-1] in _ENDS_SENTENCE
