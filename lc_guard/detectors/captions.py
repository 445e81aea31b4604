"""Words that say what stands behind them, a number or a field of a form, and words cut short by a full stop."""

from __future__ import annotations

import re

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names, small_names
from lc_guard.detectors.national_id_rules import RULES
from lc_guard.detectors.surroundings import is_chat

# What a number behind it is: "NHS number", "Steuer-ID: 574…", "TFN is 487…", "Guest name:".
_NAMES_NUMBER = re.compile(
    r"(?:['’]s)?(?: licen[cs]e| card| insurance)?[ -](?:numbers?|no\b\.?|nr\b\.?|ID|id)(?![\w-])[^\w\n]{0,3}(?:is )?"
    r"[\w-]{0,3}\d"
)
_IS_NUMBER = re.compile(r" is \d[\d -]{4}|: ?(?=[A-Z0-9-]*\d)[A-Z0-9-]{4}")
# "rijksregister…", but not "pan" of Panama.
_LEAST_OF_NAME = 5
_NUMBER_BEHIND = re.compile(r"[-'’ ]?[\w.-]{0,12}[:.#]? ?(?:is )?[\w-]{0,3}\d")
_NUMBER_NAMED = re.compile(r"[A-Z]{2,6} (?:number|no|ID|card)\.?")
_FIELD = re.compile(
    r" (?:(?:first |last |full |e-?mail )?(?:names?|address|phone|e-?mail|numbers?|no\.?|id|date|type|code|notes?"
    r"|details|count|total|title)"
    r"|to|from) ?:"
)
_LABELLED = re.compile(r":[ \t][^\n]{1,80}\n[ \t*-]{0,4}[A-Z][\w ]{1,20}: ?\S")
_LINE_BEFORE = re.compile(r"(?:^|[\n|;,])[ \t*#>-]{0,6}$")
# "Approx. 40", "Assoc. editors": a sentence does not end there, unless the next one begins small.
_CUT_SHORT = re.compile(
    r"\.[,)]? (?=[a-z0-9])(?!(?:he|she|it|i|im|we|you|they|this|that|there|so|but|and|then|who|what|how|why|when|is|was"
    r"|has|had|can|did|do|does|just|not|no|yes|ok|lol|the|a|my|his|her|our|if)\b)"
)
SENTENCE_BEFORE = re.compile(r"(?:^|[.!?:;]|\n)[\s*#>\"“(-]{0,6}$")
"""Behind what a sentence begins."""


def names_field(guess: Guess) -> bool:
    """Return whether a guess names the number or the field behind it: ``NHS number: 485…``, ``Guest name:``."""
    if guess.kind != "PERSON" and _NUMBER_NAMED.fullmatch(guess.value):
        return True
    if not guess.lone:
        return False
    small, known = guess.words[0].lower(), guess.known
    plain = known.is_ordinary(small) or (small in known.also_names and small not in small_names())
    return (plain and _begins_field(guess)) or (guess.kind != "PERSON" and _names_number(guess, plain=plain))


def _begins_field(guess: Guess) -> bool:
    """Whether it begins a line that is a field of a form: ``Guest name:``, ``Shell: zsh``."""
    if guess.kind == "ORGANIZATION" and _is_label_among(guess):
        return True
    text, _, end = guess.place
    return _FIELD.match(text, end, end + 24) is not None and _LINE_BEFORE.search(guess.before(8)) is not None


def _names_number(guess: Guess, *, plain: bool) -> bool:
    """Whether a number behind it goes by its name."""
    text, _, end = guess.place
    if _NUMBER_BEHIND.match(text, end, end + 30) and _is_of_identifier(guess):
        return True
    short = guess.value.isupper() and len(guess.value) < 7
    if _NAMES_NUMBER.match(text, end, end + 40) and (short or plain or text[end : end + 1] == "-"):
        return True
    return short and _IS_NUMBER.match(text, end, end + 12) is not None


def _is_of_identifier(guess: Guess) -> bool:
    """Whether a national identifier goes by this name: ``Aadhaar number``, ``Steuer-ID``."""
    text, start, end = guess.place
    named = filter(None, (rule.names.match(text, start, end) for rule in RULES))
    return any(match.end() == end or len(match[0]) >= _LEAST_OF_NAME for match in named)


def _is_label_among(guess: Guess) -> bool:
    """Whether it stands before a colon, as a word at the beginning of the next line does: ``Shell: zsh``."""
    text, _, end = guess.place
    return _LINE_BEFORE.search(guess.before(8)) is not None and _LABELLED.match(text, end, end + 120) is not None


def is_cut_short(guess: Guess) -> bool:
    """Return whether a guess abbreviates an ordinary word within a sentence: ``Approx. 40``, ``Assoc. editors``."""
    text, start, end = guess.place
    small = guess.value.lower()
    if not guess.lone or not 2 < len(small) < 7 or not _CUT_SHORT.match(text, end, end + 12):
        return False
    known = guess.known
    borne = small in known.also_names or small in small_names() or guess.value.capitalize() in load_names()
    if borne or not (known.begins_word(small) or (len(small) > 3 and known.begins_word(small[:-1], small[-1]))):
        return False
    return SENTENCE_BEFORE.search(guess.before(8)) is not None or not is_chat(text, start, end)
