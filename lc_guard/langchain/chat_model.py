"""ProtectedChatModel: a chat model whose provider sees placeholders, while its caller sees real text."""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatResult, LLMResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config, patch_config
from langchain_core.runnables.utils import AnyConfigurableField, ConfigurableField, ConfigurableFieldSpec
from langsmith.run_helpers import tracing_context

from lc_guard._vendors.reviewed_methods import CHAT_MODEL
from lc_guard._vendors.seals import Seal
from lc_guard.errors import Blocked
from lc_guard.langchain.chat_model_call import ProtectedCall
from lc_guard.langchain.chat_model_stream import StreamedChatModel, llm_result
from lc_guard.langchain.chat_results import chat_result, joined, message_of, messages_of, split_options, with_messages
from lc_guard.langchain.child_runs import at_once, settled
from lc_guard.langchain.config_specs import with_session
from lc_guard.langchain.inner_model import InnerSignature, aask, ask
from lc_guard.langchain.token_counts import as_seen, on_event_loop, schemas
from lc_guard.langchain.wrapping import around_models

_SEAL = Seal("protect(model)", "langchain-core")

_CHARACTERS_PER_TOKEN = 4  # as LangChain's own estimate takes it


class ProtectedChatModel(StreamedChatModel):
    """A chat model with a guard around it; made by `lc_guard.protect`.

    Every call hides the whole list of messages, calls the inner model and restores its text, reasoning, tool-call
    arguments and parsed objects. Tracers see the inner model's run, with placeholders, as a child of this one's;
    streams of LangChain and LangGraph show restored text once.

    Args:
        inner: The chat model that is called; a model whose fields or kind the config chooses is one, too.
        guard: Hides and restores.
        session_id: The session of every call whose config names none, by ``session_id`` or ``thread_id``.
        isolated: Whether a call that has no session id gets a session of its own, forgotten when it ends; otherwise it
            raises `SessionMissing`.
        on_blocked: ``"raise"``, or the text of the answer that stands for a blocked one.
        refuses_by_block: Whether that answer is a content block of the type ``"refusal"`` instead of text.
        judges_tools: Whether scanners judge results of tools in the messages; False where they have done so.
        leave: What is sent as it is: see `lc_guard.protect`.

    Raises:
        ValueError: If the inner object is no chat model, or a cache or rate limiter is given here.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.inner).__name__}, {self.guard!r})"

    __str__ = __repr__

    @property
    def model(self) -> str:
        """Name of the inner model, where it has one."""
        return self._named("model", "model_name")

    @property
    def model_name(self) -> str:
        """Name of the inner model, where it has one."""
        return self._named("model_name", "model")

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What the inner model reads of a config, and the session id."""
        return with_session(self._of_inner("config_specs", ()))

    @property
    def _llm_type(self) -> str:
        return str(self._of_inner("_llm_type", "lc-guard"))

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return dict(self._of_inner("_identifying_params", {}))

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """Ask the model.

        Raises:
            SessionMissing: If there is no session id, and calls are not isolated.
            Blocked: If the policy does not let the messages go on.
        """
        call = self._open(CallbackManager, ensure_config(config), kwargs)
        messages = self._convert_input(input).to_messages()
        answer: AIMessage = message_of(at_once(self._complete(call, messages, stop, kwargs)))
        return answer

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """Async version of `invoke`."""
        call = self._open(AsyncCallbackManager, ensure_config(config), kwargs)
        messages = self._convert_input(input).to_messages()
        answer: AIMessage = message_of(await self._complete(call, messages, stop, kwargs))
        return answer

    def generate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Ask the model about several lists of messages, each in a call of its own."""
        config, options = split_options(callbacks, kwargs)
        calls = [self._open(CallbackManager, config, options) for _ in messages]
        results = [at_once(self._complete(call, one, stop, options)) for call, one in zip(calls, messages, strict=True)]
        return joined(calls, results)

    async def agenerate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Async version of `generate`, all calls at the same time."""
        config, options = split_options(callbacks, kwargs)
        calls = [self._open(AsyncCallbackManager, config, options) for _ in messages]
        pairs = zip(calls, messages, strict=True)
        results = await asyncio.gather(*(self._complete(call, one, stop, options) for call, one in pairs))
        return joined(calls, results)

    def _chat_model_stream_v3(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Any:
        twin, config = self._for_v3(CallbackManager, config, kwargs)
        start = _SEAL.private(BaseChatModel, "_chat_model_stream_v3")  # LangChain's own, on a copy
        return contextvars.Context().run(_untraced, partial(start, twin, input, config, stop=stop, **kwargs))

    async def _achat_model_stream_v3(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Any:
        twin, config = self._for_v3(AsyncCallbackManager, config, kwargs)
        start = _SEAL.private(BaseChatModel, "_achat_model_stream_v3")  # LangChain's own, on a copy
        call = partial(start, twin, input, config, stop=stop, **kwargs)
        return await asyncio.create_task(_auntraced(call), context=contextvars.Context())

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call or self._open(CallbackManager, ensure_config(), kwargs)
        return at_once(self._answered(call, messages, stop, run_manager, kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call or self._open(AsyncCallbackManager, ensure_config(), kwargs)
        return await self._answered(call, messages, stop, run_manager, kwargs)

    async def _answered(
        self,
        call: ProtectedCall,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: Any,
        kwargs: dict[str, Any],
    ) -> ChatResult:
        async with call.awatched(messages, run_manager) as run:
            asked = self._input(call, messages, stop, kwargs)
            try:
                hidden = await call.hide(asked, run)
            except Blocked as blocked:
                return chat_result(call.shows(self._instead(blocked)))
            with call.asking():
                answer = await settled((aask if call.waits else ask)(hidden, call.inner_config(run)))
            try:
                judged = [await call.judge(message, run) for message in messages_of(answer)]
            except Blocked as blocked:
                return chat_result(call.shows(self._instead(blocked)))
            try:
                restored = [await call.blocking(call.restore, message) for message in judged]
            except Blocked as blocked:
                await call.report(run, blocked)
                return chat_result(call.shows(self._instead(blocked)))
            await call.report(run)
            call.told = answer.llm_output
            return with_messages(answer, restored)

    def _get_invocation_params(self, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        params = self._of_inner("_get_invocation_params", super()._get_invocation_params)(stop=stop, **kwargs)
        return dict(params)

    @InnerSignature  # type: ignore[arg-type]  # a method with parameters, though a property
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | Any],
        *,
        tool_choice: Any = None,
        **kwargs: Any,
    ) -> Runnable[Any, Any]:
        """Bind tools as the inner model does; what is found in their descriptions and schemas is hidden at each call.

        Args:
            tools: Tools, in any form that the inner model takes.
            tool_choice: Which tool is to be called, as the inner model takes it.
            **kwargs: Options of the inner model.
        """
        options = kwargs if tool_choice is None else {"tool_choice": tool_choice, **kwargs}
        return self._around(self.inner.bind_tools(tools, **options))

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[Any, Any]:
        """Return objects of a schema, made and validated from restored text, as the inner model does.

        Args:
            schema: A Pydantic class, TypedDict class or JSON schema.
            include_raw: Whether the message comes along, and parsing errors are given instead of raised.
            **kwargs: Options of the inner model, such as ``method``.
        """
        if type(self.inner).__name__ == "_ConfigurableModel":
            # it hides what it composes until the call, so that nothing could be wrapped in there: tools are used
            if kwargs.get("method", "function_calling") != "function_calling":
                raise NotImplementedError('a model chosen by the config gives structured output by "function_calling"')
            return super().with_structured_output(schema, include_raw=include_raw, **kwargs)
        return self._around(self.inner.with_structured_output(schema, include_raw=include_raw, **kwargs))

    def configurable_fields(self, **kwargs: AnyConfigurableField) -> Any:
        """Let the config choose fields of the inner model at the time of the call."""
        return self._of(self.inner.configurable_fields(**kwargs))

    def configurable_alternatives(
        self,
        which: ConfigurableField,
        *,
        default_key: str = "default",
        prefix_keys: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Let the config choose another model at the time of the call; all of them are protected."""
        options = {"default_key": default_key, "prefix_keys": prefix_keys, **kwargs}
        return self._of(self.inner.configurable_alternatives(which, **options))

    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a text as the model would see it: some providers count on their servers.

        On an event loop it is an estimate: see `get_num_tokens_from_messages`.
        """
        if on_event_loop():
            return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)
        return int(self.inner.get_num_tokens(as_seen(self.guard, self.session_id, text)))

    def get_token_ids(self, text: str) -> list[int]:
        """Return the tokens of a text as the model would see it."""
        return list(self.inner.get_token_ids(as_seen(self.guard, self.session_id, text)))

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Count the tokens of messages as the model would see them.

        Hiding takes time and may ask a vault. Called where an event loop runs, as by ``trim_messages`` in an async
        node, nothing is hidden and the inner model is not asked: the count is LangChain's own estimate
        (``count_tokens_approximately``), made here. ``await asyncio.to_thread(model.get_num_tokens_from_messages,
        messages)`` gives the exact one.
        """
        options = {} if tools is None else {"tools": tools}
        if on_event_loop():
            return count_tokens_approximately(messages, **schemas(tools))
        return int(self.inner.get_num_tokens_from_messages(as_seen(self.guard, self.session_id, messages), **options))

    async def _complete(
        self, call: ProtectedCall, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ChatResult:
        (run,) = await settled(call.application.on_chat_model_start(*self._started(messages), **self._run_of(call)))
        call.run_id = run.run_id
        try:
            generate = _SEAL.private(self._for(call), "_agenerate_with_cache" if call.waits else "_generate_with_cache")
            result: ChatResult = await settled(generate(messages, stop, run, **kwargs))
        except BaseException as error:
            await settled(run.on_llm_error(error, response=llm_result([])))
            raise
        await settled(run.on_llm_end(LLMResult(generations=[list(result.generations)], llm_output=call.told)))
        return result

    def _for_v3(
        self, manager: type[Any], config: RunnableConfig | None, kwargs: dict[str, Any]
    ) -> tuple[Self, RunnableConfig]:
        """Return this model for one call, and the config of the run that only the application sees."""
        complete = ensure_config(config)
        call = self._open(manager, complete, kwargs)
        shown = patch_config(complete, callbacks=call.application)
        if call.name:
            shown["run_name"] = call.name
        if call.run_id:
            shown["run_id"] = call.run_id
        return self._for(call), shown

    def _around(self, composed: Any) -> Runnable[Any, Any]:
        """Put this model where the inner one stands in what was composed of it."""
        protected: Runnable[Any, Any] = around_models(composed, self._of)
        if protected is composed:
            raise _SEAL.broken(
                f"{type(self.inner).__name__} gave a {type(composed).__name__} with no model to protect",
                f"Call {type(self.inner).__name__}'s own method, and protect() what it gives",
            )
        return protected

    def _of(self, inner: Any) -> Any:
        return self if inner is self.inner else self.model_copy(update={"inner": inner})

    def _named(self, *names: str) -> str:
        found = (self._of_inner(name) for name in names)
        for name in found:
            if isinstance(name, str):
                return name
        raise AttributeError("the inner model has no model name")


# a driver that a later LangChain adds is no way around what stands above
_SEAL.close(ProtectedChatModel, BaseChatModel, CHAT_MODEL)


def _untraced(call: Any) -> Any:
    """Call something that configures handlers, in a fresh context: no tracer of the outside joins the application's."""
    with tracing_context(enabled=False):
        return call()


async def _auntraced(call: Any) -> Any:
    with tracing_context(enabled=False):
        return await call()
