"""Draws the README's banner: synthetic cases, each plain and with its labels.

python scripts/make_banner.py docs/banner.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from spinemsca.draw import overlay, windowed
from spinemsca.phantom import phantom

SEED = 1
CASES = (1, 3, 4, 9)
SIDE = 220
GAP = 6


def main(out: Path) -> None:
    """Writes the picture."""
    width = len(CASES) * (2 * SIDE + GAP) + GAP
    sheet = Image.new("RGB", (width, SIDE + 2 * GAP), "white")
    for number, index in enumerate(CASES):
        case = phantom(SEED, index)
        if case.label is None:
            continue
        left = GAP + number * (2 * SIDE + GAP)
        plain = Image.fromarray(windowed(case.image)).convert("RGB")
        for step, picture in enumerate((plain, overlay(case.image, case.label))):
            small = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            sheet.paste(small, (left + step * SIDE, GAP))
    sheet.save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
