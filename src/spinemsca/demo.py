"""The whole life of a dataset in one run, without a network, and a page that shows it.

A small synthetic release is made, packed into split archives, served over HTTP on this machine,
downloaded, verified, loaded in batches and drawn.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from spinemsca.dataset import SpineMSCA
from spinemsca.draw import case_figure, contact_sheet
from spinemsca.errors import UsageError
from spinemsca.io.files import atomic_folder
from spinemsca.measure.definitions import Scope
from spinemsca.measure.measure import measure
from spinemsca.release.download import download
from spinemsca.release.info import info
from spinemsca.release.pack import pack
from spinemsca.release.serve import serve_folder
from spinemsca.release.split import Split
from spinemsca.release.synthetic import write_phantoms
from spinemsca.release.verify import verify
from spinemsca.report.case_page import slice_drawings
from spinemsca.report.page import Figure, Page, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spinemsca.case import Case
    from spinemsca.release.info import Info
    from spinemsca.release.verify import Verdict

__all__ = ["PAGE_NAME", "run_demo"]

PAGE_NAME: Final = "index.html"
_FOLDERS: Final = ("made", "archives", "data")
_CODE: Final = """\
import spinemsca as sm
from torch.utils.data import DataLoader

train = sm.SpineMSCA("demo/data", split="train")
print(train)
train.plot(0).save("case.png")
for batch in DataLoader(train, batch_size=4, num_workers=2):
    print(batch["image"].shape, batch["label"].dtype, batch["case"])
"""

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


def run_demo(out: Path, *, cases: int = 24, seed: int = 1, say: Say = lambda _: None) -> Path:
    """Runs everything once, in `out`, and writes the page.

    Args:
        out: Folder to write; an older demo in it is replaced.
        cases: Synthetic cases to make.
        seed: Of the cases.
        say: Told of each step.

    Returns:
        Path of the page.

    Raises:
        UsageError: If `out` holds anything but an older demo.
    """
    _clear(out)
    clock = _Clock(say)
    with atomic_folder(out.resolve()) as folder:
        made, archives, data = (folder / name for name in _FOLDERS)
        with clock.step(f"Making {cases} synthetic cases"):
            write_phantoms(made, cases, seed, workers=2)
        with clock.step("Packing them into split archives"):
            pack(made, archives, part_size=8_000_000)
        with clock.step("Downloading from a server on this machine"), serve_folder(archives) as url:
            download(data, mirror=url)
        with clock.step("Verifying every case"):
            verdict, composition = verify(data), info(data)
        with clock.step("Loading an epoch in batches"):
            shapes = _epoch(SpineMSCA(data, split="train"))
        with clock.step("Drawing"):
            page = _page(data, archives, verdict, composition, shapes, clock)
            page.write(folder / PAGE_NAME)
    return out / PAGE_NAME


def _clear(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir() or {f.name for f in out.iterdir()} != {*_FOLDERS, PAGE_NAME}:
        raise UsageError("holds no older demo", where=out, remedy="Name a new folder with --out")
    shutil.rmtree(out)


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


def _page(
    data: Path,
    archives: Path,
    verdict: Verdict,
    composition: Info,
    batch: dict[str, str],
    clock: _Clock,
) -> Page:
    dataset = SpineMSCA(data, split=None)
    cases = [dataset.case(i) for i in range(len(dataset))]
    return Page(
        title="Spine-MSCA in one run",
        lead=(
            "A small release of synthetic lumbar MR images was made, packed, downloaded from a "
            "server on this machine, verified, loaded and drawn. No network was used."
        ),
        sections=[
            Section("Composition", tables=[_composition(composition)]),
            Section(
                "Cases",
                "Vertebrae are filled, discs hatched: L1 to L5, S1 and the discs between them.",
                figures=[
                    Figure(
                        case_figure(cases[0]),
                        f"Image and label overlay of {cases[0].name}",
                        "One case: image, label map and legend.",
                    ),
                    Figure(
                        contact_sheet(cases), f"{len(cases)} cases", "All cases of the release."
                    ),
                ],
            ),
            _measurements(cases[0]),
            Section("Verification", _judgement(verdict), tables=[_findings(verdict)]),
            Section("Archives", tables=[_archives(archives)]),
            Section(
                "Loading",
                "The first batch, and the code that reads it:",
                tables=[Table(["Key", "Content"], [list(item) for item in batch.items()])],
                listing=_CODE,
            ),
            Section("Time", tables=[_times(clock)]),
        ],
    )


def _measurements(case: Case) -> Section:
    """What is measured of one case, drawn on it and in numbers."""
    found = measure(case)
    names = ("disc_height_dabbs", "disc_height_index", "segmental_angle", "slip_share")
    rows = []
    for r in found.results:
        if isinstance(r.value, float) and (
            r.definition.name in names or r.definition.scope is Scope.SPINE
        ):
            error = "" if r.error is None else f"± {r.error:.2f}"
            unit = r.definition.quantity.suffix(found.unit)
            rows.append([r.definition.name, r.structure, f"{r.value:.2f}", error, unit])
    head = ["Measure", "Of", "Value", "Standard error", "Unit"]
    return Section(
        "Measurements",
        "Landmarks, construction lines and some of the measures of one case. "
        "`spine-msca report` writes a page of them for each case.",
        tables=[Table(head, rows, caption=f"Some measures of {case.name}")],
        drawings=slice_drawings(found),
    )


def _composition(found: Info) -> Table:
    parts = [found.parts[key] for key in (None, *Split)]
    shares = ("–" if p.male is None else f"{100 * p.male:.0f} %" for p in parts)
    return Table(
        ["", "All", *(s.folder for s in Split)],
        [
            ["Quantity", *(str(p.cases) for p in parts)],
            ["Sex ratio (man)", *shares],
            ["Archive", *(", ".join(p.archives) or "" for p in parts)],
        ],
    )


def _judgement(verdict: Verdict) -> str:
    word = "passed" if verdict.passed else "did not pass"
    return f"The release {word}: {verdict.cases} cases were judged by every rule."


def _findings(verdict: Verdict) -> Table:
    rows = [[f.rule.name, f.rule.severity.value, f.message] for f in verdict.findings]
    return Table(["Rule", "Severity", "Message"], rows or [["none", "", ""]], caption="Findings")


def _archives(folder: Path) -> Table:
    files = sorted(folder.iterdir())
    return Table(["File", "Bytes"], [[f.name, f"{f.stat().st_size:,}"] for f in files])


def _times(clock: _Clock) -> Table:
    return Table(["Step", "Seconds"], [[k, f"{v:.1f}"] for k, v in clock.seconds.items()])
