"""Judging a release: one pass over its cases, then the rules across cases."""

from __future__ import annotations

import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import Progress, parallel_map, silent
from spinemsca.anatomy import STRUCTURES
from spinemsca.release.layout import find_entries
from spinemsca.release.release import Release
from spinemsca.release.split import Split
from spinemsca.release.verify.evidence import CaseEvidence, gather_evidence
from spinemsca.release.verify.fingerprint import COARSE_LENGTH, SIDE
from spinemsca.release.verify.rules import (
    cohort,
    composition,
    duplicates,
    files,
    image,
    label,
    registration,
    table,
)
from spinemsca.release.verify.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from spinemsca.release.verify.finding import Finding, Rule

__all__ = ["RULES", "verify"]

_TOPICS: Final = (files, table, image, label, registration, composition, duplicates, cohort)
RULES: Final[tuple[Rule, ...]] = tuple(rule for topic in _TOPICS for rule in topic.RULES)
"""All rules, by topic."""


def verify(
    root: Path,
    *,
    published: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
) -> Verdict:
    """Judges a release of any size by every rule.

    Cases are read one after the other on a few threads; of each only about 1 kB stays in
    memory, and 16 kB in a temporary file that is removed at the end.

    Args:
        root: Folder of the release.
        published: Also demand the published dataset's sizes and sex ratios.
        workers: Threads; as many as cores where not given.
        progress: Called after every case.

    Raises:
        ReleaseError: If there is no release at `root`.
        UsageError: If `workers` is less than 1.
    """
    rows, findings = table.open_table(root)
    release = Release(root, tuple(find_entries(root)), rows)
    entries = release.entries
    findings += table.check_table(entries, rows)
    findings += composition.check_composition(entries, rows)
    if published:
        findings += composition.check_published(entries, rows)
    evidence = parallel_map(
        partial(gather_evidence, release), entries, workers=workers, progress=progress
    )
    findings += _across(release, evidence)
    sizes = {split: len(release.of(split)) for split in Split}
    return Verdict(sizes, RULES, tuple(sorted(findings, key=_order)))


def _across(release: Release, evidence: Iterable[CaseEvidence]) -> Iterator[Finding]:
    entries = release.entries
    areas = np.zeros((len(entries), len(STRUCTURES)), np.int32)
    digests: dict[int, bytes] = {}
    labels: dict[int, bytes] = {}
    with _Prints() as prints:
        for index, seen in enumerate(evidence):
            yield from seen.findings
            areas[index] = seen.areas
            if seen.label_digest:
                labels[index] = seen.label_digest
            known = seen.image_digest
            if known and seen.prints and known not in prints.digests:
                prints.add(index, seen)
            if known:
                digests[index] = known
        yield from duplicates.check_identical(entries, digests)
        yield from duplicates.check_identical(entries, labels, label=True)
        yield from cohort.check_cohort(entries, areas)
        kept = [entries[i] for i in prints.indices]
        patients = [composition.patient_of(e, release.table) for e in kept]
        yield from duplicates.check_near(kept, patients, prints.coarse(), prints.fine())


class _Prints:
    """Fingerprints of all different images: the coarse in memory, the fine in a file."""

    def __init__(self) -> None:
        self.indices: list[int] = []
        self.digests: set[bytes] = set()
        self._coarse = bytearray()
        self._file = tempfile.TemporaryFile(prefix="spine-msca-")  # noqa: SIM115

    def __enter__(self) -> _Prints:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, index: int, seen: CaseEvidence) -> None:
        if seen.prints is None or seen.image_digest is None:
            return
        self.indices.append(index)
        self.digests.add(seen.image_digest)
        self._coarse += seen.prints.coarse.tobytes()
        self._file.write(seen.prints.fine.tobytes())

    def coarse(self) -> np.ndarray[Any, np.dtype[np.float16]]:
        return np.frombuffer(self._coarse, np.float16).reshape(-1, COARSE_LENGTH)

    def fine(self) -> np.ndarray[Any, np.dtype[np.int8]]:
        shape = (len(self.indices), SIDE, SIDE)
        if not self.indices:
            return np.empty(shape, np.int8)
        self._file.flush()
        return np.memmap(self._file, np.int8, "r", shape=shape)


def _order(finding: Finding) -> tuple[bool, int, str, str]:
    rank = RULES.index(finding.rule)
    split = "" if finding.split is None else str(list(Split).index(finding.split))
    return not finding.is_error, rank, split, finding.case or ""
