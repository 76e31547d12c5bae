"""What a measure can plausibly be, and what anatomy rules out.

Beyond the plausible range a value is given with a flag; beyond what is possible it is not given.
The ranges are wide on purpose: they tell labels gone wrong from rare anatomy, not illness from
health. Unless another source is named, the plausible range holds 99.8 % of the values of 616
slices of SPIDER's patients as `predict` labels them, with a margin, and the possible range leaves
about as much room again for what those patients do not show: vertebra plana, scoliosis, dwarfs.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LIMITS", "PlausibilityLimits"]

# Source of most ranges, as tables print it.
_MEASURED: Final = "this package: 616 predicted slices, 99.8 % of values and a margin"
# Source of ranges of slips, as tables print it.
_SHIFT: Final = f"{_MEASURED}; beyond ±100 % the endplates no longer face (Meyerding's grade V)"


@dataclass(frozen=True, slots=True)
class PlausibilityLimits:
    """Ranges of one measure, lengths in mm of an adult's spine.

    Attributes:
        plausible: Beyond it a value bears a flag.
        possible: Beyond it a value is not given.
        source: Of the ranges.
    """

    plausible: tuple[float, float]
    possible: tuple[float, float]
    source: str = _MEASURED

    def scaled(self, factor: float) -> PlausibilityLimits:
        """These limits times a factor, for another unit."""
        (a, b), (c, d) = self.plausible, self.possible
        return PlausibilityLimits((a * factor, b * factor), (c * factor, d * factor), self.source)

    def rules_out(self, value: float) -> bool:
        """Whether anatomy rules a value out."""
        return value < self.possible[0] or value > self.possible[1]

    def doubt(self, value: float) -> bool:
        """Whether a value is beyond the plausible range."""
        return not self.plausible[0] <= value <= self.plausible[1]


# mm, of bodies; measured as said above.
_HEIGHT: Final = PlausibilityLimits((9, 44), (2.5, 60))
# mm, of bodies; measured as said above.
_DEPTH: Final = PlausibilityLimits((18, 52), (10, 70))
# mm, of discs; measured as said above.
_DISC_HEIGHT: Final = PlausibilityLimits((1.4, 18), (0, 30))
# mm, between endplates; measured as said above.
_SPACE: Final = PlausibilityLimits((2.5, 25), (0, 36))
# mm; measured as said above.
_SLIP: Final = PlausibilityLimits((-14, 14), (-45, 45), _SHIFT)
# Percent of an endplate; measured, and at most Meyerding's grade IV possible.
_SHARE: Final = PlausibilityLimits((-50, 50), (-100, 100), _SHIFT)
# mm, of endplates; measured as said above.
_HOLLOW: Final = PlausibilityLimits((0, 7), (0, 20))

LIMITS: Final[Mapping[str, PlausibilityLimits]] = MappingProxyType(
    {
        "body_height_anterior": _HEIGHT,
        "body_height_middle": _HEIGHT,
        "body_height_posterior": _HEIGHT,
        "body_depth_middle": _DEPTH,
        "endplate_length_superior": _DEPTH,
        "endplate_length_inferior": _DEPTH,
        "body_area": PlausibilityLimits((340, 1700), (100, 2800)),
        "wedge": PlausibilityLimits((0.45, 1.8), (0.1, 4)),
        "biconcavity": PlausibilityLimits((0.5, 1.6), (0.1, 3)),
        "crush": PlausibilityLimits((0.4, 1.6), (0.1, 4)),
        "height_loss": PlausibilityLimits((0, 60), (0, 97)),
        "concavity_superior": _HOLLOW,
        "concavity_inferior": _HOLLOW,
        "body_wedge_angle": PlausibilityLimits((-23, 27), (-50, 50)),
        "disc_height_anterior": _DISC_HEIGHT,
        "disc_height_middle": _DISC_HEIGHT,
        "disc_height_posterior": _DISC_HEIGHT,
        "disc_height_mean_area": PlausibilityLimits((2, 19), (0, 32)),
        "disc_space_height_anterior": _SPACE,
        "disc_space_height_posterior": _SPACE,
        "disc_height_hurxthal": _SPACE,
        "disc_height_dabbs": _SPACE,
        "disc_height_fyllos": _SPACE,
        "disc_height_farfan": PlausibilityLimits((0.26, 1.7), (0, 4)),
        "disc_height_frobin": PlausibilityLimits((0.11, 0.8), (0, 1.4)),
        "disc_height_index": PlausibilityLimits((0.07, 0.72), (0, 1.4)),
        "disc_height_to_healthy": PlausibilityLimits((0.17, 2.4), (0, 4.5)),
        "disc_height_index_above": PlausibilityLimits((0.07, 0.9), (0, 1.8)),
        "disc_height_to_depth": PlausibilityLimits((0.05, 0.62), (0, 1.5)),
        "disc_depth": PlausibilityLimits((13, 55), (4, 75)),
        "disc_area": PlausibilityLimits((40, 750), (5, 1400)),
        "disc_bulge_posterior": PlausibilityLimits((0, 10), (0, 30)),
        "disc_bulge_anterior": PlausibilityLimits((0, 10), (0, 30)),
        "disc_signal_to_vertebrae": PlausibilityLimits((0.05, 1.8), (0, 10)),
        "disc_signal_to_csf": PlausibilityLimits((0.03, 1), (0, 5)),
        "nucleus_contrast": PlausibilityLimits((-0.65, 0.85), (-1, 1)),
        "degeneration_index": PlausibilityLimits((-3.2, 2.5), (-9, 9)),
        "disc_wedge_angle": PlausibilityLimits((-17, 30), (-40, 60)),
        "segmental_angle": PlausibilityLimits((-25, 40), (-60, 75)),
        "slip": _SLIP,
        "slip_share": _SHARE,
        "slip_anterior": _SLIP,
        "slip_anterior_share": _SHARE,
        "offset_from_usual": _SHARE,
        "wall_offset": PlausibilityLimits((-16, 14), (-45, 45), _SHIFT),
        "lordosis_l1_s1": PlausibilityLimits((0, 90), (-70, 130)),
        "lordosis_l1_l5": PlausibilityLimits((-20, 85), (-80, 120)),
        "lordosis_tangents": PlausibilityLimits((-25, 95), (-80, 130)),
        "sacral_slope": PlausibilityLimits((10, 75), (-30, 100)),
        "lumbosacral_angle": PlausibilityLimits((-27, 60), (-70, 100)),
        "lumbar_length": PlausibilityLimits((110, 290), (60, 420)),
        "curve_depth": PlausibilityLimits((0, 40), (0, 90)),
        "slip_greatest": _SHARE,
    }
)
"""Limits by the measure's name; texts have none."""
