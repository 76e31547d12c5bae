"""Judges the shipped weights and writes the model card's tables and pictures.

    python scripts/make_model_card.py RELEASE… --split test [--mid FOLDER] [--others FOLDER]

RELEASES are `data/train/spider-space` and `data/train/sudirman` of `make weights`. `--mid` names
SPIDER's mid-sagittal slices, of which only patients of the split are used, `--others` pictures that
are no sagittal lumbar MR. The test split is for the last run only. Tables and label maps stay in
`--out`; the pictures that the card shows are copied to docs/model.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from spinemsca._util.files import write_text
from spinemsca.draw import overlay
from spinemsca.io.image_file import write_label_picture
from spinemsca.io.read import read_scan
from spinemsca.predictions.pairing import Pair
from spinemsca.release import read_patient_splits
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.score.case_score import METRICS
from spinemsca.score.evaluate import Protocol, score_pairs
from spinemsca.score.figures import box_plot
from spinemsca.score.summary import summarise
from spinemsca.score.tables import markdown_table
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.inference.pretrained import load_model
from spinemsca.segment.runtime.confidence import calibration_error

if TYPE_CHECKING:
    from spinemsca.score.case_score import CaseScore
    from spinemsca.segment.inference.model import Model, Segmentation

ROOT = Path(__file__).resolve().parents[1]
TILE = 230


def judge(model: Model, release: Release, split: Split, out: Path) -> dict[str, Any]:
    """Predicts and scores a split; writes its table and its boxes."""
    folder = out / "labels" / release.root.name
    pairs, found = [], {}
    for entry in release.of(split):
        case = release.load(entry)
        assert entry.label_path is not None
        found[entry.name] = model.predict(case.image, case.spacing)
        write_label_picture(folder / f"{entry.name}.png", found[entry.name].label)
        pairs.append(
            Pair(
                entry.name,
                folder / f"{entry.name}.png",
                entry.label_path,
                case.annotated,
                case.patient,
            )
        )
    scores = list(score_pairs(pairs, Protocol(published=True)))
    summary = summarise(scores) | {"unit": "px"}
    write_text(out / f"{release.root.name}.md", markdown_table(summary))
    write_text(out / f"{release.root.name}.json", json.dumps(summary, indent=2) + "\n")
    box_plot(scores, out / f"{release.root.name}-boxes.png", "px")
    return {"release": release, "scores": scores, "summary": summary, "found": found}


def confidence(judged: list[dict[str, Any]]) -> dict[str, float]:
    """How well stated confidence matches the share of structures with a Dice of 0.8 or more."""
    said, right = [], []
    for each in judged:
        for score in each["scores"]:
            for structure, value in each["found"][score.name].confidence.items():
                dice = score.values.get(structure.name, {}).get("dice", float("nan"))
                if not np.isnan(dice):
                    said.append(value)
                    right.append(bool(dice >= 0.8))
    return {
        "structures": len(said),
        "right": float(np.mean(right)),
        "calibration_error": calibration_error(said, right),
    }


def mean_dice(score: CaseScore) -> float:
    """Over the structures of a case."""
    return float(np.nanmean(score.metrics[:, METRICS.index("dice")]))


def examples(judged: list[dict[str, Any]], out: Path) -> None:
    """Twenty predictions, from best to worst: seven best, six in the middle, seven worst."""
    ranked = sorted(
        ((mean_dice(s), s.name, each) for each in judged for s in each["scores"]),
        key=lambda row: -row[0],
    )
    middle = len(ranked) // 2
    chosen = ranked[:7] + ranked[middle - 3 : middle + 3] + ranked[-7:]
    tiles = [tile(each, name, dice) for dice, name, each in chosen]
    sheet(tiles, out / "twenty.jpg", columns=4)


def tile(each: dict[str, Any], name: str, dice: float) -> Image.Image:
    """A slice with its prediction and, in white, the outline of its truth."""
    release = each["release"]
    entry = next(e for e in release.entries if e.name == name)
    case = release.load(entry)
    found: Segmentation = each["found"][name]
    picture = np.asarray(overlay(window(case.image), found.label)).copy()
    truth = np.asarray(case.label)
    edge = np.zeros(truth.shape, dtype=bool)
    for axis in (0, 1):
        edge |= truth != np.roll(truth, 1, axis)
    picture[edge] = 255
    rows, columns = np.nonzero(truth)
    middle = int(columns.mean())
    half = max(int(np.ptp(rows)) // 2 + 25, int(np.ptp(columns)) // 2 + 25)
    top, left = max(0, int((rows.min() + rows.max()) / 2) - half), max(0, middle - half)
    part = Image.fromarray(picture[top : top + 2 * half, left : left + 2 * half])
    return titled(part, f"{release.root.name} {name}: {dice:.3f}")


def unlabelled(model: Model, folder: Path, split: Split, out: Path) -> dict[str, Any]:
    """Slices without labels: how many are refused or ambiguous, and a sheet of them."""
    splits = read_patient_splits(ROOT / "examples/spider-mid-patients.csv")
    tiles, counts = [], Counter[str]()
    for path in sorted(folder.glob("*.png")):
        if splits[path.stem.split("_")[0]] is not split:
            continue
        pixels = read_scan(path).pixels
        found = model.predict(pixels)
        kind = "refused" if found.refused else "ambiguous" if found.ambiguous else "clear"
        counts[kind] += 1
        mark = {"refused": " refused", "ambiguous": " ?", "clear": ""}[kind]
        tiles.append(titled(overlay(window(pixels), found.label), path.stem + mark))
    sheet(tiles, out / "unlabelled.jpg", columns=7)
    return dict(counts)


def others(model: Model, folder: Path, out: Path) -> dict[str, Any]:
    """Pictures of other things: how many are refused, and those that are not."""
    seen: set[bytes] = set()
    total, taken, tiles = Counter[str](), Counter[str](), []
    for path in sorted(folder.glob("*.png")):
        pixels = read_scan(path).pixels
        if pixels.tobytes() in seen:
            continue
        seen.add(pixels.tobytes())
        kind = path.stem.split("-")[0]
        total[kind] += 1
        found = model.predict(pixels)
        if not found.refused:
            taken[kind] += 1
            tiles.append(titled(overlay(window(pixels), found.label), path.stem))
    if tiles:
        sheet(tiles, out / "not-refused.jpg", columns=7)
    return {"pictures": dict(total), "not_refused": dict(taken)}


def titled(picture: Image.Image, title: str) -> Image.Image:
    """A square tile with a line of text above."""
    picture = picture.copy()
    picture.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", (TILE, TILE + 20), (255, 255, 255))
    canvas.paste(picture, ((TILE - picture.width) // 2, 20))
    ImageDraw.Draw(canvas).text((3, 2), title, fill=(28, 36, 48), font=ImageFont.load_default(13))
    return canvas


def sheet(tiles: list[Image.Image], path: Path, columns: int) -> None:
    """Tiles in rows."""
    rows = -(-len(tiles) // columns)
    canvas = Image.new("RGB", (columns * (TILE + 4), rows * (TILE + 24)), (255, 255, 255))
    for i, each in enumerate(tiles):
        canvas.paste(each, (i % columns * (TILE + 4), i // columns * (TILE + 24)))
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(path, quality=82)


def revision() -> str:
    """Of the checkout."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(
        asked, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    """Runs everything that the arguments allow."""
    parser = argparse.ArgumentParser()
    parser.add_argument("releases", type=Path, nargs="+")
    parser.add_argument("--split", default="val")
    parser.add_argument("--out", type=Path, default=ROOT / "build/model-card")
    parser.add_argument("--mid", type=Path)
    parser.add_argument("--others", type=Path)
    given = parser.parse_args()
    model, split = load_model(), Split.parse(given.split)
    judged = [judge(model, Release.open(root), split, given.out) for root in given.releases]
    examples(judged, given.out)
    refused = {
        e["release"].root.name: sum(f.refused is not None for f in e["found"].values())
        for e in judged
    }
    about = {
        "weights": model.weights.version,
        "revision": revision(),
        "split": split.value,
        "confidence": confidence(judged),
        "refused": refused,
    }
    if given.mid:
        about["unlabelled"] = unlabelled(model, given.mid, split, given.out)
    if given.others:
        about["others"] = others(model, given.others, given.out)
    write_text(given.out / "about.json", json.dumps(about, indent=2) + "\n")
    print(json.dumps(about, indent=2))
    for each in judged:
        print(markdown_table(each["summary"]))


if __name__ == "__main__":
    main()
