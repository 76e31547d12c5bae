"""Vertebrae and discs as objects: from a label map's pixels to bodies in order along the spine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from spinemsca._util import numbered_components
from spinemsca.anatomy import (
    BACKGROUND,
    COLUMN,
    DISCS,
    NUMBER_OF_CLASSES,
    STRUCTURES,
    VERTEBRAE,
    Kind,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import LabelMap

__all__ = ["Component", "find_components"]

# Size up to which touching fragments are merged, in typical bodies; chosen below two.
_WHOLE: Final = 1.4
# Size from which a piece counts as a body, in typical ones. Chosen, not measured.
_FRAGMENT: Final = 0.25
# Size from which a piece may be a collapsed disc between two vertebrae. Chosen, not measured.
_COLLAPSED: Final = 0.06
# How far bodies of one spine may lie apart, in sides of the largest one. Chosen, not measured.
_GAP: Final = 1.2
# Every so many pixels it is asked which bodies lie near each other; a gap is tens of pixels wide.
_COARSE: Final = 2
# From how many fragments on what hangs together is several bodies, no whole one. Chosen.
_FUSED: Final = 2.5
# Fragments of a kind that are looked at; noise has tens of thousands. Chosen, not measured.
_MOST: Final = 100
# Cosine to the vertical from which a spine runs down a picture and not across it, 60 degrees; the
# levels of a few bodies without a sacrum among them are too unsure to say which end is up.
_UPRIGHT: Final = 0.5
# How far apart two pieces of one disc may be, in distances from one vertebra to the next.
_REACH: Final = 0.5
# Size from which a piece of a disc is missed, as a share of the rest.
_MISSED: Final = 0.1
# The 3×3 pixels about each of a bridge's, so that it does not hang together by corners alone.
_AROUND: Final = np.array([(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1)])


@dataclass(frozen=True, eq=False)
class Component:
    """One connected vertebra or disc, whatever levels its pixels claim.

    Attributes:
        kind: Vertebra or disc.
        pixels: `(N, 2)` rows and columns.
        votes: `(12,)` share of its pixels with each label value.
        place: Along the spine in pixels, growing towards the feet.
        parted: Whether a piece of the same name was left out, since bone or a gap parts them.
    """

    kind: Kind
    pixels: NDArray[np.intp]
    votes: NDArray[np.float64]
    place: float
    parted: bool = False

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """Row and column of the component's centroid."""
        mean: NDArray[np.float64] = self.pixels.mean(axis=0)
        return mean


def find_components(label: LabelMap) -> list[Component]:
    """The bodies of one spine, from top to bottom.

    Touching fragments of one kind are one body if together they are no larger than one. Specks,
    what lies apart from the column and what lies beside it are left out. A disc that is no larger
    than a speck is a collapsed one where two vertebrae have no other between them, and pieces of a
    disc that its vertebrae all but pinch off are joined to it.

    Args:
        label: `(H, W)` uint8, 0 to 11.
    """
    shown = label > BACKGROUND
    rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return []
    # Most of a slice holds nothing; looking at the rest alone is several times quicker.
    box = label[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _ordered(box, np.array([rows[0], columns[0]]))


def _ordered(label: LabelMap, corner: NDArray[np.intp]) -> list[Component]:
    """The bodies of a label map without its empty margins, whose corner lies at `corner`."""
    pieces = [(kind, pixels, share) for kind in Kind for pixels, share in _of_kind(label, kind)]
    axis = _axis(label, np.concatenate([p for _, p, share in pieces if share >= _FRAGMENT]))
    found = [
        Component(kind, pixels, _votes(label, pixels), float(pixels.mean(axis=0) @ axis))
        for kind, pixels, _ in pieces
    ]
    whole = [b for b, (_, _, share) in zip(found, pieces, strict=True) if share >= _FRAGMENT]
    ordered = sorted(_one_column(whole, label.shape), key=lambda b: b.place)
    discs = [b for b in found if b.kind is Kind.DISC]
    ordered = _with_pieces(_without_doubles(ordered, axis), discs, label)
    return [replace(body, pixels=body.pixels + corner) for body in ordered]


def _votes(label: LabelMap, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    counts = np.bincount(label[tuple(pixels.T)], minlength=NUMBER_OF_CLASSES)
    return counts / len(pixels)


def _of_kind(label: LabelMap, kind: Kind) -> list[tuple[NDArray[np.intp], float]]:
    """Pixels of each body of a kind, fragments merged, and its size in typical ones."""
    ids = _fragments(label, kind)
    areas = np.bincount(ids.ravel()).astype(float)
    areas[0] = 0
    if len(areas) == 1:
        return []
    typical = _typical(ids, areas)
    merged = _merged(ids, areas, typical)[ids]
    sized = ((pixels, len(pixels) / typical) for pixels in _pixels(merged))
    return [(pixels, share) for pixels, share in sized if share >= _COLLAPSED]


def _pixels(ids: NDArray[np.int32]) -> list[NDArray[np.intp]]:
    """`(N, 2)` rows and columns of each number from 1 on that there is."""
    found = enumerate(ndimage.find_objects(ids), start=1)
    return [
        np.argwhere(ids[box] == number) + [side.start for side in box]
        for number, box in found
        if box is not None
    ]


def _fragments(label: LabelMap, kind: Kind) -> NDArray[np.int32]:
    """The largest connected components of each label value of a kind, numbered from 1."""
    ids, count = np.zeros(label.shape, np.int32), 0
    boxes = ndimage.find_objects(label, NUMBER_OF_CLASSES - 1)
    for structure in VERTEBRAE if kind is Kind.VERTEBRA else DISCS:
        box = boxes[structure.value - 1]
        if box is not None:
            parts, sizes = numbered_components(label[box] == structure.value)
            ids[box] += np.where(parts > 0, parts + count, 0)
            count += len(sizes)
    return _largest(ids)


def _largest(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """The hundred largest fragments; pictures of noise have thousands, which all meet all."""
    areas = np.bincount(ids.ravel())[1:]
    if len(areas) <= _MOST:
        return ids
    numbers = np.zeros(len(areas) + 1, np.int32)
    numbers[1 + np.sort(np.argsort(-areas, kind="stable")[:_MOST])] = np.arange(1, _MOST + 1)
    return numbers[ids]


def _typical(ids: NDArray[np.int32], areas: NDArray[np.float64]) -> float:
    """Pixels of a whole body: bodies of one kind hardly touch, but may be in fragments."""
    _, together = numbered_components(ids > 0)
    whole, fragment = (float(np.median(a[a >= 0.4 * a.max()])) for a in (together, areas))
    return whole if whole < _FUSED * fragment else fragment


def _merged(
    ids: NDArray[np.int32], areas: NDArray[np.float64], typical: float
) -> NDArray[np.int32]:
    """For each fragment the number of the body it belongs to; the smallest choose first."""
    borders = _borders(ids, len(areas))
    body = np.arange(len(areas), dtype=np.int32)
    for i in np.argsort(areas[1:], kind="stable") + 1:
        for j in np.argsort(-borders[i], kind="stable"):
            if not borders[i, j]:
                break
            target = body[j]
            if target != body[i] and areas[body[i]] + areas[target] <= _WHOLE * typical:
                areas[target] += areas[body[i]]
                body[body == body[i]] = target
                break
    return body


def _borders(ids: NDArray[np.int32], number: int) -> NDArray[np.int64]:
    """`(N, N)` pixel edges that two fragments share."""
    borders = np.zeros((number, number), np.int64)
    for one, other in ((ids[1:], ids[:-1]), (ids[:, 1:], ids[:, :-1])):
        touching = (one != other) & (one > 0) & (other > 0)
        np.add.at(borders, (one[touching], other[touching]), 1)
    return borders + borders.T


def _axis(label: LabelMap, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Unit vector along the spine towards the feet: down the picture, whose head is up.

    Where the spine lies across it, the pixels' levels say which end is which.
    """
    centred = pixels - pixels.mean(axis=0)
    vectors = np.linalg.svd(np.einsum("ni,nj->ij", centred, centred))[0]
    axis: NDArray[np.float64] = vectors[:, 0]
    if abs(axis[0]) > _UPRIGHT:
        return axis if axis[0] > 0 else -axis
    rank = np.zeros(NUMBER_OF_CLASSES)
    rank[[s.value for s in COLUMN]] = np.arange(len(STRUCTURES))
    levels = rank[label[tuple(pixels.T)]]
    slope = float((_along(centred, axis) * (levels - levels.mean())).sum())
    # One body alone has no order; then rows count downwards.
    return axis if (slope or axis[0]) > 0 else -axis


def _along(pixels: NDArray[Any], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places of pixels along an axis.

    Not as a matrix product: its library's threads would go on waiting for more, and take the
    processor from the network's threads for the next slice.
    """
    return np.asarray(pixels[:, 0] * axis[0] + pixels[:, 1] * axis[1])


def _one_column(bodies: list[Component], shape: tuple[int, ...]) -> list[Component]:
    """The group of bodies, none far from the next, that has most pixels."""
    size = np.sqrt(max(len(b.pixels) for b in bodies)) / _COARSE
    drawn = np.ones([-(-side // _COARSE) for side in shape], dtype=bool)
    for body in bodies:
        drawn[tuple(body.pixels.T // _COARSE)] = False
    near = ndimage.distance_transform_edt(drawn) <= _GAP * size / 2
    groups, _ = ndimage.label(near)
    number = [int(groups[tuple(b.pixels[0] // _COARSE)]) for b in bodies]
    weight = np.bincount(number, [len(b.pixels) for b in bodies])
    return [b for b, n in zip(bodies, number, strict=True) if n == weight.argmax()]


def _without_doubles(bodies: list[Component], axis: NDArray[np.float64]) -> list[Component]:
    """Leaves out the smaller of two bodies that lie beside each other."""
    kept: list[Component] = []
    for body in bodies:
        if kept and _beside(kept[-1], body, axis):
            kept[-1] = max(kept[-1], body, key=lambda b: len(b.pixels))
        else:
            kept.append(body)
    return kept


def _with_pieces(
    bodies: list[Component], discs: list[Component], label: LabelMap
) -> list[Component]:
    """Adds collapsed discs between vertebrae that have no other, and joins what is one disc."""
    found = list(bodies)
    for upper, lower in pairwise([b for b in bodies if b.kind is Kind.VERTEBRA]):
        own = [b for b in bodies if b.kind is Kind.DISC and upper.place < b.place < lower.place]
        near = [d for d in discs if d not in own and _between(d, upper, lower)]
        if not own and not near:
            continue
        disc, *pieces = (*_by_size(own), *_by_size(near))
        taken = [disc]
        for piece in pieces:
            reach = _REACH * math.dist(lower.centre, upper.centre)
            if piece.votes.argmax() != disc.votes.argmax():
                continue
            joined = _joined(disc, piece, label, reach)
            if joined is not None:
                disc, taken = joined, [*taken, piece]
            elif piece not in own and len(piece.pixels) > _MISSED * len(disc.pixels):
                disc = replace(disc, parted=True)
        found = [b for b in found if b not in taken] + [disc]
    return sorted(found, key=lambda b: b.place)


def _by_size(bodies: list[Component]) -> list[Component]:
    return sorted(bodies, key=lambda b: -len(b.pixels))


def _joined(disc: Component, piece: Component, label: LabelMap, reach: float) -> Component | None:
    """A disc with a piece of it and a bridge to that; none where it is far or bone is between."""
    gaps, nearest = map(np.asarray, cKDTree(disc.pixels).query(piece.pixels))
    start, end = piece.pixels[gaps.argmin()], disc.pixels[nearest[gaps.argmin()]]
    steps = 2 * int(np.abs(end - start).max()) + 1
    line = np.rint(np.linspace(start, end, steps)).astype(np.intp)
    if gaps.min() > reach or _bone(label, line).any():
        return None
    bridge = (line[:, None] + _AROUND).reshape(-1, 2).clip(0, np.array(label.shape) - 1)
    bridge = bridge[~_bone(label, bridge)]
    pixels = np.unique(np.concatenate((disc.pixels, piece.pixels, bridge)), axis=0)
    # Where bone leaves them no more than a corner to touch at, they are two.
    return replace(disc, pixels=pixels) if _in_one_piece(pixels) else None


def _in_one_piece(pixels: NDArray[np.intp]) -> bool:
    low, high = pixels.min(axis=0), pixels.max(axis=0) + 1
    mask = np.zeros(high - low, dtype=bool)
    mask[tuple((pixels - low).T)] = True
    return len(numbered_components(mask)[1]) == 1


def _bone(label: LabelMap, pixels: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.isin(label[tuple(pixels.T)], [v.value for v in VERTEBRAE])


def _between(body: Component, upper: Component, lower: Component) -> bool:
    """Whether a body's centre lies in the middle half of the way from one to the next."""
    way, reach = lower.centre - upper.centre, body.centre - upper.centre
    length = float(way @ way)
    along = float(reach @ way) / length
    aside = abs(float(way[0] * reach[1] - way[1] * reach[0])) / length
    return 0.25 <= along <= 0.75 and aside <= 0.5


def _beside(one: Component, other: Component, axis: NDArray[np.float64]) -> bool:
    """Whether two bodies share most of their extent along the spine."""
    if one.kind is not other.kind:
        return False
    (a, b), (c, d) = (np.quantile(_along(x.pixels, axis), (0.1, 0.9)) for x in (one, other))
    return float(min(b, d) - max(a, c)) > 0.5 * float(min(b - a, d - c))
