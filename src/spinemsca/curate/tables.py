"""Tables beside the images: sexes, spacings and splits, looked up by names as users wrote them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spinemsca._util import printable
from spinemsca.case import Sex, Spacing
from spinemsca.curate.names import composed
from spinemsca.errors import UsageError
from spinemsca.release import (
    Split,
    patient_key,
    read_csv,
    read_patient_splits,
    stratified_splits,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spinemsca.curate.config import BuildConfig, Metadata
    from spinemsca.curate.sources import Source

__all__ = ["assign_splits", "metadata_rows", "sex_in", "spacing_of"]

# Words rather than first letters: a Spanish "mujer" is a woman.
_SEXES: Final[Mapping[str, Sex]] = MappingProxyType(
    dict.fromkeys(("f", "female", "woman", "w", "weiblich", "女"), Sex.FEMALE)
    | dict.fromkeys(("m", "male", "man", "männlich", "男"), Sex.MALE)
)


def assign_splits(
    config: BuildConfig, sources: Sequence[Source], beside: Path, seed: int
) -> dict[str, Split]:
    """The split of every patient: as listed, or drawn by patient and stratified by sex.

    Args:
        config: Names the list, if there is one; it has patients' names as in the files, or
            their pseudonyms.
        sources: Whose patients are assigned.
        beside: Folder of the configuration.
        seed: Of the draw.

    Returns:
        By pseudonym.

    Raises:
        UsageError: If the list cannot be read, lacks a patient, or has one in two splits.
    """
    if config.splits is not None:
        return _listed_splits(sources, beside / config.splits)
    # Where one image's sex is unknown, another image of the patient may tell.
    ordered = sorted(sources, key=lambda s: (s.patient, s.sex or ""))
    sexes = {s.patient: s.sex for s in ordered}
    drawn = stratified_splits(list(sexes.values()), seed)
    return dict(zip(sexes, drawn, strict=True))


def _listed_splits(sources: Sequence[Source], path: Path) -> dict[str, Split]:
    listed = read_patient_splits(path)
    found: dict[str, Split] = {}
    for source in sources:
        # A name that is no UTF-8 cannot stand in the list, but its pseudonym can.
        known = [k for k in (patient_key(source.patient_name), source.patient) if k in listed]
        if not known:
            name = printable(source.patient_name)
            also = "" if name == source.patient else f" ({source.patient})"
            raise UsageError(f"lacks patient {name}{also}", where=path, remedy="Add a row for it")
        found[source.patient] = listed[known[0]]
    return found


def metadata_rows(about: Metadata, data: Path) -> dict[str, dict[str, str]]:
    """The metadata's rows by their key, in NFC.

    Raises:
        UsageError: If the table cannot be read, lacks a column, or says two things of one key.
    """
    path = data / about.file
    used = {*filter(None, [about.sex]), *(about.spacing or ()), *(about.size or ())}
    rows: dict[str, dict[str, str]] = {}
    for number, row in enumerate(read_csv(path, {about.key, *used}), start=2):
        first = rows.setdefault(composed(row[about.key]), row) if row[about.key] else row
        if any(first[column] != row[column] for column in used):
            raise UsageError(
                "differs from an earlier row of the same key",
                where=f"{path}, line {number}",
                remedy="Remove one of the rows, or mend `key`",
            )
    return rows


def sex_in(row: Mapping[str, str], about: Metadata | None) -> Sex | None:
    """The sex that a row states in a word or letter, `None` for anything else."""
    text = row.get(about.sex, "") if about and about.sex else ""
    return _SEXES.get(composed(text).strip().lower())


def spacing_of(source: Source, config: BuildConfig, shape: tuple[int, int]) -> Spacing | None:
    """Spacing of an image as it is, in mm; `None` where unknown or not to be believed.

    An image that was stretched from its original size has the original's field of view.

    Args:
        source: The image.
        config: Says where spacing stands.
        shape: The image's rows and columns.
    """
    about = config.metadata
    if about is None or about.spacing is None:
        return None if config.spacing is None else Spacing.checked(config.spacing)
    try:
        header = [float(source.row[column]) for column in about.spacing]
        original = [float(source.row[column]) for column in about.size] if about.size else shape
    except (KeyError, ValueError):
        return None
    low, high = about.field_of_view
    extent = [mm * count for mm, count in zip(header, original, strict=True)]
    if min(header) <= 0 or not all(low <= mm <= high for mm in extent):
        return None
    return Spacing.checked((extent[0] / shape[0], extent[1] / shape[1]), source.image)
