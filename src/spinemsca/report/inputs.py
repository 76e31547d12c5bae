"""What to report on: label maps that were found, how they are read, and whose they are."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from spinemsca.case import Sex
from spinemsca.errors import SpineError, UsageError
from spinemsca.predictions import LabelledScan, Reading, find_image, read_labelled, read_record
from spinemsca.report.about import About, about_prediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from spinemsca.predictions import LabelFile

__all__ = ["ReportInput", "read_sexes", "report_inputs"]

# Chosen, not measured: 64 MiB.
_MAX_TABLE: Final = 1 << 26
_NO_IMAGE: Final = "its image was not found in the folder of images"


@dataclass(frozen=True, slots=True)
class ReportInput:
    """One case to report on; nothing is loaded yet.

    Attributes:
        file: Its label map.
        how: It is read.
        sex: Or `None` where unknown.
    """

    file: LabelFile
    how: Reading
    sex: Sex | None = None

    @property
    def name(self) -> str:
        """Of the case."""
        return self.file.name

    @property
    def files(self) -> tuple[Path, ...]:
        """What its report is made from, as far as it is there."""
        image = self._image()
        return (*self.file.files, *(() if image is None else (image,)))

    def read(self) -> tuple[LabelledScan, About]:
        """Loads it; without an image where the folder of images holds none.

        Raises:
            SpineError: If a file cannot be read, or two do not fit.
        """
        how = self.how if self._image() is not None else replace(self.how, images=None)
        scan = read_labelled(self.file, how)
        about = replace(about_prediction(scan.record), sex=self.sex)
        if how is not self.how:
            about = replace(about, warnings=(*about.warnings, _NO_IMAGE))
        row = self.file.row
        return scan, about if row is None else replace(about, source=row.source)

    def _image(self) -> Path | None:
        if self.how.images is None:
            return None
        try:
            record = None if self.file.record is None else read_record(self.file.record)
            return find_image(self.how.images, self.file, record)
        except SpineError:
            return None


def report_inputs(
    files: Iterable[LabelFile], how: Reading, sexes: Mapping[str, Sex] | None = None
) -> list[ReportInput]:
    """The cases of label maps that were found.

    Args:
        files: From `find_label_maps`.
        how: They are read.
        sexes: By case; goes before what a release says.

    Raises:
        UsageError: If the folder of images does not exist.
    """
    if how.images is not None and not how.images.exists():
        raise UsageError("does not exist", where=how.images)
    known = sexes or {}
    return [
        ReportInput(f, how, known.get(f.name, None if f.row is None else f.row.sex)) for f in files
    ]


def read_sexes(path: Path) -> dict[str, Sex]:
    """Reads a table with the columns `case` and `sex` (F, M, or empty).

    Raises:
        UsageError: If it is no such table.
    """
    try:
        if path.stat().st_size > _MAX_TABLE:
            raise UsageError("is too large for a table of cases", where=path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(r["case"], (r["sex"] or "").strip()) for r in csv.DictReader(file)]
            return {case: Sex(sex) for case, sex in rows if sex}
    except SpineError:
        raise
    except (OSError, KeyError, ValueError, csv.Error, UnicodeDecodeError) as error:
        raise UsageError(
            f"is no table of sexes ({error})", where=path, remedy="Its columns are case and sex"
        ) from None
