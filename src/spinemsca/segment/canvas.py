"""Between a slice's own pixel grid and the canvas that the network sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from spinemsca.segment.network import STRIDE

if TYPE_CHECKING:
    from spinemsca.case import Image

__all__ = ["Canvas"]


@dataclass(frozen=True, slots=True)
class Canvas:
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
    def fit(cls, shape: tuple[int, int], size: int) -> Canvas:
        """The canvas on which a slice's longer side takes `size` pixels."""
        rows, columns = (max(1, round(n * size / max(shape))) for n in shape)
        return cls(shape, (rows, columns), (_whole(rows), _whole(columns)))

    def put(self, image: Image) -> Tensor:
        """`(H, W)` float32 onto the canvas, `(1, 1, R, C)`."""
        pixels = torch.from_numpy(image.copy())[None, None]
        if self.scaled != self.shape:
            pixels = functional.interpolate(
                pixels, self.scaled, mode="bilinear", align_corners=False, antialias=True
            )
        return functional.pad(pixels, self._margins())

    def take(self, values: Tensor) -> Tensor:
        """`(1, K, R, C)` on the canvas back onto the slice's own grid, `(K, H, W)`."""
        left, _, top, _ = self._margins()
        rows, columns = self.scaled
        inside = values[:, :, top : top + rows, left : left + columns]
        if self.scaled != self.shape:
            inside = functional.interpolate(
                inside, self.shape, mode="bilinear", align_corners=False
            )
        return inside[0]

    def _margins(self) -> tuple[int, int, int, int]:
        (rows, columns), (full_rows, full_columns) = self.scaled, self.padded
        top, left = (full_rows - rows) // 2, (full_columns - columns) // 2
        return left, full_columns - columns - left, top, full_rows - rows - top


def _whole(pixels: int) -> int:
    return -(-pixels // STRIDE) * STRIDE
