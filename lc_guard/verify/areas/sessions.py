"""Sessions and vaults: no value of one conversation, tenant or vault comes out in another."""

from __future__ import annotations

import asyncio
import unicodedata
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig

from lc_guard.errors import SessionMissing
from lc_guard.langchain.documents import AnonymizeDocuments
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.vaults.base import RetentionVault
from lc_guard.vaults.memory import MemoryVault
from lc_guard.verify.modes import MODES, call
from lc_guard.verify.promises import Area, refusal, require
from lc_guard.verify.staging import (
    FIRST,
    FORMS,
    SECOND,
    ask,
    every_vault,
    guard_for,
    new_value,
    noting_model,
    seen,
    session,
    shown,
)

_ALIKE = (
    "case-1", "Case-1", "CASE-1", " case-1", "case-1 ", "case\u00a01", "case 1", "case_1", "case-1\u200b", "case-1\n",
    "Zoë", "Zoe", unicodedata.normalize("NFD", "Zoë"), "ﬁ", "fi", "ß", "ss", "SS", "İ", "i̇", "ı", "ſ", "K", "k",
    "１", "1", "01", "1.0", "a/b", "a%2fb", "a%2Fb", "a:b", "a::b", "a\x00b", "ab", "tenant*", "tenant?", "tenant[1]",
    "x" * 300, f"{'x' * 300}a", f"{'x' * 300}b", "\ud800", "\udfff",
)  # fmt: skip
"""Session ids that a fold, a trim, a normalization, a cut, a pattern or an encoding would take for one another."""


def _in_each_form() -> None:
    """A conversation is shown no value of another one, whatever placeholder its model names."""
    for form, build in FORMS.items():
        for mode in MODES:
            one, more, other = new_value(), new_value(), new_value()
            guard, where = guard_for(one, more, other), f"{form}, {mode}"
            ask(build(guard, noting_model()), mode, f"Note {one} and {more}", session("one"))
            echo = shown(ask(build(guard, noting_model()), mode, f"Note {other}", session("other")))
            require(other in echo and one not in echo, where)
            says = noting_model(says=f"It is {FIRST}, {SECOND}")
            told = shown(ask(build(guard, says), mode, f"And {other}?", session("other")))
            require(SECOND in told and not seen(told, one, more), f"{where}, a placeholder that it never had")
            told = shown(ask(build(guard, says), mode, "And?", session("third")))
            require(FIRST in told and SECOND in told, f"{where}, a third session")
            held = guard.session("other").placeholders()
            require(list(held.values()) == [other], f"{where}: the session holds what is not its own")


def _in_one_batch() -> None:
    """Each item of a batch has the session of its own config, also when all run at once."""
    for form, build in FORMS.items():
        for mode in ("batch", "abatch"):
            values = [new_value() for _ in range(6)]
            guard = guard_for(*values)
            chain = build(guard, noting_model())
            texts: list[Any] = [[("user", f"Note {value}")] for value in values]
            inputs = [{"messages": text} for text in texts] if form == "agent" else texts
            configs: list[RunnableConfig] = [session(f"s-{number}") for number in range(len(values))]
            for value, result in zip(values, call(chain, mode, inputs, configs), strict=True):
                others = [one for one in values if one != value]
                require(value in shown(result) and not seen(shown(result), *others), f"{form}, {mode}")
            for number, value in enumerate(values):
                held = guard.session(f"s-{number}").placeholders()
                require(list(held.values()) == [value], f"{form}, {mode}: a value lies in another session")


def _alike() -> None:
    """Session ids that differ in case, blanks, normalization, length or encoding are different conversations."""
    with every_vault() as vaults:
        for kind, make in vaults.items():
            values = {name: new_value() for name in _ALIKE if name.strip()}
            guard = guard_for(*values.values(), vault=make())
            for name, value in values.items():
                hidden = guard.session(name).anonymize(value)
                require(hidden == FIRST, f"{kind}: a new session has values already")
            for name, value in values.items():
                require(guard.session(name).deanonymize(FIRST) == value, f"{kind}: two ids are one session")
                require(guard.session(name).forget(), f"{kind}: another session was forgotten with it")
    guard = guard_for("7")
    require(guard.session("7").anonymize("7") == FIRST, "a text")
    require(guard.session(7).deanonymize(FIRST) == "7", "a number is not the text that it is written as")  # type: ignore[arg-type]


def _vaults() -> None:
    """What one vault holds no other one gives, and guards that share a vault share its conversations."""
    with every_vault() as vaults:
        for kind, make in vaults.items():
            value, more, vault = new_value(), new_value(), make()
            guard_for(value, more, vault=vault).session("s").anonymize(f"{value} {more}")
            guard_for("own", vault=vault).session("u").anonymize("own")
            require(vault.values("u", [FIRST, SECOND]) == {FIRST: "own"}, f"{kind}: a session that has one of its own")
            require(guard_for(value, vault=make()).session("s").deanonymize(FIRST) == FIRST, f"{kind}: another vault")
            require(guard_for(vault=vault).session("s").deanonymize(FIRST) == value, f"{kind}: the same vault")
            require(not vault.values("t", [FIRST]) and not vault.items("t"), f"{kind}: another session")
            require(vault.find("t", [value]) == [[]] and not vault.kinds("t"), f"{kind}: found from another session")


def _named() -> None:
    """The session of a call is its session_id, else its thread_id; a chain or an agent without one asks no model."""
    for form, build in FORMS.items():
        for mode in MODES:
            value = new_value()
            guard, model = guard_for(value), noting_model()
            app = build(guard, model)
            ask(app, mode, value, {"configurable": {"session_id": "s", "thread_id": "t"}})
            ask(app, mode, value, {"configurable": {"thread_id": "u"}})
            held = [bool(guard.session(name).placeholders()) for name in ("s", "t", "u")]
            require(held == [True, False, True], f"{form}, {mode}: the wrong session was taken")
            if form == "protect":
                continue
            asked = len(model.recording.texts)
            error = refusal(partial(ask, app, mode, value, {}), f"{form}, {mode}")
            require(isinstance(error, SessionMissing) and len(model.recording.texts) == asked, f"{form}, {mode}")


def _unnamed() -> None:
    """A call that names no session has one of its own, which is forgotten when it ends."""
    for mode in MODES:
        one, other = new_value(), new_value()
        vault = MemoryVault()
        guard = guard_for(one, other, vault=vault)
        require(one in shown(ask(FORMS["protect"](guard, noting_model()), mode, one, {})), f"{mode}: not put back")
        require(not list(vault.sessions()), f"{mode}: a session is left")
        says = noting_model(says=FIRST)
        require(one not in shown(ask(FORMS["protect"](guard, says), mode, other, {})), f"{mode}: calls share one")


def _reserved() -> None:
    """No conversation can name the session of stored documents."""
    value = new_value()
    for form, build in FORMS.items():
        for mode in MODES:
            guard, model = guard_for(value), noting_model(says=FIRST)
            AnonymizeDocuments(guard, session_id="corpus")
            guard.session("corpus").anonymize(value)
            app = build(guard, model)
            refusal(partial(ask, app, mode, "And?", session("corpus")), f"{form}, {mode}")
            require(not model.recording.texts, f"{form}, {mode}: the model was asked")
    refusal(lambda: GuardMiddleware(guard_for(), session_id=" "), "a blank session id")


def _forgotten() -> None:
    """What is forgotten comes back nowhere, and its placeholder is never given to another value."""
    with every_vault() as vaults:
        for kind, make in vaults.items():
            for way in ("forget", "aforget"):
                values = [new_value() for _ in range(3)]
                guard = guard_for(*values, vault=make())
                given: set[str] = set()
                for value in values:
                    hidden = guard.session("s").anonymize(value)
                    require(hidden not in given and value not in hidden, f"{kind}, {way}: a number came back")
                    given.add(hidden)
                    conversation = guard.session("s")
                    done = conversation.forget() if way == "forget" else asyncio.run(conversation.aforget())
                    require(done and not conversation.placeholders(), f"{kind}, {way}: values are left")
                    require(conversation.deanonymize(hidden) == hidden, f"{kind}, {way}: a value comes back")
                    require(not conversation.forget(), f"{kind}, {way}: it was not told that nothing was left")


def _value_forgotten() -> None:
    """A single value that is forgotten is gone from every session, and no other is."""
    with every_vault() as vaults:
        for kind, make in vaults.items():
            one, other, vault = new_value(), new_value(), make()
            guard = guard_for(one, other, vault=vault)
            for name in ("s", "t"):
                guard.session(name).anonymize(f"{one} {other}")
            require(isinstance(vault, RetentionVault) and vault.forget_value(one) == 2, f"{kind}: not in all sessions")
            for name in ("s", "t"):
                require([*guard.session(name).placeholders().values()] == [other], f"{kind}: it is left, or too little")
                require(guard.session(name).anonymize(one) not in (FIRST, one), f"{kind}: its number came back")


def _ended() -> None:
    """A session whose time is over gives nothing, and a flood of new ones pushes out none that is in use."""
    now = [0.0]
    value = new_value()
    guard = guard_for(value, vault=MemoryVault(ttl=60, clock=lambda: now[0]))
    guard.session("s").anonymize(value)
    now[0] = 61.0
    require(guard.session("s").deanonymize(FIRST) == FIRST, "a value of an ended session comes back")
    require(guard.session("s").anonymize(value) != FIRST, "the number of an ended session came back")
    guard = guard_for(value, vault=MemoryVault(max_sessions=2, live_seconds=60))
    for name in ("a", "b"):
        guard.session(name).anonymize(value)
    refusal(lambda: guard.session("c").anonymize(value), "a full vault")
    require(guard.session("a").deanonymize(FIRST) == value, "a session in use was pushed out")


SESSIONS = Area("sessions and vaults", (_in_each_form, _in_one_batch, _vaults, _named, _unnamed, _reserved))
SESSION_IDS = Area("session ids that look alike", (_alike,))
FORGETTING = Area("forgetting, numbers afterwards", (_forgotten, _value_forgotten, _ended))
