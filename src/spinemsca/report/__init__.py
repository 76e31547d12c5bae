"""Figures and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinemsca._util import lazy_face

if TYPE_CHECKING:
    from spinemsca.report.case_page import slice_drawings
    from spinemsca.report.inputs import read_sexes, report_inputs
    from spinemsca.report.page import Figure, Page, Section, Table
    from spinemsca.report.pdf import find_printer
    from spinemsca.report.write import INDEX, report, write_reports

__all__ = [
    "Figure",
    "INDEX",
    "Page",
    "Section",
    "Table",
    "find_printer",
    "read_sexes",
    "report",
    "report_inputs",
    "slice_drawings",
    "write_reports",
]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "Figure": "spinemsca.report.page",
        "INDEX": "spinemsca.report.write",
        "Page": "spinemsca.report.page",
        "Section": "spinemsca.report.page",
        "Table": "spinemsca.report.page",
        "find_printer": "spinemsca.report.pdf",
        "read_sexes": "spinemsca.report.inputs",
        "report": "spinemsca.report.write",
        "report_inputs": "spinemsca.report.inputs",
        "slice_drawings": "spinemsca.report.case_page",
        "write_reports": "spinemsca.report.write",
    },
)
