"""Published ranges that synthetic cases are drawn from, each with its source.

Where a source gives no spread, or none for a level, the value is marked as interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "BODY_DEPTH",
    "BODY_HEIGHT",
    "BODY_WEDGE",
    "CANAL_DEPTH",
    "CONUS",
    "DISC_HEIGHT",
    "DISC_WEDGE",
    "FEMALE_SIZE",
    "L1_TILT",
    "LEVELS",
    "LORDOSIS",
    "MALE_SHARE",
    "MALE_SIZE",
    "MARROW_FAT",
    "MARROW_WATER_T2",
    "NUCLEUS_T2",
    "SACRAL_SLOPE",
    "Range",
]

LEVELS: Final = (
    *("T5", "T6", "T7"),
    *("T8", "T9", "T10", "T11", "T12"),
    *("L1", "L2", "L3", "L4", "L5"),
    *("S1", "S2", "S3", "S4", "S5"),
)
"""Vertebrae that a phantom holds, from the head down."""


@dataclass(frozen=True, slots=True)
class Range:
    """A normal distribution cut off at both ends.

    Attributes:
        mean: In the unit that the constant's docstring names.
        sd: Standard deviation.
        low: Least value that is drawn.
        high: Greatest value that is drawn.
        source: Where mean and spread are from.
    """

    mean: float
    sd: float
    low: float
    high: float
    source: str

    def at(self, deviate: float) -> float:
        """The value `deviate` standard deviations from the mean, within the limits."""
        return min(max(self.mean + deviate * self.sd, self.low), self.high)


# Sources.
_COOK = "Cook and Baker, Int J Spine Surg 15:1072 (2021), CT, n = 196; L5 tabled by sex"
_PANJABI = "Panjabi et al., Spine 17:299 (1992), endplate depths and body heights, T1-L5"
_OTHERS = "Thoracolumbar and sacral levels interpolated from neighbours"


def _levels(values: Sequence[float], sd: float, limit: float, source: str) -> Mapping[str, Range]:
    return MappingProxyType(
        {
            n: Range(v, sd, v - limit * sd, v + limit * sd, source)
            for n, v in zip(LEVELS, values, strict=False)
        }
    )


BODY_DEPTH: Final = _levels(
    (
        *(25.5, 26.5, 27.5, 28.5, 29.5, 30.5, 31.5, 32.5),
        *(33.4, 34.2, 34.9, 35.3, 35.0),
        *(33.0, 21.5, 16.0, 12.5, 9.5),
    ),
    1.3,
    2.2,
    f"{_PANJABI}; L5 {_COOK}; {_OTHERS}",
)
"""Sagittal depth of the upper endplate in mm, both sexes together."""

BODY_HEIGHT: Final = _levels(
    (
        *(18.2, 18.8, 19.4, 20.0, 20.7, 21.8, 22.8, 24.6),
        *(26.3, 27.2, 27.8, 27.9, 28.1),
        *(29.0, 24.0, 20.0, 17.0, 14.0),
    ),
    1.1,
    2.2,
    f"{_PANJABI}; L5 {_COOK}; {_OTHERS}",
)
"""Mean of anterior and posterior body height in mm, both sexes together."""

MALE_SIZE: Final = Range(1.04, 0.045, 0.94, 1.15, _COOK)
"""Lengths of a man's bodies over those of both sexes together (L5 depth 37.1 over 35.7 mm)."""

FEMALE_SIZE: Final = Range(0.94, 0.045, 0.84, 1.04, _COOK)
"""Lengths of a woman's bodies over those of both sexes together (L5 depth 33.3 over 35.7 mm)."""

BODY_WEDGE: Final = _levels(
    (
        *(-3.4, -3.2, -3.0, -3.0, -2.8, -3.0, -3.6, -3.6),
        *(-3.0, -1.6, 0.4, 2.2, 7.5),
        *(1.0, -4.0, -12.0, -17.0, -15.0),
    ),
    1.5,
    2.0,
    "Height ratios 0.89-0.92 of T10-L2: PubMed 21104252, n = 115; L5 heights 30.3 and 26.3 mm: "
    f"{_COOK}; others interpolated",
)
"""Angle between a body's endplates in degrees, positive where it is higher anteriorly."""

DISC_HEIGHT: Final = _levels(
    (
        *(4.0, 4.0, 4.2, 4.4, 4.8, 5.4, 6.4, 8.0),
        *(9.6, 11.0, 11.8, 12.6, 11.8),
        *(3.4, 2.0, 1.6, 1.4),
    ),
    0.9,
    2.0,
    "Middle heights 10.0, 11.6, 12.5, 13.8, 13.0 mm of L1/2-L5/S1, n = 14 "
    "(anatomyjournal.ir A-10-159-1), lowered towards a series of 106; others interpolated",
)
"""Height in the middle of the healthy disc below each level, mm."""

DISC_WEDGE: Final = _levels(
    (
        *(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 2.5),
        *(5.0, 7.0, 8.5, 12.1, 14.5),
        *(0.0, -1.0, -1.0, -1.0),
    ),
    1.7,
    2.0,
    "L4/5 12.1 +- 1.7, L5/S1 15.7 degrees, n = 40 (abstract); upper discs chosen so that L1-S1 "
    "sums to the lordosis of Benditz et al. 2017",
)
"""Angle of the disc below each level in degrees, positive where it is higher anteriorly."""

LORDOSIS: Final = Range(47.9, 9.2, 28.0, 68.0, "Benditz et al. 2017, supine MRI, n = 63")
"""Angle between the upper endplates of L1 and S1 in degrees."""

L1_TILT: Final = Range(
    -10.0, 4.0, -19.0, 0.0, "Difference of the mean supine sacral slope and lordosis above"
)
"""Tilt of the upper endplate of L1 in degrees, negative where its posterior end is lower."""

SACRAL_SLOPE: Final = Range(
    39.0, 7.0, 24.0, 54.0, "Standing 37-39 degrees; supine MRI about 2 more (fsurg.2023.1103952)"
)
"""Tilt of the upper endplate of S1 against the horizontal in degrees."""

CANAL_DEPTH: Final = _levels(
    (
        *(15.5, 15.5, 15.5, 15.5, 15.5, 15.5, 16.0, 16.8),
        *(17.0, 16.3, 15.8, 16.2, 16.4),
        *(14.5, 11.0, 8.0, 5.0, 4.0),
    ),
    1.2,
    2.0,
    f"Canal length constant along the spine, L5 15.6 +- 2.1: {_COOK}; least at L3: PMC5219964, "
    "n = 1080; thoracic and sacral levels interpolated",
)
"""Sagittal depth of the bony canal in mm."""

CONUS: Final = Range(
    0.83, 0.45, -0.5, 2.2, "Saifuddin et al., Spine 23:1452 (1998), n = 504: T12 middle-L3 upper"
)
"""Tip of the conus in levels below the upper endplate of L1 (lower third of L1 = 0.83)."""

MARROW_FAT: Final = Range(
    0.37, 0.13, 0.1, 0.78, "Ruschke et al., NMR Biomed 34:e4439, n = 260: median 36.8 %, 4-82 %"
)
"""Proton-density fat fraction of vertebral marrow."""

MARROW_WATER_T2: Final = Range(
    47.0, 6.0, 34.0, 60.0, "de Bazelaire et al., Radiology 230:652 (2004), L4 49 +- 8 ms at 1.5 T"
)
"""T2 of the water in vertebral marrow, ms, as multi-echo sequences see it."""

NUCLEUS_T2: Final = tuple(
    Range(m, s, m - 1.5 * s, m + 1.5 * s, source)
    for m, s, source in (
        (210.1, 32.2, "ECR poster of 100 patients, 479 discs: nucleus T2 by Pfirrmann grade"),
        (129.0, 18.6, "ECR poster, as above"),
        (84.1, 10.3, "ECR poster, as above"),
        (51.2, 9.3, "ECR poster, as above; 53 ms: Marinelli et al., AJNR 31:1278 (2010)"),
        (40.0, 5.0, "Grade V: too flat to be measured there; below grade IV"),
    )
)
"""T2 of the nucleus in ms by Pfirrmann grade 1 to 5."""

MALE_SHARE: Final = 0.4
"""Men among the cases of the published dataset."""
