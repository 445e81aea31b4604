"""The default detector: names and shapes in real sentences, long and awkward texts, threads, cost of importing."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lc_guard.detectors import Detector, JoinedDetector, TitleDetector, default_detector, part_done
from lc_guard.detectors.given_names import GivenNameDetector
from lc_guard.detectors.listed_names import listed
from lc_guard.detectors.name_parts import whole_persons
from lc_guard.detectors.repeated_names import repeated
from lc_guard.errors import DetectorError, GuardError
from lc_guard.records import Entity

TRANSCRIPT = (
    "Ms. Jane O'Brien's lawyer, John Smith, lives at 12 Main Street, Springfield, IL 62704. Call 415-555-0100 or "
    "jane@example.com. Dr. Emily\nClark testified on 3 May 1999 in case no. 36110/97 for Microsoft. "
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("PERSON", "Jane O'Brien"),
        ("PERSON", "John Smith"),
        ("PERSON", "Emily"),
        ("PERSON", "Clark"),
        ("LOCATION", "12 Main Street, Springfield, IL 62704"),
        ("PHONE_NUMBER", "415-555-0100"),
        ("EMAIL_ADDRESS", "jane@example.com"),
        ("DATE_TIME", "3 May 1999"),
        ("CASE_NUMBER", "36110/97"),
        ("ORGANIZATION", "Microsoft"),
    ],
)
def test_transcript(joined, found, kind, value):
    assert (kind, value) in found(joined, TRANSCRIPT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The Court heard Mr Kalkan.", "Kalkan"),
        ("before Judge J. Södergren, who", "J. Södergren"),
        ("MS. O'BRIEN: Yes.", "O'BRIEN"),
        ("Mr C. Whomersley’s letter", "C. Whomersley"),
        ("Mrs\u00a0van der Berg left", "van der Berg"),
        ("Mr Justice Peter-Paul İşeri spoke", "Peter-Paul İşeri"),
        ("Agent Jamal Whitaker\nDuration 5m", "Jamal Whitaker"),
    ],
)
def test_a_title_announces_a_name(found, text, value):
    assert found(TitleDetector(), text) == [("PERSON", value)]


@pytest.mark.parametrize(
    "text", ["Mr. President, I yield", "Mr Chairman:", "Mrs. Ambassador, so", "Mr. Vice President"]
)
def test_an_office_behind_a_title_is_nobody(found, text):
    assert not found(TitleDetector(), text)


def test_an_abbreviation_in_capitals_is_no_title_of_a_word(found):
    assert found(TitleDetector(), "MITRAL VALVE: Mild MR. AORTA: normal. MR. PRICE: Yes.") == [("PERSON", "PRICE")]
    assert found(TitleDetector(), "I HATE MRS. ABBOT AND MISS MUCK") == [("PERSON", "ABBOT"), ("PERSON", "MUCK")]


def test_and_a_name_behind_an_office_is_somebody(found):
    assert found(TitleDetector(), "Mr. Foreman and Mr. Speaker Ryan") == [
        ("PERSON", "Foreman"),
        ("PERSON", "Speaker Ryan"),
    ]


def test_a_name_that_goes_over_a_line_break_is_hidden_line_by_line(found):
    assert found(TitleDetector(), "Dr. Emily\nClark said") == [("PERSON", "Emily"), ("PERSON", "Clark")]


@pytest.mark.parametrize(
    ("text", "value"),
    [("Uncle Ronnie came", "Ronnie"), ("Chaplain Crane preached", "Crane"), ("who's mr pickles lol", "pickles")],
)
def test_a_familiar_title_announces_one(found, text, value):
    assert found(TitleDetector(), text) == [("PERSON", value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the reign of King Otto ended", "Otto"),
        ("Queen Wilhelma reappointed her", "Wilhelma"),
        ("and President Pieckert left", "Pieckert"),
        ("he fought under Major General Lafontaine in", "Lafontaine"),
        ("supported Pope Innocent II then", "Innocent II"),
    ],
)
def test_who_rules_is_announced_by_the_title(found, text, value):
    assert found(TitleDetector(), text) == [("PERSON", value)]


@pytest.mark.parametrize(
    "text",
    [
        "Queen Elizabeth Hospital",
        "King George Street",
        "a King Charles Spaniel",
        "General Delivery",
        "the General Assembly",
        "Burger King Russia",
        "Premier League",
    ],
)
def test_a_body_that_bears_such_a_title_is_nobody(found, text):
    assert not found(TitleDetector(), text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "the Justice Department",
            "Judge of the High Court",
            "Mr. and Mrs.",
            "Dr.",
            "a Father Figure",
            "my mrs has it",
        ),
        "Sister Company",
    ],
)
def test_a_title_without_a_name(found, text):
    assert not found(TitleDetector(), text)


def test_two_people_side_by_side_and_with_a_comma(joined, found):
    assert [v for _, v in found(joined, "They were Bob Jones, Mary Poppins.")] == ["Bob Jones", "Mary Poppins"]


@pytest.mark.parametrize("text", ["The Court adjourned.", "Article 6 and Section 3 apply to the Government."])
def test_role_words_and_references_are_left(joined, found, text):
    assert not found(joined, text)


def test_long_text_gives_what_its_parts_give(joined, found):
    short = set(found(joined, TRANSCRIPT))
    text = TRANSCRIPT * 12
    pairs = found(joined, text)
    assert short <= set(pairs)
    assert sum(pair == ("EMAIL_ADDRESS", "jane@example.com") for pair in pairs) == 12
    assert sum(pair == ("PERSON", "John Smith") for pair in pairs) == 12


def test_batch_equals_one_by_one(joined):
    texts = [TRANSCRIPT, "", "Call 415-555-0100.", " \n", TRANSCRIPT * 3, "\ud800 Mr Kalkan"]
    assert joined.detect_batch(texts) == [joined.detect(text) for text in texts]
    assert joined.detect_batch([]) == []


def test_threads(joined):
    expected = joined.detect(TRANSCRIPT)
    with ThreadPoolExecutor(8) as pool:
        assert all(answer == expected for answer in pool.map(joined.detect, [TRANSCRIPT] * 24))


@pytest.mark.parametrize(
    "text",
    ["", "  \n\t", "\x00", "\ud800\udfff", "\u202eeoD enhoJ\u202c", "e\u0301" * 200,
     "👨\u200d👩 Jo\u200dhn", "김철수 " * 80,
     "1" * 20_000, "a" * 20_000, ":" * 5_000, "'" * 5_000, "\n" * 20_000, "+1 " * 3_000],
)  # fmt: skip
def test_awkward_texts(joined, text):
    answer = joined.detect(text)
    assert all(0 <= e.start < e.end <= len(text) for e in answer)
    assert all(a.end <= b.start for a, b in pairwise(answer))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text(joined, text):
    answer = joined.detect(text)
    assert all(0 <= e.start < e.end <= len(text) and 0 <= e.score <= 1 for e in answer)
    assert all(a.end <= b.start for a, b in pairwise(answer))


def test_kinds_choose(found):
    only = default_detector(ner=False, kinds=["EMAIL_ADDRESS"])
    assert found(only, TRANSCRIPT) == [("EMAIL_ADDRESS", "jane@example.com")]


def test_rules_only_is_an_explicit_choice(found):
    pairs = found(default_detector(ner=False), TRANSCRIPT)
    assert ("PHONE_NUMBER", "415-555-0100") in pairs
    assert ("PERSON", "John Smith") not in pairs


class Fixed:
    def __init__(self, *entities):
        self.entities = entities

    def detect(self, text):
        return self.entities


def test_detectors_that_contradict_each_other_on_every_span():
    text = "Alpha Beta Gamma"
    one = Fixed(Entity("PERSON", 0, 10), Entity("LOCATION", 11, 16))
    two = Fixed(Entity("LOCATION", 0, 5), Entity("ORGANIZATION", 6, 16))
    answer = JoinedDetector([one, two]).detect(text)
    assert {i for e in answer for i in range(e.start, e.end)} >= {i for i, c in enumerate(text) if c.isalpha()}


def test_a_source_that_fails_fails_the_whole():
    class Broken:
        def detect(self, text):
            raise DetectorError("broken")

    with pytest.raises(DetectorError, match="broken"):
        JoinedDetector([Fixed(), Broken()]).detect("Jane " * 1_000)


def test_a_batch_with_a_missing_answer_is_an_error():
    class Short(Fixed):
        def detect_batch(self, texts):
            return []

    with pytest.raises(DetectorError, match="0 answers for 1"):
        JoinedDetector([Short()]).detect("Jane")


def test_no_source_is_an_error():
    with pytest.raises(GuardError):
        JoinedDetector([])


def test_protocol_and_repr(joined):
    assert isinstance(joined, Detector)
    assert all(isinstance(source, Detector) for source in joined.detectors)
    assert "RampartDetector" in repr(joined)


def test_importing_detectors_loads_no_vendor():
    code = (
        "import sys; import lc_guard.detectors; from lc_guard.detectors import default_detector, LLMGuardDetector; "
        "default_detector(); "
        "print([m for m in ('spacy','presidio_analyzer','llm_guard','torch','onnxruntime','transformers','tokenizers',"
        "'numpy','tldextract') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_llm_guards_patterns_are_read_without_importing_it():
    code = (
        "import sys; from lc_guard.detectors.llm_guard_loading import llm_guard_patterns as p; "
        "assert {'UUID', 'EMAIL_ADDRESS_RE'} <= {g['name'] for g in p()}; print('llm_guard' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unknown_name_of_the_package():
    import lc_guard.detectors as package

    assert "default_detector" in dir(package)
    with pytest.raises(AttributeError, match="nope"):
        package.nope  # noqa: B018


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("THE WITNESS JOHN SMITH LIVES IN CHICAGO.", "JOHN SMITH"),
        ("my name is john smith and i live in chicago", "john smith"),
    ],
)
def test_transcripts_in_one_case(joined, found, text, value):
    assert ("PERSON", value) in found(joined, text)


@pytest.fixture
def beside_a_torch(tmp_path, monkeypatch):
    """Run code in a process of its own, in which there is a torch, and give the words that it prints."""
    (tmp_path / "torch.py").write_text("here = True")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.getcwd()}")

    def run(code):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.split()

    return run


def test_first_result_within_seconds_and_without_torch_that_can_still_be_imported(beside_a_torch):
    code = (
        "import time; began = time.process_time(); import sys; from lc_guard.detectors import default_detector; "
        "found = default_detector().detect('Jane Doe called 415-555-0100.'); took = time.process_time() - began; "
        "print(len(found), 'torch' in sys.modules, took < 5); import torch; print(torch.here)"
    )
    assert beside_a_torch(code) == ["2", "False", "True", "True"]


def test_torch_that_is_there_already_stays_with_spacy(beside_a_torch):
    code = (
        "import sys, torch; from lc_guard.detectors.weights import import_thinc; import_thinc(); "
        "print('thinc' in sys.modules)"
    )
    assert beside_a_torch(code) == ["False"]


def test_another_thread_may_import_torch_meanwhile(beside_a_torch):
    code = (
        "import sys, threading, importlib.util; from lc_guard.detectors.weights import _NoTorch; "
        "sys.meta_path.insert(0, _NoTorch()); seen = []; "
        "t = threading.Thread(target=lambda: seen.append(importlib.util.find_spec('torch') is not None)); "
        "t.start(); t.join(); print(*seen)\n"
        "try: import torch\n"
        "except ImportError as error: print(error.name)"
    )
    assert beside_a_torch(code) == ["True", "torch"]


def test_first_use_on_a_long_text_imports_vendors_in_several_threads_at_once():
    code = "from lc_guard.detectors import default_detector as d; print(len(d().detect('Jane Doe said. ' * 300)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "300"


class TestSourcesInThreads:
    def test_who_interrupts_waits_for_none(self):
        started, go = threading.Event(), threading.Event()

        class Slow:
            def detect(self, text):
                started.set()
                go.wait(20)
                return []

        joined = JoinedDetector([Slow(), Slow()], parallel=True)
        interrupt = threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test before may have left its own
        interrupt.start()
        begun = time.monotonic()
        try:
            with pytest.raises(KeyboardInterrupt):
                joined.detect("x" * 3_000)
            assert time.monotonic() - begun < 5
            waiting = [each for each in threading.enumerate() if each.name.startswith("lc-guard-detector")]
            assert waiting
            assert all(each.daemon for each in waiting)  # the process may end
        finally:
            go.set()
            interrupt.join()
            signal.signal(signal.SIGINT, before)

    def test_a_failure_ends_the_others_at_their_next_part(self):
        class Fails:
            def detect(self, text):
                raise KeyError

        class Works:
            def detect(self, text):
                end = time.monotonic() + 20
                while time.monotonic() < end:
                    time.sleep(0.001)
                    part_done()
                return []

        begun = time.monotonic()
        with pytest.raises(KeyError):
            JoinedDetector([Works(), Works(), Fails()], parallel=True).detect("x" * 3_000)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Mayor Yolanda Brightwater won. Thanks, Brightwater.", ["Yolanda Brightwater", "Brightwater"]),
        ("Yolanda Brightwater won.\nBRIGHTWATER: thanks", ["Yolanda Brightwater", "BRIGHTWATER"]),
        ("Maria Frost came in the Frost.", ["Maria Frost", "Frost"]),
        ("Maria Frost came. Frost and frost.", ["Maria Frost"]),
    ],
)
def test_a_name_is_that_name_again(text, values):
    name = Entity("PERSON", text.index(values[0]), text.index(values[0]) + len(values[0]), 0.9)
    assert [text[e.start : e.end] for e in repeated(text, [name])] == values


@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("dictated to Wm. Ashby", "Ashby", "Wm. Ashby"),
        ("signed by C. H. Dorset", "Dorset", "C. H. Dorset"),
        ("F. E. Cross wrote", "Cross", "F. E. Cross"),
        ('met Ignatius "Iggy" Prudhomme', "Prudhomme", 'Ignatius "Iggy" Prudhomme'),
        ("ask Gina G, please", "Gina", "Gina G"),
        ("Rhys P-J, me", "Rhys", "Rhys P-J"),
        ("by Harriet Renfrew", "Renfrew", "Harriet Renfrew"),
        ("I love Zelimkhan Bataev", "Bataev", "Zelimkhan Bataev"),
        ("I use Kubernetes Bataev", "Bataev", "Bataev"),
        ("A. Siltronix did", "Siltronix", "Siltronix"),
        ("told Anna I know", "Anna", "Anna"),
        ("Will Strunk come?", "Strunk", "Strunk"),
        ("Compare Tove Nyqvist", "Nyqvist", "Tove Nyqvist"),
        ("Compare Docker Nyqvist", "Nyqvist", "Nyqvist"),
        ("Tove Nyqvist", "Nyqvist", "Nyqvist"),
        ("Image: R Saravanan", "Saravanan", "R Saravanan"),
        ("drawn by N S Andres", "Andres", "N S Andres"),
        ("grade A Saravanan", "Saravanan", "Saravanan"),
        ("met Amber Le Bon", "Amber", "Amber Le Bon"),
        ("Antonio Lopez de Santa Anna agreed", "Antonio Lopez de Santa", "Antonio Lopez de Santa Anna"),
        ("Wong Yeung-tat said", "Wong Yeung", "Wong Yeung-tat"),
        ("a Warhol-like wig", "Warhol", "Warhol"),
        ("an Obama-era rule", "Obama", "Obama"),
    ],
)
def test_parts_that_stand_beside_a_name_belong_to_it(text, part, whole):
    name = Entity("PERSON", text.index(part), text.index(part) + len(part), 0.9)
    assert [text[e.start : e.end] for e in whole_persons(text, [name])] == [whole]


def test_a_nickname_stands_within_a_name():
    text = 'met Katherine ("Kit") Thomson'
    names = [Entity("PERSON", 4, 13, 0.9), Entity("ORGANIZATION", 22, 29, 0.9)]
    assert whole_persons(text, names) == [Entity("PERSON", 4, 29, 0.9)]
    assert whole_persons(text, names[1:]) == names[1:]
    quoted = 'met Hannah "Banana" Fielding'
    assert whole_persons(quoted, [Entity("PERSON", 4, 10, 0.9)]) == [Entity("PERSON", 4, 28, 0.9)]


def test_who_signs_stands_in_a_line_alone(found):
    assert ("PERSON", "Ginger") in found(GivenNameDetector(), "no news\n\nGinger\n\n>>> more")
    assert not found(GivenNameDetector(), "Ginger\nand garlic\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("See you there.\n\nFondly,\nBitsy", "Bitsy"),
        ("ok for me\nthx\njbk\n\n> on Monday", "jbk"),
        ("It rained.\n\nTa-ra for now,\n- Our Kev", "Our Kev"),
        ("Got it. Will can't make it.", "Will"),
        ("- Grace told me so", "Grace"),
        ("08/16/2000 03:48 PM\nAnna Griffith@ENRON\n", "Anna Griffith"),
        ("From: Anna Griffith/HOU/ECT@ECT on Monday", "Anna Griffith"),
        ("as Griffith et al. (2014) say", "Griffith"),
    ],
)
def test_a_name_is_told_by_its_place(found, text, name):
    assert ("PERSON", name) in found(GivenNameDetector(), text)


@pytest.mark.parametrize(
    "text",
    [
        "Best regards,\nCustomer Support",
        "Thanks\nSent from my phone",
        "Thanks,\nBookkeeper",
        "thx\nok",
        "It rained all day,\nBitsy",
        "May I say that Will won't?",
        "In the will said to be hers",
        "Summer called us out",
    ],
)
def test_and_nothing_else_is(found, text):
    assert not found(GivenNameDetector(), text)


@pytest.mark.parametrize(
    ("text", "people", "missed"),
    [
        ("I love Pessoa, Saramago, Aidoo.", ["Pessoa", "Aidoo"], ["Saramago"]),
        ("met Mario, Luigi and Yosh.", ["Mario", "Luigi"], ["Yosh"]),
        ("met Mario, Luigi and Others.", ["Mario", "Luigi"], []),
        ("met Mario, Kubernetes, Luigi.", ["Mario", "Luigi"], []),
        ("met Mario, Mr Luigi.", ["Mario", "Luigi"], []),
        ("met Mario and Yosh.", ["Mario"], []),
    ],
)
def test_who_stands_in_a_list_of_people_is_one(text, people, missed):
    entities = [Entity("PERSON", text.index(name), text.index(name) + len(name), 0.9) for name in people]
    assert [text[e.start : e.end] for e in listed(text, entities) if e not in entities] == missed


def test_who_speaks_is_no_label_of_a_form(joined, found):
    assert ("PERSON", "PRICE") in found(joined, "MS. PRICE: Objection.")
