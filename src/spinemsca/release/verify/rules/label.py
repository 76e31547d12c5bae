"""Rules about the label map: which structures, in what order, of what shape and size."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from spinemsca.anatomy import COLUMN, DISCS, VERTEBRAE, Kind, Structure, by_name
from spinemsca.release.verify.components import ComponentShape, gap
from spinemsca.release.verify.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from spinemsca.case import Case
    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_label"]

NO_LABEL: Final = Rule(
    "no-label",
    Severity.ERROR,
    "Every case has a label map, and it is not empty",
    "Add label.pt, or leave the case out",
)
MISSING: Final = Rule(
    "missing-structure",
    Severity.ERROR,
    "A label map holds every structure that cases.csv lists as annotated (without it, all)",
    "Annotate the structure, or leave it out of the column structures in cases.csv",
)
UNLISTED: Final = Rule(
    "unlisted-structure",
    Severity.ERROR,
    "A label map holds no structure that cases.csv does not list as annotated",
    "List the structure in cases.csv, or remove it from the label map",
)
ORDER: Final = Rule(
    "wrong-order",
    Severity.ERROR,
    "From top to bottom follow " + ", ".join(s.name for s in COLUMN),
    "Correct the levels, or turn image and label map the right way up",
)
APART: Final = Rule(
    "not-adjacent",
    Severity.ERROR,
    "Between neighbours lies less than half a vertebra",
    "Check the levels on either side of the gap",
)
SPLIT: Final = Rule(
    "split-structure",
    Severity.ERROR,
    "No structure falls into pieces of which the second has a fifth of its area or more",
    "Check whether two structures share a value, or one was painted in two places",
)
SPECKS: Final = Rule(
    "specks",
    Severity.WARNING,
    "Every structure is one piece",
    "Remove the small pieces",
)
HOLES: Final = Rule(
    "holes",
    Severity.WARNING,
    "Holes make up less than 1 % of a structure",
    "Fill the holes",
)
BORDER: Final = Rule(
    "at-border",
    Severity.WARNING,
    "No structure touches the image's edge",
    "Choose a larger field of view; areas and heights of what is cut off are wrong",
)
AREA: Final = Rule(
    "implausible-area",
    Severity.ERROR,
    "A vertebra covers 0.15 to 6 % of the image, a disc 0.03 to 3 %",
    "Check the label map and the field of view",
)
UNEVEN: Final = Rule(
    "uneven-area",
    Severity.WARNING,
    "A lumbar vertebra has 0.5 to 2 times the median area of its case's, S1 0.25 to 2.5 times, "
    "a disc 0.25 to 3 times the median disc's",
    "Check the label map; a fracture or a collapsed disc can be real",
)
RULES: Final = (
    NO_LABEL,
    MISSING,
    UNLISTED,
    ORDER,
    APART,
    SPLIT,
    SPECKS,
    HOLES,
    BORDER,
    AREA,
    UNEVEN,
)

# Shares of the image, and of the median area below, as the rules say; chosen, not measured.
_AREAS: Final = {Kind.VERTEBRA: (0.0015, 0.06), Kind.DISC: (0.0003, 0.03)}
_SACRUM: Final = by_name("S1")
_RATIOS: Final = {Kind.VERTEBRA: (0.5, 2.0), Kind.DISC: (0.25, 3.0)}
_SACRUM_RATIO: Final = (0.25, 2.5)


def check_label(
    entry: Entry, case: Case, found: Mapping[Structure, ComponentShape]
) -> Iterator[Finding]:
    """Judges a case's label map by its measured structures."""
    if case.label is None or not found:
        yield NO_LABEL.broken_by(
            entry, "no label map" if case.label is None else "label map is all background"
        )
        return
    yield from _check_presence(entry, case, found)
    column = [found[s] for s in COLUMN if s in found]
    yield from _check_order(entry, column)
    yield from _check_gaps(entry, found)
    for shape in column:
        yield from _check_shape(entry, shape)
        yield from _check_area(entry, shape, case.label.size)
    yield from _check_ratios(entry, found)


def _check_presence(
    entry: Entry, case: Case, found: Mapping[Structure, ComponentShape]
) -> Iterator[Finding]:
    if missing := case.annotated - found.keys():
        yield MISSING.broken_by(entry, f"{_names(missing)} missing")
    if unlisted := found.keys() - case.annotated:
        yield UNLISTED.broken_by(entry, f"{_names(unlisted)} present but not listed as annotated")


def _names(structures: Iterable[Structure]) -> str:
    wanted = set(structures)
    return ", ".join(s.name for s in COLUMN if s in wanted)


def _check_order(entry: Entry, column: list[ComponentShape]) -> Iterator[Finding]:
    wrong = [(a, b) for a, b in pairwise(column) if a.centroid[0] >= b.centroid[0]]
    if not wrong:
        return
    if len(wrong) == len(column) - 1:
        yield ORDER.broken_by(entry, "structures run from bottom to top: upside down?")
        return
    pairs = ", ".join(f"{b.structure} above {a.structure}" for a, b in wrong)
    yield ORDER.broken_by(entry, pairs)


def _check_gaps(entry: Entry, found: Mapping[Structure, ComponentShape]) -> Iterator[Finding]:
    areas = [found[s].area for s in VERTEBRAE if s in found]
    if not areas:
        return
    limit = 0.5 * median(areas) ** 0.5
    for a, b in pairwise(COLUMN):
        if a in found and b in found and (between := gap(found[a], found[b])) > limit:
            yield APART.broken_by(entry, f"{between:.0f} px between {a} and {b}")


def _check_shape(entry: Entry, shape: ComponentShape) -> Iterator[Finding]:
    name = shape.structure.name
    if len(shape.pieces) > 1:
        rule = SPLIT if shape.pieces[1] >= 0.2 * shape.area else SPECKS
        sizes = " + ".join(str(n) for n in shape.pieces[:4])
        yield rule.broken_by(entry, f"{name} is in {len(shape.pieces)} pieces of {sizes} px")
    if shape.holes >= 0.01 * shape.area:
        yield HOLES.broken_by(entry, f"{name} has holes of {shape.holes} px")
    if shape.at_border:
        yield BORDER.broken_by(entry, f"{name} touches the edge")


def _check_area(entry: Entry, shape: ComponentShape, pixels: int) -> Iterator[Finding]:
    low, high = _AREAS[shape.structure.kind]
    if not low <= shape.area / pixels <= high:
        yield AREA.broken_by(
            entry, f"{shape.structure} has {shape.area} px, {shape.area / pixels:.2%} of the image"
        )


def _check_ratios(entry: Entry, found: Mapping[Structure, ComponentShape]) -> Iterator[Finding]:
    for group in (VERTEBRAE, DISCS):
        areas = [found[s].area for s in group if s in found and s is not _SACRUM]
        for structure in group:
            if structure not in found or len(areas) < 3:
                continue
            ratio = found[structure].area / median(areas)
            low, high = _SACRUM_RATIO if structure is _SACRUM else _RATIOS[structure.kind]
            if not low <= ratio <= high:
                yield UNEVEN.broken_by(
                    entry, f"{structure} has {ratio:.2f} times the case's median area"
                )
