"""spaCy is imported without its command line, which comes as ever when somebody asks for it."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, sys
from lc_guard.detectors.weights import import_spacy
import_spacy()
import spacy
before = [name for name in ("weasel", "typer", "spacy.cli", "spacy.cli.info") if name in sys.modules]
info = spacy.info(silent=True)["spacy_version"]
download = spacy.cli.download
import spacy.cli
from spacy.cli import download as imported
ways = [download is imported, spacy.cli.download is imported, spacy.cli is sys.modules["spacy.cli"]]
print(json.dumps([before, info == spacy.__version__, ways, download.__module__, bool(spacy.cli.__file__)]))
"""


def test_it_is_there_when_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout) == [[], True, [True] * 3, "spacy.cli.download", True]
