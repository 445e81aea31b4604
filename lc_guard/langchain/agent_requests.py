"""What an agent's middlewares pass on: requests whose model is behind the guard, calls whose arguments stay hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from langchain.agents.middleware import ModelRequest
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolCall

from lc_guard._vendors.seals import Seal
from lc_guard.langchain.tools import ToolCallGuard

SEAL = Seal("GuardMiddleware", "langchain")

Protect = Callable[[BaseChatModel], BaseChatModel]


@dataclass(init=False)
class GuardedRequest(ModelRequest[Any]):
    """A request whose model is always behind the guard, also when another middleware puts a new one in its place.

    Its `model` is protected where it is read, so that it does not matter by which way one was put in.
    """

    protect: Protect = field(repr=False, kw_only=True)

    def __init__(self, *, protect: Protect, **given: Any) -> None:
        object.__setattr__(self, "protect", protect)
        super().__init__(**{**given, "model": protect(given["model"])})

    @property  # type: ignore[misc]  # the field becomes one that protects what it holds
    def model(self) -> BaseChatModel:
        """The protected model: also where it was put in past the setter."""
        return self.protect(vars(self)["model"])

    @model.setter
    def model(self, model: BaseChatModel) -> None:
        vars(self)["model"] = self.protect(model)


@dataclass(init=False)
class GuardedToolCall(ToolCallRequest):
    """A call of a tool that gets placeholders, also when another middleware changes it."""

    boundary: ToolCallGuard = field(repr=False, kw_only=True)

    def __init__(self, *, boundary: ToolCallGuard, **given: Any) -> None:
        object.__setattr__(self, "boundary", boundary)
        super().__init__(**given)

    @property  # type: ignore[misc]
    def tool_call(self) -> ToolCall:
        """The call; read by whoever asks the tool."""
        try:
            call: ToolCall = vars(self)["tool_call"]
        except KeyError:
            raise AttributeError("tool_call") from None
        if self.boundary.exposes(call["args"]):
            reason = "a middleware put a value back that is hidden from a tool of placeholders_for"
            raise SEAL.broken(reason, "Put GuardMiddleware last, or leave the tool's arguments as they are")
        return call

    @tool_call.setter
    def tool_call(self, call: ToolCall) -> None:
        vars(self)["tool_call"] = call


def guarded_request(request: ModelRequest[Any], protect: Protect) -> GuardedRequest:
    """Return a request with its model behind the guard."""
    return GuardedRequest(protect=protect, **{each.name: getattr(request, each.name) for each in fields(ModelRequest)})


def guarded_call(request: ToolCallRequest, args: Any, boundary: ToolCallGuard) -> ToolCallRequest:
    """Return a call of a tool with arguments that its boundary looks at again when it is made."""
    given = {each.name: getattr(request, each.name) for each in fields(ToolCallRequest)}
    return GuardedToolCall(boundary=boundary, **{**given, "tool_call": {**request.tool_call, "args": args}})


@dataclass(frozen=True)
class ParentRun:
    """What a check needs of the step around it: LangGraph gives its nodes no run manager, only a child's callbacks."""

    manager: BaseCallbackManager

    @property
    def handlers(self) -> list[Any]:
        """The handlers of the step."""
        return self.manager.handlers

    def get_child(self) -> BaseCallbackManager:
        """Return the manager of what runs in it."""
        return self.manager
