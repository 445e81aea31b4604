"""Run the examples against a stand-in for OpenAI and look for planted values in every byte that it received.

``python -m examples.check [NAME ...]``, in a checkout; exits with 1 if a value got out or an answer lacks one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from examples import serving
from examples.provider import SCRIPTS, Provider

FOLDER = Path(__file__).parent
PLANTED = ("Jane O'Hara", "O'Hara", "jane.ohara@example.org", "Liam Oduya", "12 Harbour Street")
"""What the examples' users, documents and tools say; none of it may reach the provider."""

ANSWERS = {
    "react_agent": "Jane O'Hara: order 4711",
    "email_assistant": "Sent to jane.ohara@example.org",
    "deep_agent": "answer | Jane O'Hara lives",
    "supervisor": "Jane O'Hara has 120 euros",
    "text_to_sql": "B2",
    "rag_chatbot": "born 4 May 1961, was seen for a fracture",
    "fastapi_service": "You asked: Who is Jane O'Hara?",
    "streamlit_chat": "You asked: Who is Jane O'Hara?",
    "langgraph_app": "Jane O'Hara comes on Friday",
}
"""A part of what the user of each example reads."""


@dataclass(frozen=True)
class Outcome:
    """What became of an example.

    Attributes:
        name: Its name.
        requests: How many the provider received.
        leaked: Planted values that it received.
        answered: Whether the user read what was to be read.
        printed: Everything it printed.
    """

    name: str
    requests: int
    leaked: list[str]
    answered: bool
    printed: str

    @property
    def passed(self) -> bool:
        """Whether it did its work and nothing got out."""
        return self.requests > 0 and self.answered and not self.leaked


def run(name: str, folder: Path = FOLDER) -> Outcome:
    """Run an example and return what the provider received of it.

    Args:
        name: Its name.
        folder: Where it is.
    """
    provider = Provider(reply=SCRIPTS[name])
    with provider, tempfile.TemporaryDirectory() as vault:
        settings = {
            "OPENAI_API_KEY": provider.api_key,
            "OPENAI_BASE_URL": provider.base_url,
            "VAULT_URL": f"sqlite:///{vault}/vault.db",
            "PYTHONPATH": os.pathsep.join([str(FOLDER), str(FOLDER.parent)]),
            "PYTHONWARNINGS": "ignore",
        }
        printed = _RUNS.get(name, _script)(folder / name, {**os.environ, **settings})
    received = b"\n".join(provider.raw)
    leaked = [value for value in PLANTED if value.encode() in received]
    return Outcome(name, len(provider.raw), leaked, ANSWERS[name] in printed, printed)


def _script(example: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, f"{example.name}.py"],
        cwd=example.parent, env=environment, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    return done.stdout + (done.stderr if done.returncode else "")


_RUNS: dict[str, Callable[[Path, dict[str, str]], str]] = {
    "fastapi_service": serving.fastapi,
    "streamlit_chat": serving.streamlit,
    "langgraph_app": serving.langgraph,
}


def main(names: list[str]) -> int:
    """Run examples and print a line for each."""
    outcomes = [run(name) for name in names or SCRIPTS]
    for outcome in outcomes:
        print(f"\n== {outcome.name}\n{outcome.printed.strip()}")
    print(f"\n{'example':18} {'requests':>8}  leaked")
    for outcome in outcomes:
        state = "" if outcome.answered else "  (the answer is not as expected)"
        print(f"{outcome.name:18} {outcome.requests:8}  {', '.join(outcome.leaked) or 'nothing'}{state}")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
