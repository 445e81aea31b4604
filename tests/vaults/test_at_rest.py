"""What lies on disk: under EncryptedVault no byte form of a value or of a session id, in any file of the database."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from langgraph.store.sqlite import SqliteStore

from lc_guard.testing import NumberedMint
from lc_guard.vaults import EncryptedVault, LangGraphStoreVault, RedisVault, SQLVault

OLD, NEW = EncryptedVault.generate_key(), EncryptedVault.generate_key()
VALUES = ("Zosimus Quillfeather", "Zoë Çağlayan-Łukasiewicz", "王小明先生的家庭住址", "618-45-2907", "nul\x00Nulington")
SESSIONS = ("zosimus.quillfeather@example.org", "žofie-séance-4711")

Open = Callable[[], object]
Files = Callable[[], Iterator[Path]]


def forms(text: str) -> set[bytes]:
    """What a text looks like to somebody who searches a disk."""
    found = {written.encode(encoding) for written in (text, text.lower(), text.upper())
             for encoding in ("utf-8", "utf-16-le", "utf-16-be")}  # fmt: skip
    for raw in {written.encode() for written in (text, text.lower())}:
        found |= {raw.hex().encode(), raw.hex().upper().encode(), raw[::-1]}
        for shift in range(3):  # base64 has three forms, by where the text begins
            whole = base64.b64encode(b"\0" * shift + raw)
            found.add(whole[4 if shift else 0 : len(whole) - 4])
    return found | {json.dumps(text)[1:-1].encode(), quote(text).encode()}


def holding(files: Iterator[Path], texts: tuple[str, ...]) -> set[str]:
    """Which of some texts stand in files."""
    content = [path.read_bytes().strip(b"\0") for path in files]  # logs end in megabytes of nothing
    assert sum(map(len, content)) > 1_000, "nothing was looked at"
    return {text for text in texts if any(form in data for form in forms(text) for data in content)}


@pytest.fixture(params=["sqlite", "postgres", "redis", "store"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Open, Files]:
    """A database: what opens a vault in it, and what gives all its files, brought up to date."""

    def own_files() -> Iterator[Path]:
        return (path for path in tmp_path.rglob("*") if path.is_file())

    if request.param == "sqlite":
        return lambda: SQLVault(f"sqlite:///{tmp_path}/vault.db"), own_files
    if request.param == "store":
        store = request.getfixturevalue("sqlite_store")
        return lambda: LangGraphStoreVault(store, sole_writer=True), own_files
    server = request.getfixturevalue(f"{request.param}_server")
    if request.param == "postgres":
        begun = time.time() - 0.05

        def postgres_files() -> Iterator[Path]:
            server.query("CHECKPOINT")  # tables are then in their files, beside the write-ahead log
            data = server.folder / "data"
            return (path for path in data.rglob("*") if path.is_file() and path.stat().st_mtime >= begun)

        return lambda: SQLVault(server.url, table_prefix="at_rest_"), postgres_files

    def redis_files() -> Iterator[Path]:
        with server.client() as client:
            client.config_set("rdbcompression", "no")
            client.save()
        return (path for path in server.folder.rglob("*") if path.is_file())

    return lambda: RedisVault(server.url, prefix="at-rest"), redis_files


@pytest.fixture
def sqlite_store(tmp_path: Path):
    with SqliteStore.from_conn_string(f"{tmp_path}/store.db") as store:
        store.setup()
        yield store


def live(vault, session: str) -> list[str]:
    """A conversation's turn, and its answer read back."""
    given = vault.allocate(session, [("PERSON", value) for value in VALUES], NumberedMint())
    assert list(vault.values(session, given).values()) == list(VALUES)
    assert vault.find(session, [f"({VALUES[0]})"])[0]
    return given


def test_no_canary_lies_at_rest(place):
    open_inner, files = place

    def encrypted(*keys: str) -> EncryptedVault:
        return EncryptedVault(open_inner(), keys=keys)

    vault = encrypted(OLD)
    for session in SESSIONS:
        live(vault, session)
    assert holding(files(), VALUES + SESSIONS) == set(), "while it is open: journals too"
    other = encrypted(NEW, OLD)
    assert other.reencrypt() == len(SESSIONS)
    assert other.forget_value(VALUES[0]) == len(SESSIONS)
    assert other.forget(SESSIONS[0])
    live(other, SESSIONS[0])
    assert {info.session for info in encrypted(NEW).sessions()} == set(SESSIONS)
    for each in (vault, other):
        each.close()
    assert holding(files(), VALUES + SESSIONS) == set()


def test_the_search_is_not_blind(place, request):
    """Without encryption the same search finds every canary: in each kind of file that was looked at."""
    open_inner, files = place
    if request.node.callspec.params["place"] in ("postgres", "redis"):
        open_inner = {
            "postgres": lambda: SQLVault(request.getfixturevalue("postgres_server").url, table_prefix="in_clear_"),
            "redis": lambda: RedisVault(request.getfixturevalue("redis_server").url, prefix="in-clear"),
        }[request.node.callspec.params["place"]]
    plain = ("Ignatia Vandersloot", "Rosamund O'Brien", "ignatia@example.org")
    vault = open_inner()
    vault.allocate(plain[2], [("PERSON", plain[0]), ("PERSON", plain[1])], NumberedMint())
    assert holding(files(), plain) == set(plain)
    vault.close()
