"""What a protected model shares with the model inside it: identity, tools, structured output, counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from langchain_core.caches import BaseCache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable
from langchain_core.runnables.config import ensure_config
from langchain_core.runnables.utils import AnyConfigurableField, ConfigurableField
from pydantic import Field, model_validator

from lc_guard._engine.requests import GuardRequest
from lc_guard._vendors.seals import Seal
from lc_guard.guard import Guard
from lc_guard.langchain.child_runs import call_session
from lc_guard.langchain.messages import map_texts, texts_of
from lc_guard.langchain.wrapping import around_models, is_chat_model


class DelegatingChatModel(BaseChatModel):
    """A chat model that stands for another one; see `ProtectedChatModel`."""

    inner: Any = Field(exclude=True)
    guard: Guard = Field(exclude=True)
    session_id: str | None = Field(default=None, exclude=True)
    isolated: bool = False
    on_blocked: str = "raise"
    refuses_by_block: bool = False
    judges_tools: bool = True
    cache: BaseCache | bool | None = False

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
    def _llm_type(self) -> str:
        return str(self._of_inner("_llm_type", "lc-guard"))

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return dict(self._of_inner("_identifying_params", {}))

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return self._of_inner("_get_ls_params", super()._get_ls_params)(stop=stop, **kwargs)

    def _get_invocation_params(self, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        params = self._of_inner("_get_invocation_params", super()._get_invocation_params)(stop=stop, **kwargs)
        return dict(params)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | Any],
        *,
        tool_choice: Any = None,
        **kwargs: Any,
    ) -> Runnable[Any, Any]:
        """Bind tools as the inner model does; their schemas go to the provider as they are.

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
        """Count the tokens of a text as the model would see it: some providers count on their servers."""
        return int(self.inner.get_num_tokens(self._as_seen(text)))

    def get_token_ids(self, text: str) -> list[int]:
        """Return the tokens of a text as the model would see it."""
        return list(self.inner.get_token_ids(self._as_seen(text)))

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Count the tokens of messages as the model would see them."""
        options = {} if tools is None else {"tools": tools}
        return int(self.inner.get_num_tokens_from_messages(self._as_seen(messages), **options))

    def _as_seen(self, value: Any) -> Any:
        with call_session(self.guard, ensure_config(), fixed=self.session_id, isolated=True) as session:
            (outcome,) = self.guard.check([GuardRequest(texts_of(value), session.id)])
            outcome.raise_if_blocked()
            return map_texts(value, outcome.hide)

    def _around(self, composed: Any) -> Runnable[Any, Any]:
        """Put this model where the inner one stands in what was composed of it."""
        protected: Runnable[Any, Any] = around_models(composed, self._of)
        if protected is composed:
            raise Seal("protect(model)", "langchain-core").broken(
                f"{type(self.inner).__name__} gave a {type(composed).__name__} with no model to protect",
                f"Call {type(self.inner).__name__}'s own method, and protect() what it gives",
            )
        return protected

    def _of(self, inner: Any) -> Any:
        return self if inner is self.inner else self.model_copy(update={"inner": inner})

    def _of_inner(self, name: str, default: Any = None) -> Any:
        try:
            return getattr(self.inner, name, default)
        except TypeError:  # init_chat_model without a model: none can be made before a config names one
            return default

    def _named(self, *names: str) -> str:
        found = (self._of_inner(name) for name in names)
        for name in found:
            if isinstance(name, str):
                return name
        raise AttributeError("the inner model has no model name")
