"""What stands around a guess of a model: code, a log line, technology, a language that is spoken, an address.

Each question looks at a bounded stretch of the text beside the guess, so that many guesses take linear time.
"""

from __future__ import annotations

import re
from typing import Literal

from lc_guard.detectors.vocabulary import vocabulary

TextKind = Literal["any", "chat", "code", "logs", "legal", "clinical"]
"""What a text is: it decides what an unknown word may well be."""

_LINE, _NEAR = 240, 160
_WORD = re.compile(r"[^\W\d_][\w+#.-]*[\w+#]|[^\W\d_]")

# A statement, a call, a declaration, a tag, a query, or a command line: what prose does not begin or end with.
_CODE = re.compile(
    r"^\s*(?:@\w+ (?=(?:public|private|protected|static|final|abstract|class|interface|void|async|def|fun|val)\b))?"
    r"(?:def|class|import|from\s+[\w.]+\s+import|return|elif|const|let|var|func(?:tion)?|fn|public|private"
    r"|static|package|using"
    r"|namespace|struct|enum|async|await|raise|throw|#include|SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|FROM"
    r"|WHERE)\s+[\w.*(\"'{<]"
    r".*(?:[(){};:=]|$)|[{};]\s*$|^\s*(?:\$|>>>|#!|sudo|C:\\[^>]*>)\s*\S|=>|::\w|\w\(\)|\w->\w|[\w\]]\s(?:==|!=|\+="
    r"|&&|\|\|)\s|</?\w+>"
    r"|^\s*[\w.\[\]\"']+\s*=\s*[\w\"'\[{(]|\s--?[a-z][\w-]*(?:[= ]|$).*\s--?[a-z]|\|\s*(?:grep|awk|sed|xargs|head"
    r"|tail|sort|less|wc|jq|tee)\b"
    r"|^\s*(?:docker|kubectl|git|npm|npx|pip3?|apt(?:-get)?|curl|ssh|cd|ls|grep|chmod|systemctl|helm|terraform|brew"
    r"|yarn|cargo|make)\s+\S"
)
_STATEMENT = re.compile(r"^(?!\s*@).*(?:[{}=]|\w\(|::|->)")
_LOG = re.compile(
    r"^\W{0,3}(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|\d\d/\w{2,3}/\d{2,4}[: ]\d\d"
    r"|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d)"
    r"|^\W{0,3}(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b|\b(?:uid|pid|euid|tty|rhost|level|msg"
    r"|logger|thread)="
    r"|\w\[\d{1,7}\]:|\bHTTP/\d|\b[a-z]\w*(?:\.\w+)+(?:Exception|Error)\b|^\s+at [\w.$]+\("
)
_TONGUE_BEFORE = re.compile(
    r"(?i)\b(?:translat\w+|speaks?|speaking|spoke\w?|fluent|proficient|native|languages?|subtitles?|lessons?"
    r"|localiz\w+)\b[^.!?\n]{0,60}$"
    r"|\b(?:teach\w*|taught|learn\w*|stud(?:y|ies|ied|ying)|talk\w*)\b[^.!?\n]{0,24}$"
    r"|\b(?:(?:re)?writ(?:e|es|ing|ten)|(?:re)?wrote|summari\w+|explain\w*|describe|output|repl(?:y|ies|ied)|respond\w*"
    r"|answer\w*|say|said|read\w*|version)\b[^.!?\n]{0,60}\b(?:in|into|to)\s(?:\w+\s)?(?:[A-Z]\w+(?:,?\s(?:and|or)\s|,\s)){0,3}$"
    r"|(?:^|[.;,]\s*|\b(?:then|also|and)\s)(?:in)?to\s$|\bfrom\s[A-Z]\w+\s(?:in)?to\s$"
)
_TONGUE_AFTER = re.compile(
    r"(?i)^(?:[,/]?\s*(?:and|or|(?:in)?to)?\s*[A-Z]\w+)?\s*(?:please|translation|language|speak\w*|lessons?"
    r"|class(?:es)?|course|keyboard|subtitles?|version"
    r"|dictionary|grammar|words?|text|alphabet|-speaking)\b"
)
_FROM_TONGUE = re.compile(r" (?:in)?to ([A-Z][a-z]+)")
_LEGAL = re.compile(
    r"\b(?:shall|agrees? to|Agreement|terminate[sd]?|[Dd]efault|Parties|hereby|herein(?:after|before|above)?|hereto"
    r"|hereunder|hereof|thereof|thereto|pursuant"
    r"|notwithstanding|whereas|warrants?"
    r"|[Ii]ndemnif\w+|WHEREAS|covenants?|sublicen[sc]e|[Ll]essor|[Ll]icen[sc]or|[Bb]orrower|[Ll]ender|[Ll]andlord"
    r"|[Gg]uarantor|[Aa]ssignee|[Ii]n witness)\b"
)
_CLINICAL = re.compile(
    r"(?i)\b(?:patients?|mg|mcg|ml|mmhg|bpm|atri\w+|ventric\w+|valv\w+|aort\w+|systolic|diastolic|ejection|stenosis"
    r"|lesions?|biops\w+|tumou?rs?"
    r"|diagnos\w+|diseases?|syndromes?|cysts?|reflex(?:es)?|gcs|apgar|prn|bid|symptoms?|hypertens\w+|diabet\w+|dosage|dose|tablets?|daily|mri|ct|ecg|ekg|x-ray|exam(?:ination)?"
    r"|bilateral|acute|chronic"
    r"|anterior|posterior|lateral|medial|mild|moderate|severe|enlarge\w+|edema|oedema|renal|hepatic|cardiac"
    r"|pulmonary|abdom\w+|labs?|glucose|catheters?|drains?|cultures?)\b"
)
# Handles, tags, emoji, faces of signs, and how people write who do not care for capitals.
_CHAT = re.compile(
    r"(?<![\w.])[@#]\w{3,}|(?<!\w)(?:[:;=]['-]?[()DP/]|[(]:|<3|&lt; ?3)(?!\w)"
    r"|[a-z][.!?]\n[a-z]{2,} [a-z]|[\u2600-\u27bf\U0001f300-\U0001faff]|[?!] [a-z]"
    r"|(?<=[a-z]{2})(?<!\bno)(?<!\bnos)(?<!\bart)(?<!\bpara)(?<!\bal)\. [a-z]"
    r"|\b(?:i(?:'m|'ll|'ve|m)?|u|ur|rn|bc|tho|thx|pls|plz|omg|lol|lmao|wtf|idk|ngl|tbh|smh|btw|dm|gonna|wanna|gotta"
    r"|dont|didnt|doesnt|cant|wont|isnt|thats|hes|shes|bro|dude|haha\w*)\b"
)
_POSTED = re.compile(r"(?<![\w.])[@#]\w{3,}")
_COMPUTING = frozenset(
    [
        *(
            "api",
            "apis",
            "app",
            "apps",
            "backend",
            "browser",
            "cache",
            "cli",
            "cloud",
            "cluster",
            "code",
            "container",
            "containers",
        ),
        *(
            "database",
            "databases",
            "db",
            "debug",
            "deploy",
            "deployed",
            "deployment",
            "endpoint",
            "framework",
            "frontend",
            "git",
            "install",
        ),
        *(
            "installed",
            "json",
            "kernel",
            "kubernetes",
            "library",
            "linux",
            "llm",
            "llms",
            "microservice",
            "microservices",
            "models",
        ),
        *(
            "parser",
            "plugin",
            "programming",
            "prompt",
            "python",
            "query",
            "queue",
            "repo",
            "repository",
            "runtime",
            "schema",
            "script",
        ),
        *(
            "sdk",
            "server",
            "servers",
            "software",
            "sql",
            "stack",
            "tokens",
            "windows",
            "yaml",
            "bug",
            "compiler",
            "gpu",
            "javascript",
        ),
    ]
)
_EMPLOYER = re.compile(
    r"(?i)\b(?:work(?:s|ed|ing)?|employ\w+|job|jobs|career|interview\w*|hired|joined|joining|left|quit|position"
    r"|engineer|manager|director"
    r"|ceo|cto|vp|colleagues?|offer|intern\w*|staff)\b[^.!?\n]{0,30}\s(?:at|by|for|with|from|of)\s$|\b(?:joined"
    r"|joining|left|quit)\s$"
)
_DETERMINER = re.compile(
    r"(?i)(?:^|[^\w'])(?:the|an?|this|that|these|those|each|every|any|no|such|said|its|their"
    r"|your)\s+$"
)
# "the Holder shall", "the Holder's", "the Holder." but not "the Holder file", "the Bush administration".
_NO_COMPOUND = re.compile(
    r"\s?['’]\s?s\b|(?:\s*(?:$|[^\w\s'&-])|\s+(?:shall|must|may|will|would|can|could|should|is|was|are|were|has|have|had"
    r"|agrees?|does|did|and|or|nor|of|to"
    r"|in|for|by|under|with|that|who|which|whose|from|at|on|as|if|when|unless|until|upon|hereby|not|then|than|about|after|before|into|so"
    r"|within|without|during|between|among|against|through|per|including|except|pursuant|where|whether|while|because"
    r"|since|remains?|becomes?|due|payable|(?:here|there)\w{2,6}|i"
    r"|he|she|it|they|we|you)\b)"
)
_NAMED = re.compile(
    r"(?i)\b(?:names?(?:\s+(?:is|was)|'s|:)?|named|call(?:ed|s)?\s+(?:me|him|her|it)|i\s?am|i'm|nicknamed?|surname:?"
    r"|married|born"
    r"|(?:wife|husband|partner|son|daughter|brother|sister|cousin|uncle|aunt|auntie|nephew|niece|boyfriend|girlfriend"
    r"|mum|mom|dad|sis|bro|friend|neighbou?r|boss|coach|dog|cat|horse),?)\s*$"
)
_COMMON = re.compile(r"(?i)\b(?:the|an?|each|every|any|no|said|our|your|my|his|her|their)\s(?=\w|\Z)")
_TOLD = re.compile(r", who(?:'s|m|se)?\b")
_ADDRESS_LABEL = re.compile(
    r"\b(?i:zip(?:\s?code)?|post(?:al)?\s?code|postcode|plz|p\.?\s?o\.?\s?box|box|apt|apartment|suite|ste|unit|flat|room"
    r"|floor|house|building|bldg|lot|address|street|st|road|rd|avenue|ave|lane|drive|lives? at|live at|resid\w+ at"
    r"|located at)\b\.?\s*(?i:no\.?|number|is|:|#|,)*\s*$"
)
_ADDRESS_BEFORE = re.compile(
    r"(?:\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY])\s+|[A-Z][a-z]{2,},\s+)$"
)
_ADDRESS_AFTER = re.compile(r"^,?[ \t]+[A-Z][a-z]+")
_COUNTER = re.compile(
    r"(?i)\b(?:port|pid|line|lines|row|col(?:umn)?|exit|code|error|errno|version|v|build|rev(?:ision)?|page|pages"
    r"|step|item|issue|bug|pr|events?|ticks?"
    r"|level|size|width|height|count|total|index|offset|byte|bytes|status|http|uid|gid|id|thread|batch|epoch|seed"
    r"|top|score|value|timeout|max|min)\s*[:=#]?\s*$"
)


def line_around(text: str, start: int, end: int) -> str:
    """Return the line or lines that a stretch stands in, at most 240 characters to either side."""
    first = max(text.rfind("\n", max(0, start - _LINE), start) + 1, start - _LINE, 0)
    last = text.find("\n", end, end + _LINE)
    return text[first : last if last >= 0 else end + _LINE]


def is_code(text: str, start: int, end: int) -> bool:
    """Return whether a stretch stands in a line of code or a command."""
    return _CODE.search(line_around(text, start, end)) is not None


def without_code(text: str) -> str:
    """Return the lines of a text that are no code: those of a program tell nothing of a language."""
    return "\n".join(line for line in text.split("\n") if not _is_statement(line[: 2 * _LINE]))


def _is_statement(line: str) -> bool:
    """Whether a line is code and has signs of it: "@anna, bist du da?" begins like a decorator."""
    return _STATEMENT.search(line) is not None and _CODE.search(line) is not None


def is_log(text: str, start: int, end: int) -> bool:
    """Return whether a stretch stands in a line that a program logged."""
    return _LOG.search(line_around(text, start, end)) is not None


def is_legal(text: str, start: int, end: int) -> bool:
    """Return whether words of contracts stand around a stretch, up to 160 characters away."""
    return _LEGAL.search(text, max(0, start - _NEAR), end + _NEAR) is not None


def is_clinical(text: str, start: int, end: int) -> bool:
    """Return whether words of medicine stand around a stretch: at least two, up to 160 characters away."""
    around = f"{text[max(0, start - _NEAR) : start]} {text[end : end + _NEAR]}"
    return len(_CLINICAL.findall(around)) > 1


def is_chat(text: str, start: int, end: int) -> bool:
    """Return whether people chat around a stretch: at least two signs of it, up to 160 characters away."""
    signs = _CHAT.finditer(text, max(0, start - _NEAR), end + _NEAR)
    return next(signs, None) is not None and next(signs, None) is not None


def is_post(text: str, start: int, end: int) -> bool:
    """Return whether handles or tags stand around a stretch, up to 160 characters away: somebody posts it."""
    return _POSTED.search(text, max(0, start - _NEAR), end + _NEAR) is not None


def is_tongue(text: str, start: int, end: int) -> bool:
    """Return whether the name of a language is meant as one: ``translate to German``."""
    before, after = text[max(0, start - 80) : start], text[end : end + 40]
    onward = _FROM_TONGUE.match(after) if before.lower().endswith("from ") else None
    if onward is not None and onward[1].lower() in vocabulary().languages:
        return True
    return _TONGUE_BEFORE.search(before) is not None or _TONGUE_AFTER.match(after) is not None


def technology_beside(text: str, start: int, end: int) -> int:
    """Count the words around a stretch that are technology or of computing, up to 160 characters away."""
    known = vocabulary()
    words = {
        word.lower()
        for part in (text[max(0, start - _NEAR) : start], text[end : end + _NEAR])
        for word in _WORD.findall(part)
    }
    return sum(word in _COMPUTING or (known.is_technology(word) and word not in known.ordinary) for word in words)


def is_of_computing(word: str) -> bool:
    """Return whether a small word is one of computing: ``db``."""
    return word in _COMPUTING


def is_employer(text: str, start: int) -> bool:
    """Return whether what follows is told as somebody's employer."""
    return _EMPLOYER.search(text[max(0, start - 60) : start]) is not None


def has_determiner(text: str, start: int, end: int) -> bool:
    """Return whether an article makes a common noun of a word: ``the Holder``, but not ``the Holder file``."""
    return _DETERMINER.search(text[max(0, start - 12) : start]) is not None and stands_alone(text, end)


def stands_alone(text: str, end: int) -> bool:
    """Return whether the words before an offset begin no longer name: ``Holder's``, not ``Holder file``."""
    return _NO_COMPOUND.match(text, end) is not None


def is_introduced(text: str, start: int, end: int) -> bool:
    """Return whether the words beside say that it is a name: ``my name is``, ``, who is``."""
    if _NAMED.search(text[max(0, start - 24) : start]) is not None:
        return True
    told = text[start].isupper() and _TOLD.match(text, end) is not None
    return told and not _COMMON.search(text[max(0, start - 8) : start]) and not _COMMON.match(text, start, end)


def is_house_number(text: str, start: int, end: int) -> bool:
    """Return whether a number may be part of an address by what stands beside it."""
    before = text[max(0, start - 40) : start]
    if _ADDRESS_LABEL.search(before) is not None:
        return True
    beside = _ADDRESS_BEFORE.search(before) or _ADDRESS_AFTER.match(text[end : end + 24])
    return beside is not None and _COUNTER.search(before) is None
