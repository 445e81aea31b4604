r"""Shorter and coded forms of placeholders, as models write them beside the plain one.

- the fixed word left out, in capitals: ``[PERSON_1]``, ``[PERSON 1]``, ``[PERSON: 1]``, and bare in a table or a file
  name: ``CV of PERSON_1``, ``cv_PERSON_1.pdf``; behind capitals, where it may be a constant, only if the ending of a
  file follows: ``CV_PERSON_1.pdf``, but not ``MY_PERSON_1``;
- several in one pair of brackets: ``[REDACTED_PERSON_1, PERSON_2 and 3]``; the brackets stay, a range of numbers
  (``[PERSON_1-3]``) becomes all that it means;
- brackets in the code of links or of HTML: ``%5BREDACTED_PERSON_1%5D``, ``&#91;REDACTED_PERSON_1&#93;``; the value is
  then written so that the link or the page stays whole.

Only kinds in use and live indices are read, so ``SHA_256`` stays what it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from html.entities import html5
from typing import NamedTuple
from urllib.parse import quote

from lc_guard._placeholders.aliases import base_kind

MINTED_KIND = "[A-Z][A-Z0-9]{0,31}(?:_[A-Z0-9]{1,32}){0,7}"
"""A kind as placeholders are minted with it."""

INDEX = "[0-9]{1,9}"
SUFFIX = "(?:['’]?[a-z\u00df-\u017f]{1,4}|['’])"
"""What a language hangs on to a name: ``'s``, ``s``, ``en``, ``owi``."""

_UNDERSCORE = r"\\{0,2}_"
_CODED_UNDERSCORE = rf"(?:{_UNDERSCORE}|(?i:%(?:25)?5F|&#0{{0,2}}95;|&#x0{{0,2}}5F;|&lowbar;|&UnderBar;))"
_CODED_TAIL = re.compile(rf"{_CODED_UNDERSCORE}[0-9]")
_GAP = rf"(?:{_UNDERSCORE}|[ -])"  # between the words of a kind, inside brackets
_CAPITALS = "[A-Z][A-Z0-9]{0,31}" + rf"(?:{_UNDERSCORE}[A-Z0-9]{{1,32}}){{0,7}}"
# A word of small letters may stand before the underscore of a file name; capitals would be a longer kind, unless what
# follows is a file's: endings of documents, tables, pictures, mail, archives and data, not those of programs.
_FILE = (
    "(?:[_-][A-Za-z0-9_-]{0,40})?[.](?i:pdf|docx?|odt|rtf|txt|md|pages|xlsx?|ods|csv|tsv|pptx?|odp|key|jpe?g|png|gif|tiff?"
    "|webp|heic|svg|bmp|eml|msg|vcf|ics|html?|xml|json|ya?ml|zip|gz|tar|7z|rar|mp[34]|wav|m4a|mov|avi|log|bak|sig|p7m)"
    "(?![A-Za-z0-9])"
)
_FILE_BEGUN = "(?:[_-][A-Za-z0-9_-]{0,40})?(?:[.][A-Za-z0-9]{0,5})?"
_APART = "(?:(?<![A-Za-z0-9_])|(?<=[a-z0-9]_))"
# Underscores may stand around it for bold and italics: as many behind it as before it.
_EMPHASIS_BEGUN = "(?<=(?<![A-Za-z0-9_])_)|(?<=__)"
_EMPHASIS = (
    r"(?<=(?<![A-Za-z0-9_])_)(?=[A-Z0-9_\\]{1,90}_(?![A-Za-z0-9]))|(?<=__)(?=[A-Z0-9_\\]{1,90}__(?![A-Za-z0-9]))"
)
_ENDS = "(?![A-Za-z0-9]|_[0-9])"
_MOST_ITEMS = 40
_WIDEST_RANGE = 100
_REACH = 140
_RANGES = re.compile(r" ?(?:[–—-]|\.{2,3}|to|through) ?")
# What a link can't hold; letters, an at sign and a plus stay as people read them. JSON around it stays whole.
_LINK_SAFE = "@:/+,;=~!$'*\\\""


Token = tuple[str, str]
"""Kind and index of a placeholder, the index as it is written."""

Put = Callable[[Mapping[Token, str]], str | None]
"""Return what takes the place of a stretch, given the values that are live; None if nothing does."""


class Written(NamedTuple):
    """A stretch of a text that stands for one placeholder or more.

    Attributes:
        start: Offset of its first character.
        end: Offset after its last character.
        tokens: Kind and index of each.
        put: What takes its place.
        counts: Whether it counts as unknown when it is not live.
        open_end: Whether a digit could have followed.
    """

    start: int
    end: int
    tokens: tuple[Token, ...]
    put: Put
    counts: bool = True
    open_end: bool = True


class Shorthand:
    """The forms of one style.

    Args:
        opening: Opening bracket, one character.
        closing: Closing bracket, one character.
        word: Fixed word before the kind, or the empty string: then leaving it out is the plain form.

    Attributes:
        signs: Finds a character that one of these forms begins with: without one, a text holds no beginning of them.
    """

    def __init__(self, opening: str, closing: str, word: str) -> None:
        left, right = re.escape(opening), re.escape(closing)
        self._opening = opening
        lead = rf"{word}(?:{_UNDERSCORE}|: ?)" if word else ""
        self._item = re.compile(rf"(?:{lead})?(?P<kind>{_CAPITALS}){_UNDERSCORE}(?P<index>{INDEX})|(?P<number>{INDEX})")
        item = rf"(?:{lead})?{_CAPITALS}{_UNDERSCORE}{INDEX}"
        gap = r" ?(?:, ?(?:and |or )?|[;/&+–—-] ?|\.{2,3} ?|(?<= )(?:and|or|to|through) )"
        word_begun = "(?:a(?:nd?)?|or?|t(?:o|h[a-z]{0,5})?)"
        gap_begun = rf" ?(?:, ?(?:{word_begun} ?)?|[;/&+–—-] ?|\.{{1,3}} ?|(?<= ){word_begun} ?)?"
        more = rf"(?:{gap}(?:{item}|{INDEX}))"
        self._list = re.compile(rf"{left} ?{item}{more}{{1,{_MOST_ITEMS}}} ?{right}")
        self._list_begun = re.compile(
            rf"{left} ?{item}{more}{{0,{_MOST_ITEMS}}}{gap_begun}(?:[A-Z0-9][A-Z0-9_\\: ]{{0,90}})?\Z"
        )
        codes, ends = _codes(opening), _codes(closing)

        def coded(pattern: str) -> str:
            return f"(?i:{pattern.replace(_UNDERSCORE, _CODED_UNDERSCORE)})"

        self._coded_underscore = re.compile(_CODED_UNDERSCORE)
        begun = "|".join(sorted((_beginnings(code) for code in codes), key=len, reverse=True))
        self._coded = re.compile(
            rf"(?P<code>(?i:{'|'.join(map(re.escape, codes))})) ?(?:{coded(lead)})?(?P<kind>{coded(_CAPITALS)})"
            rf"{_CODED_UNDERSCORE}(?P<index>{INDEX})(?P<suffix>{SUFFIX})? ?(?i:{'|'.join(map(re.escape, ends))})"
        )
        closing_begun = r"(?:[%&'’][\w'’#]{0,9}[%&]?[\w#]{0,7})?"
        self._coded_begun = re.compile(
            rf"(?:{begun}|(?i:{'|'.join(map(re.escape, codes))}) ?"
            rf"(?:[A-Za-z](?:[A-Za-z0-9_\\: ]|[%&][A-Za-z0-9#]{{1,9}};?){{0,110}}{closing_begun})?)\Z"
        )
        self._code_signs = self.code_signs(opening)
        self.signs = re.compile(f"[A-Z{re.escape(opening + ''.join(sorted(self._code_signs)))}]")
        body = rf"{_CAPITALS}{_UNDERSCORE}{INDEX}"
        bracketed = (
            rf"{left} ?(?P<kind>[A-Z][A-Z0-9]{{0,31}}(?:{_GAP}[A-Z0-9]{{1,32}}){{0,7}})(?:{_GAP}#?| ?: ?#?| ?#)"
            rf"(?P<index>{INDEX})(?P<suffix>{SUFFIX})? ?{right}"
        )
        self._bracketed = re.compile(bracketed)
        self._bracketed_begun = re.compile(rf"{left} ?(?P<begun>[A-Z][A-Z0-9_\\ :#-]{{0,90}})(?:{SUFFIX})? ?\Z")
        self._spaced = re.compile(rf"{left} ?[A-Z][A-Z0-9_\\ -]{{1,90}}[ :#-]{{1,3}}[0-9]")
        self._bare = (
            re.compile(
                rf"{bracketed}|(?:{_APART}|{_EMPHASIS})(?P<kind2>{_CAPITALS}){_UNDERSCORE}(?P<index2>{INDEX}){_ENDS}"
            )
            if word
            else None
        )
        # The shortest kind, so that a year behind the index is the file's: CV_PERSON_1_2024.pdf.
        apart = "(?<![A-Za-z0-9])" + "".join(
            f"(?<!(?i:{word}){re.escape(sign)})" for sign in (": ", ":", " ", "_", "\\_", "\\\\_", "-") if word
        )
        named = rf"{apart}(?P<kind>{_CAPITALS}?){_UNDERSCORE}(?P<index>{INDEX})(?!{_UNDERSCORE}ALIAS_)"
        self._in_file = re.compile(f"(?={named}{_FILE})")
        self._in_file_begun = re.compile(rf"{apart}(?=(?P<begun>[A-Z][A-Z0-9_\\]{{0,80}})(?P<rest>{_FILE_BEGUN})\Z)")
        self._bare_begun = re.compile(
            rf"(?:{_APART}|{_EMPHASIS_BEGUN})"
            rf"(?P<begun>[A-Z][A-Z0-9_\\]{{0,80}})(?P<suffix>{SUFFIX})? ?\Z"
        )
        self._lookalike = re.compile(rf"(?:{left} ?)?(?P<body>{body})(?:{SUFFIX}? ?{right})?")
        self._word = word

    @staticmethod
    def code_signs(opening: str) -> set[str]:
        """Return what the codes of an opening bracket begin with."""
        return {code[0] for code in _codes(opening)}

    def hinted(self, text: str) -> bool:
        """Return whether a text may hold a placeholder without its word: cheap, and never wrongly no."""
        if not self._word:
            return False
        return (
            ("_" in text and _TAIL.search(text) is not None)
            or (self._opening in text and self._spaced.search(text) is not None)
            or (("%" in text or "&" in text) and _CODED_TAIL.search(text) is not None)
        )

    def find(self, text: str, kinds: set[str], at: int = 0) -> Iterator[tuple[int, int]]:
        """Yield the spans that could be read as placeholders without their word, whatever stands around them."""
        while (match := self._lookalike.search(text, at)) is not None:
            kind, _, _ = _plain(match["body"]).rpartition("_")
            if base_kind(kind) in kinds:
                yield match.span()
                at = match.end()
            else:
                at = match.start() + 1
        for pattern in (self._bracketed, self._coded):
            for match in pattern.finditer(text):
                if base_kind(self._kind(match)) in kinds:
                    yield match.span()
        for item in self._in_files(text, 0, len(text), kinds):
            yield item.start, item.end

    def written(self, text: str, start: int, end: int, kinds: set[str]) -> Iterator[Written]:
        """Yield lists, coded forms and those without the word in a part of a text; they may overlap."""
        if self._opening in text[start:end]:
            for match in self._list.finditer(text, start, end):
                yield self._as_list(match)
        if any(sign in text[start:end] for sign in self._code_signs):
            for match in self._coded.finditer(text, start, end):
                token = (self._kind(match), match["index"])
                yield Written(*match.span(), (token,), _coded_value(match, token), open_end=False)
        if self._bare is not None:
            yield from self._without_word(self._bare, text, start, end, kinds)
            yield from self._in_files(text, start, end, kinds)

    def _kind(self, match: re.Match[str]) -> str:
        return _plain(self._coded_underscore.sub("_", match["kind"]))

    def _without_word(
        self, bare: re.Pattern[str], text: str, start: int, end: int, kinds: set[str]
    ) -> Iterator[Written]:
        """Yield what is written without the word: in brackets, or bare and apart."""
        while (match := bare.search(text, start, end)) is not None:
            token = (_plain(match["kind"] or match["kind2"]), match["index"] or match["index2"])
            if base_kind(token[0]) not in kinds:
                start = match.start() + 1  # a kind of the session may stand inside: A_1_PERSON_1
                continue
            start, is_bare = match.end(), match["kind"] is None
            put = _with_suffix(token, match["suffix"] or "")
            yield Written(*match.span(), (token,), put, counts=not is_bare, open_end=is_bare)

    def _in_files(self, text: str, start: int, end: int, kinds: set[str]) -> Iterator[Written]:
        """Yield what stands in the name of a file, whatever stands before its underscore."""
        for match in self._in_file.finditer(text, start, end):
            token = (_plain(match["kind"]), match["index"])
            if base_kind(token[0]) in kinds:
                span = match.start("kind"), match.end("index")
                yield Written(*span, (token,), _with_suffix(token, ""), counts=False, open_end=False)

    def held(self, whole: str, start: int, kinds: set[str]) -> int:
        """Return from where on a text may still become one of these forms; its length when it can't."""
        found = [len(whole)]
        at = whole.rfind(self._opening, start)
        if at >= 0 and self._list_begun.match(whole, at):
            found.append(at)
        near = max(start, len(whole) - _REACH)
        for sign in self._code_signs:
            at = whole.find(sign, near)
            while 0 <= at < min(found):
                if self._coded_begun.match(whole, at) and not self._coded.match(whole, at):
                    found.append(at)
                at = whole.find(sign, at + 1)
        if self._word:
            found += self._bare_held(whole, near, kinds)
        return min(found)

    def _bare_held(self, whole: str, near: int, kinds: set[str]) -> Iterator[int]:
        match = self._bracketed_begun.search(whole, near)
        if match is not None and _begins(re.sub("[^A-Z0-9]+", "_", match["begun"]), kinds):
            yield match.start()
        match = self._bare_begun.search(whole, near)
        while match is not None:
            complete = match["suffix"] or whole.endswith(" ")
            if not complete and _begins(_plain(match["begun"].rstrip("\\")), kinds):
                yield match.start()
                break
            match = self._bare_begun.search(whole, match.start() + 1)
        yield from self._in_file_held(whole, near, kinds)

    def _in_file_held(self, whole: str, near: int, kinds: set[str]) -> Iterator[int]:
        """Yield from where on a text may become the name of a file with a placeholder in it."""
        for match in self._in_file_begun.finditer(whole, near):
            begun = _plain(match["begun"])
            if any(begun.startswith(f"{kind}_") or (not match["rest"] and kind.startswith(begun)) for kind in kinds):
                yield match.start()
                return

    def _as_list(self, match: re.Match[str]) -> Written:
        """Return what a list stands for: its items in their places, ranges of numbers written out."""
        text = match[0]
        pieces: list[tuple[str, tuple[Token, ...]]] = []  # as written, and what it stands for
        last, kind, index = 0, "", 0
        for item in self._item.finditer(text):
            gap = text[last : item.start()]
            kind = kind if item["number"] else _plain(item["kind"])
            number = int(item["number"] or item["index"])
            if item["number"] and _RANGES.fullmatch(gap) and index < number <= index + _WIDEST_RANGE:
                pieces.append((gap + item[0], tuple((kind, str(each)) for each in range(index + 1, number + 1))))
            else:
                pieces += [(gap, ()), (item[0], ((kind, item["number"] or item["index"]),))]
            index, last = number, item.end()
        pieces.append((text[last:], ()))
        tokens = tuple(token for _, meant in pieces for token in meant)

        def put(values: Mapping[Token, str]) -> str | None:
            if not any(token in values for token in tokens):
                return None
            return "".join(_item_value(written, meant, values) for written, meant in pieces)

        return Written(*match.span(), tokens, put, counts=False, open_end=False)


def _item_value(written: str, meant: tuple[Token, ...], values: Mapping[Token, str]) -> str:
    """Return the values that an item of a list stands for, or the item if one of them is not live."""
    if not meant or any(token not in values for token in meant):
        return written
    each = [values[token] for token in meant]
    # the first of a range stands before it already
    return each[0] if written[:1].isalnum() else "".join(f", {value}" for value in each)


_TAIL = re.compile(r"[A-Z0-9]\\{0,2}_[0-9]")


_WRITTEN = str.maketrans({"\\": "", " ": "_", "-": "_"})


def _plain(kind: str) -> str:
    return kind.translate(_WRITTEN).upper() if "\\" in kind or " " in kind or "-" in kind else kind.upper()


def _begins(begun: str, kinds: set[str]) -> bool:
    """Return whether a token of one of some kinds may begin so."""
    return any(begun.startswith(f"{kind}_") or kind.startswith(begun.removesuffix("_")) for kind in kinds)


def _codes(char: str) -> list[str]:
    """Return how a bracket is written in a link and in HTML."""
    names = [f"&{name}" for name, meant in html5.items() if meant == char and name.endswith(";")]
    padded = [f"&#{zeros}{ord(char)};" for zeros in ("", "0", "00")]
    padded += [f"&#x{zeros}{ord(char):x};" for zeros in ("", "0", "00")]
    return [quote(char, safe=""), f"%25{ord(char):x}", *padded, *names]


def _beginnings(code: str) -> str:
    """Return a pattern for every beginning of a code, in any case, from its first character."""
    pattern = ""
    for char in reversed(code[1:-1]):
        pattern = f"(?:{re.escape(char)}{pattern})?"
    return f"(?i:{re.escape(code[0])}{pattern})"


def _with_suffix(token: Token, suffix: str) -> Put:
    return lambda values: values[token] + suffix if token in values else None


def _coded_value(match: re.Match[str], token: Token) -> Put:
    suffix, link = match["suffix"] or "", match["code"].startswith("%")

    def put(values: Mapping[Token, str]) -> str | None:
        value = values.get(token)
        if value is None:
            return None
        return (_for_link(value) if link else html.escape(value, quote=False)) + suffix

    return put


def _for_link(value: str) -> str:
    """Return a value as it may stand in a link: letters of any script stay."""
    return "".join(char if not char.isascii() else quote(char, safe=_LINK_SAFE) for char in value)
