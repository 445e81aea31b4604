"""Shapes of structured PII that Presidio's and LLM Guard's patterns miss or cut in half.

Each is a regular expression and, where the format has one, a checksum. All look at whole runs of letters or digits, so
none leaves a digit behind. Quantifiers are bounded: a text of one endless word costs linear time.

Which stretch of a candidate passes the check of its format; a pattern alone would take any digits.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lc_guard.detectors.email_addresses import EmailAddresses
from lc_guard.detectors.iban import iban
from lc_guard.records import Entity

Span = tuple[int, int]
"""Offsets inside the candidate."""


def luhn(value: str) -> Span | None:
    """Check a card number by ISO/IEC 7812-1's formula.

    Args:
        value: Digits with separators.

    Returns:
        The whole span, or None.
    """
    digits = [int(char) for char in value if char.isdigit()]
    if "." in value and "-" in value:  # a range of IP addresses
        return None
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1:
        return None
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[-2::-2]]
    return (0, len(value)) if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else None


def ip_address(value: str) -> Span | None:
    """Check an IP address (RFC 4291 for version 6), and cut off a full stop or colon behind it.

    Args:
        value: Candidate, perhaps with a zone or a prefix length.

    Returns:
        The span that is an address, or None.
    """
    core = value.rstrip(".")
    core = core[:-1] if core.endswith(":") and not core.endswith("::") else core
    address = re.split(r"[%/]", core)[0]
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return None
    return (0, len(core)) if any(char not in ":." for char in address) else None


def phone(value: str) -> Span | None:
    """Accept 7 to 15 digits (ITU-T E.164's most) that are not one digit repeated."""
    digits = [char for char in re.split(r"(?i)x|ext", value)[0] if char.isdigit()]
    return (0, len(value)) if 7 <= len(digits) <= 15 and len(set(digits)) > 1 else None


def domain(value: str) -> Span | None:
    """Accept a bare host name if it can't be the end of one sentence and the begin of the next (``no.So``)."""
    host = re.split(r"[/?#:]", value, maxsplit=1)[0]
    labels = host.split(".")
    plausible = labels[-1].islower() or host.isupper()
    return (0, len(value)) if plausible and len(labels[-2]) > 2 else None


def with_digit(value: str) -> Span | None:
    """Accept an identifier that has a digit in it."""
    return (0, len(value)) if any(char.isdigit() for char in value) else None


_SPACE = r"[ \u00a0\u2009\u202f]"
_GAP = r"(?:[ \u00a0\u2009\u202f]|\r?\n[ \t]*)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[6-9]|20)\d\d"
_LONG_DATE = (
    rf"{_DAY}(?:{_GAP}?(?:,|and|or|to|&|-|–){_GAP}?{_DAY}){{0,4}}{_GAP}{{1,2}}(?:(?:day{_GAP})?of{_GAP})?{_MONTH}\b\.?"
    rf"(?:,?{_GAP}{{1,2}}{_YEAR})?"
    rf"|{_MONTH}\b\.?{_GAP}{{1,2}}{_DAY}\b(?:,?{_GAP}{{1,2}}{_YEAR})?"
    rf"|{_MONTH}\b\.?(?:{_GAP}of)?,?{_GAP}{_YEAR}"
)
_MONTH_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
# Both separators of a date are the same; without a group, so that the date can stand inside other patterns.
_ISO_DATE = "(?:" + "|".join(rf"{_YEAR}{sep}(?:0?[1-9]|1[0-2]){sep}{_MONTH_DAY}" for sep in ("-", "/", r"\.")) + ")"
_ISO_DATE += r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_SHORT_DATE = (
    "(?:"
    + "|".join(
        rf"{_MONTH_DAY}{sep}{_MONTH_DAY}{sep}(?:{_YEAR}{short})"
        for sep, short in (("-", r"|\d\d"), ("/", r"|\d\d"), (r"\.", ""))
    )
    + ")"
)
_ANY_DATE = rf"(?:{_ISO_DATE}|{_SHORT_DATE}|{_LONG_DATE})"
_NUMBER_SIGN = rf"(?:{_GAP}?(?:numbers?|nos?\b|num|id|\#)[.:]?\s?\#?)"
_IS = rf"(?:{_GAP}?(?:is|was|of|[:#=]){_GAP}?|{_GAP}){{1,3}}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Ter|Circle|Cir"
    r"|Square|Sq|Parkway|Pkwy|Highway|Hwy|Crescent|Cres|Close|Gardens|Gdns|Row|Walk|Mews|Alley|Trail|Trl|Loop|Plaza"
    r"|Broadway|Route|Pike|Turnpike|Grove|Hill|Rise|Quay|Strasse|Straße)"
)
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY]|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho"
    r"|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi"
    r"|Missouri|Montana|Nebraska|Nevada|New[ ]Hampshire|New[ ]Jersey|New[ ]Mexico|New[ ]York|North[ ]Carolina"
    r"|North[ ]Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode[ ]Island|South[ ]Carolina|South[ ]Dakota|Tennessee|Texas"
    r"|Utah|Vermont|Virginia|Washington|West[ ]Virginia|Wisconsin|Wyoming)"
)
_UK_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?[ \u00a0]?\d[A-Z]{2}"
_CAP = r"[^\W\d_a-z][\w'’.-]{0,30}"


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of structured PII.

    Attributes:
        kind: Entity type it gives.
        pattern: What it looks like; the group ``value`` is the entity when there is one, else the whole match.
        score: 0…1, when no checksum says more.
        check: Gives the spans inside the match that pass a checksum, or nothing; None for no check.
    """

    kind: str
    pattern: re.Pattern[str]
    score: float
    check: Callable[[str], Span | None] | None = None

    def find(self, text: str) -> Iterator[Entity]:
        """Yield the entities of this shape."""
        named = "value" in self.pattern.groupindex
        for match in self.pattern.finditer(text):
            start, end = match.span("value") if named else match.span()
            if self.check is not None:
                inside = self.check(text[start:end])
                if inside is None:
                    continue
                start, end = start + inside[0], start + inside[1]
            yield Entity(self.kind, start, end, self.score)


@dataclass(frozen=True, slots=True)
class AddressShape:
    """E-mail addresses, which a pattern can't tell from what stands around them."""

    kind: str = "EMAIL_ADDRESS"
    score: float = 0.95

    def find(self, text: str) -> Iterator[Entity]:
        """Yield the addresses."""
        for start, end in EmailAddresses(text).spans:
            yield Entity(self.kind, start, end, self.score)


def _shape(
    kind: str, pattern: str, score: float, check: Callable[[str], Span | None] | None = None, *, case: bool = False
) -> Shape:
    return Shape(kind, re.compile(pattern, 0 if case else re.IGNORECASE), score, check)


SHAPES: tuple[Shape | AddressShape, ...] = (
    AddressShape(),
    _shape("URL", r"\b(?:https?|ftp|wss?)://[^\s<>\"“”]{2,2000}(?<![.,;:!?)\]}'’])", 0.95),
    _shape("URL", r"(?<![\w@.-])www\d{0,2}\.[^\s<>\"“”]{3,500}(?<![.,;:!?)\]}'’])", 0.9),
    _shape(
        "URL",
        r"(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,6}(?:com|org|net|edu|gov|mil|int|io|ai|app|dev|info|biz|co\.uk|org\.uk"
        r"|ac\.uk|gov\.uk|uk|de|fr|eu|us|ca|ch|at|nl|be|es|it|pl|se|no|dk|fi|ie|au|nz|jp|in|br|ru|cn|me|tv)\b"
        r"(?![\w@-])(?:[/?#][^\s<>\"“”]{0,500}(?<![.,;:!?)\]}'’]))?",
        0.75,
        domain,
    ),
    _shape("UUID", r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])", 0.95),
    _shape("MAC_ADDRESS", r"(?<![\w:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])", 0.9),
    _shape("MAC_ADDRESS", r"(?<![\w.-])(?=[0-9a-f.]*\d)[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?![\w.-]\w|\w)", 0.9),
    _shape(
        "IP_ADDRESS",
        r"(?<![\w:.])(?=[0-9a-f]{0,4}:)[0-9a-f:]{2,45}(?:\.\d{1,3}){0,3}(?:%\w{1,16})?(?:/\d{1,3})?(?!\w)",
        0.95,
        ip_address,
    ),
    _shape("IP_ADDRESS", r"(?:(?<![\w.])|(?<=\bIP))(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w]|\.\d)", 0.9, ip_address),
    _shape("IBAN_CODE", r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]){11,32}(?![^\W_])", 1.0, iban),
    # Addresses of Ethereum (and what is built like it), of Litecoin and Cardano by their prefix (BIP 173), of Monero.
    _shape("CRYPTO", r"(?<![\w])0x[0-9a-f]{40}(?!\w)", 0.95),
    _shape("CRYPTO", r"(?<![\w])(?:bc1|ltc1|addr1)[02-9ac-hj-np-z]{25,100}(?!\w)", 0.9),
    _shape("CRYPTO", r"(?<![\w])[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}(?!\w)", 0.9, case=True),
    _shape("CREDIT_CARD", r"(?<![\w-])(?:[3-6]|2[1-7]|1)\d{0,3}(?:[ \u00a0.-]?\d){11,18}(?![\w-])", 1.0, luhn),
    _shape(
        "US_SSN",
        r"(?:(?<![\w-])|(?<=\bSSN))(?!000|666)\d{3}([- .\u00a0\u2011])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])",
        0.85,
    ),
    _shape(
        "US_SSN", rf"\b(?:ssn|social{_GAP}security(?:{_GAP}(?:number|no\.?|\#))?|ss\#){_IS}(?P<value>\d{{9}})\b", 0.9
    ),
    # North American numbers, whether or not the exchange exists: fictional ones stand in transcripts too.
    _shape(
        "PHONE_NUMBER",
        r"(?<![\w/.-])(?:(?:\+?1|001)[-. \u00a0]?)?(?:\(\d{3}\)[-. \u00a0]?|\d{3}[-. \u00a0])\d{3}[-. \u00a0]\d{4}"
        r"(?:,?[ \u00a0]?(?:x|ext\.?|extension|\#)[ \u00a0]?\d{1,6})?(?![\w-]|[./]\d)",
        0.85,
        phone,
    ),
    _shape(
        "PHONE_NUMBER",
        r"(?<![\w+])(?<!\d[ \u00a0-])(?:\+|00)[1-9]\d{0,3}(?:[-./ \u00a0]{0,2}+\(?\d{1,5}+\)?){2,7}"
        r"(?:[ ]?(?:x|ext\.?)[ ]?\d{1,6})?(?![\w-])",
        0.85,
        phone,
    ),
    _shape(
        "PHONE_NUMBER",
        rf"(?<![\w/.-])(?<!\d[ \u00a0])(?!{_SHORT_DATE}(?!\w))(?:\(0\d{{1,5}}\)[-/ \u00a0]?\d{{2,8}}"
        r"|0\d{1,5}[-/ \u00a0]\d{2,8})(?:[-/ \u00a0]\d{2,8}){0,3}(?![\w-]|[./]\d)",
        0.75,
        phone,
    ),
    # Nine digits in the groupings of Poland, Spain and Portugal; ten without a gap that North America's plan allows.
    _shape(
        "PHONE_NUMBER", r"(?<![\w/.,-])(?<!\d[ \u00a0])[1-9]\d{2}(?:[ \u00a0-]\d{3}){2}(?![\w-]|[.,/ ]\d)", 0.6, phone
    ),
    _shape("PHONE_NUMBER", r"(?<![\w/.,-])(?<!\d[ ])[1-9]\d[ -]\d{3}[ -]\d\d[ -]\d\d(?![\w-]|[.,/ ]\d)", 0.6, phone),
    _shape("PHONE_NUMBER", r"(?<![\w/.,-])[2-9]\d{2}[2-9]\d{6}(?![\w-]|[.,/]\d)", 0.5, phone),
    _shape("PHONE_NUMBER", r"(?<![\w/.-])\(?0[1-9]\d{8,10}(?![\w-]|[./]\d)", 0.6, phone),
    _shape(
        "PHONE_NUMBER",
        r"\b(?:tel(?:ephone)?|phone|cell(?:phone)?|mobile|fax|call(?:ed|ing)?|dial(?:led|ed)?|reach(?:ed)?"
        r"|text(?:ed)?)\b"
        r"[^\d\n]{0,30}(?P<value>\+?\(?\d[\d\u00a0 ().-]{5,18}\d)(?![\w/])",
        0.8,
        phone,
    ),
    _shape("PHONE_NUMBER", r"(?<![\w/.-])(?:\d{3}-\d{4})(?![\w-]|[./]\d)", 0.55, phone),
    _shape(
        "DATE_OF_BIRTH",
        rf"\b(?:born(?:{_GAP}on)?|date{_GAP}of{_GAP}birth|birth{_GAP}?(?:date|day)"
        rf"|d\.?o\.?b\.?)(?:{_GAP}?\((?:d\.?o\.?b\.?)\))?"
        rf"{_IS}(?:on{_GAP})?(?P<value>{_ANY_DATE})(?!\w)",
        0.95,
    ),
    _shape("DATE_OF_BIRTH", rf"\bborn{_GAP}in{_GAP}(?P<value>(?:{_MONTH}{_GAP})?{_YEAR})(?!\w)", 0.9),
    _shape("DATE_TIME", rf"(?<![\w/.-]){_ISO_DATE}(?![\w-])", 0.9),
    _shape("DATE_TIME", rf"(?<![\w/.-]){_SHORT_DATE}(?![\w-]|[./]\d)", 0.8),
    _shape("DATE_TIME", rf"(?<!\w)(?:{_LONG_DATE})(?!\w)", 0.85),
    # Applications to the European Court of Human Rights (36110/97), federal dockets (1:19-cv-01234-ABC), state cases.
    _shape("CASE_NUMBER", r"(?<![\w/.-])\d{3,6}/(?:\d{2}|(?:19|20)\d\d)(?![\w/-]|\.\d)", 0.8, case=True),
    _shape(
        "CASE_NUMBER",
        r"(?<![\w-])(?:\d{1,2}:)?\d{2,4}-(?:cv|cr|mj|bk|md|mc|ap|civ|crim|misc)-\d{2,7}(?:-[A-Z]{1,4}){0,4}(?![\w-])",
        0.95,
    ),
    _shape("CASE_NUMBER", r"(?<![\w-])[A-Z]{1,4}-?\d{2,4}-\d{3,8}(?:-[A-Z]{1,4})?(?![\w-])", 0.6, case=True),
    _shape("CASE_NUMBER", r"(?<![\w-])(?:19|20)\d\d-[A-Z]{1,4}-\d{2,8}(?:-[A-Z]{1,4})?(?![\w-])", 0.85, case=True),
    _shape(
        "CASE_NUMBER",
        rf"\b(?:case|docket|application|appeal|cause|index|petition|matter|indictment|complaint|suit|writ|claim"
        rf"|court{_GAP}file)"
        rf"{_GAP}?{_NUMBER_SIGN}{_GAP}?(?P<value>[A-Z0-9][\w:./-]{{1,24}}[A-Z0-9])(?!\w)",
        0.9,
        with_digit,
    ),
    _shape(
        "CASE_NUMBER",
        rf"\bdocket(?:{_GAP}?[:#])?{_GAP}(?P<value>[A-Z0-9][\w:./-]{{1,24}}[A-Z0-9])(?!\w)",
        0.85,
        with_digit,
    ),
    # Year, two or three letters for the kind of case, number: as the clerks of many US courts write it.
    _shape("CASE_NUMBER", r"(?<![\w-])\d{2}-?[A-Z]{2,3}-?\d{4,7}(?:-[A-Z]{1,4})?(?![\w-])", 0.6, case=True),
    _shape(
        "CASE_NUMBER", rf"\bnos?\.{_GAP}?(?P<value>\d{{1,6}}[-/](?:\d{{1,6}})(?:[-/][A-Z0-9]{{1,6}})?)(?![\w-])", 0.9
    ),
    _shape(
        "MEDICAL_RECORD_NUMBER",
        rf"\b(?:m\.?r\.?n\.?|medical{_GAP}records?(?:{_NUMBER_SIGN})?|(?:patient|chart|hospital"
        rf"|health{_GAP}record){_NUMBER_SIGN})"
        rf"{_IS}(?P<value>(?:[A-Z]{{1,4}}[-]?)?\d[\dA-Z-]{{3,15}})(?!\w)",
        0.9,
        with_digit,
    ),
    _shape(
        "ID_NUMBER",
        rf"\b(?:account|acct|policy|member|membership|customer|client|employee|staff|badge|inmate|prisoner|booking"
        rf"|student"
        rf"|passport|licen[cs]e|registration|plate|ticket|reference|ref|serial|claim|order|invoice|file|visa|permit|tax"
        rf"|routing|sort{_GAP}code){_GAP}?{_NUMBER_SIGN}{_IS}?(?P<value>[A-Z0-9][A-Z0-9./-]{{2,24}}[A-Z0-9])(?!\w)",
        0.8,
        with_digit,
    ),
    _shape("PO_BOX_RE", r"\bP\.?[ \u00a0]?O\.?[ \u00a0]?Box[ \u00a0]\d{1,10}\b", 0.85),
    _shape(
        "STREET_ADDRESS",
        rf"(?<![\w/.-])\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,5}})?,?{_SPACE}(?:[NSEW]\.?{_SPACE}|(?:North|South|East"
        rf"|West){_SPACE})?"
        rf"(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)){_GAP}){{1,4}}?{_STREET}\b\.?(?:{_SPACE}[NSEW]{{1,2}}\b)?"
        rf"(?:,?{_GAP}{{1,2}}(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm"
        rf"|\#)\.?{_SPACE}?\#?[A-Z0-9-]{{1,6}}\b)?"
        rf"(?:,?{_GAP}{{1,2}}{_CAP}(?:{_SPACE}{_CAP}){{0,3}},?{_GAP}{{1,2}}{_STATE}\b\.?(?:,?{_GAP}{{1,2}}\d{{5}}(?:-\d{{4}})?\b)?)?"
        rf"(?:,?{_GAP}{{1,2}}{_CAP}(?:{_SPACE}{_CAP}){{0,3}},?{_GAP}{{1,2}}{_UK_POSTCODE}\b)?",
        0.85,
        case=True,
    ),
    # With a state and a ZIP code behind it, a line needs no word for a street.
    _shape(
        "STREET_ADDRESS",
        rf"(?<![\w/.-])\d{{1,6}}[A-Za-z]?{_SPACE}{_CAP}(?:{_SPACE}(?:{_CAP}|\d{{1,5}})){{0,5}},?{_GAP}{{1,2}}"
        rf"(?:(?:Apt|Apartment|Suite|Ste|Unit"
        rf"|Flat)\.?{_SPACE}\#?[A-Z0-9-]{{1,6}},?{_GAP}{{1,2}})?{_CAP}(?:{_SPACE}{_CAP}){{0,3}}"
        rf",{_GAP}{{1,2}}[A-Z]{{2}}{_GAP}{{1,2}}\d{{5}}(?:-\d{{4}})?(?![\w-])",
        0.85,
        case=True,
    ),
    _shape("STREET_ADDRESS", rf"\b{_STATE},?{_GAP}(?P<value>\d{{5}}(?:-\d{{4}})?)\b", 0.7, case=True),
    _shape("STREET_ADDRESS", rf"(?<!\w){_UK_POSTCODE}(?!\w)", 0.7, case=True),
)
"""All shapes, in no order: overlaps are resolved afterwards."""


def find_shapes(text: str, shapes: Iterable[Shape | AddressShape] = SHAPES) -> list[Entity]:
    """Return every entity of every shape in a text.

    Args:
        text: Any text; long ones should be cut into windows first.
        shapes: Which to look for.

    Returns:
        Entities, perhaps overlapping.
    """
    return [entity for shape in shapes for entity in shape.find(text)]
