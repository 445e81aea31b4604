"""What a shell completes: bash reads it and is asked."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pytest

from lc_guard.cli import main


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "lc-guard"
    with path.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        assert main(["completion", "bash"]) == 0
    return path


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("lc-guard che", ["check-policy", "checkpoints"]),
        ("lc-guard check-policy --s", ["--schema"]),
        ("lc-guard langfuse dataset pu", ["push"]),
        ("lc-guard scan --style an", ["angle"]),
        ("lc-guard completion ", ["bash", "tcsh", "zsh"]),
        ("lc-guard demo --svg ./pol", ["./policy.toml"]),
        ("lc-guard check-policy pol", ["policy.toml"]),
    ],
)
def test_bash(script: Path, tmp_path: Path, line: str, completed: list[str]) -> None:
    (tmp_path / "policy.toml").touch()
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    asked = (
        f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        "complete=$(complete -p lc-guard); function=${complete##*-F }; "
        f"${{function%% *}} lc-guard '{words[-1]}' '{words[-2]}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, cwd=tmp_path, timeout=30, check=True)
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == completed


@pytest.mark.parametrize(("shell", "begins"), [("zsh", "#compdef lc-guard"), ("tcsh", "# AUTOMATICALLY GENERATED")])
def test_other_shells(shell: str, begins: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    output = capsys.readouterr().out
    assert output.startswith(begins)
    assert "check-policy" in output
