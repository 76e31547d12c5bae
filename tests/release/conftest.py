"""Small releases and their archives."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from spinemsca.case import Case, Sex, Spacing
from spinemsca.release.pack import pack
from spinemsca.release.split import split_sizes
from spinemsca.release.store import write_release
from spinemsca.release.transfer.fetch import Retries

IMPATIENT = Retries(attempts=5, sleep=lambda _: None)


def tiny(root: Path, cases: int = 12, size: int = 96) -> Path:
    """Writes a release of small noisy cases, so that its bytes do not compress away."""
    splits = [s for s, n in split_sizes(cases).items() for _ in range(n)]

    def made():
        for index, split in enumerate(splits):
            rng = np.random.default_rng(index)
            image = rng.random((size, size), np.float32)
            label = rng.integers(0, 12, (size, size), np.uint8)
            sex = Sex.MALE if index % 3 else Sex.FEMALE
            yield split, Case(f"c{index:03d}", image, label, spacing=Spacing(0.6, 0.7), sex=sex)

    write_release(root, made())
    return root


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of each file of a release, by its path below `root`; hidden files left out."""
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in root.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    }


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of 12 cases; not to be changed."""
    return tiny(tmp_path_factory.mktemp("tiny") / "release")


@pytest.fixture(scope="session")
def packed(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archives, the training one in parts of 100 kB; not to be changed."""
    out = tmp_path_factory.mktemp("packed") / "archives"
    pack(release, out, part_size=100_000)
    return out


@pytest.fixture
def mirror(packed: Path, tmp_path: Path) -> Path:
    """A copy of the archives that a test may spoil."""
    return _copied(packed, tmp_path / "mirror")


@pytest.fixture
def unsigned(mirror: Path) -> Path:
    """The archives without checksums."""
    (mirror / "SHA256SUMS").unlink()
    return mirror


def _copied(source: Path, target: Path) -> Path:
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target
