"""Writes the pages of the site that are made from the package itself.

`make docs` calls it through `docs/conf.py`; alone:

    python scripts/make_pages.py docs/generated

Verbs and their options come from the command line, measures and rules from their definitions, the
reference from every room's face, and the sample reports from synthetic cases.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from make_reference import write_reference

from spinemsca import cli
from spinemsca.release.verify import RULES

SAMPLES = 6
RULES_HEAD = """# What verify asks of a release

A broken rule of severity *error* fails the release (exit status 1); a *warning* asks for a look
and leaves the exit status at 0. `spine-msca verify --rules` prints this table.

| Rule | Severity | What must hold | What to do where it does not |
| --- | --- | --- | --- |
"""
VERBS_HEAD = """# Verbs

`spine-msca VERB --help` prints what stands here. Exit status: 0 done, 1 the answer is no, 2 bad
usage or input. Results go to stdout, progress and notes to stderr; `--json` prints a result for
programs.

| verb | what it does |
| --- | --- |
"""


def write_pages(folder: Path) -> None:
    """Writes all pages into a folder; what stood there goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in (
        ("verbs.md", verbs_page()),
        ("measures.md", run("measure", "--list", "--markdown")),
        ("verify-rules.md", rules_page()),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    write_reference(folder / "python")
    write_samples(folder / "extra" / "sample-reports")


def run(*arguments: str) -> str:
    """What a verb prints.

    Raises:
        RuntimeError: If its exit status is not 0.
    """
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(io.StringIO()):
            cli.main(arguments)
    except SystemExit as done:
        if done.code:
            raise RuntimeError(f"spine-msca {' '.join(arguments)}: status {done.code}") from None
    return printed.getvalue()


def verbs_page() -> str:
    """All verbs: usage, arguments, options and an example of each."""
    commands = {verb: _command(verb) for verb in cli._VERBS}
    rows = (f"| [{verb}](#{verb}) | {command.help} |" for verb, command in commands.items())
    parts = (line for verb, command in commands.items() for line in _verb(verb, command))
    return VERBS_HEAD + "\n".join([*rows, "", *parts]) + "\n"


def _command(verb: str) -> Any:
    return typer.main.get_command(cli._app(verb)).commands[verb]  # type: ignore[attr-defined]


def _verb(verb: str, command: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=f"spine-msca {verb}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    example = (command.epilog or "").removeprefix("Example: ")
    yield from (f"## {verb}", "", command.help, "")
    yield from ("```text", " ".join(usage.split()), "```", "")
    yield from ("| argument or option | what it is |", "| --- | --- |")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[0] != "--help":
            yield f"| {_code(record[0])} | {_cell(record[1])} |"
    yield from ("", "For example:", "", "```text", example, "```", "")


def _code(text: str) -> str:
    """Code in a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"


def _cell(text: str) -> str:
    """Text in a cell of a table; `*`, `<` and `[` stand for themselves."""
    for sign in "\\|*<[":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def rules_page() -> str:
    """The rules of `verify`, a row each."""
    rows = (f"| `{r.name}` | {r.severity} | {r.demand} | {r.remedy} |" for r in RULES)
    return RULES_HEAD + "\n".join(rows) + "\n"


def write_samples(folder: Path) -> None:
    """Writes reports of synthetic cases, with their page of all."""
    with TemporaryDirectory() as scratch:
        root = Path(scratch) / "phantoms"
        run("synth", str(root), "--cases", str(SAMPLES), "--seed", "1")
        run("report", str(root), "--out", str(folder))


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
