"""Strip plots with boxes as SVG: every number a mark, by structure and sex."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemsca.report.cohort import SEXES, Cohort, Key, summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["HEIGHT", "MARKS", "WIDTH", "strip_plot"]

# Pixels of a strip and its margins; chosen, not measured.
WIDTH: Final = 640
HEIGHT: Final = 240
_LEFT: Final = 52
_RIGHT: Final = 8
_TOP: Final = 10
_BOTTOM: Final = 26
# Steps of an axis that are read at a glance; chosen, not measured.
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)

MARKS: Final = {"F": ("h0", "round", 4.2), "M": ("v6", "butt", 1.6), "": ("h6", "butt", 1.6)}
"""By sex: path of a mark, its cap and its stroke: dots, upright dashes, level dashes."""


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def strip_plot(
    cohort: Cohort, keys: Sequence[Key], normal: Mapping[str, tuple[float, float]]
) -> dict[str, Any] | None:
    """What the template draws; `None` where there is no number.

    Args:
        cohort: All numbers.
        keys: One a column, from left to right.
        normal: By structure, lowest and highest normal value.
    """
    everything = np.concatenate([cohort.of(key) for key in keys])
    if len(everything) == 0:
        return None
    scale = _scale([*everything.tolist(), *(v for span in normal.values() for v in span)])
    sexes = [s for s in SEXES if s in set(cohort.sexes)]
    step = (WIDTH - _LEFT - _RIGHT) / len(keys)
    columns = [_LEFT + step * (i + 0.5) for i in range(len(keys))]
    groups = [
        _group(cohort.of(key, sex), scale, x + _offset(place, len(sexes), step), sex, step)
        for key, x in zip(keys, columns, strict=True)
        for place, sex in enumerate(sexes)
    ]
    bands = [
        {"x": round(x - step * 0.46, 1), "width": round(step * 0.92, 1), "y": scale.y(high),
         "height": round(scale.y(low) - scale.y(high), 1)}
        for key, x in zip(keys, columns, strict=True)
        for low, high in ([normal[key.structure]] if key.structure in normal else [])
    ]  # fmt: skip
    return {
        "groups": [group for group in groups if group],
        "bands": bands,
        "ticks": [{"y": scale.y(v), "text": f"{v:g}"} for v in _ticks(scale)],
        "names": [{"x": round(x, 1), "text": k.structure}
                  for k, x in zip(keys, columns, strict=True)],
    }  # fmt: skip


def _offset(place: int, count: int, step: float) -> float:
    return (place - (count - 1) / 2) * min(step * 0.8 / count, 60)


def _scale(values: list[float]) -> _Scale:
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.5
    return _Scale(low - room, high + room)


def _ticks(scale: _Scale) -> list[float]:
    """About five round numbers."""
    rough = (scale.high - scale.low) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(s * power for s in _STEPS if s * power >= rough * 0.999)
    first = np.ceil(scale.low / step)
    count = int(np.floor(scale.high / step) - first) + 1
    return [round(float((first + i) * step), 10) for i in range(count)]


def _group(
    numbers: NDArray[np.float64], scale: _Scale, x: float, sex: str, step: float
) -> dict[str, Any] | None:
    """Marks and box of one structure and sex."""
    found = summary(numbers)
    if found is None:
        return None
    reach = min(step * 0.09, 9)
    jitter = np.random.default_rng(len(numbers)).uniform(-reach, reach, len(numbers))
    mark, cap, stroke = MARKS[sex]
    back = {"h0": (0, 0), "v6": (0, -3), "h6": (-3, 0)}[mark]
    path = "".join(
        f"M{x + dx + back[0]:.1f} {scale.y(v) + back[1]:.1f}{mark}"
        for dx, v in zip(jitter.tolist(), numbers.tolist(), strict=True)
    )
    top, bottom = scale.y(found.three_quarters), scale.y(found.quarter)
    return {
        "sex": sex, "path": path, "cap": cap, "stroke": stroke, "x": round(x - 12, 1),
        "top": top, "height": round(bottom - top, 1), "median": scale.y(found.median),
    }  # fmt: skip
