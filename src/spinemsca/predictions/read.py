"""Reading label maps in patient axes, with their images and what is known beside them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca._util import printable
from spinemsca.anatomy import OTHERS
from spinemsca.case import Spacing
from spinemsca.errors import CaseError, FileFormatError, UsageError
from spinemsca.io import (
    SLICE_CODES,
    Orientation,
    on_picture_grid,
    read_label_volume,
    read_numbers,
    read_pt_pair,
    read_volume,
)
from spinemsca.predictions.images import find_image
from spinemsca.predictions.label_schemes import LabelScheme, as_label_volume
from spinemsca.predictions.record import Record, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap
    from spinemsca.io import Volume
    from spinemsca.predictions.find import LabelFile

__all__ = ["LabelledScan", "LabelledSlice", "Reading", "read_labelled"]

# Unknown numbers that a message lists; chosen.
_MOST_LISTED: Final = 8
# Why a slice was taken, as tables print it.
_LOOSE: Final = "the middle one of those that show most structures; no record says which to take"


@dataclass(frozen=True, slots=True)
class Reading:
    """How label maps are read.

    Attributes:
        images: The image, or a folder that holds the images.
        labels: Whose numbers the label maps hold.
        spacing: Of rows and columns of the file in mm, where nothing states it.
        orientation: Axis codes of the files' rows and columns; goes before what is stated.
    """

    images: Path | None = None
    labels: str = LabelScheme.OWN
    spacing: tuple[float, float] | None = None
    orientation: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSlice:
    """One sagittal slice in the house's orientation.

    Attributes:
        index: In its volume, from the patient's right; `None` of a picture.
        label: `(H, W)` uint8, 0 to 18.
        image: `(H, W)` or `None`.
        spacing: Of rows and columns in mm, or `None`.
        tilt: Degrees by which columns fall below the patient's horizontal, or `None`.
    """

    index: int | None
    label: LabelMap
    image: NDArray[Any] | None
    spacing: Spacing | None
    tilt: float | None


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScan:
    """A label map as a volume in the house's orientation; of a picture, one slice.

    Attributes:
        file: Where it came from.
        volume: Its pixels are labels, uint8, 0 to 18.
        images: `(S, H, W)`, or `None` where there is no image.
        shown: Index of the slice to measure.
        reason: Why that one; empty of a picture.
        record: Of the prediction, or `None`.
        notes: What a reader of its numbers should know, one sentence each.
    """

    file: LabelFile
    volume: Volume
    images: NDArray[Any] | None
    shown: int
    reason: str
    record: Record | None
    notes: tuple[str, ...]

    @property
    def slice(self) -> LabelledSlice:
        """The slice to measure."""
        return self._slice(self.shown)

    @property
    def is_picture(self) -> bool:
        """Whether the scan is a single slice."""
        return self.volume.is_picture or len(self.volume.pixels) == 1

    def slices(self) -> Iterator[LabelledSlice]:
        """All slices that show a structure, from the patient's right."""
        for index in np.flatnonzero(self.volume.pixels.any(axis=(1, 2))).tolist():
            yield self._slice(index)

    def _slice(self, index: int) -> LabelledSlice:
        volume = self.volume
        image = None if self.images is None else self.images[index]
        number = None if self.is_picture else index
        return LabelledSlice(number, volume.pixels[index], image, volume.spacing, volume.tilt)


def read_labelled(file: LabelFile, how: Reading | None = None) -> LabelledScan:
    """Reads one label map, its record and its image.

    Raises:
        SpineError: If a file cannot be read, or two that belong together do not fit.
    """
    how = how or Reading()
    record = None if file.record is None else read_record(file.record)
    volume = _placed(_numbers(file, how), file, record, how)
    if file.other is not None:
        volume = _with_others(volume, file.other)
    shown, reason = _shown(volume, record)
    images, notes = _images(file, volume, record, how)
    return LabelledScan(
        file, volume, images, shown, reason, record, (*_known(record), *volume.notes, *notes)
    )


def _known(record: Record | None) -> tuple[str, ...]:
    """What a record says that bears on every number."""
    if record is None:
        return ()
    said = [] if record.refused is None else [f"refused by the model: {record.refused}"]
    if record.ambiguous and record.refused is None:
        said.append("levels may be numbered wrongly")
    if record.relabelled is not None:
        said.append(f"relabelled: {record.relabelled}")
    return tuple(said)


def _numbers(file: LabelFile, how: Reading) -> Volume:
    """The label map as it was read, in this package's numbers."""
    if how.labels == LabelScheme.OWN:
        return read_label_volume(file.path)
    scheme = _scheme(how.labels)
    foreign = read_numbers(file.path)
    labels, unknown = as_label_volume(foreign.pixels, scheme, where=printable(file.path))
    notes = foreign.notes
    if unknown:
        listed = ", ".join(map(str, unknown[:_MOST_LISTED]))
        notes = (*notes, f"numbers that {scheme} does not know were left out: {listed}")
    return foreign.replace(pixels=labels, notes=notes)


def _scheme(name: str) -> LabelScheme:
    try:
        return LabelScheme(name)
    except ValueError:
        raise UsageError(
            f"no numbering is called {name}", remedy=f"Known are {', '.join(LabelScheme)}"
        ) from None


def _placed(volume: Volume, file: LabelFile, record: Record | None, how: Reading) -> Volume:
    """The volume as it lies in the patient, by its header, its record, its release or the user."""
    if record is not None and record.orientation is not None:
        _check_shape(volume, record, file)
    if not volume.is_picture:
        # The header of a label map states a spacing even where that of its image states none.
        unknown = record is not None and record.spacing_mm is None
        own = None if unknown else volume.spacing
        return volume.replace(
            spacing=own or (None if how.spacing is None else Spacing(*how.spacing))
        )
    pixels = volume.restore(volume.pixels)
    stated, spacing = volume.grid.orientation, volume.grid.spacing_of_file(volume.spacing)
    tilt = volume.tilt if record is None else record.tilt_deg
    if record is not None and record.orientation is not None:
        stated, spacing = Orientation.parse(record.orientation), record.spacing_mm
    if file.row is not None:
        spacing = file.row.spacing
    if how.orientation is not None:
        stated = _stated(how.orientation)
    spacing = spacing or how.spacing
    pair = None if spacing is None else (spacing[0], spacing[1])
    placed = on_picture_grid(volume.name, pixels, stated, pair, tilt)
    return placed.replace(notes=volume.notes)


def _stated(codes: str) -> Orientation:
    orientation = Orientation.parse(codes)
    if codes not in SLICE_CODES:
        raise UsageError(
            f"{codes!r} is no orientation of a picture", remedy=f"Give {', '.join(SLICE_CODES)}"
        )
    return orientation


def _check_shape(volume: Volume, record: Record, file: LabelFile) -> None:
    """Refuses a record of another grid; a volume may have been turned since."""
    found, said = volume.grid.shape, record.shape
    if not volume.is_picture and len(said) == 3:
        order = Orientation.parse(record.orientation or "").order
        found, said = volume.pixels.shape, tuple(said[axis] for axis in order)
    if found != said:
        raise FileFormatError(
            f"describes a label map of shape {said}, beside it lies one of {found}",
            where=file.record and printable(file.record),
            remedy="Predict the scan again",
        )


def _with_others(volume: Volume, path: Path) -> Volume:
    other = read_volume(path)
    values = volume.grid.take(other.restore(other.pixels)) if volume.is_picture else other.pixels
    known = {0, *(s.value for s in OTHERS)}
    if values.shape != volume.pixels.shape or set(np.unique(values).tolist()) - known:
        raise CaseError(
            "is no label map of other vertebrae that belongs to the one beside it",
            where=printable(path),
            remedy="Predict or relabel again",
        )
    both = np.where(volume.pixels > 0, volume.pixels, values).astype(np.uint8)
    return volume.replace(pixels=both)


def _shown(volume: Volume, record: Record | None) -> tuple[int, str]:
    number = len(volume.pixels)
    if number == 1:
        return 0, ""
    if record is not None and record.slice_shown is not None and record.slices == number:
        return record.slice_shown, record.slice_reason
    return _middle_of_most(volume.pixels), _LOOSE


def _middle_of_most(labels: LabelMap) -> int:
    """The middle one of the slices that show most structures."""
    flat = labels.reshape(len(labels), -1)
    counts = np.array([np.count_nonzero(np.bincount(s, minlength=256)[1:]) for s in flat])
    most = np.flatnonzero(counts == counts.max())
    return int(most[len(most) // 2])


def _images(
    file: LabelFile, volume: Volume, record: Record | None, how: Reading
) -> tuple[NDArray[Any] | None, tuple[str, ...]]:
    """The image's slices in the house's orientation, and what is odd about it."""
    path = file.image if how.images is None else find_image(how.images, file, record)
    if path is None:
        return None, ()
    if path == file.path:
        return read_pt_pair(path)[0][None], ()
    image = read_volume(path)
    if volume.is_picture and image.is_picture and image.grid.shape == volume.grid.shape:
        pixels = volume.grid.take(image.restore(image.pixels))
    elif image.pixels.shape == volume.pixels.shape:
        pixels = image.pixels
    else:
        raise CaseError(
            f"image has shape {image.grid.shape}, the label map {volume.grid.shape}",
            where=printable(path),
            remedy="Give both on the same pixel grid",
        )
    same = record is None or path.is_dir() or _digest(path) == record.sha256
    return pixels, () if same else ("the image is not the file that was predicted",)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
