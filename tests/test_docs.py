"""Every command and every line of Python in the documents runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spinemsca.release.transfer.serve import serve_folder

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
REAL = "../shared/data"


def blocks(document: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(document.read_text(encoding="utf-8"))


def run(arguments: list[str], where: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        arguments,
        cwd=where,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def with_mirror(arguments: list[str], mirror: str) -> list[str]:
    """The published dataset's host is replaced by a loopback server of the same shape."""
    return [*arguments, "--mirror", mirror] if arguments[1] == "download" else arguments


def run_command(line: str, where: Path, mirror: str) -> None:
    arguments = shlex.split(line, comments=True)
    if arguments[0] == "make":
        targets = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{arguments[1]}:.*## ", targets, re.MULTILINE), line
        return
    if arguments[0] in {"pip", "git"}:
        return
    assert arguments[0] == "spine-msca", line
    run(with_mirror(arguments, mirror), where)


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory):
    """Serves the archives of a small release."""
    folder = tmp_path_factory.mktemp("published")
    run(["spine-msca", "synth", "release", "--cases", "12", "--seed", "3"], folder)
    run(["spine-msca", "pack", "release", "archives", "--part-size", "5MB"], folder)
    with serve_folder(folder / "archives") as url:
        yield url


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_blocks_run_in_order(
    document: Path, mirror: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = blocks(document)
    if any(REAL in text for _, text in found):
        data = request.getfixturevalue("shared_data")
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared" / "data").symlink_to(data)
    where = tmp_path / "checkout"
    where.mkdir()
    (where / "examples").symlink_to(ROOT / "examples")
    for language, text in found:
        if language == "python":
            run([sys.executable, "-W", "error", "-c", text], where)
            continue
        for line in filter(None, (part.strip() for part in text.splitlines())):
            if not line.startswith("#"):
                run_command(line, where, mirror)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_the_readme_names_both_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
