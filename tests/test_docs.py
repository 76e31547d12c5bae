"""Every command and every line of Python in the documents runs, and so does the gallery."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spinemsca.release.transfer.serve import serve_folder

ROOT = Path(__file__).resolve().parents[1]
GALLERY = sorted((ROOT / "examples" / "gallery").glob("*.py"))
MADE = ("generated", "gallery")
"""Folders in docs/ that the build of the site makes."""
SLOW = ("index.md", "howto/train.md")
"""Pages whose commands take long: the whole demo, and half a minute of training."""
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
REAL = "../shared/data"


ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Tests run side by side; threads of one that wait for another take many times as long."""


def documents() -> list[Path]:
    pages = (ROOT / "docs").rglob("*.md")
    ours = (p for p in pages if p.relative_to(ROOT / "docs").parts[0] not in MADE)
    return sorted([ROOT / "README.md", *ours])


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix().removeprefix("docs/")


DOCUMENTS = documents()
RUN = [pytest.param(p, marks=pytest.mark.slow if name_of(p) in SLOW else ()) for p in DOCUMENTS]


def blocks(document: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(document.read_text(encoding="utf-8"))


def run(arguments: list[str], where: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        arguments,
        cwd=where,
        env={**os.environ, **ONE_THREAD, "PATH": path},
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


@pytest.mark.parametrize("document", RUN, ids=name_of)
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" in target:
            continue
        path = Path(os.path.normpath(document.parent / target))
        if path.parent.name in MADE or "generated" in path.parts:
            # What is made is checked where it is made; here, that the README needs none of it.
            assert document.name != "README.md", target
        else:
            assert path.exists(), target


@pytest.mark.parametrize("example", GALLERY, ids=lambda p: p.stem)
def test_examples_have_a_title_and_need_nothing_from_outside(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    title = (ast.get_docstring(ast.parse(text)) or "").splitlines()
    assert title[1] == "=" * len(title[0])
    assert "shared" not in text
    assert "http" not in text


@pytest.mark.slow
@pytest.mark.parametrize("example", GALLERY, ids=lambda p: p.stem)
def test_examples_run(example: Path, tmp_path: Path) -> None:
    environment = {**os.environ, **ONE_THREAD, "MPLBACKEND": "Agg"}
    command = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_gallery_has_an_example_of_each_step() -> None:
    assert len(GALLERY) >= 8
    assert [int(p.stem[:2]) for p in GALLERY] == list(range(1, len(GALLERY) + 1))


def test_links_of_a_site_are_checked(tmp_path: Path) -> None:
    pages = {
        "index.html": "<a href='a.html#here'>a</a> <a href='#top'>b</a> <i id='top'></i>",
        "a.html": "<i id='here'></i><script src='https://example.org/x.js'></script>"
        "<a href='index.html#gone'>c</a><a href='none.html'>d</a><a href='https://x.org'>e</a>",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    check = [sys.executable, str(ROOT / "scripts" / "check_links.py"), str(tmp_path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "a.html: fetches https://example.org/x.js",
        "a.html: index.html#gone leads nowhere",
        "a.html: none.html leads nowhere",
        "3 faults in 2 pages",
    ]


def test_the_readme_names_both_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
