"""One source read: its image, and the label map of the same slice, in the house's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.anatomy import by_name
from spinemsca.curate.match import match
from spinemsca.curate.polygons import label_from_polygons, read_polygons
from spinemsca.curate.spider import levels_from_tissue
from spinemsca.errors import CaseError, FileFormatError
from spinemsca.io import Scan, kind_of, one_slice, read_label_volume, read_volume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap
    from spinemsca.curate.config import BuildConfig
    from spinemsca.curate.match import Matched
    from spinemsca.curate.sources import Source
    from spinemsca.io import Volume

__all__ = ["RECIPES", "UntellableError", "label_of", "read_source"]

RECIPES: Final[Mapping[str, Callable[[NDArray[Any], str], LabelMap]]] = {
    "spider-space": levels_from_tissue
}
"""Functions from another dataset's masks to label maps. They raise `CaseError` for a mask from
which levels cannot be told; the case is then left out and reported."""

# Start of image, ITU-T T.81, table B.1.
_JPEG: Final = b"\xff\xd8"


class UntellableError(CaseError):
    """A case whose levels cannot be told: it is left out, and the rest goes on."""


def read_source(source: Source, config: BuildConfig) -> tuple[Volume, Matched]:
    """The image, and one slice of it with its label map in the file's values.

    Raises:
        UntellableError: If a list of polygons does not tell the levels.
        SpineError: If a file is unusable, or the two are not on one grid.
    """
    image = read_volume(source.image)
    label = _drawn(source, config, image) if config.polygons else _label_volume(source.label)
    return image, match(image, label, source.image)


def label_of(mask: NDArray[Any], source: Source, config: BuildConfig) -> LabelMap:
    """A label map from a file's values, by `values` or the recipe; polygons are drawn already.

    Raises:
        UntellableError: If the recipe cannot tell the levels, or nothing is labelled.
        CaseError: If the mask holds a value that is not mapped.
    """
    if config.values:
        label = _mapped(mask, config.values, source.label)
    elif config.recipe:
        label = _told(RECIPES[config.recipe], mask, source)
    else:
        label = mask
    if not label.any():
        raise UntellableError("shows nothing in its label map", where=source.label)
    return label


def _label_volume(path: Path) -> Volume:
    with path.open("rb") as file:
        if file.read(2) == _JPEG:
            raise FileFormatError(
                "is a JPEG, which alters values", where=path, remedy="Save label maps as PNG"
            )
    return read_label_volume(path) if kind_of(path) == "torch" else read_volume(path)


def _drawn(source: Source, config: BuildConfig, image: Volume) -> Volume:
    """The label map of a list of polygons, on the rows and columns that the image's file has."""
    number, *shape = image.pixels.shape
    if number != 1:
        raise CaseError(
            f"holds {number} slices, and polygons do not say of which they are",
            where=source.image,
            remedy="Give the slice by itself",
        )
    rows, columns = image.grid.shape if image.grid.affine is None else shape
    structures = [by_name(name) for name in config.polygons]
    text = read_polygons(source.label)
    try:
        label = label_from_polygons(text, (rows, columns), structures, source.name)
    except CaseError as error:
        raise UntellableError(error.what, where=source.label, remedy=error.remedy) from None
    return one_slice(Scan(source.name, label))


def _told(
    recipe: Callable[[NDArray[Any], str], LabelMap], mask: NDArray[Any], source: Source
) -> LabelMap:
    try:
        return recipe(mask, source.name)
    except CaseError as error:
        raise UntellableError(error.what, where=source.label, remedy=error.remedy) from None


def _mapped(mask: NDArray[Any], values: Mapping[int, str], where: Path) -> LabelMap:
    """Label values for the file's; 0 is background, any other must be mapped."""
    present = np.unique(mask)
    if unmapped := [f"{v:g}" for v in present.tolist() if v != 0 and v not in values]:
        raise CaseError(
            f"holds the value {', '.join(unmapped[:5])}, which the configuration does not map",
            where=where,
            remedy="Add it to [values]",
        )
    label = np.zeros(mask.shape, np.uint8)
    for value, name in values.items():
        label[mask == value] = by_name(name).value
    return label
