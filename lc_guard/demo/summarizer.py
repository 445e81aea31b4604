"""A stand-in for a language model, so that the demo and the notebooks run without a network and without keys."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

# A sentence ends at a mark with a blank behind it, not after a title, an initial or "v.".
_SENTENCE_END = re.compile(
    r"(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bDr\.)(?<!\bMR\.)(?<!\bMS\.)(?<!\bDR\.)(?<!\bv\.)(?<!\bNo\.)(?<!\b[A-Z]\.)"
    r"(?<=[.?!])\s+(?=\S)"
)
_TURN = re.compile(r"\n\s*\n")
_SPEAKER = re.compile(r"[A-Z][^:\n]{0,60}:\s+")
_WORD = re.compile(r"[A-Za-z_0-9'’]+")
_BLANKS = re.compile(r"\s+")
_COMMON_WORDS = """
a about after all also am an and any are as at be been but by can did do for from good had has have he her his how i
if in into is it its me morning my no not of off on one or our she so that the their them then there they thing this
to up us was we were what when which who will with would yes you your honor judge counsel further
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_SHORTEST = 8


class StandInSummarizer(BaseChatModel):
    """**Not a language model**: picks the sentences of the last human message whose words recur most.

    A deterministic stand-in for demos and tests. It can only repeat what it was sent, sentence by sentence in the
    order of the text, so that its answer shows what a model could have seen, and nothing else.

    Attributes:
        sentences: Most sentences in a summary, 1 or more.
        chunk_size: Characters in a streamed piece, 1 or more: small enough to cut placeholders in two.
        pause: Seconds between two streamed pieces, for a reader to see that it streams.
    """

    sentences: int = 6
    chunk_size: int = 7
    pause: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "lc-guard-stand-in-summarizer"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self._llm_type, "sentences": self.sentences}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_model_name"] = self._llm_type
        return params

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - the signature of LangChain
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._chunks(messages, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages, **kwargs):
            if run_manager is not None:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
            if self.pause:
                time.sleep(self.pause)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages, **kwargs):
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
            await asyncio.sleep(self.pause)

    def _chunks(self, messages: list[BaseMessage], **kwargs: Any) -> Iterator[ChatGenerationChunk]:  # noqa: ARG002
        text = self._summary(messages)
        for start in range(0, max(len(text), 1), self.chunk_size):
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + self.chunk_size]))

    def _summary(self, messages: list[BaseMessage]) -> str:
        human = next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)
        return "" if human is None else summarize(human.text, self.sentences)


def summarize(text: str, sentences: int) -> str:
    """Pick the sentences whose words recur most."""
    candidates = [sentence for turn in _TURN.split(text) for sentence in _sentences_of(turn)]
    words = [
        [word for word in map(str.lower, _WORD.findall(sentence)) if word not in _COMMON] for sentence in candidates
    ]
    often = Counter(word for found in words for word in set(found))
    long_enough = [i for i, found in enumerate(words) if len(_WORD.findall(candidates[i])) >= _SHORTEST and found]
    # The square root keeps long sentences from winning by their length alone; ties go to the earlier one.
    score = {i: sum(often[word] for word in set(words[i])) / len(words[i]) ** 0.5 for i in long_enough}
    best = sorted(sorted(score, key=lambda i: (-score[i], i))[:sentences])
    return "\n".join(candidates[i] for i in best) or "\n".join(candidates[:sentences])


def _sentences_of(turn: str) -> Iterator[str]:
    speaker = _SPEAKER.match(turn)
    spoken = turn[speaker.end() :] if speaker else turn
    for sentence in _SENTENCE_END.split(spoken.strip()):
        if sentence:
            yield _BLANKS.sub(" ", sentence)
