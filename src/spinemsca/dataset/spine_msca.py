"""The torch `Dataset` over a release on disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset

from spinemsca.anatomy import BACKGROUND, NUMBER_OF_CLASSES
from spinemsca.case import Sex
from spinemsca.dataset.cache import CACHE_NAME, Pixels, cached
from spinemsca.dataset.collation import make_items
from spinemsca.errors import ReleaseError, UsageError
from spinemsca.release import Release, Split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image as Picture

    from spinemsca.case import Case, Image, LabelMap

__all__ = ["SpineMSCA"]


class SpineMSCA(Dataset[dict[str, Any]]):
    """The cases of one split as tensors.

    An item is a dict of `image`, (1, H, W) float32 in [0, 1]; `label`, (1, H, W) int64 with
    values 0 to 11, absent where a case has no label map; and `case`, its name. Every item is a
    copy and may be changed. Published cases are 512×512. The plain `DataLoader` collates them;
    with `collate_fn=spinemsca.dataset.collate` it does so without copying them again.

    Args:
        root: Folder of the release, in any layout.
        split: `train`, `val` or `test`, in any spelling; `None` for all three.
        transform: Called with every item; what it returns is the item.
        download: Download the split into `root` first, unless its cases are there.
        mirror: URL or folder to download from instead of the publisher.
        cache: Decode the pixels once, 1.25 MB a case, so that no epoch unpickles files: `True`
            beside the cases in `ROOT/.cache` (made now where missing, made again when a file has
            changed, done without where it cannot be written), a folder for elsewhere, `False`
            to read and check the files each time.
        annotated: Add `annotated` to every item, (12,) bool: of which label values the label
            map speaks. Where a structure is not annotated, background may hide it.

    Raises:
        ReleaseError: If there are no cases of this split; the message says how to get them.
        UsageError: If `split` names no split.
        SpineError: If a case cannot be read while the cache is built.
    """

    def __init__(
        self,
        root: str | Path,
        split: str | None = "train",
        transform: Callable[[dict[str, Any]], Any] | None = None,
        *,
        download: bool = False,
        mirror: str | Path | None = None,
        cache: bool | str | Path = True,
        annotated: bool = False,
    ) -> None:
        self.root = Path(root)
        self.split = None if split is None else Split.parse(split)
        self.transform = transform
        wanted = list(Split) if self.split is None else [self.split]
        release = _opened(self.root, wanted)
        if download and not (release and all(release.of(s) for s in wanted)):
            _download(self.root, wanted, mirror)
            release = _opened(self.root, wanted)
        if release is None or not any(release.of(s) for s in wanted):
            raise _lacking(self.root, wanted)
        self._release = release
        self._entries = tuple(e for e in release.entries if e.split in wanted)
        self._with_annotated = annotated
        self._cached = self._opened_cache(cache)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Any:
        """One item; `IndexError` beyond the last."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        """Several items at once, as `DataLoader` asks for them."""
        names = [self._entries[i].name for i in indices]
        items = make_items(names, [self._pixels(i) for i in indices])
        return [self._finished(item, i) for item, i in zip(items, indices, strict=True)]

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases, in order."""
        return tuple(e.name for e in self._entries)

    def case(self, index: int) -> Case:
        """One case with all that is known about it: spacing, sex, patient, source."""
        return self._release.load(self._entries[index])

    def annotated(self, index: int) -> torch.Tensor:
        """(12,) bool: of which label values the label map of a case speaks."""
        row = self._release.row(self._entries[index])
        mask = torch.zeros(NUMBER_OF_CLASSES, dtype=torch.bool)
        mask[[BACKGROUND, *(s.value for s in row.annotated)]] = True
        return mask

    def plot(self, index: int) -> Picture:
        """A case with its labels drawn over it and a legend."""
        from spinemsca import draw

        return draw.case_figure(self.case(index))

    def montage(self, number: int = 12) -> Picture:
        """The first cases, each with its labels, on one sheet."""
        from spinemsca import draw

        return draw.contact_sheet([self.case(i) for i in range(min(number, len(self)))])

    def __repr__(self) -> str:
        rows = [self._release.row(e) for e in self._entries]
        sexes = Counter(r.sex for r in rows)
        spacing = sum(r.spacing is not None for r in rows)
        split = "all" if self.split is None else self.split.value
        cache = "none" if self._cached is None else "ready"
        return (
            f"SpineMSCA({str(self.root)!r}, split={split!r}): {len(self)} cases\n"
            f"  sex: {sexes[Sex.MALE]} male, {sexes[Sex.FEMALE]} female, {sexes[None]} unknown\n"
            f"  spacing known: {spacing} of {len(self)}\n"
            f"  cache: {cache}"
        )

    def _pixels(self, index: int) -> tuple[Image, LabelMap | None]:
        if self._cached is not None:
            return self._cached[index]
        case = self.case(index)
        return case.image, case.label

    def _finished(self, item: dict[str, Any], index: int) -> Any:
        if self._with_annotated:
            item["annotated"] = self.annotated(index)
        return item if self.transform is None else self.transform(item)

    def _opened_cache(self, cache: bool | str | Path) -> Pixels | None:
        if cache is False:
            return None
        folder = self.root / CACHE_NAME if cache is True else Path(cache)
        try:
            return cached(self._entries, self._release.load, folder)
        except OSError as error:
            if cache is True:
                return None
            raise UsageError(
                f"cannot hold the cache ({error.strerror or error})",
                where=folder,
                remedy="Name a folder that can be written, or use cache=False",
            ) from None


def _opened(root: Path, splits: Sequence[Split]) -> Release | None:
    """The release at `root`, `None` where it has no folder of these splits."""
    folders = root.iterdir() if root.is_dir() else ()
    if not any(Split.from_folder(f.name) in splits for f in folders):
        return None
    return Release.open(root)


def _download(root: Path, splits: Sequence[Split], mirror: str | Path | None) -> None:
    from spinemsca.release import download

    download(root, splits=splits, mirror=mirror)


def _lacking(root: Path, splits: Sequence[Split]) -> ReleaseError:
    names = " and ".join(s.value for s in splits)
    option = f" --split {splits[0].value}" if len(splits) == 1 else ""
    return ReleaseError(
        f"holds no {names} cases",
        where=root,
        remedy=f"Pass download=True, or run: spine-msca download --root {root}{option}",
    )
