"""Rules about the release as a whole: splits, patients, layouts, and the published numbers."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from spinemsca.case import Sex
from spinemsca.release.published import PUBLISHED_MALE_PERCENT
from spinemsca.release.split import PUBLISHED_SIZES, Split
from spinemsca.release.verify.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spinemsca.release.case_table import CaseRow
    from spinemsca.release.layout import Entry

__all__ = ["RULES", "check_composition", "check_published", "patient_of"]

EMPTY_SPLIT: Final = Rule(
    "empty-split",
    Severity.WARNING,
    "Train, Vali and Test each hold cases",
    "Download or build the split that is missing",
)
TWO_SPLITS: Final = Rule(
    "patient-in-two-splits",
    Severity.ERROR,
    "No patient is in two splits",
    "Move all of the patient's cases into one split",
)
SAME_NAME: Final = Rule(
    "same-name",
    Severity.WARNING,
    "Without cases.csv, no case's name is used in two splits",
    "Rename one, or add cases.csv; nobody can tell whether it is the same patient",
)
SEVERAL_IMAGES: Final = Rule(
    "several-images",
    Severity.WARNING,
    "One image a patient",
    "Keep one, or count patients rather than images in every statistic",
)
LAYOUTS: Final = Rule(
    "mixed-layouts",
    Severity.WARNING,
    "All cases lie in the same layout, each split in one folder",
    "Write the release anew in one layout",
)
SIZES: Final = Rule(
    "published-sizes",
    Severity.ERROR,
    "With --published: " + ", ".join(f"{n} {s.folder}" for s, n in PUBLISHED_SIZES.items()),
    "Download the missing splits again",
)
SEXES: Final = Rule(
    "published-sexes",
    Severity.ERROR,
    "With --published: "
    + ", ".join(f"{p} % men in {s.folder}" for s, p in PUBLISHED_MALE_PERCENT.items())
    + ", to the nearest per cent, where sexes are known",
    "Check the splits and the column sex of cases.csv",
)
ONE_IMAGE: Final = Rule(
    "published-one-image",
    Severity.ERROR,
    "With --published: one image a patient",
    "Remove the further images",
)
RULES: Final = (
    EMPTY_SPLIT,
    TWO_SPLITS,
    SAME_NAME,
    SEVERAL_IMAGES,
    LAYOUTS,
    SIZES,
    SEXES,
    ONE_IMAGE,
)


def patient_of(entry: Entry, table: Mapping[str, CaseRow]) -> str:
    """The patient of a case: from `cases.csv`; else the folder of `aug*.pt`, or the case's name."""
    row = table.get(entry.name)
    if row and row.patient:
        return row.patient
    folder = entry.name.rpartition("/")[0]
    return folder if folder and entry.image_path.name.startswith("aug") else entry.name


def check_composition(entries: Sequence[Entry], table: Mapping[str, CaseRow]) -> Iterator[Finding]:
    """Judges splits, names, patients and layout."""
    for split in Split:
        if not any(e.split == split for e in entries):
            yield EMPTY_SPLIT.broken(f"no cases in {split.folder}", split=split)
    yield from _check_names(entries, table)
    yield from _check_patients(entries, table)
    yield from _check_layout(entries)


def _check_names(entries: Sequence[Entry], table: Mapping[str, CaseRow]) -> Iterator[Finding]:
    if table:
        return
    used: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        used[entry.name.removeprefix(f"{entry.split.value}-")].append(entry)
    for name, (first, *others) in used.items():
        if others:
            splits = " and ".join(o.split.folder for o in others)
            yield SAME_NAME.broken_by(first, f"{name} is also in {splits}", *others)


def _check_patients(entries: Sequence[Entry], table: Mapping[str, CaseRow]) -> Iterator[Finding]:
    for patient, cases in _by_patient(entries, table).items():
        first, *further = cases
        elsewhere = next((c for c in further if c.split != first.split), None)
        if elsewhere is not None:
            yield TWO_SPLITS.broken_by(
                elsewhere, f"patient {patient} is also in {first.split.folder}", first
            )
        elif further:
            yield SEVERAL_IMAGES.broken_by(
                first, f"patient {patient} has {len(cases)} images", *further
            )


def _by_patient(entries: Sequence[Entry], table: Mapping[str, CaseRow]) -> dict[str, list[Entry]]:
    cases: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        cases[patient_of(entry, table)].append(entry)
    return cases


def _check_layout(entries: Sequence[Entry]) -> Iterator[Finding]:
    pairs = sum(e.image_path != e.label_path for e in entries)
    if 0 < pairs < len(entries):
        yield LAYOUTS.broken(
            f"{pairs} cases are folders with img.pt, {len(entries) - pairs} are single files"
        )


def check_published(entries: Sequence[Entry], table: Mapping[str, CaseRow]) -> Iterator[Finding]:
    """Compares with the published composition."""
    for split, wanted in PUBLISHED_SIZES.items():
        members = [e for e in entries if e.split == split]
        if len(members) != wanted:
            yield SIZES.broken(f"{len(members)} cases, published {wanted}", split=split)
        sexes = [s for e in members if e.name in table and (s := table[e.name].sex)]
        percent = PUBLISHED_MALE_PERCENT[split]
        if sexes and abs(100 * sexes.count(Sex.MALE) / len(sexes) - percent) > 0.5:
            share = sexes.count(Sex.MALE) / len(sexes)
            yield SEXES.broken(f"{share:.1%} men, published {percent} %", split=split)
    for patient, cases in _by_patient(entries, table).items():
        if len(cases) > 1:
            yield ONE_IMAGE.broken_by(
                cases[0], f"patient {patient} has {len(cases)} images", *cases[1:]
            )
