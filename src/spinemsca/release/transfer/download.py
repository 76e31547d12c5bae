"""Getting a release: its archives fetched in parallel, checked, and extracted split by split."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from filelock import FileLock

from spinemsca._util import Progress, silent, write_bytes
from spinemsca.errors import ArchiveError, DownloadError, UsageError
from spinemsca.release.archive.extract import extract_split
from spinemsca.release.case_table import TABLE_NAME, read_table, write_table
from spinemsca.release.layout import find_entries
from spinemsca.release.split import Split
from spinemsca.release.transfer.fetch import RETRIES, Remote, Retries, fetch
from spinemsca.release.transfer.mirror import PUBLISHED, Offer, ask_folder, ask_url

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Downloaded", "download"]

# Names of this package, hidden from listings.
_ARCHIVES: Final = ".archives"
_LOCK: Final = ".download.lock"
_MARK: Final = ".download.unfinished"


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a download brought.

    Attributes:
        root: Where the release lies.
        mirror: Where it came from.
        checked: Whether every archive was checked against a digest; where not, the zip
            archives' own CRCs held. `None` where all was there already.
        cases: Cases now on disk, by split.
    """

    root: Path
    mirror: str
    checked: bool | None
    cases: dict[Split, int]


def download(
    root: Path,
    *,
    splits: Sequence[Split] | None = None,
    mirror: str | Path | None = None,
    keep_archives: bool = False,
    workers: int = 4,
    retries: Retries = RETRIES,
    progress: Progress = silent,
) -> Downloaded:
    """Downloads a release into `root`; splits that are there already are left as they are.

    May be stopped at any moment and run again; several processes may run at once.

    Args:
        root: Folder of the release.
        splits: Which splits to get. If `None`, all three, or those that the mirror's
            `SHA256SUMS` speaks of.
        mirror: Address or folder that holds the archives; the published addresses if `None`.
        keep_archives: Keep the archives in `root/.archives`.
        workers: Files fetched at the same time.
        retries: Patience with a mirror.
        progress: Told of bytes fetched.

    Raises:
        AccessError: If the mirror refuses access to an archive.
        DownloadError: If the mirror lacks a split or its bytes are not those expected.
        ArchiveError: If an archive is incomplete, damaged or hostile.
    """
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / _LOCK):
        _sweep(root)
        offer = _ask(mirror) if _is_unfinished(root, splits) else None
        brought = offer is not None and _complete(root, offer, splits, workers, retries, progress)
        if not keep_archives:
            shutil.rmtree(root / _ARCHIVES, ignore_errors=True)
    return Downloaded(
        root,
        mirror=offer.name if offer else "",
        checked=offer.checked if offer and brought else None,
        cases=_count(root, splits or tuple(Split)),
    )


def _complete(
    root: Path,
    offer: Offer,
    splits: Sequence[Split] | None,
    workers: int,
    retries: Retries,
    progress: Progress,
) -> bool:
    """Brings what is missing; the mark shows to a later run that this one was stopped."""
    wanted = _wanted(offer, splits)
    _refuse_lacking(offer, wanted)
    (root / _MARK).touch()
    missing = [s for s in wanted if not _is_there(root, s)]
    files = _bring(root, offer, missing, workers, retries, progress)
    for split in missing:
        _extract(files[split], root, split, offer)
    _bring_companions(root, offer, retries)
    (root / _MARK).unlink()
    return bool(missing)


def _is_unfinished(root: Path, splits: Sequence[Split] | None) -> bool:
    return (root / _MARK).exists() or not all(_is_there(root, s) for s in splits or Split)


def _sweep(root: Path) -> None:
    """Removes what extractions left that were killed; the lock keeps others' safe."""
    for split in Split:
        for folder in root.glob(f".{split.folder}.*.tmp"):
            shutil.rmtree(folder, ignore_errors=True)


def _wanted(offer: Offer, splits: Sequence[Split] | None) -> Sequence[Split]:
    if splits is not None:
        return splits
    # Without sums an archive that is missing may have been lost, so it is asked for.
    return tuple(offer.archives) if offer.checked else tuple(Split)


def _count(root: Path, splits: Sequence[Split]) -> dict[Split, int]:
    counts = dict.fromkeys(splits, 0)
    for entry in find_entries(root):
        counts[entry.split] = counts.get(entry.split, 0) + 1
    return counts


def _ask(mirror: str | Path | None) -> Offer:
    if mirror is None:
        return PUBLISHED
    text = str(mirror)
    if text.startswith(("http://", "https://")):
        return ask_url(text)
    if "://" in text:
        raise UsageError(
            "is no address that can be read", where=text, remedy="Use http(s) or a folder"
        )
    return ask_folder(Path(text))


def _is_there(root: Path, split: Split) -> bool:
    # Extraction is atomic, so a folder that exists is whole.
    return any(
        Split.from_folder(folder.name) is split and folder.is_dir() and any(folder.iterdir())
        for folder in root.iterdir()
    )


def _refuse_lacking(offer: Offer, splits: Sequence[Split]) -> None:
    lacking = [s for s in splits if s not in offer.archives]
    if refused := [e for s in lacking if (e := offer.refusal_of(s))]:
        raise refused[0]
    if lacking:
        raise DownloadError(
            f"has no archive of {' and '.join(s.folder for s in lacking)}",
            where=offer.name,
            remedy="Name the splits it has with --split, or use another mirror",
        )


def _bring(
    root: Path,
    offer: Offer,
    splits: Sequence[Split],
    workers: int,
    retries: Retries,
    progress: Progress,
) -> dict[Split, list[Path]]:
    """Paths of each split's archive parts, fetched and checked."""
    remotes = {split: offer.archives[split] for split in splits}
    if offer.folder is not None:
        return {
            split: [_checked(offer.folder / r.name, r) for r in files]
            for split, files in remotes.items()
        }
    folder = root / _ARCHIVES
    every = [r for files in remotes.values() for r in files]
    total = _Total(progress)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        jobs = [
            pool.submit(fetch, r, folder / r.name, retries=retries, progress=total.of(r.name))
            for r in every
        ]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {split: [folder / r.name for r in files] for split, files in remotes.items()}


def _checked(path: Path, remote: Remote) -> Path:
    if not path.exists():
        raise DownloadError("is missing", where=path, remedy="Complete the folder")
    if fault := remote.fault(path):
        raise DownloadError(fault, where=path, remedy="Get the file again; its bytes are damaged")
    return path


def _extract(parts: Sequence[Path], root: Path, split: Split, offer: Offer) -> None:
    try:
        extract_split(parts, root, split)
    except ArchiveError:
        # Fetched bytes that turned out wrong must not be taken for good the next time.
        if offer.folder is None:
            for part in parts:
                part.unlink(missing_ok=True)
        raise


def _bring_companions(root: Path, offer: Offer, retries: Retries) -> None:
    """Puts the mirror's small files in place; `cases.csv` without rows of splits not here."""
    folder = offer.folder or root / _ARCHIVES
    for remote in offer.companions:
        if offer.folder is None:
            fetch(remote, folder / remote.name, retries=retries)
        path = _checked(folder / remote.name, remote)
        rows = read_table(folder).values() if remote.name == TABLE_NAME else ()
        here = [row for row in rows if _is_there(root, row.split)]
        if len(here) == len(rows):
            write_bytes(root / remote.name, path.read_bytes())
        else:
            write_table(root, here)


class _Total:
    """Sums the progress of files that are fetched at the same time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = Lock()
        self._files: dict[str, tuple[int, int]] = {}

    def of(self, name: str) -> Progress:
        """The progress of one file."""

        def report(done: int, total: int) -> None:
            with self._lock:
                self._files[name] = done, total
                sums = [sum(column) for column in zip(*self._files.values(), strict=True)]
                self._progress(sums[0], sums[1])

        return report
