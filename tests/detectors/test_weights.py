"""Weights are data: checked before they are loaded, loaded once, and their absence is an error that says what to do."""

import importlib.util
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lc_guard.detectors import RampartDetector, SpacyDetector, default_detector, rampart, rampart_model, spacy_ner
from lc_guard.detectors.weights import LoadOnce, package_folder, verified
from lc_guard.errors import ModelUnavailable

SECOND_FILES = set(spacy_ner.PINNED)


@pytest.fixture
def fresh(monkeypatch):
    """Loaders that have loaded nothing yet; what the session loaded is kept."""
    for module, name in ((rampart, "load_model"), (spacy_ner, "load_pipeline")):
        monkeypatch.setattr(module, name, LoadOnce(getattr(module, name)._loader))


@pytest.mark.parametrize(
    ("module", "detector", "file"),
    [
        (rampart_model, RampartDetector, "model_q4.onnx"),
        (rampart_model, RampartDetector, "tokenizer.json"),
        (spacy_ner, SpacyDetector, "ner/model"),
        (spacy_ner, SpacyDetector, "config.cfg"),
    ],
)
@pytest.mark.usefixtures("fresh")
def test_an_altered_file_is_refused_and_named(module, detector, file, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    copied = rampart_model.FOLDER if module is rampart_model else package_folder(module.PACKAGE, module.DISTRIBUTION)
    shutil.copytree(copied, folder)
    target = next(folder.rglob(file))
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(bytes(content))
    if module is rampart_model:
        monkeypatch.setattr(module, "FOLDER", folder)
    else:
        monkeypatch.setattr(module, "package_folder", lambda *_: folder)
    with pytest.raises(ModelUnavailable, match=file):
        detector().warm_up()


@pytest.mark.usefixtures("fresh")
def test_an_untouched_copy_loads(tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    shutil.copytree(rampart_model.FOLDER, folder)
    monkeypatch.setattr(rampart_model, "FOLDER", folder)
    RampartDetector().warm_up()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"weights\.bin"):
        verified(tmp_path, {"weights.bin": "0" * 64})


def without(monkeypatch, *names):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name in names else real(name, *a))


@pytest.mark.parametrize(
    ("package", "detector", "line"),
    [
        ("onnxruntime", RampartDetector, "onnxruntime"),
        (spacy_ner.PACKAGE, SpacyDetector, spacy_ner.DISTRIBUTION),
    ],
)
@pytest.mark.usefixtures("fresh")
def test_a_missing_package_names_the_install_line(package, detector, line, monkeypatch):
    without(monkeypatch, package, *spacy_ner.OFFICIAL)
    with pytest.raises(ModelUnavailable, match=f"pip install '?{line}"):
        detector().detect("Jane Doe")


def test_default_detector_is_never_silently_rules_only(monkeypatch):
    without(monkeypatch, "onnxruntime", spacy_ner.PACKAGE, *spacy_ner.OFFICIAL)
    with pytest.raises(ModelUnavailable, match="pip install") as caught:
        default_detector()
    assert "onnxruntime" in str(caught.value)
    assert spacy_ner.DISTRIBUTION in str(caught.value)
    assert default_detector(ner=False).detect("mail a@example.com")


def test_host_packages_are_never_imported(joined):
    joined.detect("Jane Doe")
    assert spacy_ner.PACKAGE not in sys.modules


def test_threads_that_come_at_once_load_once():
    loads = []

    @LoadOnce
    def slow(key):
        loads.append(key)
        time.sleep(0.05)
        return object()

    gate = threading.Barrier(8)

    def come(_):
        gate.wait()
        return slow("a")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(come, range(8)))) == 1
    assert loads == ["a"]
    slow.forget()
    slow("a")
    assert loads == ["a", "a"]


def test_a_failed_load_is_tried_again():
    tries = []

    @LoadOnce
    def flaky():
        tries.append(1)
        if len(tries) == 1:
            raise ModelUnavailable("not yet")
        return "loaded"

    with pytest.raises(ModelUnavailable):
        flaky()
    assert flaky() == "loaded"


def test_a_pipeline_that_is_not_there(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"config\.cfg"):
        SpacyDetector(tmp_path / "nothing").warm_up()
    with pytest.raises(ModelUnavailable, match="en_core_web_nope"):
        SpacyDetector("en_core_web_nope").warm_up()


@pytest.fixture
def second(tmp_path, monkeypatch):
    """The second pipeline's package, in which the packaged pipeline's files stand in for its own."""
    folder = tmp_path / spacy_ner.SECOND_PACKAGE
    shutil.copytree(spacy_ner.packaged_or_official(), folder / "_model")
    monkeypatch.setattr(spacy_ner, "SECOND_PINNED", spacy_ner.PINNED)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def asked(detector):
    return [each.name for each in detector.detectors]


@pytest.mark.usefixtures("fresh")
def test_a_second_pipeline_is_asked_where_it_is_installed(second):
    detector = default_detector()
    assert asked(detector).count("spacy_md") == 1
    assert asked(detector).index("spacy") < asked(detector).index("spacy_md")
    assert any(e.kind == "PERSON" for e in detector.detect("Yesterday Jane Doe came to London."))
    alone = SpacyDetector(spacy_ner.SECOND_PACKAGE)
    assert any(e.kind == "PERSON" for e in alone.detect("Yesterday Jane Doe came to London."))


def test_without_it_one_is_asked(monkeypatch):
    without(monkeypatch, spacy_ner.SECOND_PACKAGE)
    assert "spacy_md" not in asked(default_detector())


def test_nor_is_it_asked_beside_the_same_pipeline_of_the_users(second, monkeypatch):
    shutil.copytree(second, second.parent / "en_core_web_md")
    assert "spacy_md" not in asked(default_detector())
    shutil.copytree(second, second.parent / "en_core_web_lg")
    assert "spacy_md" in asked(default_detector())


@pytest.mark.parametrize("file", ["ner/model", "vocab/vectors", "config.cfg", "meta.json"])
@pytest.mark.usefixtures("fresh")
def test_a_second_pipeline_that_is_altered_is_refused_and_named(second, file):
    target = second / "_model" / file
    target.write_bytes(target.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelUnavailable, match=file):
        default_detector().warm_up()


def test_the_pinned_files_are_all_that_is_read():
    assert set(spacy_ner.SECOND_PINNED) == SECOND_FILES
    assert all(len(digest) == 64 for digest in spacy_ner.SECOND_PINNED.values())
