"""The stand-in for a language model: deterministic, streams, and repeats nothing but what it was sent."""

from __future__ import annotations

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from lc_guard.demo.hidden import transcript
from lc_guard.demo.summarizer import StandInSummarizer, summarize

MESSAGES = [
    SystemMessage("Summarize."),
    HumanMessage("An older question that nobody asks any more today."),
    AIMessage("An older answer that stays without any consequences."),
    HumanMessage(transcript()),
]


def flat(text: str) -> str:
    return " ".join(text.split())


def test_repeats_sentences_of_the_last_human_message_in_their_order():
    lines = StandInSummarizer().invoke(MESSAGES).content.split("\n")
    assert len(lines) == 6
    places = [flat(transcript()).index(line) for line in lines]
    assert places == sorted(places)


def test_same_input_same_summary_streamed_or_not():
    model = StandInSummarizer(chunk_size=3)
    whole = model.invoke(MESSAGES).content
    pieces = [chunk.content for chunk in model.stream(MESSAGES)]
    assert "".join(pieces) == whole == StandInSummarizer().invoke(MESSAGES).content
    assert max(map(len, pieces)) == 3


async def test_async_gives_the_same():
    model = StandInSummarizer()
    whole = (await model.ainvoke(MESSAGES)).content
    assert (
        "".join([chunk.content async for chunk in model.astream(MESSAGES)]) == whole == model.invoke(MESSAGES).content
    )


def test_pauses_between_pieces_change_nothing():
    assert "".join(c.content for c in StandInSummarizer(pause=0.0001).stream(MESSAGES)) == summarize(transcript(), 6)


def test_says_what_it_is():
    model = StandInSummarizer()
    assert "stand-in" in model._llm_type
    assert "stand-in" in model._get_ls_params()["ls_model_name"]
    assert "Not a language model" in StandInSummarizer.__doc__


def test_text_blocks_and_titles():
    blocks = [{"type": "text", "text": "MR. O: Dr. Samuel P. Adeyemi saw v. No. 4 on the ward that day. It rained."}]
    summary = StandInSummarizer(sentences=1).invoke([HumanMessage(blocks)]).content
    assert summary == "Dr. Samuel P. Adeyemi saw v. No. 4 on the ward that day."


def test_little_or_nothing_to_repeat():
    assert summarize("", 3) == ""
    assert summarize("Yes. No. It is.", 2) == "Yes.\nNo. It is."
    assert StandInSummarizer().invoke([SystemMessage("Hello.")]).content == ""
