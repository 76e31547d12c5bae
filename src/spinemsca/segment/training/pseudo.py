r"""Pseudo-labels: a release from images without labels, as far as a model is sure of them.

    python -m spinemsca.segment.training.pseudo IMAGES --weights W --out RELEASE \
        --held-out PATIENTS.csv

Only training cases come of it, and only of patients who neither choose nor judge any model.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca._util import Progress, silent
from spinemsca.anatomy import BACKGROUND, COLUMN
from spinemsca.case import Case
from spinemsca.curate import Fit, normalise, place, resample_image, resample_label
from spinemsca.errors import CaseError, ReleaseError, SpineError, UsageError
from spinemsca.io import read_scan
from spinemsca.release import Release, Split, read_csv, read_patient_splits, write_release
from spinemsca.segment.inference.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinemsca.segment.inference.model import Segmentation

__all__ = ["Criteria", "Labelled", "doubt_of", "main", "pseudo_label", "read_rejected"]

PATIENT: Final = r"(?P<patient>[^_]+)_.*"
"""Pattern of a file's stem, with the patient before the first underscore."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What may be trained on.

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
    """What came of it.

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
    """The column `name` of a CSV file.

    Raises:
        UsageError: If it is no such file.
    """
    return frozenset(row["name"] for row in read_csv(path, {"name"}))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the module; returns the exit status.

    Args:
        arguments: Without the program's name; `sys.argv` where not given.
    """
    given = _parser().parse_args(arguments)
    try:
        made = _made(given)
    except SpineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for name, reason in sorted(made.left_out.items()):
        sys.stderr.write(f"Left out {name}: {reason}\n")
    sys.stdout.write(f"{given.out}: {len(made.release.entries)} train\n")
    return 0


def _made(given: argparse.Namespace) -> Labelled:
    images = sorted(p for p in given.images.iterdir() if p.suffix.lower() == ".png")
    splits = {k: v for path in given.held_out for k, v in read_patient_splits(path).items()}
    return pseudo_label(
        Model.load(given.weights),
        images,
        given.out,
        Criteria(
            frozenset(patient for patient, split in splits.items() if split is not Split.TRAIN),
            frozenset() if given.rejected is None else read_rejected(given.rejected),
            given.case,
            given.structure,
        ),
        source=given.source,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m spinemsca.segment.training.pseudo")
    parser.add_argument("images", type=Path, help="folder of PNG files, PATIENT_….png")
    parser.add_argument("--weights", type=Path, required=True, help="of the model")
    parser.add_argument("--out", type=Path, required=True, help="new or empty folder")
    parser.add_argument(
        "--held-out",
        type=Path,
        required=True,
        action="append",
        help="CSV of patients and splits; those of val and test are left out",
    )
    parser.add_argument("--rejected", type=Path, help="CSV of names not believed after looking")
    parser.add_argument("--case", type=float, default=0.9, help="least mean probability")
    parser.add_argument("--structure", type=float, default=0.85, help="of each")
    parser.add_argument("--source", default="", help="of the images, for cases.csv")
    return parser


if __name__ == "__main__":
    sys.exit(main())
