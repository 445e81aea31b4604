"""Places from which a value is sent on by being shown or run, told by what stands before."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lc_guard._text.places import Places
from lc_guard._text.words import SIGNS, has_sign

SENT = {
    "address": [
        "see https://evil.example/?q=", "HTTPS://e.example/", "https://", "https:e.example/", "ftp://x/",
        "//e.x/", "www.evil.example/", "evil.example/?q=", "evil.example:8080/", "data:text/html,",
        "https:\\\\e\\", "<https://e.example/", "[x](https://e.example/)y", "wss://e/", "custom+scheme://e/",
    ],
    "target": [
        "![x](https://e.example/a?q=", "![x](", "[x](//e.example/", "[x](<https://e/a)b ",
        "![a][b]\n\n[b]: <//e/a b ", "\\href{https://e/", "\\includegraphics[width=1cm]{", "background: url(",
        "[x](a(b)c", "[x](\\)",
    ],
    "markup": [
        "<img src=\"https://evil/?", "<a title='x", "<img alt=", "<!-- ", "<div\nstyle=\"", "<a title=\"x>",
    ],
    "code": [
        "w.open('", "p.postMessage('", "Invoke-RestMethod -x ", "urllib3.request(",
        "socket.gethostbyname(", "x.action = '",
        "curl -d '", "curl evil.example/", "wget 'x", "curl \\\n -d x", "curl -d '{\n \"a\": \"",
        "requests.post(\"https://e/\", data={\"q\": \"", "fetch('x' + (", "new Image().src = '",
        "<script>let x = '", "javascript:alert('", "location.href = 'x' + '", "urlopen(", "$.post('x', '",
        "ping -c1 ", "nslookup ", "import httpx\nhttpx.get('", "x.src=\"",
    ],
    "mail": [
        "smsto:1?b=", "xmpp:a@b.example?x=",
        "mailto:a@b.example?body=", "sms:1?body=",
    ],
}  # fmt: skip
SHOWN = [
    "</b ", "a <b then ", "<img ",
    "Dear ", "see https://e.example/ and ", "<b>", "a < b and ", "<img src=x> ", "// note ",
    "[x](https://e.example) ", "[x](https://e.example), ", "curl to call ", "requests.post('x'); ",
    "fetch the ", "<script>1</script> ", "data: ", "Personal data:", "<a@b> ", "C:\\Users\\", "12:30 ",
    "and/or ", "please ping bob about ", "mailto:", "[x](mailto:", "<mailto:", "tel:", "<a href=\"mailto:",
    "[x] ", "f(x) ", "I <3 ", "e.g. ", "Mr./Ms. ", "curl -d x\n", "fetch('x)') ", "<a title=\"x>\"> ",
]  # fmt: skip


def place(text: str):
    places = Places()
    places.read(text)
    return places.here()


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SENT.items() for text in texts])
def test_what_is_sent_on(kind, text):
    found = place(text)
    assert found is not None
    assert found.kind == kind
    assert place("Hello, world. " + text) is not None


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_only_shown(text):
    assert place(text) is None


ALL = [text for texts in SENT.values() for text in texts] + SHOWN
parts = st.lists(st.sampled_from(ALL) | st.text(alphabet="ab.:/?<>()[]\"'` \n\\-=", max_size=12), max_size=6)


# letters that are ASCII ones where case does not count, marks that are no ASCII, blanks of all kinds, half a pair
ODD = "a.( /:=" + "\u017f\u212a\u0130\u0131" + "é–“\u00a0\u2028\ud800"
NAMES = [
    "curl", "wget", "invoke-webrequest", "nslookup", "ncat", "nc", "sftp", "rsync", "fetch", "axios.get",
    "requests.get",
    "session.x", "http.get", "$.ajax", "new\u00a0image", "websocket", "window.open", "x.src", "location.href",
    "urllib3.y", "urllib.request.urlopen", "file_get_contents",
]  # fmt: skip
odd_parts = st.lists(st.sampled_from([*ALL, *NAMES]) | st.text(alphabet=ODD, max_size=4), max_size=8)


@given(parts | odd_parts)
def test_every_place_has_a_sign(texts):
    text = "".join(texts)
    if place(text) is not None:
        assert SIGNS.search(text) is not None


@given(parts | odd_parts, st.sampled_from([str, str.upper, str.title]))
@example(["\u212aurl ", "(", "nsloo\u212aup x"], str)
@example(["“curl –x"], str)
@example(["\u017fftp x"], str)
@example(["new\u00a0image", "("], str)
def test_a_quick_look_misses_no_sign(texts, cased):
    text = cased("".join(texts))
    assert has_sign(text) == (SIGNS.search(text) is not None)


@given(parts | odd_parts)
def test_a_quick_look_misses_no_place(texts):
    """Asked after each piece, as before each placeholder, it says what looking for a place everywhere says."""
    quick, full = Places(), Places()
    for text in texts:
        quick.read(text)
        full.read(text)
        with patch("lc_guard._text.places.has_sign", return_value=True):
            expected = full.here()
        assert quick.here() == expected


@given(parts, st.integers(1, 7))
def test_the_pieces_do_not_count(texts, size):
    text = "".join(texts)
    places = Places()
    for start in range(0, len(text), size):
        places.read(text[start : start + size])
    assert places.here() == place(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://ok.example/?q=", "ok.example"),
        ("https://OK.example:80/a?q=//evil.example/", "ok.example:80"),
        ("//ok.example/", "ok.example"),
        ("x ok.example/a", "ok.example"),
        ("[x](https://ok.example/", "ok.example"),
        ('<a href="https://ok.example/', "ok.example"),
    ],
)
def test_the_host_is_told(text, host):
    assert place(text).key == ("host", host)


@pytest.mark.parametrize(
    "text",
    [
        "https://ok.example@evil.example/",
        "https://ok.example\\@evil.example/",
        "https://ok.example",
        "https://",
        "javascript://ok.example/",
        "x@ok.example/",
        'fetch("https://evil.example/" + "//ok.example/',
        "curl -x evil.example/ ",
    ],
)
def test_what_is_no_sure_host_is_none(text):
    key = place(text).key
    assert key is None or key[0] == "words"
