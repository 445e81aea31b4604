"""What a guard takes as a scanner, what it refuses, and how checks get their names."""

import numpy as np
import pytest

from lc_guard.errors import ScannerError
from lc_guard.records import ScanResult
from lc_guard.scanners.adapters import as_scanner, by_unique_name
from lc_guard.scanners.base import CONTEXT_STAGES, Scanner, ScanRequest


class Ours:
    name = "ours"
    stages = ("document",)

    def scan(self, request):
        return ScanResult(valid="bad" not in request.text, risk_score=0.5)

    def warm_up(self):
        self.warm = True


class LikeInput:
    def scan(self, prompt: str):
        return prompt, "bad" not in prompt, -1.0


class LikeOutput:
    def scan(self, prompt: str, output: str):
        return output, prompt in output, 0.25


def of(scanner, text="a text", prompt=""):
    return scanner.scan(ScanRequest(text, "output" if prompt else "prompt", prompt))


def test_a_scanner_of_ours_is_taken_as_it_is():
    scanner = Ours()
    assert as_scanner(scanner, side="prompt") is scanner
    assert as_scanner(scanner, side="output") is scanner


def test_an_object_that_is_asked_like_llm_guards_input_scanner():
    scanner = as_scanner(LikeInput(), side="prompt")
    assert isinstance(scanner, Scanner)
    assert (scanner.name, scanner.stages, scanner.sees, scanner.cost) == (
        "LikeInput", CONTEXT_STAGES, "original", "model",
    )  # fmt: skip
    assert of(scanner) == ScanResult(valid=True, risk_score=0.0)
    assert not of(scanner, "bad").valid


def test_an_object_that_is_asked_like_llm_guards_output_scanner_is_given_the_prompt():
    scanner = as_scanner(LikeOutput(), side="output")
    assert scanner.stages == ("output",)
    assert of(scanner, "about cats", "cats").valid
    assert not of(scanner, "about cats", "dogs").valid


@pytest.mark.parametrize(
    ("thing", "side", "told"),
    [
        (LikeInput(), "output", r"prompt_scanners.*llm_guard\.output_scanners"),
        (LikeOutput(), "prompt", r"output_scanners.*llm_guard\.input_scanners"),
        (LikeInput, "prompt", r"give an instance of it, LikeInput\(\.\.\.\)"),
        (Ours, "prompt", "is a class"),
        ("PromptInjection", "prompt", r"LLMGuardScanner\(name\)"),
        (None, "prompt", "NoneType judges no text"),
        (42, "output", "callable text"),
        ({"name": LikeInput()}, "prompt", "dict judges no text"),
        (type("Odd", (), {"scan": lambda _, a, b, c: None})(), "prompt", r"\(prompt, output\)"),
        (type("None_", (), {"scan": lambda _: None})(), "prompt", r"\(request\)"),
        (("a", "b", LikeInput()), "prompt", "tuple judges no text"),
        (("name", LikeInput), "prompt", "is a class"),
    ],
)
def test_what_is_no_scanner_is_an_error_that_says_what_is(thing, side, told):
    with pytest.raises(TypeError, match=told):
        as_scanner(thing, side=side)


def test_an_async_function_is_no_scanner():
    async def judge(text):
        return True

    with pytest.raises(TypeError, match="ascan"):
        as_scanner(judge, side="prompt")


def test_a_side_that_there_is_not():
    with pytest.raises(ValueError, match="'prompt', 'output'"):
        as_scanner(Ours(), side="input")


def test_a_pair_gives_a_name_and_leaves_the_rest():
    scanner = as_scanner(("mine", Ours()), side="prompt")
    assert (scanner.name, scanner.name_given, scanner.stages) == ("mine", True, ("document",))
    scanner.warm_up()
    assert scanner._scanner.warm
    assert not of(scanner, "bad").valid
    assert not hasattr(scanner, "ascan")
    assert as_scanner(("like", LikeInput()), side="prompt").cost == "model"


def test_what_was_taken_once_is_taken_again():
    for thing in (LikeInput(), ("mine", LikeInput())):
        scanner = as_scanner(thing, side="prompt")
        again = as_scanner(scanner, side="prompt")
        assert (again.name, getattr(again, "name_given", False)) == (scanner.name, scanner.name_given)
        assert of(again).valid
        with pytest.raises(TypeError, match="prompt_scanners"):
            as_scanner(scanner, side="output")


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb"])
def test_a_name_that_can_not_be_shown(name):
    with pytest.raises(ValueError, match="printable"):
        as_scanner((name, Ours()), side="prompt")


@pytest.mark.parametrize(
    ("answer", "valid", "risk"),
    [
        (True, True, 0.0),
        (False, False, 1.0),
        (np.bool_(False), False, 1.0),
        (0.49, True, 0.49),
        (0.5, False, 0.5),
        (np.float32(0.25), True, 0.25),
        (1, False, 1.0),
    ],
)
def test_what_a_function_gives(answer, valid, risk):
    assert of(as_scanner(lambda _: answer, side="prompt")) == ScanResult(valid=valid, risk_score=risk)


def test_a_function_gives_a_result_of_its_own():
    said = ScanResult(valid=False, risk_score=0.1, sanitized="x", categories={"Hate": 0.1})

    def my_check(text):
        return said

    scanner = as_scanner(my_check, side="output")
    assert of(scanner) is said
    assert scanner.name == "my_check"


@pytest.mark.parametrize("answer", [None, float("nan"), float("inf"), -0.1, 7, "secret words", [True], ("a", True, 0)])
def test_what_a_function_must_not_give(answer):
    with pytest.raises(ScannerError) as caught:
        of(as_scanner(lambda _: answer, side="prompt"))
    assert "secret words" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "secret words",
        ("secret words", True),
        ("secret words", True, None),
        ("secret words", True, float("nan")),
        ("secret words", True, 7),
        ("secret words", True, -1.01),
        ("secret words", True, True),
        ("secret words", True, "0.5"),
        ("secret words", 1, 0.5),
        ("secret words", None, 0.5),
        (None, True, 0.5),
        ["secret words", True, 0.5],
        (b"secret words", True, 0.5),
    ],
)
def test_a_result_that_is_none_is_an_error_without_text(answer):
    class Broken:
        def scan(self, prompt):
            return answer

    with pytest.raises(ScannerError) as caught:
        of(as_scanner(Broken(), side="prompt"), "secret words")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("risk", [np.float32(0.5), np.float64(0.5), 0.5])
def test_numbers_of_numpy_are_numbers(risk):
    class Numeric:
        def scan(self, prompt):
            return prompt, np.bool_(True), risk

    result = of(as_scanner(Numeric(), side="prompt"))
    assert (result.valid, result.risk_score, result.sanitized) == (True, 0.5, None)
    assert type(result.valid) is bool
    assert type(result.risk_score) is float


def test_what_the_object_raises_is_told_by_type_only():
    class Failing:
        def scan(self, prompt):
            raise LookupError(prompt)

    with pytest.raises(ScannerError, match=r"Failing failed \(LookupError\)") as caught:
        of(as_scanner(Failing(), side="prompt"), "secret words")
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def test_an_interrupt_of_langgraph_passes():
    from langgraph.errors import GraphInterrupt

    class Asking:
        def scan(self, prompt):
            raise GraphInterrupt

    with pytest.raises(GraphInterrupt):
        of(as_scanner(Asking(), side="prompt"))


def test_an_object_of_ones_own_is_not_taken_for_llm_guards_of_the_same_name():
    regex = type("Regex", (LikeInput,), {})
    scanner = as_scanner(regex(), side="prompt")
    assert scanner.cost == "model"
    assert scanner._lock is not None


def test_names_are_unique_and_the_same_each_time():
    class Regex(LikeInput):
        pass

    given = as_scanner(("Regex_2", Regex()), side="prompt")
    things = [as_scanner(item, side="prompt") for item in (Regex(), Regex(), Ours(), Regex())]
    named = by_unique_name([*things, given])
    assert list(named) == ["Regex", "Regex_3", "ours", "Regex_4", "Regex_2"]
    assert list(named.values()) == [*things, given]
    assert list(by_unique_name([*things, given])) == list(named)


def test_the_name_of_the_detectors_is_taken():
    class pii(LikeInput):
        pass

    assert list(by_unique_name([as_scanner(pii(), side="prompt")])) == ["pii_2"]
    with pytest.raises(ValueError, match="'pii'"):
        by_unique_name([as_scanner(("pii", LikeInput()), side="prompt")])


def test_a_name_that_the_user_gave_twice_is_an_error():
    pairs = [as_scanner(("a", LikeInput()), side="prompt") for _ in range(2)]
    with pytest.raises(ValueError, match="two checks are named 'a'"):
        by_unique_name(pairs)
