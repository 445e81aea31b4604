"""Given names of the USA and Britain that are hardly anything else: Faker's lists, read once per process.

They stand in a file, made by ``training/english_words.py``: Faker itself looks for all of its languages at its import.
"""

from __future__ import annotations

from pathlib import Path

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
