"""The public contract suites on the package's own members."""

from typing import ClassVar

from lc_guard.detectors import PatternDetector
from lc_guard.testing import DetectorContract, ExactDetector, VaultContract
from lc_guard.vaults import MemoryVault


class TestMemoryVault(VaultContract):
    def make_vault(self):
        return MemoryVault()


class TestSmallMemoryVault(VaultContract):
    """Bounds that the contract stays within change nothing."""

    def make_vault(self):
        return MemoryVault(ttl=None, max_sessions=10, max_values=100)


class TestExactDetector(DetectorContract):
    examples: ClassVar = {"Jane Doe met Jane.": ["Jane Doe", "Jane"], "aaa": ["aaa"]}

    def make_detector(self):
        return ExactDetector({"PERSON": ["Jane Doe", "Jane", ""], "RUN": ["aa"]})


class TestPatternDetector(DetectorContract):
    examples: ClassVar = {
        "Card 4111 1111 1111 1111, e-mail jane.o'hara@example.org.": ["4111 1111 1111 1111", "jane.o'hara@example.org"],
        "SSN 536-90-4399; call 212-456-7890": ["536-90-4399", "212-456-7890"],
    }

    def make_detector(self):
        return PatternDetector()
