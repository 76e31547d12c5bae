"""The whole life of a dataset in one run, without a network, and a page that shows it.

A small synthetic release is made, packed into split archives, served over HTTP on this machine,
downloaded, verified, loaded in batches; its test split and a volume are predicted, scored, measured
and reported on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from spinemsca._util import atomic_folder
from spinemsca.dataset import SpineMSCA
from spinemsca.demo.page import Shown, demo_page, demo_sections, times_section
from spinemsca.demo.segmented import segment
from spinemsca.demo.volume import write_volume
from spinemsca.errors import UsageError
from spinemsca.predictions import Reading, find_label_maps
from spinemsca.release import download, info, pack, serve_folder, synthesise, verify
from spinemsca.report import report_inputs, write_reports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["PAGE_NAME", "run_demo"]

PAGE_NAME: Final = "index.html"
# Folders that a demo makes and clears.
_FOLDERS: Final = ("made", "archives", "data", "volume", "predictions", "reports")
Say = Callable[[str], None]


@dataclass(slots=True)
class _Clock:
    """Says what is being done and keeps how long it took."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.say(title)
        start = time.perf_counter()
        yield
        self.seconds[title] = time.perf_counter() - start


def run_demo(
    out: Path,
    *,
    cases: int = 24,
    seed: int = 1,
    real: Path | None = None,
    say: Say = lambda _: None,
) -> Path:
    """Runs everything once, in `out`, and writes the page.

    Args:
        out: Folder to write; an older demo in it is replaced.
        cases: Synthetic cases to make.
        seed: Of the cases.
        real: A real slice to segment as well.
        say: Told of each step.

    Returns:
        Path of the page.

    Raises:
        UsageError: If `out` holds anything but an older demo.
        SpineError: If the real slice cannot be read.
    """
    _clear(out)
    clock = _Clock(say)
    with atomic_folder(out.resolve()) as folder:
        made, archives, data, volume, predictions, reports = (folder / n for n in _FOLDERS)
        with clock.step(f"Making {cases} synthetic cases"):
            synthesise(made, cases, seed, workers=2)
        with clock.step("Packing them into split archives"):
            pack(made, archives, part_size=8_000_000)
        with clock.step("Downloading from a server on this machine"), serve_folder(archives) as url:
            download(data, mirror=url)
        with clock.step("Verifying every case"):
            verdict, composition = verify(data), info(data)
        with clock.step("Loading an epoch in batches"):
            shapes = _epoch(SpineMSCA(data, split="train"))
        with clock.step("Predicting, scoring and measuring the test split"):
            split = segment(data / "Test", predictions / "test", truth=data)
        with clock.step("Predicting, scoring and measuring a volume"):
            write_volume(volume / "scan.nii.gz", volume / "scan_label.nii.gz", seed)
            whole = segment(volume / "scan.nii.gz", predictions / "volume", truth=volume)
        parts = {predictions / "test": data / "Test", predictions / "volume": volume}
        slice_ = None
        if real is not None:
            with clock.step("Predicting and measuring a real slice"):
                slice_ = segment(real, predictions / "real")
            parts[predictions / "real"] = real
        with clock.step("Writing reports"):
            _report(parts, reports)
        with clock.step("Drawing"):
            shown = Shown(data, archives, verdict, composition, shapes, split, whole, slice_)
            sections = demo_sections(shown)
        page = demo_page([*sections, times_section(clock.seconds)])
        page.write(folder / PAGE_NAME)
    return out / PAGE_NAME


def _clear(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir() or {f.name for f in out.iterdir()} != {*_FOLDERS, PAGE_NAME}:
        raise UsageError("holds no older demo", where=out, remedy="Name a new folder with --out")
    shutil.rmtree(out)


def _report(parts: Mapping[Path, Path], out: Path) -> None:
    """A page a case, and one of all.

    Args:
        parts: Folders of predictions, each with the images it was made from.
        out: Folder to write.
    """
    inputs = [
        item
        for folder, images in parts.items()
        for item in report_inputs(find_label_maps([folder]).found, Reading(images))
    ]
    write_reports(inputs, out)


def _epoch(dataset: SpineMSCA) -> dict[str, str]:
    """What the batches of one epoch look like."""
    from torch.utils.data import DataLoader

    batches = list(DataLoader(dataset, batch_size=4))
    images, labels = batches[0]["image"], batches[0]["label"]
    return {
        "image": f"{tuple(images.shape)} {images.dtype}",
        "label": f"{tuple(labels.shape)} {labels.dtype}",
        "case": ", ".join(batches[0]["case"]),
        "batches": str(len(batches)),
    }
