"""Training examples out of releases: loaded once, drawn and augmented as training asks.

What a batch holds depends on the seed and the number of its step alone, so a run that was
stopped goes on with the very batches it would have had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from spinemsca.anatomy import BACKGROUND
from spinemsca.errors import ReleaseError
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.training.augmentations import Augmentation, apply, draw
from spinemsca.segment.training.partial_labels import candidate_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spinemsca.case import Case, Image
    from spinemsca.release import Release, Split
    from spinemsca.segment.training.partial_labels import CandidateMap

__all__ = ["Batch", "Example", "Sampler", "example", "load_examples", "plain_batch"]

# Chosen: no stage of the recipe sees more than 384 pixels, and zooming in leaves some to spare.
_LONGEST: Final = 640
# In vertebral heights; chosen, not measured.
_REACH: Final = 1.3
# Chosen, not measured: one batch of so many shows whole squares, what lies aside included.
_WHOLE_EVERY: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A case as training holds it in memory.

    Attributes:
        name: Of the case.
        patient: Whose slices are drawn together.
        group: Release or source; groups are drawn by weight.
        image: `(H, W)` float32 in [0, 1], windowed, at most 640 pixels a side.
        candidates: `(H, W)` uint16, see `candidate_sets`.
    """

    name: str
    patient: str
    group: str
    image: Image
    candidates: CandidateMap


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The slices and candidate sets that one training step sees.

    Attributes:
        images: `(B, 1, S, C)` float32 in [0, 1].
        candidates: `(B, S, C)` int32.
        names: Of the cases.
        augmentations: Of the cases; enough to make the batch again.
    """

    images: Tensor
    candidates: Tensor
    names: tuple[str, ...]
    augmentations: tuple[Augmentation, ...]


def example(case: Case, group: str = "") -> Example:
    """Makes a case ready to train on: windowed, not too large, its labels as candidate sets.

    Structures that the case does not annotate are looked for no further than 1.3 vertebral
    heights from their annotated neighbours.

    Raises:
        ReleaseError: If the case has no label map.
    """
    if case.label is None:
        raise ReleaseError("case has no label map", where=case.name)
    image, label = window(case.image), np.asarray(case.label)
    if max(case.shape) > _LONGEST:
        zoom = _LONGEST / max(case.shape)
        image = np.clip(ndimage.zoom(image, zoom, order=1), 0, 1)
        label = ndimage.zoom(label, zoom, order=0)
    sets = candidate_sets(label, case.annotated, reach=_REACH * _typical_size(label))
    return Example(case.name, case.patient, group, image, sets)


def _typical_size(label: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Square root of the largest structure's area in pixels: about a vertebra's height."""
    return float(np.sqrt(np.bincount(label.ravel())[BACKGROUND + 1 :].max(initial=0)))


def load_examples(release: Release, split: Split, group: str = "") -> list[Example]:
    """Loads all cases of one split of a release as training examples.

    Raises:
        ReleaseError: If the split is empty, or a case has no label map.
    """
    entries = release.of(split)
    if not entries:
        raise ReleaseError(f"has no {split} cases", where=release.root)
    return [example(release.load(e), group or release.root.name) for e in entries]


class Sampler:
    """Draws augmented batches: a group by weight, a patient in it, a slice of the patient.

    Args:
        examples: To draw from.
        size: Side of the square that the network sees, in pixels.
        batch: Examples a batch.
        columns: Of the square that most batches show, around the structures; `None` for all.
        seed: Same seed and step, same batch.
        strength: Of the augmentation, 0 to 1.
        weights: Of groups; those not named weigh 1.

    Raises:
        ReleaseError: If there are no examples.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        size: int,
        batch: int,
        seed: int = 0,
        strength: float = 1.0,
        weights: dict[str, float] | None = None,
        columns: int | None = None,
    ) -> None:
        if not examples:
            raise ReleaseError("there are no training cases")
        self.size, self.batch, self.seed, self.strength = size, batch, seed, strength
        self.columns = min(columns or size, size)
        self._tree: dict[str, dict[str, list[Example]]] = {}
        for item in examples:
            self._tree.setdefault(item.group, {}).setdefault(item.patient, []).append(item)
        shares = np.array([(weights or {}).get(group, 1.0) for group in self._tree])
        self._shares = shares / shares.sum()

    def __call__(self, step: int, part: int = 0, parts: int = 1) -> Batch:
        """The batch of a step, or every `parts`-th example of it from `part` on."""
        rng = np.random.default_rng((self.seed, step))
        drawn = [(self._draw(rng), draw(rng, self.strength)) for _ in range(self.batch)]
        whole = step % _WHOLE_EVERY == 0
        return _batch(drawn[part::parts], self.size, self.size if whole else self.columns)

    def _draw(self, rng: np.random.Generator) -> Example:
        groups = list(self._tree)
        patients = list(self._tree[groups[rng.choice(len(groups), p=self._shares)]].values())
        slices = patients[rng.integers(len(patients))]
        return slices[rng.integers(len(slices))]


def plain_batch(examples: Iterable[Example], size: int) -> Batch:
    """A batch of examples as they are, scaled to `size`; for validation."""
    return _batch([(e, Augmentation()) for e in examples], size, size)


def _batch(drawn: list[tuple[Example, Augmentation]], size: int, columns: int) -> Batch:
    pairs = [_narrowed(apply(a, e.image, e.candidates, size), columns) for e, a in drawn]
    return Batch(
        torch.from_numpy(np.stack([image for image, _ in pairs])[:, None]),
        torch.from_numpy(np.stack([sets for _, sets in pairs]).astype(np.int32)),
        tuple(e.name for e, _ in drawn),
        tuple(a for _, a in drawn),
    )


def _narrowed(pair: tuple[Image, CandidateMap], columns: int) -> tuple[Image, CandidateMap]:
    """The columns around the middle of what a case certainly shows."""
    image, sets = pair
    size = sets.shape[1]
    shown = np.flatnonzero(((sets & 1 << BACKGROUND) == 0).any(0))
    middle = shown.mean() if len(shown) else size / 2
    start = int(min(max(0, middle - columns / 2), size - columns))
    return image[:, start : start + columns], sets[:, start : start + columns]
