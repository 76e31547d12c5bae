"""Measures against spines of known geometry: `python benchmarks/measure.py`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.measure.spines import corners, draw, transform, truth

from spinemsca.measure.measurements import measure

GROUPS: dict[str, str | tuple[str, ...]] = {
    "heights of bodies": "body_height",
    "heights of discs, endplates": ("disc_height_dabbs", "disc_height_hurxthal", "disc_space"),
    "heights of discs, outline": ("disc_height_a", "disc_height_m", "disc_height_p"),
    "angles": ("segmental", "disc_wedge", "body_wedge", "lordosis", "sacral"),
    "slip": "slip",
}


def main() -> None:
    """Prints mean absolute error, bias and calibration by spacing and raggedness."""
    print("spacing ragged rounded  " + "  ".join(GROUPS))
    for spacing in (0.3, 0.6, 1.2):
        for ragged, rounded in ((0.0, 0.0), (0.5, 0.0), (0.5, 2.0), (0.8, 0.0)):
            line(spacing, ragged, rounded)
    speed()


def line(spacing: float, ragged: float, rounded: float) -> None:
    """One row: mean absolute error / bias / ratio of actual to stated error, by group."""
    gaps: dict[str, list[float]] = {name: [] for name in GROUPS}
    scores: dict[str, list[float]] = {name: [] for name in GROUPS}
    for seed in range(8):
        found = transform(corners(slip=seed, seed=seed), turn=(-30, -15, 0, 15, 30)[seed % 5])
        drawn = draw(found, (spacing, spacing), ragged, rounded, seed)
        results = measure(drawn.label, spacing=drawn.spacing)
        for (name, row), value in truth(drawn.corners).items():
            result = results.get(name, row)
            assert isinstance(result.value, float)
            assert result.error is not None
            group = next(k for k, start in GROUPS.items() if name.startswith(start))
            gaps[group].append(result.value - value)
            scores[group].append((result.value - value) / max(result.error, 1e-9))
    cells = [
        f"{np.abs(gaps[g]).mean():.3f}/{np.mean(gaps[g]):+.2f}/{np.std(scores[g]):.1f}"
        for g in GROUPS
    ]
    print(f"{spacing:7.1f} {ragged:6.1f} {rounded:7.1f}  " + "  ".join(cells), flush=True)


def speed() -> None:
    """Milliseconds for all measures of one case, image and all."""
    drawn = draw(corners(), (0.6, 0.6), 0.7)
    image = np.random.default_rng(0).random(drawn.label.shape, dtype=np.float32)
    times = []
    for _ in range(30):
        start = time.perf_counter()
        measure(drawn.label, image=image, spacing=drawn.spacing)
        times.append(1000 * (time.perf_counter() - start))
    print(f"median {np.median(times):.1f} ms, fastest {min(times):.1f} ms, {drawn.label.shape}")


if __name__ == "__main__":
    main()
