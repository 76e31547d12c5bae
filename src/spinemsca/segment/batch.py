"""Predicting many files: label maps, overlays and JSON beside each other, and one table."""

from __future__ import annotations

import csv
import io
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from spinemsca.errors import SpineError, UnsuitableError
from spinemsca.io.files import write_text
from spinemsca.progress import Progress, silent
from spinemsca.segment import outputs
from spinemsca.segment.slices import Map, predict_volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from spinemsca.segment.inputs import Input
    from spinemsca.segment.predict import Model
    from spinemsca.segment.rename import Lowest

__all__ = ["TABLE_NAME", "Outcome", "default_workers", "predict_files"]

TABLE_NAME: Final = "predictions.csv"

_COLUMNS: Final = (
    "name",
    "status",
    "reason",
    "ambiguous",
    "structures",
    "confidence",
    "slices",
    "slices_segmented",
    "warnings",
    "file",
)
_MOST_WORKERS: Final = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input; a row of `predictions.csv`.

    Attributes:
        name: Stem of the files written.
        path: The file read, or a series' folder.
        status: `segmented`, `refused` or `unreadable`.
        reason: Why not, else empty.
        record: What the JSON says; empty where there is none.
        kept: Whether it was there already.
    """

    name: str
    path: Path
    status: str
    reason: str = ""
    record: outputs.Record | None = None
    kept: bool = False

    @classmethod
    def of(cls, item: Input, record: outputs.Record, *, kept: bool = False) -> Outcome:
        """From what the JSON says."""
        reason = record["refused"]
        status = "segmented" if reason is None else "refused"
        return cls(item.name, item.path, status, reason or "", record, kept)


def default_workers() -> int:
    """As many as there are processors for this process, up to 8."""
    # Not every system tells which processors a process may use.
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return min(_MOST_WORKERS, len(usable(0)))


def predict_files(
    model: Model,
    inputs: Sequence[Input],
    out: Path,
    progress: Progress = silent,
    *,
    lowest: Lowest = "L5",
    workers: int = 1,
    again: bool = False,
) -> list[Outcome]:
    """Predicts inputs; one that cannot be read is reported and the rest go on.

    Writes for each `NAME_label.png`, or `NAME_label.nii.gz` for a volume, `NAME_overlay.png` and
    `NAME.json` into `out`, and one `predictions.csv`. What is refused gets an empty label map or
    none, what is unreadable none. An input whose files are there from an earlier run, of the same
    bytes, model and numbering, is skipped.

    Each slice is computed by one thread, so the same bytes come out whatever the workers.

    Args:
        model: Which segments.
        inputs: From `find_inputs`.
        out: Folder; made where missing. No other run may write there meanwhile.
        progress: Told the inputs done.
        lowest: What the vertebra above the sacrum is taken for.
        workers: Slices computed at a time.
        again: Whether to predict anew what is there already.
    """
    outputs.sweep(out)
    outcomes = []
    with _one_thread_each(), _pools(workers) as (over_inputs, over_slices):
        predict = partial(_predict_one, model, out, lowest, again, over_slices)
        for done, outcome in enumerate(over_inputs(predict, inputs), start=1):
            outcomes.append(outcome)
            progress(done, len(inputs))
    _write_table(out / TABLE_NAME, outcomes)
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
    if workers <= 1:
        yield map, map
        return
    start = partial(torch.set_num_threads, 1)
    slices = ThreadPoolExecutor(workers, "slice", start)
    inputs = ThreadPoolExecutor(workers + 1, "input", start)
    try:
        yield inputs.map, slices.map
    finally:
        inputs.shutdown(cancel_futures=True)
        slices.shutdown(cancel_futures=True)


def _predict_one(
    model: Model, out: Path, lowest: Lowest, again: bool, over_slices: Map, item: Input
) -> Outcome:
    try:
        key = _key(model, lowest, item)
        earlier = None if again else outputs.finished(out, item.name, key)
        if earlier is not None:
            return Outcome.of(item, earlier, kept=True)
        said = _predicted(model, out, lowest, over_slices, item, key)
    except SpineError as error:
        outputs.discard(out, item.name)
        return Outcome(item.name, item.path, "unreadable", error.what)
    except MemoryError:
        outputs.discard(out, item.name)
        return Outcome(item.name, item.path, "unreadable", "takes more memory than there is")
    return Outcome.of(item, said)


def _key(model: Model, lowest: Lowest, item: Input) -> dict[str, Any]:
    """What a result depends on, and the first lines of its JSON."""
    return {
        "input": item.path.name,
        "sha256": item.digest(),
        "lowest": lowest,
        "model": {
            "version": model.weights.version,
            "size": model.weights.size,
            "engine": model.engine.name,
        },
    }


def _predicted(
    model: Model, out: Path, lowest: Lowest, over_slices: Map, item: Input, key: dict[str, Any]
) -> outputs.Record:
    try:
        volume = item.read()
    except UnsuitableError as error:
        return outputs.write(out, item.name, outputs.record_refusal(key, f"It {error.what}"))
    found = predict_volume(model, volume, lowest, over_slices)
    said = outputs.record(key, volume, found)
    return outputs.write(out, item.name, said, volume, found)


def _write_table(path: Path, outcomes: Sequence[Outcome]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(outcome) for outcome in outcomes)
    write_text(path, text.getvalue())


def _row(outcome: Outcome) -> tuple[object, ...]:
    said = outcome.record or {}
    values = list(said.get("confidence", {}).values())
    return (
        outcome.name,
        outcome.status,
        outcome.reason,
        "yes" if said.get("ambiguous") else "no",
        " ".join(said.get("structures", ())),
        f"{np.mean(values):.4f}" if values else "",
        said.get("slices", ""),
        said.get("slices_segmented", ""),
        "; ".join(said.get("warnings", ())),
        outcome.path,
    )
