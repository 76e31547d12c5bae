"""Calibrates a model's confidence on the validation patients of releases.

    python scripts/calibrate.py WEIGHTS RELEASE… --out CALIBRATED [--into LATER]

A later stage that has learnt from these patients would judge itself too kindly: `--into LATER`
gives it the calibration of the weights before it. `make weights` runs this.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spinemsca.errors import SpineError
from spinemsca.release import Release, Split
from spinemsca.segment.inference.model import Model
from spinemsca.segment.runtime.weights import load_weights, save_weights
from spinemsca.segment.training.calibrate import Calibrated, calibrate
from spinemsca.segment.training.data import load_examples

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    options = argparse.ArgumentParser(prog="python scripts/calibrate.py")
    options.add_argument("weights", type=Path)
    options.add_argument("releases", type=Path, nargs="+", help="their validation cases serve")
    options.add_argument("--out", type=Path, required=True, help="weights file to write")
    options.add_argument(
        "--into", type=Path, help="weights that get the calibration, in place of those judged"
    )
    options.add_argument("--views", type=int, default=4, help="pictures of each case")
    return options


def fitted(given: argparse.Namespace) -> Calibrated:
    """Judges the weights, and writes those that get the calibration."""
    weights = load_weights(given.weights)
    receiver = load_weights(given.into) if given.into else weights
    examples = [e for root in given.releases for e in load_examples(Release.open(root), Split.VAL)]
    found = calibrate(Model(weights), examples, given.views)
    save_weights(given.out, replace(receiver, calibration=found.calibration))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Calibrates, and returns the exit status."""
    try:
        found = fitted(parser().parse_args(arguments))
    except SpineError as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"{found.structures} structures, {found.right:.3f} of them right, "
        f"calibration error {found.error:.3f}; {found.calibration}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
