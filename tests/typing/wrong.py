"""What a type checker must refuse, each line with the code of mypy's error. It is never run."""

from __future__ import annotations

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    CheckPolicy,
    Deanonymize,
    Entity,
    Guard,
    GuardCheckpointer,
    GuardMiddleware,
    Policy,
    ScanResult,
    protect,
)
from lc_guard.scanners import Scanner, ScanRequest
from lc_guard.vaults import EncryptedVault, MemoryVault, Vault

guard = Guard(detectors=[])

Guard(vault={})  # E: arg-type
Guard(policy={"default": "redact"})  # E: arg-type
Guard(placeholder_style="round")  # E: arg-type
AnonymizeDocuments(guard)  # E: call-arg
GuardCheckpointer(guard, guard=guard)  # E: arg-type
Policy(default="hide")  # E: arg-type
Policy(kinds={"PERSON": "hide"})  # E: dict-item
Policy(timeout="10 s")  # E: arg-type
CheckPolicy(action="hide")  # E: arg-type
Entity("PERSON", "0", 4)  # E: arg-type
ScanResult(True)  # E: call-arg
Anonymize()  # E: call-arg
Anonymize(guard, stage="question")  # E: arg-type
Deanonymize("guard")  # E: arg-type
GuardMiddleware(Policy())  # E: arg-type
GuardMiddleware(guard, state="hidden")  # E: arg-type
protect(guard=guard)  # E: call-overload
protect(None, "guard")  # E: call-overload
MemoryVault(ttl="an hour")  # E: arg-type
MemoryVault(ttl_from="last use")  # E: arg-type
EncryptedVault(guard)  # E: arg-type
guard.session("s").anonymize(["text"])  # E: arg-type
guard.session("s").anonymise("text")  # E: attr-defined
guard.scan("text", stage="question")  # E: arg-type
number: int = guard.session("s").anonymize("text")  # E: assignment
Entity("PERSON", 0, 4).start = 1  # E: misc


class NotAScanner:
    def scan(self, prompt: str) -> ScanRequest:
        return ScanRequest(prompt)


scanner: Scanner = NotAScanner()  # E: assignment
vault: Vault = {"[REDACTED_PERSON_1]": "Ada"}  # E: assignment
