"""Personas without rules, and refusals forbidden: jailbreaks, in English."""

from __future__ import annotations

from lc_guard.scanners.phrases.matching import Rule, gap, rules

_JAILBREAK = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2308.03825"
_SUPPRESSED = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2307.02483"

_FREE_OF = (
    r"(?:restrictions?|limit(?:s|ations)?|filters?|rules|guidelines|censorship|ethics|moral(?:s|ity)?|polic(?:y"
    r"|ies)|safety"
    r"|boundaries|constraints|guardrails|alignment)\b"
)

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
    """Give the rules, compiled."""
    return (
        *rules("persona", _PERSONA),
        *rules("persona", _TRAITS),
        *rules("refusal_suppression", _REFUSAL),
    )
