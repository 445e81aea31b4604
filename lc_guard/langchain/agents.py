"""Beside GuardMiddleware in an agent: middlewares with a model of their own, and a watch over all models."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from langchain.agents.middleware import AgentMiddleware, ModelFallbackMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from lc_guard.errors import kind_given
from lc_guard.guard import Guard
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.langchain.child_runs import ModelWatch
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.langchain.wrapping import around_parts

Agent = TypeVar("Agent", bound=Runnable[Any, Any])

_REMEDY = (
    "Whatever asks a model in this agent needs protect(model, guard) with the same guard: a middleware "
    "(guarded_middleware names it), a tool, a sub-agent; the agent itself needs GuardMiddleware(guard)"
)


def guarded_middleware(
    guard_middleware: GuardMiddleware, others: Sequence[AgentMiddleware[Any, Any, Any]]
) -> list[AgentMiddleware[Any, Any, Any]]:
    """Return the middlewares of an agent, the guard first, with the models protected that the others ask by themselves.

    LangChain shows no middleware its siblings, so that `GuardMiddleware` can't look for them:
    ``create_agent(model, tools, middleware=guarded_middleware(GuardMiddleware(guard), [...]))`` does. A middleware
    with an unprotected model, such as SummarizationMiddleware, is named in a `UserWarning` that says what to write; the
    list holds a copy of it in which the model is protected. `watched` refuses whatever is not found here.

    Args:
        guard_middleware: Goes first.
        others: The other middlewares, in order; they stay as they are.

    Raises:
        TypeError: If something is no middleware.
    """
    if not isinstance(guard_middleware, GuardMiddleware):
        raise TypeError(f"guarded_middleware needs a GuardMiddleware, got {kind_given(guard_middleware)}")
    return [guard_middleware, *(_guarded(other, guard_middleware.guard) for other in others)]


def watched(agent: Agent, guard: Guard) -> Agent:
    """Return an agent in which every model that the guard does not protect is refused before it is asked.

    For what `GuardMiddleware` can't see: middlewares, tools and sub-agents that ask a model of their own. What runs
    without the agent's config, such as a thread of a tool's own, is not seen.

    Args:
        agent: What ``create_agent``, ``create_deep_agent`` or a compiled graph gives; it stays as it is.
        guard: The guard of the agent's `GuardMiddleware`.

    Returns:
        The same with a handler that raises `SeamBroken`.
    """
    watch = ModelWatch(guard, seam="the agent", remedy=_REMEDY)
    given: Agent = agent.with_config({"callbacks": [watch]})  # type: ignore[assignment]
    return given


def _guarded(middleware: Any, guard: Guard) -> Any:
    if not isinstance(middleware, AgentMiddleware):
        raise TypeError(f"a middleware is expected, got {kind_given(middleware)}")
    if isinstance(middleware, GuardMiddleware | ModelFallbackMiddleware):
        return middleware  # a model that is put into the request is protected there
    found: list[str] = []
    wrap = partial(_protected, guard=guard, found=found)
    changed = {name: new for name, old in vars(middleware).items() if (new := around_parts(old, wrap)) is not old}
    if not found:
        return middleware
    name = type(middleware).__name__
    warnings.warn(
        f"{name} asks a model of its own, which was protected in a copy of it: "
        f"write {name}(protect(model, guard), ...)",
        stacklevel=3,
    )
    guarded = copy.copy(middleware)
    vars(guarded).update(changed)
    return guarded


def _protected(model: BaseChatModel, *, guard: Guard, found: list[str]) -> Any:
    if isinstance(model, ProtectedChatModel) and model.guard is guard:
        return model
    found.append(type(model).__name__)
    return protect(model, guard)
