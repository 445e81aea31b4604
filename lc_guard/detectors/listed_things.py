"""Things that are listed as such: ``We use Redis, Kafka and Pydantic``, ``order the Tom Yum and a Margherita``.

A model takes a brand, a dish or a tool for somebody, above all where several stand in a row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names
from lc_guard.detectors.surroundings import is_employer
from lc_guard.detectors.vocabulary import Vocabulary

_WIDTH = 120
# Behind a colon these have things alone; of others it may be told whose turn they are: "Dishes: Okafor, Abara".
_ASSORTED = (
    r"(?:apples?|beers?(?: on tap)?|cheeses?|cigarettes|cocktails?|databases?|fonts?|frameworks?|librar(?:y|ies)"
    r"|packages|pasta|plants|programming languages|sauces?|serializers?|spices?|stack|toolchain|wines?)"
)
_KINDS = (
    r"(?:apps?|bikes?|brands?|cars?|dish(?:es)?|desserts?|drinks?|games?|laptops?|medicines?|models?|phones?|recipes?"
    r"|shoes?|snacks?|software|tools?|toys?)"
)
# Of a table, a form or a program, each with its name.
_PARTS = r"(?:columns|fields|headings|headers|tabs|buttons|keys)"
_KIND = (
    rf"\b(?:{_ASSORTED}: ?|(?:{_ASSORTED}|menu) (?:are|is|has|includes?) "
    rf"|(?:{_ASSORTED}|{_KINDS}) (?:like|such as|including) |{_PARTS} )"
)
# What is done with things alone; and with people as well, unless an article stands before the first.
_DONE = (
    r"\b(?:wear(?:s|ing)?|wore|sell(?:s|ing)?|sold|buy(?:s|ing)?|bought|eat(?:s|ing)?|ate|cook(?:s|ed|ing)?"
    r"|bak(?:es?|ed|ing)|smokes?|install(?:s|ed|ing)?|(?:app|backend|cluster|frontend|pipeline|repo|stack) uses) "
)
_WITH_ARTICLE = (
    r"\b(?:order(?:s|ed|ing)? (?=(?:the|an?|some) )"
    r"|(?:dr(?:ives?|ove)|owns?|plays?|collects?|make me|want) (?=(?:an?|some) ))"
)
_HEAD = re.compile(rf"(?i)(?P<kind>{_KIND})|{_DONE}|{_WITH_ARTICLE}")
_OF_SOFTWARE = re.compile(
    r"(?i)\b(?:us(?:es?|ed|ing)|runs? on|running|rel(?:y|ies) on|built (?:with|on)"
    r"|(?:move|migrate|port)[ds]?(?: it)? from|depends? on|log in with|support|tested|picked|chose|done (?:by|with)) "
)
_SENTENCE = re.compile(r"[.!?;]\s|\n")
_PART = re.compile(r"\s*(?:,|\band\b|\bor\b|&)\s*")
_NEXT = re.compile(r"(?:,\s(?:and |or )?|\s(?:and|or|&)\s)(?=\S)")
_WORD_BEFORE = re.compile(r"([^\W\d_]+) \Z")
_WORD = re.compile(r"[^\s,:]+")
# Before an item: an article and what is said of it.
_ARTICLE = re.compile(r"(?:the|an?|some|our|my|any) ", re.IGNORECASE)
_ONE = re.compile(r"an? (?:[a-z]{2,9} )?", re.IGNORECASE)
_BEFORE = re.compile(r"(?:(?:the|an?|some|our|my|any) )?(?:[a-z]{2,9} )?", re.IGNORECASE)
_BESIDE = re.compile(r"(?:[,&]|\b(?:and|or|an?|the|some|our|my|any)) (?:[a-z]{2,9} )?\Z", re.IGNORECASE)
_CLAUSE = frozenset(
    [
        *("who", "that", "which", "with", "to", "for", "from", "by", "at", "on", "in", "when", "as", "because", "if"),
        *("is", "are", "was", "were", "we", "you"),
    ]
)
# What a list of two may have behind it, and no verb: "on Kubernetes, and Okafor runs it".
_ENDS = re.compile(r"\s*(?:$|[.,;:!?)]|(?:and|or|for|in|on|to|as|with)\b)")
_MOST_WORDS, _FEWEST_ITEMS = 4, 3


def is_listed_thing(guess: Guess) -> bool:
    """Return whether a guess stands in a list of things.

    Who has a given name stays a person, but for what has an article before it or another one in its list.
    """
    end = guess.entity.end
    if not ("," in guess.value or _NEXT.match(guess.text, end, end + 8) or _BESIDE.search(guess.before(20))):
        return False
    before = guess.before(_WIDTH)
    begins = [match.end() for match in _SENTENCE.finditer(before)]
    before = before[begins[-1] :] if begins else before
    after = _SENTENCE.split(guess.text[end : end + _WIDTH], maxsplit=1)[0]
    for heads, software in ((_HEAD, False), (_OF_SOFTWARE, True)):
        found = list(heads.finditer(before))
        if found and _is_listed(guess, before[found[-1].end() :], after, found[-1], software=software):
            return True
    return False


def is_food(guess: Guess) -> bool:
    """Return whether a guess is food or drink: ``Camembert``, the name in ``eggs Benedict``."""
    value, foods = _ARTICLE.sub("", guess.value, count=1).lower(), guess.known.foods
    if value in foods:
        return guess.kind != "LOCATION" or not guess.lone  # towns are called after none
    word = _WORD_BEFORE.search(guess.before(20))
    return word is not None and f"{word[1]} {value}".lower() in foods


def _is_listed(guess: Guess, before: str, after: str, head: re.Match[str], *, software: bool) -> bool:
    *items, last = _PART.split(before)
    others = [*items, *_following(after)]
    if not (_BEFORE.fullmatch(last) and all(map(_is_item, (*items, last)))) or _has_person(others, guess.known):
        return False
    count = sum(map(bool, others)) + 1 + guess.value.count(",")
    if _is_given(guess):
        articled = any(map(_ARTICLE.match, (*items[:1], last)))
        return articled and not software and count >= _FEWEST_ITEMS
    if software:
        ends = count >= _FEWEST_ITEMS or _ENDS.match(after) is not None
        return ends and _has_software((*others, guess.value), guess.known) and not is_employer(*guess.place[:2])
    kind = head.groupdict().get("kind") is not None
    return count >= (2 if kind else _FEWEST_ITEMS) or (guess.lone and _ONE.fullmatch(last) is not None)


def _is_given(guess: Guess) -> bool:
    return guess.kind == "PERSON" and guess.words[:1] != () and guess.words[0] in load_names()


def _following(after: str) -> list[str]:
    """Return the items behind a guess, as far as they are short and begin with a capital or an article."""
    found = []
    parts = _NEXT.split(after)
    for part in parts[1:]:
        item = " ".join(_WORD.findall(part)[:2])
        bare = _ARTICLE.sub("", item, count=1)
        if not bare[:1].isupper():
            break
        found.append(item)
    return found


def _is_item(item: str) -> bool:
    words = item.split()
    return len(words) <= _MOST_WORDS and _CLAUSE.isdisjoint(words)


def _has_person(items: Sequence[str], known: Vocabulary) -> bool:
    """Whether one of the items is a given name and a surname, with no article before it."""
    named = [words for words in map(str.split, items) if len(words) > 1 and words[0] in load_names()]
    return any(words[1][:1].isupper() and not known.is_technology(" ".join(words)) for words in named)


def _has_software(items: Sequence[str], known: Vocabulary) -> bool:
    """Whether one of the items is software, and nothing else."""
    return any(
        word.lower() in known.technology and word.lower() not in known.ordinary
        for item in items
        for word in re.findall(r"[\w+#.-]*[\w+#]", item)
    )
