"""A commit is checked as `make check` checks; every target that tests runs nightly."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def recipe(target: str) -> list[str]:
    """The commands of a target."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in found[1].splitlines()]


def test_a_commit_is_checked_by_the_commands_of_make_check() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repo,) = config["repos"]
    assert repo["repo"] == "local", "another repository would be fetched"
    hooks = [hook["entry"].removesuffix(" --force-exclude") for hook in repo["hooks"]]
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    checks = [command.removesuffix(" .") for command in recipe("check")]
    assert hooks == [command for command in checks if command != ".venv/bin/lint-imports"]


def test_each_night_runs_every_target_that_tests() -> None:
    targets = re.findall(r"^(test[a-z-]*):", MAKEFILE, re.MULTILINE)
    nightly = re.search(r"^test-all: (.*?)  ##", MAKEFILE, re.MULTILINE)
    assert nightly
    assert set(nightly[1].split()) == {*targets, "docs"} - {"test-all"}
