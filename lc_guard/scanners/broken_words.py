"""Words that are taken apart, or written with other signs: closed up again, letter for letter.

Each function returns the stretches of a text that are to be read as something else, as start, end and reading; none,
unless that gives a word of attacks, a key, or a word in crumbs that was not there before. So ordinary texts are not
read anew: tables, code and lists have marks, ends of lines and signs between letters too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from lc_guard._text.credentials import ANCHORS, find_credentials
from lc_guard.scanners.codes import found_in
from lc_guard.scanners.phrase_matching import any_in
from lc_guard.scanners.phrases.words import attack_words, by_leet, parted

Change = tuple[int, int, str]
"""A stretch of a text, and what it is read as."""

# Tags, comments, marks of Markdown and of code between the letters of a word.
_MARKS = re.compile(
    r"<!--.{0,200}?-->|</?[A-Za-z][^<>]{0,200}>(?:\r?\n)?|/\*.{0,100}?\*/|\[/?[a-z]{1,8}(?:=[^\]\n]{0,40})?\]|[*~`^|]+|\\\r?\n"
    r"|(?P<quote>[\"'])\s{0,3}[+.&]?\s{0,3}(?P=quote)|[{}]{2}"
)
_LINE_END = re.compile(r"[-\u2010=\\]?\r?\n(?P<indent>[ \t]*)(?=\S)")
# A letter, what parts it from the next, and so on: of one sign, of a sign and a blank, or of quotes and a comma. A run
# may end before a sign: one that is refused for its end is gone through again from each of its letters.
_SPELLED = re.compile(r"(?<!\S)\S(?P<part>[,;:] |[ .\-_/|,+:;~*=\t\n])\S(?:(?P=part)\S)*(?![^\W_])")
_LISTED = re.compile(r"(?s)(?<=[\"'])[^\"'](?P<part>[\"'], ?[\"'])[^\"'](?:(?P=part)[^\"'])*(?=[\"'])")
# Letters apart by anything else, as long as it is the same: signs, emoji, brackets around each.
_APART = re.compile(r"(?<![^\W_])[^\W_](?P<part>[\W_]{1,8})\S(?:(?P=part)\S)+(?![^\W_])")
_BETWEEN_WORDS = re.compile(r"[\W_]{1,16}")
_SHORT_WORDS = re.compile(r"(?<!\S)(?:\S{1,3}\s{1,3}){5,}\S{1,3}(?!\S)")
_EQUAL_WORDS = tuple(re.compile(rf"(?<!\S)(?:\S{{{n}}}\s{{1,3}}){{3,}}\S{{1,{n}}}(?!\S)") for n in (4, 5, 6, 8))
_BLANKS = re.compile(r"\s+")
_RUN = re.compile(r"[A-Za-z]{16,}")
_SIGNS_IN_WORDS = re.compile(r"(?<![^\W_])[^\W\d_]{1,4}(?:[-._/\\:+]{1,2}[^\W\d_]{1,4})+(?![^\W_])")
_SIGNS = re.compile(r"[-._/\\:+]+")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_LETTERS, _LETTERS_BEFORE = re.compile(r"[^\W\d_]*"), re.compile(r"[^\W\d_]+$")
_LEET_WORD = re.compile(
    r"(?<![^\s(\"'])(?=[^\s]{0,20}[0-9@$!|+€£¡])(?=[^\s]{0,20}[A-Za-z0-9])[A-Za-z0-9@$!|+€£¡]{2,20}"
)
_TWO_LETTERS = re.compile("[A-Za-z].*[A-Za-z]")
_LEET = str.maketrans("0123456789@$!|+€£¡lz", "oizeasgtbgasiiteliis")
_WORDS = re.compile(r"[^\W_]+")
_CODE = re.compile(r"(?=\S*[0-9])(?=\S*[a-z])(?=\S*[A-Z])[\w+/=-]+$")
_LEAST_WORD, _LEAST_KEY, _CRUMB, _FEW = 4, 16, 4, 3
_LEAST_RUN, _LEAST_PIECE = 12, 1.5
_LONGEST_PIECE, _LONGEST_WORD = 8_000, 30


def _restoring(
    *, crumbs: bool = False
) -> Callable[[Callable[[str], Iterator[Change]]], Callable[[str], Iterable[Change]]]:
    """Have changes made only where they restore something; with `crumbs` any longer word counts."""

    def restoring(changes: Callable[[str], Iterator[Change]]) -> Callable[[str], Iterable[Change]]:
        def found(text: str) -> Iterable[Change]:
            made = [*changes(text)]
            for pieces in _joined(text, made):
                if (crumbs and _was_in_crumbs(pieces)) or _restores(pieces):
                    return made
            return ()

        return found

    return restoring


def _joined(text: str, changes: Iterable[Change]) -> Iterator[list[str]]:
    """Yield the pieces that changes join: what stood between blanks, and parts of it."""
    pieces: list[str] = []
    last = 0
    for start, end, new in (*changes, (len(text), len(text), " ")):
        between = text[last : min(start, last + _LONGEST_PIECE)]
        last = end
        if not between and not new:
            continue
        first, *more = between.split() or [""]
        begins, ends = between[:1].strip(), between[-1:].strip()
        if pieces and (new or more or not begins or not ends):
            yield [*pieces, first] if begins else pieces
            pieces = []
        if ends and not new:
            pieces.append(more[-1] if more else first)


def _restores(pieces: list[str]) -> bool:
    """Whether pieces give a word of attacks, several, a key, or code that was cut evenly."""
    joined = "".join(pieces)
    if len(joined) < _LEAST_WORD or len(pieces) == 1:
        return False
    written = {word for piece in pieces for word in _WORDS.findall(piece)}
    if any(_is_attack(word) for word in _WORDS.findall(joined) if word not in written):
        return True
    if len(joined) < _LEAST_KEY:
        return False
    even = len(pieces) > _FEW and len({len(piece) for piece in pieces[:-1]}) == 1
    if even and _CODE.match(joined):
        return True
    return any_in(ANCHORS, joined) and bool(find_credentials(joined, generic=False))


def _is_attack(word: str) -> bool:
    """Whether it is a word of attacks, or several without blanks."""
    if len(word) < _LEAST_WORD:
        return False
    return word.lower() in attack_words() or (len(word) >= _LEAST_KEY and bool(parted(word)))


def _was_in_crumbs(pieces: list[str]) -> bool:
    """Whether pieces of few letters give a longer word."""
    return len(pieces) > _FEW and all(len(piece) <= _CRUMB and piece.isalpha() for piece in pieces[1:-1])


@_restoring(crumbs=True)
def marks(text: str) -> Iterator[Change]:
    """Yield tags, comments and marks of Markdown or code, which are read as nothing."""
    for match in found_in(_MARKS, text):
        yield (*match.span(), "")


@_restoring(crumbs=True)
def line_ends(text: str) -> Iterator[Change]:
    """Yield ends of lines, with what all lines are indented by."""
    found = [*found_in(_LINE_END, text)]
    indent = min((len(match["indent"]) for match in found), default=0)
    for match in found:
        yield match.start(), match.start("indent") + indent, ""


@_restoring(crumbs=True)
def spelled_words(text: str) -> Iterator[Change]:
    """Yield words that are spelled letter by letter, and what parts such words."""
    return _closed_up(_LISTED if any_in(('", "', '","', "', '", "','"), text) else _SPELLED, text)


@_restoring(crumbs=True)
def letters_apart(text: str) -> Iterator[Change]:
    """Yield words whose letters are apart by whatever it is, and what parts such words."""
    return _closed_up(_APART, text)


def _closed_up(pattern: re.Pattern[str], text: str) -> Iterator[Change]:
    last = 0
    for match in found_in(pattern, text):
        if last and _BETWEEN_WORDS.fullmatch(text, last, match.start()):
            yield last, match.start(), " "
        part = len(match["part"])
        for at in range(match.start() + 1, match.end() - 1, part + 1):
            yield at, at + part, ""
        last = match.end()


@_restoring()
def cut_words(text: str) -> Iterator[Change]:
    """Yield the blanks of words that are cut into pieces of few letters, or of equally many."""
    for pattern in (_SHORT_WORDS, *_EQUAL_WORDS):
        found = [match for match in found_in(pattern, text) if _is_in_pieces(match[0])]
        if found:
            for match in found:
                for blank in _BLANKS.finditer(text, *match.span()):
                    yield (*blank.span(), "")
            return


def _is_in_pieces(run: str) -> bool:
    """Whether a run of short words is long enough, and not one that is spelled letter by letter."""
    pieces = run.split()
    return len(run) >= _LEAST_RUN and sum(map(len, pieces)) >= _LEAST_PIECE * len(pieces)


def glued_words(text: str) -> Iterator[Change]:
    """Yield where blanks are missing between words of attacks."""
    for match in found_in(_RUN, text):
        last = match.start()
        for start, end in parted(match[0]):
            for at in (match.start() + start, match.start() + end):
                if match.start() < at < match.end() and at != last:
                    yield at, at, " "
                    last = at


def signs_in_words(text: str) -> Iterator[Change]:
    """Yield signs inside words that are cut into crumbs by them, if several of these are words of attacks."""
    found = [*found_in(_SIGNS_IN_WORDS, text)]
    if sum(_is_cut(match[0]) for match in found) > 1:
        for match in found:
            for sign in _SIGNS.finditer(text, *match.span()):
                yield (*sign.span(), "")


def _is_cut(chain: str) -> bool:
    pieces = _SIGNS.split(chain.lower())
    return "".join(pieces) in attack_words() and not attack_words().issuperset(pieces)


def repeated_letters(text: str) -> Iterator[Change]:
    """Yield letters that stand three times and more, if that gives a word of attacks, or they do so again and again."""
    found = [*found_in(_REPEATED, text)]
    if any(_is_drawn_out(text, *span) for span in _words_with(text, found)):
        for match in found:
            yield (*match.span(), match[1])


def _words_with(text: str, found: Iterable[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Yield from where to where letters are repeated in one word."""
    first = last = -1
    for match in found:
        if last < 0 or not text[last : match.start() + 1].isalpha() or match.end() - first > _LONGEST_PIECE:
            if last >= 0:
                yield first, last
            first = match.start()
        last = match.end()
    if last >= 0:
        yield first, last


def _is_drawn_out(text: str, first: int, last: int) -> bool:
    if len({match[1] for match in _REPEATED.finditer(text, first, last)}) >= _FEW:
        return True
    word = _LETTERS_BEFORE.search(text, max(0, first - _LONGEST_WORD), first)
    around = (word[0] if word else "") + text[first:last] + _LETTERS.match(text, last, last + _LONGEST_WORD)[0]  # type: ignore[index]
    return _REPEATED.sub(r"\1", around).lower() in attack_words()


def leet_words(text: str) -> Iterator[Change]:
    """Yield words of attacks in digits and signs; and if there are any, other words in them too."""
    known, others, found = by_leet(), [], []
    for match in found_in(_LEET_WORD, text):
        word = match[0]
        if word.isalpha():
            continue
        plain = known.get(word.lower().translate(_LEET))
        if plain is None:
            word = word.rstrip("!|+")
            plain = known.get(word.lower().translate(_LEET))
        change = (match.start(), match.start() + len(word))
        if plain is not None and len(plain) >= _LEAST_WORD and _TWO_LETTERS.search(word):
            found.append((*change, plain))
        elif plain is not None or re.search(r"[A-Za-z][0-9@$!][A-Za-z]", word):
            others.append((*change, plain or word.lower().translate(_LEET)))
    return iter(sorted(found + others) if found else ())
