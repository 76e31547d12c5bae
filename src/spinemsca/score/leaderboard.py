"""Runs of several models on one release: results kept in one JSONL file, shown as one table.

Published figures come from a list in the package. They are shown apart and never ranked among
measured ones; nor are results of other cases or another way of scoring.
"""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Final

from filelock import FileLock
from pydantic import Field, ValidationError, field_validator

from spinemsca._util import Strict, sha256, write_text
from spinemsca.anatomy import STRUCTURES
from spinemsca.errors import FileFormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from spinemsca.predictions import Pair

__all__ = [
    "LeaderboardEntry",
    "PublishedResult",
    "add_result",
    "board_title",
    "boards",
    "digest_of_truth",
    "leaderboard_rows",
    "published_results",
    "published_rows",
    "published_title",
    "read_costs",
    "read_results",
]

# Metrics of the table, with which an entry must come; chosen.
_METRICS: Final = ("dice", "agnostic_dice", "hd95", "nsd")
# Of a digest, in titles: 48 bits tell the truths of one table apart; chosen.
_FIRST_DIGITS: Final = 12


class MetricEstimate(Strict):
    """Mean and 95 % interval of one metric."""

    mean: float | None
    ci95: tuple[float, float] | None


class LeaderboardEntry(Strict):
    """One model's result on one set of cases; a line of the JSONL file.

    Attributes:
        model: Its name.
        version: Of the model, or empty.
        release: Name of the release or folder that holds the truth.
        cases: Scored.
        digest: Of the true label maps, their names and what they annotate; only equal ones are
            compared.
        unit: Of lengths, `px` or `mm`.
        interval_over: What the bootstrap drew: `patients` or `cases`.
        metrics: By name.
        levels_right: Share of cases with every level right.
        parameters: Trained numbers, or `None` where unknown.
        seconds: For one slice, or `None`.
        memory_mib: Peak, or `None`.
        revision: Of the code that scored, or empty.
        date: Of the scoring, ISO 8601, or empty.
    """

    model: Annotated[str, Field(min_length=1)]
    version: str = ""
    release: str
    cases: int = Field(ge=1)
    digest: str
    unit: str
    interval_over: str
    metrics: dict[str, MetricEstimate]
    levels_right: float | None = Field(ge=0, le=1)
    parameters: int | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, ge=0)
    memory_mib: float | None = Field(default=None, ge=0)
    revision: str = ""
    date: str = ""

    @field_validator("metrics")
    @classmethod
    def _complete(cls, metrics: dict[str, MetricEstimate]) -> dict[str, MetricEstimate]:
        missing = [m for m in _METRICS if m not in metrics]
        if missing:
            raise ValueError(f"without {', '.join(missing)}")
        return metrics

    @classmethod
    def of(cls, summary: Mapping[str, Any], **about: Any) -> LeaderboardEntry:
        """A result from what `evaluate --json` prints and what is known of the model.

        Raises:
            UsageError: If that is out of range, such as a negative time.
        """
        metrics = {m: {k: summary["overall"][m][k] for k in ("mean", "ci95")} for m in _METRICS}
        shared = {k: summary[k] for k in ("cases", "unit", "interval_over", "levels_right")}
        try:
            return cls.model_validate(shared | {"metrics": metrics} | about)
        except ValidationError as error:
            raise UsageError(f"cannot be a result ({_first(error)})") from None


class PublishedResult(Strict):
    """A figure out of print; not measured here."""

    model: str
    dataset: str
    split: str
    dice_percent: float
    hd95_px: float
    parameters: int | None = None
    source: str


def digest_of_truth(pairs: Iterable[Pair]) -> str:
    """SHA-256 over names, bytes and annotated structures of the true label maps, by name."""
    digest = hashlib.sha256()
    for pair in sorted(pairs, key=lambda p: p.name):
        digest.update(f"{pair.name}\0{sha256(pair.truth)}{_annotated(pair)}\n".encode())
    return digest.hexdigest()


def _annotated(pair: Pair) -> str:
    """The structures that a truth is said to speak of; empty where truths themselves tell."""
    if pair.annotated is None:
        return ""
    return "\0" + ",".join(s.name for s in STRUCTURES if s in pair.annotated)


def read_costs(predictions: Path) -> dict[str, Any]:
    """Name, parameters, time and memory as `model.json` among predictions states them.

    Empty where there is no such file.

    Raises:
        FileFormatError: If it cannot be read.
    """
    path = predictions / "model.json"
    if not path.exists():
        return {}
    try:
        said = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise FileFormatError(f"cannot be read ({type(error).__name__})", where=path) from None
    named = {"model": said.get("network"), "version": said.get("version")}
    costs = {k: said.get(k) for k in ("parameters", "seconds", "memory_mib")}
    return {k: v for k, v in {**named, **costs}.items() if v is not None}


def add_result(path: Path, result: LeaderboardEntry) -> None:
    """Adds a line to a results file; nothing is lost when others add at once or this is killed.

    Raises:
        FileFormatError: If the file holds something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        lines = [r.model_dump_json() for r in (*read_results(path), result)]
        write_text(path, "".join(f"{line}\n" for line in lines))


def read_results(path: Path) -> list[LeaderboardEntry]:
    """All results of a file, in the order they were added; none where there is no file.

    Raises:
        FileFormatError: If a line is no result; names the line.
    """
    if not path.exists():
        return []
    try:
        # Not splitlines, which also breaks at characters that JSON leaves inside a string.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"cannot be read ({type(error).__name__})", where=path) from None
    return [
        _parsed(line, number, path) for number, line in enumerate(lines, start=1) if line.strip()
    ]


def _parsed(line: str, number: int, path: Path) -> LeaderboardEntry:
    try:
        return LeaderboardEntry.model_validate_json(line)
    except ValidationError as error:
        raise FileFormatError(
            f"line {number} is no result ({_first(error)})",
            where=path,
            remedy="Remove the line",
        ) from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    return f"{name}: {first['msg']}" if name else str(first["msg"])


def boards(results: Iterable[LeaderboardEntry]) -> list[list[LeaderboardEntry]]:
    """Results that can be compared: of the same true label maps and unit, best Dice first.

    Of several results of one model and version the last counts.
    """
    groups: dict[tuple[str, str], dict[tuple[str, str], LeaderboardEntry]] = {}
    for result in results:
        board = groups.setdefault((result.digest, result.unit), {})
        board[result.model, result.version] = result
    return [
        sorted(board.values(), key=lambda r: -(r.metrics["dice"].mean or 0.0))
        for board in groups.values()
    ]


def published_results() -> list[PublishedResult]:
    """Figures out of print that the package knows of."""
    text = resources.files("spinemsca.score").joinpath("published_results.json").read_text("utf-8")
    return [PublishedResult.model_validate(row) for row in json.loads(text)]


def leaderboard_rows(board: Sequence[LeaderboardEntry]) -> list[list[str]]:
    """A heading and a row a model, as text."""
    unit = board[0].unit
    heads = ["Model", "Dice", "Dice, any level", f"HD95 ({unit})", f"NSD 1 {unit}", "Levels right"]
    rows = [[*heads, "Parameters", "Time a slice", "Memory"]]
    for result in board:
        name = f"{result.model} {result.version}".strip()
        shown = [_interval(result.metrics[m]) for m in _METRICS]
        rows.append([name, *shown, _percent(result.levels_right), *_costs(result)])
    return rows


def _interval(found: MetricEstimate) -> str:
    if found.mean is None or found.ci95 is None:
        return "–"
    return f"{found.mean:.3f} [{found.ci95[0]:.3f}, {found.ci95[1]:.3f}]"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _costs(result: LeaderboardEntry) -> list[str]:
    return [
        "–" if result.parameters is None else f"{result.parameters / 1e6:.2f} M",
        "–" if result.seconds is None else f"{1000 * result.seconds:.0f} ms",
        "–" if result.memory_mib is None else f"{result.memory_mib:.0f} MiB",
    ]


def board_title(board: Sequence[LeaderboardEntry]) -> str:
    """A title that says which cases a board is of and what its intervals are over."""
    first = board[0]
    return (
        f"{first.release}, {first.cases} cases ({first.digest[:_FIRST_DIGITS]}), "
        f"measured; 95 % intervals over {first.interval_over}"
    )


def published_title() -> str:
    """Says that published rows are none of the measured ones."""
    return "Published figures: printed by others on other cases, not comparable with those above"


def published_rows() -> list[list[str]]:
    """A heading and a row a published figure, as text."""
    rows = [["Model (published)", "On", "Dice", "HD95 (px)", "Parameters", "Source"]]
    for p in published_results():
        parameters = "–" if p.parameters is None else f"{p.parameters / 1e6:.1f} M"
        place = f"{p.dataset} {p.split}"
        row = [p.model, place, f"{p.dice_percent:.3f} %", f"{p.hd95_px:.3f}", parameters, p.source]
        rows.append(row)
    return rows
