"""Scoring pairs of files: slices in pixels, volumes whole and in mm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spinemsca._util import Progress, Workers, silent
from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import CaseError, UsageError
from spinemsca.io import kind_of, read_label_volume
from spinemsca.score.case_score import CaseScore, score_case
from spinemsca.score.grids import check_same_grid, voxel_spacing
from spinemsca.score.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spinemsca.io import Volume
    from spinemsca.predictions import Pair

    Job = tuple[Pair, frozenset[Structure], Protocol]

__all__ = ["score_pairs"]

# Slices, and volumes, from which starting processes (some 2 s) takes less time than it saves:
# a slice of 512 x 512 pixels takes 4 ms, a volume of twenty of them 0.3 s.
_WORTH_A_POOL: Final = 64
# The same of volumes: eight of them take 2.4 s.
_VOLUMES_WORTH_A_POOL: Final = 8

_NO_VOXELS: Final = (
    "Convert it from the DICOM series again, or score arrays in Python with "
    "evaluate(prediction, truth, spacing=(slice, row, column))"
)

# Slices that a process is handed at once; chosen, not measured.
_CHUNK: Final = 8


def score_pairs(
    pairs: Sequence[Pair],
    protocol: Protocol | None = None,
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> Iterator[CaseScore]:
    """Scores pairs of files one after another, in their order, whatever the number of processes.

    Files of several slices are scored as volumes, in mm. Where nothing says what was annotated,
    a structure that no truth of the run holds counts as not annotated and is not scored; where
    no truth holds any, all count as annotated.

    Args:
        pairs: From `pair_labels`.
        protocol: How to score.
        workers: Processes; label maps are never held for more pairs than these work on.
        progress: Told the pairs done.

    Raises:
        SpineError: If a file cannot be read or two do not fit; names the prediction.
    """
    protocol = protocol or Protocol()
    progress(0, len(pairs))
    chunk = 1 if _are_volumes(pairs) else _CHUNK
    with Workers(_worth(pairs, workers), processes=True) as pool:
        common = _held_by_any(pairs, pool, chunk)
        jobs = ((p, common if p.annotated is None else p.annotated, protocol) for p in pairs)
        for done, score in enumerate(pool.map(_score, jobs, chunk=chunk), start=1):
            yield score
            progress(done, len(pairs))


def _are_volumes(pairs: Sequence[Pair]) -> bool:
    """Whether pairs hold volumes, as the kind of the first file tells."""
    return bool(pairs) and kind_of(pairs[0].truth) not in ("torch", "picture")


def _worth(pairs: Sequence[Pair], workers: int) -> int:
    """Processes where there is enough to do for them, else one."""
    least = _VOLUMES_WORTH_A_POOL if _are_volumes(pairs) else _WORTH_A_POOL
    return workers if len(pairs) >= least else 1


def _held_by_any(pairs: Sequence[Pair], pool: Workers, chunk: int) -> frozenset[Structure]:
    """Structures that the truths of pairs hold of which nothing says what was annotated."""
    unknown = [p for p in pairs if p.annotated is None]
    held = frozenset[Structure]().union(*pool.map(_held, unknown, chunk=chunk))
    return held or frozenset(STRUCTURES)


def _held(pair: Pair) -> frozenset[Structure]:
    pixels = read_label_volume(pair.truth).pixels
    return frozenset(s for s in STRUCTURES if (pixels == s.value).any())


def _score(job: Job) -> CaseScore:
    pair, annotated, protocol = job
    prediction, truth = read_label_volume(pair.prediction), read_label_volume(pair.truth)
    try:
        score = _score_volumes(prediction, truth, pair, annotated, protocol)
    except (CaseError, UsageError) as error:
        raise type(error)(error.what, where=pair.prediction, remedy=error.remedy) from None
    named = tuple(replace(s, name=pair.name, patient=pair.patient) for s in score.slices)
    return replace(score, name=pair.name, patient=pair.patient, slices=named)


def _score_volumes(
    prediction: Volume,
    truth: Volume,
    pair: Pair,
    annotated: frozenset[Structure],
    protocol: Protocol,
) -> CaseScore:
    check_same_grid(prediction, truth)
    found, wanted = prediction.pixels, truth.pixels
    if len(wanted) == 1:
        spacing: tuple[float, ...] | None = _of_slice(prediction, truth, pair, protocol)
        found, wanted = found[0], wanted[0]
    else:
        spacing = _of_volume(prediction, truth, pair, protocol)
    score = score_case(
        found, wanted, spacing=spacing, annotated=annotated, published=protocol.published
    )
    if not protocol.slices:
        return score
    if wanted.ndim == 2:
        return replace(score, slices=(score,))
    flat = None if spacing is None else spacing[1:]
    each = zip(found, wanted, strict=True)
    return replace(
        score, slices=tuple(score_case(*s, spacing=flat, annotated=annotated) for s in each)
    )


def _of_slice(
    prediction: Volume, truth: Volume, pair: Pair, protocol: Protocol
) -> tuple[float, ...] | None:
    """Row and column spacing of a slice in mm, `None` for pixels."""
    if not protocol.own_spacing:
        return protocol.spacing
    stated = None if pair.spacing_unknown else truth.spacing or prediction.spacing
    spacing = pair.spacing or stated
    if spacing is None:
        raise UsageError(
            "has no spacing in the release or in its header",
            remedy="Leave out --mm, or give --spacing",
        )
    return tuple(spacing)


def _of_volume(
    prediction: Volume, truth: Volume, pair: Pair, protocol: Protocol
) -> tuple[float, ...]:
    """Slice, row and column spacing of a volume in mm."""
    if protocol.spacing is not None and len(protocol.spacing) == 3:
        return protocol.spacing
    if pair.spacing_unknown:
        raise UsageError("was predicted from a scan that states no voxel size", remedy=_NO_VOXELS)
    spacing = voxel_spacing(truth) or voxel_spacing(prediction)
    if spacing is None:
        raise UsageError("is a volume whose header states no voxel size", remedy=_NO_VOXELS)
    return spacing
