import threading
import time
from types import SimpleNamespace

import pytest

from lc_guard import Entity, Guard, Policy
from lc_guard._engine.analyzer import Analyzer, DetectionCache
from lc_guard._engine.requests import GuardRequest
from lc_guard._engine.runner import FlowRunner
from lc_guard.errors import Blocked, DetectorError, DetectorTimeout, ModelUnavailable
from lc_guard.testing import ExactDetector, FailingDetector

CANARY = "Zebulon Quartermain"


def answering(answer, **more):
    """A detector that gives one answer to every text."""
    return SimpleNamespace(detect=lambda text: answer, name="answering", **more)


def detect(detectors, *batches, timeout=5.0, cache_size=1000):
    return FlowRunner().run(Analyzer(detectors, cache_size=cache_size).analyze(batches, timeout))


def test_all_detectors_are_asked_and_their_answers_joined():
    detected = detect([ExactDetector({"A": ["x"]}), ExactDetector({"B": ["x"]})], ["x", "y"])
    assert detected.entities == {"x": (Entity("A", 0, 1), Entity("B", 0, 1)), "y": ()}
    assert list(detected.latency_ms) == ["exact", "exact_2"]
    assert detected.failures == {}


def test_detectors_are_named_apart():
    three = [ExactDetector(name="n"), ExactDetector(name="n"), ExactDetector(name="n_2"), answering([])]
    assert list(Analyzer(three, cache_size=0).detectors) == ["n", "n_2", "n_2_2", "answering"]
    nameless = SimpleNamespace(detect=lambda text: [])
    assert repr(Analyzer([nameless], cache_size=0)) == "Analyzer(SimpleNamespace)"


@pytest.mark.parametrize("thing", ["text", 5, object(), SimpleNamespace(detect="no method")])
def test_what_is_no_detector_is_refused(thing):
    with pytest.raises(TypeError, match="needs a method detect"):
        Guard([thing])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "NoneType where a sequence"),
        (5, "int where a sequence"),
        ([None], "NoneType where Entity"),
        (CANARY, "str where Entity"),
        ([(0, 1, "PERSON")], "tuple where Entity"),
        ([Entity("PERSON", -1, 2)], "-1:2 lies outside the text of 5 characters"),
        ([Entity("PERSON", 0, 6)], "0:6 lies outside"),
        ([Entity("PERSON", 3, 2)], "3:2 lies outside"),
        ([Entity("PERSON", 0.0, 2)], "whole offsets"),
        ([Entity("PERSON", "0", 2)], "whole offsets"),
        ([Entity("PERSON", 0, 2, "high")], "number as score"),
        ([Entity("PERSON", 0, 2, None)], "number as score"),
        ([Entity(None, 0, 2)], "kind of type str"),
        (SimpleNamespace(x=CANARY), "SimpleNamespace where a sequence"),
    ],
)
def test_nothing_is_believed_unchecked(answer, told):
    failure = detect([answering(answer)], ["hello"]).failures["hello"]
    assert type(failure) is DetectorError
    assert told in str(failure)
    with pytest.raises(Blocked, match="DetectorError") as caught:
        Guard(answering(answer)).session("s").anonymize("hello")
    assert told in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("entity", "taken"),
    [
        (Entity("person name", 0, 2), Entity("PERSON_NAME", 0, 2)),
        (Entity("PERSON", 0, 2, float("nan")), Entity("PERSON", 0, 2, 1.0)),
        (Entity("PERSON", 0, 2, 7), Entity("PERSON", 0, 2, 1.0)),
        (Entity("PERSON", 0, 2, -1), Entity("PERSON", 0, 2, 0.0)),
        (Entity("PERSON", 2, 2), None),
    ],
)
def test_what_can_be_mended_is(entity, taken):
    expected = () if taken is None else (taken,)
    assert detect([answering([entity])], ["hello"]).entities["hello"] == expected
    generator = SimpleNamespace(detect=lambda text: (e for e in [entity]))
    assert detect([generator], ["hello"]).entities["hello"] == expected


def batching(answer):
    return answering([], detect_batch=answer)


def test_a_batch_is_asked_at_once():
    asked = []
    detector = batching(lambda texts: asked.append(list(texts)) or [[Entity("A", 0, 1)] for _ in texts])
    detected = detect([detector], ["a", "b", "a"], ["b", "c"])
    assert asked == [["a", "b", "c"]]
    assert set(detected.entities) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("answer", "told"), [([[]], "1 answers for 2 texts"), (None, "NoneType"), ([[], None], "NoneTy")]
)
def test_a_batch_must_have_an_answer_for_each_text(answer, told):
    detected = detect([batching(lambda texts: answer)], ["a", "b"])
    assert told in str(detected.failures["a"])
    assert set(detected.failures) == {"a", "b"}


def test_each_text_of_a_detector_without_batches_has_the_time():
    slow = answering([])
    slow.detect = lambda text: time.sleep(0.1) or []
    detected = detect([slow], list("abcdefgh"), timeout=0.5)
    assert not detected.failures
    assert set(detected.entities) == set("abcdefgh")


class TestALongestRequest:
    def test_it_fails_alone_and_is_not_asked_about(self):
        asked, requests = [], [["system", "x" * 50, "y" * 51], ["system", "z" * 90]]
        people = batching(lambda texts: asked.extend(texts) or [[Entity("A", 0, 1)] for _ in texts])
        guard = Guard(people, policy=Policy(max_characters=100))
        late, fine = guard.check([GuardRequest(texts, f"{len(texts)}") for texts in requests])
        assert asked == ["system", "z" * 90]
        assert (late.blocking.error, late.texts) == ("DetectorError", {})
        assert late.reason == "a request is longer than max_characters=100"
        assert fine.blocking is None
        assert set(fine.texts) == {"system", "z" * 90}

    def test_it_fails_where_another_detector_fails_as_well(self):
        guard = Guard(Poisoned(), policy=Policy(max_characters=100, on_error="allow"))
        requests = [["x" * 101], ["poison"], ["fine"]]
        outcomes = guard.check([GuardRequest(texts, "s") for texts in requests])
        assert [outcome.decision.error for outcome in outcomes] == ["DetectorError", "ValueError", None]

    def test_what_is_known_does_not_count(self):
        guard = Guard(ExactDetector({"PERSON": ["Bob"]}), policy=Policy(max_characters=100))
        texts = ["Bob" + letter * 80 for letter in "abc"]
        for number in range(1, 4):
            (outcome,) = guard.check([GuardRequest(texts[:number], "s")])
            assert len(outcome.texts) == number

    def test_who_waits_for_ever_has_no_bound(self):
        guard = Guard(ExactDetector({"PERSON": ["Bob"]}), policy=Policy(max_characters=1, timeout=None))
        assert guard.session("s").anonymize("Bob is here") == "[REDACTED_PERSON_1] is here"


class Poisoned:
    """Fails for every batch that holds the poison."""

    name = "poisoned"

    def __init__(self):
        self.asked = []

    def detect_batch(self, texts):
        self.asked.append(list(texts))
        if "poison" in texts:
            raise ValueError(CANARY)
        return [[Entity("A", 0, 1)] for _ in texts]

    def detect(self, text):
        return self.detect_batch([text])[0]


@pytest.mark.parametrize("turned", [False, True])
def test_a_text_that_fails_spoils_its_own_job_only(turned):
    """Also where jobs share a text, such as a system prompt."""
    batches = [["system", "poison"], ["system", "fine"]]
    detected = detect([Poisoned()], *(reversed(batches) if turned else batches))
    assert set(detected.failures) == {"poison"}
    assert detected.entities["system"] == detected.entities["fine"] == (Entity("A", 0, 1),)
    outcomes = Guard(Poisoned()).check(
        [GuardRequest(["system", "poison"], "a"), GuardRequest(["system", "fine"], "b"), GuardRequest([], "c")]
    )
    assert [outcome.decision.valid for outcome in outcomes] == [False, True, True]


def test_a_late_detector_is_not_asked_again():
    calls = []

    def hang(text):
        calls.append(text)
        time.sleep(0.2)
        return []

    detected = detect([SimpleNamespace(detect=hang)], ["a"], ["b"], timeout=0.02)
    assert calls == ["a"]
    assert all(isinstance(failure, DetectorTimeout) for failure in detected.failures.values())
    assert set(detected.failures) == {"a", "b"}


def test_one_detectors_answer_counts_where_another_fails():
    detected = detect([FailingDetector(ValueError(CANARY)), ExactDetector({"A": ["x"]})], ["x"])
    assert detected.entities["x"] == (Entity("A", 0, 1),)
    assert isinstance(detected.failures["x"], ValueError)


@pytest.mark.parametrize("text", ["", " ", "\n\u00a0"])
def test_a_blank_text_is_not_looked_at(text):
    detector = ExactDetector()
    assert detect([detector], [text]).entities == {text: ()}
    assert detector.calls == 0


def test_without_detectors_nothing_is_found():
    assert detect([], ["x"]).entities == {"x": ()}


# --- the cache


def test_a_text_is_looked_at_once():
    detector = ExactDetector({"A": ["x"]})
    guard = Guard(detector)
    for session in ("a", "b"):
        for _ in range(3):
            assert guard.session(session).anonymize("x") == "[REDACTED_A_1]"
    assert detector.calls == 1


def test_texts_that_begin_alike_are_two():
    guard = Guard(ExactDetector({"PERSON": ["Jane Doe"]}))
    assert guard.session("s").anonymize("The witness is nobody.") == "The witness is nobody."
    assert guard.session("s").anonymize("The witness is Jane Doe.") == "The witness is [REDACTED_PERSON_1]."


def test_a_failed_answer_is_not_remembered():
    detector = ExactDetector({"A": ["x"]})
    failing = [ValueError(CANARY)]
    seen = detector.detect
    detector.detect = lambda text: (_ for _ in ()).throw(failing.pop()) if failing else seen(text)
    guard = Guard(detector)
    with pytest.raises(Blocked):
        guard.session("s").anonymize("x")
    assert guard.session("s").anonymize("x") == "[REDACTED_A_1]"


def test_cache_size_zero_switches_the_cache_off():
    detector = ExactDetector()
    guard = Guard(detector, cache_size=0)
    for _ in range(2):
        guard.session("s").anonymize("x")
    assert detector.calls == 2


def test_a_long_conversation_costs_what_is_new_in_it():
    detector = ExactDetector({"PERSON": ["Jane Doe"]})
    session = Guard(detector).session("s")
    turns = [f"Turn {number}: Jane Doe said so." for number in range(50)]
    for number in range(1, 51):
        for text in turns[:number]:
            session.anonymize(text)
    assert detector.calls == 50


def test_the_cache_is_bounded_and_keeps_its_count():
    cache = DetectionCache(10)
    entities = tuple(Entity("A", n, n + 1) for n in range(3))
    for number in range(20):
        cache.keep({f"text {number}": entities, "again": ()})
        cache.keep({"again": entities[: number % 4]})  # a detector may change its mind
        assert cache._held == sum(1 + len(answer) for answer in cache._answers.values()) <= 10
    found = {}
    assert cache.sift(["again", "text 0", "text 19"], found) == ["text 0"]
    assert set(found) == {"again", "text 19"}


def test_the_cache_holds_no_text():
    text = CANARY + " " + "".join(chr(97 + n % 26) for n in range(300))
    analyzer = Analyzer([ExactDetector({"A": ["x"]})], cache_size=100)
    FlowRunner().run(analyzer.analyze([[text]], None))
    assert all(type(key) is bytes and len(key) == 16 for key in analyzer.cache._answers)


# --- loading models


class Loading:
    name = "loading"

    def __init__(self, error=None):
        self.loads, self.error, self.lock = 0, error, threading.Lock()

    def warm_up(self):
        with self.lock:
            self.loads += 1
        time.sleep(0.05)
        if self.error:
            raise self.error

    def detect(self, text):
        return []


def test_models_load_once_however_many_threads_ask():
    loading = Loading()
    guard = Guard([loading, ExactDetector()])
    threads = [threading.Thread(target=guard.session(f"s{n}").anonymize, args=(f"text {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    guard.warm_up()
    assert loading.loads == 1


def test_loading_does_not_count_against_the_timeout():
    loading = Loading()
    assert Guard(loading, policy=Policy(timeout=0.03)).session("s").anonymize("x") == "x"


async def test_models_load_off_the_loop():
    loading = Loading()
    guard = Guard(loading)
    await guard.awarm_up()
    assert await guard.session("s").aanonymize("x") == "x"
    assert loading.loads == 1


async def test_a_model_that_is_missing_says_what_to_do():
    error = ModelUnavailable("weights are missing; pip install 'lc-guard[llm-guard]'")
    guard = Guard(Loading(error))
    with pytest.raises(ModelUnavailable, match="pip install"):
        guard.warm_up()
    with pytest.raises(ModelUnavailable, match="pip install"):
        await guard.awarm_up()
    with pytest.raises(Blocked, match=r"ModelUnavailable.*pip install 'lc-guard\[llm-guard\]'"):
        guard.session("s").anonymize("x")
    with pytest.raises(Blocked, match=r"ModelUnavailable.*pip install"):
        await guard.session("s").aanonymize("x")
    with pytest.raises(ModelUnavailable):
        guard.redact(["x"])


def test_sources_of_a_joined_detector_tell_their_latency():
    from lc_guard.detectors import JoinedDetector

    joined = JoinedDetector([ExactDetector({"PERSON": ["Jane Doe"]}), ExactDetector({"CITY": ["Rome"]})])
    guard = Guard([joined])
    (outcome,) = guard.check([GuardRequest(("Jane Doe in Rome",), "s")])
    assert dict(outcome.decision.entities) == {"PERSON": 1, "CITY": 1}
    assert outcome.latency_ms
    assert all(name.startswith("joined.") and spent >= 0 for name, spent in outcome.latency_ms.items())
