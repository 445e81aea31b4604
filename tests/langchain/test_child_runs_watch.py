"""ModelWatch: a model that nobody protects is refused before it is asked."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda

from lc_guard.errors import SeamBroken
from lc_guard.langchain.child_runs import ModelWatch, unwatched, watch_of

from ..support.openai_server import echo
from ..support.seams import MODES, NAME, Noter, make_guard, openai, run


def watching(guard: Any = None, **options: Any) -> ModelWatch:
    return ModelWatch(guard or make_guard(), seam="protect()", remedy="Do this.", **options)


@pytest.mark.parametrize("mode", MODES)
def test_a_chat_model_is_not_asked(mode: str) -> None:
    watch, noter = watching(), Noter()
    with openai(echo) as (model, server):
        chain = RunnableLambda(lambda text: [HumanMessage(text)]) | model
        with pytest.raises(SeamBroken, match=r"protect\(\) is not whole.*Do this") as raised:
            run(chain, mode, NAME, {"callbacks": watch.over(CallbackManager([noter], [noter]))})
    assert not server.requests
    assert NAME not in str(raised.value)
    with pytest.raises(SeamBroken):
        watch.raise_if_refused()


@pytest.mark.parametrize("mode", MODES)
def test_a_text_model_is_not_asked(mode: str) -> None:
    asked: list[str] = []

    class Told(FakeListLLM):
        def _call(self, prompt: str, *args: Any, **kwargs: Any) -> str:
            asked.append(prompt)
            return "x"

    with pytest.raises(SeamBroken):
        run(Told(responses=["x"]), mode, NAME, {"callbacks": [watching()]})
    assert not asked


def test_the_watch_is_told_before_others() -> None:
    noter = Noter()
    manager = watching().over(CallbackManager([noter], [noter]))
    with openai(echo) as (model, _), pytest.raises(SeamBroken):
        model.invoke(NAME, {"callbacks": manager})
    assert not noter.of("chat_model_start")


@pytest.mark.parametrize("kind", [CallbackManager, AsyncCallbackManager])
def test_it_is_taken_off_for_its_own_guard_only(kind: Any) -> None:
    guard, other = make_guard(), make_guard()
    mine, theirs, noter = watching(guard), watching(other), Noter()
    manager = kind([noter], [noter])
    watched = theirs.over(mine.over(manager))
    assert watched.handlers == watched.inheritable_handlers == [theirs, mine, noter]
    assert unwatched(watched, guard).inheritable_handlers == [theirs, noter]
    assert unwatched([mine, theirs], guard) == [theirs]
    assert unwatched(None, guard) is None
    assert manager.handlers == [noter]
    assert type(watched) is kind


def test_the_innermost_watch_that_knows_a_session() -> None:
    guard = make_guard()
    outer, inner, plain = watching(guard, session="a"), watching(guard, session="b"), watching(guard)
    manager = plain.over(inner.over(outer.over(CallbackManager([]))))
    assert watch_of(manager, guard) is inner
    assert watch_of(manager, make_guard()) is None
    assert watch_of([plain], guard) is None
    assert watch_of(None, guard) is None


def test_nothing_was_refused() -> None:
    watch = watching()
    RunnableLambda(str).invoke(NAME, {"callbacks": [watch]})
    watch.raise_if_refused()
    assert repr(watch) == "ModelWatch(protect())"
