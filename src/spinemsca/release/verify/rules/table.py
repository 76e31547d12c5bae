"""Rules about `cases.csv`: it and the files must tell the same story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemsca.errors import ReleaseError
from spinemsca.release.case_table import TABLE_NAME, CaseRow, read_table
from spinemsca.release.layout import IMAGE_NAME
from spinemsca.release.release import case_digest
from spinemsca.release.verify.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_digest", "check_table", "open_table"]

NO_TABLE: Final = Rule(
    "no-table",
    Severity.WARNING,
    f"A release has {TABLE_NAME}",
    "Without it patients, sexes and spacing are unknown; each case counts as a patient",
)
BAD_TABLE: Final = Rule(
    "unreadable-table",
    Severity.ERROR,
    f"{TABLE_NAME} can be read, and lists no case twice",
    "Correct the row, or write the table again",
)
NO_FILES: Final = Rule(
    "row-without-files",
    Severity.ERROR,
    f"Every row of {TABLE_NAME} has its files",
    "Get the files again, or remove the row",
)
NO_ROW: Final = Rule(
    "files-without-row",
    Severity.ERROR,
    f"Every case is a row of {TABLE_NAME}",
    "Add the row, or remove the files",
)
OTHER_SPLIT: Final = Rule(
    "wrong-split",
    Severity.ERROR,
    f"A case lies in the split that {TABLE_NAME} gives",
    "Move the files, or correct the row",
)
DIGEST: Final = Rule(
    "checksum-mismatch",
    Severity.ERROR,
    f"Files have the SHA-256 that {TABLE_NAME} gives",
    "Get the files again; if they were changed on purpose, write the table again",
)
RULES: Final = (NO_TABLE, BAD_TABLE, NO_FILES, NO_ROW, OTHER_SPLIT, DIGEST)


def open_table(root: Path) -> tuple[dict[str, CaseRow], list[Finding]]:
    """Reads `cases.csv` of `root`, and what is wrong with the table itself."""
    if not (root / TABLE_NAME).exists():
        return {}, [NO_TABLE.broken(f"no {TABLE_NAME}")]
    try:
        return read_table(root), []
    except ReleaseError as error:
        return {}, [BAD_TABLE.broken(str(error))]


def check_table(entries: Sequence[Entry], table: Mapping[str, CaseRow]) -> Iterator[Finding]:
    """Compares the files found with the rows of `cases.csv`."""
    if not table:
        return
    present = {e.name for e in entries}
    for row in table.values():
        if row.case not in present:
            yield NO_FILES.broken("listed, but has no files", row.case, row.split)
    for entry in entries:
        known = table.get(entry.name)
        if known is None:
            yield NO_ROW.broken_by(entry, "has files, but is not listed")
        elif known.split != entry.split:
            yield OTHER_SPLIT.broken_by(
                entry, f"lies in {entry.split.folder}, is listed in {known.split.folder}"
            )


def check_digest(entry: Entry, row: CaseRow) -> Iterator[Finding]:
    """Compares a case's files with the SHA-256 of its row, if it has one."""
    if not row.sha256 or entry.image_path.name != IMAGE_NAME or entry.label_path is None:
        return
    digest = case_digest(entry.image_path.parent)
    if digest != row.sha256.lower():
        yield DIGEST.broken_by(entry, f"SHA-256 {digest[:12]}…, listed {row.sha256[:12]}…")
