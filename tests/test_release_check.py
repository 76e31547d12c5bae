"""`make release-check`: each thing that says a version, made to disagree."""

from __future__ import annotations

import importlib.util
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("release_check", ROOT / "scripts/release_check.py")
assert SPEC
release_check = importlib.util.module_from_spec(SPEC)
assert SPEC.loader
SPEC.loader.exec_module(release_check)

TRAINED = "src/spinemsca/segment/trained"
FILES = {
    "src/spinemsca/_version.py": '"""One place."""\n\n__version__ = "1.2.3"\n',
    f"{TRAINED}/MODEL_CARD.md": "# Model card: Spine-MSCA weights 7.1\n\nText.\n",
    f"{TRAINED}/model.json": '{"version": "7.1"}',
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-25\n\n- New.\n\n"
    "## [1.2.2] - 2026-11-01\n",
    "CITATION.cff": 'cff-version: 1.2.0\nversion: 1.2.3\ndate-released: "2026-11-25"\n',
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project that is ready."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q")
    commit(root)
    return root


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "all")


def wheel_of(root: Path, version: str = "1.2.3", said: str = "1.2.3") -> Path:
    wheel = root.parent / "w.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"spine_msca-{version}.dist-info/METADATA", f"Version: {said}\n")
        for path in (root / "src").rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(root / "src"))
    return wheel


def test_what_agrees_is_ready(checkout: Path) -> None:
    assert list(release_check.checked(checkout, wheel_of(checkout))) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "faults"),
    [
        ("CHANGELOG.md", "## [Unreleased]\n\n", "", ["no [Unreleased] above"]),
        ("CHANGELOG.md", "d]\n", "d]\n\n- More.\n", ["[Unreleased] is not empty"]),
        ("CHANGELOG.md", "[1.2.3]", "[1.2.4]", ["newest is 1.2.4", "not None"]),
        ("CHANGELOG.md", " - 2026-11-25", "", ["1.2.3 has no day", "not None"]),
        ("CHANGELOG.md", "2026-11-25", "2026-13-25", ["has no day", "not 2026-13-25"]),
        ("CITATION.cff", "\nversion: 1.2.3", "\nversion: 1.2.2", ["version is 1.2.2, not 1.2.3"]),
        ("CITATION.cff", "11-25", "11-24", ["released 2026-11-24, not 2026-11-25"]),
        (f"{TRAINED}/MODEL_CARD.md", "7.1", "7.0", ["weights 7.0, but model.json says 7.1"]),
        (f"{TRAINED}/MODEL_CARD.md", "weights", "", ["of weights None"]),
        (f"{TRAINED}/model.json", "7.1", "7.2", ["model.json says 7.2"]),
    ],
)
def test_what_disagrees_is_told(
    checkout: Path, name: str, old: str, new: str, faults: list[str]
) -> None:
    text = FILES[name]
    assert old in text
    (checkout / name).write_text(text.replace(old, new, 1))
    commit(checkout)
    found = list(release_check.checked(checkout, wheel_of(checkout)))
    assert len(found) == len(faults), found
    for fault, said in zip(faults, found, strict=True):
        assert fault in said
        assert Path(name).name in said or "CITATION.cff" in said


@pytest.mark.parametrize("version", ["1.2", "1.2.3.dev0", "v1.2.3", ""])
def test_a_version_is_three_numbers(tmp_path: Path, version: str) -> None:
    (fault,) = release_check.number(tmp_path, version)
    assert repr(version) in fault


def test_what_is_not_committed_or_has_a_tag_is_told(checkout: Path) -> None:
    git(checkout, "tag", "v1.2.3")
    (checkout / "new").touch()
    found = list(release_check.repository(checkout, "1.2.3"))
    assert [fault.split(": ")[1][:9] for fault in found] == ["there are", "there is "]


def test_a_wheel_of_another_version_or_of_other_files_is_told(checkout: Path) -> None:
    other = wheel_of(checkout, "1.2.2")
    assert list(release_check.package(checkout, "1.2.3", other)) == [
        "w.whl: is not of version 1.2.3"
    ]
    other = wheel_of(checkout, said="1.2.4")
    (fault,) = release_check.package(checkout, "1.2.3", other)
    assert fault == "w.whl: METADATA says 1.2.4, not 1.2.3"
    wheel = wheel_of(checkout)
    (checkout / f"{TRAINED}/model.json").write_text('{"version": "7.3"}')
    (checkout / "src/spinemsca/new.py").touch()
    assert list(release_check.package(checkout, "1.2.3", wheel)) == [
        "w.whl: lacks spinemsca/new.py",
        "w.whl: has another spinemsca/segment/trained/model.json",
    ]


def test_this_checkout_says_one_version() -> None:
    version = release_check.version_of(ROOT)
    for piece in (release_check.number, release_check.citation, release_check.card):
        assert list(piece(ROOT, version)) == []
