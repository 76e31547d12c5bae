"""Measures from predicted label maps against the same from a person's outlines.

    python scripts/compare_with_outlines.py data/train/spider-space --split test

Writes build/tables/outlines.json and .md; the table stands in docs/reports.md. Intervals draw
whole patients.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from make_model_card import ROOT, revision

from spinemsca._util.files import write_text
from spinemsca.measure.measurements import measure
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.segment.inference.pretrained import load_model

GOALS = {
    "disc_height_middle": "MAE 0.5 mm or 5 %, ICC 0.95",
    "disc_height_hurxthal": "MAE 0.5 mm or 5 %, ICC 0.95",
    "disc_height_dabbs": "MAE 0.5 mm or 5 %, ICC 0.95",
    "disc_height_index": "ICC 0.92",
    "disc_area": "MAE 4 %",
    "body_height_anterior": "MAE 3 %",
    "body_height_posterior": "MAE 3 %",
    "segmental_angle": "MAE 2°",
    "lordosis_l1_l5": "MAE 3°",
    "slip_share": "MAE 2.5 points",
}
DRAWS = 1000


def icc(one: np.ndarray, other: np.ndarray) -> float:
    """ICC(2,1), absolute agreement of two raters (Shrout and Fleiss, Psychol. Bull. 86, 1979)."""
    table = np.stack([one, other], axis=1)
    n, k = table.shape
    if n < 3:
        return float("nan")
    rows, columns, mean = table.mean(1), table.mean(0), table.mean()
    between = k * ((rows - mean) ** 2).sum() / (n - 1)
    raters = n * ((columns - mean) ** 2).sum() / (k - 1)
    rest = ((table - rows[:, None] - columns + mean) ** 2).sum() / ((n - 1) * (k - 1))
    return float((between - rest) / (between + (k - 1) * rest + k * (raters - rest) / n))


def pairs(release: Release, split: Split) -> dict[str, list[tuple[str, float, float]]]:
    """By measure: patient, value from the person's outlines, value from the prediction."""
    model = load_model()
    found: dict[str, list[tuple[str, float, float]]] = {name: [] for name in GOALS}
    for entry in release.of(split):
        case = release.load(entry)
        spacing = None if case.spacing is None else (case.spacing.row, case.spacing.column)
        seg = model.predict(case.image, spacing)
        truth, ours = (
            {
                (r.definition.name, r.structure): r.value
                for r in measure(label, image=case.image, spacing=spacing).results
                if isinstance(r.value, float)
            }
            for label in (np.asarray(case.label), seg.label)
        )
        for key in truth.keys() & ours.keys():
            if key[0] in found:
                found[key[0]].append((case.patient, truth[key], ours[key]))
    return found


def describe(rows: list[tuple[str, float, float]]) -> dict[str, Any]:
    """Mean absolute error, the same in percent, bias, and ICC with an interval."""
    owner = np.unique([r[0] for r in rows], return_inverse=True)[1]
    truth, ours = (np.array([r[i] for r in rows]) for i in (1, 2))
    groups = [np.flatnonzero(owner == i) for i in range(owner.max() + 1)]
    random, drawn = np.random.default_rng(0), []
    for _ in range(DRAWS):
        taken = np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
        drawn.append((np.abs(ours - truth)[taken].mean(), icc(truth[taken], ours[taken])))
    (low, icc_low), (high, icc_high) = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    error = np.abs(ours - truth)
    return {
        "n": len(rows),
        "patients": len(groups),
        "mae": float(error.mean()),
        "mae_ci95": [float(low), float(high)],
        "median_error": float(np.median(error)),
        "mae_percent": float(100 * error.mean() / np.abs(truth).mean()),
        "bias": float((ours - truth).mean()),
        "icc": icc(truth, ours),
        "icc_ci95": [float(icc_low), float(icc_high)],
    }


def main() -> None:
    """Compares, prints and writes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("release", type=Path)
    parser.add_argument("--split", default="test")
    given = parser.parse_args()
    found = pairs(Release.open(given.release), Split.parse(given.split))
    results = {name: describe(rows) for name, rows in found.items() if len(rows) > 2}
    lines = [
        "| Measure | n | Mean absolute error | Median | % | Bias | ICC(2,1) | Goal |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, r in results.items():
        low, high = r["mae_ci95"]
        lines.append(
            f"| {name} | {r['n']} | {r['mae']:.2f} [{low:.2f}, {high:.2f}] | "
            f"{r['median_error']:.2f} | {r['mae_percent']:.1f} | {r['bias']:+.2f} | "
            f"{r['icc']:.2f} [{r['icc_ci95'][0]:.2f}, {r['icc_ci95'][1]:.2f}] | {GOALS[name]} |"
        )
    about = {"revision": revision(), "split": given.split, "results": results}
    write_text(ROOT / "build/tables/outlines.json", json.dumps(about, indent=2) + "\n")
    write_text(ROOT / "build/tables/outlines.md", "\n".join(lines) + "\n")
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
