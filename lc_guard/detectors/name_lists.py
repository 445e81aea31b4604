"""Lists of names, read once per process: Faker's.

Given names of the USA and Britain that are hardly anything else stand in a file, made by
``training/english_words.py``: Faker itself looks for all of its languages at its import.
"""

from __future__ import annotations

from pathlib import Path

from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.detectors.weights import LoadOnce

_FILE = Path(__file__).parent / "words" / "first_names.txt"
GIVEN_WORDS = frozenset(
    [
        *("amber", "angel", "april", "ariel", "austin", "autumn", "bailey", "bill", "brandy", "chad", "chase"),
        *("chelsea", "cheyenne", "christian", "clinton", "crystal", "daisy", "dakota", "dale", "dawn", "dean"),
        *("destiny", "devon", "diamond", "don", "drew", "earl", "ebony", "faith", "frank", "gene", "georgia", "glen"),
        *("grace", "grant", "guy", "hazel", "heather", "holly", "hunter", "jackson", "jade", "jay", "jean", "jesus"),
        *("jo", "jordan", "joy", "june", "kent", "lance", "lee", "logan", "madison", "marian", "mark", "mason", "max"),
        *("melody", "mercedes", "miranda", "misty", "norma", "norman", "parker", "patty", "penny", "preston", "raven"),
        *("ray", "robin", "rose", "rosemary", "sandy", "savannah", "scott", "sierra", "sue", "summer", "sydney"),
        *("tanner", "troy", "victor", "victoria", "virginia", "warren", "washington", "wayne", "whitney", "will"),
    ]
)
"""Given names that are at least as often a word, a month, a place or a thing: left to the models."""

_COUNTRIES = (
    *(
        "cs_CZ",
        "da_DK",
        "de_AT",
        "de_CH",
        "de_DE",
        "en_IE",
        "en_IN",
        "en_NZ",
        "es_CO",
        "es_ES",
        "es_MX",
        "et_EE",
        "fi_FI",
    ),
    *("fr_FR", "ga_IE", "hr_HR", "hu_HU", "id_ID", "it_IT", "lt_LT", "lv_LV", "nl_BE", "nl_NL", "no_NO", "pl_PL"),
    *("pt_BR", "pt_PT", "ro_RO", "sk_SK", "sl_SI", "sv_SE", "tr_TR"),
)


@LoadOnce
def load_names() -> frozenset[str]:
    """Load the given names, as they stand in a sentence and in capitals."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()[1:]
    names = {name for name in lines if name.lower() not in GIVEN_WORDS and len(name) > 2}
    return frozenset(names | {name.upper() for name in names})


@LoadOnce
def small_names() -> frozenset[str]:
    """Load those that are no words in small letters."""
    return frozenset(name.lower() for name in load_names()) - vocabulary().ordinary


@LoadOnce
def given_names() -> frozenset[str]:
    """Load the given names of Faker's languages in Latin letters."""
    return frozenset(faker_names(_COUNTRIES, ("first_names", "first_names_male", "first_names_female"))) | load_names()


@LoadOnce
def surnames() -> frozenset[str]:
    """Load the surnames of Faker's languages in Latin letters."""
    lists = ("last_names", "unisex_last_names", "male_last_names", "female_last_names")
    return frozenset(faker_names((*_COUNTRIES, "en_GB", "en_US"), lists))


def is_listed_name(word: str) -> bool:
    """Return whether a word, however it is written, is a given name or surname of any of these languages."""
    return word.capitalize() in given_names() or word.capitalize() in surnames()
