"""A release of synthetic cases, in the same format as the published one."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from spinemsca._util import Progress, parallel_map, silent, write_text
from spinemsca.errors import UsageError
from spinemsca.phantom import draw_parameters, phantom
from spinemsca.release.release import Release, write_release
from spinemsca.release.stratify import stratified_splits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spinemsca.case import Case
    from spinemsca.release.split import Split

__all__ = ["PHANTOMS_NAME", "synthesise"]

PHANTOMS_NAME: Final = "phantoms.jsonl"
"""One JSON object a line: a case's name and its provenance."""


def synthesise(
    root: Path,
    cases: int,
    seed: int,
    *,
    size: int = 512,
    contrast: str = "t2",
    workers: int = 1,
    progress: Progress = silent,
) -> Release:
    """Makes `cases` synthetic cases and writes them as a release.

    Args:
        root: Folder that is new or empty.
        cases: At least 1.
        seed: Case k of a seed is the same whatever `cases` and `workers` are.
        size: Rows and columns of a case, 64 to 2048.
        contrast: `t2`, `t1` or `random`.
        workers: Processes.
        progress: Told of each case written.

    Raises:
        UsageError: If an argument is out of range.
        ReleaseError: If `root` already holds files.
    """
    for name, value, low, high in (
        ("cases", cases, 1, 9999),
        ("workers", workers, 1, 1024),
        ("size", size, 64, 2048),
    ):
        if not low <= value <= high:
            raise UsageError(f"{value} {name}", remedy=f"Use {low} to {high}")
    sexes = [draw_parameters(seed, i, contrast).sex for i in range(cases)]
    splits = stratified_splits(sexes, seed)
    make = partial(phantom, seed, size=size, contrast=contrast)
    lines: list[str] = []

    def each() -> Iterator[tuple[Split, Case]]:
        made = parallel_map(make, range(cases), workers=min(workers, cases), processes=True)
        for i, case in enumerate(made):
            lines.append(json.dumps({"case": case.name, **case.provenance}))
            yield splits[i], case
            progress(i + 1, cases)

    release = write_release(root, each())
    write_text(root / PHANTOMS_NAME, "\n".join(lines) + "\n")
    return release
