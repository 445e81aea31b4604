"""What a tool of an agent may see of a conversation, and what becomes of its result."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import is_dataclass, replace
from typing import Any, Literal

from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget
from lc_guard.langchain.child_runs import ModelWatch
from lc_guard.langchain.messages import Change, map_texts, texts_of
from lc_guard.langchain.refusals import WITHHELD
from lc_guard.langchain.scan_targets import turns_of

Tools = Literal["all"] | Collection[str]
"""``"all"`` tools, or those of these names."""


class ToolPolicy:
    """Which tools get real values, which get placeholders, and whose results are checked.

    Args:
        real_values_for: Tools whose arguments hold real values; the others get placeholders.
        placeholders_for: Tools whose arguments hold placeholders, such as an outside web search.
        scan_results_of: Tools whose results are checked as the stage ``"tool_result"``.

    Raises:
        TypeError: If a single name is given where several are expected.
        ValueError: If a tool is to get both.
    """

    __slots__ = ("_placeholders", "_real", "_scanned")

    def __init__(self, *, real_values_for: Tools, placeholders_for: Collection[str], scan_results_of: Tools) -> None:
        if isinstance(placeholders_for, str):
            raise TypeError('placeholders_for must be a collection of names, such as placeholders_for=["web_search"]')
        self._real = _names("real_values_for", real_values_for)
        self._scanned = _names("scan_results_of", scan_results_of)
        self._placeholders = frozenset(placeholders_for)
        both = self._placeholders & (self._real or frozenset())
        if both:
            raise ValueError(f"a tool gets either real values or placeholders, not both: {', '.join(sorted(both))}")

    def hides(self, tool: str) -> bool:
        """Return whether a tool gets placeholders."""
        return tool in self._placeholders or (self._real is not None and tool not in self._real)

    def scans(self, tool: str) -> bool:
        """Return whether a tool's results are checked."""
        return self._scanned is None or tool in self._scanned


class ToolCallGuard:
    """One call of a tool: its arguments on the way out, its result on the way back.

    Args:
        policy: What the tool may see.
        tool: Its name.
        args: Its arguments, with real values.
        session: Session id.
    """

    __slots__ = ("_args", "_pattern", "_policy", "_sent", "_session", "_tool")

    def __init__(self, policy: ToolPolicy, *, tool: str, args: Any, session: str) -> None:
        self._policy = policy
        self._tool = tool
        self._args = args
        self._session = session
        self._sent: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._tool!r})"

    def arguments(self) -> GuardRequest | None:
        """Return what is to be hidden of the arguments, None if the tool gets real values.

        Raises:
            UnsupportedInput: If an argument can't be looked into.
        """
        if not self._policy.hides(self._tool) or not self._args:
            return None
        return GuardRequest(texts_of(self._args), self._session, "tool_call", preamble=False)

    def hidden(self, outcome: GuardResult, placeholders: Mapping[str, str]) -> Any:
        """Return the arguments as the tool may see them, and note which values left.

        Args:
            outcome: What became of the job that `arguments` gave.
            placeholders: Placeholder → value, of the whole session.

        Raises:
            Blocked: If the policy does not let the arguments go on.
        """
        outcome.raise_if_blocked()
        hidden = map_texts(self._args, outcome.hide)
        texts = texts_of(hidden)
        self._sent = {token: value for token, value in placeholders.items() if any(token in text for text in texts)}
        if self._sent:
            longest_first = sorted(self._sent, key=len, reverse=True)
            self._pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")
        return hidden

    def exposes(self, args: Any) -> bool:
        """Return whether arguments hold a value that was hidden in this call's own."""
        texts = texts_of(args) if self._sent else ()
        return any(value in text for text in texts for value in self._sent.values())

    def restored(self, result: Any) -> Any:
        """Put back what the tool was sent, and nothing else.

        A page on the web may hold text that looks like a placeholder. Only what this call sent out comes back as a
        value; the rest stays as it is, and is taken for a look-alike when the model is called.
        """
        if self._pattern is None:
            return result
        return _changed(result, self._put_back)

    def result(self, result: Any, state: Any) -> GuardRequest | None:
        """Return what is to be checked of a result, None if there is nothing.

        Args:
            result: What the tool gave.
            state: The agent's state, whose last messages are what was said before.
        """
        if not self._policy.scans(self._tool):
            return None
        texts: list[str] = []

        def note(text: str) -> str:
            texts.append(text)
            return text

        _changed(result, note)
        if not texts:
            return None
        turns = turns_of(_messages(state))
        asks = [ScanTarget(text, "tool_result", turns) for text in dict.fromkeys(texts) if not text.isspace()]
        return GuardRequest(texts, self._session, "tool_result", asks=asks)

    @staticmethod
    def judged(result: Any, outcome: GuardResult, *, withhold: bool) -> Any:
        """Return what of a result goes on: as scanners left it, its values in it.

        Args:
            result: What the tool gave.
            outcome: What became of the job that `result` gave.
            withhold: Whether a blocked result is withheld instead of raised.

        Raises:
            Blocked: If the policy does not let it go on.
        """
        if withhold and outcome.blocking is not None:
            return _changed(result, lambda _: WITHHELD)
        outcome.raise_if_blocked()
        return _changed(result, outcome.clean) if outcome.cleaned else result

    def _put_back(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(lambda match: self._sent[match[0]], text)


def watched_call(
    request: ToolCallRequest, watch: ModelWatch, manager_of: Callable[[RunnableConfig], BaseCallbackManager]
) -> ToolCallRequest:
    """Return the call of a tool in which a watch is told of every model's run, however the tool came by its config.

    LangGraph hands a tool the node's config when it invokes it, and once more in its runtime.

    Args:
        request: The call, of a registered tool; it stays as it is.
        watch: What is told.
        manager_of: LangChain's callback manager for a config, the sync or the async one.
    """

    def watched(config: RunnableConfig | None) -> RunnableConfig:
        config = ensure_config(config)
        return {**config, "callbacks": watch.over(manager_of(config))}

    def invoke(given: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return tool.invoke(given, watched(config), **kwargs)

    async def ainvoke(given: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return await tool.ainvoke(given, watched(config), **kwargs)

    tool: Any = request.tool
    seen = copy(tool)  # of the same class: other middlewares may look
    vars(seen).update(invoke=invoke, ainvoke=ainvoke)
    runtime = replace(request.runtime, config=watched(request.runtime.config))
    return replace(request, tool=seen, runtime=runtime)


def _changed(result: Any, change: Change) -> Any:
    """Change the texts of a tool's result; what can't be looked into does not reach the model as it is either.

    Of a command of LangGraph's that is what it writes into the state: the rest says where the graph goes on.
    """
    if isinstance(result, list):
        return [_changed(item, change) for item in result]
    if type(result).__name__ == "Command" and is_dataclass(result) and not isinstance(result, type):
        return replace(result, update=map_texts(getattr(result, "update", None), change, strict=False))
    return map_texts(result, change, strict=False)


def _messages(state: Any) -> Sequence[BaseMessage]:
    messages = state.get("messages") if isinstance(state, Mapping) else getattr(state, "messages", None)
    return [message for message in messages or () if isinstance(message, BaseMessage)]


def _names(argument: str, tools: Tools) -> frozenset[str] | None:
    if isinstance(tools, str):
        if tools == "all":
            return None
        raise TypeError(f'{argument} must be "all" or a collection of names, such as {argument}=["send_mail"]')
    return frozenset(tools)
