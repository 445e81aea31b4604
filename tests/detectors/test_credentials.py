"""Credentials in an ordinary guard: hidden under a kind of their own, restored like other values."""

import pytest

from benchmarks.credential_corpus import corpus
from lc_guard import Guard, Policy
from lc_guard._text.credential_formats import CREDENTIAL_KINDS
from lc_guard.detectors import default_detector
from lc_guard.detectors.credentials import CredentialDetector
from lc_guard.errors import Blocked


@pytest.fixture(scope="module")
def rules():
    return default_detector(ner=False)


@pytest.mark.parametrize("group", ["vendors", "passwords", "tokens", "private keys"])
def test_a_bare_guard_sends_no_credential_and_restores_it(rules, group):
    guard = Guard(rules)
    samples = [sample for sample in corpus(seed=11, each=2) if sample.group == group]
    for number, sample in enumerate(samples):
        session = guard.session(str(number))
        hidden = session.anonymize(sample.text)
        assert sample.credential not in hidden, sample.text
        # nor a good part of it
        assert not any(sample.credential[at : at + 8] in hidden for at in range(len(sample.credential) - 8)), hidden
        assert any(f"[REDACTED_{kind}_1]" in hidden for kind in CREDENTIAL_KINDS), hidden
        assert session.deanonymize(hidden) == sample.text


def test_a_policy_of_the_kind_holds_inside_a_url(rules):
    guard = Guard(rules, policy=Policy(kinds={"PASSWORD": "block"}))
    with pytest.raises(Blocked):
        guard.session("1").anonymize("see https://bob:S3cr-t!x@git.example.com/repo.git")
    assert guard.session("1").anonymize("password: ********") == "password: ********"


def test_the_same_key_has_one_placeholder(rules):
    key = next(sample.credential for sample in corpus(each=1) if sample.kind == "API_KEY")
    hidden = Guard(rules).session("1").anonymize(f"API_KEY={key}\ncurl -H 'X-Api-Key: {key}' https://x.example.com")
    assert hidden.count("[REDACTED_API_KEY_1]") == 2


def test_batch_and_names():
    texts = [sample.text for sample in corpus(each=1)]
    detector = CredentialDetector()
    assert detector.detect_batch(texts) == [detector.detect(text) for text in texts]
    assert detector.name == "credentials"
