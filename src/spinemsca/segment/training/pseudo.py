"""Pseudo-labels: a release from images without labels, as far as a model is sure of them.

Only training cases come of it, and only of patients who neither choose nor judge any model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca._util import Progress, silent
from spinemsca.anatomy import BACKGROUND, COLUMN
from spinemsca.case import Case
from spinemsca.curate import Fit, normalise, place, resample_image, resample_label
from spinemsca.errors import CaseError, ReleaseError, UsageError
from spinemsca.io import read_scan
from spinemsca.release import Release, Split, read_csv, write_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from spinemsca.segment.inference.model import Model, Segmentation

__all__ = ["Criteria", "Labelled", "doubt_of", "pseudo_label", "read_rejected"]

PATIENT: Final = r"(?P<patient>[^_]+)_.*"
"""Pattern of a file's stem, with the patient before the first underscore."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which pseudo-labels may be trained on.

    Attributes:
        held_out: Patients who must not be trained on.
        rejected: Names (stems) that a person looked at and did not believe.
        case: Least mean probability of all structures together.
        structure: Least mean probability of each; one below counts as not annotated.
        pattern: Of a file's stem, with a group `patient`.
    """

    held_out: frozenset[str]
    rejected: frozenset[str] = frozenset()
    case: float = 0.9
    structure: float = 0.85
    pattern: str = PATIENT


@dataclass(frozen=True, slots=True)
class Labelled:
    """A release of pseudo-labels, and what was left out of it.

    Attributes:
        release: The new release.
        left_out: Reason for each image that is not in it, by name.
    """

    release: Release
    left_out: dict[str, str]


def pseudo_label(
    model: Model,
    images: Sequence[Path],
    out: Path,
    criteria: Criteria,
    *,
    source: str = "",
    progress: Progress = silent,
) -> Labelled:
    """Writes a release of the images that a model is sure of, all for training.

    Args:
        model: Which labels them.
        images: Image files.
        out: Folder that is new or empty.
        criteria: Whom to leave out, and how sure the model must be.
        source: Where the images come from and under which terms.
        progress: Told of images.

    Raises:
        UsageError: If a name does not fit the pattern.
        ReleaseError: If nothing is left, or `out` holds files.
    """
    about = f"pseudo-labels by model {model.weights.version}" + (f"; {source}" if source else "")
    left_out: dict[str, str] = {}

    def cases() -> Iterator[tuple[Split, Case]]:
        for done, path in enumerate(images, start=1):
            patient = _patient(path, criteria.pattern)
            if patient in criteria.held_out:
                left_out[path.stem] = "is of a patient held out"
            elif path.stem in criteria.rejected:
                left_out[path.stem] = "was rejected by a person"
            else:
                try:
                    yield Split.TRAIN, _case(model, path, patient, criteria, about)
                except CaseError as error:
                    left_out[path.stem] = error.what
            progress(done, len(images))
        if len(left_out) == len(images):
            raise ReleaseError("every image was left out", where=out, remedy="Lower the criteria")

    return Labelled(write_release(out, cases()), left_out)


def _patient(path: Path, pattern: str) -> str:
    match = re.fullmatch(pattern, path.stem)
    if match is None:
        raise UsageError(f"its name does not fit {pattern!r}", where=path)
    return match["patient"]


def _case(model: Model, path: Path, patient: str, criteria: Criteria, source: str) -> Case:
    scan = read_scan(path)
    found = model.predict(scan.pixels, scan.spacing)
    if doubt := doubt_of(found, criteria):
        raise CaseError(doubt, where=path)
    sure = [s for s in COLUMN if found.confidence[s] >= criteria.structure]
    label = np.where(np.isin(found.label, [s.value for s in sure]), found.label, BACKGROUND)
    rows, columns = scan.pixels.shape
    placement = place((rows, columns), scan.spacing, Fit.PAD)
    return Case(
        name=path.stem,
        image=resample_image(normalise(scan.pixels, str(path)), placement),
        label=resample_label(label.astype(np.uint8), placement),
        spacing=placement.spacing,
        patient=patient,
        annotated=frozenset(sure),
        source=source,
    )


def doubt_of(found: Segmentation, criteria: Criteria) -> str | None:
    """Why a segmentation is not to be trained on, if so."""
    if found.refused is not None:
        return f"was refused: {found.refused}"
    if found.ambiguous:
        return "has levels that may be numbered wrongly"
    if missing := [s.name for s in COLUMN if s not in found.confidence]:
        return f"lacks {', '.join(missing)}"
    mean = float(np.mean(list(found.confidence.values())))
    if mean < criteria.case:
        return f"is uncertain (mean probability {mean:.2f})"
    return None


def read_rejected(path: Path) -> frozenset[str]:
    """Reads the names that a person did not believe: the column `name` of a CSV file.

    Raises:
        UsageError: If it is no such file.
    """
    return frozenset(row["name"] for row in read_csv(path, {"name"}))
