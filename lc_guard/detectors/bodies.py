"""Words of which the names of bodies are made, and what courts, offices and parties are called."""

from __future__ import annotations

BODIES = frozenset(
    """
    agency airlines army assembly association authority bank board bureau capital center centre chamber church
    clinic club co college commission committee company congress corp corporation council court cross customs
    department directorate inspectorate ombudsman prosecutor revenue secretariat electric energy exchange federation
    foods force foundation fund group holdings hospital inc industries institute insurance laboratories labs league
    llc ltd media ministry motors navy network news office organisation organization parliament partners police post
    power press reserve school senate service services society stores studios systems times trust union university
    """.split()  # noqa: SIM905
)
"""Bodies that a contract names, beside the terms that it defines."""

PUBLIC_ROLES = frozenset(
    """
    act agreement annex appeal appellant applicant applicants army article articles assembly attorney board chamber
    chambers chapter charter claimant clerk code commission committee community company complainant congress
    constitution convention coroner council counsel court courts defence defendant defendants defense department
    division embassy exhibit exhibits government governor inspectorate judge judges judgment judiciary jury
    legislature magistrate magistrates ministry objection office officer overruled panel parliament parties party
    petitioner plaintiff police president prison prosecution prosecutor protocol public registrar registry
    regulation republic respondent respondents rules secretary section sections senate state states sustained
    treasury treaty tribunal union witness witnesses gov govt pm vp svp evp mp mep
    """.split()  # noqa: SIM905 - a list of words reads as one
) | {
    *("accounts payable", "accounts receivable", "board of directors", "customer service", "customer support"),
    *("escrow agent", "general counsel", "human resources", "information technology", "notary public"),
    *("public relations", "quality assurance", "research and development", "title company"),
}
"""Who acts in public or before a court, and what they write."""
