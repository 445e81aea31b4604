"""What docs/deployment.md shows is there: its Python runs, its commands are understood, its names exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import lc_guard.vaults
from lc_guard import protect
from lc_guard.cli import main
from lc_guard.testing import NumberedMint
from lc_guard.vaults import EncryptedVault, KeyService, MemoryVault, SQLVault
from tests.support.openai_server import echo
from tests.support.received import PLACEHOLDER, found_in
from tests.support.seams import openai

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.S)
COMMANDS = re.findall(
    r"lc-guard (vault [a-z].*?)(?: {2,}#.*)?$", "\n".join(re.findall(r"```bash\n(.*?)```", PAGE, re.S)), re.M
)


class Kms:
    """The two calls of boto3's KMS client that the page makes."""

    def encrypt(self, *, KeyId: str, Plaintext: bytes) -> dict[str, bytes]:
        assert KeyId.startswith("arn:aws:kms:")
        return {"CiphertextBlob": Plaintext[::-1]}

    def decrypt(self, *, KeyId: str, CiphertextBlob: bytes) -> dict[str, bytes]:
        assert KeyId.startswith("arn:aws:kms:")
        return {"Plaintext": CiphertextBlob[::-1]}


def test_a_guard_on_the_vault_of_the_page(tmp_path, monkeypatch):
    (block,) = [block for block in PYTHON if "SQLVault(" in block]
    url = f"sqlite:///{tmp_path}/vault.db"
    monkeypatch.setenv("LC_GUARD_VAULT_KEYS", EncryptedVault.generate_key())
    names = {}
    exec(re.sub(r"postgresql://[^\"]+", url, block), names)

    config = {"configurable": {"session_id": "jane@example.org"}}
    values = ["Sean O'Brien", "sean.obrien@example.org", "jane@example.org"]
    with openai(echo) as (model, server):
        said = protect(model, names["guard"]).invoke("Write to Sean O'Brien, sean.obrien@example.org", config)
        asked = [body.decode() for body in server.raw]
    names["vault"].close()
    assert said.content == "Write to Sean O'Brien, sean.obrien@example.org"
    assert len(asked) == 1
    assert PLACEHOLDER.search(asked[0])
    stored = [path.read_bytes().decode("latin-1") for path in tmp_path.glob("vault.db*")]
    assert any("REDACTED_PERSON" in text for text in stored)
    assert found_in(asked + stored, values) == []


def test_the_key_of_a_kms():
    (block,) = [block for block in PYTHON if "class AwsKey" in block]
    names = {"kms": Kms()}
    exec(block, names)
    key = names["AwsKey"]()
    assert isinstance(key, KeyService)
    vault = EncryptedVault(MemoryVault(), keys=[key])
    given = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
    assert vault.values("s", given) == {given[0]: "Ada"}


def test_the_names_and_extras_exist():
    named = set(re.findall(r"`(\w+Vault)\b", PAGE))
    assert named <= set(lc_guard.vaults.__all__)
    assert {"SQLVault", "RedisVault", "EncryptedVault"} <= named
    extras = re.findall(r"`(\w+)`", re.search(r"Extras: (.*)", PAGE)[1])
    project = (ROOT / "pyproject.toml").read_text()
    assert all(re.search(rf"^{extra} = \[", project, re.M) for extra in extras)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_are_understood(command, tmp_path, monkeypatch, capsys):
    url = f"sqlite:///{tmp_path}/vault.db"
    monkeypatch.setenv("LC_GUARD_VAULT_URL", url)
    monkeypatch.setenv("LC_GUARD_VAULT_KEYS", EncryptedVault.generate_key())
    vault = EncryptedVault(SQLVault(url))
    vault.allocate("jane@example.org", [("PERSON", "Ada")], NumberedMint())
    vault.close()
    if "--value" in command:
        import io
        import sys

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Ada")))
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out


def test_the_tables_that_backups_may_leave_out(tmp_path):
    import sqlite3

    SQLVault(f"sqlite:///{tmp_path}/vault.db").purge()
    with sqlite3.connect(tmp_path / "vault.db") as database:
        columns = {
            table: {column[1] for column in database.execute(f"PRAGMA table_info({table})")}
            for table in ("lc_guard_sessions", "lc_guard_entries")
        }
    assert "key" in columns["lc_guard_sessions"]
    assert "payload" in columns["lc_guard_entries"]
    assert "key" not in columns["lc_guard_entries"]
