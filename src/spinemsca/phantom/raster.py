"""Outlines in millimetres onto a pixel grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from spinemsca.phantom.geometry import Points, rotated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spinemsca.phantom.parameters import Scanner

__all__ = ["Canvas", "FieldOfView", "resized"]


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """A pixel grid laid over the patient.

    Attributes:
        rows: Of the grid.
        columns: Of the grid.
        row_spacing: mm.
        column_spacing: mm.
        centre: Of the grid in the turned patient's frame, (x, y) mm.
        turn: Of the patient, degrees.
    """

    rows: int
    columns: int
    row_spacing: float
    column_spacing: float
    centre: tuple[float, float]
    turn: float

    @classmethod
    def of(cls, scanner: Scanner, rows: int, columns: int, margin: float = 0.0) -> FieldOfView:
        """The scanner's field of view divided into `rows` and `columns`.

        Args:
            scanner: Gives the field of view.
            rows: Of the grid without the margin.
            columns: Of the grid.
            margin: Added at head and feet, mm, as a whole number of rows.
        """
        high, wide = scanner.field_of_view
        more = 2 * round(margin * rows / high)
        return cls(rows + more, columns, high / rows, wide / columns, scanner.centre, scanner.turn)

    def pixels(self, points: Points) -> Points:
        """`(n, 2)` points in mm as (row, column), pixel centres being whole numbers."""
        turned = rotated(points, self.turn) - self.centre
        column = turned[:, 0] / self.column_spacing + (self.columns - 1) / 2
        row = turned[:, 1] / self.row_spacing + (self.rows - 1) / 2
        return np.column_stack((row, column))

    def grid(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """X `(columns,)` and y `(rows,)` of the pixel centres in the turned patient's frame."""
        x = (np.arange(self.columns) - (self.columns - 1) / 2) * self.column_spacing
        y = (np.arange(self.rows) - (self.rows - 1) / 2) * self.row_spacing
        return (x + self.centre[0]).astype(np.float32), (y + self.centre[1]).astype(np.float32)


class Canvas:
    """A map of small whole numbers that outlines are painted on, finer than its view.

    Args:
        view: Grid of the final pixels.
        finer: Cells a pixel along each axis.
    """

    def __init__(self, view: FieldOfView, finer: int) -> None:
        self.view = view
        self.finer = finer
        self._image = Image.new("L", (view.columns * finer, view.rows * finer))
        self._draw = ImageDraw.Draw(self._image)

    def fill(self, outline: Points, value: int) -> None:
        """Paints the inside of a closed outline."""
        self._draw.polygon(self._cells(outline), fill=int(value))

    def line(self, points: Points, width: float, value: int) -> None:
        """Paints an open curve `width` mm wide, at least one cell."""
        cells = max(round(width / self.view.column_spacing * self.finer), 1)
        self._draw.line(self._cells(points), fill=int(value), width=cells)

    def _cells(self, points: Points) -> list[float]:
        rows_columns = self.view.pixels(points) * self.finer + (self.finer - 1) / 2
        cells: list[float] = rows_columns[:, ::-1].ravel().tolist()
        return cells

    def array(self) -> NDArray[np.uint8]:
        """`(rows × finer, columns × finer)` what has been painted."""
        return np.asarray(self._image)

    def centres(self) -> NDArray[np.uint8]:
        """`(rows, columns)` values at the pixels' centres; `finer` must be odd."""
        half = self.finer // 2
        return self.array()[half :: self.finer, half :: self.finer]


def resized(image: NDArray[np.float32], rows: int, columns: int, kind: Any) -> NDArray[np.float32]:
    """An image on another grid of the same extent, by one of Pillow's resampling filters."""
    return np.asarray(Image.fromarray(image).resize((columns, rows), kind))
