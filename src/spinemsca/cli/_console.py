"""What verbs share: results on stdout, progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from spinemsca._util import Progress

__all__ = ["note", "print_json", "print_table", "progress_bar"]


def print_json(value: Any) -> None:
    """Prints `value` as indented JSON; a number that does not exist must already be `None`."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_table(table: RenderableType) -> None:
    """Prints a rich table, at full width where the output is no terminal."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


def note(text: str) -> None:
    """Prints one line to stderr."""
    sys.stderr.write(text + "\n")


@contextmanager
def progress_bar(description: str, *, unit: str = "cases") -> Iterator[Progress]:
    """A progress bar on stderr, for library functions that take a `progress` callable.

    Args:
        description: Shown before the bar.
        unit: What is counted: `cases`, or `bytes` for transfers.
    """
    from rich import progress
    from rich.console import Console

    count = progress.DownloadColumn() if unit == "bytes" else progress.MofNCompleteColumn()
    with progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        count,
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        # A step of training can take longer than the half minute that is looked at by default.
        speed_estimate_period=600,
    ) as bar:
        task = bar.add_task(description, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield report
