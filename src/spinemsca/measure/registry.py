"""All measures, in the order of the table, and their list in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemsca.measure.alignment import LEVEL_MEASURES, SPINE_MEASURES
from spinemsca.measure.discs import DISC_MEASURES
from spinemsca.measure.signal import SIGNAL_MEASURES
from spinemsca.measure.vertebrae import VERTEBRA_MEASURES

if TYPE_CHECKING:
    from spinemsca.measure.definitions import Definition

__all__ = ["MEASURES", "describe", "document"]

MEASURES: Final[tuple[Definition, ...]] = (
    *VERTEBRA_MEASURES,
    *DISC_MEASURES,
    *SIGNAL_MEASURES,
    *LEVEL_MEASURES,
    *SPINE_MEASURES,
)
"""Every measure there is."""


def describe(definition: Definition) -> dict[str, str]:
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
    }


def document() -> str:
    """The documentation's page of measures, in Markdown."""
    parts = [_HEAD]
    for scope, title in _TITLES.items():
        parts += [
            f"\n## {title}\n",
            "| measure | unit | formula | needs | source | reference values |",
        ]
        parts.append("| --- | --- | --- | --- | --- | --- |")
        for definition in MEASURES:
            if definition.scope.value == scope:
                row = describe(definition)
                reference = row["reference"] + (
                    f" Range used: {row['normal']}." if row["normal"] else ""
                )
                cells = (f"`{row['measure']}`", row["unit"], row["formula"], row["needs"],
                         row["source"], reference)  # fmt: skip
                parts.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(parts) + "\n"


_TITLES: Final = {
    "vertebra": "Vertebrae",
    "disc": "Discs",
    "level": "Levels: two bodies and the disc between them",
    "spine": "The whole lumbar spine",
}

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

A corner is the outline's farthest point along the body's diagonal: given back what smoothing
took from it, and cut back where a spur sticks out of both sides."""
