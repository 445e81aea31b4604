"""The contracts catch broken members: each rule fails for a member that breaks it."""

import inspect
import itertools

import pytest

from lc_guard import Entity
from lc_guard.testing import (
    DetectorContract,
    ExactDetector,
    FailingDetector,
    HangingDetector,
    NumberedMint,
    VaultContract,
)
from lc_guard.vaults import MemoryVault


def broken_rules(contract):
    rules = [name for name, _ in inspect.getmembers(contract, inspect.ismethod) if name.startswith("test_")]
    assert rules
    broken = set()
    for rule in rules:
        try:
            getattr(contract, rule)()
        except Exception:
            broken.add(rule.removeprefix("test_"))
    return broken


def rules_broken_by_vault(vault_class):
    contract = VaultContract()
    contract.make_vault = vault_class
    return broken_rules(contract)


def rules_broken_by_detector(make, examples=None):
    contract = type("Contract", (DetectorContract,), {"examples": examples or {"of Jane Doe": ["Jane Doe"]}})()
    contract.make_detector = make
    return broken_rules(contract)


class OneForAll(MemoryVault):
    def allocate(self, session, wanted, mint):
        return super().allocate("all", wanted, mint)

    def values(self, session, placeholders):
        return super().values("all", placeholders)


class CaseBlind(MemoryVault):
    def allocate(self, session, wanted, mint):
        return super().allocate(session, [(kind, value.lower()) for kind, value in wanted], mint)


class StartsAgain(MemoryVault):
    def forget(self, session):
        known = super().forget(session)
        self._retired.clear()
        return known


class HalfStored(MemoryVault):
    @staticmethod
    def _undo(held, values):
        pass


class Deaf(MemoryVault):
    def subscribe(self, listener):
        pass


class Talkative(MemoryVault):
    def __repr__(self):
        return f"Talkative({list(self._sessions)}, {[held.raw for held in self._sessions.values()]})"


class Unlocked(MemoryVault):
    """Gives each caller the next number, known or not."""

    def __init__(self):
        super().__init__()
        self.numbers = itertools.count(1)

    def allocate(self, session, wanted, mint):
        return [mint(kind, next(self.numbers)) for kind, _ in wanted]


class NoWords(MemoryVault):
    def find(self, session, texts, *, inside_words=False):
        return super().find(session, texts, inside_words=True)


class Unclaimed(MemoryVault):
    def allocate(self, session, wanted, mint):
        return super().allocate(session, wanted, type("Mint", (NumberedMint,), {"__call__": mint.__call__})())


class NoVault:
    """Lacks a method."""

    allocate = values = find = items = kinds = forget = MemoryVault.allocate


@pytest.mark.parametrize(
    ("vault", "rule"),
    [
        (OneForAll, "sessions_are_apart"),
        (CaseBlind, "a_placeholder_has_one_value"),
        (StartsAgain, "numbering_goes_on_after_forget"),
        (HalfStored, "stores_all_or_none"),
        (Deaf, "tells_listeners_before_values_go"),
        (Talkative, "shows_no_value"),
        (Unlocked, "threads_share_a_session"),
        (NoWords, "finds_whole_words"),
        (Unclaimed, "heeds_claims"),
    ],
)
def test_a_broken_vault_is_caught(vault, rule):
    assert rule in rules_broken_by_vault(vault)


def test_what_is_no_vault_is_caught():
    contract = VaultContract()
    contract.make_vault = NoVault
    with pytest.raises(AssertionError, match="a method"):
        contract.test_follows_the_protocol()


def test_a_vault_that_swallows_a_mints_error_is_caught():
    class Swallows(MemoryVault):
        def allocate(self, session, wanted, mint):
            try:
                return super().allocate(session, wanted, mint)
            except ValueError:
                return []

    assert rules_broken_by_vault(Swallows) == {"stores_all_or_none"}


def test_a_good_vault_breaks_no_rule():
    assert rules_broken_by_vault(MemoryVault) == set()


def scripted(answer, **more):
    detector = ExactDetector({"PERSON": ["Jane Doe"]})
    exact = detector.detect
    detector.detect = lambda text: answer(text, exact(text))
    vars(detector).update(more)
    return detector


COUNT = itertools.count()
INSIDE = "answers_any_text_with_entities_inside_it"


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: scripted(lambda text, found: []), "finds_the_examples"),
        (lambda: scripted(lambda text, found: [Entity("A", 0, len(text) + 1)]), INSIDE),
        (lambda: scripted(lambda text, found: [Entity("A", 0, 1, 2.0)] if text else []), INSIDE),
        (lambda: scripted(lambda text, found: [Entity("A", 0, 1, float("nan"))]), INSIDE),
        (lambda: scripted(lambda text, found: [Entity("", 0, 1)]), INSIDE),
        (lambda: scripted(lambda text, found: ["Jane"]), INSIDE),
        (lambda: scripted(lambda text, found: found[: next(COUNT) % 2]), "gives_the_same_answer_again"),
        (lambda: scripted(lambda text, found: [Entity("A", 0, 1)]), "warms_up_twice"),
        (lambda: scripted(lambda text, found: found, name=5), "follows_the_protocol"),
        (lambda: scripted(lambda text, found: found, detect_batch=lambda texts: [[] for _ in texts]), "batch_agrees"),
        (lambda: scripted(lambda text, found: found, detect_batch=lambda texts: []), "batch_agrees"),
    ],
)  # fmt: skip
def test_a_broken_detector_is_caught(make, rule):
    assert rule in rules_broken_by_detector(make)


def test_a_good_detector_breaks_no_rule():
    def make():
        detector = ExactDetector({"PERSON": ["Jane Doe"]})
        detector.detect_batch = lambda texts: [detector.detect(text) for text in texts]
        detector.warm_up = lambda: None
        return detector

    assert rules_broken_by_detector(make) == set()


def test_a_detector_that_shows_its_texts_is_caught():
    class Shows(ExactDetector):
        def detect(self, text):
            self.last = text
            return super().detect(text)

        def __repr__(self):
            return f"Shows({self.last!r})"

    assert rules_broken_by_detector(lambda: Shows({"PERSON": ["Jane Doe"]})) == {"shows_no_text"}


def test_contracts_say_what_to_override():
    with pytest.raises(NotImplementedError, match="make_vault"):
        VaultContract().make_vault()
    with pytest.raises(NotImplementedError, match="make_detector"):
        DetectorContract().make_detector()


def test_the_fakes():
    exact = ExactDetector({"A": ["aa"]}, score=0.5, name="mine")
    assert exact.detect("aaa") == [Entity("A", 0, 2, 0.5), Entity("A", 1, 3, 0.5)]
    assert (exact.name, exact.calls, repr(exact)) == ("mine", 1, "ExactDetector(1 values)")
    with pytest.raises(KeyError):
        FailingDetector(KeyError("x")).detect("text")
    hanging = HangingDetector()
    hanging.release.set()
    assert (hanging.detect("x"), hanging.calls) == ([], 1)
    with pytest.raises(ValueError, match="told to fail"):
        NumberedMint(fails_at=1)("A", 1)
