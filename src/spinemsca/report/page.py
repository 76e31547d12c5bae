"""Self-contained HTML pages: everything inline, so that a page opens offline and travels whole."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spinemsca._util import write_text
from spinemsca.report.templating import render_template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL.Image import Image

__all__ = ["Figure", "Page", "Section", "Table"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its heading row, its rows, and a caption. The first column names each row."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with the text that stands for it where it cannot be seen."""

    image: Image
    alternative: str
    caption: str = ""

    @property
    def source(self) -> str:
        """The picture as a data URL, PNG."""
        buffer = io.BytesIO()
        self.image.save(buffer, format="PNG", optimize=True)
        return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a few sentences, and the tables, figures and listings that go with them.

    `drawings` are figures as HTML that this package made and escaped.
    """

    title: str
    text: str = ""
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    listing: str = ""
    drawings: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of sections."""

    title: str
    lead: str
    sections: Sequence[Section] = field(default_factory=tuple)

    def html(self) -> str:
        """The page as one HTML document that needs no other file."""
        return render_template("page.html", page=self)

    def write(self, path: Path) -> None:
        """Writes the page atomically."""
        write_text(path, self.html())
