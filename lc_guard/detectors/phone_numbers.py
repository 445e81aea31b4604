"""Phone numbers in the national formats of many countries, by libphonenumber's metadata.

Shapes know the formats of North America and what begins with a zero or a plus; libphonenumber (its Python port, which
Presidio brings) knows which numbers a country has, and how it groups them. A number counts if it is valid with its
country code, if it is written as its country writes it, or if a word for phones stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from lc_guard.detectors.spans import clean
from lc_guard.detectors.weights import LoadOnce
from lc_guard.detectors.windows import parted
from lc_guard.records import Entity

KIND = "PHONE_NUMBER"
REGIONS = (
    *("US", "CA", "GB", "IE", "DE", "AT", "CH", "FR", "ES", "IT", "NL", "BE", "PL", "PT", "IN", "AU", "NZ", "SG", "KR"),
    *("BR", "MX", "CN", "JP", "HK", "ZA", "SE", "NO", "DK", "FI", "CZ", "GR", "TR", "IL", "AE"),
)
"""Countries whose national formats are tried where none is named."""

_CANDIDATE = re.compile(
    r"(?<![\w/.,:#-])(?<!\d[ \u00a0(])(?:\+|00(?=[1-9]))?\(?\d(?:[ \u00a0()./-]{0,2}\d){6,16}(?![\w-]|[./,:]\d)"
)
_WORDS = re.compile(
    r"(?i)(?<![^\W\d_])(?:tel|phone|telephone|cell|mobile|mob|fax|call|ring|text|dial|reach|whatsapp|signal|sms|contact|hotline"
    r"|telefon|telefone|teléfono|telefono|téléphone|telefoon|handy|mobil|móvil|portable|cellulare|gsm|rufnummer|rückruf"
    r"|anrufen|appelez|appeler|llame|llamar|chiamare|bellen|komórka|zadzwoń|ligue|telemóvel|celular|zip)"
    # scripts that write words without blanks, or glue particles to them
    r"|电话|電話|手机|手機|号码|號碼|致电|拨打|联系|携帯|전화|휴대폰|연락처|โทร|เบอร์|مكالمة|هاتف|جوال|موبايل|رقم"
    r"|फ़ोन|फोन|मोबाइल|नंबर|טלפון|נייד"
)
_DATE = re.compile(r"\d{4}([./ -])\d{1,2}\1\d{1,2}|\d{1,2}([./ -])\d{1,2}\2(?:\d{4}|\d\d)")
_SEPARATORS = re.compile(r"[ \u00a0()./-]")
_NEAR = 40


class PhoneNumberDetector:
    """Finds PHONE_NUMBER in national and international formats; no model.

    Args:
        countries: ISO 3166-1 codes whose formats are tried; None for those of `REGIONS`.
    """

    name = "phone_numbers"

    def __init__(self, countries: Collection[str] | None = None) -> None:
        named = REGIONS if countries is None else countries
        self._regions = tuple("GB" if country.upper() == "UK" else country.upper() for country in named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._regions)} countries)"

    def detect(self, text: str) -> list[Entity]:
        """Return the phone numbers of a text, ordered by offset."""
        return clean(text, list(self._found(text, parted(text))))

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]

    def _found(self, text: str, seen: str) -> Iterator[Entity]:
        for match in _CANDIDATE.finditer(seen):
            written = match[0].rstrip(" (./-")
            if _DATE.fullmatch(written):
                continue
            told = _WORDS.search(text, max(0, match.start() - _NEAR), match.start()) is not None
            if self._is_phone(written, told=told):
                yield Entity(KIND, match.start(), match.start() + len(written), 0.85 if told else 0.75)

    def _is_phone(self, written: str, *, told: bool) -> bool:
        import phonenumbers

        abroad = written.startswith(("+", "00"))
        number = f"+{written.lstrip('+0')}" if abroad else written
        regions: Iterable[str | None] = (None,) if abroad else self._regions
        if not (abroad or told):
            # most numbers that are no phone are grouped as no country groups its own
            regions = layouts(self._regions).get(tuple(map(len, _groups(written))), ())
        for region in regions:
            try:
                parsed = phonenumbers.parse(number, region)
            except phonenumbers.NumberParseException:
                continue
            if abroad or told:
                # made-up numbers of examples are possible, not valid
                if phonenumbers.is_valid_number(parsed) or (told and _many(written)):
                    return True
            elif phonenumbers.is_valid_number(parsed) and _grouped_alike(written, phonenumbers, parsed):
                return True
        return False


@LoadOnce
def layouts(regions: tuple[str, ...]) -> dict[tuple[int, ...], list[str]]:
    """Return how countries group their numbers: lengths of three groups or more → the countries that do so.

    Args:
        regions: ISO 3166-1 codes.
    """
    import phonenumbers

    found: dict[tuple[int, ...], list[str]] = {}
    for region in regions:
        for kind in phonenumbers.PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
            lengths = tuple(map(len, _groups(national)))
            if len(lengths) > 2 and region not in found.setdefault(lengths, []):
                found[lengths].append(region)
    return found


def _many(written: str) -> bool:
    return 9 <= sum(map(str.isdigit, written)) <= 13


def _grouped_alike(written: str, library: object, parsed: object) -> bool:
    """Return whether a number is grouped as its country groups it."""
    national = library.format_number(parsed, library.PhoneNumberFormat.NATIONAL)  # type: ignore[attr-defined]
    return _groups(written) == _groups(national)


def _groups(written: str) -> list[str]:
    return [group for group in _SEPARATORS.split(written) if group]
