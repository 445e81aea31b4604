"""ProtectedChatModel: a chat model whose provider sees placeholders, while its caller sees real text."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from functools import partial
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult, RunInfo
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, patch_config
from langsmith.run_helpers import tracing_context
from pydantic import PrivateAttr

from lc_guard._vendors.reviewed_methods import CHAT_MODEL
from lc_guard._vendors.seals import Seal
from lc_guard.errors import Blocked
from lc_guard.langchain.call_sessions import CallSession
from lc_guard.langchain.chat_model_call import ProtectedCall, as_chunk, asks_for_json
from lc_guard.langchain.chat_model_delegate import DelegatingChatModel
from lc_guard.langchain.refusals import InnerErrors, refusal

_SEAL = Seal("protect(model)", "langchain-core")


class ProtectedChatModel(DelegatingChatModel):
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

    Raises:
        ValueError: If the inner object is no chat model, or a cache or rate limiter is given here.
    """

    _call: ProtectedCall | None = PrivateAttr(default=None)

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
        answer: AIMessage = _message(self._complete(call, messages, stop, kwargs))
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
        answer: AIMessage = _message(await self._acomplete(call, messages, stop, kwargs))
        return answer

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """Ask the model and restore its answer as it arrives."""
        if not self._should_stream(async_api=False, **{**kwargs, "stream": True}):
            whole: Any = self.invoke(input, config, stop=stop, **kwargs)
            yield whole  # no chunk, as LangChain's own do
            return
        call = self._open(CallbackManager, ensure_config(config), kwargs)
        messages = self._convert_input(input).to_messages()
        (run,) = call.application.on_chat_model_start(*self._started(messages), **self._run_of(call))
        chunks: list[ChatGenerationChunk] = []
        try:
            answer: Any = self._for(call)._pieces(messages, stop, run, **kwargs)  # noqa: SLF001 - its own
            with closing(answer) as stream:
                for piece in stream:
                    if run.handlers:
                        chunks.append(ChatGenerationChunk(message=piece))
                        run.on_llm_new_token(piece.content, chunk=chunks[-1])
                    yield piece
        except BaseException as error:
            run.on_llm_error(error, response=_result(chunks))
            raise
        run.on_llm_end(_result(chunks))

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """Async version of `stream`."""
        if not self._should_stream(async_api=True, **{**kwargs, "stream": True}):
            whole: Any = await self.ainvoke(input, config, stop=stop, **kwargs)
            yield whole  # no chunk, as LangChain's own do
            return
        call = self._open(AsyncCallbackManager, ensure_config(config), kwargs)
        messages = self._convert_input(input).to_messages()
        (run,) = await call.application.on_chat_model_start(*self._started(messages), **self._run_of(call))
        chunks: list[ChatGenerationChunk] = []
        try:
            answer: Any = self._for(call)._apieces(messages, stop, run, **kwargs)  # noqa: SLF001 - its own
            async with aclosing(answer) as stream:
                async for piece in stream:
                    if run.handlers:
                        chunks.append(ChatGenerationChunk(message=piece))
                        await run.on_llm_new_token(piece.content, chunk=chunks[-1])
                    yield piece
        except BaseException as error:
            await run.on_llm_error(error, response=_result(chunks))
            raise
        await run.on_llm_end(_result(chunks))

    def generate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Ask the model about several lists of messages, each in a call of its own."""
        config, options = _split(callbacks, kwargs)
        calls = [self._open(CallbackManager, config, options) for _ in messages]
        results = [self._complete(call, one, stop, options) for call, one in zip(calls, messages, strict=True)]
        return _joined(calls, results)

    async def agenerate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Async version of `generate`, all calls at the same time."""
        config, options = _split(callbacks, kwargs)
        calls = [self._open(AsyncCallbackManager, config, options) for _ in messages]
        pairs = zip(calls, messages, strict=True)
        results = await asyncio.gather(*(self._acomplete(call, one, stop, options) for call, one in pairs))
        return _joined(calls, results)

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
        with call.watched(messages, run_manager) as run:
            try:
                hidden = call.hide(messages, run, {**kwargs, "stop": stop})
            except Blocked as blocked:
                return _chat_result(self._instead(blocked))
            with call.asking():
                answer = self.inner.invoke(hidden, call.inner_config(run), stop=stop, **kwargs)
            try:
                answer = call.judge(answer, run)
            except Blocked as blocked:
                return _chat_result(self._instead(blocked))
            restored = call.restore(answer)
            call.report(run)
            return _chat_result(restored)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call or self._open(AsyncCallbackManager, ensure_config(), kwargs)
        async with call.awatched(messages, run_manager) as run:
            try:
                hidden = await call.ahide(messages, run, {**kwargs, "stop": stop})
            except Blocked as blocked:
                return _chat_result(self._instead(blocked))
            with call.asking():
                answer = await self.inner.ainvoke(hidden, call.inner_config(run), stop=stop, **kwargs)
            try:
                answer = await call.ajudge(answer, run)
            except Blocked as blocked:
                return _chat_result(self._instead(blocked))
            restored = await self.guard.run_blocking(partial(call.restore, answer))
            await call.areport(run)
            return _chat_result(restored)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with closing(self._pieces(messages, stop, run_manager, **kwargs)) as pieces:  # type: ignore[type-var]
            for piece in pieces:
                yield ChatGenerationChunk(message=piece)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with aclosing(self._apieces(messages, stop, run_manager, **kwargs)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                yield ChatGenerationChunk(message=piece)

    def _pieces(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """Stream restored messages; `_stream` without LangChain's envelope, which costs as much as restoring."""
        call = self._call or self._open(CallbackManager, ensure_config(), kwargs)
        with call.watched(messages, run_manager) as run:
            try:
                hidden = call.hide(messages, run, {**kwargs, "stop": stop})
            except Blocked as blocked:
                yield as_chunk(self._instead(blocked))
                return
            answer = self.inner.stream(hidden, call.inner_config(run), stop=stop, **kwargs)
            with closing(call.ask_stream(answer)) as chunks:  # type: ignore[type-var]
                inside = InnerErrors()
                try:
                    for chunk in call.judge_stream(inside.chunks(chunks) if call.judged else chunks, run):
                        yield call.feed(chunk)
                except Blocked as blocked:
                    yield from call.flush()
                    if not call.judged or blocked is inside.error:
                        raise
                    yield as_chunk(self._instead(blocked, of=call.shown_id))
                    return
                except Exception:
                    yield from call.flush()  # what was held back is shown before the error
                    raise
                yield from call.flush()
            call.report(run)

    async def _apieces(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        call = self._call or self._open(AsyncCallbackManager, ensure_config(), kwargs)
        unblocked = self.guard.run_blocking
        async with call.awatched(messages, run_manager) as run:
            try:
                hidden = await call.ahide(messages, run, {**kwargs, "stop": stop})
            except Blocked as blocked:
                yield as_chunk(self._instead(blocked))
                return
            answer = self.inner.astream(hidden, call.inner_config(run), stop=stop, **kwargs)
            async with aclosing(call.aask_stream(answer)) as chunks:  # type: ignore[type-var]
                inside = InnerErrors()
                try:
                    async for chunk in call.ajudge_stream(inside.achunks(chunks) if call.judged else chunks, run):
                        yield await unblocked(partial(call.feed, chunk))
                except Blocked as blocked:
                    for piece in await unblocked(call.flush):
                        yield piece
                    if not call.judged or blocked is inside.error:
                        raise
                    yield as_chunk(self._instead(blocked, of=call.shown_id))
                    return
                except Exception:
                    for piece in await unblocked(call.flush):
                        yield piece
                    raise
                for piece in await unblocked(call.flush):
                    yield piece
            await call.areport(run)

    def _should_stream(self, *, async_api: bool, run_manager: Any = None, **kwargs: Any) -> bool:
        if isinstance(self.inner, BaseChatModel):
            decide = self.inner._should_stream  # noqa: SLF001 - what it would do by itself
            return bool(decide(async_api=async_api, run_manager=run_manager, **kwargs))
        return super()._should_stream(async_api=async_api, run_manager=run_manager, **kwargs)

    def _streaming_disabled(self, **kwargs: Any) -> bool:
        disabled = self._of_inner("_streaming_disabled")
        return bool(disabled(**kwargs)) if disabled is not None else super()._streaming_disabled(**kwargs)

    def _complete(
        self, call: ProtectedCall, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ChatResult:
        (run,) = call.application.on_chat_model_start(*self._started(messages), **self._run_of(call))
        call.run_id = run.run_id
        try:
            generate = _SEAL.private(self._for(call), "_generate_with_cache")
            result: ChatResult = generate(messages, stop, run, **kwargs)
        except BaseException as error:
            run.on_llm_error(error, response=_result([]))
            raise
        run.on_llm_end(LLMResult(generations=[list(result.generations)]))
        return result

    async def _acomplete(
        self, call: ProtectedCall, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ChatResult:
        (run,) = await call.application.on_chat_model_start(*self._started(messages), **self._run_of(call))
        call.run_id = run.run_id
        try:
            generate = _SEAL.private(self._for(call), "_agenerate_with_cache")
            result: ChatResult = await generate(messages, stop, run, **kwargs)
        except BaseException as error:
            await run.on_llm_error(error, response=_result([]))
            raise
        await run.on_llm_end(LLMResult(generations=[list(result.generations)]))
        return result

    def _open(self, manager: type[Any], config: RunnableConfig, kwargs: dict[str, Any]) -> ProtectedCall:
        session = CallSession(self.guard, config, fixed=self.session_id, isolated=self.isolated)
        metadata = {**(config.get("metadata") or {}), **self._get_ls_params(**kwargs)}
        watchers = manager.configure(
            config.get("callbacks"),
            self.callbacks,
            self.verbose,
            config.get("tags"),
            self.tags,
            metadata,
            self.metadata,
        )
        options = {**(self._of_inner("model_kwargs") or {}), **kwargs}
        return ProtectedCall(
            self.guard, config, session, watchers, json_content=asks_for_json(options), judge_tools=self.judges_tools
        )

    def _for(self, call: ProtectedCall) -> Self:
        """Return this model for one call: LangChain's own methods then find the call."""
        twin = self.model_copy()
        twin._call = call  # noqa: SLF001 - its own
        return twin

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

    def _instead(self, blocked: Blocked, *, of: str | None = None) -> AIMessage:
        """Return the answer that stands for a blocked one.

        Args:
            blocked: What blocked it.
            of: Id of the message that was begun, or None.

        Raises:
            Blocked: If none does.
        """
        if self.on_blocked == "raise":
            raise blocked
        return refusal(self.on_blocked, blocked.decision, as_block=self.refuses_by_block, of=of)

    def _started(self, messages: list[BaseMessage]) -> tuple[dict[str, Any], list[list[BaseMessage]]]:
        return self._serialized, [messages]

    def _run_of(self, call: ProtectedCall) -> dict[str, Any]:
        return {"name": call.name, "run_id": call.run_id, "batch_size": 1, "invocation_params": {}, "options": {}}


# a driver that a later LangChain adds is no way around what stands above
_SEAL.close(ProtectedChatModel, BaseChatModel, CHAT_MODEL)


def _untraced(call: Any) -> Any:
    """Call something that configures handlers, in a fresh context: no tracer of the outside joins the application's."""
    with tracing_context(enabled=False):
        return call()


async def _auntraced(call: Any) -> Any:
    with tracing_context(enabled=False):
        return await call()


def _chat_result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])


def _message(result: ChatResult) -> Any:
    return result.generations[0].message


def _result(chunks: list[ChatGenerationChunk]) -> LLMResult:
    whole = merge_chat_generation_chunks(chunks)
    return LLMResult(generations=[[whole]] if whole else [])


def _split(callbacks: Any, kwargs: dict[str, Any]) -> tuple[RunnableConfig, dict[str, Any]]:
    """Part the arguments of `generate` into a config and the options of the model."""
    names = ("tags", "metadata", "run_name", "run_id")
    given: dict[str, Any] = {"callbacks": callbacks, **{name: kwargs.get(name) for name in names}}
    config = ensure_config(RunnableConfig(**{name: item for name, item in given.items() if item is not None}))  # type: ignore[typeddict-item]
    return config, {name: item for name, item in kwargs.items() if name not in names}


def _joined(calls: list[ProtectedCall], results: list[ChatResult]) -> LLMResult:
    runs = [RunInfo(run_id=call.run_id) for call in calls if call.run_id is not None]
    return LLMResult(generations=[list(result.generations) for result in results], run=runs)
