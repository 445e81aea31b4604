"""``lc-guard vault``, in process: what it shows and keeps to itself, what it erases, what it says of errors."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lc_guard.cli import main
from lc_guard.testing import NumberedMint
from lc_guard.vaults import EncryptedVault, RedisVault, SQLVault

OLD, NEW = EncryptedVault.generate_key(), EncryptedVault.generate_key()
ROOT = Path(__file__).parents[2]
CANARIES = ("Zebulon Quartermain", "536-90-4399")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_GUARD_VAULT_URL", "LC_GUARD_VAULT_KEYS", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["plain", "encrypted"])
def url(request, tmp_path, monkeypatch) -> str:
    """A vault with two sessions, one plain and one encrypted."""
    url = f"sqlite:///{tmp_path}/vault.db"
    keys = request.param == "encrypted"
    if keys:
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", OLD)
    vault = EncryptedVault(SQLVault(url)) if keys else SQLVault(url)
    vault.allocate("jane@example.org", [("PERSON", CANARIES[0]), ("US_SSN", CANARIES[1])], NumberedMint())
    vault.allocate("two\x1b[2J", [("PERSON", CANARIES[0])], NumberedMint())
    vault.close()
    monkeypatch.setenv("LC_GUARD_VAULT_URL", url)
    return url


def opened(url: str) -> SQLVault | EncryptedVault:
    return EncryptedVault(SQLVault(url)) if os.environ.get("LC_GUARD_VAULT_KEYS") else SQLVault(url)


def piped(monkeypatch, text: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))


def said(capsys) -> tuple[str, str]:
    captured = capsys.readouterr()
    for canary in CANARIES:
        assert canary not in captured.out + captured.err
    assert "\x1b[2J" not in captured.out + captured.err
    assert "Traceback" not in captured.err
    return captured.out, captured.err


class TestLooking:
    def test_list(self, capsys, url):
        assert main(["vault", "list"]) == 0
        out, _ = said(capsys)
        assert "jane@example.org" in out
        assert '"two\\u001b[2J"' in out
        assert main(["vault", "list", "--json", "--url", url]) == 0
        out, _ = said(capsys)
        lines = {line["session"]: line for line in map(json.loads, out.splitlines())}
        assert lines.keys() == {"jane@example.org", "two\x1b[2J"}
        assert lines["jane@example.org"]["values"] == 2
        assert lines["jane@example.org"]["created"].endswith("Z")

    def test_ids_of_any_text_are_shown_as_they_are(self, capsys, tmp_path):
        url = f"sqlite:///{tmp_path}/vault.db"
        ids = ["[red]id[/red]", ":smile:", "王小明", "[REDACTED_PERSON_1]", "x" * 10_000, "\ud800", " padded "]
        vault = SQLVault(url)
        for session in ids:
            vault.allocate(session, [("PERSON", "Ada")], NumberedMint())
        assert main(["vault", "list", "--url", url]) == 0
        out = said(capsys)[0]
        for shown in (*ids[:4], '"\\ud800"', '" padded "'):
            assert shown in out
        assert out.count("x") >= 10_000
        assert main(["vault", "list", "--url", url, "--json"]) == 0
        assert {json.loads(line)["session"] for line in said(capsys)[0].splitlines()} == set(ids)

    def test_stats(self, capsys, url):
        assert main(["vault", "stats"]) == 0
        assert "2 sessions, 3 values; 0 sessions expired" in said(capsys)[0]
        assert main(["vault", "stats", "--json"]) == 0
        assert json.loads(said(capsys)[0])["values"] == 3

    def test_an_empty_vault(self, capsys, tmp_path):
        url = f"sqlite:///{tmp_path}/empty.db"
        SQLVault(url).purge()
        for action, expected in (("list", "no sessions"), ("stats", "0 sessions, 0 values"), ("purge", "0 sessions")):
            assert main(["vault", action, "--url", url]) == 0
            assert expected in said(capsys)[0]
        EncryptedVault(SQLVault(url), keys=[OLD]).check()  # looking at it made it neither plain nor encrypted


class TestForget:
    def test_a_session(self, capsys, url):
        assert main(["vault", "forget", "jane@example.org", "--yes"]) == 0
        assert said(capsys)[0] == "forgotten\n"
        assert [info.session for info in opened(url).sessions()] == ["two\x1b[2J"]
        assert main(["vault", "forget", "jane@example.org", "--yes"]) == 1
        assert "there is no session jane@example.org" in said(capsys)[1]

    def test_a_value_from_a_pipe(self, capsys, monkeypatch, url):
        piped(monkeypatch, f"{CANARIES[0]}\n".encode())
        assert main(["vault", "forget", "--value", "--yes", "--json"]) == 0
        assert json.loads(said(capsys)[0]) == {"forgotten": 2}
        assert list(opened(url).items("jane@example.org").values()) == [CANARIES[1]]
        piped(monkeypatch, CANARIES[0].encode())
        assert main(["vault", "forget", "--value", "--yes"]) == 1
        assert "no session holds this value" in said(capsys)[1]

    @pytest.mark.parametrize("args", [["s"], ["--value"]])
    def test_what_has_expired_lies_there_still_and_goes_too(self, monkeypatch, tmp_path, args):
        url = f"sqlite:///{tmp_path}/old.db"
        vault = SQLVault(url, ttl=0.05)
        vault.allocate("s", [("PERSON", CANARIES[0])], NumberedMint())
        vault.close()
        time.sleep(0.1)
        assert CANARIES[0].encode() in (tmp_path / "old.db").read_bytes()
        piped(monkeypatch, CANARIES[0].encode())
        main(["vault", "forget", *args, "--yes", "--url", url])
        assert CANARIES[0].encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("old.db*"))

    def test_asks_on_a_terminal(self, url):
        shown = terminal("forget", "jane@example.org", answers=["n"])
        assert "Forget session jane@example.org for good? [y/N]" in shown
        assert "nothing was changed" in shown
        assert opened(url).items("jane@example.org")
        assert "forgotten" in terminal("forget", "jane@example.org", answers=["y"])
        assert not opened(url).items("jane@example.org")

    def test_asks_for_a_value_without_showing_it(self, url):
        shown = terminal("forget", "--value", answers=[CANARIES[0], "y"])
        assert "Value to forget (not shown)" in shown
        assert "forgotten in 2 sessions" in shown
        assert CANARIES[0] not in shown

    @pytest.mark.parametrize(
        ("args", "stdin", "message"),
        [
            ([], b"", "either a SESSION or --value"),
            (["s", "--value"], b"", "either a SESSION or --value"),
            (["s"], b"", "say --yes"),
            (["--value"], b"Ada", "needs --yes"),
            (["--value", "--yes"], b"", "no value was given"),
            (["--value", "--yes"], b"\xff\xfe", "not UTF-8"),
        ],
    )
    def test_wrong_use(self, capsys, monkeypatch, url, args, stdin, message):
        piped(monkeypatch, stdin)
        assert main(["vault", "forget", *args]) == 2
        assert message in said(capsys)[1]
        assert opened(url).stats()["values"] == 3


def terminal(*args: str, answers: list[str]) -> str:
    """Run the command on a terminal of its own, and give what is seen there."""
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "lc_guard", "vault", *args]
    environment = {**os.environ, "COLUMNS": "200", "TERM": "dumb"}
    with subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, cwd=ROOT, env=environment, start_new_session=True
    ) as process:
        os.close(child)
        killer = threading.Timer(30, process.kill)
        killer.start()
        shown, asked = b"", 0
        try:
            for answer in answers:
                while not shown[asked:].rstrip().endswith((b"[y/N]", b"shown):")):
                    shown += os.read(parent, 1000)
                asked = len(shown)
                os.write(parent, f"{answer}\n".encode())
            while True:
                shown += os.read(parent, 1000)
        except OSError:  # how Linux says that the other side has closed
            pass
        finally:
            os.close(parent)
        assert process.wait() in (0, 1)
        killer.cancel()
    return shown.decode()


class TestExport:
    def test_needs_to_be_told(self, capsys, url):
        assert main(["vault", "export", "jane@example.org"]) == 2
        assert "--show-values" in said(capsys)[1]

    def test_shows_raw_values(self, capsys, url):
        assert main(["vault", "export", "jane@example.org", "--show-values", "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown == {
            "session": "jane@example.org",
            "values": {"<PERSON-1>": CANARIES[0], "<US_SSN-1>": CANARIES[1]},
        }
        assert main(["vault", "export", "jane@example.org", "--show-values"]) == 0
        assert all(canary in capsys.readouterr().out for canary in CANARIES[:1])

    def test_of_nobody(self, capsys, url):
        assert main(["vault", "export", "nobody", "--show-values"]) == 1
        assert "there is no session nobody" in said(capsys)[1]

    def test_help_says_that_values_are_raw(self, capsys):
        with pytest.raises(SystemExit):
            main(["vault", "export", "--help"])
        assert "RAW VALUES" in capsys.readouterr().out


def test_purge(capsys, tmp_path):
    url = f"sqlite:///{tmp_path}/vault.db"
    SQLVault(url, ttl=0.001).allocate("s", [("PERSON", "Ada")], NumberedMint())
    SQLVault(url, ttl=None).allocate("t", [("PERSON", "Ada")], NumberedMint())
    assert main(["vault", "stats", "--url", url, "--json"]) == 0
    counts = json.loads(said(capsys)[0])
    assert (counts["sessions"], counts["expired"]) == (1, 1)
    assert main(["vault", "purge", "--url", url]) == 0
    assert said(capsys)[0] == "purged 1 session\n"
    assert main(["vault", "purge", "--url", url, "--json"]) == 0
    assert json.loads(said(capsys)[0]) == {"purged": 0}


class TestReencrypt:
    @pytest.mark.parametrize("url", ["encrypted"], indirect=True)
    def test_brings_all_under_the_newest_key(self, capsys, monkeypatch, url):
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", f"{NEW},{OLD}")
        assert main(["vault", "reencrypt"]) == 0
        assert said(capsys)[0] == "2 sessions brought under the newest key\n"
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", NEW)
        assert main(["vault", "reencrypt", "--json"]) == 0
        assert json.loads(said(capsys)[0]) == {"reencrypted": 0}
        assert opened(url).stats()["values"] == 3

    @pytest.mark.parametrize("url", ["plain"], indirect=True)
    def test_without_keys(self, capsys, url):
        assert main(["vault", "reencrypt"]) == 2
        assert "set LC_GUARD_VAULT_KEYS" in said(capsys)[1]

    @pytest.mark.parametrize("url", ["encrypted"], indirect=True)
    def test_shows_how_far_it_is(self, monkeypatch, url):
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", f"{NEW},{OLD}")
        assert "2 sessions brought under the newest key" in terminal("reencrypt", answers=[])


class TestErrors:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("", "set LC_GUARD_VAULT_URL"),
            ("mysql://u:hunter2@h/d", "begins with none of the known schemes"),
            ("hunter2", "begins with none of the known schemes"),
            ("sqlite:///no-such-hunter3.db", "there is no file"),
            ("sqlite://", "there is no file"),
            ("postgresql://u:hunter2@h:port/d", "this is no database URL"),
        ],
    )
    def test_no_url(self, capsys, given, message):
        assert main(["vault", "list", "--url", given]) == 2
        error = said(capsys)[1]
        assert message in error
        assert "hunter2" not in error
        assert not Path("no-such-hunter3.db").exists()

    def test_a_server_that_is_not_there(self, capsys):
        assert main(["vault", "stats", "--url", "postgresql://u:hunter2@127.0.0.1:9/d"]) == 1
        assert "hunter2" not in said(capsys)[1]

    @pytest.mark.parametrize("url", ["encrypted"], indirect=True)
    @pytest.mark.parametrize("keys", [NEW, ""], ids=["another", "none"])
    def test_a_wrong_key_or_none(self, capsys, monkeypatch, url, keys):
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", keys)
        for args in (
            ["list"],
            ["forget", "jane@example.org", "--yes"],
            ["export", "jane@example.org", "--show-values"],
        ):
            assert main(["vault", *args]) == 1
            assert "LC_GUARD_VAULT_KEYS" in said(capsys)[1]

    @pytest.mark.parametrize("url", ["plain"], indirect=True)
    def test_a_key_for_a_plain_vault(self, capsys, monkeypatch, url):
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", OLD)
        assert main(["vault", "list"]) == 1
        assert "not encrypted" in said(capsys)[1]

    def test_no_key_at_all(self, capsys, monkeypatch, url):
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", "hunter2")
        assert main(["vault", "list"]) == 1
        error = said(capsys)[1]
        assert "not usable" in error
        assert "hunter2" not in error

    def test_no_database(self, capsys, tmp_path):
        path = tmp_path / "vault.db"
        path.write_bytes(b"this is no database " * 100)
        assert main(["vault", "list", "--url", f"sqlite:///{path}"]) == 1
        said(capsys)


@pytest.mark.parametrize("server", ["postgres_server", "redis_server"])
class TestServers:
    def test_all_actions(self, capsys, monkeypatch, request, server):
        url = request.getfixturevalue(server).url
        open_inner = SQLVault if server == "postgres_server" else RedisVault
        prefix = {"table_prefix" if open_inner is SQLVault else "prefix": "by_command"}
        vault = EncryptedVault(open_inner(url, **prefix), keys=[OLD])
        vault.allocate("jane@example.org", [("PERSON", CANARIES[0]), ("US_SSN", CANARIES[1])], NumberedMint())
        vault.close()
        monkeypatch.setenv("LC_GUARD_VAULT_URL", url)
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", f"{NEW},{OLD}")

        def answer(*args: str) -> object:
            assert main(["vault", *args, "--prefix", "by_command", "--json"]) == 0
            return json.loads(capsys.readouterr().out)

        assert answer("list")["session"] == "jane@example.org"
        assert answer("stats")["values"] == 2
        assert answer("reencrypt") == {"reencrypted": 1}
        assert answer("export", "jane@example.org", "--show-values")["values"]["<PERSON-1>"] == CANARIES[0]
        piped(monkeypatch, CANARIES[0].encode())
        assert answer("forget", "--value", "--yes") == {"forgotten": 1}
        assert answer("purge") == {"purged": 0}
        assert answer("forget", "jane@example.org", "--yes") == {"forgotten": 1}
        assert answer("stats")["sessions"] == 0

    def test_a_wrong_password(self, capsys, request, server):
        running = request.getfixturevalue(server)
        url = running.url.replace(running.password.replace(" ", "%20"), "hunter2")
        assert url != running.url
        assert main(["vault", "list", "--url", url]) == 1
        error = said(capsys)[1]
        assert "password" in error
        assert "hunter2" not in error
