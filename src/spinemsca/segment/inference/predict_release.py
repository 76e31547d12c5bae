"""One model's part in a comparison: its label maps of a split, and what it costs.

    python -m spinemsca.segment.inference.predict_release WEIGHTS RELEASE --split test --out FOLDER

`evaluate FOLDER RELEASE` then scores it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image as Picture

from spinemsca._util import Progress, atomic_path, silent, write_text
from spinemsca.errors import ReleaseError, SpineError
from spinemsca.release import Release, Split
from spinemsca.segment.inference.cost import footprint
from spinemsca.segment.inference.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.segment.inference.cost import Footprint

__all__ = ["RECORD_NAME", "main", "predict_split"]

RECORD_NAME: Final = "model.json"


def predict_split(
    model: Model,
    release: Release,
    split: Split,
    out: Path,
    costs: Footprint,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Writes `NAME_label.png` of every case and `model.json`.

    Args:
        model: Which predicts.
        release: Whose cases are predicted.
        split: Of them.
        out: Folder; made where missing.
        costs: Of the model, measured before.
        progress: Told of cases.

    Returns:
        What `model.json` holds.

    Raises:
        ReleaseError: If the split is empty.
    """
    entries = release.of(split)
    if not entries:
        raise ReleaseError(f"has no {split} cases", where=release.root)
    refused = {}
    for done, entry in enumerate(entries, start=1):
        case = release.load(entry)
        found = model.predict(case.image, case.spacing, refuse=False, turn=False)
        if found.refused is not None:
            refused[entry.name] = found.refused
        with atomic_path(out / f"{entry.name}_label.png") as temporary:
            Picture.fromarray(found.label).save(temporary, format="PNG")
        progress(done, len(entries))
    record = {
        "network": model.weights.network.config.kind,
        "version": model.weights.version,
        "config": model.weights.network.config.model_dump(mode="json"),
        "release": release.root.name,
        "split": split.value,
        "cases": len(entries),
        "refused": refused,
        **costs.as_dict(),
    }
    write_text(out / RECORD_NAME, json.dumps(record, indent=2) + "\n")
    return record


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the module; returns the exit status.

    Args:
        arguments: Without the program's name; `sys.argv` where not given.
    """
    parser = argparse.ArgumentParser(prog="python -m spinemsca.segment.inference.predict_release")
    parser.add_argument("weights", type=Path)
    parser.add_argument("release", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--out", type=Path, required=True, help="folder for label maps and JSON")
    given = parser.parse_args(arguments)
    try:
        model = Model.load(given.weights)
        costs = footprint(model)
        release, split = Release.open(given.release), Split.parse(given.split)
        record = predict_split(model, release, split, given.out, costs)
    except SpineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(
        f"{record['network']}: {record['parameters'] / 1e6:.1f} M parameters, "
        f"{record['gflop']:.1f} GFLOP, {record['seconds'] * 1000:.0f} ms a slice\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
