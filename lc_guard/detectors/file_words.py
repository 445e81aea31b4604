"""Words that people put into the names of files beside a person's name: what it is, and which state it is in."""

from __future__ import annotations

import re

from lc_guard._text.joined_names import DOCUMENT

ABOUT_SOMEBODY = (
    "cv|resume|invoice|contract|letter|photo|scan|passport|lebenslauf|application|offer|payslip|medical|report|statement|id"
    "|license|certificate|transcript|bewerbung|vertrag|rechnung|zeugnis|facture|contrat|factura|contrato|fattura|umowa"
    "|faktura|mri|xray|lab|referral|consent|intake|patient|visa|tax|w2|w9"
)
"""What a file is that is about somebody, in seven languages."""

NO_SURNAMES = frozenset(
    """
    resume report invoice letter notes photo picture image scan copy final draft contract lebenslauf
    file data export backup test config settings old new january february march april may june july
    august september october november december version signed passport licence license certificate
    transcript
    """.split()  # noqa: SIM905 - a list of words reads as one
)
"""What stands behind a name in the name of a file, and is no surname."""

_BESIDE = rf"(?i:{'|'.join(sorted(NO_SURNAMES))}|{ABOUT_SOMEBODY}|v?\d{{1,4}})"
_BEFORE = re.compile(rf"(?:{_BESIDE}_)+(?=[^\W\d_])")
_BEHIND = re.compile(rf"(?:_{_BESIDE})+(?:\.(?i:{DOCUMENT}))?\Z|(?<=_)(?P<name>[^\W_]+)\.(?i:{DOCUMENT})\Z")


def without_file_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out of a name in the name of a file what is said beside it: ``resume_Ana_Reis_v2`` is ``Ana_Reis``.

    Args:
        text: The text.
        start: Offset of the first character.
        end: Offset after the last one.

    Returns:
        The offsets of what is left; names without underscores are left as they are.
    """
    found = text[start:end]
    if "_" not in found:
        return start, end
    behind = _BEHIND.search(found)
    if behind:
        end = start + (behind.end("name") if behind["name"] else behind.start())
    before = _BEFORE.match(text, start, end)
    return (before.end() if before else start), end
