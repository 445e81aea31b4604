"""The streams of a protected model, and how one of its calls begins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, closing
from functools import partial
from typing import Any, Self, cast

from langchain_core.caches import BaseCache
from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, LLMResult
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from pydantic import Field, PrivateAttr, model_validator

from lc_guard.errors import Blocked
from lc_guard.guard import Guard
from lc_guard.langchain.chat_model_call import ProtectedCall
from lc_guard.langchain.child_runs import at_once, call_session
from lc_guard.langchain.inner_model import chosen, require_session, setting, shown_class
from lc_guard.langchain.output import InnerErrors
from lc_guard.langchain.refusals import refusal
from lc_guard.langchain.restore import as_chunk
from lc_guard.langchain.scan_targets import ModelInput
from lc_guard.langchain.wrapping import is_chat_model

_JSON_METHODS = ("json_mode", "json_schema")
_JSON_TYPES = ("json", "json_object", "json_schema", "application/json")


class StreamedChatModel(BaseChatModel):
    """A chat model that stands for another one and restores its streams; see `ProtectedChatModel`."""

    inner: Any = Field(exclude=True)
    guard: Guard = Field(exclude=True)
    session_id: str | None = Field(default=None, exclude=True)
    isolated: bool = False
    on_blocked: str = "raise"
    refuses_by_block: bool = False
    judges_tools: bool = True
    leave: frozenset[str] = frozenset()
    cache: BaseCache | bool | None = False

    _call: ProtectedCall | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_and_mirror(self) -> Self:
        if not is_chat_model(self.inner):
            raise ValueError(f"inner must be a chat model, got {type(self.inner).__name__}; use protect() for chains")
        if self.cache or self.rate_limiter is not None:
            # a cache here would keep real text at rest, and a second limiter would count each call twice
            raise ValueError("give cache and rate_limiter to the inner model: its cache holds placeholders only")
        self.cache = False  # None would mean LangChain's global cache
        if self.profile is None:
            self.profile = self._of_inner("profile")
        return self

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What ``isinstance`` is told besides: that it is what the inner model is, too. Middlewares ask so."""
        inner: Any = vars(self).get("inner")
        kind, inside = (cast("Any", type(each)) for each in (self, inner))
        return kind if inner is None else shown_class(kind, inside)

    def __getattr__(self, name: str) -> Any:
        """Return a setting of the inner model, such as its temperature."""
        inner = None if name.startswith("_") else vars(self).get("inner")
        return super().__getattr__(name) if inner is None else setting(inner, name)  # type: ignore[misc]

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
                if not run.handlers:
                    yield from stream
                for piece in stream:
                    chunks.append(ChatGenerationChunk(message=piece))
                    run.on_llm_new_token(piece.content, chunk=chunks[-1])
                    yield piece
        except BaseException as error:
            run.on_llm_error(error, response=llm_result(chunks))
            raise
        run.on_llm_end(llm_result(chunks))

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
            await run.on_llm_error(error, response=llm_result(chunks))
            raise
        await run.on_llm_end(llm_result(chunks))

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
            asked = self._input(call, messages, stop, kwargs)
            try:
                hidden = at_once(call.hide(asked, run))
            except Blocked as blocked:
                yield call.shows(as_chunk(self._instead(blocked)))
                return
            answer = hidden.model.stream(hidden.messages, call.inner_config(run), **hidden.options)
            with closing(call.ask_stream(answer)) as chunks:  # type: ignore[type-var]
                inside = InnerErrors()
                try:
                    told = inside.chunks(chunks) if call.answers_for_blocks else chunks
                    yield from map(call.feed, call.judge_stream(told, run))
                    yield from call.flush()
                except Blocked as blocked:
                    its_own = call.answers_for_blocks and blocked is not inside.error
                    if its_own and call.refused(blocked):
                        at_once(call.report(run, blocked))
                    else:
                        yield from call.flush()
                    if not its_own:
                        raise
                    yield call.shows(as_chunk(self._instead(blocked, of=call.shown_id)))
                    return
                except Exception:
                    yield from call.flush()  # what was held back is shown before the error
                    raise
            at_once(call.report(run))

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
            asked = self._input(call, messages, stop, kwargs)
            try:
                hidden = await call.hide(asked, run)
            except Blocked as blocked:
                yield call.shows(as_chunk(self._instead(blocked)))
                return
            answer = hidden.model.astream(hidden.messages, call.inner_config(run), **hidden.options)
            async with aclosing(call.aask_stream(answer)) as chunks:  # type: ignore[type-var]
                inside = InnerErrors()
                try:
                    told = inside.achunks(chunks) if call.answers_for_blocks else chunks
                    async for chunk in call.ajudge_stream(told, run):
                        yield await unblocked(partial(call.feed, chunk))
                    for piece in await unblocked(call.flush):
                        yield piece
                except Blocked as blocked:
                    its_own = call.answers_for_blocks and blocked is not inside.error
                    if its_own and call.refused(blocked):
                        await call.report(run, blocked)
                    else:
                        for piece in await unblocked(call.flush):
                            yield piece
                    if not its_own:
                        raise
                    yield call.shows(as_chunk(self._instead(blocked, of=call.shown_id)))
                    return
                except Exception:
                    for piece in await unblocked(call.flush):
                        yield piece
                    raise
            await call.report(run)

    def _should_stream(self, *, async_api: bool, run_manager: Any = None, **kwargs: Any) -> bool:
        if isinstance(self.inner, BaseChatModel):
            decide = self.inner._should_stream  # noqa: SLF001 - what it would do by itself
            return bool(decide(async_api=async_api, run_manager=run_manager, **kwargs))
        return super()._should_stream(async_api=async_api, run_manager=run_manager, **kwargs)

    def _streaming_disabled(self, **kwargs: Any) -> bool:
        disabled = self._of_inner("_streaming_disabled")
        return bool(disabled(**kwargs)) if disabled is not None else super()._streaming_disabled(**kwargs)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return self._of_inner("_get_ls_params", super()._get_ls_params)(stop=stop, **kwargs)

    def _open(self, manager: type[Any], config: RunnableConfig, kwargs: dict[str, Any]) -> ProtectedCall:
        session = call_session(self.guard, config, fixed=self.session_id, isolated=self.isolated)
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

    def _input(
        self, call: ProtectedCall, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ModelInput:
        asked = ModelInput(self.inner, messages, {**kwargs, "stop": stop}, self.leave)
        if not isinstance(self.inner, BaseChatModel):
            model, bound, call.config = chosen(self.inner, call.config)
            asked = asked.replaced(model=model, options={**bound, **asked.options})
        if call.session.own:
            require_session(asked)
        return asked

    def _for(self, call: ProtectedCall) -> Self:
        """Return this model for one call: LangChain's own methods then find the call."""
        twin = self.model_copy()
        twin._call = call  # noqa: SLF001 - its own
        return twin

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

    def _of_inner(self, name: str, default: Any = None) -> Any:
        try:
            return getattr(self.inner, name, default)
        except TypeError:  # init_chat_model without a model: none can be made before a config names one
            return default


def llm_result(chunks: list[ChatGenerationChunk]) -> LLMResult:
    """Return what LangChain's handlers are told at the end of a stream."""
    whole = merge_chat_generation_chunks(chunks)
    return LLMResult(generations=[[whole]] if whole else [])


def asks_for_json(options: Mapping[str, Any]) -> bool:
    """Return whether the options of a model call ask for content that is JSON.

    Args:
        options: Keyword arguments of the call, in the form of any provider: ``response_format`` (OpenAI),
            ``text.format`` (OpenAI's Responses API), ``format`` (Ollama), ``response_mime_type`` (Google), or
            ``ls_structured_output_format``, which LangChain adds for tracing.
    """
    structured = options.get("ls_structured_output_format") or options.get("structured_output_format")
    if isinstance(structured, Mapping) and (structured.get("kwargs") or {}).get("method") in _JSON_METHODS:
        return True
    text = options.get("text")
    asked = [
        options.get("response_format"),
        options.get("format"),
        options.get("response_mime_type"),
        text.get("format") if isinstance(text, Mapping) else None,
    ]
    return any(_is_json(wanted) for wanted in asked)


def _is_json(wanted: Any) -> bool:
    if isinstance(wanted, str):
        return wanted in _JSON_TYPES
    if isinstance(wanted, Mapping):  # a provider's format, or a JSON schema as it is
        return wanted.get("type") != "text"
    return isinstance(wanted, type)
