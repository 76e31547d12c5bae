"""Predicts a split of a release with one model and measures what the model costs.

    python scripts/predict_release.py WEIGHTS RELEASE --split test --out FOLDER

`spine-msca evaluate FOLDER RELEASE` then scores it, and `spine-msca leaderboard` lists it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spinemsca.errors import SpineError
from spinemsca.release import Release, Split
from spinemsca.segment.inference.cost import footprint
from spinemsca.segment.inference.model import Model
from spinemsca.segment.inference.predict_release import predict_split

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    options = argparse.ArgumentParser(prog="python scripts/predict_release.py")
    options.add_argument("weights", type=Path)
    options.add_argument("release", type=Path)
    options.add_argument("--split", default="test")
    options.add_argument("--out", type=Path, required=True, help="folder for label maps and JSON")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Predicts, and returns the exit status."""
    given = parser().parse_args(arguments)
    try:
        model = Model.load(given.weights)
        costs = footprint(model)
        release, split = Release.open(given.release), Split.parse(given.split)
        record = predict_split(model, release, split, given.out, costs)
    except SpineError as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"{record['network']}: {record['parameters'] / 1e6:.1f} M parameters, "
        f"{record['gflop']:.1f} GFLOP, {record['seconds'] * 1000:.0f} ms a slice"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
