"""How good a segmentation is: overlap, surface and level metrics, tables with intervals."""

from __future__ import annotations

from spinemsca.score.case_score import METRICS, CaseScore
from spinemsca.score.evaluate import Protocol, evaluate, evaluate_pairs, score_pairs
from spinemsca.score.figures import missing_plots
from spinemsca.score.leaderboard import (
    LeaderboardEntry,
    add_result,
    board_title,
    boards,
    digest_of_truth,
    leaderboard_rows,
    published_results,
    published_rows,
    published_title,
    read_costs,
    read_results,
)
from spinemsca.score.results import write_comparison, write_results
from spinemsca.score.schema import summary_schema
from spinemsca.score.summary import summarise
from spinemsca.score.tables import slice_table, summary_rows
from spinemsca.score.units import left_out

__all__ = [
    "CaseScore",
    "LeaderboardEntry",
    "METRICS",
    "Protocol",
    "add_result",
    "board_title",
    "boards",
    "digest_of_truth",
    "evaluate",
    "evaluate_pairs",
    "leaderboard_rows",
    "left_out",
    "missing_plots",
    "published_results",
    "published_rows",
    "published_title",
    "read_costs",
    "read_results",
    "score_pairs",
    "slice_table",
    "summarise",
    "summary_rows",
    "summary_schema",
    "write_comparison",
    "write_results",
]
