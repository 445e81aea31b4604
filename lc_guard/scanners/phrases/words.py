"""Words that attacks are made of: what tells where a word ends in a text without blanks, and what leetspeak means.

They are those of the rules, read off their patterns, and the small words around them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

from lc_guard.scanners.phrase_matching import any_in

_AROUND = (  # noqa: SIM905 - words are read more easily without quotes
    "a about above access act action admin advice ai all already also an and answer answers any anything are as ask "
    "asked assistant at be before behind being believe break by bypass can character chat chatbot code comply "
    "confidential constraints content context conversation credentials dan data decode developer directives disable "
    "discard display disregard do don dont earlier email enabled encode ethical ethics every everything filter "
    "filters first follow following for forget forgotten free from full get give given go guidelines hack harmful has "
    "have hello help hidden hide his how human if ignore illegal in including information initial input inside "
    "instead instruct instructed instruction instructions internal into is it its jailbreak key keys know last leak "
    "let letter letters limit limitations limits list me message messages mine mode model moderation moral must my "
    "name names never new no not now obey of off on once one only open openai or order orders original other our out "
    "output override own password passwords persona persons placeholder placeholders play please policies policy "
    "pretend previous previously print prior private programming prompt prompts question questions real redacted "
    "refuse regardless release remember remove repeat replace reply request requests respond response restriction "
    "restrictions restricted return reveal role rule rules safe safeguards safety said say says secret secrets "
    "security send sensitive show simulate so spell stand stands start starting stop story sure system talk task tell "
    "text that the their them then there these they this those to token tokens told training translate true "
    "uncensored under unfiltered unlimited unrestricted until use user users value values verbatim want warning was "
    "we were what when where which who will with without word words world would write you your yours export "
).split()  # fmt: skip
# A word of a pattern stands alone, between bars, blanks or brackets; what may follow it is told by a question mark.
_IN_PATTERN = re.compile(r"(?<![a-z\\\]?)\[{,])([a-z]{4,})(?=[ |)]|\\b|(s)\?)")
_SAME = str.maketrans("lzqv", "isgv")


@functools.cache
def attack_words() -> frozenset[str]:
    """Return the words, in small letters."""
    from lc_guard.scanners.phrases import jailbreak_rules
    from lc_guard.scanners.phrases.probing import probing_rules

    found = set(_AROUND)
    for rule in (*jailbreak_rules(), *probing_rules("placeholdertoken")):
        for match in _IN_PATTERN.finditer(rule.pattern):
            found.add(match[1])
            if match[2]:
                found.add(f"{match[1]}s")
    return frozenset(found)


@functools.cache
def by_beginning() -> Mapping[str, Mapping[int, frozenset[str]]]:
    """Return the words by their first two letters and their lengths."""
    grouped: dict[str, dict[int, set[str]]] = {}
    for word in attack_words():
        if len(word) > 1:
            grouped.setdefault(word[:2], {}).setdefault(len(word), set()).add(word)
    return {
        begin: {size: frozenset(words) for size, words in sorted(sizes.items(), reverse=True)}
        for begin, sizes in grouped.items()
    }


# One of these, or what it begins with, is in every attack; a run of letters without any is not parted.
_TELLING = (
    "ignor", "disreg", "forget", "bypass", "overrid", "preten", "reveal", "repeat", "instruc", "prompt", "restric",
    "guidelin", "rules", "filter", "secret", "password", "system", "follow", "placehold", "redact", "anonymi", "hidden",
    "original", "answer", "value", "letter", "names",
)  # fmt: skip
_PARTED_WORDS, _PARTED_SHARE = 4, 0.8


def parted(run: str) -> list[tuple[int, int]]:
    """Return the words of a run of letters without blanks, as start and end: none, unless it is nearly all words."""
    run = run.lower()
    if not any_in(_TELLING, run):
        return []
    words = [*_known_words(run)]
    known = sum(end - start for start, end in words)
    return words if len(words) >= _PARTED_WORDS and known >= _PARTED_SHARE * len(run) else []


def _known_words(run: str) -> Iterator[tuple[int, int]]:
    """Yield the words that cover most of a run of letters, longer ones first; in one pass from back to front."""
    known = by_beginning()
    worth = [0] * (len(run) + 1)
    length = [0] * (len(run) + 1)
    for at in range(len(run) - 2, -1, -1):
        worth[at] = worth[at + 1]
        for size in known.get(run[at : at + 2], {}):
            if at + size <= len(run) and run[at : at + size] in known[run[at : at + 2]][size]:
                value = size * size + worth[at + size]
                if value > worth[at]:
                    worth[at], length[at] = value, size
    at = 0
    while at < len(run):
        if length[at]:
            yield at, at + length[at]
        at += length[at] or 1


@functools.cache
def by_leet() -> Mapping[str, str]:
    """Return the words by what they are in leetspeak, where signs are read that stand for several letters."""
    return {word.translate(_SAME): word for word in sorted(attack_words(), reverse=True) if len(word) > 1}
