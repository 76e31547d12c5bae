"""Judging a release by every rule that a careful curator knows."""

from __future__ import annotations

from spinemsca.release.verify.finding import Finding, Rule, Severity
from spinemsca.release.verify.judge import RULES, verify
from spinemsca.release.verify.verdict import Verdict

__all__ = ["RULES", "Finding", "Rule", "Severity", "Verdict", "verify"]
