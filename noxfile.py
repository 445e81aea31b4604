"""The tests of the seams against old and new versions of the libraries that lc-guard stands on.

``nox -s lowest-3.11`` takes the lowest versions that ``pyproject.toml`` allows, ``newest`` what exists on the day, and
``locked`` those of ``requirements/``, on each Python of the classifiers that the machine has. Each run leaves what it
proved in ``build/compatibility``; ``nox -s compatibility`` writes the page and the package's table from that.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.sessions = ["lowest", "newest", "locked"]

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
RESULTS = Path("build/compatibility")
PARALLEL = ("-n", "auto", "--dist", "loadfile")
EXTRAS = ("openai", "encrypted", "redis", "postgres", "metrics")  # neither LLM Guard nor gorget: no torch, minutes less
WITH_OTHERS = ("test_deepagents", "test_inner_model")
# What stands on other libraries: the seams, and beneath them detectors, fakes and vaults.
SEAMS = (
    "tests/detectors/test_patterns.py",
    "tests/detectors/test_rampart_int8.py",
    "tests/detectors/test_spacy_decoder.py",
    # deepagents and the clients of providers are no dependencies: their lowest versions are not ours to choose
    *sorted(str(path) for path in Path("tests/langchain").glob("test_*.py") if path.stem not in WITH_OTHERS),
    "tests/langfuse",
    "tests/langsmith",
    "tests/leaks",
    "tests/observability",
    "tests/placeholders/test_fakes.py",
    "tests/policy/test_files.py",
    "tests/seals",
    "tests/standard",
    "tests/vaults/test_contracts.py",
    "tests/vaults/test_encrypted.py",
    "tests/vaults/test_redis.py",
    "tests/vaults/test_sql.py",
    "tests/vendors/test_versions.py",
)


@nox.session(python=PYTHONS)
def lowest(session: nox.Session) -> None:
    """Test the seams with the lowest direct dependencies that pyproject.toml allows."""
    versions = Path(session.create_tmp()) / "lowest.txt"
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    session.run_install(
        "uv", "pip", "compile", "pyproject.toml", *extras, "--resolution=lowest-direct", "--quiet",
        f"--python={session.virtualenv.location}", f"--output-file={versions}",
    )  # fmt: skip
    _test(session, "lowest", f"--constraint={versions}")


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Test the seams with the newest versions that exist on the day."""
    _test(session, "newest", "--upgrade", "--refresh")


@nox.session(python=PYTHONS)
def locked(session: nox.Session) -> None:
    """Test the seams with the versions that ``make test`` takes."""
    engine = "llm-guard" if session.python in ("3.11", "3.12") else "gorget"
    _test(session, "locked", f"--constraint=requirements/{engine}.txt")


@nox.session(python=PYTHONS)
def examples(session: nox.Session) -> None:
    """Run the applications of examples/ against a stand-in for their provider, and look at what it received."""
    session.install("--editable", ".[openai,sql,redis]", "--group", "examples")
    session.run("python", "-m", "examples.check", *session.posargs)


@nox.session(python=PYTHONS)
def distributed(session: nox.Session) -> None:
    """Hide corpora and tables on local clusters of Ray and Spark, and in Parquet."""
    session.install("--editable", ".[sql,ray,spark]", "--group", "distributed")
    session.run("python", "-m", "pytest", "tests/distributed/engines.py", *session.posargs)


@nox.session(python=False)
def compatibility(session: nox.Session) -> None:
    """Write docs/compatibility.md and the package's table of proved versions from the runs of this machine."""
    session.run(sys.executable, "-m", "tests.compatibility", str(RESULTS), external=True)


def _test(session: nox.Session, versions: str, *options: str) -> None:
    session.install(*options, "--editable", f".[{','.join(EXTRAS)}]", "--group", "seams")
    result = (RESULTS / f"{versions}-{session.python}").resolve()
    result.parent.mkdir(parents=True, exist_ok=True)
    for old in result.parent.glob(f"{result.name}.*.*"):
        old.unlink()
    session.run("python", "-m", "lc_guard", "doctor")
    session.run("python", "-m", "lc_guard", "verify")
    session.run("python", "-m", "pytest", *PARALLEL, f"--junitxml={result}.xml", *SEAMS, *session.posargs)
    # last: a run that failed has no versions, and so is not on the page
    session.run("python", "-m", "tests.compatibility", "--versions", f"{result}.json")
