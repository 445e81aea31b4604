"""The modes of a Runnable: each way in which LangChain lets it be called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Literal, get_args

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.pregel import Pregel

Mode = Literal["invoke", "ainvoke", "stream", "astream", "batch", "abatch"]
MODES: tuple[Mode, ...] = get_args(Mode)

_STREAMS = ["messages", "values"]


@dataclass(frozen=True)
class Streamed:
    """A graph's stream: the messages as they came, and the last state."""

    messages: list[BaseMessage]
    state: Any


def call(chain: Runnable[Any, Any], mode: Mode, inputs: list[Any], configs: list[RunnableConfig]) -> list[Any]:
    """Call a Runnable in one mode; only batches take more than the first input.

    Returns:
        What it gave for each input; an item of a batch that failed is its error.
    """
    calls: dict[Mode, Callable[[], list[Any]]] = {
        "invoke": lambda: [chain.invoke(inputs[0], configs[0])],
        "ainvoke": lambda: [asyncio.run(_ainvoke(chain, inputs[0], configs[0]))],
        "stream": lambda: [_whole(chain, chain.stream(inputs[0], configs[0], **_options(chain)))],
        "astream": lambda: [_whole(chain, asyncio.run(_astream(chain, inputs[0], configs[0])))],
        "batch": lambda: chain.batch(inputs, configs, return_exceptions=True),
        "abatch": lambda: asyncio.run(_abatch(chain, inputs, configs)),
    }
    return calls[mode]()


async def _ainvoke(chain: Runnable[Any, Any], value: Any, config: RunnableConfig) -> Any:
    return await chain.ainvoke(value, config)


async def _astream(chain: Runnable[Any, Any], value: Any, config: RunnableConfig) -> list[Any]:
    return [chunk async for chunk in chain.astream(value, config, **_options(chain))]


async def _abatch(chain: Runnable[Any, Any], values: list[Any], configs: list[RunnableConfig]) -> list[Any]:
    return await chain.abatch(values, configs, return_exceptions=True)


def _options(chain: Runnable[Any, Any]) -> dict[str, Any]:
    return {"stream_mode": _STREAMS} if isinstance(chain, Pregel) else {}


def _whole(chain: Runnable[Any, Any], chunks: Iterable[Any]) -> Any:
    every = list(chunks)
    if isinstance(chain, Pregel):
        pieces: dict[str | None, list[Any]] = {}
        for message in (data[0] for kind, data in every if kind == "messages"):
            if isinstance(message, AIMessageChunk):
                pieces.setdefault(message.id, []).append(message)
        states = [data for kind, data in every if kind == "values"]
        return Streamed([reduce(add, some) for some in pieces.values()], states[-1] if states else None)
    try:
        return reduce(add, every)
    except TypeError:  # whole objects: each replaces the one before, or there is none
        return every[-1] if every else None
