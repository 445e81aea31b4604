"""Where a value begins and ends: what every detector found is brought to the value itself, in this one place.

A finding may hold more than a value: a quotation mark, the label of the next field, the verb of a request, the next
line of a table. One value must get one placeholder whatever stands around it; what is no part of it stays readable.
Offsets are always those of the original text. All functions are pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lc_guard.detectors.characters import EMOJI, UNCASED
from lc_guard.detectors.email_addresses import EmailAddresses
from lc_guard.detectors.iban import iban_end
from lc_guard.detectors.request_verbs import VERBS

Span = tuple[int, int]

NER_KINDS = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"})
"""Kinds whose bounds a statistical model guesses; every other kind has a shape that a pattern checked."""

TITLES = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mx", "messrs", "dr", "prof", "professor", "judge", "justice", "hon", "honorable"),
        *("honourable", "magistrate", "sir", "dame", "lord", "lady", "rev", "reverend", "fr", "father", "sister"),
        *("capt", "captain", "lt", "lieutenant", "sgt", "sergeant", "col", "colonel", "gen", "general", "maj", "major"),
        *("cpl", "corporal", "pvt", "officer", "detective", "inspector", "constable", "deputy", "sheriff", "agent"),
        *("attorney", "counsel", "counselor", "solicitor", "senator", "sen", "rep", "governor", "gov", "president"),
        *("minister", "secretary", "chancellor", "mayor", "ambassador", "nurse", "witness", "juror", "the"),
    }
)
"""Words before a name that are not part of it, lower case and without a full stop."""

# Kinds of one line. A kind that only its finder knows ends where its finder says, and so do keys of many lines.
_ONE_LINE = re.compile(
    r"(?:.*_)?(?:PERSON|LOCATION|ORGANIZATION|NRP|DATE|TIME|BIRTH|ADDRESS|URL|CARD|CODE|IBAN|CRYPTO|UUID|SSN|ITIN"
    r"|NUMBER|BOX_RE|ID|ACCOUNT|PASSPORT|LICENSE|NAME|USERNAME|PHONE|PLATE|VIN)"
)
_NUMBERS = re.compile(
    r"CREDIT_CARD|US_SSN|US_ITIN|PHONE_NUMBER|IP_ADDRESS|MAC_ADDRESS|BANK_ACCOUNT|ROUTING_NUMBER|TAX_ID|GOVERNMENT_ID"
    r"|IBAN_CODE|.*_(?:SSN|NUMBER|ID|PASSPORT|LICENSE)|PASSPORT|DRIVERS_LICENSE"
)
_EDGE = " \t\r\n\v\f\u00a0\u2007\u2009\u202f\u200b,;:!?\"'`´“”‘’«»<>|*_~=[]{}()–—-…/\\&^"
_SHAPE_EDGE = " \t\r\n\v\f\u00a0\u2007\u2009\u202f\u200b,;\"'`´“”‘’«»<>|*^"
# Line breaks, tabs, the field separators of Markdown's and HL7's tables.
_LINE = r"[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029|^]"
# Besides, in names: separators of CSV, brackets, signs, columns of fixed width.
_FIELD = rf"{_LINE}|</?[A-Za-z][^<>\n]{{0,60}}>|[;<>{{}}\[\]=~•{EMOJI}]\u200d?|\u200d?(?=[{EMOJI}])"
_NAME_FIELD = rf"{_FIELD}|,(?=[^\s])|[ \u00a0]{{3,}}|\\(?:[nrt](?=[^\W\d_a-z]))?(?!u[0-9a-fA-F]{{4}}|x[0-9a-fA-F]{{2}})"
_CUTS = {
    **dict.fromkeys(("LOCATION", "ORGANIZATION", "NRP"), re.compile(_NAME_FIELD)),
    "DATE_TIME": re.compile(_FIELD),
    "PERSON": re.compile(rf"{_NAME_FIELD}|[:()：]|[ \u00a0][-–—][ \u00a0]|(?<!\bc)/"),
    "URL": re.compile(_LINE),
}
_NUMBER_CUT = re.compile(rf"{_LINE}|[;{EMOJI}]|,(?=\S)|{UNCASED}")
_SHAPE_CUT = re.compile(rf"{_LINE}|[{EMOJI}]")

# Names of fields that people fill in: RFC 5322 (mail headers), RFC 6350 (vCard), schema.org's Person and Order.
_LABEL = re.compile(
    r"(?<!\w)(?:(?:first|last|given|family|middle|full|maiden|sur|user|nick|birth|company|contact|patient|customer"
    r"|client|account|employee|emergency|home|work|office|mobile|cell|street|mailing|billing|shipping|postal|e-?mail"
    r"|phone|fax|bank|card|policy|claim|order|invoice|case|ticket|member|reference|ref|tax|passport|visa|due|start|end"
    r"|issue|expiry|hire|delivery|social|security|medical|record|zip|post|job|marital|date|place|country|next|reply"
    r"|return)[ _-]?(?:(?:of|to|security|record)[ _-]?)?){0,2}"
    r"(?:subject|duration|date|time|name|surname|phone|telephone|tel|fax|mobile|cell|e-?mail|mail|address|street|city"
    r"|town|state|province|zip|postcode|code|country|region|company|organi[sz]ation|org|department|dept|title|role"
    r"|position|occupation|birth|birthday|birthdate|dob|age|sex|gender|nationality|ssn|iban|bic|swift|account|acct"
    r"|number|no|nr|id|ref|reference|policy|claim|order|invoice|ticket|status|priority|notes?|comments?|description"
    r"|summary|message|body|attachments?|location|venue|website|url|web|kin|contact|relationship|from|to|cc|bcc|sent"
    r"|received|amount|total|quantity|qty|price|payment|balance|currency|diagnosis|allergies|medications?|mrn|insurance"
    r"|provider|physician|manager|supervisor|salary|category|type|topic|agenda|attendees|participants|username|login"
    r"|password|passport|licen[cs]e|plate|vin|expires?|expiry|signature|signed|language)"
    r"[ \u00a0]?[:：=](?!=)",
    re.IGNORECASE,
)
_LONGEST_LABEL = 60
_POSSESSIVE = re.compile(r"['’ʼ`´][sS]$")
_ABBREVIATED = re.compile(r"(?:^|[\s.])(?:\w|Jr|Sr|Inc|Ltd|Co|Corp|St|Ave|Rd|Blvd)\.$")
_FIRST_WORD = re.compile(r"^([^\W\d_]+(?:-[^\W\d_]+)?)\.?[ \u00a0]+(?=\S)")
_LAST_WORD = re.compile(r"\s+([^\W\d_]+)$")
# Small words that models take along with a name.
_BESIDE_NAMES = frozenset(
    [
        *("and", "or", "versus", "vs", "with", "by", "from", "to", "for", "of", "that", "because", "is", "was", "are"),
        *("has", "had", "did", "does", "will", "would", "who", "says", "said"),
    ]
)
_BEHIND_NAMES = _BESIDE_NAMES | frozenset(
    [
        *("now", "today", "tomorrow", "tonight", "about", "regarding", "re", "before", "after", "at", "on", "in"),
        "please",
    ]
)
_BEFORE_NAMES = frozenset(["please", "kindly", "hi", "hello", "hey", "dear", "thanks", "attn", "cc", "e-mail"])
# What may stand before the verb of a request in its sentence.
_ASKING = frozenset(
    [
        *("please", "pls", "kindly", "and", "then", "or", "to", "also", "now", "just", "lets", "you", "i", "we"),
        *("will", "can", "could", "would", "must", "should", "not", "never", "always", "dont", "do", "next", "first"),
        *("finally", "but", "so", "step", "task", "action", "todo", "reminder", "help", "me", "us", "let"),
    ]
)
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:['’][^\W\d_]+)?)[ \u00a0]*$")
# Without a blank inside one word; every other sign but &, and an emoji, begins a sentence or a part of one.
_INSIDE_WORD = "'’-/@#_"


class ValueEnds:
    """Brings findings in one text to the values that they hold.

    Args:
        text: Any text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._addresses = EmailAddresses(text)

    def values(self, start: int, end: int, kind: str) -> list[Span]:
        """Return the values inside a finding.

        An e-mail address is taken as it stands in the text, also where the finding holds half of it. All others are cut
        at separators, and what is no part of a value is taken off their ends; nothing grows.

        Args:
            start: Offset of the first character.
            end: Offset after the last one.
            kind: The entity's kind; it says which signs separate.

        Returns:
            Offsets of one value, or of several, in order; none where no letter or digit is left.
        """
        if kind == "EMAIL_ADDRESS" and (addresses := self._addresses.overlapping(start, end)):
            return addresses
        pieces = [
            trimmed
            for piece in _cut(self._text, start, end, kind)
            if (trimmed := trim(self._text, *piece, kind)) is not None
        ]
        if len(pieces) > 1 and _NUMBERS.fullmatch(kind):
            numbers = [piece for piece in pieces if any(map(str.isdigit, self._text[slice(*piece)]))]
            return numbers or pieces
        return pieces


def _cut(text: str, start: int, end: int, kind: str) -> Iterator[Span]:
    if not _ONE_LINE.fullmatch(kind):
        yield start, end
        return
    cut = _CUTS.get(kind) or (_NUMBER_CUT if _NUMBERS.fullmatch(kind) else _SHAPE_CUT)
    for separator in cut.finditer(text, start, end):
        yield from _without_labels(text, start, separator.start(), kind)
        start = separator.end()
    yield from _without_labels(text, start, end, kind)


def _without_labels(text: str, start: int, end: int, kind: str) -> Iterator[Span]:
    """Leave out the labels of fields, that which follows included."""
    if kind in NER_KINDS and kind != "DATE_TIME":
        for label in _LABEL.finditer(text, start, min(len(text), end + _LONGEST_LABEL)):
            if label.start() >= end:
                break
            yield start, label.start()
            start = min(label.end(), end)
    if start < end:
        yield start, end


def trim(text: str, start: int, end: int, kind: str) -> Span | None:
    """Take what is no part of a value off the ends of a span.

    Blanks, punctuation, a possessive; from names also titles, greetings and the verb of a request.

    Args:
        text: The whole text.
        start: Offset of the first character.
        end: Offset after the last character.
        kind: The entity's kind; shapes such as URLs and phone numbers keep their own punctuation inside.

    Returns:
        The trimmed offsets, or None if no letter or digit is left.
    """
    value = text[start:end]
    if kind in NER_KINDS:
        core = _POSSESSIVE.sub("", value.strip(_EDGE)).rstrip(_EDGE)
        # A full stop ends a sentence, except behind an initial or an abbreviation such as "Jr." or "Inc.".
        if core.endswith(".") and not _ABBREVIATED.search(core):
            core = core.rstrip(".").rstrip(_EDGE)
        core = core.lstrip(".")
    else:
        core = value.strip(_SHAPE_EDGE) if _ONE_LINE.fullmatch(kind) else value.strip()
    if not any(char.isalnum() for char in core):
        return None
    start += value.index(core)
    end = start + len(core)
    if kind == "IBAN_CODE":
        end = start + (iban_end(core) or len(core))
    elif kind in NER_KINDS and kind != "DATE_TIME":
        start, end = _name_alone(text, start, end, kind)
    return start, end


def _name_alone(text: str, start: int, end: int, kind: str) -> Span:
    while match := _FIRST_WORD.match(text[start:end]):
        rest = start + match.end()
        if not _before_name(text, start, rest, kind, match[1]):
            break
        start = rest
    behind = _BEHIND_NAMES if kind == "PERSON" else ("now", "today", "tomorrow", "tonight", "please")
    while (match := _LAST_WORD.search(text[start:end])) and match[1] in behind:
        end = start + match.start()
    return start, end


def _before_name(text: str, start: int, rest: int, kind: str, word: str) -> bool:
    """Whether the first word of a name is no part of it."""
    small = word.lower()
    if kind == "PERSON" and (small in TITLES or word in _BESIDE_NAMES):
        return True
    if small not in VERBS and small not in _BEFORE_NAMES:
        return False
    # The rest must be the name: of "Can Tho" and "Add-on pack" nothing is.
    return text[rest].isupper() and (word.islower() or _begins_request(text, start))


def _begins_request(text: str, at: int) -> bool:
    """Whether an imperative may stand at an offset: where a sentence begins, or behind a word such as please."""
    before = text[max(0, at - 40) : at]
    word = _WORD_BEFORE.search(before)
    if word is None:
        bare = before.rstrip(" \t\u00a0")
        glued = bare == before and bare[-1:] in _INSIDE_WORD
        return not bare or not (bare[-1].isalnum() or bare[-1] == "&" or glued)
    return word[1].replace("'", "").replace("’", "").lower() in _ASKING
