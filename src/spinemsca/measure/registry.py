"""All measures, in the order of the table, and their list in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemsca.measure.alignment import LEVEL_MEASURES, SPINE_MEASURES
from spinemsca.measure.discs import DISC_MEASURES
from spinemsca.measure.signal_intensity import SIGNAL_MEASURES
from spinemsca.measure.vertebrae import VERTEBRA_MEASURES

if TYPE_CHECKING:
    from spinemsca.measure.definitions import Definition

__all__ = ["MEASURES", "describe_measure", "document"]

MEASURES: Final[tuple[Definition, ...]] = (
    *VERTEBRA_MEASURES,
    *DISC_MEASURES,
    *SIGNAL_MEASURES,
    *LEVEL_MEASURES,
    *SPINE_MEASURES,
)
"""Every measure there is."""


def describe_measure(definition: Definition) -> dict[str, str]:
    """One measure in words: the row of `measure --list`, the codebook and the documentation."""
    ranges = "; ".join(f"{k} {low:g} to {high:g}" for k, (low, high) in definition.normal.items())
    return {
        "measure": definition.name,
        "of": definition.scope.value,
        "unit": " or ".join(definition.quantity.suffixes()),
        "formula": definition.formula,
        "needs": definition.needs,
        "source": definition.source,
        "normal": ranges,
        "reference": definition.reference,
        **_limits(definition),
    }


def _limits(definition: Definition) -> dict[str, str]:
    limits = definition.limits
    if limits is None:
        return {"plausible": "", "possible": "", "limits_source": ""}
    (a, b), (c, d) = limits.plausible, limits.possible
    return {
        "plausible": f"{a:g} to {b:g}",
        "possible": f"{c:g} to {d:g}",
        "limits_source": limits.source,
    }


def document() -> str:
    """The documentation's page of measures, in Markdown."""
    sources = sorted({m.limits.source for m in MEASURES if m.limits is not None})
    parts = [_HEAD.format(sources=f"The ranges come from: {'; '.join(sources)}.")]
    for scope, title in _TITLES.items():
        parts += [
            f"\n## {title}\n",
            f"| measure | {' | '.join(_COLUMNS)} |",
            "| --- " * (1 + len(_COLUMNS)) + "|",
        ]
        for definition in MEASURES:
            if definition.scope.value == scope:
                row = describe_measure(definition)
                reference = row["reference"] + (
                    f" Range used: {row['normal']}." if row["normal"] else ""
                )
                cells = (f"`{row['measure']}`", row["unit"], row["formula"], row["needs"],
                         row["source"], reference, row["plausible"], row["possible"])  # fmt: skip
                parts.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(parts) + "\n"


# Of the documentation, as `describe_measure` names them.
_COLUMNS: Final = (
    "unit", "formula", "needs", "source", "reference values", "plausible", "possible",
)  # fmt: skip

# Headings of the documentation, by scope.
_TITLES: Final = {
    "vertebra": "Vertebrae",
    "disc": "Discs",
    "level": "Levels: two bodies and the disc between them",
    "spine": "The whole lumbar spine",
}

# Beginning of the documentation.
_HEAD: Final = """# Measures

This page is made from the definitions in `spinemsca.measure` by `spine-msca measure --list
--markdown`. For research use only.

Lengths are in mm where the pixel spacing is known, else in pixels; millimetres are never
guessed. Without spacing, and without the image's original size, angles and ratios assume
square pixels, and every table says so. The patient lies supine in the scanner.

Each number comes with a standard error (`…_se_…`): what the raggedness of the outline, the
roundness of corners and the pixel grid leave uncertain, as calibrated on phantoms of known
corners. An outline that is wrong as a whole, or a
wrongly numbered level, is not part of it. Where a structure is missing, cut off by the image's
edge or out of order, what needs it is not given, and the table says why.

Vertebrae beyond the eleven structures, such as an L6 or T12, are measured like the others, under
their own names. What spans two structures is given where they are neighbours in the picture:
nothing lies between them, they face each other, and their sizes fit.

Beyond the *plausible* range a value is given with a flag, beyond the *possible* one it is not
given. Lengths are limited in mm; in pixels the ranges are scaled by the spine's own median body
depth, taken as 32 mm. {sources}

A corner is the outline's farthest point along the body's diagonal: given back what smoothing
took from it, and cut back where a spur sticks out of both sides."""
