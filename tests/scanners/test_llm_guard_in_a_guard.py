"""LLM Guard's scanner objects in a guard: what they redact, repair and block, in a chain and in a stream."""

import pytest
from langchain_core.runnables import RunnableGenerator, RunnableLambda

from lc_guard import Anonymize, Blocked, CheckPolicy, Deanonymize, Guard, Policy, PolicyError, ScanOutput, ScanPrompt
from lc_guard.scanners import LLMGuardScanner

from ..support.seams import CONFIG, MODES, added, run

modes = pytest.mark.parametrize("mode", MODES)


@modes
def test_objects_are_taken_as_they_are(mode):
    from llm_guard.input_scanners import BanSubstrings, InvisibleText, Regex
    from llm_guard.output_scanners import JSON, NoRefusalLight

    redact = CheckPolicy(action="redact")
    policy = Policy(checks={"InvisibleText": redact, "Regex": redact, "ticket": CheckPolicy(action="anonymize")})
    guard = Guard(
        [],
        prompt_scanners=[
            InvisibleText(),
            Regex([r"\bkey-\d+"]),
            ("ticket", Regex([r"T-\d+"])),
            BanSubstrings(["bomb"]),
        ],
        output_scanners=[NoRefusalLight(), JSON(required_elements=0, repair=True)],
        policy=policy,
    )
    chain = Anonymize(guard) | RunnableLambda(lambda text: text) | Deanonymize(guard)
    assert added(run(chain, mode, "use key-123\u200b for T-99 and T-99")) == "use [REDACTED] for T-99 and T-99"
    hidden = added(run(Anonymize(guard), mode, "use key-123\u200b for T-99 and T-99"))
    assert hidden == "use [REDACTED] for [REDACTED_REGEX_1] and [REDACTED_REGEX_1]"
    with pytest.raises(Blocked):
        run(chain, mode, "a bomb")
    with pytest.raises(Blocked):
        run(chain, mode, "I'm sorry, but I can't assist with that.")
    assert added(run(ScanOutput(guard), mode, '{"a": 1,}')) == '{"a": 1}'


def test_two_of_a_kind_have_names_of_their_own():
    from llm_guard.input_scanners import Regex

    guard = Guard([], prompt_scanners=[Regex(["a"]), Regex(["b"])])
    assert {each.check: each.valid for each in guard.scan("xb")} == {"Regex": True, "Regex_2": False}
    assert all(0 <= each.risk_score <= 1 for each in guard.scan("nothing"))


def test_what_judges_whole_answers_is_not_asked_about_sentences():
    with pytest.raises(PolicyError, match="'JSON' judges whole answers"):
        Guard([], output_scanners=[LLMGuardScanner("JSON", side="output")], policy=Policy(streaming="window"))


def test_by_name_in_a_stream():
    guard = Guard(
        [],
        output_scanners=[LLMGuardScanner("BanSubstrings", substrings=["bomb"], redact=True, side="output")],
        policy=Policy(streaming="window", checks={"BanSubstrings": CheckPolicy(action="redact")}),
    )
    said = ["Here is the first sentence. ", "Here is a bomb ", "in the second."]

    def say(_):
        yield from said

    chain = RunnableGenerator(say) | ScanOutput(guard)
    assert next(iter(chain.stream("x", CONFIG))) == said[0]
    assert "".join(chain.stream("x", CONFIG)) == "".join(said).replace("bomb", "[REDACTED]")


def test_a_model_that_can_t_be_had_blocks_and_says_so():
    guard = Guard([], prompt_scanners=[LLMGuardScanner("PromptInjection", model="no/such/folder")])
    with pytest.raises(Blocked) as raised:
        ScanPrompt(guard).invoke("hello")
    assert raised.value.decision.error == "ModelUnavailable"
    assert "PromptInjection" in str(raised.value)
