"""What a model guessed and what can't be personal data: role words, form labels, laws, vague times.

Precision matters for the reader: a text in which every "Court" and "Section 6" is masked is no text. Each rule names a
closed set; nothing that could be the name of someone is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lc_guard.records import Entity

_ROLES = frozenset(
    [
        *("act", "agreement", "annex", "appeal", "appellant", "applicant", "applicants", "army", "article", "articles"),
        *("assembly", "attorney", "board", "chamber", "chambers", "chapter", "charter", "claimant", "clerk", "code"),
        *("commission", "committee", "community", "company", "complainant", "congress", "constitution", "convention"),
        *("coroner", "council", "counsel", "court", "courts", "defence", "defendant", "defendants", "defense"),
        *("department", "division", "embassy", "exhibit", "government", "governor", "inspectorate", "judge", "judges"),
        *("judgment", "judiciary", "jury", "legislature", "magistrate", "magistrates", "ministry", "office", "officer"),
        *("panel", "parliament", "parties", "party", "petitioner", "plaintiff", "police", "president", "prison"),
        *("prosecution", "prosecutor", "protocol", "public", "registrar", "registry", "regulation", "republic"),
        *("respondent", "respondents", "rules", "secretary", "section", "sections", "senate", "state", "states"),
        *("tribunal", "treaty", "treasury", "union", "witness", "witnesses", "exhibits", "overruled", "sustained"),
        *("objection",),
    ]
)
_LABELS = frozenset(
    [
        *("aka", "api", "atm", "cc", "ceo", "cfo", "cv", "dna", "dob", "doc", "eob", "faq", "fax", "hiv", "iban"),
        *("icu", "id", "ip", "isbn", "iso", "it", "mri", "mrn", "mr", "mrs", "ms", "nda", "npi", "pdf", "phi", "pii"),
        *("pin", "po", "pob", "qa", "q", "a", "sms", "ssn", "swift", "tel", "tin", "uk-id", "url", "usb", "utc"),
        *("uuid", "vat", "vin", "wifi", "zip", "card", "email", "e-mail", "phone", "visa", "passport", "mastercard"),
        *("amex", "account", "csr", "social security", "client_ip"),
    ]
)
_ARTICLE = re.compile(r"(?i)^(?:the|a|an|this|that|said|his|her|its|their|our|your)\s+")
_REFERENCE = re.compile(
    r"(?:Articles?|Chapters?|Sections?|Rules?|Parts?|Annex(?:es)?|Protocols?|Exhibits?|Counts?|Paragraphs?|Schedule|Title"
    r"|Appendix|Volume|Page|Line|Item|Step|Form)\s*(?:No\.?\s*)?(?:\d|§|\(|[IVXLC]+\b|[A-Z]\b)|(?:\w+ )?Section \(Rule"
)
_NAME_WORD = re.compile(r"[^\W\d_]{2,}")
_LAW = re.compile(
    r"\b(?:Act|Code|Regulations?|Rules of Court|Constitution|Convention|Directive|Order)(?:\s+\(?\d{4}\)?)?$"
)
_WHEN = re.compile(
    r"(?i)\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|(?:mon|tues|wednes|thurs|fri|satur|sun)day|christmas|easter"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy"
    r"|eighty|ninety|hundred)\b"
)
_MID_SENTENCE_CAPITAL = re.compile(r"(?<=[a-z,;] )[^\W\d_a-z]\w")
_LOWER_SURE = 0.7


def plausible(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """Drop the guesses of a model that can't be personal data.

    Args:
        text: The text they were found in.
        entities: A model's entities.

    Returns:
        Those that stand.
    """
    return [entity for entity in entities if _stands(text, entity)]


def _stands(text: str, entity: Entity) -> bool:
    value = " ".join(text[entity.start : entity.end].split())
    bare = _ARTICLE.sub("", value)
    if entity.kind == "DATE_TIME":
        return _WHEN.search(value) is not None
    if entity.kind not in {"PERSON", "ORGANIZATION", "LOCATION", "NRP"}:
        return True
    if bare.lower() in _ROLES or bare.lower().rstrip(".") in _LABELS:
        return False
    # "Page V. Johnson" begins like a reference too: of a person's name all must be one.
    reference = _REFERENCE.match(bare)
    if reference and (entity.kind != "PERSON" or not _NAME_WORD.search(bare, reference.end())):
        return False
    if entity.kind == "ORGANIZATION" and _LAW.search(bare):
        return False
    # Rampart does not see capitals: one small word in a text that uses capitals is a word, unless it is very sure.
    return not (
        entity.kind == "PERSON"
        and value.islower()
        and " " not in value
        and entity.score < _LOWER_SURE
        and _MID_SENTENCE_CAPITAL.search(text, max(0, entity.start - 400), entity.end + 400)
    )
