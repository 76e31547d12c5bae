"""A folder of images with label maps becomes a release."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemsca._util import Progress, silent
from spinemsca.anatomy import COLUMN
from spinemsca.case import Case
from spinemsca.curate.normalise import normalise
from spinemsca.curate.read import UntellableError, label_of, read_source
from spinemsca.curate.resample import Fit, place, resample_image, resample_label
from spinemsca.curate.sources import find_sources
from spinemsca.curate.tables import assign_splits, spacing_of
from spinemsca.errors import CaseError, ReleaseError
from spinemsca.release import Release, write_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from spinemsca.case import LabelMap, Spacing
    from spinemsca.curate.config import BuildConfig
    from spinemsca.curate.resample import Placement
    from spinemsca.curate.sources import Source
    from spinemsca.io import Volume
    from spinemsca.release import Split

__all__ = ["Built", "build"]

# Headers and tables round to three or four digits; the spacings of two protocols differ by more.
_SAME_SPACING: Final = 0.02


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build.

    Attributes:
        release: The new release.
        left_out: Reason for each image that is not in it, by name.
        notes: What a reader should know of some images, with how many it holds for.
    """

    release: Release
    left_out: Mapping[str, str]
    notes: Mapping[str, int]


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

    Of a volume one slice is taken, that in which its label map shows most; the case's `source`
    says which.

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
    notes: Counter[str] = Counter()

    def cases() -> Iterator[tuple[Split, Case]]:
        for done, source in enumerate(sources, start=1):
            try:
                case, said = _case(source, config, fit)
            except UntellableError as error:
                left_out[source.name] = error.what
            else:
                notes.update(said)
                yield splits[source.patient], case
            progress(done, len(sources))
        if len(left_out) == len(sources):
            name, reason = next(iter(left_out.items()))
            raise ReleaseError(
                f"every image was left out, {name} because it {reason}",
                where=data,
                remedy="Check how the configuration reads the label maps",
            )

    return Built(write_release(out, cases()), left_out, notes)


def _case(source: Source, config: BuildConfig, fit: Fit) -> tuple[Case, tuple[str, ...]]:
    image, found = read_source(source, config)
    label = label_of(np.asarray(found.label), source, config)
    shape = label.shape[0], label.shape[1]
    listed = spacing_of(source, config, shape)
    placement = place(shape, listed or found.spacing, fit)
    case = Case(
        name=source.name,
        image=resample_image(normalise(found.pixels, str(source.image)), placement),
        label=_resampled(label, placement, source),
        spacing=placement.spacing,
        patient=source.patient,
        sex=source.sex,
        annotated=config.structures,
        source=found.source(config.source),
    )
    row = () if source.row or not config.metadata else ("No row in the metadata",)
    return case, (*row, *image.notes, *_disagreement(listed, image, source))


def _resampled(label: LabelMap, placement: Placement, source: Source) -> LabelMap:
    """The label map on the new grid; a structure too small for it must not vanish unseen."""
    new = resample_label(label, placement)
    lost = set(np.unique(label).tolist()) - set(np.unique(new).tolist()) - {0}
    if lost:
        names = ", ".join(s.name for s in COLUMN if s.value in lost)
        raise UntellableError(
            f"would lose {names} on {new.shape[0]}×{new.shape[1]} pixels", where=source.label
        )
    return new


def _disagreement(listed: Spacing | None, image: Volume, source: Source) -> tuple[str, ...]:
    """A note where the table's spacing replaces another of the file's own.

    Raises:
        CaseError: If one is the other with rows and columns exchanged, as for a file that was
            turned when it was read.
    """
    own = image.spacing
    if listed is None or own is None or _close(listed, own):
        return ()
    if _close(listed, own[::-1]):
        raise CaseError(
            f"its header says {own.row:g} × {own.column:g} mm, the table the reverse",
            where=source.image,
            remedy="Give row spacing first, as the image lies with its head up, or leave it out",
        )
    return ("The configuration's spacing was taken, not the file's own",)


def _close(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return bool(np.allclose(one, other, rtol=_SAME_SPACING, atol=0))
