"""The outcome of judging a release."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spinemsca.release.split import Split
    from spinemsca.release.verify.finding import Finding, Rule

__all__ = ["Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a release.

    Attributes:
        sizes: Cases in each split.
        rules: The rules that were applied, in their order.
        findings: What breaks them, errors first, then in the order of the rules.
    """

    sizes: Mapping[Split, int]
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]

    @property
    def cases(self) -> int:
        """Number of cases."""
        return sum(self.sizes.values())

    @property
    def passed(self) -> bool:
        """Whether no rule of severity error is broken."""
        return not any(f.is_error for f in self.findings)

    def counts(self) -> dict[str, int]:
        """Findings of every rule, 0 where it holds."""
        found = Counter(f.rule.name for f in self.findings)
        return {rule.name: found[rule.name] for rule in self.rules}

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain values, in a stable form."""
        return {
            "passed": self.passed,
            "cases": self.cases,
            "splits": {split.value: size for split, size in self.sizes.items()},
            "findings": [_finding(f) for f in self.findings],
            "rules": self.counts(),
        }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.name,
        "severity": finding.rule.severity.value,
        "case": finding.case,
        "split": None if finding.split is None else finding.split.value,
        "others": list(finding.others),
        "message": finding.message,
        "remedy": finding.rule.remedy,
    }
