"""The form of `evaluate --json`, as models that check it and as a JSON schema."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from spinemsca._util import Strict

__all__ = [
    "Described",
    "Group",
    "LevelScores",
    "Metrics",
    "Outcome",
    "Published",
    "PublishedMetric",
    "PublishedMetrics",
    "ScoreSummary",
    "Summary",
    "summary_schema",
]

Group: TypeAlias = Literal["vertebrae", "discs"]
Outcome: TypeAlias = Literal["found", "shifted", "missed", "invented", "absent"]
PublishedMetric: TypeAlias = Literal["dice", "hd95"]


class Described(Strict):
    """One metric over cases; `null` where no case has it."""

    mean: float | None
    median: float | None
    sd: float | None = Field(ge=0)
    worst: float | None
    ci95: tuple[float, float] | None
    n: int = Field(ge=0, description="Cases that have the metric.")


class Metrics(Strict):
    """All metrics; lengths in `unit`, areas in its square, volumes in its cube."""

    dice: Described
    iou: Described
    precision: Described
    recall: Described
    hd95: Described
    hd: Described
    assd: Described
    nsd: Described
    nsd2: Described
    area: Described
    area_error: Described
    area_error_percent: Described
    volume: Described
    volume_error: Described
    volume_error_percent: Described
    centroid_error: Described
    agnostic_dice: Described


class LevelScores(Strict):
    """What became of the levels' names."""

    outcomes: dict[Outcome, int]
    confusion: dict[str, dict[str, int]] = Field(description="By true level, then name given.")
    identification_rate: float | None
    localisation_error: float | None


class PublishedMetrics(Strict):
    """The two metrics that the literature gives."""

    dice: Described
    hd95: Described


class Published(Strict):
    """The published way of scoring, and how far it is from the usual one."""

    overall: PublishedMetrics
    structures: dict[str, PublishedMetrics]
    published_minus_usual: dict[PublishedMetric, float | None]
    published_minus_usual_structures: dict[str, dict[PublishedMetric, float | None]]


class ScoreSummary(Strict):
    """What `evaluate` returns: many cases in a few numbers."""

    overall: Metrics
    groups: dict[Group, Metrics]
    structures: dict[str, Metrics]
    levels_right: float | None = Field(
        ge=0, le=1, description="Share of the cases that show an annotated structure."
    )
    levels: LevelScores
    not_annotated: dict[str, int] = Field(description="Cases that do not annotate a structure.")
    cases: int = Field(ge=0)
    unit: Literal["px", "mm"]
    px_left_out: int = Field(
        ge=0, description="Cases in pixels, whose lengths are in no mean since others are in mm."
    )
    patients: int | None
    interval_over: Literal["patients", "cases"]
    published: Published | None = None


class Summary(ScoreSummary):
    """What `evaluate --json` prints."""

    without_truth: tuple[str, ...]
    without_prediction: tuple[str, ...]


def summary_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of `evaluate --json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Summary.model_json_schema(),
    }
