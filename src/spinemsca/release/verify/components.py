"""The size, place and pieces of each structure in a label map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import KDTree

from spinemsca._util import numbered_components
from spinemsca.anatomy import Structure, by_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["ComponentShape", "gap", "shapes"]

_TOUCHING: Final = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True, eq=False)
class ComponentShape:
    """One structure of one label map; lengths in px, areas in px².

    Attributes:
        structure: Which.
        area: Pixels.
        centroid: Row and column.
        pieces: Areas of its pieces (touching at edges or corners), largest first.
        holes: Pixels that it encloses without holding them.
        at_border: Whether it touches the image's edge.
        outline: `(n, 2)` rows and columns of its outermost pixels.
    """

    structure: Structure
    area: int
    centroid: tuple[float, float]
    pieces: tuple[int, ...]
    holes: int
    at_border: bool
    outline: NDArray[np.intp]


def shapes(label: LabelMap) -> dict[Structure, ComponentShape]:
    """Measures every structure present in `label`, `(H, W)` uint8, by its value's order."""
    boxes = enumerate(ndi.find_objects(label), start=1)
    return {by_value(v): _shape(by_value(v), label, box) for v, box in boxes if box is not None}


def gap(one: ComponentShape, other: ComponentShape) -> float:
    """Smallest distance between two structures' pixels, in px; 1 where they touch."""
    distances, _ = KDTree(other.outline).query(one.outline)
    return float(np.min(distances))


def _shape(structure: Structure, label: LabelMap, box: tuple[slice, ...]) -> ComponentShape:
    mask = label[box] == structure.value
    _, sizes = numbered_components(mask, _TOUCHING)
    rows, columns = np.nonzero(mask)
    top, left = box[0].start, box[1].start
    inner = ndi.binary_erosion(mask)
    return ComponentShape(
        structure=structure,
        area=rows.size,
        centroid=(top + float(rows.mean()), left + float(columns.mean())),
        pieces=tuple(sorted(sizes.tolist(), reverse=True)),
        holes=int(ndi.binary_fill_holes(mask).sum()) - rows.size,
        at_border=_at_border(box, label.shape),
        outline=np.argwhere(mask & ~inner) + np.array((top, left)),
    )


def _at_border(box: tuple[slice, ...], shape: tuple[Any, ...]) -> bool:
    return any(s.start == 0 or s.stop == n for s, n in zip(box, shape, strict=True))
