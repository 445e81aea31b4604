"""Goods and software called by their maker's name: ``my Zylora laptop``, ``install Bramlet with pip``."""

from __future__ import annotations

import re

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names

# What people buy ready-made. Not what tells of somebody's life or work: a house, a file, a letter, a film.
_GOODS = (
    r"air ?fryers?|android|antivirus|apps?|backpacks?|batter(?:y|ies)|bikes?|bicycles?|blenders?|boots?"
    r"|browsers?|cameras?|chargers?|cli|coffee (?:machine|maker)s?|compressors?|consoles?|controllers?|cpus?"
    r"|dashboards?|dishwashers?|drills?|drones?|dryers?|earbuds|ebook reader|espresso|extensions?|firmware"
    r"|fridges?|fryers?|gadgets?|gpus?|guitars?|hand(?:bags?|sets?)|head(?:phones?|sets?)|heaters?|helmets?"
    r"|hoodies?|hoover|jackets?|jeans|keyboards?|kettles?|laptops?|lawnmowers?|lenses|lens|lipstick|lotion"
    r"|makeup|mattress(?:es)?|microwaves?|mixers?|modems?|monitors?|motorbikes?|motorcycles?|mouse|mowers?"
    r"|netbooks?|notebooks?|ovens?|pc|pcs|perfume|phones?|pickup|pillows?|plugins?|plug-ins?|printers?"
    r"|projectors?|pumps?|razors?|routers?|saws?|scanners?|scooters?|sdk|sensors?|servers?|shampoo|shoes?|skis?"
    r"|smart(?:phones?|watch(?:es)?)|sneakers?|snowboards?|software|speakers?|strollers?|subwoofers?|sunglasses"
    r"|suvs?|switches|synth(?:esizer)?s?|t-?shirts?|tablets?|televisions?|tents?|thermostats?|toasters?"
    r"|toothbrush(?:es)?|toothpaste|tractors?|trainers|treadmills?|trucks?|tyres?|tires?|tvs?|vacuums?|vans?"
    r"|watch(?:es)?|webcams?|wheels?|widgets?"
)
_AFTER = re.compile(rf" (?:[a-z]{{3,10}} )?(?:{_GOODS})\b(?! (?:repair|shop|store|salesman|dealer))")
# "I bought Okafor boots" is a present to somebody.
_BEFORE = re.compile(
    r"(?i)\b(?:my|our|your|his|her|their|an?|some|any|new|old|used|broken|cheap|expensive|wireless"
    r"|sell|sells|selling|sold|wear|wears|wearing|wore|of|these|those|\d+) \Z"
)
_INSTALLED = re.compile(r"(?i)\b(?:(?:un|re)?install(?:s|ed|ing)?|upgrade[ds]?|downgrade[ds]?|deploy(?:s|ed|ing)?) \Z")
_WITH = re.compile(
    r" (?:(?:with|via|from|using|through) (?:pip|npm|apt|brew|conda|yarn|cargo|helm|docker|homebrew|source"
    r"|the (?:app|play) store)|(?:to|from) (?:v(?:ersion)? ?)?\d)"
)
_RELEASED = re.compile(r" (?:releases?d?|ships?|shipped|v(?:ersion)?) (?:v(?:ersion)? ?)?\d+\.\d")


def is_brand(guess: Guess) -> bool:
    """Return whether a person is the maker of goods, or software that is installed or released.

    Args:
        guess: The guess.
    """
    if guess.kind != "PERSON" or not guess.lone or guess.value in load_names() or guess.value.islower():
        return False
    text, _, end = guess.place
    if _RELEASED.match(text, end, end + 30) is not None:
        return True
    before = guess.before(16)
    if _INSTALLED.search(before) is not None and _WITH.match(text, end, end + 40) is not None:
        return True
    return _BEFORE.search(before) is not None and _AFTER.match(text, end, end + 40) is not None
