"""The main chain against the stand-ins, in every mode that a Runnable has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI

from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize

from .openai_server import OpenAIServer

MODES = ("invoke", "ainvoke", "stream", "astream", "batch", "abatch")


@contextmanager
def openai_chain(guard: Guard, **server: Any) -> Iterator[tuple[Runnable[Any, str], OpenAIServer]]:
    """``Anonymize | prompt | ChatOpenAI | StrOutputParser | Deanonymize`` and the server it talks to."""
    with OpenAIServer(**server) as openai:
        model = ChatOpenAI(model="gpt-4o", base_url=openai.base_url, api_key=openai.api_key, max_retries=0)
        prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{text}")])
        yield Anonymize(guard) | prompt | model | StrOutputParser() | Deanonymize(guard), openai


def run(chain: Runnable[Any, Any], mode: str, value: Any, config: Any) -> list[str]:
    """Run a chain in one of the modes: two equal inputs for the batch modes.

    Returns:
        One answer for each input.
    """

    async def collected() -> str:
        return "".join([piece async for piece in chain.astream(value, config)])

    match mode:
        case "invoke":
            return [chain.invoke(value, config)]
        case "ainvoke":
            return [asyncio.run(chain.ainvoke(value, config))]
        case "stream":
            return ["".join(chain.stream(value, config))]
        case "astream":
            return [asyncio.run(collected())]
        case "batch":
            return chain.batch([value, value], config)
        case "abatch":
            return asyncio.run(chain.abatch([value, value], config))
    raise AssertionError(mode)
