r"""Makes a training release from images without labels, as far as a model is sure of them.

    python scripts/pseudo_label.py IMAGES --weights W --out RELEASE --held-out PATIENTS.csv \
        --rejected NAMES.csv --case 0.88 --structure 0.8 --source "from where, under which terms"

Only patients who neither choose nor judge any model come into it. `make weights` runs this.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spinemsca.errors import SpineError
from spinemsca.release import Split
from spinemsca.segment.inference.model import Model
from spinemsca.segment.training.pseudo import Criteria, Labelled, pseudo_label, read_rejected
from spinemsca.segment.training.splits import read_patients

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    options = argparse.ArgumentParser(prog="python scripts/pseudo_label.py")
    options.add_argument("images", type=Path, help="folder of PNG files, PATIENT_….png")
    options.add_argument("--weights", type=Path, required=True, help="of the model")
    options.add_argument("--out", type=Path, required=True, help="new or empty folder")
    options.add_argument(
        "--held-out",
        type=Path,
        required=True,
        action="append",
        help="CSV of patients and splits; those of val and test are left out",
    )
    options.add_argument("--rejected", type=Path, help="CSV of names not believed after looking")
    options.add_argument("--case", type=float, default=0.9, help="least mean probability")
    options.add_argument("--structure", type=float, default=0.85, help="of each")
    options.add_argument("--source", default="", help="of the images, for cases.csv")
    return options


def labelled(given: argparse.Namespace) -> Labelled:
    """What comes of the images that were named."""
    images = sorted(p for p in given.images.iterdir() if p.suffix.lower() == ".png")
    splits = {k: v for path in given.held_out for k, v in read_patients(path).items()}
    criteria = Criteria(
        frozenset(patient for patient, split in splits.items() if split is not Split.TRAIN),
        frozenset() if given.rejected is None else read_rejected(given.rejected),
        given.case,
        given.structure,
    )
    return pseudo_label(Model.load(given.weights), images, given.out, criteria, source=given.source)


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the release, and returns the exit status."""
    given = parser().parse_args(arguments)
    try:
        made = labelled(given)
    except SpineError as error:
        print(error, file=sys.stderr)
        return 2
    for name, reason in sorted(made.left_out.items()):
        print(f"Left out {name}: {reason}", file=sys.stderr)
    print(f"{given.out}: {len(made.release.entries)} train")
    return 0


if __name__ == "__main__":
    sys.exit(main())
