"""Words that nobody bears: roles, labels, references, defined terms, and what only a dictionary holds."""

from __future__ import annotations

import re

from lc_guard.detectors.bodies import BODIES, PUBLIC_ROLES
from lc_guard.detectors.called_names import KIN, LONGEST_NICKNAME
from lc_guard.detectors.captions import SENTENCE_BEFORE, is_cut_short, names_field
from lc_guard.detectors.chat_words import is_misspelled, is_spelled_as_in_chats
from lc_guard.detectors.contract_terms import is_contract
from lc_guard.detectors.faker_names import frequent_surnames
from lc_guard.detectors.guess import STREET_WORD, Guess
from lc_guard.detectors.name_lists import small_names
from lc_guard.detectors.surroundings import TextKind, has_determiner, is_employer, is_legal, is_log
from lc_guard.detectors.vocabulary import Vocabulary, vocabulary

_LABELS = frozenset(
    """
    a account aka amex api atm attn card cc ceo cfo csr cv client_ip dna dob doc e-mail email eob faq fax hiv iban
    icu id ein ip isbn iso it mastercard mr mri mrn mrs ms nda npi passport pdf phi phone pii pin po pob p.s ps q qa
    sms ssn swift tel todo fixme tin uk-id url usb utc uuid vat vin visa wifi zip mon tue tues wed thu thur thurs
    fri sat sun feb apr aug sept oct nov dec dm gm int
    """.split()  # noqa: SIM905
) | {"social security"}
# What a phrase in capitals ends in that is a paper, a heading or a part of the body, and no body's name.
_PAPERS = frozenset(
    """
    agenda agreement allowance amendment analysis appendix application approval artery assessment assignment
    assumptions authorization balance bill bone brain brief budget certificate changes charge checklist comments
    compensation conditions confirmation consent contents contract contracts costs data deadline decision
    definitions deposit description details diagnosis disclosure disease document documents draft duration ear
    evaluation evidence exam examination expenses feedback fee fees finding findings forecast form forms goals guide
    guidelines history impression income information injury instructions introduction invoice invoices issues items
    judgment judgement kidney leg letter limitations list lobe lung materials meeting memo memorandum method methods
    minutes motion muscle name names nerve note notes notice number objectives obligations options order orders
    outcome outcomes overview page payment payments period permission phase plan plans policies policy premium
    problem problems procedure procedures process profile progress property proposal proposals provisions purpose
    query question questions quote rate rates receipt recommendations record records references reminder requests
    request requirement requirements response responsibilities results rights roadmap schedule scope settings
    signature statement statements status steps strategy subject submission summary supplement surgery symptoms
    table tasks template tenancy terms test tests theory ticket title topics transcript treatment trial update
    updates valve vein version waiver warranties warranty
    """.split()  # noqa: SIM905 - a list of words reads as one
)
_ARTICLE = re.compile(r"(?i)^(?:the|a|an|this|that|said|his|her|its|their|our|your)\s+")
_REFERENCE = re.compile(
    r"(?:Articles?|Chapters?|Sections?|Rules?|Parts?|Annex(?:es)?|Protocols?|Exhibits?|Counts?|Paragraphs?|Schedule"
    r"|Title|Appendix|Volume|Page|Line|Item|Step|Form|Box|pages?|verses?|rows?)\s*(?:No\.?\s*)?(?:\d|§|\(|[IVXLC]+\b|[A-Z]\b)"
    r"|(?:\w+ )?Section \(Rule"
)
_COUNTED = re.compile(r"(?:Box|Exhibit|Item|Line|Step|Form) \d")
_OF_FORMS = re.compile(r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.?\s?/\s?){1,5}\w+\.?")
_ROMAN = re.compile(r"[IVXLC]+")
_NAME_WORD = re.compile(r"[^\W\d_]{2,}")
_LAW = re.compile(
    r"\b(?:Act|Code|Regulations?|Rules of Court|Constitution|Convention|Directive|Order)(?:\s+\(?\d{4}\)?)?$"
)
# "bin Laden": a small word that begins a name.
_PARTICLE = re.compile(r"(?i:bin|ibn|abu|v[ao]n|de[rnl]?|d[aiou]s?|la|le|al|el|te[rn]|mac|st)[ -][A-Z]")
_INITIALS = re.compile(r"(?:[A-Z]\. ?){2,3}[A-Z]")
_PARTY = re.compile(r"sub[a-z]{3,}(?:er|lord|ant)s?|[a-z]{4,}(?:or|ee|holder|owner)s?")
_PREFIX = re.compile(r"^(?:sub|co|non|re|over|under|counter|pre)-?")
_SUFFIX = re.compile(r"(?:or|ee)s?$")
# "winds" does not make a Windsor
_PLURAL = re.compile(r"[^s]s$")
_HOLDER = re.compile(r"(?:holder|owner)s?$")
_OF_SENTENCES = frozenset({"is", "are", "was", "were", "am", "my", "your", "i", "you", "going", "called", "please"})
_POSSESSIVES = frozenset({"My", "Your", "His", "Her", "Our", "Their"})
_DETERMINERS = frozenset({"the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "that"})
_OBJECT = re.compile(r" (?:the|an?|my|your|his|her|its|our|their|this|that|these|those|it|them|up|down|off|out)\b")
_MODAL = re.compile(r"(?:May|Will) (?:I|you|u|he|she|it|we|they)\b")
_OFFICES = frozenset({"Abbot", "Bishop", "Chair", "Dean", "Duke", "Earl", "Head", "King", "Marshal", "Page", "Prince"})
_OF_OFFICE = re.compile(r" of (?:the )?[A-Z]?[a-z]+")
_DEPARTMENTS = frozenset({"Sales", "Marketing", "Finance", "Legal", "Purchasing", "Support", "Operations", "Service"})
_DEPARTMENT_BEFORE = re.compile(r"(?:\n|\bof |\bin |\bfrom |\bto |\bby |\band |& |[,|/] )$")
_DEPARTMENT_AFTER = re.compile(r"\s*(?:$|[\n,;/&|]|(?:and|team|department|dept|manager|rep)\b)", re.IGNORECASE)
_SHOUTED = re.compile(r"\b(?:for|is|are|was|your|my|so|very|not|this|these|some|and|of|all) $")
_NEXT = re.compile(r" ([A-Z][a-z]+)\b")
_INDEFINITE = re.compile(r"\b(?i:an?) $")
_ABBREVIATED = re.compile(r"(?:\bthe |[(\"“] ?)$")
_PREPOSITION = re.compile(r"\b(?:of|by|for|to|from|with|against|under|upon) that $")
_ENDS = re.compile(r"\s?(?:[.;:)]|\Z)")
_SMALL_SURE = 0.9
# Of which a model hardly says that it is a name.
_DOUBTED = 0.3
_ADDRESSED = re.compile(
    r"(?:\b(?i:tell|told|ask|asked|spoke to|spoke with|talked to|let|met|invite|invited|hey|hi|per|thanks|thank you)"
    r"|\bw/) $"
)
_SPEAKS = re.compile(r":[ \t]{1,4}[A-Z(\[\"“]")
_KIN = KIN | {"mamma"}
_YES = frozenset({"ok", "okay", "Ok", "Okay"})


def is_role_or_reference(guess: Guess) -> bool:
    """Return whether a guess is a role, a label, a part of a document or a law."""
    bare = _ARTICLE.sub("", guess.value)
    if _OF_FORMS.fullmatch(bare) or bare.lower() in PUBLIC_ROLES or bare.lower().rstrip(".") in _LABELS:
        return True
    # "Page V. Johnson" begins like a reference too: of a person's name all must be one, or ordinary words.
    if names_field(guess) or is_cut_short(guess):
        return True
    reference = _REFERENCE.match(bare) or (guess.lone and _COUNTED.match(guess.text, guess.entity.start))
    if reference and (guess.kind != "PERSON" or guess.lone or not _has_name(guess, bare[reference.end() :])):
        return True
    return guess.kind == "ORGANIZATION" and _LAW.search(bare) is not None


def _has_name(guess: Guess, rest: str) -> bool:
    """Whether words hold one that is neither ordinary nor a number: ``Exhibit A. ARTICLE II`` has none."""
    return any(not guess.known.is_ordinary(word) and not _ROMAN.fullmatch(word) for word in _NAME_WORD.findall(rest))


def is_ordinary(guess: Guess, kind: TextKind) -> bool:
    """Return whether all of a guess is words that nobody bears as a name."""
    if not guess.words:
        return False
    if guess.lone:
        return _is_ordinary_word(guess, kind)
    known = guess.known
    plain = [known.is_ordinary(word) for word in guess.words]
    if guess.kind == "PERSON":
        return _is_phrase(guess, plain) or _is_chat_phrase(guess, plain)
    if guess.kind == "ORGANIZATION" and (answer := _is_no_body(guess, kind, plain)) is not None:
        return answer
    return guess.value.islower() and all(plain) and not STREET_WORD.search(guess.value)


def _is_no_body(guess: Guess, kind: TextKind, plain: list[bool]) -> bool | None:
    """Whether several words are no organization's name; None where nothing here tells."""
    known, small = guess.known, [word.lower() for word in guess.words]
    free, ordinary = BODIES.isdisjoint(small), all(plain)
    if (ordinary and _is_sentence(guess, free=free)) or _is_heading(guess, plain, kind):
        return True
    if ordinary and (kind == "legal" or is_contract(*guess.place)):
        return free or small[-1] == "party" or _is_company(small)
    if any(_is_of_programs(word, known) for word in guess.words):
        return free and _is_software(guess, plain)
    return _is_role(small, free=free) if ordinary else None


def _is_role(small: list[str], *, free: bool) -> bool | None:
    return (free or len(small) > 2) if small[-1] in vocabulary().roles else None


def _is_sentence(guess: Guess, *, free: bool) -> bool:
    """Whether ordinary words are said of somebody, or stand on both sides of a colon: ``Update: Sprint Planning``."""
    return not _OF_SENTENCES.isdisjoint(map(str.lower, guess.words)) or (free and ": " in guess.value)


def _is_company(small: list[str]) -> bool:
    """Whether small words name a side by what it does: ``Borrower Company``, ``Surviving Corporation``."""
    return len(small) == 2 and small[1] in {"company", "corporation"} and small[0].endswith(("ing", "er", "or", "ee"))


def _is_party(words: tuple[str, ...]) -> bool:
    """Whether words name a side of a contract: ``Disclosing Party``, not ``Labour Party``."""
    return words[-1].lower() in {"party", "parties"} and words[-2].endswith(("ing", "ed"))


def _is_heading(guess: Guess, plain: list[bool], kind: TextKind) -> bool:
    """Whether several words are the title of a paper, words in capitals for weight, of a log, or begin with "my"."""
    words = guess.words
    if words[-1] in _DEPARTMENTS and all(word.lower() in PUBLIC_ROLES | _LABELS for word in words[:-1]):
        return True  # VP Sales
    if (words[0] in _POSSESSIVES and any(map(str.islower, words))) or (all(plain) and _is_plain_heading(guess, kind)):
        return True
    last = words[-1].lower()
    return last in _LABELS and all(
        is_plain or word.lower() in _LABELS for word, is_plain in zip(words, plain, strict=True)
    )


def _is_plain_heading(guess: Guess, kind: TextKind) -> bool:
    """Whether ordinary words are a paper's title, stand in capitals for weight or in a log, or name a party."""
    words = guess.words
    if (any(map(_is_weighty, words)) and not guess.value.isupper()) or kind == "logs" or is_log(*guess.place):
        return True
    office = words[0].lower() in BODIES and words[1] == "of"  # Directorate of Income
    return (words[-1].lower() in _PAPERS and not office) or _is_party(words)


def _is_weighty(word: str) -> bool:
    """Whether a word stands in capitals among others that do not."""
    return word.isupper() and len(word) > 3


def _is_software(guess: Guess, plain: list[bool]) -> bool:
    rest = [word for word, is_plain in zip(guess.words, plain, strict=True) if not is_plain]
    employed = is_employer(guess.text, guess.entity.start)
    return not employed and all(_is_of_programs(word, guess.known) for word in rest)


def _is_of_programs(word: str, known: Vocabulary) -> bool:
    """Whether a word is written as in a program, or software in capitals: "the HandoffTool", "SQL Query"."""
    return known.is_identifier(word) or (word.isupper() and known.is_technology(word))


def _is_ordinary_word(guess: Guess, kind: TextKind) -> bool:
    known, word = guess.known, guess.words[0]
    small, is_body = word.lower(), guess.kind == "ORGANIZATION"
    if word in _YES or (word.isupper() and _is_shouted(guess, small)):
        return True
    if is_body and _may_be_body(guess, word):
        return False
    if known.is_ordinary(word) or (is_body and known.is_identifier(word)):
        return True
    if _PARTY.fullmatch(small) and _is_derived(small, known) and (kind == "legal" or is_contract(*guess.place)):
        return True
    return small in known.also_names and _is_meant_as_word(guess, word)


def _is_shouted(guess: Guess, small: str) -> bool:
    """Whether a word stands in capitals for weight: "download it for FREE", "taken as LITERAL text"."""
    known = guess.known
    plain = small in known.ordinary or (guess.kind == "ORGANIZATION" and small in known.also_names)
    before = guess.before(12)
    short = len(small) < 6 and _SHOUTED.search(before) is not None
    return plain and (short or before.endswith((" as ", " a ", " an ")))


def _may_be_body(guess: Guess, word: str) -> bool:
    """Whether a word is a maker (Target, Apple), a body's abbreviation ("the EAT"), or begins a body's name."""
    if word[0].isupper() and guess.known.is_technology(word):
        return not (_INDEFINITE.search(guess.before(4)) and has_determiner(*guess.place))  # "write a haiku"
    if word.isupper() and len(word) < 6 and _ABBREVIATED.search(guess.before(5)):
        return True
    return _is_of_a_body(guess)


def _is_meant_as_word(guess: Guess, word: str) -> bool:
    """Whether a word that is a name as well is none: behind an article, small before its object, an office."""
    if word.islower() and (guess.kind == "ORGANIZATION" or _is_verb(guess)):
        return True
    if guess.entity.score < _DOUBTED and _is_verb(guess) and SENTENCE_BEFORE.search(guess.before(8)):
        return True  # "Chase the lead"
    return is_behind_article(guess) or _is_office(guess) or _MODAL.match(guess.text, guess.entity.start) is not None


def is_behind_article(guess: Guess) -> bool:
    """Return whether an article stands before a word; "that" before a capital may begin a clause."""
    clause = guess.value[0].isupper() and guess.before(5).lower() == "that " and not _is_spoken_of(guess)
    return not clause and has_determiner(*guess.place)


def _is_spoken_of(guess: Guess) -> bool:
    """Whether "that" before a word means the one that a contract spoke of: "by that Person", not "that Price shall"."""
    small = guess.words[0].lower()
    if small in guess.known.given_names or small in frequent_surnames():
        no_clause = _PREPOSITION.search(guess.before(16)) or _ENDS.match(guess.text, guess.entity.end)
        return no_clause is not None and is_contract(*guess.place)
    return is_contract(*guess.place)


def _is_of_a_body(guess: Guess) -> bool:
    """Whether the name of a body goes on: "Inland" of the Inland Revenue."""
    following = _NEXT.match(guess.text, guess.entity.end, guess.entity.end + 30)
    return following is not None and following[1].lower() in BODIES


def _is_verb(guess: Guess) -> bool:
    return guess.kind == "PERSON" and _OBJECT.match(guess.text, guess.entity.end) is not None


def _is_office(guess: Guess) -> bool:
    """Whether it is an office or a department: ``Head of Sales``."""
    text, _, end = guess.place
    if guess.words[0] in _OFFICES and _OF_OFFICE.match(text, end, end + 40):
        return True
    return guess.words[0] in _DEPARTMENTS and (
        _DEPARTMENT_BEFORE.search(guess.before(24)) is not None or _DEPARTMENT_AFTER.match(text, end) is not None
    )


def _is_phrase(guess: Guess, plain: list[bool]) -> bool:
    """Whether the words taken for a full name are a phrase: ``Draft Reminder``, not ``Grace Salmon``."""
    known = guess.known
    if guess.value.islower() and (guess.words[1] in _DETERMINERS or _is_of_chats(guess)):
        return True
    if guess.words[0].lower() in known.given_names or _PARTICLE.match(guess.value) or _INITIALS.match(guess.value):
        return False
    rest = [word.lower() for word, is_plain in zip(guess.words, plain, strict=True) if not is_plain and len(word) > 1]
    if _is_a_thing(guess, rest):
        return True
    return any(plain) and (plain[-1] or guess.value.islower()) and known.also_names.issuperset(rest)


def _is_chat_phrase(guess: Guess, plain: list[bool]) -> bool:
    """Whether one word is written as in chats, and the others are no names: ``Imma Jump``, ``Gettin Money``.

    Small letters may be of any word but a given name: ``propah guud``.
    """
    known, words = guess.known, [word.replace("'", "").lower() for word in guess.words]
    if any(word in known.given_names or word in small_names() for word in words):
        return False
    small = guess.value.islower()
    if not any(is_spelled_as_in_chats(word) or (small and is_misspelled(word)) for word in words):
        return False
    return small or all(
        is_plain or len(word) < 2 or word in known.also_names or is_spelled_as_in_chats(word) or is_misspelled(word)
        for word, is_plain in zip(words, plain, strict=True)
    )


def _is_a_thing(guess: Guess, rest: list[str]) -> bool:
    """Whether "a" makes a thing of an ordinary word and a name that is one: ``a Blog Post``, no ``a Doctor Price``."""
    words, known = [word.lower() for word in guess.words], guess.known
    if words[0] in ("a", "an"):
        words = words[1:]
    elif not _INDEFINITE.search(guess.before(4)):
        return False
    return (
        rest == words[1:]
        and known.also_names.issuperset(rest)
        and words[0] not in known.roles
        and known.given_names.isdisjoint(rest)
        and small_names().isdisjoint(rest)
    )


def _is_of_chats(guess: Guess) -> bool:
    """Whether small words are what chats abbreviate: ``lol ok thx brb``."""
    known = guess.known
    return all(
        (word in known.abbreviations or word in _YES or word in known.ordinary) and word not in small_names()
        for word in guess.words
    )


def _is_derived(word: str, known: Vocabulary) -> bool:
    """Whether a word is made of another: ``pledgor``, ``sublessee``."""
    if (held := _HOLDER.sub("", word)) != word:
        return held in known.ordinary or held in known.also_names
    if word in small_names():
        return False  # Desiree
    bare, stem = _PREFIX.sub("", word), _SUFFIX.sub("", word)
    return (bare != word and bare in known.ordinary) or any(
        f"{stem}{ending}" in known.ordinary for ending in ("", "e", "y") if ending or not _PLURAL.search(stem)
    )


def is_role_or_body(word: str) -> bool:
    """Return whether a word is what somebody is called by an office, a part in a trial, a body or among kin.

    Args:
        word: A word in small letters.
    """
    return word in PUBLIC_ROLES or word in BODIES or word in _LABELS or word in _KIN or word in vocabulary().roles


def is_addressed(guess: Guess) -> bool:
    """Return whether a word is a person's name since somebody speaks to them, or it is their turn to speak.

    ``Tell Sully``, ``w/ Chip``; ``KESTREL: No`` where a model is sure.
    """
    text, start, end = guess.place
    if guess.kind != "PERSON" or not guess.lone or not guess.value[0].isupper():
        return False
    if guess.value.isupper():
        turn = start == 0 or text[start - 1] == "\n"
        return turn and guess.entity.score >= _SMALL_SURE and _SPEAKS.match(text, end) is not None
    small = guess.words[0].lower()
    if len(small) > LONGEST_NICKNAME or small in guess.known.roles or small in _KIN:
        return False
    return _ADDRESSED.search(guess.before(16)) is not None and not is_legal(text, start, end)
