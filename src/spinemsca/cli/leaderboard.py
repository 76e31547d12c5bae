"""`spine-msca leaderboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLE = "spine-msca leaderboard results.jsonl --add predictions --truth data --model ours"


def run(
    results: Annotated[Path, typer.Argument(help="JSONL file that results are kept in.")],
    add: Annotated[
        Path | None, typer.Option(help="Predictions to score and add; needs --truth.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="Folder or release of true labels.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model added.")] = None,
    version: Annotated[str, typer.Option(help="Of the model added.")] = "",
    parameters: Annotated[int | None, typer.Option(help="Trained numbers.")] = None,
    seconds: Annotated[float | None, typer.Option(help="For one slice.")] = None,
    memory: Annotated[float | None, typer.Option(help="Peak in MiB.")] = None,
    revision: Annotated[str, typer.Option(help="Of the code, to keep with it.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compares models on the same cases; keeps results in one file.

    What a `model.json` among the predictions says of parameters, time and memory counts where the
    options leave it open.
    """
    from spinemsca.errors import UsageError
    from spinemsca.score import add_result, read_results

    if add is not None:
        if truth is None:
            raise UsageError("--add needs --truth", remedy=f"For example: {EXAMPLE}")
        known = {"parameters": parameters, "seconds": seconds, "memory_mib": memory}
        about = {"model": model, "version": version, "revision": revision} | known
        add_result(results, _scored(add, truth, about))
    found = read_results(results)
    if not found:
        raise UsageError("holds no results yet", where=results, remedy="Add some with --add")
    _show(found, markdown, as_json)


def _scored(predictions: Path, truth: Path, about: dict[str, Any]) -> Any:
    from datetime import UTC, datetime

    from spinemsca.cli._console import note, progress_bar
    from spinemsca.errors import UsageError
    from spinemsca.predictions import pair_labels
    from spinemsca.score import (
        LeaderboardEntry,
        digest_of_truth,
        evaluate_pairs,
        left_out,
        read_costs,
    )

    said = read_costs(predictions)
    given = {k: v for k, v in about.items() if v not in (None, "")}
    about = said | given
    if not about.get("model"):
        raise UsageError("the model has no name", remedy="Give --model")
    found = pair_labels(predictions, truth)
    if found.only_truth:
        note(f"{len(found.only_truth)} cases of the truth have no prediction and are left out")
    with progress_bar("Scoring") as progress:
        summary = evaluate_pairs(found.pairs, progress=progress)
    if without := left_out(summary):
        note(without)
    return LeaderboardEntry.of(
        summary,
        release=truth.resolve().name,
        digest=digest_of_truth(found.pairs),
        date=datetime.now(UTC).date().isoformat(),
        **about,
    )


def _show(found: list[Any], markdown: bool, as_json: bool) -> None:
    from spinemsca.cli._console import print_json
    from spinemsca.score import (
        board_title,
        boards,
        leaderboard_rows,
        published_results,
        published_rows,
        published_title,
    )

    if as_json:
        print_json(
            {
                "measured": [[r.model_dump(mode="json") for r in b] for b in boards(found)],
                "published": [p.model_dump(mode="json") for p in published_results()],
            }
        )
        return
    tables = [(board_title(board), leaderboard_rows(board)) for board in boards(found)]
    for title, rows in [*tables, (published_title(), published_rows())]:
        if markdown:
            _print_markdown(title, rows)
        else:
            _print_table(title, rows)


def _print_table(title: str, rows: list[list[str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from spinemsca.cli._console import print_table

    table = Table(title=escape(title))
    for i, head in enumerate(rows[0]):
        table.add_column(head, justify="right" if i else "left")
    for row in rows[1:]:
        table.add_row(*map(escape, row))
    print_table(table)


def _print_markdown(title: str, rows: list[list[str]]) -> None:
    import sys

    lines = [f"| {' | '.join(map(_plain, row))} |" for row in rows]
    lines.insert(1, f"| --- |{' ---: |' * (len(rows[0]) - 1)}")
    sys.stdout.write("\n".join([f"{title}:", "", *lines, "", ""]))


def _plain(cell: str) -> str:
    """A cell that cannot end itself or its row."""
    return " ".join(cell.split()).replace("|", "\\|")
