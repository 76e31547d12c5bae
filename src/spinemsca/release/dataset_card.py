"""The card that travels with a packed release: what it holds, from whom, under which terms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from spinemsca._version import __version__
from spinemsca.anatomy import COLUMN
from spinemsca.case import Sex
from spinemsca.release.origin import without_slice
from spinemsca.release.split import Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spinemsca.release.case_table import CaseRow

__all__ = ["CARD_NAME", "Card", "render_card"]

CARD_NAME: Final = "README.md"

_TEXT: Final = """\
# Lumbar spine release

{cases} sagittal MR images of the lumbar spine from {patients} patients, each with a label map of
L1–L5, S1 and the discs D1 (L1/L2) to D5 (L5/S1). Images are float32 in [0, 1]; label values are
0 background, {values}.

{composition}

- **Licence:** {licence}
- **Sources:** {sources}
- **Not annotated in some cases:** {unannotated}
- **Pixel spacing:** known in {spaced} of {cases} cases (`cases.csv`)

Each archive holds a folder a case with `img.pt` (rows × columns) and `label.pt`
(1 × rows × columns). Parts `.001`, `.002`, … joined in order are one zip file.

{files}

Check them with `sha256sum --check SHA256SUMS`, or read everything with
`spine-msca download --root DIR --mirror THIS_FOLDER`.

For research use only; not for diagnosis. Packed by spine-msca {version}.
"""


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says.

    Attributes:
        rows: The release's cases.
        files: Bytes of each file, by name.
        sums: SHA-256 of each file, by name.
        licence: Terms of use.
    """

    rows: Sequence[CaseRow]
    files: Mapping[str, int]
    sums: Mapping[str, str]
    licence: str

    @classmethod
    def of(
        cls,
        rows: Sequence[CaseRow],
        *,
        files: Mapping[str, int],
        sums: Mapping[str, str],
        licence: str = "",
    ) -> Self:
        """A card; an empty licence is said to be "not stated"."""
        return cls(tuple(rows), files, sums, licence or "not stated")


def render_card(card: Card) -> str:
    """The card in Markdown; the same release gives the same text."""
    rows = card.rows
    return _TEXT.format(
        cases=len(rows),
        patients=len({row.patient or row.case for row in rows}),
        values=", ".join(f"{s.value} {s.name}" for s in sorted(COLUMN, key=lambda s: s.value)),
        composition=_composition(rows),
        licence=card.licence,
        sources="; ".join(sorted({without_slice(row.source) for row in rows} - {""}))
        or "not stated",
        unannotated=_unannotated(rows),
        spaced=sum(row.spacing is not None for row in rows),
        files=_files(card),
        version=__version__,
    )


def _composition(rows: Sequence[CaseRow]) -> str:
    lines = ["| | All | Train | Vali | Test |", "|---|---|---|---|---|"]
    groups = [list(rows), *([r for r in rows if r.split is s] for s in Split)]
    lines.append("| Quantity | " + " | ".join(str(len(g)) for g in groups) + " |")
    lines.append("| Sex ratio (man) | " + " | ".join(_male(g) for g in groups) + " |")
    return "\n".join(lines)


def _male(rows: Sequence[CaseRow]) -> str:
    known = [row.sex for row in rows if row.sex is not None]
    return f"{100 * known.count(Sex.MALE) / len(known):.0f} %" if known else "not stated"


def _unannotated(rows: Sequence[CaseRow]) -> str:
    missing = Counter(s.name for row in rows for s in COLUMN if s not in row.annotated)
    return ", ".join(f"{name} ({n} cases)" for name, n in missing.items()) or "none"


def _files(card: Card) -> str:
    lines = ["| File | Bytes | SHA-256 |", "|---|---|---|"]
    lines += [f"| `{n}` | {size} | `{card.sums[n]}` |" for n, size in sorted(card.files.items())]
    return "\n".join(lines)
