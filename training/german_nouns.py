"""Makes the list of German nouns that are no names: `python -m training.german_nouns nouns.csv`.

The table is that of the package german-nouns, taken from the German Wiktionary, CC BY-SA 4.0, as the weights are. Left
out are names of people and places, and what Faker's German locales have as a name.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import re
import sys
import zlib
from pathlib import Path

from lc_guard.detectors import german_nouns

FILE = Path(__file__).parent.parent / "packages" / "lc-guard-ner-xx" / "lc_guard_ner_xx" / german_nouns.FILE_NAME
NAMES = re.compile("[Nn]ame|Toponym")
LISTS = ("first_names", "last_names")


def main() -> None:
    """Write the list."""
    with Path(sys.argv[1]).open(encoding="utf-8") as table:
        rows = [(row["lemma"], row["pos"]) for row in csv.DictReader(table)]
    borne = {lemma for lemma, kind in rows if NAMES.search(kind)}
    for code in ("de_DE", "de_AT", "de_CH"):
        provider = importlib.import_module(f"faker.providers.person.{code}").Provider
        borne |= {str(name) for kind in LISTS for name in getattr(provider, kind, ())}
    nouns = {lemma for lemma, _ in rows if re.fullmatch("[A-ZÄÖÜ][a-zäöüß]{2,}", lemma)} - borne
    content = zlib.compress("\n".join(sorted(nouns)).encode(), 9)
    FILE.write_bytes(content)
    print(f"{len(nouns)} nouns; SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
