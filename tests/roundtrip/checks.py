"""Comparing what verbs wrote and said with what is known."""

from __future__ import annotations

from functools import cache
from typing import Any

import nibabel
import numpy as np
import pytest
import surface_distance
from PIL import Image

from spinemsca.anatomy import by_name
from spinemsca.measure.signal_intensity import SIGNAL_MEASURES
from tests.roundtrip.layouts import to_ras
from tests.roundtrip.patients import Numbers, patient, renamed
from tests.roundtrip.running import Run

_SIGNAL = frozenset(d.name for d in SIGNAL_MEASURES)
SCORED = ("L3", "D4", "S1")
"""Structures whose scores are compared: one with a row less, one larger, one alike."""


def check_numbers(found: Numbers, expected: Numbers) -> None:
    """Whether all measures of outlines are alike."""
    wrong = []
    for key, value in expected.items():
        if key[1] in _SIGNAL:
            continue
        other = found.get(key)
        # A tilt is told in the patient's sagittal plane, which oblique slices are off by 0.03°.
        close = (
            isinstance(value, float | int)
            and other is not None
            and other == pytest.approx(value, rel=1e-4, abs=0.05 if "sacral" in key[1] else 2e-3)
        )
        if not (close or other == value):
            wrong.append(f"{key[0]} {key[1]}: {other}, not {value}")
    assert not wrong, "; ".join(wrong[:6])
    assert isinstance(expected["spine", "lordosis_l1_s1"], float) or any(
        isinstance(v, float) for v in expected.values()
    )


def check_cases(found: dict[str, Numbers], expected: dict[str, Numbers]) -> None:
    """Whether the same cases are there, each with its patient's numbers."""
    assert sorted(found) == sorted(expected)
    for name, values in expected.items():
        check_numbers(found[name], values)


def check_files(run: Run, names: dict[str, str], change: dict[str, str] | None = None) -> None:
    """Whether each label file holds the right values at the right places, on its image's grid."""
    for name, who in names.items():
        label = renamed(run.lie.of(who).labels, change or {})
        _check_file(run, name, np.where(label < 12, label, 0).astype(np.uint8))
        assert (run.out / f"{name}.json").is_file()
        others = [run.out / f"{name}_other{s}" for s in (".png", ".nii.gz")]
        assert any(p.is_file() for p in others) == bool((label > 11).any())


def _check_file(run: Run, name: str, label: np.ndarray) -> None:
    lie = run.lie
    if not lie.is_volume:
        with Image.open(run.out / f"{name}_label.png") as picture:
            values = np.asarray(picture)
        np.testing.assert_array_equal(values, lie.array(label))
        return
    image = nibabel.Nifti1Image.from_filename(run.out / f"{name}_label.nii.gz")
    held = label[lie.slices.start : lie.slices.stop]
    canonical = nibabel.as_closest_canonical(image)
    np.testing.assert_array_equal(np.asarray(canonical.dataobj), to_ras(held))
    scale = {"metres": 1e-3, "microns": 1e3}.get(lie.spacing, 1.0)
    world = lie.world("RAS")[:3] * scale
    np.testing.assert_allclose(canonical.affine[:3], world, atol=2e-4 * scale)


def mean_dice(result: dict[str, Any]) -> float:
    found = result["metrics"]["dice"] if "metrics" in result else result["dice"]
    return float(found["mean"] if isinstance(found, dict) else found)


def all_structures() -> list[str]:
    return ["L1", "L2", "L3", "L4", "L5", "S1", "D1", "D2", "D3", "D4", "D5"]


def check_scores(run: Run, found: dict[str, Any], patients: list[str]) -> None:
    assert found["cases"] == len(patients)
    assert not found["without_truth"]
    assert not found["without_prediction"]
    in_mm = run.lie.known
    assert found["unit"] == ("mm" if in_mm else "px")
    for structure in SCORED:
        row = found["structures"][structure]
        overlap = np.mean([dice(run, who, structure) for who in patients])
        assert row["dice"]["mean"] == pytest.approx(overlap, abs=1e-6)
        hd95 = np.mean([_hd95(who, run.lie.grid, in_mm, run.lie.slices, structure)
                        for who in patients])  # fmt: skip
        assert row["hd95"]["mean"] == pytest.approx(hd95, abs=1e-4)


def _masks(who: str, grid: str, slices: range, structure: str) -> tuple[np.ndarray, np.ndarray]:
    one, value = patient(who, grid), by_name(structure).value
    held = slice(slices.start, slices.stop)
    return one.labels[held] == value, one.truth[held] == value


def dice(run: Run, who: str, structure: str) -> float:
    given, truth = _masks(who, run.lie.grid, run.lie.slices, structure)
    return float(2 * (given & truth).sum() / (given.sum() + truth.sum()))


@cache
def _hd95(who: str, grid: str, in_mm: bool, slices: range, structure: str) -> float:
    given, truth = _masks(who, grid, slices, structure)
    steps: tuple[float, ...] = (4.0, *patient(who, grid).spacing) if in_mm else (1.0, 1.0, 1.0)
    if len(slices) == 1:
        given, truth, steps = given[0], truth[0], steps[1:]
    found = surface_distance.compute_surface_distances(truth, given, steps)
    return float(surface_distance.compute_robust_hausdorff(found, 95))
