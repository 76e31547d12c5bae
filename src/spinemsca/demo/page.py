"""The demo's page, section by section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spinemsca.dataset import SpineMSCA
from spinemsca.draw import case_figure, contact_sheet
from spinemsca.release import Split
from spinemsca.report import Figure, Page, Section, Table, slice_drawings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spinemsca.demo.segmented import SegmentedCase, SegmentedSet
    from spinemsca.release import Info, Verdict

__all__ = ["Shown", "demo_page", "demo_sections", "times_section"]

# Chosen, not measured.
_PICTURES: Final = 3
_CODE: Final = """\
import spinemsca as sm
from torch.utils.data import DataLoader

train = sm.SpineMSCA("demo/data", split="train")
print(train)
train.plot(0).save("case.png")
for batch in DataLoader(train, batch_size=4, num_workers=2):
    print(batch["image"].shape, batch["label"].dtype, batch["case"])
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows.

    Attributes:
        data: The downloaded release.
        archives: What it was downloaded from.
        verdict: Of `verify`.
        composition: Of `info`.
        batch: Of the first batch, in words.
        split: The test split, segmented.
        volume: A volume, segmented.
        real: A real slice, or `None`.
    """

    data: Path
    archives: Path
    verdict: Verdict
    composition: Info
    batch: dict[str, str]
    split: SegmentedSet
    volume: SegmentedSet
    real: SegmentedSet | None


def demo_page(sections: Sequence[Section]) -> Page:
    """The page of these sections."""
    return Page(
        title="Spine-MSCA in one run",
        lead=(
            "A small release of synthetic lumbar MR images was made, packed, downloaded from a "
            "server on this machine, verified, loaded, segmented, scored, measured and reported on "
            "(reports/index.html). No network was used. For research use only; no medical device."
        ),
        sections=sections,
    )


def demo_sections(shown: Shown) -> list[Section]:
    """All sections but the one of times."""
    dataset = SpineMSCA(shown.data, split=None)
    cases = [dataset.case(i) for i in range(len(dataset))]
    real = [] if shown.real is None else [_real(shown.real.cases[0])]
    return [
        Section("Composition", tables=[_composition(shown.composition)]),
        Section(
            "Cases",
            "Vertebrae are filled, discs hatched: L1 to L5, S1 and the discs between them.",
            figures=[
                Figure(
                    case_figure(cases[0]),
                    f"Image and label overlay of {cases[0].name}",
                    "One case: image, label map and legend.",
                ),
                Figure(contact_sheet(cases), f"{len(cases)} cases", "All cases of the release."),
            ],
        ),
        Section("Verification", _judgement(shown.verdict), tables=[_findings(shown.verdict)]),
        Section("Archives", tables=[_archives(shown.archives)]),
        Section(
            "Loading",
            "The first batch, and the code that reads it:",
            tables=[Table(["Key", "Content"], [list(item) for item in shown.batch.items()])],
            listing=_CODE,
        ),
        _segmentation(shown.split),
        _measurements(shown.split.cases[0]),
        _volume(shown.volume),
        *real,
    ]


def times_section(seconds: dict[str, float]) -> Section:
    """How long each step took."""
    rows = [[step, f"{value:.1f}"] for step, value in seconds.items()]
    return Section("Time", tables=[Table(["Step", "Seconds"], rows)])


def _segmentation(found: SegmentedSet) -> Section:
    figures = [
        Figure(c.picture(), f"Prediction of {c.name}", f"{c.name}: mean Dice {c.dice:.3f}")
        for c in found.cases[:_PICTURES]
    ]
    return Section(
        "Segmentation",
        "The test split, segmented with the weights that come with the package and scored "
        "against the known truth: mean, standard deviation and 95 % interval.",
        tables=[Table(*found.table())],
        figures=figures,
    )


def _measurements(found: SegmentedCase) -> Section:
    head, rows = found.measures()
    return Section(
        "Measurements",
        f"Of {found.name}, from its predicted label map. Synthetic cases state their spacing.",
        tables=[Table(head, rows, caption="Value ± standard error.")],
        drawings=slice_drawings(found.found),
    )


def _volume(found: SegmentedSet) -> Section:
    (case,) = found.cases
    head, rows = case.measures()
    number = len(case.scan.volume.pixels)
    return Section(
        "A volume",
        f"A NIfTI file of {number} sagittal slices whose axes run otherwise than a picture's. "
        f"Every slice is segmented and scored; slice {case.scan.shown} is measured, in mm. "
        f"{case.scan.reason}.",
        tables=[
            Table(*found.table(), caption="Scores of the whole volume"),
            Table(head, rows, caption="Value ± standard error, of the one slice."),
        ],
        figures=[Figure(case.picture(), "The slice measured", f"Mean Dice {case.dice:.3f}")],
    )


def _real(found: SegmentedCase) -> Section:
    record = found.scan.record
    said = "" if record is None else record.refused or "; ".join(record.warnings)
    head, rows = found.measures()
    return Section(
        "A real slice",
        "SPIDER, van der Graaf et al. 2024, CC BY 4.0; its file states no spacing. "
        f"{said or 'No warnings.'}",
        tables=[Table(head, rows, caption="Value ± standard error.")],
        figures=[
            Figure(found.picture(), "Prediction over a real slice", "Predicted label map."),
        ],
        drawings=slice_drawings(found.found),
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
