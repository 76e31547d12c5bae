"""Learning curves as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca._util import atomic_path, optional

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["draw_curves", "smoothed"]

# Chosen for legible curves: smoothed over a twentieth of the run.
_PARTS: Final = 20
# Chosen for legibility on white.
_BLUE, _RED, _GREY = "#005caf", "#c23b22", "#9a9a9a"


def draw_curves(log: Sequence[dict[str, Any]], path: Path) -> None:
    """Draws loss, learning rate, validation Dice and share of right levels over the steps.

    Args:
        log: Entries of the steps, of which some hold a `validation`.
        path: PNG to write.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    figure = optional("matplotlib.figure").Figure(figsize=(10, 6.5), layout="constrained")
    (loss, rate), (dice, structures) = figure.subplots(2, 2, sharex=True)
    _draw_loss(loss, log)
    rate.plot([e["step"] for e in log], [e["rate"] for e in log], color=_BLUE)
    _title(rate, "Learning rate")
    rate.set_ylim(bottom=0)
    judged = [e for e in log if "validation" in e]
    _draw_validation(dice, judged)
    _draw_structures(structures, judged)
    for axes in (dice, structures):
        axes.set_xlabel("step")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)


def smoothed(values: Sequence[float]) -> NDArray[np.float64]:
    """Mean over the values around each, a twentieth of all of them at a time."""
    window = min(len(values), 2 * (len(values) // (2 * _PARTS)) + 1)
    ones = np.ones(window)
    total = np.convolve(np.asarray(values, float), ones, mode="same")
    return total / np.convolve(np.ones(len(values)), ones, mode="same")


def _draw_loss(axes: Any, log: Sequence[dict[str, Any]]) -> None:
    steps, loss = [e["step"] for e in log], [e["loss"] for e in log]
    axes.plot(steps, loss, color=_GREY, alpha=0.4, linewidth=0.6)
    axes.plot(steps, smoothed(loss), color=_BLUE)
    # The first steps of a network begun at random would flatten all that follows.
    axes.set_ylim(0, 1.1 * float(np.quantile(loss, 0.98)))
    _title(axes, "Loss, smoothed")


def _draw_validation(axes: Any, judged: Sequence[dict[str, Any]]) -> None:
    steps = [e["step"] for e in judged]
    for key, colour, marker, text in (
        ("dice", _BLUE, "o", "Dice"),
        ("levels_right", _RED, "s", "levels right"),
    ):
        values = [e["validation"][key] for e in judged]
        label = f"{text}, best {max(values):.3f}" if values else text
        axes.plot(steps, values, color=colour, marker=marker, markersize=3, label=label)
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower right", frameon=False)
    _title(axes, "Validation")


def _draw_structures(axes: Any, judged: Sequence[dict[str, Any]]) -> None:
    from spinemsca.anatomy import COLUMN

    for structure in COLUMN:
        points = [
            (e["step"], e["validation"]["structures"][structure.name])
            for e in judged
            if structure.name in e["validation"].get("structures", {})
        ]
        if points:
            colour = tuple(c / 255 for c in structure.colour)
            style = "--" if structure.is_disc else "-"
            axes.plot(*zip(*points, strict=True), style, color=colour, label=structure.name)
    axes.set_ylim(0, 1.02)
    if axes.lines:
        axes.legend(loc="lower right", ncols=2, frameon=False, fontsize="small")
    _title(axes, "Validation Dice of each structure")


def _title(axes: Any, text: str) -> None:
    axes.set_title(text, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
