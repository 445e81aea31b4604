"""From nothing to a safe streaming agent on a text of one's own: each command of docs/quickstart.md, by it alone.

``QUICKSTART_BIN`` names the ``bin`` of an empty environment, into which the page's own command then installs
(`.ci/run`). Without it this environment is taken, and the command that installs is only looked at.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.openai_server import OpenAIServer, ToolCall, ToolCalls
from tests.support.pages import blocks
from tests.support.received import PLACEHOLDER, found_in

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/quickstart.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
AGENT, IMPORT = blocks(PAGE)
OWN_TEXT = "Marisol Vega-Ortiz of 77 Quarry Lane, Chatham was called by Tobias Lindqvist, t.lindqvist@example.org.\n"
VALUES = ("Marisol Vega-Ortiz", "Vega-Ortiz", "77 Quarry Lane", "Tobias Lindqvist", "t.lindqvist@example.org")

Run = Callable[[str], str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of the page in an empty folder, without a key; return what it prints."""
    words = ("LANGFUSE_", "LANGSMITH_", "LANGCHAIN_", "OPENAI_", "LC_GUARD_", "PYTHONPATH")
    env = {name: value for name, value in os.environ.items() if not name.startswith(words)}
    programs = os.environ.get("QUICKSTART_BIN")
    if programs is None:
        env["PYTHONPATH"] = str(ROOT)
        programs = str(tmp_path / "bin")
        Path(programs).mkdir()
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for name, line in (
            ("python", f'exec "{sys.executable}" "$@"'),
            ("lc-guard", f'exec "{sys.executable}" -m lc_guard "$@"'),
            ("pip", f'test "$*" = "install {extras["name"]}"'),
        ):
            (Path(programs) / name).write_text(f"#!/bin/sh\n{line}\n")
            (Path(programs) / name).chmod(0o755)
    env["PATH"] = f"{programs}:{env['PATH']}"
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def shell(command: str) -> str:
        ran = subprocess.run(
            ["/bin/bash", "-ec", command], cwd=folder, env=env, capture_output=True, text=True, timeout=170, check=False
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    return shell


@pytest.mark.timeout(900)
def test_each_command_of_the_way(run: Run) -> None:
    install, letter, scan, start, prove = COMMANDS
    run(install)
    run(letter)
    Path("letter.txt").write_text(OWN_TEXT, encoding="utf-8")  # "Take a file of yours"
    seen = run(scan)
    assert PLACEHOLDER.search(seen)
    assert found_in([seen], VALUES) == []
    Path("agent.py").write_text(AGENT, encoding="utf-8")
    assert run(start) == OWN_TEXT
    assert re.search(r"^0 leaks in 6 runs of 1 application$", run(prove), re.MULTILINE)


def test_the_same_with_a_model_of_ones_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two words that the page says are to be changed, on a server that speaks as OpenAI does."""
    assert '`ChatOpenAI(model="gpt-4o-mini")` in the place of `StandInModel()`' in PAGE
    code = AGENT.replace("from lc_guard.demo import StandInModel\n", IMPORT)
    code = code.replace("StandInModel()", 'ChatOpenAI(model="gpt-4o-mini")')
    Path("letter.txt").write_text(OWN_TEXT, encoding="utf-8")

    def reply(request: dict[str, object]) -> object:
        last = request["messages"][-1]
        return last["content"] if last["role"] == "tool" else ToolCalls((ToolCall("read_letter", {}),))

    with OpenAIServer(reply) as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        printed: list[str] = []
        exec(
            compile(code, "agent.py", "exec", dont_inherit=True),
            {"__name__": "__main__", "print": lambda text, **_: printed.append(text)},
        )
        bodies = [body.decode() for body in server.raw]
    assert "".join(printed) == OWN_TEXT
    assert len([piece for piece in printed if piece]) > 10
    assert len(bodies) == 2
    assert PLACEHOLDER.search(bodies[1])
    assert found_in(bodies, VALUES) == []
