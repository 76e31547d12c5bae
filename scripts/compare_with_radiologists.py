"""Measures from predicted label maps against a radiologist's gradings of the same discs.

    python scripts/compare_with_radiologists.py ../shared/data/spider

Segments SPIDER's mid-sagittal T2 slices with the shipped weights, measures them, and compares with
`gradings.csv`. The measures' formulas were chosen on patients with T2 SPACE alone, who are left
out here. Writes build/tables/radiologists.json and .md, whose table stands in docs/reports.md, and
docs/radiologists.jpg.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from spinemsca._util.files import write_text
from spinemsca.anatomy import DISCS
from spinemsca.draw import overlay
from spinemsca.io.read import read_scan
from spinemsca.measure.measurements import measure
from spinemsca.release import read_patient_splits
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.inference.pretrained import load_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image

    from spinemsca.segment.inference.model import Segmentation

sys.path.insert(0, str(Path(__file__).parent))
from make_model_card import revision, sheet, titled

ROOT = Path(__file__).resolve().parents[1]
MEASURES = (
    "degeneration_index",
    "disc_height_index",
    "disc_height_to_healthy",
    "slip_share",
    "offset_from_usual",
)
DRAWS = 1000


@dataclass(frozen=True)
class Disc:
    """One graded disc and its measures."""

    patient: str
    level: str
    pfirrmann: int
    narrowed: bool
    slipped: bool
    held_out: bool
    measures: dict[str, float]


def discs(spider: Path) -> tuple[list[Disc], dict[str, int], dict[str, Image.Image]]:
    """All graded discs that could be measured, what became of the slices, and their pictures."""
    model = load_model()
    splits = read_patient_splits(ROOT / "examples/spider-mid-patients.csv")
    chosen = read_patient_splits(ROOT / "examples/spider-space-patients.csv")
    graded = gradings(spider / "gradings.csv")
    found: list[Disc] = []
    fate = {"slices": 0, "refused": 0, "ambiguous": 0}
    pictures = {}
    for path in sorted((spider / "mid").glob("*_t2.png")):
        patient = path.stem.split("_")[0]
        if patient in chosen or patient not in graded:
            continue
        fate["slices"] += 1
        pixels = read_scan(path).pixels
        seg = model.predict(pixels)
        fate["ambiguous"] += seg.ambiguous and not seg.refused
        if seg.refused:
            fate["refused"] += 1
            continue
        values = numbers(seg, window(pixels))
        pictures[patient] = overlay(window(pixels), seg.label)
        for level, row in graded[patient].items():
            if level in values:
                held_out = splits[patient].value == "test"
                found.append(Disc(patient, level, *row, held_out, values[level]))
    return found, fate, pictures


def gradings(path: Path) -> dict[str, dict[str, tuple[int, bool, bool]]]:
    """By patient and disc: Pfirrmann grade, narrowing, spondylolisthesis."""
    names = {str(5 - i): d.name for i, d in enumerate(DISCS)}
    table: dict[str, dict[str, tuple[int, bool, bool]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["IVD label"] in names:
                grade = int(row["Pfirrman grade"])
                marks = row["Disc narrowing"] == "1", row["Spondylolisthesis"] == "1"
                table.setdefault(row["Patient"], {})[names[row["IVD label"]]] = (grade, *marks)
    return table


def numbers(found: Segmentation, image: np.ndarray) -> dict[str, dict[str, float]]:
    """The measures of each disc."""
    values: dict[str, dict[str, float]] = {}
    for r in measure(found, image=image).results:
        if r.definition.name in MEASURES and isinstance(r.value, float):
            values.setdefault(r.structure, {})[r.definition.name] = r.value
    return values


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs in the right order."""
    if not positive.any() or positive.all():
        return float("nan")
    ranks = stats.rankdata(score)
    many = int(positive.sum())
    return float((ranks[positive].sum() - many * (many + 1) / 2) / (many * (~positive).sum()))


def spearman(score: np.ndarray, grade: np.ndarray) -> float:
    """Spearman's rank correlation."""
    return float(stats.spearmanr(score, grade).statistic) if len(set(grade)) > 1 else float("nan")


QUESTIONS: dict[
    str, tuple[str, Callable[[Disc], Any], Callable[..., float], Callable[..., Any]]
] = {
    "Pfirrmann grade, degeneration index (Spearman)": (
        "degeneration_index",
        lambda d: d.pfirrmann,
        spearman,
        lambda v: v,
    ),
    "narrowing, disc height index (AUC)": (
        "disc_height_index",
        lambda d: d.narrowed,
        auc,
        lambda v: -v,
    ),
    "narrowing, height index to healthy of the level (AUC)": (
        "disc_height_to_healthy",
        lambda d: d.narrowed,
        auc,
        lambda v: -v,
    ),
    "spondylolisthesis, slip (AUC)": ("slip_share", lambda d: d.slipped, auc, np.abs),
    "spondylolisthesis, slip from the usual (AUC)": (
        "offset_from_usual",
        lambda d: d.slipped,
        auc,
        np.abs,
    ),
}


def answer(found: list[Disc], question: str, seed: int = 0) -> dict[str, Any]:
    """The statistic with a 95 % bootstrap interval over patients."""
    name, truth, statistic, sign = QUESTIONS[question]
    kept = [d for d in found if name in d.measures]
    score = sign(np.array([d.measures[name] for d in kept]))
    target = np.array([truth(d) for d in kept])
    owner = np.unique([d.patient for d in kept], return_inverse=True)[1]
    groups = [np.flatnonzero(owner == i) for i in range(owner.max(initial=-1) + 1)]
    random, drawn = np.random.default_rng(seed), []
    for _ in range(DRAWS if groups else 0):
        taken = np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
        drawn.append(statistic(score[taken], target[taken]))
    known = [v for v in drawn if not np.isnan(v)]
    return {
        "discs": len(kept),
        "patients": len(groups),
        "positive": int(np.sum(target)) if target.dtype == bool else None,
        "value": statistic(score, target) if len(kept) > 1 else None,
        "ci95": np.percentile(known, [2.5, 97.5]).tolist() if known else None,
    }


def rows(result: dict[str, Any]) -> Iterator[str]:
    """A Markdown table."""
    yield "| Question | Discs of | n | Value |"
    yield "| --- | --- | ---: | ---: |"
    for question, parts in result.items():
        for part, found in parts.items():
            if found["ci95"] is None:
                continue
            many = found["discs"]
            n = f"{many}" if found["positive"] is None else f"{many} ({found['positive']})"
            low, high = found["ci95"]
            yield f"| {question} | {part} | {n} | {found['value']:.2f} [{low:.2f}, {high:.2f}] |"


def disagreements(found: list[Disc], pictures: dict[str, Image.Image]) -> list[Image.Image]:
    """Slices of the discs whose index and grade are furthest apart in rank."""
    kept = [d for d in found if "degeneration_index" in d.measures]
    index = stats.rankdata([d.measures["degeneration_index"] for d in kept])
    grade = stats.rankdata([d.pfirrmann for d in kept])
    order = np.argsort(-np.abs(index - grade))
    shown: set[str] = set()
    tiles: list[Image.Image] = []
    for i in order:
        disc = kept[i]
        if disc.patient not in shown and len(tiles) < 8:
            shown.add(disc.patient)
            value = disc.measures["degeneration_index"]
            title = f"{disc.patient} {disc.level}: grade {disc.pfirrmann}, index {value:.1f}"
            tiles.append(titled(pictures[disc.patient], title))
    return tiles


def main() -> None:
    """Compares, prints and writes."""
    found, fate, pictures = discs(Path(sys.argv[1]))
    parts = {"all patients": found, "patients never trained on": [d for d in found if d.held_out]}
    parts |= {disc.name: [d for d in found if d.level == disc.name] for disc in DISCS}
    result = {q: {name: answer(part, q) for name, part in parts.items()} for q in QUESTIONS}
    about = {"revision": revision(), "weights": load_model().weights.version, **fate}
    write_text(
        ROOT / "build/tables/radiologists.json",
        json.dumps(about | {"results": result}, indent=2) + "\n",
    )
    write_text(ROOT / "build/tables/radiologists.md", "\n".join(rows(result)) + "\n")
    sheet(disagreements(found, pictures), ROOT / "docs/radiologists.jpg", columns=4)
    print(json.dumps(about), *rows(result), sep="\n")


if __name__ == "__main__":
    main()
