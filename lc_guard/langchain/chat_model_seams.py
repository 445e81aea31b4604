"""ModelSeams: the methods that LangChain's own drivers call, each around one call of the inner model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from functools import partial
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, patch_config
from pydantic import PrivateAttr

from lc_guard.errors import Blocked
from lc_guard.langchain.call_sessions import CallSession
from lc_guard.langchain.chat_model_call import ProtectedCall, as_chunk, asks_for_json
from lc_guard.langchain.chat_model_delegate import DelegatingChatModel
from lc_guard.langchain.refusals import InnerErrors, refusal


class ModelSeams(DelegatingChatModel):
    """A chat model that hides, asks the inner model and restores; see `ProtectedChatModel`."""

    _call: ProtectedCall | None = PrivateAttr(default=None)

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
                hidden = call.hide(messages, run)
            except Blocked as blocked:
                return _result(self._instead(blocked))
            with call.asking():
                answer = self.inner.invoke(hidden, call.inner_config(run), stop=stop, **kwargs)
            try:
                answer = call.judge(answer, run)
            except Blocked as blocked:
                return _result(self._instead(blocked))
            restored = call.restore(answer)
            call.report(run)
            return _result(restored)

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
                hidden = await call.ahide(messages, run)
            except Blocked as blocked:
                return _result(self._instead(blocked))
            with call.asking():
                answer = await self.inner.ainvoke(hidden, call.inner_config(run), stop=stop, **kwargs)
            try:
                answer = await call.ajudge(answer, run)
            except Blocked as blocked:
                return _result(self._instead(blocked))
            restored = await self.guard.run_blocking(partial(call.restore, answer))
            await call.areport(run)
            return _result(restored)

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
                hidden = call.hide(messages, run)
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
                hidden = await call.ahide(messages, run)
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


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
