"""Draws docs/orientation.png: one patient in four files, and the same numbers from each.

python scripts/make_orientation_picture.py docs/orientation.png
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

from spinemsca.anatomy import by_name
from spinemsca.case import Case
from spinemsca.draw import overlay
from spinemsca.io.orientation import Orientation
from spinemsca.measure.measure import measure
from spinemsca.phantom import phantom

mpl.use("Agg")

_FILES: Final = {
    "IP": "a picture that lies right",
    "IA": "its mirror image",
    "SA": "turned by 180°",
    "PI": "rows and columns exchanged",
}
_SIDES: Final = {"I": "feet", "S": "head", "A": "front", "P": "back"}
_INK: Final = "#1c2430"


def lying(case: Case, codes: str) -> tuple[Any, Any, tuple[float, float]]:
    """Image, label map and spacing of a file whose rows and columns run as the codes say."""
    orientation = Orientation.parse(codes)
    spacing = case.spacing or (1.0, 1.0)
    image, label = (orientation.undo(a[None])[..., 0] for a in (case.image, case.label))
    own = {axis: spacing[k] for k, axis in enumerate(orientation.order[1:])}
    return image, label, (own[0], own[1])


def numbers(label: Any, spacing: tuple[float, float], codes: str) -> str:
    """Two measures, as every file must give them."""
    found = measure(label, spacing=spacing, orientation=codes)
    angle = found.get("lordosis_l1_s1").value
    height = found.get("disc_height_dabbs", by_name("D3").name).value
    return f"lordosis {angle:+.2f}°\nD3 height {height:.2f} mm"


def panel(axes: Any, case: Case, codes: str, title: str) -> None:
    """One file as it lies, its axes, its record and its numbers."""
    image, label, spacing = lying(case, codes)
    axes.imshow(overlay(image, label))
    axes.set_title(title, fontsize=11, color=_INK)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel(f"columns → {codes[1]} ({_SIDES[codes[1]]})", fontsize=10, color=_INK)
    axes.set_ylabel(f"{codes[0]} ({_SIDES[codes[0]]}) ← rows", fontsize=10, color=_INK)
    said = f'"orientation": "{codes}"\n"spacing_mm": [{spacing[0]:.2f}, {spacing[1]:.2f}]'
    text = {"transform": axes.transAxes, "ha": "center", "va": "top", "color": _INK}
    axes.text(0.5, -0.16, said, family="monospace", fontsize=9, **text)
    axes.text(0.5, -0.38, numbers(label, spacing, codes), fontsize=11, weight="bold", **text)


def main(path: Path) -> None:
    """Writes the picture."""
    import matplotlib.pyplot as plt

    case = phantom(4, 1)
    figure, row = plt.subplots(1, len(_FILES), figsize=(13, 5.2))
    for axes, (codes, title) in zip(row, _FILES.items(), strict=True):
        panel(axes, case, codes, title)
    figure.subplots_adjust(left=0.04, right=0.99, top=0.92, bottom=0.33, wspace=0.22)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
