"""GuardMiddleware: the boundary inside an agent. The model sees placeholders, the tools and the user real values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, get_args

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import (
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    patch_config,
    var_child_runnable_config,
)
from langgraph.config import get_config
from langgraph.types import Command

from lc_guard._vendors.seals import Seal
from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.langchain.agent_proof import prove_agents
from lc_guard.langchain.agent_requests import SEAL, ParentRun, guarded_call, guarded_request
from lc_guard.langchain.beside_texts import left_parts
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.langchain.checkpointer import stores_placeholders
from lc_guard.langchain.child_runs import ModelWatch, arun_checks, run_checks
from lc_guard.langchain.langsmith_runs import guarded
from lc_guard.langchain.tools import ToolCallGuard, ToolPolicy, Tools, watched_call
from lc_guard.sessions import configured_session, conversation_key, session_key

State = Literal["original", "anonymized"]
ToolModels = Literal["protected", "unseen"]
"""Which models a tool may ask, or the store have embed: those that the guard protects, or any."""

# Where LangGraph keeps the checkpointer of the running graph for its subgraphs.
_CHECKPOINTER = "__pregel_checkpointer"

_ToolResult = ToolMessage | Command[Any]

_HOOKS = ("wrap_model_call", "awrap_model_call", "wrap_tool_call", "awrap_tool_call")
_PUT_IN_OTHERWISE = (
    "A middleware after GuardMiddleware asks a model by itself, or makes a ModelRequest of its own: give it "
    "protect(model, guard), have it use request.override(model=...), or put GuardMiddleware last"
)
_ASKED_BY_TOOL = (
    "A tool, or a sub-agent behind one, asks a model by itself and would send it real values: give it "
    "protect(model, guard) with the same guard; create_deep_agent takes "
    "subagents=guarded_subagents(GuardMiddleware(guard)). "
    'GuardMiddleware(guard, tool_models="unseen") lets every tool ask whom it likes'
)
_EMBEDS = (
    "the store of this agent ({}) has what tools put into it embedded by {}, as real text: give its index "
    "ProtectedEmbeddings(embeddings, guard, session_id=...); where that model may see real text, "
    'GuardMiddleware(guard, store_embeddings="unseen") lets it'
)
_NO_SESSION = (
    'Call the agent with config={"configurable": {"thread_id": "..."}} (a "session_id" beside it counts first); or, '
    'for one conversation only, write GuardMiddleware(guard, session_id="...")'
)


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
            the model unless the agent's checkpointer is a `GuardCheckpointer` of the same guard, or a server's wrapper
            that stores by such a one alone, or there is none.
        on_blocked: What a blocked prompt or answer leads to: ``"raise"`` raises `Blocked`; any other text ends the turn
            with an answer that holds a content block of the type ``"refusal"`` with that text. A blocked result of a
            tool is then withheld from the model, and the turn goes on without it. An agent with a checkpointer needs
            such a text: after `Blocked` its thread still holds what was blocked, or a tool call without an answer.
        session_id: The session of every run that names none: for one conversation only, never for several users.
        tool_models: ``"protected"`` refuses a model that a tool asks, itself or by a sub-agent, unless it is protected
            with the same guard. ``"unseen"`` lets it: what the tool was given then goes to that provider as it is.
        store_embeddings: ``"protected"`` refuses an agent whose store is searched by an embedding model that is no
            `ProtectedEmbeddings`. ``"unseen"`` is for one that runs where real text may be.
        self_test: ``"first call"`` has the first run of a process send a canary through an agent of its own, against
            a model that only notes what it is sent, and refuses to go on if the value comes out; it takes some 50 ms,
            once. ``"never"`` trusts what `lc_guard.selftest` found at the start of the application.
        leave: What every model is sent as it is, nothing hidden: see `lc_guard.protect`.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If there is no such state or self-test, or a tool is to get both real values and placeholders.
        SeamBroken: If the installed LangChain has other hooks than this one was written for.

    Example:
        ```python
        from langchain.agents import create_agent
        from langchain_core.language_models import FakeListChatModel

        from lc_guard import Guard, GuardMiddleware
        from lc_guard.testing import ExactDetector

        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})])
        model = FakeListChatModel(responses=["Hello [REDACTED_PERSON_1]"])
        agent = create_agent(model, tools=[], middleware=[GuardMiddleware(guard)])
        config = {"configurable": {"session_id": "case 17"}}
        state = agent.invoke({"messages": [("user", "Say hello to Ada")]}, config)
        print(state["messages"][-1].content)  # → Hello Ada
        ```
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
        tool_models: ToolModels = "protected",
        store_embeddings: ToolModels = "protected",
        self_test: Literal["first call", "never"] = "first call",
        leave: Collection[str] = (),
    ) -> None:
        super().__init__()
        SEAL.require_methods(AgentMiddleware, _HOOKS)
        SEAL.require_no_others(AgentMiddleware, _HOOKS, ("wrap_", "awrap_"))
        guarded(guard, type(self).__name__)
        if state not in get_args(State):
            raise ValueError(f"state must be one of {', '.join(map(repr, get_args(State)))}")
        if not isinstance(on_blocked, str):
            raise TypeError(f"on_blocked must be a text, got {type(on_blocked).__name__}")
        if self_test not in ("first call", "never"):
            raise ValueError("self_test must be 'first call' or 'never'")
        for name, models in (("tool_models", tool_models), ("store_embeddings", store_embeddings)):
            if models not in get_args(ToolModels):
                raise ValueError(f"{name} must be one of {', '.join(map(repr, get_args(ToolModels)))}")
        self.guard = guard
        self._unproved = {"sync", "async"} if self_test == "first call" else set[str]()
        self.state = state
        self.on_blocked = on_blocked
        self._tool_models = tool_models
        self._store_embeddings = store_embeddings
        self.tools = []
        self._policy = ToolPolicy(
            real_values_for=real_values_for, placeholders_for=placeholders_for, scan_results_of=scan_results_of
        )
        self._session_id = None if session_id is None else session_key(session_id)
        self._leave = left_parts(leave)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.guard!r}, state={self.state!r})"

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model behind the guard.

        Raises:
            SessionMissing: If the run has no session id.
            Blocked: If the policy does not let the messages go on.
            GuardError: If the state is to be anonymized, and the checkpointer would hold real text; or if the agent's
                store would have real text embedded.
            SeamBroken: If a model is about to be asked that this guard does not protect, or the self-test failed.
        """
        if "sync" in self._unproved:
            prove_agents(GuardMiddleware, "sync")
            self._unproved.discard("sync")
        with self._watched(get_callback_manager_for_config) as config:
            return handler(self._guarded(request, config))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Async version of `wrap_model_call`."""
        if "async" in self._unproved:
            await asyncio.to_thread(prove_agents, GuardMiddleware, "async")
            self._unproved.discard("async")
        with self._watched(get_async_callback_manager_for_config) as config:
            return await handler(self._guarded(request, config))

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], _ToolResult]
    ) -> _ToolResult:
        """Call a tool with what it may see, and check what it gives back.

        Raises:
            SessionMissing: If the run has no session id.
            Blocked: If the policy does not let the arguments or the result go on.
            SeamBroken: If a middleware after this one puts back what is hidden from the tool, or the tool was about to
                ask a model that the guard does not protect.
        """
        config, session, boundary = self._boundary(request)
        if (job := boundary.arguments()) is not None:
            (outcome,) = run_checks(self.guard, [job], [ParentRun(get_callback_manager_for_config(config))])
            args = boundary.hidden(outcome, self.guard.session(session).placeholders())
            request = guarded_call(request, args, boundary)
        with self._tool_watched(request, get_callback_manager_for_config) as request:
            result: _ToolResult = boundary.restored(handler(request))
        if (job := boundary.result(result, request.state)) is not None:
            (outcome,) = run_checks(self.guard, [job], [ParentRun(get_callback_manager_for_config(config))])
            result = boundary.judged(result, outcome, withhold=self.on_blocked != "raise")
        return result

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_ToolResult]]
    ) -> _ToolResult:
        """Async version of `wrap_tool_call`."""
        config, session, boundary = self._boundary(request)
        if (job := boundary.arguments()) is not None:
            (outcome,) = await arun_checks(
                self.guard, [job], [ParentRun(get_async_callback_manager_for_config(config))]
            )
            args = boundary.hidden(outcome, await self.guard.session(session).aplaceholders())
            request = guarded_call(request, args, boundary)
        with self._tool_watched(request, get_async_callback_manager_for_config) as request:
            result: _ToolResult = boundary.restored(await handler(request))
        if (job := boundary.result(result, request.state)) is not None:
            (outcome,) = await arun_checks(
                self.guard, [job], [ParentRun(get_async_callback_manager_for_config(config))]
            )
            result = boundary.judged(result, outcome, withhold=self.on_blocked != "raise")
        return result

    def _boundary(self, request: ToolCallRequest) -> tuple[RunnableConfig, str, ToolCallGuard]:
        config = request.runtime.config
        session = self._session(config)
        call = request.tool_call
        return config, session, ToolCallGuard(self._policy, tool=call["name"], args=call["args"], session=session)

    @contextmanager
    def _watched(self, manager_of: Callable[[RunnableConfig], BaseCallbackManager]) -> Iterator[RunnableConfig]:
        """Refuse every model in what comes after this middleware that the guard does not protect.

        The request that reaches the innermost handler may be another middleware's; LangChain asks its model under the
        config of the context, and tells the config's handlers first.
        """
        config = get_config()
        watch = ModelWatch(self.guard, seam=SEAL.seam, remedy=_PUT_IN_OTHERWISE)
        watched = patch_config(config, callbacks=watch.over(manager_of(config)))
        before = var_child_runnable_config.set(watched)
        try:
            yield config
        finally:
            var_child_runnable_config.reset(before)
        watch.raise_if_refused()

    @contextmanager
    def _tool_watched(
        self, request: ToolCallRequest, manager_of: Callable[[RunnableConfig], BaseCallbackManager]
    ) -> Iterator[ToolCallRequest]:
        """Refuse every model that the tool asks and the guard does not protect, whoever in it asks."""
        if self._tool_models == "unseen" or request.tool is None:
            yield request
            return
        watch = ModelWatch(self.guard, seam=SEAL.seam, remedy=_ASKED_BY_TOOL)
        yield watched_call(request, watch, manager_of)
        watch.raise_if_refused()

    def _guarded(self, request: ModelRequest[Any], config: RunnableConfig) -> ModelRequest[Any]:
        self._require_hidden_state(config)
        self._require_hidden_store(getattr(request.runtime, "store", None))
        ours = guarded_request(request, partial(self._protected, session=self._session(config)))
        SEAL.require(self._protects(ours.model), "a request does not keep the model that is put into it")
        return ours

    def _require_hidden_store(self, store: Any) -> None:
        """Refuse a long-term store whose embedding model is sent real text: tools put there what they were given."""
        embeddings = getattr(store, "embeddings", None)
        if embeddings is None or self._store_embeddings == "unseen":
            return
        from lc_guard.langchain.embeddings import ProtectedEmbeddings  # noqa: PLC0415 - only where a store embeds

        if not isinstance(embeddings, ProtectedEmbeddings):
            raise GuardError(_EMBEDS.format(type(store).__name__, type(embeddings).__name__))

    def _protects(self, model: Any) -> bool:
        return isinstance(model, ProtectedChatModel) and model.guard is self.guard

    def _protected(self, model: BaseChatModel, *, session: str) -> BaseChatModel:
        if self._protects(model):
            return model  # twice hidden would be twice the work
        return ProtectedChatModel(
            inner=model,
            guard=self.guard,
            session_id=session,
            on_blocked=self.on_blocked,
            refuses_by_block=True,
            judges_tools=False,  # they were judged when the tool gave them
            leave=self._leave,
        )

    def _session(self, config: RunnableConfig) -> str:
        return conversation_key(self.guard, configured_session(config, self._session_id), _NO_SESSION)

    def _require_hidden_state(self, config: RunnableConfig) -> None:
        if self.state == "original":
            return
        configurable = config.get("configurable") or {}
        # LangGraph names it to every node, None where there is none
        Seal('GuardMiddleware(state="anonymized")', "langgraph").require(
            _CHECKPOINTER in configurable, "a run does not tell which checkpointer stores it"
        )
        saver = configurable[_CHECKPOINTER]
        # whatever it is: of a second copy of LangGraph's package, say, it is no instance of the class we know
        if saver is not None and not stores_placeholders(saver, self.guard):
            raise GuardError(
                'state="anonymized" needs a checkpointer that stores placeholders: give create_agent '
                f"checkpointer=GuardCheckpointer({type(saver).__name__}(...), guard=guard), with the same guard. "
                "The input of this run was stored as it is, before any middleware ran"
            )
