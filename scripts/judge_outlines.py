"""How far outlines can be trusted: predictions and people on patients learnt from and not.

    python scripts/judge_outlines.py data/train/spider-space

Where a network is no better on patients it has learnt from than on others, it has learnt what their
outlines have in common, and what is left is where they differ from one another. Beside it stands
what a person's outline loses against itself, moved by one pixel. Writes
build/tables/outline-trust.md and .json, whose table stands in the model card, and
docs/model/outlines.jpg, which shows patients learnt from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from make_model_card import ROOT, revision
from PIL import Image, ImageDraw
from scipy import ndimage

from spinemsca._util.files import write_text
from spinemsca.anatomy import Kind, Structure
from spinemsca.release.split import Split
from spinemsca.release.store import Release
from spinemsca.segment.intensity import window
from spinemsca.segment.shipped import load_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Case
    from spinemsca.segment.predict import Model

TABLES = ROOT / "build/tables"
PICTURE = ROOT / "docs/model/outlines.jpg"
ZOOM, HEIGHT, WIDTH = 4, 72, 96


class Row(NamedTuple):
    """One structure of one slice: predicted against drawn by a person."""

    patient: str
    case: str
    structure: Structure
    dice: float
    area: float
    moved: float


def rows(model: Model, case: Case) -> list[Row]:
    """Of the structures that the person has drawn."""
    truth, found = np.asarray(case.label), model.predict(case.image).label
    out = []
    for structure in case.annotated:
        drawn, mask = truth == structure.value, found == structure.value
        if drawn.any():
            moved = np.roll(drawn, 1, axis=0)
            out.append(
                Row(
                    case.patient,
                    case.name,
                    structure,
                    dice(mask, drawn),
                    mask.sum() / drawn.sum(),
                    dice(moved, drawn),
                )
            )
    return out


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Of two masks."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def line(found: list[Row], kind: Kind) -> dict[str, Any]:
    """Means of patients, and how patients' areas spread."""
    patients = sorted({r.patient for r in found})
    mine = [r for r in found if r.structure.kind is kind]
    means = np.array(
        [
            np.mean([(r.dice, r.area, r.moved) for r in mine if r.patient == patient], axis=0)
            for patient in patients
        ]
    )
    return {
        "patients": len(patients),
        "dice": means[:, 0].mean(),
        "area": means[:, 1].mean(),
        "area_sd": means[:, 1].std(ddof=1),
        "area_range": [means[:, 1].min(), means[:, 1].max()],
        "moved": means[:, 2].mean(),
    }


def table(lines: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Markdown: a row a split and kind."""
    head = (
        "| patients | kind | Dice | area, predicted over drawn: mean ± SD of patients (range) "
        "| Dice of a person's outline moved by 1 px |\n| --- | --- | ---: | ---: | ---: |\n"
    )
    body = "".join(
        f"| {split} ({r['patients']}) | {kind} | {r['dice']:.3f} "
        f"| {r['area']:.2f} ± {r['area_sd']:.2f} ({r['area_range'][0]:.2f} to "
        f"{r['area_range'][1]:.2f}) | {r['moved']:.3f} |\n"
        for split, kinds in lines.items()
        for kind, r in kinds.items()
    )
    return head + body


def edges(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The outline of an enlarged mask, a pixel wide."""
    large = np.kron(mask, np.ones((ZOOM, ZOOM), dtype=bool))
    return np.asarray(large & ~ndimage.binary_erosion(large))


def tile(model: Model, case: Case, row: Row) -> Image.Image:
    """A disc enlarged, bare and with both outlines."""
    truth, found = np.asarray(case.label), model.predict(case.image).label
    middle = np.argwhere(truth == row.structure.value).mean(axis=0).astype(int)
    top, left = np.maximum(0, middle - (HEIGHT // 2, WIDTH // 2))
    part = np.s_[top : top + HEIGHT, left : left + WIDTH]
    grey = np.asarray(window(case.image))[part]
    bare = np.asarray(
        Image.fromarray((255 * grey).astype(np.uint8)).resize(
            (ZOOM * grey.shape[1], ZOOM * grey.shape[0]), Image.Resampling.BICUBIC
        )
    )
    drawn = np.repeat(bare[..., None], 3, axis=2)
    both = drawn.copy()
    for label, colour in ((truth, (255, 255, 255)), (found, (255, 70, 70))):
        for value in np.unique(label[part]):
            if value:
                both[edges(label[part] == value)] = colour
    picture = Image.fromarray(np.concatenate((drawn, both), axis=1))
    text = f"{row.case} {row.structure.name}: Dice {row.dice:.2f}, area {row.area:.2f}"
    ImageDraw.Draw(picture).text((4, 3), text, fill=(255, 230, 120))
    return picture


def picture(model: Model, release: Release, found: list[Row], path: Path) -> None:
    """The disc farthest off in area, for the six patients where that is most."""
    far = sorted(
        (r for r in found if r.structure.kind is Kind.DISC), key=lambda r: -abs(np.log(r.area))
    )
    chosen = list({r.patient: r for r in reversed(far)}.values())
    chosen = sorted(chosen, key=lambda r: -abs(np.log(r.area)))[:6]
    cases = {e.name: e for e in release.entries}
    tiles = [tile(model, release.load(cases[r.case]), r) for r in chosen]
    width, height = tiles[0].size
    sheet = Image.new("RGB", (2 * width + 8, 3 * height + 16), (255, 255, 255))
    for i, each in enumerate(tiles):
        sheet.paste(each, (i % 2 * (width + 8), i // 2 * (height + 8)))
    sheet.save(path, quality=85)


def main(root: Path) -> None:
    """Judges all splits of a release."""
    model, release = load_model(), Release.open(root)
    found = {s: [r for e in release.of(s) for r in rows(model, release.load(e))] for s in Split}
    lines = {
        split.value: {
            "vertebrae": line(mine, Kind.VERTEBRA),
            "discs": line(mine, Kind.DISC),
        }
        for split, mine in found.items()
        if mine
    }
    about = {"weights": model.weights.version, "revision": revision(), "splits": lines}
    write_text(TABLES / "outline-trust.json", json.dumps(about, indent=2) + "\n")
    write_text(TABLES / "outline-trust.md", table(lines))
    picture(model, release, found[Split.TRAIN], PICTURE)
    print(table(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
