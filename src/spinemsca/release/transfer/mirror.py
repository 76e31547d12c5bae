"""Where a release can be had: the published addresses as data, and any other mirror by asking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from spinemsca._util import SUMS_NAME, parse_sums
from spinemsca.errors import AccessError, DownloadError
from spinemsca.release.archive.multipart import parts_in_order
from spinemsca.release.case_table import TABLE_NAME, is_companion
from spinemsca.release.split import Split
from spinemsca.release.transfer.fetch import Remote
from spinemsca.release.transfer.http import has_file, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

__all__ = ["LICENCE", "PUBLISHED", "Offer", "ask_folder", "ask_url"]

LICENCE: Final = "not stated"
"""What the publisher says of the published dataset's terms of use."""

_HOST: Final = "https://raw.githubusercontent.com"
_PRIMARY: Final = f"{_HOST}/Ma-S-T/Spine-MSCA/783846f00d8bb68af0d0981ea69dd806ea514db4"
# Its Vali.zip is a placeholder of two bytes, so it serves the other splits only.
_SECOND: Final = f"{_HOST}/Ma-S-T/Spine-DCAN-Dateset/HEAD"
# What three digits number.
_MOST_PARTS: Final = 999
_STEMS: Final[Mapping[Split, tuple[str, ...]]] = MappingProxyType(
    {Split.TRAIN: ("Train",), Split.VAL: ("Vali", "Vail", "Val"), Split.TEST: ("Test",)}
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a mirror has.

    Attributes:
        name: The mirror, as shown to people.
        archives: Each split's archive parts in order; splits it lacks are absent.
        companions: Small files of the root that it has: `cases.csv`, records of synthesis.
        checked: Whether every archive can be checked against a digest.
        folder: Where the files lie already, for a mirror on disk.
        refused: Files that the mirror may have but refuses access to, by name.
    """

    name: str
    archives: Mapping[Split, tuple[Remote, ...]]
    companions: tuple[Remote, ...] = ()
    checked: bool = False
    folder: Path | None = field(default=None)
    refused: Mapping[str, AccessError] = field(default_factory=lambda: MappingProxyType({}))

    def refusal_of(self, split: Split) -> AccessError | None:
        """The mirror's refusal of a split's archive, `None` where it lacks it or has it."""
        starts = tuple(f"{stem.lower()}.zip" for stem in _STEMS[split])
        return next((e for n, e in self.refused.items() if n.lower().startswith(starts)), None)


def _published(name: str, blob: str, *bases: str) -> Remote:
    return Remote(name, tuple(f"{base}/{name}" for base in bases), blob=blob)


PUBLISHED: Final = Offer(
    name="github.com/Ma-S-T/Spine-MSCA",
    archives=MappingProxyType(
        {
            Split.TRAIN: tuple(
                _published(f"Train.zip.{number:03d}", blob, _PRIMARY, _SECOND)
                for number, blob in enumerate(
                    (
                        "1e27d9c09ca8164d12a9b9e7a7259ef22c3beeef",
                        "2e7054daf40caa65b538f6e2d6e6523e71c9d137",
                        "030d77b340348b0774fbe3a392d5c78983213d86",
                    ),
                    start=1,
                )
            ),
            Split.VAL: (
                _published("Vail.zip", "273c96b31ce31c6883e669fc3263a41924518b27", _PRIMARY),
            ),
            Split.TEST: (
                _published(
                    "Test.zip", "16011c3b7cb4e61ef0d9174e986b789175dcbd05", _PRIMARY, _SECOND
                ),
            ),
        }
    ),
    checked=True,
)
"""The published dataset, each file identified by its git blob SHA-1."""


def ask_folder(folder: Path) -> Offer:
    """What a folder of archives has.

    Raises:
        DownloadError: If there is no such folder, or no archive in it.
    """
    if not folder.is_dir():
        raise DownloadError(
            "no such folder", where=folder, remedy="Name a folder or an http(s) address"
        )
    names = {f.name for f in folder.iterdir() if f.is_file()}
    sums_path = folder / SUMS_NAME
    text = sums_path.read_text(encoding="utf-8") if SUMS_NAME in names else ""
    sums = parse_sums(text, str(sums_path))
    return _offer(str(folder), names, sums, lambda n: str(folder / n), folder)


def ask_url(address: str) -> Offer:
    """What an HTTP mirror has: by its `SHA256SUMS`, or by asking for each usual name.

    A file to which access is refused counts as lacking as long as there are others: stores of
    objects answer so for names that they do not know.

    Raises:
        AccessError: If it refuses access, and has no archive without that.
        DownloadError: If it cannot be reached, or has no archive.
    """
    base = address.rstrip("/")
    mirror = _Asked(base)
    sums = parse_sums(mirror.text(SUMS_NAME), f"{base}/{SUMS_NAME}")
    names = set(sums) or set(_probe(mirror))
    if mirror.refused and not any(_archive_files(names, split) for split in Split):
        raise mirror.first_refusal()
    offer = _offer(address, names, sums, lambda n: f"{base}/{quote(n)}", None)
    return replace(offer, refused=mirror.refused)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A server that is asked for files, and what it refused, by name."""

    base: str
    refused: dict[str, AccessError] = field(default_factory=dict)

    def text(self, name: str) -> str:
        try:
            return read_text(f"{self.base}/{name}")
        except AccessError as error:
            self.refused[name] = error
            return ""

    def has(self, name: str) -> bool:
        try:
            return has_file(f"{self.base}/{name}")
        except AccessError as error:
            self.refused[name] = error
            return False

    def first_refusal(self) -> AccessError:
        """Rather of an archive than of the small files, which are asked for first."""
        archives = [e for name, e in self.refused.items() if ".zip" in name]
        return [*archives, *self.refused.values()][0]


def _offer(
    name: str,
    names: Iterable[str],
    sums: Mapping[str, str],
    address: Callable[[str], str],
    folder: Path | None,
) -> Offer:
    known = set(names) | set(sums)

    def remote(file: str) -> Remote:
        return Remote(file, (address(file),), sha256=sums.get(file, ""))

    archives = {
        split: tuple(remote(file) for file in files)
        for split in Split
        if (files := _archive_files(known, split))
    }
    if not archives:
        raise DownloadError(
            "holds no Train, Vali or Test archive",
            where=name,
            remedy="Name the folder or address that holds Train.zip.001 or Train.zip",
        )
    every = [r for remotes in archives.values() for r in remotes]
    companions = tuple(remote(n) for n in sorted(known) if is_companion(n))
    return Offer(name, archives, companions, all(r.sha256 for r in every), folder)


def _archive_files(names: set[str], split: Split) -> list[str]:
    by_lower = {n.lower(): n for n in names}
    for stem in _STEMS[split]:
        single = by_lower.get(f"{stem.lower()}.zip")
        if single is not None:
            return [single]
        if parts := parts_in_order(names, f"{stem}.zip"):
            return parts
    return []


def _probe(mirror: _Asked) -> list[str]:
    """Names that an HTTP server without sums answers for."""
    found = [TABLE_NAME] if mirror.has(TABLE_NAME) else []
    for stems in _STEMS.values():
        for stem in stems:
            parts = _probe_parts(mirror, f"{stem}.zip")
            if parts:
                found += parts
                break
    return found


def _probe_parts(mirror: _Asked, archive: str) -> list[str]:
    if mirror.has(archive):
        return [archive]
    parts: list[str] = []
    while len(parts) < _MOST_PARTS and mirror.has(f"{archive}.{len(parts) + 1:03d}"):
        parts.append(f"{archive}.{len(parts) + 1:03d}")
    return parts
