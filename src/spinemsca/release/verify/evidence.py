"""What is kept of one case once it has been read: findings, fingerprint, digests, areas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import SpineError
from spinemsca.release.verify.components import ComponentShape, shapes
from spinemsca.release.verify.fingerprint import Fingerprint, fingerprint
from spinemsca.release.verify.rules.files import check_files, unloadable
from spinemsca.release.verify.rules.image import check_image, is_blank
from spinemsca.release.verify.rules.label import check_label
from spinemsca.release.verify.rules.registration import check_fit
from spinemsca.release.verify.rules.table import check_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from spinemsca.anatomy import Structure
    from spinemsca.case import Case
    from spinemsca.release.layout import Entry
    from spinemsca.release.release import Release
    from spinemsca.release.verify.finding import Finding

__all__ = ["CaseEvidence", "gather_evidence", "judge"]


@dataclass(frozen=True, slots=True, eq=False)
class CaseEvidence:
    """What the rules across cases need to know of one case; about 20 kB.

    Attributes:
        findings: What is wrong with the case by itself.
        areas: `(11,)` int32, px² of each structure in `STRUCTURES`' order.
        prints: Fingerprint, `None` where the image could not be read or shows nothing.
        image_digest: Of the image's values, `None` where it could not be read.
        label_digest: Of the label map's, `None` where there is none or it is empty.
    """

    findings: tuple[Finding, ...]
    areas: NDArray[np.int32]
    prints: Fingerprint | None = None
    image_digest: bytes | None = None
    label_digest: bytes | None = None


def gather_evidence(release: Release, entry: Entry) -> CaseEvidence:
    """Reads one case and judges it; a case that cannot be read is a finding, never an error."""
    findings = list(_digest_findings(release, entry))
    try:
        case = release.load(entry)
        findings += check_files(entry, case.image.size)
    except SpineError as error:
        findings.append(unloadable(entry, error))
        return CaseEvidence(tuple(findings), np.zeros(len(STRUCTURES), np.int32))
    return judge(entry, case, findings)


def _digest_findings(release: Release, entry: Entry) -> Iterator[Finding]:
    # A row of the same name in another split speaks of other files.
    row = release.row(entry)
    if row.split == entry.split:
        try:
            yield from check_digest(entry, row)
        except OSError:
            return


def judge(entry: Entry, case: Case, before: list[Finding]) -> CaseEvidence:
    """Applies all rules about a single case.

    Args:
        entry: Where the case lies.
        case: Its image and label map.
        before: What was already found.
    """
    found = {} if case.label is None else shapes(case.label)
    findings = [*before, *check_image(entry, case), *check_label(entry, case, found)]
    blank = is_blank(case.image)
    if not blank:
        findings += check_fit(entry, case)
    return CaseEvidence(
        tuple(findings),
        _areas(found),
        None if blank else fingerprint(case.image),
        _digest(case.image),
        _digest(case.label) if case.label is not None and found else None,
    )


def _areas(found: Mapping[Structure, ComponentShape]) -> NDArray[np.int32]:
    return np.array([found[s].area if s in found else 0 for s in STRUCTURES], np.int32)


def _digest(values: NDArray[np.generic]) -> bytes:
    return hashlib.blake2b(
        np.ascontiguousarray(values).view(np.uint8).data, digest_size=16
    ).digest()
