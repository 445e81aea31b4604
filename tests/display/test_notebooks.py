"""What a notebook and a terminal show: every text escaped, every kind in its colour, originals only where asked for."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from lc_guard import CheckPolicy, Decision, Guard, Policy, StagePolicy
from lc_guard._display.colours import BAD, COLOURS, FAIR, GOOD, colour_of
from lc_guard._display.html import frame, marked
from lc_guard.detectors.labels import KINDS
from lc_guard.evals import Case, Mention, MonitoringReport, evaluate
from lc_guard.records import Mark
from lc_guard.testing import ExactDetector

from ..properties.strategies import texts

TAGS = {"b", "br", "div", "iframe", "mark", "span", "table", "tbody", "td", "th", "thead", "tr"}
ATTRIBUTES = {"style", "title", "sandbox", "srcdoc"}
VOID = {"br"}


class Read(HTMLParser):
    """What a browser reads: the text, by the element around it; anything but our own elements is a fault."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.marks: list[str] = []
        self.pages: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        assert "url(" not in (dict(attrs).get("style") or "")
        self.pages += [value or "" for name, value in attrs if name == "srcdoc"]
        if tag == "mark":
            self.marks.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self.open:
            self.marks[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


def guard(**options: Any) -> Guard:
    detector = ExactDetector({"PERSON": ["Ada", "<i>Bob</i>"], "CARD": ["4111"], "CITY": ["Ulm"]})
    return Guard([detector], **options)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(), st.data())
def test_any_text_is_escaped_and_marked_where_it_says(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    marks = [(a, b, "PERSON", text) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    read = Read(marked(text, marks))
    assert _shown(read.text) == _shown(text)
    assert list(map(_shown, read.marks)) == [_shown(text[start:end]) for start, end, _, _ in marks]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
def test_a_comparison_shows_any_text_beside_what_the_model_sees(text: str) -> None:
    compared = guard().session("s").compare(text)
    read = Read(compared._repr_html_())
    assert _shown(text) in _shown(read.text)
    assert _shown(compared.hidden or "") in _shown(read.text)
    for mark in compared.marks:
        assert compared.hidden is not None
        assert mark.put is not None
        assert compared.hidden[slice(*mark.put)].startswith("[")


def test_marks_say_where_what_stands_for_a_value_is() -> None:
    policy = Policy(kinds={"CARD": "redact", "CITY": "allow"})
    session = guard(policy=policy).session("s")
    compared = session.compare("Ada paid with 4111 in Ulm, <i>Bob</i> too")
    assert compared.hidden == "[REDACTED_PERSON_1] paid with [REDACTED_CARD] in Ulm, [REDACTED_PERSON_2] too"
    assert compared.marks == [
        Mark("PERSON", 0, 3, 1.0, "anonymize", (0, 19)),
        Mark("CARD", 14, 18, 1.0, "redact", (30, 45)),
        Mark("CITY", 22, 25, 1.0, "allow", None),
        Mark("PERSON", 27, 37, 1.0, "anonymize", (54, 73)),
    ]
    read = Read(compared._repr_html_())
    assert read.marks == [
        *("Ada", "4111", "Ulm", "<i>Bob</i>"),
        *("[REDACTED_PERSON_1]", "[REDACTED_CARD]", "[REDACTED_PERSON_2]"),
    ]
    assert session.deanonymize(compared.hidden) == "Ada paid with [REDACTED_CARD] in Ulm, <i>Bob</i> too"


def test_a_preamble_is_not_part_of_it() -> None:
    class Preambled(ExactDetector):
        preamble = "Placeholders follow. "

    compared = Guard([Preambled({"PERSON": ["Ada"]})]).session("s").compare("Ada")
    assert compared.hidden == "[REDACTED_PERSON_1]"
    assert compared.marks[0].put == (0, 19)


async def test_async_compares_the_same() -> None:
    session = guard().session("s")
    sync, compared = session.compare("Ada, Ulm"), await session.acompare("Ada, Ulm")
    assert (compared.hidden, compared.marks) == (sync.hidden, sync.marks)
    assert compared.hidden == "[REDACTED_PERSON_1], [REDACTED_CITY_1]"


def test_what_is_blocked_is_shown_and_no_error() -> None:
    compared = guard(policy=Policy(kinds={"CARD": "block"})).session("s").compare("Ada has 4111")
    assert compared.hidden is None
    assert repr(compared) == "Comparison(blocked)"
    read = Read(compared._repr_html_())
    assert "Blocked: nothing goes on" in read.text
    assert "4111" in read.marks


def test_scanners_judge_what_is_compared() -> None:
    compared = guard(prompt_scanners=[("loud", lambda text: text != text.upper())]).session("s").compare("ULM")
    assert [(each.check, each.valid) for each in compared.decisions] == [("pii", True), ("loud", False)]
    assert compared.hidden is None


def test_a_text_that_a_scanner_wrote_anew_has_no_marks() -> None:
    class Shorten:
        name = "Shorten"

        def scan(self, prompt: str) -> tuple[str, bool, float]:
            return prompt[:3], False, 1.0

    policy = Policy(checks={"Shorten": CheckPolicy(action="redact")})
    compared = guard(prompt_scanners=[Shorten()], policy=policy).session("s").compare("Ada in Ulm")
    assert (compared.hidden, compared.marks) == ("[REDACTED_PERSON_1]", [])


def test_no_original_stands_in_what_is_not_asked_to_show_it() -> None:
    shown = guard(prompt_scanners=[("loud", lambda text: True)])
    compared = shown.session("s").compare("Ada in Ulm")
    assert repr(compared) == "Comparison(1 CITY, 1 PERSON)"
    assert "Ada" not in shown._repr_html_() + shown.scan("Ada")._repr_html_() + compared.decisions[0]._repr_html_()


def test_decisions() -> None:
    decisions = guard(prompt_scanners=[("<b>", lambda text: 0.25)]).scan("Ada")
    assert decisions == tuple(decisions)
    read = Read(decisions._repr_html_())
    for part in ("prompt", "<b>", "allow", "0.25", "none"):
        assert part in read.text
    assert "error" not in read.text
    failed = Decision("output", "<i>", "block", False, 1.0, 5.0, {"PERSON": 2}, "Timeout", "d")
    assert "Timeout" in Read(failed._repr_html_()).text
    assert BAD.mid in failed._repr_html_()
    assert colour_of("PERSON").mid in failed._repr_html_()
    assert "nothing looked" in Read(Guard([]).scan("x")._repr_html_()).text


def test_a_policy_and_a_guard() -> None:
    policy = Policy(
        kinds={"CARD": "redact"},
        thresholds={"DATE_TIME": 0.6},
        checks={"<loud>": CheckPolicy(action="warn", monitor=True)},
        stages={"document": StagePolicy(action="replace", checks={"<loud>": CheckPolicy(timeout=2.5)})},
        restore={"tools": "placeholder", "tool:<mail>": "block"},
        timeout=None,
        version="<v3>",
    )
    read = Read(policy._repr_html_())
    for part in ("Policy <v3>", "CARDredact0", "DATE_TIMEanonymize0.6", "any otheranonymize", "timeoutnone",
                 "<loud>action warn, monitor yes", "every check at documentaction replace",
                 "<loud> at documenttimeout 2.5", "toolsplaceholder", "tool:<mail>block"):  # fmt: skip
        assert part in read.text
    one = guard(policy=policy, prompt_scanners=[("<loud>", lambda text: True)], placeholder_style="angle")
    read = Read(one._repr_html_())
    for part in ("detectorsexact", "prompt scanners<loud>", "vaultMemoryVault(0 sessions", "<PERSON_1>"):
        assert part in read.text
    assert "<fake>" not in guard(placeholder_style="fake")._repr_html_()


def test_a_guard_names_what_its_detector_is_joined_of() -> None:
    assert "credentials, record_fields" in Read(Guard()._repr_html_()).text


def test_reports_stand_in_a_frame_without_scripts() -> None:
    case = Case("1", "<b>Ada</b> was here", (Mention(3, 6, "PERSON"),))
    report = evaluate([case], [ExactDetector({"PERSON": ["Ada"]})])
    for shown in (report, MonitoringReport(since=0.0, until=1.0, source="x", bucket_seconds=60)):
        read = Read(shown._repr_html_())
        assert read.pages == [shown.to_html()]
        assert 'sandbox=""' in shown._repr_html_()
    assert Read(frame('"><script>x</script>', 'a"b')).pages == ['"><script>x</script>']


def test_a_terminal_shows_it_in_the_same_colours() -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="truecolor", width=100).print(
        guard().session("s").compare("Ada [bold]in[/bold] Ulm")
    )
    red, green, blue = (int(colour_of("PERSON").mid[at : at + 2], 16) for at in (1, 3, 5))
    assert out.getvalue().count(f"\x1b[1;38;2;{red};{green};{blue}m") == 2
    assert "[bold]in[/bold]" in out.getvalue()


@pytest.mark.parametrize("colour", [*COLOURS, GOOD, BAD, FAIR])
def test_colours_can_be_read(colour: Any) -> None:
    assert _contrast(colour.on_light, "#ffffff") >= 4.5
    assert _contrast(colour.on_dark, "#14171b") >= 4.5
    assert min(_contrast(colour.mid, "#ffffff"), _contrast(colour.mid, "#14171b")) >= 2


def test_each_kind_has_one_colour_and_families_share_it() -> None:
    assert all(colour_of(kind) in COLOURS for kind in (*KINDS, "ANY", "X", ""))
    assert colour_of("US_SSN") == colour_of("DE_TAX_ID") == colour_of("PASSPORT") == colour_of("CASE_NUMBER")
    assert colour_of("PERSON") != colour_of("LOCATION")
    assert len({colour_of(kind) for kind in KINDS}) == len(COLOURS)


def _shown(text: str) -> str:
    """What of a text an HTML parser keeps: line ends are one character, lone surrogates and NUL are not told apart."""
    return re.sub(r"[\x00�?]", "?", text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n"))


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    lights = sorted(map(_luminance, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
