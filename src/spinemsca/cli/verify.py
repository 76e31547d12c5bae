"""`spine-msca verify`: judge a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemsca.cli._console import print_json, print_table, progress_bar
from spinemsca.errors import UsageError

EXAMPLE = "spine-msca verify data --published"


def run(
    root: Annotated[
        Path | None, typer.Argument(help="Folder with Train, Vali and Test.", show_default=False)
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Also demand the published sizes and sex ratios.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Threads; as many as cores by default.", min=1)
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Print the rules and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Judges ROOT by every rule; exit status 1 where a rule of severity error is broken."""
    if root is None and not rules:
        raise UsageError("no release named", remedy="Give its folder: spine-msca verify ROOT")
    if rules or root is None:
        _print_rules(as_json)
        return
    from spinemsca.release import verify

    with progress_bar("Judging") as progress:
        verdict = verify(root, published=published, workers=workers, progress=progress)
    if as_json:
        print_json(verdict.to_json())
    else:
        from spinemsca.release import verdict_table

        print_table(verdict_table(verdict))
    if not verdict.passed:
        raise typer.Exit(1)


def _print_rules(as_json: bool) -> None:
    from spinemsca.release import RULES, rules_table

    if not as_json:
        print_table(rules_table())
        return
    fields = ("name", "severity", "demand", "remedy")
    print_json([{f: str(getattr(rule, f)) for f in fields} for rule in RULES])
