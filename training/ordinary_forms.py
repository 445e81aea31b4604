"""Makes the lists of ordinary words, in all their forms: `python -m training.ordinary_forms dictionaries`.

What wordfreq counted in a language and a dictionary of it writes small is an ordinary word: inflected verbs, adverbs,
nouns, adjectives. Left out are the names of Faker and Mimesis where the language is spoken, and all their other names
and what the dictionary writes large as well; not the common words of those in Italian and Polish, whose dictionaries
have names by the ten thousand. A common word that is a rare name as well is listed behind an empty line: in small
letters it is a word.

The dictionaries are Morph-it (Italian) as spacy-lookups-data has it, SGJP (Polish) in Morfeusz, and those of hunspell
for French, Spanish, Dutch and Portuguese: a folder of `fr.aff`, `fr.dic` and so on, from the npm packages
`dictionary-fr`, `-es`, `-nl` and `-pt`. German nouns have a list of their own (`german_nouns`).
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from lc_guard.detectors import ordinary_forms
from lc_guard.detectors.faker_names import faker_names
from lc_guard.detectors.locales import LANGUAGES, locale
from lc_guard.detectors.name_lists import load_names
from lc_guard.detectors.vocabulary import vocabulary

FOLDER = Path(__file__).parent.parent / "packages" / "lc-guard-ner-xx" / "lc_guard_ner_xx"
_Tells = Callable[[str], bool]
_LISTS = ("first_names", "last_names", "unisex_last_names", "male_last_names", "female_last_names")
_COMMON = 2e-5
"""Share of all words from which a word is hardly the rare name that it is as well."""
_WORD = re.compile(r"[^\W\d_]{3,30}")


def main() -> None:
    """Write the lists."""
    from wordfreq import get_frequency_dict

    for code in sorted(ordinary_forms.LANGUAGES):
        dictionary = {"it": _morph_it, "pl": _sgjp}.get(code) or partial(_hunspell, Path(sys.argv[1]), code)
        small, is_large = dictionary()
        listed, borne, elsewhere = _listed(code), _names((code,)), _names(LANGUAGES)
        words, small_words = [], []
        for word, share in sorted(get_frequency_dict(code).items()):
            if _WORD.fullmatch(word) is None or word in listed or not small(word):
                continue
            rare = word in elsewhere or is_large(word)
            if word not in borne and (not rare or (share >= _COMMON and code in ("it", "pl"))):
                words.append(word)
            elif share >= _COMMON:
                small_words.append(word)
        content = zlib.compress("\n".join([*words, "", *small_words]).encode(), 9)
        name = ordinary_forms.file_name(code)
        (FOLDER / name).write_bytes(content)
        print(f'    "{name}": "{hashlib.sha256(content).hexdigest()}",')
        print(len(words), "words,", len(small_words), "small ones,", len(content), "bytes", file=sys.stderr)


def _listed(code: str) -> frozenset[str]:
    """Return the most common names where a language is spoken, and of the USA."""
    known = locale(code)
    names = faker_names(known.given_names, _LISTS) | load_names()
    return frozenset(name.lower() for name in names) | known.nicknames | known.words_too | vocabulary().given_names


@cache
def _names(codes: tuple[str, ...]) -> frozenset[str]:
    """Return the names of Faker's and Mimesis' speakers of some languages, and those that are English words as well."""
    known = [locale(code) for code in codes]
    names = faker_names((place for one in known for place in one.given_names), _LISTS) | load_names()
    for path in (_of_package("mimesis") / "datasets").glob("*/person.json"):
        if path.parent.name.split("-")[0] in codes:
            person = json.loads(path.read_text(encoding="utf-8"))
            for group in (person.get("surnames", ()), person.get("names", ())):
                names.update(*(group.values() if isinstance(group, dict) else [group]))
    nicknames = frozenset().union(*(one.nicknames | one.words_too for one in known))
    return frozenset(name.lower() for name in names) | nicknames | vocabulary().given_names | vocabulary().savants


def _morph_it() -> tuple[_Tells, _Tells]:
    """Return what tells the small words of Morph-it as spaCy has it, and the large ones."""
    forms: set[str] = set()
    for path in (_of_package("spacy_lookups_data") / "data").glob("it_lemma_lookup_*.json.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            table = json.load(file)
        forms.update(table, table.values())
        if "verb" in path.name:
            forms.update(_with_accents(table))
    return forms.__contains__, lambda word: word.capitalize() in forms


def _sgjp() -> tuple[_Tells, _Tells]:
    """Return what tells the words of Morfeusz' dictionary, and those that are names of persons or places there."""
    from morfeusz2 import Morfeusz

    analyse = Morfeusz().analyse

    def small(word: str) -> bool:
        return all(meaning[2] != "ign" and meaning[1][0].islower() for _, _, meaning in analyse(word)[:1])

    def is_large(word: str) -> bool:
        return any(kind != "nazwa_pospolita" for _, _, meaning in analyse(word.capitalize()) for kind in meaning[3])

    return small, is_large


def _with_accents(verbs: Mapping[str, str]) -> Iterator[str]:
    """Yield the forms with an accent, which the table lacks, from their neighbours: ``tornai`` tells ``tornò``."""
    for form, verb in verbs.items():
        if form.endswith("rai"):
            yield from (form[:-2] + "à", form[:-2] + "ò")
        if form.endswith("ai") and verb.endswith("are"):
            yield form[:-2] + "ò"
        if form.endswith("ii"):
            yield form[:-2] + "ì"


def _hunspell(folder: Path, code: str) -> tuple[_Tells, _Tells]:
    """Return what tells the words that a dictionary takes in small letters, and those that it has in large ones."""
    from hunspell import Hunspell

    entries = (folder / f"{code}.dic").read_text(encoding="utf-8").splitlines()[1:]
    large = {entry.split("/")[0].split("\t")[0].lower() for entry in entries if entry[:1].isupper()}
    return Hunspell(code, hunspell_data_dir=str(folder)).spell, large.__contains__


def _of_package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"this needs the package {name}: see training/requirements.txt")
    return Path(spec.origin).parent


if __name__ == "__main__":
    main()
