"""What is known of a case beside its numbers, without anything that names a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spinemsca.anatomy import by_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.case import Sex

__all__ = ["About", "from_prediction"]

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


def from_prediction(record: Any) -> About:
    """What `predict` wrote beside a label map; anything unexpected in it is left out.

    Args:
        record: The JSON's content, of any form.
    """
    if not isinstance(record, dict):
        return About()
    warnings = [t for t in _list(record.get("warnings")) if isinstance(t, str)]
    if record.get("ambiguous") is True:
        warnings.append("levels may be numbered wrongly")
    if isinstance(record.get("refused"), str):
        warnings.append(f"refused: {record['refused']}")
    return About(
        model=_model(record.get("model")),
        confidence=_confidence(record.get("confidence")),
        warnings=tuple(t[:_LONGEST] for t in warnings[:_MOST_WARNINGS]),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _model(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    name, version = value.get("name") or "spine-msca segmentation model", value.get("version")
    stated = f", version {version}" if version is not None else ", version not stated"
    return f"{name}{stated}"[:_LONGEST]


def _confidence(value: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, number in value.items() if isinstance(value, dict) else ():
        try:
            found[by_name(str(name)).name] = float(number)
        except (KeyError, TypeError, ValueError):
            continue
    return found
