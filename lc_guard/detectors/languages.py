"""Which languages a text is written in: small words counted, offline, in microseconds; or what the user says.

A name tells nothing of the language of its text, and a single word little. So only small words count (articles,
pronouns, auxiliaries, greetings, labels of forms), each by how few languages share it, and letters that hardly any
other language uses. Where that is too little, nothing is told: such a text is read as English is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence

from lc_guard.detectors.locales import LANGUAGES, locale
from lc_guard.detectors.surroundings import without_code
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.errors import GuardError

# Not the parts of addresses, paths and settings.
_WORD = re.compile(r"(?<![\w.@/:&?=-])[^\W\d_]+'?(?![\w@/=]|[.:]\w|'t\b)")
# Short words with a capital inside a sentence are parts of names (Don Miller, Mia Vogt, La Forest), but for these.
_CAPITAL_INSIDE = re.compile(r"(?<=[\w,') ] )(?=[^\W\d_a-zß-öø-ÿ][a-zß-öø-ÿ]{1,3}(?!\w))")
_CAPITAL = frozenset(["sie", "ihr", "ihre", "herr", "frau", "uhr", "jahr", "sra", "mme", "pan", "pani", "dhr", "mevr"])
# A short request: a capital or a sign of Spanish, words and a few signs.
_REQUEST = re.compile(r"\s{0,4}(?=[¿¡]?[^\W\d_a-zß-öø-ÿ][a-zß-öø-ÿ])[\w ,.!?¿¡:'’-]{8,80}\s{0,4}")
_BEHIND_REQUEST = re.compile(r"[^\n:?]{1,200}(?:[:?]\s|\n)")
_LEAST_UNKNOWN = 4
# Fewer small words than these are an accident: "est." of "established".
_FEW = 2.0
_SMALL = re.compile(r"(?<![\w.'-])[^\W\d_A-Z]{2,}(?![\w'-])")
_BLOCK, _BLOCKS = 1_500, 40
# In shares of a word that one language alone uses.
_LETTER = 0.4
# Letters of languages that are not known here: Swedish "om" is no Dutch. Names are not looked at.
_ELSEWHERE = frozenset("åæøðþşğıőűčřšžěůťďňľĺŕāēīūģķļņșțăđ")
_LEAST, _LEAST_SHARE, _AHEAD = 0.45, 0.05, 1.4
_MIXED, _MIXED_SHARE = 5.0, 0.35


class LanguageGate:
    """Tells the languages of texts.

    Args:
        languages: ISO 639-1 codes that may occur, a region behind them is left out of account (``"de-AT"``). One alone
            is taken for every text. None: all that are known.

    Raises:
        GuardError: It is a single string, or empty, or holds a language that is not known.
    """

    def __init__(self, languages: Collection[str] | None = None) -> None:
        if isinstance(languages, str):
            raise GuardError(f"languages must be a collection of codes, not one string: ({languages!r},)")
        codes = LANGUAGES if languages is None else tuple(dict.fromkeys(map(_code, languages)))
        if not codes:
            raise GuardError("languages is empty: name at least one, or None to tell them by the text")
        self.languages = frozenset(codes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sorted(self.languages)})"

    def of(self, text: str) -> frozenset[str]:
        """Return the languages of a text: several of a mixed one, none where too little tells and it may be English."""
        if len(self.languages) == 1:
            return self.languages
        told: set[str] = set()
        for block in _blocks(text):
            told |= _told(block, self.languages)
        if not told and ("en" not in self.languages or _is_foreign(text)):
            return self.languages
        return frozenset(told)


def _code(language: str) -> str:
    code = re.split(r"[-_]", language.strip().lower())[0] if isinstance(language, str) else ""
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise GuardError(
            f"languages holds one that is not known here: known are {known} (see docs/extending/language.md)"
        )
    return code


def _blocks(text: str) -> list[str]:
    """Cut a text into blocks; of a very long one some that are spread over it."""
    starts = range(0, len(text), _BLOCK)
    step = -(-len(starts) // _BLOCKS) or 1
    return [text[start : start + _BLOCK] for start in starts[::step]]


@functools.cache
def _tables() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return which languages use a small word, and which a letter."""
    of_word: dict[str, tuple[str, ...]] = {}
    of_letter: dict[str, tuple[str, ...]] = {}
    for code in LANGUAGES:
        known = locale(code)
        for word in known.function_words:
            of_word[word] = (*of_word.get(word, ()), code)
        for letter in known.letters:
            of_letter[letter] = (*of_letter.get(letter, ()), code)
    return of_word, of_letter


def _told(block: str, among: frozenset[str]) -> set[str]:
    """Return the languages that a block may be written in, as far as its small words tell."""
    block = without_code(block.replace("’", "'"))
    told = [_users(match[0]) for match in _WORD.finditer(block) if not _is_of_name(block, match)]
    scores, own = _scores(told, among)
    most = max(scores.values())
    if _tell_too_little(block, told, scores):
        return set()
    close = {code for code, score in scores.items() if score * _AHEAD >= most}
    # In few words English and another are easily confused, and English is what most texts are.
    if "en" in close and most < _MIXED:
        return (len(close) > 1 and _told_behind_request(block, among)) or {"en"}
    return close | {code for code, words in own.items() if words >= max(_MIXED, _MIXED_SHARE * most)}


def _tell_too_little(block: str, told: Sequence[tuple[frozenset[str], float]], scores: dict[str, float]) -> bool:
    """Whether the words are too few, an accident in English, or of a language that is not known here."""
    most = max(scores.values())
    if scores.get("en", most) < most < _FEW and _has_english_words(block):
        return True
    elsewhere = sum(weight for codes, weight in told if not codes)
    return most < max(_LEAST, _LEAST_SHARE * len(told)) or elsewhere * _AHEAD >= most


def _told_behind_request(block: str, among: frozenset[str]) -> set[str]:
    """Return the languages of what a request is about, if it is one: "Summarize this: Der Kläger …"."""
    request = _BEHIND_REQUEST.match(block)
    return _told(block[request.end() :], among) if request else set()


def _scores(
    told: Sequence[tuple[frozenset[str], float]], among: frozenset[str]
) -> tuple[dict[str, float], dict[str, int]]:
    """Return what the words say for each language, and how many it alone uses."""
    scores, own = dict.fromkeys(among, 0.0), dict.fromkeys(among, 0)
    for codes, weight in told:
        for code in codes & among:
            scores[code] += weight / len(codes)
            own[code] += len(codes) == 1
    return scores, own


def _has_english_words(block: str) -> bool:
    """Whether words of English outnumber the one that another language uses: "est. 40 people, staff and heads"."""
    english = vocabulary().ordinary
    words = {word for word in _SMALL.findall(block) if len(word) >= _LEAST_UNKNOWN}
    plain = sum(word in english for word in words)
    return plain > 2 and plain > 0.6 * len(words)


def _is_foreign(text: str) -> bool:
    """Whether a short text that tells no language is in one of those here: none of its small words is English."""
    if _REQUEST.fullmatch(text) is None:
        return False
    small = [word for word in _SMALL.findall(text) if word.islower()]
    if not _ELSEWHERE.isdisjoint(text) or all(len(word) < _LEAST_UNKNOWN for word in small):
        return False
    english = vocabulary()
    return not any(map(english.is_ordinary, small)) and english.also_names.isdisjoint(small)


def _is_of_name(block: str, word: re.Match[str]) -> bool:
    return _CAPITAL_INSIDE.match(block, word.start()) is not None and word[0].lower() not in _CAPITAL


def _users(word: str) -> tuple[frozenset[str], float]:
    """Return the languages that use a word, as far as that is known, and how much it tells; none that are known."""
    # AM, PM, OP, DE: an abbreviation, and no word.
    if word.isupper() and len(word) < 4:
        return frozenset(), 0.0
    of_word, of_letter = _tables()
    codes = of_word.get(word.lower(), ())
    # Letters of small words only: a name keeps its own in every language.
    if not codes and word.islower() and not word.isascii():
        if not _ELSEWHERE.isdisjoint(word):
            return frozenset(), 1.0
        codes = tuple({code for letter in word for code in of_letter.get(letter, ())})
        return frozenset(codes), _LETTER if codes else 0.0
    return frozenset(codes), 1.0 if codes else 0.0
