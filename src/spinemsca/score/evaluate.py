"""Scoring folders of predictions, and single label maps."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util.progress import Progress, silent
from spinemsca.anatomy import STRUCTURES, Structure
from spinemsca.errors import CaseError, UsageError
from spinemsca.io.read import read_label_map
from spinemsca.score.case_score import CaseScore, score_case
from spinemsca.score.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from spinemsca.predictions.pairing import Pair

__all__ = ["Protocol", "evaluate", "evaluate_pairs", "score_pairs"]

_AHEAD: Final = 64
_CHUNK: Final = 8
_WORTH_A_POOL: Final = 64


@dataclass(frozen=True, slots=True)
class Protocol:
    """How cases are scored.

    Attributes:
        spacing: Of rows and columns in mm, of all cases; `None` for pixels.
        own_spacing: Whether each case's own spacing is used, as its release states it.
        published: Whether the published way is computed, too.
    """

    spacing: tuple[float, float] | None = None
    own_spacing: bool = False
    published: bool = False

    def __post_init__(self) -> None:
        if self.spacing is None:
            return
        values = np.asarray(self.spacing)
        if values.shape != (2,) or values.dtype.kind not in "iuf":
            raise UsageError("spacing is not two numbers", remedy="Give two lengths in mm")
        if not ((values > 0) & (values < np.inf)).all():
            raise UsageError("spacing is not positive", remedy="Give two lengths in mm")


def evaluate(
    prediction: NDArray[Any],
    truth: NDArray[Any],
    *,
    spacing: tuple[float, float] | None = None,
    annotated: Collection[str] | None = None,
    published: bool = False,
) -> dict[str, Any]:
    """Scores one label map against another; as `evaluate --json` of one case.

    Args:
        prediction: `(H, W)` whole numbers from 0 to 11.
        truth: The same shape and range.
        spacing: Of rows and columns in mm; `None` for distances in pixels.
        annotated: Names of the structures that the truth speaks of; all where left out, so that
            a structure which only the prediction shows counts as invented.
        published: Whether to add the published way of scoring.

    Raises:
        CaseError: If shapes differ, or values are no labels.
        UsageError: If the spacing is not positive, or a name is no structure's.
    """
    protocol = Protocol(spacing, published=published)
    score = score_case(
        _label_map(prediction, "prediction"),
        _label_map(truth, "truth"),
        spacing=protocol.spacing,
        annotated=_structures(annotated),
        published=protocol.published,
    )
    return summarise([score])


def evaluate_pairs(
    pairs: Sequence[Pair],
    protocol: Protocol | None = None,
    *,
    seed: int = 0,
    workers: int = 1,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Scores pairs of files and sums them up, as `evaluate --json` prints it.

    Args:
        pairs: From `pair_labels`.
        protocol: How to score.
        seed: Of the bootstrap.
        workers: Processes.
        progress: Told the pairs done.

    Raises:
        SpineError: If a file cannot be read or two do not fit; names the prediction.
    """
    return summarise(
        list(score_pairs(pairs, protocol, workers=workers, progress=progress)), seed=seed
    )


def score_pairs(
    pairs: Sequence[Pair],
    protocol: Protocol | None = None,
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> Iterator[CaseScore]:
    """Scores pairs of files one after another, in their order, whatever the number of processes.

    Where nothing says what was annotated, a structure that no truth of the run holds counts as
    not annotated and is not scored.

    Args:
        pairs: From `pair_labels`.
        protocol: How to score.
        workers: Processes; label maps are never held for more pairs than these work on.
        progress: Told the pairs done.

    Raises:
        SpineError: If a file cannot be read or two do not fit; names the prediction.
    """
    protocol = protocol or Protocol()
    if protocol.own_spacing and any(p.spacing is None for p in pairs):
        first = next(p for p in pairs if p.spacing is None)
        raise UsageError(
            "has no spacing in the release",
            where=first.name,
            remedy="Leave out --mm, or give --spacing",
        )
    workers = workers if len(pairs) >= _WORTH_A_POOL else 1
    with _Map(workers) as map_:
        common = _held_by_any(pairs, map_)
        jobs = ((p, common if p.annotated is None else p.annotated, protocol) for p in pairs)
        for done, score in enumerate(map_(_score, jobs), start=1):
            yield score
            progress(done, len(pairs))


def _held_by_any(pairs: Sequence[Pair], map_: _Map) -> frozenset[Structure]:
    """Structures that the truths of pairs hold of which nothing says what was annotated."""
    unknown = [p for p in pairs if p.annotated is None]
    return frozenset[Structure]().union(*map_(_held, unknown))


def _held(pair: Pair) -> frozenset[Structure]:
    values = set(np.unique(read_label_map(pair.truth)).tolist())
    return frozenset(s for s in STRUCTURES if s.value in values)


def _score(job: tuple[Pair, frozenset[Structure], Protocol]) -> CaseScore:
    pair, annotated, protocol = job
    prediction, truth = read_label_map(pair.prediction), read_label_map(pair.truth)
    try:
        score = score_case(
            prediction,
            truth,
            spacing=pair.spacing if protocol.own_spacing else protocol.spacing,
            annotated=annotated,
            published=protocol.published,
        )
    except CaseError as error:
        raise CaseError(error.what, where=pair.prediction, remedy=error.remedy) from None
    return replace(score, name=pair.name, patient=pair.patient)


class _Map:
    """`map` in this process or in others, never far ahead of what was asked for."""

    def __init__(self, workers: int) -> None:
        # Fresh processes: forking one that has threads can lock up.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context) if workers > 1 else None

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        if self._pool is None:
            yield from map(function, items)
            return
        waiting: deque[Any] = deque()
        source = iter(items)
        while chunk := list(islice(source, _CHUNK)):
            waiting.append(self._pool.submit(_each, function, chunk))
            if len(waiting) * _CHUNK >= _AHEAD:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()

    def __enter__(self) -> _Map:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _each(function: Callable[[Any], Any], items: list[Any]) -> list[Any]:
    return [function(item) for item in items]


def _label_map(values: NDArray[Any], what: str) -> NDArray[np.uint8]:
    """Whole numbers of any dtype as uint8; 255 where they are no label."""
    array = np.asarray(values)
    if array.dtype == np.uint8:
        return array
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise CaseError(
            f"{what} is {array.dtype} of shape {array.shape}",
            remedy="Give one label map of shape (rows, columns)",
        )
    if not np.isfinite(array).all():
        raise CaseError(f"{what} holds NaN or infinity", remedy="Give whole numbers from 0 to 11")
    whole = (array == np.round(array)) & (array >= 0) & (array <= len(STRUCTURES))
    if not whole.all():
        raise CaseError(f"{what} is no label map", remedy="Give whole numbers from 0 to 11")
    return array.astype(np.uint8)


def _structures(names: Collection[str] | None) -> frozenset[Structure]:
    if names is None:
        return frozenset(STRUCTURES)
    known = {s.name: s for s in STRUCTURES}
    if unknown := sorted(set(names) - known.keys()):
        raise UsageError(f"{unknown[0]!r} is no structure", remedy=f"Use {', '.join(known)}")
    return frozenset(known[name] for name in names)
