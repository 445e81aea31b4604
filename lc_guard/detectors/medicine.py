"""Medicines, and what bears the name of somebody else: ``Parkinson's disease``, ``Moore's law``."""

from __future__ import annotations

import functools
import re
import unicodedata

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names, small_names
from lc_guard.detectors.surroundings import TextKind, is_clinical
from lc_guard.detectors.vocabulary import vocabulary

# Stems of the United States Adopted Names and the WHO's International Nonproprietary Names that end no surname.
_STEM = re.compile(
    r"(?i)[a-z]{2,}(?:cillin|mycin|micin|oxacin|cycline|prazole|conazole|nidazole|bendazole|sartan|(?<!a)pril|olol"
    r"|statin"
    r"|profen|fenac|coxib|formin|gliptin|gliflozin|glitazone|glutide|zumab|ximab|limab|lumab|numab|tinib|rafenib|ciclib"
    r"|parib|zomib|ciclovir|navir|buvir|previr|tegravir|fovir|amivir|triptan|setron|dipine|zosin|oxetine|traline"
    r"|talopram|azepam|azolam|barbital|caine|codone|morphone|fentanil|grel|xaban|gatran|parin|tidine|lukast|terol"
    r"|tropium|sone|solone|nide|thiazide|semide|lactone|peridol|peridone|azapine|tiapine|piprazole|phylline|stigmine"
    r"|curonium|curium|dronate|dronic|platin|rubicin|taxel|poside|tecan|mustine|fibrate|ezetimibe|gabalin|gabapentin"
    r"|racetam|vudine|citabine|trexate|thyroxine|cilastatin|floxacin|sulfa\w*|cef\w{3,}|penem|bactam|steride|afil|nacin"
    r"|gestrel|estradiol|insulin|trigine|losin|madol|azepine|zolpidem|tirizine|atadine|pofol|ketamine|mumab|steride"
    r"|methacin|vaptan|gliptin|lisib|degib|stinib|caftor)|gabapentin|[a-z]{4,}mab"
)
_WORD = re.compile(r"[a-zA-Z]{7,}")
_UNIT, _NUMBER_BEFORE = re.compile(r"(?:mg|mcg|ml|µg|iu|IU|units?)\b"), re.compile(r"\d ?$")
_AMOUNT = re.compile(r"\s\d[\d.,]*$")
_DOSE = re.compile(
    r"(?i)[ ,]*(?:\d[\d.,/-]* ?(?:mg|mcg|µg|g|ml|units?|iu|tablets?|caps(?:ules?)?|puffs?|%)(?!\w)"
    r"|(?:prn|bid|tid|qid|qd|qhs|po|iv|im|sc)\b)"
)
_TAKEN_BEFORE = re.compile(
    r"(?i)\b(?:dose|doses|tablets?|capsules?|mg|mcg|ml|overdose|side[ -]effects?|injections?|infusion"
    r"|refills?) (?:of|for) $"
    r"|\ballerg(?:ies|ic|y)(?: to|:) $|\b(?:discharged|started|kept|currently|still|now) on $|\b(?:prescribed"
    r"|titrat\w+) $"
)
_TAKEN_AFTER = re.compile(
    r"(?i) (?:(?:once|twice|thrice|one|two|three|four) (?:times )?(?:a|per|each|every)? ?(?:day|daily|week|weekly"
    r"|night)|(?:daily|weekly|nightly)\b"
    r"|at bedtime|every \d+ hours|tablets?\b|capsules?\b|injections?\b|patch\b|with (?:food|alcohol)\b|pills?\b"
    r"|dos(?:e|age)\b)"
)
_NO_LAST_WORD = re.compile(
    r"(?i)(?:syndrome|disease|scale|score|index|criteria|theorem|algorithm|catheter|sign|test|reflex|palsy|fracture"
    r"|maneuver|manoeuvre|lymphoma|classification|distribution|equation|constant|\w+itis|\w{2,}osis|\w{3,}a?emia)"
)
# What only a scientist is known for, and others have as well: "Newton's method", "Maria's method".
_OF_SAVANTS = (
    r"method|formula|identit(?:y|ies)|rule|model|number|functions?|experiment|cat|razor|law|problem|theory|approximation"
    r"|process(?:es)?|chain|test|correction|coefficient|criterion|relation|filter|group|ring|field|metric|norm|operator"
    r"|circle|angles?|radius|limit|shift|cycle|cell|motor|engine|kernel|sampl(?:er|ing)|decomposition|integra(?:l|tion)"
)
_OTHER = r"(?:[ -](?:and|or) [A-Z]\w+(?:'s|’s)?)?[ -]"
_POSSESSED = rf"(?:'s|’s|s'|')?{_OTHER}"
# "disease" and "test" are not here: patients have them, too.
_ANYBODYS = (
    r"catheters?|forceps|retractor|reflex|lymphoma|contracture|(?i:criteria|scale|score|index|inventory)|curve"
    # not "Okafor signs a contract"
    r"|signs(?! (?:an?|the|his|her|for|up|on|off|with|new|\d|one|two|three|four|five|six)\b)"
    r"|matrix|virus|tendon|space|series|numbers|noise|simulation|effect|principle|diagram|chart|machine|tube|stain"
    r"|syndrome"
)
_NAMED_AFTER = re.compile(
    rf"{_POSSESSED}(?:theorem|lemma|conjecture|paradox|algorithm|transform|equations?|distributions?|inequality"
    r"|polynomials?|maneuver|manoeuvre|palsy|sign|integral|equilibrium|constant"
    r"|(?i:law(?! firm| office| practice| degree| school| clerk| enforcement)))\b"
    rf"|{_OTHER}(?:{_ANYBODYS})\b|[ -](?:filters?(?! coffee)|classifier|mixtures?|expansion)\b"
    # Valentine's Day, Patrick's Day
    r"|[ ]?['’]s Day(?=[ ]?(?:[.,;:!?…\n]|$))"
)
_ANY_PATIENTS = (
    r"disease|test|score|scale|operation|procedure|fracture|phenomenon|classification|incision|tumou?r|node|ulcer|stage"
    r"|negative|positive|absent|present|line|drain|view|position|bodies|cells?|thyroiditis"
)
_NAMED_AFTER_IN_MEDICINE = re.compile(rf"{_NAMED_AFTER.pattern}|{_OTHER}(?:{_ANY_PATIENTS})\b")
# "Okafor's chart" and "Okafor's lymphoma" are Okafor's; "Hodgkin's lymphoma" is of him after whom a disease is named.
_OF_NAMESAKES = re.compile(rf"{_POSSESSED}(?:{_ANYBODYS}|{_ANY_PATIENTS})\b")
# Without a possessive no patient has it; "Positive Babinski", "Foley in place".
_ATTRIBUTE = re.compile(
    r"[ -](?:disease|classification|nodes?|bodies|sign(?= (?:is|was|were|absent|present|positive|negative)\b|[,.;)]|$))"
    r"|[ ](?:in place|in situ|(?:negative|positive)(?! for))\b"
)
_TOOL = re.compile(r" (?:lines?|drains?|clamp|tube|splint|scissors|needle|stent|graft)\b")
_MEDICAL = re.compile(r"[ -](?:phenomenon|cyst|reflex|contracture)\b")
_FOUND = re.compile(r"(?i)\b(?:positive|negative|equivocal) (?:for )?$")
_BY_SAVANTS = re.compile(rf"{_POSSESSED}(?:{_OF_SAVANTS})\b")
_INSTRUMENT = re.compile(
    "Scale|Score|Index|Inventory|Questionnaire|Criteria|Classification|Syndrome|Disease|scale|score|criteria"
)
_LAST_WORDS = {"PERSON": _NO_LAST_WORD, "ORGANIZATION": _INSTRUMENT}
_FOLLOWING = re.compile(r"[\w'’ -]{0,40}")
_LONGEST = 5


def is_medicine(guess: Guess) -> bool:
    """Return whether a guess is a medicine: known, made like the name of one, or with a dose behind it."""
    known = guess.known
    medicines = [word for word in guess.words if word.lower() in known.medicines or _STEM.fullmatch(word)]
    if medicines and all(word in medicines or known.is_ordinary(word) for word in guess.words):
        return True
    if _UNIT.match(guess.value) and _NUMBER_BEFORE.search(guess.before(2)):
        return True
    amount = _AMOUNT.search(guess.value)
    end = guess.entity.end - (len(amount[0]) if amount else 0)
    if not guess.lone:
        return False
    if guess.kind in {"ORGANIZATION", "NRP"} and _beside_medicine(guess):
        return True
    return not _is_given_name(guess) and _is_taken(guess, end)


def _is_given_name(guess: Guess) -> bool:
    return guess.words[0] in load_names() or guess.words[0].lower() in guess.known.given_names


def _names_something(guess: Guess, kind: TextKind) -> bool:
    """Whether one name stands before what is named after somebody of that name."""
    text, _, end = guess.place
    if (guess.kind != "LOCATION" or "-" in guess.value) and _names_a_finding(guess, kind):
        return True
    name = _plain(guess.words[0])
    if name in guess.known.savants and _BY_SAVANTS.match(text, end, end + 40):
        return True
    if _OF_NAMESAKES.match(text, end, end + 40) and (name in guess.known.savants or name in _namesakes()):
        return True
    return guess.kind == "PERSON" and guess.words[0].lower() in guess.known.bearers


def _names_a_finding(guess: Guess, kind: TextKind) -> bool:
    """Whether a disease, a sign or a tool follows, or a text of medicine says it of a patient."""
    text, _, end = guess.place
    named = _NAMED_AFTER_IN_MEDICINE if kind == "clinical" else _NAMED_AFTER
    if named.match(text, end, end + 40) or _MEDICAL.match(text, end, end + 20):
        return True
    if not (
        _TOOL.match(text, end, end + 12) or _ATTRIBUTE.match(text, end, end + 40) or _FOUND.search(guess.before(16))
    ):
        return False
    return is_clinical(*guess.place)


@functools.cache
def _namesakes() -> frozenset[str]:
    """Return those after whom a disease or a score is named, in small letters: ``hodgkin``, ``apgar``."""
    known, named = vocabulary(), re.compile(rf"(\w{{4,}})('s)? (?:{_ANYBODYS}|{_ANY_PATIENTS})")
    found = [match for match in map(named.fullmatch, known.eponyms) if match]
    names = {match[1] for match in found if match[2] or not known.knows(match[1])}
    # of Clark's sign and Williams syndrome nobody is meant who is called so today
    return (
        frozenset(names) - small_names() - {name.lower() for name in faker_names(("en_US", "en_GB"), ("last_names",))}
    )


def _plain(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(char))


def _beside_medicine(guess: Guess) -> bool:
    """Whether a medicine is told within a few words, so that a brand of one is meant."""
    after = guess.text[guess.entity.end : guess.entity.end + 40].partition(".")[0]
    near = f"{guess.before(40).rpartition('. ')[2]} {after}"
    return any(word.lower() in guess.known.medicines or _STEM.fullmatch(word) for word in _WORD.findall(near))


def _is_taken(guess: Guess, end: int) -> bool:
    """Whether it is told how much of it somebody takes."""
    dose = _DOSE.match(guess.text, end, end + 24)
    # "RACHELLE im gonna call"
    return (
        (dose is not None and (dose[0].strip(" ,") != "im" or is_clinical(guess.text, guess.entity.start, end)))
        or _TAKEN_AFTER.match(guess.text, end, end + 40) is not None
        or _TAKEN_BEFORE.search(guess.before(40)) is not None
    )


def is_eponym(guess: Guess, kind: TextKind) -> bool:
    """Return whether a disease, a law or a tool bears the name."""
    if guess.lone:
        if _names_something(guess, kind):
            return True
    elif guess.words and guess.kind in _LAST_WORDS and _LAST_WORDS[guess.kind].fullmatch(guess.words[-1]):
        # not Vitas Gerulaitis
        return guess.words[-1].islower() or guess.known.is_ordinary(guess.words[-1])
    text, _, end = guess.place
    following = _FOLLOWING.match(text, end, end + 40)
    words = f"{guess.value}{following[0] if following else ''}".replace("’", "'").lower().split()[:_LONGEST]
    least = min(len(guess.words), len(words))
    return any(" ".join(words[:count]) in guess.known.eponyms for count in range(least, len(words) + 1))
