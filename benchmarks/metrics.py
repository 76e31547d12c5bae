"""All metrics of a case against medpy, MONAI and surface-distance: `python benchmarks/metrics.py`.

The same masks, one thread, one run. Peers compute Dice, HD95 and mean surface distance of each
structure (surface-distance NSD, too), this package everything that `evaluate` reports. Real SPACE
masks where `../shared/data` is there, else phantoms; predictions are the truth moved, grown and
made ragged. A volume of 20 slices of a phantom with all eleven structures is scored in 3-D, by
this package and by surface-distance. With `--memory` it shows that the memory of a run does not
grow with its cases.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import surface_distance as deepmind  # type: ignore[import-untyped]
import torch
from medpy.metric import binary  # type: ignore[import-untyped]
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.surface_distance import compute_average_surface_distance
from PIL import Image
from scipy import ndimage

from spinemsca.anatomy import STRUCTURES
from spinemsca.curate.spider import levels_from_tissue
from spinemsca.errors import CaseError
from spinemsca.io import Grid, Orientation, write_nifti
from spinemsca.io.image_file import write_label_picture
from spinemsca.phantom import phantom
from spinemsca.predictions.pairing import Pair
from spinemsca.score.case_score import score_case
from spinemsca.score.evaluate import score_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    Masks = tuple[np.ndarray, np.ndarray]

REAL = Path(__file__).resolve().parents[2] / "shared/data/spider/space/masks"
GOALS = {"medpy": 100, "MONAI": 25, "surface-distance": 2}
SPACING = (4.0, 0.6, 0.6)
SLICES = 20
GOAL_VOLUME_MS = 1500


def cases(number: int) -> list[Masks]:
    """Predictions and truths of 512×512 pixels."""
    truths = []
    for path in sorted(REAL.glob("*.png"))[:: max(1, 174 // (2 * number))]:
        try:
            truths.append(levels_from_tissue(np.asarray(Image.open(path)), path.stem))
        except CaseError:
            continue
    truths = [t for t in truths if t.shape == (512, 512)] or [
        np.asarray(phantom(0, i, size=512).label) for i in range(number)
    ]
    changes: list[Callable[[np.ndarray], np.ndarray]] = [
        lambda t: np.roll(t, (1, 2), (0, 1)),
        lambda t: ndimage.grey_dilation(t, (3, 3)),
        lambda t: ndimage.median_filter(t, (7, 3)),
    ]
    return [(changes[i % 3](t), t) for i, t in enumerate(truths[:number])]


def volume() -> Masks:
    """A prediction and a truth of 20×512×512 voxels: bodies that shrink to both sides, moved."""
    middle = np.asarray(phantom(0, 0, size=512).label)
    truth = np.stack(
        [
            ndimage.grey_erosion(middle, (1 + 2 * int(away // 2),) * 2)
            for away in np.abs(np.arange(SLICES) - (SLICES - 1) / 2)
        ]
    )
    prediction = np.roll(truth, (1, 2), (1, 2))
    prediction[3] = ndimage.grey_dilation(truth[3], (5, 5))
    return prediction, truth


def structures(masks: Masks) -> list[Masks]:
    """Masks of the structures that both show."""
    pairs = [(masks[0] == s.value, masks[1] == s.value) for s in STRUCTURES]
    return [(a, b) for a, b in pairs if a.any() and b.any()]


def ours(masks: Masks) -> None:
    """Everything that `evaluate` reports."""
    score_case(*masks)


def ours_3d(masks: Masks) -> None:
    """Everything that `evaluate` reports of a volume."""
    score_case(*masks, spacing=SPACING)


def medpy(masks: Masks) -> None:
    """Dice, HD95 and mean surface distance of each structure."""
    for a, b in structures(masks):
        binary.dc(a, b), binary.hd95(a, b), binary.assd(a, b)


def monai(masks: Masks) -> None:
    """The same of all structures at once."""
    one, other = (
        torch.from_numpy(np.stack([m == s.value for s in STRUCTURES]))[None] for m in masks
    )
    (2 * (one & other).sum((2, 3)) / (one.sum((2, 3)) + other.sum((2, 3)))).numpy()
    compute_hausdorff_distance(one, other, include_background=True, percentile=95)
    compute_average_surface_distance(one, other, include_background=True, symmetric=True)


def surface_3d(masks: Masks) -> None:
    """The same and NSD of each structure of a volume."""
    surface(masks, SPACING)


def surface(masks: Masks, spacing: tuple[float, ...] = (1.0, 1.0)) -> None:
    """The same and NSD of each structure."""
    for a, b in structures(masks):
        found = deepmind.compute_surface_distances(b, a, spacing)
        deepmind.compute_robust_hausdorff(found, 95)
        deepmind.compute_average_surface_distance(found)
        deepmind.compute_surface_dice_at_tolerance(found, 1)
        deepmind.compute_surface_dice_at_tolerance(found, 2)
        deepmind.compute_dice_coefficient(a, b)


def milliseconds(function: Callable[[Masks], None], all_masks: list[Masks], rounds: int) -> float:
    """Processor time a case, the fastest of some rounds."""
    function(all_masks[0])
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for masks in all_masks:
            function(masks)
        best = min(best, time.process_time() - start)
    return 1000 * best / len(all_masks)


def speed() -> None:
    """One line a package: milliseconds a case and how many times ours is faster."""
    torch.set_num_threads(1)
    all_masks = cases(12)
    print(f"{len(all_masks)} cases, {'real' if REAL.exists() else 'phantom'} masks, 512x512")
    own = milliseconds(ours, all_masks, 9)
    print(f"{'spinemsca':18s} {own:8.2f} ms   goal 6 ms")
    for name, peer in (("medpy", medpy), ("MONAI", monai), ("surface-distance", surface)):
        # Slow peers vary little; the fast one gets as many rounds as ours.
        theirs = milliseconds(peer, all_masks, 9 if peer is surface else 1)
        print(f"{name:18s} {theirs:8.2f} ms   {theirs / own:6.1f}x   goal {GOALS[name]}x")


def speed_of_volumes() -> None:
    """The same of one volume of eleven structures, in 3-D."""
    masks = [volume()]
    print(f"a volume of {SLICES}x512x512, {len(structures(masks[0]))} structures")
    own, theirs = (milliseconds(f, masks, 5) for f in (ours_3d, surface_3d))
    print(f"{'spinemsca':18s} {own:8.2f} ms   goal {GOAL_VOLUME_MS} ms")
    print(f"{'surface-distance':18s} {theirs:8.2f} ms   {theirs / own:6.1f}x")


def memory() -> None:
    """Peak memory of runs of more and more slices, then volumes."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.png" for name in ("given", "wanted")]
        for file, label in zip(files, cases(1)[0], strict=True):
            write_label_picture(file, label)
        _grow(files, (500, 2_000, 10_000))
        files = [Path(folder) / f"{name}.nii.gz" for name in ("given", "wanted")]
        affine = np.array([[-4.0, 0, 0, 0], [0, 0, -0.6, 0], [0, -0.6, 0, 0], [0, 0, 0, 1]])
        for file, label in zip(files, volume(), strict=True):
            write_nifti(file, label, Grid(label.shape, Orientation.of(affine), affine))
        _grow(files, (8, 24, 72))


def _grow(files: list[Path], numbers: tuple[int, ...]) -> None:
    """Scores two files again and again, in longer and longer runs."""
    given, wanted = files
    for number in numbers:
        pairs = [Pair(str(i), given, wanted, frozenset(STRUCTURES)) for i in range(number)]
        start = time.perf_counter()
        scores = list(score_pairs(pairs, workers=os.cpu_count() or 1))
        rate = len(scores) / (time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"{number:6d} {'volumes' if files[0].name.endswith('.gz') else 'slices'}: "
            f"{rate:6.1f} a second, {peak:.0f} MiB, a worker {worker:.0f} MiB"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    speed()
    speed_of_volumes()
    if "--memory" in sys.argv:
        memory()
