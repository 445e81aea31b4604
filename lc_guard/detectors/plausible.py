"""What a model guessed and what can't be personal data: role words, form labels, laws, vague times.

Precision matters for the reader: a text in which every "Court" and "Section 6" is masked is no text. Each rule names a
closed set; nothing that could be the name of someone is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lc_guard.detectors.surroundings import (
    TextKind,
    has_determiner,
    is_clinical,
    is_code,
    is_employer,
    is_house_number,
    is_introduced,
    is_log,
    is_tongue,
    technology_beside,
)
from lc_guard.detectors.vocabulary import Vocabulary, vocabulary
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
        *("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "feb", "apr", "aug", "sept", "oct", "nov", "dec"),
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
_LAW_NAME = r"(?:Act|Code|Regulations?|Rules|Constitution|Convention|Directive|Order|Ordinance|Statute|Treaty|Law)"
_LAW_AROUND = re.compile(rf"\s+{_LAW_NAME}\b")
_LAW_BEFORE = re.compile(rf"\b{_LAW_NAME}\s+\(?$")
_CALENDAR = re.compile(
    r"(?i)\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)\b|january|february|march|april|august|september|october"
    r"|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\b"
    r"|christmas|easter|\b(?:1[5-9]|20)\d\ds?\b|'\d\ds?\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}(?::\d\d)+\b|\b\d{1,2}/\d{1,2}\b"
    r"|\b\d{1,2}\s?(?:[ap]\.?\s?m\b|h\b|o'clock)|\b\d{1,2}(?:st|nd|rd|th)\b"
)
_SPAN_OF_TIME = re.compile(
    r"(?i)\b(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|fortnights?|months?|years?|yrs?|decades?|centur(?:y|ies)|quarters?"
    r"|semesters?|terms?|seasons?|weekends?|mornings?|afternoons?|evenings?|summers?|winters?|springs?|autumns?|falls?|anniversary|birthday"
    r"|noon|midnight|age|aged|old|yo|y/o)\b|-(?:year|month|week|day|hour|minute)s?\b"
)
_COUNTED = re.compile(
    r"(?i)\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy"
    r"|eighty|ninety|hundred)\b"
)
_MID_SENTENCE_CAPITAL = re.compile(r"(?<=[a-z,;] )[^\W\d_a-z]\w")
_LOWER_SURE = 0.9
_WORDS = re.compile(r"(?<!\w)[^\W\d_]+(?:['-][^\W\d_]+)*(?!\w)")
_KEY = re.compile(r"\w+=")
_CODE_SIGNS = re.compile(r"[=<>{}()\[\]|;$\\]|::|\w_\w|\w\.\w{2}|[a-z][A-Z]\w*\(|\w/\w")
_SMALL_BEFORE = re.compile(r"[a-z],?\s$|[a-z.]\s\($")
_SMALL_AFTER = re.compile(r"\s[a-z]")
_MEASURED = re.compile(r"\s*[:=]?\s*\d")
_MEASURE = re.compile(r"[A-Z]{2,4}\s*[:=]?\s*\d[\d./,]*")
# Stems of the United States Adopted Names and the WHO's International Nonproprietary Names that end no surname.
_DRUG = re.compile(
    r"(?i)[a-z]{2,}(?:cillin|mycin|micin|oxacin|cycline|prazole|conazole|nidazole|bendazole|sartan|(?<!a)pril|olol|statin|profen|fenac|coxib"
    r"|formin|gliptin|gliflozin|glitazone|glutide|zumab|ximab|limab|lumab|numab|tinib|rafenib|ciclib|parib|zomib|ciclovir|navir|buvir|previr"
    r"|tegravir|fovir|amivir|triptan|setron|dipine|zosin|oxetine|traline|talopram|azepam|azolam|barbital|caine|codone|morphone|fentanil"
    r"|grel|xaban|gatran|parin|tidine|lukast|terol|tropium|sone|solone|nide|thiazide|semide|lactone|peridol|peridone|azapine|tiapine|piprazole"
    r"|phylline|stigmine|curonium|curium|dronate|dronic|platin|rubicin|taxel|poside|tecan|mustine|fibrate|ezetimibe|gabalin|gabapentin|racetam"
    r"|vudine|citabine|trexate|thyroxine|cilastatin|floxacin|sulfa\w*|cef\w{3,}|penem|bactam|steride|afil|nacin|gestrel|estradiol|insulin)"
)
_MODEL_NUMBER = re.compile(r"[A-Za-z]{1,4}-?\d{1,5}[A-Za-z]?\d*")
_SHORT_CAPITALS = re.compile(r"[B-DF-HJ-NP-TV-XZ]{2,6}|[A-Z]{2,3}")
_NO_LAST_WORD = re.compile(
    r"(?i)(?:syndrome|disease|scale|score|index|criteria|theorem|algorithm|catheter|sign|test|reflex|palsy|fracture|maneuver"
    r"|manoeuvre|lymphoma|classification|distribution|equation|constant)$"
)
_BLOOD_PRESSURE = re.compile(r"(?i)\b(?:b\.?p\.?|blood pressure|pressure|systolic)\W{0,3}(?:is|was|of|:)?\s*$")
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
# An attribute is read, called or computed with; a host stands in quotes or behind a command.
_ATTRIBUTE_AROUND = re.compile(r"(?:\breturn |[=+*/-] |\()\0|\0(?: [=+*/-]|[(\[])")
_SCOPE = re.compile(r"[0-9A-Fa-f]{1,4}::")
_NO_HOST = frozenset({"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "0.0.0.0/0", "::/0"})  # noqa: S104 - read, not bound
_STREET_WORD = re.compile(
    r"(?i)\b(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|way|terrace|square|sq|highway|hwy|close|box|apt|suite|floor)\b"
)
_NAMED_KINDS = frozenset({"PERSON", "ORGANIZATION", "LOCATION", "NRP"})


class Guess(NamedTuple):
    """A model's entity as the rules look at it."""

    text: str
    entity: Entity
    value: str
    words: tuple[str, ...]
    known: Vocabulary

    @property
    def lone(self) -> bool:
        """Whether it is one word."""
        return len(self.words) == 1

    def near(self) -> tuple[str, int, int]:
        """Return what a question about its surroundings takes."""
        return self.text, self.entity.start, self.entity.end


def plausible(text: str, entities: Iterable[Entity], kind: TextKind = "any") -> list[Entity]:
    """Drop the guesses of a model that can't be personal data.

    Args:
        text: The text they were found in.
        entities: A model's entities.
        kind: What the text is.

    Returns:
        Those that stand.
    """
    entities = list(entities)
    known = vocabulary() if entities else None
    guesses = [_guess(text, entity, known) for entity in entities if known is not None]
    # "Salmon" is a word, and a name where "Priya Salmon" stands in the same text.
    surnames = {
        word
        for guess in guesses
        if guess.entity.kind == "PERSON" and len(guess.words) > 1 and not all(map(guess.known.is_ordinary, guess.words))
        for word in guess.words
        if word[0].isupper()
    }
    return [guess.entity for guess in guesses if _stands(guess, surnames, kind)]


def _guess(text: str, entity: Entity, known: Vocabulary) -> Guess:
    value = " ".join(text[entity.start : entity.end].split())
    return Guess(text, entity, value, tuple(word.removesuffix("'s") for word in _WORDS.findall(value.replace("’", "'"))), known)


def _stands(guess: Guess, surnames: set[str], kind: TextKind) -> bool:
    entity_kind = guess.entity.kind
    if entity_kind == "DATE_TIME":
        return _is_time(guess, kind)
    if entity_kind not in _NAMED_KINDS:
        return not _is_no_number(guess, kind)
    if _is_role_or_reference(guess):
        return False
    if entity_kind == "NRP":
        return not _is_language(guess)
    if guess.lone and guess.words[0] in surnames:
        return True
    if entity_kind == "LOCATION" and _is_mere_number(guess):
        return False
    return not (
        _is_language(guess)
        or _is_drug(guess)
        or _is_technology(guess, kind)
        or _is_notation(guess, kind)
        or _is_eponym(guess)
        or (_is_ordinary(guess, kind) and not is_introduced(guess.text, guess.entity.start))
        or _is_small_word(guess, kind)
    )


def _is_role_or_reference(guess: Guess) -> bool:
    """Whether it is a role, a label, a part of a document or a law."""
    kind = guess.entity.kind
    bare = _ARTICLE.sub("", guess.value)
    if bare.lower() in _ROLES or bare.lower().rstrip(".") in _LABELS:
        return True
    # "Page V. Johnson" begins like a reference too: of a person's name all must be one.
    reference = _REFERENCE.match(bare)
    if reference and (kind != "PERSON" or not _NAME_WORD.search(bare, reference.end())):
        return True
    return kind == "ORGANIZATION" and _LAW.search(bare) is not None


def _is_time(guess: Guess, kind: TextKind) -> bool:
    """Whether it names a day, an hour or a number of them, and is no year of a law."""
    text, start, end = guess.near()
    if kind in {"code", "logs"} or is_code(text, start, end):
        return False
    if re.fullmatch(r"\d{4}", guess.value) and (_LAW_AROUND.match(text, end) or _LAW_BEFORE.search(text[max(0, start - 30) : start])):
        return False
    if _CALENDAR.search(guess.value):
        return True
    return _SPAN_OF_TIME.search(guess.value) is not None and _COUNTED.search(guess.value) is not None


def _is_language(guess: Guess) -> bool:
    """Whether it is a language that is spoken, or that a text is to be put into."""
    return (
        bool(guess.words)
        and all(word.lower() in guess.known.languages for word in guess.words)
        and is_tongue(*guess.near())
    )


def _is_technology(guess: Guess, kind: TextKind) -> bool:
    """Whether it is software, and meant as such."""
    known, near = guess.known, guess.near()
    if not guess.words:
        return False
    whole = " ".join(guess.words).lower()
    titles = [whole] if known.is_technology(whole) else [word for word in guess.words if known.is_technology(word)]
    rest = [word for word in guess.words if word.lower() not in titles and word not in titles] if titles != [whole] else []
    if not titles or not all(known.is_ordinary(word) or word.lower() in known.also_names for word in rest):
        return False
    technical = kind in {"code", "logs"} or is_code(*near) or is_log(*near)
    beside = technology_beside(*near)
    if all(title.lower() in known.technology_names for title in titles):
        return technical or beside > 1
    if guess.entity.kind == "ORGANIZATION":
        return technical or (beside > 0 and not is_employer(guess.text, guess.entity.start))
    return True


def _is_notation(guess: Guess, kind: TextKind) -> bool:
    """Whether it is written as no name is: ``uid=0``, ``B43``, or a lone word of a command."""
    known, value = guess.known, guess.value
    if not guess.words or _MODEL_NUMBER.fullmatch(value):
        return not (guess.entity.kind == "LOCATION" and is_house_number(*guess.near()))
    if _MEASURE.fullmatch(value) and not is_house_number(*guess.near()):
        return True
    near = guess.near()
    technical = kind in {"code", "logs"} or is_code(*near) or is_log(*near)
    words = _WORDS.findall(_KEY.sub("", value))
    unknown = [w for w in words if not known.is_ordinary(w) and len(w) > 1]
    if technical and not any(word.lower() in known.given_names for word in words):
        if _CODE_SIGNS.search(value) and len(unknown) < 2:
            return True
        if value.islower() and any(map(known.is_technology, words)) and len(words) < 3:
            return True
    return guess.lone and _abbreviates(guess)


def _abbreviates(guess: Guess) -> bool:
    """Whether capitals of a few letters among small ones abbreviate something: a unit, a measure, an office."""
    text, start, end = guess.near()
    if not _SHORT_CAPITALS.fullmatch(guess.value):
        return False
    if guess.entity.kind == "PERSON":
        if guess.value.lower() in guess.known.also_names:
            return False
        return _SMALL_BEFORE.search(text[max(0, start - 20) : start]) is not None and not is_introduced(text, start)
    return _MEASURED.match(text, end, end + 12) is not None or (
        len(guess.value) < 4 and is_clinical(text, start, end) and _SMALL_AFTER.match(text, end, end + 12) is not None
    )


def _is_drug(guess: Guess) -> bool:
    """Whether it is made like the name of a substance."""
    return bool(guess.words) and all(
        _DRUG.fullmatch(word) is not None or guess.known.is_ordinary(word) for word in guess.words
    ) and any(map(_DRUG.fullmatch, guess.words))


def _is_eponym(guess: Guess) -> bool:
    """Whether a disease, a law or a tool bears the name: ``Parkinson's disease``."""
    if guess.entity.kind == "PERSON" and not guess.lone and _NO_LAST_WORD.search(guess.value):
        return True
    text, start, end = guess.near()
    following = re.match(r"[\w'’ -]{0,40}", text[end : end + 40])
    words = f"{guess.value}{following[0] if following else ''}".replace("’", "'").lower().split()
    return any(" ".join(words[:count]) in guess.known.eponyms for count in range(len(guess.words), min(len(words), 5) + 1))


def _is_ordinary(guess: Guess, kind: TextKind) -> bool:
    """Whether all of it is words that nobody bears as a name."""
    known, words = guess.known, guess.words
    entity_kind = guess.entity.kind
    plain = [known.is_ordinary(word) for word in words]
    if not words:
        return False
    if guess.lone:
        small = words[0].lower()
        if entity_kind == "ORGANIZATION" and known.is_technology(small) and words[0][0].isupper():
            return False
        if plain[0]:
            return True
        # A word that is a name too is a word behind an article, or in small letters.
        return small in known.also_names and has_determiner(*guess.near())
    if entity_kind != "PERSON":
        return guess.value.islower() and all(plain) and not _STREET_WORD.search(guess.value)
    rest = [word for word, is_plain in zip(words, plain, strict=True) if not is_plain and len(word) > 1]
    return (
        (plain[-1] or guess.value.islower())
        and any(plain)
        and words[0].lower() not in known.given_names
        and all(word.lower() in known.also_names for word in rest)
    )


def _is_small_word(guess: Guess, kind: TextKind) -> bool:
    """Whether it is one small word in a text that uses capitals, of which the model is not very sure.

    Rampart does not see capitals.
    """
    return (
        guess.entity.kind == "PERSON"
        and guess.value.islower()
        and " " not in guess.value
        and kind != "chat"
        and guess.entity.score < _LOWER_SURE
        and _MID_SENTENCE_CAPITAL.search(guess.text, max(0, guess.entity.start - 400), guess.entity.end + 400) is not None
    )


def _is_mere_number(guess: Guess) -> bool:
    """Whether a number that was taken for a part of an address stands alone."""
    if not guess.words:
        return not is_house_number(*guess.near())
    return (
        any(char.isdigit() for char in guess.value)
        and all(map(guess.known.is_ordinary, guess.words))
        and not _STREET_WORD.search(guess.value)
        and not is_house_number(*guess.near())
    )


def _is_no_number(guess: Guess, kind: TextKind) -> bool:
    """Whether a shape means something else here: ``std::``, ``0.0.0.0``, ``BP 120/80``, ``order.net`` in code."""
    text, start, end = guess.near()
    value = text[start:end]
    if guess.entity.kind == "IP_ADDRESS":
        return _SCOPE.fullmatch(value) is not None or value in _NO_HOST
    if guess.entity.kind == "CASE_NUMBER":
        return _BLOOD_PRESSURE.search(text[max(0, start - 30) : start]) is not None
    if guess.entity.kind == "URL":
        return _ATTRIBUTE.fullmatch(value) is not None and _ATTRIBUTE_AROUND.search(text[max(0, start - 12) : start] + "\0" + text[end : end + 4]) is not None and (kind == "code" or is_code(text, start, end))
    return False
