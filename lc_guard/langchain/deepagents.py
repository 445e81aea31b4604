"""guarded_subagents: the sub-agents of deepagents, which take no middleware over from their agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lc_guard.errors import SeamBroken, kind_given
from lc_guard.langchain.agents import guarded_middleware, watched
from lc_guard.langchain.boundary import protect
from lc_guard.langchain.middleware import GuardMiddleware


def guarded_subagents(
    guard_middleware: GuardMiddleware,
    subagents: Sequence[Mapping[str, Any]] = (),
    *,
    skills: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return the sub-agents of ``create_deep_agent`` with the guard in each of them, the built-in one included.

    ``create_deep_agent(model=protect(model, guard), middleware=[guard_middleware],
    subagents=guarded_subagents(guard_middleware))``. The model is to be protected by itself as well: deepagents puts a
    middleware that summarizes into every agent and gives it the model as it is.

    Args:
        guard_middleware: The same that the agent has.
        subagents: Your own ones; they stay as they are. Of a compiled one every model must be protected already: it is
            watched, and an unprotected model is refused before it is asked.
        skills: Skills of the built-in sub-agent, as the agent has them.

    Returns:
        Your sub-agents, and the built-in ``general-purpose`` one unless you gave one of that name.

    Raises:
        TypeError: If a sub-agent's model is named by a text, or the middleware is none of ours.
        ValueError: If a sub-agent runs on another server.
        SeamBroken: If deepagents does not say any longer what its built-in sub-agent is.
    """
    if not isinstance(guard_middleware, GuardMiddleware):
        raise TypeError(f"guarded_subagents needs a GuardMiddleware, got {kind_given(guard_middleware)}")
    given = [*subagents]
    built_in = _built_in()
    if all(spec["name"] != built_in["name"] for spec in given):
        given.insert(0, built_in if skills is None else {**built_in, "skills": [*skills]})
    return [_guarded(spec, guard_middleware) for spec in given]


def _guarded(spec: Mapping[str, Any], guard_middleware: GuardMiddleware) -> dict[str, Any]:
    guard = guard_middleware.guard
    if "graph_id" in spec:
        raise ValueError(
            f"the sub-agent {spec['name']!r} runs on another server, which is sent what its tools are given: leave it "
            "out here and name the tools in GuardMiddleware(placeholders_for=...)"
        )
    if "runnable" in spec:
        return {**spec, "runnable": watched(spec["runnable"], guard)}
    guarded = {**spec, "middleware": guarded_middleware(guard_middleware, _others(spec))}
    if "model" in spec:
        if isinstance(spec["model"], str):
            raise TypeError(
                f"the model of the sub-agent {spec['name']!r} is named by a text, so that nobody can protect it: give "
                "the model, such as init_chat_model(...)"
            )
        guarded["model"] = protect(spec["model"], guard)
    return guarded


def _others(spec: Mapping[str, Any]) -> list[Any]:
    return [middleware for middleware in spec.get("middleware", ()) if not isinstance(middleware, GuardMiddleware)]


def _built_in() -> Mapping[str, Any]:
    from deepagents.middleware import subagents  # noqa: PLC0415 - whoever has sub-agents of deepagents has deepagents

    built_in = getattr(subagents, "GENERAL_PURPOSE_SUBAGENT", None)
    if not isinstance(built_in, Mapping) or not {"name", "description", "system_prompt"} <= set(built_in):
        raise SeamBroken(
            "guarded_subagents", "deepagents", "it does not say what its built-in sub-agent is",
            "Name a sub-agent \"general-purpose\" of your own, with GuardMiddleware(guard) in its middleware",
        )  # fmt: skip
    return built_in
