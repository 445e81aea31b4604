r"""Mangled placeholders: what is still read as the token of (kind, index), ``[REDACTED_PERSON_1]`` as models write it.

- other case, blanks or hyphens for underscores, blanks inside the brackets: ``[redacted person 1 ]``;
- escaped underscores: ``[REDACTED\_PERSON\_1]``; escaped brackets, when both are: ``\[REDACTED_PERSON_1\]``;
- a possessive or another ending inside the brackets: ``[REDACTED_PERSON_1's]``, ``[REDACTED_PERSON_1s]``;
- a colon or a dash behind the word: ``[REDACTED: PERSON_1]``, ``[REDACTED - PERSON_1]``;
- inside brackets no separator before the index, or a number sign: ``[REDACTED_PERSON1]``, ``[REDACTED_PERSON_#1]``;
- lost brackets, one or both; with both lost the letters must be capitals: ``REDACTED_PERSON_1``, also in the name of a
  file: ``CV_REDACTED_PERSON_1.pdf``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import lru_cache
from typing import NamedTuple

from lc_guard._placeholders.aliases import PERSON, base_kind
from lc_guard._placeholders.shorthand import INDEX as _INDEX
from lc_guard._placeholders.shorthand import MINTED_KIND as _MINTED_KIND
from lc_guard._placeholders.shorthand import SUFFIX, Written
from lc_guard._text.words import first_match
from lc_guard.records import MAX_KIND

# One separator between the parts of a token as a model may write it: an underscore, escaped for Markdown or for JSON
# inside Markdown, with blanks around it; or a blank or hyphen in its place.
_SEPARATOR = r"(?: ?\\{0,2}_ ?|[ \u00a0-])"
_SEPARATOR_BEGUN = rf"(?:{_SEPARATOR}| ?\\{{1,2}})"
_KIND = rf"[A-Za-z][A-Za-z0-9]{{0,31}}(?:{_SEPARATOR}[A-Za-z0-9]{{1,32}}){{0,7}}?"
_BEFORE_INDEX = rf"(?:{_SEPARATOR}(?(opening)#?)|(?(opening)(?<![0-9])|(?!)))"
_POSSESSIVE = "['’]s"
_APART = "(?<![A-Za-z0-9_])"
# Characters of the longest mangled token: a kind of 64 with 8 separators of 5, and what stands around it.
REACH = 140


class _Patterns(NamedTuple):
    mangled: re.Pattern[str]
    lookalike: re.Pattern[str]
    begun: re.Pattern[str]
    closing: re.Pattern[str]


class Mangled:
    """The mangled forms of one style.

    Args:
        opening: Opening bracket, one character.
        closing: Closing bracket, one character.
        word: Fixed word before the kind, or the empty string: then only the kinds in use are read.
        exact: Matches a token as it is minted.
    """

    def __init__(self, opening: str, closing: str, word: str, exact: re.Pattern[str]) -> None:
        self._opening = opening
        self._closing = closing
        self._word = word
        self._exact = exact

    def find(self, text: str, kinds: Set[str]) -> Iterator[tuple[int, int]]:
        """Yield the spans that could be read as placeholders, whatever comes to stand around them."""
        lookalike = self._patterns(kinds).lookalike
        at = 0
        while (match := first_match(lookalike, text, at, longest=2 * REACH)) is not None:
            if self._reads(match, kinds) or (self._word and _plain_kind(match["kind"]) in kinds):
                yield match.span()
                at = match.end()
            else:
                at = match.start() + 1  # what stands inside is read once what stands before it is hidden

    def written(self, text: str, start: int, end: int, kinds: Set[str]) -> Iterator[Written]:
        """Yield the placeholders in a part of a text."""
        for match in self._patterns(kinds).mangled.finditer(text, start, end):
            if self._reads(match, kinds):
                yield self._as_written(match)

    def held(self, whole: str, start: int, kinds: Set[str]) -> int:
        """Return from where on a text may still become one; its length when it can't."""
        patterns = self._patterns(kinds)
        while (match := patterns.begun.search(whole, start)) is not None:
            start = match.start()
            full = patterns.mangled.match(whole, start)
            if full is None or patterns.closing.fullmatch(whole, full.end()):
                return start
            start += 1
        return len(whole)

    def _as_written(self, match: re.Match[str]) -> Written:
        token = (_plain_kind(match["kind"]), match["index"])
        ending = match["possessive"] or ""
        return Written(
            *match.span(),
            (token,),
            lambda values: values[token] + ending if token in values else None,
            open_end=not match[0].endswith(self._closing),
        )

    def _reads(self, match: re.Match[str], kinds: Set[str]) -> bool:
        """Return whether what the pattern found is written well enough to be taken for a token."""
        if self._exact.fullmatch(match[0]):
            return True
        if not self._word and _plain_kind(match["kind"]) not in kinds:
            return False
        if match["opening"]:
            return True
        bare = match[0].removesuffix(self._closing).rstrip(" \\").removesuffix(match["possessive"] or "")
        return bare == bare.upper() and (bool(self._word) or not re.search(r"[ \u00a0-]", bare))

    def _patterns(self, kinds: Set[str]) -> _Patterns:
        in_use = frozenset() if self._word else frozenset(map(base_kind, kinds))
        return _compile(self._opening, self._closing, self._word, in_use)


def _plain_kind(written: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", written).upper()


def _begun(letters: str) -> str:
    """Return a pattern for every beginning of a literal, the empty one included."""
    return "".join(f"(?:{_SEPARATOR_BEGUN if letter == '_' else letter}" for letter in letters) + ")?" * len(letters)


@lru_cache(maxsize=128)
def _compile(opening: str, closing: str, word: str, kinds: frozenset[str]) -> _Patterns:
    left, right = re.escape(opening), re.escape(closing)
    names = sorted(kinds, key=lambda name: (-len(name), name))
    written = {name: name.replace("_", _SEPARATOR) for name in (*names, word)}
    if word:
        lead, kind, minted, begun = f"(?i:{word})(?:{_SEPARATOR}| ?[:\u2013\u2014-] ?)", _KIND, "", [word]
    else:
        alias = f"(?:{_SEPARATOR}{_INDEX}{_SEPARATOR}ALIAS)?" if PERSON in kinds else ""
        in_use = "|".join(written[name] + (alias if name == PERSON else "") for name in names) or "(?!)"
        lead, kind, minted, begun = "", f"(?i:{in_use})", f"|{_MINTED_KIND}", names
    apart = f"(?<![A-Za-z0-9{left}])" if word else _APART
    head = rf"(?:(?P<escape>\\{{1,2}})?(?P<opening>{left}) ?|{apart}){lead}(?P<kind>{kind}{minted}){_BEFORE_INDEX}"
    # lost brackets end a token at its index, unless that is the number of the person whom an alias is of
    alias_follows = f"{_SEPARATOR}(?i:ALIAS){_SEPARATOR}[0-9]"
    # a bare one may be part of a file's name, or stand between underscores that mean italics
    follows = rf"(?(opening)(?![A-Za-z0-9_])|(?![A-Za-z0-9]|_[0-9]{'' if word else '|_'}))(?!{alias_follows})"
    tail = rf"(?(escape) ?\\{{1,2}}{right}|(?: ?{right}|(?(possessive)(?!)|{follows})))"
    mangled = rf"{head}(?P<index>{_INDEX})(?![0-9])(?P<possessive>{SUFFIX})?{tail}"
    exact = f"{left}{_MINTED_KIND}_{_INDEX}{right}|" if minted else ""
    lookalike = (
        rf"{exact}(?P<opening>\\{{0,2}}{left} ?)?{lead}(?P<kind>{kind}){_BEFORE_INDEX}(?P<index>{_INDEX})"
        rf"(?P<possessive>{_POSSESSIVE})?(?: ?\\{{0,2}}{right})?"
    )
    ending = "['’]?[a-z\u00df-\u017f]{0,4}"
    colon = "(?: ?[:\u2013\u2014-] ?[A-Za-z0-9]{0,32})?" if word else ""
    rest = rf"{colon}(?:{_SEPARATOR_BEGUN}#?[A-Za-z0-9]{{0,32}}){{0,9}}(?:{ending})? ?\\{{0,2}}"
    bracketed = "|".join(f"(?i:{written[name]}){rest}|(?i:{_begun(name)})" for name in begun)
    bare = "|".join(f"{written[name]}{rest}|{name[0]}{_begun(name[1:])}" for name in begun)
    minted_begun = f"|[A-Z][A-Z0-9_]{{0,{MAX_KIND + 9}}}" if minted else ""  # an underscore and nine digits
    return _Patterns(
        mangled=re.compile(mangled, re.ASCII),
        lookalike=re.compile(lookalike, re.ASCII),
        begun=re.compile(
            rf"(?:(?:\\{{1,2}}(?:{left} ?)?|{left} ?)(?:{bracketed}{minted_begun})?|{apart}(?:{bare or '(?!)'}))\Z",
            re.ASCII,
        ),
        closing=re.compile(
            rf"(?:{ending})? ?\\{{0,2}}|{_SEPARATOR_BEGUN}(?i:{_begun('ALIAS')}|ALIAS{_SEPARATOR_BEGUN})", re.ASCII
        ),
    )
