"""Pages of many cases, one at a time: a stopped run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemsca._util import Progress, silent, write_text
from spinemsca._version import __version__
from spinemsca.errors import SpineError, UsageError
from spinemsca.measure import as_json, measure_scan
from spinemsca.predictions import Reading, find_label_maps
from spinemsca.report.case_page import case_page
from spinemsca.report.cohort import Cohort
from spinemsca.report.cohort_page import cohort_page
from spinemsca.report.inputs import report_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spinemsca.report.inputs import ReportInput
    from spinemsca.report.pdf import Printer

__all__ = ["CASES", "INDEX", "file_names", "report", "write_reports"]

INDEX: Final = "index.html"
CASES: Final = "cases"
# Chosen, not measured: below the 255 bytes of a file system, with endings.
_LONGEST: Final = 100


def write_reports(
    inputs: Sequence[ReportInput],
    out: Path,
    *,
    original_size: tuple[int, int] | None = None,
    printer: Printer | None = None,
    progress: Progress = silent,
    left_out: Mapping[str, str] | None = None,
) -> Cohort:
    """Writes a page a case into `out/cases`, with its numbers beside it, and `out/index.html`.

    A page that was made from the same files, options and version is kept. A case that cannot be
    read is listed on the index, and the rest go on.

    Args:
        inputs: Taken one at a time; only numbers are kept.
        out: Folder; made where missing.
        original_size: Rows and columns before the images were stretched.
        printer: Prints each page to PDF as well.
        progress: Told the cases done.
        left_out: Cases that have no label map, and why; listed on the index.

    Returns:
        The numbers, and which cases failed.

    Raises:
        UsageError: If there is nothing to report on.
        SpineError: If a page cannot be printed.
    """
    if not inputs:
        raise UsageError("no case to report on", remedy="Name label maps or a release")
    cohort = Cohort(failed=list((left_out or {}).items()))
    for done, (item, stem) in enumerate(zip(inputs, file_names(inputs), strict=True), start=1):
        try:
            record = _one(item, out / CASES / stem, original_size)
        except SpineError as error:
            cohort.failed.append((item.name, error.advice))
        else:
            _print(printer, out / CASES / stem)
            page = f"{CASES}/{stem}.html"
            cohort.add(item.name, page, record["sex"], record["measurements"])
        progress(done, len(inputs))
    write_text(out / INDEX, cohort_page(cohort))
    _print(printer, (out / INDEX).with_suffix(""))
    return cohort


def report(
    inputs: Path | Iterable[Path],
    out: Path,
    *,
    images: Path | None = None,
    spacing: tuple[float, float] | None = None,
) -> Cohort:
    """Writes a page of measurements a case, and one of all.

    Args:
        inputs: Folders that `predict` wrote, releases, label maps or folders of them.
        out: Folder for the pages; made where missing.
        images: Folder of the images that label maps belong to.
        spacing: Of rows and columns in mm, where the files state none.

    Returns:
        The numbers, and which cases failed.

    Raises:
        SpineError: If an input holds no label map.
    """
    files = find_label_maps([inputs] if isinstance(inputs, Path) else inputs)
    how = Reading(images, spacing=spacing)
    return write_reports(report_inputs(files.found, how), out, left_out=files.left_out)


def file_names(inputs: Iterable[ReportInput]) -> list[str]:
    """A stem for each case: its name where that is a plain one, made plain and unique."""
    taken: set[str] = set()
    stems: list[str] = []
    for item in inputs:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", item.name).strip("._-")[:_LONGEST] or "case"
        stem, number = plain, 2
        # Names that differ in case only are one file on some file systems.
        while stem.casefold() in taken:
            stem, number = f"{plain}-{number}", number + 1
        taken.add(stem.casefold())
        stems.append(stem)
    return stems


def _one(item: ReportInput, path: Path, original_size: tuple[int, int] | None) -> dict[str, Any]:
    """Makes or keeps one case's page; returns its record."""
    page, numbers = (path.with_name(f"{path.name}{s}") for s in (".html", ".json"))
    stamp = _stamp(item, original_size)
    kept = _kept(numbers, stamp) if page.is_file() else None
    if kept is not None:
        return kept
    scan, about = item.read()
    found = measure_scan(scan, original_size=original_size)
    write_text(page, case_page(found, replace(about, back=f"../{INDEX}")))
    sex = "" if item.sex is None else item.sex.value
    record = {"made_from": stamp, "sex": sex, "measurements": as_json(found)}
    write_text(numbers, json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    return record


def _stamp(item: ReportInput, original_size: tuple[int, int] | None) -> str:
    """Changes whenever the page would: its files, how it is measured, and the version."""
    states = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in item.files]
    how = [item.how.labels, item.how.spacing, item.how.orientation, original_size]
    parts = [__version__, item.name, how, states, item.sex]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _kept(path: Path, stamp: str) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        same = record["made_from"] == stamp and "measures" in record["measurements"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if same else None


def _print(printer: Printer | None, path: Path) -> None:
    """Prints a page that is newer than its PDF."""
    if printer is None:
        return
    page, pdf = (path.with_name(f"{path.name}{s}") for s in (".html", ".pdf"))
    if not pdf.is_file() or pdf.stat().st_mtime_ns < page.stat().st_mtime_ns:
        printer(page, pdf)
