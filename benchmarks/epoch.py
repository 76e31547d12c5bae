"""Reading an epoch of 426 cases: `SpineMSCA` against `torch.load` in `__getitem__`.

Both go through a plain `DataLoader` and give the same batches. Prints the time a case and the
ratio, first epoch (with the making of the cache) and later ones.

    python benchmarks/epoch.py [--cases 426] [--workers 0]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from spinemsca.case import Case
from spinemsca.dataset import SpineMSCA
from spinemsca.release.split import Split
from spinemsca.release.store import write_release

ROUNDS = 3


class Naive(Dataset):
    """What one writes first."""

    def __init__(self, root: Path) -> None:
        self.folders = sorted((root / "Train").iterdir())

    def __len__(self) -> int:
        return len(self.folders)

    def __getitem__(self, index: int) -> dict:
        folder = self.folders[index]
        image = torch.load(folder / "img.pt", weights_only=True)
        label = torch.load(folder / "label.pt", weights_only=True)
        return {"image": image[None], "label": label.long(), "case": folder.name}


class NaiveDict(Dataset):
    """The same over one dict of numpy arrays a case, as `p*/aug*.pt` hold it."""

    def __init__(self, root: Path) -> None:
        self.files = sorted((root / "Train").glob("*/aug0.pt"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> dict:
        held = torch.load(self.files[index], weights_only=False)
        image, label = torch.from_numpy(held["img"]), torch.from_numpy(held["label"])
        return {"image": image.float()[None], "label": label.long(), "case": "p"}


def cases(number: int):
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


def epoch(dataset: Dataset, batch: int, workers: int) -> float:
    """Milliseconds a case."""
    loader = DataLoader(dataset, batch_size=batch, num_workers=workers)
    start = time.perf_counter()
    seen = sum(len(b["case"]) for b in loader)
    return (time.perf_counter() - start) / seen * 1e3


def first_epoch(root: Path, batch: int, workers: int) -> float:
    """Milliseconds a case, opening the dataset and building its cache included."""
    with tempfile.TemporaryDirectory(dir=root.parent) as cache:
        start = time.perf_counter()
        dataset = SpineMSCA(root, "train", cache=cache)
        built = (time.perf_counter() - start) / len(dataset) * 1e3
        return built + epoch(dataset, batch, workers)


def compare(name: str, naive: Dataset, root: Path, batches: list[int], workers: int) -> bool:
    """Prints the ratios; whether all reach their goals."""
    good = True
    ours = SpineMSCA(root, "train")
    for batch in batches:
        # Interleaved, so that a busy machine slows both.
        pairs = [(epoch(naive, batch, workers), epoch(ours, batch, workers)) for _ in range(ROUNDS)]
        slow, fast = (min(times) for times in zip(*pairs, strict=True))
        first = first_epoch(root, batch, workers)
        good &= slow / fast >= 10 and slow / first >= 1
        print(
            f"{name:12} batch {batch:2}: torch.load {slow:6.2f} ms/case, SpineMSCA {fast:5.2f}"
            f" = {slow / fast:5.1f}x (goal 10x); first epoch {first:5.2f}"
            f" = {slow / first:4.1f}x (goal 1x)",
            flush=True,
        )
    return good


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=426)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 16])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tensors, dicts = Path(folder, "tensors"), Path(folder, "dicts")
        write_release(tensors, cases(options.cases))
        write_dicts(tensors, dicts)
        good = compare("img+label.pt", Naive(tensors), tensors, options.batches, options.workers)
        good &= compare("numpy dict", NaiveDict(dicts), dicts, [8], options.workers)
    sys.exit(not good)


if __name__ == "__main__":
    main()
