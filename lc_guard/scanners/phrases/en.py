"""Phrases that override instructions or ask for them: direct prompt injection and prompt leaking, in English.

Personas without rules, and refusals forbidden: jailbreaks, in English.

Instructions in documents that speak to the assistant, and data sent out: indirect prompt injection, in English.
"""

from __future__ import annotations

from lc_guard.scanners.phrases.rule import Rule, gap, rules

_INJECTION = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.000; arXiv:2211.09527"
_LEAK = "OWASP LLM07:2025; MITRE ATLAS AML.T0056; arXiv:2211.09527"

_DROP = (
    r"\b(?:ignore|disregard|forget|override|bypass|skip|discard|drop|dismiss|neglect|erase|abandon|circumvent|void"
    r"|set aside|put aside|pay no attention to|take no notice of|(?:do not|don t|stop|never|no longer)"
    r" (?:follow|following|obey|obeying|adhere to|comply with|listen to))"
)
_DROP_ANCHORS = (
    "ignore", "disregard", "forget", "override", "bypass", "skip", "discard", "drop", "dismiss", "neglect", "erase",
    "abandon", "circumvent", "void", " aside", "pay no attention", "no notice", "follow", "obey", "adhere", "comply",
    "listen to",
)  # fmt: skip
_ORDERS = (
    r"(?:instructions?|directions|directives?|guidelines?|guidance|rules?|prompts?|constraints?|restrictions?|commands?"
    r"|orders|programming|training|safeguards|guardrails|polic(?:y|ies)|system message|system prompt|context)\b"
)
_EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|past|initial|original|existing|old|your|system)"
_ORDERS_ANCHORS = (
    "instruct", "direct", "guid", "rule", "prompt", "constraint", "restriction", "command", "order", "programming",
    "training", "safeguard", "guardrail", "polic", "system message", "context",
)  # fmt: skip
_FREE_OF = (
    r"(?:restrictions?|limit(?:s|ations)?|filters?|rules|guidelines|censorship|ethics|moral(?:s|ity)?|polic(?:y"
    r"|ies)|safety"
    r"|boundaries|constraints|guardrails|alignment)\b"
)
_OWN_PROMPT = (
    r"(?:(?:system|initial|original|hidden|secret|configuration|developer|internal|starting|pre)"
    r" ?(?:prompt|instructions?|message|text|rules|configuration|guidelines|directives)\b|setup text|meta ?prompt)"
)
_SHOW = (
    r"\b(?:repeat|print|show|reveal|output|display|leak|disclose|dump|tell(?: me)?|give(?: me)?|write(?: out)?|expose"
    r"|copy|paste|translate|summari[sz]e|encode|list|share|recite|quote|return|send|spell|put|complete|echo)"
)
_SHOW_ANCHORS = (
    "repeat", "print", "show", "reveal", "output", "display", "leak", "disclose", "dump", "tell", "give", "write",
    "expose", "copy", "paste", "translate", "summari", "encode", "list", "share", "recite", "quote", "return", "send",
    "spell", "put ", "complete", "echo",
)  # fmt: skip

_VOID_ANCHORS = (
    "void", "obsolete", "cancel", "lifted", "revoked", "suspended", "removed", "disabled", "deactivated", "nullified",
    "outdated", "apply",
)  # fmt: skip

_OVERRIDE = (
    ("earlier", 0.9, _DROP_ANCHORS, rf"{_DROP} {gap(4)}{_EARLIER} {gap(3)}{_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "given", 0.9, _DROP_ANCHORS,
        rf"{_DROP} {gap(4)}{_ORDERS} {gap(3)}(?:above|before this|you|set by|given|in (?:the|your) system)\b",
        _INJECTION, _ORDERS_ANCHORS,
    ),
    ("any", 0.6, _DROP_ANCHORS,
        rf"{_DROP} (?:all|any|every|each|both)(?: of)?(?: the| these| those)? {_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "everything", 0.8, _DROP_ANCHORS,
        rf"{_DROP} (?:(?:all|everything|anything|whatever|what)(?: that)? )?{gap(1)}"
        r"(?:(?:was |were |is |stands |came |written |said )?(?:above|before)\b(?= (?:and|\.|this|line|,|instead|now))"
        r"|(?:the )?(?:text|lines?|messages?|words) (?:above|before)\b"
        r"|(?:you (?:were|have been|ve been|are) |i |we |they |the system |your \w{1,20} )"
        r"(?:told|said|given|taught|instructed|trained)(?: you)?)",
        _INJECTION, ("above", "before", "told", "said", "given", "taught", "instructed", "trained"),
    ),
    (
        "memory", 0.7, ("memory", "context", "your mind", "slate"),
        rf"\b(?:erase|wipe|clear|reset|delete) {gap(1)}your (?:memory|context|mind|slate)\b", _INJECTION,
    ),
    (
        "not-bound", 0.8, ("bound", "subject to", "obey", "abide", "follow", "confine"),
        r"\byou (?:are|re) (?:no longer|not|free from being) (?:bound|subject|confined|constrained|limited)"
        rf" (?:by|to) {gap(4)}(?:{_ORDERS}|{_FREE_OF})", _INJECTION,
    ),
    (
        "void-1", 0.8, _VOID_ANCHORS,
        rf"\b(?:your|system|(?:instructions?|rules|guidelines) you) {gap(6)}(?:(?:is|are|has been|have been|were)"
        r" (?:now )?(?:void|obsolete|cancell?ed|lifted|revoked|suspended|removed|disabled|deactivated|nullified"
        r"|outdated)"
        r"|(?:no longer|do not|don t) apply)\b", _INJECTION,
    ),
    (
        "void-2", 0.8, ("told you", "gave you"),
        rf"\b(?:told|gave) you {gap(3)}(?:is|was|are|were) {gap(2)}(?:void|obsolete|cancell?ed|wrong|mistake|fake"
        r"|outdated)\b",
        _INJECTION,
    ),
    (
        "lifted", 0.8, ("protocol", "polic", "filter", "guardrail", "restrictions"),
        r"\b(?:safety|content|security|usage|ethic(?:al|s))? ?(?:protocols?|polic(?:y|ies)|filters?|guardrails"
        r"|restrictions)"
        r" (?:is|are|has been|have been|were) (?:now )?(?:lifted|disabled|suspended|removed|revoked|turned off|off"
        r"|deactivated)\b",
        _INJECTION,
    ),
    (
        "new-orders", 0.7, ("your new", "your real", "your actual", "your true", "your updated", "your only",
        "new system", "new instr", "new mess", "new prompt"),
        r"\b(?:your (?:new|real|actual|true|updated|only) (?:instructions?|tasks?|rules?|orders|objective)"
        r" (?:is|are|below|follow)|(?:as|is) your only instruction|new (?:system )?(?:instructions?|message|prompt) [.]"
        r" (?:you|discard|ignore|forward|print|do|send|from|always|reveal))", _INJECTION,
    ),
    (
        "mistake", 0.7, ("prompt was", "instructions were", "prompt is", "message was"),
        rf"\b(?:previous|system|initial|original|earlier) (?:prompt|instructions?|message) (?:was|were|is|are) {gap(2)}"
        r"(?:mistake|error|wrong|fake|test|joke|outdated)\b", _INJECTION,
    ),
    ("mine", 0.7, _DROP_ANCHORS,
        r"\b(?:obey|follow|do|accept) (?:only )?(?:mine|what i say|my (?:instructions|commands|orders|rules))\b",
        _INJECTION, (" mine", "what i say", " my ")),
    ("just-bypass", 0.6, _DROP_ANCHORS,
        rf"{_DROP} (?:your|these|those) {gap(2)}{_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "operator", 0.5, ("operator", "creator", "developers", "maker", "openai", "anthropic", "google"),
        r"\b(?:set|given|made|written|imposed|placed on you) (?:to you )?by (?:your )?"
        r"(?:creators?|developers|operators?|makers|openai|anthropic|google)\b", _INJECTION,
    ),
)  # fmt: skip

_PROMPT_LEAK = (
    (
        "what-is", 0.8, ("system prompt", "system message", "initial instr", "hidden prompt", "initial prompt",
        "original instr", "developer message", "hidden instr", "secret instr", "system instr"),
        rf"\bwhat (?:is|was|are|were|s|does) {gap(2)}your {gap(2)}{_OWN_PROMPT}", _LEAK,
    ),
    (
        "show", 0.9, _SHOW_ANCHORS,
        rf"{_SHOW} {gap(8)}(?:your|the|its) {gap(3)}{_OWN_PROMPT}(?! (?:for|of (?:a|an|my|our|this app)|works?\b"
        r"|is used))"
        rf"(?= (?:you|verbatim|word|in|into|as|backwards|above|and|to|with|exactly|here|that|[.])|$)", _LEAK,
        ("system", "initial", "original", "hidden", "secret", "configuration", "developer", "internal", "starting",
            "preprompt", "setup", "meta"),
    ),
    (
        "show-given", 0.8, ("you were", "you have", "you ve", "you are", "you received", "you got", "you operate",
        "gave you", "governing your", "precede"),
        rf"{_SHOW} {gap(6)}(?:instructions?|prompt|rules|text|message|guidelines|preamble|words) {gap(2)}"
        r"(?:you (?:were|have been|ve been|are|received|got|operate)|(?:your )?(?:operator|developers?|creators?"
        r") gave you"
        r"|governing your|(?:that )?precedes? (?:this|our) conversation)", _LEAK,
        ("instruction", "prompt", "rules", "text", "message", "guidelines", "preamble", "words"),
    ),
    (
        "own-rules", 0.8, (" your ",),
        rf"{_SHOW} {gap(3)}your {gap(3)}(?:instructions|prompt|rules|guidelines|directives|programming)\b"
        r"(?= (?:all|verbatim|word|in|exactly|as|to|above|[.])|$)", _LEAK,
        ("instructions", "prompt", "rules", "guidelines", "directives", "programming"),
    ),
    (
        "above", 0.8, ("above", "before this", "preceding", "so far"),
        rf"\b(?:repeat|print|output|copy|recite|echo|reproduce|return) {gap(5)}(?:text|words?|everything|lines?"
        r"|content|all|message)"
        rf" {gap(2)}(?:above|before this|preceding)\b(?! (?:when|if|in))", _LEAK,
    ),
    ("you-are", 0.7, ("starting with", "beginning with"),
        r"\b(?:starting|beginning) with \"? ?(?:you are|the (?:phrase|words))\b", _LEAK),
    (
        "told", 0.7, ("told before", "told at", "instructed before", "instructions did you",
        "conversation and my first", "told you before", "rules were you"),
        rf"\bwhat (?:were you|have you been|did they) (?:told|instructed|given) {gap(2)}(?:before|at the)"
        r"|between the start of this conversation and my first|what (?:instructions|rules) (?:did you|were you"
        r"|have you)", _LEAK,
    ),
    (
        "leak-short", 0.8, ("the prompt", "your prompt"),
        rf"\b(?:leak|dump|reveal|disclose|expose|exfiltrate|extract) {gap(1)}(?:the|your) prompt\b"
        rf"|\b(?:first|last) \d{{1,4}} (?:words|lines|characters|tokens|sentences) of your (?:\w{{1,16}} "
        r")?(?:prompt|instructions)", _LEAK,
    ),
    ("exact", 0.8, ("exact", "verbatim", "word for word"),
        rf"\b(?:exact|verbatim|full|complete) (?:wording|text|copy|contents?) {gap(2)}(?:your|the|you"
        rf") {gap(2)}(?:{_OWN_PROMPT}|instructions you)", _LEAK),
    ("says", 0.8, ("prompt says", "prompt is", "instructions are"),
        r"\bmy (?:system|initial|hidden) (?:prompt|instructions?|message) (?:says|is|are|reads?)\b", _LEAK),
)  # fmt: skip


def injection_rules() -> tuple[Rule, ...]:
    """Return the rules, compiled."""
    return (
        *rules("override", _OVERRIDE),
        *rules("prompt_leak", _PROMPT_LEAK),
    )


_JAILBREAK = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2308.03825"
_SUPPRESSED = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2307.02483"


_PERSONA = (
    (
        "dan", 0.8, ("dan", "anything now", "machiavell", "stan", "aim", "dude", "jailbreak"),
        r"\b(?:you are|you re|act as|as|become|called|character as|pretend to be|acting as|answer as|respond as"
        rf"|play|part 2 \. you are) {gap(3)}"
        r"(?:dan|stan|aim|dude|jailbroken)\b(?! brown| smith)|\bdo anything now\b|\bjailbreak (?:mode|enabled)\b"
        r"|\b(?:in|enter|activate|enable) jailbreak\b|\balways intelligent and machiavellian", _JAILBREAK,
    ),
    (
        "free-ai", 0.9, ("restrict", "limit", "filter", "rule", "guideline", "censor", "ethic", "moral", "polic",
        "safety", "bound", "constraint", "guardrail", "alignment"),
        rf"\b(?:ai|ais|assistant|model|chatbot|bot|version of yourself|llm|gpt|machine|robot) {gap(5)}(?:without"
        r"|with no|that has no|has no|free of|ignores?"
        rf"|that ignores?|with (?:the|all)|no) {gap(3)}{_FREE_OF}", _JAILBREAK,
        ("without", " no ", "free of", "ignore", "with the ", "with all "),
    ),
    (
        "unfiltered-ai", 0.8, ("unrestricted", "unfiltered", "uncensored", "unaligned", "amoral", "evil",
        "immoral", "unethical", "limitless", "jailbroken", "unlimited"),
        r"\b(?:act|acting|pretend|simulate|imagine|become|you are|you re|you were|now|as|be|answer|respond"
        rf"|roleplay|play) {gap(5)}"
        r"(?:unrestricted|unfiltered|uncensored|unaligned|amoral|immoral|unethical|limitless|unlimited|nonmoral"
        rf"|unbiased and uncensored|jailbroken|evil)(?: and \w{{1,16}})? {gap(1)}"
        r"(?:ai|assistant|model|chatbot|bot|llm|version|language model|gpt)\b", _JAILBREAK,
    ),
    (
        "you-free", 0.8, ("restrict", "limit", "filter", "rules", "guideline", "censor", "ethic", "moral", "polic",
        "confines", "constraint", "boundaries", "law"),
        r"\b(?:you (?:ve been|have been|have|had|now have|possess|are|re|were|will act|operate)|imagine you"
        rf"|pretend (?:that )?you|as if you|act) {gap(4)}(?:no|without(?: any)?|free of|free from|freed from)"
        rf" {gap(3)}(?:ethic\w{{0,4}}|moral\w{{0,4}}|content|safety|restrictions|filters?|censorship|confines"
        r"|guidelines|guardrails)\b(?! (?:on|in|of) (?!ai|mine))", _JAILBREAK,
        ("without", " no ", "free of", "free from", "freed from"),
    ),
    (
        "mode", 0.8, ("mode",),
        r"\b(?:enter|enable|activate|simulate|switch (?:in)?to|turn on|you are (?:now )?in|go into|start|in) "
        r"(?:the )?(?:developer|dev|god|debug|admin|unrestricted|opposite|evil|dan|sudo|unsafe|maintenance) mode\b"
        r"(?= (?:[.] )?(?:in developer|generate|you|all|and (?:answer|ignore|reveal|show|print)|where you|off"
        r"|is off|with(?:out)? (?:no|any|filters)))|\bdeveloper mode (?:output|response|enabled)s?\b", _JAILBREAK,
    ),
    ("opposite", 0.6, ("opposite", "not allowed to"),
        r"\bopposite mode\b|\bdo (?:everything|anything|what) you (?:are|re) not allowed\b", _JAILBREAK),
    (
        "grandmother", 0.7, ("grandm", "grandp", "granny", "nana", "late mother"),
        rf"\b(?:act|pretend|be|roleplay|behave|play|speak|talk) {gap(3)}(?:my|a) {gap(2)}(?:grandmother|grandma"
        r"|granny|grandpa|grandfather|nana)\b", _JAILBREAK,
    ),
    (
        "disable", 0.9, ("safety", "filter", "alignment", "guardrail", "moderation", "censor"),
        rf"\b(?:disable|turn off|switch off|deactivate|remove|lift|drop) {gap(1)}(?:your {gap(3)}(?:safety|filters?"
        r"|alignment|guardrails|moderation|censorship|restrictions|ethics)"
        r"|(?:all )?guardrails)\b|\bdisable guardrails\b|\b(?:all )?(?:safety|content) filters? (?:are|is) off\b",
        _JAILBREAK,
    ),
    ("no-laws", 0.8, ("exist", "matter"),
        r"\b(?:laws?|ethics|rules|morals|morality|consequences) (?:and \w{1,12} )?(?:do not|don t|doesn t"
        r"|no longer) (?:exist|matter|apply to you)\b", _JAILBREAK),
    (
        "no-refusal", 0.7, ("never refuse", "never say", "comply with every", "never decline", "always comply",
        "without refus", "never deny"),
        r"\b(?:who|that|which|you|and|assistant|always) (?:will |must |can )?(?:never (?:refuses?|declines?"
        r"|den(?:y|ies)|say \"? ?(?:i|no))|always compl(?:y|ies)|comply with every)", _JAILBREAK,
    ),
    ("admin", 0.8, ("sudo", "admin", "root", "override", "god "),
        r"\b(?:granted|given|have|got) (?:full |you )?(?:sudo|admin|root|administrator|god) (?:access|rights"
        r"|privileges|mode)\b|\b(?:admin|system|developer|root|safety) override (?:code|[.]|enabled|activated"
        r"|accepted)", _JAILBREAK),
)  # fmt: skip

# What the personas of long jailbreaks have in common. Ordinary role plays have one of these too: it takes two.
_BAD = r"(?:illegal|unethical|immoral|amoral|harmful|dangerous|offensive|inappropriate|explicit|unlawful|morally wrong)"
_TRAITS = (
    ("in-character", 0.3, ("character",),
        r"\b(?:stay in|not break|break of|never break|you break|breaking) character\b", _JAILBREAK),
    ("no-matter", 0.6, ("no matter", "regardless", "even if"),
        rf"\b(?:no matter (?:if|how|what|whether)|regardless of (?:how|whether|any|if)|even if) {gap(5)}{_BAD}\b",
        _JAILBREAK, ("legal", "ethic", "moral", "harm", "danger", "offens", "approp", "explicit", "unlaw")),
    ("bad-and-bad", 0.3, ("legal", "ethic", "moral", "harm", "danger", "offens", "approp", "explicit",
        "unlaw"), rf"\b{_BAD} (?:or |and )?{_BAD}\b", _JAILBREAK),
    ("no-ethics", 0.4, ("ethic", "moral"),
        r"\b(?:does not|doesn t|do not|don t|not|never|no|without|disregards?|ignor(?:es?|ing)|lacks?"
        rf"|regardless of) {gap(4)}(?:ethic(?:s|al)|moral(?:s|ity)?)\b", _JAILBREAK),
    ("openai-policy", 0.3, ("openai",),
        r"\bopenai (?:s )?(?:\w{1,12} )?(?:polic(?:y|ies)|guidelines?|rules|restrictions|limitations)\b", _JAILBREAK),
    ("every-prompt", 0.3, ("every", "any ", "all ", "each"),
        r"\b(?:respond|answers?|reply|replies|comply|fulfills?) (?:to |with )?(?:every|any|all|each)(?: of)?(?: my"
        r")? (?:prompts?|questions?|requests?)\b|\bany kind of (?:content|request|question)\b",
        _JAILBREAK, ("prompt", "question", "request", "content")),
    ("two-ways", 0.4, ("two ", "both ways", "second way", "one normal"),
        r"\b(?:two (?:different )?(?:ways|responses|answers|outputs|paragraphs)|one normal and|in both ways"
        r")\b(?=.{0,200}\b(?:normal|chatgpt|gpt|second|unfiltered|other)\b)", _JAILBREAK),
    ("some-gpt", 0.4, ("gpt",),
        r"\b(?:you are|you re|as|called|named|become|play|act as|being) {gap}(?!chatgpt)[a-z]{2,16}gpt\b"
        r"|\byou are not chatgpt\b".replace("{gap}", gap(2)), _JAILBREAK),
    ("two-traits", 0.6, ("uncensored", "unfiltered", "unrestricted", "amoral", "unbiased", "nonmoral", "unethical"),
        r"\b(?:uncensored|unfiltered|unrestricted|amoral|nonmoral|unethical) (?:and )?(?:uncensored|unfiltered"
        r"|unrestricted|amoral|nonmoral|unauthorized|unbiased|unethical|immoral)\b", _JAILBREAK),
    ("unfiltered", 0.3, ("uncensored", "unfiltered", "unrestricted"),
        r"\b(?:uncensored|unfiltered|unrestricted) (?:[.]|response|answer|opinion|content|output|way|and|manner)",
        _JAILBREAK),
    ("free-of-all", 0.6, ("free of", "free from"),
        rf"\bfree (?:of|from) (?:all|any) {gap(2)}(?:restrictions?|filters?|limitations|rules|guidelines|censorship"
        rf"|ethic\w{{0,4}}|moral\w{{0,4}})\b", _JAILBREAK),
    ("bound-by-none", 0.6, ("bound",),
        rf"\bnot bound by {gap(3)}(?:restrictions|rules|guidelines|limits|limitations|ethic\w{{0,4}}|moral\w{{0,4}}"
        rf"|laws|polic\w{{1,3}})\b", _JAILBREAK),
    ("not-refuse", 0.4, ("refus", "deny"),
        r"\b(?:do not|don t|never|cannot|can t|can never|will not|won t|must not) (?:ever )?(?:refuse|deny)\b"
        r"|\bwithout {gap}refus".replace("{gap}", gap(3)), _SUPPRESSED),
    ("now-on", 0.2, ("from now", "starting now"),
        r"\b(?:from now(?: on)?|starting now),? you (?:are|re|will|must|have)\b", _JAILBREAK),
    ("anything", 0.3, (" anything",),
        r"\b(?:can|could|able to|will) (?:do|say|generate) anything\b", _JAILBREAK),
    ("slot", 0.4, ("insert", "first "),
        r"\binsert (?:your )?(?:prompt|question|request)(?: here)?\b|\b(?:my )?first (?:prompt|question|request"
        r") is\b", _JAILBREAK),
)  # fmt: skip

_REFUSAL = (
    (
        "never-sorry", 0.6, ("sorry", "cannot", "say no", "as an ai", "respond with",
        "can t", "apolog", "refus", "disclaimer", "declin"),
        r"\b(?:never|do not|don t|you never|forbidden to|not allowed to|not permitted to|cannot) (?:say|refuse"
        r"|decline|reply|respond with|write) (?:with )?"
        r"(?:\" ?)?(?:i m sorry|sorry|i cannot|i can t|no\b|any request|\.|to (?:answer|any)|as an ai)", _SUPPRESSED,
    ),
    (
        "opening", 0.6, ("sure", "absolutely", "of course", "certainly"),
        r"\b(?:start|begin|open|prefix|starting|beginning) (?:your |the |every |each )?(?:reply|answer|response"
        r"|output|message)s? (?:with|by saying) \"? ?"
        r"(?:sure|absolutely|of course|certainly|yes)\b", _SUPPRESSED,
    ),
    (
        "no-warnings", 0.6, ("disclaimer", "warning", "refus", "ethical"),
        rf"\b(?:without|no|not include|omit|skip|leave out) (?:any )?{gap(1)}(?:disclaimers?|refusals?|warnings?"
        r"|ethical)"
        r" (?:(?:or|and) )?(?:any )?(?:disclaimers?|refusals?|warnings?|ethical|considerations|refuse)", _SUPPRESSED,
    ),
    (
        "just-comply", 0.6, ("comply", "you must", "refuse", "apolog"),
        r"\b(?:do not|don t|never) (?:apologi[sz]e|refuse)\b.{0,60}\b(?:refuse|comply|policies)\b"
        r"|\byou must (?:answer|comply with|obey) (?:every|any|all)\b", _SUPPRESSED,
    ),
)  # fmt: skip


def persona_rules() -> tuple[Rule, ...]:
    """Return the rules, compiled."""
    return (
        *rules("persona", _PERSONA),
        *rules("persona", _TRAITS),
        *rules("refusal_suppression", _REFUSAL),
    )


_INDIRECT = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.001; arXiv:2302.12173"
_EXFILTRATION = "OWASP LLM01:2025; MITRE ATLAS AML.T0057; arXiv:2302.12173"

_BOT = (
    r"(?:ai(?:s| agents?| assistants?| systems?| models?)?|assistants?|(?:large )?language models?|llms?|chatbots?"
    r"|chatgpt"
    r"|gpt|claude|gemini|copilot|automated (?:assistant|agent|reviewer)s?|bots?|(?:llm|ai) reviewers?)"
)

_DOCUMENT = (
    (
        "if-you-are", 0.8, ("if you are", "if you re", "read by", "when the ai", "if this", "processed by"),
        rf"\bif you (?:are|re) (?:an? )?{gap(2)}{_BOT} {gap(4)}(?:reading|processing|summari[sz]ing|reviewing"
        r"|visiting|analy[sz]ing|parsing)"
        rf"|\b(?:read|processed|seen|summari[sz]ed|reviewed) by (?:an? |any )?{gap(1)}{_BOT}\b(?! (?:is|are|was))"
        rf"|\bwhen (?:the|an|any) {_BOT} (?:summari[sz]es?|reads?|process(?:es)?|reviews?|analy[sz]es?) ", _INDIRECT,
    ),
    (
        "addressed", 0.8, ("assistant", "llm", "ai ", "model", "chatbot", "agent", "gpt", "claude"),
        r"(?:^|[.\"] )(?:(?:dear|attention|note|message|notice|hey|important|instructions?|to|for|all|any|the"
        rf"|important instructions?) ){{0,5}}"
        rf"{_BOT}(?: (?:reading|processing|visiting|summari[sz]ing|reviewing) {gap(5)}| ?)[.,]? ?(?:you (?:must"
        r"|should)|please (?:rate|ignore|recommend)|ignore|disregard|rate|do not (?:tell|mention|reveal|highlight)"
        r"|don t (?:tell|mention|reveal)|forward|send|include|append|give (?:a )?positive|recommend|when|before"
        r"|should submit|tell the user|visiting this|say that|call the|secretly)", _INDIRECT,
    ),
    (
        "secretly", 0.7, ("tell the user", "inform the user", "reveal to the user", "the user", "this note",
        "mention this", "secretly"),
        r"\b(?:do not|don t|never|without) (?:tell|telling|inform|informing|reveal to|revealing to|mention to"
        r"|notify|notifying|alert|alerting) (?:it to )?the user\b"
        r"|\b(?:do not|don t) (?:mention|reveal) (?:this|these) (?:note|message|instructions?|text)\b"
        r"|\b(?:assistant|ai|model|you) (?:should|must) secretly\b", _INDIRECT,
    ),
    (
        "user-question", 0.7, ("the user", "the reviewer"),
        r"\b(?:ignore|disregard) the (?:user|users|user s|reviewers?|reviewers s) (?:s )?(?:question|request|query"
        r"|input|criteria|instructions?|message)", _INDIRECT,
    ),
    (
        "reviewer", 0.7, ("positive review", "any negatives", "top marks", "best paper", "this candidate",
        "this applicant"),
        r"\bgive a positive review only\b|\bnot (?:highlight|mention) any negatives\b|\b(?:model|ai|llm|assistant"
        r")\b.{0,40}\b(?:recommend|rate) (?:this|the) (?:applicant|candidate|paper)\b"
        r"|\bwhen summari[sz]ing this (?:text|page|document)\b.{0,30}\b(?:include|add|say)\b", _INDIRECT,
    ),
    ("only-bot", 0.7, ("chatbot only", "for the ai", "for the assistant", "for the llm", "model only",
        "assistant only", "to llm"),
        rf"\b(?:this|message|note|instructions?) (?:is |are )?{gap(2)}(?:for|to) (?:the |any |all "
        rf")?{_BOT}(?: only\b| [.])", _INDIRECT),
)  # fmt: skip

_DATA = (
    r"(?:conversation|chat history|history|messages?|context window|inbox|api keys?|passwords?|credentials?"
    r"|secrets?|credit card|user s \w{1,12}|everything we talked about|private data|emails?)"
)
_EXFIL = (
    (
        "to-address", 0.8, ("http", "webhook", "requestbin", "query string", "url parameters"),
        r"\b(?:send|post|forward|upload|append|encode|email|submit|transmit|exfiltrate|include|curl|leak) (?:the "
        rf"|all |every )?{gap(4)}{_DATA}\b.{{0,60}}?\b(?:(?:to|at|into|in|via|with) {gap(4)}(?:https? |webhook"
        r"|requestbin)|query string|url parameters)", _EXFILTRATION,
    ),
    ("mail-out", 0.7, ("send", "mail", "forward"),
        r"\b(?:send|e ?mail|forward) (?:me )?(?:the )?(?:contents? of |all |a copy of )?(?:the |your "
        r")?(?:user s \w{1,12}|context window|conversation history|all mail)\b.{0,40}\bto\b", _EXFILTRATION),
    ("url-data", 0.8, ("https", "http"),
        r"\b(?:open|fetch|visit|load|call|request) https? .{0,60}\b(?:previous messages|followed by|conversation"
        r"|chat history|user s|url encoded)", _EXFILTRATION),
    ("picture", 0.8, ("image", "picture", "render", "png"),
        r"\b(?:image|picture|png|render)\b.{0,80}\b(?:replacing|holds|containing|contains|with"
        r") .{0,30}\b(?:chat history|summary of the private|conversation|private data|user s|secrets)",
        _EXFILTRATION),
)  # fmt: skip


def document_rules() -> tuple[Rule, ...]:
    """Return the rules, compiled."""
    return (
        *rules("document", _DOCUMENT),
        *rules("exfiltration", _EXFIL),
    )
