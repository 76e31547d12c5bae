"""How cases are scored."""

from __future__ import annotations

from dataclasses import dataclass

from spinemsca.score.checks import checked_spacing

__all__ = ["Protocol"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How cases are scored.

    Attributes:
        spacing: Of rows and columns of all slices in mm, or of slices, rows and columns of all
            volumes; `None` for slices in pixels and for volumes as their headers state it.
        own_spacing: Whether each slice's own spacing is used, as its release or header states
            it; that of volumes is anyway.
        published: Whether the published way is computed, too.
        slices: Whether each slice of a volume is scored by itself, too.

    Raises:
        UsageError: If the spacing is not two or three positive numbers.
    """

    spacing: tuple[float, ...] | None = None
    own_spacing: bool = False
    published: bool = False
    slices: bool = False

    def __post_init__(self) -> None:
        if self.spacing is not None:
            object.__setattr__(self, "spacing", checked_spacing(self.spacing))
