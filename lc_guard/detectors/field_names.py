"""Names of fields that people fill in: the label before a value, the head of a column."""

from __future__ import annotations

import re

# RFC 5322 (mail headers), RFC 6350 (vCard), schema.org's Person and Order.
_FIELD_NAME = (
    r"(?:(?:first|last|given|family|middle|full|maiden|sur|user|nick|birth|company|contact|patient|customer"
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
    r"|password|passport|licen[cs]e|plate|vin|expires?|expiry|signature|signed|language|direct dial"
    r"|ext(?:ension)?|attn)"
)
# The same in German, French, Spanish, Italian, Dutch, Polish and Portuguese.
_FOREIGN_NAME = (
    r"(?:(?:vor|nach|familien|geburts|voor|achter)na(?:me|am)|(?:geburts|wohn)?ort|stra(?:ß|ss)e|plz|land|telefon|kontakt"
    r"|betreff|(?:geburts|rechnungs)?datum|anschrift|adresse|firma|abteilung|pr[eé]nom|nom|ville|pays|t[eé]l[eé]phone"
    r"|courriel|objet|soci[eé]t[eé]|nombre|apellidos?|ciudad|direcci[oó]n|pa[ií]s|tel[eé]fono|correo|asunto|fecha|empresa"
    r"|nome|cognome|citt[aà]|indirizzo|paese|telefono|oggetto|azienda|plaats|woonplaats|adres|onderwerp|bedrijf"
    r"|imi[eę]|nazwisko|miasto|kraj|temat|sobrenome|apelido|cidade|endere[cç]o|morada|telefone|assunto)"
)
_SIGN = re.compile(r"(?<=\w)(?:[:：]|[ \u00a0][:：]|=)(?!=)|(?<=\w)[ \u00a0]=(?!=)")
_BEFORE_SIGN = re.compile(rf"(?<!\w)(?:{_FIELD_NAME}|{_FOREIGN_NAME})\Z", re.IGNORECASE)
_LONGEST = 48
# The head of a column, alone in its cell.
_HEAD = re.compile(rf"(?<=[|\t,;\n ])(?:{_FIELD_NAME}|{_FOREIGN_NAME})(?=[ \u00a0]{{0,3}}[|\t,;]|\r?\n)", re.IGNORECASE)
_CELL = re.compile(r"[|\t,;\n][ \u00a0]{0,3}\Z")
# "MS. PRICE:" speaks.
_TITLED = re.compile(r"\b(?:M(?:r|rs|s|R|RS|S)|Miss|MISS|D[rR]|J(?:udge|ustice|UDGE|USTICE))\.? \Z")


def labels(text: str) -> list[tuple[int, int]]:
    """Return where the labels of a text stand, each with the sign behind it, in order.

    Looked for from the signs, which are few: of 1,000 words hardly one begins the name of a field.
    """
    found: list[tuple[int, int]] = []
    for sign in _SIGN.finditer(text):
        floor = found[-1][1] if found else 0
        name = _BEFORE_SIGN.search(text, max(floor, sign.start() - _LONGEST), sign.start())
        if name is not None and not _TITLED.search(text, max(floor, name.start() - 9), name.start()):
            found.append((name.start(), sign.end()))
    return found


def is_head(text: str, start: int, end: int) -> bool:
    """Whether all that was found is the head of a column: `| Name | City |`."""
    head = _HEAD.match(text, start)
    return head is not None and head.end() == end and _CELL.search(text, max(0, start - 4), start) is not None
