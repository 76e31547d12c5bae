"""What a rule is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinemsca.release.layout import Entry
    from spinemsca.release.split import Split

__all__ = ["Finding", "Rule", "Severity"]


class Severity(StrEnum):
    """Whether a release fails because of a finding."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """One question asked of every release.

    Attributes:
        name: Stable identifier, words joined by hyphens.
        severity: An error fails the release, a warning asks for a look.
        demand: What must hold, in one sentence, thresholds included.
        remedy: What to do where it does not.
    """

    name: str
    severity: Severity
    demand: str
    remedy: str

    def broken_by(self, entry: Entry, message: str, *others: Entry) -> Finding:
        """A finding on one case, or on a case and the others that it collides with."""
        return Finding(self, message, entry.name, entry.split, tuple(o.name for o in others))

    def broken(self, message: str, case: str | None = None, split: Split | None = None) -> Finding:
        """A finding on the release, or on a case that has no files."""
        return Finding(self, message, case, split)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule broken in one place.

    Attributes:
        rule: The rule.
        message: What was found, with figures; names the other case of a pair.
        case: Name of the case, `None` where the release as a whole is meant.
        split: Its split, `None` likewise.
        others: Names of further cases concerned.
    """

    rule: Rule
    message: str
    case: str | None = None
    split: Split | None = None
    others: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether the release fails because of this."""
        return self.rule.severity is Severity.ERROR
