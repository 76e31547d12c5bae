"""One model's part in a comparison: its label maps of a split, and what it costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from PIL import Image as Picture

from spinemsca._util import Progress, atomic_path, silent, write_text
from spinemsca.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

    from spinemsca.release import Release, Split
    from spinemsca.segment.inference.cost import Footprint
    from spinemsca.segment.inference.model import Model

__all__ = ["RECORD_NAME", "predict_split"]

# What `score.leaderboard` looks for beside the label maps.
RECORD_NAME: Final = "model.json"


def predict_split(
    model: Model,
    release: Release,
    split: Split,
    out: Path,
    costs: Footprint,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Predicts a split: writes `NAME_label.png` of every case, and `model.json`.

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
