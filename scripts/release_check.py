"""Whether the checkout is ready to be tagged: whatever says a version says the same one.

    python scripts/release_check.py [--root .] [--wheel DIST.whl]

Builds a wheel unless one is given. Prints what disagrees, one line each, and exits with 1.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from email.parser import Parser
from pathlib import Path

TRAINED = "segment/trained"
"""Folder of the shipped weights within the package."""
HEADING = re.compile(r"^## \[(?P<version>[^]]+)\](?: - (?P<day>\S+))?$", re.MULTILINE)


def main() -> None:
    """Checks everything and prints the outcome."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--wheel", type=Path)
    options = parser.parse_args()
    faults = list(checked(options.root, options.wheel))
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{version_of(options.root)} is ready: git tag v{version_of(options.root)}")
    sys.exit(bool(faults))


def checked(root: Path, wheel: Path | None) -> Iterator[str]:
    """All faults; without a wheel, one is built of the checkout."""
    version = version_of(root)
    pieces: tuple[Callable[[Path, str], Iterator[str]], ...] = (number, changelog, citation, card)
    for piece in (*pieces, repository):
        yield from piece(root, version)
    with tempfile.TemporaryDirectory() as folder:
        yield from package(root, version, wheel or built(root, Path(folder)))


def version_of(root: Path) -> str:
    """What `_version.py` says."""
    found = re.search(r'^__version__ = "(.+)"$', _read(root, _package("_version.py")), re.MULTILINE)
    return found[1] if found else ""


def number(_: Path, version: str) -> Iterator[str]:
    """The version is one of a release: three numbers."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"_version.py: {version!r} is no MAJOR.MINOR.PATCH"


def changelog(root: Path, version: str) -> Iterator[str]:
    """The newest section is this version's, with a day, and nothing waits in [Unreleased]."""
    text = _read(root, "CHANGELOG.md")
    sections = list(HEADING.finditer(text))
    names = [s["version"] for s in sections]
    if names[:1] != ["Unreleased"] or len(names) < 2:
        yield "CHANGELOG.md: no [Unreleased] above the versions"
        return
    if text[sections[0].end() : sections[1].start()].strip():
        yield "CHANGELOG.md: [Unreleased] is not empty"
    if names[1] != version:
        yield f"CHANGELOG.md: newest is {names[1]}, not {version}"
    if not _is_day(sections[1]["day"]):
        yield f"CHANGELOG.md: {names[1]} has no day (YYYY-MM-DD)"


def citation(root: Path, version: str) -> Iterator[str]:
    """CITATION.cff has this version, and the changelog's day."""
    text = _read(root, "CITATION.cff")
    said = {k: v.strip("\"' ") for k, v in re.findall(r"^([a-z-]+):(.*)$", text, re.MULTILINE)}
    if said.get("version") != version:
        yield f"CITATION.cff: version is {said.get('version')}, not {version}"
    days = {s["version"]: s["day"] for s in HEADING.finditer(_read(root, "CHANGELOG.md"))}
    if said.get("date-released") != days.get(version):
        yield f"CITATION.cff: released {said.get('date-released')}, not {days.get(version)}"


def card(root: Path, _: str) -> Iterator[str]:
    """The model card is of the weights that ship."""
    titled = re.match(r"# .* weights (\S+)\n", _read(root, _package(TRAINED, "MODEL_CARD.md")))
    weights = json.loads(_read(root, _package(TRAINED, "model.json")))["version"]
    if not titled or titled[1] != weights:
        yield f"MODEL_CARD.md: of weights {titled and titled[1]}, but model.json says {weights}"


def repository(root: Path, version: str) -> Iterator[str]:
    """All is committed, and no tag has the version's name yet."""
    if _git(root, "status", "--porcelain"):
        yield "git: there are changes that are not committed"
    if _git(root, "tag", "--list", f"v{version}"):
        yield f"git: there is a tag v{version} already"


def package(root: Path, version: str, wheel: Path) -> Iterator[str]:
    """The wheel has this version, these weights with their card, and this package."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = f"spine_msca-{version}.dist-info/METADATA"
        if metadata not in names:
            yield f"{wheel.name}: is not of version {version}"
        else:
            said = Parser().parsestr(archive.read(metadata).decode())["Version"]
            if said != version:
                yield f"{wheel.name}: METADATA says {said}, not {version}"
        for path in _shipped(root):
            name = path.relative_to(root / "src").as_posix()
            if name not in names:
                yield f"{wheel.name}: lacks {name}"
            elif archive.read(name) != path.read_bytes():
                yield f"{wheel.name}: has another {name}"


def built(root: Path, folder: Path) -> Path:
    """A wheel of the checkout."""
    command = ["pip", "wheel", str(root), "--no-deps", "--quiet", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", *command], check=True)
    return next(folder.glob("*.whl"))


def _shipped(root: Path) -> list[Path]:
    found = (root / "src/spinemsca").rglob("*")
    return sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)


def _package(*parts: str) -> str:
    return "/".join(("src/spinemsca", *parts))


def _read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def _is_day(text: str | None) -> bool:
    try:
        return date.fromisoformat(text or "").isoformat() == text
    except ValueError:
        return False


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
