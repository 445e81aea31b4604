"""GuardMiddleware: the boundary inside an agent. The model sees placeholders, the tools and the user real values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import get_async_callback_manager_for_config, get_callback_manager_for_config
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_config
from langgraph.types import Command

from lc_guard.checkpoints import GuardCheckpointer
from lc_guard.checks import arun_checks, run_checks
from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.protected_model import ProtectedChatModel
from lc_guard.sessions import configured_session, session_key
from lc_guard.tool_calls import ToolBoundary, ToolPolicy, Tools

State = Literal["original", "anonymized"]

# Where LangGraph keeps the checkpointer of the running graph for its subgraphs.
_CHECKPOINTER = "__pregel_checkpointer"

_Protect = Callable[[BaseChatModel], BaseChatModel]
_ToolResult = ToolMessage | Command[Any]


class GuardMiddleware(AgentMiddleware[Any, Any, Any]):
    """Puts an agent's model behind a guard: ``create_agent(model, tools, middleware=[GuardMiddleware(guard)])``.

    Every model call sees placeholders in the system prompt, the whole history and all tool results. What the model says
    is restored as it arrives, so that tools get real arguments and every stream shows real text. The session id comes
    from ``config["configurable"]["session_id"]``, else ``["thread_id"]``, else `session_id`.

    Put it first. Other middlewares may then retry, or replace the model: the new one is put behind the guard as well.
    A middleware that calls a model of its own (such as SummarizationMiddleware) needs ``protect(model, guard)``.

    Args:
        guard: Decides and remembers; share one for the whole application.
        real_values_for: Tools whose arguments hold real values, ``"all"`` or their names; others get placeholders.
        placeholders_for: Names of tools whose arguments hold placeholders: those that send them outside, such as a web
            search. What they were sent is put back in their results.
        scan_results_of: Tools whose results are checked as the stage ``"tool_result"``, ``"all"`` or their names.
            Whatever is chosen, no result reaches the model unhidden.
        state: What the checkpointer may hold. ``"original"`` says nothing about it. ``"anonymized"`` refuses to call
            the model unless the agent's checkpointer is a `GuardCheckpointer` of the same guard, or there is none.
        on_blocked: What a blocked prompt or answer leads to: ``"raise"`` raises `Blocked`; any other text ends the turn
            with an answer that holds a content block of the type ``"refusal"`` with that text. A blocked result of a
            tool is then withheld from the model, and the turn goes on without it. An agent with a checkpointer needs
            such a text: after `Blocked` its thread still holds what was blocked, or a tool call without an answer.
        session_id: The session of every run that names none: for one conversation only, never for several users.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If there is no such state, or a tool is to get both real values and placeholders.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        real_values_for: Tools = "all",
        placeholders_for: Collection[str] = (),
        scan_results_of: Tools = "all",
        state: State = "original",
        on_blocked: str = "raise",
        session_id: str | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(guard, Guard):
            raise TypeError(f"{type(self).__name__} needs a Guard, got {type(guard).__name__}")
        if state not in get_args(State):
            raise ValueError(f"state must be one of {', '.join(map(repr, get_args(State)))}")
        if not isinstance(on_blocked, str):
            raise TypeError(f"on_blocked must be a text, got {type(on_blocked).__name__}")
        self.guard = guard
        self.state = state
        self.on_blocked = on_blocked
        self.tools = []
        self._policy = ToolPolicy(
            real_values_for=real_values_for, placeholders_for=placeholders_for, scan_results_of=scan_results_of
        )
        self._session_id = None if session_id is None else session_key(session_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.guard!r}, state={self.state!r})"

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model behind the guard.

        Raises:
            SessionMissing: If the run has no session id.
            Blocked: If the policy does not let the messages go on.
            GuardError: If the state is to be anonymized, and the checkpointer would hold real text.
        """
        return handler(self._guarded(request))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Do what `wrap_model_call` does without blocking the event loop."""
        return await handler(self._guarded(request))

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], _ToolResult]
    ) -> _ToolResult:
        """Call a tool with what it may see, and check what it gives back.

        Raises:
            SessionMissing: If the run has no session id.
            Blocked: If the policy does not let the arguments or the result go on.
        """
        config, session, boundary = self._boundary(request)
        if (job := boundary.arguments()) is not None:
            (outcome,) = run_checks(self.guard, [job], [_Parent(get_callback_manager_for_config(config))])
            args = boundary.hidden(outcome, self.guard.session(session).placeholders())
            request = request.override(tool_call={**request.tool_call, "args": args})
        result: _ToolResult = boundary.restored(handler(request))
        if (job := boundary.result(result, request.state)) is not None:
            (outcome,) = run_checks(self.guard, [job], [_Parent(get_callback_manager_for_config(config))])
            result = boundary.judged(result, outcome, withhold=self.on_blocked != "raise")
        return result

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_ToolResult]]
    ) -> _ToolResult:
        """Do what `wrap_tool_call` does without blocking the event loop."""
        config, session, boundary = self._boundary(request)
        if (job := boundary.arguments()) is not None:
            (outcome,) = await arun_checks(self.guard, [job], [_Parent(get_async_callback_manager_for_config(config))])
            args = boundary.hidden(outcome, await self.guard.session(session).aplaceholders())
            request = request.override(tool_call={**request.tool_call, "args": args})
        result: _ToolResult = boundary.restored(await handler(request))
        if (job := boundary.result(result, request.state)) is not None:
            (outcome,) = await arun_checks(self.guard, [job], [_Parent(get_async_callback_manager_for_config(config))])
            result = boundary.judged(result, outcome, withhold=self.on_blocked != "raise")
        return result

    def _boundary(self, request: ToolCallRequest) -> tuple[RunnableConfig, str, ToolBoundary]:
        config = request.runtime.config
        session = self._session(config)
        call = request.tool_call
        return config, session, ToolBoundary(self._policy, tool=call["name"], args=call["args"], session=session)

    def _guarded(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        config = get_config()
        self._require_hidden_state(config)
        protect = partial(self._protected, session=self._session(config))
        fields = {name: getattr(request, name) for name in ModelRequest.__dataclass_fields__}
        return _GuardedRequest(protect=protect, **fields)

    def _protected(self, model: BaseChatModel, *, session: str) -> BaseChatModel:
        if isinstance(model, ProtectedChatModel) and model.guard is self.guard:
            return model  # twice hidden would be twice the work
        return ProtectedChatModel(
            inner=model,
            guard=self.guard,
            session_id=session,
            on_blocked=self.on_blocked,
            refuses_by_block=True,
            judges_tools=False,  # they were judged when the tool gave them
        )

    def _session(self, config: RunnableConfig) -> str:
        return session_key(configured_session(config, self._session_id))

    def _require_hidden_state(self, config: RunnableConfig) -> None:
        if self.state == "original":
            return
        saver = (config.get("configurable") or {}).get(_CHECKPOINTER)
        if isinstance(saver, BaseCheckpointSaver) and not (
            isinstance(saver, GuardCheckpointer) and saver.guard is self.guard
        ):
            raise GuardError(
                'state="anonymized" needs a checkpointer that stores placeholders: give create_agent '
                f"checkpointer=GuardCheckpointer({type(saver).__name__}(...), guard=guard), with the same guard. "
                "The input of this run was stored as it is, before any middleware ran"
            )


@dataclass(init=False)
class _GuardedRequest(ModelRequest[Any]):
    """A request whose model is always behind the guard, also when another middleware puts a new one in its place."""

    protect: _Protect = field(repr=False, kw_only=True)

    def __init__(self, *, protect: _Protect, **fields: Any) -> None:
        object.__setattr__(self, "protect", protect)
        super().__init__(**{**fields, "model": protect(fields["model"])})

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, self.protect(value) if name == "model" else value)


@dataclass(frozen=True)
class _Parent:
    """What a check needs of the step around it: LangGraph gives its nodes no run manager, only a child's callbacks."""

    manager: BaseCallbackManager

    @property
    def handlers(self) -> list[Any]:
        return self.manager.handlers

    def get_child(self) -> BaseCallbackManager:
        return self.manager
