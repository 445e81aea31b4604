import asyncio
import uuid

import pytest

from lc_guard import Guard, SessionMissing
from lc_guard.errors import VaultError, VaultFull
from lc_guard.sessions import call_vault
from lc_guard.testing import ExactDetector
from lc_guard.vaults import MemoryVault

CANARY = "Zebulon Quartermain"


class GraphBubbleUp(Exception):
    """Named like LangGraph's, which is known by its name."""


def fail(error):
    raise error


def new_session(**kwargs):
    return Guard(ExactDetector({"PERSON": [CANARY, "Bob"]}), **kwargs).session("jane@example.org")


def test_the_pair():
    session = new_session()
    hidden = session.anonymize(f"{CANARY} and Bob")
    assert hidden == "[REDACTED_PERSON_1] and [REDACTED_PERSON_2]"
    assert session.deanonymize(hidden) == f"{CANARY} and Bob"
    restorer = session.restorer()
    assert "".join(map(restorer.feed, hidden)) + restorer.flush() == f"{CANARY} and Bob"
    assert session.placeholders() == {"[REDACTED_PERSON_1]": CANARY, "[REDACTED_PERSON_2]": "Bob"}
    assert session.forget() is True
    assert session.forget() is False
    assert session.deanonymize(hidden) == hidden
    assert session.anonymize("Bob") == "[REDACTED_PERSON_3]"


@pytest.mark.parametrize("blocking", [True, False])
async def test_the_async_pair(blocking, monkeypatch):
    monkeypatch.setattr(MemoryVault, "blocking", blocking)
    vault = MemoryVault()
    session = new_session(vault=vault)
    hidden = await session.aanonymize(f"{CANARY} and Bob", stage="document")
    assert await session.adeanonymize(hidden) == f"{CANARY} and Bob"
    restorer = await session.arestorer(json_strings=True)
    assert restorer.feed(hidden) + restorer.flush() == f"{CANARY} and Bob"
    assert len(await session.aplaceholders()) == 2
    assert await session.aforget() is True
    assert await session.aforget() is False


def test_a_session_is_its_id():
    guard = Guard(ExactDetector({"PERSON": ["Bob"]}))
    guard.session("s").anonymize("Bob")
    assert guard.session("s").deanonymize("[REDACTED_PERSON_1]") == "Bob"
    assert guard.session(" s").deanonymize("[REDACTED_PERSON_1]") == "[REDACTED_PERSON_1]"


def test_a_session_shows_neither_its_id_nor_values():
    session = new_session()
    session.anonymize(CANARY)
    assert repr(session) == f"GuardSession({session._guard.digest('jane@example.org')})"


def test_numbers_and_uuids_are_ids():
    guard = Guard(ExactDetector({"PERSON": ["Bob"]}))
    number = uuid.uuid4()
    for given, as_text in ((7, "7"), (number, str(number))):
        guard.session(given).anonymize("Bob")
        assert guard.session(as_text).placeholders()


@pytest.mark.parametrize("wrong", ["", "  \n", None, True, 1.5, b"s", ["s"], {"s": 1}])
def test_what_is_no_id_is_refused(wrong):
    with pytest.raises(SessionMissing, match=r'config={"configurable"'):
        Guard([]).session(wrong)


@pytest.mark.parametrize("style", ["llm_guard", "fake"])
def test_a_vault_that_breaks_while_restoring_shows_no_text(style):
    class Broken(MemoryVault):
        def fail(self, *args):
            raise ValueError(CANARY)

    session = new_session(vault=Broken(), placeholder_style=style)
    hidden = session.anonymize(CANARY)
    vault = session._guard.vault
    for method in ("values", "items", "forget"):
        setattr(vault, method, vault.fail)
    calls = (
        lambda: session.deanonymize(hidden),
        lambda: asyncio.run(session.adeanonymize(hidden)),
        session.placeholders,
        session.forget,
    )
    for call in calls:
        with pytest.raises(VaultError, match=r"the vault failed: ValueError at test_sessions.py:\d+") as caught:
            call()
        assert CANARY not in str(caught.value)


def test_a_vaults_error_is_told_without_its_text():
    assert call_vault(lambda: 5) == 5
    with pytest.raises(VaultError, match=r"^the vault failed: ValueError at test_sessions.py:\d+$") as caught:
        call_vault(lambda: fail(ValueError(CANARY)))
    assert caught.value.__suppress_context__
    for error in (VaultFull("own"), GraphBubbleUp(), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            call_vault(lambda error=error: fail(error))
