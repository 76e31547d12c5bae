"""A folder of images with label maps becomes a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca.anatomy import by_name
from spinemsca.case import Case
from spinemsca.curate.grid import Fit, place, resample_image, resample_label
from spinemsca.curate.normalise import normalise
from spinemsca.curate.polygons import label_from_polygons, read_polygons
from spinemsca.curate.sources import assign_splits, find_sources, spacing_of
from spinemsca.curate.spider import levels_from_tissue
from spinemsca.errors import CaseError, ReleaseError
from spinemsca.io.read import read_scan
from spinemsca.progress import Progress, silent
from spinemsca.release.store import Release, write_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from spinemsca.case import LabelMap
    from spinemsca.curate.config import BuildConfig
    from spinemsca.curate.sources import Source
    from spinemsca.release.split import Split

__all__ = ["RECIPES", "Built", "build"]

RECIPES: Final[Mapping[str, Callable[[NDArray[Any], str], LabelMap]]] = {
    "spider-space": levels_from_tissue
}
"""Functions from another dataset's masks to label maps. They raise `CaseError` for a mask from
which levels cannot be told; the case is then left out and reported."""


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build.

    Attributes:
        release: The new release.
        left_out: Reason for each image that is not in it, by name.
    """

    release: Release
    left_out: Mapping[str, str]


def build(
    config: BuildConfig,
    data: Path,
    out: Path,
    *,
    beside: Path,
    fit: Fit = Fit.STRETCH,
    seed: int = 0,
    progress: Progress = silent,
) -> Built:
    """Builds a release: all of it or, on an error, nothing.

    Args:
        config: What to build from.
        data: Folder that the configuration's paths start from.
        out: Folder that is new or empty.
        beside: Folder of the configuration, for its list of splits.
        fit: Stretch to the square as the published dataset did, or pad and keep the aspect.
        seed: Of the splits, where they are drawn.
        progress: Told of images.

    Returns:
        The release, and what was left out because its levels cannot be told.

    Raises:
        SpineError: If the sources do not fit together, or an image or label map is unusable.
    """
    sources = find_sources(config, data)
    splits = assign_splits(config, sources, beside, seed)
    left_out: dict[str, str] = {}

    def cases() -> Iterator[tuple[Split, Case]]:
        for done, source in enumerate(sources, start=1):
            label = _label(source, config, left_out)
            if label is not None:
                yield splits[source.patient], _case(source, label, config, fit)
            progress(done, len(sources))
        if len(left_out) == len(sources):
            raise ReleaseError("every image was left out", where=data, remedy="Check the recipe")

    return Built(write_release(out, cases()), left_out)


def _label(source: Source, config: BuildConfig, left_out: dict[str, str]) -> LabelMap | None:
    if config.values:
        return _mapped(read_scan(source.label).pixels, config.values, source.label)
    try:
        if config.polygons:
            return _drawn(source, config)
        return RECIPES[config.recipe or ""](read_scan(source.label).pixels, source.name)
    except CaseError as error:
        left_out[source.name] = error.what
        return None


def _drawn(source: Source, config: BuildConfig) -> LabelMap:
    """The label map of a list of polygons, on the grid of its image."""
    rows, columns = read_scan(source.image).pixels.shape
    text = read_polygons(source.label)
    structures = [by_name(name) for name in config.polygons]
    return label_from_polygons(text, (rows, columns), structures, source.name)


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


def _case(source: Source, label: LabelMap, config: BuildConfig, fit: Fit) -> Case:
    scan = read_scan(source.image)
    if scan.pixels.shape != label.shape:
        raise CaseError(
            f"image is {scan.pixels.shape}, its label map {label.shape}",
            where=source.image,
            remedy="Bring both onto the same pixel grid",
        )
    shape = label.shape[0], label.shape[1]
    spacing = spacing_of(source, config, shape) or scan.spacing
    placement = place(shape, spacing, fit)
    image = resample_image(normalise(scan.pixels, str(source.image)), placement)
    return Case(
        name=source.name,
        image=image,
        label=resample_label(label, placement),
        spacing=placement.spacing,
        patient=source.patient,
        sex=source.sex,
        annotated=config.structures,
        source=config.source,
    )
