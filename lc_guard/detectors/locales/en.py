"""English: only what tells it from other languages; its names have detectors of their own."""

from __future__ import annotations

from lc_guard.detectors.locales import Locale, words

LOCALE = Locale(
    function_words=words(
        "the a an of in on at to for and or but not no is was are were be been being has have had do did does done",
        "by with from as that this these those it its his her him he she they them their we us our you your my me",
        "i who what when where why how which there here then than will would can could should may might must shall",
        "if so because about into over under after before between out up down off again only just very any some",
        "all more most other please thank thanks yes yeah okay well now know think see said say says go get got",
        "let sir honor objection don' didn' doesn' isn' wasn' won' can' i' it' that' what' you' he' she' one two",
        "die also man men war hat want per plus via po name date address phone email hello hi dear regards",
        "sincerely call called patient court re vs per am doing going being wanna gonna",
    ),
)
