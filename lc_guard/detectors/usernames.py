"""User names and handles by the slots that they stand in: logs, prompts of shells, chats, paths, forms.

No shape tells a user name from a word, the place does. Sources: sshd's, PAM's and sudo's messages; Apache's Common Log
Format; RFC 1459 (nicks, as chat logs write them); passwd(5); ls(1); the folders in which Unix, macOS and Windows keep
what belongs to a user. Accounts of the system itself (root, www-data) are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lc_guard.detectors.spans import clean
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.records import Entity

KIND = "USERNAME"
SCORE = 0.85

_NAME = r"[A-Za-z_][\w.+-]{0,62}[\w$]|[A-Za-z]"
_NO_USERS = frozenset(
    [
        *(
            "root",
            "admin",
            "administrator",
            "nobody",
            "daemon",
            "bin",
            "sys",
            "sync",
            "mail",
            "news",
            "proxy",
            "backup",
        ),
        *(
            "www-data",
            "apache",
            "nginx",
            "httpd",
            "postgres",
            "mysql",
            "redis",
            "mongodb",
            "git",
            "ftp",
            "sshd",
            "system",
        ),
        *("ubuntu", "debian", "centos", "fedora", "ec2-user", "vagrant", "docker", "node", "app", "runner", "jovyan"),
        *("vscode", "codespace", "circleci", "travis", "jenkins", "ansible", "deploy", "runneradmin", "linuxbrew"),
        *("local", "service", "networkservice", "localservice", "public", "shared", "default", "guest", "anonymous"),
        *(
            "user",
            "users",
            "username",
            "user_name",
            "login",
            "name",
            "null",
            "none",
            "nil",
            "undefined",
            "unknown",
            "true",
        ),
        *("false", "string", "str", "int", "self", "this", "any", "all", "test", "example", "me", "you", "youruser"),
        *("yourname", "myuser", "input", "required", "optional", "invalid", "valid", "incorrect", "wrong", "missing"),
        *(
            "and",
            "or",
            "the",
            "a",
            "an",
            "is",
            "was",
            "in",
            "on",
            "as",
            "to",
            "for",
            "from",
            "with",
            "password",
            "email",
        ),
        *(
            "not",
            "only",
            "no",
            "yes",
            "id",
            "via",
            "using",
            "at",
            "by",
            "here",
            "there",
            "it",
            "your",
            "my",
            "his",
            "her",
        ),
        *(
            "page",
            "form",
            "button",
            "screen",
            "failed",
            "failure",
            "successful",
            "request",
            "error",
            "session",
            "agent",
        ),
    ]
)
# What stands behind an at sign and is no handle: words of languages and tools.
_AT_WORDS = frozenset(
    [
        *("property", "staticmethod", "classmethod", "override", "overload", "abstractmethod", "dataclass", "pytest"),
        *("media", "import", "charset", "keyframes", "supports", "layer", "container", "param", "params", "return"),
        *("returns", "throws", "type", "typedef", "see", "since", "author", "deprecated", "todo", "example", "default"),
        *("test", "autowired", "component", "service", "entity", "bean", "controller", "injectable", "input", "output"),
        *("here", "channel", "everyone", "all", "team", "app", "router", "task", "tool", "cache", "wraps", "fixture"),
        *("include", "mixin", "apply", "tailwind", "font", "page", "if", "else", "end", "section", "extends", "yield"),
        *("id", "name", "value", "foreach", "for", "while", "switch", "case", "csrf", "method", "error", "latest"),
    ]
)
_LABEL = (
    r"user ?names?|user[ _-]?id|login(?: ?name)?|log-?in ?id|screen ?name|handle|nick ?name|nick|account name"
    r"|(?:steam|xbox|psn|playstation|discord|insta(?:gram)?|twitter|telegram|skype|snap(?:chat)?|tiktok|github"
    r"|gitlab|reddit|twitch|minecraft|roblox|fortnite|slack|teams|signal|threads|mastodon|bluesky)[ ]"
    r"(?:user|name|handle|id|account|tag)"
    r"|gamer ?tag|benutzername|benutzer"
    r"|nom d'utilisateur|identifiant|usuario|nome utente|gebruikersnaam|nazwa użytkownika"
    r"|nome de usu[aá]rio|utilizador"
)
# Words one of which is in each text where the slot is, in small letters: most texts have few, and slots cost time.
_LABEL_ANCHORS = (
    "user login nick handle screen account benutzer identifiant usu utente gebruiker utili użytk log-in gamer steam"
    " xbox psn playstation discord insta twitter telegram skype snap tiktok github gitlab reddit twitch minecraft"
    " roblox fortnite slack teams signal threads mastodon bluesky"
)
_SLOTS = tuple(
    (anchors.split(), re.compile(pattern))
    for anchors, pattern in (
        # Names of settings and fields: a whole token, whatever it is.
        (
            _LABEL_ANCHORS,
            rf"(?i)(?<![\w-])(?:{_LABEL})[\"']?\*{{0,2}}\s{{0,2}}(?:[:=]|=>)\*{{0,2}}\s{{0,3}}[\"'`@]?"
            rf"(?P<name>{_NAME})(?![\w(\[.-])",
        ),
        (
            "=",
            rf"(?<![\w-])(?:user|usr|logname|ruser|acct|account|owner|created_by|updated_by|author|uid)=[\"']?"
            rf"(?P<name>{_NAME})(?![\w(\[])",
        ),
        (
            '": ":',
            r"[\"'](?:user|usr|user_?name|login|handle|nick|owner|author|screen_name|preferred_username|created_by)"
            r"[\"']\s?:\s?"
            rf"[\"']@?(?P<name>{_NAME})[\"']",
        ),
        # sshd, PAM, su, sudo, cron, databases.
        (
            "accepted failed",
            rf"\b(?:Accepted|Failed) [\w/-]{{3,30}} for (?:invalid user |illegal user )?(?P<name>{_NAME}) from\b",
        ),
        (
            "user",
            r"\b(?:Invalid|invalid|illegal|authenticating|disconnected|Disconnected from|closed by|for|new) user:? "
            rf"(?:name=)?[\"'(]?(?P<name>{_NAME})(?=[\"'),:;@(]|\s+(?:from|by|on|at|port|\d)|\s*$)",
        ),
        (
            "sudo",
            rf"\bsudo(?:\[\d+\])?:\s{{1,6}}(?P<name>{_NAME}) : ",
        ),
        (
            "cron[",
            rf"\bCRON\[\d+\]: \((?P<name>{_NAME})\)",
        ),
        (
            "(to",
            rf"\bsu(?:\[\d+\])?: .{{0,30}}?\(to \w{{1,30}}\) (?P<name>{_NAME}) on\b",
        ),
        (
            "user",
            r"\b(?:for user|[Uu]ser|FATAL:.{0,60}user|[Aa]ccess denied for user|[Ll]ogin failed for user) "
            rf"['\"](?P<name>{_NAME})['\"]",
        ),
        (
            "account",
            rf"\bAccount Name:\s{{1,8}}(?P<name>{_NAME})",
        ),
        (
            "logged signed",
            rf"(?i)\b(?:logged|signed)[ -]?(?:in|on)(?: to \w{{1,20}})? as [\"'`@]?(?P<name>{_NAME})",
        ),
        # Windows' domains; id(1).
        (
            "\\",
            r"(?<![\w:\\/.-])(?!HK)[A-Z][A-Z0-9-]{1,14}\\{1,2}(?P<name>[a-z][\w.-]{2,30}[a-z0-9])"
            r"(?![\w\\:(]|\.\w)",
        ),
        (
            "uid= gid=",
            rf"\b[ug]id=\d{{1,10}}\((?P<name>{_NAME})\)",
        ),
        # ident and user of the Common Log Format; ls; passwd.
        (
            "[",
            rf"(?m)^\S{{1,60}} (?:-|{_NAME}) (?P<name>{_NAME}) \[\d\d/[A-Z][a-z]{{2}}/\d{{4}}:",
        ),
        (
            "r-- rw- r-x",
            rf"(?m)^[-dlbcps][rwxsStT-]{{9}}[.+@]? {{1,4}}\d{{1,6}} {{1,4}}(?P<name>{_NAME}) {{1,8}}\S{{1,40}} +\d",
        ),
        (
            ":x: :*: :!: ::",
            rf"(?m)^(?P<name>{_NAME}):[x*!]?:1\d{{3,5}}:\d{{1,6}}:",
        ),
        # Shells: prompts, and who is logged in where.
        (
            "@",
            rf"(?m)^\[?(?P<name>{_NAME})@[\w.-]{{1,60}}[: ][^\n$#%]{{0,80}}[$#%] ",
        ),
        (
            "@",
            rf"\b(?:ssh|scp|sftp|rsync|mosh)\b[^\n|;&]{{0,80}}?\s(?P<name>{_NAME})@[\w.-]{{1,80}}"
            r"(?![\w.-]*\.[a-z]{2,}\b)",
        ),
        # Reddit.
        (
            "u/",
            r"(?<![\w./])/?u/(?P<name>[\w-]{3,20})(?![\w/])",
        ),
        # Commands about accounts.
        (
            "useradd adduser userdel usermod deluser kinit chage",
            r"(?m)(?:^|[$#;&|] ?|\bsudo )(?:useradd|adduser|userdel|usermod|deluser|kinit|chage)\s"
            rf"(?:-{{1,2}}[\w-]{{1,20}}(?:[= ][^\s-][^\s;|&]{{0,60}})?\s){{0,6}}(?P<name>{_NAME})(?=[ \t]*(?:$|[;|&]))",
        ),
        (
            "chown chgrp",
            rf"\b(?:chown|chgrp)[ ](?:-{{1,2}}[\w=-]{{1,20}}[ ]){{0,4}}(?P<name>{_NAME})(?=:|[ ]+[./~$*\"'])",
        ),
        (
            "su - su -l sudo -u sudo --user",
            r"(?m)(?:^|[$#;&|] ?|\bsudo )(?:su[ ]-l?|sudo[ ](?:-\w[ ])?(?:-u|--user)[ =]?)[ ]?"
            rf"(?P<name>{_NAME})(?![\w=])",
        ),
        (
            "curl wget http",
            rf"\b(?:curl|wget|https?)\b[^\n]{{0,150}}?\s(?:-u|-U|-a|--user|--proxy-user|--auth)[ =]?[\"']?"
            rf"(?P<name>{_NAME})(?=:\S|[\"'\s])",
        ),
        (
            "docker podman psql pg_ mysql mariadb mongo",
            r"\b(?:(?:docker|podman)\b[^\n]{0,20}? (?:exec|run)|psql|pg_\w{4,8}|mysql\w{0,9}|mariadb|mongo\w{0,7})\b"
            rf"[^\n|;&]{{0,80}}?\s(?:-[uU][ ]?|--user(?:name)?[ =])(?P<name>{_NAME})(?![\w=:/])",
        ),
        # who(1), w(1), last(1): an account and its terminal.
        (
            "pts/ tty",
            rf"(?m)^(?P<name>{_NAME})[ \t]{{1,16}}(?:pts/\d{{1,4}}|tty\w{{1,3}})[ \t]",
        ),
        (
            "by: by=",
            r"(?i)\b(?:created|modified|updated|edited|committed|changed|uploaded|deployed|approved|assigned|submitted"
            r"|opened|closed|owned|requested)[ _]?by[:=] ?[\"'@]?"
            r"(?P<name>(?=[\w.-]{0,39}[\d_])[a-z][\w.-]{1,39}\w)(?![\w@.-]\w)",
        ),
        (
            "net user",
            rf"\bnet user (?P<name>{_NAME})(?= /|[ \t]*$)",
        ),
        # Tumblr's posts elsewhere: who posted a picture, who asked.
        (
            "\U0001f4f7 \U0001f3a5 asked: photo: video: photoset:",
            r"(?m)(?:(?:\U0001f4f7|\U0001f3a5)[ ]?|^(?:Photo(?:set)?|Video): )(?P<name>[A-Za-z0-9][\w-]{3,31})(?=: \S)",
        ),
        (
            "asked:",
            r"(?m)^(?P<name>[a-z0-9][\w-]{3,31})(?= asked: )",
        ),
        # Chats.
        (
            "t.me/ fb.me/ ig.me/",
            r"(?<![\w.-])(?:t|fb|ig)\.me/(?P<name>[A-Za-z][\w.]{2,40}\w)(?![\w/])",
        ),
        (
            "[",
            r"(?m)^\[\d\d?:\d\d(?: ?[AaPp][Mm])?\] (?P<name>(?=[\w.-]{0,31}[\d_])[A-Za-z_][\w.-]{1,31}): \S",
        ),
        (
            "snap insta discord telegram psn xbox steam twitch tiktok skype twitter",
            r"(?i)\b(?:snap(?:chat)?|insta(?:gram)?|discord|telegram|psn|xbox|steam|twitch|tiktok|skype|twitter)"
            r"(?: is |: ?)@?(?P<name>(?=[\w.-]{0,39}(?:[\d_]|[a-z]\.[a-z]{4}))[a-z][\w.-]{2,39})(?![\w/@.-])",
        ),
        (
            "<",
            rf"\d\d?:\d\d(?::\d\d)?(?: ?[AP]M)?[\])]?[ \t]{{1,3}}<[@+%~& ]?"
            rf"(?P<name>{_NAME}|[\w\[\]\\`^{{}}|-]{{2,32}})>",
        ),
        (
            "-!- * --> <-- → ←",
            rf"\d\d?:\d\d(?::\d\d)?[\])]?[ \t]{{1,3}}(?:-!-|\*{{1,3}}|-->|<--|→|←) "
            rf"(?P<name>{_NAME})(?= (?:\[|\(|has |is now|joined|left))",
        ),
    )
)
# "is", "as": also words of sentences, so the name must look like one.
_TOLD = re.compile(
    rf"(?i)(?<![\w-])(?:log[ -]?(?:in|on) as |(?:{_LABEL})[ ]?(?:is|was|ist|est|es|è|é)?[ ])[\"'`@]?(?P<name>{_NAME})"
)
_LOOKS_CHOSEN = re.compile(r"(?=.*[a-z])(?:.*[\d_]|\w+[.-]\w)|[a-z]+[A-Z]|['\"`@]$")
_MENTION = re.compile(
    r"(?<![\w@./<(=$])(?<!DECLARE )(?<!= )@(?P<name>[A-Za-z_][\w-]{1,38}(?:\.\w{1,30}){0,3})(?![\w(@/{-]|:\S)"
)
_DECORATOR = re.compile(r"(?m)^[ \t*/#]*@[\w.]+[ \t]*(?:$|\()")
# Who is to mend it, in notes within code: "TODO(kmilo): ...".
_NOTE = re.compile(r"\b(?:TODO|FIXME|HACK|XXX)\((?P<name>[A-Za-z][\w.-]{1,30}\w)\)")
_NICK_LINE = re.compile(rf"(?m)^<[@+%~& ]?(?P<name>{_NAME})>[ \t]+\S")
# "[09:14] ivan: hi", of a chat when it has two of them.
_TIMED_LINE = re.compile(r"(?m)^\[\d\d?:\d\d(?: ?[AaPp][Mm])?\] (?P<name>[a-z][\w.-]{1,31}): \S")
# In code another table's or object's: "user_id = u.id".
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*\.(?:id|name|user|uid|key|login|value|user_?id|user_?name|email)")
_CLOSED = re.compile(r"</([\w.+-]{1,64})>")
_UNIX_HOME = re.compile(
    r"(?:/home|/Users|/mnt/[a-z]/Users|/[a-z]/Users|/export/home|/var/(?:spool/)?mail|/var/spool/cron/crontabs)/"
    r"(?P<name>[^\W\d][^\s/:;\"'<>|,()\[\]{}]{0,62})"
)
_TILDE = re.compile(rf"(?<![\w~./])~(?P<name>{_NAME})/")
_HOME_SHARE = re.compile(
    r"\\\\[\w.-]{1,60}\\{1,2}(?:home|homes|users?|profiles?|private)\$?\\{1,2}(?P<name>[A-Za-z][\w.-]{1,40})(?=\\|[\s\"'<>]|$)",
    re.IGNORECASE,
)
_WINDOWS_HOME = re.compile(
    r"(?:[A-Za-z]:|\\\\[\w.$-]{1,60})\\{1,2}"
    r"(?:[Uu]sers|USERS|Documents and Settings|Benutzer|Utilisateurs|Usuarios|Profiles)\\{1,2}"
    r"(?P<name>[A-Z][\w'’-]{1,30}(?: [A-Z][\w'’-]{1,30}){1,3}(?=[\\\"'<>|\r\n,;)]|\.?$)"
    r"|[^\\/:*?\"<>|\r\n,;]{1,60}?)(?=\\|[\"'<>|\r\n,;)]|$|\s(?![^\\\r\n]{0,40}\\))"
)
_FULL_NAME = re.compile(r"[^\W\d_a-z][\w'’-]+(?: [^\W\d_a-z][\w'’.-]*){1,3}")


class UsernameDetector:
    """Finds USERNAME by the slots in which user names stand: ``Accepted password for``, ``/home/``, ``@``; no model."""

    name = "usernames"

    def detect(self, text: str) -> list[Entity]:
        """Return the user names of a text, ordered by offset."""
        return clean(text, [*_by_slot(text), *_by_path(text), *_mentions(text), *_nick_lines(text), *_noted(text)])

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self.detect(text) for text in texts]


def _by_slot(text: str) -> Iterator[Entity]:
    lower = text.lower()
    for anchors, slot in _SLOTS:
        if not any(anchor in lower for anchor in anchors):
            continue
        for match in slot.finditer(text):
            if _is_somebody(match["name"]) and not _ATTRIBUTE.fullmatch(match["name"]):
                yield Entity(KIND, *match.span("name"), SCORE)
    for match in _TOLD.finditer(text):
        start = match.start("name")
        name = match["name"].rstrip(".-")
        if _is_somebody(name) and _LOOKS_CHOSEN.match(name + text[start - 1 : start].strip(" ")):
            yield Entity(KIND, start, start + len(name), SCORE)


def _by_path(text: str) -> Iterator[Entity]:
    for sign, pattern in (("/", _UNIX_HOME), ("~", _TILDE), ("\\", _WINDOWS_HOME), ("\\", _HOME_SHARE)):
        if sign not in text:
            continue
        for match in pattern.finditer(text):
            name = match["name"].rstrip(".")
            if _is_somebody(name) and name[0] not in "$%{<*":
                # Windows names the folder of a user after the person.
                kind = "PERSON" if _FULL_NAME.fullmatch(name) else KIND
                yield Entity(kind, match.start("name"), match.start("name") + len(name), SCORE)


def _noted(text: str) -> Iterator[Entity]:
    for match in _NOTE.finditer(text):
        known, name = vocabulary(), match["name"].lower()
        if not (known.is_ordinary(name) or known.is_technology(name) or name in known.abbreviations):
            yield Entity(KIND, *match.span("name"), SCORE)


def _mentions(text: str) -> Iterator[Entity]:
    if "@" not in text:
        return
    code = {match.start() + match[0].index("@") for match in _DECORATOR.finditer(text)}
    for match in _MENTION.finditer(text):
        if match.start() not in code and match["name"].partition(".")[0].lower() not in _AT_WORDS:
            yield Entity(KIND, *match.span("name"), SCORE)


def _nick_lines(text: str) -> Iterator[Entity]:
    """Yield nicks of a chat's lines; a single one may be markup, an option's description or a program's."""
    known = vocabulary()
    timed = [match for match in _TIMED_LINE.finditer(text) if not known.knows(match["name"])] if "[" in text else []
    if len(timed) > 1:
        for match in timed:
            yield Entity(KIND, *match.span("name"), SCORE)
    if "<" not in text:
        return
    closed = set(_CLOSED.findall(text))
    lines = [match for match in _NICK_LINE.finditer(text) if match["name"] not in closed]
    if len(lines) > 1:
        for match in lines:
            yield Entity(KIND, *match.span("name"), SCORE)


def _is_somebody(name: str) -> bool:
    return name.lower() not in _NO_USERS and not name.isdigit()
