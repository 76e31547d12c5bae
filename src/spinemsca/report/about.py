"""What is known of a case beside its numbers, without anything that names a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.case import Sex
    from spinemsca.predictions import Record

__all__ = ["About", "about_prediction"]

# Both chosen, not measured: what a page can show.
_LONGEST: Final = 300
_MOST_WARNINGS: Final = 20


@dataclass(frozen=True, slots=True)
class About:
    """Beside the numbers.

    Attributes:
        sex: Or `None` where unknown.
        source: Where a release says that the case came from.
        model: Name and version of the model that drew the outlines; empty where unknown.
        confidence: Of each structure, by name, as the model states it.
        warnings: Of the model.
        back: Address of the page of all cases, relative; empty where there is none.
    """

    sex: Sex | None = None
    source: str = ""
    model: str = ""
    confidence: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    back: str = ""

    def facts(self) -> list[tuple[str, str]]:
        """Terms and texts for the page's list."""
        found = [("Outlines", self.model or "of unknown origin (no model was stated)")]
        if self.confidence:
            values = ", ".join(f"{k} {v:.2f}" for k, v in self.confidence.items())
            found.append(("Confidence stated by the model", values))
        if self.sex is not None:
            found.append(("Sex", {"F": "female", "M": "male"}[self.sex.value]))
        if self.source:
            found.append(("Source", self.source))
        return found

    def credit(self) -> str:
        """Whom the images are owed to, where known."""
        return f"Image: {self.source}." if self.source else ""


def about_prediction(record: Record | None) -> About:
    """What `predict` said of a label map.

    Args:
        record: Of its prediction, or `None`.
    """
    if record is None:
        return About()
    warnings = [record.numbering] if record.ambiguous and record.numbering else []
    return About(
        model=f"spine-msca segmentation model, version {record.model.version}"[:_LONGEST],
        confidence=dict(record.confidence),
        warnings=tuple(t[:_LONGEST] for t in (*warnings, *record.warnings)[:_MOST_WARNINGS]),
    )
