"""What a run has to say about itself, so that it can be judged and repeated later."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from spinemsca._util import write_text
from spinemsca._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinemsca.segment.training.config import TrainingConfig
    from spinemsca.segment.training.data import Example

__all__ = ["RECORD_NAME", "examples_digest", "revision", "write_provenance"]

RECORD_NAME: Final = "run.json"
"""In the run's folder, beside its checkpoints."""


def write_provenance(
    folder: Path,
    config: TrainingConfig,
    data: dict[str, Sequence[Example]],
    *,
    step: int,
    device: str,
    processes: int = 1,
    begin: Path | None = None,
) -> None:
    """Writes `run.json`: configuration, data and, for each start or resume, code and machine.

    Args:
        folder: Of the run.
        config: Its configuration, with all seeds.
        data: Examples of each split.
        step: Steps done before this start.
        device: That it runs on.
        processes: That it runs in.
        begin: Checkpoint that it begins with.
    """
    path = folder / RECORD_NAME
    started = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "step": step,
        "version": __version__,
        "revision": revision(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device,
        "processes": processes,
        "threads": torch.get_num_threads(),
    }
    record = {
        "config": config.model_dump(mode="json"),
        "seed": config.seed,
        "begin": None if begin is None else {"file": str(begin), "sha256": _file_digest(begin)},
        "data": {split: _groups(examples) for split, examples in data.items()},
        "starts": [*(_starts(path) if step else []), started],
    }
    write_text(path, json.dumps(record, indent=2) + "\n")


def _starts(path: Path) -> list[Any]:
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["starts"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _groups(examples: Sequence[Example]) -> dict[str, Any]:
    """Cases, patients and digest of each release."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for item in examples:
        groups[item.group].append(item)
    return {
        name: {
            "cases": len(members),
            "patients": len({item.patient for item in members}),
            "sha256": examples_digest(members),
        }
        for name, members in groups.items()
    }


def examples_digest(examples: Sequence[Example]) -> str:
    """SHA-256 over names, patients, pixels and candidates as training sees them."""
    total = hashlib.sha256()
    for item in examples:
        total.update(f"{item.name}\0{item.patient}\0{item.image.shape}\0".encode())
        total.update(item.image.tobytes())
        total.update(item.candidates.tobytes())
    return total.hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def revision() -> str | None:
    """The git revision of the checkout that this package runs from, `None` if it is installed.

    A plus follows it where tracked files were changed since.
    """
    git = shutil.which("git")
    here = Path(__file__)
    if git is None:
        return None

    def ask(*arguments: str) -> str | None:
        told = subprocess.run(  # noqa: S603
            [git, "-C", str(here.parent), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        return told.stdout.strip() if told.returncode == 0 else None

    # A package installed below somebody else's checkout is not part of it.
    if ask("ls-files", "--error-unmatch", here.name) is None:
        return None
    head = ask("rev-parse", "HEAD")
    changed = ask("status", "--porcelain", "--untracked-files=no")
    return head if head is None else head + ("+" if changed else "")
