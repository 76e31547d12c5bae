"""A verdict and the rules as tables for people."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from spinemsca.release.verify.verify import RULES

if TYPE_CHECKING:
    from spinemsca.release.verify.finding import Finding, Severity
    from spinemsca.release.verify.verdict import Verdict

__all__ = ["rules_table", "verdict_table"]

# Chosen, not measured: rows of one rule that a terminal shows.
_MOST_WARNINGS: Final = 8
_STYLES: Final = {"error": "bold red", "warning": "yellow"}


def rules_table() -> Table:
    """All rules: name, severity, what must hold, what to do where it does not."""
    table = Table(title="What every release is asked", show_lines=True)
    for heading in ("Rule", "Severity", "What must hold", "What to do where it does not"):
        table.add_column(heading, no_wrap=heading == "Rule")
    for rule in RULES:
        table.add_row(rule.name, _severity(rule.severity), rule.demand, rule.remedy)
    return table


def verdict_table(verdict: Verdict) -> Group:
    """Findings and remedies, then one line that sums up."""
    parts: list[Table | Text] = []
    if verdict.findings:
        parts += [_findings_table(verdict.findings), _remedies(verdict.findings)]
    return Group(*parts, _summary(verdict))


def _findings_table(findings: tuple[Finding, ...]) -> Table:
    table = Table(title="Findings")
    for heading in ("Rule", "Severity", "Split", "Case", "What was found"):
        table.add_column(heading, no_wrap=heading == "Rule", overflow="fold")
    for rule, group in groupby(findings, key=lambda f: f.rule):
        found = list(group)
        # A warning on every case must not bury an error.
        shown = found if found[0].is_error else found[:_MOST_WARNINGS]
        for finding in shown:
            _add(table, finding)
        if rest := found[len(shown) :]:
            names = ", ".join(f.case for f in rest if f.case)
            table.add_row(rule.name, _severity(rule.severity), "", "", Text(f"also {names}"))
    return table


def _add(table: Table, finding: Finding) -> None:
    split = "" if finding.split is None else finding.split.folder
    table.add_row(
        finding.rule.name,
        _severity(finding.rule.severity),
        split,
        Text(finding.case or ""),
        Text(finding.message),
    )


def _remedies(findings: tuple[Finding, ...]) -> Table:
    table = Table(title="What to do", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for rule in dict.fromkeys(f.rule for f in findings):
        table.add_row(rule.name, rule.remedy)
    return table


def _summary(verdict: Verdict) -> Text:
    errors = sum(f.is_error for f in verdict.findings)
    warnings = len(verdict.findings) - errors
    sizes = ", ".join(f"{s.folder} {n}" for s, n in verdict.sizes.items())
    word = Text("passed", "bold green") if verdict.passed else Text("failed", "bold red")
    return Text.assemble(
        word,
        f": {verdict.cases} cases ({sizes}), {len(verdict.rules)} rules, "
        f"{errors} errors, {warnings} warnings",
    )


def _severity(severity: Severity) -> Text:
    return Text(severity.value, _STYLES[severity.value])
