"""Between a slice's own pixel grid and the canvas that the network sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spinemsca.segment.networks.column import STRIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.case import Image

__all__ = ["Letterbox"]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a slice lies on the network's canvas: scaled, centred, black around it.

    Attributes:
        shape: Rows and columns of the slice.
        scaled: Rows and columns of the slice on the canvas.
        padded: Rows and columns of the canvas, multiples of 32.
    """

    shape: tuple[int, int]
    scaled: tuple[int, int]
    padded: tuple[int, int]

    @classmethod
    def fit(cls, shape: tuple[int, int], size: int) -> Letterbox:
        """The canvas on which a slice's longer side takes `size` pixels."""
        rows, columns = (max(1, round(n * size / max(shape))) for n in shape)
        return cls(shape, (rows, columns), (_whole(rows), _whole(columns)))

    def put(self, image: Image) -> Tensor:
        """Puts a slice, `(H, W)` float32, onto the canvas, `(1, 1, R, C)`."""
        pixels = torch.from_numpy(image.copy())[None, None]
        if self.scaled != self.shape:
            pixels = functional.interpolate(
                pixels, self.scaled, mode="bilinear", align_corners=False, antialias=True
            )
        return functional.pad(pixels, self._margins())

    def take(self, logits: Tensor) -> NDArray[np.float32]:
        """Probabilities on the slice's own grid, from logits on the canvas.

        Only where a structure is most likely, and just around it, are they worked out: that is
        a tenth of most slices. Everywhere else the background's probability is 1.

        Args:
            logits: `(1, K, R, C)`, the first value the background's.

        Returns:
            `(K, H, W)`, sums of 1.
        """
        left, _, top, _ = self._margins()
        rows, columns = self.scaled
        inside = logits[0, :, top : top + rows, left : left + columns]
        taken = np.zeros((len(inside), *self.shape), np.float32)
        taken[0] = 1
        shown = inside[1:].amax(0) > inside[0]
        spans = [_span(shown.any(1 - axis)) for axis in (0, 1)]
        if any(start == stop for start, stop in spans):
            return taken
        part = inside[:, slice(*spans[0]), slice(*spans[1])].softmax(0)
        own = []
        for axis, (span, old, new) in enumerate(zip(spans, self.scaled, self.shape, strict=True)):
            window, places = _places(span, old, new)
            own.append(window)
            part = _interpolated(part, axis + 1, places)
        taken[:, own[0], own[1]] = part.numpy()
        return taken

    def _margins(self) -> tuple[int, int, int, int]:
        (rows, columns), (full_rows, full_columns) = self.scaled, self.padded
        top, left = (full_rows - rows) // 2, (full_columns - columns) // 2
        return left, full_columns - columns - left, top, full_rows - rows - top


def _whole(pixels: int) -> int:
    return -(-pixels // STRIDE) * STRIDE


def _span(shown: Tensor) -> tuple[int, int]:
    """From the first place shown to after the last, and one more to either side."""
    places = shown.nonzero()
    if not len(places):
        return 0, 0
    return max(0, int(places[0]) - 1), min(len(shown), int(places[-1]) + 2)


def _places(span: tuple[int, int], old: int, new: int) -> tuple[slice, Tensor]:
    """Pixels of the new grid inside a span of the old one, and where in the span they lie."""
    start, stop = span
    step = old / new
    first, last = math.ceil((start + 0.5) / step - 0.5), math.floor((stop - 0.5) / step - 0.5)
    # Half a pixel at the grid's ends lies beyond the old one's last centre.
    first, last = 0 if start == 0 else first, new - 1 if stop == old else last
    places = (torch.arange(first, last + 1, dtype=torch.float64) + 0.5) * step - 0.5 - start
    return slice(first, last + 1), places.clamp(0, stop - start - 1)


def _interpolated(values: Tensor, axis: int, places: Tensor) -> Tensor:
    lower = places.long()
    upper = (lower + 1).clamp(max=values.shape[axis] - 1)
    share = (places - lower).to(values.dtype)
    share = share[:, None] if axis == 1 else share
    return torch.lerp(values.index_select(axis, lower), values.index_select(axis, upper), share)
