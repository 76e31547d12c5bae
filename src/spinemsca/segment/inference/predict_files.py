"""Predicting many files: label maps, overlays and records beside each other, and one ledger."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from spinemsca._util import Progress, Workers, printable, silent
from spinemsca.draw import overlay
from spinemsca.errors import SpineError, UnsuitableError
from spinemsca.predictions import (
    LedgerRow,
    ModelUsed,
    Record,
    discard,
    finished,
    named_in,
    read_ledger,
    sweep,
    update_ledger,
    write_result,
)
from spinemsca.segment.inference.intensity import window
from spinemsca.segment.inference.records import record_of, record_of_refusal
from spinemsca.segment.inference.volume import Map, predict_volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from spinemsca.predictions import ScanInput
    from spinemsca.segment.inference.model import Model
    from spinemsca.segment.labelling.rename import Lowest

__all__ = ["Outcome", "predict_files"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input; a row of the ledger.

    Attributes:
        name: Of the result.
        path: The file read, or a series' folder.
        source: Digits that tell where it lies.
        status: `segmented`, `refused` or `unreadable`.
        reason: Why not, and what to do about it; else empty.
        record: Of the prediction, or `None` where there is none.
        kept: Whether it was there already.
    """

    name: str
    path: Path
    source: str
    status: str
    reason: str = ""
    record: Record | None = None
    kept: bool = False

    @classmethod
    def of(cls, item: ScanInput, record: Record, *, kept: bool = False) -> Outcome:
        """The outcome that a prediction's record tells of."""
        status = "segmented" if record.refused is None else "refused"
        return cls(item.name, item.path, item.source, status, record.refused or "", record, kept)

    @classmethod
    def unreadable(cls, item: ScanInput, reason: str) -> Outcome:
        """The outcome of an input that cannot be read."""
        return cls(item.name, item.path, item.source, "unreadable", reason)

    def row(self) -> LedgerRow:
        """The outcome as the ledger lists it."""
        about = (self.name, self.status, self.reason)
        where = {"file": printable(self.path), "source": self.source}
        said = self.record
        if said is None:
            return LedgerRow(*about, ambiguous="no", **where)
        values = list(said.confidence.values())
        return LedgerRow(
            *about,
            ambiguous="yes" if said.ambiguous else "no",
            structures=" ".join(said.structures),
            confidence=f"{np.mean(values):.4f}" if values else "",
            slices=str(said.slices),
            slices_segmented=str(said.slices_segmented),
            slice_shown="" if said.slice_shown is None else str(said.slice_shown),
            warnings="; ".join(said.warnings),
            **where,
        )


def predict_files(
    model: Model,
    inputs: Sequence[ScanInput],
    out: Path,
    progress: Progress = silent,
    *,
    lowest: Lowest | None = None,
    workers: int = 1,
    again: bool = False,
) -> list[Outcome]:
    """Predicts inputs; one that cannot be read is reported and the rest go on.

    Writes for each `NAME_label.png`, or `NAME_label.nii.gz` for a volume, `NAME_overlay.png` and
    `NAME.json` into `out`, and a row into `predictions.csv`. What is refused gets an empty label
    map or none, what is unreadable none. An input whose files are there from an earlier run, of
    the same bytes, model and numbering, is skipped. Results of other inputs are never written
    over: where one of them has a name, another is taken, and the ledger says which.

    Each slice is computed by one thread, so the same bytes come out whatever the workers.

    Args:
        model: Which segments.
        inputs: From `find_scans`.
        out: Folder; made where missing. No other run may write there meanwhile.
        progress: Told the inputs done.
        lowest: What the lowest lumbar vertebra is, where somebody knows; without a sacrum in
            view, the lowest vertebra in view.
        workers: Slices computed at a time.
        again: Whether to predict anew what is there already.

    Raises:
        FileFormatError: If `out` holds a `predictions.csv` that is no ledger.
    """
    read_ledger(out)
    sweep(out)
    named = named_in(out, inputs)
    outcomes = []
    with _one_thread_each(), _pools(workers) as (over_inputs, over_slices):
        predict = partial(_predict_one, model, out, lowest, again, over_slices)
        for done, outcome in enumerate(over_inputs(predict, named), start=1):
            outcomes.append(outcome)
            progress(done, len(named))
    update_ledger(out, (outcome.row() for outcome in outcomes))
    return outcomes


@contextmanager
def _one_thread_each() -> Iterator[None]:
    # Sums depend on how many threads share them, in the last bits.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _pools(workers: int) -> Iterator[tuple[Callable[..., Any], Map]]:
    """Two `map`s: over inputs, which read and write, and over their slices, which compute."""
    start = partial(torch.set_num_threads, 1)
    # One input more than slices are computed, so that reading and writing hold nobody up.
    over_inputs = workers + 1 if workers > 1 else 1
    with Workers(over_inputs, start=start) as inputs, Workers(workers, start=start) as slices:
        yield inputs.map, slices.map


def _predict_one(
    model: Model, out: Path, lowest: Lowest | None, again: bool, over_slices: Map, item: ScanInput
) -> Outcome:
    try:
        key = _key(model, lowest, item)
        earlier = None if again else finished(out, item.name, key)
        if earlier is not None and item.spacing in (None, earlier.spacing_mm):
            return Outcome.of(item, earlier, kept=True)
        record = _predicted(model, out, lowest, over_slices, item, key)
    except SpineError as error:
        discard(out, item.name, item.source)
        return Outcome.unreadable(item, error.advice)
    except MemoryError:
        discard(out, item.name, item.source)
        return Outcome.unreadable(item, "takes more memory than there is")
    return Outcome.of(item, record)


def _key(model: Model, lowest: Lowest | None, item: ScanInput) -> dict[str, Any]:
    """What a result depends on, and the first lines of its record."""
    used = ModelUsed(
        version=model.weights.version, size=model.weights.size, engine=model.engine.name
    )
    return {
        "input": printable(item.path.name),
        "source": item.source,
        "sha256": item.digest(),
        "lowest": lowest,
        "model": used,
    }


def _predicted(
    model: Model,
    out: Path,
    lowest: Lowest | None,
    over_slices: Map,
    item: ScanInput,
    key: dict[str, Any],
) -> Record:
    try:
        volume = item.read()
    except UnsuitableError as error:
        return write_result(out, item.name, record_of_refusal(key, f"It {error.advice}"))
    found = predict_volume(model, volume, lowest, over_slices)
    shown = found.best.label
    picture = overlay(window(volume.pixels[found.shown]), shown)
    return write_result(
        out, item.name, record_of(key, volume, found), volume.grid, found.labels, picture
    )
