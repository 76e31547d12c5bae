"""Judging a release by every rule that a careful curator knows."""

from __future__ import annotations

from spinemsca.release.verify.finding import Finding, Rule, Severity
from spinemsca.release.verify.verdict import Verdict
from spinemsca.release.verify.verify import RULES, verify

__all__ = ["RULES", "Finding", "Rule", "Severity", "Verdict", "verify"]
