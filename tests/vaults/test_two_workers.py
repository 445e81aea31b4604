"""LangChain over one encrypted database: what one worker hid another restores, in every mode; erasure and outages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser

from lc_guard import Anonymize, Blocked, Deanonymize, Guard, Policy, VaultError, protect
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.vaults import EncryptedVault, SQLVault

from ..support.agents import ANSWER, MAILS, QUESTION, REAL_ANSWER, Toolbox, asked, config, script
from ..support.agents import MODES as AGENT_MODES
from ..support.agents import run as run_agent
from ..support.openai_server import OpenAIServer, echo
from ..support.seams import CONFIG, E1, MAIL, MODES, NAME, ODD, P1, P2, make_guard, openai, run

KEY = EncryptedVault.generate_key()
SAID = f"{NAME} wrote to {ODD} at {MAIL}."
HIDDEN = f"{P1} wrote to {P2} at {E1}."


class Workers:
    """Workers on one database, each with a guard and a vault of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "vault.db"
        self.vaults: list[EncryptedVault] = []

    def guard(self, **kwargs) -> Guard:
        vault = EncryptedVault(SQLVault(f"sqlite:///{self.path}", timeout=1.0), keys=[KEY])
        self.vaults.append(vault)
        return make_guard(vault=vault, **kwargs)

    def lose(self) -> None:
        """The database becomes something that is none, under open connections too."""
        for vault in self.vaults:
            vault.close()
        for path in self.path.parent.glob("vault.db*"):
            path.unlink()
        self.path.mkdir()


@pytest.fixture
def workers(tmp_path: Path):
    made = Workers(tmp_path)
    yield made
    for vault in made.vaults:
        vault.close()


def text_of(pieces: list) -> str:
    return "".join(piece.text if isinstance(piece, AIMessage | AIMessageChunk) else str(piece) for piece in pieces)


def sent(server: OpenAIServer) -> str:
    return "".join(message["content"] or "" for request in server.requests for message in request["messages"])


@pytest.mark.parametrize("mode", MODES)
def test_the_two_halves_of_a_chain_in_two_workers(workers, mode):
    first, second = workers.guard(), workers.guard()
    with openai(echo) as (model, server):
        answer = text_of(run(Anonymize(first) | model | StrOutputParser(), mode, SAID))
    assert answer == HIDDEN
    assert {message["content"] for request in server.requests for message in request["messages"]} == {HIDDEN}
    assert text_of(run(Deanonymize(second), mode, answer)) == SAID


@pytest.mark.parametrize("mode", MODES)
def test_a_conversation_goes_on_at_another_worker(workers, mode):
    first, second = workers.guard(), workers.guard()
    with openai(echo) as (model, server):
        chains = [Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard) for guard in (first, second)]
        assert text_of(run(chains[0], mode, f"Ask {ODD}")) == f"Ask {ODD}"
        assert text_of(run(chains[1], mode, SAID)) == SAID
        assert text_of(run(chains[0], mode, f"Dear {NAME}")) == f"Dear {NAME}"
    said = list(dict.fromkeys(message["content"] for request in server.requests for message in request["messages"]))
    assert said == [f"Ask {P1}", f"{P2} wrote to {P1} at {E1}.", f"Dear {P2}"]


@pytest.mark.parametrize("mode", MODES)
def test_a_protected_model(workers, mode):
    first, second = workers.guard(), workers.guard()
    with openai(echo) as (model, server):
        assert text_of(run(protect(model, first), mode, [HumanMessage(SAID)])) == SAID
        # what the model still remembers by its placeholder means the same at the other worker
        assert text_of(run(protect(model, second), mode, [HumanMessage(f"{NAME}, {ODD}")])) == f"{NAME}, {ODD}"
    assert server.requests[-1]["messages"][-1]["content"] == f"{P1}, {P2}"
    assert NAME not in sent(server)


@pytest.mark.parametrize("mode", AGENT_MODES)
def test_an_agent(workers, mode):
    first, second = workers.guard(), workers.guard()
    for number, guard in enumerate((first, second)):
        box = Toolbox()
        with openai(MAILS) as (model, server):
            agent = create_agent(model, list(box), middleware=[GuardMiddleware(guard)])
            shown = str(run_agent(agent, mode, asked(QUESTION), config()))
        assert box.got == [("send_mail", {"to": MAIL, "text": f"Dear {NAME}"})], number
        assert P1 in sent(server)
        assert NAME not in sent(server)
        if "messages" not in mode and "events" not in mode:
            assert REAL_ANSWER in shown
    # what the answer names was hidden by the first worker
    with openai(script(ANSWER)) as (model, _):
        agent = create_agent(model, [], middleware=[GuardMiddleware(workers.guard())])
        assert agent.invoke(asked(QUESTION), config())["messages"][-1].text == REAL_ANSWER


def test_another_process_restores(workers):
    hidden = workers.guard().session("s-1").anonymize(SAID)
    code = (
        "import sys; from lc_guard import Guard; from lc_guard.vaults import EncryptedVault, SQLVault; "
        "guard = Guard([], vault=EncryptedVault(SQLVault(sys.argv[1]))); "
        "sys.stdout.write(guard.session('s-1').deanonymize(sys.argv[2]))"
    )
    environment = {**os.environ, "LC_GUARD_VAULT_KEYS": KEY}
    command = [sys.executable, "-c", code, f"sqlite:///{workers.path}", hidden]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == SAID


async def test_the_event_loop_is_never_blocked(workers):
    guard = workers.guard()
    with openai(echo) as (model, _):
        chain = Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard)
        await chain.ainvoke(SAID, CONFIG)
        with blockbuster_ctx("lc_guard"):
            assert await chain.ainvoke(SAID, CONFIG) == SAID
            assert "".join([piece async for piece in chain.astream(SAID, CONFIG)]) == SAID
            session = guard.session("s-1")
            assert await session.adeanonymize(HIDDEN) == SAID
            assert await session.aforget()


class TestErasure:
    def test_placeholders_of_a_forgotten_session_stay(self, workers):
        first, second = workers.guard(), workers.guard()
        with openai(echo) as (model, _):
            chain = Anonymize(first) | model | StrOutputParser()
            answer = chain.invoke(SAID, CONFIG)
            assert Deanonymize(second).invoke(answer, CONFIG) == SAID
            assert second.session("s-1").forget()
            for guard in (first, second):
                assert Deanonymize(guard).invoke(answer, CONFIG) == HIDDEN
            # the conversation goes on, and its old placeholders never mean anybody else
            assert (
                chain.invoke(SAID, CONFIG) == "[REDACTED_PERSON_3] wrote to [REDACTED_PERSON_4] at [REDACTED_EMAIL_2]."
            )
        assert Deanonymize(second).invoke(f"{answer} [REDACTED_PERSON_3]", CONFIG) == f"{HIDDEN} {NAME}"

    def test_a_forgotten_value_stays_hidden_in_every_session(self, workers):
        first, second = workers.guard(), workers.guard()
        for session in ("a", "b"):
            first.session(session).anonymize(SAID)
        assert workers.vaults[1].forget_value(NAME) == 2
        for guard in (first, second):
            for session in ("a", "b"):
                assert guard.session(session).deanonymize(HIDDEN) == f"{P1} wrote to {ODD} at {MAIL}."


class TestOutage:
    """Without its database nothing goes on: neither to the model nor, wrong, to the reader."""

    @pytest.mark.parametrize("mode", MODES)
    def test_blocks_before_the_model_is_called(self, workers, mode):
        guard = workers.guard()
        with openai(echo) as (model, server):
            chain = Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard)
            assert text_of(run(chain, mode, SAID)) == SAID
            before = len(server.requests)
            workers.lose()
            with pytest.raises(Blocked) as caught:
                run(chain, mode, SAID)
            assert len(server.requests) == before
        assert caught.value.decision.action == "block"
        assert NAME not in str(caught.value)
        assert str(workers.path.parent) not in str(caught.value)

    def test_also_where_errors_of_checks_are_allowed(self, workers):
        # what could not be remembered could not be restored: on_error lets go on without a check, not without a vault
        guard = workers.guard(policy=Policy(on_error="allow"))
        guard.session("s-1").anonymize(SAID)
        workers.lose()
        with pytest.raises(Blocked):
            guard.session("s-1").anonymize(SAID)

    def test_restoring_raises(self, workers):
        guard = workers.guard()
        hidden = guard.session("s-1").anonymize(SAID)
        workers.lose()
        with pytest.raises(VaultError) as caught:
            Deanonymize(guard).invoke(hidden, CONFIG)
        assert NAME not in str(caught.value)

    def test_goes_on_when_the_database_is_back(self, workers, tmp_path):
        guard = workers.guard()
        hidden = guard.session("s-1").anonymize(SAID)
        for vault in workers.vaults:
            vault.close()
        backup = shutil.copytree(workers.path.parent, tmp_path / "backup")
        workers.lose()
        with pytest.raises(Blocked):
            guard.session("s-1").anonymize(SAID)
        workers.path.rmdir()
        for path in backup.glob("vault.db*"):
            shutil.copy(path, workers.path.parent)
        assert guard.session("s-1").deanonymize(hidden) == SAID

    def test_a_worker_with_a_wrong_key_blocks(self, workers):
        workers.guard().session("s-1").anonymize(SAID)
        vault = EncryptedVault(SQLVault(f"sqlite:///{workers.path}"), keys=[EncryptedVault.generate_key()])
        with pytest.raises(Blocked, match="encrypted under another key") as caught:
            make_guard(vault=vault).session("s-1").anonymize(SAID)
        assert NAME not in str(caught.value)
        vault.close()
