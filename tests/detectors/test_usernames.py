"""User names by their slots: each slot with many generated names; what only looks like a slot stays readable."""

import random
import time

import pytest

from lc_guard import Guard
from lc_guard.detectors import default_detector
from lc_guard.detectors.usernames import UsernameDetector

_RANDOM = random.Random(13)
NAMES = [
    _RANDOM.choice(
        (
            "{a}{b}",
            "{a}.{b}",
            "{a}_{b}",
            "{a}{n}",
            "{a}-{b}{n}",
            "{x}{b}",
        )
    ).format(
        a=_RANDOM.choice(("maya", "liam", "ines", "dvdk", "night", "kmil", "oleg", "fztumm")),
        b=_RANDOM.choice(("okafor", "oduya", "corr", "owl", "jansen", "ng", "weiss")),
        n=_RANDOM.randrange(7, 9999),
        x=_RANDOM.choice("jkmprs"),
    )
    for _ in range(40)
]
SLOTS = [
    "username: {}",
    "Username = {}",
    "**User name:** {}",
    "| Login | x |\nlogin: {}\n",
    "user={} host=web-1 action=delete",
    '{{"user": "{}", "id": 7}}',
    '{{"preferred_username":"{}"}}',
    "Benutzername: {}",
    "Nom d'utilisateur: {}",
    "nazwa użytkownika: {}",
    "Oct 18 18:01:50 web-1 sshd[311]: Accepted password for {} from 10.0.0.7 port 53312 ssh2",
    "sshd[311]: Failed password for invalid user {} from 10.0.0.7 port 53312 ssh2",
    "sshd[311]: Invalid user {} from 10.0.0.7",
    "pam_unix(sshd:session): session opened for user {} by (uid=0)",
    "sudo:   {} : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls",
    "CRON[4711]: ({}) CMD (/usr/bin/true)",
    "ERROR 1045 (28000): Access denied for user '{}'@'localhost' (using password: YES)",
    'FATAL:  password authentication failed for user "{}"',
    "logged in as {} on Monday",
    '10.0.0.9 - {} [10/Oct/2025:13:55:36 -0700] "GET /a.gif HTTP/1.1" 200 12',
    "-rw-r--r-- 1 {} staff 4096 Jan  1 12:00 notes.txt",
    "{}:x:1001:1001::/srv:/bin/bash",
    "{}@web-1:~/src$ make test",
    "ssh {}@10.0.0.7",
    "[12:04] <{}> hello there",
    "12:04 <@{}> hello there",
    "12:04 -!- {} [~x@host] has joined #lobby",
    "please ask @{} about it",
    "x = 1  # TODO({}): mend this",
    "@{}: who is up",
    "File \"/home/{}/app/main.py\", line 42, in run",
    "/Users/{}/Library/Logs",
    "C:\\Users\\{}\\Documents\\salary.xlsx is missing",
    'path = "C:\\\\Users\\\\{}\\\\x"',
    "C:/Users/{}/x.txt",
    "\\\\fs01\\Users\\{}\\x.txt",
    "see ~{}/public_html",
]  # fmt: skip
NOBODY = [
    "User: What is the capital of France?",
    "The user is wrong. A username is required. Username or password incorrect.",
    "sign in as the admin",
    "user=root uid=0 euid=0 tty=NODEVssh ruser= logname=",
    "// TODO(later): faster FIXME(security) TODO(#123) TODO(): HACK TODO(linux) XXX(api) TODO(db)",
    "/home/user/app /home/ubuntu/x /Users/Shared/x C:\\Users\\Public\\x C:\\Users\\%USERNAME%\\x /home/$USER/x",
    "sshd: session opened for user root by (uid=0)",
    "@property\ndef x(self): ...\n\n@app.route('/')\ndef y(): ...\n",
    "npm install @angular/core @types/node",
    "mail jo@example.org, git@github.com:x/y.git",
    "<div>hi</div>\n<p> there",
    "usage:\n<file> the file to read\n",
    "@media (max-width: 3px) {}",
    " * @param count the number\n * @return nothing",
    "const user = await getUser(); user.name = name",
    "import user from './user'",
    "git config user.name; user: string; user = get_user()",
    "DECLARE @total INT = 5",
    "cat ~/notes.txt",
    "std::vector<int> x; List<String> y; 3 < 4 > 2",
    "- - [10/Oct/2025:13:55:36 -0700]",
]  # fmt: skip


@pytest.mark.parametrize("slot", SLOTS)
def test_slots(slot):
    detector = UsernameDetector()
    for name in NAMES:
        text = slot.format(name)
        assert name in [text[e.start : e.end] for e in detector.detect(text)], text


@pytest.mark.parametrize("text", NOBODY)
def test_what_is_no_user(text):
    assert [text[e.start : e.end] for e in UsernameDetector().detect(text)] == []


def test_a_folder_named_after_a_person_is_a_person():
    text = "C:\\Users\\Ingrid Halvorsen\\Documents and C:\\Users\\Ingrid Halvorsen"
    found = UsernameDetector().detect(text)
    assert [(e.kind, text[e.start : e.end]) for e in found] == [("PERSON", "Ingrid Halvorsen")] * 2


def test_nicks_without_times_need_two_lines():
    text = "<anna> hi\n<ben> hello\n"
    assert [text[e.start : e.end] for e in UsernameDetector().detect(text)] == ["anna", "ben"]
    assert UsernameDetector().detect("<anna> hi\n") == []


def test_hidden_and_restored_by_a_guard():
    session = Guard(default_detector(ner=False)).session("1")
    text = 'File "/home/liam.oduya/app/main.py", line 42; user=liam.oduya'
    hidden = session.anonymize(text)
    assert hidden.count("[REDACTED_USERNAME_1]") == 2
    assert "/app/main.py" in hidden
    assert session.deanonymize(hidden) == text


@pytest.mark.parametrize(
    "unit", ["<a> b\n", "user: ", "@a ", "/home/", "12:00 <", "C:\\Users\\", "ssh ", "a:x:1000:1:"]
)
def test_linear_time(unit):
    started = time.process_time()
    UsernameDetector().detect(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 6


@pytest.mark.parametrize(
    "text",
    [
        "my steam name is {}",
        "Discord tag: {}",
        "gamertag: {}",
        "uid=1001({}) gid=1001",
        "CORP\\{} logged on",
        "\\\\server\\home$\\{}\\docs",
        "sudo useradd -m -s /bin/bash {}",
        "kinit {}; klist",
        "net user {} /add",
        "[18:22] {}: gg\n[18:23] ok",
        "Snap: {}, ok",
        "chown -R {}:dev /srv/app",
        "docker exec -u {} web sh",
        "psql -h db -U {} shop",
        "{}  pts/0 203.0.113.8   09:14   1:02",
        "Modified by: {}, later",
        "Login as {} now",
        "$ sudo -u {} psql",
        "su - {} -c make",
        "curl -u {}:Zx9!kq2 https://10.0.0.7/",
        "write to t.me/{} today",
    ],
)
def test_more_slots(text):
    for name in ("lzimmer92", "fz_tumm7"):
        (first, *_) = UsernameDetector().detect(text.format(name))
        assert text.format(name)[first.start : first.end] == name


@pytest.mark.parametrize(
    "text",
    [
        "HKLM\\software\\x",
        "C:\\windows\\temp",
        "\\\\d+ and [A-Z]\\w",
        "the github page is down",
        "@article{k24, title}",
        "run @pytest.fixture twice",
        "[18:22] note: gg",
        "GitHub: actions/checkout@v4",
        "useradd and adduser differ",
        "ON o.user_id = u.id GROUP BY 1",
        "chown changes the owner",
        "Modified by: Okafor",
        "docker run -u root web",
        "[18:22] note: gg\n[18:23] nginx: up",
    ],
)
def test_more_that_are_none(text):
    assert not UsernameDetector().detect(text)


def test_lines_of_a_chat_with_times_name_who_speaks(found):
    text = "[09:14] ivanpk: pushed the fix\n[09:15] lou.reeder: thx"
    assert found(UsernameDetector(), text) == [("USERNAME", "ivanpk"), ("USERNAME", "lou.reeder")]


def test_reddit_names_its_users(found):
    assert found(UsernameDetector(), "u/plum_orchard posted in r/gardening, not in a/u/plum") == [
        ("USERNAME", "plum_orchard")
    ]
