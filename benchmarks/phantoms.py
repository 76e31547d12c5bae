"""Measures of synthetic cases from true and from predicted outlines, against their true geometry.

python benchmarks/phantoms.py [CASES]

The cases are of a series that no weights were trained on. Lengths in mm, angles in degrees.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemsca.measure.measurements import measure
from spinemsca.phantom.rendering import phantom
from spinemsca.segment.inference.pretrained import load_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Case

SERIES = 77_003
GOALS = {"height": 0.3, "angle": 1.0, "slip": 0.4}
VERTEBRAE = ("L1", "L2", "L3", "L4", "L5", "S1")
CORNERS = ("superior_anterior", "superior_posterior", "inferior_posterior", "inferior_anterior")


def main(count: int) -> None:
    """Prints mean absolute errors from both outlines, and their ratio."""
    model = load_model()
    errors: dict[str, dict[str, list[float]]] = {"true": {}, "predicted": {}}
    for index in range(count):
        case = phantom(SERIES, index)
        found = model.predict(np.asarray(case.image), turn=False).label
        true = geometry(case)
        for outlines, judged in (("true", case), ("predicted", replace(case, label=found))):
            measured = measure(judged)
            for (kind, name, row), value in true.items():
                result = measured.get(name, row)
                if isinstance(result.value, float):
                    errors[outlines].setdefault(kind, []).append(abs(result.value - value))
    for kind, goal in GOALS.items():
        true_error, error = (float(np.mean(errors[o][kind])) for o in ("true", "predicted"))
        given = len(errors["predicted"][kind]) / len(errors["true"][kind])
        print(
            f"{kind:7s} true outlines {true_error:.2f} (goal {goal}), predicted {error:.2f}: "
            f"{error / true_error:.1f}× (goal 2×), {given:.0%} given"
        )


def geometry(case: Case) -> dict[tuple[str, str, str], float]:
    """True heights, angles and slips by kind, measure and row."""
    marks: Any = case.provenance["truth"]["landmarks"]
    corners = {n: np.array([marks[n][k] for k in CORNERS]) * case.spacing for n in VERTEBRAE}
    true: dict[tuple[str, str, str], float] = {}
    for name in VERTEBRAE[:-1]:
        front, back = corners[name][3] - corners[name][0], corners[name][2] - corners[name][1]
        true["height", "body_height_anterior", name] = float(np.hypot(*front))
        true["height", "body_height_posterior", name] = float(np.hypot(*back))
    for row, (upper, lower) in enumerate(pairwise(VERTEBRAE), start=1):
        above, below = corners[upper], corners[lower]
        forwards = (below[0] - below[1]) / np.hypot(*(below[0] - below[1]))
        wedge = fall(above[3], above[2]) - fall(below[0], below[1])
        true["angle", "disc_wedge_angle", f"D{row}"] = wedge
        true["slip", "slip", f"D{row}"] = float((above[2] - below[1]) @ forwards)
    return true


def fall(start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """Degrees by which a line falls."""
    return float(np.degrees(np.arctan2(*(end - start))))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
