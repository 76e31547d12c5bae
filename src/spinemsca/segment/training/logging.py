"""What a run writes down while it goes: `log.jsonl`, `curves.png` and, if asked, TensorBoard."""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from spinemsca._util import optional, write_text
from spinemsca.segment.training.curves import draw_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Write: TypeAlias = Callable[[dict[str, Any]], None]

__all__ = ["CURVES_NAME", "LOG_NAME", "TENSORBOARD_NAME", "journal", "read_log"]

LOG_NAME: Final = "log.jsonl"
"""One entry a step, a line each."""

CURVES_NAME: Final = "curves.png"
"""Drawn anew after every validation."""

TENSORBOARD_NAME: Final = "tensorboard"
"""Folder of what TensorBoard reads."""


@contextmanager
def journal(folder: Path, step: int, *, tensorboard: bool = False) -> Iterator[Write]:
    """Opens a run's log: yields what writes down a step's entry, a dict as JSON can hold it.

    Curves are drawn after every validation, where matplotlib is installed.

    Args:
        folder: Of the run.
        step: Steps that count as done; entries of later ones, which a killed run left behind
            its last checkpoint, are struck out.
        tensorboard: Also write for TensorBoard, into `folder/tensorboard`.

    Raises:
        MissingDependencyError: If TensorBoard is asked for and not installed.
    """
    log = folder / LOG_NAME
    draws = find_spec("matplotlib") is not None
    with _scalars(folder / TENSORBOARD_NAME if tensorboard else None, step) as scalars:
        kept = [e for e in read_log(log) if e["step"] <= step]
        write_text(log, "".join(json.dumps(entry) + "\n" for entry in kept))

        def write(entry: dict[str, Any]) -> None:
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
            scalars(entry)
            if draws and "validation" in entry:
                draw_curves(read_log(log), folder / CURVES_NAME)

        yield write


def read_log(path: Path) -> list[dict[str, Any]]:
    """The entries of `log.jsonl`, without a last one that was cut off; none without a file."""
    if not path.exists():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return entries


def _scalars(folder: Path | None, step: int) -> AbstractContextManager[Write]:
    return nullcontext(lambda _: None) if folder is None else _tensorboard(folder, step)


@contextmanager
def _tensorboard(folder: Path, step: int) -> Iterator[Write]:
    optional("tensorboard")
    board = optional("torch.utils.tensorboard")
    with board.SummaryWriter(str(folder), purge_step=step + 1) as writer:

        def write(entry: dict[str, Any]) -> None:
            for name, value in _flat(entry):
                writer.add_scalar(name, value, entry["step"])

        yield write


def _flat(entry: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Numbers of nested dicts, their names joined by slashes."""
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}/")
        elif name != "step":
            yield prefix + name, float(value)
