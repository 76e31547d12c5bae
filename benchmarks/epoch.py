"""Reading an epoch of 426 cases: `SpineMSCA` against `torch.load` in `__getitem__`.

Both go through a `DataLoader` and give the same batches; `SpineMSCA` once with torch's own
collation and once with `spinemsca.dataset.collate`. Prints times a case and ratios, of the first
epoch (with the making of the cache) and of later ones: medians of rounds in which all take turns.

    python benchmarks/epoch.py [--cases 426] [--workers 0] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from spinemsca.case import Case
from spinemsca.dataset import SpineMSCA, collate
from spinemsca.release.release import write_release
from spinemsca.release.split import Split

# Of torch.load per epoch, asked for by the design: later epochs, and the first one.
GOAL, FIRST_GOAL = 2.5, 0.9


class Naive(Dataset[dict[str, Any]]):
    """What one writes first."""

    def __init__(self, root: Path) -> None:
        self.folders = sorted((root / "Train").iterdir())

    def __len__(self) -> int:
        return len(self.folders)

    def __getitem__(self, index: int) -> dict[str, Any]:
        folder = self.folders[index]
        image = torch.load(folder / "img.pt", weights_only=True)
        label = torch.load(folder / "label.pt", weights_only=True)
        return {"image": image[None], "label": label.long(), "case": folder.name}


class NaiveDict(Dataset[dict[str, Any]]):
    """The same over one dict of numpy arrays a case, as `p*/aug*.pt` hold it."""

    def __init__(self, root: Path) -> None:
        self.files = sorted((root / "Train").glob("*/aug0.pt"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> dict[str, Any]:
        held = torch.load(self.files[index], weights_only=False)
        image, label = torch.from_numpy(held["img"]), torch.from_numpy(held["label"])
        return {"image": image.float()[None], "label": label.long(), "case": "p"}


def cases(number: int) -> Iterator[tuple[Split, Case]]:
    """Cases of noise with eleven blocks as labels."""
    rng = np.random.default_rng(0)
    label = np.zeros((512, 512), np.uint8)
    for value in range(1, 12):
        label[40 * value : 40 * value + 30, 200:300] = value
    for k in range(number):
        image = rng.random((512, 512), dtype=np.float32)
        yield Split.TRAIN, Case(f"case{k:04}", image, label)


def write_dicts(source: Path, root: Path) -> None:
    """The same cases, one dict of numpy arrays each."""
    for folder in (source / "Train").iterdir():
        held = {
            "img": torch.load(folder / "img.pt", weights_only=True).numpy(),
            "label": torch.load(folder / "label.pt", weights_only=True).numpy(),
        }
        path = root / "Train" / folder.name / "aug0.pt"
        path.parent.mkdir(parents=True)
        torch.save(held, path)


def epoch(
    dataset: Dataset[dict[str, Any]],
    batch: int,
    workers: int,
    join: Callable[[list[dict[str, Any]]], Any] = default_collate,
) -> float:
    """Milliseconds a case."""
    loader = DataLoader(dataset, batch_size=batch, num_workers=workers, collate_fn=join)
    start = time.perf_counter()
    seen = sum(len(b["case"]) for b in loader)
    return (time.perf_counter() - start) / seen * 1e3


def first_epoch(root: Path, batch: int, workers: int) -> float:
    """Milliseconds a case, opening the dataset and building its cache included."""
    with tempfile.TemporaryDirectory(dir=root.parent) as cache:
        start = time.perf_counter()
        dataset = SpineMSCA(root, "train", cache=cache)
        built = (time.perf_counter() - start) / len(dataset) * 1e3
        return built + epoch(dataset, batch, workers, collate)


def compare(
    name: str,
    naive: Dataset[dict[str, Any]],
    root: Path,
    batch: int,
    options: argparse.Namespace,
) -> bool:
    """Prints the ratios; whether both reach their goals."""
    ours = SpineMSCA(root, "train")
    # The disk is to have done with what was written for this comparison.
    os.sync()
    rounds = [
        (
            epoch(naive, batch, options.workers),
            epoch(ours, batch, options.workers),
            epoch(ours, batch, options.workers, collate),
            first_epoch(root, batch, options.workers),
        )
        for _ in range(options.rounds)
    ]
    slow, torch_own, fast, first = (statistics.median(t) for t in zip(*rounds, strict=True))
    print(
        f"{name:12} batch {batch:2}: torch.load {slow:6.2f} ms/case;"
        f" collate {fast:5.2f} = {slow / fast:4.1f}x (goal {GOAL}x),"
        f" torch's {torch_own:5.2f} = {slow / torch_own:4.1f}x;"
        f" first epoch {first:5.2f} = {slow / first:4.1f}x (goal {FIRST_GOAL}x)",
        flush=True,
    )
    return bool(slow / fast >= GOAL and slow / first >= FIRST_GOAL)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=426)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tensors, dicts = Path(folder, "tensors"), Path(folder, "dicts")
        write_release(tensors, cases(options.cases))
        write_dicts(tensors, dicts)
        good = [
            compare("img+label.pt", Naive(tensors), tensors, b, options) for b in options.batches
        ]
        good += [
            compare("numpy dict", NaiveDict(dicts), dicts, b, options) for b in options.batches
        ]
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
