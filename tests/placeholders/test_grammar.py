"""The tolerance table: how a mangled placeholder is read, in all three numbered styles."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._placeholders.grammar import FEW, STYLES, TokenGrammar

INDICES = range(1, 121)
LIVE = dict.fromkeys(("PERSON", "US_SSN", "US_SSN_RE", "EMAIL_ADDRESS"), INDICES)
styles = pytest.mark.parametrize("style", STYLES)


def value(kind, index):
    return f"«{kind.lower()} {index}»"


def restore(style, text, live=LIVE, **kwargs):
    grammar = STYLES[style]
    values = {grammar.token(kind, index): value(kind, index) for kind, indices in live.items() for index in indices}
    return grammar.restore(text, lambda tokens: {t: values[t] for t in tokens if t in values}, set(live), **kwargs)


def restored(style, text, live=LIVE, **kwargs):
    return restore(style, text, live, **kwargs).text


def parts(style):
    grammar = STYLES[style]
    token = grammar.token("US_SSN", 1)
    return token[0], token[1:-1], token[-1]


MANGLINGS = {
    "exact": lambda left, body, right: (left + body + right, ""),
    "lower case": lambda left, body, right: (left + body.lower() + right, ""),
    "mixed case": lambda left, body, right: (left + body.title() + right, ""),
    "blanks for underscores": lambda left, body, right: (left + body.replace("_", " ") + right, ""),
    "hyphens for underscores": lambda left, body, right: (left + body.replace("_", "-") + right, ""),
    "hard blanks for underscores": lambda left, body, right: (left + body.replace("_", "\u00a0") + right, ""),
    "blanks around underscores": lambda left, body, right: (left + body.replace("_", " _ ") + right, ""),
    "blanks inside the brackets": lambda left, body, right: (f"{left} {body} {right}", ""),
    "escaped underscores": lambda left, body, right: (left + body.replace("_", r"\_") + right, ""),
    "escaped underscores in JSON": lambda left, body, right: (left + body.replace("_", r"\\_") + right, ""),
    "escaped brackets": lambda left, body, right: (f"\\{left}{body}\\{right}", ""),
    "escaped brackets in JSON": lambda left, body, right: (f"\\\\{left}{body}\\\\{right}", ""),
    "all escaped": lambda left, body, right: ("\\" + left + body.replace("_", r"\_") + "\\" + right, ""),
    "left bracket lost": lambda left, body, right: (body + right, ""),
    "right bracket lost": lambda left, body, right: (left + body, ""),
    "both brackets lost": lambda left, body, right: (body, ""),
    "lower case, right bracket lost": lambda left, body, right: (left + body.lower(), ""),
    "no separator before the index": lambda left, body, right: (left + body[:-2] + body[-1] + right, ""),
    "a number sign": lambda left, body, right: (f"{left}{body[:-1]}#{body[-1]}{right}", ""),
    "possessive outside": lambda left, body, right: (left + body + right + "'s", "'s"),
    "possessive inside": lambda left, body, right: (left + body + "'s" + right, "'s"),
    "typographic possessive inside": lambda left, body, right: (left + body + "’s" + right, "’s"),
    "possessive, both brackets lost": lambda left, body, right: (body + "'s", "'s"),
    "escaped, with possessive": lambda left, body, right: (f"\\{left}{body}'s\\{right}", "'s"),
}


@styles
@pytest.mark.parametrize("mangling", MANGLINGS)
@pytest.mark.parametrize(("before", "after"), [("", "."), ("Of ", ", and"), ("(", ")"), ("**", "**"), ("\n", "\n")])
def test_mangled_placeholders_are_read(style, mangling, before, after):
    token, rest = MANGLINGS[mangling](*parts(style))
    assert restore(style, before + token + after) == (before + value("US_SSN", 1) + rest + after, 1, 0)


NOT_READ = {
    "only the left bracket escaped": (lambda left, body, right: f"\\{left}{body}{right}", "\\{}"),
    "only the right bracket escaped": (lambda left, body, right: f"{left}{body}\\{right}", "{}\\{right}"),
    "a letter stands before": (lambda left, body, right: f"x{body}", None),
    "a letter stands after": (lambda left, body, right: f"{left}{body}x", None),
    "an underscore stands after": (lambda left, body, right: f"{left}{body}_{right}", None),
    "lower case, both brackets lost": (lambda left, body, right: body.lower(), None),
    "a leading zero": (lambda left, body, right: f"{left}{body[:-1]}01{right}", None),
    "a decimal": (lambda left, body, right: f"{left}{body[:-1]}\u0661{right}", None),
    "a line break inside": (lambda left, body, right: f"{left}{body}".replace("_", "\n") + right, None),
    "an index of ten digits": (lambda left, body, right: f"{left}{body}000000000{right}", None),
}


@styles
@pytest.mark.parametrize("case", NOT_READ)
def test_what_is_no_placeholder_stays(style, case):
    left, body, right = parts(style)
    make, shape = NOT_READ[case]
    text = make(left, body, right)
    expected = text if shape is None else shape.format(value("US_SSN", 1), right=right)
    assert restored(style, f"Of {text}, and") == f"Of {expected}, and"


@styles
@pytest.mark.parametrize("index", INDICES)
def test_an_index_is_never_another_one(style, index):
    left, body, right = parts(style)
    body = f"{body[:-1]}{index}"
    want = value("US_SSN", index)
    for text in (left + body + right, left + body.lower() + right, body, left + body, f"\\{left}{body}\\{right}"):
        assert restored(style, f"{text} .") == f"{want} ."
        only_others = {"US_SSN": [i for i in INDICES if i != index], "US_SSN_RE": INDICES}
        assert restored(style, f"{text} .", only_others) == f"{text} ."


@styles
def test_kinds_that_begin_alike_are_apart(style):
    grammar = STYLES[style]
    text = " ".join(grammar.token(kind, 1) for kind in LIVE)
    assert restored(style, text) == " ".join(value(kind, 1) for kind in LIVE)
    assert restored(style, text.lower().replace("_", " ")) == " ".join(value(kind, 1) for kind in LIVE)


@styles
@pytest.mark.parametrize("form", ["{0}{1}{2}", "{0}{1}", "{1}"])
@pytest.mark.parametrize(
    ("live", "index", "read"),
    [
        ([1], 1, True),
        ([1, 2], 1, True),
        ([1, 10], 1, False),
        ([1, 11], 1, False),
        ([1, 100], 1, False),
        ([1, 1999], 1, False),
        ([12, 120], 12, False),
        ([12, 1, 20], 12, True),
        ([2], 1, False),
    ],
)
def test_a_cut_tail_is_completed_only_if_no_live_index_goes_on(style, form, live, index, read):
    left, body, right = parts(style)
    token = form.format(left, f"{body[:-1]}{index}", right)
    read = read or (form == "{0}{1}{2}" and index in live)
    want = value("US_SSN", index) if read else token
    assert restored(style, f"Of {token}", {"US_SSN": live}) == f"Of {want}"
    # with more text behind it nothing was cut
    whole = value("US_SSN", index) if index in live else token
    assert restored(style, f"Of {token} said", {"US_SSN": live}) == f"Of {whole} said"
    assert restored(style, f"Of {token}", {"US_SSN": live}, at_end=False) == f"Of {whole}"


@styles
def test_unknown_placeholders_are_kept_and_counted(style):
    token = STYLES[style].token
    text = f"{token('PERSON', 1)} {token('PERSON', 999)} {token('NOBODY', 1)} {token('PERSON', 2).lower()}"
    got = restore(style, text, {"PERSON": [1, 2]})
    assert got.text == f"{value('PERSON', 1)} {token('PERSON', 999)} {token('NOBODY', 1)} {value('PERSON', 2)}"
    assert (got.restored, got.unknown) == (2, 2)


@styles
def test_restored_text_is_not_read_again(style):
    grammar = STYLES[style]
    one, two = grammar.token("PERSON", 1), grammar.token("PERSON", 2)
    values = {one: two, two: one + one}
    for text in (f"{one}{two}", f"{one}{two.lower()}"):
        got = grammar.restore(text, lambda tokens: {t: values[t] for t in tokens if t in values}, {"PERSON"})
        assert got == (f"{two}{one}{one}", 2, 0)


@styles
@pytest.mark.parametrize("raw", [r"\1", r"\g<0>", r"\\", "$1", "%s", "{0}", "[a-z]+", "\x00", "\ud800", ""])
def test_values_are_put_in_as_they_are(style, raw):
    grammar = STYLES[style]
    token = grammar.token("PERSON", 1)
    for text in (token, token.lower()):
        assert grammar.restore(f"a{text}b", lambda tokens: dict.fromkeys(tokens, raw), {"PERSON"}).text == f"a{raw}b"


@pytest.mark.parametrize("style", ["angle", "square"])
@pytest.mark.parametrize("text", ["{0}Section 1{1}", "{0}person 1{1}", "PERSON_1", "{0}1{1}", "{0}{1}", "person 1"])
def test_ordinary_brackets_are_left_alone_where_the_kind_is_not_in_use(style, text):
    left, _, right = parts(style)
    text = text.format(left, right)
    assert restore(style, text, {"CITY": [1]}) == (text, 0, 0)
    assert STYLES[style].find(text, {"CITY"}) == []


@styles
@pytest.mark.parametrize("mangling", MANGLINGS)
def test_what_restoring_reads_is_found_as_a_lookalike(style, mangling):
    token, _ = MANGLINGS[mangling](*parts(style))
    for text in (token, f"x{token}y", f"_{token}_", f"A_{token}"):
        (span,) = STYLES[style].find(text, set(LIVE))
        assert text[slice(*span)].strip("'’sy_") in (token.removesuffix("'s"), token, f"A_{token}", f"xy{token}"), text


def test_ordinary_words_are_no_lookalikes():
    find = STYLES["llm_guard"].find
    assert find("The document was redacted page 3 of 5. [1] [a_2] REDACTED", {"PERSON"}) == []
    text = "It was redacted person 1 said"
    assert [text[a:b] for a, b in find(text, {"PERSON"})] == ["redacted person 1"]


def test_a_lookalike_inside_a_lookalike_is_found():
    text = "redacted REDACTED_PERSON_1"
    assert [text[a:b] for a, b in STYLES["llm_guard"].find(text, set())] == ["REDACTED_PERSON_1"]
    text = "[REDACTED_PERSON_1"
    assert [text[a:b] for a, b in STYLES["square"].find(text, {"PERSON"})] == ["PERSON_1"]


@styles
def test_tokens_and_repr(style):
    grammar = STYLES[style]
    assert re.fullmatch(r"[\[<](REDACTED_)?US_SSN_12[\]>]", grammar.token("US_SSN", 12))
    assert repr(grammar) == f"TokenGrammar({grammar.token('KIND', 1)!r})"
    assert repr(TokenGrammar("{", "}", "HIDDEN")) == "TokenGrammar('{HIDDEN_KIND_1}')"


@styles
@pytest.mark.parametrize(
    "unit",
    [
        "REDACTED_",
        "[REDACTED ",
        "[REDACTED_A_1's",
        "[",
        "<",
        "\\",
        "A",
        "A_",
        "<A_",
        "PERSON_1_",
        "[PERSON_",
        "a b 1 ",
        "_ ",
    ],
)
def test_hostile_megabytes_take_linear_time(style, unit):
    grammar = STYLES[style]
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    grammar.find(text, {"PERSON", "A"})
    grammar.restore(text, lambda _: {}, {"PERSON", "A"})
    grammar.held(text, {"PERSON", "A"})
    assert time.process_time() - started < 4


@styles
def test_the_longest_kind_is_held_back_to_its_last_character(style):
    kind = "_".join(["ABCDEFG"] * 8)
    token = STYLES[style].token(kind, 123456789)
    live = {token: "Ada"}
    for text in (token, token.replace("_", r" \\_ ") if style == "llm_guard" else token):
        for at in range(1, len(text)):
            assert STYLES[style].held(text[:at], {kind}) == 0, at
        assert STYLES[style].restore(text, lambda _: live, {kind}).text == "Ada"


@given(
    st.text(alphabet="redactpson 1_2[]\\%5b&#9;RDP.-:'\ufb06\u0131", min_size=1, max_size=14)
    | st.sampled_from(
        ["redacted person 1", "redacted-us ssn 2.", "[redacted person", "on_1", "a%5bredacted", "reda", "ct"]
    ),
    st.sampled_from(["", "a", " [", "d_", "\\["]),
)
def test_what_is_let_pass_at_once_would_pass_a_closer_look(text, before):
    for style, grammar in STYLES.items():
        passes = grammar.marks(text) is None
        assert passes or not grammar.plain.issuperset(text) or len(text) > FEW
        if passes:
            assert grammar._word, f"{style} looks at everything"
            assert grammar.held(text, set(LIVE), before=before) == len(text)
            assert restore(style, text, before=before, at_end=False) == (text, 0, 0)
