"""What is written by and for machines: software, units, keys, scopes and attributes that models take for names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lc_guard.detectors.guess import STREET_WORD, WORDS, Guess
from lc_guard.detectors.name_lists import load_names, small_names
from lc_guard.detectors.surroundings import (
    TextKind,
    is_clinical,
    is_code,
    is_employer,
    is_house_number,
    is_introduced,
    is_log,
    is_of_computing,
    line_around,
    technology_beside,
)

_IDENTIFIER = re.compile(r"[.<(&*@]\0[\W]|\0[<({\[.]\Z")
# What ends a name in HTML; of "Vec<u8>" it is a parameter.
_TAG = re.compile(
    r"</|<(?:a|b|i|u|p|br|hr|em|td|th|tr|li|dt|dd|div|span|strong|small|h[1-6]|label|option)[\s/>]", re.IGNORECASE
)
# The value of a setting, but not of one that names a user.
_SETTING_BEFORE = re.compile(r"(?i)(?<!\w)(?!\w*(?:user|name|owner|author|by|contact|who|login)=)\w{2,20}=[\"']?$")
_KEY = re.compile(r"\w+=")
_PRODUCT = re.compile(r"\w\*{1,2}\w")
_SIGNS = re.compile(r"[=<>{}()\[\]|;$\\]|::|\w_\w|\w\.\w{2}|[a-z][A-Z]\w*\(|\w/\w")
_MODEL_NUMBER = re.compile(r"[A-Za-z]{1,4}-?\d{1,5}[A-Za-z]?\d*")
_MEASURE = re.compile(r"(?:[A-Z]{1,4}c?|[A-Z][a-z])\s*[:=]?\s*\d[\d./,]*")
# "Hgb 13.4, Plt 220, Na 138"
_MEASURES_BEFORE = re.compile(r"[A-Za-z]\w{0,4} \d{1,4}(?:\.\d+)?, $")
_SCHEME_AFTER = re.compile(r"(?::[a-z][a-z0-9+.-]{1,15}){0,2}://")
_DECIMAL = re.compile(r"^[A-Z][a-z]? \d{1,3}\.\d{1,2}$")
_MEASURED = re.compile(r"\s*[:=]?\s*\d")
_SHORT_CAPITALS = re.compile(r"[B-DF-HJ-NP-TV-XZ]{2,6}|[A-Z]{2,3}")
# "PvP", "SaaS": capitals, and small letters between them at most.
_HAS_CAPITALS = re.compile(r"^(?:[A-Z]{2}|[A-Z][a-z]{1,2}[A-Z])")
_PRICE_BEFORE = re.compile(r"\d[.,]\d\d $")
# Behind what is measured: "Ejection Fraction 55 %".
_QUANTITY = re.compile(
    r"[ \t]?[:=]?[ \t]?\d{1,6}(?:[.,]\d{1,4})? ?(?:%|[mcµ]?[mlg]\b|mmHg|mmol|bpm|[kMG]?Hz|[kMGT]B|°)"
)
_SMALL_BEFORE = re.compile(r"[a-z],?\s$|[a-z.]\s\($")
_SMALL_AFTER = re.compile(r"\s[a-z]")
_WHERE_BEFORE = re.compile(r"(?i)\b(?:at|to|from|of|in|near|by)\s(?:the\s)?$")
_AND = r"(?:\s*[,/]\s*(?:and|or)?\s*|\s+(?:and|or|vs\.?|versus|with|over|than|to)\s+)"
_ITEM = r"[^\W\d_][\w+#.-]*[\w+#]"
_LISTED_BEFORE = re.compile(rf"(?<!\w)(?:{_ITEM}{_AND}){{1,8}}$")
_LISTED_AFTER = re.compile(rf"(?:{_AND}{_ITEM}){{1,8}}")
_SEPARATOR = re.compile(_AND)
# What is at work on lines, words and processes.
_COMMANDS = frozenset(
    {
        "grep",
        "egrep",
        "rg",
        "awk",
        "sed",
        "tail",
        "head",
        "cat",
        "less",
        "ps",
        "kill",
        "pkill",
        "docker",
        "kubectl",
        "git",
        "which",
    }
)
_COUNTRIES = frozenset({"US", "USA", "UK", "GB", "UAE", "EU", "USSR", "DRC", "PRC", "DPRK", "NZ", "ROK"})
# Of the USA, as their postal service writes them.
_STATES = frozenset(
    """
    AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA
    RI SC SD TN TX UT VA VT WA WI WV WY
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_TOWN_BEFORE = re.compile(r"[a-z], ?$")
# Of SQL, JSON, Python, pandas, Go, JavaScript, spreadsheets, forms; "Null" and "Nan" are surnames.
_NOTHING = frozenset(
    {
        "NULL",
        "null",
        "NONE",
        "None",
        "none",
        "NIL",
        "nil",
        "NaN",
        "nan",
        "NAN",
        "NaT",
        "N/A",
        "n/a",
        "NA",
        "#N/A",
        "undefined",
    }
    | {"UNKNOWN", "Unknown", "unknown", "UNDEFINED", "TBD", "TBA", "VOID", "EMPTY", "empty", "MISSING", "missing"}
    | {"localhost"}
)
_FIELD_BEFORE = re.compile(r"(?:^|[,;|\t\n\r:=\"'(\[])[ ]{0,2}$")
_FIELD_AFTER = re.compile(r"[ ]{0,2}(?:$|[,;|\t\n\r\"')\]}])")
_UNITS = frozenset(
    """
    ampere celsiu celsius coulomb fahrenheit farad gau gauss henry hertz joule kelvin newton ohm pascal siemen tesla
    volt watt weber
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_BEFORE_UNIT = re.compile(r"(?i)(?:\d\s?|degrees?\s|[°º]\s?|\b(?:celsius|fahrenheit|kelvin)\s(?:to|into|and|or|in)\s)$")
_AFTER_UNIT = re.compile(r"(?i)\s(?:(?:in)?to|and|or)\s(?:degrees?\s)?(?:celsius|fahrenheit|kelvin)\b")
_STANDARD = re.compile(
    r"(?:(?:ANSI|ASTM|BS|DIN|EN|ETSI|FIPS|IEC|IEEE|IETF|ISO|ITU|NIST|RFC|UL)[/ -]{0,2}){1,3}(?:SP )?\d[\d.:-]{1,12}"
)
_NEXT_CAPITAL = re.compile(r" ([A-Z][a-z]+)\b")
# "Gemma 2 9B", "Julia 1.9"
_VERSION = re.compile(r"\s(?:\d{1,2} )?(?:v?\d{1,2}\.\d{1,3}(?:\.\d+)?|\d{1,3}[BM])(?![\w.]*\w)")
# A declared type, its parameter, what is imported, a call.
_DECLARED = re.compile(r"(?:^|[\n{;])[ \t]{0,8}(?:(?:public|private|protected|internal|static|readonly) )+$")
_DECLARES = re.compile(r"[<\[]|\s\w+\s*[;=({]")
_GENERIC = re.compile(r"<(?:dyn |mut |&)?[A-Z][a-z]\w*(?:, ?[A-Z][a-z]\w*)?>")  # no <br>, no <BR>
_IMPORT = re.compile(
    r"^[ \t]*(?:import|export)\s+(?:\w+\s*,\s*)?(?:\w+|\{[\w\s,]{0,200}\}|\* as \w+)\s+from\s+[\"'][^\"'\s]+[\"'];?\s*$"
)
_IMPORTED = re.compile(
    r"^[ \t]*(?:from\s+[\w.]+\s+import\s+\(?[\w*, ]{1,200}|import\s+(?:static\s+)?\w+(?:\.\w+)*(?:\.\*|\s+as\s+\w+)?"
    r"(?:,\s*[\w.]+)*|use\s+\w+(?:(?:::|\\)\{?[\w, ]+\}?)+)\s*;?\)?\s*(?:(?:#|//).{0,80})?$"
)
_CALL = re.compile(r"\b\w+\(\S")
_TYPE = re.compile(r"\(\d{1,5}(?:, ?\d{1,3})?\)")
# Of letters, names of companies and footnotes.
_OF_LETTERS = frozenset(
    {"P.S", "P.P.S", "N.B", "L.P", "L.L.C", "L.L.P", "P.C", "e.g", "i.e", "I.E", "c.c", "a.m", "p.m", "RT"}
)


def is_technology(guess: Guess, kind: TextKind) -> bool:
    """Return whether a guess is software, and meant as such.

    A title that a person or a place bears as well counts among other technology; a maker that may be an employer counts
    where computing is the matter.
    """
    if _is_address(guess) or is_introduced(*guess.place):
        return False
    titles = _titles(guess)
    return _is_title(guess, titles, kind) if titles else _is_among_titles(guess)


def _is_title(guess: Guess, titles: Sequence[str], kind: TextKind) -> bool:
    """Whether the titles that a guess is made of are meant as software."""
    if _VERSION.search(guess.value) or _VERSION.match(guess.text, guess.entity.end, guess.entity.end + 12):
        return True
    technical, beside = _is_technical(guess, kind), technology_beside(*guess.place)
    if all(title.lower() in guess.known.technology_names for title in titles):
        if guess.kind == "PERSON" and not _is_of_plain_words(guess, titles):
            return _is_among_software(guess, beside) or _is_no_name(guess, technical=technical)
        return beside > 1 or (technical and beside > 0)
    if guess.kind == "ORGANIZATION":
        return technical or (beside > 0 and not is_employer(guess.text, guess.entity.start))
    return True


def _is_among_software(guess: Guess, beside: int) -> bool:
    """Whether a title that is a name as well stands among other software."""
    return (beside > 1 and _is_beside_title(guess)) or (beside > 0 and _goes_on(guess))


def _is_address(guess: Guess) -> bool:
    return guess.kind == "LOCATION" and STREET_WORD.search(guess.value) is not None


def _is_no_name(guess: Guess, *, technical: bool) -> bool:
    """Whether software that people are called after is written as none: small in a program, or in a list."""
    return (technical and guess.value.islower()) or _is_listed(guess)


def _is_of_plain_words(guess: Guess, titles: Sequence[str]) -> bool:
    """Whether all but the titles is ordinary: "Claude Sonnet", but not "Isabelle Bonnet"."""
    rest = [word for word in guess.words if word not in titles]
    return bool(rest) and all(map(guess.known.is_ordinary, rest))


def _titles(guess: Guess) -> Sequence[str]:
    """Return the titles of software that a guess is made of, if all its other words are ordinary."""
    known = guess.known
    whole = " ".join(guess.words)
    if not whole:
        return []
    if known.is_technology(whole):
        return [whole]
    titles = [word for word in guess.words if known.is_technology(word)]
    rest = [word for word in guess.words if word not in titles]
    plain = [_is_common(word, guess) for word in rest]
    return titles if all(plain) else []


def _is_common(word: str, guess: Guess) -> bool:
    """Whether a word is in the dictionary, and no given name: of "Frank Sinatra" the surname is software, too."""
    known, small = guess.known, word.lower()
    return (
        known.is_ordinary(word)
        or small in known.abbreviations
        or (small in known.also_names and small not in known.given_names)
    )


def _is_among_titles(guess: Guess) -> bool:
    """Whether it is a word that no list has as a name or a place, among software in a list."""
    if not guess.lone or not guess.words[0][0].isupper():
        return False
    word = guess.words[0]
    unknown = word.lower() not in guess.known.also_names and word.capitalize() not in load_names()
    return unknown and len(_listed(guess)) > 1


def _goes_on(guess: Guess) -> bool:
    """Whether a title goes on with a word that nobody bears: "Claude" of ``Claude Haiku``."""
    following = _NEXT_CAPITAL.match(guess.text, guess.entity.end, guess.entity.end + 30)
    return guess.lone and following is not None and guess.known.is_ordinary(following[1])


def _is_beside_title(guess: Guess) -> bool:
    """Whether software whose title is a word, and nobody's name, stands beside it in a list: ``Ray and Celery``."""
    known = guess.known
    return any(item.lower() in known.technology and item.lower() not in known.given_names for item in _items(guess))


def _is_listed(guess: Guess) -> bool:
    """Whether software stands beside it in a list: ``Jenkins or GitLab``, ``Jenkins, Travis and CircleCI``."""
    return bool(_listed(guess))


def _listed(guess: Guess) -> list[str]:
    """Return the software in the list that it stands in."""
    return [item for item in _items(guess) if _is_sure(item, guess)]


def _items(guess: Guess) -> list[str]:
    """Return the other items of the list that it stands in."""
    before = _LISTED_BEFORE.search(guess.before(100))
    after = _LISTED_AFTER.match(guess.text, guess.entity.end, guess.entity.end + 100)
    return [item for match in (before, after) if match is not None for item in _SEPARATOR.split(match[0]) if item]


def _is_sure(title: str, guess: Guess) -> bool:
    return title.lower() in guess.known.technology and title.lower() not in guess.known.ordinary


def _is_technical(guess: Guess, kind: TextKind) -> bool:
    return kind in {"code", "logs"} or is_code(*guess.place) or is_log(*guess.place)


def is_notation(guess: Guess, kind: TextKind) -> bool:
    """Return whether a guess is written as no name is: ``uid=0``, ``B43``, ``HR 88``, or a lone word of a command."""
    value = guess.value
    numbered = any(map(str.isdigit, value)) and not _DECIMAL.search(value)
    if guess.kind == "LOCATION" and numbered and is_house_number(*guess.place):
        return False
    if _is_sign(guess) or (guess.lone and value in guess.known.abbreviations and value not in small_names()):
        return True
    if _HAS_CAPITALS.search(value) and _are_abbreviations(guess):
        return not is_employer(guess.text, guess.entity.start)
    return (_is_technical(guess, kind) and _is_of_a_program(guess)) or (guess.lone and _abbreviates(guess, kind))


def _are_abbreviations(guess: Guess) -> bool:
    small = map(str.lower, guess.words)
    return all(word in guess.known.abbreviations or word in ("and", "the") for word in small)


def _is_sign(guess: Guess) -> bool:
    """Whether it is a number of a model, a measure, an empty field, a part of a program, a unit or a standard."""
    value = guess.value
    if not guess.words or value.rstrip(".") in _OF_LETTERS or _is_of_protocol(guess):
        return True
    if _MODEL_NUMBER.fullmatch(value) or _MEASURE.fullmatch(value) or _PRODUCT.search(value):
        return True
    return (
        _is_measured(guess) or _is_nothing(guess) or _is_key(guess) or _is_scoped(guess) or _is_unit_or_standard(guess)
    )


def _is_of_protocol(guess: Guess) -> bool:
    """Whether it is the scheme of a URL, or a header with the X of those that no standard has: ``jdbc:mysql://``."""
    text, _, end = guess.place
    return _SCHEME_AFTER.match(text, end, end + 24) is not None or (
        guess.value.startswith("X-") and text[end : end + 1] == ":"
    )


def _is_measured(guess: Guess) -> bool:
    """Whether it is a measure: ``Hgb 13.4, Plt 220``, ``Ejection Fraction 55 %``, or the currency of a price."""
    text, _, end = guess.place
    if not guess.lone:
        of_words = guess.kind != "PERSON" and all(map(guess.known.is_ordinary, guess.words))
        return of_words and _QUANTITY.match(text, end, end + 24) is not None
    if _SHORT_CAPITALS.fullmatch(guess.value) and _PRICE_BEFORE.search(guess.before(5)):
        return True  # 84.00 EUR
    measured = len(guess.value) < 5 and _MEASURED.match(text, end)
    return bool(measured) and _MEASURES_BEFORE.search(guess.before(16)) is not None


def is_country_or_state(guess: Guess) -> bool:
    """Return whether capitals are those of a country, or behind a town those of a state: ``Baltimore, MD``."""
    value = guess.value.replace(".", "")
    return value in _COUNTRIES or (value in _STATES and _TOWN_BEFORE.search(guess.before(6)) is not None)


def _is_key(guess: Guess) -> bool:
    """Whether it ends in the name of a setting, small and before its value: ``euid`` of ``uid=0 euid=0``."""
    if not guess.value.islower() or guess.text[guess.entity.end : guess.entity.end + 1] != "=":
        return False
    return all(word not in guess.known.also_names and word.capitalize() not in load_names() for word in guess.words)


def _is_scoped(guess: Guess) -> bool:
    """Whether it is a member of a scope, or one: ``std::cout``."""
    text, start, end = guess.place
    if guess.value.isupper() and _TYPE.match(text, end, end + 12):
        return True  # VARCHAR(255)
    if (
        _CALL.search(guess.value)
        or (guess.lone and _GENERIC.match(text, end, end + 30))
        or _IMPORT.search(line := line_around(text, start, end))
        or _IMPORTED.match(line)
    ):
        return True
    if _DECLARED.search(guess.before(40)) and _DECLARES.match(text, end, end + 40):
        return True
    return guess.lone and "::" in (text[max(0, start - 2) : start], text[end : end + 2])


def _is_unit_or_standard(guess: Guess) -> bool:
    """Whether a number says that a unit is meant, or a standard: ``5 Newton``, ``IEEE 802.11``."""
    if guess.lone and guess.words[0].lower().rstrip("s") in _UNITS:
        after = _AFTER_UNIT.match(guess.text, guess.entity.end)
        return after is not None or _BEFORE_UNIT.search(guess.before(20)) is not None
    standard = _STANDARD.match(guess.text, guess.entity.start, guess.entity.end + 8)
    return standard is not None and standard.end() >= guess.entity.end


def _is_nothing(guess: Guess) -> bool:
    """Whether a field holds what programs and forms write where there is no value: ``,NULL,``."""
    text, start, end = guess.place
    return (
        guess.value in _NOTHING
        and _FIELD_BEFORE.search(text[max(0, start - 4) : start]) is not None
        and _FIELD_AFTER.match(text, end) is not None
    )


def _is_of_a_program(guess: Guess) -> bool:
    """Whether a guess in a line of a program is a part of it."""
    words = WORDS.findall(_KEY.sub("", guess.value))
    if any(word in load_names() or word.lower() in guess.known.given_names for word in words):
        return False
    return (
        (guess.lone and (_is_identifier(guess) or _is_setting(guess)))
        or _is_heading(guess, words)
        or _is_expression(guess, words)
        or _is_command(guess, words)
    )


def _is_identifier(guess: Guess) -> bool:
    """Whether one word is written as a name in a program, or as a constant."""
    text, start, end = guess.place
    after = "" if _TAG.match(text, end) else text[end : end + 1]
    around = f"{text[max(0, start - 1) : start]}\0{after}"
    constant = guess.value.isupper() and guess.value.lower() not in guess.known.also_names
    return constant or _IDENTIFIER.search(around) is not None


def _is_setting(guess: Guess) -> bool:
    """Whether it is a small word of the dictionary that a setting has as its value: ``tenant=blue``."""
    known, word = guess.known, guess.value
    if not word.islower() or word in small_names() or not _SETTING_BEFORE.search(guess.before(24)):
        return False
    return known.is_ordinary(word) or word in known.also_names


def _is_heading(guess: Guess, words: Sequence[str]) -> bool:
    """Whether several words are ordinary or capitals, as in "HTTP server", and not capitals only."""
    common = all(len(word) < 2 or word.isupper() or guess.known.is_ordinary(word) for word in words)
    return len(words) > 1 and common and not guess.value.isupper()


def _is_expression(guess: Guess, words: Sequence[str]) -> bool:
    """Whether it holds a program's signs, and one unknown word at most."""
    unknown = [word for word in words if not guess.known.is_ordinary(word) and len(word) > 1]
    return _SIGNS.search(guess.value) is not None and len(unknown) < 2


def _is_command(guess: Guess, words: Sequence[str]) -> bool:
    """Whether it is one or two small words that begin with a command or hold software."""
    if not guess.value.islower() or not 0 < len(words) < 3:
        return False
    if words[0] in _COMMANDS or any(map(guess.known.technology.__contains__, words)):
        return True
    return any(map(is_of_computing, words)) and all(is_of_computing(w) or guess.known.is_ordinary(w) for w in words)


def _abbreviates(guess: Guess, kind: TextKind) -> bool:
    """Whether capitals of a few letters among small ones abbreviate something: a unit, a measure, an office."""
    text, start, end = guess.place
    if not _SHORT_CAPITALS.fullmatch(guess.value):
        return False
    if guess.kind == "PERSON":
        borne = guess.value.lower() in guess.known.also_names or is_introduced(*guess.place)
        return not borne and _SMALL_BEFORE.search(guess.before(20)) is not None
    if kind == "clinical":
        return _WHERE_BEFORE.search(guess.before(12)) is None
    followed = _SMALL_AFTER.match(text, end, end + 12) is not None
    return _MEASURED.match(text, end, end + 12) is not None or (
        followed and len(guess.value) < 4 and is_clinical(text, start, end)
    )
