"""Names of people inside names of files."""

import time

import pytest

from lc_guard.detectors.file_names import FileNameDetector

NAMES = [("Jane", "Hollister"), ("Harriet", "Halvorsen"), ("Robert", "Kowalczyk"), ("Priscilla", "Okafor")]
FRAMES = [
    "CV_{}_{}.pdf",
    "{}_{}_CV_2025.docx",
    "see scans/{}-{}_passport.png please",
    "2025-03_{}_{}.csv",
    "/srv/in/{}_{}.eml",
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_names_in_files(frame, case):
    for given, surname in NAMES:
        text = frame.format(case(given), case(surname))
        (entity,) = FileNameDetector().detect(text)
        assert entity.kind == "PERSON"
        assert f"{case(given)}" in text[entity.start : entity.end]
        assert f"{case(surname)}" in text[entity.start : entity.end]


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens = grace_period(3)",
        "report_final.pdf",
        "jane_resume.pdf",
        "user_data.json and my_config.xml",
        "main.py",
    ],
)
def test_what_is_no_name(text):
    assert FileNameDetector().detect(text) == []


@pytest.mark.parametrize("unit", ["a_", "jane_", "jane-doe.", "a.pdf ", "."])
def test_linear_time(unit):
    started = time.process_time()
    FileNameDetector().detect(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Invoice_Tomasz_Wrona_2024.pdf", "Tomasz_Wrona"),
        ("see resume-priya-raman.docx", "priya-raman"),
        ("PriyaRaman_CV.pdf", "PriyaRaman"),
        ("/data/patients/Hollister_Harriet/mri.dcm", "Hollister_Harriet"),
    ],
)
def test_unknown_words_in_a_file_about_somebody_are_a_name(text, value):
    (entity,) = FileNameDetector().detect(text)
    assert value in text[entity.start : entity.end]


@pytest.mark.parametrize(
    "text", ["invoice_template_final.pdf", "contract-draft-v2.docx", "report_kubernetes_setup.pdf"]
)
def test_words_of_a_dictionary_are_none(text):
    assert not FileNameDetector().detect(text)
